/*
 * Closing with FINs: every row of the state function, both ends, every cause (tcp-close.md 2, 3).
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    SCRIPT("established: nobody has closed", ESTABLISHED
        "client: SYN_SENT! ESTABLISHED!\n"
        "server: SYN_RECEIVED! ESTABLISHED!\n"
        "client in ESTABLISHED\n"
        "server in ESTABLISHED\n"
        "client retracted nothing\n"
        "server retracted nothing\n"
        "time_wait held_by none\n"
        "close open by none\n"),

    SCRIPT("fin_wait_1: its own FIN, nothing heard", FIN_WAIT_1
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1!\n"
        "client in FIN_WAIT_1\n"
        "client FIN_WAIT_1 @7 sent_fin at .22\n"
        "client fin active\n"
        "client fin count 1\n"
        /* Y's FIN passes towards X: presumed. */
        "server = CLOSE_WAIT?\n"
        "server CLOSE_WAIT? @7 received_fin at .22\n"
        "server in ESTABLISHED CLOSE_WAIT\n"
        "close mid_close by client confirmed segments 1\n"),

    SCRIPT("fin_wait_2: its FIN acknowledged", FIN_WAIT_2
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1! FIN_WAIT_2?\n"
        "client FIN_WAIT_2 @8 received_ack_of_fin\n"
        "client fin acked_by 8\n"
        "client in FIN_WAIT_1 FIN_WAIT_2\n"
        /* X sends ACK > Y.fin_seq: confirmed. */
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT!\n"
        "server CLOSE_WAIT @7 received_fin confirmed_by 8\n"
        "server in CLOSE_WAIT\n"
        "close mid_close by client segments 2\n"),

    SCRIPT("last_ack: the passive closer's own FIN", LAST_ACK
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT! LAST_ACK!\n"
        "server LAST_ACK @9 sent_fin\n"
        "server in LAST_ACK\n"
        "server fin passive\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1! FIN_WAIT_2? TIME_WAIT?\n"
        "client TIME_WAIT @9 received_fin\n"
        /* The path back to the last state that is certain, and CLOSED beside TIME_WAIT always. */
        "client in FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT CLOSED\n"),

    SCRIPT("time_wait and closed: four segments", TIME_WAIT
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT!\n"
        "client TIME_WAIT @9 received_fin confirmed_by 10\n"
        "client in TIME_WAIT CLOSED\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?\n"
        "server CLOSED @10 received_ack_of_fin\n"
        "server in LAST_ACK CLOSED\n"
        "client fin acked_by 8\n"
        "server fin acked_by 10\n"
        "close graceful by client confirmed segments 4\n"
        "time_wait held_by client until 60.33\n"),

    SCRIPT("the server closes first", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "server = FIN_WAIT_1!\n"
        "client = CLOSE_WAIT?\n"
        "+.010 > . 101:101(0) ack 202\n"
        "server = FIN_WAIT_2?\n"
        "client = CLOSE_WAIT!\n"
        "+.100 > F. 101:101(0) ack 202\n"
        "server = TIME_WAIT?\n"
        "client = LAST_ACK!\n"
        "+.010 < . 202:202(0) ack 102\n"
        "server: SYN_RECEIVED ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT!\n"
        "client: SYN_SENT ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?\n"
        "client fin passive\n"
        "server fin active\n"
        "close graceful by server\n"
        "time_wait held_by server\n"),

    /* One segment with the ACK of X's FIN and Y's FIN: no FIN_WAIT_2 (section 2). */
    SCRIPT("three segments: no fin_wait_2", FIN_WAIT_1
        "+.010 < F. 201:201(0) ack 102\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT?\n"
        "client may FIN_WAIT_1 TIME_WAIT CLOSED\n"
        "client not CLOSING\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT! LAST_ACK!\n"
        "server fin passive\n"
        "+.010 > . 102:102(0) ack 202\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT!\n"
        "server = CLOSED?\n"
        "close graceful by client segments 3\n"),

    SCRIPT("closing: both FINs, neither acknowledged", CLOSING
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1! CLOSING?\n"
        "client CLOSING @8 received_fin\n"
        "client in FIN_WAIT_1 CLOSING\n"
        "server: SYN_RECEIVED ESTABLISHED FIN_WAIT_1! CLOSING?\n"
        "client fin active\n"
        "server fin active\n"
        "time_wait held_by none\n"),

    /* "simultaneous close, wherever the tap stood": the client's FIN passed first. */
    SCRIPT("simultaneous close", CLOSING
        "+.008 > . 102:102(0) ack 202\n"
        "client = CLOSING!\n"
        "client CLOSING @8 received_fin confirmed_by 9\n"
        "server = TIME_WAIT?\n"
        "+.003 < . 202:202(0) ack 102\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSING! TIME_WAIT?\n"
        "client TIME_WAIT @10 received_ack_of_fin\n"
        "client in CLOSING TIME_WAIT CLOSED\n"
        "server: SYN_RECEIVED ESTABLISHED FIN_WAIT_1 CLOSING! TIME_WAIT?\n"
        "close simultaneous by both\n"
        "time_wait held_by both\n"),

    /* A simultaneous close whose FINs do not cross at the tap: it stands beside the server, whose
     * FIN is out before the client's arrives there, but does not acknowledge it. */
    SCRIPT("simultaneous by numbers, one after the other at the tap", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.0001 < F. 201:201(0) ack 101\n"
        "+.0001 < . 202:202(0) ack 102\n"
        "+.020 > . 102:102(0) ack 202\n"
        "client fin active\n"
        "server fin active\n"
        "close simultaneous by both\n"),

    /* The FIN first sent while Y's was on its way; the retransmission acknowledges Y's. Activeness
     * is a matter of the first transmission. */
    SCRIPT("activeness: by the first transmission of the FIN", FIN_WAIT_1
        "+.004 < F. 201:201(0) ack 101\n"
        "+.007 < F. 201:201(0) ack 102\n"
        "server fin active\n"
        "server = CLOSING!\n"
        "client = TIME_WAIT?\n"
        "+.004 > . 102:102(0) ack 202\n"
        "client in CLOSING TIME_WAIT CLOSED\n"
        "server = TIME_WAIT?\n"
        "close simultaneous by both\n"),

    /* TIME_WAIT lasts 2*MSL. */
    SCRIPT("two_msl: the last nanosecond before", TIME_WAIT
        "60.329999999 quiet\n"
        "client = TIME_WAIT!\n"
        "client in TIME_WAIT CLOSED\n"),
    SCRIPT("two_msl: the first beyond", TIME_WAIT
        "60.33 quiet\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT CLOSED?\n"
        "client CLOSED timer two_msl_elapsed at 60.33\n"
        "client may CLOSED\n"),
    SCRIPT("two_msl: as told by the option", "--2msl=240\n" TIME_WAIT
        "time_wait held_by client until 240.33\n"
        "240.329 quiet\n"
        "client = TIME_WAIT\n"
        "240.33 quiet\n"
        "client = CLOSED?\n"),
    /* RFC 9293 section 3.10.7.8: a retransmitted FIN restarts it. (A FIN that comes again tells
     * nothing about the first: its ACK was lost behind the tap, and the server stays in LAST_ACK.) */
    SCRIPT("two_msl: restarted by a FIN sent again", TIME_WAIT
        "+1 < F. 201:201(0) ack 102\n"
        "time_wait held_by client until 61.34\n"
        "+.010 > . 102:102(0) ack 202\n"
        "time_wait held_by client until 61.34\n"
        "client TIME_WAIT @9 received_fin confirmed_by 10\n"),
    /* Linux restarts it for any segment with ACK except RST. */
    SCRIPT("two_msl: restarted by any ACK, not by RST", TIME_WAIT
        "+1 < . 202:202(0) ack 102\n"
        "time_wait held_by client until 61.34\n"),

    /* "Facts caused by one segment take effect together" for the passive end: the client's ACK of
     * the FIN is its FIN. */
    SCRIPT("the FIN answered by a FIN with data", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.010 < FP. 201:301(100) ack 102\n"
        "client = TIME_WAIT?\n"
        "server = LAST_ACK!\n"
        "+.010 > . 102:102(0) ack 302\n"
        "client = TIME_WAIT!\n"
        "server = CLOSED?\n"
        "close graceful by client segments 3\n"),

    /* A FIN is identified by its end: data and FIN in one, and again with earlier data before it
     * (section 9). */
    SCRIPT("FIN retransmitted merged with earlier data", ESTABLISHED
        "+.100 > P. 101:151(50) ack 201\n"
        "+.001 > F. 151:151(0) ack 201\n"
        "+.220 > FP. 101:151(50) ack 201\n"
        "client fin count 2\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1!\n"
        "client FIN_WAIT_1 @8 sent_fin\n"
        "+.010 < . 201:201(0) ack 152\n"
        "client = FIN_WAIT_2?\n"
        "client fin acked_by 10\n"
        "client retracted nothing\n"),
    SCRIPT("ACK of the data before the FIN is none of the FIN", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+0 > F. 201:201(0) ack 201\n"
        "+.020 < . 201:201(0) ack 201\n"
        "client = FIN_WAIT_1!\n"
        "server = ESTABLISHED!\n"
        "server retracted CLOSE_WAIT @8 received_fin\n"
        "+.010 < . 201:201(0) ack 202\n"
        "client = FIN_WAIT_2?\n"
        "server CLOSE_WAIT! @8 received_fin confirmed_by 10\n"),

    /* Half-close: data goes on in one direction; the ACK of it confirms FIN_WAIT_2 (the octets
     * were only ever sent in segments that acknowledge the FIN). */
    SCRIPT("half_close: FIN_WAIT_2 confirmed by the ACK of new octets", FIN_WAIT_2
        "+.100 < P. 201:301(100) ack 102\n"
        "client = FIN_WAIT_2?\n"
        "+.010 > . 102:102(0) ack 301\n"
        "client = FIN_WAIT_2!\n"
        "client FIN_WAIT_2 @8 received_ack_of_fin confirmed_by 10\n"
        "client in FIN_WAIT_2\n"
        "server = CLOSE_WAIT!\n"
        "server in CLOSE_WAIT\n"),
    /* Octets sent before as well prove nothing about the ACK that came with them the second time. */
    SCRIPT("half_close: old octets confirm nothing", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 > F. 101:101(0) ack 201\n"
        "+.010 < P. 201:301(100) ack 102\n"
        "+.010 > . 102:102(0) ack 301\n"
        "client = FIN_WAIT_2?\n"),
    /* With timestamps the echo proves the receipt of the very segment. */
    SCRIPT("timestamps: an echo above the ACK's confirms FIN_WAIT_2", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.010 < . 201:201(0) ack 102 <TS val 1231 ecr 221>\n"
        "client = FIN_WAIT_2?\n"
        "+.300 < . 201:201(0) ack 102 win 40000 <TS val 1531 ecr 221>\n"
        "+.200 > . 102:102(0) ack 201 <TS val 731 ecr 1531>\n"
        "client = FIN_WAIT_2!\n"
        "client FIN_WAIT_2 @8 received_ack_of_fin confirmed_by 10\n"),
    SCRIPT("timestamps: an older echo confirms nothing", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.010 < . 201:201(0) ack 102 <TS val 1231 ecr 221>\n"
        "+.002 > . 102:102(0) ack 201 <TS val 223 ecr 1111>\n"
        "client = FIN_WAIT_2?\n"),
    /* The same stamp on an earlier segment: its echo may be of that one. */
    SCRIPT("timestamps: a stamp borne before proves nothing", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.002 < . 201:201(0) ack 101 win 40000 <TS val 1231 ecr 121>\n"
        "+.000 < . 201:201(0) ack 102 <TS val 1231 ecr 221>\n"
        "+.002 > . 102:102(0) ack 201 <TS val 225 ecr 1231>\n"
        "client = FIN_WAIT_2?\n"),

    /* A FIN behind a hole: CLOSE_WAIT begins only when the hole is filled (section 9). */
    SCRIPT("FIN ahead of missing data", ESTABLISHED
        "+.100 > F. 151:151(0) ack 201\n"
        "client = FIN_WAIT_1!\n"
        "server = ESTABLISHED\n"
        "+.010 < . 201:201(0) ack 101\n"
        "server = ESTABLISHED\n"
        "+.300 > P. 101:151(50) ack 201\n"
        "server = CLOSE_WAIT?\n"
        "server CLOSE_WAIT @9 received_fin\n"
        "+.010 < . 201:201(0) ack 152\n"
        "server CLOSE_WAIT! @9 received_fin confirmed_by 10\n"),

    /* Beside the tap nothing is lost: presumed is all there is (section 1). */
    SCRIPT("beside the client: its set is one state", ESTABLISHED_BESIDE_CLIENT
        "+.100 > F. 101:101(0) ack 201\n"
        "+.020 < . 201:201(0) ack 102\n"
        "+.001 quiet\n"
        "client = FIN_WAIT_2?\n"
        "client may FIN_WAIT_2\n"
        "+.100 < F. 201:201(0) ack 102\n"
        "+.001 quiet\n"
        "client may TIME_WAIT CLOSED\n"),
    SCRIPT("beside the client: the server is not", ESTABLISHED_BESIDE_CLIENT
        "+.100 > F. 101:101(0) ack 201\n"
        "server in ESTABLISHED CLOSE_WAIT\n"),

    /* Mid-stream: established when first seen (section 2). */
    SCRIPT("mid-stream start", MID_STREAM
        "client: ESTABLISHED?\n"
        "client ESTABLISHED @1 first_seen at 0\n"
        "server: ESTABLISHED?\n"
        "handshake mid_stream\n"
        "caveat starts_mid_stream\n"
        "+.100 > F. 101:101(0) ack 201\n"
        "+.010 < . 201:201(0) ack 102\n"
        "+.100 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "client: ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT!\n"
        "server: ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?\n"),

    /* ACK and FIN overtake each other on the way to the tap: the FIN's number, not its place. */
    SCRIPT("FIN passes before the pure ACK sent ahead of it", FIN_WAIT_1
        "+.010 < F. 201:201(0) ack 102\n"
        "+.0001 < . 201:201(0) ack 102\n"
        "client = TIME_WAIT?\n"
        "server fin passive\n"
        "+.010 > . 102:102(0) ack 202\n"
        "close graceful by client\n"),

    /* Once done, what comes later does not undo it (lost last ACK: see revision_test). */
    SCRIPT("no state beyond CLOSED", TIME_WAIT
        "+.001 > . 102:102(0) ack 202 win 1\n"
        "server = CLOSED?\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
