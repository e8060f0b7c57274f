"""Golden cases: testdata/cases/<name>/, each a command and what it must say.

    cmd             arguments of finwait, as a shell would split them; @captures/x.pcap is a path
                    below testdata, @in.pcap a file of the case, <@… is standard input
    expected.json   standard output (or expected.ndjson, or expected.txt)
    exit            the status, 0 without
    stderr          a regular expression that standard error must match; nothing without
    notes.md        who checked the expectation, and against what

    tests/cases.py [--bless] [NAME…]

--bless writes what finwait says now as what it must say: read the difference before committing it.
Left out of the comparison are the version and, but for cases named report_*, what rules find: the
anomalies, what is counted and found from them, services, hosts and samples. Rules have their own test
(rules_test.py), and a case about a state is not to change because a rule was added.
"""

import difflib
import json
import re
import shlex
import sys
from pathlib import Path

from harness import TESTDATA, Run, Verdict, dataset, skip

CASES = TESTDATA / "cases"


def place(case, word):
    """@name is a file of the case when there is one, else a path below testdata."""
    own = case / word[1:]
    return own.relative_to(TESTDATA).as_posix() if own.exists() else word[1:]


def pretty(document):
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def without_version(record):
    for part in (record, record.get("summary", {})):
        if "version" in part:
            part["version"] = "…"
    return record


def without_findings(record):
    """A document or a record without what rules find."""
    connections = record.get("connections", ()) if "schema" in record else ()
    for part in (record, record.get("summary", {}), *connections):
        for name in ("anomalies", "rules", "anomaly_counts", "findings", "services", "hosts", "samples"):
            part.pop(name, None)
        part.get("tcp", {}).get("close", {}).get("reset", {}).pop("cause", None)
    return record


def readable(output, kind, findings):
    """The output as text that a reviewer can compare; the order of keys and records is kept."""
    text = output.decode("utf-8")
    if kind == "txt" or not text:
        return text
    records = [json.loads(part) for part in ([text] if kind == "json" else text.splitlines())]
    if not findings:
        records = [without_findings(record) for record in records
                   if kind == "json" or dataset(record) not in ("anomaly", "host", "sample")]
    return "".join(pretty(without_version(record)) for record in records)


def kind_of(case, arguments):
    for kind in ("json", "ndjson", "txt"):
        if (case / f"expected.{kind}").exists():
            return kind
    named = [b for a, b in zip(arguments, arguments[1:]) if a == "--format"]
    return named[0] if named and named[0] in ("json", "ndjson") else "txt"


def check(case, verdict, bless):
    words = shlex.split((case / "cmd").read_text())
    stdin = None
    arguments = []
    for word in words:
        if word.startswith("<@"):
            stdin = (TESTDATA / place(case, word[1:])).read_bytes()
        else:
            arguments.append(place(case, word) if word.startswith("@") else word)
    notes = case / "notes.md"
    verdict.check(notes.exists() and notes.read_text().strip(),
                  f"{case.name}: notes.md does not say who checked the expectation and how")
    run = Run(arguments, cwd=TESTDATA, stdin=stdin)
    status = int((case / "exit").read_text()) if (case / "exit").exists() else 0
    fault = run.fault((status,))
    if not verdict.check(fault is None, f"{case.name}: {fault}"):
        return
    pattern = (case / "stderr").read_text().strip() if (case / "stderr").exists() else r"\A\Z"
    verdict.check(re.search(pattern, run.err),
                  f"{case.name}: standard error {run.err!r} does not match {pattern!r}")
    kind = kind_of(case, arguments)
    try:
        got = readable(run.out, kind, case.name.startswith("report_"))
    except ValueError as error:
        verdict.fail(f"{case.name}: output is not {kind}: {error}")
        return
    expected = case / f"expected.{kind}"
    if bless:
        expected.write_text(got)
        return
    if verdict.check(expected.exists(), f"{case.name}: no {expected.name}"):
        wanted = expected.read_text()
        verdict.check(got == wanted, f"{case.name}:\n" + "".join(difflib.unified_diff(
            wanted.splitlines(True), got.splitlines(True), "expected", "got")))


def main():
    bless = "--bless" in sys.argv[1:]
    names = [name for name in sys.argv[1:] if name != "--bless"]
    cases = [CASES / name for name in names] or sorted(
        path for path in CASES.iterdir() if path.is_dir())
    if not cases:
        skip("no cases")
    verdict = Verdict()
    for case in cases:
        check(Path(case), verdict, bless)
    verdict.finish()


if __name__ == "__main__":
    main()
