/*
 * What a segment's numbers tell: octets sent, sent again, late or missing; what is acknowledged;
 * round trips.
 */
#ifndef FINWAIT_ANALYZER_TCP_NUMBERS_H
#define FINWAIT_ANALYZER_TCP_NUMBERS_H

#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"

void note_syn(struct connection *c, int sender, const struct segment *segment);

/* What stood so far was another connection's of this side. */
void forget_numbers(struct side *side);

/* Keepalives and zero-window probes repeat the octet before the next, or none (RFC 9293 section
 * 3.8.4); nothing of it is outstanding. */
bool is_probe(const struct connection *c, int sender, const struct segment *segment);

/* Remembers which octets of the peer the segment tells of selectively, where there is a detail.
 * False when memory ran out. */
bool note_sack(struct connection *connection, int sender, const struct segment *segment) MUST_CHECK;

/* False when memory ran out: a hole may be forgotten. */
bool track_numbers(struct connection *c, int sender, const struct segment *segment,
                   bool probe) MUST_CHECK;
bool track_ack(struct connection *c, int sender, const struct segment *segment) MUST_CHECK;

/* An acknowledgment of the side's octets passes at a time that is known. */
static ALWAYS_INLINE void sample_rtt(struct side *timed, seq_t ack, uint32_t now_us)
{
    uint16_t marks = timed->marks;
    if (!(marks & SIDE_SAMPLING) || seq_lt(ack, timed->rtt_end))
        return;
    uint32_t rtt_us = now_us - timed->rtt_sent_us;
    bool backwards = rtt_us > UINT32_C(0x80000000); /* the clock, in between */
    if (!backwards && (!(marks & SIDE_RTT) || rtt_us < timed->min_rtt_us))
        timed->min_rtt_us = rtt_us;
    marks &= (uint16_t)~SIDE_SAMPLING;
    timed->marks = backwards ? marks : marks | SIDE_RTT;
}

#endif
