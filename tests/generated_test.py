"""The committed captures are what testdata/generate.py writes, and each has its story told."""

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import CAPTURES, TESTDATA, Verdict


def captures(folder):
    """Names and contents; what is compressed differs between versions of zlib."""
    return {str(path.relative_to(folder)):
            gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            for path in folder.rglob("*") if ".pcap" in path.name}


def main():
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, TESTDATA / "generate.py", folder], check=True)
        fresh = captures(Path(folder))
    committed = captures(CAPTURES)
    stories = (CAPTURES / "README.md").read_text()
    for name in sorted(fresh.keys() | committed.keys()):
        verdict.check(name in committed, f"{name} is generated, but not in testdata/captures")
        verdict.check(name in fresh, f"{name} has no story in testdata/stories")
        verdict.check(fresh.get(name) == committed.get(name),
                      f"{name} differs: run testdata/generate.py")
        verdict.check(f"`{name}`" in stories, f"{name} is not told in testdata/captures/README.md")
    verdict.finish()


main()
