/*
 * For ladders: segment by segment, to which connection it went and what it was there. The states
 * that it brought about are in the verdict, as they are believed at the end.
 *
 * What a sink is handed is borrowed until it returns.
 */
#ifndef FINWAIT_ANALYZER_TRACE_H
#define FINWAIT_ANALYZER_TRACE_H

#include "dissect/segment.h"

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
#define SEGMENT_CLASS_TABLE(X)                                                                     \
    X(SEGMENT_NEW, "new")                                                                          \
    X(SEGMENT_RETRANSMISSION, "retransmission") /* octets (SYN and FIN count) that had passed */   \
    X(SEGMENT_OUT_OF_ORDER, "out_of_order")     /* fills a hole too soon to be one */              \
    X(SEGMENT_COPY, "copy")                     /* the same packet, captured again */              \
    X(SEGMENT_SECOND_TAP, "second_tap")         /* the same packet, captured elsewhere */          \
    X(SEGMENT_KEEPALIVE, "keepalive")                                                              \
    X(SEGMENT_ZERO_WINDOW_PROBE, "zero_window_probe")                                              \
    X(SEGMENT_MALFORMED, "malformed")           /* its receiver drops it */                        \
    X(SEGMENT_FORMER_USE, "former_use") /* of an earlier use of the five-tuple, no longer held */  \
    X(SEGMENT_FORGED, "forged")         /* a SYN that its sender knows nothing of */
/* clang-format on */

#define TRACE_ENUM(id, name) id,
enum segment_class { SEGMENT_CLASS_TABLE(TRACE_ENUM) SEGMENT_CLASSES };
#undef TRACE_ENUM

const char *segment_class_name(enum segment_class segment_class);

/* Tells one connection from all others of the segment's five-tuple; a verdict has the same. */
struct trace_name {
    frame_ref first_frame;
    uint32_t incarnation;
};

/* Each returns false to stop the analysis. */
struct trace_sink {
    bool (*segment)(void *context, struct trace_name connection, const struct segment *segment,
                    enum segment_class segment_class);
    /* `forged` was no connection: all that was told as its own is of `into`, and so is `segment`,
     * which shows it and is told next. */
    bool (*absorbed)(void *context, struct trace_name forged, struct trace_name into,
                     const struct segment *segment);
    void *context;
};

#endif
