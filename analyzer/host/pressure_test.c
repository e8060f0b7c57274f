/*
 * The rules about hosts: when they fire, and what looks alike.
 */
#include "analyzer/host/load.h"
#include "analyzer/host/test_stage.h"

static int begin(void **state)
{
    struct stage *s = test_calloc(1, sizeof *s);
    stage_begin(s);
    s->config.port_low = 40000;
    s->config.port_high = 40019;
    s->config.stuck_ns = 5 * NS_PER_S;
    *state = s;
    return 0;
}

static int end(void **state)
{
    stage_end(*state);
    test_free(*state);
    return 0;
}

/* ---- ports ---------------------------------------------------------------------------------- */

/* One a second, closed at once by A or B. */
static void short_connections(struct stage *s, uint16_t first_port, uint32_t count, int closer)
{
    for (uint32_t i = 0; i < count; i++) {
        stage_between(s, 1, (uint16_t)(first_port + i), 2, 80);
        stage_open(s, 1000 * i);
        stage_close(s, closer, 1000 * i + 10);
    }
    s->end_ms = 1000 * count + 5000;
}

static void half_of_the_ports(void **state)
{
    struct stage *s = *state;
    short_connections(s, 40000, 10, A);
    stage_play(s);
    const struct anomaly_verdict *a = stage_said(s, RULE_PORT_RANGE_PRESSURE);
    assert_non_null(a);
    assert_int_equal(a->severity, SEVERITY_WARNING);
    assert_int_equal(a->host_address[15], 1);
    assert_int_equal(a->service_address[15], 2);
    assert_int_equal(a->service_port, 80);
    assert_int_equal(stage_figure(a, FIGURE_PORTS_IN_USE), 10);
    assert_int_equal(stage_figure(a, FIGURE_USED_PERMILLE), 500);
    assert_int_equal(stage_figure(a, FIGURE_OPENED_PER_MINUTE), 60);
    assert_int_equal(stage_figure(a, FIGURE_PORTS_RECYCLED), -1);
    assert_int_equal(
        analyzer_summary(s->analyzer)->anomalies[RULE_PORT_RANGE_PRESSURE][SEVERITY_WARNING], 1);
    const struct summary_verdict *summary = analyzer_summary(s->analyzer);
    assert_int_equal(summary->finding_count, 1);
    assert_true(summary->findings[0].has_host);
    assert_int_equal(summary->findings[0].rule, RULE_PORT_RANGE_PRESSURE);
}

static void less_than_half_of_the_ports(void **state)
{
    struct stage *s = *state;
    short_connections(s, 40000, 9, A);
    stage_play(s);
    assert_null(stage_said(s, RULE_PORT_RANGE_PRESSURE));
}

static void nearly_all_ports(void **state)
{
    struct stage *s = *state;
    short_connections(s, 40000, 18, A);
    stage_play(s);
    assert_int_equal(stage_said(s, RULE_PORT_RANGE_PRESSURE)->severity, SEVERITY_CRITICAL);
}

static void the_server_holds_them(void **state)
{
    struct stage *s = *state;
    short_connections(s, 40000, 20, B);
    stage_play(s);
    assert_null(stage_said(s, RULE_PORT_RANGE_PRESSURE));
    assert_int_equal(stage_host_of(s, 1)->services[0].server_held_peak, 20);
    assert_true(stage_host_of(s, 1)->services[0].ports_in_use_peak <= 1);
}

static void ports_outside_the_range(void **state)
{
    struct stage *s = *state;
    short_connections(s, 39990, 20, A);
    stage_play(s);
    assert_null(stage_said(s, RULE_PORT_RANGE_PRESSURE));
    assert_true(stage_host_of(s, 1)->services[0].range_widened);
    assert_int_equal(stage_host_of(s, 1)->services[0].port_range, 64512);
}

/* Ports below 1024 are chosen by the program, not by the kernel. */
static void privileged_ports_widen_nothing(void **state)
{
    struct stage *s = *state;
    short_connections(s, 40000, 10, A);
    stage_between(s, 1, 700, 2, 2049);
    stage_open(s, 0);
    stage_play(s);
    assert_non_null(stage_said(s, RULE_PORT_RANGE_PRESSURE));
}

/* Two services have as many ports each. */
static void services_do_not_share_ports(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 18; i++) {
        stage_between(s, 1, (uint16_t)(40000 + i), 2 + i % 2, 80);
        stage_open(s, 100 * i);
    }
    s->end_ms = 5000;
    stage_play(s);
    assert_null(stage_said(s, RULE_PORT_RANGE_PRESSURE));
}

