/*
 * The records behind the flows: found by index, given a detail, taken out of their tuple's chain,
 * given back; and the lone SYNs, until they become records. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_RECORDS_H
#define FINWAIT_ANALYZER_FLOW_RECORDS_H

#include "analyzer/flow/flows.h"
#include "analyzer/flow/lone.h"
#include "analyzer/tcp/brief.h"
#include "analyzer/tcp/track.h"
#include "dissect/compiler.h"

#include <stddef.h>

/* Of the values in the table those that name a lone SYN, and of these those of IPv6; the others
 * name a record. */
#define FLOW_LONE (UINT32_C(1) << 31)
#define FLOW_IPV6 (UINT32_C(1) << 30)

_Static_assert(POOL_ITEMS_MAX - 1 < FLOW_IPV6, "indices leave the bits free");

/* Not for POOL_NONE, which names nothing, but no record either. */
static inline bool is_lone(uint32_t value)
{
    return value & FLOW_LONE;
}

/* `kind`: the pool's number. */
static inline uint32_t flows_lone_value(int kind, uint32_t index)
{
    return index | FLOW_LONE | (kind ? FLOW_IPV6 : 0);
}

static inline struct lone *flows_lone(const struct flows *flows, uint32_t value)
{
    return pool_at(&flows->lones[value & FLOW_IPV6 ? 1 : 0], value & (FLOW_IPV6 - 1));
}

/* `value`: in the table, whatever it is. */
static inline void flows_fetch_lone(const struct flows *flows, uint32_t value)
{
    if (!is_lone(value) || value == TABLE_NONE)
        return;
    const struct lone *lone = flows_lone(flows, value);
    FETCH(lone);
    if (value & FLOW_IPV6)
        FETCH(lone + 1);
}

static inline struct connection *flows_at(const struct flows *flows, uint32_t index)
{
    return pool_at(&flows->pool, index);
}

/* Has memory on its way. */
static inline void flows_fetch(const void *what, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        FETCH((const char *)what + at);
}

/* All of the detail; a packed one's first lines, which most often are all; of a brief connection
 * what the largest has, for how large it is stands in what is fetched. */
static inline void flows_fetch_detail(const struct connection *connection)
{
    if (!connection->detail)
        return;
    size_t bytes = connection->marks & CONN_BRIEF ? BRIEF_LARGEST
                   : connection->packed           ? 320
                                                  : sizeof *connection->detail;
    flows_fetch(connection->detail, bytes);
}

/* Makes a zeroed record a connection whose first segment is about to be tracked, and which nobody
 * finds. Returns the sender's side. */
int flows_begin(struct connection *connection, const struct segment *segment, bool vlan_in_key,
                uint32_t stream);

/* To a connection that has none. What the pool cannot give, the heap may. */
void flows_lend_detail(struct flows *flows, struct connection *connection);

/* Takes the segment as what makes a brief connection of one that is a SYN so far. False when it
 * does not, or memory ran out: nothing has happened. */
bool flows_begin_brief(struct flows *flows, struct connection *connection, int sender,
                       const struct segment *segment) MUST_CHECK;

/* Makes room for a segment that found none in a brief connection. False when it needs none, or
 * memory ran out. */
bool flows_grow_brief(struct flows *flows, struct connection *connection) MUST_CHECK;

/* Brings to account what it has come to hold, or let go, beside its record. */
static inline void flows_account(struct flows *flows, struct connection *connection)
{
    struct detail *detail = connection->detail;
    if (!detail || connection->packed)
        return;
    size_t held = connection_extra_bytes(connection);
    flows->extra_bytes += held - detail->accounted_bytes;
    detail->accounted_bytes = (uint32_t)held;
}

/* Before a FIN is tracked, so that the short way, which takes no memory, can log the close. False
 * when memory ran out. */
bool flows_let_close(struct flows *flows, struct connection *connection) MUST_CHECK;

/* The same where it takes no memory, and the flows stay as they are: the octets that the connection
 * has come to hold are added to `bytes`. False when it would: nothing has happened. */
bool flows_may_close(const struct flows *flows, struct connection *connection,
                     uint64_t *bytes) MUST_CHECK;

/* Its detail, while it lingers, takes less. */
void flows_pack(struct flows *flows, struct connection *connection);

/* The same with the image that was made of it, or without where that is NULL. */
void flows_pack_drawn(struct flows *flows, struct connection *connection,
                      const struct detail_image *image);

/* Its detail can be read and goes on. False when memory ran out: it cannot. */
bool flows_unpack(struct flows *flows, struct connection *connection) MUST_CHECK;

/* The connection as it can be read: itself, or what is made of it in `room`. */
struct connection *flows_look(struct connection *connection, struct flow_room *room);

/* No segment finds it any more. */
void flows_unlink(struct flows *flows, uint32_t index);

/* Makes a record of a lone SYN whose connection something follows: its index, or POOL_NONE when
 * memory ran out. */
uint32_t flows_promote(struct flows *flows, uint32_t tag, uint32_t lone) MUST_CHECK;

/* No segment finds it any more. */
void flows_remove_lone(struct flows *flows, uint32_t lone);

/* After flows_remove_lone(), or when nothing is looked up any more. */
void flows_release_lone(struct flows *flows, uint32_t lone);

/* Before a connection is handed out: does the capture lack what its client is sent? */
static inline void flows_mark_unheard(const struct flows *flows, struct connection *connection)
{
    if (!(connection->marks & CONN_ESTABLISHED) &&
        heard_nothing(&flows->heard, connection, client_side(connection)))
        connection->marks |= CONN_UNHEARD;
}

/* After flows_unlink(), or when nothing is looked up any more. */
void flows_release(struct flows *flows, uint32_t index);

/* As flows_release(), but what the connection holds is the receiver's, for connection_finish().
 * False when memory ran out: it is still here. */
bool flows_let_go(struct flows *f, uint32_t index, struct connection *given) MUST_CHECK;

#endif
