"""What finwait says of the close lab's captures, against the states the kernels were in."""

import os
import re
import subprocess
import sys

from harness import SHARED, Verdict, skip

SCORE = SHARED / "lab" / "score.py"
TRUTH = SHARED / "truth"

# Percentages of endpoints. What nothing in a capture can tell (a FIN queued and never sent, a
# connect abandoned in silence) keeps the last two below 100.
LEAST = {"sound": 100.0, "final": 98.0, "path": 97.0}
WIDTH_MOST = 2.2  # possible states, on average


def main():
    if not SCORE.exists() or not TRUTH.is_dir():
        skip(f"{SCORE} and {TRUTH} are not there")
    if not os.environ.get("FINWAIT"):
        skip("FINWAIT is not set")
    done = subprocess.run([sys.executable, SCORE, os.environ["FINWAIT"], TRUTH, "--verbose"],
                          capture_output=True, text=True, timeout=600, check=False)
    lines = done.stdout.splitlines()
    summary = lines[-1] if lines else done.stderr[-500:]
    figures = {name: float(value) for name, value in re.findall(r"(\w+) ([0-9.]+) %", summary)}
    counts = {name: int(value) for name, value in re.findall(r"(endpoints|errors) (\d+)", summary)}
    width = re.search(r"width ([0-9.]+)", summary)
    print(summary)
    verdict = Verdict()
    verdict.check(counts.get("endpoints", 0) > 0, "no endpoint was scored")
    verdict.check(counts.get("errors") == 0, f"{counts.get('errors')} captures gave no answer")
    for name, least in LEAST.items():
        verdict.check(figures.get(name, 0) >= least, f"{name} {figures.get(name)} % < {least} %")
        if figures.get(name, 0) < least:
            print(*(line for line in lines if f": {name}: " in line), sep="\n")
    verdict.check(width and float(width[1]) <= WIDTH_MOST, f"width {width and width[1]}")
    verdict.finish()


main()
