"""What holds of every report, whatever the capture: packets add up, frames exist, bytes repeat,
anomalies are about what they say they are about."""

import json

from harness import Run, Verdict, captures, connections, dataset, summary

NUMBERS = {"info": 1, "notice": 2, "warning": 3, "critical": 4}


def frames(value):
    """Every {"file", "frame"} below a JSON value."""
    if isinstance(value, dict):
        if "file" in value and "frame" in value:
            yield value["file"], value["frame"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from frames(item)


def once(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"a member occurs twice: {names}")
    return dict(pairs)


def first_evidence(anomaly):
    return next(((piece["file"], piece["frame"]) for piece in anomaly["evidence"]), (0, 0))


def check_anomaly(verdict, place, anomaly, catalogue):
    rule = catalogue[anomaly["rule"]["id"]]
    place = f"{place} {rule['id']}"
    severity = anomaly["severity"]
    verdict.check(anomaly["event"]["severity"] == NUMBERS[severity]
                  and severity in rule["severity"],
                  f"{place}: severity {severity}, but the catalogue says {rule['severity']}")
    verdict.check((anomaly["event"]["kind"] == "alert") == (severity in ("warning", "critical")),
                  f"{place}: {severity} is of the kind {anomaly['event']['kind']}")
    verdict.check((anomaly["rule"]["category"], anomaly["scope"], anomaly["rule"]["name"])
                  == (rule["category"], rule["scope"], rule["name"]),
                  f"{place}: is not what the catalogue says")
    reason = anomaly["event"]["reason"]
    verdict.check(not set("{}") & set(reason) and reason.endswith("."),
                  f"{place}: no sentence: {reason}")
    figures = {figure["name"] for figure in rule["figures"]}
    verdict.check(anomaly["figures"].keys() <= figures,
                  f"{place}: figures {anomaly['figures'].keys() - figures} are not in its row")
    verdict.check(("endpoint" in anomaly) == (rule["scope"] == "connection"),
                  f"{place}: an endpoint is named in the wrong scope")
    if "ip" in anomaly.get("endpoint", ()):
        about = anomaly["endpoint"]
        end = anomaly[about["role"]]
        verdict.check((about["ip"], about["port"]) == (end["ip"], end["port"]),
                      f"{place}: the endpoint is not the {about['role']}")
    # Of a host a few examples are shown.
    verdict.check("evidence_omitted" not in anomaly or len(anomaly["evidence"]) == 32
                  or rule["scope"] == "host",
                  f"{place}: evidence was left out although there was room")


def check_rules(verdict, place, records, catalogue):
    """Each connection's anomalies follow it, by first evidence, and it names exactly their rules."""
    order = list(catalogue)
    owner, found, ids = None, [], [record["event"]["id"] for record in records]
    verdict.check(len(set(ids)) == len(ids), f"{place}: two records have the same event.id")

    def close():
        if owner is None:
            return
        rules = sorted({anomaly["rule"]["id"] for anomaly in found}, key=order.index)
        verdict.check(owner["rules"] == rules,
                      f"{place}: the connection names {owner['rules']}, its anomalies are {rules}")
        firsts = [first_evidence(anomaly) for anomaly in found]
        verdict.check(firsts == sorted(firsts), f"{place}: anomalies out of order: {firsts}")
        about = [(a["rule"]["id"], a["endpoint"]["role"]) for a in found]
        verdict.check(len(set(about)) == len(about), f"{place}: said twice: {about}")
        cause = owner["tcp"]["close"].get("reset", {}).get("cause")
        verdict.check(cause is None or cause in rules, f"{place}: {cause} explains the reset, "
                      f"but found are {rules}")

    for record in records:
        if dataset(record) == "connection":
            close()
            owner, found = record, []
        elif dataset(record) == "anomaly" and "tcp" in record:
            found.append(record)
            same = all(record[name][part] == owner[name][part] for name in ("client", "server")
                       for part in ("ip", "port"))
            verdict.check(same and record["tcp"]["connection"] == owner["tcp"]["connection"],
                          f"{place}: an anomaly follows another connection")
    close()


def check_capture(verdict, place, records, catalogue):
    capture = summary(records)["capture"]
    packets = capture["packets"]
    parts = packets["tcp"] + sum(packets["other"].values()) + sum(packets["undecodable"].values())
    verdict.check(packets["total"] == parts,
                  f"{place}: {packets['total']} packets, but the parts make {parts}")
    in_files = [file["packets"] for file in capture["files"]]
    verdict.check(packets["total"] == sum(in_files),
                  f"{place}: {packets['total']} packets, but the files hold {in_files}")
    for record in records:
        for file, frame in frames(record):
            verdict.check(file < len(in_files) and 1 <= frame <= in_files[file],
                          f"{place}: frame {frame} of file {file} does not exist")
    verdict.check(summary(records)["connections"]["total"] == len(connections(records)),
                  f"{place}: the summary counts other connections than were written")
    anomalies = [record for record in records if dataset(record) == "anomaly"]
    for anomaly in anomalies:
        check_anomaly(verdict, place, anomaly, catalogue)
    for rule, count in summary(records)["anomaly_counts"].items():
        written = sum(anomaly["rule"]["id"] == rule for anomaly in anomalies)
        verdict.check(written <= count, f"{place}: {written} of {count} {rule} were written")
    verdict.check({a["rule"]["id"] for a in anomalies} <= summary(records)["anomaly_counts"].keys(),
                  f"{place}: a rule is not counted")


def main():
    verdict = Verdict()
    catalogue = {rule["id"]: rule for rule in
                 json.loads(Run(["rules", "--format", "json"]).out)["rules"]}
    for path in captures():
        arguments = ["--format", "ndjson", "--connections", "--min-severity", "info", path]
        run = Run(arguments)
        # A file that is no capture at all has nothing to add up: one line, status 1.
        fault = run.fault((0, 1, 2))
        if not verdict.check(fault is None, f"{path.name}: {fault}") or run.status == 1:
            continue
        records = [json.loads(line, object_pairs_hook=once)
                   for line in run.out.decode().splitlines()]
        check_capture(verdict, path.name, records, catalogue)
        check_rules(verdict, path.name, records, catalogue)
        verdict.check(Run(arguments).out == run.out, f"{path.name}: a second run differs")
    verdict.finish()


main()
