"""memcheck.py [NAME…]: valgrind over captures of many kinds (or those whose names are given), through every verb
and format. Fails for each read of what was not written or not ours, and for each leak."""

import os
import subprocess
import sys
import tempfile

from harness import CAPTURES, SOURCE, Verdict

NAMES = ("hostile_names.pcapng", "many_link_types.pcapng", "big_endian_nanoseconds.pcap", "fragments.pcap",
         "reset_says_why.pcap", "half_close.pcap", "snaplen_cut.pcap")
ERROR = 99
VALGRIND = ("valgrind", "--quiet", f"--error-exitcode={ERROR}", "--leak-check=full", "--errors-for-leak-kinds=definite",
            "--track-origins=yes")


def check(verdict, arguments, folder):
    done = subprocess.run([*VALGRIND, os.environ["FINWAIT"], *map(str, arguments), "--sandbox=off"], cwd=folder, capture_output=True, text=True, errors="replace", timeout=600, check=False)
    if not verdict.check(done.returncode in (0, 1, 2), f"{' '.join(map(str, arguments))}: {done.returncode}"):
        print(done.stderr[-4000:])


def main():
    verdict = Verdict()
    damaged = [path for folder in ("pcap", "pcapng", "compressed")
               for path in sorted((SOURCE / "tests/fuzz/cases" / folder).iterdir())]
    paths = [CAPTURES / name for name in sys.argv[1:]] or [*(CAPTURES / name for name in NAMES), *damaged]
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            for form in ("json", "ndjson", "html", "text", "openmetrics"):
                check(verdict, ["-c", "--format", form, "--min-severity", "info", path], folder)
            check(verdict, ["explain", path, "--connection", "10.0.0.1"], folder)
            check(verdict, ["extract", path, "--min-severity", "info", "-o", "-"], folder)
            check(verdict, ["--filter", "tcp port 443 or vlan", path, "-o", "report"], folder)
        check(verdict, ["-c", *paths], folder)
    verdict.finish()


main()
