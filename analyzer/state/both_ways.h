/*
 * For tests: conclusions held against each other, and the short way of conclude() against the
 * general one.
 */
#ifndef FINWAIT_ANALYZER_STATE_BOTH_WAYS_H
#define FINWAIT_ANALYZER_STATE_BOTH_WAYS_H

#include "analyzer/conclude.h"

/* Do they say the same, in all but their anomalies? */
bool same_conclusion(const struct conclusion *a, const struct conclusion *b);

/* Concludes the connection as conclude() does and, when that is the short way, at length as well;
 * fails the test when the two differ in anything. `what` names it on standard error. */
enum shape both_ways(const struct connection *connection, const struct analyzer_config *config,
                     int64_t now_ns, const char *what);

#endif
