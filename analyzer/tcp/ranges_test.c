#include "analyzer/tcp/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* Everything happens around the wrap: octet 0 of a test is this number. */
#define BASE UINT32_C(0xffffff00)

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % limit;
}

static seq_t octet(uint32_t n)
{
    return seq_of(BASE + n);
}

static void append(struct ranges **set, uint32_t left, uint32_t right)
{
    assert_true(ranges_append(set, octet(left), octet(right)));
}

static void holes_are(const struct ranges *set, uint16_t count, const uint32_t (*holes)[2])
{
    assert_int_equal(set->count, count);
    for (uint16_t i = 0; i < count; i++) {
        assert_int_equal(set->holes[i].left.n, octet(holes[i][0]).n);
        assert_int_equal(set->holes[i].right.n, octet(holes[i][1]).n);
    }
}

static void without_a_hole(void **state)
{
    (void)state;
    struct ranges *set = NULL;
    assert_true(ranges_empty(set));
    assert_false(ranges_missing(set, octet(0), octet(9)));
    assert_int_equal(ranges_fill(&set, octet(0), octet(9)), 0);
    assert_true(ranges_missing_below(set, octet(9)) == 0);
    ranges_retire(set, octet(9));
    append(&set, 1, 2);
    assert_int_equal(ranges_fill(&set, octet(1), octet(2)), 1);
    assert_true(ranges_empty(set));
    assert_int_equal(ranges_fill(&set, octet(1), octet(2)), 0);
    free(set);
}

