#include "analyzer/host/tally.h"

#include "analyzer/test_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The rules are told apart here by their place in the catalogue alone. */
enum { RULE_A = 0 };

static void address_of(uint8_t address[16], uint32_t number)
{
    memset(address, 0, 16);
    address[10] = address[11] = 0xff;
    for (int i = 0; i < 4; i++)
        address[15 - i] = (uint8_t)(number >> (8 * i));
}

struct telling {
    struct tally tally;
    struct ends_maker ends;
    struct sieve held;
    struct summary_verdict summary;
};

static int begin(void **state)
{
    struct telling *w = test_calloc(1, sizeof *w);
    /* Another key each time: nothing may depend on it. */
    static uint64_t seed;
    const struct hash_key key = test_key(seed++);
    assert_true(tally_init(&w->tally, &key, UINT64_C(2) << 30));
    ends_init(&w->ends, &key, &w->held);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct telling *w = *state;
    tally_finish(&w->tally);
    test_free(w);
    return 0;
}

static void count(struct telling *w, const struct connection_verdict *v)
{
    struct ends ends = ends_of(&w->ends, v->client.address, v->server.address, v->server.port);
    assert_true(tally_connection(&w->tally, v, &ends));
}

static void tell(struct telling *w, uint32_t client, uint32_t server, uint16_t port, int severity,
                 int64_t at_ns)
{
    struct anomaly_verdict anomaly = {
        .at_ns = at_ns, .rule = RULE_A, .severity = (uint8_t)severity};
    struct connection_verdict v = {
        .handshake = HANDSHAKE_COMPLETE,
        .anomalies = &anomaly,
        .anomaly_count = severity != SEVERITY_NONE,
    };
    address_of(v.client.address, client);
    address_of(v.server.address, server);
    v.server.port = port;
    count(w, &v);
}

static const struct finding *ranked(struct telling *w, uint32_t count)
{
    assert_true(tally_rank(&w->tally, &w->summary));
    assert_int_equal(w->summary.finding_count, count);
    return w->summary.findings;
}

static void counts_by_service(void **state)
{
    struct telling *w = *state;
    tell(w, 1, 9, 80, SEVERITY_NOTICE, 500);
    tell(w, 1, 9, 80, SEVERITY_WARNING, 300);
    tell(w, 2, 9, 80, SEVERITY_NONE, 0);
    tell(w, 2, 9, 81, SEVERITY_NOTICE, TIME_UNKNOWN);
    const struct finding *f = ranked(w, 2);
    assert_int_equal(f[0].port, 80);
    assert_int_equal(f[0].severity, SEVERITY_WARNING);
    assert_int_equal(f[0].count, 2);
    assert_int_equal(f[0].connections, 3);
    assert_int_equal(f[0].start_ns, 300);
    assert_int_equal(f[0].end_ns, 500);
    assert_int_equal(f[0].client_count, 1);
    assert_int_equal(f[0].clients[0].count, 2);
    assert_true(f[0].has_service);
    assert_false(f[0].has_host);
    assert_true(f[1].start_ns == TIME_UNKNOWN && f[1].end_ns == TIME_UNKNOWN);
}

