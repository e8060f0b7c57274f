/* Blocks overlap with none that is in use, and what is given back late, or elsewhere, is released
 * all the same: whoever runs this under ASan or Valgrind sees what is not. */
#include "analyzer/tcp/shelf.h"

#include "analyzer/tcp/test_talkers.h"
#include "analyzer/test_limit.h"
#include "dissect/thread.h"

#include <sched.h>
#include <stdatomic.h>

#define HELD 300u

struct block {
    uint8_t *octets; /* NULL: not held */
    size_t bytes;
    uint32_t place;
    uint8_t value; /* of each of them */
};

static void take(struct shelves *shelves, struct block *b, size_t bytes, uint8_t value)
{
    b->octets = shelves_take(shelves, bytes, &b->place);
    assert_non_null(b->octets);
    assert_int_not_equal(b->place, 0);
    assert_int_equal((uintptr_t)b->octets % 8, 0);
    b->bytes = bytes;
    b->value = value;
    memset(b->octets, value, bytes);
}

static void give(struct block *b)
{
    for (size_t i = 0; i < b->bytes; i++)
        assert_int_equal(b->octets[i], b->value);
    shelf_give(b->octets, b->place);
    b->octets = NULL;
}

/* Before a shelf is filled there is none ahead, afterwards as many as there may be: of large ones
 * one. */
static void prepare(struct shelves *shelves)
{
    uint32_t before = shelves->spare_count;
    bool large = shelves->made == SHELVES_SMALL;
    struct pages_wanted wanted[SHELVES_AHEAD];
    shelves_prepare(shelves, wanted);
    uint32_t made = 0;
    for (unsigned i = 0; i < SHELVES_AHEAD; i++) {
        if (!wanted[i].from)
            continue;
        if (large)
            assert_int_equal(wanted[i].bytes, LARGE_PAGE);
        pages_take(wanted[i].from, wanted[i].bytes);
        made++;
    }
    assert_int_equal(shelves->spare_count, before + made);
    if (!shelves->filling)
        assert_int_equal(shelves->spare_count, 0);
    else if (large)
        assert_int_equal(made, before ? 0 : 1);
    else
        assert_in_range(shelves->spare_count, 1, SHELVES_AHEAD);
}

static void blocks_stay_apart(void **state)
{
    (void)state;
    struct shelves shelves = {.filling = NULL};
    struct block held[HELD] = {{.octets = NULL}};
    random_state = 11;
    for (uint32_t i = 0; i < 20000; i++) {
        struct block *b = &held[random_below(HELD)];
        if (b->octets)
            give(b);
        if (one_in(9))
            prepare(&shelves);
        size_t most = one_in(50) ? SHELF_BLOCK_MAX : 400;
        take(&shelves, b, 1 + random_below((uint32_t)most), (uint8_t)i);
    }
    shelves_finish(&shelves);
    for (uint32_t i = 0; i < HELD; i++) {
        if (held[i].octets)
            give(&held[i]);
    }
}

/* Of a large page is what comes once there were many, and as much of it is used. */
static void large_ones_are_filled(void **state)
{
    (void)state;
    struct shelves shelves = {.filling = NULL};
    enum { BYTES = 800, COUNT = 3 * LARGE_PAGE / BYTES };
    static struct block held[COUNT];
    uint32_t large = 0;
    const struct shelf *last = NULL;
    for (uint32_t i = 0; i < COUNT; i++) {
        take(&shelves, &held[i], BYTES, (uint8_t)i);
        if (shelves.filling == last)
            continue;
        last = shelves.filling;
        assert_true(shelves.room == LARGE_PAGE || shelves.room == SHELF_BYTES);
        large += shelves.room == LARGE_PAGE;
    }
    uint32_t on_small = SHELVES_SMALL < UINT32_MAX ? SHELVES_SMALL * (SHELF_BYTES / BYTES) : COUNT;
    assert_int_equal(large, (COUNT - on_small + LARGE_PAGE / BYTES - 1) / (LARGE_PAGE / BYTES));
    for (uint32_t i = 0; i < COUNT; i++)
        give(&held[i]);
    shelves_finish(&shelves);
}

/* Then they are small ones. */
static void without_room_for_large_ones(void **state)
{
    (void)state;
    struct shelves shelves = {.filling = NULL, .made = SHELVES_SMALL};
    struct block held[100];
    struct rlimit old;
    if (!limit_address_space((size_t)3 << 20, &old))
        skip();
    for (uint32_t i = 0; i < 100; i++) {
        take(&shelves, &held[i], 4000, (uint8_t)i);
        assert_int_equal(shelves.room, SHELF_BYTES);
    }
    assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
    for (uint32_t i = 0; i < 100; i++)
        give(&held[i]);
    shelves_finish(&shelves);
}

static void fills_to_the_last_octet(void **state)
{
    (void)state;
    struct shelves shelves = {.filling = NULL};
    struct block held[9];
    for (uint32_t i = 0; i < 9; i++)
        take(&shelves, &held[i], SHELF_BLOCK_MAX / 8 * 8, (uint8_t)(i + 1));
    for (uint32_t i = 9; i-- > 0;)
        give(&held[i]);
    shelves_finish(&shelves);
}

static void nothing_was_taken(void **state)
{
    (void)state;
    struct shelves shelves = {.filling = NULL};
    shelves_finish(&shelves);
    assert_null(shelves.filling);
}

/* ---- given back by another thread ----------------------------------------------------------- */

#define PASSED 20000u

static struct block passed[PASSED];

static void *give_them(void *context)
{
    _Atomic uint32_t *taken = context;
    for (uint32_t i = 0; i < PASSED; i++) {
        while (atomic_load_explicit(taken, memory_order_acquire) <= i)
            sched_yield();
        give(&passed[i]);
    }
    return NULL;
}

static void another_thread_gives_back(void **state)
{
    (void)state;
    struct shelves shelves = {.filling = NULL};
    _Atomic uint32_t taken = 0;
    pthread_t thread;
    assert_true(thread_start(&thread, give_them, &taken));
    for (uint32_t i = 0; i < PASSED; i++) {
        take(&shelves, &passed[i], 1 + i % 500, (uint8_t)i);
        atomic_store_explicit(&taken, i + 1, memory_order_release);
    }
    shelves_finish(&shelves);
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_stay_apart),           cmocka_unit_test(large_ones_are_filled),
        cmocka_unit_test(without_room_for_large_ones), cmocka_unit_test(fills_to_the_last_octet),
        cmocka_unit_test(nothing_was_taken),           cmocka_unit_test(another_thread_gives_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
