/*
 * For tests: verdicts and findings of every shape that the doors allow, from a fixed seed. Numbers
 * lean towards the ends of their types, texts towards what breaks writers and terminals. What a
 * verdict promises (possible states, known roles) holds; what it says need make no sense.
 */
#ifndef FINWAIT_REPORTS_RANDOM_VERDICT_H
#define FINWAIT_REPORTS_RANDOM_VERDICT_H

#include "analyzer/verdict.h"
#include "dissect/compiler.h"
#include "dissect/findings.h"

#include <stdint.h>

/* Timelines are mostly short; some are longer than the writer's buffer holds. */
#define RANDOM_STATES    200
#define RANDOM_ANOMALIES 6
#define RANDOM_SERVICES  40
#define RANDOM_FINDINGS  12

struct random_source {
    uint64_t state;
    struct state_entry client_states[RANDOM_STATES], server_states[RANDOM_STATES];
    struct anomaly_verdict anomalies[RANDOM_ANOMALIES];
    struct service_use services[RANDOM_SERVICES];
    struct finding findings[RANDOM_FINDINGS];
    struct service_closes closes[RANDOM_SERVICES];
};

/* The verdict points into the source: valid until the next one. */
void random_verdict(struct random_source *source, struct connection_verdict *verdict);

/* False when memory ran out. findings_finish() is the caller's in either case. */
bool random_findings(struct random_source *source, struct capture_findings *findings,
                     uint32_t files) MUST_CHECK;

/* About a host. */
void random_host_anomaly(struct random_source *source, struct anomaly_verdict *verdict);

void random_sample(struct random_source *source, struct sample_verdict *verdict);

/* The verdict points into the source: valid until the next one; so does the summary. */
void random_host(struct random_source *source, struct host_verdict *verdict);
void random_summary(struct random_source *source, struct summary_verdict *summary);

#endif
