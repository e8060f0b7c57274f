/*
 * Every state that an end may be in, and no other: where a direction, a FIN, octets or the opening
 * did not pass the tap, and where a former use of the five-tuple may still answer. Worked out from
 * figure 5 of RFC 9293: what each end has sent is known, and of the rest whatever may have come.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- one direction only: of the unseen end all that the seen one's numbers allow */
    SCRIPT("only the client, from its SYN on",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.080 > P. 1:101(100) ack 1\n"
        "+.020 > . 101:101(0) ack 201\n"
        "server = UNKNOWN?\n"
        "server in SYN_RECEIVED ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSED\n"
        "client may ESTABLISHED CLOSE_WAIT CLOSED\n"
        "client not FIN_WAIT_2 TIME_WAIT\n"
        "+.100 > F. 101:101(0) ack 201\n"
        "server in SYN_RECEIVED ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT LAST_ACK CLOSING TIME_WAIT CLOSED\n"
        "client may FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT CLOSED\n"
        "client not ESTABLISHED LAST_ACK\n"
        "+.100 > . 102:102(0) ack 202\n"
        "server in FIN_WAIT_1 FIN_WAIT_2 LAST_ACK CLOSING TIME_WAIT CLOSED\n"),
    SCRIPT("only the server, whose octets may be unacknowledged: a FIN may be queued behind them",
        "0 < . 1:1(0) ack 1\n"
        "server in ESTABLISHED CLOSE_WAIT CLOSED\n"
        "+.010 < P. 1:101(100) ack 1\n"
        "+.010 < P. 101:201(100) ack 1\n"
        "server in ESTABLISHED FIN_WAIT_1 CLOSE_WAIT LAST_ACK CLOSED\n"
        "+1.000 quiet\n"
        "server in ESTABLISHED FIN_WAIT_1 CLOSE_WAIT LAST_ACK CLOSED\n"
        "+.001 quiet\n"
        "server in ESTABLISHED CLOSE_WAIT CLOSED\n"
        "+.010 < P. 201:301(100) ack 1\n"
        "+.010 < F. 301:301(0) ack 1\n"
        "server not ESTABLISHED LAST_ACK\n"),
    SCRIPT("only the server, which sends octets again: these are not acknowledged",
        "0 < P. 1:101(100) ack 1\n"
        "+1.000 < P. 1:101(100) ack 1\n"
        "+2.000 < P. 1:101(100) ack 1\n"
        "+3.900 quiet\n"
        "server may FIN_WAIT_1 LAST_ACK\n"
        "+.200 quiet\n"
        "server not FIN_WAIT_1 LAST_ACK\n"),
    SCRIPT("only the client, whose FIN acknowledges the other's",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.080 > P. 1:101(100) ack 1\n"
        "+.020 > . 101:101(0) ack 201\n"
        "+.100 > F. 101:101(0) ack 202\n"
        "server fin implied\n"
        "server fin active\n"
        "client fin passive\n"),
    SCRIPT("only the client, from inside",
        "0 > P. 1:101(100) ack 1\n"
        "+.020 > . 101:101(0) ack 201\n"
        "server in ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSED\n"),

    /* ---- what the capture missed */
    SCRIPT("the last octets of a direction did not pass: as little may a whole close have", ESTABLISHED
        "+.100 > . 101:101(0) ack 301\n"
        "server in ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT CLOSED\n"
        "client in ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT CLOSED\n"),
    SCRIPT("… and the peer has closed since", ESTABLISHED
        "+.100 > . 101:101(0) ack 301\n"
        "+.100 > F. 101:101(0) ack 301\n"
        "client in FIN_WAIT_1 FIN_WAIT_2 CLOSING LAST_ACK TIME_WAIT CLOSED\n"
        "server in ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT LAST_ACK CLOSING TIME_WAIT CLOSED\n"),
    SCRIPT("octets that came late after all: nothing is missing", ESTABLISHED
        "+.100 > . 101:101(0) ack 301\n"
        "+.001 < P. 201:301(100) ack 101\n"
        "server not FIN_WAIT_2 CLOSE_WAIT\n"
        "client in ESTABLISHED\n"),
    SCRIPT("octets did not pass, and what is known since cannot be undone", ESTABLISHED
        "+.100 > . 101:101(0) ack 301\n"
        "+.010 < P. 301:401(100) ack 101\n"
        "+.010 > . 101:101(0) ack 401\n"
        "+.100 > F. 101:101(0) ack 401\n"
        "+.010 < P. 401:411(10) ack 102\n"
        "+.010 > . 102:102(0) ack 411\n"
        "client in FIN_WAIT_2 TIME_WAIT CLOSED\n"
        "server in CLOSE_WAIT LAST_ACK CLOSING TIME_WAIT CLOSED\n"),

    SCRIPT("one SYN passed, and the other did not", SYN_SENT
        "+.020 > . 1:1(0) ack 1\n"
        "+.010 < . 1:1(0) ack 1\n"
        "client in ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT CLOSED\n"
        "server may ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT CLOSED\n"),

    /* ---- the opening */
    SCRIPT("an RST that no closed port sends", SYN_SENT
        "+.010 < R 700:700(0)\n"
        "server in SYN_RECEIVED CLOSED\n"),
    SCRIPT("… one that it sends", SYN_SENT
        "+.010 < R. =0:=0(0) ack 1 win 0\n"
        "server in CLOSED\n"),
    SCRIPT("an acknowledgment of other numbers: it holds another connection", SYN_SENT
        "+.010 < . 70000:70000(0) ack 5000000\n"
        "server in CLOSED ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING LAST_ACK TIME_WAIT\n"
        "client in SYN_SENT CLOSED\n"),
    SCRIPT("how it opened did not pass", SYN_SENT
        "+.041 < . 1:1(0) ack 1201\n"
        "client in SYN_SENT ESTABLISHED CLOSED\n"),
    SCRIPT("near miss: that may answer the SYN", SYN_SENT
        "+.041 < . 1:1(0) ack 1\n"
        "client not ESTABLISHED\n"),
    SCRIPT("an orphan's end is possible from its timer on", "--idle=1000\n--fin-timeout=5\n" FIN_WAIT_2
        "+4.999999999 quiet\n"
        "client in FIN_WAIT_1 FIN_WAIT_2\n"
        "+.000000001 quiet\n"
        "client in FIN_WAIT_1 FIN_WAIT_2 CLOSED\n"),
    SCRIPT("an RST in another's name", ESTABLISHED
        "+.100 < R. 500:500(0) ack 101 ttl 61\n"
        "server in ESTABLISHED CLOSED\n"
        "client in ESTABLISHED\n"),
    SCRIPT("TIME_WAIT may be protected against resets", TIME_WAIT
        "+.100 < R 202:202(0)\n"
        "client in TIME_WAIT CLOSED\n"),
    SCRIPT("… nothing else is", LAST_ACK
        "+.100 > R 102:102(0)\n"
        "server in LAST_ACK CLOSED\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
