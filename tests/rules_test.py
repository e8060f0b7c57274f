"""What makes each rule fire, and what must not: the lines of testdata/rules/*.tsv.

Every rule of `finwait rules` has a line of both kinds; testdata/rules/README.md says what is in one.
"""

import json

from harness import CAPTURES, TESTDATA, Run, Verdict, dataset

LINES = TESTDATA / "rules"
KINDS = ("fires", "near")
COLUMNS = 6


def lines(verdict):
    for path in sorted(LINES.glob("*.tsv")):
        for number, text in enumerate(path.read_text().splitlines(), 1):
            place = f"{path.name}:{number}"
            if not text.strip() or text.startswith("#"):
                continue
            fields = text.split("\t")
            if verdict.check(len(fields) == COLUMNS and all(fields),
                             f"{place}: not {COLUMNS} columns with tabs between"):
                yield place, path.stem, fields


def value_of(text):
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.lstrip("-").isdigit() else text


def differences(anomaly, expects):
    """What of the words name=value is not so."""
    for word in expects.split():
        name, _, value = word.partition("=")
        if name == "by":
            told = anomaly["endpoint"]["role"] if "endpoint" in anomaly else "host"
            wrong = told != ("both" if value == "none" else value)
        elif name in ("severity", "confidence"):
            told = anomaly[name]
            wrong = told != value
        elif name == "frames":
            told = [piece["frame"] for piece in anomaly["evidence"]]
            wrong = not set(map(int, value.split(","))) <= set(told)
        else:
            told = anomaly["figures"].get(name)
            wrong = told != value_of(value)
        if wrong:
            yield f"{word}, but it says {told}"


def check_fires(verdict, place, rule, expects, anomalies):
    """One of the rule's anomalies is as expected; else the nearest one says what it is not."""
    if not verdict.check(anomalies, f"{place}: {rule} does not fire"):
        return
    found = [list(differences(anomaly, "" if expects == "-" else expects))
             for anomaly in anomalies]
    nearest = min(found, key=len)
    verdict.check(not nearest, f"{place}: {rule}: expected {'; '.join(nearest)}")


def check_line(verdict, place, fields):
    rule, kind, capture, options, expects, _ = fields
    if not verdict.check(kind in KINDS, f"{place}: neither fires nor near: {kind}"):
        return
    path = CAPTURES / capture
    if not verdict.check(path.exists(), f"{place}: no capture {capture}"):
        return
    run = Run(["--format", "ndjson", "--min-severity", "info",
               *([] if options == "-" else options.split()), path])
    fault = run.fault()
    if not verdict.check(fault is None, f"{place}: {fault}"):
        return
    anomalies = [record for record in run.records()
                 if dataset(record) == "anomaly" and record["rule"]["id"] == rule]
    if kind == "fires":
        check_fires(verdict, place, rule, expects, anomalies)
    else:
        verdict.check(not anomalies, f"{place}: {rule} fires where it must not: "
                      f"{[anomaly['event']['reason'] for anomaly in anomalies]}")


def main():
    verdict = Verdict()
    catalogue = json.loads(Run(["rules", "--format", "json"]).out)
    category_of = {rule["id"]: rule["category"] for rule in catalogue["rules"]}
    kinds = {rule: set() for rule in category_of}
    for place, category, fields in lines(verdict):
        rule = fields[0]
        if verdict.check(rule in kinds, f"{place}: no rule {rule}"):
            verdict.check(category_of[rule] == category,
                          f"{place}: {rule} belongs into {category_of[rule]}.tsv")
            kinds[rule].add(fields[1])
            check_line(verdict, place, fields)
    for rule, has in kinds.items():
        for kind in KINDS:
            verdict.check(kind in has, f"{rule} has no line of the kind {kind} in "
                          f"testdata/rules/{category_of[rule]}.tsv")
    verdict.finish()


main()
