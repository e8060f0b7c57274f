"""Sequence numbers, windows and lengths in the middle of a connection's life."""

from lib.files import Packet, pcap
from lib.story import Conn, ms, seconds, us


def sequence_wrap():
    """Both sequence spaces pass zero within the data, the server's with its FIN."""
    talk = Conn(client_isn=2**32 - 60, server_isn=2**32 - 1002)
    talk.open()
    talk.close()
    return pcap(talk.packets)


def keepalive():
    talk = Conn()
    talk.open()
    for _ in range(3):
        talk.wait(seconds(10))
        talk.c("A", seq=talk.sides["c"].next - 1)
        talk.wait(ms(12))
        talk.s("A")
    talk.close()
    return pcap(talk.packets)


def zero_window_probe():
    """The server stops reading; the client probes as Linux does, one below its next number."""
    talk = Conn()
    talk.open()
    talk.wait(ms(1))
    talk.c("PA", 1448)
    talk.wait(ms(12))
    talk.s("A", window=0)
    for doubling in range(3):
        talk.wait(ms(220 << doubling))
        talk.c("A", seq=talk.sides["c"].next - 1)
        talk.wait(ms(12))
        talk.s("A", window=0)
    talk.wait(ms(300))
    talk.s("A")
    talk.wait(us(50))
    talk.c("PA", 500)
    talk.wait(ms(12))
    talk.s("A")
    talk.close()
    return pcap(talk.packets)


def tso_length_zero():
    """A segment larger than any IP packet, as the sending host's own capture shows it."""
    talk = Conn()
    talk.open()
    talk.wait(ms(1))
    big = 70_000
    stored = talk.packets
    talk.packets = []
    talk.c("PA", 2)
    head = bytearray(talk.packets[0].data)
    head[16:18] = b"\0\0"  # the IP length that does not fit
    talk.sides["c"].next = (talk.sides["c"].next + big - 2) & 0xFFFFFFFF
    stored.append(Packet(talk.now, bytes(head), original_len=len(head) - 2 + big))
    talk.packets = stored
    talk.wait(ms(12))
    talk.s("A")
    talk.close()
    return pcap(talk.packets)


CAPTURES = {
    "sequence_wrap.pcap": sequence_wrap,
    "keepalive.pcap": keepalive,
    "zero_window_probe.pcap": zero_window_probe,
    "tso_length_zero.pcap": tso_length_zero,
}
