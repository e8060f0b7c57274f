/*
 * Beliefs that are taken back, put off, or restored (tcp-close.md 4).
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- X sends again what an ACK that passed towards it acknowledges */
    SCRIPT("FIN again after its ACK passed: the ACK was lost", FIN_WAIT_2
        "+.200 > F. 101:101(0) ack 201\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1!\n"
        "client = FIN_WAIT_1!\n"
        "client retracted FIN_WAIT_2 @8 received_ack_of_fin\n"
        "client fin count 2\n"
        "server = CLOSE_WAIT!\n"
        /* The transition moves to the next ACK of it. */
        "+.010 < . 201:201(0) ack 102\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1! FIN_WAIT_2?\n"
        "client FIN_WAIT_2 @10 received_ack_of_fin\n"
        "client retracted FIN_WAIT_2 @8\n"
        "client in FIN_WAIT_1 FIN_WAIT_2\n"),
    SCRIPT("FIN again within a round trip: they crossed", FIN_WAIT_2
        "+.004 > F. 101:101(0) ack 201\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1! FIN_WAIT_2?\n"
        /* The presumption stands from now. */
        "client FIN_WAIT_2 @8 received_ack_of_fin at .234\n"
        "client retracted nothing\n"),
    SCRIPT("an older octet again: the ACK above it was lost too", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.001 > F. 201:201(0) ack 201\n"
        "+.010 < . 201:201(0) ack 202\n"
        "client = FIN_WAIT_2?\n"
        "+.300 > P. 101:201(100) ack 201\n"
        "client = FIN_WAIT_1!\n"
        "client retracted FIN_WAIT_2 @9 received_ack_of_fin\n"
        "+.010 < . 201:201(0) ack 202\n"
        "client FIN_WAIT_2? @11 received_ack_of_fin\n"),
    SCRIPT("a keepalive probe is no retransmission", FIN_WAIT_2
        "+10 > . 101:101(0) ack 201\n"
        "client = FIN_WAIT_2?\n"
        "client retracted nothing\n"),
    /* The gap is measured from the original passage, not from when the presumption was put off. */
    SCRIPT("crossed once, then again later: lost", FIN_WAIT_2
        "+.004 > F. 101:101(0) ack 201\n"
        "+.016 > F. 101:101(0) ack 201\n"
        "client = FIN_WAIT_1!\n"
        "client retracted FIN_WAIT_2 @8\n"),
    /* Presumptions keep their order of passage. */
    SCRIPT("what was put off puts off what passed after it", FIN_WAIT_2
        "+.001 < F. 201:201(0) ack 102\n"
        "+.003 > F. 101:101(0) ack 201\n"
        "client: SYN_SENT ESTABLISHED FIN_WAIT_1! FIN_WAIT_2? TIME_WAIT?\n"
        "client FIN_WAIT_2 @8 received_ack_of_fin at .234\n"
        "client TIME_WAIT @9 received_fin at .234\n"),
    SCRIPT("the last ACK was lost: the FIN comes again", TIME_WAIT
        "+.250 < F. 201:201(0) ack 102\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT LAST_ACK!\n"
        "server retracted CLOSED @10 received_ack_of_fin\n"
        "server may LAST_ACK\n"
        "client = TIME_WAIT!\n"
        "+.010 > . 102:102(0) ack 202\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED?\n"
        "server CLOSED @12 received_ack_of_fin\n"
        "server in LAST_ACK CLOSED\n"
        "close graceful by client\n"
        "server fin count 2\n"),
    /* After three withdrawals an ACK is no longer presumed received; both states stay possible. */
    SCRIPT("three ACKs lost: the fourth is not presumed", TIME_WAIT
        "+.250 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "+.500 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "server = CLOSED?\n"
        "+1 < F. 201:201(0) ack 102\n"
        "+.010 > . 102:102(0) ack 202\n"
        "server = LAST_ACK\n"
        "server in LAST_ACK CLOSED\n"
        "server retracted CLOSED @10\n"
        "server retracted CLOSED @12\n"
        "server retracted CLOSED @14\n"),
    /* The echo of a stamp at or above the ACK's proves receipt, without any round trip. */
    SCRIPT("an echo proves that the ACK came, whatever is sent again", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.010 < . 201:201(0) ack 102 <TS val 1231 ecr 221>\n"
        "+.300 < . 201:201(0) ack 102 win 40000 <TS val 1531 ecr 221>\n"
        "+.200 > F. 101:101(0) ack 201 <TS val 731 ecr 1531>\n"
        "client = FIN_WAIT_2!\n"
        "client FIN_WAIT_2 @8 received_ack_of_fin confirmed_by 10\n"
        "client retracted nothing\n"),
    /* The echo of its very stamp is at least no word against it. */
    SCRIPT("the echo of the ACK's own stamp with the FIN again", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.010 < . 201:201(0) ack 102 <TS val 1231 ecr 221>\n"
        "+.500 > F. 101:101(0) ack 201 <TS val 731 ecr 1231>\n"
        "client may FIN_WAIT_2\n"
        "client retracted nothing\n"),
    SCRIPT("an older echo with the FIN again: lost", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.010 < . 201:201(0) ack 102 <TS val 1231 ecr 221>\n"
        "+.500 > F. 101:101(0) ack 201 <TS val 731 ecr 1111>\n"
        "client = FIN_WAIT_1!\n"
        "client retracted FIN_WAIT_2 @8\n"),

    /* ---- an owed answer that does not come */
    SCRIPT("FIN again, unanswered: the newest counts", FIN_WAIT_1
        "+.200 > F. 101:101(0) ack 201\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT?\n"
        "server CLOSE_WAIT @8 received_fin\n"
        "server retracted CLOSE_WAIT @7 received_fin\n"
        "+.010 < . 201:201(0) ack 102\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT!\n"
        "server CLOSE_WAIT @8 received_fin confirmed_by 9\n"
        "client = FIN_WAIT_2?\n"
        "client retracted nothing\n"),
    SCRIPT("FIN again, answered while the answer to the first was still due", FIN_WAIT_1
        "+.040 > F. 101:101(0) ack 201\n"
        "+.009 < . 201:201(0) ack 102\n"
        "server CLOSE_WAIT! @7 received_fin confirmed_by 9\n"
        "server retracted nothing\n"),
    /* A round trip and a delayed ACK have not passed: nothing is owed yet. */
    SCRIPT("FIN again at once (a probe for a tail loss): the first still counts", FIN_WAIT_1
        "+.020 > F. 101:101(0) ack 201\n"
        "server CLOSE_WAIT? @7 received_fin\n"
        "server retracted nothing\n"),
    SCRIPT("a D-SACK for the FIN restores the first", FIN_WAIT_1
        "+.200 > F. 101:101(0) ack 201\n"
        "+.010 < . 201:201(0) ack 102 <dsack 101:102>\n"
        "server CLOSE_WAIT! @7 received_fin confirmed_by 9\n"
        "server retracted nothing\n"),
    SCRIPT("an echo of the first FIN's stamp: it was the first", ESTABLISHED_TS
        "+.100 > F. 101:101(0) ack 201 <TS val 221 ecr 1111>\n"
        "+.200 > F. 101:101(0) ack 201 <TS val 421 ecr 1111>\n"
        "+.005 < . 201:201(0) ack 102 <TS val 1431 ecr 221>\n"
        "server CLOSE_WAIT! @7 received_fin confirmed_by 9\n"),
    /* Three unanswered transmissions, no sign of X since the first: withdrawn. */
    SCRIPT("two transmissions without a sign", FIN_WAIT_1
        "+.200 > F. 101:101(0) ack 201\n"
        "server = CLOSE_WAIT?\n"),
    SCRIPT("three transmissions without a sign: not received", FIN_WAIT_1
        "+.200 > F. 101:101(0) ack 201\n"
        "+.400 > F. 101:101(0) ack 201\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"
        "server retracted CLOSE_WAIT @7\n"
        "server retracted CLOSE_WAIT @8\n"
        "server retracted CLOSE_WAIT @9\n"
        /* Given up for want of an answer only: it stays possible. */
        "server may ESTABLISHED CLOSE_WAIT\n"
        "client = FIN_WAIT_1!\n"),
    SCRIPT("X goes on without acknowledging: not received", FIN_WAIT_1
        "+.100 < P. 201:301(100) ack 101\n"
        "server: SYN_RECEIVED ESTABLISHED!\n"
        "server retracted CLOSE_WAIT @7 received_fin\n"
        "server not CLOSE_WAIT\n"),
    SCRIPT("X's segment without it crossed", FIN_WAIT_1
        "+.004 < P. 201:301(100) ack 101\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT?\n"
        "server CLOSE_WAIT @7 received_fin at .224\n"
        "+.008 < . 301:301(0) ack 102\n"
        "server CLOSE_WAIT! @7 received_fin confirmed_by 9 at .224\n"),
    /* X's own FIN, sent after Y's FIN passed, does not acknowledge it: simultaneous. */
    SCRIPT("X's own FIN without it, later than a round trip: lost", FIN_WAIT_1
        "+.100 < F. 201:201(0) ack 101\n"
        "server: SYN_RECEIVED ESTABLISHED FIN_WAIT_1!\n"
        "server retracted CLOSE_WAIT @7\n"
        "server fin active\n"
        "+.010 > . 102:102(0) ack 202\n"
        "server: SYN_RECEIVED ESTABLISHED FIN_WAIT_1! FIN_WAIT_2?\n"
        "+.150 > F. 101:101(0) ack 202\n"
        "server: SYN_RECEIVED ESTABLISHED FIN_WAIT_1! FIN_WAIT_2? TIME_WAIT?\n"
        "+.010 < . 202:202(0) ack 102\n"
        "server: SYN_RECEIVED ESTABLISHED FIN_WAIT_1! FIN_WAIT_2? TIME_WAIT?\n"
        "close simultaneous by both\n"),
    SCRIPT("X acknowledges at last, without another transmission", FIN_WAIT_1
        "+.100 < P. 201:301(100) ack 101\n"
        "server = ESTABLISHED!\n"
        "+.001 < . 301:301(0) ack 102\n"
        "server: SYN_RECEIVED ESTABLISHED CLOSE_WAIT!\n"
        "server CLOSE_WAIT @7 received_fin confirmed_by 9 at .32\n"),

    /* ---- X sends from a state it was thought to have left */
    SCRIPT("data after presumed CLOSED", LAST_ACK
        "+.010 > . 102:102(0) ack 202\n"
        "server = CLOSED?\n"
        "+.300 < F. 201:201(0) ack 102\n"
        "server = LAST_ACK!\n"),
    /* Only what is confirmed by a later segment stays when a bare RST comes. */
    SCRIPT("a FIN overtaken by a reset in its addressee's name", FIN_WAIT_1
        "+.100 < R 201:201(0) ttl 61\n"
        "server may ESTABLISHED CLOSE_WAIT CLOSED\n"
        "client = CLOSED?\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
