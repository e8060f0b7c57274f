"""What finwait says on the command line, and with which status it ends."""

import json

from harness import CAPTURES, Run, Verdict, dataset, summary

CLOSE = CAPTURES / "simultaneous_close.pcap"
RULE = "simultaneous_close"  # of severity info
VERBS = ((), ("rules",), ("explain",))
OTHER_CATEGORY = "rst_teardown"


def widest(text):
    return max(map(len, text.splitlines()))


def check_texts(verdict, rules):
    for verb in VERBS:
        help_text = Run([*verb, "--help"]).out.decode()
        verdict.check(help_text.startswith(" ".join(["Usage: finwait", *verb, "[OPTION]..."])),
                      f"{verb} --help is that of something else")
        verdict.check(widest(help_text) <= 80, f"{verb} --help is wider than 80 columns")
        verdict.check(len(help_text.splitlines()) <= 42, f"{verb} --help is longer than 42 lines")
        verdict.check(verb or all(f"finwait {name} ..." in help_text for (name,) in VERBS[1:]),
                      "--help does not name the verbs")
    listing = Run(["rules"]).out.decode()
    verdict.check(widest(listing) <= 100, "finwait rules is wider than 100 columns")
    for rule in rules:
        verdict.check(f"  {rule['id']} " in listing, f"{rule['id']} is not listed")
        text = Run(["rules", rule["id"]]).out.decode()
        verdict.check(widest(text) <= 80, f"finwait rules {rule['id']} is wider than 80 columns")
        for part in ("means", "recognised", "causes", "check", "references", "severity"):
            verdict.check("".join(rule[part].split()) in "".join(text.split()),
                          f"finwait rules {rule['id']} does not say {part}")


def check_verbs(verdict):
    """A verb is the first argument only; its options are its own, and a pipe is read once."""
    run = Run(["./rules"])
    verdict.check(run.status == 1 and "./rules" in run.err, f"./rules is a verb: {run.err!r}")
    run = Run([CLOSE, "rules"])
    verdict.check(run.status == 2 and "rules" in run.err, f"a verb behind a file: {run.err!r}")
    capture = CLOSE.read_bytes()
    for arguments, words in (
            (["--connection", "10.0.0.1:40000", CLOSE], "finwait explain [OPTION]..."),
            (["explain", "--fail-on", "info", CLOSE], "explain takes no --fail-on; write: finwait "),
            (["explain", "--compress", CLOSE], "explain takes no --compress; write: finwait "),
            (["extract", "--compress", CLOSE], "extract takes no --compress; write: finwait "),
            (["rules", "--filter", "tcp"], "rules takes no --filter; write: finwait "),
            (["explain", "--connection", "10.0.0.1", CLOSE], "--connection '10.0.0.1': write"),
            (["explain", CLOSE], "explain: which connection?"),
            (["explain", "--connection", "10.0.0.9:1", CLOSE], "no connection matches"),
            (["explain", "--connection", "10.0.0.1:40000"], "no capture given"),
            (["explain", "--connection", "10.0.0.1:40000", "-"], "standard input: "),
            (["explain", "--connection", "10.0.0.1:40000", "/dev/stdin"], "/dev/stdin: ")):
        run = Run(arguments, stdin=capture)
        verdict.check(run.status == 1 and not run.out and len(run.err.splitlines()) == 1
                      and words in run.err, f"{arguments}: status {run.status}, {run.err!r}")


def check_choice(verdict, rules):
    """Rules and categories by name, as documents."""
    def chosen(*names):
        run = Run(["rules", "--format", "json", *names])
        return [rule["id"] for rule in json.loads(run.out)["rules"]]

    everything = [rule["id"] for rule in rules]
    verdict.check(chosen(RULE) == [RULE], "finwait rules RULE gives other rules")
    for category in {rule["category"] for rule in rules}:
        members = [rule["id"] for rule in rules if rule["category"] == category]
        verdict.check(chosen(category) == members, f"finwait rules {category} gives other rules")
    verdict.check(chosen(RULE, *everything) == everything, "a rule named twice changes the list")
    for name, near in (("simultanous_close", RULE), ("reset", "finwait rules lists them"),
                       ("x" * 500, "finwait rules lists them")):
        run = Run(["rules", name])
        verdict.check(run.status == 1 and not run.out and len(run.err.splitlines()) == 1,
                      f"finwait rules {name[:30]}: status {run.status}, {run.err!r}")
        if name != "reset":
            verdict.check(near in run.err, f"finwait rules {name[:30]}: {run.err!r}")


def check_filters(verdict):
    def found(*arguments):
        run = Run(["--format", "ndjson", "--connections", *arguments, CLOSE])
        fault = run.fault()
        if not verdict.check(fault is None, f"{arguments}: {fault}"):
            return None
        records = run.records()
        rules = next(r["rules"] for r in records if dataset(r) == "connection")
        verdict.check(RULE in rules, f"{arguments}: the connection does not name the rule")
        return ([r["rule"]["id"] for r in records if dataset(r) == "anomaly"].count(RULE),
                summary(records)["anomaly_counts"].get(RULE, 0))

    for arguments, times in (((), 0), (("--min-severity", "info"), 1),
                             (("--min-severity", "info", "--rule", RULE), 1),
                             (("--min-severity", "info", "--rule", "close_order"), 1),
                             (("--min-severity", "info", "--rule", OTHER_CATEGORY), 0),
                             (("--min-severity", "info", "--rule", f"{OTHER_CATEGORY},{RULE}"), 1),
                             (("--min-severity", "info", "--rule", OTHER_CATEGORY,
                               "--rule", RULE), 1)):
        verdict.check(found(*arguments) == (times, times), f"{arguments}: not {times} anomalies")


def check_statuses(verdict):
    for arguments, status in ((("--fail-on", "info"), 3), (("--fail-on", "critical"), 0),
                              (("--fail-on", "info", "--min-severity", "critical"), 3),
                              (("--fail-on", "info", "--rule", OTHER_CATEGORY), 0),
                              (("--fail-on", "info", CAPTURES / "missing.pcap"), 3),
                              ((CAPTURES / "missing.pcap",), 2)):
        run = Run([*arguments, CLOSE])
        verdict.check(run.status == status, f"{arguments}: status {run.status}, not {status}")
        verdict.check(json.loads(run.out), f"{arguments}: no report")
    for arguments in (("--rule", "no_such_rule"), ("--rule", f"{RULE},"), ("--rule", ""),
                      ("--fail-on", "none"), ("--port-range", "60999-32768"),
                      ("--port-range", "0-1"), ("--port-range", "1-65536"),
                      ("--port-range", "1"), ("--port-range", "1-2-3")):
        run = Run([*arguments, CLOSE])
        verdict.check(run.status == 1 and not run.out and len(run.err.splitlines()) == 1,
                      f"{arguments}: status {run.status}, {run.err!r}")
    run = Run(["--format", "ndjson", "--port-range", "1-65535", CLOSE])
    verdict.check(summary(run.records())["options"]["port_range"] == "1-65535",
                  "--port-range is not echoed")


def main():
    verdict = Verdict()
    rules = json.loads(Run(["rules", "--format", "json"]).out)["rules"]
    check_texts(verdict, rules)
    check_verbs(verdict)
    check_choice(verdict, rules)
    check_filters(verdict)
    check_statuses(verdict)
    verdict.finish()


main()
