/*
 * What was found, counted by rule and service over the whole capture, and ranked: the few lines
 * that somebody reads first. Inside the room only.
 *
 * Memory is bounded: services and rows beyond the limits below, and beyond what --max-memory leaves
 * for them, are counted together, a row a rule.
 * Limits bite in the order in which connections become final, never by hash.
 */
#ifndef FINWAIT_ANALYZER_HOST_TALLY_H
#define FINWAIT_ANALYZER_HOST_TALLY_H

#include "analyzer/host/ends.h"
#include "analyzer/host/roll.h"
#include "analyzer/verdict.h"

#define TALLY_ROWS_MAX 65536u
#define TALLY_SERVICES_MAX                                                                         \
    65536u /* where something was established, and as many where nothing was */
#define TALLY_FINDINGS_MAX 100u
#define TALLY_SERVICES_TOLD                                                                        \
    50u /* with the most connections that opened, and as many with the most trouble among them */
#define TALLY_CLIENTS 8u /* the most frequent are kept track of in so many counters */

/* A client's share, after Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and
 * top-k elements in data streams" (2005): at least count - over, at most count. */
struct tally_client {
    uint8_t address[16];
    uint64_t count;
    uint64_t over;
};

struct tally_row {
    struct roll_key key; /* the service's or the host's address, the port, the rule */
    uint8_t severity;
    bool has_service, has_host;
    uint8_t client_count;
    uint64_t count;
    uint64_t affected;    /* connections */
    uint64_t last_stream; /* of them: one may have several anomalies */
    int64_t start_ns, end_ns;
    uint8_t client[16];           /* the only one: all that was counted is its */
    struct tally_client *clients; /* owned, of TALLY_CLIENTS; NULL while there is only one */
};

struct tally {
    struct roll rows;
    struct roll services;
    uint32_t services_most, rows_most;
    uint32_t services_open;       /* of them, where something was established */
    struct tally_row rest[RULES]; /* without service */
    struct finding *findings;     /* owned, after tally_rank(), */
    struct service_closes *told;  /* as is this */
};

bool tally_init(struct tally *tally, const struct hash_key *secret,
                uint64_t max_memory_bytes) MUST_CHECK;
/* What it may come to hold. */
uint64_t tally_bytes(const struct tally *tally);

void tally_finish(struct tally *tally);

/* A connection of these will soon become final: the slots are on their way; they have come, and the
 * service is; it has come, the anomalies are known, and what these are counted in is. */
void tally_fetch(const struct tally *tally, const struct ends *ends);
void tally_fetch_service(const struct tally *tally, const struct ends *ends);
void tally_fetch_rows(struct tally *tally, const struct connection_verdict *verdict,
                      const struct ends *ends);

/* A connection that has become final, with its anomalies. False when memory ran out. */
bool tally_connection(struct tally *tally, const struct connection_verdict *verdict,
                      const struct ends *ends) MUST_CHECK;

/* An anomaly of a host. False when memory ran out. */
bool tally_host(struct tally *tally, const struct anomaly_verdict *anomaly) MUST_CHECK;

/* Fills the summary's findings and services, which are the tally's. Findings are ranked by
 * severity, what is said of hosts first, then by how much of the service is concerned, weighed by
 * how often; facts come last. False when memory ran out. */
bool tally_rank(struct tally *tally, struct summary_verdict *summary) MUST_CHECK;

#endif
