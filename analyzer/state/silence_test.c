/*
 * Silence widens what is possible, and by how much (tcp-close.md 2).
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- it must answer, and does not */
    SCRIPT("data unanswered: dead, or closed unseen", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.050 quiet\n"
        /* Not due yet. */
        "server in ESTABLISHED\n"
        "+1 quiet\n"
        "server = ESTABLISHED!\n"
        "server in ESTABLISHED FIN_WAIT_1 CLOSED\n"
        "close vanished by server presumed\n"),
    SCRIPT("data unanswered, asked again", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.300 > P. 101:201(100) ack 201\n"
        "server in ESTABLISHED FIN_WAIT_1 CLOSED\n"
        "close vanished by server\n"),
    SCRIPT("any later segment of it ends the silence", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.300 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "server in ESTABLISHED\n"
        "close open by none\n"),
    SCRIPT("FIN unanswered", FIN_WAIT_1
        "+.050 quiet\n"
        "server in ESTABLISHED CLOSE_WAIT\n"
        "close mid_close by client\n"
        "+2 quiet\n"
        "server may ESTABLISHED CLOSE_WAIT CLOSED\n"
        "close vanished by server\n"),
    SCRIPT("keepalive probes unanswered", ESTABLISHED
        "+10 > . 100:100(0) ack 201\n"
        "server in ESTABLISHED\n"
        "+10 > . 100:100(0) ack 201\n"
        "server may ESTABLISHED CLOSED\n"
        "close vanished by server\n"
        "+.010 < . 201:201(0) ack 101\n"
        "server in ESTABLISHED\n"
        "close open\n"),
    SCRIPT("one keepalive probe unanswered beyond a timeout", ESTABLISHED
        "+10 > . 100:100(0) ack 201\n"
        "+1 quiet\n"
        "server may ESTABLISHED CLOSED\n"),

    /* ---- its own retransmission was due and did not come */
    SCRIPT("gave up: data sent once and never again", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.050 quiet\n"
        "client not CLOSED\n"
        "+10 quiet\n"
        "client = ESTABLISHED!\n"
        "client may ESTABLISHED CLOSED\n"),
    SCRIPT("gave up: its FIN was due again", FIN_WAIT_1
        "+.100 quiet\n"
        "client = FIN_WAIT_1!\n"
        "client not CLOSED\n"
        "+10 quiet\n"
        "client may FIN_WAIT_1 CLOSED\n"),
    SCRIPT("its FIN was due again, and the peer lacked it long after: never acknowledged", FIN_WAIT_1
        "+235 < FP. 201:232(31) ack 101\n"
        "+.300 < FP. 201:232(31) ack 101\n"
        "+60 quiet\n"
        "client = CLOSING?\n"),
    /* The pause doubles: only twice the last one is too long. */
    SCRIPT("gave up: pauses double", FIN_WAIT_1
        "+1 > F. 101:101(0) ack 201\n"
        "+2 > F. 101:101(0) ack 201\n"
        "+3 quiet\n"
        "client = FIN_WAIT_1!\n"
        "client not CLOSED\n"
        "+3 quiet\n"
        "client may FIN_WAIT_1 CLOSED\n"),
    SCRIPT("gave up: a last_ack beside its end", LAST_ACK
        "+60 quiet\n"
        "server may LAST_ACK CLOSED\n"),

    /* ---- FIN_WAIT_2 of an orphan: tcp_fin_timeout */
    SCRIPT("fin_wait_2: until the timeout", "--idle=1000\n" FIN_WAIT_2
        "+59.999 quiet\n"
        "client in FIN_WAIT_1 FIN_WAIT_2\n"
        "+.001 quiet\n"
        "client = FIN_WAIT_2\n"
        "client in FIN_WAIT_1 FIN_WAIT_2 CLOSED\n"),
    SCRIPT("fin_wait_2: as told by the option", "--idle=1000\n--fin-timeout=2\n" FIN_WAIT_2
        "+1.9 quiet\n"
        "client not CLOSED\n"
        "+.100 quiet\n"
        "client may FIN_WAIT_2 CLOSED\n"),

    /* ---- a FIN that cannot go out */
    SCRIPT("outstanding data: a FIN may be queued behind it", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "client = ESTABLISHED!\n"
        "client in ESTABLISHED FIN_WAIT_1\n"
        "+.010 < . 201:201(0) ack 201\n"
        "client in ESTABLISHED\n"),
    SCRIPT("outstanding data in CLOSE_WAIT: LAST_ACK", FIN_WAIT_2
        "+.100 < P. 201:301(100) ack 102\n"
        "server = CLOSE_WAIT!\n"
        "server in CLOSE_WAIT LAST_ACK\n"
        "+.010 > . 102:102(0) ack 301\n"
        "server in CLOSE_WAIT\n"),
    SCRIPT("a closed window holds back a FIN", ESTABLISHED
        "+.001 < . 201:201(0) ack 101 win 0\n"
        "client in ESTABLISHED FIN_WAIT_1\n"
        "+1 < . 201:201(0) ack 101 win 1000\n"
        "client in ESTABLISHED\n"),
    /* Below 512 octets, scaled: 3 << 7 is tiny, 4 << 7 is not. */
    SCRIPT("a tiny window holds back a FIN", ESTABLISHED
        "+.001 < . 201:201(0) ack 101 win 3\n"
        "client in ESTABLISHED FIN_WAIT_1\n"
        "+1 < . 201:201(0) ack 101 win 4\n"
        "client in ESTABLISHED\n"),
    SCRIPT("a FIN that is out is not queued", FIN_WAIT_1
        "+.001 < . 201:201(0) ack 101 win 0\n"
        "client in FIN_WAIT_1\n"),

    /* ---- an RST is sent once and may be lost before the tap */
    SCRIPT("idle: the longest that says nothing", ESTABLISHED
        "30.110 quiet\n"
        "client in ESTABLISHED\n"
        "server in ESTABLISHED\n"
        "30.110000001 quiet\n"
        "server in ESTABLISHED CLOSED\n"
        "client in ESTABLISHED\n"
        "30.120 quiet\n"
        "client in ESTABLISHED\n"
        "30.120000001 quiet\n"
        "client = ESTABLISHED!\n"
        "client in ESTABLISHED CLOSED\n"
        "server in ESTABLISHED CLOSED\n"),
    SCRIPT("idle: as told by the option", "--idle=1\n" ESTABLISHED
        "+2 quiet\n"
        "client in ESTABLISHED CLOSED\n"),
    SCRIPT("idle: beside the tap nothing is lost", ESTABLISHED_BESIDE_CLIENT
        "+100 quiet\n"
        "client in ESTABLISHED\n"
        "server in ESTABLISHED CLOSED\n"),

    /* ---- states that end without a word */
    SCRIPT("close_wait alone is certain", FIN_WAIT_2
        "server in CLOSE_WAIT\n"),
    SCRIPT("syn_sent, syn_received and time_wait always include closed", TIME_WAIT
        "client in TIME_WAIT CLOSED\n"),

    /* ---- a FIN queued before the peer's came: passive by number, active in truth */
    SCRIPT("queued: data outstanding when Y's FIN passed, its own FIN at once behind it", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.001 < F. 201:201(0) ack 101\n"
        "+.010 < . 202:202(0) ack 201\n"
        "+.010 > F. 201:201(0) ack 202\n"
        "client fin passive\n"
        "client = LAST_ACK!\n"
        "client in LAST_ACK CLOSING\n"
        "+.010 < . 202:202(0) ack 202\n"
        "client = CLOSED?\n"
        "client may LAST_ACK CLOSED TIME_WAIT\n"),
    SCRIPT("queued: a closed window when Y's FIN passed", ESTABLISHED
        "+.001 < . 201:201(0) ack 101 win 0\n"
        "+.100 < F. 201:201(0) ack 101 win 0\n"
        "+.500 < . 202:202(0) ack 101 win 1000\n"
        "+.010 > F. 101:101(0) ack 202\n"
        "client in LAST_ACK CLOSING\n"),
    /* Idle for a round trip between: a queued FIN would have gone out. */
    SCRIPT("not queued: everything acknowledged, and then a while", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.001 < F. 201:201(0) ack 101\n"
        "+.010 < . 202:202(0) ack 201\n"
        "+.010 > . 201:201(0) ack 202\n"
        "+.500 > F. 201:201(0) ack 202\n"
        "client = LAST_ACK!\n"
        "client in LAST_ACK\n"),
    SCRIPT("not queued: nothing was outstanding", LAST_ACK
        "server in LAST_ACK\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
