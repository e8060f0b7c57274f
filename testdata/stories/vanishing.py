"""FINs sent again or never acknowledged, half-closes, peers that say no farewell."""

from dataclasses import replace

from lib import wire
from lib.files import Packet, pcap
from lib.story import CLIENT_MAC, Conn, ms, seconds, us


def elsewhere(talk, later_ns):
    """A packet of no connection: the capture goes on after the last segment."""
    return Packet(talk.now + later_ns, wire.arp_request(CLIENT_MAC, "10.0.0.1", "10.0.0.254"))


def opened():
    talk = Conn()
    talk.open()
    talk.wait(ms(5))
    return talk


def closed_by_client():
    """The client's FIN and its acknowledgment; the server is in CLOSE_WAIT."""
    talk = opened()
    talk.c("FA")
    talk.wait(ms(12))
    talk.s("A")
    return talk


def finish(talk):
    talk.wait(ms(1))
    talk.s("FA")
    talk.wait(us(50))
    talk.c("A")


# FINs sent again.

def fin_merged():
    """What goes out again is the last data and the FIN in one segment, from an older number."""
    talk = opened()
    data = talk.c("PA", 60)
    talk.c("FA")
    talk.wait(ms(230))
    talk.c("FPA", 60, seq=data)
    talk.wait(ms(12))
    talk.s("A")
    finish(talk)
    return pcap(talk.packets)


def fin_sacked():
    """The last data is lost before the tap. The server reports that it holds the FIN behind it; the
    client sends the data again, and the FIN with it."""
    talk = opened()
    have = talk.sides["c"].next
    talk.c("PA", 60, hidden=True)
    fin = talk.c("FA")
    talk.wait(ms(12))
    talk.s("A", ack=have, options=wire.option_sack((fin, fin + 1)))
    talk.wait(ms(70))
    talk.c("FPA", 60, seq=have)
    talk.wait(ms(12))
    talk.s("A")
    finish(talk)
    return pcap(talk.packets)


def fin_copied():
    """A switch delivers the FIN a second time, 60 ms later: the same packet, its IP ID included."""
    talk = opened()
    talk.c("FA")
    talk.packets.append(replace(talk.packets[-1], time_ns=talk.now + ms(60)))
    talk.wait(ms(70))
    talk.s("A")
    finish(talk)
    return pcap(talk.packets)


def fin_crossed():
    """The server's tail loss probe leaves while the last ACK is on its way to it."""
    talk = closed_by_client()
    talk.wait(ms(1))
    before = talk.heard("s")
    fin = talk.s("FA")
    talk.wait(us(50))
    talk.c("A")
    talk.wait(ms(6))
    talk.s("FA", seq=fin, echo=before)
    talk.wait(us(50))
    talk.c("A")
    return pcap(talk.packets)


def fin_unfinished():
    """The FIN three times, and the capture ends with the third."""
    talk = opened()
    fin = talk.c("FA")
    for pause in (220, 440):
        talk.wait(ms(pause))
        talk.c("FA", seq=fin)
    return pcap(talk.packets)


def last_ack_missing():
    talk = closed_by_client()
    talk.wait(ms(1))
    before = talk.heard("s")
    fin = talk.s("FA")
    for doubling in range(4):
        talk.wait(ms(220 << doubling))
        talk.s("FA", seq=fin, echo=before)
    return pcap([*talk.packets, elsewhere(talk, seconds(60))])


# Half-closes, and FINs that octets stand before.

def half_close_long():
    """The client closes its direction and takes an answer every 20 s for 80 s."""
    talk = closed_by_client()
    for _ in range(4):
        talk.wait(seconds(20))
        talk.s("PA", 500)
        talk.wait(us(50))
        talk.c("A")
    finish(talk)
    return pcap(talk.packets)


def closing_record():
    """Behind the client's FIN come 31 octets, a TLS alert, and the server's FIN."""
    talk = closed_by_client()
    talk.wait(ms(1))
    talk.s("PA", 31)
    finish(talk)
    return pcap(talk.packets)


