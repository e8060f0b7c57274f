/*
 * Every state that an endpoint may be in as far as the capture can tell. Never without the most
 * likely one, and never wider than its evidence.
 */
#ifndef FINWAIT_ANALYZER_STATE_POSSIBLE_H
#define FINWAIT_ANALYZER_STATE_POSSIBLE_H

#include "analyzer/state/facts.h"
#include "analyzer/state/states.h"

/* Fills possible and vanished; the timeline must be there. */
void possible_make(const struct evidence *evidence, int x, const struct endpoint_facts ends[2],
                   struct endpoint_states *states);

#endif
