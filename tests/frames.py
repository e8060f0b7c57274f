"""Captures as lists of frames that tests change and write again."""

import struct
import sys
from dataclasses import dataclass

from harness import TESTDATA

sys.path.insert(0, str(TESTDATA))
from lib import files  # noqa: E402


@dataclass
class Frame(files.Packet):
    number: int = 0  # in the capture that was read


def read_pcap(path):
    """The packets of a pcap of Ethernet frames in the usual byte order; None for anything else."""
    data = path.read_bytes()
    units = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}.get(int.from_bytes(data[:4], "little"))
    if not units or int.from_bytes(data[20:24], "little") != files.LINK_ETHERNET:
        return None
    frames, at = [], 24
    while at + 16 <= len(data):
        seconds, rest, length, original = struct.unpack_from("<IIII", data, at)
        at += 16
        if at + length > len(data):
            return None
        frames.append(Frame(seconds * 10**9 + rest * units, data[at:at + length], original,
                            number=len(frames) + 1))
        at += length
    return frames


def layout(data):
    """Where (addresses, TCP header) begin in an Ethernet frame, and how long an address is; None
    when it is not whole plain TCP over IP."""
    if data[12:14] == b"\x08\x00" and data[23:24] == b"\x06":
        if int.from_bytes(data[20:22], "big") & 0x3FFF:
            return None
        tcp, place = 14 + (data[14] & 15) * 4, (26, 4)
    elif data[12:14] == b"\x86\xdd" and data[20:21] == b"\x06":
        tcp, place = 54, (22, 16)
    else:
        return None
    if len(data) < tcp + 20 or len(data) < tcp + (data[tcp + 12] >> 4) * 4:
        return None
    return (*place, tcp)


def plain(frames):
    """Only TCP that layout() understands, and what is no TCP at all."""
    return all(layout(f.data) or f.data[12:14] == b"\x08\x06" for f in frames)


def sender(frame):
    """Who sent it; anything for what is no TCP."""
    found = layout(frame.data)
    return found and frame.data[found[0]:found[0] + found[1]] + frame.data[found[2]:found[2] + 2]
