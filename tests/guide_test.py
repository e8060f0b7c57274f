"""docs/guide.md shows what finwait says of captures in testdata/: it must still say so.

A shown command is a block that begins with `$ finwait …`; the lines below it are what to find in
its output, `member  value`, one a line:

    $ finwait --connections testdata/captures/four_segment_close.pcap
    connections[0].client.states  SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT
    anomalies                     nothing

A block that begins with `$ finwait explain …` or `$ finwait extract …` is a session: its commands
are run one after the other, and what stands below each is what it says, exactly. A command whose
program is not installed is left out.

A list of states is told by their names (what was retracted in brackets), a list of anomalies by
their rules, a list of frames by numbers, anything else as it stands. Each value must be found as it
is written.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

from harness import SOURCE, Run, Verdict

GUIDE = SOURCE / "docs" / "guide.md"


def examples(text):
    """(command, [(member, value)]) of every block that shows a report."""
    for block in re.findall(r"^```\n(\$ finwait (?!explain |extract ).*?)^```", text,
                            re.MULTILINE | re.DOTALL):
        first, *rest = block.strip().split("\n")
        yield first, [re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in rest if line.strip()]


def sessions(text):
    """[(command, output)] of every block that shows a session."""
    for block in re.findall(r"^```\n(\$ finwait (?:explain|extract) .*?)^```", text,
                            re.MULTILINE | re.DOTALL):
        yield [re.match(r"(.*)\n((?:.*\n)*)", part).groups() for part in
               re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]


def check_session(verdict, session):
    """In a folder of its own, from which testdata/ is reached as from the top of the repository."""
    finwait = pathlib.Path(os.environ["FINWAIT"]).resolve().parent
    environment = {**Run.ENVIRONMENT, "PATH": f"{finwait}:{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "testdata").symlink_to(SOURCE / "testdata")
        for command, output in session:
            if not shutil.which(command.split()[0], path=environment["PATH"]):
                print(f"not installed, and left out: {command}")
                continue
            done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment, timeout=60,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False)
            verdict.check(done.returncode == 0, f"{command}: status {done.returncode}, "
                                                f"{done.stderr.decode()}")
            verdict.check(done.stdout.decode() == output,
                          f"{command}: says\n{done.stdout.decode()}not\n{output}")


def find(document, member):
    """The value at client.states, connections[0].tcp.close.kind, anomalies[rule_id].figures …"""
    value = document
    for name, index in re.findall(r"([^.\[\]]+)|\[([^\]]+)\]", member):
        if name:
            value = value[name]
        elif index.isdigit():
            value = value[int(index)]
        else:
            value = next(a for a in value if a["rule"]["id"] == index)
    return value


def told(value):
    if isinstance(value, list) and not value:
        return "nothing"
    if isinstance(value, list) and isinstance(value[0], dict):
        if "state" in value[0]:
            return " ".join(f"({s['state']})" if s.get("retracted") else s["state"] for s in value)
        if "rule" in value[0] and isinstance(value[0]["rule"], dict):
            return " ".join(a["rule"]["id"] for a in value)
        return " ".join(str(item["frame"]) for item in value)
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    return json.dumps(value) if isinstance(value, bool) else str(value)


def main():
    verdict = Verdict()
    text = GUIDE.read_text()
    for session in sessions(text):
        check_session(verdict, session)
    for command, claims in examples(text):
        run = Run(["--format", "json", *shlex.split(command)[2:]], cwd=SOURCE)
        if not verdict.check(not run.fault(), f"{command}: {run.fault()}"):
            continue
        document = json.loads(run.out)
        verdict.check(claims, f"{command}: shows nothing")
        for member, value in claims:
            try:
                found = told(find(document, member))
            except (KeyError, IndexError, StopIteration):
                found = "not there"
            verdict.check(found == value, f"{command}: {member} is {found}, not {value}")
    verdict.finish()


main()
