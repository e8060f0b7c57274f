#include "analyzer/host/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* A ledger against lines, which line_test.c holds against a count by hand: few notes, many, and
 * such as were entered into lines in the middle; before and after steps have doubled. */

#define ROWS   5u
#define EVENTS (ROWS - 1) /* the last row is of what happens */
#define MOST   400

static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

struct pair {
    struct grid grid;
    struct ledger ledger;
    struct line lines[ROWS];
};

static void put_one(struct pair *p, uint64_t *state, int64_t origin_ns, int64_t span_ns)
{
    int64_t from_ns = origin_ns + (int64_t)(draw(state) % (uint64_t)span_ns);
    int64_t to_ns = from_ns + (int64_t)(draw(state) % (uint64_t)span_ns) - span_ns / 8;
    unsigned row = (unsigned)(draw(state) % EVENTS);
    grid_cover(&p->grid, from_ns);
    if (to_ns > from_ns)
        grid_cover(&p->grid, to_ns - 1); /* as at the very end of a capture */
    assert_true(ledger_stand(&p->ledger, p->grid.level, row, grid_instant_of(&p->grid, from_ns),
                             grid_instant_of(&p->grid, to_ns > from_ns ? to_ns : from_ns)));
    assert_true(line_stand(&p->lines[row], &p->grid, from_ns, to_ns));
    assert_true(
        ledger_happen(&p->ledger, p->grid.level, EVENTS, grid_instant_of(&p->grid, from_ns)));
    assert_true(line_happen(&p->lines[EVENTS], &p->grid, from_ns));
}

static void settle(struct pair *p, const struct grid *grid)
{
    ledger_settle(&p->ledger, grid);
    for (unsigned row = 0; row < ROWS; row++)
        line_settle(&p->lines[row], grid);
}

static void check_loads(const struct ledger *ledger, const struct line lines[ROWS],
                        const struct grid *grid)
{
    for (unsigned row = 0; row < EVENTS; row++) {
        int64_t instant = 0;
        uint64_t sum = 0;
        uint32_t peak = line_peak(&lines[row], &instant);
        for (int64_t k = grid_first(grid); k <= grid_last(grid); k++)
            sum += line_at(&lines[row], k);
        struct row_load load = ledger_load(ledger, row);
        assert_int_equal(load.peak, peak);
        assert_int_equal(load.sum, sum);
        assert_true(load.instant == instant);
    }
}

/* Of a ledger that is not settled, and is left as it was. */
static void check_peaks(struct pair *p)
{
    for (unsigned row = 0; row < EVENTS; row++) {
        int64_t instant;
        uint32_t peak;
        line_settle(&p->lines[row], &p->grid);
        assert_true(ledger_peak(&p->ledger, &p->grid, row, &peak));
        assert_int_equal(peak, line_peak(&p->lines[row], &instant));
    }
}

static void check_instants(const struct ledger *ledger, const struct line lines[ROWS],
                           const struct grid *grid)
{
    for (unsigned row = 0; row < ROWS; row++) {
        for (int64_t k = grid_first(grid); k <= grid_last(grid) + 1; k++)
            assert_int_equal(ledger_at(ledger, row, k), line_at(&lines[row], k));
    }
}

static void finish(struct pair *p)
{
    ledger_finish(&p->ledger);
    for (unsigned row = 0; row < ROWS; row++)
        line_finish(&p->lines[row]);
}

static void equals_lines(void **unused)
{
    (void)unused;
    uint64_t state = 20261126;
    for (int round = 0; round < 300; round++) {
        struct pair p = {.grid = {0}};
        int64_t span_ns = INSTANT_NS << (round % 20);
        int64_t origin_ns = round % 3 == 0   ? -span_ns / 2
                            : round % 3 == 1 ? 1767607200 * NS_PER_S + round
                                             : -span_ns * 3 + round;
        int count = (int)(draw(&state) % (round % 2 ? 12 : MOST));
        for (int i = 0; i < count; i++) {
            put_one(&p, &state, origin_ns, span_ns);
            if (draw(&state) % 32 == 0)
                check_peaks(&p);
            if (draw(&state) % 64 == 0) {
                settle(&p, &p.grid);
                check_loads(&p.ledger, p.lines, &p.grid);
            }
        }
        settle(&p, &p.grid);
        check_loads(&p.ledger, p.lines, &p.grid);
        assert_true(ledger_draw(&p.ledger, &p.grid));
        check_loads(&p.ledger, p.lines, &p.grid);
        check_instants(&p.ledger, p.lines, &p.grid);
        finish(&p);
    }
}

