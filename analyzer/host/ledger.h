/*
 * What stood in each of a few rows over time, at the instants of line.h: a host's states, say. Most
 * ledgers are of few connections, so a change is first noted in two octets; only when there are
 * many are they entered into a line for each row. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_HOST_LEDGER_H
#define FINWAIT_ANALYZER_HOST_LEDGER_H

#include "analyzer/host/line.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define LEDGER_ROWS_MAX 16u
#define LEDGER_WITHIN   16u
#define LEDGER_NOTES    128u

/* A zeroed one is empty. */
struct ledger {
    int64_t base;       /* the lowest instant that is noted, on the step of `level` */
    uint16_t *notes;    /* owned, NULL while `within` suffices */
    struct line *lines; /* owned, one for each row; NULL while there are only notes */
    uint16_t count;     /* of notes */
    uint16_t rows;      /* bit 1 << row: something was ever noted in it */
    uint8_t room;       /* of `notes` */
    uint8_t level;
    uint16_t within[LEDGER_WITHIN];
};

void ledger_finish(struct ledger *ledger);

/* Something will be noted. */
static inline void ledger_fetch(const struct ledger *ledger)
{
    if (ledger->notes)
        FETCH(ledger->notes + ledger->count);
}

bool ledger_note_stay(struct ledger *ledger, unsigned level, unsigned row, int64_t from,
                      int64_t to) MUST_CHECK;

/* One more stood in this row from the one instant on until the other, where both are those to which
 * its beginning and its end belong on the step of `level`. False when memory ran out. */
static inline bool MUST_CHECK ledger_stand(struct ledger *ledger, unsigned level, unsigned row,
                                           int64_t from, int64_t to)
{
    return to <= from || ledger_note_stay(ledger, level, row, from, to);
}

/* It happened once more in this row, which holds nothing else, at the instant to which it belongs.
 */
bool ledger_happen(struct ledger *ledger, unsigned level, unsigned row, int64_t at) MUST_CHECK;

/* Brings it to the grid's step. Before what follows. */
void ledger_settle(struct ledger *ledger, const struct grid *grid);

/* Adds a ledger to another; both stand on the same step. False when memory ran out. */
bool ledger_sum(struct ledger *ledger, const struct ledger *more) MUST_CHECK;

/* Of a row of what stood: the highest, the first instant of it, and the sum over all instants. */
struct row_load {
    uint32_t peak;
    int64_t instant; /* 0 where the peak is 0 */
    uint64_t sum;
};

struct row_load ledger_load(const struct ledger *ledger, unsigned row);

/* The highest alone, of a ledger that goes on and need not be settled. False when memory ran out.
 */
bool ledger_peak(struct ledger *ledger, const struct grid *grid, unsigned row,
                 uint32_t *peak) MUST_CHECK;

/* From now on everything is in the lines, which are settled: one for each row, in which line_at()
 * finds what stood, or what happened. False when memory ran out. */
bool ledger_draw(struct ledger *ledger, const struct grid *grid) MUST_CHECK;

/* After ledger_draw(). */
static inline uint32_t ledger_at(const struct ledger *ledger, unsigned row, int64_t instant)
{
    return ledger->lines ? line_at(&ledger->lines[row], instant) : 0;
}

#endif
