/*
 * The records behind the flows: found by index, given a detail, taken out of their tuple's chain,
 * given back; and the lone SYNs, until they become records. What a value in the table names. Inside
 * the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_RECORDS_H
#define FINWAIT_ANALYZER_FLOW_RECORDS_H

#include "analyzer/flow/closed.h"
#include "analyzer/flow/flows.h"
#include "analyzer/flow/lone.h"
#include "analyzer/tcp/brief.h"
#include "analyzer/tcp/track.h"
#include "dissect/compiler.h"

#include <stddef.h>

/* What a value in the table names: its kind, and above that the index in the pool of this kind. */
#define FLOW_KIND_SHIFT 28
#define FLOW_BRIEFS     1u                               /* the first of their kinds, */
#define FLOW_LONES      (FLOW_BRIEFS + FLOW_BRIEF_POOLS) /* and of those of lone SYNs */
#define FLOW_INDEX      ((UINT32_C(1) << FLOW_KIND_SHIFT) - 1)

#define FLOW_CLOSED (FLOW_LONES + 2) /* the place in the file, */

_Static_assert(POOL_ITEMS_MAX <= FLOW_INDEX + UINT32_C(1) && FLOW_CLOSED < 15,
               "indices leave the bits free, and the last kind names nothing");
_Static_assert(BLOCK_PLACES <= FLOW_INDEX + UINT32_C(1), "places as well");

static inline uint32_t flows_value(unsigned kind, uint32_t index)
{
    return index | (uint32_t)kind << FLOW_KIND_SHIFT;
}

/* None of these for POOL_NONE, which names nothing. */
static inline bool is_record(uint32_t value)
{
    return value <= FLOW_INDEX;
}

static inline bool is_lone(uint32_t value)
{
    return value >> FLOW_KIND_SHIFT == FLOW_LONES || value >> FLOW_KIND_SHIFT == FLOW_LONES + 1;
}

static inline bool is_brief(uint32_t value)
{
    return !is_record(value) && value >> FLOW_KIND_SHIFT < FLOW_LONES;
}

static inline bool is_closed(uint32_t value)
{
    return value >> FLOW_KIND_SHIFT == FLOW_CLOSED;
}

/* `kind`: the pool's number. */
static inline uint32_t flows_lone_value(int kind, uint32_t index)
{
    return flows_value(FLOW_LONES + (unsigned)kind, index);
}

static inline struct lone *flows_lone(const struct flows *flows, uint32_t value)
{
    bool ipv6 = value >> FLOW_KIND_SHIFT == FLOW_LONES + 1;
    return pool_at(&flows->lones[ipv6], value & FLOW_INDEX);
}

/* Of brief connections each size has a pool for either family. */
static inline unsigned flows_brief_pool(unsigned size, bool ipv6)
{
    return size * 2 + ipv6;
}

static inline uint32_t flows_brief_value(unsigned pool, uint32_t index)
{
    return flows_value(FLOW_BRIEFS + pool, index);
}

static inline void *flows_brief_item(const struct flows *flows, uint32_t value)
{
    return pool_at(&flows->briefs[(value >> FLOW_KIND_SHIFT) - FLOW_BRIEFS], value & FLOW_INDEX);
}

static inline struct brief *flows_brief(const struct flows *flows, uint32_t value)
{
    return brief_in(flows_brief_item(flows, value), ((value >> FLOW_KIND_SHIFT) - FLOW_BRIEFS) & 1);
}

/* Released ones, and those that have become records, have no frame. */
static inline bool brief_is_here(const struct brief *b)
{
    return brief_syn(b)->frame != FRAME_NONE;
}

static inline struct connection *flows_at(const struct flows *flows, uint32_t index)
{
    return pool_at(&flows->pool, index);
}

/* While it stays the same, the table has the same values of this tag. */
static inline uint32_t flows_changes(const struct flows *flows, uint32_t tag)
{
    return flows->changes[tag % FLOW_CHANGES];
}

static inline void flows_enter(struct flows *flows, uint32_t tag, uint32_t value)
{
    flows->changes[tag % FLOW_CHANGES]++;
    table_insert(&flows->table, tag, value);
}

