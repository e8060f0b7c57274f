"""Connections that never opened."""

from lib import wire
from lib.files import Packet, pcap
from lib.story import CLIENT_MAC, START_NS, Conn, ms, seconds, us


def elsewhere(talk, later_ns):
    """A packet of no connection: the capture goes on after the last segment."""
    return Packet(talk.now + later_ns, wire.arp_request(CLIENT_MAC, "10.0.0.1", "10.0.0.254"))


def syn_answered_late():
    """The third SYN is answered."""
    talk = Conn()
    syn = talk.c("S")
    for pause in (1, 2):
        talk.wait(seconds(pause))
        talk.c("S", seq=syn)
    talk.wait(ms(12))
    talk.s("SA")
    talk.wait(us(50))
    talk.c("A")
    return pcap([*talk.packets, elsewhere(talk, seconds(5))])


def syn_ack_unanswered():
    """A SYN flood's forged address: nobody answers the SYN-ACKs."""
    talk = Conn()
    talk.c("S")
    talk.wait(ms(12))
    syn_ack = talk.s("SA")
    for pause in (1, 2, 4):
        talk.wait(seconds(pause))
        talk.s("SA", seq=syn_ack)
    return pcap([*talk.packets, elsewhere(talk, seconds(5))])


def syn_ack_twice():
    """The first SYN-ACK was lost; the second is acknowledged."""
    talk = Conn()
    talk.c("S")
    talk.wait(ms(12))
    syn_ack = talk.s("SA")
    talk.wait(seconds(1))
    talk.s("SA", seq=syn_ack)
    talk.wait(us(50))
    talk.c("A")
    talk.exchange()
    return pcap([*talk.packets, elsewhere(talk, seconds(5))])


def accept_queue_overflow():
    """The server drops the handshake's last ACK and the request behind it, and repeats its
    SYN-ACK, until the application accepts a connection."""
    talk = Conn()
    talk.c("S")
    talk.wait(ms(12))
    syn_ack = talk.s("SA")
    talk.wait(us(50))
    talk.c("A")
    talk.wait(ms(1))
    request = talk.c("PA", 100)
    for pause in (1, 2):
        talk.wait(seconds(pause))
        talk.s("SA", seq=syn_ack, ack=request)
        talk.wait(us(50))
        talk.c("A")
    talk.wait(ms(500))
    talk.c("PA", 100, seq=request)
    talk.wait(ms(12))
    talk.s("A")
    return pcap(talk.packets)


def defer_accept():
    """TCP_DEFER_ACCEPT: the bare ACK is ignored, the SYN-ACK repeated, the data opens."""
    talk = Conn()
    talk.c("S")
    talk.wait(ms(12))
    syn_ack = talk.s("SA")
    talk.wait(us(50))
    talk.c("A")
    for pause in (1, 2):
        talk.wait(seconds(pause))
        talk.s("SA", seq=syn_ack)
        talk.wait(us(50))
        talk.c("A")
    talk.exchange()
    return pcap(talk.packets)


def attempt(number, clock_ms, answered, isn=1_000_000):
    """From the NAT's address, one every second, from the next port."""
    talk = Conn(client_port=40000 + number, start_ns=START_NS + seconds(number),
                client_isn=isn + 1_000_000 * number, server_isn=50_000_000 + 70_000 * number)
    talk.sides["c"].clock_ms = clock_ms + 1000 * number
    if answered:
        talk.handshake()
    else:
        talk.c("S")
    return talk


def behind_a_nat(answered):
    """Two hosts take turns, the second with a clock an hour behind."""
    talks = [attempt(number, 9_000_000 if number % 2 == 0 else 5_400_000,
                     number % 2 == 0 or answered(number)) for number in range(12)]
    return pcap([packet for talk in talks for packet in talk.packets]
                + [elsewhere(talks[-1], seconds(3))])


def stray_segment():
    """An ACK to a host that knows of no such connection."""
    talk = Conn(timestamps=False)
    talk.c("A")
    talk.wait(ms(12))
    talk.s("R")
    return pcap(talk.packets)


def stray_segment_of_a_stream():
    """Two segments of a stream whose other direction passes elsewhere; then it is reset."""
    talk = Conn()
    talk.c("PA", 100)
    talk.wait(ms(20))
    talk.c("PA", 100)
    talk.wait(ms(12))
    talk.s("R")
    return pcap(talk.packets)


def port_scan(count):
    """SYNs without options to one port after the other, and no answer."""
    packets = []
    for number in range(count):
        talk = Conn(server_port=1 + number, start_ns=START_NS + ms(5) * number, timestamps=False)
        talk.c("S", options=b"")
        packets += talk.packets
    return pcap([*packets, elsewhere(talk, seconds(2))])


CAPTURES = {
    "syn_answered_late.pcap": syn_answered_late,
    "syn_ack_unanswered.pcap": syn_ack_unanswered,
    "syn_ack_twice.pcap": syn_ack_twice,
    "accept_queue_overflow.pcap": accept_queue_overflow,
    "defer_accept.pcap": defer_accept,
    "syn_dropped_by_timestamp.pcap": lambda: behind_a_nat(lambda number: False),
    "syn_dropped_by_chance.pcap": lambda: behind_a_nat(lambda number: number == 5),
    "stray_segment.pcap": stray_segment,
    "stray_segment_of_a_stream.pcap": stray_segment_of_a_stream,
    "port_scan.pcap": lambda: port_scan(200),
    "port_scan_short.pcap": lambda: port_scan(100),
}
