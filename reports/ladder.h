/*
 * One connection as rows from top to bottom, whatever they are drawn with: segments in the order of
 * passage, the states that they brought about as believed at the end, timers. Long runs of segments
 * that say nothing alone are folded into one row; a close is whole, and so is what an anomaly or a
 * state rests on. The rows are bounded, however long the connection was.
 *
 * The verdict is borrowed for the ladder's life. Rows point into it by index.
 */
#ifndef FINWAIT_REPORTS_LADDER_H
#define FINWAIT_REPORTS_LADDER_H

#include "analyzer/trace.h"
#include "analyzer/verdict.h"
#include "dissect/compiler.h"

#include <stddef.h>

enum ladder_kind {
    LADDER_SEGMENT,
    LADDER_FOLD,  /* several segments */
    LADDER_TIMER, /* a state changed without a segment of this connection */
};

/* What became of one end in a row: verdict->client.states or server.states. */
struct ladder_end {
    uint32_t first, count; /* the entries that stand at this row; of a timer's row there is one */
    uint32_t now; /* after the row the believed state is the entry `now` - 1; 0: none yet */
};

/* Of one direction, in a fold. */
struct ladder_sum {
    uint64_t segments;
    uint64_t payload_bytes;
    uint64_t classes[SEGMENT_CLASSES];
};

struct ladder_row {
    uint8_t kind;
    int64_t at_ns;   /* or TIME_UNKNOWN; of a fold its first segment's */
    frame_ref frame; /* of a fold its first segment's; of a timer another's or FRAME_NONE */
    struct ladder_end ends[2]; /* by enum role: client, server */

    /* LADDER_SEGMENT */
    uint8_t from;          /* enum role: client or server */
    uint8_t segment_class; /* enum segment_class */
    uint16_t flags;        /* enum tcp_flag */
    uint16_t window;
    uint32_t seq, ack, payload_len;
    /* Since the side's SYN, which has 0; without it the first number known of a side is 1. */
    uint32_t relative_seq, relative_ack;

    /* LADDER_FOLD */
    int64_t until_ns; /* its last segment's */
    frame_ref until_frame;
    struct ladder_sum sums[2]; /* by enum role: who sent them */
};

struct ladder;

struct ladder *ladder_create(const struct connection_verdict *verdict) MUST_CHECK;
void ladder_destroy(struct ladder *ladder);

/* The next segment of the connection. False when memory ran out. */
bool ladder_add(struct ladder *ladder, const struct segment *segment, enum role from,
                enum segment_class segment_class) MUST_CHECK;

/* After the last segment: the rows, which are the ladder's. NULL when memory ran out. */
const struct ladder_row *ladder_rows(struct ladder *ladder, size_t *count) MUST_CHECK;

/* What makes the row (a segment's) evidence of the anomaly, or NULL. */
const struct anomaly_evidence *ladder_evidence(const struct ladder_row *row,
                                               const struct anomaly_verdict *anomaly);

/* The entry `i` of those at the row. */
const struct state_entry *ladder_entry(const struct connection_verdict *verdict,
                                       const struct ladder_row *row, enum role end, uint32_t i);

/* "sent again", "captured twice", "keepalives": what a class says of so many segments; "" of what
 * is new. */
const char *ladder_class_words(enum segment_class segment_class, uint64_t count);

#endif
