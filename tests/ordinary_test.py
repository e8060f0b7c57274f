"""Ordinary traffic stays quiet: no anomaly of severity warning or above."""

from harness import CAPTURES, Run, Verdict, connections, dataset

# What each of these captures is known by, so that silence is not for want of looking: a rule that
# must speak of every one of so many connections, or None where nothing is to be said.
KNOWN_BY = {
    "ordinary_health_checks.pcap": {"abortive_close": 5, "handshake_aborted": 5},
    "ordinary_tls_clients.pcap": {"data_after_close": 6},
    "ordinary_keep_alive_pool.pcap": {},
    "ordinary_connect_scan.pcap": {"connection_refused": 21, "abortive_close": 2,
                                   "handshake_aborted": 1},
    "ordinary_browser_resets.pcap": {"abortive_close": 6},
    "ordinary_defer_accept.pcap": {},
}


def main():
    verdict = Verdict()
    found = {path.name for path in CAPTURES.glob("ordinary_*")}
    verdict.check(found == set(KNOWN_BY), f"captures {sorted(found)}")
    for name, rules in KNOWN_BY.items():
        run = Run(["--format", "ndjson", "--connections", "--min-severity", "info",
                   CAPTURES / name])
        if not verdict.check(not run.fault(), f"{name}: {run.fault()}"):
            continue
        records = run.records()
        anomalies = [r for r in records if dataset(r) == "anomaly"]
        for a in anomalies:
            verdict.check(a["event"]["severity"] < 3, f"{name}: {a['event']['reason']}")
        for rule, count in rules.items():
            seen = sum(a["rule"]["id"] == rule for a in anomalies)
            verdict.check(seen == count, f"{name}: {rule} {seen} times, not {count}")
        verdict.check(connections(records), f"{name}: no connections")
    verdict.finish()


main()
