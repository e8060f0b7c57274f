/*
 * The segments of a side that are kept outside the log: each is written once, whatever it is kept
 * as.
 */
#ifndef FINWAIT_ANALYZER_TCP_KEPT_H
#define FINWAIT_ANALYZER_TCP_KEPT_H

#include "analyzer/tcp/connection.h"

/* Room for a segment that is from now on what `roles` say, bits of enum kept_as; whatever else is
 * kept stays. To be filled at once. */
static inline struct log_entry *keep(struct side_detail *own, unsigned roles)
{
    unsigned taken = 1; /* 0 is none */
    for (unsigned as = 0; as < KEPT_ROLES; as++)
        taken |= roles >> as & 1 ? 0 : 1u << own->kept_as[as];
    unsigned room = (unsigned)__builtin_ctz(~taken);
    for (unsigned as = 0; as < KEPT_ROLES; as++) {
        if (roles >> as & 1)
            own->kept_as[as] = (uint8_t)room;
    }
    return &own->kept[room - 1];
}

/* A run of payload ends when the peer says something. */
static inline bool kept_run_is_over(const struct side_detail *own, const struct side *peer)
{
    return !own->kept_as[KEPT_DATA] || peer->last_ns > kept_of(own, KEPT_DATA)->time_ns;
}

/* Of the payload that is outstanding, the oldest is kept: after a partial acknowledgment the next
 * that is sent stands in for it. */
static inline bool kept_sent_is_over(const struct side *side, const struct side_detail *own)
{
    const struct log_entry *sent = kept_of(own, KEPT_SENT);
    return sent->frame == FRAME_NONE || !(side->marks & SIDE_ACKED) ||
           seq_le(seq_add(sent->seq, sent->payload_len), side->una);
}

#endif
