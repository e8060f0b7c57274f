/*
 * A five-tuple used again: what the new use remembers of the old one, and what still passes of it
 * (tcp-close.md 7, RFC 9293 section 3.6.1).
 */
#ifndef FINWAIT_ANALYZER_FLOW_REUSE_H
#define FINWAIT_ANALYZER_FLOW_REUSE_H

#include "analyzer/config.h"
#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"

/* Lets `c`, just made, remember `old`, the use before it. `now_ns` is how far the capture has come.
 * False when memory ran out. */
bool remember_previous(struct connection *c, const struct connection *old,
                       const struct analyzer_config *config, int64_t now_ns) MUST_CHECK;

/* While the SYN of a new use waits for its answer: the addressee's ACK of the old numbers, the RST
 * that this draws from the SYN's sender, or that sender's going on as if it had sent no SYN. Their
 * numbers may lie anywhere from the new ones. */
bool answers_with_old_numbers(const struct connection *c, int sender,
                              const struct segment *segment);

/* All of it had been sent in the former use, although its sender has begun the new one since. */
bool is_of_former_use(const struct connection *c, int sender, const struct segment *segment);

/* Remembers it in the new use, about which nothing in it is testimony, if it came late and on the
 * same path: an old duplicate. */
void note_of_former_use(struct connection *c, int sender, const struct segment *segment);

#endif
