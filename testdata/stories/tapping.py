"""What the place and the habits of the tap do to a story."""

from dataclasses import replace

from lib.files import LINK_ETHERNET, Interface, merged, pcap, pcapng
from lib.story import START_NS, Conn, Ethernet, ms, seconds, us

ROUTER_MAC, FAR_ROUTER_MAC = "02:00:00:00:00:fe", "02:00:00:00:01:fe"


def whole(talk):
    talk.open()
    talk.close()
    return talk.packets


def one_direction():
    return pcap(whole(Conn(seen="c")))


def captured_twice():
    """A mirror port that copies each packet on its way in and on its way out."""
    packets = whole(Conn())
    copies = [replace(packet, time_ns=packet.time_ns + us(3)) for packet in packets]
    return pcap(merged(packets, copies))


def beside_client():
    return whole(Conn(ttl=(64, 63), link=Ethernet(server_mac=ROUTER_MAC)))


def beside_server():
    """The same packets 5 ms down the road: behind the router for the client's, before it for the
    server's."""
    return whole(Conn(ttl=(63, 64), link=Ethernet(client_mac=FAR_ROUTER_MAC),
                      shift_ns=(ms(5), -ms(5))))


def two_taps_client():
    return pcap(beside_client())


def two_taps_server():
    return pcap(merged(beside_server()))


def two_directions_client():
    return pcap(whole(Conn(seen="c")))


def two_directions_server():
    return pcap(whole(Conn(seen="s")))


def tenants_same_addresses():
    """Two customers behind one trunk who chose the same addresses and, by chance, ports."""
    one = Conn(link=Ethernet(vlans=(100,)))
    other = Conn(link=Ethernet("02:00:00:00:0a:01", "02:00:00:00:0a:02", vlans=(200,)),
                 client_isn=2_500_000_000, server_isn=3_500_000_000, start_ns=START_NS + ms(4))
    one.open()
    one.close()
    other.handshake()
    other.exchange(request=300, response=50)
    other.wait(ms(5))
    other.abort("s")
    return pcap(merged(one.packets, other.packets))


def ring_packets():
    """Three connections over four files, none of them whole in one; the second is in three."""
    talks = [Conn(client_port=40000 + n, client_isn=1_000_000 * (n + 1),
                  server_isn=5_000_000 * (n + 1), start_ns=START_NS + seconds(n)) for n in range(3)]
    for talk in talks:
        talk.open()
    talks[0].close()
    talks[1].wait(seconds(1))
    talks[1].exchange(response=1400)
    talks[1].wait(seconds(2))
    talks[2].wait(ms(200))
    talks[2].close(first="s")
    talks[1].close()
    return merged(*(talk.packets for talk in talks))


def ring(part):
    packets = ring_packets()
    bounds = [0, 10, 18, 29, len(packets)]
    return pcap(packets[bounds[part - 1]:bounds[part]])


def ring_buffer_1():
    return ring(1)


def ring_buffer_2():
    return ring(2)


def ring_buffer_3():
    return ring(3)


def ring_buffer_4():
    return ring(4)


def clock_backwards():
    """The clock is set back by two seconds between the request and its answer."""
    talk = Conn()
    talk.open()
    talk.close()
    return pcap([replace(packet, time_ns=packet.time_ns - seconds(2)) if number > 5 else packet
                 for number, packet in enumerate(talk.packets, 1)])


def capture_lost_segments():
    """The capturing host dropped two segments that the peers received."""
    talk = Conn()
    talk.open()
    for hidden in (False, True, True, False):
        talk.wait(ms(1))
        talk.s("A", 1448, hidden=hidden)
    talk.wait(us(50))
    talk.c("A")
    talk.close()
    return pcap(talk.packets)


def snaplen_cut():
    """60 octets a packet: the TCP header whole, its options cut, payload never."""
    return pcap(whole(Conn()), snaplen=60)


def hostile_names():
    """Interface names that would act on a terminal, or break a document."""
    names = [b"\x1b]0;owned\x07eth0\x1b[31m", b"\xff\xfe\xc2\x9b31m\xe2\x80\xae0hte",
             b'"},{"</script><script>alert(1)</script>']
    interfaces = [Interface(LINK_ETHERNET, name) for name in names]
    talks = [Conn(client_port=40000 + n, interface=n, start_ns=START_NS + seconds(n))
             for n in range(len(names))]
    return pcapng(merged(*(whole(talk) for talk in talks)), interfaces)


def big_endian_nanoseconds():
    packets = [replace(packet, time_ns=packet.time_ns + 1 + number)
               for number, packet in enumerate(whole(Conn()))]
    return pcap(packets, nanoseconds=True, big_endian=True)


CAPTURES = {
    "one_direction.pcap": one_direction,
    "captured_twice.pcap": captured_twice,
    "two_taps_client.pcap": two_taps_client,
    "two_taps_server.pcap": two_taps_server,
    "two_directions_client.pcap": two_directions_client,
    "two_directions_server.pcap": two_directions_server,
    "tenants_same_addresses.pcap": tenants_same_addresses,
    "ring_buffer_1.pcap": ring_buffer_1,
    "ring_buffer_2.pcap": ring_buffer_2,
    "ring_buffer_3.pcap": ring_buffer_3,
    "ring_buffer_4.pcap": ring_buffer_4,
    "clock_backwards.pcap": clock_backwards,
    "capture_lost_segments.pcap": capture_lost_segments,
    "snaplen_cut.pcap": snaplen_cut,
    "hostile_names.pcapng": hostile_names,
    "big_endian_nanoseconds.pcap": big_endian_nanoseconds,
}
