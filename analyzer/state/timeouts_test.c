/*
 * What only silence tells: who gave up, who died, and what had not arrived yet.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
#define ASKS_IN_VAIN ESTABLISHED                                                                   \
    "1 > P. 101:201(100) ack 201\n"                                                                \
    "1.3 > P. 101:201(100) ack 201\n"                                                              \
    "1.9 > P. 101:201(100) ack 201\n"                                                              \
    "3.1 > P. 101:201(100) ack 201\n"

static const struct CMUnitTest tests[] = {
    /* ---- the peer of somebody who asks in vain */
    SCRIPT("asked four times, no sign for five seconds: dead", ASKS_IN_VAIN
        "server = ESTABLISHED\n"
        "server in ESTABLISHED FIN_WAIT_1 CLOSED\n"
        "5.9 quiet\n"
        "server = ESTABLISHED\n"
        "6.1 quiet\n"
        "server = CLOSED?\n"
        "server CLOSED timer timed_out at 6\n"
        "server in ESTABLISHED FIN_WAIT_1 CLOSED\n"
        "client may ESTABLISHED\n"
        "no reset\n"
        "close vanished by server presumed\n"),
    SCRIPT("any sign of life ends that", ASKS_IN_VAIN
        "3.2 < . 201:201(0) ack 101\n"
        "10 quiet\n"
        "server = ESTABLISHED\n"),
    SCRIPT("asked less often: a break of the path", ESTABLISHED
        "1 > P. 101:201(100) ack 201\n"
        "2 > P. 101:201(100) ack 201\n"
        "4 > P. 101:201(100) ack 201\n"
        "7.5 quiet\n"
        "server = ESTABLISHED\n"
        "server may CLOSED\n"),

    /* ---- somebody who asks in vain */
    SCRIPT("its next retransmission did not come: it gave up", ASKS_IN_VAIN
        "5.4 quiet\n"
        "client = ESTABLISHED\n"
        "5.6 quiet\n"
        "client = CLOSED?\n"
        "client CLOSED timer timed_out at 5.5\n"
        "client in ESTABLISHED FIN_WAIT_1 CLOSED\n"),
    SCRIPT("a FIN in vain: the same", ESTABLISHED
        "1 > F. 101:101(0) ack 201\n"
        "1.2 > F. 101:101(0) ack 201\n"
        "1.6 > F. 101:101(0) ack 201\n"
        "2.4 > F. 101:101(0) ack 201\n"
        "3.9 quiet\n"
        "client = FIN_WAIT_1\n"
        "4.1 quiet\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1! CLOSED?\n"
        "client may FIN_WAIT_1\n"),
    SCRIPT("after fewer it is the acknowledgment that was missed", ESTABLISHED
        "1 > F. 101:101(0) ack 201\n"
        "1.2 > F. 101:101(0) ack 201\n"
        "9 quiet\n"
        "client = FIN_WAIT_2\n"),

    /* ---- before the handshake is over */
    SCRIPT("a SYN that is not repeated when that is due", SYN_SENT
        "1.4 quiet\n"
        "client = SYN_SENT\n"
        "1.6 quiet\n"
        "client = CLOSED?\n"
        "client CLOSED timer timed_out at 1\n"
        "client in SYN_SENT CLOSED\n"),
    SCRIPT("a SYN-ACK that is not repeated when that is due", SYN_RECEIVED
        "1.4 quiet\n"
        "server = SYN_RECEIVED\n"
        "1.6 quiet\n"
        "server = CLOSED?\n"
        "server may SYN_RECEIVED\n"
        "no reset\n"),

    /* ---- FIN_WAIT_2 */
    SCRIPT("an orphan leaves FIN_WAIT_2",
        "--fin-timeout=60\n" FIN_WAIT_2
        "+59 quiet\n"
        "client = FIN_WAIT_2\n"
        "+2 quiet\n"
        "client = CLOSED?\n"
        "client CLOSED timer timed_out at 60.23\n"
        "client in FIN_WAIT_1 FIN_WAIT_2 CLOSED\n"
        "server in CLOSE_WAIT CLOSED\n"),
    SCRIPT("who still reads is no orphan",
        "--fin-timeout=60\n" FIN_WAIT_2
        "+.100 < P. 201:301(100) ack 102\n"
        "+.010 > . 102:102(0) ack 301\n"
        "+100 quiet\n"
        "client = FIN_WAIT_2\n"
        "client may CLOSED\n"),
    SCRIPT("TIME_WAIT has its own end", TIME_WAIT
        "+61 quiet\n"
        "client CLOSED timer two_msl_elapsed at 60.33\n"),

    /* ---- on its way */
    SCRIPT("what passed less than half a round trip ago is on its way", FIN_WAIT_2
        "server = CLOSE_WAIT\n"
        "client = FIN_WAIT_2\n"
        "+.004 quiet\n"
        "client = FIN_WAIT_1\n"
        "client in FIN_WAIT_1 FIN_WAIT_2\n"
        "+.002 quiet\n"
        "client = FIN_WAIT_2\n"),
    SCRIPT("a reset on its way", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.004 quiet\n"
        "client = ESTABLISHED\n"
        "client in ESTABLISHED CLOSED\n"
        "+.002 quiet\n"
        "client = CLOSED?\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
