/*
 * Lone SYNs in the order in which they were made: where most of them stay what they are, as in a
 * scan, none need be read to put them in order in the end. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_ROW_H
#define FINWAIT_ANALYZER_FLOW_ROW_H

#include "analyzer/flow/lone.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROW_FIRST 256u /* room that it begins with */

struct flows;

struct flow_row {
    uint32_t *values; /* owned: as in the table */
    uint32_t count, room;
    bool turn;     /* changes whenever the row is tidied */
    uint32_t gone; /* of them no lone SYNs any more; what was made in such a one's place comes once
                      more, later */
};

void row_finish(struct flow_row *row);

/* Makes room for one more; false when memory ran out. */
bool row_reserve(struct flows *flows) MUST_CHECK;

/* After row_reserve(): the lone SYN that the value names. */
static inline void row_add(struct flow_row *row, uint32_t value, struct lone *lone)
{
    lone->turn = row->turn;
    row->values[row->count++] = value;
}

/* Leaves what is a lone SYN, once each. */
void row_tidy(struct flows *flows);

static inline size_t row_bytes(const struct flow_row *row)
{
    return row->room * sizeof *row->values;
}

#endif
