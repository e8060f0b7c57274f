"""The same simple connection behind every kind of header."""

import zlib

from lib import files, wire
from lib.files import Interface, Packet, merged, pcap, pcapng
from lib.story import CLIENT_MAC, SERVER_MAC, START_NS, Conn, Ethernet, ms, seconds, us

ACCESS_POINT = "02:00:00:00:00:aa"
SIX = {"client": "2001:db8::1", "server": "2001:db8::2"}


def whole(number, link, interface=0, **more):
    """One connection a second, told apart by the client's port."""
    talk = Conn(client_port=40000 + number, start_ns=START_NS + seconds(number), link=link,
                interface=interface, **more)
    talk.open()
    talk.close()
    return talk.packets


def source_mac(side):
    return CLIENT_MAC if side == "c" else SERVER_MAC


def many_link_types():
    def cooked(side, packet):
        return wire.linux_cooked(packet, source_mac(side), 4 if side == "c" else 0)

    def cooked_2(side, packet):
        return wire.linux_cooked_2(packet, source_mac(side), 4 if side == "c" else 0, 3)

    def wlan(side, packet):
        ends = (CLIENT_MAC, SERVER_MAC) if side == "c" else (SERVER_MAC, CLIENT_MAC)
        return wire.wlan(packet, *ends, ACCESS_POINT, to_access_point=side == "c")

    def bare(_side, packet):
        return packet

    kinds = [
        (files.LINK_ETHERNET, b"ethernet", Ethernet(), {}),
        (files.LINK_NULL, b"null", lambda _side, packet: wire.null_loopback(packet), {}),
        (files.LINK_RAW, b"raw", bare, SIX),
        (files.LINK_LINUX_SLL, b"any", cooked, {}),
        (files.LINK_LINUX_SLL2, b"any2", cooked_2, SIX),
        (files.LINK_RADIOTAP, b"wlan", wlan, {}),
        (files.LINK_IPV4, b"ipv4", bare, {}),
    ]
    interfaces = [Interface(kind, name, resolution=9 if number % 2 else 6)
                  for number, (kind, name, _, _) in enumerate(kinds)]
    talks = [whole(number, link, number, **more)
             for number, (_, _, link, more) in enumerate(kinds)]
    beacon = Packet(START_NS + seconds(5) + ms(1), wire.wlan_beacon(ACCESS_POINT), interface=5)
    return pcapng(merged(*talks, [beacon]), interfaces)


class Tunnel:
    """An outer IP packet between two routers around what `inner` makes of the packet."""

    ENDS = {"c": ("192.0.2.1", "192.0.2.2"), "s": ("192.0.2.2", "192.0.2.1")}

    def __init__(self, protocol, inner):
        self.protocol, self.inner, self.ethernet = protocol, inner, Ethernet()

    def __call__(self, side, packet):
        ends = self.ENDS[side]
        body = self.inner(side, packet)
        if self.protocol == wire.IPPROTO_UDP:
            port, body = body
            # Teredo's relay answers from the port that the client talks to.
            ports = (50000, port) if side == "c" or port != 3544 else (port, 50000)
            body = wire.udp(*ends, *ports, body)
        return self.ethernet(side, wire.ipv4(*ends, self.protocol, body, ttl=250))


def tunnels():
    inside = Ethernet("02:00:00:00:0b:01", "02:00:00:00:0b:02")
    udp, gre = wire.IPPROTO_UDP, wire.IPPROTO_GRE

    def behind(ethertype, wrap):
        ends = {"c": (CLIENT_MAC, SERVER_MAC), "s": (SERVER_MAC, CLIENT_MAC)}
        return lambda side, p: wire.ethernet(wrap(p), *ends[side], ethertype=ethertype)

    teredo = {"client": "2001:0:c000:202::1", "server": "2001:db8::2"}
    kinds = [
        (Tunnel(gre, lambda _side, p: wire.gre(p, wire.ETHERTYPE_IPV4)), {}),
        (Tunnel(gre, lambda _side, p: wire.gre(p, wire.ETHERTYPE_IPV6, key=7)), SIX),
        (Tunnel(gre, lambda side, p: wire.gre(inside(side, p),
                                              wire.ETHERTYPE_TRANSPARENT_BRIDGING)), {}),
        (Tunnel(udp, lambda side, p: (4789, wire.vxlan(inside(side, p), 1001))), {}),
        (Tunnel(udp, lambda side, p: (6081, wire.geneve(inside(side, p), 1002))), {}),
        (Tunnel(udp, lambda _side, p: (2152, wire.gtp_u(p, 0x1234))), {}),
        (Tunnel(udp, lambda _side, p: (3544, p)), teredo),
        (Tunnel(wire.IPPROTO_IPV6, lambda _side, p: p), SIX),
        (Tunnel(4, lambda _side, p: p), {}),
        (behind(wire.ETHERTYPE_MPLS, lambda p: wire.mpls(p, 16, 17)), {}),
        (behind(wire.ETHERTYPE_PPPOE_SESSION, lambda p: wire.pppoe(p, 5)), {}),
        (Ethernet(vlans=(10, 20)), {}),
    ]
    return pcap(merged(*(whole(number, link, **more)
                         for number, (link, more) in enumerate(kinds))))


def ipv6_extension_headers():
    """Hop-by-hop and destination options on every packet, a routing header on the client's."""
    padding = b"\x00\x01\x04\x00\x00\x00\x00"
    routing = b"\x02\x02\x00\x00\x00\x00\x00" + wire.address("2001:db8::99")
    outside = Ethernet()

    def link(side, packet):
        source, destination = (SIX["client"], SIX["server"])[::1 if side == "c" else -1]
        extensions = [(0, padding)] + ([(43, routing)] if side == "c" else []) + [(60, padding)]
        return outside(side, wire.ipv6(source, destination, wire.IPPROTO_TCP, packet[40:],
                                       extensions=extensions))

    return pcap(whole(0, link, **SIX))


def fragments():
    """The answer travels in three IP fragments; the second time the middle one is missing."""
    talk = Conn()
    talk.handshake()
    for lost in (None, 1):
        talk.wait(ms(1))
        talk.c("PA", 100)
        talk.wait(ms(12))
        segment = talk.segment("s", "PA", 3000)
        server = talk.sides["s"]
        pieces = wire.ipv4_fragments(server.host, "10.0.0.1", wire.IPPROTO_TCP, segment,
                                     server.ip_id, (1480, 2960))
        server.ip_id += 1
        server.next += 3000
        for number, piece in enumerate(pieces):
            talk.wait(us(10))
            if number != lost:
                talk.packets.append(Packet(talk.now, talk.link("s", piece)))
        talk.wait(us(50))
        talk.c("A")
    talk.close()
    return pcap(talk.packets)


def ethernet_padding_fcs():
    """Short frames padded to 60 octets, and four octets of check sequence behind every frame."""
    outside = Ethernet()

    def link(side, packet):
        frame = outside(side, packet).ljust(60, b"\0")
        return frame + zlib.crc32(frame).to_bytes(4, "little")

    return pcap(whole(0, link, timestamps=False), fcs_len=4)


CAPTURES = {
    "many_link_types.pcapng": many_link_types,
    "tunnels.pcap": tunnels,
    "ipv6_extension_headers.pcap": ipv6_extension_headers,
    "fragments.pcap": fragments,
    "ethernet_padding_fcs.pcap": ethernet_padding_fcs,
}
