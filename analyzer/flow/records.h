/*
 * The records behind the flows: found by index, given a detail, taken out of their tuple's chain,
 * given back. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_RECORDS_H
#define FINWAIT_ANALYZER_FLOW_RECORDS_H

#include "analyzer/flow/flows.h"

#include <stddef.h>

static inline struct connection *flows_at(const struct flows *flows, uint32_t index)
{
    return pool_at(&flows->pool, index);
}

/* Has memory on its way. */
static inline void flows_fetch(const void *what, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch((const char *)what + at);
}

/* From its second segment on a connection has a detail. What the pool cannot give, the heap may. */
void flows_lend_detail(struct flows *flows, struct connection *connection);

/* No segment finds it any more. */
void flows_unlink(struct flows *flows, uint32_t index);

/* After flows_unlink(), or when nothing is looked up any more. */
void flows_release(struct flows *flows, uint32_t index);

#endif
