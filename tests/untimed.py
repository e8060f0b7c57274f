"""Captures whose packets have no time."""

import struct


def without_times(source):
    """A little-endian pcap as pcapng of simple packets, which have no time; and how many they are."""
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    data, at, packets = source.read_bytes(), 24, 0
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(1, struct.pack("<HHI", struct.unpack_from("<I", data, 20)[0], 0, 0))
    while at < len(data):
        captured, original = struct.unpack_from("<II", data, at + 8)
        out += block(3, struct.pack("<I", original) + data[at + 16:at + 16 + captured])
        at += 16 + captured
        packets += 1
    return out, packets
