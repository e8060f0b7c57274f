/*
 * Peers that are no longer heard. The tap stands 10 ms of round trip from either end, so that a
 * retransmission timeout is 220 ms.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */

/* A second request, three times again with doubling intervals. 151/201, 201/101, frames 10. */
#define REQUEST "+.100 > P. 101:151(50) ack 201\n"
#define AGAIN_AND_AGAIN                                                                            \
    "+.220 > P. 101:151(50) ack 201\n"                                                             \
    "+.220 > P. 101:151(50) ack 201\n"                                                             \
    "+.440 > P. 101:151(50) ack 201\n"

static const struct CMUnitTest tests[] = {
    /* ---- peer_vanished ---- */
    SCRIPT("the peer is not heard any more", ESTABLISHED REQUEST AGAIN_AND_AGAIN
        "rule peer_vanished by client warning probable @8 @10 count=3 gave_up=false\n"
        "rule peer_vanished span_ns=880000000 last_interval_ns=440000000\n"
        "+.880 > P. 101:151(50) ack 201\n"
        "rule peer_vanished by client warning probable count=4\n"
        "+2 quiet\n"
        "rule peer_vanished by client warning certain @5 @8 @11 count=4 gave_up=true\n"
        "rules peer_vanished\n"),
    SCRIPT("the client vanished", ESTABLISHED
        "+.100 < P. 201:251(50) ack 101\n"
        "+.220 < P. 201:251(50) ack 101\n"
        "+.220 < P. 201:251(50) ack 101\n"
        "+.440 < P. 201:251(50) ack 101\n"
        "+.880 < P. 201:251(50) ack 101\n"
        "rule peer_vanished by server warning @6 @8 @11 count=4\n"),
    SCRIPT("its FIN is out as well, the octets are what is missed", ESTABLISHED REQUEST
        "+.001 > F. 151:151(0) ack 201\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+.440 > P. 101:151(50) ack 201\n"
        "+.880 > P. 101:151(50) ack 201\n"
        "+2 quiet\n"
        "rule peer_vanished by client warning @5 @7 @9 @11 count=3\n"
        "+60 quiet\n"
        "rule fin_never_acked by client warning\n"
        "no rule peer_vanished\n"),
    SCRIPT("the peer had closed: its FIN is the last of it", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.010 > . 101:101(0) ack 202\n"
        "+.100 > P. 101:151(50) ack 202\n"
        "+.220 > P. 101:151(50) ack 202\n"
        "+.440 > P. 101:151(50) ack 202\n"
        "+.880 > P. 101:151(50) ack 202\n"
        "+2 quiet\n"
        "rule peer_vanished by client warning certain @7 @9 @10 @12 count=3 span_ns=1540000000\n"),
    SCRIPT("an acknowledgment crossed with the octets: told from their first sending", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.001 > P. 201:251(50) ack 201\n"
        "+.009 < . 201:201(0) ack 201\n"
        "+.220 > P. 201:251(50) ack 201\n"
        "+.440 > P. 201:251(50) ack 201\n"
        "+.880 > P. 201:251(50) ack 201\n"
        "+2 quiet\n"
        "rule peer_vanished by client warning certain @9 @10 @12 count=3 span_ns=1549000000\n"),
    SCRIPT("what had been acknowledged and went again does not count", ESTABLISHED REQUEST
        "+.010 < . 201:201(0) ack 151\n"
        "+.210 > P. 101:151(50) ack 201\n"
        "+.010 > P. 151:201(50) ack 201\n"
        "+.220 > P. 151:201(50) ack 201\n"
        "+.440 > P. 151:201(50) ack 201\n"
        "+.880 > P. 151:201(50) ack 201\n"
        "+2 quiet\n"
        "rule peer_vanished by client warning @8 @10 @11 @13 count=3 span_ns=1540000000\n"),
    SCRIPT("near miss: a FIN alone does not count among the octets", ESTABLISHED REQUEST
        "+.001 > F. 151:151(0) ack 201\n"
        "+.020 > F. 151:151(0) ack 201\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+.440 > P. 101:151(50) ack 201\n"
        "+1 quiet\n"
        "no rule peer_vanished\n"),
    SCRIPT("near miss: twice is not enough", ESTABLISHED REQUEST
        "+.220 > P. 101:151(50) ack 201\n"
        "+.440 > P. 101:151(50) ack 201\n"
        "+60 quiet\n"
        "no rule peer_vanished\n"),
    SCRIPT("near miss: it recovered", ESTABLISHED REQUEST AGAIN_AND_AGAIN
        "+.010 < . 201:201(0) ack 151\n"
        "+60 quiet\n"
        "rules nothing\n"),
    SCRIPT("near miss: the peer is heard", ESTABLISHED REQUEST AGAIN_AND_AGAIN
        "+.010 < P. 201:251(50) ack 101\n"
        "+.800 quiet\n"
        "no rule peer_vanished\n"),
    SCRIPT("near miss: intervals do not grow", ESTABLISHED REQUEST
        "+.220 > P. 101:151(50) ack 201\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+60 quiet\n"
        "no rule peer_vanished\n"),
    SCRIPT("near miss: they were acknowledged, and that was lost", ESTABLISHED REQUEST
        "+.010 < . 201:201(0) ack 151\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+.440 > P. 101:151(50) ack 201\n"
        "+.880 > P. 101:151(50) ack 201\n"
        "+60 quiet\n"
        "no rule peer_vanished\n"),
    SCRIPT("near miss: the window is closed", ESTABLISHED
        "+.010 < . 201:201(0) ack 101 win 0\n"
        REQUEST AGAIN_AND_AGAIN
        "+60 quiet\n"
        "no rule peer_vanished\n"),
    SCRIPT("near miss: a FIN alone", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "+.440 > F. 101:101(0) ack 201\n"
        "+.880 > F. 101:101(0) ack 201\n"
        "+60 quiet\n"
        "no rule peer_vanished\n"),
    SCRIPT("near miss: a SYN alone", SYN_SENT
        "+1 > S 0:0(0) <mss 1460,sackOK,wscale 7>\n"
        "+2 > S 0:0(0) <mss 1460,sackOK,wscale 7>\n"
        "+4 > S 0:0(0) <mss 1460,sackOK,wscale 7>\n"
        "+60 quiet\n"
        "no rule peer_vanished\n"
        "no rule idle_dropped\n"),
    SCRIPT("near miss: in one direction only",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.100 > P. 1:101(100) ack 1\n"
        "+.220 > P. 1:101(100) ack 1\n"
        "+.440 > P. 1:101(100) ack 1\n"
        "+.880 > P. 1:101(100) ack 1\n"
        "+60 quiet\n"
        "no rule peer_vanished\n"),

    /* ---- keepalive_unanswered ---- */
    SCRIPT("two probes without an answer", ESTABLISHED
        "+60 > . 100:100(0) ack 201\n"
        "+10 > . 100:100(0) ack 201\n"
        "+.219 quiet\n"
        "no rule keepalive_unanswered\n"
        "+.001 quiet\n"
        "rule keepalive_unanswered by client warning certain @5 @7 @8 count=2\n"
        "rule keepalive_unanswered last_interval_ns=10000000000\n"
        "rules keepalive_unanswered\n"),
    SCRIPT("probes with an octet, the last ones of several", ESTABLISHED
        "+60 > . 100:101(1) ack 201\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+60 > . 100:101(1) ack 201\n"
        "+10 > . 100:101(1) ack 201\n"
        "+10 > . 100:101(1) ack 201\n"
        "+5 quiet\n"
        "rule keepalive_unanswered by client warning certain @9 @11 count=3\n"),
    SCRIPT("near miss: the second is answered", ESTABLISHED
        "+60 > . 100:100(0) ack 201\n"
        "+10 > . 100:100(0) ack 201\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+60 quiet\n"
        "rules nothing\n"),
    SCRIPT("near miss: one probe", ESTABLISHED
        "+60 > . 100:100(0) ack 201\n"
        "+60 quiet\n"
        "no rule keepalive_unanswered\n"),
    SCRIPT("near miss: the window is closed", ESTABLISHED
        "+.010 < . 201:201(0) ack 101 win 0\n"
        "+1 > . 100:100(0) ack 201\n"
        "+2 > . 100:100(0) ack 201\n"
        "+60 quiet\n"
        "no rule keepalive_unanswered\n"),

    /* ---- idle_dropped ---- */
    SCRIPT("unanswered after a gap", ESTABLISHED
        "+350 > P. 101:151(50) ack 201\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+.439 quiet\n"
        "no rule idle_dropped\n"
        "+.001 quiet\n"
        "rule idle_dropped by client warning probable @5 @8 idle_ns=350000000000 count=1\n"
        "rules idle_dropped\n"),
    SCRIPT("again and again", ESTABLISHED
        "+30 > P. 101:151(50) ack 201\n"
        AGAIN_AND_AGAIN
        "+.880 quiet\n"
        "rule idle_dropped by client warning probable count=3\n"
        "+.001 quiet\n"
        "rule idle_dropped by client warning certain @8 @10 count=3 span_ns=880000000\n"
        "rules idle_dropped\n"),
    SCRIPT("a late copy of before the gap does not count", ESTABLISHED
        "+.100 > P. 101:151(50) ack 201\n"
        "+.010 < . 201:201(0) ack 151\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+.010 < . 201:201(0) ack 151\n"
        "+60 > P. 151:201(50) ack 201\n"
        "+.220 > P. 151:201(50) ack 201\n"
        "+60 quiet\n"
        "rule idle_dropped by client warning @10 @11 @12 count=1 span_ns=220000000\n"),
    SCRIPT("near miss: the peer had closed before the gap", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.010 > . 101:101(0) ack 202\n"
        "+60 > P. 101:151(50) ack 202\n"
        "+.220 > P. 101:151(50) ack 202\n"
        "+60 quiet\n"
        "no rule idle_dropped\n"),
    SCRIPT("near miss: the gap is too short", ESTABLISHED
        "+29.9 > P. 101:151(50) ack 201\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+60 quiet\n"
        "rules nothing\n"),
    SCRIPT("near miss: sent once, so the capture lost the answer", ESTABLISHED
        "+350 > P. 101:151(50) ack 201\n"
        "+60 quiet\n"
        "rules nothing\n"),
    SCRIPT("near miss: answered late", ESTABLISHED
        "+350 > P. 101:151(50) ack 201\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+.600 < . 201:201(0) ack 151\n"
        "+60 quiet\n"
        "rules nothing\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
