/*
 * FINs that nobody acknowledged or answered. The tap stands 10 ms of round trip from either end, so
 * that a retransmission timeout is 220 ms.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */

/* The client's FIN three times in all. 102/201, 201/101, frames 9. */
#define THRICE FIN_WAIT_1                                                                          \
    "+.220 > F. 101:101(0) ack 201\n"                                                              \
    "+.440 > F. 101:101(0) ack 201\n"

static const struct CMUnitTest tests[] = {
    /* ---- fin_never_acked ---- */
    SCRIPT("sent again twice, then silence for three timeouts, doubled twice", THRICE
        "+2.639 quiet\n"
        "no rule fin_never_acked\n"
        "+.001 quiet\n"
        "rule fin_never_acked by client warning probable @7 @8 @9 count=2 span_ns=660000000\n"
        "rule fin_never_acked peer=silent gave_up=true last_interval_ns=440000000 idle_ns=-\n"
        "rules fin_never_acked fin_retransmitted\n"),
    SCRIPT("four times and long enough is beyond doubt", THRICE
        "+.880 > F. 101:101(0) ack 201\n"
        "+1.760 > F. 101:101(0) ack 201\n"
        "+11 quiet\n"
        "rule fin_never_acked by client warning certain count=4 peer=silent gave_up=true\n"),
    SCRIPT("both have closed, and a goodbye is outstanding", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.001 > P. 101:132(31) ack 201\n"
        "+0 > F. 132:132(0) ack 201\n"
        "+.010 > . 133:133(0) ack 202\n"
        "+.220 > FP. 101:132(31) ack 202\n"
        "+.440 > FP. 101:132(31) ack 202\n"
        "+4 quiet\n"
        "rule fin_never_acked by client notice @9 unacked_bytes=31 peer_fin_unacked=false\n"),
    SCRIPT("both have closed, and more than a goodbye is outstanding", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.001 > P. 101:182(81) ack 201\n"
        "+0 > F. 182:182(0) ack 201\n"
        "+.010 > . 183:183(0) ack 202\n"
        "+.220 > FP. 101:182(81) ack 202\n"
        "+.440 > FP. 101:182(81) ack 202\n"
        "+4 quiet\n"
        "rule fin_never_acked by client warning unacked_bytes=81 peer_fin_unacked=false\n"),
    SCRIPT("both have closed, and nobody acknowledges", THRICE
        "+.100 < F. 201:201(0) ack 101\n"
        "+4 quiet\n"
        "rule fin_never_acked by client notice unacked_bytes=- peer_fin_unacked=true\n"),
    SCRIPT("four times in vain, and the capture ends", THRICE
        "+.880 > F. 101:101(0) ack 201\n"
        "no rule fin_never_acked\n"
        "+1.760 > F. 101:101(0) ack 201\n"
        "rule fin_never_acked by client warning probable count=4 peer=silent gave_up=false\n"),
    SCRIPT("the peer is alive and does not acknowledge it", THRICE
        "+.100 < P. 201:301(100) ack 101\n"
        "+3 quiet\n"
        "rule fin_never_acked by client warning certain @9 peer=alive\n"),
    SCRIPT("both FINs cross, one is never acknowledged", CLOSING
        "+.010 > . 102:102(0) ack 202\n"
        "+.220 > F. 101:101(0) ack 202\n"
        "+.440 > F. 101:101(0) ack 202\n"
        "+5 quiet\n"
        "rule fin_never_acked by client\n"),
    SCRIPT("octets before it, again and again, count", ESTABLISHED
        "+.100 > P. 101:151(50) ack 201\n"
        "+.001 > F. 151:151(0) ack 201\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+.440 > P. 101:151(50) ack 201\n"
        "+3 quiet\n"
        "rule fin_never_acked by client warning @8 @9 @10 count=2\n"),
    SCRIPT("acknowledged when it was too late", THRICE
        "+5 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rule fin_never_acked by client @10\n"),
    SCRIPT("after a long silence", ESTABLISHED
        "+350 > F. 101:101(0) ack 201\n"
        "+.220 > F. 101:101(0) ack 201\n"
        "+.440 > F. 101:101(0) ack 201\n"
        "+3 quiet\n"
        "rule fin_never_acked idle_ns=350000000000\n"
        "no rule idle_dropped\n"
        "no rule peer_vanished\n"),
    SCRIPT("the capture lost segments: weaker", OPENED
        "+.080 > P. 1:101(100) ack 1\n"
        "+.010 < . 1:1(0) ack 301\n"
        "+.010 < P. 1:201(200) ack 301\n"
        "+.010 > . 301:301(0) ack 201\n"
        "+.100 > F. 301:301(0) ack 201\n"
        "+.220 > F. 301:301(0) ack 201\n"
        "+.440 > F. 301:301(0) ack 201\n"
        "+3 quiet\n"
        "caveat capture_lost_segments\n"
        "rule fin_never_acked by client notice possible\n"
        "rule fin_retransmitted by client info probable\n"),
    SCRIPT("a stack that repeats its IP ID", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201 id 7\n"
        "+.220 > F. 101:101(0) ack 201 id 7\n"
        "+.440 > F. 101:101(0) ack 201 id 7\n"
        "+3 quiet\n"
        "rule fin_never_acked by client count=2\n"),
    SCRIPT("near miss: what seems to be an octet of it is padding", ESTABLISHED
        "+.100 > F. 101:107(6) ack 201\n"
        "+.010 < . 201:201(0) ack 102\n"
        "+.220 > F. 101:107(6) ack 201\n"
        "+.440 > F. 101:107(6) ack 201\n"
        "+60 quiet\n"
        "no rule fin_never_acked\n"),
    SCRIPT("near miss: sent again once", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "+60 quiet\n"
        "no rule fin_never_acked\n"),
    SCRIPT("octets before it are missing as well: one warning", ESTABLISHED
        "+.100 > P. 101:151(50) ack 201\n"
        "+.001 > F. 151:151(0) ack 201\n"
        "+.020 > F. 151:151(0) ack 201\n"
        "+.220 > FP. 101:151(50) ack 201\n"
        "+.440 > FP. 101:151(50) ack 201\n"
        "+.880 > FP. 101:151(50) ack 201\n"
        "+1.76 > FP. 101:151(50) ack 201\n"
        "+60 quiet\n"
        "rule fin_never_acked by client warning certain count=5\n"
        "rule fin_retransmitted by client info count=5\n"
        "rules fin_never_acked fin_retransmitted\n"),
    SCRIPT("after a long silence: the close is what went unanswered", FIN_WAIT_2
        "+235 < FP. 201:232(31) ack 102\n"
        "+.300 < FP. 201:232(31) ack 102\n"
        "+.600 < FP. 201:232(31) ack 102\n"
        "+1.20 < FP. 201:232(31) ack 102\n"
        "+2.40 < FP. 201:232(31) ack 102\n"
        "rule last_ack_missing by server notice probable count=4 idle_ns=235000000000\n"
        "no rule idle_dropped\n"
        "no rule peer_vanished\n"),
    SCRIPT("near miss: not sent again, so the capture lost the acknowledgment", FIN_WAIT_1
        "+60 quiet\n"
        "rules nothing\n"),
    SCRIPT("near miss: acknowledged in the end", THRICE
        "+.010 < . 201:201(0) ack 102\n"
        "+60 quiet\n"
        "no rule fin_never_acked\n"),
    SCRIPT("near miss: reset in the end", THRICE
        "+.010 < R 201:201(0)\n"
        "+60 quiet\n"
        "no rule fin_never_acked\n"),
    SCRIPT("near miss: in one direction only",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.100 > F. 1:1(0) ack 1\n"
        "+.220 > F. 1:1(0) ack 1\n"
        "+.440 > F. 1:1(0) ack 1\n"
        "+60 quiet\n"
        "no rule fin_never_acked\n"),
    SCRIPT("near miss: acknowledged, and that was lost: not never", FIN_WAIT_2
        "+.220 > F. 101:101(0) ack 201\n"
        "+.440 > F. 101:101(0) ack 201\n"
        "+60 quiet\n"
        "no rule fin_never_acked\n"
        "rule fin_retransmitted_after_ack count=2\n"),

    /* ---- last_ack_missing ---- */
    SCRIPT("the second FIN is never acknowledged", LAST_ACK
        "+.220 < F. 201:201(0) ack 102\n"
        "+.440 < F. 201:201(0) ack 102\n"
        "no rule last_ack_missing\n"
        "+3 quiet\n"
        "rule last_ack_missing by server notice probable @9 @10 @11 count=2 peer=silent\n"
        "no rule fin_never_acked\n"),
    SCRIPT("near miss: a reset answers", LAST_ACK
        "+.220 < F. 201:201(0) ack 102\n"
        "+.440 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "+60 quiet\n"
        "no rule last_ack_missing\n"),

    /* ---- close_wait_stuck ---- */
    SCRIPT("never closes", FIN_WAIT_2
        "+59 quiet\n"
        "no rule close_wait_stuck\n"
        "+1 quiet\n"
        "rule close_wait_stuck by server notice probable @7 @8 duration_ns=60010000000\n"
        "rule close_wait_stuck bytes_sent=0 still_waiting=true\n"
        "quiet\n"),
    SCRIPT("still there when the peer asks again, and yet its FIN may have been missed", FIN_WAIT_2
        "+80 > . 101:101(0) ack 201\n"
        "+.010 < . 201:201(0) ack 102\n"
        "+70 quiet\n"
        "rule close_wait_stuck by server notice probable still_waiting=true\n"),
    SCRIPT("closes late", FIN_WAIT_2
        "+100 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "rule close_wait_stuck by server notice certain @7 @8 @9 duration_ns=100010000000\n"
        "rule close_wait_stuck still_waiting=false\n"),
    SCRIPT("resets late", FIN_WAIT_2
        "+100 < R. 201:201(0) ack 102\n"
        "rule close_wait_stuck by server notice certain still_waiting=false\n"),
    SCRIPT("as short as it is asked for",
        "--stuck=2\n" FIN_WAIT_2
        "+2 quiet\n"
        "rule close_wait_stuck by server notice\n"),
    SCRIPT("goes on sending: a fact", FIN_WAIT_2
        "+30 < P. 201:301(100) ack 102\n"
        "+.010 > . 102:102(0) ack 301\n"
        "+30 < P. 301:401(100) ack 102\n"
        "+.010 > . 102:102(0) ack 401\n"
        "+10 < F. 401:401(0) ack 102\n"
        "rule close_wait_stuck by server info certain bytes_sent=200\n"),
    SCRIPT("sent something once, and then nothing", FIN_WAIT_2
        "+1 < P. 201:301(100) ack 102\n"
        "+.010 > . 102:102(0) ack 301\n"
        "+100 quiet\n"
        "rule close_wait_stuck by server notice bytes_sent=100\n"),
    SCRIPT("the capture begins with the FIN: its own may have passed before",
        "0 > F. 101:101(0) ack 201\n"
        "+.100 < . 201:201(0) ack 102\n"
        "+70 quiet\n"
        "rule close_wait_stuck by server notice possible @1 @2\n"),
    SCRIPT("near miss: the FIN is known only by its acknowledgment", ESTABLISHED
        "+.100 < . 201:201(0) ack 102\n"
        "+70 quiet\n"
        "no rule close_wait_stuck\n"),
    SCRIPT("near miss: a reset in its name, from elsewhere", FIN_WAIT_2
        "+9 < R 201:201(0) ttl 40\n"
        "+90 quiet\n"
        "no rule close_wait_stuck\n"),
    SCRIPT("near miss: it never acknowledged the FIN", FIN_WAIT_1
        "+70 quiet\n"
        "no rule close_wait_stuck\n"),
    SCRIPT("near miss: closes in time", FIN_WAIT_2
        "+59 < F. 201:201(0) ack 102\n"
        "+70 quiet\n"
        "no rule close_wait_stuck\n"),

    /* ---- fin_blocked ---- */
    SCRIPT("behind a closed window", ESTABLISHED
        "+.010 > P. 101:151(50) ack 201\n"
        "+.010 < . 201:201(0) ack 101 win 0\n"
        "+2.989 quiet\n"
        "no rule fin_blocked\n"
        "+1 quiet\n"
        "rule fin_blocked by client notice probable blocked_by=zero_window bytes_outstanding=50\n"
        "quiet\n"),
    SCRIPT("asking whether the window is open", ESTABLISHED
        "+.010 > P. 101:151(50) ack 201\n"
        "+.010 < . 201:201(0) ack 151 win 0\n"
        "+1 > . 150:150(0) ack 201\n"
        "+.010 < . 201:201(0) ack 151 win 0\n"
        "+2 > . 150:150(0) ack 201\n"
        "+.010 < . 201:201(0) ack 151 win 0\n"
        "rule fin_blocked by client notice probable blocked_by=zero_window bytes_outstanding=-\n"),
    SCRIPT("behind a hole", ESTABLISHED
        "+.010 > P. 151:201(50) ack 201\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+5 quiet\n"
        "rule fin_blocked by client notice possible blocked_by=hole\n"),
    SCRIPT("near miss: a gap that no window holds", ESTABLISHED
        "+.010 > P. 90000:90050(50) ack 201\n"
        "+.010 < . 201:201(0) ack 101 win 10\n"
        "+5 quiet\n"
        "no rule fin_blocked\n"),
    SCRIPT("near miss: the window opens again", ESTABLISHED
        "+.010 > P. 101:151(50) ack 201\n"
        "+.010 < . 201:201(0) ack 101 win 0\n"
        "+1 < . 201:201(0) ack 151 win 5000\n"
        "+60 quiet\n"
        "no rule fin_blocked\n"),
    SCRIPT("near miss: a closed window and nothing to send", ESTABLISHED
        "+.010 < . 201:201(0) ack 101 win 0\n"
        "+60 quiet\n"
        "no rule fin_blocked\n"),
    SCRIPT("near miss: its FIN is out", ESTABLISHED
        "+.010 > FP. 101:151(50) ack 201\n"
        "+.010 < . 201:201(0) ack 101 win 0\n"
        "+60 quiet\n"
        "no rule fin_blocked\n"),

    /* ---- fin_over_hole ---- */
    SCRIPT("octets before the FIN never passed", ESTABLISHED
        "+.100 > F. 151:151(0) ack 201\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.640 quiet\n"
        "no rule fin_over_hole\n"
        "+.020 quiet\n"
        "rule fin_over_hole by client notice probable @7 @8 bytes_missing=50\n"),
    SCRIPT("and the peer says nothing", ESTABLISHED
        "+.100 > F. 151:151(0) ack 201\n"
        "+5 quiet\n"
        "rule fin_over_hole by client notice possible @7 bytes_missing=50\n"),
    SCRIPT("near miss: they come later", ESTABLISHED
        "+.100 > F. 151:151(0) ack 201\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.200 > P. 101:151(50) ack 201\n"
        "+.010 < . 201:201(0) ack 152\n"
        "+5 quiet\n"
        "no rule fin_over_hole\n"),
    SCRIPT("near miss: acknowledged, so it was the capture that lost them", ESTABLISHED
        "+.100 > F. 151:151(0) ack 201\n"
        "+.010 < . 201:201(0) ack 152\n"
        "+5 quiet\n"
        "no rule fin_over_hole\n"),
    SCRIPT("near miss: the FIN was acknowledged a minute later, when what was missing had come", ESTABLISHED
        "--stuck=30\n"
        "+.100 > P. 101:201(100) ack 201\n"
        "+.001 > F. 201:201(0) ack 201\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+60 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 202\n"
        "+.012 < F. 201:201(0) ack 202\n"
        "+.010 > . 202:202(0) ack 202\n"
        "no rule close_wait_stuck\n"),
    SCRIPT("near miss: octets behind the number of what seemed a FIN", FIN_WAIT_2
        "--stuck=30\n"
        "+1 > P. 102:202(100) ack 201\n"
        "+.010 < . 201:201(0) ack 202\n"
        "+70 < F. 201:201(0) ack 202\n"
        "no rule close_wait_stuck\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
