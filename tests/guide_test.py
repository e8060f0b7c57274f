"""docs/guide.md shows what finwait says of captures in testdata/: it must still say so.

A shown command is a block that begins with `$ finwait …`; the lines below it are what to find in
its output, `member  value`, one a line:

    $ finwait --connections testdata/captures/four_segment_close.pcap
    connections[0].client.states  SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT
    anomalies                     nothing

A list of states is told by their names (what was retracted in brackets), a list of anomalies by
their rules, a list of frames by numbers, anything else as it stands. Each value must be found as it
is written.
"""

import json
import re
import shlex

from harness import SOURCE, Run, Verdict

GUIDE = SOURCE / "docs" / "guide.md"


def examples(text):
    """(command, [(member, value)]) of every block that shows a command."""
    for block in re.findall(r"^```\n(\$ finwait .*?)^```", text, re.MULTILINE | re.DOTALL):
        first, *rest = block.strip().split("\n")
        yield first, [re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in rest if line.strip()]


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
    for command, claims in examples(GUIDE.read_text()):
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
