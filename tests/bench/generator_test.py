"""The generator repeats itself, and finwait counts what it says that it wrote.

    generator_test.py GENERATE LIMITS
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

GENERATE, LIMITS = sys.argv[1:]
KINDS = {"web": 600, "bulk": 2, "churn": 1000, "scan": 1000, "live1m": 1000, "live5m": 1000}
ENDINGS = ("graceful", "reset", "open", "none")


def generate(path, *options):
    """What it says of what it wrote."""
    out = subprocess.run([GENERATE, *options, path], check=True, capture_output=True, text=True).stdout
    return {name: int(number) for name, number in (line.split() for line in out.splitlines())}


def check_kind(folder, kind, connections):
    plain = ["--kind", kind, "--connections", str(connections)]
    for options in (plain, [*plain, "--lossy"], [*plain, "--pcapng"]):
        one, other = folder / "one", folder / "other"
        said = generate(one, *options)
        assert said == generate(other, *options) and one.read_bytes() == other.read_bytes(), options
        generate(other, *options, "--seed", "2")
        assert one.read_bytes() != other.read_bytes(), f"{options}: the seed changes nothing"
        assert (said["resent"] > 0) == ("--lossy" in options and kind != "scan" or kind == "web"), (options, said)
        check_counts(one, options, said)
        walked = "walk" if "--pcapng" not in options else "pcap"
        for loop in {"pcap", walked}:
            met = subprocess.run([LIMITS, loop, one], check=True, capture_output=True, text=True).stdout
            assert int(met) == said["packets"], (options, loop, met)


def check_parts(folder):
    """Each frame is in one of the parts, and a connection's are in the same."""
    whole = generate(folder / "whole", "--kind", "web", "--connections", "600")
    parts = [generate(folder / f"part{part}", "--kind", "web", "--connections", "600", "--part", f"{part}/3")
             for part in (1, 2, 3)]
    for name in ("packets", "connections", *ENDINGS):
        assert sum(said[name] for said in parts) == whole[name] and all(said[name] < whole[name] or not whole[name]
                                                                         for said in parts), name
    summary = report(*(folder / f"part{part}" for part in (1, 2, 3)))
    assert summary["connections"] == report(folder / "whole")["connections"]
    for wrong in ("0/3", "4/3", "1", "1/3x", "-1/3", "/"):
        assert subprocess.run([GENERATE, "--kind", "web", "--part", wrong, folder / "none"],
                              capture_output=True).returncode == 2, wrong


def report(*paths):
    out = subprocess.run([os.environ["FINWAIT"], "--format", "ndjson", *paths], check=True,
                         capture_output=True).stdout
    return json.loads(out.splitlines()[-1])


def check_counts(path, options, said):
    summary = report(path)
    assert summary["capture"]["packets"]["tcp"] == said["packets"], options
    assert summary["connections"]["total"] == said["connections"] == KINDS[options[1]], options
    closes = summary["connections"]["close"]
    assert {name: closes.get(name, 0) for name in ENDINGS} == {name: said[name] for name in ENDINGS}, options
    assert set(closes) <= set(ENDINGS), closes


def main():
    with tempfile.TemporaryDirectory() as folder:
        for kind, connections in KINDS.items():
            check_kind(pathlib.Path(folder), kind, connections)
        check_parts(pathlib.Path(folder))
    print(f"{len(KINDS)} kinds, as stated")


main()
