/*
 * Copies that the capture made of one packet (a mirror port, `-i any`, both sides of a router, two
 * taps), told from segments that were sent twice.
 */
#ifndef FINWAIT_ANALYZER_TCP_COPIES_H
#define FINWAIT_ANALYZER_TCP_COPIES_H

#include "analyzer/tcp/connection.h"

enum copy { NO_COPY, COPY_SAME_TAP, COPY_SECOND_TAP };

/* Judges the segment, and remembers it for the copies that may follow. */
enum copy copy_of(struct connection *c, int sender, const struct segment *segment);

/* Nothing in it that its side had not sent before. */
bool nothing_new(const struct connection *c, int sender, const struct segment *segment);

#endif