def window_never_opens():
    """The server does not read: its window closes, and the client asks in vain for it to open."""
    talk = opened()
    talk.c("PA", 300)
    talk.wait(ms(12))
    talk.s("A", window=0)
    for pause in (1, 2, 4):
        talk.wait(seconds(pause))
        talk.c("A", seq=talk.sides["c"].next - 1)
        talk.wait(ms(12))
        talk.s("A", window=0)
    return pcap([*talk.packets, elsewhere(talk, seconds(2))])


def fin_over_hole():
    """The last data is lost before the tap, the FIN behind it is not."""
    talk = opened()
    have = talk.sides["c"].next
    talk.c("PA", 500, hidden=True)
    talk.c("FA")
    talk.wait(ms(12))
    talk.s("A", ack=have)
    return pcap([*talk.packets, elsewhere(talk, seconds(5))])


def fin_before_data():
    """The FIN overtakes the last data by a millisecond."""
    talk = opened()
    have = talk.sides["c"].next
    talk.c("PA", 500, hidden=True)
    talk.c("FA")
    talk.wait(ms(1))
    talk.c("PA", 500, seq=have)
    talk.wait(ms(12))
    talk.s("A")
    finish(talk)
    return pcap(talk.packets)


def data_beyond_fin():
    """The client closes, and sends 50 octets behind its own FIN."""
    talk = closed_by_client()
    talk.wait(ms(10))
    talk.c("PA", 50)
    talk.wait(ms(12))
    talk.s("A", ack=talk.sides["c"].next - 50)
    return pcap(talk.packets)


def acks(rounds):
    """Both sides answer what they hold for wrong: a box between has shifted the numbers."""
    talk = closed_by_client()
    for _ in range(rounds):
        talk.wait(us(50))
        talk.c("A")
        talk.wait(ms(12))
        talk.s("A")
    return pcap(talk.packets)


def ack_loop():
    return acks(55)


def ack_exchange():
    return acks(40)


# No farewell.

def peer_recovers():
    """Four retransmissions of one request, and then the server is back."""
    talk = opened()
    data = talk.c("PA", 300)
    for doubling in range(4):
        talk.wait(ms(220 << doubling))
        talk.c("PA", 300, seq=data)
    talk.wait(ms(12))
    talk.s("A")
    return pcap([*talk.packets, elsewhere(talk, seconds(60))])


def keepalive_unanswered():
    """Probes after 60 s, 10 s apart; the first is answered, four are not."""
    talk = opened()
    talk.wait(seconds(60))
    last = talk.sides["c"].next - 1
    talk.c("A", seq=last)
    talk.wait(ms(12))
    talk.s("A")
    talk.wait(seconds(60))
    for _ in range(4):
        talk.c("A", seq=last)
        talk.wait(seconds(10))
    return pcap([*talk.packets, elsewhere(talk, seconds(1))])


def after_gap(answered):
    talk = opened()
    talk.wait(seconds(350))
    data = talk.c("PA", 200)
    for doubling in range(3):
        talk.wait(ms(220 << doubling))
        talk.c("PA", 200, seq=data)
    if answered:
        talk.wait(ms(12))
        talk.s("A")
    return pcap([*talk.packets, elsewhere(talk, seconds(30))])


def idle_dropped():
    """A request after 350 s of silence is never answered."""
    return after_gap(False)


def idle_recovers():
    return after_gap(True)


CAPTURES = {
    "fin_merged.pcap": fin_merged,
    "fin_sacked.pcap": fin_sacked,
    "fin_copied.pcap": fin_copied,
    "fin_crossed.pcap": fin_crossed,
    "fin_unfinished.pcap": fin_unfinished,
    "last_ack_missing.pcap": last_ack_missing,
    "half_close_long.pcap": half_close_long,
    "closing_record.pcap": closing_record,
    "window_never_opens.pcap": window_never_opens,
    "fin_over_hole.pcap": fin_over_hole,
    "fin_before_data.pcap": fin_before_data,
    "data_beyond_fin.pcap": data_beyond_fin,
    "ack_loop.pcap": ack_loop,
    "ack_exchange.pcap": ack_exchange,
    "peer_recovers.pcap": peer_recovers,
    "keepalive_unanswered.pcap": keepalive_unanswered,
    "idle_dropped.pcap": idle_dropped,
    "idle_recovers.pcap": idle_recovers,
}
