/*
 * In which order the ends closed, and what they did after.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
#define ROUND      "+.010 > . 102:102(0) ack 201\n" "+.010 < . 201:201(0) ack 102\n"
#define TEN_ROUNDS ROUND ROUND ROUND ROUND ROUND ROUND ROUND ROUND ROUND ROUND
#define OF_ONE     "+.010 < . 201:201(0) ack 102\n"
#define TEN_OF_ONE OF_ONE OF_ONE OF_ONE OF_ONE OF_ONE OF_ONE OF_ONE OF_ONE OF_ONE OF_ONE

static const struct CMUnitTest tests[] = {
    SCRIPT("simultaneous close: neither FIN acknowledges the other", CLOSING
        "rule simultaneous_close by none info certain @7 @8 gap_ns=4000000\n"),
    SCRIPT("simultaneous close: the first FIN is lost and sent again", FIN_WAIT_1
        "+.220 > F. 101:101(0) ack 201\n"
        "+.440 > F. 101:101(0) ack 201\n"
        "+.100 < F. 201:201(0) ack 101\n"
        "rule simultaneous_close by none info probable @7 @10 gap_ns=760000000\n"),
    SCRIPT("simultaneous close: a way that has grown long", FIN_WAIT_1
        "+.600 < F. 201:201(0) ack 101\n"
        "rule simultaneous_close by none info probable @7 @8 gap_ns=600000000\n"),
    SCRIPT("near miss: minutes later, and nobody had missed an acknowledgment", FIN_WAIT_1
        "+235 < F. 201:201(0) ack 101\n"
        "no rule simultaneous_close\n"),
    SCRIPT("simultaneous close: a hole in front of the other FIN is told of only later", ESTABLISHED
        "+.100 < FP. 301:401(100) ack 101\n"
        "+.001 > F. 101:101(0) ack 201\n"
        "+.004 > . 102:102(0) ack 201 <sack 301:402>\n"
        "rule simultaneous_close by none info certain @7 @8\n"),
    SCRIPT("simultaneous close: octets behind the hole were there, the FIN was not", ESTABLISHED
        "+.100 < FP. 301:401(100) ack 101\n"
        "+.001 > F. 101:101(0) ack 201 <sack 301:401>\n"
        "rule simultaneous_close by none info certain @7 @8\n"),
    SCRIPT("near miss: the second FIN acknowledges the first selectively", ESTABLISHED
        "+.100 < FP. 301:401(100) ack 101\n"
        "+.001 > F. 101:101(0) ack 201 <sack 301:402>\n"
        "no rule simultaneous_close\n"),
    SCRIPT("near miss: the second FIN acknowledges the first", LAST_ACK
        "no rule simultaneous_close\n"
        "quiet\n"),

    /* ---- half_close ---- */
    SCRIPT("half-close: the server goes on", FIN_WAIT_2
        "+.100 < P. 201:301(100) ack 102\n"
        "no rule half_close\n"
        "+.010 > . 102:102(0) ack 301\n"
        "rule half_close by client info certain @7 @9 @10 bytes_after_fin=100\n"
        "+.100 < P. 301:401(100) ack 102\n"
        "+.010 > . 102:102(0) ack 401\n"
        "+.100 < F. 401:401(0) ack 102\n"
        "+.010 > . 102:102(0) ack 402\n"
        "rule half_close by client info certain bytes_after_fin=200\n"
        "rules half_close\n"),
    SCRIPT("half-close: few octets, but no FIN behind them", FIN_WAIT_2
        "+.100 < P. 201:231(30) ack 102\n"
        "+.010 > . 102:102(0) ack 231\n"
        "+5 < F. 231:231(0) ack 102\n"
        "rule half_close by client bytes_after_fin=30\n"),
    SCRIPT("near miss: a closing record", FIN_WAIT_2
        "+.100 < P. 201:281(80) ack 102\n"
        "+.001 < F. 281:281(0) ack 102\n"
        "+.010 > . 102:102(0) ack 282\n"
        "no rule half_close\n"),
    SCRIPT("one octet more is none", FIN_WAIT_2
        "+.100 < FP. 201:282(81) ack 102\n"
        "+.010 > . 102:102(0) ack 283\n"
        "rule half_close by client bytes_after_fin=81\n"),
    SCRIPT("near miss: the server's octets crossed with the FIN", FIN_WAIT_1
        "+.004 < P. 201:401(200) ack 101\n"
        "+.010 > . 102:102(0) ack 401\n"
        "no rule half_close\n"),
    SCRIPT("near miss: old octets again", FIN_WAIT_2
        "+.220 < P. 1:201(200) ack 102\n"
        "+.010 > . 102:102(0) ack 201\n"
        "no rule half_close\n"),
    SCRIPT("near miss: the client does not take them", FIN_WAIT_2
        "+.100 < P. 201:301(100) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "no rule half_close\n"),

    /* ---- data_beyond_fin ---- */
    SCRIPT("octets behind the own FIN", FIN_WAIT_2
        "+.100 > P. 102:152(50) ack 201\n"
        "rule data_beyond_fin by client warning certain @7 @9 bytes_beyond_fin=50\n"),
    SCRIPT("with a gap they may be anybody's", FIN_WAIT_2
        "+.100 > P. 202:252(50) ack 201\n"
        "rule data_beyond_fin by client notice possible bytes_beyond_fin=150\n"),
    SCRIPT("near miss: octets before it again", FIN_WAIT_2
        "+.100 > P. 1:101(100) ack 201\n"
        "no rule data_beyond_fin\n"),
    SCRIPT("near miss: the FIN came before the SYN, from somebody else",
        "0 > S 0:0(0) <mss 1460>\n"
        "+.010 < R. 5000:5000(0) ack 1\n"
        "+.001 < F. 5000:5000(0) ack 1\n"
        "+.010 < S. 0:0(0) ack 1 <mss 1460>\n"
        "+.001 > . 1:1(0) ack 1\n"
        "+.001 > P. 1:301(300) ack 1\n"
        "+.010 < P. 1:6001(6000) ack 301\n"
        "+.001 > . 301:301(0) ack 6001\n"
        "no rule data_beyond_fin\n"
        "no rule half_close\n"),
    SCRIPT("near miss: a FIN without ACK, which every receiver drops", ESTABLISHED
        "+.100 > F 101:101(0)\n"
        "+.100 > P. 101:151(50) ack 201\n"
        "no rule data_beyond_fin\n"),
    SCRIPT("near miss: a probe on the FIN's own number", FIN_WAIT_2
        "+60 > . 101:102(1) ack 201\n"
        "no rule data_beyond_fin\n"),

    /* ---- ack_loop ---- */
    SCRIPT("acknowledgments without end", FIN_WAIT_2
        TEN_ROUNDS TEN_ROUNDS TEN_ROUNDS TEN_ROUNDS
        ROUND ROUND ROUND ROUND ROUND ROUND ROUND ROUND ROUND
        "+.010 > . 102:102(0) ack 201\n"
        "no rule ack_loop\n"
        "+.010 < . 201:201(0) ack 102\n"
        "rule ack_loop by none warning certain @7 count=101\n"),
    SCRIPT("near miss: a second of silence in between", FIN_WAIT_2
        TEN_ROUNDS TEN_ROUNDS TEN_ROUNDS
        "+1.001 > . 102:102(0) ack 201\n"
        TEN_ROUNDS TEN_ROUNDS TEN_ROUNDS
        "no rule ack_loop\n"),
    SCRIPT("near miss: all from one side", FIN_WAIT_2
        TEN_OF_ONE TEN_OF_ONE TEN_OF_ONE TEN_OF_ONE TEN_OF_ONE TEN_OF_ONE TEN_OF_ONE TEN_OF_ONE
        TEN_OF_ONE TEN_OF_ONE TEN_OF_ONE
        "no rule ack_loop\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
