#include "analyzer/host/line.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(INSTANTS_MAX + 1 < LINE_SLOTS, "instants of a span have slots of their own");

/* ---- instants ------------------------------------------------------------------------------- */

void grid_extend(struct grid *grid, int64_t at_ns)
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
    return grid_instant_after(grid->first_ns, grid->level);
}

int64_t grid_last(const struct grid *grid)
{
    return grid_instant_before(grid->last_ns, grid->level);
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

/* What stood, made of its changes, or the other way round. */
static void sum_up(struct line *line)
{
    uint32_t stands = 0;
    for (int64_t k = line->first; k <= line->last; k++) {
        stands += *slot_of(line->slots, k);
        *slot_of(line->slots, k) = stands;
    }
    line->summed = true;
}

static void take_apart(struct line *line)
{
    for (int64_t k = line->last; k > line->first; k--)
        *slot_of(line->slots, k) -= *slot_of(line->slots, k - 1);
    line->summed = false;
}

/* An instant takes over what belonged to the one before it that goes: events, or changes. */
static void double_step(struct line *line)
{
    uint32_t kept[LINE_SLOTS] = {0};
    for (int64_t k = line->first; k <= line->last; k++)
        *slot_of(kept, instant_half_up(k)) += *slot_of(line->slots, k);
    memcpy(line->slots, kept, sizeof kept);
    line->first = instant_half_up(line->first);
    line->last = instant_half_up(line->last);
    line->level++;
}

static void settle(struct line *line, unsigned level)
{
    if (line->summed && line->level < level)
        take_apart(line);
    while (line->slots && line->level < level)
        double_step(line);
}

void line_settle(struct line *line, const struct grid *grid)
{
    settle(line, grid->level);
    if (line->slots && !line->events && !line->summed)
        sum_up(line);
}

/* Room for the instant; a span in which nothing stands has no slots. */
static bool reach(struct line *line, unsigned level, int64_t instant)
{
    if (!line->slots) {
        line->slots = calloc(LINE_SLOTS, sizeof *line->slots);
        if (!line->slots)
            return false;
        line->level = level;
        line->first = line->last = instant;
        return true;
    }
    settle(line, level);
    if (line->summed)
        take_apart(line);
    if (instant < line->first)
        line->first = instant;
    if (instant > line->last)
        line->last = instant;
    return true;
}

bool line_change_at_length(struct line *line, unsigned level, int64_t instant, int32_t by)
{
    if (!reach(line, level, instant))
        return false;
    *slot_of(line->slots, instant) += (uint32_t)by;
    return true;
}

bool line_stand(struct line *line, const struct grid *grid, int64_t from_ns, int64_t to_ns)
{
    if (to_ns <= from_ns)
        return true;
    int64_t from = grid_instant_of(grid, from_ns);
    int64_t to = grid_instant_of(grid, to_ns);
    return from == to ||
           (line_change(line, grid->level, from, 1) && line_change(line, grid->level, to, -1));
}

bool line_happen(struct line *line, const struct grid *grid, int64_t at_ns)
{
    line->events = true;
    return line_change(line, grid->level, grid_instant_of(grid, at_ns), 1);
}

bool line_sum(struct line *line, const struct line *more)
{
    line->events |= more->events;
    uint32_t before = 0;
    for (int64_t k = more->first; more->slots && k <= more->last; k++) {
        uint32_t holds = *slot_of(more->slots, k);
        if (!line_change(line, more->level, k, (int32_t)(holds - before)))
            return false;
        before = more->events ? 0 : holds;
    }
    return true;
}

uint32_t line_at(const struct line *line, int64_t instant)
{
    if (!line->slots || instant < line->first || instant > line->last)
        return 0;
    return *slot_of(line->slots, instant);
}

uint32_t line_highest(struct line *line, unsigned level)
{
    settle(line, level);
    uint32_t highest = 0, before = 0;
    for (int64_t k = line->first; line->slots && k <= line->last; k++) {
        uint32_t stood = before + *slot_of(line->slots, k);
        highest = stood > highest ? stood : highest;
        before = line->summed ? 0 : stood;
    }
    return highest;
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
