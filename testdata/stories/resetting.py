"""Connections that end in RST, and why."""

from lib.files import pcap
from lib.story import Conn, ms, seconds, us


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


def closed_by_both():
    talk = closed_by_client()
    talk.wait(ms(1))
    fin = talk.s("FA")
    talk.wait(us(50))
    talk.c("A")
    return talk, fin


def reset_forged():
    """A reset that a box between sends in the server's name; the server goes on."""
    talk = opened()
    talk.wait(ms(300))
    talk.s("R", ttl=49)
    talk.wait(ms(400))
    talk.s("PA", 200)
    talk.wait(us(50))
    talk.c("R")
    return pcap(talk.packets)


def reset_inexact():
    """The first reset's number is off by 500: the client asks back, the second is exact."""
    talk = opened()
    talk.wait(ms(300))
    talk.s("RA", seq=talk.sides["s"].next + 500)
    talk.wait(us(50))
    talk.c("A")
    talk.wait(ms(12))
    talk.s("R")
    return pcap(talk.packets)


def reset_lost():
    """The server's reset is lost behind the tap; the client goes on, and sends again."""
    talk = opened()
    talk.wait(ms(300))
    talk.s("R")
    talk.wait(ms(700))
    first = talk.c("PA", 200)
    for pause in (ms(300), ms(900)):
        talk.wait(pause)
        talk.c("PA", 200, seq=first)
    return pcap(talk.packets)


def reset_found_late():
    """The client's host stands still while the server sends in vain, and resets. When it is back,
    it speaks before it has read any of that."""
    talk = opened()
    talk.wait(ms(300))
    first = talk.s("PA", 3)
    for pause in (3, 6):
        talk.wait(seconds(pause))
        talk.s("PA", 3, seq=first)
    talk.wait(seconds(3))
    talk.s("R")
    talk.wait(seconds(40))
    talk.c("PA", 3)
    talk.wait(us(900))
    talk.s("R")
    talk.wait(ms(10))
    talk.c("A")
    return pcap(talk.packets)


def time_wait_refused():
    """The last ACK is lost behind the tap; the FIN comes again and meets no TIME_WAIT."""
    talk, fin = closed_by_both()
    talk.wait(ms(250))
    talk.s("FA", seq=fin)
    talk.wait(us(50))
    talk.c("R")
    return pcap(talk.packets)


def time_wait_assassinated():
    """A late copy of the last ACK draws a reset from the closed server."""
    talk, _ = closed_by_both()
    talk.wait(ms(500))
    talk.c("A")
    talk.wait(ms(12))
    talk.s("R")
    return pcap(talk.packets)


def request_met_close():
    """The server closes the idle connection while a request is on its way."""
    talk = opened()
    talk.wait(seconds(5))
    before = talk.sides["c"].next
    echo = talk.heard("s")
    talk.c("PA", 120)
    talk.wait(ms(4))
    talk.s("FA", ack=before, echo=echo)
    talk.wait(us(50))
    talk.c("A")
    talk.wait(ms(8))
    talk.s("R", seq=talk.sides["s"].next - 1)
    talk.wait(ms(4))
    talk.s("R")
    return pcap(talk.packets)


def fin_wait_2_expired():
    talk = closed_by_client()
    talk.wait(seconds(70))
    talk.s("PA", 300)
    talk.wait(us(50))
    talk.c("R")
    return pcap(talk.packets)


def fin_met_closed():
    talk = closed_by_client()
    talk.wait(ms(300))
    talk.s("FA")
    talk.wait(us(50))
    talk.c("R")
    return pcap(talk.packets)


def reset_after_own_fin():
    """shutdown(), then close() with data unread."""
    talk = closed_by_client()
    talk.wait(ms(100))
    talk.s("PA", 400)
    talk.wait(us(50))
    talk.c("A")
    talk.wait(ms(100))
    talk.abort("c")
    return pcap(talk.packets)


def keepalive_reset():
    talk = opened()
    for _ in range(3):
        talk.wait(seconds(10))
        talk.s("A", seq=talk.sides["s"].next - 1)
    talk.wait(seconds(10))
    talk.abort("s")
    return pcap(talk.packets)


def retransmission_reset():
    talk = opened()
    data = talk.c("PA", 300)
    for doubling in range(4):
        talk.wait(ms(220 << doubling))
        talk.c("PA", 300, seq=data)
    talk.wait(ms(220 << 4))
    talk.abort("c")
    return pcap(talk.packets)


def idle_reset():
    talk = opened()
    talk.wait(seconds(350))
    talk.abort("s")
    return pcap(talk.packets)


def idle_put_away():
    """The client that opened the connection resets it itself, idle and all acknowledged."""
    talk = opened()
    talk.wait(seconds(61))
    talk.abort("c")
    return pcap(talk.packets)


def data_cross_close():
    """The client closes while an answer is on its way; no RST but the reply to it."""
    talk = opened()
    talk.c("PA", 80)
    talk.wait(ms(12))
    talk.s("A")
    before = talk.sides["c"].next
    echo = talk.heard("c")
    talk.wait(ms(50))
    talk.c("FA")
    talk.wait(ms(4))
    talk.s("PA", 700, ack=before, echo=echo)
    talk.wait(us(50))
    talk.c("R", seq=talk.sides["c"].next - 1)
    return pcap(talk.packets)


def health_check_reset():
    talk = Conn()
    talk.handshake()
    talk.wait(us(200))
    talk.abort("c")
    return pcap(talk.packets)


def peer_rebooted():
    talk = opened()
    talk.wait(seconds(20))
    talk.c("PA", 100)
    talk.wait(ms(12))
    talk.s("R")
    return pcap(talk.packets)


def reset_in_time_wait():
    """The end that holds TIME_WAIT sends a reset itself."""
    talk, _ = closed_by_both()
    talk.wait(seconds(1))
    talk.abort("c")
    return pcap(talk.packets)


def reset_says_why():
    """The reset's payload tells the reason, and tries to clear the reader's screen."""
    talk = opened()
    talk.wait(ms(100))
    talk.s("RA", b"session limit reached\x1b[2J")
    return pcap(talk.packets)


CAPTURES = {
    "reset_forged.pcap": reset_forged,
    "reset_inexact.pcap": reset_inexact,
    "reset_lost.pcap": reset_lost,
    "reset_found_late.pcap": reset_found_late,
    "time_wait_refused.pcap": time_wait_refused,
    "time_wait_assassinated.pcap": time_wait_assassinated,
    "request_met_close.pcap": request_met_close,
    "fin_wait_2_expired.pcap": fin_wait_2_expired,
    "fin_met_closed.pcap": fin_met_closed,
    "reset_after_own_fin.pcap": reset_after_own_fin,
    "keepalive_reset.pcap": keepalive_reset,
    "retransmission_reset.pcap": retransmission_reset,
    "idle_reset.pcap": idle_reset,
    "idle_put_away.pcap": idle_put_away,
    "data_cross_close.pcap": data_cross_close,
    "health_check_reset.pcap": health_check_reset,
    "peer_rebooted.pcap": peer_rebooted,
    "reset_in_time_wait.pcap": reset_in_time_wait,
    "reset_says_why.pcap": reset_says_why,
}
