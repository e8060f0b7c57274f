/*
 * One five-tuple, several connections (tcp-close.md 7).
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */

/* A new use, 100000 above the numbers of the old one. */
#define OPENED_ANEW                                                                                \
    "+2 > S 100000:100000(0) <mss 1460>\n"                                                         \
    "+.010 < S. 300000:300000(0) ack 100001 <mss 1460>\n"                                          \
    "+.010 > . 100001:100001(0) ack 300001\n"

static const struct CMUnitTest tests[] = {
    SCRIPT("after a close: a new connection", TIME_WAIT OPENED_ANEW
        "connections 2\n"
        "connection 1\n"
        "close graceful by client\n"
        "server = CLOSED?\n"
        "connection 2\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "server: SYN_RECEIVED ESTABLISHED?\n"
        "server in SYN_RECEIVED ESTABLISHED CLOSED\n"
        "handshake complete\n"),
    SCRIPT("after a reset: a new connection", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        OPENED_ANEW
        "connections 2\n"
        "connection 1\n"
        "close reset by client\n"
        "connection 2\n"
        "client: SYN_SENT ESTABLISHED!\n"),
    SCRIPT("after a refusal: the same number is the same attempt", SYN_SENT
        "+.010 < R. =0:=0(0) ack 1\n"
        "+1 > S 0:0(0)\n"
        "connections 1\n"
        "+1 > S 70000:70000(0)\n"
        "connections 2\n"
        "connection 2\n"
        "client: SYN_SENT!\n"),
    SCRIPT("a SYN again is not a new one", ESTABLISHED
        "+.100 > S 0:0(0)\n"
        "connections 1\n"
        "client = ESTABLISHED!\n"),
    /* Until Y answers a new SYN, Y's side carries Y's old state. */
    SCRIPT("until it answers, an end is where the old use left it", TIME_WAIT
        "+2 > S 100000:100000(0) <mss 1460>\n"
        "connection 2\n"
        "client = SYN_SENT!\n"
        "server may CLOSED SYN_RECEIVED LAST_ACK\n"),
    SCRIPT("until it answers: a half-open server is ESTABLISHED still", ESTABLISHED
        "+10 > S 100000:100000(0) <mss 1460>\n"
        "connections 2\n"
        "connection 2\n"
        "client = SYN_SENT!\n"
        "server = ESTABLISHED\n"
        "server may ESTABLISHED CLOSED SYN_RECEIVED\n"),
    SCRIPT("… and where it refuses the new one", TIME_WAIT
        "+2 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < R. =0:=0(0) ack 100001 win 0\n"
        "connection 2\n"
        "server may CLOSED LAST_ACK\n"),
    SCRIPT("the server's TIME_WAIT, and a SYN from the client", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.010 > F. 101:101(0) ack 202\n"
        "+.010 < . 202:202(0) ack 102\n"
        "time_wait held_by server\n"
        OPENED_ANEW
        "connections 2\n"
        "connection 1\n"
        "server: SYN_RECEIVED ESTABLISHED FIN_WAIT_1 TIME_WAIT!\n"
        "connection 2\n"
        "server: SYN_RECEIVED ESTABLISHED?\n"),
    /* The half-open server answers a new SYN with an ACK of its old numbers; the client says RST
     * and stays in SYN_SENT, then asks again (RFC 9293 figure 9). */
    SCRIPT("half-open: challenge, RST, and again", ESTABLISHED
        "+10 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "connection 2\n"
        "client: SYN_SENT!\n"
        "+1 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "+.010 > . 100001:100001(0) ack 300001\n"
        "connections 2\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "server: SYN_RECEIVED ESTABLISHED?\n"),
    /* Many stacks choose initial numbers anywhere: the challenge still belongs to the SYN. */
    SCRIPT("half-open, new numbers far from the old ones", ESTABLISHED
        "+10 > S 1610612736:1610612736(0) <mss 1460>\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "connection 2\n"
        "client: SYN_SENT!\n"
        "+1 > S 1610612736:1610612736(0) <mss 1460>\n"
        "+.010 < S. 2610612736:2610612736(0) ack 1610612737 <mss 1460>\n"
        "+.010 > . 1610612737:1610612737(0) ack 2610612737\n"
        "connections 2\n"
        "connection 2\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "server: SYN_RECEIVED ESTABLISHED?\n"
        "connection 1\n"
        "no reset\n"),
    /* A forged SYN draws a challenge ACK and changes nothing: X goes on with its old numbers. */
    SCRIPT("a forged SYN: the new connection is dropped", ESTABLISHED
        "+10 > S 100000:100000(0) <mss 1460>\n"
        "connections 2\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.010 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "connections 1\n"
        "connection 1\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"
        "close open by none\n"),
    SCRIPT("a forged SYN with a number far away", ESTABLISHED
        "+10 > S 1610612736:1610612736(0) <mss 1460>\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.010 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "connections 1\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "close open by none\n"),
    SCRIPT("two forged SYNs: the connection goes on", ESTABLISHED
        "+10 > S 1610612736:1610612736(0) <mss 1460>\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+1 > S 100000:100000(0) <mss 1460>\n"
        "+.010 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "+.010 > P. 201:301(100) ack 201\n"
        "+.010 < . 201:201(0) ack 301\n"
        "connections 2\n"
        "connection 1\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"
        "close open by none\n"
        "connection 2\n"
        "handshake unanswered\n"),
    SCRIPT("an old duplicate is not of the attempt in between", TIME_WAIT
        "+2 > S 1610612736:1610612736(0) <mss 1460>\n"
        "+1 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "+.010 > . 100001:100001(0) ack 300001\n"
        "+.100 > P. 1:101(100) ack 1\n"
        "connections 3\n"
        "connection 2\n"
        "handshake unanswered\n"
        "connection 3\n"
        "handshake complete\n"
        "rule old_duplicate by client warning @15\n"),
    /* What the SYN's sender had sent before, and closed, and what now passes again, is late. */
    SCRIPT("an old duplicate ahead of the answer is no sign of a forged SYN", TIME_WAIT
        "+2 > S 100000:100000(0) <mss 1460>\n"
        "+.005 > P. 1:101(100) ack 1\n"
        "+.005 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "+.010 > . 100001:100001(0) ack 300001\n"
        "connections 2\n"
        "connection 2\n"
        "handshake complete\n"
        "client: SYN_SENT ESTABLISHED!\n"),
    SCRIPT("the third use follows the second, whichever its number lies near", TIME_WAIT
        "+2 > S 2147483648:2147483648(0) <mss 1460>\n"
        "+.010 < S. 2147483648:2147483648(0) ack 2147483649 <mss 1460>\n"
        "+.010 > R 2147483649:2147483649(0)\n"
        "+2 > S 100000:100000(0) <mss 1460>\n"
        "connections 3\n"
        "connection 3\n"
        "server = CLOSED\n"),
    SCRIPT("a SYN-ACK of another host that had answered as well", SYN_RECEIVED
        "+.010 < S. 500000:500000(0) ack 1 <mss 1460>\n"
        "+.010 > . 1:1(0) ack 1\n"
        "+.100 < P. 1:101(100) ack 1\n"
        "+.010 > R. 1:1(0) ack 101\n"
        "+1 < S. 500000:500000(0) ack 1 <mss 1460>\n"
        "connections 1\n"),
    /* A connection closed without TIME_WAIT can be reused at once, from the other side too. */
    SCRIPT("the former server calls back", TIME_WAIT
        "+2 < S 300000:300000(0) <mss 1460>\n"
        "+.010 > S. 100000:100000(0) ack 300001 <mss 1460>\n"
        "+.010 < . 300001:300001(0) ack 100001\n"
        "connections 2\n"
        "connection 2\n"
        "handshake complete\n"
        /* The script's server is now its client. */
        "client: SYN_SENT ESTABLISHED!\n"
        "server: SYN_RECEIVED ESTABLISHED?\n"),
    SCRIPT("stragglers of the old use belong to it", TIME_WAIT
        "+.100 < F. 201:201(0) ack 102\n"
        "connections 1\n"
        "server fin count 2\n"),
    SCRIPT("beyond 2*MSL the tuple is free", "--2msl=1\n" TIME_WAIT
        "+300 > S 100000:100000(0) <mss 1460>\n"
        "connections 2\n"
        "connection 1\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT CLOSED?\n"
        "connection 2\n"
        "client = SYN_SENT!\n"
        "server = CLOSED\n"),
    SCRIPT("a SYN-ACK of another use", TIME_WAIT
        "+2 < S. 300000:300000(0) ack 100001 <mss 1460>\n"
        "connections 2\n"
        "connection 2\n"
        "server: SYN_RECEIVED!\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
