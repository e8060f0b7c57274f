#include "analyzer/flow/due.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Lists of every length and spread of times, against the C library's sort by due_order(). */

static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Many have a time in common, or none at which they come due, or first frames in several files. */
static struct due_item some_item(uint64_t *state, unsigned round, uint32_t number)
{
    static const int64_t bases[] = {0, -1000, INT64_MIN + 1, INT64_MAX - 5000, INT64_C(1) << 60};
    int64_t base = bases[round % (sizeof bases / sizeof *bases)];
    uint64_t spread = UINT64_C(1) << (round * 7 % 63);
    uint64_t span = draw(state) % (spread < 5000 || base == INT64_MAX - 5000 ? 5000 : spread);
    bool lingers = draw(state) % 4 != 0;
    uint64_t file = draw(state) % (round % 3 + 1);
    return (struct due_item){
        .due_ns = lingers ? (int64_t)((uint64_t)base + span) : INT64_MAX,
        .first_frame = file << 40 | draw(state) % (round % 2 ? 50 : UINT32_MAX),
        .stream = number ^ 0x55,
        .index = number,
    };
}

static int by_order(const void *a, const void *b)
{
    return due_order(a, b);
}

static void as_the_library_sorts(void **unused)
{
    (void)unused;
    uint64_t state = 20261126;
    for (unsigned round = 0; round < 400; round++) {
        uint32_t count = (uint32_t)(draw(&state) % (round % 4 ? 100 : 3000));
        struct due_list list = {.items = NULL};
        struct due_item *expected = test_calloc(count + 1, sizeof *expected);
        for (uint32_t i = 0; i < count; i++) {
            expected[i] = some_item(&state, round, i);
            assert_true(due_add(&list, expected[i]));
        }
        qsort(expected, count, sizeof *expected, by_order);
        due_sort(&list);
        assert_int_equal(list.count, count);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(list.items[i].index, expected[i].index);
        test_free(expected);
        free(list.items);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_library_sorts)};
    return cmocka_run_group_tests_name("due", tests, NULL, NULL);
}
