#include "analyzer/host/line.h"

#include <stdlib.h>
#include <string.h>

/* A power of two, so that the span's instants, and one beyond for events, never meet. */
#define LINE_SLOTS 256u
_Static_assert(INSTANTS_MAX + 1 < LINE_SLOTS, "instants of a span have slots of their own");

/* The step is a constant times a power of two: a division by what is not known beforehand would
 * cost more than all the rest. */
static int64_t instant_before(int64_t at_ns, unsigned level)
{
    int64_t units = at_ns / INSTANT_NS;
    units -= at_ns % INSTANT_NS < 0;
    return units >> level; /* towards minus infinity, as every compiler that is used here does */
}

static int64_t instant_after(int64_t at_ns, unsigned level)
{
    return at_ns == INT64_MIN ? instant_before(at_ns, level) : instant_before(at_ns - 1, level) + 1;
}

/* ---- instants ------------------------------------------------------------------------------- */

void grid_cover(struct grid *grid, int64_t at_ns)
{
    if (!grid->begun) {
        *grid = (struct grid){.first_ns = at_ns, .last_ns = at_ns, .begun = true};
        return;
    }
    if (at_ns >= grid->first_ns && at_ns <= grid->last_ns)
        return;
    if (at_ns < grid->first_ns)
        grid->first_ns = at_ns;
    else
        grid->last_ns = at_ns;
    while (grid_last(grid) - grid_first(grid) >= INSTANTS_MAX)
        grid->level++;
}

int64_t grid_first(const struct grid *grid)
{
    return instant_after(grid->first_ns, grid->level);
}

int64_t grid_last(const struct grid *grid)
{
    return instant_before(grid->last_ns, grid->level);
}

int64_t grid_instant_of(const struct grid *grid, int64_t at_ns)
{
    return instant_after(at_ns, grid->level);
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

static int64_t half_up(int64_t instant)
{
    return (instant + 1) >> 1;
}

static void double_step(struct line *line)
{
    uint32_t kept[LINE_SLOTS] = {0};
    for (int64_t k = line->first; k <= line->last; k++) {
        if (line->events)
            *slot_of(kept, half_up(k)) += *slot_of(line->slots, k);
        else if (k % 2 == 0)
            *slot_of(kept, k / 2) = *slot_of(line->slots, k);
    }
    memcpy(line->slots, kept, sizeof kept);
    line->first = half_up(line->first);
    line->last = line->events ? half_up(line->last) : line->last >> 1;
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
    int64_t first = instant_after(from_ns, grid->level);
    int64_t last = instant_before(to_ns - 1, grid->level);
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
        uint32_t stood = *slot_of(line->slots, k);
        if (stood > peak) {
            peak = stood;
            *instant = k;
        }
    }
    return peak;
}