/* A port that is opened anew out of TIME_WAIT is one port. */
static void a_port_is_counted_once(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 40; i++) {
        s->talk.isn[A] += 100000;
        s->talk.isn[B] += 100000;
        stage_between(s, 1, (uint16_t)(40000 + i % 10), 2, 80);
        stage_open(s, 1000 * i);
        stage_close(s, A, 1000 * i + 10);
    }
    s->end_ms = 45000;
    stage_play(s);
    const struct anomaly_verdict *a = stage_said(s, RULE_PORT_RANGE_PRESSURE);
    assert_non_null(a);
    assert_int_equal(stage_figure(a, FIGURE_PORTS_IN_USE), 10);
    assert_int_equal(stage_figure(a, FIGURE_PORTS_RECYCLED), 30);
}

/* Lone SYNs, many at once: no kernel need have chosen their ports. */
static void a_flood_takes_no_ports(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 20; i++) {
        stage_between(s, 1, (uint16_t)(40000 + i), 2, 80);
        stage_send(s, A, "S", 0, 0, 150 + i);
    }
    s->end_ms = 5000;
    stage_play(s);
    assert_null(stage_said(s, RULE_PORT_RANGE_PRESSURE));
}

/* Connects that wait for an answer hold their ports. */
static void waiting_connects_take_ports(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 20; i++) {
        stage_between(s, 1, (uint16_t)(40000 + i), 2, 80);
        stage_send(s, A, "S", 0, 0, 150 + i);
        stage_send(s, A, "S", 0, 0, 1150 + i);
    }
    s->end_ms = 5000;
    stage_play(s);
    assert_non_null(stage_said(s, RULE_PORT_RANGE_PRESSURE));
}

/* ---- TIME_WAIT ------------------------------------------------------------------------------ */

static void many_time_waits(void **state)
{
    struct stage *s = *state;
    s->config.time_waits_many = 12;
    s->config.port_low = 1;
    short_connections(s, 40000, 12, B);
    stage_play(s);
    const struct anomaly_verdict *a = stage_said(s, RULE_TIME_WAIT_PEAK);
    assert_non_null(a);
    assert_int_equal(a->severity, SEVERITY_INFO);
    assert_int_equal(a->host_address[15], 2);
    assert_false(a->has_service);
    assert_int_equal(stage_figure(a, FIGURE_PEAK), 12);
    assert_int_equal(stage_figure(a, FIGURE_MEMORY_BYTES), 12 * 256);
    assert_int_equal(stage_figure(a, FIGURE_BUCKET_DEFAULT_EXCEEDED), 0);
    assert_int_equal(a->evidence_total, 12);
    assert_int_equal(a->evidence[0].frame, 6); /* A's FIN, after three and B's and its ACK */
}

static void not_so_many_time_waits(void **state)
{
    struct stage *s = *state;
    s->config.time_waits_many = 12;
    short_connections(s, 40000, 11, B);
    stage_play(s);
    assert_null(stage_said(s, RULE_TIME_WAIT_PEAK));
}

/* The client closes first; B's FIN comes again and draws a reset. */
static void close_without_time_wait(struct stage *s, uint16_t port, int64_t at_ms)
{
    stage_between(s, 1, port, 2, 80);
    stage_open(s, at_ms);
    stage_close(s, A, at_ms + 10);
    stage_send(s, B, "F.", 1, 2, at_ms + 250);
    stage_send(s, A, "R", 2, 0, at_ms + 251);
}

static void missing_of(struct stage *s, uint32_t count, const uint32_t *missing, uint32_t missings)
{
    s->config.port_low = 1;
    for (uint32_t i = 0; i < count; i++) {
        bool is_missing = false;
        for (uint32_t k = 0; k < missings; k++)
            is_missing |= missing[k] == i;
        if (is_missing) {
            close_without_time_wait(s, (uint16_t)(40000 + i), 1000 * i);
            continue;
        }
        stage_between(s, 1, (uint16_t)(40000 + i), 2, 80);
        stage_open(s, 1000 * i);
        stage_close(s, A, 1000 * i + 10);
    }
    s->end_ms = 1000 * count + 2000;
    stage_play(s);
}

static void missing_at_the_limit(void **state)
{
    struct stage *s = *state;
    missing_of(s, 16, (const uint32_t[]){10, 13, 15}, 3);
    const struct anomaly_verdict *a = stage_said(s, RULE_TIME_WAIT_BUCKET_OVERFLOW);
    assert_non_null(a);
    assert_int_equal(a->severity, SEVERITY_WARNING);
    assert_int_equal(a->confidence, CONFIDENCE_POSSIBLE);
    assert_int_equal(a->host_address[15], 1);
    assert_int_equal(stage_figure(a, FIGURE_MISSING_TIME_WAITS), 3);
    assert_int_equal(stage_figure(a, FIGURE_PLATEAU), 10);
    assert_int_equal(stage_figure(a, FIGURE_PEAK), 13);
    assert_int_equal(a->evidence_count, 3);
    assert_int_equal(a->evidence_total, 3);
    assert_int_equal(a->evidence[0].flags, TCP_RST);
}

static void missing_at_random(void **state)
{
    struct stage *s = *state;
    missing_of(s, 16, (const uint32_t[]){3, 10, 15}, 3);
    assert_null(stage_said(s, RULE_TIME_WAIT_BUCKET_OVERFLOW));
}

