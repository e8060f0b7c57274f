"""Inputs to begin with, made of the captures that the repository carries and of its damaged ones."""

import gzip
import re
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path

import packets

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
SEED_BYTES_MAX = 16384
FRAMES_MAX = 12  # of a capture, in one input

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

# segments.c: how time goes on.
MILLISECONDS, SECONDS, TENS_OF_SECONDS, BACKWARDS, UNTIMED = 0, 2, 3, 4, 5


@cache
def damaged(folder):
    subprocess.run([sys.executable, TOP / "testdata" / "damage" / "make.py", folder], check=True)
    return sorted(path for path in folder.iterdir() if path.is_file())


def small_files(scratch):
    """(name, bytes) of every capture that is small."""
    found = sorted((TOP / "testdata" / "captures").glob("*.pcap*"))
    for path in found + damaged(scratch):
        data = path.read_bytes()
        if len(data) <= SEED_BYTES_MAX:
            yield path.name, data


def pcap_frames(data):
    """(link type, packet) of a pcap in the usual byte order."""
    if data[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        return
    link_type, at = int.from_bytes(data[20:22], "little"), 24
    while at + 16 <= len(data):
        length = int.from_bytes(data[at + 8:at + 12], "little")
        yield link_type, data[at + 16:at + 16 + length]
        at += 16 + length


def pcapng_frames(data):
    """(link type, packet) of a pcapng in the usual byte order."""
    at, links = 0, []
    while at + 12 <= len(data) and data[8:12] == b"\x4d\x3c\x2b\x1a":
        kind, length = struct.unpack_from("<II", data, at)
        if length < 12 or length % 4:
            return
        body = data[at + 8:at + length - 4]
        if kind == 0x0A0D0D0A:
            links = []
        elif kind == 1:
            links.append(int.from_bytes(body[:2], "little"))
        elif kind == 6:
            interface, _, _, captured = struct.unpack_from("<IIII", body)
            if interface < len(links):
                yield links[interface], body[20:20 + captured]
        at += length


def link_choice(link_type):
    """The octet by which frame.c knows a link type, or None."""
    table = (TOP / "dissect" / "link" / "table.c").read_text()
    known = [int(number) for number in re.findall(r"\[(\d+)\] = link_", table) if number != "0"]
    if link_type == 0:
        return 255
    return sorted(known).index(link_type) + 1 if link_type in known else None


def pcap_of(frames):
    """A capture of the frames that have the first one's link type, a millisecond apart."""
    link_type = frames[0][0]
    out = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)
    for number, (link, data) in enumerate(frames):
        if link == link_type:
            out += struct.pack("<IIII", 1700000000, number * 1000, len(data), len(data)) + data
    return out


def frame_records(frames, cut=0):
    """`cut` octets of each are said to be missing."""
    out = []
    for link_type, data in frames:
        choice = link_choice(link_type)
        if choice is not None and len(data) < 2000:
            out.append(struct.pack(">BBHH", choice, 0, cut, len(data)) + data)
    return b"".join(out)


def tcp_options(data):
    """flags, cut, seq, ack, options of a plain frame."""
    if data[12:14] != b"\x08\x00" or data[23:24] != b"\x06":
        return None
    tcp = data[14 + (data[14] & 15) * 4:]
    length = (tcp[12] >> 4) * 4 if len(tcp) > 13 else 0
    return bytes([tcp[13], 0]) + tcp[4:12] + tcp[20:length] if length > 20 else None


def segment(side, flags, payload=0, seq=0, ack=0, ms=1, kind=MILLISECONDS, tuple_=0, marks=0,
            ip_id=None):
    segment.count += 1
    return struct.pack("<BBbbBBHBBBbI", side | tuple_ << 1 | kind << 3, flags, seq, ack, payload, ms,
                       marks, 200, 64, (ip_id or segment.count) & 255, 1, 0)


segment.count = 0


