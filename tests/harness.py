"""What the Python tests share: where things are, how finwait is run, how a test says how it went.

meson sets FINWAIT (the executable) and SOURCE_ROOT. A test that cannot run here says why and exits
with 77, which meson counts as skipped.
"""

import json
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(os.environ.get("SOURCE_ROOT", pathlib.Path(__file__).parent.parent)).resolve()
TESTDATA = SOURCE / "testdata"
CAPTURES = TESTDATA / "captures"
SHARED = SOURCE.parent / "shared"

SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "ThreadSanitizer", "MemorySanitizer")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def captures():
    """Every capture that the repository carries, damaged ones included, but for the few whose point
    is their size: what runs on every capture is not to wait for them."""
    found = [path for folder in ("captures", "damage")
             for path in sorted((TESTDATA / folder).rglob("*"))
             if ".pcap" in path.name and path.parent.name != "large"]
    assert found, "no captures under testdata"
    return found


def sampled(items):
    """All of them, or one of SAMPLE: a build with sanitizers is slow, and is to find faults of
    memory; that what a test says of every item holds is for the plain build to show."""
    return list(items)[::int(os.environ.get("SAMPLE", "1"))]


def plain_build():
    """Whether what finwait writes is to be judged by other programs: it is the same in every build,
    and one with sanitizers has shown what it is to show when it has written it."""
    return os.environ.get("SAMPLE", "1") == "1"


def run_thousands():
    """Before a test that does: what is allocated is not spoiled first, as it is in other tests. It takes
    four tenths of the time of a start: of most buffers little is used."""
    Run.ENVIRONMENT = {**Run.ENVIRONMENT, "MALLOC_PERTURB_": "0"}


class Run:
    """One run of finwait: status, output, and what is wrong with it whatever the input was."""

    # Nothing of the terminal or the locale in which the tests happen to run.
    ENVIRONMENT = {**os.environ, "COLUMNS": "80", "LC_ALL": "C"}

    def __init__(self, arguments, cwd=None, stdin=None, timeout=60):
        executable = os.environ.get("FINWAIT")
        if not executable:
            skip("FINWAIT is not set")
        self.arguments = [str(argument) for argument in arguments]
        try:
            done = subprocess.run([executable, *self.arguments], cwd=cwd, input=stdin,
                                  stdin=subprocess.DEVNULL if stdin is None else None,
                                  capture_output=True, timeout=timeout, check=False, env=self.ENVIRONMENT)
            self.status, self.out, self.raw_err = done.returncode, done.stdout, done.stderr
            self.err = done.stderr.decode("utf-8", "backslashreplace")
            self.timed_out = False
        except subprocess.TimeoutExpired:
            self.status, self.out, self.raw_err, self.err, self.timed_out = None, b"", b"", "", True

    def fault(self, statuses=(0, 2)):
        """Why this run is a fault of ours, or None."""
        if self.timed_out:
            return "did not end in time"
        if self.status < 0:
            return f"died of signal {-self.status}: {self.err[-500:]}"
        if any(word in self.err for word in SANITIZER_WORDS):
            return f"sanitizer report: {self.err[:2000]}"
        if self.status not in statuses:
            return f"exit status {self.status}: {self.err[:500]}"
        return None

    def records(self):
        """The NDJSON records of standard output; raises ValueError when it is not that."""
        return [json.loads(line) for line in self.out.decode("utf-8").splitlines()]


def dataset(record):
    return record["event"]["dataset"].removeprefix("finwait.")


def connections(records):
    return [record for record in records if dataset(record) == "connection"]


def summary(records):
    return next(record for record in records if dataset(record) == "summary")


class Verdict:
    """Collects what went wrong, so that one run of a test shows all of it."""

    def __init__(self):
        self.checked, self.failures = 0, []

    def check(self, good, sentence):
        self.checked += 1
        if not good:
            self.failures.append(sentence)
        return good

    def fail(self, sentence):
        self.check(False, sentence)

    def finish(self):
        for sentence in self.failures:
            print(f"FAILED: {sentence}")
        print(f"{self.checked} checks, {len(self.failures)} failed")
        if not self.checked:
            print("FAILED: nothing was checked")
        sys.exit(1 if self.failures or not self.checked else 0)
