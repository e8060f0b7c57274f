/*
 * Facts in order, put through the state function.
 */
#ifndef FINWAIT_ANALYZER_STATE_TIMELINE_H
#define FINWAIT_ANALYZER_STATE_TIMELINE_H

#include "analyzer/state/facts.h"
#include "analyzer/state/states.h"

/* The state that these facts of one endpoint give (RFC 9293 section 3.3.2): bit 1 << enum fact_id
 * for each that holds. */
enum tcp_state state_of_facts(const struct endpoint_facts *endpoint, unsigned facts);

/* Fills entries, count, state, certainty and TIME_WAIT's times. */
void timeline_make(const struct evidence *evidence, int x, const struct endpoint_facts *endpoint,
                   struct endpoint_states *states);

#endif
