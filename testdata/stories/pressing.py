"""What closed connections cost a host."""

import gzip

from lib import wire
from lib.files import LINK_RAW, Packet, pcap
from lib.story import CLIENT_MAC, START_NS, Conn, ms, seconds, us


def told(talks, last_ns):
    """All of them in one capture, which goes on until so long after its start."""
    end = Packet(START_NS + last_ns, wire.arp_request(CLIENT_MAC, "10.0.0.1", "10.0.0.254"))
    return pcap(sorted((packet for talk in talks for packet in talk.packets),
                       key=lambda packet: packet.time_ns) + [end])


def talk_number(number, start_ns, port=40000):
    return Conn(client_port=port + number, client_isn=1_000_000 + 11_000 * number,
                server_isn=5_000_000 + 13_000 * number, start_ns=START_NS + start_ns)


# ---- ports -------------------------------------------------------------------------------------

def short_connections(first):
    """A new connection every two seconds, 18 of them, each closed at once."""
    talks = []
    for number in range(18):
        talk = talk_number(number, seconds(2) * number)
        talk.handshake()
        talk.close(first)
        talks.append(talk)
    return told(talks, seconds(40))


def ports_closed_by_client():
    return short_connections("c")


def ports_closed_by_server():
    return short_connections("s")


# ---- TIME_WAIT ---------------------------------------------------------------------------------

def many_time_waits():
    """10,050 connections that end within 41 s, a hundred at a time; the client closes first. Of
    each the capture has the close alone, all with the same numbers."""
    packets = []

    def send(side, port, seq, ack, flags, at_ns):
        hosts = ("10.0.0.1", "10.0.0.2")[::1 if side == "c" else -1]
        ports = (port, 5001)[::1 if side == "c" else -1]
        segment = wire.tcp(*hosts, *ports, seq, ack, wire.flags_of(flags), 500)
        packets.append(Packet(at_ns, wire.ip(*hosts, wire.IPPROTO_TCP, segment)))

    ports = range(10_000, 20_050)
    for batch in range(0, len(ports), 100):
        start_ns = START_NS + batch * ms(4)
        for later_ns, segment in ((0, ("c", 7, 7, "FA")), (us(100), ("s", 7, 8, "FA")),
                                  (us(200), ("c", 8, 8, "A"))):
            for port in ports[batch:batch + 100]:
                side, seq, ack, flags = segment
                send(side, port, seq, ack, flags, start_ns + later_ns)
    return gzip.compress(pcap(packets, link_type=LINK_RAW), mtime=0)


def closed_without_time_wait(number, start_ns):
    """The last ACK is lost behind the tap; the server sends its FIN again, and the client, which
    should be in TIME_WAIT, answers as if it had never heard of the connection."""
    talk = talk_number(number, start_ns)
    talk.handshake()
    talk.wait(ms(5))
    talk.c("FA")
    talk.wait(ms(12))
    talk.s("A")
    talk.wait(ms(1))
    fin = talk.s("FA")
    before = talk.heard("s")
    talk.wait(us(50))
    talk.c("A")
    talk.wait(ms(250))
    talk.s("FA", seq=fin, echo=before)
    talk.wait(us(50))
    talk.c("R")
    return talk


def closed(number, start_ns):
    talk = talk_number(number, start_ns)
    talk.handshake()
    talk.close()
    return talk


def time_waits_at_their_limit():
    """Twelve connections closed by the client, one a second; then three more that the client does
    not keep in TIME_WAIT."""
    talks = [closed(number, seconds(number)) for number in range(12)]
    talks += [closed_without_time_wait(number, seconds(number)) for number in range(12, 15)]
    return told(talks, seconds(20))


def time_waits_missing_at_random():
    """The same fifteen, but those that are not kept are the first, the sixth and the last: that is
    no limit."""
    missing = (0, 5, 14)
    return told([(closed_without_time_wait if number in missing else closed)(number,
                                                                             seconds(number))
                 for number in range(15)], seconds(20))


# ---- CLOSE_WAIT --------------------------------------------------------------------------------

def never_closed(number, start_ns, fin_ns):
    """The client closes; the server acknowledges, and that is all."""
    talk = talk_number(number, start_ns)
    talk.open()
    talk.wait(START_NS + fin_ns - talk.now)
    talk.c("FA")
    talk.wait(talk.rtt_ns)
    talk.s("A")
    return talk


def close_wait_leak():
    """A connection every two seconds, twelve in all, that the server never closes."""
    return told([never_closed(number, seconds(2) * number, seconds(2) * number + seconds(1))
                 for number in range(12)], seconds(40))


def close_wait_at_once():
    """The client closes its twelve connections at the same moment, and the server closes none of
    them: a pool that is forgotten, but it does not grow."""
    return told([never_closed(number, seconds(2) * number, seconds(25) + us(100) * number)
                 for number in range(12)], seconds(40))


CAPTURES = {
    "ports_closed_by_client.pcap": ports_closed_by_client,
    "ports_closed_by_server.pcap": ports_closed_by_server,
    "large/many_time_waits.pcap.gz": many_time_waits,
    "time_waits_at_their_limit.pcap": time_waits_at_their_limit,
    "time_waits_missing_at_random.pcap": time_waits_missing_at_random,
    "close_wait_leak.pcap": close_wait_leak,
    "close_wait_at_once.pcap": close_wait_at_once,
}
