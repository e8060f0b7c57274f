/*
 * When a capture is over, all that is left becomes final at once: connections are concluded and
 * judged a few dozen at a time, ahead of being counted and reported in their order. Each step is
 * done for all of these before the next step, and where they are counted is known ahead. A thread
 * does so a little ahead of who counts, and that one does it itself where there is none, or where
 * it would have to wait (claims.h). conclude() and anomalies_judge() read the connection and the
 * config, and nothing that counting changes. Lone SYNs are left to who counts: to hand on what is
 * made of one takes longer than to make it.
 */
#ifndef FINWAIT_ANALYZER_DRAIN_H
#define FINWAIT_ANALYZER_DRAIN_H

#include "analyzer/flow/flows.h"
#include "analyzer/flow/stamps.h"
#include "analyzer/host/ends.h"
#include "analyzer/judged.h"

/* What is asked of one first: where it is counted. */
struct drain_note {
    struct ends ends;
    enum stamp_word stamp;
};

static inline struct drain_note drain_note_of(const struct ends_maker *namer,
                                              const struct connection *c)
{
    return (struct drain_note){ends_of_connection(namer, c), stamps_word(c)};
}

struct drain;

/* Over the flows' due connections, whose order is final; all borrowed until drain_end(). `ends` is
 * as who counts names them. NULL when few are left to it, or there is no memory: then it is done
 * without. */
struct drain *drain_begin(const struct flows *flows, const struct analyzer_config *config,
                          const struct ends_maker *ends, bool with_thread) MUST_CHECK;

/* What was made of the next connection, the caller's until the next call; NULL of a lone SYN, which
 * is left to the caller. */
struct judged *drain_next(struct drain *drain);

/* How many there are from that one on of which no lone SYN comes between, and all are made and will
 * be given: some, at least that one. */
uint32_t drain_run(const struct drain *drain);

/* Of the run the one that comes so many behind that which drain_next() gave last, 0: itself; the
 * caller's, with its note, until it is given and the next call. What is counted of another that
 * comes a little later is on its way. */
struct judged *drain_judged(struct drain *drain, uint32_t ahead);

/* The note of one that comes so many later and is not a lone SYN, or NULL: it is not made yet. The
 * caller's until the next call of drain_next(). */
const struct drain_note *drain_note(struct drain *drain, uint32_t ahead);

void drain_end(struct drain *drain);

#endif
