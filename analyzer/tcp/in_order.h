/*
 * What a segment that is next in order does to numbers and clocks, whichever way it is tracked.
 */
#ifndef FINWAIT_ANALYZER_TCP_IN_ORDER_H
#define FINWAIT_ANALYZER_TCP_IN_ORDER_H

#include "analyzer/tcp/connection.h"
#include "analyzer/tcp/numbers.h"
#include "dissect/compiler.h"

/* Octets of `peer`, whose detail is `timed`, are acknowledged. */
static ALWAYS_INLINE void take_acknowledgment(struct side *peer, struct side_detail *timed,
                                              seq_t ack, int64_t time_ns, uint32_t now_us)
{
    timed->probe_run = 0;
    timed->unanswered_ns = 0;
    if (seq_eq(ack, peer->una))
        return;
    timed->una_before = peer->una;
    timed->una_advanced = true;
    timed->again_run = 0;
    timed->again_acked = false;
    timed->resends = 0;
    timed->timer_ns = time_ns;
    peer->una = ack;
    sample_rtt(peer, ack, now_us);
}

/* Octets that are sent, a FIN among them. Returns the side's marks as they are then. */
static ALWAYS_INLINE uint16_t take_octets(struct side *own, struct side_detail *detail,
                                          uint32_t octets, int64_t time_ns, uint32_t now_us,
                                          int64_t idle_ns)
{
    seq_t seq = own->nxt;
    own->nxt = seq_add(seq, octets);
    if (!(own->marks & SIDE_SAMPLING)) {
        own->rtt_end = own->nxt;
        own->rtt_sent_us = now_us;
    }
    if (!detail->unanswered_ns) {
        detail->unanswered_ns = time_ns;
        detail->unanswered_idle_ns = idle_ns;
    }
    if (seq_eq(own->una, seq))
        detail->timer_ns = time_ns;
    detail->data_ns = time_ns;
    return own->marks | SIDE_SAMPLING;
}

#endif
