/*
 * Connections that never opened.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- refused ---- */
    SCRIPT("a closed port", SYN_SENT
        "+.010 < R. =0:=0(0) ack 1\n"
        "rules connection_refused\n"
        "rule connection_refused by server notice certain @1 @2 attempts=1 gap_ns=10000000\n"),
    SCRIPT("a closed port, asked three times", SYN_SENT
        "+.010 < R. =0:=0(0) ack 1\n"
        "+.500 > S 0:0(0) <mss 1460>\n"
        "+.010 < R. =0:=0(0) ack 1\n"
        "connections 1\n"
        "rule connection_refused by server notice certain attempts=2\n"),
    SCRIPT("a closed port, and the capture has the answer first",
        "0 < R. =0:=0(0) ack 1\n"
        "+.001 > S 0:0(0) <mss 1460>\n"
        "rules connection_refused\n"
        "rule connection_refused by server notice certain @1 @2 attempts=1 out_of_order=true "
        "gap_ns=-\n"),
    SCRIPT("a closed port, answered before a SYN that the capture lacks, and after the next",
        "0 < R. =0:=0(0) ack 1\n"
        "+1.500 > S 0:0(0) <mss 1460>\n"
        "+.001 < R. =0:=0(0) ack 1\n"
        "rule connection_refused by server notice certain @2 @3 gap_ns=1000000 out_of_order=-\n"),
    SCRIPT("near miss: an RST before it that acknowledges something else",
        "0 < R. =0:=0(0) ack 2\n"
        "+.001 > S 0:0(0) <mss 1460>\n"
        "no rule connection_refused\n"),
    SCRIPT("an RST that does not acknowledge the SYN", SYN_SENT
        "+.010 < R =0:=0(0)\n"
        "rule connection_refused by server notice probable @2\n"),
    SCRIPT("near miss: refused after it had opened", OPENED
        "+.010 < R. 1:1(0) ack 1\n"
        "no rule connection_refused\n"),

    /* ---- unanswered ---- */
    SCRIPT("one SYN, and a second without an answer", SYN_SENT
        "+.900 quiet\n"
        "rules nothing\n"
        "+1 quiet\n"
        "rules syn_unanswered\n"
        "rule syn_unanswered by client notice probable @1 attempts=1 span_ns=-\n"),
    SCRIPT("sent again, the capture ends with the last", SYN_SENT
        "+1 > S 0:0(0) <mss 1460>\n"
        "rules nothing\n"
        "+2 > S 0:0(0) <mss 1460>\n"
        "rule syn_unanswered by client notice probable @1 @2 @3 attempts=3 span_ns=3000000000\n"
        "+4 quiet\n"
        "rule syn_unanswered by client notice probable attempts=3\n"
        "+.001 quiet\n"
        "rule syn_unanswered by client notice certain @1 @2 @3 attempts=3 span_ns=3000000000\n"),
    SCRIPT("near miss: the third is answered", SYN_SENT
        "+1 > S 0:0(0) <mss 1460>\n"
        "+2 > S 0:0(0) <mss 1460>\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > . 1:1(0) ack 1\n"
        "+2 quiet\n"
        "rules nothing\n"),
    SCRIPT("near miss: the answers pass elsewhere", SYN_SENT
        "+.020 > . 1:1(0) ack 1\n"
        "+.080 > P. 1:101(100) ack 1\n"
        "+2 quiet\n"
        "no rule syn_unanswered\n"),
    SCRIPT("near miss: an RST tells of an answer that passed elsewhere", SYN_SENT
        "+.020 > R 1:1(0)\n"
        "+2 quiet\n"
        "no rule syn_unanswered\n"),

    /* ---- aborted ---- */
    SCRIPT("RST instead of the third segment", SYN_RECEIVED
        "+.010 > R 1:1(0)\n"
        "rules handshake_aborted\n"
        "rule handshake_aborted by client notice certain @1 @2 @3 gap_ns=10000000 "
        "seq_offset=-\n"),
    SCRIPT("aborted by an RST whose number is not the next one", SYN_SENT
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > R 21:21(0)\n"
        "rule handshake_aborted by client notice certain @1 @2 @3 seq_offset=20\n"),
    SCRIPT("near miss: RST after the third segment", OPENED
        "+.010 > R. 1:1(0) ack 1\n"
        "no rule handshake_aborted\n"),
    SCRIPT("near miss: RST in reaction to a challenge ACK", ESTABLISHED
        "+10 > S 100000:100000(0) <mss 1460>\n"
        "+.010 < . 201:201(0) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "connection 2\n"
        "no rule handshake_aborted\n"
        "no rule connection_refused\n"
        "no rule syn_unanswered\n"),

    SCRIPT("near miss: a SYN in answer to what just passed the other way", OPENED
        "+.100 > F. 1:1(0) ack 1\n"
        "+.010 < F. 1:1(0) ack 2\n"
        "+.010 > . 2:2(0) ack 2\n"
        "+.005 < S 900000000:900000000(0)\n"
        "+3 quiet\n"
        "connections 2\n"
        "connection 2\n"
        "no rule syn_unanswered\n"),
    SCRIPT("the other way a second later", OPENED
        "+.100 > F. 1:1(0) ack 1\n"
        "+.010 < F. 1:1(0) ack 2\n"
        "+.010 > . 2:2(0) ack 2\n"
        "+1.000 < S 900000000:900000000(0)\n"
        "+3 quiet\n"
        "connection 2\n"
        "rule syn_unanswered by client\n"),

    /* ---- SYN-ACK unanswered ---- */
    SCRIPT("SYN-ACK sent again and again", SYN_RECEIVED
        "+1 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+2 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+1 quiet\n"
        "rules syn_ack_unanswered\n"
        "rule syn_ack_unanswered by server notice probable @2 @3 @4 count=3 syn_repeated=false\n"
        "rule syn_ack_unanswered span_ns=3000000000\n"),
    SCRIPT("the client repeats its SYN: it never received it", SYN_RECEIVED
        "+1 > S 0:0(0) <mss 1460>\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+2 quiet\n"
        "rule syn_ack_unanswered by server notice certain count=2 syn_repeated=true\n"),
    SCRIPT("the answer to the last may be on its way", SYN_RECEIVED
        "+1 > S 0:0(0) <mss 1460>\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+2 < S. 0:0(0) ack 1 <mss 1460>\n"
        "rule syn_ack_unanswered by server notice probable count=3 syn_repeated=true\n"
        "+1 quiet\n"
        "rule syn_ack_unanswered by server notice certain count=3 syn_repeated=true\n"),
    SCRIPT("near miss: one SYN-ACK", SYN_RECEIVED
        "+5 quiet\n"
        "rules nothing\n"),
    SCRIPT("near miss: the second is acknowledged", SYN_RECEIVED
        "+1 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > . 1:1(0) ack 1\n"
        "+2 quiet\n"
        "rules nothing\n"),
    SCRIPT("near miss: a flood's echo, of which the SYN was never seen",
        "0 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+1 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+2 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+1 quiet\n"
        "rules nothing\n"),

    /* ---- a queue that is full ---- */
    SCRIPT("data after the handshake, and SYN-ACKs again", OPENED
        "+.080 > P. 1:101(100) ack 1\n"
        "+.300 > P. 1:101(100) ack 1\n"
        "+.700 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > . 101:101(0) ack 1\n"
        "no rule accept_queue_overflow\n"
        "+2 < S. 0:0(0) ack 1 <mss 1460>\n"
        "rule accept_queue_overflow by server warning probable @2 @3 @4 @6 @8 count=2\n"
        "rule accept_queue_overflow got_through=false delay_ns=3010000000\n"
        "+.010 > P. 1:101(100) ack 1\n"
        "+.010 < . 1:1(0) ack 101\n"
        "rule accept_queue_overflow got_through=true delay_ns=3030000000\n"),
    SCRIPT("the data came with the last ACK", SYN_RECEIVED
        "+.010 > P. 1:101(100) ack 1\n"
        "+1 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+2 < S. 0:0(0) ack 1 <mss 1460>\n"
        "rule accept_queue_overflow by server warning probable @3 count=2\n"),
    SCRIPT("near miss: a bare ACK only, as with TCP_DEFER_ACCEPT", OPENED
        "+1 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > . 1:1(0) ack 1\n"
        "+2 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > . 1:1(0) ack 1\n"
        "+1 > P. 1:101(100) ack 1\n"
        "+.010 < . 1:1(0) ack 101\n"
        "no rule accept_queue_overflow\n"),
    SCRIPT("near miss: one SYN-ACK more, the ACK was lost", OPENED
        "+.080 > P. 1:101(100) ack 1\n"
        "+.900 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 < . 1:1(0) ack 101\n"
        "no rule accept_queue_overflow\n"),

    /* ---- of no connection ---- */
    SCRIPT("an ACK of no connection",
        "0 > . 1:1(0) ack 1\n"
        "+.010 < R 1:1(0)\n"
        "rules stray_segment\n"
        "rule stray_segment by client info certain @1 @2 gap_ns=10000000\n"),
    SCRIPT("data of no connection",
        "0 > P. 1:101(100) ack 1\n"
        "+.010 < R 1:1(0)\n"
        "rule stray_segment by client info certain\n"),
    SCRIPT("a FIN without an ACK of no connection",
        "0 > F 1:1(0)\n"
        "+.010 < R. =0:=0(0) ack 2\n"
        "rule stray_segment by client info certain @1 @2\n"),
    SCRIPT("a segment without ACK",
        "0 > P 1:1(0)\n"
        "+.010 < R. =0:=0(0) ack 1\n"
        "rule stray_segment by client info certain @1 @2\n"),
    SCRIPT("a SYN-ACK that nobody asked for",
        "0 < S. 0:0(0) ack 1\n"
        "+.010 > R 1:1(0)\n"
        "rule stray_segment by server info possible @1 @2\n"),
    SCRIPT("near miss: the connection was seen to live", MID_STREAM
        "+1 > P. 101:201(100) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "no rule stray_segment\n"),
    SCRIPT("near miss: a stream whose other direction passes elsewhere",
        "0 > P. 1:101(100) ack 1\n"
        "+.010 > P. 101:201(100) ack 1\n"
        "+.010 < R 1:1(0)\n"
        "no rule stray_segment\n"),
    SCRIPT("near miss: an RST that is no reply",
        "0 > P. 1:101(100) ack 1\n"
        "+.010 < R. 1:1(0) ack 101\n"
        "no rule stray_segment\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
