/*
 * The detail of a connection that lingers, in a fifth of the octets: nobody asks for it before it
 * is final, but for a straggler. Made whole again it is what it was, except that segments are
 * forgotten that could have no copy any more.
 *
 * Numbers are told from those before them and from the connection's own, which must therefore stay
 * as they are meanwhile. An entry of the log that is as guessed takes two words, a side three; bits
 * tell what else there is of one that is not. What the detail owns stays where it is and is the
 * packed one's.
 */
#ifndef FINWAIT_ANALYZER_TCP_PACKED_H
#define FINWAIT_ANALYZER_TCP_PACKED_H

#include "analyzer/tcp/connection.h"
#include "analyzer/tcp/shelf.h"
#include "dissect/compiler.h"

/* More often than this a detail is not packed: each straggler would unpack it. */
#define PACKED_OFTEN 4u

/* Packs the connection's detail, which it has, and lets go of it: `*place` is that of the detail
 * that was lent, or 0 of one that was of the heap. It goes on a shelf, or on the heap where
 * `shelves` is NULL. False when nothing has changed, because memory ran out or it is not worth it.
 */
bool detail_pack(struct connection *c, struct shelves *shelves, uint32_t *place) MUST_CHECK;

/* What detail_pack() makes of a detail, before there is a place for it. */
struct detail_image {
    uint32_t head;
    uint32_t count; /* octets that follow */
    uint8_t octets[];
};

/* As many octets as an image takes at most. */
#define DETAIL_IMAGE_MAX 8192u

/* Makes the image of a connection's detail, which is not packed, in `room` of DETAIL_IMAGE_MAX
 * octets. Returns its size, or 0 when it is not worth it. Takes no memory. */
size_t detail_draw(const struct connection *c, struct detail_image *room);

/* As detail_pack(), of a detail that is as it was when the image was made. */
bool detail_pack_drawn(struct connection *c, const struct detail_image *image,
                       struct shelves *shelves, uint32_t *place) MUST_CHECK;

/* Where a detail is made whole to be looked at. */
struct detail_room {
    struct detail detail;
    struct log_entry log[LOG_MAX];
    struct seldom seldom[2];
};

/* A look at the packed detail of `c`; what it owns is still the packed one's. What is remembered to
 * recognise copies is not looked at. */
void detail_look(const struct connection *c, struct detail_room *room);

/* The same of a detail that is not packed, whose log is in two places. */
void detail_in_row(const struct detail *detail, struct detail_room *room);

/* Makes the detail whole again, in `lent` (see connection_lend()) or, where that is NULL, on the
 * heap. False when memory ran out: it is still packed, and `lent` not taken. */
bool detail_unpack(struct connection *c, struct detail *lent, uint32_t place) MUST_CHECK;

/* Releases the packed detail and what it owns. */
void detail_forget(struct connection *c);

/* Octets that the packed detail takes, and what it owns. */
size_t detail_packed_bytes(const struct connection *c);

#endif
