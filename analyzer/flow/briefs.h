/*
 * Brief connections among the flows: begun where a lone SYN is answered, grown, made records, given
 * back. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_BRIEFS_H
#define FINWAIT_ANALYZER_FLOW_BRIEFS_H

#include "analyzer/flow/flows.h"
#include "dissect/compiler.h"

/* Takes the segment as what makes a brief connection of a lone SYN: its value in the table from now
 * on. POOL_NONE when it does not, or memory ran out: nothing has happened. */
uint32_t flows_begin_brief(struct flows *flows, uint32_t tag, uint32_t lone, int sender,
                           const struct segment *segment) MUST_CHECK;

/* Makes room for a segment that found none in a brief connection, which has a new value then.
 * POOL_NONE when it needs none, or memory ran out. */
uint32_t flows_grow_brief(struct flows *flows, uint32_t brief) MUST_CHECK;

/* Makes a record of a brief connection, open or closed, with which something else than
 * the next segment is done: its index, or POOL_NONE, for closed_failure(). */
uint32_t flows_make_whole(struct flows *flows, uint32_t brief) MUST_CHECK;

/* Before the first, and after all have been handed out. */
void flows_init_briefs(struct flows *flows);
void flows_release_briefs(struct flows *flows);

/* Takes in what it shows of both its ends. */
void flows_hear_brief(struct flows *flows, const struct brief *brief);

/* A brief connection that no segment finds any more. */
void flows_release_brief(struct flows *flows, uint32_t brief);

/* As closed_drop(), but what is kept of it is the receiver's, for connection_finish(). False when
 * memory ran out: it is still here. */
bool flows_let_closed_go(struct flows *flows, uint32_t value, const struct brief *brief,
                         struct connection *given) MUST_CHECK;

#endif
