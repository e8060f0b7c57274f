"""--compress: what gzip makes of it is the report as it is without, to the byte, in every format; it is the
same stream in every run, for every number of threads, into a file and into a pipe.

What the header must be is RFC 1952, section 2.3.1: no flags, and so no name, and no time.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from harness import CAPTURES, Run, Verdict, skip

FORMATS = ("text", "html", "json", "ndjson", "openmetrics")
SEVERAL = ["close_wait_leak.pcap", "hostile_names.pcapng", "time_wait_reuse.pcap", "fragments.pcap"]
LARGE = CAPTURES / "large" / "many_time_waits.pcap.gz"
HEADER = bytes((0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3))
SANITIZED = os.environ.get("SAMPLE", "1") != "1"


def decompressed(stream):
    done = subprocess.run(["gzip", "-dc"], input=stream, capture_output=True, timeout=60, check=False)
    return done.stdout if done.returncode == 0 and not done.stderr else None


def check_report(verdict, name, arguments, folder, statuses=(0,)):
    plain = Run(arguments)
    verdict.check(plain.fault(statuses) is None and plain.out, f"{name}: {plain.fault(statuses)}")
    path = Path(folder) / "report"
    runs = [Run(["--compress", "-j", jobs, *arguments]) for jobs in (1, 2)]
    for run in runs:
        verdict.check((run.status, run.err) == (plain.status, plain.err), f"{name}: {run.arguments}: {run.err}")
        verdict.check(run.out[:len(HEADER)] == HEADER, f"{name}: header {run.out[:len(HEADER)].hex()}")
        verdict.check(run.out == runs[0].out, f"{name}: another stream with -j 2")
    verdict.check(decompressed(runs[0].out) == plain.out, f"{name}: not the report")
    run = Run(["--compress", "-o", path, *arguments])
    verdict.check(run.status == plain.status and not run.out and path.read_bytes() == runs[0].out,
                  f"{name}: another stream in a file")
    path.unlink()
    return len(plain.out), len(runs[0].out)


def check_damaged(verdict, folder):
    """Exit status and what is said of the captures are as without."""
    cut = Path(folder) / "cut.pcap"
    cut.write_bytes((CAPTURES / SEVERAL[0]).read_bytes()[:-1])
    check_report(verdict, "damaged", [cut], folder, statuses=(2,))
    cut.unlink()
    path = Path(folder) / "report.gz"
    run = Run(["--compress", "-o", path, Path(folder) / "missing.pcap"])
    verdict.check(run.status == 1 and not list(Path(folder).iterdir()),
                  f"nothing to be read: status {run.status}, left {list(Path(folder).iterdir())}")


def check_names(verdict, folder):
    """Only the option decides, not what the file is called."""
    path = Path(folder) / "report.ndjson.gz"
    arguments = ["-f", "ndjson", "-c", CAPTURES / SEVERAL[0]]
    Run([*arguments, "-o", path])
    verdict.check(path.read_bytes() == Run(arguments).out, f"{path.name} is compressed without being asked for")


def main():
    try:
        decompressed(b"")
    except FileNotFoundError:
        skip("there is no gzip")
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMATS:
            arguments = ["-f", form, "-c", "--min-severity", "info"]
            check_report(verdict, form, [*arguments, *(CAPTURES / name for name in SEVERAL)], folder)
        # Larger than every buffer, and with spools that are.
        for form in () if SANITIZED else ("ndjson", "json"):
            plain, stream = check_report(verdict, f"large, {form}", ["-f", form, "-c", LARGE], folder)
            verdict.check(stream * 10 < plain, f"large, {form}: {stream} octets of {plain}")
        check_damaged(verdict, folder)
        check_names(verdict, folder)
    verdict.finish()


main()
