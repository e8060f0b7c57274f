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

/* After anything else has happened to the connection: notes whether either side's segments may go
 * the short way. */
void ordinary_from_now_on(struct connection *c);

#endif
