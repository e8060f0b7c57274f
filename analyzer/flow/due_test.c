#include "analyzer/flow/due.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Lists of every length and spread of keys, against the C library's sort. */

static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#define ITEMS_MOST 3000u

/* Of the items, by index; `by_time`: the keys are times. */
struct expected {
    bool by_time;
    int64_t due_ns[ITEMS_MOST];
    frame_ref frame[ITEMS_MOST];
};

static struct expected expected;

/* Many have a time in common, or first frames, which are of several files. */
static struct due_item some_item(uint64_t *state, unsigned round, uint32_t number)
{
    static const int64_t bases[] = {0, -1000, INT64_MIN + 1, INT64_MAX - 5000, INT64_C(1) << 60};
    int64_t base = bases[round % (sizeof bases / sizeof *bases)];
    uint64_t spread = UINT64_C(1) << (round * 7 % 63);
    uint64_t span = draw(state) % (spread < 5000 || base == INT64_MAX - 5000 ? 5000 : spread);
    uint64_t file = draw(state) % (round % 3 + 1);
    expected.due_ns[number] = expected.by_time ? (int64_t)((uint64_t)base + span) : 0;
    expected.frame[number] = file << 40 | draw(state) % (round % 2 ? 50 : UINT32_MAX);
    /* As what ends does: nearly in order, one in 16 late. */
    if (round % 5 == 1 && number && draw(state) % 16) {
        int64_t before = expected.due_ns[number - 1];
        expected.due_ns[number] =
            expected.by_time && before < INT64_MAX - 50 ? before + (int64_t)(span % 50) : before;
        expected.frame[number] = expected.frame[number - 1] + (expected.by_time ? 1 : span % 3);
    }
    return (struct due_item){.key = expected.by_time ? due_key(expected.due_ns[number])
                                                     : expected.frame[number],
                             .stream = number ^ 0x55,
                             .index = number};
}

static int by_order(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    if (expected.due_ns[a] != expected.due_ns[b])
        return expected.due_ns[a] < expected.due_ns[b] ? -1 : 1;
    if (expected.frame[a] != expected.frame[b])
        return expected.frame[a] < expected.frame[b] ? -1 : 1;
    return (a ^ 0x55) < (b ^ 0x55) ? -1 : 1;
}

static frame_ref first_of(const void *context, uint32_t index)
{
    assert_true(expected.by_time);
    return ((const struct expected *)context)->frame[index];
}

static void as_the_library_sorts(void **unused)
{
    (void)unused;
    static uint32_t order[ITEMS_MOST];
    static const struct due_frames frames = {first_of, &expected};
    uint64_t state = 20261126;
    for (unsigned round = 0; round < 800; round++) {
        uint32_t count = (uint32_t)(draw(&state) % (round % 4 ? 100 : ITEMS_MOST));
        struct due_list list = {.items = NULL};
        expected.by_time = round % 8 > 2;
        for (uint32_t i = 0; i < count; i++) {
            order[i] = i;
            assert_true(due_add(&list, some_item(&state, round, i)));
        }
        qsort(order, count, sizeof *order, by_order);
        due_sort(&list, expected.by_time ? &frames : NULL);
        assert_int_equal(list.count, count);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(list.items[i].index, order[i]);
        free(list.items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_library_sorts)};
    return cmocka_run_group_tests_name("due", tests, NULL, NULL);
}