static inline void flows_replace(struct flows *flows, uint32_t tag, uint32_t value, uint32_t with)
{
    flows->changes[tag % FLOW_CHANGES]++;
    table_replace(&flows->table, tag, value, with);
}

static inline void flows_take_out(struct flows *flows, uint32_t tag, uint32_t value)
{
    flows->changes[tag % FLOW_CHANGES]++;
    table_remove(&flows->table, tag, value);
}

static ALWAYS_INLINE bool flows_brief_names(const struct flows *flows, const struct brief *b,
                                            int sender, const struct segment *segment)
{
    return lone_names_way(brief_syn(b), segment, sender != b->client, flows->config->vlan_in_key);
}

/* Is what the value names the segment's connection, or the latest of its five-tuple? */
static ALWAYS_INLINE bool flows_names(const struct flows *flows, uint32_t value, int sender,
                                      const struct segment *segment)
{
    bool vlan_in_key = flows->config->vlan_in_key;
    if (LIKELY(is_record(value)))
        return flow_key_names(&flows_at(flows, value)->key, segment, sender, vlan_in_key);
    if (is_brief(value))
        return flows_brief_names(flows, flows_brief(flows, value), sender, segment);
    if (UNLIKELY(is_closed(value)))
        return closed_names(flows, value, sender, segment);
    return lone_names(flows_lone(flows, value), segment, vlan_in_key);
}

/* Has memory on its way. */
static inline void flows_fetch(const void *what, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        FETCH((const char *)what + at);
}

/* What `value`, whatever it is, names in the table. */
static inline void flows_fetch_value(const struct flows *flows, uint32_t value)
{
    if (is_record(value)) {
        flows_fetch(flows_at(flows, value), sizeof(struct connection));
    } else if (is_brief(value)) {
        unsigned pool = (value >> FLOW_KIND_SHIFT) - FLOW_BRIEFS;
        const struct pool *of = &flows->briefs[pool];
        flows_fetch(pool_at(of, value & FLOW_INDEX),
                    brief_is_small(pool / 2) ? of->item_bytes
                                             : brief_syn_bytes(pool % 2) + sizeof(struct brief));
    } else if (is_lone(value)) {
        const struct lone *lone = flows_lone(flows, value);
        FETCH(lone);
        if (value >> FLOW_KIND_SHIFT == FLOW_LONES + 1)
            FETCH(lone + 1);
    }
}

/* The segments that have not come with it. */
static inline void flows_fetch_segments(const struct brief *brief)
{
    if (!brief_is_small(brief->size))
        flows_fetch(brief->octets, brief->used);
}

/* All of the detail; a packed one's first lines, which most often are all. */
static inline void flows_fetch_detail(const struct connection *connection)
{
    if (connection->detail)
        flows_fetch(connection->detail, connection->packed ? 320 : sizeof *connection->detail);
}

/* Makes a zeroed record a connection whose first segment is about to be tracked, and which nobody
 * finds. Returns the sender's side. */
int flows_begin(struct connection *connection, const struct segment *segment, bool vlan_in_key,
                uint32_t stream);

/* To a connection that has none. What the pool cannot give, the heap may. */
void flows_lend_detail(struct flows *flows, struct connection *connection);

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
struct connection *flows_look(struct connection *connection, bool vlan_in_key,
                              struct flow_room *room);

/* No segment finds it any more. */
void flows_unlink(struct flows *flows, uint32_t index);

/* Makes a record of a lone SYN whose connection something follows: its index, or POOL_NONE when
 * memory ran out. */
uint32_t flows_promote(struct flows *flows, uint32_t tag, uint32_t lone) MUST_CHECK;

/* No segment finds it any more. */
void flows_remove_lone(struct flows *flows, uint32_t lone);

/* After flows_remove_lone(). */
void flows_release_lone(struct flows *flows, uint32_t lone);

void flows_init_lones(struct flows *flows);

/* All of them at once, when nothing is looked up any more. */
void flows_release_lones(struct flows *flows);

/* Before a connection is handed out: does the capture lack what its client is sent? After
 * heard_settle(). */
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
