"""What finwait's rules count, beside what tshark's analysis marks, over a corpus of public captures.

FINs sent again: the counts of the rules on retransmitted FINs against the FINs that tshark marks as
retransmissions (fast and spurious ones among them). Not every one that it marks repeats a FIN:
those are set aside that are the first with their number in their direction (data or a SYN had been
there), and copies of one packet. What tshark said of each file is in testdata/tshark-fins.tsv.

Runs where ../shared/corpus is. Every difference is written down, with its reason, in
testdata/corpus-notes.tsv: one that is not fails the test, and so does one that no longer exists.

    tests/tshark_rules_test.py --renew   asks tshark again (minutes) and writes tshark-fins.tsv
    tests/tshark_rules_test.py --list    the differences as lines for corpus-notes.tsv
"""

import collections
import concurrent.futures
import csv
import os
import subprocess
import sys

from corpus_notes import RULES, read_notes
from harness import SHARED, TESTDATA, Run, Verdict, connections, dataset, skip

CORPUS = SHARED / "corpus"
SAID = TESTDATA / "tshark-fins.tsv"
COLUMNS = ["path", "sha256", "fin_marked", "fin_first", "fin_copies", "reused_ports",
           "reused_syns"]
KINDS = {"fin_retransmissions": "the FINs sent again", "reused_ports": "five-tuples used again"}
AGREEMENT = 0.98   # of all files, for each kind
SECONDS = 60

# ---- what tshark says ---------------------------------------------------------------------------

FIELDS = ["frame.time_relative", "frame.protocols", "tcp.stream", "tcp.srcport", "tcp.flags",
          "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.window_size_value", "ip.id",
          "tcp.options.timestamp.tsval", "tcp.analysis.retransmission",
          "tcp.analysis.fast_retransmission", "tcp.analysis.spurious_retransmission",
          "tcp.analysis.reused_ports"]
COPY_SECONDS = 0.005       # copies of one packet follow each other
SAME_ID_SECONDS = 0.200    # no stack sends anything again with the same IP ID that soon, unless
                           # it gives all its packets that one


def asked(path):
    """The FINs of one file, and the segments with which tshark begins a stream anew."""
    command = ["tshark", "-n", "-r", str(CORPUS / path), "-Y",
               "tcp.flags.fin==1 or tcp.analysis.reused_ports", "-T", "fields"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, check=False)
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        values = line.split("\t")
        if len(values) == len(FIELDS) and ":icmp" not in values[1]:
            # Of several layers of TCP the innermost; the first of other fields that repeat.
            yield {name: value.split(",")[-1] for name, value in zip(FIELDS, values)}


def is_copy(segment, earlier, alike):
    """`alike`: segments of the sender that differ bear one IP ID."""
    same = ("tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.len", "tcp.window_size_value", "ip.id",
            "tcp.options.timestamp.tsval")
    apart = abs(float(segment["frame.time_relative"]) - float(earlier["frame.time_relative"]))
    numbered = int(segment["ip.id"] or "0", 16) != 0 and not alike
    return (all(segment[name] == earlier[name] for name in same) and
            apart <= (SAME_ID_SECONDS if numbered else COPY_SECONDS))


def said_of(path):
    count = collections.Counter()
    before = collections.defaultdict(list)  # FINs by stream, sender, and number
    places = collections.defaultdict(set)   # sequence numbers by stream, sender, and IP ID
    for segment in asked(path):
        count["reused_ports"] += bool(segment["tcp.analysis.reused_ports"])
        count["reused_syns"] += bool(segment["tcp.analysis.reused_ports"] and
                                     int(segment["tcp.flags"] or "0", 16) & 0x12 == 0x02)
        whole = segment["tcp.flags"] and segment["tcp.seq_raw"] and segment["tcp.len"]
        if not whole or not int(segment["tcp.flags"], 16) & 1:
            continue
        number = (int(segment["tcp.seq_raw"]) + int(segment["tcp.len"])) % 2**32
        earlier = before[segment["tcp.stream"], segment["tcp.srcport"], number]
        bearing = places[segment["tcp.stream"], segment["tcp.srcport"], segment["ip.id"]]
        bearing.add(segment["tcp.seq_raw"])
        if any(segment[f"tcp.analysis.{kind}retransmission"]
               for kind in ("", "fast_", "spurious_")):
            count["fin_marked"] += 1
            if not earlier:
                count["fin_first"] += 1
            elif any(is_copy(segment, fin, len(bearing) > 1) for fin in earlier):
                count["fin_copies"] += 1
        earlier.append(segment)
    return count


def renew(rows):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(said_of, [row["path"] for row in rows]))
    with open(SAID, "w", newline="") as file:
        lines = csv.writer(file, delimiter="\t", lineterminator="\n")
        lines.writerow(COLUMNS)
        for row, count in zip(rows, counts):
            lines.writerow([row["path"], row["sha256"][:16], *(count[x] for x in COLUMNS[2:])])


