/*
 * Where a conclusion begins and where it ends: the first and the last instant, the first and the
 * last packet, each beside its neighbour that concludes something else. Expected is what RFC 9293
 * section 3.10.7 and RFC 6298 say of it, worked out by hand.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- resets */
    SCRIPT("two resets: the first ended it", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "+.010 > R. 101:101(0) ack 201\n"
        "client CLOSED! @7 sent_rst\n"
        "server CLOSED? @7 received_rst\n"),
    SCRIPT("a FIN comes again within 2*MSL and is refused: there was no TIME_WAIT", "--2msl=60\n" TIME_WAIT
        "+59.989 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSED!\n"),
    SCRIPT("… and at its end: TIME_WAIT was over", "--2msl=60\n" TIME_WAIT
        "+59.990 < F. 201:201(0) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "client TIME_WAIT @9 received_fin\n"),
    SCRIPT("a FIN that finds nobody any more: the segment that draws the RST told nothing", FIN_WAIT_1
        "+.010 < R 201:201(0)\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSED!\n"),
    SCRIPT("syn_sent: an old acknowledgment is fended off, and nothing changes", SYN_SENT
        "+.010 < . 500:500(0) ack 900\n"
        "+.001 > R 900:900(0)\n"
        "client = SYN_SENT!\n"),
    SCRIPT("a host that knows no such connection, of which nothing else is seen",
        "0 > P. 1:101(100) ack 1\n"
        "+.010 < R 1:1(0)\n"
        "server CLOSED! @2 sent_rst\n"),
    SCRIPT("last_ack: an RST with the number of the FIN, and one below that", LAST_ACK
        "+.010 > R 100:100(0)\n"
        "server = LAST_ACK\n"
        "server in LAST_ACK\n"
        "+.010 > R 101:101(0)\n"
        "server may CLOSED\n"
        "server CLOSED @11 received_rst\n"),
    SCRIPT("a reset whose addressee goes on did not arrive: its acknowledgment is no proof of it", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "server = CLOSED?\n"
        "+.500 < P. 201:301(100) ack 101\n"
        "server = ESTABLISHED!\n"
        "server retracted CLOSED @7\n"),
    SCRIPT("an RST one below the left edge of the window is not taken", ESTABLISHED
        "+.100 < R. 200:200(0) ack 101\n"
        "client = ESTABLISHED\n"),

    /* ---- FINs that the tap did not see */
    SCRIPT("two FINs cross, of which one is known by testimony alone", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.010 < . 202:202(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSING TIME_WAIT\n"
        "client FIN_WAIT_1 @8 implied at .22\n"),
    SCRIPT("one that the first entry testifies to", MID_STREAM
        "+.100 < . 201:201(0) ack 102\n"
        "client may FIN_WAIT_2\n"),
    SCRIPT("begins with a FIN, and its addressee has closed as well: before, since it answers at once",
        "0 < F. 201:201(0) ack 101\n"
        "+.010 > . 102:102(0) ack 202\n"
        "client fin implied\n"
        "client fin active\n"),

    /* ---- the opening */
    SCRIPT("begins with the SYN-ACK", 
        "0 < S. 0:0(0) ack 1 <mss 1460>\n"
        "server SYN_RECEIVED @1 sent_syn_ack\n"
        "client SYN_SENT @1 implied\n"
        "+.010 > . 1:1(0) ack 1\n"
        "server ESTABLISHED @2 received_ack_of_syn\n"),

    SCRIPT("the handshake's last segment is on its way when the capture ends", OPENED
        "+.004 quiet\n"
        "server = SYN_RECEIVED!\n"
        "server may ESTABLISHED\n"
        "+.002 quiet\n"
        "server = ESTABLISHED?\n"
        "server may SYN_RECEIVED\n"),
    SCRIPT("a SYN-ACK sent five times: given up after one and a half of the sixth interval", OPENED
        "+.080 > P. 1:101(100) ack 1\n"
        "+.900 < S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7>\n"
        "+.010 > . 101:101(0) ack 1\n"
        "+1.990 < S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7>\n"
        "+.010 > . 101:101(0) ack 1\n"
        "+3.990 < S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7>\n"
        "+.010 > . 101:101(0) ack 1\n"
        "+7.990 < S. 0:0(0) ack 1 <mss 1460,sackOK,wscale 7>\n"
        "+.010 > . 101:101(0) ack 1\n"
        "+23.980 quiet\n"
        "server = SYN_RECEIVED\n"
        "+.010 quiet\n"
        "server = CLOSED?\n"),
    SCRIPT("its own SYN overtakes the refusal of the other's", SYN_SENT
        "+.010 < S 0:0(0) <mss 1460,sackOK,wscale 7>\n"
        "+.001 < R. 0:0(0) ack 1\n"
        "server: SYN_SENT\n"),
    SCRIPT("… which does not come five seconds behind it", SYN_SENT
        "+.010 < S 0:0(0) <mss 1460,sackOK,wscale 7>\n"
        "+5 < R. 0:0(0) ack 1\n"
        "server: SYN_SENT SYN_RECEIVED CLOSED\n"),

    /* ---- which of two transmissions was answered */
    SCRIPT("a FIN sent twice, answered within a round trip and a delayed acknowledgment", ESTABLISHED_BESIDE_CLIENT
        "+.100 > F. 101:101(0) ack 201\n"
        "+.030 > F. 101:101(0) ack 201\n"
        "+.034 < . 201:201(0) ack 102\n"
        "server CLOSE_WAIT @7 received_fin\n"),
    SCRIPT("… and later than that: the first was lost", ESTABLISHED_BESIDE_CLIENT
        "+.100 > F. 101:101(0) ack 201\n"
        "+.030 > F. 101:101(0) ack 201\n"
        "+.036 < . 201:201(0) ack 102\n"
        "server CLOSE_WAIT @8 received_fin\n"),
    SCRIPT("… and the second left too late to have drawn the answer", ESTABLISHED_BESIDE_CLIENT
        "+.100 > F. 101:101(0) ack 201\n"
        "+.060 > F. 101:101(0) ack 201\n"
        "+.006 < . 201:201(0) ack 102\n"
        "server CLOSE_WAIT @7 received_fin\n"),
    SCRIPT("a FIN unseen, its octet told with the answer to the peer's: it was out before", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.010 > . 102:102(0) ack 202\n"
        "client fin implied\n"
        "client fin active\n"),
    SCRIPT("… with the answer to the second: it may have answered the first", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.220 < F. 201:201(0) ack 101\n"
        "+.010 > . 102:102(0) ack 202\n"
        "client fin implied\n"
        "client fin passive\n"),

    /* ---- the retransmission timer */
    SCRIPT("a FIN not sent again when it was due, and news without it before: acknowledged unseen", FIN_WAIT_1
        "+.439 < P. 201:301(100) ack 101\n"
        "+.010 > . 102:102(0) ack 301\n"
        "+60 quiet\n"
        "client = FIN_WAIT_2?\n"),
    SCRIPT("near miss: the news came after that", FIN_WAIT_1
        "+.441 < P. 201:301(100) ack 101\n"
        "+.010 > . 102:102(0) ack 301\n"
        "+60 quiet\n"
        "client = FIN_WAIT_1!\n"),
    SCRIPT("the timer doubles: gone only beyond twice the last interval", ESTABLISHED
        "+.100 > P. 101:151(50) ack 201\n"
        "+.500 > P. 101:151(50) ack 201\n"
        "+1 > P. 101:151(50) ack 201\n"
        "+2 > P. 101:151(50) ack 201\n"
        "+4 quiet\n"
        "client not CLOSED\n"
        "+.001 quiet\n"
        "server may CLOSED\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
