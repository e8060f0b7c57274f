/*
 * One segment into one connection: numbers, counters, ranges, copies of the capture told from
 * retransmissions, the control log. Knows no other connection and no table.
 */
#ifndef FINWAIT_ANALYZER_TCP_TRACK_H
#define FINWAIT_ANALYZER_TCP_TRACK_H

#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"

/* Copies of one packet at one tap follow each other within this time; with an equal non-zero IP ID
 * and another TTL (both sides of a router), or SYN (whose timer is longer than that by far), within
 * the longer one; at another tap within the longest. The figures are what mirror ports, `-i any`
 * and pairs of taps show in practice. */
#define COPY_NS        (5 * INT64_C(1000000))
#define ROUTED_COPY_NS (100 * INT64_C(1000000))
#define SECOND_TAP_NS  INT64_C(1000000000)

/* Bare acknowledgments further apart do not answer one another. */
#define ACK_RUN_GAP_NS INT64_C(1000000000)

/* A hole filled this soon was reordered on the way, not sent again: less than any stack's
 * retransmission timer, and than the fast retransmit that three duplicate ACKs must reach first. */
#define REORDER_NS (3 * INT64_C(1000000))

/* Numbers further apart than this belong to different sequence spaces. */
#define SPACE_DISTANCE (UINT32_C(1) << 30)

/* Turns a zeroed record into a connection whose first segment is about to be tracked. */
void connection_begin(struct connection *c, const struct flow_key *key,
                      const struct segment *segment);

/* Releases what the connection owns. */
void connection_finish(struct connection *c);

/* Releases what is owned by what is seldom, but not that itself. */
void seldom_finish(struct seldom *seldom);

/* What is seldom of a side, made when it does not exist yet; NULL when memory ran out. Only where
 * something else than zero is to be written. */
struct seldom *seldom_made(struct connection *c, int side) MUST_CHECK;

/* Octets held beside the record itself. */
size_t connection_extra_bytes(const struct connection *c);

/* `sender` is the segment's side. False when memory ran out; the connection is then still whole,
 * but may miss a log entry or a hole. */
bool track_segment(struct connection *c, int sender, const struct segment *segment) MUST_CHECK;

/* Counts a segment that is no testimony about the connection. */
void track_aside(struct connection *c, int sender, const struct segment *segment);

/* What an RST that was just tracked carries; the first of each side is kept. False when memory ran
 * out. */
bool track_reason(struct connection *c, int sender, const struct segment *segment,
                  const struct segment_aux *aux) MUST_CHECK;

/* `forged` was opened by a SYN that its sender knows nothing of: what it holds becomes part of the
 * connection that goes on. False when memory ran out. */
bool connection_absorb(struct connection *c, const struct connection *forged) MUST_CHECK;

/* Gives the connection, which has none, a detail of zero bytes; whoever lent it takes it back after
 * connection_finish(), unless `place` is 0. */
void connection_lend(struct connection *c, struct detail *detail, uint32_t place);

/* The detail, made when it does not exist yet; NULL when memory ran out. */
struct detail *connection_detail(struct connection *c) MUST_CHECK;

/* False when the segment's numbers lie far from every space of the connection that is known. */
bool numbers_fit(const struct connection *c, int sender, const struct segment *segment);

#endif
