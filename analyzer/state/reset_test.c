/*
 * Resets: in every state, acceptable or not, of every form (tcp-close.md 5).
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- in every state, by RFC 9293 section 3.10.7.4: CLOSED */
    SCRIPT("established: an abort", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "client: SYN_SENT ESTABLISHED CLOSED!\n"
        "client CLOSED @7 sent_rst\n"
        "client in CLOSED\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSED?\n"
        "server CLOSED @7 received_rst\n"
        "server in ESTABLISHED CLOSED\n"
        "reset by client abort later\n"
        "close reset by client\n"
        /* After a reset there is no TIME_WAIT. */
        "time_wait held_by none\n"),
    SCRIPT("established: an abort by the server", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSED!\n"
        "client: SYN_SENT ESTABLISHED CLOSED?\n"
        "reset by server abort later\n"
        "close reset by server\n"),
    SCRIPT("fin_wait_1: reset by the peer", FIN_WAIT_1
        "+.010 < R. 201:201(0) ack 102\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSED?\n"
        "client in FIN_WAIT_1 CLOSED\n"
        "server = CLOSED!\n"
        "reset by server abort closing\n"
        "close reset by server\n"),
    SCRIPT("fin_wait_2: reset by the peer", FIN_WAIT_2
        "+.100 < R. 201:201(0) ack 102\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSED?\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT CLOSED!\n"
        "reset by server abort closing\n"
        "close reset by server\n"),
    SCRIPT("fin_wait_2: resets the peer", FIN_WAIT_2
        "+.100 > R. 102:102(0) ack 201\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSED!\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT CLOSED?\n"
        "close reset by client\n"),
    SCRIPT("close_wait: resets the peer with data unread", FIN_WAIT_2
        "+.100 < R. 201:201(0) ack 102\n"
        "server CLOSED! @9 sent_rst\n"
        "server in CLOSED\n"),
    SCRIPT("closing: reset", CLOSING
        "+.001 > R. 102:102(0) ack 202\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSING CLOSED!\n"
        "server: SYN_RECEIVED ESTABLISHED FIN_WAIT_1 CLOSING? CLOSED?\n"
        "close reset by client\n"),
    SCRIPT("last_ack: reset", LAST_ACK
        "+.010 > R 102:102(0)\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?\n"
        "server CLOSED @10 received_rst\n"
        "server in LAST_ACK CLOSED\n"),
    SCRIPT("syn_received: reset by the client", SYN_RECEIVED
        "+.010 > R. 1:1(0) ack 1\n"
        "server: SYN_RECEIVED CLOSED?\n"
        "client not SYN_RECEIVED\n"
        "close none\n"),
    /* The RST has the ACK that a refusal of the SYN-ACK would have: frame 3 tells that it is none. */
    SCRIPT("opened and reset at once", OPENED
        "+.010 > R. 1:1(0) ack 1\n"
        "client: SYN_SENT ESTABLISHED CLOSED!\n"
        "client ESTABLISHED @2 received_syn_ack confirmed_by 3\n"
        "close reset by client\n"),

    /* ---- acceptable: the span from the last ACK to the highest octet sent */
    SCRIPT("outside the window: dropped", ESTABLISHED
        "+.100 < R. 90001:90001(0) ack 101\n"
        "client = ESTABLISHED!\n"
        "client: SYN_SENT ESTABLISHED!\n"),
    SCRIPT("inside the window, but not exact: a challenge ACK, no change", ESTABLISHED
        "+.100 < R. 202:202(0) ack 101\n"
        "client = ESTABLISHED!\n"
        "+.001 > . 101:101(0) ack 201\n"
        "client: SYN_SENT ESTABLISHED!\n"),
    SCRIPT("one below: dropped", ESTABLISHED
        "+.100 < R. 200:200(0) ack 101\n"
        "client = ESTABLISHED!\n"),
    SCRIPT("between the last ACK and the highest octet: acceptable, presumed", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 < R. 201:201(0) ack 101\n"
        "client = CLOSED?\n"
        "client may ESTABLISHED CLOSED\n"),
    SCRIPT("the highest octet", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 < R. 301:301(0) ack 101\n"
        "client = CLOSED?\n"),
    SCRIPT("the first beyond the highest octet", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 < R. 302:302(0) ack 101\n"
        "client = ESTABLISHED\n"),
    /* Linux takes rcv_nxt - 1 once it has received a FIN (section 9). */
    SCRIPT("one below, after a FIN was received", LAST_ACK
        "+.001 < R 201:201(0)\n"
        "client = CLOSED?\n"
        "client CLOSED @10 received_rst\n"),

    /* ---- sent, but not received */
    SCRIPT("the peer goes on: lost or not acceptable", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "client = CLOSED?\n"
        "+.500 > P. 101:151(50) ack 201\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "client retracted CLOSED @7 received_rst\n"
        "client not CLOSED\n"
        "server = CLOSED!\n"
        "reset by server abort later\n"),
    SCRIPT("the peer's segment crossed: received all the same", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.004 > P. 101:151(50) ack 201\n"
        "client: SYN_SENT ESTABLISHED CLOSED?\n"
        "client CLOSED @7 received_rst at .224\n"
        "client retracted nothing\n"),
    SCRIPT("the second RST counts when the first was lost", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.500 > P. 101:151(50) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "client: SYN_SENT ESTABLISHED CLOSED?\n"
        "client CLOSED @9 received_rst\n"
        "client retracted CLOSED @7 received_rst\n"),

    /* ---- forms
     * X.snd_nxt with a wrong number is no abort. */
    SCRIPT("odd: RST+ACK behind the next number", ESTABLISHED
        "+.100 < R. 203:203(0) ack 101\n"
        "reset by server odd later\n"),
    SCRIPT("abort after the handshake", OPENED
        "+.001 > R. 1:1(0) ack 1\n"
        "reset by client abort post_ack\n"),
    SCRIPT("abort after the request", OPENED
        "+.001 > P. 1:101(100) ack 1\n"
        "+.010 < R. 1:1(0) ack 101\n"
        "reset by server abort post_psh\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSED!\n"),

    /* Data after a full close: RST with the offender's ACK field as its number; CLOSED since no
     * later than the arrival of the answered segment. */
    SCRIPT("reply: data after close()", FIN_WAIT_2
        "+.300 < P. 201:601(400) ack 102\n"
        "client = FIN_WAIT_2?\n"
        "+.010 > R 102:102(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSED!\n"
        "client CLOSED @10 sent_rst at .53\n"
        "client in CLOSED\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT CLOSED?\n"
        "server CLOSED @10 received_rst\n"
        "reset by client reply closing\n"
        "close reset by client\n"),
    SCRIPT("reply: to data in fin_wait_1, whose ACK came with it", FIN_WAIT_1
        "+.005 < P. 201:301(100) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSED!\n"
        "client in CLOSED\n"),
    /* Facts from the answered segment on that nothing confirms are withdrawn. */
    SCRIPT("reply: what came with the answered segment was not received", FIN_WAIT_1
        "+.010 < F. 201:201(0) ack 102\n"
        "client = TIME_WAIT?\n"
        "+.010 > R 102:102(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSED!\n"
        "client in CLOSED\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?\n"
        "time_wait held_by none\n"),
    /* The peer's FIN meets a host that forgot its FIN_WAIT_2 (tcp_fin_timeout). */
    SCRIPT("reply: the FIN met nothing", FIN_WAIT_2
        "+61 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSED!\n"
        "client in CLOSED\n"
        "time_wait held_by none\n"),

    /* ---- TIME_WAIT
     * A FIN sent again within 2*MSL is answered with ACK by TIME_WAIT: RST says there was none. */
    SCRIPT("time_wait: refused, when the FIN again draws RST within 2*MSL", LAST_ACK
        "+.250 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSED!\n"
        "client in CLOSED\n"
        "time_wait held_by none\n"),
    SCRIPT("time_wait: refused, though its last ACK passed", TIME_WAIT
        "+.250 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSED!\n"
        "client not TIME_WAIT\n"
        "time_wait held_by none\n"),
    SCRIPT("time_wait: had ended, when the RST comes after 2*MSL", "--2msl=1\n" TIME_WAIT
        "+2 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT CLOSED!\n"
        "client in CLOSED\n"
        "time_wait held_by none\n"),
    /* RFC 1337: an exact RST ends it, unless the host protects it, which nobody sees. */
    SCRIPT("time_wait: assassinated", TIME_WAIT
        "+.100 > . 102:102(0) ack 202 win 7\n"
        "+.010 < R 202:202(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT CLOSED?\n"
        "client CLOSED @12 received_rst\n"
        "client in TIME_WAIT CLOSED\n"
        /* Both FINs were acknowledged before. */
        "close graceful by client\n"),
    /* If nothing seen drew it, TIME_WAIT existed and ended. */
    SCRIPT("time_wait: a bare RST that nothing drew", TIME_WAIT
        "+5 > R 102:102(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT CLOSED!\n"),

    /* ---- in another's name */
    SCRIPT("another TTL: its alleged sender did not send it", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101 ttl 61\n"
        "server = ESTABLISHED!\n"
        /* Whoever forged it may have reset the server as well. */
        "server in ESTABLISHED CLOSED\n"
        "client = CLOSED?\n"
        "client in ESTABLISHED CLOSED\n"
        "+.500 < P. 201:301(100) ack 101\n"
        "server = ESTABLISHED!\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"),
    SCRIPT("another TTL: ignored by the one it was sent to", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101 ttl 61\n"
        "+.500 > P. 101:151(50) ack 201\n"
        "+.010 < . 201:201(0) ack 151\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "client retracted CLOSED @7\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"),
    SCRIPT("another TTL, both ways: a box between", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101 ttl 61\n"
        "+0 > R. 101:101(0) ack 201 ttl 61\n"
        "client = CLOSED?\n"
        "client CLOSED @7 received_rst\n"
        "server = CLOSED?\n"
        "server CLOSED @8 received_rst\n"
        "client in ESTABLISHED CLOSED\n"
        "server in ESTABLISHED CLOSED\n"
        "close reset\n"),

    /* ---- nothing else */
    SCRIPT("a RST from a stray that never was a connection",
        "0 < R 1:1(0)\n"
        "connections 1\n"
        "handshake mid_stream\n"),
    SCRIPT("several RSTs: the first that took effect",  ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+0 > P. 201:301(100) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "+0 < R 201:201(0)\n"
        "server CLOSED! @9 sent_rst\n"
        "client CLOSED? @9 received_rst\n"
        "reset by server reply later\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
