"""The ways in which connections end."""

from lib import wire
from lib.files import Packet, pcap
from lib.story import CLIENT_MAC, Conn, ms, seconds, us


def elsewhere(talk, later_ns):
    """A packet of no connection: the capture goes on after the last segment."""
    return Packet(talk.now + later_ns, wire.arp_request(CLIENT_MAC, "10.0.0.1", "10.0.0.254"))


def four_segment_close():
    talk = Conn()
    talk.open()
    talk.close()
    return pcap(talk.packets)


def time_wait_elapsed():
    talk = Conn()
    talk.open()
    talk.close()
    return pcap([*talk.packets, elsewhere(talk, seconds(61))])


def three_segment_close():
    talk = Conn()
    talk.open()
    talk.wait(ms(5))
    talk.c("FA")
    talk.wait(ms(12))
    talk.s("FA")
    talk.wait(us(50))
    talk.c("A")
    return pcap(talk.packets)


def server_closes_first():
    talk = Conn()
    talk.open()
    talk.close(first="s")
    return pcap(talk.packets)


def simultaneous_close():
    talk = Conn()
    talk.open()
    talk.wait(ms(5))
    before = talk.heard("s")
    client_fin = talk.c("FA")
    in_fin = talk.heard("s")
    talk.wait(ms(6))
    talk.s("FA", ack=client_fin, echo=before)
    talk.wait(us(50))
    talk.c("A")
    talk.wait(ms(6))
    talk.s("A", echo=in_fin)
    return pcap(talk.packets)


def half_close():
    talk = Conn()
    talk.handshake()
    talk.wait(ms(1))
    talk.c("PA", 100)
    talk.wait(ms(1))
    talk.c("FA")
    talk.wait(ms(12))
    talk.s("A")
    for _ in range(3):
        talk.wait(ms(100))
        talk.s("PA", 1000)
        talk.wait(us(50))
        talk.c("A")
    talk.wait(ms(100))
    talk.s("FA")
    talk.wait(us(50))
    talk.c("A")
    return pcap(talk.packets)


def reset_after_data():
    talk = Conn()
    talk.open()
    talk.wait(ms(5))
    talk.c("PA", 200)
    talk.wait(ms(12))
    talk.abort("s")
    return pcap(talk.packets)


def reset_after_close():
    """The client closes; what the server still sends draws a reset."""
    talk = Conn()
    talk.open()
    talk.wait(ms(5))
    talk.c("FA")
    talk.wait(ms(12))
    talk.s("A")
    talk.wait(ms(300))
    talk.s("PA", 400)
    talk.wait(us(50))
    talk.c("R")
    return pcap(talk.packets)


def fin_retransmitted():
    talk = Conn()
    talk.open()
    talk.wait(ms(5))
    fin = talk.c("FA")
    for pause in (220, 440):
        talk.wait(ms(pause))
        talk.c("FA", seq=fin)
    talk.wait(ms(12))
    talk.s("A")
    talk.wait(ms(1))
    talk.s("FA")
    talk.wait(us(50))
    talk.c("A")
    return pcap(talk.packets)


def fin_never_acked():
    talk = Conn()
    talk.open()
    talk.wait(ms(5))
    fin = talk.c("FA")
    for doubling in range(5):
        talk.wait(ms(220 << doubling))
        talk.c("FA", seq=fin)
    return pcap([*talk.packets, elsewhere(talk, seconds(60))])


def fin_ack_missed():
    """The FIN passes twice and never again: it was acknowledged, where the tap did not see it."""
    talk = Conn()
    talk.open()
    talk.wait(ms(5))
    fin = talk.c("FA")
    talk.wait(ms(220))
    talk.c("FA", seq=fin)
    return pcap([*talk.packets, elsewhere(talk, seconds(60))])


def lost_last_ack():
    """The last ACK passed the tap and was lost behind it: the FIN comes again."""
    talk = Conn()
    talk.open()
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
    talk.c("A")
    return pcap(talk.packets)


def time_wait_reuse():
    first = Conn()
    first.open()
    first.close()
    second = Conn(client_isn=3_000_000, server_isn=9_000_000, start_ns=first.now + seconds(2))
    second.sides["c"].clock_ms += 3000
    second.sides["s"].clock_ms += 3000
    second.open()
    second.close()
    return pcap(first.packets + second.packets)


def close_wait_stuck():
    talk = Conn()
    talk.open()
    talk.wait(ms(5))
    talk.c("FA")
    talk.wait(ms(12))
    talk.s("A")
    return pcap([*talk.packets, elsewhere(talk, seconds(70))])


def peer_vanished():
    talk = Conn()
    talk.open()
    talk.wait(ms(5))
    data = talk.c("PA", 300)
    for doubling in range(6):
        talk.wait(ms(220 << doubling))
        talk.c("PA", 300, seq=data)
    return pcap([*talk.packets, elsewhere(talk, seconds(60))])


CAPTURES = {
    "four_segment_close.pcap": four_segment_close,
    "time_wait_elapsed.pcap": time_wait_elapsed,
    "three_segment_close.pcap": three_segment_close,
    "server_closes_first.pcap": server_closes_first,
    "simultaneous_close.pcap": simultaneous_close,
    "half_close.pcap": half_close,
    "reset_after_data.pcap": reset_after_data,
    "reset_after_close.pcap": reset_after_close,
    "fin_retransmitted.pcap": fin_retransmitted,
    "fin_never_acked.pcap": fin_never_acked,
    "fin_ack_missed.pcap": fin_ack_missed,
    "lost_last_ack.pcap": lost_last_ack,
    "time_wait_reuse.pcap": time_wait_reuse,
    "close_wait_stuck.pcap": close_wait_stuck,
    "peer_vanished.pcap": peer_vanished,
}
