/*
 * The instants at which a conclusion changes: the last that says the one, and the next nanosecond,
 * which says the other. In most scenes either end is 10 ms away, there and back, from which follow:
 *
 *     what crosses on the way                10 + 10/4 + 1 = 13.5 ms; 200 ms where nothing was
 * measured what may be held up beyond that        13.5 + 2 * 10 + 10 = 43.5 ms how long an answer
 * may take            10 + 45 = 55 ms, the delayed acknowledgment included the retransmission timer
 * (RFC 6298)    10 + 10 + 200 = 220 ms, and twice as much each time
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- what crosses on the way */
    SCRIPT("a FIN and octets that were sent without it: the last instant at which they crossed", FIN_WAIT_1
        "+.013499999 < P. 201:301(100) ack 101\n"
        "server = CLOSE_WAIT?\n"
        "server CLOSE_WAIT @7 received_fin at .233499999\n"),
    SCRIPT("… it was lost, or the octets were held up", FIN_WAIT_1
        "+.0135 < P. 201:301(100) ack 101\n"
        "server = ESTABLISHED!\n"
        "server in ESTABLISHED CLOSE_WAIT FIN_WAIT_1 LAST_ACK\n"),
    SCRIPT("… the last instant at which they may have been held up", FIN_WAIT_1
        "+.043499999 < P. 201:301(100) ack 101\n"
        "server = ESTABLISHED!\n"
        "server may CLOSE_WAIT\n"),
    SCRIPT("… it was lost", FIN_WAIT_1
        "+.0435 < P. 201:301(100) ack 101\n"
        "server = ESTABLISHED!\n"
        "server not CLOSE_WAIT\n"),
    SCRIPT("an acknowledgment that the network may have copied: longer by a timer", FIN_WAIT_1
        "+.213499999 < . 201:201(0) ack 101 win 7\n"
        "server = CLOSE_WAIT?\n"
        "server CLOSE_WAIT @7 received_fin at .433499999\n"),
    SCRIPT("… and no longer", FIN_WAIT_1
        "+.2135 < . 201:201(0) ack 101 win 7\n"
        "server = ESTABLISHED!\n"),
    SCRIPT("… the same behind octets that were on their way when the FIN passed", ESTABLISHED
        "+.050 < P. 201:301(100) ack 101\n"
        "+.001 > F. 101:101(0) ack 201\n"
        "+.213499999 < . 301:301(0) ack 101 win 7\n"
        "server = CLOSE_WAIT?\n"),
    SCRIPT("where nothing was measured", "0 > S 0:0(0) <mss 1460>\n"
        "+1 > S 0:0(0) <mss 1460>\n"
        "+.020 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.100 > F. 1:1(0) ack 1\n"
        "+.199999999 < F. 1:1(0) ack 1\n"
        "server = CLOSING?\n"),
    SCRIPT("… one more", "0 > S 0:0(0) <mss 1460>\n"
        "+1 > S 0:0(0) <mss 1460>\n"
        "+.020 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.100 > F. 1:1(0) ack 1\n"
        "+.200 < F. 1:1(0) ack 1\n"
        "server = FIN_WAIT_1!\n"),
    SCRIPT("what its sender's octets pass behind a reset may have been held up", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.0435 < P. 201:301(100) ack 101\n"
        "server = CLOSED!\n"),
    SCRIPT("… or it was not its own", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.043500001 < P. 201:301(100) ack 101\n"
        "server = ESTABLISHED!\n"),

    /* ---- on its way when the capture ends */
    SCRIPT("on its way: less than half the round trip", FIN_WAIT_2
        "+.001 quiet\n" /* the capture may have been cut there */
        "client = FIN_WAIT_2?\n"
        "+.000000001 quiet\n"
        "client = FIN_WAIT_1!\n"
        "+.003999998 quiet\n"
        "client = FIN_WAIT_1!\n"
        "+.000000001 quiet\n"
        "client = FIN_WAIT_2?\n"),
    SCRIPT("beside the tap is nearer than 50 us", "0 > S 0:0(0) <mss 1460>\n"
        "+.020 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.000049 > . 1:1(0) ack 1\n"
        "+.080 > P. 1:101(100) ack 1\n"
        "+.020 < P. 1:201(200) ack 101\n"
        "+.010 > . 101:101(0) ack 201\n"
        "+100 quiet\n"
        "client in ESTABLISHED\n"),
    SCRIPT("… and not at 50", "0 > S 0:0(0) <mss 1460>\n"
        "+.020 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.000050 > . 1:1(0) ack 1\n"
        "+.080 > P. 1:101(100) ack 1\n"
        "+.020 < P. 1:201(200) ack 101\n"
        "+.010 > . 101:101(0) ack 201\n"
        "+100 quiet\n"
        "client in ESTABLISHED CLOSED\n"),

    /* ---- which of two transmissions was answered */
    SCRIPT("the first: a round trip and a delayed acknowledgment behind it", FIN_WAIT_1
        "+.030 > F. 101:101(0) ack 201\n"
        "+.025 < . 201:201(0) ack 102\n"
        "server CLOSE_WAIT @7 received_fin\n"),
    SCRIPT("… the second", FIN_WAIT_1
        "+.030 > F. 101:101(0) ack 201\n"
        "+.025000001 < . 201:201(0) ack 102\n"
        "server CLOSE_WAIT @8 received_fin\n"
        "server retracted CLOSE_WAIT @7\n"),
    SCRIPT("the second came more than half a round trip before the answer", FIN_WAIT_1
        "+.054999999 > F. 101:101(0) ack 201\n"
        "+.005000001 < . 201:201(0) ack 102\n"
        "server CLOSE_WAIT @8 received_fin\n"),
    SCRIPT("… not more", FIN_WAIT_1
        "+.055 > F. 101:101(0) ack 201\n"
        "+.005 < . 201:201(0) ack 102\n"
        "server CLOSE_WAIT @7 received_fin\n"),
    SCRIPT("a SYN-ACK is answered at once: the first", SYN_RECEIVED
        "+.0005 < S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7> id 9\n"
        "+.0005 > . 1:1(0) ack 1\n"
        "client ESTABLISHED @2 received_syn_ack\n"),
    SCRIPT("… the second", SYN_RECEIVED
        "+.0005 < S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7> id 9\n"
        "+.000500001 > . 1:1(0) ack 1\n"
        "client ESTABLISHED @3 received_syn_ack\n"),
    SCRIPT("a SYN-ACK without an answer: two round trips and a tenth of a second", SYN_RECEIVED
        "+.120 quiet\n"
        "client = ESTABLISHED?\n"
        "+.000000001 quiet\n"
        "client = SYN_SENT\n"),

    /* ---- may it be the second transmission of its FIN? */
    SCRIPT("its FIN answers the peer's: within a round trip and a delayed acknowledgment", ESTABLISHED
        "+.010 < F. 201:201(0) ack 101\n"
        "+.055 > F. 101:101(0) ack 202\n"
        "client in LAST_ACK\n"),
    SCRIPT("… later: its first may have been lost", ESTABLISHED
        "+.010 < F. 201:201(0) ack 101\n"
        "+.055000001 > F. 101:101(0) ack 202\n"
        "client in CLOSING LAST_ACK\n"),
    SCRIPT("it had been silent for less than the least timer", ESTABLISHED
        "+.189999999 < F. 201:201(0) ack 101\n"
        "+.010 > F. 101:101(0) ack 202\n"
        "client in LAST_ACK\n"),
    SCRIPT("… for as long", ESTABLISHED
        "+.190 < F. 201:201(0) ack 101\n"
        "+.010 > F. 101:101(0) ack 202\n"
        "client in CLOSING LAST_ACK\n"),
    SCRIPT("where the shortest round trip is this very one, to the microsecond", SYN_RECEIVED
        "+.050 > . 1:1(0) ack 1\n"
        "+.020 < F. 1:1(0) ack 1\n"
        "+.050000999 > F. 1:1(0) ack 2\n"
        "client may CLOSING LAST_ACK\n"),
    SCRIPT("… it is another", SYN_RECEIVED
        "+.050 > . 1:1(0) ack 1\n"
        "+.020 < F. 1:1(0) ack 1\n"
        "+.050001 > F. 1:1(0) ack 2\n"
        "client not CLOSING\n"),
    SCRIPT("its FIN did not wait for an acknowledgment", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.001 < F. 201:201(0) ack 101\n"
        "+.010 < . 202:202(0) ack 201\n"
        "+.010 > . 201:201(0) ack 202\n"
        "+.045000001 > F. 201:201(0) ack 202\n"
        "client in LAST_ACK\n"),
    SCRIPT("… it may have", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.001 < F. 201:201(0) ack 101\n"
        "+.010 < . 202:202(0) ack 201\n"
        "+.010 > . 201:201(0) ack 202\n"
        "+.045 > F. 201:201(0) ack 202\n"
        "client in CLOSING LAST_ACK\n"),

    /* ---- an acknowledgment that was due */
    SCRIPT("its FIN may have been acknowledged unseen once that was due", FIN_WAIT_1
        "+.055 quiet\n"
        "client in FIN_WAIT_1\n"
        "+.000000001 quiet\n"
        "client in FIN_WAIT_1 FIN_WAIT_2\n"),
    SCRIPT("… due within the least timer, however long the round trip", "0 > S 0:0(0) <mss 1460>\n"
        "+1.050 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.040 < F. 1:1(0) ack 1\n"
        "+.020 > F. 1:1(0) ack 2\n"
        "+.245 quiet\n"
        "client in LAST_ACK\n"
        "+.000000001 quiet\n"
        "client in LAST_ACK CLOSED\n"),
    SCRIPT("news without the FIN when that had been due twice over", FIN_WAIT_1
        "+.440 < P. 201:301(100) ack 101\n"
        "+.010 > . 102:102(0) ack 301\n"
        "+60 quiet\n"
        "client = FIN_WAIT_2?\n"),
    SCRIPT("… and beyond", FIN_WAIT_1
        "+.440000001 < P. 201:301(100) ack 101\n"
        "+.010 > . 102:102(0) ack 301\n"
        "+60 quiet\n"
        "client = FIN_WAIT_1!\n"),
    SCRIPT("who stops asking for the acknowledgment of its FIN may have it", FIN_WAIT_1
        "+.100 < P. 201:301(100) ack 101\n"
        "+.010 > . 102:102(0) ack 301\n"
        "server not CLOSE_WAIT\n"
        "+10 quiet\n"
        "server = ESTABLISHED!\n"
        "server may CLOSE_WAIT\n"),
    SCRIPT("a FIN is sent again when its timer runs out", FIN_WAIT_1
        "+.220 quiet\n"
        "client not CLOSED\n"
        "+.000000001 quiet\n"
        "client may CLOSED\n"),
    SCRIPT("octets are answered before their timer runs out", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.220 quiet\n"
        "server in ESTABLISHED\n"
        "client not CLOSED\n"
        "+.000000001 quiet\n"
        "server in ESTABLISHED FIN_WAIT_1 CLOSED\n"
        "client may CLOSED\n"),
    SCRIPT("… counted from the first that are unanswered", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.100 > P. 201:301(100) ack 201\n"
        "+.120 quiet\n"
        "server in ESTABLISHED\n"
        "+.000000001 quiet\n"
        "server in ESTABLISHED FIN_WAIT_1 CLOSED\n"),
    SCRIPT("… a second SYN-ACK too", SYN_RECEIVED
        "+.001 < S. 0:0(0) ack 1 <mss 1460> id 7\n"
        "+.009 > . 1:1(0) ack 1\n"
        "+.201 quiet\n"
        "client in ESTABLISHED\n"
        "+.000000001 quiet\n"
        "client may CLOSED\n"),
    SCRIPT("a server that leaves octets unanswered was never established", OPENED
        "+.080 > P. 1:101(100) ack 1\n"
        "+.220 quiet\n"
        "server = ESTABLISHED?\n"
        "+.000000001 quiet\n"
        "server = SYN_RECEIVED\n"
        "1.509999999 quiet\n"
        "server = SYN_RECEIVED\n"
        "1.51 quiet\n"
        "server = CLOSED?\n"
        "server CLOSED timer timed_out at 1.01\n"),

    SCRIPT("the timer begins anew with an acknowledgment of some", ESTABLISHED
        "+.100 > P. 101:151(50) ack 201\n"
        "+.001 > P. 151:201(50) ack 201\n"
        "+.019 < . 201:201(0) ack 151\n"
        "+.220 quiet\n"
        "client not CLOSED\n"
        "+.000000001 quiet\n"
        "client may CLOSED\n"),
    SCRIPT("… not with a segment that carries nothing", ESTABLISHED
        "+.100 > P. 101:151(50) ack 201\n"
        "+.100 > . 151:151(0) ack 201 win 7\n"
        "+.120 quiet\n"
        "client not CLOSED\n"
        "+.000000001 quiet\n"
        "client may CLOSED\n"),
    SCRIPT("a FIN that is sent once more with octets before it, of which some were outstanding", ESTABLISHED
        "+.001 < . 201:201(0) ack 101 win 0\n"
        "+.100 < F. 201:201(0) ack 101 win 0\n"
        "+.010 > P. 101:201(100) ack 202\n"
        "+.001 > P. 201:301(100) ack 202\n"
        "+.010 < . 202:202(0) ack 201 win 1000\n"
        "+.300 > FP. 201:301(100) ack 202\n"
        "client in CLOSING LAST_ACK\n"),

    /* ---- timers that back off */
    SCRIPT("a SYN is sent again after a second, and given up half of that later", SYN_SENT
        "1.5 quiet\n"
        "client = SYN_SENT\n"
        "1.500000001 quiet\n"
        "client = CLOSED?\n"
        "client CLOSED timer timed_out at 1\n"),
    SCRIPT("… after twice as long as the last time", SYN_SENT
        "1 > S 0:0(0) <mss 1460>\n"
        "3 > S 0:0(0) <mss 1460>\n"
        "9 quiet\n"
        "client = SYN_SENT\n"
        "9.000000001 quiet\n"
        "client = CLOSED?\n"
        "client CLOSED timer timed_out at 7\n"),
    SCRIPT("… but not sooner than after a second", SYN_SENT
        "0.4 > S 0:0(0) <mss 1460>\n"
        "1.9 quiet\n"
        "client = SYN_SENT\n"
        "1.900000001 quiet\n"
        "client CLOSED timer timed_out at 1.4\n"),
    SCRIPT("the interval ends at a minute", "--idle=1000\n" FIN_WAIT_1
        "+31 > F. 101:101(0) ack 201\n"
        "+60 quiet\n"
        "client not CLOSED\n"
        "+.000000001 quiet\n"
        "client may CLOSED\n"),
    SCRIPT("… at what it was, where that is longer, and an eighth", "--idle=1000\n" FIN_WAIT_1
        "+80 > F. 101:101(0) ack 201\n"
        "+90 quiet\n"
        "client not CLOSED\n"
        "+.000000001 quiet\n"
        "client may CLOSED\n"),
    SCRIPT("… at a minute exactly too", "--idle=1000\n" FIN_WAIT_1
        "+60 > F. 101:101(0) ack 201\n"
        "+67.5 quiet\n"
        "client not CLOSED\n"
        "+.000000001 quiet\n"
        "client may CLOSED\n"),
    SCRIPT("… until then it doubles", "--idle=1000\n" FIN_WAIT_1
        "+29 > F. 101:101(0) ack 201\n"
        "+58 quiet\n"
        "client not CLOSED\n"
        "+.000000001 quiet\n"
        "client may CLOSED\n"),
    SCRIPT("asked in vain for five seconds", ESTABLISHED
        "1 > P. 101:201(100) ack 201\n"
        "1.3 > P. 101:201(100) ack 201\n"
        "1.9 > P. 101:201(100) ack 201\n"
        "3.1 > P. 101:201(100) ack 201\n"
        "5.5 > P. 101:201(100) ack 201\n"
        "5.999999999 quiet\n"
        "server = ESTABLISHED\n"
        "6 quiet\n"
        "server CLOSED timer timed_out at 6\n"),
    SCRIPT("an orphan in FIN_WAIT_2", "--fin-timeout=60\n" FIN_WAIT_2
        "60.2735 quiet\n"
        "client = FIN_WAIT_2\n"
        "60.273500001 quiet\n"
        "client CLOSED timer timed_out at 60.23\n"),

    /* ---- TIME_WAIT */
    SCRIPT("its own acknowledgment answers what it had before", TIME_WAIT
        ".4185 > . 102:102(0) ack 202 win 7\n"
        "time_wait held_by client until 60.33\n"),
    SCRIPT("… or something that the capture missed", TIME_WAIT
        ".418500001 > . 102:102(0) ack 202 win 7\n"
        "time_wait held_by client until 60.418500001\n"),
    SCRIPT("… of the peer's segments any that is later", LAST_ACK
        "+.000000001 < . 202:202(0) ack 102 win 7\n"
        "+.009999999 > . 102:102(0) ack 202\n"
        "time_wait held_by client until 60.330000001\n"),
    SCRIPT("octets that come again and are refused tell nothing of TIME_WAIT", TIME_WAIT
        "+1 < P. 151:201(50) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT CLOSED!\n"),
    SCRIPT("what it began with may have been held up", TIME_WAIT
        "60.3835 quiet\n"
        "client in TIME_WAIT CLOSED\n"
        "60.383500001 quiet\n"
        "client in CLOSED\n"),

    /* ---- what drew a reset */
    SCRIPT("the segment before, three round trips and a timer long", FIN_WAIT_2
        "+.300 < P. 201:601(400) ack 102\n"
        "+.230 > R 102:102(0)\n"
        "client CLOSED @10 sent_rst at .53\n"),
    SCRIPT("… and no longer", FIN_WAIT_2
        "+.300 < P. 201:601(400) ack 102\n"
        "+.230000001 > R 102:102(0)\n"
        "client CLOSED @10 sent_rst at .760000001\n"),
    SCRIPT("a FIN again, whose acknowledgment had passed before: lost", FIN_WAIT_2
        "+.100 > F. 101:101(0) ack 201 id 5\n"
        "client = FIN_WAIT_1!\n"),
    SCRIPT("… whatever else it acknowledges by now", FIN_WAIT_2
        "+.050 < P. 201:301(100) ack 102\n"
        "+.200 > F. 101:101(0) ack 301\n"
        "client = FIN_WAIT_1!\n"
        "client retracted FIN_WAIT_2 @8\n"),
    SCRIPT("… octets again that were acknowledged before anything closed: a copy", FIN_WAIT_2
        "+.100 > P. 1:101(100) ack 201 id 5\n"
        "client = FIN_WAIT_2?\n"),
    SCRIPT("… octets again that were outstanding then: lost", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.001 > F. 201:201(0) ack 201\n"
        "+.010 < . 201:201(0) ack 202\n"
        "+.100 > P. 101:201(100) ack 201 id 5\n"
        "client = FIN_WAIT_1!\n"),
    SCRIPT("who tries in vain waits for a round trip, however long", SYN_SENT
        "+3 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+3 > . 1:1(0) ack 1\n"
        "10 > P. 1:101(100) ack 1\n"
        "13 < P. 1:11(10) ack 101\n"
        "16 > . 101:101(0) ack 11\n"
        "20 > P. 101:201(100) ack 11\n"
        "21 > P. 101:201(100) ack 11\n"
        "22 > P. 101:201(100) ack 11\n"
        "23 > P. 101:201(100) ack 11\n"
        "26.2 quiet\n"
        "server = ESTABLISHED!\n"
        "26.200000001 quiet\n"
        "server CLOSED timer timed_out at 25\n"),

    /* ---- the first entry, and the last */
    SCRIPT("begins with a FIN that acknowledges the peer's",
        "0 > F. 101:101(0) ack 201\n"
        "+.038 < . 201:201(0) ack 102\n"
        "server fin acked_by 1\n"
        "client fin acked_by 2\n"),
    SCRIPT("… the first answer counts, not one of its own",
        "0 > F. 101:101(0) ack 201\n"
        "+.030 > F. 101:101(0) ack 201 id 2\n"
        "+.100 < . 201:201(0) ack 102\n"
        "client = FIN_WAIT_2?\n"
        "server = CLOSE_WAIT!\n"),
    SCRIPT("near miss: begins with octets, and the FIN behind them",
        "0 > P. 1:101(100) ack 1\n"
        "+.010 > F. 101:101(0) ack 1\n"
        "+.010 < . 1:1(0) ack 102\n"
        "client = FIN_WAIT_2?\n"
        "server = CLOSE_WAIT!\n"
        "server not TIME_WAIT\n"),
    SCRIPT("… nor a later one",
        "0 > F. 101:101(0) ack 201\n"
        "+.010 < . 201:201(0) ack 102\n"
        "+.200 < . 201:201(0) ack 102 win 7\n"
        "client = CLOSED?\n"
        "server = TIME_WAIT?\n"),
    /* Not of number 201, which is zero on the wire in one of the runs: as a refusal has it. */
    SCRIPT("an abort that lacks the FIN: it had not come", ESTABLISHED
        "+.020 < P. 201:211(10) ack 101\n"
        "+.010 > . 101:101(0) ack 211\n"
        "+.100 > F. 101:101(0) ack 211\n"
        "+.100 < R. 211:211(0) ack 101\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSED!\n"
        "server retracted CLOSE_WAIT @9\n"),
    SCRIPT("… one that has it", ESTABLISHED
        "+.020 < P. 201:211(10) ack 101\n"
        "+.010 > . 101:101(0) ack 211\n"
        "+.100 > F. 101:101(0) ack 211\n"
        "+.100 < R. 211:211(0) ack 102\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT! CLOSED!\n"
        "server retracted nothing\n"),
    SCRIPT("… one that was acknowledged draws no reset later", FIN_WAIT_2
        "+.100 < P. 201:301(100) ack 102\n"
        "+.010 > . 102:102(0) ack 301\n"
        "+.010 > R 102:102(0)\n"
        "client CLOSED! @11 sent_rst at .35\n"),
    SCRIPT("a FIN is not owed its acknowledgment yet when another resets in its addressee's name", FIN_WAIT_1
        "+.055 < R 500:500(0) ttl 61\n"
        "server = CLOSE_WAIT?\n"),
    SCRIPT("… it is", FIN_WAIT_1
        "+.055000001 < R 500:500(0) ttl 61\n"
        "server = ESTABLISHED!\n"
        "server may CLOSE_WAIT\n"),
    SCRIPT("… the FIN that a capture begins with too",
        "0 > F. 101:101(0) ack 201\n"
        "+.001 < . 201:201(0) ack 101\n"
        "+.300 < R 500:500(0) ttl 61\n"
        "server = ESTABLISHED\n"
        "server may CLOSE_WAIT\n"),
    SCRIPT("the first segment that is kept",
        "0 > F. 1:1(0) ack 1\n"
        "+.010 < R 1:1(0)\n"
        "server CLOSED! @2 sent_rst at 0\n"),

    /* ---- numbers */
    SCRIPT("octets near the SYN are of this connection", SYN_SENT
        "+.041 < . 1:1(0) ack 1048575\n"
        "client may ESTABLISHED\n"),
    SCRIPT("… a million further on of another", SYN_SENT
        "+.041 < . 1:1(0) ack 1048576\n"
        "client not ESTABLISHED\n"),
    SCRIPT("a reset far from the numbers of a connection of which one segment is seen",
        "0 > P. 1:101(100) ack 1\n"
        "+.010 < R 5000:5000(0)\n"
        "client = ESTABLISHED\n"),
    SCRIPT("a reset below what was acknowledged, whatever came again since", FIN_WAIT_2
        "+.100 < P. 201:301(100) ack 102\n"
        "+.010 > . 102:102(0) ack 301\n"
        "+.300 < P. 201:301(100) ack 102 id 9\n"
        "+.010 < R. 250:250(0) ack 102\n"
        "client = FIN_WAIT_2\n"),
    SCRIPT("octets that come again behind a reset are no second transmission of it", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.020 < P. 1:201(200) ack 101 id 9\n"
        "+.300 quiet\n"
        "client = CLOSED?\n"
        "client retracted nothing\n"),

    SCRIPT("a refusal acknowledges the SYN, or octets that came with it",
        "0 > S 0:100(100) <mss 1460,FO>\n"
        "+.010 < R. =0:=0(0) ack 102 win 0\n"
        "client = SYN_SENT\n"
        "+.010 < R. =0:=0(0) ack 0 win 0\n"
        "client = SYN_SENT\n"
        "+.010 < R. =0:=0(0) ack 101 win 0\n"
        "client = CLOSED?\n"),
    SCRIPT("a SYN-ACK below the SYN answers another", SYN_SENT
        "+.010 < S. 0:0(0) ack 0 <mss 1460>\n"
        "client = SYN_SENT\n"),
    SCRIPT("… and one beyond it", SYN_SENT
        "+.010 < S. 0:0(0) ack 2 <mss 1460>\n"
        "client = SYN_SENT\n"),
    SCRIPT("… not where it carried octets",
        "0 > S 0:100(100) <mss 1460,FO>\n"
        "+.010 < S. 0:0(0) ack 101 <mss 1460>\n"
        "client = ESTABLISHED?\n"),
    SCRIPT("… but beyond those",
        "0 > S 0:100(100) <mss 1460,FO>\n"
        "+.010 < S. 0:0(0) ack 102 <mss 1460>\n"
        "client = SYN_SENT\n"),

    /* ---- both open */
    /* Of a number of its own that no refusal has, in any of the runs. */
    SCRIPT("its own SYN overtook the refusal, held up for so long", SYN_SENT
        "+.010 < S 5:5(0) <mss 1460,sackOK,wscale 7>\n"
        "+.210 < R. =0:=0(0) ack 1 win 0\n"
        "server: SYN_SENT!\n"),
    SCRIPT("… and no longer", SYN_SENT
        "+.010 < S 5:5(0) <mss 1460,sackOK,wscale 7>\n"
        "+.210000001 < R. =0:=0(0) ack 1 win 0\n"
        "server: SYN_SENT SYN_RECEIVED CLOSED!\n"),
    SCRIPT("the first SYN-ACK of the one is no word against that of the other", SYN_SENT
        "+.010 < S 0:0(0) <mss 1460>\n"
        "+.001 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.290 > S. 0:0(0) ack 1 <mss 1460>\n"
        "client: SYN_SENT SYN_RECEIVED ESTABLISHED\n"
        "client retracted nothing\n"),
    SCRIPT("octets of the one, and the other still repeats its SYN-ACK",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.010 < S 0:0(0) <mss 1460>\n"
        "+.001 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.003 > P. 1:44(43) ack 1\n"
        "+1 < S. 0:0(0) ack 1 <mss 1460> id 7\n"
        "server = SYN_RECEIVED\n"
        "server retracted ESTABLISHED @4\n"),
    SCRIPT("its SYN-ACK tells of a SYN that did not pass", SYN_SENT
        "+.010 > S. 0:0(0) ack 1 <mss 1460>\n"
        "client: SYN_SENT! SYN_RECEIVED!\n"
        "client SYN_RECEIVED @2 sent_syn_ack\n"),
    SCRIPT("a reset is none, whatever else it says",
        "0 < SR. 0:0(0) ack 1\n"
        "client:\n"),
    SCRIPT("a listener that reset is asked at once, and answers with another number", SYN_RECEIVED
        "+.010 < R. 1:1(0) ack 1\n"
        "+.005 > S 0:0(0) <mss 1460> id 3\n"
        "+.005 < S. 5000:5000(0) ack 1 <mss 1460>\n"
        "server = SYN_RECEIVED\n"),
    SCRIPT("a FIN is no challenge", SYN_SENT
        "+.020 > . 1:1(0) ack 1\n"
        "+.040 > R. 3:3(0) ack 1\n"
        "+.010 < F. 1:1(0) ack 1\n"
        "server not SYN_RECEIVED\n"),
    SCRIPT("a client that resets tells of no SYN-ACK that was missed", SYN_SENT
        "+.010 > R. 1:1(0) ack 1\n"
        "server:\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
