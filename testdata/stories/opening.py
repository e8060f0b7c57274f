"""Connections that begin in an unusual way, or not at all."""

from lib import wire
from lib.files import merged, pcap
from lib.story import Conn, ms, seconds, us


def syn_refused():
    talk = Conn()
    talk.c("S")
    talk.wait(ms(12))
    talk.s("RA", seq=0)
    return pcap(talk.packets)


def syn_refused_first():
    """The tap shows the answer 0.7 ms before the SYN that it answers."""
    talk = Conn()
    talk.c("S", hidden=True)
    talk.s("RA", seq=0)
    talk.wait(us(700))
    talk.c("S", seq=1_000_000)
    return pcap(talk.packets)


def syn_unanswered():
    talk = Conn()
    first = talk.c("S")
    for pause in (1, 2, 4):
        talk.wait(seconds(pause))
        talk.c("S", seq=first)
    return pcap(talk.packets)


def syn_unanswered_one_way():
    """The tap sees nothing that goes to the client: one connection lives, of another who knows?"""
    alive = Conn(seen="c")
    alive.open()
    alive.exchange()
    talk = Conn(client_port=40001, server_port=5002, start_ns=alive.now + ms(10))
    first = talk.c("S")
    talk.wait(seconds(1))
    talk.c("S", seq=first)
    talk.wait(seconds(2))
    talk.c("S", seq=first)
    talk.wait(seconds(8))
    alive.now = talk.now
    alive.exchange()
    return pcap(merged(alive.packets, talk.packets))


def handshake_aborted():
    talk = Conn()
    talk.c("S")
    talk.wait(ms(12))
    talk.s("SA")
    talk.wait(us(50))
    talk.c("R")
    return pcap(talk.packets)


def fast_open():
    talk = Conn()
    cookie = wire.option_fast_open(bytes.fromhex("0123456789abcdef"))
    syn = wire.option_mss(1460) + wire.option_sack_permitted() + wire.option_window_scale(7)
    talk.c("S", b"request in the SYN", options=syn + cookie)
    talk.wait(ms(12))
    talk.s("SA")
    talk.wait(us(30))
    talk.c("A")
    talk.wait(ms(1))
    talk.s("PA", 500)
    talk.wait(us(50))
    talk.c("A")
    talk.close()
    return pcap(talk.packets)


def simultaneous_open():
    talk = Conn(client_port=6000, server_port=6001)
    client_syn = talk.c("S")
    in_syn = talk.heard("s")
    talk.wait(ms(5))
    server_syn = talk.s("S")
    talk.wait(us(50))
    talk.c("SA", seq=client_syn)
    talk.wait(ms(7))
    talk.s("SA", seq=server_syn, echo=in_syn)
    talk.exchange()
    talk.close()
    return pcap(talk.packets)


def mid_stream_start():
    talk = Conn(seen="")
    talk.open()
    talk.seen = "cs"
    talk.exchange()
    talk.close()
    return pcap(talk.packets)


CAPTURES = {
    "syn_refused.pcap": syn_refused,
    "syn_refused_first.pcap": syn_refused_first,
    "syn_unanswered.pcap": syn_unanswered,
    "syn_unanswered_one_way.pcap": syn_unanswered_one_way,
    "handshake_aborted.pcap": handshake_aborted,
    "fast_open.pcap": fast_open,
    "simultaneous_open.pcap": simultaneous_open,
    "mid_stream_start.pcap": mid_stream_start,
}
