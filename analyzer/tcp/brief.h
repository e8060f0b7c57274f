/*
 * A connection that has gone in order so far, and is short: of its detail nothing is kept but its
 * segments, in a tenth to a sixth of the octets. Detail and record are made of these, by tracking
 * one after the other, when something else comes, or when the connection is final: then they are
 * what they would have been.
 *
 * Such a connection counts as packed (`packed`, and CONN_BRIEF). Of its record this is as it would
 * be: key, first time and frame, the marks that tell whether it opened and closed, and of a side
 * isn, nxt, una, ts_val, ttl, last_ns, packets, and the marks of SYN, FIN and RST. The rest is as
 * the SYN left it, because what is made begins with that, or serves brief.c.
 */
#ifndef FINWAIT_ANALYZER_TCP_BRIEF_H
#define FINWAIT_ANALYZER_TCP_BRIEF_H

#include "analyzer/tcp/connection.h"
#include "analyzer/tcp/packed.h"
#include "dissect/compiler.h"

/* How large the rooms are for what is kept: of some six segments of an ordinary connection, SYN
 * included, and of ten. */
#define BRIEF_SIZES   2u
#define BRIEF_LARGEST 160u

static inline size_t brief_size(unsigned size)
{
    static const uint8_t bytes[BRIEF_SIZES] = {96, BRIEF_LARGEST};
    return bytes[size];
}

struct brief {
    frame_ref last_frame;
    uint32_t place;       /* 1 + index in the pool that lent it; 0: of the heap */
    uint8_t used;         /* octets */
    uint8_t count;        /* segments behind the SYN */
    uint8_t header_bytes; /* from the IP header on, of all but the SYNs */
    uint8_t size : 2;     /* less than BRIEF_SIZES */
    uint8_t stamped : 1;  /* both SYNs were, as all others are */
    uint8_t nanoseconds : 1;
    uint8_t octets[];
};

/* To a connection that is its SYN so far: takes the segment, if that is an ordinary SYN-ACK, and
 * keeps from now on segments in `lent`, which is of this size. Else nothing has happened. */
bool brief_begin(struct connection *c, int sender, const struct segment *segment,
                 struct brief *lent, unsigned size, uint32_t place) MUST_CHECK;

/* Takes the segment, if it goes on in order and there is room; else nothing has happened. */
bool brief_track(struct connection *c, int sender, const struct segment *segment) MUST_CHECK;

/* May it be that a segment has found no room? */
bool brief_is_full(const struct connection *c);

/* Moves what is kept into `lent`, of the next larger size; what was lent before is free again. */
void brief_grow(struct connection *c, struct brief *lent, uint32_t place);

/* The connection as it can be read, and its detail in `room`. What is remembered to recognise
 * copies is not looked at. */
void brief_look(const struct connection *c, struct connection *made, struct detail_room *room);

/* Makes it whole, its detail in `lent` (see connection_lend()) or, where that is NULL, on the heap.
 * What its segments were kept in is free again, or released where it was of the heap. False when
 * memory ran out: nothing has changed. */
bool brief_unpack(struct connection *c, struct detail *lent, uint32_t place) MUST_CHECK;

/* What it keeps is its own; what was lent is free again. False when memory ran out: nothing has
 * changed. */
bool brief_own(struct connection *c) MUST_CHECK;

/* Lets go of what is kept, and releases it where it is of the heap. */
void brief_forget(struct connection *c);

#endif
