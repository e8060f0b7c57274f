"""The same input gives the same octets: whatever the hash keys (each run draws its own), the time
zone, the locale, the folder and the umask; and from a file, a pipe or standard input alike.

What names a capture (capture.id) is made of file names and sizes, and a pipe has no size: ids are
left out of that comparison. tests/threads_test.py does the same for numbers of threads.
"""

import os
import pathlib
import re
import subprocess

from harness import CAPTURES, Verdict

NAMES = ("close_wait_leak.pcap", "fin_retransmitted.pcap", "forged_syn.pcap", "fragments.pcap", "hostile_names.pcapng",
         "one_direction.pcap", "tenants_same_addresses.pcap", "time_wait_reuse.pcap")
LARGE = CAPTURES / "large" / "many_time_waits.pcap.gz"
FORMATS = ("ndjson", "json", "html", "openmetrics")
IDS = re.compile(rb'[0-9a-f]{40}')
SURROUNDINGS = (
    {}, {}, {"TZ": "Asia/Kathmandu"}, {"TZ": "America/St_Johns", "LC_ALL": "C"}, {"TZ": ":/nowhere", "LC_ALL": "tr_TR.UTF-8"},
    {"LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8", "LANGUAGE": "de"}, {"LC_NUMERIC": "de_DE.UTF-8", "LC_TIME": "ja_JP.UTF-8"},
    {"MALLOC_PERTURB_": "85", "MALLOC_ARENA_MAX": "1"},
)


def run(arguments, surroundings=None, **more):
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("LC_") and name not in ("TZ", "LANG", "LANGUAGE", "COLUMNS")}
    done = subprocess.run([os.environ["FINWAIT"], *map(str, arguments)], env=environment | (surroundings or {}),
                          capture_output=True, check=False, timeout=60, **more)
    return done.returncode, done.stdout, done.stderr


def whatever_surrounds(verdict):
    for number, name in enumerate(NAMES):
        kind = FORMATS[number % len(FORMATS)]
        arguments = ["--connections", "--format", kind, CAPTURES / name]
        first = run(arguments)
        verdict.check(first[0] == 0 and first[1], f"{name}: status {first[0]}")
        for surroundings in SURROUNDINGS:
            verdict.check(run(arguments, surroundings) == first, f"{name}, {kind}: another report with {surroundings}")
        verdict.check(run(arguments, cwd="/", umask=0o777) == first, f"{name}, {kind}: another report in another folder")
    text = [run(["--format", "text", CAPTURES / NAMES[0]], {"LC_ALL": "C", "TZ": zone}) for zone in ("UTC", "Asia/Tokyo")]
    verdict.check(text[0] == text[1] and text[0][1], "text: another report in another time zone")


def whatever_the_keys(verdict):
    """Where the table is full, and where connections have to go early."""
    for memory in ("2G", "1M"):
        arguments = ["--format", "ndjson", "--connections", "--max-memory", memory, LARGE]
        reports = {run(arguments) for _ in range(3)}
        verdict.check(len(reports) == 1, f"{LARGE.name}, --max-memory {memory}: {len(reports)} different reports")
        early = b'"evicted":0' not in next(iter(reports))[1]
        verdict.check(early == (memory == "1M"), f"{LARGE.name}, --max-memory {memory}: evicted {early}")


def wherever_it_comes_from(verdict):
    for name in (*NAMES, LARGE):
        path = CAPTURES / name
        arguments = ["--connections", "--format", "ndjson", "-"]
        with path.open("rb") as file:
            status, out, _ = run(arguments, stdin=file)
        piped = run(arguments, input=path.read_bytes())
        verdict.check(status == piped[0] and IDS.sub(b"", out) == IDS.sub(b"", piped[1]),
                      f"{path.name}: another report through a pipe")
        own = run(["--connections", "--format", "ndjson", path.name], cwd=path.parent)[1]
        own = own.replace(b'"name":"' + path.name.encode() + b'"', b'"name":"-"')
        verdict.check(IDS.sub(b"", own) == IDS.sub(b"", out), f"{path.name}: another report from its file")


def main():
    assert pathlib.Path(os.environ["FINWAIT"]).exists()
    verdict = Verdict()
    whatever_surrounds(verdict)
    whatever_the_keys(verdict)
    wherever_it_comes_from(verdict)
    verdict.finish()


main()
