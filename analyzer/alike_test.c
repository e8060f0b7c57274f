/*
 * What is said of a lone SYN after others like it is what would be said of it alone: whichever bit
 * of its record differs from theirs, however long ago it was sent, and whatever who counts took
 * away of what was said before.
 */
#include "analyzer/alike.h"

#include "analyzer/flow/lone.h"
#include "analyzer/state/both_ways.h"
#include "analyzer/state/plain.h"
#include "analyzer/test_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct analyzer_config config;
static struct alike alike;

static bool same_anomaly(const struct anomaly_verdict *a, const struct anomaly_verdict *b)
{
    bool same = memcmp(a, b, offsetof(struct anomaly_verdict, reason_len)) == 0;
    for (uint32_t i = 0; i < a->figure_count && same; i++)
        same = a->figures[i].id == b->figures[i].id &&
               a->figures[i].integer == b->figures[i].integer &&
               a->figures[i].word == b->figures[i].word;
    for (uint32_t i = 0; i < a->evidence_count && same; i++) {
        const struct anomaly_evidence *x = &a->evidence[i];
        const struct anomaly_evidence *y = &b->evidence[i];
        same = x->at_ns == y->at_ns && x->frame == y->frame && x->note == y->note &&
               x->seq == y->seq && x->ack == y->ack && x->payload_len == y->payload_len &&
               x->flags == y->flags && x->from == y->from;
    }
    return same;
}

static bool same_found(const struct judged *a, const struct judged *b)
{
    if (a->found.count != b->found.count ||
        a->conclusion.verdict.anomaly_count != b->conclusion.verdict.anomaly_count ||
        a->conclusion.verdict.anomalies != a->found.items)
        return false;
    for (uint32_t i = 0; i < a->found.count; i++) {
        if (!same_anomaly(&a->found.items[i], &b->found.items[i]))
            return false;
    }
    return true;
}

/* Of a client that has given up only times are counted. */
static bool same_arrival(const struct arrival *a, const struct arrival *b)
{
    const int64_t *at = a->ends[ARRIVAL_CLIENT].at_ns, *other = b->ends[ARRIVAL_CLIENT].at_ns;
    return a->given_up == b->given_up && a->start_ns == b->start_ns && a->close_ns == b->close_ns &&
           a->opens == b->opens && a->has_reset == b->has_reset && at[0] == other[0] &&
           (!a->given_up || at[1] == other[1]);
}

/* How many anomalies were found. */
static uint32_t judged_alike(const struct connection *c, int64_t now_ns, bool evicted)
{
    static struct judged alone;
    judged_make(&alone, c, &config, now_ns, evicted);
    struct judged *judged = alike_judge(&alike, c, &config, now_ns, evicted);
    assert_non_null(judged);
    const struct endpoint_states *states = judged->conclusion.states;
    const struct connection_verdict *v = &judged->conclusion.verdict;
    assert_ptr_equal(judged->connection, c);
    assert_ptr_equal(judged->conclusion.basis.evidence.c, c);
    assert_ptr_equal(v->client.states, states[client_side(c)].entries);
    assert_ptr_equal(v->server.states, states[!client_side(c)].entries);
    assert_true(same_conclusion(&judged->conclusion, &alone.conclusion));
    assert_true(same_found(judged, &alone));
    assert_true(same_arrival(&judged->arrival, &alone.arrival));
    uint32_t found = judged->found.count;
    judged->found.count = judged->conclusion.verdict.anomaly_count = 0; /* all told elsewhere */
    return found;
}

/* From the lower address, or from the higher one. */
static struct connection a_syn_with(int from, uint32_t number, const char *options)
{
    struct talk t;
    talk_init(&t);
    struct segment g = segment(&t, from, "S", 0, 0, 0, 7 + number, options);
    g.seq += number;
    g.frame += number;
    struct lone_ipv6 room;
    struct connection c;
    assert_true(lone_fits(&g));
    lone_pack(&g, 3 + number, CONN_STAMP_COMPARED, &room.lone);
    lone_connection(&room.lone, true, &c);
    return c;
}

static struct connection a_syn(int from, uint32_t number)
{
    return a_syn_with(from, number, "mss 1460 ws 7 sackok ts 5 ttl 61");
}

