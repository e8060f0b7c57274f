#include "analyzer/host/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define INTERVALS 300

static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int64_t draw_below(uint64_t *state, int64_t bound)
{
    return (int64_t)(draw(state) % (uint64_t)bound);
}

struct interval {
    int64_t from_ns, to_ns;
};

/* Spans of all lengths about zero and about today; each moment may be an instant itself. */
static struct interval draw_interval(uint64_t *state, int64_t origin_ns, int64_t span_ns)
{
    int64_t from_ns = draw_below(state, span_ns);
    int64_t length_ns = draw_below(state, 1 + draw_below(state, span_ns));
    if (draw(state) % 4 == 0)
        from_ns -= from_ns % INSTANT_NS;
    if (draw(state) % 4 == 0)
        length_ns -= length_ns % INSTANT_NS;
    return (struct interval){origin_ns + from_ns, origin_ns + from_ns + length_ns};
}

static uint32_t standing_at(const struct interval *all, int count, int64_t at_ns)
{
    uint32_t standing = 0;
    for (int i = 0; i < count; i++)
        standing += all[i].from_ns <= at_ns && at_ns < all[i].to_ns;
    return standing;
}

static uint32_t begun_within(const struct interval *all, int count, int64_t after_ns,
                             int64_t until_ns)
{
    uint32_t begun = 0;
    for (int i = 0; i < count; i++)
        begun += after_ns < all[i].from_ns && all[i].from_ns <= until_ns;
    return begun;
}

static void check(const struct grid *grid, struct line *stood, struct line *happened,
                  const struct interval *all, int count)
{
    line_settle(stood, grid);
    line_settle(happened, grid);
    int64_t step_ns = grid_step_ns(grid);
    int64_t first = grid_first(grid);
    int64_t last = grid_last(grid);
    assert_true(last - first < INSTANTS_MAX);
    assert_true(grid->level == 0 ||
                (grid->last_ns - grid->first_ns) / (step_ns / 2) + 1 > INSTANTS_MAX - 1);
    uint32_t sum = 0;
    for (int64_t k = first; k <= last + 1; k++) {
        if (k <= last)
            assert_int_equal(line_at(stood, k), standing_at(all, count, k * step_ns));
        assert_int_equal(line_at(happened, k),
                         begun_within(all, count, (k - 1) * step_ns, k * step_ns));
        sum += line_at(happened, k);
    }
    assert_int_equal(sum, count);
}

static void equals_a_count_by_hand(void **unused)
{
    (void)unused;
    uint64_t state = 20260105;
    for (int round = 0; round < 200; round++) {
        int64_t span_ns = INSTANT_NS << (round % 20);
        int64_t origin_ns = round % 3 == 0   ? -span_ns / 2
                            : round % 3 == 1 ? 1767607200 * NS_PER_S + round
                                             : -span_ns * 3 + round;
        struct interval all[INTERVALS];
        struct grid grid = {0};
        struct line stood = {0};
        struct line happened = {0};
        for (int i = 0; i < INTERVALS; i++) {
            all[i] = draw_interval(&state, origin_ns, span_ns);
            grid_cover(&grid, all[i].from_ns);
            grid_cover(&grid, all[i].to_ns);
            assert_true(line_stand(&stood, &grid, all[i].from_ns, all[i].to_ns));
            assert_true(line_happen(&happened, &grid, all[i].from_ns));
            if (i % 60 == 59)
                check(&grid, &stood, &happened, all, i + 1);
        }
        line_finish(&stood);
        line_finish(&happened);
    }
}

/* Each interval in one of three lines that saw only their own part of the capture: together they
 * hold what one line of everything holds. */
static void shards_add_up(void **unused)
{
    (void)unused;
    uint64_t state = 7;
    struct interval all[INTERVALS];
    struct grid whole = {0};
    struct grid part[3] = {{0}};
    struct line lines[3] = {{0}};
    for (int i = 0; i < INTERVALS; i++) {
        int of = i % 3;
        all[i] = draw_interval(&state, 1000 * of * NS_PER_S, 100 * NS_PER_S << (2 * of));
        grid_cover(&whole, all[i].from_ns);
        grid_cover(&whole, all[i].to_ns);
        grid_cover(&part[of], all[i].from_ns);
        grid_cover(&part[of], all[i].to_ns);
        assert_true(line_stand(&lines[of], &part[of], all[i].from_ns, all[i].to_ns));
    }
    for (int of = 0; of < 3; of++)
        line_settle(&lines[of], &whole);
    for (int64_t k = grid_first(&whole); k <= grid_last(&whole); k++) {
        uint32_t sum = 0;
        for (int of = 0; of < 3; of++)
            sum += line_at(&lines[of], k);
        assert_int_equal(sum, standing_at(all, INTERVALS, k * grid_step_ns(&whole)));
    }
    for (int of = 0; of < 3; of++)
        line_finish(&lines[of]);
}

/* So many at once, and as many events: more than a narrow slot holds, or just not. Then the step
 * doubles, and what goes down goes down. */
