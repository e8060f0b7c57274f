/*
 * From a connection that has become final to its verdict. Reads, never changes, the connection.
 */
#ifndef FINWAIT_ANALYZER_CONCLUDE_H
#define FINWAIT_ANALYZER_CONCLUDE_H

#include "analyzer/config.h"
#include "analyzer/state/states.h"
#include "analyzer/tcp/connection.h"
#include "analyzer/verdict.h"

/* What a verdict points into: to be kept as long as the verdict is used. */
struct conclusion {
    struct connection_verdict verdict;
    struct endpoint_states states[2];
    struct states_basis basis;
};

/* `now_ns` is how far the capture had come. */
void conclude(const struct connection *connection, const struct analyzer_config *config,
              int64_t now_ns, bool evicted, struct conclusion *conclusion);

/* The same, as for connections of any shape. */
void conclude_at_length(const struct connection *connection, const struct analyzer_config *config,
                        int64_t now_ns, bool evicted, struct conclusion *conclusion);

#endif