/* One hole from 250 to 262, across the wrap at 256. */
static void filling_one_hole(void **state)
{
    (void)state;
    static const struct {
        uint32_t left, right, filled;
        uint16_t count;
        uint32_t holes[2][2];
    } cases[] = {
        {240, 250, 0, 1, {{250, 262}}},
        {240, 251, 1, 1, {{251, 262}}},
        {250, 251, 1, 1, {{251, 262}}},
        {250, 262, 12, 0, {{0}}},
        {249, 263, 12, 0, {{0}}},
        {251, 261, 10, 2, {{250, 251}, {261, 262}}},
        {255, 257, 2, 2, {{250, 255}, {257, 262}}},
        {261, 262, 1, 1, {{250, 261}}},
        {261, 270, 1, 1, {{250, 261}}},
        {262, 270, 0, 1, {{250, 262}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ranges *set = NULL;
        append(&set, 250, 262);
        assert_int_equal(ranges_missing(set, octet(cases[i].left), octet(cases[i].right)),
                         cases[i].filled > 0);
        assert_int_equal(ranges_fill(&set, octet(cases[i].left), octet(cases[i].right)),
                         cases[i].filled);
        holes_are(set, cases[i].count, cases[i].holes);
        assert_true(ranges_missing_below(set, octet(300)) == 12 - cases[i].filled);
        free(set);
    }
}

static void missing_below(void **state)
{
    (void)state;
    struct ranges *set = NULL;
    append(&set, 250, 262);
    append(&set, 300, 310);
    static const uint32_t cases[][2] = {{0, 0},    {250, 0},  {251, 1},  {256, 6},  {262, 12},
                                        {263, 12}, {300, 12}, {301, 13}, {310, 22}, {500, 22}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(ranges_missing_below(set, octet(cases[i][0])) == cases[i][1]);
    free(set);
}

/* At the limit the lowest gives way to a new one ... */
static void one_hole_too_many(void **state)
{
    (void)state;
    struct ranges *set = NULL;
    for (uint32_t i = 0; i < RANGES_MAX; i++)
        append(&set, 230 + 2 * i, 231 + 2 * i);
    assert_int_equal(set->count, RANGES_MAX);
    assert_false(set->overflowed);
    append(&set, 400, 402);
    assert_int_equal(set->count, RANGES_MAX);
    assert_true(set->overflowed);
    assert_int_equal(set->holes[0].left.n, octet(232).n);
    assert_int_equal(set->holes[RANGES_MAX - 1].right.n, octet(402).n);
    assert_true(ranges_missing_below(set, octet(500)) == RANGES_MAX - 1 + 2);
    free(set);
}

/* ... and a hole that would fall in two loses its lower part. */
static void splitting_at_the_limit(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < RANGES_MAX; at += RANGES_MAX - 1) {
        struct ranges *set = NULL;
        for (uint32_t i = 0; i < RANGES_MAX; i++)
            append(&set, 10 * i, 10 * i + 5);
        assert_int_equal(ranges_fill(&set, octet(10 * at + 2), octet(10 * at + 3)), 1);
        assert_int_equal(set->count, RANGES_MAX);
        assert_true(set->overflowed);
        assert_int_equal(set->holes[at].left.n, octet(10 * at + 3).n);
        assert_int_equal(set->holes[at].right.n, octet(10 * at + 5).n);
        free(set);
    }
    struct ranges *set = NULL;
    for (uint32_t i = 0; i < RANGES_MAX - 1; i++)
        append(&set, 10 * i, 10 * i + 5);
    assert_int_equal(ranges_fill(&set, octet(32), octet(33)), 1);
    assert_int_equal(set->count, RANGES_MAX);
    assert_false(set->overflowed);
    free(set);
}

/* A hole is compared rightly only while it is near: one that the numbers have left far behind must
 * not come up again, a whole space later, as if it were ahead. */
static void holes_far_behind(void **state)
{
    (void)state;
    struct ranges *set = NULL;
    append(&set, 250, 262);
    const uint32_t far = UINT32_C(1) << 29;
    ranges_retire(set, octet(262 + far - 1));
    assert_int_equal(set->count, 1);
    append(&set, 262 + far - 10, 262 + far);
    ranges_retire(set, octet(262 + far));
    assert_int_equal(set->count, 1);
    assert_int_equal(set->holes[0].right.n, octet(262 + far).n);
    assert_true(ranges_missing_below(set, octet(262 + far)) == 22);
    ranges_retire(set, octet(262 + 3 * far));
    assert_int_equal(set->count, 0);
    /* Half a space on and more: still known as lost. */
    for (uint32_t turn = 0; turn < 16; turn++)
        assert_true(ranges_missing_below(set, octet(262 + turn * far)) == 22);
    free(set);
}

static void when_to_retire(void **state)
{
    (void)state;
    assert_false(ranges_retire_due(seq_of(0), seq_of(0x1fffffff)));
    assert_true(ranges_retire_due(seq_of(0x1fffffff), seq_of(0x20000000)));
    assert_true(ranges_retire_due(seq_of(0xffffffff), seq_of(0)));
    assert_false(ranges_retire_due(seq_of(0xe0000000), seq_of(0xffffffff)));
}

/* ---- against a map of octets ---------------------------------------------------------------- */

#define MAP 2048u

static void agrees(const struct ranges *set, const bool *missing, uint32_t next)
{
    uint32_t below = 0;
    uint32_t holes = 0;
    for (uint32_t i = 0; i < next; i++) {
        below += missing[i];
        holes += missing[i] && (i == 0 || !missing[i - 1]);
        if (i % 37 == 0)
            assert_true(ranges_missing_below(set, octet(i + 1)) == below);
    }
    assert_true(ranges_missing_below(set, octet(next)) == below);
    if (set)
        assert_int_equal(set->count, holes);
    for (uint16_t i = 0; set && i < set->count; i++) {
        assert_true(seq_lt(set->holes[i].left, set->holes[i].right));
        assert_true(i == 0 || seq_lt(set->holes[i - 1].right, set->holes[i].left));
    }
}

static void run(uint64_t seed)
{
    print_message("seed %llu\n", (unsigned long long)seed);
    random_state = seed;
    bool missing[MAP] = {false};
    struct ranges *set = NULL;
    uint32_t next = 0; /* octets below it have passed or are missing */
    while (next < MAP - 64) {
        if (random_below(4) == 0) {
            uint32_t left = next + 1 + random_below(20); /* never beside another hole */
            uint32_t right = left + 1 + random_below(20);
            append(&set, left, right);
            for (uint32_t i = left; i < right; i++)
                missing[i] = true;
            next = right;
        }
        uint32_t left = random_below(next + 10);
        uint32_t right = left + 1 + random_below(30);
        uint32_t expected = 0;
        for (uint32_t i = left; i < right && i < MAP; i++) {
            expected += missing[i];
            missing[i] = false;
        }
        assert_int_equal(ranges_missing(set, octet(left), octet(right)), expected > 0);
        assert_int_equal(ranges_fill(&set, octet(left), octet(right)), expected);
        if (set && set->overflowed)
            fail_msg("too many holes for the model");
        agrees(set, missing, next);
    }
    free(set);
}

static void as_a_map_of_octets(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++)
        run(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_hole),         cmocka_unit_test(filling_one_hole),
        cmocka_unit_test(missing_below),          cmocka_unit_test(one_hole_too_many),
        cmocka_unit_test(splitting_at_the_limit), cmocka_unit_test(holes_far_behind),
        cmocka_unit_test(when_to_retire),         cmocka_unit_test(as_a_map_of_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
