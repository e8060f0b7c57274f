/*
 * A connection that has gone in order so far, and is short: nothing of it is kept but its segments,
 * the SYN as it was kept when it was alone, and what tells whether the next one goes on in order.
 * A record and a detail are made of these, by tracking one after the other, when something else
 * comes; or at once, when the connection is final. Then they are what they would have been.
 */
#ifndef FINWAIT_ANALYZER_TCP_BRIEF_H
#define FINWAIT_ANALYZER_TCP_BRIEF_H

#include "analyzer/flow/lone.h"
#include "analyzer/tcp/connection.h"
#include "analyzer/tcp/packed.h"
#include "dissect/compiler.h"

/* How many octets there are for segments: for some six of an ordinary connection behind its SYN, or
 * nine, or two dozen, or forty. */
#define BRIEF_SIZES        4u
#define BRIEF_OCTETS_LEAST 96u
#define BRIEF_OCTETS_MOST  704u

static inline uint32_t brief_octets(unsigned size)
{
    static const uint16_t octets[BRIEF_SIZES] = {BRIEF_OCTETS_LEAST, 128, 448, BRIEF_OCTETS_MOST};
    return octets[size];
}

enum brief_mark {
    BRIEF_ESTABLISHED = 1u << 0, /* as CONN_ESTABLISHED, */
    BRIEF_CLOSED = 1u << 1,      /* CONN_CLOSED */
};

/* Behind the SYN, a struct lone or lone_ipv6, with which the item begins. */
struct brief {
    int64_t last_ns;
    seq_t nxt[2];
    seq_t una[2]; /* the server's initial number until something of it is acknowledged */
    uint32_t ts_val[2];
    seq_t isn;           /* the server's */
    uint32_t answer_ts;  /* of its SYN-ACK, and what else only that has: */
    uint32_t last_frame; /* counted from the SYN's */
    uint32_t tag;        /* of the key's hash */
    uint16_t answer_mss;
    uint16_t used; /* octets */
    uint8_t answer_ip_bytes;
    uint8_t answer_marks; /* of enum segment_mark */
    uint8_t answer_scale : 4;
    uint8_t marks : 4; /* enum brief_mark */
    uint8_t ttl[2];
    uint8_t side_marks[2]; /* SIDE_FIN, SIDE_FIN_ACKED, SIDE_RST */
    uint8_t size : 2;      /* less than BRIEF_SIZES */
    uint8_t client : 1;
    uint8_t ipv6 : 1;
    uint8_t stamped : 1;  /* both SYNs were, as all others are, */
    uint8_t bare_rst : 1; /* but for the RST that is the last */
    uint8_t nanoseconds : 1;
    uint8_t octets[];
};

_Static_assert(sizeof(struct brief) == 64, "one cache line");

/* The whole item is a few lines of the cache, which are fetched at once. */
static inline bool brief_is_small(unsigned size)
{
    return brief_octets(size) <= 128;
}

static inline size_t brief_syn_bytes(bool ipv6)
{
    return ipv6 ? sizeof(struct lone_ipv6) : sizeof(struct lone);
}

static inline size_t brief_item_bytes(unsigned size, bool ipv6)
{
    return brief_syn_bytes(ipv6) + sizeof(struct brief) + brief_octets(size);
}

#define BRIEF_ITEM_MOST (sizeof(struct lone_ipv6) + sizeof(struct brief) + BRIEF_OCTETS_MOST)

static inline struct brief *brief_in(void *item, bool ipv6)
{
    return (struct brief *)(void *)((uint8_t *)item + brief_syn_bytes(ipv6));
}

static inline const struct lone *brief_syn(const struct brief *b)
{
    return (const struct lone *)(const void *)((const uint8_t *)b - brief_syn_bytes(b->ipv6));
}

/* Of the item, from the SYN on. */
static inline size_t brief_bytes_used(const struct brief *b)
{
    return brief_syn_bytes(b->ipv6) + offsetof(struct brief, octets) + b->used;
}

/* In `item`, of zero bytes, and of this size and the SYN's family: what begins with the SYN and the
 * segment, if that is an ordinary answer to it. NULL: it is not, and nothing has happened. */
struct brief *brief_begin(void *item, unsigned size, const struct lone *syn, uint32_t tag,
                          int sender, const struct segment *segment) MUST_CHECK;

/* Takes the segment, if it goes on in order and there is room; else nothing has happened. */
bool brief_track(struct brief *brief, int sender, const struct segment *segment) MUST_CHECK;

/* May it be that a segment has found no room? */
bool brief_is_full(const struct brief *brief);

/* A copy in an item of the next larger size. */
struct brief *brief_grow(const struct brief *brief, void *item);

/* Of the connection what is asked of those that are not looked at: key, times, first frame, stream,
 * tag, marks, and of a side last_ns, packets (not how many), the highest stamp and the marks of
 * SYN, FIN, RST and stamps. */
void brief_outline(const struct brief *brief, bool vlan_in_key, struct connection *outline);

/* The connection as it can be read, and its detail in `room`. What is remembered to recognise
 * copies is not looked at. */
void brief_look(const struct brief *brief, bool vlan_in_key, struct connection *made,
                struct detail_room *room);

/* Makes it whole in a record, its detail in `lent` (see connection_lend()) or, where that is NULL,
 * on the heap. False when memory ran out: nothing has changed. */
bool brief_unpack(const struct brief *brief, bool vlan_in_key, struct connection *c,
                  struct detail *lent, uint32_t place) MUST_CHECK;

/* A copy of the whole item, on the heap. NULL when memory ran out. */
struct brief *brief_own(const struct brief *brief) MUST_CHECK;
void brief_disown(struct brief *own);

#endif