static void only_two_missing(void **state)
{
    struct stage *s = *state;
    missing_of(s, 16, (const uint32_t[]){14, 15}, 2);
    assert_null(stage_said(s, RULE_TIME_WAIT_BUCKET_OVERFLOW));
}

/* ---- leaks ---------------------------------------------------------------------------------- */

/* The client closes; the server acknowledges, and closes never or later. */
static void abandon(struct stage *s, uint16_t port, int64_t at_ms, int64_t server_fin_ms)
{
    stage_between(s, 1, port, 2, 443);
    stage_open(s, at_ms);
    stage_send(s, A, "F.", 1, 1, at_ms + 10);
    stage_send(s, B, ".", 1, 2, at_ms + 11);
    if (!server_fin_ms)
        return;
    stage_send(s, B, "F.", 1, 2, server_fin_ms);
    stage_send(s, A, ".", 2, 2, server_fin_ms + 1);
}

static const struct anomaly_verdict *leak_of(struct stage *s)
{
    stage_play(s);
    return stage_said(s, RULE_CLOSE_WAIT_LEAK);
}

static void one_after_the_other(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 10; i++)
        abandon(s, (uint16_t)(50000 + i), 1000 * i, 0);
    s->end_ms = 20000;
    const struct anomaly_verdict *a = leak_of(s);
    assert_non_null(a);
    assert_int_equal(a->severity, SEVERITY_WARNING);
    assert_int_equal(a->confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(a->host_address[15], 2);
    assert_int_equal(a->service_address[15], 2);
    assert_int_equal(a->service_port, 443);
    assert_int_equal(stage_figure(a, FIGURE_PEAK), 10);
    assert_int_equal(stage_figure(a, FIGURE_STUCK_PER_HOUR), 3600);
    assert_true(stage_figure(a, FIGURE_OLDEST_NS) == 19990 * NS_PER_MS);
}

static void too_few(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 9; i++)
        abandon(s, (uint16_t)(50000 + i), 1000 * i, 0);
    s->end_ms = 20000;
    assert_null(leak_of(s));
}

static void all_at_once(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 20; i++)
        abandon(s, (uint16_t)(50000 + i), 1000 + 5 * i, 0);
    s->end_ms = 60000;
    assert_null(leak_of(s));
}

/* Slow, but it closes: as many come as go. */
static void a_plateau(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 100; i++)
        abandon(s, (uint16_t)(40000 + i), 1000 * i, 1000 * i + 20000);
    s->end_ms = 101000;
    assert_null(leak_of(s));
}

/* It leaked until somebody restarted it: its peak is what counts. */
static void until_a_restart(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 30; i++)
        abandon(s, (uint16_t)(40000 + i), 1000 * i, 60000);
    s->end_ms = 100000;
    const struct anomaly_verdict *a = leak_of(s);
    assert_non_null(a);
    assert_int_equal(a->confidence, CONFIDENCE_PROBABLE);
    assert_int_equal(stage_figure(a, FIGURE_PEAK), 30);
}

/* Nothing of the server was seen: it may have closed long ago. */
static void one_direction(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 20; i++) {
        stage_between(s, 1, (uint16_t)(50000 + i), 2, 443);
        stage_send(s, A, "S", 0, 0, 1000 * i);
        stage_send(s, A, ".", 1, 1, 1000 * i + 2);
        stage_send(s, A, "F.", 1, 1, 1000 * i + 10);
    }
    s->end_ms = 60000;
    assert_null(leak_of(s));
}

/* The client's own leak is the client's. */
static void of_the_client(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 12; i++) {
        stage_between(s, 1, (uint16_t)(50000 + i), 2, 443);
        stage_open(s, 1000 * i);
        stage_send(s, B, "F.", 1, 1, 1000 * i + 10);
        stage_send(s, A, ".", 1, 2, 1000 * i + 11);
    }
    s->end_ms = 30000;
    const struct anomaly_verdict *a = leak_of(s);
    assert_non_null(a);
    assert_int_equal(a->host_address[15], 1);
    assert_int_equal(a->service_address[15], 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(half_of_the_ports),
        TEST(less_than_half_of_the_ports),
        TEST(nearly_all_ports),
        TEST(the_server_holds_them),
        TEST(ports_outside_the_range),
        TEST(privileged_ports_widen_nothing),
        TEST(services_do_not_share_ports),
        TEST(a_port_is_counted_once),
        TEST(a_flood_takes_no_ports),
        TEST(waiting_connects_take_ports),
        TEST(many_time_waits),
        TEST(not_so_many_time_waits),
        TEST(missing_at_the_limit),
        TEST(missing_at_random),
        TEST(only_two_missing),
        TEST(one_after_the_other),
        TEST(too_few),
        TEST(all_at_once),
        TEST(a_plateau),
        TEST(until_a_restart),
        TEST(one_direction),
        TEST(of_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
