"""A connection that is reported early, because memory is full, is not said to lack what came after:
nothing is found at a five-tuple that is not found there with memory enough.

    early_test.py GENERATE
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Verdict  # noqa: E402

# No temporary file takes what memory has no room for.
WITHOUT_FILE = {**os.environ, "TMPDIR": "/nonexistent"}


def analysed(path, memory):
    """The connections told, how many of them early, and what was found where."""
    text = subprocess.run([os.environ["FINWAIT"], "--format", "ndjson", "--connections", "--max-memory", memory, path],
                          check=True, capture_output=True, env=WITHOUT_FILE).stdout
    found, told, summary = set(), 0, None
    for record in map(json.loads, text.splitlines()):
        kind = record["event"]["dataset"]
        told += kind == "finwait.connection"
        if kind == "finwait.anomaly" and record["scope"] == "connection":
            found.add((record["network"]["community_id"], record["rule"]["id"]))
        summary = record
    return told, summary["evicted"], found


def main():
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "lossy.pcap"
        for kind, count in (("churn", 4000), ("web", 4000)):
            subprocess.run([sys.argv[1], "--kind", kind, "--connections", str(count), "--lossy", path], check=True,
                           stdout=subprocess.DEVNULL)
            told, early, found = analysed(path, "2G")
            told_so, early_so, found_so = analysed(path, "1M")
            verdict.check(early == 0 and early_so > count // 4 and told_so >= told,
                          f"{kind}: {early} and {early_so} early of {told} and {told_so}")
            verdict.check(len(found) > 20 and found_so, f"{kind}: {len(found)} and {len(found_so)} things found")
            verdict.check(found_so <= found, f"{kind}: found only with little memory: {sorted(found_so - found)[:5]}")
    verdict.finish()


main()
