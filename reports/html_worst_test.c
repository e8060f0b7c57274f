#include "reports/html_worst.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct anomaly_verdict found(enum rule_id rule, enum severity severity,
                                    enum confidence confidence, int64_t at_ns)
{
    return (struct anomaly_verdict){.rule = (uint8_t)rule,
                                    .severity = (uint8_t)severity,
                                    .confidence = (uint8_t)confidence,
                                    .at_ns = at_ns,
                                    .client_state = STATE_UNKNOWN,
                                    .server_state = STATE_UNKNOWN};
}

static void take(struct html_worst *worst, struct anomaly_verdict anomaly, uint16_t port)
{
    struct connection_verdict connection = {
        .server.port = port, .first_frame = frame_ref_of(0, (uint64_t)anomaly.at_ns + 1)};
    assert_true(worst_take(worst, &anomaly, &connection));
}

static void close_and_sort(struct html_worst *worst)
{
    static const struct told_entries none;
    worst_close(worst);
    worst_sort(worst, &none);
}

static void the_gravest_and_surest_stay(void **state)
{
    (void)state;
    static struct html_worst worst;
    assert_true(worst_init(&worst, 3));
    for (int64_t i = 0; i < 100; i++)
        take(&worst, found(RULE_FIN_RETRANSMITTED, SEVERITY_NOTICE, CONFIDENCE_CERTAIN, i), 80);
    take(&worst, found(RULE_ABORTIVE_CLOSE, SEVERITY_WARNING, CONFIDENCE_POSSIBLE, 100), 80);
    take(&worst, found(RULE_RST_FORGED, SEVERITY_CRITICAL, CONFIDENCE_CERTAIN, 101), 80);
    take(&worst, found(RULE_FIN_RETRANSMITTED, SEVERITY_INFO, CONFIDENCE_CERTAIN, 102), 80);
    close_and_sort(&worst);
    assert_int_equal(worst.count, 3);
    assert_int_equal(worst.items[0]->anomaly.rule, RULE_RST_FORGED);
    assert_int_equal(worst.items[1]->anomaly.rule, RULE_ABORTIVE_CLOSE);
    assert_int_equal(worst.items[2]->anomaly.at_ns, 0); /* the first of its kind */
    worst_finish(&worst);
}

/* A rule with thousands leaves room for one that comes late and found one, as grave. */
static void nobody_is_crowded_out(void **state)
{
    (void)state;
    static struct html_worst worst;
    assert_true(worst_init(&worst, 50));
    for (int64_t i = 0; i < 5000; i++)
        take(&worst, found(RULE_SYN_UNANSWERED, SEVERITY_NOTICE, CONFIDENCE_CERTAIN, i), 80);
    take(&worst, found(RULE_SYN_UNANSWERED, SEVERITY_NOTICE, CONFIDENCE_CERTAIN, 5000), 81);
    take(&worst, found(RULE_FIN_RETRANSMITTED, SEVERITY_NOTICE, CONFIDENCE_CERTAIN, 5001), 80);
    worst_close(&worst);
    bool other_port = false, other_rule = false;
    for (uint32_t i = 0; i < worst.count; i++) {
        other_port |= worst.items[i]->anomaly.at_ns == 5000;
        other_rule |= worst.items[i]->anomaly.at_ns == 5001;
    }
    assert_true(other_port && other_rule);
    assert_int_equal(worst.count, 50);
    worst_finish(&worst);
}

/* Whatever the order of coming, the same severities and confidences stay as a sort would leave. */
static void as_many_of_each_as_a_sort_leaves(void **state)
{
    (void)state;
    enum { ALL = 3000, MOST = 77 };
    uint32_t given[SEVERITIES][CONFIDENCES] = {{0}}, kept[SEVERITIES][CONFIDENCES] = {{0}};
    static struct html_worst worst;
    uint64_t seed = 7;
    assert_true(worst_init(&worst, MOST));
    for (int64_t i = 0; i < ALL; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        enum severity severity = seed >> 60 ? SEVERITY_NOTICE : SEVERITY_INFO + (seed >> 40) % 4;
        enum confidence confidence = (seed >> 20) % CONFIDENCES;
        given[severity][confidence]++;
        take(&worst, found((seed >> 33) % RULES, severity, confidence, i), 80);
    }
    worst_close(&worst);
    assert_int_equal(worst.count, MOST);
    for (uint32_t i = 0; i < worst.count; i++)
        kept[worst.items[i]->anomaly.severity][worst.items[i]->anomaly.confidence]++;
    uint32_t room = MOST;
    for (unsigned severity = SEVERITIES; severity-- > 0;) {
        for (unsigned confidence = CONFIDENCES; confidence-- > 0;) {
            uint32_t fits = given[severity][confidence];
            fits = fits < room ? fits : room;
            assert_int_equal(kept[severity][confidence], fits);
            room -= fits;
        }
    }
    worst_finish(&worst);
}

static void anomalies_of_one_connection_share_it(void **state)
{
    (void)state;
    static struct html_worst worst;
    struct connection_verdict connection = {.first_frame = 7, .incarnation = 1};
    struct anomaly_verdict anomaly =
        found(RULE_FIN_RETRANSMITTED, SEVERITY_NOTICE, CONFIDENCE_CERTAIN, 1);
    assert_true(worst_init(&worst, 10));
    assert_true(worst_take(&worst, &anomaly, &connection));
    anomaly.rule = RULE_ABORTIVE_CLOSE;
    assert_true(worst_take(&worst, &anomaly, &connection));
    connection.incarnation = 2;
    assert_true(worst_take(&worst, &anomaly, &connection));
    anomaly.rule = RULE_CLOSE_WAIT_LEAK;
    assert_true(worst_take(&worst, &anomaly, NULL));
    close_and_sort(&worst);
    assert_int_equal(worst.count, 4);
    assert_int_equal(worst.connection_count, 2);
    worst_finish(&worst);
}

static void none_is_allowed(void **state)
{
    (void)state;
    static struct html_worst worst;
    assert_true(worst_init(&worst, 0));
    take(&worst, found(RULE_ABORTIVE_CLOSE, SEVERITY_CRITICAL, CONFIDENCE_CERTAIN, 1), 80);
    close_and_sort(&worst);
    assert_int_equal(worst.count, 0);
    assert_int_equal(worst.taken, 1);
    worst_finish(&worst);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gravest_and_surest_stay),
        cmocka_unit_test(nobody_is_crowded_out),
        cmocka_unit_test(as_many_of_each_as_a_sort_leaves),
        cmocka_unit_test(anomalies_of_one_connection_share_it),
        cmocka_unit_test(none_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