static struct connection flipped(const struct connection *c, size_t bit)
{
    uint8_t octets[sizeof *c];
    struct connection changed;
    memcpy(octets, c, sizeof octets);
    octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
    memcpy(&changed, octets, sizeof changed);
    return changed;
}

/* The two that any bit is of which one is changed: that of which it was said before, and the next.
 */
static void any_bit_of_the_record(void **state)
{
    (void)state;
    uint32_t of_either[2] = {0, 0};
    for (size_t bit = 0; bit < 8 * sizeof(struct connection) * 4; bit++) {
        int from = bit & 1 ? A : B;
        bool evicted = bit & 2;
        struct connection first = a_syn(from, 0);
        struct connection next = a_syn(from, 9);
        struct connection changed = flipped(&next, bit / 4);
        int64_t now_ns = first.first_ns + 10 * NS_PER_S;
        if (!lone_syn_is_all(&changed))
            continue;
        judged_alike(&first, now_ns, evicted);
        judged_alike(&changed, now_ns, evicted);
        judged_alike(&next, now_ns + 1, evicted);
        judged_alike(&next, now_ns + 2, !evicted);
        of_either[from == A]++;
    }
    assert_true(of_either[0] > 3000 && of_either[1] > 3000);
}

/* Until it would have been sent again, and until an answer would have come. */
static void however_long_ago(void **state)
{
    (void)state;
    struct connection first = a_syn(A, 0);
    for (int round = 0; round < 2; round++) {
        for (int64_t ms = 2100; ms >= -100; ms -= 50) {
            struct connection c = a_syn(A, (uint32_t)(ms + 200));
            uint32_t found = judged_alike(&c, c.first_ns + ms * NS_PER_MS, false);
            assert_int_equal(found, ms >= 1000);
            if (round)
                judged_alike(&first, first.first_ns + 10 * NS_PER_S, false);
        }
    }
    judged_alike(&first, TIME_UNKNOWN, false);
    judged_alike(&first, INT64_MAX, false);
    judged_alike(&first, first.first_ns + 10 * NS_PER_S, false);
}

/* What nobody puts in anew shows whose it is. */
static void the_last_one_serves(void **state)
{
    (void)state;
    for (int from = A; from <= B; from++) {
        struct connection c[3] = {a_syn(from, 0), a_syn(from, 1), a_syn(from, 2)};
        int64_t now_ns = c[0].first_ns + 10 * NS_PER_S;
        judged_alike(&c[0], now_ns, false);
        struct connection_verdict *v = &alike.models[from].judged.conclusion.verdict;
        v->incarnation = 77;
        for (int i = 1; i < 3; i++) {
            alike_judge(&alike, &c[i], &config, now_ns, false);
            assert_int_equal(v->incarnation, 77);
        }
        alike_judge(&alike, &c[0], &config, now_ns, true);
        assert_int_equal(v->incarnation, 1);
    }
}

static void options_or_none(void **state)
{
    (void)state;
    static const char *const options[] = {"mss 1460 ws 7", "ws 7", "mss 536", "", "sackok", "ts 9"};
    const uint32_t count = sizeof options / sizeof *options;
    for (uint32_t i = 0; i < 2 * count * count; i++) {
        struct connection c = a_syn_with(A, i, options[i % 2 ? i % count : i / 2 % count]);
        judged_alike(&c, c.first_ns + 10 * NS_PER_S, false);
    }
}

static void nothing_else_is_taken(void **state)
{
    (void)state;
    struct connection c = a_syn(A, 0);
    int64_t now_ns = c.first_ns + 10 * NS_PER_S;
    judged_alike(&c, now_ns, false);
    c.side[1].packets = 1;
    assert_null(alike_judge(&alike, &c, &config, now_ns, false));
    c = a_syn(A, 0);
    c.first_ns = TIME_UNKNOWN;
    assert_null(alike_judge(&alike, &c, &config, now_ns, false));
}

static int setup(void **state)
{
    (void)state;
    config = ANALYZER_CONFIG_DEFAULT;
    memset(&alike, 0, sizeof alike);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(any_bit_of_the_record, setup),
        cmocka_unit_test_setup(however_long_ago, setup),
        cmocka_unit_test_setup(the_last_one_serves, setup),
        cmocka_unit_test_setup(options_or_none, setup),
        cmocka_unit_test_setup(nothing_else_is_taken, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
