"""finwait extract: the packets of connections as they were, and comments on those that matter.

What is in an extract is compared with the capture itself, with what tshark counts to a stream, and
with the evidence that the report names.
"""

import gzip
import json
import os
import pathlib
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from harness import CAPTURES, TESTDATA, Run, Verdict, connections, dataset, plain_build, summary
from frames import read_pcap

sys.path.insert(0, str(TESTDATA))
from lib import files  # noqa: E402

SECTION, INTERFACE, SIMPLE, ENHANCED = 0x0A0D0D0A, 1, 3, 6


@dataclass
class Packet:
    time_ns: int
    data: bytes
    original_len: int
    comment: str
    link_type: int
    interface: str
    section_comment: str


def options_of(body):
    found, at = {}, 0
    while at < len(body):
        code, length = struct.unpack_from("<HH", body, at)
        if code == 0:
            break
        found.setdefault(code, body[at + 4:at + 4 + length])
        at += 4 + (length + 3) // 4 * 4
    return found


def read_pcapng(data):
    """The packets of a little-endian pcapng whose interfaces count nanoseconds."""
    packets, interfaces, at, comment = [], [], 0, ""
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length % 4 == 0 and struct.unpack_from("<I", data, at + length - 4)[0] == length
        body, at = data[at + 8:at + length - 4], at + length
        if kind == SECTION:
            assert body[:8] == struct.pack("<IHH", 0x1A2B3C4D, 1, 0)
            interfaces, comment = [], options_of(body[16:]).get(1, b"").decode()
        elif kind == INTERFACE:
            link_type, _, snaplen = struct.unpack_from("<HHI", body)
            options = options_of(body[8:])
            assert options[9] == b"\x09"
            interfaces.append((link_type, snaplen, options.get(2, b"").decode()))
        elif kind == ENHANCED:
            number, high, low, captured, original = struct.unpack_from("<IIIII", body)
            said = options_of(body[20 + (captured + 3) // 4 * 4:])
            packets.append(Packet(high << 32 | low, body[20:20 + captured], original,
                                  said.get(1, b"").decode(), interfaces[number][0],
                                  interfaces[number][2], comment))
        elif kind == SIMPLE:
            original = struct.unpack_from("<I", body)[0]
            captured = min(original, interfaces[0][1] or original)
            packets.append(Packet(None, body[4:4 + captured], original, "", interfaces[0][0],
                                  interfaces[0][2], comment))
        else:
            raise AssertionError(f"block of type {kind}")
    return packets


class Extract:
    """One run of finwait extract, and what came of it."""

    def __init__(self, verdict, folder, arguments, statuses=(0, 2)):
        self.path = folder / "out.pcapng"
        self.path.unlink(missing_ok=True)
        self.run = Run(["extract", *arguments, "-o", self.path])
        fault = self.run.fault(statuses)
        self.good = verdict.check(fault is None, f"extract {arguments}: {fault}")
        self.packets = read_pcapng(self.path.read_bytes()) if self.path.exists() else []
        verdict.check(os.listdir(folder) == (["out.pcapng"] if self.path.exists() else []),
                      f"extract {arguments}: left {os.listdir(folder)}")


def report(*arguments):
    return Run(["--format", "ndjson", "--connections", "--min-severity", "info",
                *arguments]).records()


def key_of(packet):
    return (packet.time_ns, bytes(packet.data))


def frame_numbers(extracted, original):
    """Where the extract's packets are in the original, which has them in the same order; None where
    one is not there."""
    numbers, at = [], 0
    for packet in extracted:
        while at < len(original) and key_of(original[at]) != key_of(packet):
            at += 1
        if at == len(original):
            return None
        length = original[at].original_len
        if packet.original_len != (len(original[at].data) if length is None else length):
            return None
        at += 1
        numbers.append(at)
    return numbers


def expected_comments(records, names):
    """What the report says of each packet, as lines without the last: {(file, frame): lines}."""
    lines = {}
    for record in records:
        if dataset(record) != "anomaly":
            continue
        for place, piece in enumerate(record["evidence"]):
            said = lines.setdefault((names[piece["file"]], piece["frame"]), [])
            said.append(f"finwait: {record['rule']['id']} ({record['severity']}): {piece['note']}")
            if place == 0:
                said.append(record["event"]["reason"])
    return lines


def found_comments(packets):
    found = {}
    for packet in packets:
        if packet.comment:
            *lines, place = packet.comment.split("\n")
            _, number, _, name = place.split(" ", 3)
            found[(name, int(number))] = lines
    return found


def with_frames_of(value, numbers):
    """A record of the original as the extract's would have it."""
    if isinstance(value, list):
        return [with_frames_of(item, numbers) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {name: with_frames_of(item, numbers) for name, item in value.items()}
    if "frame" in changed:
        changed["frame"] = numbers.index(changed["frame"]) + 1 if changed["frame"] in numbers else 0
    return changed


def as_compared(record):
    """Without what names the capture, and without the name of the tap, which a pcap does not have."""
    record = json.loads(json.dumps(record))
    del record["capture"], record["event"]["id"]
    return record


def check_evidence(verdict, folder):
    """Every capture: the packets are the capture's, the comments are on the report's evidence and
    say what that says; and where nothing is left out, finwait says the same of the extract."""
    compared = 0
    for path in sorted(CAPTURES.glob("*.pcap")):
        original = read_pcap(path)
        if original is None:
            continue
        name = path.name
        records = report(path)
        lines = expected_comments(records, [str(path)])
        if not lines:
            continue
        extract = Extract(verdict, folder, ["--min-severity", "info", path])
        numbers = frame_numbers(extract.packets, original)
        if not verdict.check(numbers is not None, f"{name}: packets that are not the capture's"):
            continue
        found = found_comments(extract.packets)
        verdict.check(found == lines, f"{name}: comments {found}, not {lines}")
        places = [number for packet, number in zip(extract.packets, numbers) if packet.comment]
        verdict.check(sorted(number for _, number in lines) == places,
                      f"{name}: comments on frames {places}, not {sorted(lines)}")
        again = connections(report(extract.path))
        before = connections(records)
        if (len(again) != len(before) or original[-1].time_ns != extract.packets[-1].time_ns
                or len(numbers) != summary(records)["capture"]["packets"]["tcp"]):
            continue
        compared += 1
        for old, new in zip(before, again):
            verdict.check(as_compared(with_frames_of(old, numbers)) == as_compared(new),
                          f"{name}: {new} of the extract, not {old}")
    verdict.check(compared >= 30, f"only {compared} captures were the same throughout")


def tshark_fields(path, *fields):
    out = subprocess.run(["tshark", "-r", path, "-T", "fields", *(part for field in fields
                                                               for part in ("-e", field))],
                         capture_output=True, check=True).stdout.decode()
    return [line.split("\t") for line in out.splitlines()]


def check_against_tshark(verdict, folder):
    """Captures of several connections: exactly the packets of tshark's stream, as tshark has them;
    and tshark finds the comments."""
    if not shutil.which("tshark"):
        print("without tshark: streams are not compared")
        return
    for name in ("port_scan_short.pcap", "ordinary_keep_alive_pool.pcap", "idle_reset.pcap",
                 "reuse_beyond_two_msl.pcap", "ordinary_browser_resets.pcap"):
        path = CAPTURES / name
        wanted = ("frame.time_epoch", "frame.len", "frame.cap_len", "tcp.seq_raw", "tcp.flags")
        before = tshark_fields(path, "tcp.stream", *wanted)
        for record in connections(report(path))[-2:]:
            stream = str(record["tcp"]["stream"])
            extract = Extract(verdict, folder,
                              ["--connection", record["tcp"]["connection"], path])
            after = tshark_fields(extract.path, *wanted, "frame.comment")
            theirs = [row[1:] for row in before if row[0] == stream]
            verdict.check([row[:-1] for row in after] == theirs,
                          f"{name}, stream {stream}: not tshark's packets")
            ours = [packet.comment.replace("\n", "\\n") for packet in extract.packets]
            verdict.check([row[-1] for row in after] == ours,
                          f"{name}, stream {stream}: tshark reads other comments")


def check_hosts(verdict, folder):
    """A rule about a host: the connections that its evidence is of, each whole."""
    path = CAPTURES / "close_wait_leak.pcap"
    chosen = ["--stuck", "5", "--rule", "close_wait_leak"]
    records = report("--stuck", "5", path)
    evidence = {piece["frame"] for record in records if dataset(record) == "anomaly"
                and record["rule"]["id"] == "close_wait_leak" for piece in record["evidence"]}
    extract = Extract(verdict, folder, [*chosen, path])
    original = read_pcap(path)
    ports = {original[frame - 1].data[34:36] for frame in evidence}
    whole = [packet for packet in original if packet.data[12:14] == b"\x08\x00"
             and ports & {packet.data[34:36], packet.data[36:38]}]
    verdict.check(evidence and [key_of(p) for p in extract.packets] == [key_of(p) for p in whole],
                  "close_wait_leak: not the connections of its evidence")
    commented = frame_numbers([p for p in extract.packets if p.comment], original)
    verdict.check(set(commented or ()) == evidence, f"close_wait_leak: comments on {commented}")


def ethernet_of(path, count):
    return [packet.data for packet in read_pcap(path)[:count]]


def check_interfaces(verdict, folder, captures):
    """Several interfaces of several link types, a time in seconds' billionths, packets that were cut
    and packets that have no time."""
    frames = ethernet_of(CAPTURES / "fin_retransmitted.pcap", 13)
    interfaces = [files.Interface(name=b"eth0", resolution=9),
                  files.Interface(link_type=files.LINK_RAW, name=b"tun\x1b0", resolution=9),
                  files.Interface(link_type=files.LINK_LINUX_SLL, resolution=9)]
    cooked = struct.pack(">HHH8sH", 0, 1, 6, b"\2\0\0\0\0\1\0\0", 0x0800)
    packets = []
    for place, data in enumerate(frames):
        which = place % 3
        data = (data, data[14:], cooked + data[14:])[which]
        cut = len(data) - 30 if len(data) > 100 else len(data)
        packets.append(files.Packet(1767607200 * 10**9 + place * 20 * 10**6 + 7, data[:cut],
                                    len(data), which))
    path = captures / "interfaces.pcapng"
    path.write_bytes(files.pcapng(packets, interfaces))
    extract = Extract(verdict, folder, ["--connection", "10.0.0.1:40000", path])
    verdict.check(frame_numbers(extract.packets, packets) == list(range(1, 14)),
                  "several interfaces: not the packets of the capture")
    names = ("eth0", "tun\\u{1b}0", "")
    types = (files.LINK_ETHERNET, files.LINK_RAW, files.LINK_LINUX_SLL)
    for place, packet in enumerate(extract.packets):
        verdict.check((packet.interface, packet.link_type) == (names[place % 3], types[place % 3]),
                      f"several interfaces: packet {place + 1} came from {packet.interface!r}")
    if shutil.which("tshark"):
        rows = tshark_fields(extract.path, "frame.interface_id", "frame.encap_type",
                             "frame.time_epoch", "tcp.srcport")
        encapsulations = {row[0]: row[1] for row in rows}
        verdict.check(encapsulations == {"0": "1", "1": "7", "2": "25"},
                      f"several interfaces: tshark has encapsulations {encapsulations}")
        verdict.check(rows[1][2:] == ["1767607200.020000007", "5001"], f"tshark has {rows[1]}")

    every = CAPTURES / "many_link_types.pcapng"
    records = report(every)
    ids = [record["tcp"]["connection"] for record in connections(records)]
    verdict.check(len(ids) > 1, "many_link_types.pcapng has one connection")
    for name, record in zip(ids, connections(records)):
        extract = Extract(verdict, folder, ["--connection", name, every])
        packets = record["client"]["packets"] + record["server"]["packets"]
        verdict.check(len(extract.packets) == packets,
                      f"{every.name}: {len(extract.packets)} packets of {packets}")

    untimed = [struct.pack("<IIIHHqI", SECTION, 28, 0x1A2B3C4D, 1, 0, -1, 28),
               struct.pack("<IIHHII", INTERFACE, 20, files.LINK_ETHERNET, 0, 0, 20)]
    for data in frames:
        padded = data + bytes(-len(data) % 4)
        total = 16 + len(padded)
        untimed.append(struct.pack("<III", SIMPLE, total, len(data)) + padded
                       + struct.pack("<I", total))
    path = captures / "untimed.pcapng"
    path.write_bytes(b"".join(untimed))
    extract = Extract(verdict, folder, ["--rule", "retransmitted_fin", path])
    verdict.check([(p.time_ns, p.data) for p in extract.packets] == [(None, f) for f in frames],
                  "packets without a time: not those of the capture")
    said = {frame for _, frame in expected_comments(report(path), [str(path)])}
    sections = [place + 1 for place, packet in enumerate(extract.packets)
                if f"frame {place + 1} of " in packet.section_comment]
    verdict.check(said and sections == sorted(said),
                  f"packets without a time: comments on {sections}, not on {sorted(said)}")


def check_inputs(verdict, folder, captures):
    """Compressed, several files, fragments, damage."""
    plain = CAPTURES / "fin_retransmitted.pcap"
    packed = captures / "packed.pcap.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    chosen = ["--rule", "fin_retransmitted"]
    one = Extract(verdict, folder, [*chosen, plain]).packets
    other = Extract(verdict, folder, [*chosen, packed]).packets
    verdict.check(one and [key_of(p) for p in one] == [key_of(p) for p in other],
                  "gzip: other packets than without")

    ring = sorted(CAPTURES.glob("ring_buffer_*.pcap"))
    names = [str(path) for path in ring]
    records = report(*reversed(ring))
    chosen = connections(records)[0]
    extract = Extract(verdict, folder, ["--connection", chosen["tcp"]["connection"], *ring])
    every = [packet for path in ring for packet in read_pcap(path)]
    packets = chosen["client"]["packets"] + chosen["server"]["packets"]
    verdict.check(len(extract.packets) == packets and frame_numbers(extract.packets, every),
                  f"several files: {len(extract.packets)} packets, not {packets}")
    lines = expected_comments([r for r in report(*ring) if dataset(r) == "anomaly"
                               and r["tcp"]["connection"] == chosen["tcp"]["connection"]], names)
    verdict.check(found_comments(extract.packets) == lines, "several files: other comments")

    # By hand: of 16 packets all but the two fragments of a datagram whose middle is missing.
    fragments = CAPTURES / "fragments.pcap"
    extract = Extract(verdict, folder, ["--connection", "10.0.0.1:40000-10.0.0.2:5001", fragments])
    verdict.check(frame_numbers(extract.packets, read_pcap(fragments))
                  == [*range(1, 10), *range(12, 17)], "fragments: not the fragments of a datagram")

    cut = captures / "cut.pcap"
    cut.write_bytes(plain.read_bytes()[:-1])
    extract = Extract(verdict, folder, ["--rule", "fin_retransmitted", cut])
    verdict.check(extract.run.status == 2, f"damaged: status {extract.run.status}")
    verdict.check(len(extract.packets) == len(one) - 1, "damaged: not what could be read")

    piped = Run(["extract", "--rule", "fin_retransmitted", "-o", "-", plain])
    whole = Extract(verdict, folder, ["--rule", "fin_retransmitted", plain])
    verdict.check(not piped.fault(), f"-o -: {piped.fault()}")
    written = read_pcapng(piped.out)
    verdict.check([(key_of(p), p.comment) for p in written]
                  == [(key_of(p), p.comment) for p in whole.packets], "-o -: another capture")


def check_choice(verdict, folder):
    path = CAPTURES / "port_scan_short.pcap"
    every = report(path)
    refused = [r["tcp"]["connection"] for r in connections(every)]
    everything = Extract(verdict, folder, ["--min-severity", "info", path])
    limited = Extract(verdict, folder, ["--min-severity", "info", "--max-connections", "2", path])
    verdict.check(len(connections(report(limited.path))) == 2, "--max-connections 2: not two")
    verdict.check("2 of " in limited.run.err and len(limited.run.err.splitlines()) == 1,
                  f"--max-connections says {limited.run.err!r}")
    verdict.check(0 < len(limited.packets) < len(everything.packets), "--max-connections: all")
    verdict.check(not everything.run.err, f"says {everything.run.err!r}")
    anomalies = [r for r in every if dataset(r) == "anomaly" and "tcp" in r]
    one = anomalies[0]
    both = Extract(verdict, folder, ["--rule", one["rule"]["id"], "--connection",
                                     one["tcp"]["connection"], path])
    about = both.packets[0].section_comment.split("\n") if both.packets else []
    verdict.check(about == [f"finwait extract: 1 connection of {path}",
                            f"--connection {one['tcp']['connection']}",
                            f"--rule {one['rule']['id']}"], f"the section says {about}")
    named = [r["tcp"]["connection"] for r in connections(report(both.path))]
    verdict.check(named == [one["tcp"]["connection"]], f"--rule and --connection: {named}")
    verdict.check(len(refused) > 2, "port_scan_short.pcap has too few connections")


def check_refusals(verdict, folder, captures):
    path = captures / "mine.pcap"
    path.write_bytes((CAPTURES / "fin_retransmitted.pcap").read_bytes())
    before = path.read_bytes()
    pipe = captures / "pipe"
    os.mkfifo(pipe)
    out = folder / "out.pcapng"
    out.unlink(missing_ok=True)
    rule = ["--rule", "fin_retransmitted"]
    for arguments, word in (([path, "-o", out], "--rule"), ([*rule, path], "-o FILE"),
                            ([*rule, "-o", out], "no capture"),
                            ([*rule, "-o", out, "-"], "standard input"),
                            ([*rule, "-o", out, pipe], str(pipe)),
                            ([*rule, "-o", path, path], "is one of the captures"),
                            ([*rule, "-o", folder / "none" / "x", path], "No such file"),
                            (["--rule", "abortive_close", "-o", out, path], "no connection"),
                            (["--connection", "10.9.9.9:1", "-o", out, path], "no connection"),
                            (["--rule", "nonsense", "-o", out, path], "no such rule"),
                            ([*rule, "-o", out, captures / "missing.pcap"], "missing.pcap"),
                            ([*rule, "--max-connections", "0", "-o", out, path], "at least 1"),
                            ([*rule, "-o", "/dev/full", path], "No space left")):
        run = Run(["extract", *arguments])
        verdict.check(run.status == 1 and not run.out and len(run.err.splitlines()) == 1
                      and word in run.err,
                      f"extract {arguments}: status {run.status}, {run.err!r}")
        verdict.check(not os.listdir(folder), f"extract {arguments}: left {os.listdir(folder)}")
    verdict.check(path.read_bytes() == before, "a capture was changed")

    ours, theirs = pty.openpty()
    run = subprocess.run([os.environ["FINWAIT"], "extract", *rule, "-o", "-", path], stdout=theirs,
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(theirs)
    os.close(ours)
    verdict.check(run.returncode == 1 and b"terminal" in run.stderr, f"terminal: {run.stderr!r}")


def main():
    verdict = Verdict()
    with tempfile.TemporaryDirectory() as name:
        folder, captures = pathlib.Path(name) / "out", pathlib.Path(name) / "captures"
        folder.mkdir()
        captures.mkdir()
        check_evidence(verdict, folder)
        if plain_build():
            check_against_tshark(verdict, folder)
        check_hosts(verdict, folder)
        check_interfaces(verdict, folder, captures)
        check_inputs(verdict, folder, captures)
        check_choice(verdict, folder)
        check_refusals(verdict, folder, captures)
    verdict.finish()


main()
