/*
 * What is looked up once for all segments of a five-tuple that a batch has, step by step: each step
 * for all probes before the next, because what one asks of memory is on its way while the others
 * are asked for. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_PROBE_H
#define FINWAIT_ANALYZER_FLOW_PROBE_H

#include "analyzer/flow/groups.h"
#include "analyzer/flow/key.h"
#include "analyzer/flow/records.h"
#include "analyzer/tcp/ordinary.h"

/* What is known of a five-tuple that segments of a batch have, and was looked up once for all of
 * them. Of whoever analyses alone. */
struct flow_probe {
    _Alignas(64) const struct segment *segment; /* the first of them */
    uint32_t tag;
    uint16_t flags;                   /* that any of them has */
    uint8_t senders;                  /* of all of them: bits */
    uint8_t sender;                   /* of the first */
    uint32_t first;                   /* first value in the table with this tag, or TABLE_NONE */
    bool logged;                      /* they are likely to be, in its detail */
    bool left;                        /* some of them were not tracked ahead */
    struct connection *connection;    /* that, where it is the record of the five-tuple; or NULL */
    struct brief *brief;              /* the same where it is brief */
    uint32_t changes;                 /* of the tag's values, when that was so */
    const struct detail_image *image; /* of the detail of a connection that closed, or NULL */
};

_Static_assert(sizeof(struct flow_probe) == 64, "a line of the cache");

static ALWAYS_INLINE void probe_begin(struct flow_probe *probe, const struct flow_groups *groups,
                                      uint32_t number, const struct segment *segments)
{
    const struct flow_named *named = &groups->named[number];
    probe->segment = &segments[named->first];
    probe->tag = named->tag;
    probe->flags = named->flags;
    probe->senders = named->senders;
    probe->sender = groups->sender_of[named->first];
    probe->left = false;
    probe->image = NULL;
}

static ALWAYS_INLINE void probe_fetch_slot(const struct flows *f, uint32_t tag)
{
    table_prefetch(&f->table, tag);
}

/* From now on it names this value of the table, or none: TABLE_NONE. */
static ALWAYS_INLINE void probe_name(const struct flows *f, struct flow_probe *probe,
                                     uint32_t value)
{
    probe->first = value;
    probe->connection = is_record(value) ? flows_at(f, value) : NULL;
    probe->brief = is_brief(value) ? flows_brief(f, value) : NULL;
    probe->changes = flows_changes(f, probe->tag);
}

/* Is that still what the segment's five-tuple has there? False where it must be looked up. */
static ALWAYS_INLINE bool probe_holds(const struct flows *f, const struct flow_probe *probe,
                                      const struct segment *g)
{
    if (UNLIKELY(probe->changes != flows_changes(f, probe->tag)))
        return false;
    if (LIKELY(probe->connection || probe->brief) || probe->first == TABLE_NONE)
        return true;
    return is_lone(probe->first) &&
           lone_names(flows_lone(f, probe->first), g, f->config->vlan_in_key);
}

/* `table`: the flows', or a copy that counts for itself what it looks at. */
static ALWAYS_INLINE void probe_find(const struct flows *f, struct table *table,
                                     struct flow_probe *probe)
{
    uint32_t slot = probe->tag & table->mask;
    uint32_t first = table_next(table, probe->tag, &slot);
    probe_name(f, probe, first);
    if (first != TABLE_NONE)
        flows_fetch_value(f, first);
}

/* Where the next one goes; all of them where it is about to close, and what is kept of it moves. */
static ALWAYS_INLINE void fetch_octets(const struct flow_probe *probe)
{
    const struct brief *b = probe->brief;
    bool closes = probe->flags & (TCP_FIN | TCP_RST) || (b->side_marks[0] | b->side_marks[1]);
    if (UNLIKELY(closes))
        flows_fetch(b->octets, b->used);
    FETCH(b->octets + b->used);
}

/* From now on its connection is that of the five-tuple, or none. */
static ALWAYS_INLINE void probe_fetch_detail(const struct flows *f, struct flow_probe *probe)
{
    struct connection *c = probe->connection;
    if (probe->brief && !flows_brief_names(f, probe->brief, probe->sender, probe->segment))
        probe->brief = NULL;
    if (probe->brief && !brief_is_small(probe->brief->size))
        fetch_octets(probe);
    if (!c)
        return;
    if (LIKELY(flow_key_names(&c->key, probe->segment, probe->sender, f->config->vlan_in_key)))
        probe->logged = ordinary_fetch(c, probe->senders, probe->flags);
    else
        probe->connection = NULL;
}

static ALWAYS_INLINE void probe_fetch_log(const struct flow_probe *probe)
{
    if (probe->connection && probe->logged)
        ordinary_fetch_log(probe->connection->detail);
}

#endif
