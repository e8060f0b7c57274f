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

static unsigned slot_of(int64_t instant)
{
    return (unsigned)((uint64_t)instant & (LINE_SLOTS - 1));
}

/* A change downwards is what it is modulo 2^32. */
static uint32_t holds(const struct line *line, int64_t instant)
{
    const int16_t *narrow = line->slots;
    const uint32_t *wide = line->slots;
    return line->is_wide ? wide[slot_of(instant)] : (uint32_t)narrow[slot_of(instant)];
}

static void hold(struct line *line, int64_t instant, uint32_t number)
{
    int16_t *narrow = line->slots;
    uint32_t *wide = line->slots;
    if (line->is_wide)
        wide[slot_of(instant)] = number;
    else
        narrow[slot_of(instant)] = (int16_t)number;
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
        stands += holds(line, k);
        hold(line, k, stands);
    }
    line->summed = true;
}

static void take_apart(struct line *line)
{
    for (int64_t k = line->last; k > line->first; k--)
        hold(line, k, holds(line, k) - holds(line, k - 1));
    line->summed = false;
}

/* An instant takes over what belonged to the one before it that goes: events, or changes. */
static void double_step(struct line *line)
{
    uint32_t kept[LINE_SLOTS] = {0};
    for (int64_t k = line->first; k <= line->last; k++) {
        kept[slot_of(instant_half_up(k))] += holds(line, k);
        hold(line, k, 0);
    }
    line->first = instant_half_up(line->first);
    line->last = instant_half_up(line->last);
    for (int64_t k = line->first; k <= line->last; k++)
        hold(line, k, kept[slot_of(k)]);
    line->level++;
}

static void settle(struct line *line, unsigned level)
{
    if (line->summed && line->level < level)
        take_apart(line);
    while (!line_is_empty(line) && line->level < level)
        double_step(line);
}

void line_settle(struct line *line, const struct grid *grid)
{
    settle(line, grid->level);
    if (!line_is_empty(line) && !line->events && !line->summed)
        sum_up(line);
}

/* Room for the instant; a span in which nothing stands has no slots. */
static bool reach(struct line *line, unsigned level, int64_t instant)
{
    if (line_is_empty(line)) {
        line->slots = calloc(LINE_SLOTS, sizeof(int16_t));
        if (line_is_empty(line))
            return false;
        line->level = (uint8_t)level;
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

/* Changes, or events: what stands is not summed up. */
static bool widen(struct line *line)
{
    uint32_t *wide = calloc(LINE_SLOTS, sizeof *wide);
    if (!wide)
        return false;
    for (int64_t k = line->first; k <= line->last; k++)
        wide[slot_of(k)] = holds(line, k);
    free(line->slots);
    line->slots = wide;
    line->is_wide = true;
    return true;
}

bool line_change_at_length(struct line *line, unsigned level, int64_t instant, int32_t by)
{
    if (!reach(line, level, instant))
        return false;
    uint32_t amount = by < 0 ? 0 - (uint32_t)by : (uint32_t)by;
    if (!line->is_wide && amount > LINE_NARROW_MOST - (uint32_t)line->put_in && !widen(line))
        return false;
    if (!line->is_wide)
        line->put_in = (uint16_t)(line->put_in + amount);
    hold(line, instant, holds(line, instant) + (uint32_t)by);
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
    for (int64_t k = more->first; !line_is_empty(more) && k <= more->last; k++) {
        uint32_t number = holds(more, k);
        if (!line_change(line, more->level, k, (int32_t)(number - before)))
            return false;
        before = more->events ? 0 : number;
    }
    return true;
}

uint32_t line_at(const struct line *line, int64_t instant)
{
    if (line_is_empty(line) || instant < line->first || instant > line->last)
        return 0;
    return holds(line, instant);
}

uint32_t line_highest(struct line *line, unsigned level)
{
    settle(line, level);
    uint32_t highest = 0, before = 0;
    for (int64_t k = line->first; !line_is_empty(line) && k <= line->last; k++) {
        uint32_t stood = before + holds(line, k);
        highest = stood > highest ? stood : highest;
        before = line->summed ? 0 : stood;
    }
    return highest;
}

uint32_t line_peak(const struct line *line, int64_t *instant)
{
    uint32_t peak = 0;
    for (int64_t k = line->first; !line_is_empty(line) && k <= line->last; k++) {
        uint32_t stood = holds(line, k);
        if (stood > peak) {
            peak = stood;
            *instant = k;
        }
    }
    return peak;
}