def read_said(rows, verdict):
    with open(SAID, newline="") as file:
        lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        verdict.check(lines.fieldnames == COLUMNS, f"tshark-fins.tsv: columns {lines.fieldnames}")
        said = {line["path"]: line for line in lines}
    for row in rows:
        known = said.get(row["path"], {}).get("sha256") == row["sha256"][:16]
        verdict.check(known, f"tshark-fins.tsv: {row['path']}: not this file; --renew")
    return said


# ---- what finwait says --------------------------------------------------------------------------

def fins_again(records):
    return sum(record["figures"]["count"] for record in records if dataset(record) == "anomaly" and
               record["rule"]["category"] == "retransmitted_fin")


def too_many(records):
    """A rule may not count more FINs than there were: (connection, counted, seen)."""
    counted = collections.Counter()
    for record in records:
        if dataset(record) == "anomaly" and record["rule"]["category"] == "retransmitted_fin":
            counted[record["tcp"]["connection"], record["endpoint"]["role"]] += \
                record["figures"]["count"]
    for record in connections(records):
        for role in ("client", "server"):
            seen = record[role]["fin"]["count"]
            if counted[record["tcp"]["connection"], role] > seen:
                yield record["tcp"]["connection"], counted[record["tcp"]["connection"], role], seen


def opened_again(records):
    """Connections by SYN on a five-tuple that an earlier one had, and forged SYNs."""
    used, count = set(), 0
    for record in sorted(connections(records), key=lambda record: record["tcp"]["stream"]):
        ends = frozenset((record[role]["ip"], record[role]["port"])
                         for role in ("client", "server"))
        count += ends in used and record["tcp"]["client_known_by"] == "syn"
        used.add(ends)
    return count + sum(record["figures"]["attempts"] for record in records
                       if dataset(record) == "anomaly" and
                       record["figures"].get("sender_unaware"))


def of_first_uses(records):
    """The rules on reuse may speak of a first use only if a SYN came in its midst."""
    later = {record["tcp"]["connection"] for record in connections(records)
             if record["tcp"]["incarnation"] > 1}
    for record in records:
        if dataset(record) == "anomaly" and record["rule"]["category"] == "tuple_reuse" and \
                record["tcp"]["connection"] not in later and \
                not record["figures"].get("sender_unaware"):
            yield record["event"]["reason"]


def measure(path):
    """One file: what is at fault, and the counts."""
    run = Run(["--format", "ndjson", "--connections", "--min-severity", "info", CORPUS / path],
              timeout=SECONDS)
    fault = run.fault((0, 1, 2))
    if fault or run.status == 1:
        return fault, 0, 0
    records = run.records()
    wrong = [*too_many(records), *of_first_uses(records)]
    return next(map(str, wrong), None), fins_again(records), opened_again(records)


def main():
    if not (CORPUS / "MANIFEST.tsv").is_file():
        skip("../shared/corpus is not here")
    with open(CORPUS / "MANIFEST.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    if sys.argv[1:] == ["--renew"]:
        renew(rows)
        return
    verdict = Verdict()
    said = read_said(rows, verdict)
    notes = read_notes(verdict, RULES)
    differences = {}
    marked, found = collections.Counter(), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for row, (fault, *got) in zip(rows, pool.map(measure, [row["path"] for row in rows])):
            path = row["path"]
            verdict.check(fault is None, f"{path}: {fault}")
            line = {name: int(said.get(path, {}).get(name, 0)) for name in COLUMNS[2:]}
            expected = (line["fin_marked"] - line["fin_first"] - line["fin_copies"],
                        line["reused_syns"])
            for what, theirs, ours in zip(KINDS, expected, got):
                marked[what] += theirs
                found[what] += ours
                if theirs != ours:
                    differences[path, what] = str(theirs), str(ours)
    if sys.argv[1:] == ["--list"]:
        for (path, what), (expected, got) in differences.items():
            print(path, what, expected, got, sep="\t")
        return
    for key in sorted(differences.keys() | notes.keys()):
        verdict.check(differences.get(key) == notes.get(key),
                      f"{key[0]}: {key[1]}: tshark, finwait {differences.get(key, 'agree')}; "
                      f"noted {notes.get(key, 'nothing')}")
    for what, name in KINDS.items():
        agree = len(rows) - sum(key[1] == what for key in differences)
        print(f"{len(rows)} files, {agree} agree about {name}: "
              f"{100 * agree / len(rows):.2f} %; tshark {marked[what]}, finwait {found[what]}")
        verdict.check(agree >= AGREEMENT * len(rows),
                      f"fewer than {100 * AGREEMENT:.0f} % of them agree about {name}")
    verdict.finish()


main()
