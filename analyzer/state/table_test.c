#include "analyzer/state/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Every combination of facts, by RFC 9293 section 3.3.2 (figure 5) and section 3.6. Without its own
 * FIN an endpoint cannot have one acknowledged nor have closed actively: those facts are nothing.
 */
static const enum tcp_state expected[16] = {
    [0] = STATE_ESTABLISHED,
    [HAS_FIN_RECEIVED] = STATE_CLOSE_WAIT,
    [HAS_FIN_ACKED] = STATE_ESTABLISHED,
    [HAS_CLOSED_ACTIVELY] = STATE_ESTABLISHED,
    [HAS_FIN_RECEIVED | HAS_FIN_ACKED] = STATE_CLOSE_WAIT,
    [HAS_FIN_RECEIVED | HAS_CLOSED_ACTIVELY] = STATE_CLOSE_WAIT,
    [HAS_FIN_ACKED | HAS_CLOSED_ACTIVELY] = STATE_ESTABLISHED,
    [HAS_FIN_RECEIVED | HAS_FIN_ACKED | HAS_CLOSED_ACTIVELY] = STATE_CLOSE_WAIT,
    [HAS_FIN_SENT] = STATE_FIN_WAIT_1,
    [HAS_FIN_SENT | HAS_CLOSED_ACTIVELY] = STATE_FIN_WAIT_1,
    [HAS_FIN_SENT | HAS_FIN_ACKED] = STATE_FIN_WAIT_2,
    [HAS_FIN_SENT | HAS_FIN_ACKED | HAS_CLOSED_ACTIVELY] = STATE_FIN_WAIT_2,
    [HAS_FIN_SENT | HAS_FIN_RECEIVED] = STATE_LAST_ACK,
    [HAS_FIN_SENT | HAS_FIN_RECEIVED | HAS_CLOSED_ACTIVELY] = STATE_CLOSING,
    [HAS_FIN_SENT | HAS_FIN_RECEIVED | HAS_FIN_ACKED] = STATE_CLOSED,
    [HAS_FIN_SENT | HAS_FIN_RECEIVED | HAS_FIN_ACKED | HAS_CLOSED_ACTIVELY] = STATE_TIME_WAIT,
};

static void every_combination(void **state)
{
    (void)state;
    for (unsigned facts = 0; facts < 16; facts++)
        assert_int_equal(close_state(facts), expected[facts]);
}

/* A further fact leads on along the figure, never back: what each arrow may lead to. */
static void facts_lead_along_the_figure(void **state)
{
    (void)state;
    static const unsigned next[STATES] = {
        [STATE_ESTABLISHED] = 1u << STATE_FIN_WAIT_1 | 1u << STATE_CLOSE_WAIT,
        [STATE_FIN_WAIT_1] = 1u << STATE_FIN_WAIT_2 | 1u << STATE_CLOSING,
        [STATE_FIN_WAIT_2] = 1u << STATE_TIME_WAIT,
        [STATE_CLOSING] = 1u << STATE_TIME_WAIT,
        [STATE_CLOSE_WAIT] = 1u << STATE_LAST_ACK,
        [STATE_LAST_ACK] = 1u << STATE_CLOSED,
    };
    for (unsigned active = 0; active <= HAS_CLOSED_ACTIVELY; active += HAS_CLOSED_ACTIVELY) {
        for (unsigned facts = 0; facts < HAS_CLOSED_ACTIVELY; facts++) {
            for (unsigned fact = HAS_FIN_SENT; fact < HAS_CLOSED_ACTIVELY; fact <<= 1) {
                /* Only an endpoint that has sent its FIN can see it acknowledged; and active and
                 * passive are told apart by which FIN was first. */
                bool own = facts & HAS_FIN_SENT;
                bool received = facts & HAS_FIN_RECEIVED;
                if (facts & fact || (fact == HAS_FIN_ACKED && !own) ||
                    (facts & HAS_FIN_ACKED && !own) || (fact == HAS_FIN_RECEIVED && own && !active))
                    continue;
                if (fact == HAS_FIN_SENT && received && active)
                    continue;
                enum tcp_state before = close_state(facts | active);
                enum tcp_state after = close_state(facts | fact | active);
                assert_true(next[before] & 1u << after);
            }
        }
    }
}

static void names_are_netstats(void **state)
{
    (void)state;
    static const char *const names[STATES] = {
        [STATE_LISTEN] = "LISTEN",
        [STATE_SYN_SENT] = "SYN_SENT",
        [STATE_SYN_RECEIVED] = "SYN_RECEIVED",
        [STATE_ESTABLISHED] = "ESTABLISHED",
        [STATE_FIN_WAIT_1] = "FIN_WAIT_1",
        [STATE_FIN_WAIT_2] = "FIN_WAIT_2",
        [STATE_CLOSING] = "CLOSING",
        [STATE_TIME_WAIT] = "TIME_WAIT",
        [STATE_CLOSE_WAIT] = "CLOSE_WAIT",
        [STATE_LAST_ACK] = "LAST_ACK",
        [STATE_CLOSED] = "CLOSED",
        [STATE_UNKNOWN] = "UNKNOWN",
    };
    for (unsigned s = 0; s < STATES; s++)
        assert_string_equal(tcp_state_name((enum tcp_state)s), names[s]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination),
        cmocka_unit_test(facts_lead_along_the_figure),
        cmocka_unit_test(names_are_netstats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
