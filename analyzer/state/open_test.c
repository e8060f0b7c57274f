/*
 * Opening: who is in which state before the handshake is over (tcp-close.md 2).
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    SCRIPT("syn_sent", SYN_SENT
        "client: SYN_SENT!\n"
        "client SYN_SENT @1 sent_syn at 0\n"
        /* close() is silent there. */
        "client in SYN_SENT CLOSED\n"
        /* Nothing but its own SYN-ACK testifies that the server has a socket. */
        "server:\n"
        "server = CLOSED\n"
        "server may CLOSED SYN_RECEIVED\n"
        "handshake unanswered\n"
        "close none\n"),
    SCRIPT("syn_sent: SYNs sent again change nothing, until there is none", SYN_SENT
        "+1 > S 0:0(0) <mss 1460>\n"
        "+2 > S 0:0(0) <mss 1460>\n"
        "client: SYN_SENT!\n"
        "client SYN_SENT @1 sent_syn\n"
        "connections 1\n"
        "+5 quiet\n"
        "client = SYN_SENT\n"
        "+60 quiet\n"
        "client = CLOSED?\n"
        "client CLOSED timer timed_out at 7\n"
        "client in SYN_SENT CLOSED\n"),

    SCRIPT("syn_received: from the server's SYN-ACK on", SYN_RECEIVED
        "server: SYN_RECEIVED!\n"
        "server SYN_RECEIVED @2 sent_syn_ack\n"
        "server in SYN_RECEIVED CLOSED\n"
        "client: SYN_SENT ESTABLISHED?\n"
        "client ESTABLISHED @2 received_syn_ack\n"
        "client in SYN_SENT ESTABLISHED CLOSED\n"),
    SCRIPT("syn_sent: a SYN-ACK without an answer did not arrive", SYN_RECEIVED
        "+1 quiet\n"
        "client: SYN_SENT\n"
        "client retracted ESTABLISHED @2 received_syn_ack\n"
        "client may SYN_SENT ESTABLISHED CLOSED\n"
        "server = SYN_RECEIVED!\n"
        "handshake unanswered\n"),
    SCRIPT("syn_sent: the second SYN-ACK is answered", SYN_RECEIVED
        "+1 < S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7>\n"
        "+.010 > . 1:1(0) ack 1\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "client ESTABLISHED @3 received_syn_ack confirmed_by 4\n"
        "client retracted ESTABLISHED @2\n"
        "server: SYN_RECEIVED ESTABLISHED?\n"),
    SCRIPT("syn_sent: its own SYN again says that no SYN-ACK came", SYN_RECEIVED
        "+1 > S 0:0(0) <mss 1460,sackOK,wscale 7>\n"
        "client: SYN_SENT\n"
        "client retracted ESTABLISHED @2\n"
        "client in SYN_SENT CLOSED\n"),

    SCRIPT("established: the client by its ACK, the server presumed", OPENED
        "client: SYN_SENT ESTABLISHED!\n"
        "client ESTABLISHED @2 received_syn_ack confirmed_by 3\n"
        "client in ESTABLISHED\n"
        "server: SYN_RECEIVED! ESTABLISHED?\n"
        "server ESTABLISHED @3 received_ack_of_syn\n"
        "server in SYN_RECEIVED ESTABLISHED CLOSED\n"
        "handshake complete\n"),
    SCRIPT("established: the server by any segment but SYN and RST", OPENED
        "+.080 > P. 1:101(100) ack 1\n"
        "server = ESTABLISHED?\n"
        "+.010 < . 1:1(0) ack 101\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"
        "server ESTABLISHED @3 received_ack_of_syn confirmed_by 5\n"
        "server in ESTABLISHED\n"),
    SCRIPT("established: withdrawn when the server repeats its SYN-ACK", OPENED
        "+1 < S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7>\n"
        "server: SYN_RECEIVED\n"
        "server retracted ESTABLISHED @3 received_ack_of_syn\n"
        "server may SYN_RECEIVED CLOSED\n"
        "server not ESTABLISHED\n"
        "client = ESTABLISHED!\n"
        "client in ESTABLISHED\n"
        "+.010 > . 1:1(0) ack 1\n"
        "server: SYN_RECEIVED ESTABLISHED?\n"
        "server ESTABLISHED @5 received_ack_of_syn\n"
        "server may SYN_RECEIVED ESTABLISHED CLOSED\n"),
    SCRIPT("established: SYN-ACK and ACK crossed", OPENED
        "+.004 < S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7>\n"
        "server: SYN_RECEIVED ESTABLISHED?\n"
        "server retracted nothing\n"),
    SCRIPT("established: data unanswered beyond a timeout, the server is not", OPENED
        "+.080 > P. 1:101(100) ack 1\n"
        "+.100 quiet\n"
        "server = ESTABLISHED?\n"
        "+.500 quiet\n"
        "server = SYN_RECEIVED\n"
        "server may SYN_RECEIVED ESTABLISHED CLOSED\n"),
    /* A host that holds nothing (SYN cookies, a full accept queue): SYN-ACK and bare RST only. */
    SCRIPT("established: nothing but SYN-ACK and a bare RST", OPENED
        "+.080 > P. 1:101(100) ack 1\n"
        "+.010 < R 1:1(0)\n"
        "server: SYN_RECEIVED! CLOSED!\n"
        "server in CLOSED\n"
        "client = CLOSED?\n"
        "client CLOSED @5 received_rst\n"),
    /* Linux 6.18, recorded: accepted, reset by SO_LINGER 0 a millisecond later, and octets under way
     * then met no socket. */
    SCRIPT("established: an abort, then bare RSTs", OPENED
        "+.001 < R. 1:1(0) ack 1\n"
        "+.080 > P. 1:101(100) ack 1\n"
        "+.001 < R 1:1(0)\n"
        "server: SYN_RECEIVED ESTABLISHED? CLOSED!\n"
        "server ESTABLISHED @3 received_ack_of_syn\n"),
    SCRIPT("established: an abort with the stamp of the handshake's last segment",
        "0 > S 0:0(0) <mss 1460,sackOK,TS val 100 ecr 0,wscale 7>\n"
        "+.040 < S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 700 ecr 100,wscale 7>\n"
        "+.010 > . 1:1(0) ack 1 <TS val 150 ecr 700>\n"
        "+.001 < R. 1:1(0) ack 1 <TS val 701 ecr 150>\n"
        "+.080 > P. 1:101(100) ack 1 <TS val 160 ecr 700>\n"
        "+.001 < R 1:1(0)\n"
        "server: SYN_RECEIVED ESTABLISHED! CLOSED!\n"
        "server ESTABLISHED @3 received_ack_of_syn confirmed_by 4\n"),
    SCRIPT("established: an abort with the stamp of the SYN tells nothing of what came after it",
        "0 > S 0:0(0) <mss 1460,sackOK,TS val 100 ecr 0,wscale 7>\n"
        "+.040 < S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 700 ecr 100,wscale 7>\n"
        "+.010 > . 1:1(0) ack 1 <TS val 150 ecr 700>\n"
        "+.001 < R. 1:1(0) ack 1 <TS val 701 ecr 100>\n"
        "server: SYN_RECEIVED ESTABLISHED? CLOSED!\n"),

    /* RFC 9293 section 3.10.7.3: an unacceptable ACK in SYN_SENT draws a RST; it stays. */
    SCRIPT("syn_sent: a bare RST to a SYN-ACK leaves it there", SYN_SENT
        "+.010 < S. 5000:5000(0) ack 777\n"
        "+.010 > R 777:777(0)\n"
        "client: SYN_SENT\n"
        "client in SYN_SENT CLOSED\n"
        "+1 > S 0:0(0)\n"
        "client = SYN_SENT\n"
        "connections 1\n"),
    SCRIPT("refused: RST+ACK of the SYN", SYN_SENT
        "+.010 < R. =0:=0(0) ack 1 win 0\n"
        "client: SYN_SENT CLOSED?\n"
        "client CLOSED @2 received_rst\n"
        "client in SYN_SENT CLOSED\n"
        "server = CLOSED\n"
        "server in CLOSED\n"
        "reset by server refusal post_syn\n"
        "handshake refused\n"
        "close none\n"),
    SCRIPT("refused: a RST that does not acknowledge the SYN is none", SYN_SENT
        "+.010 < R. =0:=0(0) ack 0 win 0\n"
        "client = SYN_SENT\n"
        "+.010 < R. =0:=0(0) ack 2 win 0\n"
        "client = SYN_SENT\n"
        "client: SYN_SENT\n"),
    SCRIPT("refused: a RST without ACK is none in SYN_SENT", SYN_SENT
        "+.010 < R 0:0(0)\n"
        "client = SYN_SENT\n"),
    SCRIPT("refused: the client asks again, the RST was lost", SYN_SENT
        "+.010 < R. =0:=0(0) ack 1 win 0\n"
        "+1 > S 0:0(0)\n"
        "client: SYN_SENT\n"
        "client retracted CLOSED @2 received_rst\n"
        "+.010 < R. =0:=0(0) ack 1 win 0\n"
        "client: SYN_SENT CLOSED?\n"
        "client CLOSED @4 received_rst\n"),
    SCRIPT("syn_received: reset by the client", SYN_RECEIVED
        "+.010 > R. 1:1(0) ack 1\n"
        "server: SYN_RECEIVED CLOSED?\n"
        "server CLOSED @3 received_rst\n"
        "server in SYN_RECEIVED CLOSED\n"
        "handshake aborted\n"
        "close none\n"),
    /* A SYN-ACK of its own SYN draws a bare RST from a client that is gone: it never was
     * ESTABLISHED. */
    SCRIPT("syn_received: a bare RST of a client that gave up", SYN_RECEIVED
        "+.010 > R 1:1(0)\n"
        "server: SYN_RECEIVED CLOSED?\n"
        "client: SYN_SENT CLOSED\n"
        "client not ESTABLISHED\n"
        "handshake aborted\n"),

    /* RFC 9293 figure 8: both SYNs cross. ESTABLISHED comes with the peer's SYN-ACK (section 9). */
    SCRIPT("simultaneous open",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.004 < S 0:0(0) <mss 1460>\n"
        "server: SYN_SENT! SYN_RECEIVED?\n"
        "client: SYN_SENT! SYN_RECEIVED?\n"
        "client SYN_RECEIVED @2 received_syn\n"
        "+.006 > S. 0:0(0) ack 1\n"
        "client: SYN_SENT SYN_RECEIVED!\n"
        "server = ESTABLISHED?\n"
        "+.002 < S. 0:0(0) ack 1\n"
        "client: SYN_SENT SYN_RECEIVED! ESTABLISHED?\n"
        "server: SYN_SENT SYN_RECEIVED! ESTABLISHED?\n"
        "client ESTABLISHED @4 received_syn_ack\n"
        "server ESTABLISHED @3 received_syn_ack\n"
        "+.010 > P. 1:101(100) ack 1\n"
        "+.010 < . 1:1(0) ack 101\n"
        "client = ESTABLISHED!\n"
        "server = ESTABLISHED!\n"
        "handshake simultaneous\n"
        "connections 1\n"),

    /* RFC 7413: data in the SYN; the server may send before the handshake is over, and is in
     * SYN_RECEIVED until it is. */
    SCRIPT("fast open",
        "0 > S 0:100(100) <mss 1460,FO>\n"
        "+.010 < S. 0:0(0) ack 101 <mss 1460>\n"
        "client = ESTABLISHED?\n"
        "server = SYN_RECEIVED!\n"
        "+.010 > . 101:101(0) ack 1\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "server: SYN_RECEIVED ESTABLISHED?\n"),
    SCRIPT("fast open: the server answers before the last ACK",
        "0 > S 0:100(100) <mss 1460,FO>\n"
        "+.010 < S. 0:0(0) ack 101 <mss 1460>\n"
        "+.001 < P. 1:201(200) ack 101\n"
        "server may SYN_RECEIVED\n"
        "server: SYN_RECEIVED\n"
        "+.010 > . 101:101(0) ack 201\n"
        "server = ESTABLISHED\n"
        "client = ESTABLISHED!\n"),
    SCRIPT("fast open: only the SYN was taken",
        "0 > S 0:100(100) <mss 1460,FO>\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > P. 1:101(100) ack 1\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "+.010 < . 1:1(0) ack 101\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"),

    /* Closing before the handshake is over: RFC 9293 section 3.10.4, SYN-RECEIVED. */
    SCRIPT("syn_received: closed at once", SYN_RECEIVED
        "+.002 < F. 1:1(0) ack 1\n"
        "server = FIN_WAIT_1!\n"
        "server fin active\n"),
    SCRIPT("established and closed in one segment", SYN_RECEIVED
        "+.010 > F. 1:1(0) ack 1\n"
        "client: SYN_SENT ESTABLISHED! FIN_WAIT_1!\n"
        "client ESTABLISHED @2 received_syn_ack confirmed_by 3\n"
        /* RFC 9293 section 3.10.7.4: the ACK is looked at before the FIN. */
        "server: SYN_RECEIVED ESTABLISHED? CLOSE_WAIT?\n"
        "server may SYN_RECEIVED CLOSE_WAIT CLOSED\n"),

    /* Only the answer was captured: it implies the SYN. */
    SCRIPT("first seen: the SYN-ACK",
        "0 < S. 0:0(0) ack 1\n"
        "server: SYN_RECEIVED!\n"
        "handshake unanswered\n"
        "+.010 > . 1:1(0) ack 1\n"
        "client = ESTABLISHED!\n"
        "server = ESTABLISHED?\n"
        "+.010 < P. 1:101(100) ack 1\n"
        "server = ESTABLISHED!\n"),
    /* The capture missed the SYN-ACK: whoever goes on in the connection has opened it. */
    SCRIPT("not seen: the SYN-ACK", SYN_SENT
        "+.020 > . 1:1(0) ack 1\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "client ESTABLISHED @2 implied\n"
        "+.001 > P. 1:101(100) ack 1\n"
        "+.010 < . 1:1(0) ack 101\n"
        "server = ESTABLISHED!\n"
        "server ESTABLISHED @4 implied\n"
        "handshake complete\n"),
    /* A half-open server answers a new SYN with the ACK of its old numbers: it has not opened this
     * one. */
    SCRIPT("an ACK of other numbers opens nothing", SYN_SENT
        "+.010 < . 70000:70000(0) ack 50000\n"
        "client = SYN_SENT\n"
        "server: \n"
        "+.010 > R 50000:50000(0)\n"
        "client = SYN_SENT\n"
        "+.010 > S 0:0(0)\n"
        "+.010 < S. 0:0(0) ack 1\n"
        "+.010 > . 1:1(0) ack 1\n"
        "client: SYN_SENT ESTABLISHED!\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
