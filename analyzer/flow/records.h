/*
 * The records behind the flows: found by index, given a detail, taken out of their tuple's chain,
 * given back. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_RECORDS_H
#define FINWAIT_ANALYZER_FLOW_RECORDS_H

#include "analyzer/flow/flows.h"
#include "analyzer/tcp/track.h"

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

/* To a connection that has none. What the pool cannot give, the heap may. */
void flows_lend_detail(struct flows *flows, struct connection *connection);

/* Brings to account what it has come to hold, or let go, beside its record. */
static inline void flows_account(struct flows *flows, struct connection *connection)
{
    struct detail *detail = connection->detail;
    if (!detail)
        return;
    size_t held = connection_extra_bytes(connection);
    flows->extra_bytes += held - detail->accounted_bytes;
    detail->accounted_bytes = held;
}

/* No segment finds it any more. */
void flows_unlink(struct flows *flows, uint32_t index);

/* After flows_unlink(), or when nothing is looked up any more. */
void flows_release(struct flows *flows, uint32_t index);

#endif