/* Ledgers that have seen parts of a capture, added up on one step, are the ledger of all of it. */
static void sums_of_parts(void **unused)
{
    (void)unused;
    uint64_t state = 3;
    for (int round = 0; round < 60; round++) {
        struct pair part[3] = {{.grid = {0}}};
        struct grid whole = {0};
        for (int i = 0; i < 3; i++) {
            int count = (int)(draw(&state) % (round % 2 ? 20 : MOST));
            for (int k = 0; k <= count; k++)
                put_one(&part[i], &state, i * 50 * NS_PER_S, 100 * NS_PER_S << (2 * i));
            grid_cover(&whole, part[i].grid.first_ns);
            grid_cover(&whole, part[i].grid.last_ns);
        }
        struct pair all = {.grid = whole};
        for (int i = 0; i < 3; i++) {
            settle(&part[i], &whole);
            assert_true(ledger_sum(&all.ledger, &part[i].ledger));
            for (unsigned row = 0; row < ROWS; row++)
                assert_true(line_sum(&all.lines[row], &part[i].lines[row]));
        }
        settle(&all, &whole);
        check_loads(&all.ledger, all.lines, &whole);
        for (unsigned row = 0; row < EVENTS; row++) {
            for (int64_t k = grid_first(&whole); k <= grid_last(&whole); k++) {
                uint32_t sum = 0;
                for (int i = 0; i < 3; i++)
                    sum += line_at(&part[i].lines[row], k);
                assert_int_equal(line_at(&all.lines[row], k), sum);
            }
        }
        assert_true(ledger_draw(&all.ledger, &whole));
        check_instants(&all.ledger, all.lines, &whole);
        finish(&all);
        for (int i = 0; i < 3; i++)
            finish(&part[i]);
    }
}

/* What stands in a row that was empty when the others were entered into lines. */
static void a_row_that_comes_late(void **unused)
{
    (void)unused;
    struct ledger ledger = {0};
    for (int64_t instant = 0; instant < LEDGER_NOTES; instant++)
        assert_true(ledger_stand(&ledger, 0, 0, instant, instant + 1));
    assert_non_null(ledger.lines);
    assert_true(ledger_stand(&ledger, 0, 1, 7, 9));
    struct grid grid = {0};
    grid_cover(&grid, 0);
    grid_cover(&grid, LEDGER_NOTES * INSTANT_NS);
    ledger_settle(&ledger, &grid);
    struct row_load load = ledger_load(&ledger, 1);
    assert_int_equal(load.peak, 1);
    assert_int_equal(load.sum, 2);
    assert_true(load.instant == 7);
    ledger_finish(&ledger);
}

static void an_empty_one(void **unused)
{
    (void)unused;
    struct grid grid = {0};
    struct ledger ledger = {0};
    grid_cover(&grid, 10);
    grid_cover(&grid, 20);
    int64_t none = grid_instant_of(&grid, 10);
    assert_true(none == grid_instant_of(&grid, 20)); /* no instant lies there */
    assert_true(ledger_stand(&ledger, grid.level, 3, none, none));
    ledger_settle(&ledger, &grid);
    assert_int_equal(ledger.count, 0);
    assert_int_equal(ledger_load(&ledger, 3).peak, 0);
    assert_int_equal(ledger_at(&ledger, 3, 0), 0);
    ledger_finish(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_lines),
        cmocka_unit_test(sums_of_parts),
        cmocka_unit_test(a_row_that_comes_late),
        cmocka_unit_test(an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
