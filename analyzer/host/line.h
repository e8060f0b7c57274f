/*
 * Numbers over time, at the absolute instants k * 100 ms since 1970. When more than 200 instants
 * lie in the span of the capture the step doubles, and of the instants the even multiples stay: so
 * what two lines hold can be added instant by instant, whatever part of a capture each has seen.
 * Inside the room only.
 *
 * A line is one of two kinds. A count of what stood: an interval is counted at exactly those
 * instants that lie in [from, to), and after a doubling the instants that stay are right as they
 * were. A count of what happened: an event belongs to the first instant at or after it, and when
 * the step doubles an instant takes over what belonged to the one before it that goes.
 */
#ifndef FINWAIT_ANALYZER_HOST_LINE_H
#define FINWAIT_ANALYZER_HOST_LINE_H

#include "analyzer/config.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define INSTANT_NS   (100 * NS_PER_MS)
#define INSTANTS_MAX 200

/* The instants of a capture, as far as it has come; instant k is k << level times 100 ms. */
struct grid {
    int64_t first_ns, last_ns; /* the span, both ends included */
    unsigned level;
    bool begun;
};

/* The step is a constant times a power of two: a division by what is not known beforehand would
 * cost more than all the rest. */
static inline int64_t grid_instant_before(int64_t at_ns, unsigned level)
{
    int64_t units = at_ns / INSTANT_NS;
    units -= at_ns % INSTANT_NS < 0;
    return units >> level; /* towards minus infinity, as every compiler that is used here does */
}

static inline int64_t grid_instant_after(int64_t at_ns, unsigned level)
{
    int64_t units = at_ns / INSTANT_NS;
    units += at_ns % INSTANT_NS > 0;
    return -(-units >> level); /* likewise, so with its sign turned towards plus infinity */
}

void grid_extend(struct grid *grid, int64_t at_ns);

/* The span holds this moment. Called with every moment before it is put into a line. */
static inline void grid_cover(struct grid *grid, int64_t at_ns)
{
    if (UNLIKELY(!grid->begun || at_ns < grid->first_ns || at_ns > grid->last_ns))
        grid_extend(grid, at_ns);
}

static inline int64_t grid_step_ns(const struct grid *grid)
{
    return INSTANT_NS << grid->level;
}

/* First and last instant of the span; the last lies before the first when there is none. */
int64_t grid_first(const struct grid *grid);
int64_t grid_last(const struct grid *grid);

/* The instant to which what happens at this moment belongs: perhaps one beyond the last. */
static inline int64_t grid_instant_of(const struct grid *grid, int64_t at_ns)
{
    return grid_instant_after(at_ns, grid->level);
}

/* The time of an instant; the highest that can be told for one beyond. */
int64_t grid_time_ns(const struct grid *grid, int64_t instant);

/* A power of two, so that the span's instants, and one beyond for events, never meet. */
#define LINE_SLOTS 256u

/* Owned slots, made when something is first put in; a zeroed line is empty. What stood is held as
 * its changes until the line is settled. As long as all that was put in, up or down, comes to no
 * more than LINE_NARROW_MOST, neither a change nor what stands does: most lines never need slots of
 * 32 bits. */
struct line {
    void *slots;         /* by the instant's low bits: int16_t, or uint32_t where it is wide */
    int64_t first, last; /* instants at which something was put in; last < first: none */
    uint16_t put_in;     /* while it is narrow */
    uint8_t level;
    bool events : 1;
    bool summed : 1; /* the slots hold what stood, not its changes */
    bool is_wide : 1;
};

#define LINE_NARROW_MOST INT16_MAX

static inline bool line_is_empty(const struct line *line)
{
    return !line->slots;
}

/* The instant of a doubled step that what belonged to this one then belongs to. */
static inline int64_t instant_half_up(int64_t instant)
{
    return (instant + 1) >>
           1; /* towards minus infinity, as every compiler that is used here does */
}

void line_finish(struct line *line);

/* One more stood in [from, to). Both moments are covered by the grid, `to` perhaps but one
 * nanosecond beyond. False when memory ran out. */
bool line_stand(struct line *line, const struct grid *grid, int64_t from_ns,
                int64_t to_ns) MUST_CHECK;

/* It happened once more. False when memory ran out. */
bool line_happen(struct line *line, const struct grid *grid, int64_t at_ns) MUST_CHECK;

/* From this instant on `by` more stand, or at it so many more happened: for who reckons with
 * instants of his own, on the step of `level`. False when memory ran out. */
bool line_change_at_length(struct line *line, unsigned level, int64_t instant,
                           int32_t by) MUST_CHECK;

static inline bool line_change(struct line *line, unsigned level, int64_t instant, int32_t by)
{
    bool within = instant >= line->first && instant <= line->last;
    bool by_one = by == 1 || by == -1;
    if (UNLIKELY(line_is_empty(line) || line->level != level || line->summed || !within ||
                 !by_one || line->is_wide || line->put_in == LINE_NARROW_MOST))
        return line_change_at_length(line, level, instant, by);
    int16_t *slot = (int16_t *)line->slots + ((uint64_t)instant & (LINE_SLOTS - 1));
    *slot = (int16_t)(*slot + by);
    line->put_in++;
    return true;
}

/* Brings an older line to the grid's step. Before line_at(), each time that something was put in.
 */
void line_settle(struct line *line, const struct grid *grid);

/* Adds a settled line to another; both stand on the same step. False when memory ran out. */
bool line_sum(struct line *line, const struct line *more) MUST_CHECK;

uint32_t line_at(const struct line *line, int64_t instant);

/* The highest that stood, on the step of `level`, whether the line is settled or not. */
uint32_t line_highest(struct line *line, unsigned level);

/* The highest, and the first instant of it; 0 when nothing stood at any instant. */
uint32_t line_peak(const struct line *line, int64_t *instant);

#endif
