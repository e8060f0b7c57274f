"""Captures made to cost much: twice as much of one may cost twice as much, memory stays below what
was granted, and what was left out is counted and named; no report is many times as large as its
capture.

    run.py HOSTILE WORK FINWAIT [--small | --divide N] [--only KIND…]

HOSTILE writes a capture of so many, and of twice as many, into a pipe. WORK counts the steps of the
analysis and the octets that the C library handled; FINWAIT makes the report, and what it held at
most is measured. Work, unlike time, is the same in every run. --small takes sizes of seconds, and
has a record of every connection in its reports; --divide takes an Nth of the full sizes.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

MIB = 1 << 20
RATIO = 2.2
PLENTY = 2048  # MiB: the default, which nothing here comes near
# No temporary file takes what memory has no room for.
WITHOUT_FILE = {**os.environ, "TMPDIR": "/nonexistent"}
# Beside what --max-memory grants: program and libraries, buffers, tables of a fixed size.
BESIDE = 96 * MIB
# What one run costs however short its input is: tables are cleared and copied, mostly.
STEPS_FREE, OCTETS_FREE = 200_000, 32 * MIB
# A report for each octet of the capture: of a lone SYN, 56 octets, the record has 1,800; an anomaly
# has at most 32 pieces of evidence, and a connection at most 24 anomalies.
AMPLIFIED, AMPLIFIED_FREE = {"ndjson": 16, "--connections": 40}, MIB
KEY, OTHER_KEY = "0011223344556677", "0f1e2d3c4b5a6978"


def evicted(summary, count):
    told = summary["connections"]["total"]
    return summary["evicted"] > 0 and told >= count, f"{summary['evicted']:,} evicted of {told:,}"


def all_told(summary, count):
    told = summary["connections"]["total"]
    return told == count and not summary["evicted"], f"{told:,} connections"


def several_told(summary, _):
    told, early = summary["connections"]["total"], summary["evicted"]
    return told > 0, f"{told:,} connections, {early:,} evicted"


def oddity(name):
    def check(summary, _):
        found = summary["capture"]["files"][0].get("oddities", {}).get(name, 0)
        return found > 0, f"{name} {found:,}"
    return check


def undecodable(name):
    def check(summary, count):
        found = summary["capture"]["packets"]["undecodable"].get(name, 0)
        return found == count, f"{name} {found:,}"
    return check


def damaged(summary, count):
    """Behind every fourth record but the last."""
    file = summary["capture"]["files"][0]
    told, more = len(file["damage"]), file.get("damage_more", 0)
    read = summary["capture"]["packets"]["total"]
    return told == 32 and told + more >= count // 4 - 1 and read == count, f"{told} places, {more:,} more; all records"


def one_told(summary, _):
    told = summary["connections"]["total"]
    return told <= 2, f"{told} connections"


def bomb(summary, count):
    """What is 200 times as large as the file is read up to a gibibyte."""
    reasons = [damage.get("reason") for damage in summary["capture"]["files"][0].get("damage", [])]
    read = summary["capture"]["packets"]["total"]
    if count * 56 < 1 << 30:
        return not reasons and read == count, f"{read:,} packets"
    return reasons == ["limit"] and read < count, f"limit after {read:,} packets"


def anything(summary, _):
    return True, f"{summary['capture']['packets']['total']:,} packets"


# kind: (of how many, and how many small; --max-memory in MiB; what the report must say; a filter).
KINDS = {
    "syns": (10_000_000, 6000, 2048, 2048, all_told, None),
    "syns, evicted": (10_000_000, 20_000, 64, 1, evicted, None),
    "strangers": (1_000_000, 3000, 64, 1, evicted, None),
    "busy_strangers": (300_000, 3000, 32, 2, evicted, None),
    # So many that most are evicted, once as well as twice: that takes more steps than what stays.
    "falling_stamps": (600_000, 15_000, 32, 1, evicted, None),
    # So many that each segment finds its connection evicted.
    "in_step": (1_000_000, 16_000, 64, 1, evicted, None),
    "open_for_ever": (1_000_000, 3000, 64, 1, evicted, None),
    "closing": (1_000_000, 3000, 64, 1, evicted, None),
    "colliding": (6000, 2500, 2048, 2048, all_told, None),
    "uses_of_one_tuple": (300_000, 3000, 64, 1, evicted, None),
    "worlds_of_one_tuple": (300_000, 4000, 64, 1, evicted, None),
    "leaping_clock": (300_000, 3000, 64, 64, several_told, None),
    "one_octet_segments": (2_000_000, 10_000, 2048, 2048, one_told, None),
    "every_other_octet": (2_000_000, 10_000, 2048, 2048, one_told, None),
    "far_ahead": (2_000_000, 10_000, 2048, 2048, one_told, None),
    "sent_again": (2_000_000, 10_000, 2048, 2048, one_told, None),
    "endless_close": (1_000_000, 10_000, 64, 64, several_told, None),
    "resets_that_say_why": (300_000, 3000, 64, 1, evicted, None),
    "sack_flood": (2_000_000, 10_000, 2048, 2048, one_told, None),
    "tcp_options": (1_000_000, 10_000, 2048, 2048, several_told, None),
    "fragments": (2_000_000, 12_000, 2048, 2048, anything, None),
    "fragments_of_one": (2_000_000, 12_000, 2048, 2048, anything, None),
    "nested_vlans": (20_000, 200, 2048, 2048, undecodable("too_deep"), None),
    "nested_tunnels": (20_000, 200, 2048, 2048, undecodable("too_deep"), None),
    "extension_headers": (20_000, 200, 2048, 2048, undecodable("too_deep"), None),
    "interfaces": (2_000_000, 70_000, 2048, 2048, oddity("interface_limit"), None),
    "block_options": (20_000, 200, 2048, 2048, anything, None),
    "damaged_records": (1_000_000, 2000, 2048, 2048, damaged, None),
    "nearly_records": (10_000_000, 40_000, 2048, 2048, anything, None),
    "damaged_blocks": (1_000_000, 2000, 2048, 2048, damaged, None),
    "same, gzip": (20_000_000, 40_000, 2048, 2048, bomb, ("gzip", "-9c")),
    "same, zstd": (20_000_000, 40_000, 2048, 2048, bomb, ("zstd", "-qc")),
}


class Failed(Exception):
    pass


def last_line(file):
    """And how much there was: what this script holds itself would be counted with its children."""
    end, length = b"", 0
    while part := file.read(MIB):
        length += len(part)
        end = (end + part)[-4 * MIB:]
    return end[end.rstrip().rfind(b"\n") + 1:], length


def run(commands, read=lambda file: file.read()):
    """The last of a pipe: its output, its exit status, and what it held at most."""
    source = subprocess.DEVNULL
    processes = []
    for command in commands:
        process = subprocess.Popen([str(word) for word in command], stdin=source, stdout=subprocess.PIPE,
                                   env=WITHOUT_FILE)
        if source != subprocess.DEVNULL:
            source.close()
        source = process.stdout
        processes.append(process)
    text = read(source)
    source.close()
    _, status, usage = os.wait4(processes[-1].pid, 0)
    processes[-1].returncode = os.waitstatus_to_exitcode(status)
    for process in processes[:-1]:
        process.wait()
    return text, processes[-1].returncode, usage.ru_maxrss * 1024


class Limits:
    def __init__(self, options):
        self.options = options
        self.missed = 0
        self.rows = []

    def source(self, kind, count, packed):
        name = kind.split(",")[0]
        made = [[self.options.hostile, name, count, KEY]]
        return made + ([packed] if packed else [])

    def work(self, kind, count, packed, memory, key=OTHER_KEY):
        text, status, _ = run(self.source(kind, count, packed) + [[self.options.work, memory, key]])
        if status:
            raise Failed(f"{kind}: {self.options.work} ended with status {status}")
        return {name: int(number) for name, number in (line.split() for line in text.decode().splitlines())}

    def report(self, kind, count, packed, memory):
        command = [self.options.finwait, "-j", 1, "--format", "ndjson", "--max-memory", memory, "-"]
        if self.options.small:
            command.insert(1, "--connections")
        (summary, length), status, peak = run(self.source(kind, count, packed) + [command], last_line)
        if status not in (0, 2):
            raise Failed(f"{kind}: {self.options.finwait} ended with status {status}")
        return json.loads(summary), peak, length

    def judge(self, kind):
        full, small, memory, small_memory, check, packed = KINDS[kind]
        count = small if self.options.small else full // self.options.divide
        if memory < PLENTY:
            memory = max(memory // self.options.divide, 1)
        memory = (small_memory if self.options.small else memory) * MIB
        if packed and not shutil.which(packed[0]):
            self.rows.append((kind, count, "", "", "", "", f"left out: no {packed[0]}", ""))
            return
        once, twice = (self.work(kind, n, packed, memory) for n in (count, 2 * count))
        summary, peak, length = self.report(kind, 2 * count, packed, memory)
        steps = twice["steps"] / max(once["steps"], STEPS_FREE)
        octets = twice["octets"] / max(once["octets"], OCTETS_FREE)
        said, words = check(summary, 2 * count)
        read = summary["capture"]["files"][0]["bytes"]
        most = AMPLIFIED["--connections" if self.options.small else "ndjson"]
        wrong = [name for name, kept in (("steps", steps <= RATIO), ("octets", octets <= RATIO),
                                         ("memory", peak <= memory + BESIDE), ("report", said),
                                         ("size", packed or length <= most * read + AMPLIFIED_FREE)) if not kept]
        if kind == "colliding" and self.work(kind, count, packed, memory, KEY)["steps"] < 1.5 * once["steps"]:
            wrong.append("these do not collide")
        self.missed += bool(wrong)
        self.rows.append((kind, f"{count:,}", f"{once['steps'] / max(once['packets'], 1):,.0f}", f"{steps:.2f}",
                          f"{peak / MIB:.0f} of {memory // MIB}", f"{length / read:.1f}", words, f"missed: {', '.join(wrong)}" if wrong else "kept"))

    def tell(self):
        print("| capture | of | steps a packet | twice as many | peak MiB of --max-memory | report / capture | the report says | |")
        print("|---|--:|--:|--:|--:|--:|---|---|")
        for row in self.rows:
            print("| " + " | ".join(str(cell) for cell in row) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("hostile", "work", "finwait"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--small", action="store_true", help="sizes of seconds")
    parser.add_argument("--divide", type=int, default=1, metavar="N", help="an Nth of the full sizes")
    parser.add_argument("--only", nargs="+", choices=KINDS)
    options = parser.parse_args()
    limits = Limits(options)
    for kind in options.only or KINDS:
        try:
            limits.judge(kind)
        except Failed as error:
            limits.missed += 1
            limits.rows.append((kind, "", "", "", "", "", error, "missed"))
        if not options.small:
            print(f"… {kind}", file=sys.stderr, flush=True)
    limits.tell()
    print(f"{limits.missed} of {len(limits.rows)} bounds missed")
    sys.exit(1 if limits.missed else 0)


main()
