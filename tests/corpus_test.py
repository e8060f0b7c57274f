"""finwait against a corpus of public captures, beside what tshark counted in each.

Runs where ../shared/corpus is. Every difference from tshark is written down, with its reason, in
testdata/corpus-notes.tsv: one that is not fails the test, and so does one that no longer exists.

What tshark counted is in MANIFEST.tsv, but for two things that it counts there in another sense
than a reader of packets, and that ../shared/corpus-tshark tells apart: streams that exist only in
the TCP headers quoted by ICMP errors, and several layers of TCP in one packet.
"""

import concurrent.futures
import csv
import os
import re
import sys

from corpus_notes import COUNTS, read_notes
from harness import SHARED, Run, Verdict, connections, plain_build, skip, summary
from schema import Schemas

CORPUS = SHARED / "corpus"
STREAMS = SHARED / "corpus-tshark"
# Records validated against the schema, a file; they are the same in every build.
SAMPLE = 50 if plain_build() else 0
AGREEMENT = 0.98   # of all files, those included at whose damage tshark gives up
SECONDS = 60


def measure(path):
    """One file: what is at fault, and the three counts (None when there is no report)."""
    run = Run(["--format", "ndjson", "--connections", CORPUS / path], timeout=SECONDS)
    fault = run.fault((0, 1, 2))
    if fault or run.status == 1:
        if not fault and len(run.err.splitlines()) != 1:
            fault = f"status 1 without one line on standard error: {run.err!r}"
        return fault, None, []
    try:
        records = run.records()
    except ValueError as error:
        return f"not NDJSON: {error}", None, []
    last = summary(records)
    packets = last["capture"]["packets"]
    found = connections(records)
    counts = {"packets": packets["total"], "tcp": packets["tcp"], "connections": len(found)}
    sample = [*found[:: max(1, len(found) // SAMPLE)][:SAMPLE], last] if SAMPLE else []
    return None, counts, sample


def tshark_counts(row):
    """The three counts to agree with; what tshark could not count is left out."""
    counts = {"packets": row["packets"], "tcp": row["tcp_packets"],
              "connections": row["tcp_streams"]}
    quoted = any(tag.startswith("icmp-quoted-tcp") for tag in row["tags"].split(","))
    path = STREAMS / (row["path"] + ".tsv")
    if path.is_file():
        lines = path.read_text(encoding="utf-8").splitlines()
        totals = dict(re.findall(r"(\w+) (\d+)", "\n".join(x for x in lines if x.startswith("#"))))
        if quoted:  # the first line that is no comment names the columns
            counts["connections"] = str(sum(not x.startswith("#") for x in lines) - 1)
        if int(totals.get("multi_tcp_frames", 0)):
            counts["tcp"] = totals["tcp_frames"]
    return {what: number for what, number in counts.items() if number}


def main():
    if not (CORPUS / "MANIFEST.tsv").is_file():
        skip("../shared/corpus is not here")
    list_only = sys.argv[1:] == ["--list"]  # the differences as lines for corpus-notes.tsv
    with open(CORPUS / "MANIFEST.tsv", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    verdict = Verdict()
    notes = read_notes(verdict, COUNTS)
    schemas = Schemas()
    differences, differing = {}, set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for row, (fault, counts, sample) in zip(rows, pool.map(
                measure, [row["path"] for row in rows])):
            path = row["path"]
            verdict.check(fault is None, f"{path}: {fault}")
            for record in sample:
                found = schemas.faults(record)
                verdict.check(not found, f"{path}: {found[:2]}")
            for what, number in tshark_counts(row).items():
                got = str(counts[what]) if counts else "-"
                if got != number:
                    differences[path, what] = number, got
                    differing.add(path)
    if list_only:
        for (path, what), (expected, got) in differences.items():
            print(path, what, expected, got, sep="\t")
        return
    for key in sorted(differences.keys() | notes.keys()):
        verdict.check(differences.get(key) == notes.get(key),
                      f"{key[0]}: {key[1]}: tshark, finwait {differences.get(key, 'agree')}; "
                      f"noted {notes.get(key, 'nothing')}")
    agree = len(rows) - len(differing)
    print(f"{len(rows)} files, {agree} agree in every count there is: "
          f"{100 * agree / len(rows):.2f} %")
    verdict.check(agree >= AGREEMENT * len(rows),
                  f"fewer than {100 * AGREEMENT:.0f} % of them agree")
    verdict.finish()


main()
