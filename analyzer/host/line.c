#include "analyzer/host/line.h"

#include <stdlib.h>
#include <string.h>

/* A power of two, so that the span's instants, and one beyond for events, never meet. */
#define LINE_SLOTS 256u
_Static_assert(INSTANTS_MAX + 1 < LINE_SLOTS, "instants of a span have slots of their own");

static int64_t floor_div(int64_t dividend, int64_t divisor)
{
    int64_t quotient = dividend / divisor;
    return dividend % divisor < 0 ? quotient - 1 : quotient;
}

static int64_t ceil_div(int64_t dividend, int64_t divisor)
{
    int64_t quotient = dividend / divisor;
    return dividend % divisor > 0 ? quotient + 1 : quotient;
}

/* ---- instants ------------------------------------------------------------------------------- */

void grid_cover(struct grid *grid, int64_t at_ns)
{
    if (!grid->begun) {
        *grid = (struct grid){.first_ns = at_ns, .last_ns = at_ns, .begun = true};
        return;
    }
    if (at_ns < grid->first_ns)
        grid->first_ns = at_ns;
    if (at_ns > grid->last_ns)
        grid->last_ns = at_ns;
    while (grid_last(grid) - grid_first(grid) >= INSTANTS_MAX)
        grid->level++;
}

int64_t grid_first(const struct grid *grid)
{
    return ceil_div(grid->first_ns, grid_step_ns(grid));
}

int64_t grid_last(const struct grid *grid)
{
    return floor_div(grid->last_ns, grid_step_ns(grid));
}

int64_t grid_instant_of(const struct grid *grid, int64_t at_ns)
{
    return ceil_div(at_ns, grid_step_ns(grid));
}

int64_t grid_time_ns(const struct grid *grid, int64_t instant)
{
    int64_t at_ns;
    return __builtin_mul_overflow(instant, grid_step_ns(grid), &at_ns) ? INT64_MAX : at_ns;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static uint32_t *slot_of(uint32_t *slots, int64_t instant)
{
    return &slots[(uint64_t)instant & (LINE_SLOTS - 1)];
}

void line_finish(struct line *line)
{
    free(line->slots);
    *line = (struct line){0};
}

static void double_step(struct line *line)
{
    uint32_t kept[LINE_SLOTS] = {0};
    for (int64_t k = line->first; k <= line->last; k++) {
        if (line->events)
            *slot_of(kept, ceil_div(k, 2)) += *slot_of(line->slots, k);
        else if (k % 2 == 0)
            *slot_of(kept, k / 2) = *slot_of(line->slots, k);
    }
    memcpy(line->slots, kept, sizeof kept);
    line->first = ceil_div(line->first, 2);
    line->last = line->events ? ceil_div(line->last, 2) : floor_div(line->last, 2);
    line->level++;
}

static void settle(struct line *line, unsigned level)
{
    while (line->slots && line->level < level)
        double_step(line);
}

void line_settle(struct line *line, const struct grid *grid)
{
    settle(line, grid->level);
}

/* Room for the instants from `first` to `last`; a span in which nothing stands has no slots. */
static bool reach(struct line *line, unsigned level, int64_t first, int64_t last)
{
    if (!line->slots) {
        line->slots = calloc(LINE_SLOTS, sizeof *line->slots);
        if (!line->slots)
            return false;
        line->level = level;
        line->first = first;
        line->last = last;
        return true;
    }
    settle(line, level);
    bool empty = line->last < line->first;
    if (empty || first < line->first)
        line->first = first;
    if (empty || last > line->last)
        line->last = last;
    return true;
}

bool line_stand(struct line *line, const struct grid *grid, int64_t from_ns, int64_t to_ns)
{
    if (to_ns <= from_ns)
        return true;
    int64_t step_ns = grid_step_ns(grid);
    int64_t first = ceil_div(from_ns, step_ns);
    int64_t last = ceil_div(to_ns, step_ns) - 1;
    if (last < first)
        return true;
    if (!reach(line, grid->level, first, last))
        return false;
    for (int64_t k = first; k <= last; k++)
        ++*slot_of(line->slots, k);
    return true;
}

bool line_happen(struct line *line, const struct grid *grid, int64_t at_ns)
{
    int64_t instant = grid_instant_of(grid, at_ns);
    line->events = true;
    if (!reach(line, grid->level, instant, instant))
        return false;
    ++*slot_of(line->slots, instant);
    return true;
}

bool line_sum(struct line *line, const struct line *more)
{
    if (!more->slots || more->last < more->first)
        return true;
    line->events |= more->events;
    if (!reach(line, more->level, more->first, more->last))
        return false;
    for (int64_t k = more->first; k <= more->last; k++)
        *slot_of(line->slots, k) += line_at(more, k);
    return true;
}

uint32_t line_at(const struct line *line, int64_t instant)
{
    if (!line->slots || instant < line->first || instant > line->last)
        return 0;
    return *slot_of(line->slots, instant);
}

uint32_t line_peak(const struct line *line, int64_t *instant)
{
    uint32_t peak = 0;
    for (int64_t k = line->first; line->slots && k <= line->last; k++) {
        if (line_at(line, k) > peak) {
            peak = line_at(line, k);
            *instant = k;
        }
    }
    return peak;
}
