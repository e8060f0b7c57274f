/*
 * Failures that are too many to be told one by one.
 */
#include "analyzer/anomaly/crowd.h"
#include "analyzer/anomaly/distinct.h"
#include "analyzer/test_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct ends_maker maker;
static struct sieve held;
static struct crowd crowd;
static struct anomaly_set found;

#define TOLD_MAX 4

static struct anomaly_verdict told[TOLD_MAX];
static uint32_t told_count;
static uint32_t stop_after;

static bool take(void *context, const struct anomaly_verdict *anomaly)
{
    (void)context;
    assert_in_range(told_count, 0, TOLD_MAX - 1);
    told[told_count++] = *anomaly;
    return told_count != stop_after;
}

static int set_up(void **state)
{
    (void)state;
    told_count = stop_after = 0;
    memset(&held, 0, sizeof held);
    const struct hash_key secret = test_key(1);
    ends_init(&maker, &secret, &held);
    return crowd_init(&crowd, &secret, UINT64_C(2) << 30) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    crowd_finish(&crowd);
    return 0;
}

#define ATTEMPT_NS 10

/* One connection that failed by this rule: is it told one by one? */
static bool fails(uint8_t client, uint32_t server, uint16_t port, enum rule_id rule, int64_t at_ns)
{
    struct connection_verdict v = {.start_ns = at_ns, .end_ns = at_ns, .anomaly_count = 2};
    if (at_ns != TIME_UNKNOWN)
        v.end_ns += ATTEMPT_NS;
    v.client.address[15] = client;
    memcpy(v.server.address, &server, sizeof server);
    v.server.port = port;
    v.anomalies = found.items;
    found.count = 2;
    found.items[0] = (struct anomaly_verdict){
        .rule = (uint8_t)rule, .evidence_count = 1, .evidence = {{.frame = 1, .at_ns = at_ns}}};
    found.items[1] = (struct anomaly_verdict){.rule = RULE_SYN_ISN_CHANGED};
    struct ends ends = ends_of(&maker, v.client.address, v.server.address, port);
    crowd_thin(&crowd, &v, &ends, &found);
    assert_int_equal(v.anomaly_count, found.count);
    assert_int_equal(found.items[found.count - 1].rule, RULE_SYN_ISN_CHANGED);
    return found.count == 2;
}

static int64_t value_of(const struct anomaly_verdict *a, enum figure_id id)
{
    for (uint32_t i = 0; i < a->figure_count; i++) {
        if (a->figures[i].id == id)
            return a->figures[i].integer;
    }
    return -1;
}

static const char *word_of(const struct anomaly_verdict *a, enum figure_id id)
{
    for (uint32_t i = 0; i < a->figure_count; i++) {
        if (a->figures[i].id == id)
            return a->figures[i].word;
    }
    return "-";
}

static void the_first_hundred_of_each_rule(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < CROWD_TOLD; i++) {
        assert_true(fails(1, 1, i, RULE_SYN_UNANSWERED, i));
        assert_true(fails(1, 1, i, RULE_CONNECTION_REFUSED, i));
        assert_true(fails(2, 1, i, RULE_SYN_UNANSWERED, i));
    }
    assert_false(fails(1, 1, 100, RULE_SYN_UNANSWERED, 1000));
    assert_false(fails(1, 1, 100, RULE_CONNECTION_REFUSED, 500));
    assert_false(fails(1, 2, 100, RULE_CONNECTION_REFUSED, 700));
    assert_true(fails(1, 1, 100, RULE_ACCEPT_QUEUE_OVERFLOW, 1000));
    assert_true(crowd_tell(&crowd, take, NULL));
    assert_int_equal(told_count, 1);
    const struct anomaly_verdict *a = &told[0];
    assert_int_equal(a->rule, RULE_OPEN_FAILURES_MANY);
    assert_int_equal(a->host_address[15], 1);
    assert_true(a->has_host);
    assert_false(a->has_service);
    assert_int_equal(value_of(a, FIGURE_CONNECTIONS), 3);
    assert_int_equal(value_of(a, FIGURE_SERVERS), 2);
    assert_int_equal(value_of(a, FIGURE_PORTS), 1);
    assert_int_equal(value_of(a, FIGURE_FIRST_NS), 500);
    assert_int_equal(value_of(a, FIGURE_LAST_NS), 1000);
    /* To the last transmission of the last. */
    assert_int_equal(value_of(a, FIGURE_SPAN_NS), 500 + ATTEMPT_NS);
    assert_string_equal(word_of(a, FIGURE_FAILURE), "connection_refused");
    assert_string_equal(word_of(a, FIGURE_FAILURE_SHARE), "most");
    assert_string_equal(word_of(a, FIGURE_HINT), "-");
    assert_int_equal(a->evidence_count, 3);
}

