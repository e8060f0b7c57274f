/* What is given up when memory is full. */
#include "analyzer/flow/records.h"
#include "analyzer/flow/test_crowd.h"
#include "analyzer/test_keys.h"
#include "analyzer/test_random.h"

static struct crowd w; /* large */

#define SECOND INT64_C(1000)

/* No more from now on. What was found while there was more room does not hold. */
static void limit_to_bytes(uint64_t bytes)
{
    w.config.max_memory_bytes = bytes;
    w.flows.steps_with_room = 0;
}

/* Room for about this many records without any detail. */
static void limit_to(uint32_t connections)
{
    uint64_t beside = table_bytes(&w.flows.table) + ROW_FIRST * sizeof(uint32_t);
    limit_to_bytes(beside + connections * (uint64_t)w.flows.pool.item_bytes);
}

static void lone_syn(uint16_t port, int64_t time_ms)
{
    talk_port(&w.t, port);
    pass(&w, A, "S", 0, 0, 0, time_ms, "");
}

static void the_longest_silent_goes(void **state)
{
    (void)state;
    crowd_init(&w);
    limit_to(10);
    for (uint16_t i = 0; i < 10; i++)
        lone_syn((uint16_t)(1000 + i), i * SECOND);
    lone_syn(1000, 20 * SECOND); /* no longer silent, but still a lone SYN sent again */
    uint32_t before = w.count;
    for (uint16_t i = 10; i < 45; i++)
        lone_syn((uint16_t)(1000 + i), 20 * SECOND + i);
    assert_true(flows_memory(&w.flows) <= w.config.max_memory_bytes);
    assert_true(w.count > before);
    assert_int_equal(w.flows.evicted, w.count);
    assert_int_equal(w.records[0].port, 1001);
    assert_int_equal(w.records[1].port, 1002);
    for (uint32_t i = 0; i < w.count; i++)
        assert_true(w.records[i].evicted);
    uint32_t evicted = w.count;
    drain(&w);
    assert_int_equal(w.count, 45);
    for (uint32_t i = evicted; i < w.count; i++)
        assert_false(w.records[i].evicted);
    drained_and_finished(&w);
}

#define OPEN_PORT 3000

/* Lone SYNs and connections that are open, those of one kind silent for longer. */
static void lone_and_open(uint16_t lone, int64_t lone_ms, uint16_t open, int64_t open_ms)
{
    for (uint16_t i = 0; i < lone; i++)
        lone_syn((uint16_t)(1000 + i), lone_ms);
    for (uint16_t i = 0; i < open; i++) {
        talk_port(&w.t, (uint16_t)(OPEN_PORT + i));
        handshake(&w, open_ms, "");
    }
}

/* However long the others have been silent. */
static void whoever_takes_most_gives_way(void **state)
{
    (void)state;
    for (int flood = 0; flood < 2; flood++) {
        crowd_init(&w);
        if (flood)
            lone_and_open(300, 5 * SECOND, 4, 1 * SECOND);
        else
            lone_and_open(30, 1 * SECOND, 20, 5 * SECOND);
        limit_to_bytes(flows_memory(&w.flows));
        talk_port(&w.t, 500);
        handshake(&w, 6 * SECOND, "");
        assert_true(w.count > 0);
        assert_true(flows_memory(&w.flows) <= w.config.max_memory_bytes);
        for (uint32_t i = 0; i < w.count; i++) {
            assert_true(w.records[i].evicted);
            assert_int_equal(w.records[i].port < OPEN_PORT, flood);
        }
        drained_and_finished(&w);
    }
}

/* The closed lack only the rest of their linger: they go first, the earliest ends before others. */
static void the_closed_go_first(void **state)
{
    (void)state;
    static const int64_t lingers_ns[] = {60 * NS_PER_S, 0, INT64_MAX};
    for (size_t k = 0; k < sizeof lingers_ns / sizeof *lingers_ns; k++) {
        crowd_init(&w);
        w.config.two_msl_ns = lingers_ns[k];
        for (uint16_t i = 0; i < 8; i++)
            lone_syn((uint16_t)(1000 + i), 0);
        open_and_close(&w, 2001, 0, 100);
        open_and_close(&w, 2000, 0, 50); /* all in the present tick where there is no linger */
        limit_to_bytes(flows_memory(&w.flows));
        lone_syn(1008, 101);
        assert_true(w.count >= 1);
        assert_true(flows_memory(&w.flows) <= w.config.max_memory_bytes);
        for (uint32_t i = 0; i < w.count; i++) {
            assert_in_range(w.records[i].port, 2000, 2001);
            assert_true(w.records[i].evicted);
        }
        drain(&w);
        assert_int_equal(w.count, 11);
        drained_and_finished(&w);
    }
}

/* No limit is too small: then each connection ends as soon as it has begun. */
static void no_room_at_all(void **state)
{
    (void)state;
    crowd_init(&w);
    limit_to_bytes(0);
    talk_port(&w.t, 1000);
    handshake(&w, 0, "");
    goodbye(&w, 1, "");
    assert_int_equal(w.count, 6);
    assert_int_equal(flows_held(&w.flows), 0);
    drained_and_finished(&w);
}

