"""The same five-tuple again."""

from lib import wire
from lib.files import Packet, pcap
from lib.story import CLIENT_MAC, Conn, ms, seconds, us


def elsewhere(talk, later_ns):
    """A packet of no connection: the capture goes on after the last segment."""
    return Packet(talk.now + later_ns, wire.arp_request(CLIENT_MAC, "10.0.0.1", "10.0.0.254"))


def used(first="s", **more):
    """A whole connection that one end, here the server, closes first: it holds TIME_WAIT."""
    talk = Conn(**more)
    talk.open()
    talk.close(first=first)
    return talk


def again(old, later_ns, client_isn, server_isn=9_000_000, clock_ms=None, **more):
    """The five-tuple once more. `clock_ms`: how far the client's clock went on since the old
    connection's last segment; as far as time did, unless the story says otherwise."""
    talk = Conn(client_isn=client_isn, server_isn=server_isn, start_ns=old.now + later_ns,
                timestamps=old.timestamps, **more)
    for side in "cs":
        went_on = later_ns // 1_000_000 if clock_ms is None or side == "s" else clock_ms
        talk.sides[side].clock_ms = old.timestamp(side) + went_on
    return talk


def challenged(new, old):
    """The holder answers with the old connection's numbers, the client with RST."""
    new.wait(ms(12))
    new.s("A", seq=old.sides["s"].next, ack=old.sides["c"].next)
    new.wait(us(50))
    new.c("R", seq=old.sides["c"].next)


def reuse_server_time_wait():
    old = used()
    new = again(old, seconds(2), client_isn=1_200_000)
    new.open()
    return pcap([*old.packets, *new.packets])


def reuse_beyond_two_msl():
    old = used()
    new = again(old, seconds(61), client_isn=1_200_000)
    new.open()
    return pcap([*old.packets, *new.packets])


def reuse_from_the_other_side():
    """The former server connects from its port to the former client's."""
    old = used(first="c")
    new = Conn(client="10.0.0.2", client_port=5001, server="10.0.0.1", server_port=40000,
               client_isn=5_001_002, server_isn=1_200_000, start_ns=old.now + seconds(2))
    new.sides["c"].clock_ms = old.timestamp("s") + 2000
    new.sides["s"].clock_ms = old.timestamp("c") + 2000
    new.handshake()
    return pcap([*old.packets, *new.packets])


def reuse_old_number():
    """Without timestamps, and below the old numbers: challenge, RST, and the SYN again."""
    old = used(timestamps=False)
    new = again(old, seconds(2), client_isn=950_000)
    syn = new.c("S")
    challenged(new, old)
    new.wait(ms(13))
    new.c("S", seq=syn)
    new.wait(ms(12))
    new.s("SA")
    new.wait(us(50))
    new.c("A")
    return pcap([*old.packets, *new.packets])


def reuse_older_timestamp():
    """A higher number, and a clock 500 ms behind the old connection's: dropped, until the SYN
    that is sent again a second later is stamped high enough."""
    old = used()
    new = again(old, seconds(2), client_isn=1_200_000, clock_ms=-500)
    syn = new.c("S")
    new.wait(seconds(1))
    new.c("S", seq=syn)
    new.wait(ms(12))
    new.s("SA")
    new.wait(us(50))
    new.c("A")
    return pcap([*old.packets, *new.packets])


def reuse_lost_syn():
    """A good SYN that was lost, and sent again."""
    old = used()
    new = again(old, seconds(2), client_isn=1_200_000)
    syn = new.c("S")
    new.wait(seconds(1))
    new.c("S", seq=syn)
    new.wait(ms(12))
    new.s("SA")
    new.wait(us(50))
    new.c("A")
    return pcap([*old.packets, *new.packets])


def aborted_by(side):
    old = Conn()
    old.open()
    old.wait(ms(5))
    old.abort(side)
    new = again(old, seconds(2), client_isn=1_200_000)
    new.open()
    return pcap([*old.packets, *new.packets])


def half_open():
    """The client was rebooted, and connects from the same port while the server is ESTABLISHED."""
    old = Conn()
    old.open()
    new = again(old, seconds(20), client_isn=3_000_000_000, clock_ms=-9000)
    syn = new.c("S")
    challenged(new, old)
    new.wait(ms(13))
    new.c("S", seq=syn)
    new.wait(ms(12))
    new.s("SA")
    new.wait(us(50))
    new.c("A")
    return pcap([*old.packets, *new.packets])


def forged_syn():
    """A SYN in the client's name; the client goes on with its connection."""
    talk = Conn()
    talk.open()
    talk.wait(seconds(1))
    forged = Conn(client_isn=3_000_000_000, start_ns=talk.now, ttl=(57, 64))
    forged.c("S")
    talk.packets += forged.packets
    talk.wait(ms(12))
    talk.s("A")
    talk.exchange()
    talk.close()
    return pcap(talk.packets)


def syn_isn_changed():
    """Nobody answers; after 5 s the application tries once more from the same port."""
    old = Conn()
    first = old.c("S")
    old.wait(seconds(1))
    old.c("S", seq=first)
    new = again(old, seconds(4), client_isn=2_000_000)
    new.open()
    return pcap([*old.packets, *new.packets])


def refused_and_again():
    """Refused; two seconds later somebody listens."""
    old = Conn()
    old.c("S")
    old.wait(ms(12))
    old.s("RA", seq=0)
    new = again(old, seconds(2), client_isn=2_000_000)
    new.open()
    return pcap([*old.packets, *new.packets])


def old_duplicate():
    """The old connection's request passes once more, in the middle of the new one."""
    old = used(first="c")
    request = old.packets[3]
    new = again(old, seconds(2), client_isn=1_200_000)
    new.open()
    new.wait(ms(500))
    late = Packet(new.now, request.data)
    new.wait(ms(500))
    new.exchange()
    return pcap([*old.packets, *sorted([*new.packets, late], key=lambda p: p.time_ns)])


def old_duplicate_acceptable():
    """Without timestamps, and with new numbers that begin within the old ones: what a link held
    back for three seconds falls into the new connection's window, and its ACK is not too old."""
    old = Conn(timestamps=False)
    old.open()
    old.wait(ms(5))
    old.c("PA", 1400)
    late = old.packets[-1]
    old.wait(ms(12))
    old.s("A")
    old.close(first="s")
    new = again(old, seconds(2), client_isn=1_000_050, server_isn=5_002_000)
    new.handshake()
    new.wait(seconds(1))
    late = Packet(new.now, late.data)
    return pcap([*old.packets, *new.packets, late])


CAPTURES = {
    "reuse_server_time_wait.pcap": reuse_server_time_wait,
    "reuse_beyond_two_msl.pcap": reuse_beyond_two_msl,
    "reuse_from_the_other_side.pcap": reuse_from_the_other_side,
    "reuse_old_number.pcap": reuse_old_number,
    "reuse_older_timestamp.pcap": reuse_older_timestamp,
    "reuse_lost_syn.pcap": reuse_lost_syn,
    "reuse_after_reset.pcap": lambda: aborted_by("c"),
    "reuse_after_own_reset.pcap": lambda: aborted_by("s"),
    "half_open.pcap": half_open,
    "forged_syn.pcap": forged_syn,
    "syn_isn_changed.pcap": syn_isn_changed,
    "refused_and_again.pcap": refused_and_again,
    "old_duplicate.pcap": old_duplicate,
    "old_duplicate_acceptable.pcap": old_duplicate_acceptable,
}