static void more_than_slots_hold_at_first(void **unused)
{
    (void)unused;
    static const uint32_t counts[] = {100,
                                      LINE_NARROW_MOST / 2,
                                      LINE_NARROW_MOST / 2 + 1,
                                      LINE_NARROW_MOST - 1,
                                      LINE_NARROW_MOST,
                                      LINE_NARROW_MOST + 1,
                                      UINT16_MAX,
                                      UINT16_MAX + 1,
                                      3 * UINT16_MAX};
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct grid grid = {0};
        struct line stood = {0}, happened = {0}, sum = {0}, sum_happened = {0};
        uint32_t count = counts[i];
        grid_cover(&grid, 0);
        grid_cover(&grid, 150 * INSTANT_NS);
        for (uint32_t k = 0; k < count; k++) {
            assert_true(line_stand(&stood, &grid, 40 * INSTANT_NS, (80 + k % 2) * INSTANT_NS));
            assert_true(line_happen(&happened, &grid, 40 * INSTANT_NS));
        }
        assert_int_equal(happened.is_wide, count > LINE_NARROW_MOST);
        assert_int_equal(stood.is_wide, 2 * count > LINE_NARROW_MOST);
        grid_cover(&grid, 300 * INSTANT_NS);
        line_settle(&stood, &grid);
        line_settle(&happened, &grid);
        assert_true(line_stand(&stood, &grid, 100 * INSTANT_NS, 110 * INSTANT_NS));
        line_settle(&stood, &grid);
        assert_int_equal(line_at(&stood, 19), 0);
        assert_int_equal(line_at(&stood, 20), count);
        assert_int_equal(line_at(&stood, 39), count);
        assert_int_equal(line_at(&stood, 40), count / 2);
        assert_int_equal(line_at(&stood, 41), 0);
        assert_int_equal(line_at(&stood, 50), 1);
        assert_int_equal(line_at(&happened, 20), count);
        assert_int_equal(line_highest(&stood, grid.level), count);
        for (int twice = 0; twice < 2; twice++) {
            assert_true(line_sum(&sum, &stood));
            assert_true(line_sum(&sum_happened, &happened));
        }
        line_settle(&sum, &grid);
        int64_t when = -1;
        assert_int_equal(line_peak(&sum, &when), 2 * count);
        assert_int_equal(when, 20);
        assert_int_equal(line_at(&sum, 40), 2 * (count / 2));
        assert_int_equal(line_at(&sum, 55), 0);
        assert_int_equal(line_at(&sum_happened, 20), 2 * count);
        line_finish(&stood);
        line_finish(&happened);
        line_finish(&sum);
        line_finish(&sum_happened);
    }
}

static void the_ends_of_an_interval(void **unused)
{
    (void)unused;
    struct grid grid = {0};
    struct line line = {0};
    grid_cover(&grid, 0);
    grid_cover(&grid, 10 * INSTANT_NS);
    assert_true(line_stand(&line, &grid, 2 * INSTANT_NS, 4 * INSTANT_NS));
    assert_true(line_stand(&line, &grid, 2 * INSTANT_NS + 1, 4 * INSTANT_NS + 1));
    assert_true(line_stand(&line, &grid, 3 * INSTANT_NS, 3 * INSTANT_NS)); /* nothing */
    assert_true(line_stand(&line, &grid, 5 * INSTANT_NS, 3 * INSTANT_NS)); /* a clock went back */
    line_settle(&line, &grid);
    static const uint32_t expected[] = {0, 0, 1, 2, 1, 0};
    for (int k = 0; k < 6; k++)
        assert_int_equal(line_at(&line, k), expected[k]);
    int64_t when = -1;
    assert_int_equal(line_peak(&line, &when), 2);
    assert_int_equal(when, 3);
    line_finish(&line);
}

static void nothing_where_there_is_no_instant(void **unused)
{
    (void)unused;
    struct grid grid = {0};
    struct line line = {0};
    grid_cover(&grid, 10);
    grid_cover(&grid, 20);
    assert_true(line_stand(&line, &grid, 10, 20));
    assert_true(line_is_empty(&line));
    assert_true(grid_last(&grid) < grid_first(&grid));
    int64_t when = 0;
    assert_int_equal(line_peak(&line, &when), 0);
}

static void steps_by_hand(void **unused)
{
    (void)unused;
    struct grid grid = {0};
    grid_cover(&grid, 0);
    grid_cover(&grid, 199 * INSTANT_NS + INSTANT_NS - 1);
    assert_int_equal(grid.level, 0); /* 0 to 199: 200 instants */
    grid_cover(&grid, 200 * INSTANT_NS);
    assert_int_equal(grid.level, 1); /* 0, 2, … 200: 101 */
    assert_int_equal(grid_last(&grid), 100);
}

static void the_ends_of_time(void **unused)
{
    (void)unused;
    struct grid grid = {0};
    struct line line = {0};
    struct line happened = {0};
    grid_cover(&grid, INT64_MIN + 1);
    grid_cover(&grid, INT64_MAX);
    assert_true(grid_last(&grid) - grid_first(&grid) < INSTANTS_MAX);
    assert_true(line_stand(&line, &grid, INT64_MIN + 1, INT64_MAX));
    assert_true(line_happen(&happened, &grid, INT64_MAX));
    line_settle(&line, &grid);
    assert_int_equal(line_at(&line, 0), 1);
    int64_t beyond = grid_last(&grid) + 1;
    assert_int_equal(line_at(&happened, beyond), 1);
    assert_true(grid_time_ns(&grid, beyond) == INT64_MAX);
    line_finish(&line);
    line_finish(&happened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_a_count_by_hand),
        cmocka_unit_test(shards_add_up),
        cmocka_unit_test(more_than_slots_hold_at_first),
        cmocka_unit_test(the_ends_of_an_interval),
        cmocka_unit_test(nothing_where_there_is_no_instant),
        cmocka_unit_test(steps_by_hand),
        cmocka_unit_test(the_ends_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
