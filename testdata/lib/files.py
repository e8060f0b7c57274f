"""Capture files: pcap and pcapng writers that can also say what real writers seldom do."""

import struct
from dataclasses import dataclass, field

LINK_NULL, LINK_ETHERNET, LINK_RAW = 0, 1, 101
LINK_LINUX_SLL, LINK_RADIOTAP, LINK_IPV4, LINK_LINUX_SLL2 = 113, 127, 228, 276


@dataclass
class Packet:
    """A packet as a capture holds it; times are nanoseconds since 1970."""
    time_ns: int
    data: bytes
    original_len: int = None
    interface: int = 0


@dataclass
class Interface:
    link_type: int = LINK_ETHERNET
    name: bytes = None
    description: bytes = None
    snaplen: int = 262144
    resolution: int = 6  # decimal digits of a second
    fcs_len: int = None
    options: list = field(default_factory=list)


def pcap(packets, link_type=LINK_ETHERNET, nanoseconds=False, big_endian=False, snaplen=262144,
         fcs_len=None):
    """`fcs_len` goes where the format has it: octets/2 in the top four bits of the link type."""
    order = ">" if big_endian else "<"
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    if fcs_len is not None:
        link_type |= (fcs_len // 2) << 28 | 1 << 26
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link_type)]
    for packet in packets:
        seconds, rest = divmod(packet.time_ns, 10**9)
        data = packet.data[:snaplen]
        original = len(packet.data) if packet.original_len is None else packet.original_len
        out.append(struct.pack(order + "IIII", seconds, rest if nanoseconds else rest // 1000,
                               len(data), original) + data)
    return b"".join(out)


def _pad(data):
    return data + bytes(-len(data) % 4)


def _option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + _pad(value)


def _block(order, kind, body):
    length = 12 + len(body)
    return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", length)


def pcapng(packets, interfaces, big_endian=False, section_options=()):
    """One section. Options are (code, octets)."""
    order = ">" if big_endian else "<"

    def options(pairs):
        pairs = list(pairs)
        if not pairs:
            return b""
        return b"".join(_option(order, *pair) for pair in pairs) + struct.pack(order + "HH", 0, 0)

    head = struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
    out = [_block(order, 0x0A0D0D0A, head + options(section_options))]
    for interface in interfaces:
        pairs = []
        if interface.name is not None:
            pairs.append((2, interface.name))
        if interface.description is not None:
            pairs.append((3, interface.description))
        pairs.append((9, bytes([interface.resolution])))
        if interface.fcs_len is not None:
            pairs.append((13, bytes([interface.fcs_len])))
        pairs += interface.options
        body = struct.pack(order + "HHI", interface.link_type, 0, interface.snaplen)
        out.append(_block(order, 1, body + options(pairs)))
    for packet in packets:
        interface = interfaces[packet.interface]
        ticks = packet.time_ns * 10**interface.resolution // 10**9
        data = packet.data[:interface.snaplen]
        original = len(packet.data) if packet.original_len is None else packet.original_len
        body = struct.pack(order + "IIIII", packet.interface, ticks >> 32, ticks & 0xFFFFFFFF,
                           len(data), original) + _pad(data)
        out.append(_block(order, 6, body))
    return b"".join(out)


def merged(*lists):
    """Packets of several stories in the order of their times; ties keep the order given."""
    return sorted((packet for packets in lists for packet in packets), key=lambda p: p.time_ns)
