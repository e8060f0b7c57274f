/*
 * Captures made to cost much: the work grows with their length and no faster, nothing is held
 * beyond its bound, and everything is told. Work is counted in steps, never in time.
 */
#include "analyzer/flow/flows.h"
#include "analyzer/flow/lone.h"

#include "analyzer/test_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct outcome {
    uint64_t work;
    uint64_t told, evicted;
    uint32_t held_most;
};

/* The i-th segment of so many. */
typedef void maker(struct segment *g, uint32_t i, uint32_t count);

static bool tell(void *context, struct connection *c, bool evicted)
{
    (void)c;
    struct outcome *outcome = context;
    outcome->told++;
    outcome->evicted += evicted;
    return true;
}

static struct outcome run(maker *make, uint32_t count, uint64_t max_memory_bytes)
{
    struct outcome outcome = {0};
    struct analyzer_config config = ANALYZER_CONFIG_DEFAULT;
    config.max_memory_bytes = max_memory_bytes;
    static struct flows flows; /* large */
    struct talk talk;
    talk_init(&talk);
    assert_true(flows_init(&flows, &config, tell, &outcome));
    for (uint32_t i = 0; i < count; i++) {
        struct segment g = segment(&talk, A, "S", 0, 0, 0, i, "");
        g.frame = frame_ref_of(0, i + 1);
        make(&g, i, count);
        assert_int_equal(flows_feed(&flows, &g, 1, NULL), FLOW_OK);
        assert_true(flows_memory(&flows) <= max_memory_bytes);
        if (flows_held(&flows) > outcome.held_most)
            outcome.held_most = flows_held(&flows);
    }
    outcome.work = flows.steps + flows.table.probes;
    assert_int_equal(flows_drain(&flows), FLOW_OK);
    assert_int_equal(flows_held(&flows), 0);
    assert_true(flows.extra_bytes == 0);
    assert_int_equal(flows.evicted, outcome.evicted);
    assert_int_equal(flows.streams, outcome.told);
    flows_finish(&flows);
    return outcome;
}

/* Spread over the whole space: no two lie near each other for long. */
static uint32_t scattered(uint32_t i)
{
    uint32_t product;
    (void)__builtin_mul_overflow(i, UINT32_C(0x9e3779b1), &product); /* meant to wrap */
    return product;
}

static void uses_of_one_tuple(struct segment *g, uint32_t i, uint32_t count)
{
    (void)count;
    g->seq = scattered(i);
}

static void worlds_of_one_tuple(struct segment *g, uint32_t i, uint32_t count)
{
    uses_of_one_tuple(g, i, count);
    g->world = i + 1;
}

static void segments_after_many_uses(struct segment *g, uint32_t i, uint32_t count)
{
    g->seq = scattered(i);
    if (i >= count / 2) {
        g->flags = TCP_ACK;
        g->ack = scattered(i + 7);
    }
}

static void many_tuples(struct segment *g, uint32_t i, uint32_t count)
{
    (void)count;
    g->source_port = (uint16_t)(1024 + i % 60000);
    g->source[15] = (uint8_t)(i / 60000);
    g->source[14] = (uint8_t)(i >> 8);
    g->seq = scattered(i);
}

/* Each begins in its middle. */
static void many_streams(struct segment *g, uint32_t i, uint32_t count)
{
    many_tuples(g, i, count);
    g->flags = TCP_ACK;
}

/* Time runs so fast that each use becomes final while later ones are held. */
static void uses_that_expire(struct segment *g, uint32_t i, uint32_t count)
{
    uses_of_one_tuple(g, i, count);
    g->time_ns += (int64_t)i * 100 * NS_PER_MS;
}

static void uses_without_times(struct segment *g, uint32_t i, uint32_t count)
{
    uses_of_one_tuple(g, i, count);
    g->time_ns = TIME_UNKNOWN;
}

static const struct {
    const char *name;
    maker *make;
} makers[] = {
    {"uses of one tuple", uses_of_one_tuple},
    {"worlds of one tuple", worlds_of_one_tuple},
    {"segments after many uses", segments_after_many_uses},
    {"many tuples", many_tuples},
    {"many streams", many_streams},
    {"uses that expire", uses_that_expire},
    {"uses without times", uses_without_times},
};

#define COUNT 4000

/* How long the table's runs are depends on the secret: a sixth of the runs comes to more than 2.2
 * times as much. What grows with the square comes to four times. */
static void work_grows_with_the_input(void **state)
{
    (void)state;
    for (size_t m = 0; m < sizeof makers / sizeof *makers; m++) {
        for (int small = 0; small < 2; small++) {
            uint64_t memory = small ? 400000 : UINT64_C(2) << 30;
            uint64_t once = run(makers[m].make, COUNT, memory).work;
            uint64_t twice = run(makers[m].make, 2 * COUNT, memory).work;
            if (once < COUNT || twice * 10 > once * 30)
                print_error("%s: %lu steps, and %lu for twice as much\n", makers[m].name,
                            (unsigned long)once, (unsigned long)twice);
            assert_true(once >= COUNT && twice * 10 <= once * 30);
        }
    }
}

/* Where no time says how long a use lingers, those beyond FLOW_USES_MAX end early. */
static void uses_are_bounded(void **state)
{
    (void)state;
    struct outcome plenty = run(uses_without_times, COUNT, UINT64_C(2) << 30);
    assert_int_equal(plenty.told, COUNT);
    assert_int_equal(plenty.evicted, COUNT - FLOW_USES_MAX);
    assert_int_equal(plenty.held_most, FLOW_USES_MAX);
    struct outcome bound = run(uses_without_times, FLOW_USES_MAX, UINT64_C(2) << 30);
    assert_int_equal(bound.evicted, 0);
    struct outcome beyond = run(uses_without_times, FLOW_USES_MAX + 1, UINT64_C(2) << 30);
    assert_int_equal(beyond.evicted, 1);
}

/* Those that a later use ended linger as they do otherwise, and nothing is missing. */
static void superseded_uses_linger(void **state)
{
    (void)state;
    struct outcome outcome = run(uses_of_one_tuple, COUNT, UINT64_C(2) << 30);
    assert_int_equal(outcome.told, COUNT);
    assert_int_equal(outcome.evicted, 0);
    assert_int_equal(outcome.held_most, COUNT);
}

/* Eviction does what memory asks for, and tells it. */
static void memory_is_kept_under(void **state)
{
    (void)state;
    static const struct {
        maker *make;
        uint64_t memory, most;
    } cases[] = {
        {many_streams, 400000, 400000 / sizeof(struct connection)},
        {many_tuples, 150000, 150000 / sizeof(struct lone)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outcome outcome = run(cases[i].make, COUNT, cases[i].memory);
        assert_int_equal(outcome.told, COUNT);
        assert_in_range(outcome.held_most, 100, cases[i].most);
        /* A few give way to the row that grows. */
        assert_in_range(outcome.evicted, COUNT - outcome.held_most,
                        COUNT - outcome.held_most + outcome.held_most / 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_grows_with_the_input),
        cmocka_unit_test(uses_are_bounded),
        cmocka_unit_test(superseded_uses_linger),
        cmocka_unit_test(memory_is_kept_under),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
