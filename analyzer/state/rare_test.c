/*
 * What few captures show: long closes, boxes between, copies made by the network, other stacks.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */

/* The last FIN again, and its ACK again. */
#define LOST_ONCE_MORE                                                                             \
    "+1 < F. 201:201(0) ack 102\n"                                                                 \
    "+.010 > . 102:102(0) ack 202\n"

/* Ten octets and their acknowledgment, in a direction that is still open. */
#define TEN(from, to)                                                                              \
    "+.020 < P. " from ":" to "(10) ack 102\n"                                                     \
    "+.010 > . 102:102(0) ack " to "\n"
#define HUNDRED(h)                                                                                 \
    TEN(h "01", h "11") TEN(h "11", h "21") TEN(h "21", h "31") TEN(h "31", h "41")                \
    TEN(h "41", h "51") TEN(h "51", h "61") TEN(h "61", h "71") TEN(h "71", h "81")                \
    TEN(h "81", h "91")

static const struct CMUnitTest tests[] = {
    /* ---- closes that take long */
    SCRIPT("more lost ACKs than are remembered", TIME_WAIT
        LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE
        LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE
        LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE
        LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE LOST_ONCE_MORE
        "client = TIME_WAIT!\n"
        "server fin count 25\n"
        "server may LAST_ACK CLOSED\n"
        "close graceful by client\n"),
    SCRIPT("a half-close longer than the log", FIN_WAIT_2
        HUNDRED("2") TEN("291", "301") HUNDRED("3") TEN("391", "401") HUNDRED("4") TEN("491", "501")
        HUNDRED("5") TEN("591", "601")
        "client = FIN_WAIT_2!\n"
        "+.010 < F. 601:601(0) ack 102\n"
        "+.010 > . 102:102(0) ack 602\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2! TIME_WAIT!\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?\n"
        "close graceful by client\n"),

    /* ---- servers that hold nothing */
    SCRIPT("nothing behind the SYN-ACK: neither an answer nor another SYN-ACK", OPENED
        "+.080 > P. 1:101(100) ack 1\n"
        "+.900 quiet\n"
        "server = SYN_RECEIVED\n"
        "+5 quiet\n"
        "server: SYN_RECEIVED CLOSED?\n"
        "server CLOSED timer timed_out\n"
        "server may SYN_RECEIVED CLOSED\n"
        "client = ESTABLISHED!\n"),

    /* ---- answers in another's name, and answers that say more */
    SCRIPT("a box between keeps the FIN and answers with RST", FIN_WAIT_1
        "+.011 < R 201:201(0) ttl 61\n"
        "client = CLOSED?\n"
        "server may ESTABLISHED CLOSED\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"),
    SCRIPT("an answer before the RST of a host that is gone", FIN_WAIT_2
        "+.100 < P. 201:301(100) ack 102\n"
        "+.002 > . 102:102(0) ack 201\n"
        "+.010 > R 102:102(0)\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSED!\n"
        "client CLOSED @11 sent_rst at .332\n"),
    SCRIPT("a client that resets the SYN-ACK of an old SYN, and asks again", SYN_RECEIVED
        "+.010 > R 1:1(0)\n"
        "+1 > S 0:0(0)\n"
        "client = SYN_SENT!\n"
        "+.010 < S. 0:0(0) ack 1\n"
        "+.010 > . 1:1(0) ack 1\n"
        "client = ESTABLISHED!\n"),
    SCRIPT("a RST of an answer that was not kept", ESTABLISHED
        "+.050 > R 50:50(0)\n"
        "client = CLOSED!\n"
        "reset by client reply later\n"),
    SCRIPT("refused with a number of its own: the server may know nothing of it", SYN_SENT
        "+.010 < R. 777:777(0) ack 1\n"
        "client = CLOSED?\n"
        "server may CLOSED SYN_RECEIVED\n"),
    SCRIPT("a RST that nobody accepts, and a FIN that nobody answers", FIN_WAIT_1
        "+.010 < R. 90000:90000(0) ack 101\n"
        "+10 quiet\n"
        "client = FIN_WAIT_1!\n"),

    /* ---- copies made by the network: the same IP ID, later than any capture repeats itself */
    SCRIPT("a FIN that the network delivers twice says nothing of the ACK", ESTABLISHED
        "+.100 > F. 101:101(0) ack 201 id 7\n"
        "+.010 < . 201:201(0) ack 102 id 8\n"
        "+.200 > F. 101:101(0) ack 201 id 7\n"
        "client = FIN_WAIT_2?\n"
        "client retracted nothing\n"),
    SCRIPT("a segment held up on the way says nothing of what passed before it", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.010 < . 201:201(0) ack 102 <TS val 1231 ecr 221>\n"
        "+.100 > . 101:101(0) ack 201 win 400 <TS val 211 ecr 1111>\n"
        "client = FIN_WAIT_2?\n"
        "client retracted nothing\n"),
    SCRIPT("which of two FINs came: the echo tells (RFC 7323 section 4.3)", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.200 > F. 101:101(0) ack 201 <TS val 421 ecr 1111>\n"
        "+.020 < . 201:201(0) ack 102 <TS val 1451 ecr 221>\n"
        "server CLOSE_WAIT! @7 received_fin confirmed_by 9\n"
        "server retracted nothing\n"),
    SCRIPT("which of two FINs came: the echo tells that it was the second", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.200 > F. 101:101(0) ack 201 <TS val 421 ecr 1111>\n"
        "+.020 < . 201:201(0) ack 102 <TS val 1451 ecr 421>\n"
        "server CLOSE_WAIT! @8 received_fin confirmed_by 9\n"
        "server retracted CLOSE_WAIT @7\n"),
    SCRIPT("segments overtook each other: acknowledged though it seemed lost", FIN_WAIT_1
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 > . 102:102(0) ack 301\n"
        "+.001 < . 301:301(0) ack 102\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT!\n"
        "server CLOSE_WAIT @7 received_fin confirmed_by 10 at .32\n"),

    /* ---- the end of a direction that the capture lost */
    SCRIPT("the last octets of a direction were not captured: a FIN may be among them", ESTABLISHED
        "+.100 > . 101:101(0) ack 301\n"
        "caveat capture_lost_segments\n"
        "server may ESTABLISHED FIN_WAIT_1\n"
        "+.100 > F. 101:101(0) ack 301\n"
        "server may LAST_ACK CLOSE_WAIT\n"),
    SCRIPT("starts with a FIN, acknowledged twice",
        "0 > F. 101:101(0) ack 201\n"
        "+.002 > . 102:102(0) ack 201 win 7\n"
        "+.008 < . 201:201(0) ack 102\n"
        "+.300 < . 201:201(0) ack 102\n"
        "server may TIME_WAIT CLOSE_WAIT CLOSED\n"),

    /* ---- what the dissector has to say */
    SCRIPT("a segment that its receiver drops is no testimony", FIN_WAIT_1
        "+.010 < . 201:201(0) ack 102 <malformed>\n"
        "client = FIN_WAIT_1!\n"
        "client fin acked_by 0\n"),
    SCRIPT("options cut by the snapshot length", ESTABLISHED
        "no caveat snaplen_cut_headers\n"
        "+.010 > . 101:101(0) ack 201 win 7 <cut>\n"
        "caveat snaplen_cut_headers\n"),
    SCRIPT("signed segments, and many paths", ESTABLISHED
        "+.010 > F. 101:101(0) ack 201 <md5,mptcp>\n"
        "client = FIN_WAIT_1!\n"),
    SCRIPT("more taps than a number holds",
        "0 > S 0:0(0) <mss 1460> tap 70000\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460> tap 70001\n"
        "+.010 > . 1:1(0) ack 1 tap 70000\n"
        "+.001 > P. 1:101(100) ack 1 tap 70000\n"
        "+.010 < . 1:1(0) ack 101 tap 70001\n"
        "client: SYN_SENT ESTABLISHED!\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