def talks():
    """Conversations for segments.c: how connections open, close, are reset and used again."""
    # Until an end has spoken its peer acknowledges what the target begins with.
    opening = segment(0, SYN) + segment(1, SYN | ACK) + segment(0, ACK)
    data = segment(0, PSH | ACK, 40) + segment(1, ACK) + segment(1, PSH | ACK, 60) + segment(0, ACK)
    graceful = segment(0, FIN | ACK) + segment(1, ACK) + segment(1, FIN | ACK) + segment(0, ACK)
    half = segment(0, FIN | ACK) + segment(1, ACK) + segment(1, PSH | ACK, 30, ms=2, kind=SECONDS)
    yield "graceful", opening + data + graceful
    yield "three_segments", opening + segment(1, FIN | ACK) + segment(0, FIN | ACK) + segment(1, ACK)
    yield "crossing", (opening + segment(0, FIN | ACK) + segment(1, FIN | ACK, ack=-1)
                       + segment(0, ACK) + segment(1, ACK))
    yield "half_closed", opening + half + segment(0, ACK)
    yield "reset", opening + data + segment(1, RST | ACK) + segment(0, ACK, seq=0)
    yield "refused", segment(0, SYN) + segment(1, RST | ACK)
    yield "retransmitted", (opening + segment(0, FIN | ACK) + segment(0, FIN | ACK, seq=-1, ms=200)
                            + segment(1, ACK) + segment(1, FIN | ACK) + segment(1, FIN | ACK, seq=-1, ms=250))
    yield "used_again", (opening + data + graceful + segment(0, SYN, seq=100, ms=7, kind=TENS_OF_SECONDS)
                         + segment(1, SYN | ACK, seq=90) + segment(0, ACK) + graceful)
    yield "unanswered", b"".join(segment(0, SYN, seq=-1 if n else 0, ms=n, kind=SECONDS) for n in range(5))
    yield "no_times", opening + b"".join(
        segment(n & 1, ACK | PSH, 10, kind=UNTIMED) for n in range(6))
    yield "backwards", opening + data + segment(1, RST, kind=BACKWARDS, ms=90) + data
    yield "holes", opening + b"".join(segment(0, ACK, 8, seq=(n * 37) % 120, tuple_=0) for n in range(40))
    yield "many", b"".join(segment(0, SYN, tuple_=n % 4, seq=n) for n in range(60))
    yield "options", (segment(0, SYN, marks=0x27) + segment(1, SYN | ACK, marks=0x27)
                      + segment(0, ACK, marks=0x20) + segment(0, ACK, 20, marks=0x38) + graceful)


# What pipeline.c takes for the end of a file.
SEPARATOR = b"\xf1next"


def several_files():
    """Captures that belong together, and the same compressed."""
    for names in (("ring_buffer_1", "ring_buffer_2", "ring_buffer_3"), ("two_directions_client", "two_directions_server"),
                  ("two_taps_client", "two_taps_server"), ("closing_record", "closing_record")):
        files = [(TOP / "testdata" / "captures" / f"{name}.pcap").read_bytes() for name in names]
        yield names[0] + "_and_others", SEPARATOR.join(files)
        yield names[0] + "_compressed", SEPARATOR.join(gzip.compress(data, mtime=0) for data in files)
        yield names[0] + "_turned", SEPARATOR.join([*reversed(files[1:]), b"", files[0][:-9]])


COMMANDS = (
    "--format\nndjson\n--connections\nx.pcap", "--2msl=linux\n--stuck\n5\na\nb",
    "--from\n2026-11-22T10:00:00Z\n--to=1800000000\nx", "--rule=fin_retransmitted,rst_teardown\n-c\nx",
    "--port-range\n1024-65535\n--max-memory=512M\n-v\n-", "--help", "--version", "--fail-on\nwarning\n--\n-x",
    "--filter=tcp port 80\n--min-severity=info\n--observer\nA\nx", "--idle\n1.5h\n--fin-timeout=250ms\nx")


def seeds(target, scratch):
    """(name, bytes) of a target's seeds."""
    if target == "segments":
        for name, talk in talks():
            yield name, b"\0\0" + talk
            yield name + "_small", b"\x07\x01" + talk
            yield name + "_crowd", b"\x40\x40" + 6 * talk
            yield name + "_hosts", b"\x45\xe0" + talk + b"".join(
                bytes([talk[at] & 0xF9 | 2 * (at // 16 % 4)]) + talk[at + 1:at + 16] for at in range(0, len(talk), 16))
        return
    if target == "command_line":
        for number, text in enumerate(COMMANDS):
            yield f"command_{number}", text.encode()
        return
    if target == "frame":
        for name, frames in packets.lists():
            yield name, frame_records(frames)
            if "spoilt" not in name:
                yield name + "_cut", frame_records([(link, data[:-21]) for link, data in frames], 21)
    if target == "whole":
        for name, frames in packets.lists():
            if "spoilt" not in name:
                yield name, pcap_of(frames)
        yield from several_files()
    for name, data in small_files(scratch):
        if target in ("pcap", "pcapng", "whole"):
            yield name, data
        elif target == "faults":
            for number, head in enumerate((b"\0\x28\0\0", b"\0\x50\1\0", b"\x0f\xff\0\x0d", b"\x0f\xff\0\x1a")):
                if len(data) < 3000:
                    yield f"{name}_{number}", head + data
        elif target == "compressed":
            packed = data[:2] == b"\x1f\x8b" or data[:4] == b"\x28\xb5\x2f\xfd"
            yield name, data if packed else gzip.compress(data, mtime=0)
        else:
            frames = [*pcap_frames(data), *pcapng_frames(data)]
            if target == "frame":
                for at in range(0, len(frames), FRAMES_MAX):
                    yield f"{name}_{at}", frame_records(frames[at:at + FRAMES_MAX])
            else:
                for at, (_, frame) in enumerate(frames[:FRAMES_MAX]):
                    options = tcp_options(frame)
                    if options:
                        yield f"{name}_{at}", options


def write_seeds(target, folder, scratch):
    folder.mkdir(parents=True, exist_ok=True)
    scratch.mkdir(parents=True, exist_ok=True)
    for name, data in seeds(target, scratch):
        if data:
            (folder / name).write_bytes(data)
