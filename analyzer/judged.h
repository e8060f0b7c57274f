/*
 * A connection that has become final, with all that is said of it. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_JUDGED_H
#define FINWAIT_ANALYZER_JUDGED_H

#include "analyzer/anomaly/anomaly.h"
#include "analyzer/conclude.h"
#include "analyzer/host/arrival.h"

struct judged {
    struct arrival arrival; /* first: of whole lines of the cache where this begins with one */
    const struct connection *connection; /* whole */
    struct conclusion conclusion;        /* points to `found` */
    struct anomaly_set found;
};

/* What conclude() and anomalies_judge() say of it, whose arguments these are, and what of that is
 * counted: step by step, of a connection that is set. */
static inline void judged_conclude(struct judged *judged, const struct analyzer_config *config,
                                   int64_t now_ns, bool evicted)
{
    conclude(judged->connection, config, now_ns, evicted, &judged->conclusion);
}

static inline void judged_find(struct judged *judged, const struct analyzer_config *config,
                               int64_t now_ns)
{
    anomalies_judge(judged->connection, config, now_ns, &judged->conclusion, &judged->found);
}

static inline void judged_arrive(struct judged *judged, const struct analyzer_config *config,
                                 int64_t now_ns)
{
    arrival_make(judged->connection, &judged->conclusion, config, now_ns, &judged->arrival);
}

/* All of it. */
static inline void judged_make(struct judged *judged, const struct connection *connection,
                               const struct analyzer_config *config, int64_t now_ns, bool evicted)
{
    judged->connection = connection;
    judged_conclude(judged, config, now_ns, evicted);
    judged_find(judged, config, now_ns);
    judged_arrive(judged, config, now_ns);
}

#endif
