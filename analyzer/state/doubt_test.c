/*
 * What weak evidence must leave open. Each script is the shape of connections, simulated or
 * captured, whose true state was once not among the possible ones.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- who resets, and goes on */
    SCRIPT("a refusal that its sender's own SYN overtook",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.008 < S 0:0(0) <mss 1460>\n"
        "+.003 < R. =0:=0(0) ack 1 win 0\n"
        "+.002 > S. 0:0(0) ack 1\n"
        "+.008 < . 1:1(0) ack 1\n"
        "+.300 < P. 1:101(100) ack 1\n"
        "server = ESTABLISHED\n"
        "server not CLOSED\n"),
    SCRIPT("a refusal, and its sender's own SYN again: it waits for an answer",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.001 < S 0:0(0) <mss 1460>\n"
        "+.005 < R. =0:=0(0) ack 1 win 0\n"
        "+1 < S 0:0(0) <mss 1460>\n"
        "server may SYN_SENT CLOSED\n"
        "server: SYN_SENT\n"),
    SCRIPT("a listener that reset and is asked again",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.400 < R. 1:1(0) ack 1\n"
        "server in CLOSED\n"
        "+2 > S 0:0(0) <mss 1460>\n"
        "+.010 < S. 5000:5000(0) ack 1 <mss 1460>\n"
        "server may SYN_RECEIVED CLOSED\n"
        "+.010 > . 1:1(0) ack 5001\n"
        "+.010 > P. 1:2(1) ack 5001\n"
        "+.010 < . 5001:5001(0) ack 2\n"
        "server = ESTABLISHED\n"),

    SCRIPT("a listener whose reset was lost answers with another number",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+1 > S 0:0(0) <mss 1460>\n"
        "+.010 < S. 700000000:700000000(0) ack 1 <mss 1460>\n"
        "+.010 > . 1:1(0) ack 700000001\n"
        "+.100 > F. 1:1(0) ack 700000001\n"
        "+.040 < . 700000001:700000001(0) ack 2\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT\n"
        "server in CLOSE_WAIT\n"),
    SCRIPT("a listener whose reset was lost is asked again, and its answer lost", SYN_RECEIVED
        "+.010 < R. 1:1(0) ack 1\n"
        "server in CLOSED\n"
        "+1 > S 0:0(0) <mss 1460>\n"
        "server in SYN_RECEIVED CLOSED\n"),
    SCRIPT("an abort overtakes the ACK that it follows", SYN_RECEIVED
        "+.010 > R. 1:1(0) ack 1\n"
        "+.001 > . 1:1(0) ack 1\n"
        "client in CLOSED\n"),
    SCRIPT("an abort behind octets that were lost", SYN_RECEIVED
        "+.010 > R. 3:3(0) ack 1\n"
        "client in CLOSED\n"
        "+.010 < . 1:1(0) ack 1\n"
        "server may SYN_RECEIVED CLOSED\n"),
    SCRIPT("a listener fends off what is left of the last connection",
        "0 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > . 3:3(0) ack 500000\n"
        "+.010 < R 500000:500000(0)\n"
        "server may SYN_RECEIVED CLOSED\n"),
    SCRIPT("a listener whose reset was lost fends off the old connection", OPENED
        "+.001 > S 0:0(0) <mss 1460>\n"
        "+.001 < S. 1395:1395(0) ack 1 <mss 1460>\n"
        "+.001 > . 1:1(0) ack 1\n"
        "+.001 < R 1:1(0)\n"
        "server may SYN_RECEIVED CLOSED\n"),
    SCRIPT("a late SYN finds a listener, and TIME_WAIT answers that", TIME_WAIT
        "+.100 > S 0:0(0) <mss 1460>\n"
        "+.010 < S. 90000:90000(0) ack 1 <mss 1460>\n"
        "+.010 > . 102:102(0) ack 202\n"
        "connections 2\n"
        "connection 2\n"
        "client may TIME_WAIT CLOSED\n"),

    /* ---- FINs that cross */
    SCRIPT("a FIN given up for want of an answer: with it another one's ACK field counts for nothing",
        ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.005 > F. 101:101(0) ack 201\n"
        "+.010 < . 202:202(0) ack 102\n"
        "+.200 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "client may CLOSING TIME_WAIT\n"),
    SCRIPT("both FINs lost: whoever repeats its own may have sent it before", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.200 > F. 101:101(0) ack 201\n"
        "+.010 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "server = CLOSED\n"
        "server may LAST_ACK TIME_WAIT\n"),
    SCRIPT("the same where the first FIN was not captured", ESTABLISHED
        "+.100 < F. 201:201(0) ack 102\n"
        "+.400 > F. 101:101(0) ack 201\n"
        "server may CLOSING TIME_WAIT LAST_ACK CLOSED\n"),
    SCRIPT("the tap next to an endpoint tells nothing of what is lost between them",
        ESTABLISHED_BESIDE_CLIENT
        "+.100 < F. 201:201(0) ack 101\n"
        "+.200 < F. 201:201(0) ack 101\n"
        "+.000020 > F. 101:101(0) ack 202\n"
        "+.020 < . 202:202(0) ack 102\n"
        "client = CLOSED\n"
        "client may TIME_WAIT\n"),
    SCRIPT("so it may where the answer comes soon, after a silence", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101 id 3\n"
        "+.015 > F. 101:101(0) ack 202 id 9\n"
        "client in LAST_ACK\n"
        "+.200 < . 202:202(0) ack 102\n"
        "client in LAST_ACK CLOSED\n"),
    SCRIPT("so it may after a silence as long as a retransmission takes", ESTABLISHED
        "+.500 < F. 201:201(0) ack 101\n"
        "+.015 > F. 101:101(0) ack 202\n"
        "client = LAST_ACK\n"
        "client in CLOSING LAST_ACK\n"),
    SCRIPT("but not where no number is missing between its packets",
        "0 > S 0:0(0) <mss 1460> id 1\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > . 1:1(0) ack 1 id 2\n"
        "+.080 > P. 1:101(100) ack 1 id 3\n"
        "+.010 < P. 1:201(200) ack 101\n"
        "+.010 > . 101:101(0) ack 201 id 4\n"
        "+.500 < F. 201:201(0) ack 101\n"
        "+.300 > F. 101:101(0) ack 202 id 5\n"
        "client in LAST_ACK\n"),
    SCRIPT("the same where no other round trip was measured",
        "0 > S 0:0(0) <mss 1460>\n"
        "+1 > S 0:0(0) <mss 1460>\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+1 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > . 1:1(0) ack 1\n"
        "+.200 < F. 1:1(0) ack 1\n"
        "+.200 > F. 1:1(0) ack 2\n"
        "+.010 < . 2:2(0) ack 2\n"
        "client = CLOSED\n"
        "client may TIME_WAIT\n"),
    SCRIPT("before a round trip was measured FINs cross for longer",
        "0 > S 0:0(0) <mss 1460>\n"
        "+1 > S 0:0(0) <mss 1460>\n"
        "+.020 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.100 > F. 1:1(0) ack 1\n"
        "+.002 < F. 1:1(0) ack 1\n"
        "server may FIN_WAIT_1 CLOSING\n"),
    SCRIPT("what was held up on the way may have crossed", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.025 < F. 201:201(0) ack 101\n"
        "server = FIN_WAIT_1\n"
        "server in FIN_WAIT_1 CLOSING\n"),

    /* ---- timers */
    SCRIPT("TIME_WAIT began when the segment arrived, not when it passed", TIME_WAIT
        "+59.985 quiet\n"
        "client = TIME_WAIT\n"
        "+.025 quiet\n"
        "client = CLOSED\n"
        "client in TIME_WAIT CLOSED\n"
        "+.100 quiet\n"
        "client in CLOSED\n"),
    SCRIPT("a timer that does not double any more", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+33 > F. 101:101(0) ack 201\n"
        "+60 > F. 101:101(0) ack 201\n"
        "+60 > F. 101:101(0) ack 201\n"
        "+70 quiet\n"
        "client may FIN_WAIT_1 CLOSED\n"),

    SCRIPT("TIME_WAIT takes no RST with the number of the FIN", TIME_WAIT
        "+.001 < R 201:201(0)\n"
        "client = TIME_WAIT\n"
        "client in TIME_WAIT CLOSED\n"
        "+.001 < R 202:202(0)\n"
        "client = CLOSED?\n"),

    /* ---- what the handshake owes */
    SCRIPT("two SYN-ACKs, and one answer", SYN_RECEIVED
        "+.001 < S. 0:0(0) ack 1 <mss 1460> id 7\n"
        "+.009 > . 1:1(0) ack 1\n"
        "client in ESTABLISHED\n"
        "+2 quiet\n"
        "client may ESTABLISHED CLOSED\n"),
    SCRIPT("two SYN-ACKs, and two answers", SYN_RECEIVED
        "+.001 < S. 0:0(0) ack 1 <mss 1460> id 7\n"
        "+.009 > . 1:1(0) ack 1\n"
        "+.001 > . 1:1(0) ack 1 id 8\n"
        "+2 quiet\n"
        "client in ESTABLISHED\n"),
    SCRIPT("its SYN-ACK and the peer's FIN were not captured, and it acknowledges that", SYN_SENT
        "+.020 > . 1:1(0) ack 1\n"
        "+.050 < . 1:1(0) ack 2\n"
        "server = CLOSE_WAIT\n"
        "server may ESTABLISHED CLOSE_WAIT\n"),

    SCRIPT("a client has opened what its server sends octets in", SYN_SENT
        "+.020 < F. 1:1(0) ack 1\n"
        "client may ESTABLISHED CLOSE_WAIT\n"
        "client not SYN_SENT\n"),
    SCRIPT("octets that acknowledge more than the SYN speak of this connection", SYN_SENT
        "+.020 < . 1:1(0) ack 32\n"
        "server = CLOSED\n"
        "server may ESTABLISHED TIME_WAIT CLOSED\n"
        "+.020 < P. 1:801(800) ack 32\n"
        "server = ESTABLISHED\n"
        "client may ESTABLISHED\n"),
    SCRIPT("both opened, and the first ACK was lost",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.001 < S 0:0(0) <mss 1460>\n"
        "+.001 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.002 > . 1:1(0) ack 1\n"
        "+1 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.002 > . 1:1(0) ack 1\n"
        "+20 quiet\n"
        "server may SYN_RECEIVED ESTABLISHED\n"),

    SCRIPT("both opened, and a SYN-ACK answers a SYN that was missed", SYN_SENT
        "+.009 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.006 > S. 0:0(0) ack 1 <mss 1460>\n"
        "+.300 quiet\n"
        "client in SYN_RECEIVED ESTABLISHED CLOSED\n"),
    SCRIPT("where both opened, octets of the one tell nothing of the other",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.010 < S 0:0(0) <mss 1460>\n"
        "+.001 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.003 > S. 0:0(0) ack 1 <mss 1460>\n"
        "+.001 > P. 1:44(43) ack 1\n"
        "server may SYN_RECEIVED ESTABLISHED\n"),

    SCRIPT("a SYN-ACK that was missed, and a reset that draws a challenge", SYN_SENT
        "+.020 > . 1:1(0) ack 1\n"
        "server may SYN_RECEIVED\n"
        "+.040 > R. 3:3(0) ack 1\n"
        "+.010 < . 1:1(0) ack 1\n"
        "server may SYN_RECEIVED ESTABLISHED CLOSED\n"),
    SCRIPT("a SYN that passes behind what followed it",
        "0 > . 1:1(0) ack 1\n"
        "+.004 > S 0:0(0) <mss 1460>\n"
        "+.001 < . 1:1(0) ack 1\n"
        "connections 1\n"
        "client may ESTABLISHED\n"),

    /* ---- what the capture lost */
    SCRIPT("an abort behind octets that were missed", SYN_SENT
        "+.020 > P. 1:1201(1200) ack 1\n"
        "+.045 > . 1201:1201(0) ack 24\n"
        "+.050 < R. 24:24(0) ack 1201\n"
        "client = CLOSED?\n"
        "client in ESTABLISHED CLOSED\n"),
    SCRIPT("a FIN behind octets that were missed", ESTABLISHED
        "+.100 < F. 216:216(0) ack 101\n"
        "client = ESTABLISHED\n"
        "client in ESTABLISHED CLOSE_WAIT\n"
        "+.010 > . 101:101(0) ack 201\n"
        "client may ESTABLISHED CLOSE_WAIT\n"),
    SCRIPT("what TIME_WAIT says answers something", TIME_WAIT
        "+5 > . 102:102(0) ack 202\n"
        "+57 quiet\n"
        "client = TIME_WAIT\n"
        "+9 quiet\n"
        "client = CLOSED\n"),
    SCRIPT("an octet that was missed is no FIN", OPENED
        "+.050 > P. 1:101(100) ack 1\n"
        "+.100 > F. 101:101(0) ack 2\n"
        "+.010 < . 2:2(0) ack 102\n"
        "+70 quiet\n"
        "server may CLOSE_WAIT\n"),
    SCRIPT("the capture missed how it opened", SYN_SENT
        "+.041 < . 1:1(0) ack 1201\n"
        "client may ESTABLISHED SYN_SENT CLOSED\n"),
    SCRIPT("near miss: an old connection's numbers, far away", SYN_SENT
        "+.041 < . 1:1(0) ack 9000001\n"
        "client not ESTABLISHED\n"),
    SCRIPT("a round trip measured over a SYN that was missed makes nobody patient",
        "0 > S 0:0(0) <mss 1460>\n"
        "+1.050 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.040 < F. 1:1(0) ack 1\n"
        "+.020 > F. 1:1(0) ack 2\n"
        "+.700 quiet\n"
        "client may LAST_ACK CLOSED\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
