"""testdata/corpus-notes.tsv: where finwait and tshark differ about a capture of the corpus, and why.

Each line is about one kind of difference (`what`); each test reads those that are its own.
"""

import csv

from harness import TESTDATA

NOTES = TESTDATA / "corpus-notes.tsv"
COLUMNS = ["path", "what", "expected", "got", "frames", "reason", "note"]

COUNTS = {"packets", "tcp", "connections"}   # tests/corpus_test.py
RULES = {"fin_retransmissions", "reused_ports"}   # tests/tshark_rules_test.py

REASONS = {
    "damage_recovered",          # packets behind damage that tshark gives up at, or the reverse
    "fuzzed",                    # octets changed at random: numbers and addresses no host sent
    "reuse_judged_differently",  # where one use of a five-tuple ends and the next begins
    "tshark_heuristic",          # tshark's own guess, explained in the note
}


def read_notes(verdict, kinds):
    """(path, what) to (expected, got), of these kinds; all lines are checked for their form."""
    notes, seen = {}, set()
    with open(NOTES, newline="") as file:
        lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        verdict.check(lines.fieldnames == COLUMNS, f"corpus-notes.tsv: columns {lines.fieldnames}")
        for line in lines:
            key = line["path"], line["what"]
            verdict.check(key not in seen, f"corpus-notes.tsv: {key} twice")
            verdict.check(line["what"] in COUNTS | RULES, f"corpus-notes.tsv: {key}: unknown kind")
            verdict.check(line["reason"] in REASONS,
                          f"corpus-notes.tsv: {key}: unknown reason {line['reason']!r}")
            verdict.check(line["note"], f"corpus-notes.tsv: {key}: no note")
            seen.add(key)
            if line["what"] in kinds:
                notes[key] = line["expected"], line["got"]
    return notes