static void ranks_by_severity_then_by_part(void **state)
{
    struct telling *w = *state;
    for (int i = 0; i < 50; i++)
        tell(w, 1, 1, 80, SEVERITY_INFO, i);
    tell(w, 1, 2, 80, SEVERITY_WARNING, 1); /* one of one */
    for (int i = 0; i < 100; i++)           /* 30 of 100: 9 times as telling */
        tell(w, 1, 3, 80, i < 30 ? SEVERITY_WARNING : SEVERITY_NONE, 1);
    for (int i = 0; i < 1000; i++) /* 30 of 1000: less than one of one */
        tell(w, 1, 4, 80, i < 30 ? SEVERITY_WARNING : SEVERITY_NONE, 1);
    tell(w, 1, 5, 80, SEVERITY_CRITICAL, 1);
    static const uint8_t order[] = {5, 3, 2, 4, 1};
    const struct finding *f = ranked(w, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(f[i].address[15], order[i]);
}

static void ties_go_by_address_and_port(void **state)
{
    struct telling *w = *state;
    tell(w, 1, 7, 81, SEVERITY_NOTICE, 1);
    tell(w, 1, 8, 80, SEVERITY_NOTICE, 1);
    tell(w, 1, 7, 80, SEVERITY_NOTICE, 1);
    const struct finding *f = ranked(w, 3);
    assert_int_equal(f[0].port, 80);
    assert_int_equal(f[0].address[15], 7);
    assert_int_equal(f[1].port, 81);
    assert_int_equal(f[2].address[15], 8);
}

static void keeps_the_clients_with_the_most(void **state)
{
    struct telling *w = *state;
    for (uint32_t i = 0; i < 40; i++)
        tell(w, 100 + i, 1, 80, SEVERITY_NOTICE, 1);
    for (uint32_t i = 0; i < 300; i++)
        tell(w, i % 3 == 0 ? 1000 : 2000 + i % 3, 1, 80, SEVERITY_NOTICE, 1);
    const struct finding *f = ranked(w, 1);
    assert_int_equal(f->count, 340);
    assert_int_equal(f->client_count, FINDING_CLIENTS_MAX);
    for (int i = 0; i < 3; i++) {
        assert_in_range(f->clients[i].count, 90, 100);
        assert_true(f->clients[i].address[14] >= 3);
    }
    /* Nobody is said to have had more than it had. */
    assert_int_equal(f->clients[3].count, 1);
}

static void hosts_stand_for_themselves(void **state)
{
    struct telling *w = *state;
    struct anomaly_verdict a = {
        .at_ns = 5, .rule = RULE_A, .severity = SEVERITY_WARNING, .has_host = true};
    address_of(a.host_address, 77);
    assert_true(tally_host(&w->tally, &a));
    const struct finding *f = ranked(w, 1);
    assert_true(f->has_host);
    assert_false(f->has_service);
    assert_int_equal(f->address[15], 77);
    assert_int_equal(f->connections, 0);
}

static void hosts_go_before_services(void **state)
{
    struct telling *w = *state;
    struct anomaly_verdict a = {
        .at_ns = 5, .rule = RULE_OPEN_FAILURES_MANY, .severity = SEVERITY_NOTICE, .has_host = true};
    for (int i = 0; i < 9; i++)
        tell(w, 1, 9, 80, SEVERITY_NOTICE, i);
    tell(w, 1, 9, 81, SEVERITY_WARNING, 1);
    assert_true(tally_host(&w->tally, &a));
    const struct finding *f = ranked(w, 3);
    assert_int_equal(f[0].port, 81);
    assert_int_equal(f[1].rule, RULE_OPEN_FAILURES_MANY);
    assert_int_equal(f[2].port, 80);
}

static void at_most_so_many_rows_and_findings(void **state)
{
    struct telling *w = *state;
    for (uint32_t i = 0; i < TALLY_ROWS_MAX + 10; i++)
        tell(w, 1, 1000 + i, 80, SEVERITY_NOTICE, 1);
    /* A service that is known goes on being counted. */
    for (uint32_t i = 0; i < 3; i++)
        tell(w, 1, 1000 + i, 80, SEVERITY_NOTICE, 1);
    const struct finding *f = ranked(w, TALLY_FINDINGS_MAX);
    assert_false(f[0].has_service);
    assert_int_equal(f[0].count, 10);
    assert_true(f[1].has_service);
    assert_int_equal(f[1].count, 2);
    assert_int_equal(f[1].connections, 2);
    assert_int_equal(f[4].count, 1);
}

static void a_row_of_a_service_that_is_not_counted(void **state)
{
    struct telling *w = *state;
    for (uint32_t i = 0; i < TALLY_SERVICES_MAX; i++)
        tell(w, 1, 1000 + i, 80, SEVERITY_NONE, 1);
    for (int i = 0; i < 2; i++)
        tell(w, 1, 999, 80, SEVERITY_NOTICE, 1);
    const struct finding *f = ranked(w, 1);
    assert_true(f->has_service);
    assert_int_equal(f->count, 2);
    assert_int_equal(f->connections, 0);
}

static void services_by_how_they_ended(void **state)
{
    struct telling *w = *state;
    struct connection_verdict v = {.handshake = HANDSHAKE_COMPLETE};
    for (uint32_t i = 0; i < 3 * TALLY_SERVICES_TOLD; i++) {
        address_of(v.server.address, 1000 + i);
        v.server.port = 80;
        /* The last has one connection, as most, and it was reset. */
        v.close.kind = i == 3 * TALLY_SERVICES_TOLD - 1 ? CLOSE_RESET : CLOSE_GRACEFUL;
        for (uint32_t n = 0; n < (i < TALLY_SERVICES_TOLD ? 2 : 1); n++)
            count(w, &v);
    }
    address_of(v.server.address, 1007);
    v.close.kind = CLOSE_VANISHED;
    count(w, &v);
    ranked(w, 0);
    assert_int_equal(w->summary.service_count, 2 * TALLY_SERVICES_TOLD);
    const struct service_closes *s = w->summary.services;
    assert_int_equal(s[0].connections, 3);
    assert_int_equal(s[0].closes[CLOSE_GRACEFUL], 2);
    assert_int_equal(s[0].closes[CLOSE_VANISHED], 1);
    assert_int_equal(s[0].port, 80);
    assert_int_equal(service_trouble(&s[0]), 1);
    const struct service_closes *last = &s[w->summary.service_count - 1];
    assert_int_equal(last->connections, 1);
    assert_int_equal(last->closes[CLOSE_RESET], 1);
}

static void a_connection_is_affected_once(void **state)
{
    struct telling *w = *state;
    struct anomaly_verdict two[2] = {{.at_ns = 1, .rule = RULE_A, .severity = SEVERITY_NOTICE},
                                     {.at_ns = 2, .rule = RULE_A, .severity = SEVERITY_NOTICE}};
    struct connection_verdict v = {.anomalies = two, .anomaly_count = 2};
    for (v.stream = 0; v.stream < 3; v.stream++)
        count(w, &v);
    const struct finding *f = ranked(w, 1);
    assert_int_equal(f->count, 6);
    assert_int_equal(f->affected, 3);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_by_service),           TEST(ranks_by_severity_then_by_part),
        TEST(ties_go_by_address_and_port), TEST(keeps_the_clients_with_the_most),
        TEST(hosts_stand_for_themselves),  TEST(at_most_so_many_rows_and_findings),
        TEST(services_by_how_they_ended),  TEST(a_connection_is_affected_once),
        TEST(hosts_go_before_services),    TEST(a_row_of_a_service_that_is_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