static void in_order_of_address(void **state)
{
    (void)state;
    for (uint16_t i = 0; i <= CROWD_TOLD; i++) {
        fails(9, 1, i, RULE_STRAY_SEGMENT, i);
        fails(3, 1, i, RULE_STRAY_SEGMENT, TIME_UNKNOWN);
        fails(7, 1, i, RULE_STRAY_SEGMENT, i);
    }
    stop_after = 2;
    assert_false(crowd_tell(&crowd, take, NULL));
    assert_int_equal(told_count, 2);
    assert_int_equal(told[0].host_address[15], 3);
    assert_int_equal(value_of(&told[0], FIGURE_FIRST_NS), -1);
    assert_string_equal(word_of(&told[0], FIGURE_FAILURE_SHARE), "all");
    assert_int_equal(told[1].host_address[15], 7);
    assert_string_equal(word_of(&told[1], FIGURE_HINT), "-"); /* too few */
}

/* Up to a tenth of the attempts may be at targets that were tried often. */
static void a_scan(void **state)
{
    (void)state;
    for (uint8_t client = 1; client <= 3; client++) {
        for (uint32_t i = 0; i < CROWD_TOLD; i++)
            fails(client, 0, 80, RULE_SYN_UNANSWERED, 0);
    }
    for (uint32_t i = 0; i < 200; i++) {
        fails(1, i < 177 ? i : 0, 80, RULE_SYN_UNANSWERED, 0);
        fails(2, i < 176 ? i : 0, 80, RULE_SYN_UNANSWERED, 0);
    }
    for (uint32_t i = 0; i < 99; i++)
        fails(3, i, 80, RULE_SYN_UNANSWERED, 0);
    assert_true(crowd_tell(&crowd, take, NULL));
    assert_int_equal(told_count, 3);
    assert_string_equal(word_of(&told[0], FIGURE_HINT), "scan");
    assert_string_equal(word_of(&told[1], FIGURE_HINT), "-");
    assert_string_equal(word_of(&told[2], FIGURE_HINT), "-");
}

/* As nmap does; whoever comes ever again wants something. */
static void a_scan_that_tries_each_port_twice(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CROWD_TOLD / 2 + 1000; i++) {
        for (int times = 0; times < 2; times++)
            fails(1, 1, (uint16_t)i, RULE_CONNECTION_REFUSED, 0);
    }
    for (int times = 0; times < 6; times++) {
        for (uint16_t i = 0; i < 200; i++)
            fails(2, 1, i, RULE_CONNECTION_REFUSED, 0);
    }
    assert_true(crowd_tell(&crowd, take, NULL));
    assert_int_equal(told_count, 2);
    assert_int_equal(value_of(&told[0], FIGURE_CONNECTIONS), 2000);
    assert_int_equal(value_of(&told[0], FIGURE_PORTS), 1000);
    assert_int_equal(value_of(&told[0], FIGURE_COUNTS_ARE_AT_LEAST), -1);
    assert_string_equal(word_of(&told[0], FIGURE_HINT), "scan");
    assert_int_equal(value_of(&told[1], FIGURE_PORTS), 200);
    assert_string_equal(word_of(&told[1], FIGURE_HINT), "-");
}

