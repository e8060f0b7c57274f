"""TCP connections told as stories: who sends what, when, and what the tap sees of it.

    talk = Conn()
    talk.handshake()
    talk.c("PA", 100)            # the client sends 100 octets
    talk.wait(ms(12))
    talk.s("A")                  # the server acknowledges everything sent so far
    packets = talk.packets

Each send moves the sender's next sequence number on; the ACK field defaults to all that the peer
has sent, and the timestamp echo to the newest that it has sent. Whatever a story needs otherwise is
given by name: `seq` (a retransmission or a probe), `ack` and `echo` (what had not arrived yet, or
never did), `hidden` (sent, and never seen by the tap).
"""

from . import wire
from .files import Packet

START_NS = 1_767_607_200 * 10**9  # 2026-01-05 10:00:00 UTC

CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"


def us(value):
    return value * 1000


def ms(value):
    return value * 1_000_000


def seconds(value):
    return value * 1_000_000_000


class Ethernet:
    """The default way to the wire; called with the side ("c" or "s") and the IP packet."""

    def __init__(self, client_mac=CLIENT_MAC, server_mac=SERVER_MAC, vlans=()):
        self.macs = {"c": (client_mac, server_mac), "s": (server_mac, client_mac)}
        self.vlans = vlans

    def __call__(self, side, packet):
        return wire.ethernet(packet, *self.macs[side], vlans=self.vlans)


class Side:
    def __init__(self, host, port, isn, ttl, ip_id, clock_ms):
        self.host, self.port, self.ttl, self.ip_id = host, port, ttl, ip_id
        self.isn, self.next, self.clock_ms = isn, isn, clock_ms
        self.last_ts = 0  # newest timestamp of the peer


class Conn:
    def __init__(self, client="10.0.0.1", server="10.0.0.2", client_port=40000, server_port=5001,
                 client_isn=1_000_000, server_isn=5_000_000, start_ns=START_NS, link=None,
                 interface=0, timestamps=True, ttl=(64, 64), window=502, rtt_ns=ms(12), seen="cs",
                 shift_ns=(0, 0)):
        """`seen`: the sides whose packets the tap sees. `shift_ns`: how much later (client's,
        server's packets) the tap sees them than a tap beside the client would."""
        self.sides = {"c": Side(client, client_port, client_isn, ttl[0], 100, 10_000),
                      "s": Side(server, server_port, server_isn, ttl[1], 9000, 77_000)}
        self.start_ns = self.now = start_ns
        self.link = link or Ethernet()
        self.interface, self.timestamps, self.window, self.rtt_ns = (interface, timestamps, window,
                                                                     rtt_ns)
        self.seen, self.shift_ns = seen, dict(zip("cs", shift_ns))
        self.packets = []

    def heard(self, side):
        """The newest timestamp that has passed towards a side."""
        return self.sides[side].last_ts

    def wait(self, duration_ns):
        self.now += duration_ns

    def c(self, flags, data=0, **more):
        return self.send("c", flags, data, **more)

    def s(self, flags, data=0, **more):
        return self.send("s", flags, data, **more)

    def timestamp(self, side):
        return self.sides[side].clock_ms + (self.now - self.start_ns) // 1_000_000

    def segment(self, side, flags, data=0, seq=None, ack=None, options=None, window=None,
                echo=None):
        """The TCP segment alone; `data` is octets or their number."""
        me, peer = self.sides[side], self.sides["s" if side == "c" else "c"]
        bits = wire.flags_of(flags)
        payload = data if isinstance(data, bytes) else b"." * data
        seq = me.next if seq is None else seq
        ack = (peer.next if ack is None else ack) if bits & wire.ACK else 0
        if options is None:
            options = b""
            if bits & wire.SYN:
                options += wire.option_mss(1460) + wire.option_sack_permitted()
                options += wire.option_window_scale(7)
            if self.timestamps and not bits & wire.RST:
                echo = me.last_ts if echo is None else echo
                options += wire.option_timestamps(self.timestamp(side),
                                                  echo if bits & wire.ACK else 0)
        window = (0 if bits & wire.RST else self.window) if window is None else window
        return wire.tcp(me.host, peer.host, me.port, peer.port, seq, ack, bits, window, options,
                        payload)

    def send(self, side, flags, data=0, seq=None, ack=None, options=None, window=None,
             hidden=False, ttl=None, echo=None):
        """Returns the sequence number used, for a later retransmission."""
        me, peer = self.sides[side], self.sides["s" if side == "c" else "c"]
        used = me.next if seq is None else seq
        segment = self.segment(side, flags, data, seq, ack, options, window, echo)
        packet = wire.ip(me.host, peer.host, wire.IPPROTO_TCP, segment,
                         me.ttl if ttl is None else ttl, me.ip_id)
        me.ip_id += 1
        length = len(data) if isinstance(data, bytes) else data
        if seq is None:
            me.next = (me.next + length + ("S" in flags) + ("F" in flags)) & 0xFFFFFFFF
        if self.timestamps and "R" not in flags:
            peer.last_ts = self.timestamp(side)
        if not hidden and side in self.seen:
            self.packets.append(Packet(self.now + self.shift_ns[side], self.link(side, packet),
                                       interface=self.interface))
        return used

    def abort(self, side):
        """The RST of a live connection being torn down, as Linux shapes it."""
        echo = self.sides[side].last_ts
        options = wire.option_timestamps(self.timestamp(side), echo) if self.timestamps else b""
        self.send(side, "RA", options=options)

    # Stories within stories.

    def handshake(self):
        self.c("S")
        self.wait(self.rtt_ns)
        self.s("SA")
        self.wait(us(50))
        self.c("A")

    def exchange(self, request=100, response=1000, think_ns=ms(2)):
        self.wait(ms(1))
        self.c("PA", request)
        self.wait(self.rtt_ns)
        self.s("A")
        self.wait(think_ns)
        self.s("PA", response)
        self.wait(us(50))
        self.c("A")

    def open(self):
        """A handshake and one request with its answer."""
        self.handshake()
        self.exchange()

    def close(self, first="c"):
        """FIN, ACK, FIN, ACK; the tap stands beside the client."""
        second = "s" if first == "c" else "c"
        away, back = (self.rtt_ns, us(50)) if first == "c" else (us(50), self.rtt_ns)
        self.wait(ms(5))
        self.send(first, "FA")
        self.wait(away)
        self.send(second, "A")
        self.wait(ms(1))
        self.send(second, "FA")
        self.wait(back)
        self.send(first, "A")
