"""Traffic that every network carries, and that must not raise an alarm: see tests/ordinary_test.py."""

from lib import wire
from lib.files import Packet, pcap
from lib.story import CLIENT_MAC, START_NS, Conn, ms, seconds, us


def later(packets, pause_ns):
    """The capture goes on: a packet of no connection."""
    last = max(packet.time_ns for packet in packets)
    return [*packets, Packet(last + pause_ns, wire.arp_request(CLIENT_MAC, "10.0.0.1",
                                                                "10.0.0.254"))]


def in_order(talks):
    return sorted((packet for talk in talks for packet in talk.packets),
                  key=lambda packet: packet.time_ns)


def health_checks():
    """Every two seconds a balancer opens a connection and aborts it: half of them at once instead
    of the third segment, as balancers that only ask whether the port is open do."""
    talks = []
    for number in range(10):
        talk = Conn(client_port=41000 + number, client_isn=1_000_000 + 7_000 * number,
                    start_ns=START_NS + number * seconds(2))
        if number % 2:
            talk.c("S")
            talk.wait(talk.rtt_ns)
            talk.s("SA")
            talk.wait(us(50))
            talk.c("R")
        else:
            talk.handshake()
            talk.wait(us(20))
            talk.abort("c")
        talks.append(talk)
    return pcap(later(in_order(talks), seconds(120)))


def tls_clients():
    """The client sends its closing record and FIN; the server's closing record, 31 octets, crosses
    or follows, with the server's FIN behind it, and meets a socket that is closed for good."""
    talks = []
    for number in range(6):
        talk = Conn(client_port=42000 + number, server_port=443,
                    client_isn=2_000_000 + 9_000 * number, start_ns=START_NS + seconds(number))
        talk.open()
        talk.wait(ms(200))
        talk.c("PA", 31)
        fin = talk.c("FA") + 1
        talk.wait(talk.rtt_ns)
        talk.s("PA", 31)
        talk.wait(us(30))
        talk.s("FA")
        talk.wait(us(60))
        talk.c("R", seq=fin)
        talk.wait(us(20))
        talk.c("R", seq=fin)
        talks.append(talk)
    return pcap(later(in_order(talks), seconds(120)))


def keep_alive_pool():
    """A server closes idle connections after 15 s. The pool leaves them in CLOSE_WAIT for 20 s,
    until it looks at them again, and closes them then."""
    talks = []
    for number in range(6):
        talk = Conn(client_port=43000 + number, server_port=8080,
                    client_isn=3_000_000 + 11_000 * number,
                    start_ns=START_NS + ms(300) * number)
        talk.open()
        talk.wait(ms(50))
        talk.exchange()
        talk.wait(seconds(15))
        talk.s("FA")
        talk.wait(ms(40))
        talk.c("A")
        talk.wait(seconds(20))
        talk.c("FA")
        talk.wait(talk.rtt_ns)
        talk.s("A")
        talks.append(talk)
    return pcap(later(in_order(talks), seconds(130)))


def connect_scan():
    """One host tries the ports of another: refused, or opened and dropped at once; and the same
    without a full handshake."""
    talks = []
    for number in range(24):
        talk = Conn(client_port=44000 + number, server_port=20 + number,
                    client_isn=4_000_000 + 13_000 * number, start_ns=START_NS + ms(40) * number)
        talk.c("S")
        talk.wait(talk.rtt_ns)
        if number % 8 == 2:
            talk.s("SA")
            talk.wait(us(50))
            if number % 16 == 2:
                talk.c("A")
                talk.wait(us(30))
                talk.abort("c")
            else:
                talk.c("R")
        else:
            talk.s("RA", seq=0)
        talks.append(talk)
    return pcap(later(in_order(talks), seconds(120)))


def browser_resets():
    """The server closes idle connections; the browser, which has nothing to send, answers the FIN
    with RST."""
    talks = []
    for number in range(6):
        talk = Conn(client_port=45000 + number, server_port=443,
                    client_isn=5_000_000 + 17_000 * number, start_ns=START_NS + ms(250) * number)
        talk.open()
        talk.wait(seconds(5))
        talk.s("FA")
        talk.wait(us(80))
        talk.abort("c")
        talks.append(talk)
    return pcap(later(in_order(talks), seconds(120)))


def defer_accept():
    """The server accepts only with the first octets (TCP_DEFER_ACCEPT): it takes no notice of the
    handshake's ACK, and repeats its SYN-ACK until the request comes."""
    talk = Conn(server_port=80)
    talk.c("S")
    talk.wait(talk.rtt_ns)
    syn_ack = talk.s("SA")
    talk.wait(us(50))
    talk.c("A")
    for pause in (1, 2):
        talk.wait(seconds(pause))
        talk.s("SA", seq=syn_ack)
        talk.wait(us(50))
        talk.c("A")
    talk.wait(ms(500))
    talk.exchange()
    talk.close()
    return pcap(later(talk.packets, seconds(120)))


CAPTURES = {
    "ordinary_health_checks.pcap": health_checks,
    "ordinary_tls_clients.pcap": tls_clients,
    "ordinary_keep_alive_pool.pcap": keep_alive_pool,
    "ordinary_connect_scan.pcap": connect_scan,
    "ordinary_browser_resets.pcap": browser_resets,
    "ordinary_defer_accept.pcap": defer_accept,
}
