/*
 * Where all that is held stands in the order in which it is handed out. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_ORDER_H
#define FINWAIT_ANALYZER_FLOW_ORDER_H

#include "analyzer/flow/flows.h"

/* Sorts a list by times; and that of what is due. */
void order_sort(const struct flows *flows, struct due_list *list);
void order_due(struct flows *flows);

/* Everything, for flows_drain(): first what lingers, by the time at which it would become final,
 * then the rest by first frames. What both its ends show is taken in. False when memory ran out. */
bool order_all(struct flows *flows) MUST_CHECK;

/* The same of the first FLOW_LAST_MOST of those that tell most. */
bool order_some(struct flows *flows) MUST_CHECK;

#endif
