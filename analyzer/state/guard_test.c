/*
 * What the capture may be hiding (tcp-close.md 6).
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- one direction only */
    SCRIPT("only the client: the server is unknown, nothing is missing",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.020 > . 1:1(0) ack 1\n"
        "+.080 > P. 1:101(100) ack 1\n"
        "+.020 > . 101:101(0) ack 201\n"
        "server = UNKNOWN\n"
        "server:\n"
        "server may ESTABLISHED\n"
        "client = ESTABLISHED!\n"
        "client may ESTABLISHED\n"
        "caveat one_direction_only\n"
        "no caveat capture_lost_segments\n"
        "close open by none\n"
        "+.100 > F. 101:101(0) ack 201\n"
        "client = FIN_WAIT_1!\n"
        "client may FIN_WAIT_1 FIN_WAIT_2\n"
        "server may ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED\n"
        /* An ACK one past everything seen, after which the direction is silent: the server's FIN. */
        "+.100 > . 102:102(0) ack 202\n"
        "server fin implied\n"
        "server = UNKNOWN\n"
        "client may TIME_WAIT\n"
        "close graceful by client\n"),
    SCRIPT("only the server: its SYN-ACK implies the peer's SYN",
        "0 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.080 < . 1:1(0) ack 101\n"
        "+.001 < P. 1:201(200) ack 101\n"
        "client = UNKNOWN\n"
        "client may ESTABLISHED\n"
        "server = ESTABLISHED!\n"
        "caveat one_direction_only\n"
        "+.100 < . 201:201(0) ack 102\n"
        "client = UNKNOWN\n"
        "+.100 < F. 201:201(0) ack 102\n"
        "server may LAST_ACK\n"
        "client may TIME_WAIT FIN_WAIT_2\n"),
    SCRIPT("a single segment of one side",
        "0 > P. 1:101(100) ack 1\n"
        "server = UNKNOWN\n"
        "client = ESTABLISHED?\n"
        "caveat starts_mid_stream\n"),

    /* ---- an implied FIN, both directions seen */
    SCRIPT("implied: acknowledged, but never seen", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.010 < . 201:201(0) ack 102\n"
        "+.100 > . 102:102(0) ack 202\n"
        "server fin implied\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT LAST_ACK! CLOSED?\n"
        "server LAST_ACK @9 implied\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT\n"
        "caveat capture_lost_segments\n"
        "close graceful by client\n"),
    SCRIPT("implied: acknowledged later than one that crossed could be, and so was what drew it", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.100 > . 102:102(0) ack 202\n"
        "server fin implied\n"
        "server fin passive\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT? LAST_ACK? CLOSED?\n"
        "server may CLOSING TIME_WAIT\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2? TIME_WAIT?\n"
        "client FIN_WAIT_2 timer implied at .2785\n"
        "client TIME_WAIT @8 received_fin at .32\n"
        "client may CLOSING\n"
        "close graceful by client presumed\n"),
    SCRIPT("… of the FIN that was sent last", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.220 > F. 101:101(0) ack 201\n"
        "+.100 > . 102:102(0) ack 202\n"
        "server fin passive\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2? TIME_WAIT?\n"
        "client FIN_WAIT_2 timer implied at .4985\n"),
    SCRIPT("… too soon for an acknowledgment of its own", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.0236 > . 102:102(0) ack 202\n"
        "server fin passive\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT?\n"
        "client TIME_WAIT @8 implied\n"),
    SCRIPT("… as soon as one that crossed: acknowledged unseen since, and not before that", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.0235 > . 102:102(0) ack 202\n"
        "server fin active\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSING\n"
        "+2 quiet\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSING TIME_WAIT?\n"
        "client TIME_WAIT timer implied at .2435\n"
        "close simultaneous by both presumed\n"),
    SCRIPT("… as soon behind the FIN sent again: the first may have been lost", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.220 > F. 101:101(0) ack 201\n"
        "+.020 > . 102:102(0) ack 202\n"
        "server fin active\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 CLOSING\n"),
    SCRIPT("implied: cancelled when data occupies that number", ESTABLISHED
        "+.100 > . 101:101(0) ack 202\n"
        "server fin implied\n"
        "client may CLOSE_WAIT\n"
        "+.001 < P. 201:301(100) ack 101\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "client in ESTABLISHED\n"),
    SCRIPT("implied: no more than one octet can be a FIN", ESTABLISHED
        "+.100 > . 101:101(0) ack 203\n"
        "client = ESTABLISHED!\n"
        "server = ESTABLISHED!\n"
        "caveat capture_lost_segments\n"),
    SCRIPT("not implied: the capture starts with a keepalive probe",
        "0 > . 100:100(0) ack 201\n"
        "+.050 < . 201:201(0) ack 101\n"
        "client: ESTABLISHED\n"
        "client may FIN_WAIT_2\n"
        "server: ESTABLISHED\n"
        "+45 > . 100:100(0) ack 201\n"
        "+.050 < . 201:201(0) ack 101\n"
        "client: ESTABLISHED\n"
        "server: ESTABLISHED\n"
        "rules nothing\n"),
    SCRIPT("not implied: the first probe had no answer",
        "0 > . 100:100(0) ack 201\n"
        "+15 > . 100:100(0) ack 201\n"
        "+.050 < . 201:201(0) ack 101\n"
        "client: ESTABLISHED\n"),
    SCRIPT("near miss: it sent octets below, so that its next number is known",
        "0 > P. 1:101(100) ack 201\n"
        "+.050 < . 201:201(0) ack 102\n"
        "client fin implied\n"
        "client: ESTABLISHED FIN_WAIT_1 FIN_WAIT_2\n"),
    SCRIPT("near miss: it acknowledges what the peer sends, which is no probe",
        "0 < P. 1:201(200) ack 101\n"
        "+.010 > . 101:101(0) ack 201\n"
        "+.100 < . 201:201(0) ack 102\n"
        "client fin implied\n"),
    SCRIPT("not implied: an acknowledgment of another use of the five-tuple, before this one opens",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.010 < . =900:=900(0) ack 28259\n"
        "+.001 > R 28259:28259(0)\n"
        "+3 > S 0:0(0) <mss 1460>\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.010 > . 1:1(0) ack 1\n"
        "+.080 > F. 1:1(0) ack 1\n"
        "+.010 < F. 1:1(0) ack 2\n"
        "+.010 > . 2:2(0) ack 2\n"
        "close graceful by client confirmed\n"),
    SCRIPT("implied: its own pure ACK lies behind its FIN", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101\n"
        "+.005 > . 102:102(0) ack 202\n"
        /* Drawn by the first FIN, that was sent at once: its own FIN had been out before. */
        "client fin active\n"
        "client = CLOSING!\n"
        "+.100 > F. 101:101(0) ack 202\n"
        "client fin active\n"
        "client fin count 1\n"),
    SCRIPT("implied: the FIN passes after the segment behind it", ESTABLISHED
        "+.100 > . 102:102(0) ack 201\n"
        "+.001 > F. 101:101(0) ack 201\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1!\n"
        "client fin count 1\n"
        "+.010 < . 201:201(0) ack 102\n"
        "client = FIN_WAIT_2?\n"),

    /* ---- the capture starts inside a close
     * First a FIN, answered only by a bare ACK without the usual delay: the other had closed. */
    SCRIPT("starts with a FIN, acknowledged at once: the other closed first",
        "0 > F. 101:101(0) ack 201\n"
        "+.038 < . 201:201(0) ack 102\n"
        "server = TIME_WAIT?\n"
        "client = CLOSED?\n"
        "server may TIME_WAIT CLOSE_WAIT CLOSED\n"
        "client may CLOSED FIN_WAIT_2 LAST_ACK\n"),
    SCRIPT("starts with a FIN, acknowledged later: the first close",
        "0 > F. 101:101(0) ack 201\n"
        "+.039 < . 201:201(0) ack 102\n"
        "client = FIN_WAIT_2?\n"
        "server = CLOSE_WAIT!\n"
        "server may TIME_WAIT CLOSE_WAIT\n"
        "client may FIN_WAIT_2 CLOSED\n"),
    SCRIPT("starts with a FIN, answered by data: not closed",
        "0 > F. 101:101(0) ack 201\n"
        "+.010 < P. 201:301(100) ack 102\n"
        "client = FIN_WAIT_2?\n"
        "client FIN_WAIT_1 @1 sent_fin\n"
        "server = CLOSE_WAIT!\n"
        "server not TIME_WAIT\n"),
    SCRIPT("starts with a FIN, answered by a FIN",
        "0 > F. 101:101(0) ack 201\n"
        "+.010 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "client = TIME_WAIT!\n"
        "server = CLOSED?\n"
        "close graceful by client\n"),
    SCRIPT("starts with a FIN, and nothing else: the peer may have closed before",
        "0 > F. 101:101(0) ack 201\n"
        "client = FIN_WAIT_1?\n"),
    SCRIPT("starts with a RST",
        "0 > R. 101:101(0) ack 201\n"
        "client = CLOSED!\n"
        "close reset by client\n"),

    /* ---- the end of the capture */
    SCRIPT("ends early: a FIN just sent is unfinished, not missing", FIN_WAIT_1
        "+.100 quiet\n"
        "close mid_close by client\n"
        "client = FIN_WAIT_1!\n"
        "client not CLOSED\n"),
    SCRIPT("half-closed for long", "--stuck=5\n" FIN_WAIT_2
        "+4.9 quiet\n"
        "close mid_close by client\n"
        "+.1 quiet\n"
        "close half_closed by client\n"),

    /* ---- lost by the capture */
    SCRIPT("octets that never passed, acknowledged: the capture lost them", ESTABLISHED
        "no caveat capture_lost_segments\n"
        "+.100 > . 101:101(0) ack 501\n"
        "caveat capture_lost_segments\n"
        "server may ESTABLISHED\n"
        "client may ESTABLISHED\n"),
    SCRIPT("octets that come late after all: the capture reordered", ESTABLISHED
        "+.100 > . 101:101(0) ack 301\n"
        "caveat capture_lost_segments\n"
        "+.001 < P. 201:301(100) ack 101\n"
        "no caveat capture_lost_segments\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"),

    /* ---- the same packet captured twice */
    SCRIPT("captured twice: never fed to the model", FIN_WAIT_2
        "+.005 < . 201:201(0) ack 102\n"
        "+.020 > F. 101:101(0) ack 201\n"
        "client retracted FIN_WAIT_2 @8\n"),
    SCRIPT("captured twice: each FIN 5 ms later", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.005 > F. 101:101(0) ack 201\n"
        "client fin count 1\n"
        "caveat captured_twice\n"
        "server retracted nothing\n"
        "+.005 < . 201:201(0) ack 102\n"
        "+.005 < . 201:201(0) ack 102\n"
        "client = FIN_WAIT_2?\n"),
    SCRIPT("captured twice: the first instant beyond is a retransmission", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.005001 > F. 101:101(0) ack 201\n"
        "client fin count 2\n"
        "no caveat captured_twice\n"),
    SCRIPT("captured twice: behind a router, with the IP ID and one TTL less", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201 id 7 ttl 64\n"
        "+.100 > F. 101:101(0) ack 201 id 7 ttl 63\n"
        "client fin count 1\n"
        "caveat captured_twice\n"),
    SCRIPT("captured twice: another IP ID is another packet", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201 id 7 ttl 64\n"
        "+.050 > F. 101:101(0) ack 201 id 8 ttl 64\n"
        "client fin count 2\n"),
    SCRIPT("second tap: the same within a second", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201 tap 0\n"
        "+.900 > F. 101:101(0) ack 201 tap 1\n"
        "client fin count 1\n"
        "caveat second_tap\n"),
    SCRIPT("two taps, a direction each",
        "0 > S 0:0(0) <mss 1460> tap 0\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460> tap 1\n"
        "+.010 > . 1:1(0) ack 1 tap 0\n"
        "+.080 > P. 1:101(100) ack 1 tap 0\n"
        "+.010 < P. 1:201(200) ack 101 tap 1\n"
        "+.010 > F. 101:101(0) ack 201 tap 0\n"
        "+.010 < F. 201:201(0) ack 102 tap 1\n"
        "+.010 > . 102:102(0) ack 202 tap 0\n"
        "connections 1\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT!\n"
        "no caveat second_tap\n"),

    /* ---- the same tuple in another world */
    SCRIPT("another world, numbers far away: a parallel connection", ESTABLISHED
        "+.001 > S 2000000000:2000000000(0) <mss 1460> world 9\n"
        "+.010 < S. 2000000000:2000000000(0) ack 2000000001 <mss 1460> world 9\n"
        "connections 2\n"
        "connection 1\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "connection 2\n"
        "client: SYN_SENT ESTABLISHED?\n"
        "server: SYN_RECEIVED!\n"
        "+.010 > F. 101:101(0) ack 201\n"
        "connection 1\n"
        "client = FIN_WAIT_1!\n"
        "connection 2\n"
        "client: SYN_SENT ESTABLISHED?\n"),

    /* ---- timestamps that run backwards, or are missing */
    SCRIPT("the clock runs backwards inside the close", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201\n"
        "+.010 < . 201:201(0) ack 102\n"
        "-1 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "caveat clock_ran_backwards\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 TIME_WAIT!\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED\n"
        "close graceful by client\n"),
    SCRIPT("no packet has a time",
        "? > S 0:0(0) <mss 1460>\n"
        "? < S. 0:0(0) ack 1 <mss 1460>\n"
        "? > . 1:1(0) ack 1\n"
        "? > P. 1:101(100) ack 1\n"
        "? < P. 1:201(200) ack 101\n"
        "? > F. 101:101(0) ack 201\n"
        "? < F. 201:201(0) ack 102\n"
        "? > . 102:102(0) ack 202\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 TIME_WAIT!\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?\n"
        "caveat no_timestamps\n"
        "close graceful by client\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
