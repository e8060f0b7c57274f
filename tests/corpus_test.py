"""finwait against a corpus of public captures, beside what tshark counted in each.

Runs where ../shared/corpus is. Every difference from tshark is written down, with its reason, in
testdata/corpus-notes.tsv: one that is not fails the test, and so does one that no longer exists.
"""

import concurrent.futures
import csv
import os
import sys

from harness import SHARED, TESTDATA, Run, Verdict, connections, skip, summary
from schema import Schemas

CORPUS = SHARED / "corpus"
NOTES = TESTDATA / "corpus-notes.tsv"
COLUMNS = ["path", "what", "expected", "got", "frames", "reason", "note"]

# What makes a file differ. BROKEN: the file is damaged, made by a fuzzer, or no capture, and the
# two may rightly differ. WHOLE: about captures as they should be, which is what agreement is
# measured on. MANIFEST: the manifest counts something else; tshark itself agrees.
BROKEN = {
    "zero_tail",         # tshark counts zeros behind the last packet as packets
    "concatenation",     # several captures in one file: tshark reads the first
    "damage_recovered",  # packets behind the damage that tshark gives up at
    "not_a_capture",     # neither pcap nor pcapng: finwait says so and stops
    "header_bad",        # a TCP header that cannot be: tshark counts it, finwait as undecodable
    "header_cut",        # too little of the header was captured to be counted as TCP
    "fragment_alone",    # a cut first fragment, the rest of its datagram nowhere in the file
    "fuzzed",            # octets changed at random: numbers and addresses that no host sent
}
WHOLE = {
    "unsupported_link",          # a link layer that finwait does not read
    "compressed",                # TCP inside a compressed payload
    "encrypted",                 # tshark has keys, or guesses
    "icmp_quoted",               # tshark counts the TCP header quoted in an ICMP error
    "tunnel_depth",              # tshark looks deeper into tunnels, or less deep
    "reuse_judged_differently",  # where one use of a five-tuple ends and the next begins
    "duplicate",                 # the same packet captured twice
    "parallel_worlds",           # equal five-tuples of different networks
    "tshark_heuristic",          # tshark's own guess, explained in the note
}
MANIFEST = {
    "several_in_one",  # one packet of the capture carries several TCP packets, all of them counted
}

SAMPLE = 200       # records validated against the schema, a file
AGREEMENT = 0.98   # of the captures that are whole
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
    sample = found[:: max(1, len(found) // SAMPLE)][:SAMPLE] + [last]
    return None, {"packets": packets["total"], "tcp": packets["tcp"],
                  "connections": len(found)}, sample


def read_notes(verdict):
    notes, broken, agreeing = {}, set(), set()
    with open(NOTES, newline="") as file:
        lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        verdict.check(lines.fieldnames == COLUMNS, f"corpus-notes.tsv: columns {lines.fieldnames}")
        for line in lines:
            key = line["path"], line["what"]
            verdict.check(key not in notes, f"corpus-notes.tsv: {key} twice")
            verdict.check(line["reason"] in BROKEN | WHOLE | MANIFEST,
                          f"corpus-notes.tsv: {key}: unknown reason {line['reason']!r}")
            verdict.check(line["note"], f"corpus-notes.tsv: {key}: no note")
            notes[key] = line["expected"], line["got"]
            if line["reason"] in BROKEN:
                broken.add(line["path"])
            if line["reason"] in MANIFEST:
                agreeing.add(line["path"])
    return notes, broken, agreeing


def main():
    if not (CORPUS / "MANIFEST.tsv").is_file():
        skip("../shared/corpus is not here")
    list_only = sys.argv[1:] == ["--list"]  # the differences as lines for corpus-notes.tsv
    with open(CORPUS / "MANIFEST.tsv", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    verdict = Verdict()
    notes, broken, agreeing = read_notes(verdict)
    schemas = Schemas()
    differences, differing_files = {}, set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for row, (fault, counts, sample) in zip(rows, pool.map(
                measure, [row["path"] for row in rows])):
            path = row["path"]
            verdict.check(fault is None, f"{path}: {fault}")
            for record in sample:
                found = schemas.faults(record)
                verdict.check(not found, f"{path}: {found[:2]}")
            expected = {"packets": row["packets"], "tcp": row["tcp_packets"],
                        "connections": row["tcp_streams"]}
            for what, number in expected.items():
                # Where tshark gave up before it had counted, there is no number to agree with.
                got = str(counts[what]) if counts else "-"
                if number and got != number:
                    differences[path, what] = number, got
                    differing_files.add(path)
    if list_only:
        for (path, what), (expected, got) in differences.items():
            print(path, what, expected, got, sep="\t")
        return
    for key in sorted(differences.keys() | notes.keys()):
        verdict.check(differences.get(key) == notes.get(key),
                      f"{key[0]}: {key[1]}: tshark, finwait {differences.get(key, 'agree')}; "
                      f"noted {notes.get(key, 'nothing')}")
    whole = len(rows) - len(broken)
    agree = whole - len(differing_files - broken - agreeing)
    print(f"{len(rows)} files, {len(rows) - len(differing_files)} as the manifest has them in every "
          f"count; of the {whole} whole captures {agree} agree with tshark: "
          f"{100 * agree / whole:.2f} %")
    verdict.check(agree >= AGREEMENT * whole, f"fewer than {100 * AGREEMENT:.0f} % of them")
    verdict.finish()


main()
