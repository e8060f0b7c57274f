/*
 * What becomes of connections that are final: they are concluded and judged, counted in the
 * summary, in their hosts and services, and told; at the end the hosts are. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_COUNT_H
#define FINWAIT_ANALYZER_COUNT_H

#include "analyzer/whole.h"
#include "dissect/compiler.h"

/* For the flows, whose context is the analyzer: see flows.h. */
bool count_final(void *context, struct connection *connection, bool evicted);
bool count_final_run(void *context, struct connection *const *connections, uint32_t count);
bool count_settle(void *context);
bool count_begin_drain(void *context);

/* From now on a thread counts what time has ended, if the system has one. */
void count_with_thread(struct analyzer *analyzer);

/* After the last connection: all that is told of hosts, and what ranks in the summary. */
enum analyzer_status count_hosts(struct analyzer *analyzer) MUST_CHECK;

#endif
