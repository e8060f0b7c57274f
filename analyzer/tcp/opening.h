/*
 * The short way of how most connections open: the SYN-ACK that answers the first SYN, and the
 * acknowledgment of it. What it leaves behind is, byte for byte, what track_segment() would
 * (ordinary_test.c).
 */
#ifndef FINWAIT_ANALYZER_TCP_OPENING_H
#define FINWAIT_ANALYZER_TCP_OPENING_H

#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"

/* Tracks the segment if it is such a one; else nothing has happened. Needs no memory. */
bool track_opening(struct connection *c, int sender, const struct segment *segment) MUST_CHECK;

#endif
