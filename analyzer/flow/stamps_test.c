/*
 * SYNs compared by their stamps, as a server does that takes one address for one clock.
 */
#include "analyzer/flow/records.h"
#include "analyzer/flow/test_crowd.h"
#include "analyzer/test_keys.h"

#include <stdio.h>
#include <stdlib.h>

static struct crowd w;
static struct anomaly_verdict told[4];
static uint32_t told_count;

static bool take_verdict(void *context, const struct anomaly_verdict *anomaly)
{
    (void)context;
    assert_in_range(told_count, 0, 3);
    told[told_count++] = *anomaly;
    return true;
}

/* From this port of A, with this stamp; B answers or not. Whether the stamp was below. */
static bool attempt(uint16_t port, uint32_t stamp, bool answered, int64_t time_ms)
{
    char options[32];
    snprintf(options, sizeof options, "ts %u ecr 0", (unsigned)stamp);
    struct talk before = w.t;
    talk_port(&w.t, port);
    struct segment g = segment(&w.t, A, "S", 0, 0, 0, time_ms, options);
    assert_int_equal(flows_feed(&w.flows, &g, 1, NULL), FLOW_OK);
    if (answered)
        pass(&w, B, "S.", 0, 1, 0, time_ms, "ts 1 ecr 1");
    frame_ref frame = w.t.frame;
    w.t = before;
    w.t.frame = frame;
    uint32_t records = w.flows.pool.fresh, briefs = w.flows.briefs[0].fresh;
    for (uint32_t i = 0; i < records + briefs + w.flows.lones[0].fresh; i++) {
        struct connection room;
        struct connection *c = &room;
        if (i < records)
            c = pool_at(&w.flows.pool, i);
        else if (i < records + briefs)
            brief_outline(flows_brief(&w.flows, flows_brief_value(0, i - records)), false, c);
        else
            lone_connection(pool_at(&w.flows.lones[0], i - records - briefs), false, c);
        if (c->first_frame == FRAME_NONE || c->key.port[A] != port)
            continue;
        stamps_final(&w.flows.stamps, stamps_claim(&w.flows.stamps, c), c, !answered);
        return c->marks & CONN_STAMP_BELOW;
    }
    fail();
    return false;
}

static void begin(void)
{
    told_count = 0;
    crowd_init(&w);
}

static void judged(uint32_t count)
{
    assert_true(stamps_judge(&w.flows.stamps, take_verdict, NULL));
    assert_int_equal(told_count, count);
    drain(&w);
    crowd_finish(&w);
}

/* Two clocks take turns; the stamps of the one wrap. */
static void two_clocks(void **state)
{
    (void)state;
    begin();
    for (uint16_t i = 0; i < 5; i++) {
        assert_false(attempt((uint16_t)(1000 + i), (uint32_t)i * 1000 - 2000, true, i * 1000));
        assert_true(attempt((uint16_t)(2000 + i), UINT32_C(0x90000000), false, i * 1000 + 500));
    }
    judged(1);
    assert_int_equal(told[0].rule, RULE_SYN_DROPPED_BY_TIMESTAMP);
    assert_int_equal(told[0].evidence_count, 5);
    assert_int_equal(told[0].figures[0].integer, 5);
    assert_int_equal(told[0].figures[1].integer, 4); /* the first had nothing to be compared with */
}

static void too_few(void **state)
{
    (void)state;
    begin();
    for (uint16_t i = 0; i < 4; i++) {
        attempt((uint16_t)(1000 + i), 900000, true, i * 1000);
        attempt((uint16_t)(2000 + i), 5000, false, i * 1000 + 500);
    }
    judged(0);
}

static void one_below_is_answered(void **state)
{
    (void)state;
    begin();
    for (uint16_t i = 0; i < 9; i++) {
        attempt((uint16_t)(1000 + i), 900000, true, i * 1000);
        attempt((uint16_t)(2000 + i), 5000, i == 4, i * 1000 + 500);
    }
    judged(0);
}

static void one_above_is_dropped(void **state)
{
    (void)state;
    begin();
    for (uint16_t i = 0; i < 9; i++) {
        attempt((uint16_t)(1000 + i), 900000, true, i * 1000);
        attempt((uint16_t)(2000 + i), i == 4 ? 900001 : 5000, false, i * 1000 + 500);
    }
    judged(0);
}

/* What was dropped is not what the server remembers; nor is what is a minute old. */
static void what_the_server_remembers(void **state)
{
    (void)state;
    begin();
    assert_false(attempt(1000, 900000, true, 0));
    assert_true(attempt(1001, 5000, false, 1000));
    assert_true(attempt(1002, 6000, false, 2000));
    assert_false(attempt(1003, 900000, true, 3000));
    assert_true(attempt(1004, 899999, false, 63000));
    assert_false(attempt(1005, 899999, false, 63001));
    judged(0);
}

#define MANY_PAIRS 1000u

static bool take_in_order(void *context, const struct anomaly_verdict *anomaly)
{
    uint32_t *count = context;
    const uint8_t *address = anomaly->host_address;
    assert_int_equal(address[14] * 256 + address[15], *count);
    assert_int_equal(anomaly->figures[0].integer, *count + 3);
    ++*count;
    return true;
}

/* However many there are, none is left out. */
static void every_pair_is_told(void **state)
{
    (void)state;
    struct stamps stamps;
    const struct hash_key secret = test_key(1);
    assert_true(stamps_init(&stamps, &secret, UINT64_C(2) << 30));
    for (uint32_t i = MANY_PAIRS; i-- > 0;) {
        uint8_t client[16] = {[14] = (uint8_t)(i / 256), [15] = (uint8_t)i};
        uint8_t server[16] = {[15] = 1};
        struct roll_key key = roll_key_of(client, server, 80, 0);
        struct stamp_pair *pair = roll_add(&stamps.pairs, &key);
        assert_non_null(pair);
        pair->answered = 5;
        pair->drops = calloc(1, sizeof *pair->drops);
        assert_non_null(pair->drops);
        pair->drops->count = i + 3;
    }
    uint32_t count = 0;
    assert_true(stamps_judge(&stamps, take_in_order, &count));
    assert_int_equal(count, MANY_PAIRS);
    stamps_finish(&stamps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_clocks),
        cmocka_unit_test(too_few),
        cmocka_unit_test(one_below_is_answered),
        cmocka_unit_test(one_above_is_dropped),
        cmocka_unit_test(what_the_server_remembers),
        cmocka_unit_test(every_pair_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
