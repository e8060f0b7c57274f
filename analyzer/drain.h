/*
 * When a capture is over, all that is left becomes final at once: connections are concluded and
 * judged by a thread, a little ahead of who counts and reports them in their order, and by that one
 * where it would have to wait (claims.h). conclude() and anomalies_judge() read the connection and
 * the config, and nothing that counting changes. Lone SYNs are left to who counts: to hand on what
 * is made of one takes longer than to make it.
 */
#ifndef FINWAIT_ANALYZER_DRAIN_H
#define FINWAIT_ANALYZER_DRAIN_H

#include "analyzer/flow/flows.h"
#include "analyzer/flow/stamps.h"
#include "analyzer/host/ends.h"
#include "analyzer/judged.h"

struct drain;

/* Over the flows' due connections, whose order is final; all borrowed until drain_end(). `ends` is
 * as who counts names them. NULL when few are left to it, or the system gives no thread or no
 * memory: then it is done without. */
struct drain *drain_begin(const struct flows *flows, const struct analyzer_config *config,
                          const struct ends_maker *ends) MUST_CHECK;

/* What was made of the next connection, the caller's until the next call. Or NULL: it is left to
 * the caller, in `*whole` unless it is a lone SYN. */
struct judged *drain_next(struct drain *drain, const struct connection **whole);

/* What is asked of it first: where it is counted. */
struct drain_note {
    struct ends ends;
    enum stamp_word stamp;
};

/* Of what drain_next() gave last, or of one that it will give so many calls later that do not give
 * NULL; NULL when that is not made yet. The caller's until the next call. */
const struct drain_note *drain_note(const struct drain *drain, uint32_t ahead);

void drain_end(struct drain *drain);

#endif
