/*
 * The short ways of the segments that are most: of an established connection, in order, with octets
 * or an acknowledgment that nobody sent before. The shorter one is of those that are not logged,
 * the other of those that follow the handshake, of FINs and of what answers them. What they leave
 * behind is, byte for byte, what track_segment() would (ordinary_test.c).
 */
#ifndef FINWAIT_ANALYZER_TCP_ORDINARY_H
#define FINWAIT_ANALYZER_TCP_ORDINARY_H

#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"

#include <stddef.h>

/* Tracks the segment if it is such a one; else nothing has happened, and it is track_segment()'s.
 * Needs no memory. */
bool track_ordinary(struct connection *c, int sender, const struct segment *segment) MUST_CHECK;

/* Has on its way what tracking segments will touch of the detail: little, when they look like such
 * ones. Else true, and of the log ordinary_fetch_log() has its part. `senders`: bits; `flags`: all
 * that any of the segments has. */
static inline bool ordinary_fetch(const struct connection *c, unsigned senders, unsigned flags)
{
    const struct detail *detail = c->detail;
    if (!detail || c->packed)
        return false;
    if (!(c->side[0].ordinary & c->side[1].ordinary) || flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
        for (size_t at = 0; at < offsetof(struct detail, within); at += 64)
            FETCH((const char *)detail + at);
        return true;
    }
    for (int s = 0; s < 2; s++) {
        const char *side = (const char *)&detail->side[s];
        FETCH(side);
        if (!(senders >> s & 1))
            continue;
        for (size_t at = 64; at < offsetof(struct side_detail, fins); at += 64)
            FETCH(side + at);
    }
    return false;
}

/* Where the next entry of the log will be written, which only the detail tells. */
static inline void ordinary_fetch_log(const struct detail *detail)
{
    if (detail->log_count >= detail->log_room)
        return;
    const struct log_entry *next = log_at(detail, detail->log_count);
    FETCH(next);
    FETCH((const char *)(next + 1) - 1);
}

/* After anything else has happened to the connection: notes whether either side's segments may go
 * the short way. */
void ordinary_from_now_on(struct connection *c);

#endif
