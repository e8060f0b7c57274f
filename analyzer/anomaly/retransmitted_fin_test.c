/*
 * A FIN that was sent more than once: before it was acknowledged, while the acknowledgment was on
 * its way, or after that was lost. The tap stands 10 ms of round trip from either end.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
#define TWO_MORE "+.2 > F. 101:101(0) ack 201\n" "+.2 > F. 101:101(0) ack 201\n"
#define TEN_MORE TWO_MORE TWO_MORE TWO_MORE TWO_MORE TWO_MORE

static const struct CMUnitTest tests[] = {
    /* ---- before any acknowledgment ---- */
    SCRIPT("again and acknowledged", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted by client notice certain @7 @8 count=1 first_interval_ns=220000000\n"
        "rule fin_retransmitted by client outcome=unfinished last_interval_ns=- backoff_doubling=-\n"
        "+.010 < . 201:201(0) ack 102\n"
        "rules fin_retransmitted\n"
        "rule fin_retransmitted @7 @8 @9 count=1 outcome=acknowledged\n"),
    SCRIPT("three times with doubling intervals", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "+.440 > F. 101:101(0) ack 201\n"
        "+.880 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted count=3 first_interval_ns=220000000 last_interval_ns=880000000\n"
        "rule fin_retransmitted backoff_doubling=true outcome=unfinished\n"
        "+1.770 quiet\n"
        "rule fin_retransmitted by client notice probable count=3 outcome=no_ack_seen\n"),
    SCRIPT("four times, and no more", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "+.440 > F. 101:101(0) ack 201\n"
        "+.880 > F. 101:101(0) ack 201\n"
        "+1.760 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted by client certain count=4 outcome=unfinished\n"
        "+3.530 quiet\n"
        "rule fin_retransmitted by client certain count=4 outcome=gave_up\n"),
    SCRIPT("once, and no more: acknowledged where the capture did not see it", FIN_WAIT_1
        "+5.380 > F. 101:101(0) ack 201\n"
        "+60 quiet\n"
        "rule fin_retransmitted by client notice probable @7 @8 count=1 outcome=no_ack_seen\n"),
    SCRIPT("a tail loss probe ahead doubles nothing and spoils nothing", FIN_WAIT_1
        "+.020 > F. 101:101(0) ack 201\n"
        "+.220 > F. 101:101(0) ack 201\n"
        "+.440 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted count=3 first_interval_ns=20000000 backoff_doubling=true\n"),
    SCRIPT("no backoff", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "+.220 > F. 101:101(0) ack 201\n"
        "+.220 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted count=3 backoff_doubling=false\n"),
    SCRIPT("riding on older data", ESTABLISHED
        "+.100 > P. 101:151(50) ack 201\n"
        "+.001 > F. 151:151(0) ack 201\n"
        "+.220 > FP. 101:151(50) ack 201\n"
        "rule fin_retransmitted by client notice certain @8 @9 count=1\n"),
    SCRIPT("with older data that alone was missing, as a SACK had said", ESTABLISHED
        "+.100 > F. 131:131(0) ack 201\n"
        "+.010 < . 201:201(0) ack 101 <sack 131:132>\n"
        "+.060 > FP. 101:131(30) ack 201\n"
        "+.010 < . 201:201(0) ack 132\n"
        "rule fin_retransmitted by client info certain @7 @9 @10 count=1 outcome=acknowledged\n"),
    SCRIPT("with older data that the tap had not seen", ESTABLISHED
        "+.100 > F. 131:131(0) ack 201\n"
        "+.060 > FP. 101:131(30) ack 201\n"
        "rule fin_retransmitted by client info @7 @8 count=1\n"),
    SCRIPT("near miss: the SACK came after it", ESTABLISHED
        "+.100 > P. 101:131(30) ack 201\n"
        "+.001 > F. 131:131(0) ack 201\n"
        "+.060 > FP. 101:131(30) ack 201\n"
        "+.010 < . 201:201(0) ack 101 <sack 131:132>\n"
        "rule fin_retransmitted by client notice @8 @9 count=1\n"),
    SCRIPT("near miss: the SACK is of octets before the FIN", ESTABLISHED
        "+.100 > P. 116:131(15) ack 201\n"
        "+.001 > F. 131:131(0) ack 201\n"
        "+.010 < . 201:201(0) ack 101 <sack 116:131>\n"
        "+.200 > F. 131:131(0) ack 201\n"
        "rule fin_retransmitted by client notice count=1\n"),
    SCRIPT("near miss: a D-SACK says only that it came twice", ESTABLISHED
        "+.100 > F. 131:131(0) ack 201\n"
        "+.010 < . 201:201(0) ack 101 <dsack 131:132>\n"
        "+.200 > F. 131:131(0) ack 201\n"
        "rule fin_retransmitted by client notice count=1\n"),
    SCRIPT("padding inside the IP length is in no sequence space", ESTABLISHED
        "+.010 < . 201:207(6) ack 101 <zeros>\n"
        "+.010 < P. 201:301(100) ack 101\n"
        "+.010 > . 101:101(0) ack 301\n"
        "+.100 < F. 301:307(6) ack 101 <zeros>\n"
        "+.220 < F. 301:307(6) ack 101 <zeros>\n"
        "+.001 > . 101:101(0) ack 302\n"
        "rule fin_retransmitted by server notice certain @10 @11 count=1 outcome=acknowledged\n"
        "no caveat capture_lost_segments\n"
        "server = FIN_WAIT_2?\n"),
    SCRIPT("the padding is that of the FIN itself", ESTABLISHED
        "+.100 < F. 201:207(6) ack 101 <zeros>\n"
        "+.010 > P. 101:201(100) ack 202\n"
        "+.010 < . 202:208(6) ack 201 <zeros>\n"
        "client = CLOSE_WAIT!\n"
        "server = FIN_WAIT_2!\n"
        "rules half_close\n"),
    SCRIPT("near miss: zeros that are payload", ESTABLISHED
        "+.010 < . 201:207(6) ack 101 <zeros>\n"
        "+.010 < P. 207:307(100) ack 101\n"
        "+.010 > . 101:101(0) ack 307\n"
        "+.100 < F. 307:308(1) ack 101 <zeros>\n"
        "+.001 > . 101:101(0) ack 309\n"
        "no caveat capture_lost_segments\n"
        "rules nothing\n"
        "server = FIN_WAIT_2?\n"),
    SCRIPT("near miss: zeros that are sent again alike", ESTABLISHED
        "+.100 < . 201:202(1) ack 101 <zeros>\n"
        "+.300 < . 201:202(1) ack 101 <zeros>\n"
        "+.010 > . 101:101(0) ack 202\n"
        "+.100 < F. 202:202(0) ack 101\n"
        "+.001 > . 101:101(0) ack 203\n"
        "no caveat capture_lost_segments\n"
        "server = FIN_WAIT_2?\n"),
    SCRIPT("within the disorder of the capture", ESTABLISHED
        "+.100 < . 201:201(0) ack 102\n"
        "+0 < F. 201:201(0) ack 102 id 7\n"
        "+.000003 < F. 201:201(0) ack 102 id 8\n"
        "+.000020 > F. 101:101(0) ack 201\n"
        "+.000010 > . 102:102(0) ack 202\n"
        "rule fin_retransmitted by server info probable @8 @9 count=1 out_of_order=true "
        "first_interval_ns=- outcome=-\n"),
    SCRIPT("near miss: the disorder is elsewhere", ESTABLISHED
        "+.100 < . 201:201(0) ack 102\n"
        "+.000020 > F. 101:101(0) ack 201\n"
        "+.100 < F. 201:201(0) ack 102\n"
        "+.300 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "rule fin_retransmitted by server notice certain count=1 first_interval_ns=300000000 "
        "out_of_order=- outcome=acknowledged\n"),
    SCRIPT("the server's, in LAST_ACK", LAST_ACK
        "+.220 < F. 201:201(0) ack 102\n"
        "rule fin_retransmitted by server notice certain @9 @10 count=1\n"
        "+.010 > . 102:102(0) ack 202\n"
        "rules fin_retransmitted\n"),
    SCRIPT("repeated in the acknowledgment of the peer's FIN, which it had crossed", FIN_WAIT_1
        "+.001 < F. 201:201(0) ack 101\n"
        "+.001 > F. 101:101(0) ack 202\n"
        "+.010 < . 202:202(0) ack 102\n"
        "rule fin_retransmitted by client info certain @7 @9 @10 count=1 outcome=acknowledged\n"
        "quiet\n"),
    SCRIPT("repeated in answer to whatever the peer sends", FIN_WAIT_1
        "+.009 < . 201:201(0) ack 101\n"
        "+.010 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted by client info count=1\n"
        "+.009 < F. 201:201(0) ack 101\n"
        "+.010 > F. 101:101(0) ack 202\n"
        "rule fin_retransmitted by client info count=2\n"),
    SCRIPT("near miss: the timer ran out", FIN_WAIT_1
        "+.210 < P. 201:251(50) ack 101\n"
        "+.010 > F. 101:101(0) ack 251\n"
        "rule fin_retransmitted by client notice count=1\n"),
    SCRIPT("acknowledged above all that was sent: the receiver refuses that", FIN_WAIT_1
        "+.010 < . 201:201(0) ack 140\n"
        "+.210 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted by client notice count=1\n"
        "no rule fin_retransmitted_after_ack\n"),
    SCRIPT("lengths that somebody cut: the sender goes on from what was acknowledged", ESTABLISHED
        "+.100 > FP. 101:151(50) ack 201\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+.440 > P. 101:151(50) ack 201\n"
        "+.010 < . 201:201(0) ack 1502\n"
        "+.010 < F. 201:201(0) ack 1502\n"
        "+.010 > . 1502:1502(0) ack 202\n"
        "+60 quiet\n"
        "no rule fin_never_acked\n"),
    SCRIPT("answered by a reset", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rule fin_retransmitted by client @7 @8 @9 outcome=reset\n"),
    SCRIPT("a reset before the last of them, which went on: not its outcome", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "+.010 < R. 201:201(0) ack 101\n"
        "+1.430 > F. 101:101(0) ack 201\n"
        "rule rst_ignored by server certain\n"
        "rule fin_retransmitted by client @7 @8 @10 count=2 outcome=unfinished\n"),
    SCRIPT("sent twice at once: no acknowledgment can have been due", FIN_WAIT_1
        "+.006 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted by client info certain @7 @8 count=1 first_interval_ns=6000000\n"),
    SCRIPT("sent again half a round trip later", FIN_WAIT_1
        "+.012 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted by client notice certain @7 @8 count=1\n"),
    SCRIPT("given up before the answer came", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "+.440 > F. 101:101(0) ack 201\n"
        "+2 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rule fin_retransmitted by client count=2 outcome=gave_up\n"),
    SCRIPT("one direction only: sent again, whatever came back", 
        "0 > S 0:0(0) <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.100 > F. 1:1(0) ack 1\n"
        "+.220 > F. 1:1(0) ack 1\n"
        "rule fin_retransmitted by client notice probable count=1 outcome=-\n"),
    SCRIPT("octets before it still go out: not given up", ESTABLISHED
        "+.100 > P. 101:151(50) ack 201\n"
        "+.001 > F. 151:151(0) ack 201\n"
        "+.020 > F. 151:151(0) ack 201\n"
        "+.220 > P. 101:151(50) ack 201\n"
        "+.440 > P. 101:151(50) ack 201\n"
        "rule fin_retransmitted by client count=1 outcome=unfinished\n"
        "+1 quiet\n"
        "rule fin_retransmitted by client probable count=1 outcome=no_ack_seen\n"),
    SCRIPT("without times it is counted", ESTABLISHED
        "? > F. 101:101(0) ack 201\n"
        "? > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted count=1 first_interval_ns=- outcome=-\n"),
    SCRIPT("more often than the log holds", FIN_WAIT_1
        TEN_MORE TEN_MORE TEN_MORE TEN_MORE TEN_MORE TEN_MORE
        "rule fin_retransmitted by client count=60\n"
        TEN_MORE
        "rule fin_retransmitted by client count=70 last_interval_ns=200000000\n"),
    SCRIPT("near miss: one FIN, acknowledged", LAST_ACK
        "rules nothing\n"
        "+.010 > . 102:102(0) ack 202\n"
        "rules nothing\n"),
    SCRIPT("near miss: the capture saw one FIN twice", FIN_WAIT_1
        "+.001 > F. 101:101(0) ack 201\n"
        "no rule fin_retransmitted\n"
        "caveat captured_twice\n"),
    SCRIPT("a sender that numbers all its packets alike sends its FIN again", ESTABLISHED
        "+.100 > P. 101:151(50) ack 201 id 77\n"
        "+.010 < . 201:201(0) ack 151\n"
        "+.100 > F. 151:151(0) ack 201 id 77\n"
        "+.140 > F. 151:151(0) ack 201 id 77\n"
        "+.280 > F. 151:151(0) ack 201 id 77\n"
        "+.010 < . 201:201(0) ack 152\n"
        "rule fin_retransmitted by client count=2\n"),
    SCRIPT("near miss: the network made a copy of it", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201 id 77\n"
        "+.050 > F. 101:101(0) ack 201 id 77\n"
        "no rule fin_retransmitted\n"),
    SCRIPT("near miss: an old duplicate, whose stamp no living clock bears", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.010 < . 201:201(0) ack 102 <TS val 1221 ecr 221>\n"
        "+60 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "no rule fin_retransmitted_after_ack\n"
        "no rule fin_retransmitted\n"),
    SCRIPT("a coarse clock may bear the same stamp", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.220 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "rule fin_retransmitted by client count=1\n"),
    SCRIPT("the same IP ID long after is no copy", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201 id 77\n"
        "+.220 > F. 101:101(0) ack 201 id 77\n"
        "rule fin_retransmitted by client count=1\n"),
    SCRIPT("near miss: data that ends where a FIN begins, again", FIN_WAIT_1
        "+.220 > P. 1:101(100) ack 201\n"
        "no rule fin_retransmitted\n"),

    /* ---- acknowledged, and the acknowledgment lost ---- */
    SCRIPT("the last ACK was lost behind the tap", TIME_WAIT
        "+.250 < F. 201:201(0) ack 102\n"
        "rule fin_retransmitted_after_ack by server notice certain @9 @10 @11 count=1\n"
        "rule fin_retransmitted_after_ack gap_ns=250000000 round_trip_ns=10000000 reacknowledged=-\n"
        "+.010 > . 102:102(0) ack 202\n"
        "rules fin_retransmitted_after_ack\n"
        "rule fin_retransmitted_after_ack @12 reacknowledged=true time_wait_extended_ns=260000000\n"),
    SCRIPT("probable only where its TTL changed in mid-connection: somebody may have taken over",
        ESTABLISHED
        "+.100 > . 101:101(0) ack 201 ttl 63\n"
        "+.100 < F. 201:201(0) ack 101\n"
        "+.010 > F. 101:101(0) ack 202 ttl 63\n"
        "+.010 < . 202:202(0) ack 102\n"
        "+.250 > F. 101:101(0) ack 202 ttl 63\n"
        "rule fin_retransmitted_after_ack by client notice probable\n"),
    SCRIPT("and again, unanswered", TIME_WAIT
        "+.250 < F. 201:201(0) ack 102\n"
        "+.500 < F. 201:201(0) ack 102\n"
        "+1 quiet\n"
        "rule fin_retransmitted_after_ack count=2 gap_ns=250000000 reacknowledged=false\n"),
    SCRIPT("both before and after the acknowledgment", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "+.010 < . 201:201(0) ack 102\n"
        "+.440 > F. 101:101(0) ack 201\n"
        "rules fin_retransmitted fin_retransmitted_after_ack\n"
        "rule fin_retransmitted count=1 @7 @8 outcome=acknowledged\n"
        "rule fin_retransmitted_after_ack count=1 @9 @10 gap_ns=440000000\n"),
    SCRIPT("its first transmission was not captured", ESTABLISHED
        "+.100 < . 201:201(0) ack 102\n"
        "+.300 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted_after_ack by client notice probable @7 @8 count=1\n"),
    SCRIPT("near miss: the tap shows the two in the wrong order", ESTABLISHED
        "+.100 < . 201:201(0) ack 102\n"
        "+.0001 > F. 101:101(0) ack 201\n"
        "rules nothing\n"),
    SCRIPT("near miss: a challenge from another use of the five-tuple is no acknowledgment",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.020 < . 3000:3000(0) ack 500\n"
        "+.001 > R 500:500(0)\n"
        "+3 > S 0:0(0) <mss 1460>\n"
        "+.020 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.001 > . 1:1(0) ack 1\n"
        "+.010 > F. 1:1(0) ack 1\n"
        "+.020 < F. 1:1(0) ack 2\n"
        "+.001 > . 2:2(0) ack 2\n"
        "no rule fin_retransmitted_after_ack\n"),
    SCRIPT("near miss: no such rule without times", ESTABLISHED
        "? > F. 101:101(0) ack 201\n"
        "? < . 201:201(0) ack 102\n"
        "? > F. 101:101(0) ack 201\n"
        "no rule fin_retransmitted_after_ack\n"
        "no rule fin_retransmitted_spuriously\n"),

    /* ---- crossed ---- */
    SCRIPT("FIN and acknowledgment crossed", FIN_WAIT_2
        "+.006 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted_spuriously by client info probable @7 @8 @9 gap_ns=6000000\n"
        "rule fin_retransmitted_spuriously round_trip_ns=10000000 count=1\n"
        "rules fin_retransmitted_spuriously\n"),
    SCRIPT("a quarter above the round trip and a millisecond still cross", FIN_WAIT_2
        "+.0134 > F. 101:101(0) ack 201\n"
        "rules fin_retransmitted_spuriously\n"),
    SCRIPT("beyond that they do not", FIN_WAIT_2
        "+.0136 > F. 101:101(0) ack 201\n"
        "rules fin_retransmitted_after_ack\n"
        "rule fin_retransmitted_after_ack by client notice possible\n"),
    SCRIPT("further apart it is likely", FIN_WAIT_2
        "+.030 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted_after_ack by client notice probable gap_ns=30000000\n"),
    SCRIPT("and then certain", FIN_WAIT_2
        "+.060 > F. 101:101(0) ack 201\n"
        "rule fin_retransmitted_after_ack by client notice certain gap_ns=60000000\n"),
    SCRIPT("a FIN repeated in the acknowledgment of the peer's, as BSD does", CLOSING
        "+.001 < . 202:202(0) ack 102\n"
        "+.040 > F. 101:101(0) ack 202\n"
        "rules simultaneous_close fin_retransmitted_spuriously\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
