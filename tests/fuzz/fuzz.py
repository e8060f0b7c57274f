#!/usr/bin/env python3
"""Fuzzes a target, or all in turns, with libFuzzer.

usage: fuzz.py BUILD [--store] [TARGET|all] [SECONDS]

BUILD is a build folder configured with -Dfuzzer=true. What is found grows in BUILD/inputs/TARGET,
from one call to the next; what ends a target or is slow lies in BUILD/found. A line for every run goes
to BUILD/fuzz.log. With --store the inputs that matter replace the stored ones in tests/fuzz/corpus.
"""

import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from corpus import HERE, TARGETS, pack, unpack
from seeds import write_seeds

# Entropic scheduling weighs all features for every input, which takes longer than the whole way does;
# and names of functions that are new are asked for from a program of its own.
LIMITS = ["-rss_limit_mb=512", "-max_len=65536", "-entropic=0", "-print_funcs=0"]
# A second, by the clock: on a busy machine that may say nothing, so what took so long is run again,
# and counts when its own time is that long.
SECONDS_MAX = 1
PATIENCE = 20
STORED_BYTES_MAX = 4096  # of one input
STORED_MAX = 400         # inputs of a target


def program(build, target):
    return build / "tests" / "fuzz" / f"fuzz-{target}"


def seconds_used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def inputs_of(build, target):
    folder = build / "inputs" / target
    if not folder.exists():
        write_seeds(target, folder, build / "damaged")
        unpack(target, folder)
    return folder


def is_slow(build, target, path):
    before = seconds_used()
    subprocess.run([program(build, target), path], capture_output=True, check=False)
    return seconds_used() - before > SECONDS_MAX


def found(build, target):
    return {path for path in (build / "found").glob(f"{target}-*")}


def fuzz(build, target, seconds):
    """One run; a line about it, and whether nothing was found."""
    folder = inputs_of(build, target)
    (build / "found").mkdir(exist_ok=True)
    earlier = found(build, target)
    dictionary = HERE / "dictionaries" / f"{target}.dict"
    words = [f"-dict={dictionary}"] if dictionary.exists() else []
    before = seconds_used()
    run = subprocess.run(
        [program(build, target), *LIMITS, *words, f"-timeout={PATIENCE}", f"-report_slow_units={SECONDS_MAX}",
         f"-max_total_time={seconds}", "-print_final_stats=1", f"-artifact_prefix={build}/found/{target}-",
         folder], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    said = run.stderr.decode("utf-8", "backslashreplace")
    used = seconds_used() - before
    runs = re.findall(r"^#(\d+)\s", said, re.MULTILINE)
    edges = re.findall(r" cov: (\d+)", said)
    rss = re.findall(r"peak_rss_mb: +(\d+)", said)
    bad = []
    for path in sorted(found(build, target) - earlier):
        if "-slow-unit-" in path.name and not is_slow(build, target, path):
            path.unlink()
        else:
            bad.append(path)
    line = (f"{target} executions {runs[-1] if runs else 0} edges {edges[-1] if edges else 0} "
            f"cpu_seconds {used:.0f} inputs {sum(1 for _ in folder.iterdir())} "
            f"peak_mb {rss[-1] if rss else '?'} status {run.returncode} found {len(bad)}")
    print(line, flush=True)
    with open(build / "fuzz.log", "a", encoding="ascii") as log:
        print(line, file=log)
    if run.returncode and not bad:
        print(said[-3000:])
    for path in bad:
        print(f"  {path}")
    return not bad and run.returncode == 0


def store(build, target):
    """Of what was found the fewest inputs that still reach all, as far as they are small."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        small, least = scratch / "small", scratch / "least"
        small.mkdir()
        least.mkdir()
        for path in inputs_of(build, target).iterdir():
            if path.stat().st_size <= STORED_BYTES_MAX:
                (small / path.name).write_bytes(path.read_bytes())
        subprocess.run([program(build, target), *LIMITS, "-set_cover_merge=1", least, small],
                       stdin=subprocess.DEVNULL, capture_output=True, check=True)
        chosen = sorted(least.iterdir(), key=lambda path: (path.stat().st_size, path.name))[:STORED_MAX]
        pack(target, {path.name: path.read_bytes() for path in chosen})
        print(f"{target}: {len(chosen)} of {sum(1 for _ in small.iterdir())} inputs stored")


def main(arguments):
    storing = "--store" in arguments
    arguments = [argument for argument in arguments if argument != "--store"]
    if not arguments or len(arguments) > 3:
        print(__doc__, file=sys.stderr)
        return 1
    build = Path(arguments[0]).resolve()
    wanted = arguments[1] if len(arguments) > 1 else "all"
    seconds = int(arguments[2]) if len(arguments) > 2 else 60
    if wanted != "all" and wanted not in TARGETS:
        print(f"no such target: {wanted}; there are {', '.join(TARGETS)}", file=sys.stderr)
        return 1
    clean = True
    for target in TARGETS if wanted == "all" else (wanted,):
        if seconds:
            clean &= fuzz(build, target, seconds)
        if storing:
            store(build, target)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
