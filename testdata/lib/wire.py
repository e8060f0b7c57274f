"""Bytes of packets: TCP, IP, link layers and tunnels, with the checksums a real stack would write.

Every function takes what varies and returns bytes. Addresses are text; lengths and checksums are
computed unless a story needs them wrong. Nothing here is random or reads the clock.
"""

import socket
import struct

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
FLAG_LETTERS = {"F": FIN, "S": SYN, "R": RST, "P": PSH, "A": ACK, "U": URG, "E": ECE, "C": CWR}

IPPROTO_TCP, IPPROTO_UDP, IPPROTO_GRE, IPPROTO_IPV6, IPPROTO_ICMPV6 = 6, 17, 47, 41, 58
ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_VLAN, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x8100, 0x86DD
ETHERTYPE_QINQ, ETHERTYPE_MPLS, ETHERTYPE_PPPOE_SESSION = 0x88A8, 0x8847, 0x8864
ETHERTYPE_TRANSPARENT_BRIDGING = 0x6558


def flags_of(letters):
    """"SA" to the bits of SYN and ACK."""
    bits = 0
    for letter in letters:
        bits |= FLAG_LETTERS[letter]
    return bits


def address(text):
    """The 4 or 16 octets of an address."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return socket.inet_pton(family, text)


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport_checksum(source, destination, protocol, data):
    source, destination = address(source), address(destination)
    if len(source) == 4:
        pseudo = source + destination + struct.pack("!BBH", 0, protocol, len(data))
    else:
        pseudo = source + destination + struct.pack("!IHBB", len(data), 0, 0, protocol)
    return checksum(pseudo + data)


# TCP options, each padded to four octets as stacks do.

def option_mss(value):
    return struct.pack("!BBH", 2, 4, value)


def option_window_scale(shift):
    return struct.pack("!BBBB", 1, 3, 3, shift)


def option_sack_permitted():
    return b"\x01\x01\x04\x02"


def option_sack(*blocks):
    out = struct.pack("!BBBB", 1, 1, 5, 2 + 8 * len(blocks))
    for left, right in blocks:
        out += struct.pack("!II", left & 0xFFFFFFFF, right & 0xFFFFFFFF)
    return out


def option_timestamps(value, echo):
    return struct.pack("!BBBBII", 1, 1, 8, 10, value & 0xFFFFFFFF, echo & 0xFFFFFFFF)


def option_fast_open(cookie):
    out = struct.pack("!BB", 34, 2 + len(cookie)) + cookie
    return b"\x01" * (-len(out) % 4) + out


def tcp(source, destination, source_port, destination_port, seq, ack, flags, window,
        options=b"", payload=b""):
    header = struct.pack("!HHIIBBHHH", source_port, destination_port, seq & 0xFFFFFFFF,
                         ack & 0xFFFFFFFF, (5 + len(options) // 4) << 4, flags, window, 0, 0)
    whole = header + options + payload
    total = transport_checksum(source, destination, IPPROTO_TCP, whole)
    return whole[:16] + struct.pack("!H", total) + whole[18:]


def udp(source, destination, source_port, destination_port, payload):
    header = struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0)
    total = transport_checksum(source, destination, IPPROTO_UDP, header + payload) or 0xFFFF
    return header[:6] + struct.pack("!H", total) + payload


def ipv4(source, destination, protocol, payload, ttl=64, ip_id=0, fragment=0x4000,
         total_length=None):
    """`fragment` is the whole flags-and-offset word; 0x4000 is "don't fragment"."""
    length = 20 + len(payload) if total_length is None else total_length
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, ip_id, fragment, ttl, protocol, 0,
                         address(source), address(destination))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv4_fragments(source, destination, protocol, payload, ip_id, cuts, ttl=64):
    """The payload in pieces that end at `cuts` (multiples of 8) and at its end."""
    pieces, start = [], 0
    for end in [*cuts, len(payload)]:
        more = 0x2000 if end < len(payload) else 0
        pieces.append(ipv4(source, destination, protocol, payload[start:end], ttl, ip_id,
                           more | start // 8))
        start = end
    return pieces


def ipv6(source, destination, next_header, payload, hop_limit=64, extensions=()):
    """`extensions` are (own protocol number, octets without the next-header field)."""
    body = payload
    for number, octets in reversed(extensions):
        body = bytes([next_header]) + octets + body
        next_header = number
    header = struct.pack("!IHBB", 6 << 28, len(body), next_header, hop_limit)
    return header + address(source) + address(destination) + body


def ip(source, destination, protocol, payload, ttl=64, ip_id=0):
    """Whichever version the addresses are of."""
    if ":" in source:
        return ipv6(source, destination, protocol, payload, ttl)
    return ipv4(source, destination, protocol, payload, ttl, ip_id)


def ethertype_of(packet):
    return ETHERTYPE_IPV6 if packet[0] >> 4 == 6 else ETHERTYPE_IPV4


# Link layers.

def ethernet(packet, source_mac, destination_mac, vlans=(), ethertype=None):
    ethertype = ethertype_of(packet) if ethertype is None else ethertype
    head = mac(destination_mac) + mac(source_mac)
    for depth, vlan in enumerate(vlans):
        outer = len(vlans) > 1 and depth == 0
        head += struct.pack("!HH", ETHERTYPE_QINQ if outer else ETHERTYPE_VLAN, vlan)
    return head + struct.pack("!H", ethertype) + packet


def arp_request(source_mac, source, wanted):
    body = struct.pack("!HHBBH", 1, ETHERTYPE_IPV4, 6, 4, 1) + mac(source_mac) + address(source)
    body += bytes(6) + address(wanted)
    return ethernet(body, source_mac, "ff:ff:ff:ff:ff:ff", ethertype=ETHERTYPE_ARP)


def linux_cooked(packet, source_mac, packet_type):
    """LINKTYPE_LINUX_SLL; packet_type 0 is "to us", 4 "sent by us"."""
    return (struct.pack("!HHH", packet_type, 1, 6) + mac(source_mac) + bytes(2)
            + struct.pack("!H", ethertype_of(packet)) + packet)


def linux_cooked_2(packet, source_mac, packet_type, interface_index):
    """LINKTYPE_LINUX_SLL2."""
    return (struct.pack("!HHIHBB", ethertype_of(packet), 0, interface_index, 1, packet_type, 6)
            + mac(source_mac) + bytes(2) + packet)


def null_loopback(packet):
    """LINKTYPE_NULL as a little-endian BSD writes it."""
    return struct.pack("<I", 30 if packet[0] >> 4 == 6 else 2) + packet


def wlan(packet, source_mac, destination_mac, bssid, to_access_point):
    """An 802.11 data frame behind a minimal radiotap header."""
    radiotap = struct.pack("<BBHI", 0, 0, 8, 0)
    if to_access_point:
        control, addresses = 0x0108, mac(bssid) + mac(source_mac) + mac(destination_mac)
    else:
        control, addresses = 0x0208, mac(destination_mac) + mac(bssid) + mac(source_mac)
    header = struct.pack("<HH", control, 0) + addresses + struct.pack("<H", 0)
    snap = b"\xaa\xaa\x03\x00\x00\x00" + struct.pack("!H", ethertype_of(packet))
    return radiotap + header + snap + packet


def wlan_beacon(bssid):
    radiotap = struct.pack("<BBHI", 0, 0, 8, 0)
    header = (struct.pack("<HH", 0x0080, 0) + b"\xff" * 6 + mac(bssid) + mac(bssid)
              + struct.pack("<H", 0))
    return radiotap + header + struct.pack("<QHH", 0, 100, 1) + b"\x00\x05guest"


def pppoe(packet, session):
    """The PPPoE session header (behind ETHERTYPE_PPPOE_SESSION) and the PPP protocol field."""
    protocol = 0x0057 if packet[0] >> 4 == 6 else 0x0021
    return struct.pack("!BBHHH", 0x11, 0, session, 2 + len(packet), protocol) + packet


def mpls(packet, *labels):
    """The label stack (behind ETHERTYPE_MPLS), the last label with the bottom bit."""
    out = b""
    for depth, label in enumerate(labels):
        out += struct.pack("!I", label << 12 | (depth == len(labels) - 1) << 8 | 64)
    return out + packet


# Tunnels: what stands between the outer IP header and the inner packet.

def gre(packet, ethertype, key=None):
    head = struct.pack("!HH", 0x2000 if key is not None else 0, ethertype)
    return head + (struct.pack("!I", key) if key is not None else b"") + packet


def vxlan(frame, vni):
    return struct.pack("!II", 0x08000000, vni << 8) + frame


def geneve(frame, vni):
    return struct.pack("!HHI", 0, ETHERTYPE_TRANSPARENT_BRIDGING, vni << 8) + frame


def gtp_u(packet, tunnel_id):
    return struct.pack("!BBHI", 0x30, 0xFF, len(packet), tunnel_id) + packet
