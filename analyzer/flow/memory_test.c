/*
 * Memory that runs out: the same talk with each of its allocations failing, alone and with those
 * that follow. Each failure is told, nothing is lost or released twice, and what comes after is
 * taken as before.
 */
#include "analyzer/flow/test_crowd.h"

#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *old);

static struct {
    long until_failure; /* allocations that succeed before one fails; negative: all do */
    long failures;      /* so many in a row */
    long held;
    bool counting, failed;
} memory;

static bool refused(void)
{
    if (!memory.counting || memory.until_failure < 0)
        return false;
    if (memory.until_failure > 0) {
        memory.until_failure--;
        return false;
    }
    memory.failed = true;
    if (--memory.failures == 0)
        memory.until_failure = -1;
    return true;
}

static void *counted(void *fresh)
{
    memory.held += memory.counting && fresh;
    return fresh;
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (refused())
        return NULL;
    return old ? __real_realloc(old, size) : counted(__real_realloc(old, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refused() ? NULL : counted(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *old)
{
    memory.held -= memory.counting && old;
    __real_free(old);
}

/* ---- the talk ------------------------------------------------------------------------------- */

static struct crowd w; /* large */
static uint32_t told;  /* failures */
static uint32_t untold;

static void take_it(const struct segment *g, const struct segment_aux *aux)
{
    struct segment own = *g;
    own.aux = aux ? 0 : AUX_NONE;
    told += flows_feed(&w.flows, &own, 1, aux) == FLOW_NO_MEMORY;
}

static void give(int side, const char *flags, uint32_t seq, uint32_t ack, uint32_t payload_len,
                 int64_t time_ms, const char *options)
{
    struct segment g = segment(&w.t, side, flags, seq, ack, payload_len, time_ms, options);
    take_it(&g, NULL);
}

static void open_talk(uint16_t port, int64_t ms)
{
    talk_port(&w.t, port);
    give(A, "S", 0, 0, 0, ms, "mss 1460 ws 7 sackok ts 1");
    give(B, "S.", 0, 1, 0, ms + 6, "mss 1460 ws 7 sackok ts 1");
    give(A, ".", 1, 1, 0, ms + 10, "ts 2");
}

/* Holes, first more of them and then split ones, on either side. */
static void full_of_holes(int64_t ms)
{
    open_talk(1, ms);
    for (uint32_t i = 0; i < 12; i++)
        give(A, ".", 101 + 200 * i, 1, 100, ms + 20 + i, "");
    for (uint32_t i = 0; i < 12; i++)
        give(A, ".", 21 + 200 * i, 1, 20, ms + 60 + i, "");
    give(A, ".", 1, 1, 60, ms + 80, "");
    give(B, ".", 1, 9001, 0, ms + 90, "");   /* acknowledges what did not pass */
    give(A, ".", 8950, 1, 100, ms + 95, ""); /* and more than that */
    give(A, ".", 8990, 1, 200, ms + 400, "");
}

/* A close that fills the log, and the tuple's next use. */
static void closed_at_length(int64_t ms)
{
    open_talk(2, ms);
    give(A, "F.", 1, 1, 0, ms + 20, "");
    for (uint32_t i = 0; i < 80; i++)
        give(B, ".", 1 + 10 * i, 2, 10, ms + 30 + 10 * i, "");
    give(B, "F.", 801, 2, 0, ms + 900, "");
    give(A, ".", 2, 802, 0, ms + 910, "");
    w.t.isn[A] += 70000;
    w.t.isn[B] += 70000;
    open_talk(2, ms + 5000);
    w.t.isn[A] -= 70000;
    w.t.isn[B] -= 70000;
}

static void forged_syn(int64_t ms)
{
    open_talk(3, ms);
    w.t.isn[A] += 500000;
    give(A, "S", 0, 0, 0, ms + 20, "");
    give(A, "S", 0, 0, 0, ms + 21, "id 3");
    w.t.isn[A] -= 500000;
    give(A, ".", 1, 1, 100, ms + 40, "");
}

static void reset_with_reason(int64_t ms)
{
    static const struct segment_aux reason = {.text = "gone", .text_len = 4};
    open_talk(4, ms);
    struct segment g = segment(&w.t, B, "R.", 1, 1, 0, ms + 20, "");
    take_it(&g, &reason);
    struct segment again = segment(&w.t, B, "R.", 1, 1, 0, ms + 40, "id 9");
    take_it(&again, &reason);
}

/* The first segment after a lone one is what makes room for more. */
static void odd_beginnings(int64_t ms)
{
    talk_port(&w.t, 5);
    give(A, "S", 0, 0, 0, ms, "");
    give(A, "S", 0, 0, 0, ms, ""); /* captured twice */
    talk_port(&w.t, 6);
    give(A, "S", 0, 0, 0, ms, "");
    struct segment g = segment(&w.t, B, "S.", 0, 1, 0, ms + 1, "");
    g.marks |= SEG_MALFORMED;
    take_it(&g, NULL);
    talk_port(&w.t, 12);
    give(B, "S.", 0, 1, 0, ms, "");
    give(A, ".", 1, 1, 0, ms + 6, "");
    talk_port(&w.t, 7);
    give(A, "F.", 1, 1, 0, ms, "");
    talk_port(&w.t, 8);
    give(A, ".", 101, 1, 100, ms, "");
    give(A, ".", 301, 1, 100, ms + 1, "");
    talk_port(&w.t, 10);
    give(A, ".", 101, 1, 100, ms, "");
    give(A, ".", 51, 1, 100, ms + 300, "");
    give(A, ".", (1u << 31) + 51, 1, 100, ms + 400, ""); /* of another space */
    talk_port(&w.t, 11);
    give(A, ".", 101, 1, 100, ms, "");
    give(B, ".", 1, 501, 0, ms + 1, "");
}

static void everybody(uint32_t lone)
{
    full_of_holes(0);
    closed_at_length(10000);
    forged_syn(20000);
    reset_with_reason(30000);
    odd_beginnings(40000);
    for (uint32_t i = 0; i < lone; i++) {
        talk_port(&w.t, (uint16_t)(100 + i));
        give(A, "S", 0, 0, 0, 50000 + i, "");
    }
    talk_port(&w.t, 9);
    give(A, ".", 1, 1, 0, 200000, "");
}

/* A hole that could not be split is told by its mark. */
static bool final(void *context, struct connection *c, bool evicted)
{
    for (int side = 0; c->detail && side < 2; side++)
        told += seldom_of(&c->detail->side[side])->holes &&
                seldom_of(&c->detail->side[side])->holes->overflowed;
    return crowd_final(context, c, evicted);
}

static bool tell(long until_failure, long failures, uint32_t lone)
{
    memset(&w, 0, sizeof w);
    talk_init(&w.t);
    w.config = ANALYZER_CONFIG_DEFAULT;
    w.config.straggler_ns = 0;
    told = 0;
    memory.until_failure = until_failure;
    memory.failures = failures;
    memory.held = 0;
    memory.failed = false;
    memory.counting = true;
    if (flows_init(&w.flows, &w.config, final, &w)) {
        everybody(lone);
        enum flow_status drained;
        while ((drained = flows_drain(&w.flows)) == FLOW_NO_MEMORY)
            told++;
        assert_int_equal(drained, FLOW_OK);
        assert_int_equal(flows_held(&w.flows), 0);
        assert_true(w.flows.extra_bytes == 0);
    } else {
        told++;
    }
    flows_finish(&w.flows);
    memory.counting = false;
    assert_int_equal(memory.held, 0);
    assert_false(told && !memory.failed);
    untold += memory.failed && !told;
    return memory.failed;
}

static void each_allocation_fails(void **state)
{
    (void)state;
    for (long failures = 1; failures <= 5; failures++) {
        long n = 0;
        untold = 0;
        while (tell(n, failures, 0))
            n++;
        assert_in_range(n, 20, 10000);
        /* A host's stamps are then not remembered, or a detail is of the heap or stays unpacked. */
        assert_in_range(untold, 0, n / 3);
    }
    assert_false(tell(-1, 1, 0));
}

/* Where the records and the table grow. */
static void growth_fails(void **state)
{
    (void)state;
    for (long n = 0; tell(n, 1, 700); n += 3)
        ;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(growth_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
