/*
 * For whoever looks on: each segment with its connection and its class. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_TOLD_H
#define FINWAIT_ANALYZER_FLOW_TOLD_H

#include "analyzer/flow/flows.h"

/* What tracking counts, class by class. */
struct class_counts {
    uint32_t of[SEGMENT_CLASSES];
};

struct class_counts told_counts(const struct connection *connection, int sender);

/* A segment is of the class that has been counted since `before`. */
enum flow_status told_class(const struct flows *flows, const struct connection *connection,
                            int sender, const struct segment *segment,
                            const struct class_counts *before) MUST_CHECK;

/* It is of a use that is no longer held. */
enum flow_status told_aside(const struct flows *flows, const struct connection *connection,
                            const struct segment *segment) MUST_CHECK;

/* What a forged SYN opened is given back. */
enum flow_status told_absorbed(const struct flows *flows, const struct connection *forged,
                               const struct connection *by,
                               const struct segment *segment) MUST_CHECK;

#endif
