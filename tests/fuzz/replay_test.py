"""replay_test.py [TARGET…]: every stored input of every fuzz target, or of those, through its replay program."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from corpus import TARGETS, unpack  # noqa: E402
from harness import SANITIZER_WORDS, Verdict  # noqa: E402


def main():
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as scratch:
        for target in sys.argv[1:] or TARGETS:
            folder = Path(scratch) / target
            count = unpack(target, folder)
            if not verdict.check(count, f"{target}: no stored inputs"):
                continue
            program = Path(os.environ["FUZZ"]) / f"fuzz-{target}"
            run = subprocess.run([program, folder], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, check=False)
            said = run.stderr.decode("utf-8", "backslashreplace")
            good = run.returncode == 0 and not any(word in said for word in SANITIZER_WORDS)
            verdict.check(good, f"{target}: status {run.returncode}: {said[-3000:]}")
            verdict.check(said.endswith(f"{count} inputs\n"), f"{target}: not all of {count} inputs were run")
    verdict.finish()


main()