static void more_than_are_counted(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100000 + CROWD_TOLD; i++)
        fails(1, i, (uint16_t)i, RULE_SYN_UNANSWERED, 0);
    assert_true(crowd_tell(&crowd, take, NULL));
    assert_int_equal(told_count, 1);
    assert_int_equal(value_of(&told[0], FIGURE_CONNECTIONS), 100000);
    assert_int_equal(value_of(&told[0], FIGURE_SERVERS), DISTINCT_MAX);
    assert_int_equal(value_of(&told[0], FIGURE_PORTS), 65536);
    assert_int_equal(value_of(&told[0], FIGURE_COUNTS_ARE_AT_LEAST), 1);
    assert_string_equal(word_of(&told[0], FIGURE_HINT), "scan");
    assert_int_equal(told[0].evidence_count, ANOMALY_EVIDENCE_MAX);
    assert_int_equal(told[0].evidence_total, 100000);
}

/* What is counted goes on being counted when there is no room for more: a scan would not come back.
 */
static void what_was_counted_comes_again(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CROWD_TOLD; i++)
        fails(1, 0, 80, RULE_SYN_UNANSWERED, 0);
    for (int times = 0; times < 7; times++) {
        for (uint32_t i = 0; i < DISTINCT_MAX + 10; i++)
            fails(1, i, 80, RULE_SYN_UNANSWERED, 0);
    }
    assert_true(crowd_tell(&crowd, take, NULL));
    assert_int_equal(value_of(&told[0], FIGURE_SERVERS), DISTINCT_MAX);
    assert_string_equal(word_of(&told[0], FIGURE_HINT), "-");
}

static uint64_t mixed(uint64_t i)
{
    return test_key_number(&i);
}

static void distinct_is_exact_up_to_its_limit(void **state)
{
    (void)state;
    struct distinct d = {0};
    size_t budget = SIZE_MAX;
    for (uint64_t round = 0; round < DISTINCT_FEW + 1; round++) {
        for (uint64_t i = 0; i < DISTINCT_MAX; i++)
            assert_true(distinct_add(&d, mixed(i), &budget));
    }
    assert_int_equal(d.count, DISTINCT_MAX);
    assert_int_equal(d.seen, (DISTINCT_FEW + 1) * DISTINCT_MAX);
    assert_int_equal(d.repeated, DISTINCT_MAX);
    assert_false(d.full);
    assert_false(distinct_add(&d, mixed(DISTINCT_MAX), &budget));
    assert_true(d.full);
    assert_int_equal(d.count, DISTINCT_MAX);
    assert_true(distinct_add(&d, mixed(1), &budget));
    assert_int_equal(d.seen, (DISTINCT_FEW + 1) * DISTINCT_MAX + 1);
    assert_int_equal(budget, SIZE_MAX - d.room * sizeof *d.slots);
    distinct_finish(&d);
}

/* What the one has taken the other lacks. */
static void distinct_within_a_budget(void **state)
{
    (void)state;
    struct distinct one = {0}, other = {0};
    size_t budget = 1024;
    for (uint64_t i = 0; i < 1000; i++) {
        bool held_one = distinct_add(&one, mixed(i), &budget);
        assert_int_equal(distinct_add(&other, mixed(i), &budget), held_one);
    }
    assert_int_equal(budget, 0);
    assert_int_equal(one.count, other.count);
    assert_int_equal(one.count, 48);
    assert_true(one.full && other.full);
    distinct_finish(&one);
    distinct_finish(&other);
}

static void distinct_of_one_thing(void **state)
{
    (void)state;
    struct distinct d = {0};
    size_t budget = SIZE_MAX;
    for (uint64_t i = 0; i < 100000; i++)
        assert_true(distinct_add(&d, 0, &budget));
    assert_int_equal(d.count, 1);
    assert_int_equal(d.seen, 100000);
    assert_int_equal(d.repeated, 100000 - DISTINCT_FEW);
    distinct_finish(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_hundred_of_each_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_order_of_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_scan, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_scan_that_tries_each_port_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_counted_comes_again, set_up, tear_down),
        cmocka_unit_test(distinct_is_exact_up_to_its_limit),
        cmocka_unit_test(distinct_within_a_budget),
        cmocka_unit_test(distinct_of_one_thing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
