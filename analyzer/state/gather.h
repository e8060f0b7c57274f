/*
 * Internal to the gathering of facts: the three subjects of facts.c, and the words they share.
 */
#ifndef FINWAIT_ANALYZER_STATE_GATHER_H
#define FINWAIT_ANALYZER_STATE_GATHER_H

#include "analyzer/state/facts.h"

/* ---- facts.c: how a fact is noted and given up ---------------------------------------------- */

static inline void set_fact(struct endpoint_facts *e, enum fact_id id, const struct evidence *ev,
                            int i, enum certainty certainty, enum state_cause cause)
{
    e->facts[id] = (struct fact){.holds = true,
                                 .certainty = certainty,
                                 .cause = cause,
                                 .at_ns = ev->log[i].time_ns,
                                 .frame = ev->log[i].frame,
                                 .index = i,
                                 .order = ORDER_AT(i)};
}

/* A fact that no segment made so: it holds behind all that passed. */
static inline void set_by_time(struct endpoint_facts *e, enum fact_id id, const struct evidence *ev,
                               int64_t at_ns, enum state_cause cause)
{
    e->facts[id] = (struct fact){.holds = true,
                                 .certainty = CERTAINTY_PRESUMED,
                                 .cause = cause,
                                 .at_ns = at_ns,
                                 .frame = FRAME_NONE,
                                 .index = ev->count,
                                 .order = ORDER_AT(ev->count)};
}

/* A fact that rests on entry `i` having reached the endpoint. */
void set_received(struct endpoint_facts *e, enum fact_id id, const struct evidence *ev, int i,
                  const struct receipt *r, enum state_cause cause);

void retract(struct endpoint_facts *e, enum fact_id id, const struct evidence *ev, int i,
             const struct receipt *r, enum state_cause cause);

int withdrawn_before(const struct endpoint_facts *e, enum fact_id id);

/* ---- opening.c ------------------------------------------------------------------------------ */

/* The handshake of X; after its FIN is known. */
void gather_opening(const struct evidence *ev, int x, struct endpoint_facts *e);

/* A SYN-ACK that does not acknowledge X's SYN opens nothing: X sends RST and waits on (RFC 9293
 * section 3.10.7.3). */
bool answers_other_syn(const struct evidence *ev, int x, int i);

/* ---- closing.c ------------------------------------------------------------------------------ */

void gather_own_fin(const struct evidence *ev, int x, struct endpoint_facts *e);

/* What became of both FINs; after both are known. */
void gather_close(const struct evidence *ev, struct endpoint_facts ends[2]);

/* What only resets tell of X's FIN; after those are known. */
void settle_own_fin(const struct evidence *ev, int x, struct endpoint_facts *e);

/* ---- resets.c ------------------------------------------------------------------------------- */

void gather_resets(const struct evidence *ev, int x, struct endpoint_facts *e);

/* ---- timeouts.c ----------------------------------------------------------------------------- */

/* What X's silence tells, after everything else is known. */
void gather_timeouts(const struct evidence *ev, int x, struct endpoint_facts *e);

#endif
