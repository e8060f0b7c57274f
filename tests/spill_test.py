"""Of many connections that have closed most wait in a temporary file: less memory is taken, and what is
said is the same as where there is none, or where it fills up.

    spill_test.py GENERATE
"""

import fcntl
import os
import resource
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

from harness import SANITIZER_WORDS, Verdict, plain_build

GENERATE = sys.argv[1]
# Each takes 224 octets or more while it lingers, of which 22 MiB stay in memory: 9,000 close in a second, and
# more than 128 MiB are foreseen.
BEYOND = (16 if plain_build() else 2) << 20
CONNECTIONS = ((22 << 20) + BEYOND) // 224
FULL = 1 << 20


def run(capture, folder, *options, file_bytes=None):
    """Standard output, standard error, status, and the largest resident size in octets."""

    def limit():
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

    # What is allocated is not spoiled first: it would take memory before it is used.
    environment = {**os.environ, "TMPDIR": str(folder), "LC_ALL": "C", "MALLOC_PERTURB_": "0"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # What is limited is not to be the output: that is a pipe.
        process = subprocess.Popen([os.environ["FINWAIT"], "--format", "ndjson", *options, capture], env=environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err, preexec_fn=limit)
        for piece in iter(lambda: process.stdout.read(1 << 20), b""):
            out.write(piece)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return out.read(), err.read().decode(), process.returncode, usage.ru_maxrss * 1024


def without_its_file(capture, folder, jobs):
    """What it says, and its status, when all of the file is gone once most of the capture has been read, and how much
    that was. None where nobody may look into a process."""
    octets = capture.read_bytes()
    most = len(octets) - (1 << 16)
    environment = {**os.environ, "TMPDIR": str(folder), "LC_ALL": "C"}
    with tempfile.TemporaryFile() as err:
        process = subprocess.Popen([os.environ["FINWAIT"], "--format", "ndjson", "-j", jobs, "--sandbox", "off", "-"],
                                   env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=err)
        process.stdin.write(octets[:most])
        process.stdin.flush()
        while struct.unpack("i", fcntl.ioctl(process.stdin, termios.FIONREAD, bytes(4)))[0]:
            time.sleep(0.01)
        open_files = Path(f"/proc/{process.pid}/fd")
        seen = os.access(open_files, os.R_OK)
        lost = 0
        if seen:
            for file in open_files.iterdir():
                if os.readlink(file).startswith(str(folder)):
                    lost += file.stat().st_size
                    os.truncate(file, 0)
        process.stdin.write(octets[most:])
        process.stdin.close()
        process.wait()
        err.seek(0)
        return (err.read().decode(), process.returncode, lost) if seen else None


def main():
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as folder:
        capture, empty = Path(folder) / "churn.pcap", Path(folder) / "empty"
        subprocess.run([GENERATE, "--kind", "churn", "--connections", str(CONNECTIONS), capture], check=True,
                       stdout=subprocess.DEVNULL)
        empty.mkdir()
        missing = Path(folder) / "missing"
        cases = {
            "without": run(capture, missing, "-j", "1"),
            "with": run(capture, empty, "-j", "1"),
            "with, threads": run(capture, empty, "-j", "3"),
            "with, sandbox": run(capture, empty, "-j", "2", "--sandbox", "require")
                             if run(capture, empty, "--sandbox", "require")[2] == 0 else None,
            "with, full": run(capture, empty, "-j", "1", file_bytes=FULL),
            "with, nothing": run(capture, empty, "-j", "2", file_bytes=0),
        }
        output, _, _, whole = cases["without"]
        verdict.check(output.count(b"\n") > 100, "little is said of the capture")
        for name, case in cases.items():
            if case is None:
                continue
            verdict.check(case[2] == 0, f"{name}: status {case[2]}: {case[1][:300]}")
            verdict.check(case[0] == output, f"{name}: something else is said than without")
            verdict.check(not any(word in case[1] for word in SANITIZER_WORDS), f"{name}: {case[1][:2000]}")
        for jobs in "1", "3":
            case = without_its_file(capture, empty, jobs)
            if case:
                verdict.check(case[2] > 0, "nothing was in a file")
                verdict.check(case[1] == 1, f"without its file: status {case[1]}: {case[0][:300]}")
                verdict.check("which held closed connections, failed" in case[0], f"without its file: {case[0][:300]}")
            else:
                print("not seen: what happens when the file is lost")
        verdict.check(not list(empty.iterdir()), "something is left in the folder")
        if plain_build():
            # Of what is beyond what stays.
            spared = {name: whole - cases[name][3] for name in ("with", "with, full", "with, nothing")}
            verdict.check(spared["with"] > BEYOND - (6 << 20), f"a file spares {spared['with']} octets only")
            verdict.check(spared["with, nothing"] < 2 << 20, f"what cannot be written spares {spared['with, nothing']} octets")
            verdict.check(spared["with, full"] < spared["with"] - (5 << 20), "a small file spares as much as a large one")
    verdict.finish()


main()
