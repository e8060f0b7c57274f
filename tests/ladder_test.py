"""finwait explain beside tshark, segment by segment, and beside the connection's own record.

Of recordings of real kernels (../shared/truth, where it is) and of captures with one story each:
every segment of a ladder has the flags and the relative and absolute numbers that tshark gives its
frame, and of a close no frame is missing that tshark has in the stream. Of every connection of many
captures, uses of one five-tuple and copies among them: the ladder has as many segments as the record
counts, and every TCP packet is in exactly one ladder.
"""

import collections
import json
import re
import shutil
import subprocess

from harness import CAPTURES, SHARED, Run, Verdict, connections, plain_build, skip, summary

TRUTH = SHARED / "truth"
TRUTHS = 20        # recordings, spread over all of them
LADDERS = 3        # of each
STORIES = ["captured_twice", "closing_record", "fast_open", "fin_merged", "half_close_long",
           "lost_last_ack", "mid_stream_start", "one_direction", "reset_after_data",
           "sequence_wrap", "simultaneous_close", "time_wait_elapsed", "tunnels",
           "zero_window_probe"]
WHOLE = ["captured_twice", "forged_syn", "fragments", "old_duplicate", "reuse_from_the_other_side",
         "reuse_lost_syn", "syn_ack_twice", "tenants_same_addresses", "time_wait_reuse",
         "time_waits_at_their_limit", "tunnels"]
FIELDS = ["frame.number", "tcp.stream", "tcp.flags", "tcp.seq", "tcp.ack", "tcp.len", "tcp.seq_raw",
          "tcp.ack_raw"]
FLAGS = {"F": 0x001, "S": 0x002, "R": 0x004, "P": 0x008, "A": 0x010, "U": 0x020, "E": 0x040,
         "W": 0x080, "e": 0x100}
CLOSING = FLAGS["F"] | FLAGS["R"]
COPIES = ("copy", "second_tap")


def tshark(path):
    """{stream: {frame: values}} of every TCP packet, of several layers of TCP the innermost."""
    command = ["tshark", "-n", "-r", str(path), "-Y", "tcp", "-T", "fields", "-E", "occurrence=l"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, check=False)
    streams = collections.defaultdict(dict)
    for line in done.stdout.decode().splitlines():
        frame, stream, *values = (int(value, 0) for value in line.split("\t"))
        streams[stream][frame] = dict(zip(FIELDS[2:], values))
    return streams


def ladder(verdict, path, connection):
    run = Run(["explain", "--format", "json", "--connection", connection, path])
    fault = run.fault()
    if not verdict.check(fault is None, f"{path}: explain {connection}: {fault}"):
        return []
    return json.loads(run.out)["rows"]


def segments(rows):
    return [row for row in rows if row["kind"] == "segment"]


def compare(verdict, what, rows, stream):
    """Frame by frame, and the close whole. Until a side's SYN passes, tshark counts from whatever it
    sent first; the ladder does from the SYN."""
    shown = {row["frame"]: row for row in segments(rows)}
    syns = {row["from"]: frame for frame, row in shown.items() if "S" in row["flags"]}
    for frame, row in shown.items():
        waits = any(frame < syn for syn in syns.values())
        theirs = stream.get(frame)
        if not verdict.check(theirs, f"{what}: frame {frame} is not in tshark's stream"):
            continue
        ours = {"tcp.flags": sum(FLAGS[letter] for letter in row["flags"]),
                "tcp.seq": row["relative_seq"], "tcp.len": row["len"], "tcp.seq_raw": row["seq"]}
        if row["flags"].count("A"):
            ours |= {"tcp.ack": row["relative_ack"], "tcp.ack_raw": row["ack"]}
        differing = {name: (value, theirs[name]) for name, value in ours.items()
                     if value != theirs[name] and not (waits and name in ("tcp.seq", "tcp.ack"))}
        verdict.check(not differing, f"{what}: frame {frame}: {differing}")
    first = min((frame for frame, values in stream.items() if values["tcp.flags"] & CLOSING),
                default=None)
    for frame in stream:
        verdict.check(first is None or frame < first or frame in shown,
                      f"{what}: frame {frame} of the close is missing")
    return first is not None


