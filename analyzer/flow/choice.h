/*
 * To which use of its five-tuple a segment belongs: uses may follow each other or lie in parallel
 * worlds, and some segments begin a new one (tcp-close.md 7). Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_CHOICE_H
#define FINWAIT_ANALYZER_FLOW_CHOICE_H

#include "analyzer/flow/flows.h"

struct choice {
    uint32_t use;      /* the segment's connection, or POOL_NONE: make one */
    uint32_t previous; /* then: the use of the tuple before it, or POOL_NONE for a parallel one */
    bool aside;        /* it is of a use that is no longer held: only counted */
};

/* Whatever other flags stand beside it: what nonsense opens is counted as an attempt of its own. */
static inline bool is_syn(const struct segment *g)
{
    return (g->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static inline bool is_syn_ack(const struct segment *g)
{
    return (g->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

/* Nothing is to be chosen: the five-tuple has one use, nothing remembers one before it, and the
 * segment, of its world, opens none. */
static inline bool choice_is_sole(const struct connection *c, const struct segment *g)
{
    return c->next == POOL_NONE && !(c->marks & (CONN_REUSED | CONN_SUPERSEDED)) &&
           c->world == g->world && !(g->flags & TCP_SYN);
}

/* The latest use of the segment's five-tuple, or the lone SYN that is the only one, or POOL_NONE.
 */
uint32_t choice_head(struct flows *flows, uint32_t tag, int sender, const struct segment *segment);

/* Among the uses from `head` on, which may be POOL_NONE. */
struct choice choice_of(struct flows *flows, uint32_t head, int sender,
                        const struct segment *segment);

/* The tuple's last use that had opened before this one, or else the one before it, where it is
 * still held; or POOL_NONE. */
uint32_t choice_former(const struct flows *flows, const struct connection *connection);

#endif
