/* Which pairs of a client and a service are kept when there are too many. */
#include "analyzer/host/uses.h"

#include "analyzer/test_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MOST 8u

static struct grid grid;
static struct uses uses;

static int begin(void **state)
{
    (void)state;
    grid = (struct grid){0};
    grid_cover(&grid, 0);
    grid_cover(&grid, 19 * NS_PER_S);
    const struct hash_key secret = test_key(1);
    return uses_init(&uses, &secret, MOST) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    uses_finish(&uses);
    return 0;
}

static struct roll_key key_of(uint16_t pair)
{
    static const uint8_t client[16] = {[15] = 1}, server[16] = {[15] = 2};
    struct roll_key key = roll_key_of(client, server, pair, 0);
    key.tag = roll_tag_of(&uses.roll, &key);
    return key;
}

static bool is_kept(uint16_t pair)
{
    struct roll_key key = key_of(pair);
    return roll_find_tagged(&uses.roll, &key) != NULL;
}

/* So many ports at once, from the one moment to the other. */
static void add(uint16_t pair, uint32_t count, int64_t from_ms, int64_t to_ms)
{
    struct roll_key key = key_of(pair);
    struct taking taking = {.taken = {.from_ns = from_ms * NS_PER_MS, .to_ns = to_ms * NS_PER_MS}};
    taking.taken.from = grid_instant_of(&grid, taking.taken.from_ns);
    taking.taken.to = grid_instant_of(&grid, taking.taken.to_ns);
    for (uint32_t i = 0; i < count; i++)
        assert_true(uses_add(&uses, &grid, &key, &taking, false));
}

/* Half of MOST with these peaks, behind which as many are forgotten. */
static void first_forgetting(const uint32_t peaks[MOST / 2])
{
    for (uint16_t i = 0; i < MOST / 2; i++)
        add(i, peaks[i], 1000, 2000);
    for (uint16_t i = 0; i < MOST / 2; i++)
        add((uint16_t)(100 + i), 1, 1000, 2000);
    add(200, 1, 1000, 2000);
    for (uint16_t i = 0; i < MOST / 2; i++) {
        assert_true(is_kept(i));
        assert_false(is_kept((uint16_t)(100 + i)));
    }
    assert_true(is_kept(200));
}

/* Others with this peak, and one more, so that half of all are forgotten. */
static void second_forgetting(uint32_t peak, int64_t from_ms, int64_t to_ms)
{
    for (uint16_t i = 0; i < MOST / 2; i++)
        add((uint16_t)(300 + i), peak, from_ms, to_ms);
    assert_true(is_kept((uint16_t)(300 + MOST / 2 - 1)));
}

/* A pair that was asked for its peak before, and has had a higher one since. */
static void peaks_grow(void **state)
{
    (void)state;
    static const uint32_t peaks[MOST / 2] = {9, 8, 7, 6};
    first_forgetting(peaks);
    add(3, 20, 5000, 6000);
    second_forgetting(10, 7000, 8000);
    assert_true(is_kept(3));
    assert_false(is_kept(1));
}

/* What was at once only between the instants that stay is none when the step has doubled. */
static void peaks_fade_with_the_step(void **state)
{
    (void)state;
    static const uint32_t peaks[MOST / 2] = {30, 8, 7, 6};
    first_forgetting(peaks);
    add(3, 40, 4050, 4150);
    add(400, 1, 1000, 2000);
    add(401, 1, 1000, 2000);
    add(402, 1, 1000, 2000);
    add(403, 1, 1000, 2000); /* forgets: number 3 is asked for its peak */
    assert_true(is_kept(3) && !is_kept(400));
    grid_cover(&grid, 30 * NS_PER_S);
    assert_int_equal(grid.level, 1);
    second_forgetting(10, 7000, 8000);
    assert_true(is_kept(0));
    assert_false(is_kept(3));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(peaks_grow), TEST(peaks_fade_with_the_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
