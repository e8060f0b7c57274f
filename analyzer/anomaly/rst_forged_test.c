/*
 * RSTs that their alleged sender did not send, and RSTs without effect.
 */
#include "analyzer/state/scenes.h"
#include "analyzer/state/script.h"

/* clang-format off */
static const struct CMUnitTest tests[] = {
    /* ---- certain: it goes on */
    SCRIPT("forged: it goes on with new octets", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.500 < P. 201:301(100) ack 101\n"
        "+.010 > R 101:101(0)\n"
        "rules rst_forged\n"
        "rule rst_forged by server warning probable @7 @8 @9 count=1 goes_on=true both_ends=false "
        "ttl_differs=false acceptable=true injection_label=rst_seq_data\n"),
    SCRIPT("forged: it goes on and acknowledges later octets", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.500 > P. 101:201(100) ack 201\n"
        "+.010 < . 201:201(0) ack 201\n"
        "rule rst_forged by server warning probable @7 @9 goes_on=true\n"),
    SCRIPT("forged: it closes later", ESTABLISHED
        "+.100 < R 201:201(0)\n"
        "+.500 < F. 201:201(0) ack 101\n"
        "rule rst_forged by server warning probable goes_on=true\n"),
    SCRIPT("forged: not acceptable, a challenge ACK, and it goes on", ESTABLISHED
        "+.100 < R 701:701(0)\n"
        "+.001 > . 101:101(0) ack 201\n"
        "+.500 < P. 201:301(100) ack 101\n"
        "+.010 > . 101:101(0) ack 301\n"
        "rules rst_forged\n"
        "rule rst_forged by server critical certain challenge_ack=true acceptable=false\n"),
    SCRIPT("forged: it goes on, and the TTL was another's", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101 ttl 61\n"
        "+.500 < P. 201:301(100) ack 101\n"
        "rule rst_forged by server critical certain @7 @8 ttl_differs=true\n"),
    SCRIPT("forged: it goes on, and the IP ID is that of the segment before", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101 id 65500\n"
        "+.010 > . 101:101(0) ack 301\n"
        "+.100 < R. 301:301(0) ack 101 id 65500\n"
        "+.500 < P. 301:401(100) ack 101 id 20\n"
        "rule rst_forged by server critical certain @7 @9 @10 ip_id_differs=true looks_own=false\n"),
    SCRIPT("forged: it goes on, and the IP ID is far from the counter's", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101 id 100\n"
        "+.010 > . 101:101(0) ack 301\n"
        "+.100 < R. 301:301(0) ack 101 id 40000\n"
        "+.500 < P. 301:401(100) ack 101 id 102\n"
        "rule rst_forged by server critical certain ip_id_differs=true\n"),
    SCRIPT("forged: it goes on, and all fits: perhaps its own decoy", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101 id 65535\n"
        "+.010 > . 101:101(0) ack 301\n"
        "+.100 < R. 301:301(0) ack 101 id 1\n"
        "+.500 < P. 301:401(100) ack 101 id 2\n"
        "rule rst_forged by server notice possible @7 @9 @10 goes_on=true ip_id_differs=false "
        "looks_own=true\n"),
    SCRIPT("forged: one IP ID in all that it sends fits as well", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101 id 1\n"
        "+.010 > . 101:101(0) ack 301\n"
        "+.100 < R. 301:301(0) ack 101 id 1\n"
        "+.500 < P. 301:401(100) ack 101 id 1\n"
        "rule rst_forged by server notice possible looks_own=true\n"),
    SCRIPT("forged: the IP ID fits, the window does not", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101 id 7\n"
        "+.010 > . 101:101(0) ack 301\n"
        "+.100 < R. 301:301(0) ack 101 id 8 win 77\n"
        "+.500 < P. 301:401(100) ack 101 id 9\n"
        "rule rst_forged by server warning probable ip_id_differs=false looks_own=false\n"),
    SCRIPT("forged: random IP IDs tell nothing", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101 id 7\n"
        "+.010 > . 101:101(0) ack 301\n"
        "+.100 < R. 301:301(0) ack 101 id 7\n"
        "+.500 < P. 301:401(100) ack 101 id 30000\n"
        "rule rst_forged by server warning probable ip_id_differs=- looks_own=-\n"),
    SCRIPT("forged: and later it aborts itself", ESTABLISHED
        "+.100 < R 701:701(0)\n"
        "+.500 < P. 201:301(100) ack 101\n"
        "+.010 > . 101:101(0) ack 301\n"
        "+.100 < R. 301:301(0) ack 101\n"
        "rules rst_forged abortive_close\n"
        "rule abortive_close by server @10\n"),
    SCRIPT("forged, near: what follows only crossed", ESTABLISHED
        "+.100 < R 201:201(0) ttl 64\n"
        "+.002 < P. 201:301(100) ack 101\n"
        "no rule rst_forged\n"),
    SCRIPT("forged, near: only old octets come again", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 < R. 301:301(0) ack 101\n"
        "+.300 < P. 201:301(100) ack 101\n"
        "no rule rst_forged\n"),
    SCRIPT("forged, near: opened anew", ESTABLISHED
        "+.100 > R. 101:101(0) ack 201\n"
        "+.500 > S 70000:70000(0) <mss 1460>\n"
        "+.010 < S. 90000:90000(0) ack 70001 <mss 1460>\n"
        "+.010 > . 70001:70001(0) ack 90001\n"
        "connections 2\n"
        "connection 1\n"
        "rules abortive_close\n"),

    SCRIPT("forged: octets and a FIN right behind it", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.002 < P. 201:301(100) ack 101\n"
        "+.001 > . 101:101(0) ack 301\n"
        "+.010 < F. 301:301(0) ack 101\n"
        "rule rst_forged by server warning probable @7 @10 goes_on=true\n"),
    SCRIPT("forged, near: a FIN again that the peer had acknowledged before", FIN_WAIT_2
        "+.100 > . 102:102(0) ack 202\n"
        "+.300 < R 202:202(0) ttl 77\n"
        "+.300 < F. 201:201(0) ack 102 ttl 60\n"
        "quiet\n"),

    /* ---- signs */
    SCRIPT("forged: another TTL is possible", ESTABLISHED
        "+.300 < R. 201:201(0) ack 101 ttl 61\n"
        "rules rst_forged\n"
        "rule rst_forged by server notice possible @7 ttl=61 baseline_ttl=64 ttl_differs=true "
        "goes_on=false\n"),
    SCRIPT("forged: another TTL towards both ends is probable", ESTABLISHED
        "+.300 < R. 201:201(0) ack 101 ttl 61\n"
        "+0 > R. 101:101(0) ack 201 ttl 61\n"
        "rules rst_forged\n"
        "rule rst_forged by server warning probable @7 @8 both_ends=true ttl_differs=true\n"
        "rule rst_forged by client warning probable\n"),
    SCRIPT("forged: guessed numbers and another TTL", ESTABLISHED
        "+.300 < R. 201:201(0) ack 101 ttl 61\n"
        "+0 < R. 1661:1661(0) ack 101 ttl 61\n"
        "+0 < R. 4581:4581(0) ack 101 ttl 61\n"
        "rule rst_forged by server warning probable guessed_numbers=true count=3 "
        "injection_label=rst_seq_change\n"),
    SCRIPT("forged, near: its own TTL", ESTABLISHED
        "+.300 < R. 201:201(0) ack 101\n"
        "no rule rst_forged\n"),
    SCRIPT("forged, near: a TTL that varies", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101 ttl 61\n"
        "+.010 > . 101:101(0) ack 301\n"
        "+.100 < . 301:301(0) ack 101 ttl 64\n"
        "+.300 < R. 301:301(0) ack 101 ttl 61\n"
        "no rule rst_forged\n"),
    SCRIPT("forged, near: a reply by whoever stands in for it", ESTABLISHED
        "+.300 > P. 101:201(100) ack 201\n"
        "+.010 < R 201:201(0) ttl 61\n"
        "rules no_such_connection\n"
        "rule no_such_connection by server warning probable ttl_differs=true\n"),
    SCRIPT("forged, near: both abort at the same time", ESTABLISHED
        "+.300 < R. 201:201(0) ack 101\n"
        "+.001 > R. 101:101(0) ack 201\n"
        "rules abortive_close\n"
        "rule abortive_close by client\n"
        "rule abortive_close by server\n"),

    /* ---- rst_ignored */
    SCRIPT("ignored: its number is wrong, and a challenge ACK says so", ESTABLISHED
        "+.100 < R. 202:202(0) ack 101\n"
        "+.001 > . 101:101(0) ack 201\n"
        "rules rst_ignored\n"
        "rule rst_ignored by server notice certain @7 @8 seq_offset=1 challenge_ack=true "
        "acceptable=false\n"),
    SCRIPT("ignored: the right one follows", ESTABLISHED
        "+.100 < R. 202:202(0) ack 101\n"
        "+.001 > . 101:101(0) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rules rst_ignored abortive_close\n"
        "rule abortive_close by server probable @7\n"),
    SCRIPT("ignored: perhaps lost on the way, or one segment waited somewhere", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.900 > P. 101:201(100) ack 201\n"
        "+.010 < R 201:201(0)\n"
        "rules rst_ignored abortive_close\n"
        "rule rst_ignored by server notice probable @7 @8 target_goes_on=true acceptable=true "
        "seq_offset=-\n"
        "rule abortive_close by server warning bytes_lost=100\n"),
    SCRIPT("ignored: lost on the way, and its target goes on for long", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.900 > P. 101:201(100) ack 201\n"
        "+1 > P. 101:201(100) ack 201\n"
        "rule rst_ignored by server notice certain @7 @8 @9 target_goes_on=true\n"),
    SCRIPT("ignored: its target's timer runs on", ESTABLISHED
        "+.100 > P. 101:201(100) ack 201\n"
        "+.010 < R. 201:201(0) ack 101\n"
        "+1.100 > P. 101:201(100) ack 201\n"
        "rule rst_ignored by server notice certain @8 @9 target_goes_on=true\n"),
    SCRIPT("ignored: a bare one, perhaps lost, costs no octets that were sent long after", ESTABLISHED
        "+.100 < P. 201:204(3) ack 101\n"
        "+.010 > . 101:101(0) ack 204\n"
        "+6 < R 204:204(0)\n"
        "+40 > P. 101:104(3) ack 204\n"
        "+.010 < R 204:204(0)\n"
        "rules rst_ignored\n"
        "rule rst_ignored by server notice probable @9 @10 target_goes_on=true\n"),
    SCRIPT("ignored, near: its target had not read for long, and is woken", ESTABLISHED
        "+.100 < P. 201:204(3) ack 101\n"
        "+3 < P. 201:204(3) ack 101\n"
        "+3 < R 204:204(0)\n"
        "+40 > P. 101:104(3) ack 204\n"
        "+.010 < R 204:204(0)\n"
        "+.005 > . 104:104(0) ack 204\n"
        "rules abortive_close\n"
        "rule abortive_close by server notice @9 bytes_lost=-\n"),
    SCRIPT("ignored: its target had not read for long, is woken, and goes on", ESTABLISHED
        "+.100 < P. 201:204(3) ack 101\n"
        "+3 < P. 201:204(3) ack 101\n"
        "+3 < R 204:204(0)\n"
        "+40 > P. 101:104(3) ack 204\n"
        "+1 > P. 101:104(3) ack 204\n"
        "rule rst_ignored by server notice certain @9 @10 @11\n"),
    SCRIPT("ignored: its target lacked octets, but spoke", ESTABLISHED
        "+.100 < P. 201:204(3) ack 101\n"
        "+3 > P. 101:201(100) ack 201\n"
        "+.010 < . 204:204(0) ack 201\n"
        "+3 < R 204:204(0)\n"
        "+4 > P. 201:204(3) ack 201\n"
        "rule rst_ignored by server notice probable @10 @11\n"),
    SCRIPT("ignored, near: what comes later bears a timestamp of before, it waited on its way",
           ESTABLISHED
        "+.100 < F. 201:201(0) ack 101 <TS val 7 ecr 1>\n"
        "+.010 > . 101:101(0) ack 202 <TS val 500 ecr 1>\n"
        "+.010 > P. 101:201(100) ack 202 <TS val 501 ecr 1>\n"
        "+.010 < R 202:202(0)\n"
        "+.900 > F. 201:201(0) ack 202 <TS val 501 ecr 1>\n"
        "+.010 < R 202:202(0)\n"
        "rules data_after_close\n"
        "rule data_after_close by server certain @7 @9 @10\n"),
    SCRIPT("ignored: what comes later bears a later timestamp", ESTABLISHED
        "+.100 < F. 201:201(0) ack 101 <TS val 7 ecr 1>\n"
        "+.010 > . 101:101(0) ack 202 <TS val 500 ecr 1>\n"
        "+.010 > P. 101:201(100) ack 202 <TS val 501 ecr 1>\n"
        "+.010 < R 202:202(0)\n"
        "+.900 > F. 201:201(0) ack 202 <TS val 502 ecr 1>\n"
        "rule rst_ignored by server notice probable @10 @11\n"),
    SCRIPT("ignored, near: a bare acknowledgment of something new is no challenge", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 < R. 302:302(0) ack 101\n"
        "+.001 > . 101:101(0) ack 301\n"
        "no rule rst_ignored\n"),
    SCRIPT("ignored: an answer to data, lost on the way; the next one counts", FIN_WAIT_1
        "+.010 < P. 201:301(100) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "+1.100 < P. 201:301(100) ack 102\n"
        "+.010 > R 102:102(0)\n"
        "rules rst_ignored data_after_close\n"
        "rule rst_ignored by client notice certain @9 @10\n"
        "rule data_after_close by client notice certain @7 @8 @11 bytes_lost=100\n"),
    SCRIPT("ignored, near: what the target sent had crossed it", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+.005 > P. 101:201(100) ack 201\n"
        "no rule rst_ignored\n"),
    SCRIPT("ignored, near: the target is silent", ESTABLISHED
        "+.100 < R. 201:201(0) ack 101\n"
        "+9 quiet\n"
        "no rule rst_ignored\n"),
    SCRIPT("ignored, near: behind octets that the capture may have missed", ESTABLISHED
        "+.100 < R. 801:801(0) ack 101\n"
        "+9 quiet\n"
        "no rule rst_ignored\n"),
    SCRIPT("ignored: it answers the FIN and acknowledges octets that were never sent", ESTABLISHED
        "+.100 < P. 201:301(100) ack 101\n"
        "+.001 > F. 101:101(0) ack 201\n"
        "+.001 < F. 301:301(0) ack 102\n"
        "+.008 > R. 102:102(0) ack 9302\n"
        "+1.300 < FP. 201:301(100) ack 102\n"
        "rule rst_ignored by client notice certain @10 @11\n"
        "no rule data_after_close\n"
        "no rule fin_met_closed\n"),
};
/* clang-format on */

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
