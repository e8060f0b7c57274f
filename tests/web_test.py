"""The HTML report in a browser: Chromium without a head, driven by tests/web/report.mjs."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import CAPTURES, SOURCE, Run, plain_build, skip

WEB = SOURCE / "tests" / "web"
HOSTILE = "<img src=x onerror=alert(2)><script>alert(1)<\u2215script>\"'.pcap"

PAGES = {
    "leak": ["--stuck", "5", CAPTURES / "close_wait_leak.pcap"],
    "many": ["--min-severity", "info", "--worst", "60", *sorted(CAPTURES.glob("*.pcap"))],
    "none": [CAPTURES / "four_segment_close.pcap"],
}


def write_pages(folder):
    for name, arguments in PAGES.items():
        run = Run(["--format", "html", "-o", folder / f"{name}.html", *arguments])
        if run.fault():
            sys.exit(f"{name}: {run.fault()}")
    capture = folder / HOSTILE
    shutil.copy(CAPTURES / "reset_says_why.pcap", capture)
    run = Run(["--format", "html", "--observer", HOSTILE, "--min-severity", "info",
               "-o", folder / "hostile.html", capture])
    if run.fault():
        sys.exit(f"hostile: {run.fault()}")


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not shutil.which("node"):
        skip("node is not installed (Debian: nodejs)")
    if not chromium:
        skip("chromium is not installed")
    if not (WEB / "node_modules" / "playwright-core").is_dir():
        skip("tests/web/node_modules is not there: run npm ci in tests/web, or ./dev test")
    with tempfile.TemporaryDirectory() as folder:
        write_pages(Path(folder))
        if not plain_build():
            print("the pages were written; the browser reads those of the plain build")
            return
        done = subprocess.run(["node", WEB / "report.mjs", chromium, folder], timeout=240, check=False,
                              env={**os.environ, "HOME": folder})
    sys.exit(done.returncode)


main()
