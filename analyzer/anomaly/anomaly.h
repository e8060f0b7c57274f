/*
 * What is wrong with how a connection ended: every rule of the catalogue over one connection that
 * has become final. Reads, never changes, the connection; keeps nothing between connections.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_ANOMALY_H
#define FINWAIT_ANALYZER_ANOMALY_ANOMALY_H

#include "analyzer/conclude.h"
#include "analyzer/config.h"
#include "analyzer/tcp/connection.h"
#include "analyzer/verdict.h"

#define ANOMALIES_MAX 24

/* What was found in one connection; large, so made once and used again. */
struct anomaly_set {
    uint32_t count;
    struct anomaly_verdict items[ANOMALIES_MAX];
};

/* Fills `found`, sorted by evidence, and makes the conclusion's verdict point to it. `now_ns` as
 * for conclude(). */
void anomalies_judge(const struct connection *connection, const struct analyzer_config *config,
                     int64_t now_ns, struct conclusion *conclusion, struct anomaly_set *found);

#endif