def check_against_tshark(verdict, paths):
    closes = 0
    for path in paths:
        streams = tshark(path)
        records = connections(Run(["--format", "ndjson", "-c", path]).records())
        spread = records[::max(1, len(records) // LADDERS)][:LADDERS]
        for record in spread:
            connection = record["tcp"]["connection"]
            what = f"{path.parent.name}/{path.name}: {connection}"
            closes += compare(verdict, what, ladder(verdict, path, connection),
                              streams[record["tcp"]["stream"]])
    verdict.check(closes >= len(paths) // 2, f"only {closes} closes in {len(paths)} captures")


def check_whole(verdict, path):
    records = Run(["--format", "ndjson", "-c", path]).records()
    told = collections.Counter()
    for record in connections(records):
        rows = ladder(verdict, path, record["tcp"]["connection"])
        counted = 0
        for row in rows:
            if row["kind"] == "fold":
                for side in (row["client"], row["server"]):
                    counted += side["segments"] - sum(side["classes"].get(c, 0) for c in COPIES)
            elif row["kind"] == "segment":
                told[row["frame"]] += 1
                counted += row["class"] not in COPIES
        packets = record["client"]["packets"] + record["server"]["packets"]
        verdict.check(counted == packets,
                      f"{path.name}: {record['tcp']['connection']}: {counted} of {packets} packets")
        states = [(state["of"], state["state"]) for row in rows for state in row["states"]]
        for role in ("client", "server"):
            verdict.check([state for of, state in states if of == role]
                          == [entry["state"] for entry in record[role].get("states", [])],
                          f"{path.name}: {record['tcp']['connection']}: {role}'s states: {states}")
    packets = summary(records)["capture"]["packets"]["tcp"]
    verdict.check(sum(told.values()) == len(told), f"{path.name}: a packet is in two ladders")
    verdict.check(len(told) <= packets, f"{path.name}: more packets than TCP")


def check_fold(verdict):
    """A long phase is one row, whose sums are tshark's; the close after it is whole."""
    path = CAPTURES / "zero_window_probe.pcap"
    record = connections(Run(["--format", "ndjson", "-c", path]).records())[0]
    rows = ladder(verdict, path, record["tcp"]["connection"])
    folds = [row for row in rows if row["kind"] == "fold"]
    if not verdict.check(len(folds) == 1, f"{len(folds)} folds"):
        return
    fold = folds[0]
    frames = range(fold["frame"], fold["until"]["frame"] + 1)
    verdict.check(fold["client"]["segments"] + fold["server"]["segments"] == len(frames),
                  f"{fold} does not hold {len(frames)} frames")
    verdict.check(not set(frames) & {row["frame"] for row in segments(rows)}, "told and folded")
    if shutil.which("tshark"):
        theirs = tshark(path)[0]
        octets = sum(theirs[frame]["tcp.len"] for frame in frames)
        verdict.check(fold["client"]["payload_bytes"] + fold["server"]["payload_bytes"] == octets,
                      f"{fold}: tshark has {octets} octets")


def check_evidence(verdict):
    """What the anomalies of the record rest on is marked in the ladder."""
    for name in ("lost_last_ack", "time_wait_refused", "peer_vanished"):
        path = CAPTURES / f"{name}.pcap"
        records = Run(["--format", "ndjson", "-c", path]).records()
        for record in connections(records):
            connection = record["tcp"]["connection"]
            rested = {(a["rule"]["id"], piece["frame"]) for a in records if "rule" in a
                      and a.get("tcp", {}).get("connection") == connection
                      for piece in a["evidence"]}
            marked = {(rule, row["frame"]) for row in segments(ladder(verdict, path, connection))
                      for rule in row["evidence_of"]}
            verdict.check(rested and rested <= marked, f"{name}: {rested - marked} are not marked")


def check_text(verdict):
    """The drawing has what the rows have, and the same at every width."""
    path = CAPTURES / "time_wait_refused.pcap"
    connection = connections(Run(["--format", "ndjson", "-c", path]).records())[0]["tcp"]["connection"]
    rows = segments(ladder(verdict, path, connection))
    text = Run(["explain", "--connection", connection[:6], path]).out.decode()
    drawn = re.findall(r"^ *(\d+) +(\d+\.\d{6}) .*?\|[-<] (\S+) seq=(\d+)(?: ack=(\d+))?", text,
                       re.MULTILINE)
    words = {"FIN": "F", "SYN": "S", "RST": "R", "PSH": "P", "ACK": "A"}
    verdict.check([(int(frame), "".join(words[word] for word in flags.split("+")), int(seq))
                   for frame, _, flags, seq, _ in drawn]
                  == [(row["frame"], row["flags"], row["relative_seq"]) for row in rows],
                  f"drawn are {drawn}")


def main():
    verdict = Verdict()
    for name in WHOLE:
        check_whole(verdict, CAPTURES / f"{name}.pcap")
    check_fold(verdict)
    check_evidence(verdict)
    check_text(verdict)
    if not plain_build():
        verdict.finish()  # what tshark says is compared once
    if not shutil.which("tshark"):
        if not verdict.failures:
            skip("tshark is not installed; ladders agree with their records")
        verdict.finish()
    recordings = sorted(TRUTH.glob("*/middle.pcap"))
    if not recordings:
        print("no recordings of real kernels in ../shared/truth: only the stories are compared")
    check_against_tshark(verdict, recordings[::max(1, len(recordings) // TRUTHS)][:TRUTHS]
                         + [CAPTURES / f"{name}.pcap" for name in STORIES])
    verdict.finish()


main()
