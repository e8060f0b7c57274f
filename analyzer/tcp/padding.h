/*
 * Padding that a box between counted into the IP length: zero octets that are in no sequence space.
 * What merely looks like padding (SEG_PADDING_LIKE) is payload until its sender's next segment is
 * numbered as if it had not been there; from then on that side's are taken off.
 */
#ifndef FINWAIT_ANALYZER_TCP_PADDING_H
#define FINWAIT_ANALYZER_TCP_PADDING_H

#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"

/* The segment as its sender meant it: itself, or `*bare`, a copy without the padding. What the
 * segment shows to have been padding in the one before is taken back. */
const struct segment *without_padding(struct connection *c, int sender,
                                      const struct segment *segment, struct segment *bare);

/* Remembers the segment, which has been taken, when its payload may turn out to be padding. False
 * when memory ran out. */
bool note_padding(struct connection *c, int sender, const struct segment *segment) MUST_CHECK;

#endif
