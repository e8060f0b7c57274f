/*
 * What silence tells: an endpoint that does not do what it would do if it were still there.
 */
#ifndef FINWAIT_ANALYZER_STATE_SILENCE_H
#define FINWAIT_ANALYZER_STATE_SILENCE_H

#include "analyzer/state/evidence.h"

/* How long the capture went on after this moment; 0 when one of them is unknown. */
static inline int64_t silence_since(const struct evidence *ev, int64_t at_ns)
{
    if (ev->now_ns == TIME_UNKNOWN || at_ns == TIME_UNKNOWN)
        return 0;
    return ev->now_ns - at_ns;
}

/* Octets of X are on their way, or X sent some again that seemed acknowledged. */
static inline bool octets_outstanding(const struct evidence *ev, int x)
{
    const struct side *own = &ev->c->side[x];
    const struct detail *d = ev->c->detail;
    return (own->marks & SIDE_ACKED && seq_gt(own->nxt, own->una)) || (d && d->side[x].again_acked);
}

/* Octets of X, whose peer is unseen, may be on their way: they would not have been sent again yet.
 */
bool perhaps_outstanding(const struct evidence *evidence, int x);

/* Its own retransmission was due and did not come. */
bool gave_up(const struct evidence *evidence, int x);

/* A SYN-ACK is answered at once: by now an answer would have passed. */
bool answer_overdue(const struct evidence *evidence, const struct log_entry *syn_ack);

/* When X stopped asking to open, as its SYN or SYN-ACK would have been sent again by now; or
 * TIME_UNKNOWN. */
int64_t stopped_opening_ns(const struct evidence *evidence, int x);

/* What the peer sent must have been answered by now, and was not; its octets and probes alone. */
bool owes_answer(const struct evidence *evidence, int x);
bool owes_acknowledgment(const struct evidence *evidence, int x);

/* Nothing of X's, a FIN included, can go out: the peer's window is closed. */
bool window_shut(const struct evidence *evidence, int x);

#endif
