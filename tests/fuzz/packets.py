"""Packets to begin with: a TCP segment below each link layer and in each tunnel that is decoded, and in pairs of them."""

import itertools
import random
import struct
import zlib

IP4, IP6 = 0x0800, 0x86DD
MACS = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02"
SNAP = b"\xaa\xaa\x03\0\0\0"


def tcp(flags=0x02, options=b"", payload=b"", seq=1000, port=40000):
    return struct.pack(">HHIIBBHHH", port, 80, seq, 0, (20 + len(options)) // 4 << 4, flags, 502, 0, 0) + options + payload


def ipv4(protocol, payload, ident=1, fragment=0, options=b""):
    words = 5 + len(options) // 4
    return struct.pack(">BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), ident, fragment, 64, protocol,
                       0) + b"\x0a\0\0\x01\x0a\0\0\x02" + options + payload


def ipv6(following, payload, last=2):
    return (struct.pack(">IHBB", 0x60000000, len(payload), following, 64) + b"\x20\x01" + bytes(13) + b"\x01"
            + b"\x20\x01" + bytes(13) + bytes([last]) + payload)


def udp(port, payload):
    return ipv4(17, struct.pack(">HHHH", 50000, port, 8 + len(payload), 0) + payload)


def is_v4(packet):
    return packet[:1] >= b"\x40" and packet[:1] < b"\x50"


def ethertype(packet):
    return IP4 if is_v4(packet) else IP6


def protocol(packet):
    return 4 if is_v4(packet) else 41


def ethernet(kind, payload):
    return MACS + struct.pack(">H", kind) + payload


def frame(packet):
    return ethernet(ethertype(packet), packet)


def ppp(packet):
    return struct.pack(">H", 0x21 if is_v4(packet) else 0x57) + packet


def llc(packet):
    return SNAP + struct.pack(">H", ethertype(packet)) + packet


def wlan(packet, control=0x0802, more=b"\0\0", behind=b"", body=llc):
    """QoS data from the access point, unless the control octets say otherwise."""
    qos = b"" if not control >> 12 & 8 else more
    return (struct.pack(">HH", control, 0) + b"\x02\0\0\0\0\x01" * 3 + b"\x10\0"
            + (b"\x02\0\0\0\0\x09" if control & 3 == 3 else b"") + qos + behind + body(packet))


def gre(kind, payload, flags=0, more=b""):
    return ipv4(47, struct.pack(">HH", flags, kind) + more + payload)


def compressed(data):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(data) + deflate.flush()


def nsh(packet, following=None):
    kind = (1 if is_v4(packet) else 2) if following is None else following
    return struct.pack(">BBBBII", 0, 6, 1, kind, 1, 2) + bytes(12) + packet


def label(packet, bottom=1, number=100):
    return struct.pack(">I", number << 12 | bottom << 8 | 64) + packet


def attribute(kind, data):
    return struct.pack("<HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def aggregated(packet):
    parts = b""
    for part in (llc(packet), llc(packet)):
        parts += MACS + struct.pack(">H", len(part)) + part
        parts += bytes(-len(parts) % 4)
    return parts


# From an IP packet to an IP packet around it.
TUNNELS = {
    "ipip": lambda p: ipv4(protocol(p), p),
    "ip_in_ipv6": lambda p: ipv6(protocol(p), p),
    "options": lambda p: ipv4(protocol(p), p, options=b"\x94\x04\0\0"),
    "hop_by_hop": lambda p: ipv6(0, bytes([protocol(p), 0, 5, 2, 0, 0, 1, 0]) + p),
    "destination": lambda p: ipv6(60, bytes([protocol(p), 0, 1, 4, 0, 0, 0, 0]) + p),
    "routing_0": lambda p: ipv6(43, bytes([protocol(p), 2, 0, 1, 0, 0, 0, 0]) + b"\x20\x02" + bytes(14) + p),
    "routing_4": lambda p: ipv6(43, bytes([protocol(p), 2, 4, 1, 0, 0, 0, 0]) + b"\x20\x03" + bytes(14) + p),
    "atomic": lambda p: ipv6(44, bytes([protocol(p), 0, 0, 0, 0, 0, 0, 9]) + p),
    "mobility": lambda p: ipv6(135, bytes([protocol(p), 0, 5, 0, 0, 0, 1, 0]) + p),
    "jumbo": lambda p: (ipv6(0, bytes([protocol(p), 0, 0xC2, 4]) + struct.pack(">I", 8 + len(p)) + p)[:4] + b"\0\0"
                        + ipv6(0, bytes([protocol(p), 0, 0xC2, 4]) + struct.pack(">I", 8 + len(p)) + p)[6:]),
    "authentication": lambda p: ipv4(51, bytes([protocol(p), 4]) + bytes(22) + p),
    "authentication_6": lambda p: ipv6(51, bytes([protocol(p), 4]) + bytes(22) + p),
    "ipcomp": lambda p: ipv4(108, struct.pack(">BBH", protocol(p), 0, 2) + compressed(p)),
    "ipcomp_negotiated": lambda p: ipv4(108, struct.pack(">BBH", protocol(p), 0, 300) + compressed(p)),
    "ipcomp_6": lambda p: ipv6(108, struct.pack(">BBH", protocol(p), 0, 2) + compressed(p)),
    "gre": lambda p: gre(ethertype(p), p),
    "gre_all": lambda p: gre(ethertype(p), p, 0xF000, bytes(4) + b"\0\0\0\x07" + bytes(4) + b"\0\0\0\x02ab" + bytes(4)),
    "gre_key": lambda p: gre(ethertype(p), p, 0x2000, b"\0\0\0\x09"),
    "nvgre": lambda p: gre(0x6558, frame(p), 0x2000, b"\0\x12\x34\x05"),
    "gre_ethernet": lambda p: gre(0x6400, frame(p)),
    "gre_ppp": lambda p: gre(0x880B, ppp(p)),
    "gre_a10": lambda p: gre(0x88D2, ppp(p), 0x1000, bytes(4)),
    "gre_nsh": lambda p: gre(0x894F, nsh(p)),
    "gre_mpls": lambda p: gre(0x8847, label(p)),
    "gre_aruba": lambda p: gre(0x8210, wlan(p)),
    "wccp_1": lambda p: gre(0x883E, p),
    "wccp_2": lambda p: gre(0x883E, b"\x01\0\0\0" + p),
    "erspan_1": lambda p: gre(0x88BE, frame(p)),
    "erspan_2": lambda p: gre(0x88BE, bytes(8) + frame(p), 0x1000, bytes(4)),
    "erspan_3": lambda p: gre(0x22EB, bytes(11) + b"\x01" + bytes(8) + frame(p), 0x1000, bytes(4)),
    "pptp": lambda p: gre(0x880B, ppp(p), 0x3081, struct.pack(">HH", len(ppp(p)), 5) + bytes(8)),
    "enhanced_ethernet": lambda p: gre(0x6400, frame(p), 0x2001, struct.pack(">HH", len(frame(p)), 5)),
    "ether_ip": lambda p: ipv4(97, b"\x30\0" + frame(p)),
    "l2tp_3_ip": lambda p: ipv4(115, b"\0\0\0\x05" + p),
    "l2tp_3_cookie": lambda p: ipv4(115, b"\0\0\0\x05" + bytes(8) + frame(p)),
    "mpls_in_ip": lambda p: ipv4(137, label(p)),
    "vxlan": lambda p: udp(4789, b"\x08\0\0\0\0\0\x05\0" + frame(p)),
    "vxlan_linux": lambda p: udp(8472, b"\x08\0\0\0\0\0\x06\0" + frame(p)),
    "vxlan_gpe": lambda p: udp(4790, bytes([0x0C, 0, 0, 1 if is_v4(p) else 2, 0, 0, 7, 0]) + p),
    "vxlan_gpe_nsh": lambda p: udp(4790, b"\x0c\0\0\x04\0\0\x07\0" + nsh(p)),
    "vxlan_gpe_ethernet": lambda p: udp(4790, b"\x08\0\0\0\0\0\x07\0" + frame(p)),
    "geneve": lambda p: udp(6081, b"\x01\0\x65\x58\0\0\x08\0" + bytes(4) + frame(p)),
    "geneve_ip": lambda p: udp(6081, struct.pack(">BBHI", 0, 0, ethertype(p), 9 << 8) + p),
    "gtp_u": lambda p: udp(2152, struct.pack(">BBHI", 0x30, 255, len(p), 7) + p),
    "gtp_u_extended": lambda p: udp(2152, struct.pack(">BBHI", 0x36, 255, 8 + len(p), 7) + b"\0\x01\0\x85\x01\0\0\0" + p),
    "teredo": lambda p: udp(3544, b"\0\x01\x02\x02" + bytes(13) + bytes(8) + p),
    "mpls_in_udp": lambda p: udp(6635, label(p)),
    "l2tp_2": lambda p: udp(1701, b"\0\x02\0\x05\0\x06" + ppp(p)),
    "l2tp_2_all": lambda p: udp(1701, struct.pack(">HHHHHHH", 0x4A02, 16 + len(ppp(p)), 5, 6, 1, 1, 2) + b"ab" + ppp(p)),
    "l2tp_3_udp": lambda p: udp(1701, b"\0\x03\0\0\0\0\0\x05" + bytes(4) + p),
}

# From an IP packet to an Ethernet frame.
SHIMS = {
    "plain": frame,
    "vlan": lambda p: ethernet(0x8100, struct.pack(">HH", 100, ethertype(p)) + p),
    "two_vlans": lambda p: ethernet(0x88A8, struct.pack(">HHHH", 200, 0x8100, 100, ethertype(p)) + p),
    "vlan_llc": lambda p: ethernet(0x8100, struct.pack(">HH", 0, len(llc(p))) + llc(p)),
    "llc": lambda p: ethernet(len(llc(p)), llc(p)),
    "llc_ip": lambda p: ethernet(len(p) + 3, b"\x06\x06\x03" + p),
    "llc_bridged": lambda p: ethernet(24 + len(p), b"\xaa\xaa\x03\0\x80\xc2\0\x07\0\0" + frame(p)),
    "jumbo_llc": lambda p: ethernet(0x8870, llc(p)),
    "mpls": lambda p: ethernet(0x8847, label(label(p), 0)),
    "mpls_ethernet": lambda p: ethernet(0x8848, label(frame(p))),
    "mpls_control_word": lambda p: ethernet(0x8847, label(bytes(4) + frame(p))),
    "pppoe": lambda p: ethernet(0x8864, struct.pack(">BBHH", 0x11, 0, 7, len(ppp(p))) + ppp(p)),
    "ppp": lambda p: ethernet(0x880B, ppp(p)),
    "bridged": lambda p: ethernet(0x6558, frame(p)),
    "backbone": lambda p: ethernet(0x88E7, b"\0\0\0\x05" + frame(p)),
    "fabric_path": lambda p: ethernet(0x8903, b"\0\x01" + frame(p)),
    "meta_data": lambda p: ethernet(0x8909, bytes(6) + struct.pack(">H", ethertype(p)) + p),
    "vn_tag": lambda p: ethernet(0x8926, bytes(4) + struct.pack(">H", ethertype(p)) + p),
    "hsr": lambda p: ethernet(0x892F, bytes(4) + struct.pack(">H", ethertype(p)) + p),
    "e_tag": lambda p: ethernet(0x893F, bytes(6) + struct.pack(">H", ethertype(p)) + p),
    "nsh": lambda p: ethernet(0x894F, nsh(p)),
    "nsh_nsh": lambda p: ethernet(0x894F, nsh(nsh(p), 4)),
    "nsh_mpls": lambda p: ethernet(0x894F, nsh(label(p), 5)),
    "wlan": lambda p: ethernet(0x2452, wlan(p)),
}


def prism(packet):
    return bytes(144) + wlan(packet)


def cooked(packet, device=1):
    return struct.pack(">HHH", 0, device, 6) + bytes(8) + struct.pack(">H", ethertype(packet)) + packet


def cooked_2(packet, device=1):
    return struct.pack(">HHIHBB", ethertype(packet), 0, 2, device, 4, 6) + bytes(8) + packet


def netlink(packet, kind=4, order="<"):
    mark = struct.pack(order + "HH", 8 + kind % 2 * 4, 1) + bytes(kind % 2 * 4) + struct.pack(">H", ethertype(packet)) + bytes(2)
    body = mark + attribute(10 if kind == 3 else 9, packet)
    message = struct.pack("<IHHII", 20 + len(body), kind << 8, 0, 1, 2) + bytes(4) + body
    return bytes(14) + b"\0\x0c" + message + message


# From an IP packet to the frame of a link type; some have several forms.
LINKS = (
    (0, lambda p: struct.pack("<I", 2 if is_v4(p) else 24) + p),
    (0, lambda p: b"\xff\x03" + ppp(p)),
    (0, lambda p: struct.pack(">I", ethertype(p)) + p),
    (6, lambda p: b"\x10\x40" + MACS + llc(p)),
    (6, lambda p: b"\x10\x40" + MACS[:6] + b"\x82\0\0\0\0\x01" + b"\x04\0\0\0" + llc(p)),
    (7, lambda p: b"\x01\x02\xf0" + p),
    (7, lambda p: b"\x01\x02\xd4\0\0\x01" + p),
    (7, lambda p: b"\x01\x02\xd4\xff\xff\xff\xff\0\0\x01" + p),
    (9, ppp),
    (9, lambda p: b"\x21" + p),
    (9, lambda p: b"\0\x2f" + p[:9] + b"\x03" + p[10:]),
    (9, lambda p: b"\x02\x81" + label(p)),
    (10, lambda p: b"\x50" + MACS + llc(p)),
    (12, lambda p: p),
    (50, lambda p: b"\xff\x03" + ppp(p)),
    (50, lambda p: b"\x0f\0" + struct.pack(">H", ethertype(p)) + p),
    (51, lambda p: struct.pack(">BBHH", 0x11, 0, 7, len(ppp(p))) + ppp(p)),
    (100, llc),
    (104, lambda p: b"\x0f\0" + struct.pack(">H", ethertype(p)) + p),
    (105, wlan),
    (105, lambda p: wlan(p, 0x8802)),
    (105, lambda p: wlan(p, 0x8883, b"\0\0\0\0\0\0")),
    (105, lambda p: wlan(p, 0x8802, b"\x80\0", body=aggregated)),
    (105, lambda p: wlan(p, 0x0842)),
    (105, lambda p: wlan(p, 0x0842, behind=bytes(8))),
    (105, lambda p: wlan(p, 0x0806)),
    (107, lambda p: b"\x18\x41\x03" + (b"\xcc" if is_v4(p) else b"\x8e") + p),
    (107, lambda p: b"\x18\x41\x03\0\x80\0\0\0" + struct.pack(">H", ethertype(p)) + p),
    (107, lambda p: b"\x18\x41\x03\x80\0\x80\xc2\0\x07" + frame(p)),
    (107, lambda p: b"\x18\x41\x03\xcf" + ppp(p)),
    (107, lambda p: b"\x18\x40\x40\x41" + struct.pack(">H", ethertype(p)) + p),
    (108, lambda p: struct.pack(">I", 2 if is_v4(p) else 24) + p),
    (109, lambda p: struct.pack(">III", 2 if is_v4(p) else 24, 1, 2) + p),
    (113, cooked),
    (113, lambda p: cooked(p, 801)[:16] + wlan(p)),
    (113, lambda p: cooked(p, 803)[:16] + b"\0\0\x08\0\0\0\0\0" + wlan(p)),
    (113, lambda p: cooked(p)[:14] + b"\0\x04" + llc(p)),
    (113, lambda p: cooked(p)[:14] + b"\0\x09" + ppp(p)),
    (117, lambda p: b"\x3d\x02" + bytes(62) + p if is_v4(p) else b"\x3d\x18" + bytes(62) + p),
    (119, prism),
    (119, lambda p: b"\x80\x21\x10\x01\0\0\0\x40" + bytes(56) + wlan(p)),
    (127, lambda p: b"\0\0\x08\0\0\0\0\0" + wlan(p)),
    (127, lambda p: b"\0\0\x18\0\x03\0\0\x80\x01\0\0\0" + bytes(12) + wlan(p)),
    (127, lambda p: b"\0\0\x0a\0\x02\0\0\0\x30\0" + wlan(p, 0x8802, b"\0\0\0\0") + bytes(4)),
    (129, lambda p: b"\x01\x02\0\0\xd4\0\0\x01" + p),
    (138, lambda p: bytes(16) + struct.pack(">H", ethertype(p)) + p),
    (163, lambda p: b"\x80\x21\x10\x01\0\0\0\x40" + bytes(56) + wlan(p)),
    (166, lambda p: b"\x01" + ppp(p)),
    (178, lambda p: b"MGC\x01" + frame(p)),
    (178, lambda p: b"MGC\x80\0\x02ab" + frame(p)),
    (178, lambda p: b"MGC\x02" + b"\0\0\0\x02" + p),
    (192, lambda p: b"\0\0\x08\0\x69\0\0\0" + wlan(p)),
    (192, lambda p: b"\0\0\x08\0\xc0\0\0\0" + b"\0\0\x08\0\x01\0\0\0" + frame(p)),
    (204, lambda p: b"\0\xff\x03" + ppp(p)),
    (239, lambda p: b"\x02\0\0\0" + attribute(1, struct.pack(">HBB", ethertype(p), 0, 0)) + attribute(9, p)),
    (239, lambda p: b"\x02\0\0\0" + struct.pack(">HH", 4 + len(p), 9) + p),
    (242, lambda p: bytes(40) + struct.pack(">HH", ethertype(p), 0) + p),
    (253, netlink),
    (253, lambda p: netlink(p, 3)),
    (276, cooked_2),
    (276, lambda p: cooked_2(p, 801)[:20] + wlan(p)),
)


def inner():
    options = b"\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\x01\0\0\0\0\x01\x03\x03\x07"
    for build in (ipv4, ipv6):
        yield build(6, tcp(options=options))
        yield build(6, tcp(0x19, payload=b"GET / HTTP/1.1\r\n\r\n"))


def pieces(packet, first, build):
    """The packet's content in three fragments; `first` octets are in the first."""
    cuts = (0, first, first + 16, len(packet))
    return [build(packet[begin:end], begin, end < len(packet)) for begin, end in zip(cuts, cuts[1:])]


def fragments_4(segment, ident):
    return pieces(segment, 24, lambda data, at, more: ipv4(6, data, ident, more << 13 | at // 8))


def fragments_6(segment, ident):
    return pieces(segment, 24, lambda data, at, more: ipv6(44, struct.pack(">BBHI", 6, 0, at | more, ident) + data))


def spoilt(link, data, first):
    """The frame cut everywhere in 48 octets from the first on, and with each of 16 of them wrong."""
    yield [(link, data[:first + length]) for length in range(0, 24)]
    yield [(link, data[:first + length]) for length in range(24, 48)]
    for begin in (first, first + 8):
        yield [(link, data[:at] + bytes([data[at] ^ wrong]) + data[at + 1:])
               for at in range(begin, min(begin + 8, len(data))) for wrong in (0x80, 0x01, data[at], 0xFF ^ data[at])]


# What carries no TCP, and what nobody knows: EtherTypes, IP protocols, LLC's service access points, PPP's protocols.
ETHERTYPES = (0x0806, 0x2000, 0x8035, 0x809B, 0x80F3, 0x8137, 0x8138, 0x8809, 0x8863, 0x888E, 0x88CC, 0x88E5, 0x9000, 0x1234, 0)
PROTOCOLS = (1, 2, 33, 46, 50, 58, 88, 89, 103, 112, 132, 136, 17, 59, 60, 43, 139, 140, 200)
LLCS = (b"\x06\x06\x03", b"\xe0\xe0\x03", b"\xff\xff", b"\x42\x42\x03", b"\xaa\xaa\x03\0\0\x0c\x20\0",
        b"\xaa\xaa\x03\0\0\x0c\x01\0", b"\xaa\xaa\x03\x08\0\x07\x80\x9b", b"\xaa\xaa\x03\0\0\xf8\x08\0",
        b"\xaa\xaa\x03\0\x80\xc2\0\x09", b"\xaa\xaa\x03\x01\x02\x03\0\0")


def others(packet):
    yield "ethertypes", [(1, ethernet(kind, packet)) for kind in ETHERTYPES]
    yield "protocols", [(12, ipv4(kind, bytes(24))) for kind in PROTOCOLS]
    yield "protocols_6", [(12, ipv6(kind, bytes(24))) for kind in PROTOCOLS]
    yield "llcs", [(100, start + packet) for start in LLCS]
    yield "ppp_others", [(9, struct.pack(">H", kind) + packet) for kind in (0x2D, 0x2F, 0xC021, 0x8021, 0x283)]
    yield "gre_others", [(1, frame(gre(kind, packet, flags))) for kind in (0, 0x1234, 0x880B) for flags in (0, 1, 2, 0x2001)]
    yield "wlan_types", [(105, bytes([kind]) + wlan(packet)[1:]) for kind in range(0, 256, 8)]
    yield "arcnets", [(7, b"\x01\x02" + bytes([kind]) + b"\0\0\x01" + packet) for kind in (0xF1, 0xD5, 0xD6, 0xFA, 0xDD, 1)]
    yield "no_link_type", [(999, packet), (147, packet)]


def lists():
    """(name, [(link type, frame)]): what one input holds."""
    packets = list(inner())
    yield from others(packets[0])
    for number, (link, build) in enumerate(LINKS):
        for part, frames in enumerate(spoilt(link, build(packets[0]), 0)):
            yield f"link_{link}_{number}_spoilt_{part}", frames
    for kind, builds, begin in (("shim", SHIMS, 12), ("tunnel", TUNNELS, 32)):
        for name, build in builds.items():
            data = frame(build(packets[0])) if builds is TUNNELS else build(packets[0])
            for part, frames in enumerate(spoilt(1, data, begin + (20 if data[12:14] == b"\x86\xdd" else 0))):
                yield f"{kind}_{name}_spoilt_{part}", frames
    for number, (link, build) in enumerate(LINKS):
        yield f"link_{link}_{number}", [(link, build(packet)) for packet in packets]
    for name, build in SHIMS.items():
        yield name, [(1, build(packet)) for packet in packets]
    for name, build in TUNNELS.items():
        yield name, [(1, frame(build(packet))) for packet in packets]
    chosen = random.Random(1)
    pairs = chosen.sample(list(itertools.product(TUNNELS, TUNNELS)), 60)
    for outer, middle in pairs:
        shim = SHIMS[chosen.choice(list(SHIMS))]
        yield f"{outer}_{middle}", [(1, shim(TUNNELS[outer](TUNNELS[middle](packet)))) for packet in packets]
    for shim, again in chosen.sample(list(itertools.product(SHIMS, SHIMS)), 20):
        vxlan = udp(4789, b"\x08\0\0\0\0\0\x05\0" + SHIMS[again](packets[0]))
        yield f"{shim}_{again}", [(1, SHIMS[shim](vxlan))]
    yield "many_labels", [(1, ethernet(0x8847, label(b"", 0) * count + label(packets[0]))) for count in (1, 15, 16)]
    yield "many_vlans", [(1, MACS + b"\x81\0\0\x05" * count + struct.pack(">H", IP4) + packets[0]) for count in (3, 7, 9)]
    deep = packets[0]
    for _ in range(5):
        deep = ipv4(4, deep)
    yield "many_tunnels", [(1, frame(deep))]
    for count in (8, 9):
        headers = b"".join(bytes([6 if last else 60, 0, 1, 4, 0, 0, 0, 0]) for last in [False] * (count - 1) + [True])
        yield f"extensions_{count}", [(1, frame(ipv6(60, headers + packets[2][40:])))]
    segment = tcp(0x18, payload=bytes(80))
    for name, build in (("fragments_4", fragments_4), ("fragments_6", fragments_6)):
        whole = build(segment, 7)
        yield name, [(12, piece) for piece in whole]
        yield f"{name}_turned", [(12, piece) for piece in reversed(whole)]
        yield f"{name}_twice", [(12, piece) for piece in whole[:2] + whole[:1] + whole[2:]]
        yield f"{name}_lacking", [(12, piece) for ident in range(20) for piece in build(segment, ident)[:2]]
        yield f"{name}_tunnelled", [(1, frame(gre(ethertype(piece), piece))) for piece in whole]
