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

/* Tracks the segment if it is such a one; else nothing has happened, and it is track_segment()'s.
 * Needs no memory. */
bool track_ordinary(struct connection *c, int sender, const struct segment *segment) MUST_CHECK;

/* Has on its way what tracking the segment will touch of the detail: little, when it looks like
 * such a one. Else of a log most often only the end, which the detail says where it is. */
static inline void ordinary_fetch(const struct connection *c, int sender,
                                  const struct segment *segment)
{
    const struct detail *detail = c->detail;
    if (!detail || c->packed)
        return;
    if (c->side[sender].ordinary && !(segment->flags & (TCP_SYN | TCP_FIN | TCP_RST))) {
        const struct side_detail *sent = &detail->side[sender];
        for (size_t at = 0; at < offsetof(struct side_detail, fins); at += 64)
            FETCH((const char *)sent + at);
        FETCH(&detail->side[!sender]);
        return;
    }
    for (size_t at = 0; at < offsetof(struct detail, within); at += 64)
        FETCH((const char *)detail + at);
}

/* After anything else has happened to the connection: notes whether either side's segments may go
 * the short way. */
void ordinary_from_now_on(struct connection *c);

#endif