/* Where much is free it is not looked every time, but always before half of it is taken. */
static void looked_at_in_time(void **state)
{
    (void)state;
    crowd_init(&w);
    limit_to_bytes(UINT64_C(40) << 20);
    uint64_t half = w.config.max_memory_bytes / 2;
    lone_syn(999, 0);
    assert_in_range(w.flows.steps_with_room, 1, 5);
    for (uint16_t i = 0; flows_memory(&w.flows) <= half; i++) {
        assert_in_range(i, 0, 40000);
        talk_port(&w.t, (uint16_t)(1000 + i));
        pass(&w, B, ".", 1, 1, 0, 1, "");
        pass(&w, A, ".", 1, 1, 5, 1, "");
        assert_true(flows_memory(&w.flows) <= half || !w.flows.steps_with_room);
    }
    assert_int_equal(w.count, 0);
    crowd_finish(&w);
}

/* However much memory there is. */
static void before_indices_run_out(void **state)
{
    (void)state;
    for (int lone = 0; lone < 2; lone++) {
        crowd_init(&w);
        limit_to_bytes(UINT64_MAX);
        lone_and_open(9, 1 * SECOND, 3, 5 * SECOND);
        assert_int_equal(w.count, 0);
        struct pool *pool = lone ? &w.flows.lones[0] : &w.flows.briefs[0];
        uint32_t held = pool->chunks_held, first = pool->in_use;
        pool->chunks_held = POOL_ITEMS_MAX >> POOL_CHUNK_SHIFT;
        w.flows.steps_with_room = 0;
        lone_syn(500, 6 * SECOND);
        assert_true(first > 0 && w.count >= first);
        for (uint32_t i = 0; i < first; i++) {
            assert_true(w.records[i].evicted);
            assert_int_equal(w.records[i].port < OPEN_PORT, lone);
        }
        pool->chunks_held = held;
        drained_and_finished(&w);
    }
}

static bool wants_no_more(void *context)
{
    (void)context;
    return false;
}

/* Whoever was given connections wanted no more: memory is not made for others then. */
static void nothing_behind_a_stop(void **state)
{
    (void)state;
    crowd_init(&w);
    w.flows.settle = wants_no_more;
    struct segment g = segment(&w.t, A, "S", 0, 0, 0, 0, "");
    limit_to_bytes(2 * flows_memory(&w.flows));
    assert_int_equal(take(&w, &g), FLOW_STOPPED);
    assert_int_equal(w.count, 0);
    w.flows.settle = NULL;
    limit_to_bytes(UINT64_MAX);
    drain(&w);
    assert_int_equal(w.count, 1);
    drained_and_finished(&w);
}

/* A crowd of every kind under a tight limit: two hash keys, one outcome. */
static void whatever_the_hash_key(void **state)
{
    (void)state;
    static struct final_record first[CROWD_RECORDS];
    for (uint32_t run = 0; run < 4; run++) {
        random_state = 99;
        crowd_init(&w);
        w.flows.secret = test_key(run);
        limit_to_bytes(table_bytes(&w.flows.table) + 40000);
        const uint32_t isn = w.t.isn[A];
        for (int64_t i = 0; i < 600; i++) {
            talk_port(&w.t, (uint16_t)(1000 + random_below(200)));
            w.t.isn[A] = isn + random_below(4) * 100000;
            switch (random_below(4)) {
            case 0:
                pass(&w, A, "S", 0, 0, 0, 200 * i, "");
                break;
            case 1:
                handshake(&w, 200 * i, "");
                break;
            case 2:
                goodbye(&w, 200 * i, "");
                break;
            default:
                pass(&w, B, "R", 1, 0, 0, 200 * i, "");
                break;
            }
            assert_true(flows_memory(&w.flows) <= w.config.max_memory_bytes);
        }
        assert_true(w.flows.evicted > 50);
        drain(&w);
        if (run == 0)
            memcpy(first, w.records, sizeof first);
        assert_memory_equal(first, w.records, sizeof first);
        drained_and_finished(&w);
    }
}

/* Details that are all but few of their chunks hold the others' room as well. */
static void what_is_scattered_counts(void **state)
{
    (void)state;
    enum { CHUNKS = 6, CONNECTIONS = CHUNKS * POOL_CHUNK_ITEMS };
    crowd_init(&w);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        talk_port(&w.t, (uint16_t)(1000 + i));
        handshake(&w, i, "");
        assert_int_not_equal(flows_make_whole(&w.flows, first_brief(&w)), POOL_NONE);
    }
    uint64_t before = flows_memory(&w.flows);
    assert_true(pool_slack_bytes(&w.flows.details) == 0);
    for (uint32_t i = 0; i < CONNECTIONS; i++) {
        talk_port(&w.t, (uint16_t)(1000 + i));
        if (i % POOL_CHUNK_ITEMS)
            goodbye(&w, CONNECTIONS + i, "");
    }
    assert_int_equal(w.flows.details.in_use, CHUNKS);
    assert_int_equal(w.flows.details.chunks_held, CHUNKS);
    uint64_t packed = w.flows.extra_bytes - CHUNKS * sizeof(struct detail);
    uint64_t held = (uint64_t)(CHUNKS - 2) * POOL_CHUNK_ITEMS * sizeof(struct detail);
    assert_true(flows_memory(&w.flows) >= held + packed && flows_memory(&w.flows) < before);
    crowd_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_silent_goes),  cmocka_unit_test(whoever_takes_most_gives_way),
        cmocka_unit_test(the_closed_go_first),      cmocka_unit_test(no_room_at_all),
        cmocka_unit_test(what_is_scattered_counts), cmocka_unit_test(nothing_behind_a_stop),
        cmocka_unit_test(whatever_the_hash_key),    cmocka_unit_test(looked_at_in_time),
        cmocka_unit_test(before_indices_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
