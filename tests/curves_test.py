"""The load curves of the close lab's hosts, instant by instant, against the sockets that the kernels
really held in TIME_WAIT and CLOSE_WAIT."""

import calendar
import json
import time

from harness import SHARED, Run, Verdict, dataset, skip

TRUTH = SHARED / "truth"
STATES = ("TIME_WAIT", "CLOSE_WAIT")

# A host's own capture shows a segment some milliseconds before or after the socket has changed.
SLACK_NS = 25_000_000

# Per cent of the counts. Who closed first is now and then presumed: a FIN that waits behind lost
# octets is not seen before it is sent.
LEAST_RIGHT = 99


def instant_ns(text):
    whole, fraction = text.rstrip("Z").split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(fraction)


def lives(truth, role):
    """The stays of the host's sockets in each state: (state, from, to)."""
    for connection in truth["connections"]:
        timeline = connection["timeline"][role]
        ends = [at_ns for at_ns, _ in timeline[1:]] + [truth["t_end_ns"] + 10**12]
        for (at_ns, state), end_ns in zip(timeline, ends):
            yield state, at_ns, end_ns


def bounds(stays, state, at_ns):
    """The least and the most sockets in the state at any moment close to this one."""
    sure = sum(1 for name, from_ns, to_ns in stays
               if name == state and from_ns <= at_ns - SLACK_NS and at_ns + SLACK_NS < to_ns)
    perhaps = sum(1 for name, from_ns, to_ns in stays
                  if name == state and from_ns <= at_ns + SLACK_NS and at_ns - SLACK_NS < to_ns)
    return sure, perhaps


def compare(folder, role):
    """What was right and what was not, a line each."""
    truth = json.loads((folder / "truth.json").read_text())
    stays = list(lives(truth, role))
    fin_timeout = truth["sysctls"][role]["tcp_fin_timeout"]
    run = Run(["--format", "ndjson", "--fin-timeout", fin_timeout, folder / f"{role}.pcap"])
    for record in run.records():
        if dataset(record) != "sample" or record.get("host", {}).get("ip") != truth[role]["addr"]:
            continue
        at_ns = instant_ns(record["@timestamp"])
        for state in STATES:
            least, most = bounds(stays, state, at_ns)
            told = record["states"][state]
            yield least <= told <= most, (f"{folder.name}: {role}: {record['@timestamp']}: {told} "
                                          f"in {state}, the kernel held {least} to {most}")


def main():
    if not TRUTH.is_dir():
        skip(f"{TRUTH} is not there")
    compared = [outcome for folder in sorted(TRUTH.iterdir()) for role in ("client", "server")
                for outcome in compare(folder, role)]
    wrong = [line for right, line in compared if not right]
    print(f"{len(compared)} counts compared, {len(wrong)} of them wrong", *wrong[:20], sep="\n")
    verdict = Verdict()
    verdict.check(compared, "nothing was compared")
    verdict.check(len(wrong) * 100 <= len(compared) * (100 - LEAST_RIGHT),
                  f"less than {LEAST_RIGHT} % of the counts are right")
    verdict.finish()


main()
