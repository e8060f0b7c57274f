/*
 * Failures to open that are too many to be told one by one: per client address and rule the first
 * CROWD_TOLD are records, the rest become one record about the client at the end. Knows many
 * connections, and nothing of each but its verdict.
 *
 * Memory is bounded, by constants and by --max-memory: clients beyond the limits are not held, and
 * what they fail is told one by one.
 * Limits bite in the order in which connections become final, never by hash.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_CROWD_H
#define FINWAIT_ANALYZER_ANOMALY_CROWD_H

#include "analyzer/anomaly/anomaly.h"
#include "analyzer/host/ends.h"
#include "analyzer/host/roll.h"

#define CROWD_TOLD    TABLE_SIZE(100u, 3u)
#define CROWD_CLIENTS TABLE_SIZE(65536u, 4u)
#define CROWD_HEAVY   TABLE_SIZE(2048u, 2u) /* of these, with more than CROWD_TOLD of some rule */
#define CROWD_BYTES   (UINT32_C(64) << 20)  /* for what all of them tried */

/* Scans come from a few clients at a time: these are found again without a look into the roll. */
#define CROWD_RECENT_BITS 4

struct client;

struct crowd {
    struct roll clients;
    struct client *heavy[CROWD_HEAVY];              /* those whose rest is not told one by one */
    struct client *recent[1u << CROWD_RECENT_BITS]; /* of them, by their hashes */
    uint32_t heavy_count;
    size_t budget; /* what is left of `granted` */
    size_t granted;
    uint32_t clients_most, heavy_most;
};

bool crowd_init(struct crowd *crowd, const struct hash_key *secret,
                uint64_t max_memory_bytes) MUST_CHECK;
/* What it may come to hold. */
uint64_t crowd_bytes(const struct crowd *crowd);

void crowd_finish(struct crowd *crowd);

/* A connection between these will soon be asked about: has memory on its way. */
void crowd_fetch(const struct crowd *crowd, const struct ends *ends);

/* Takes out of the verdict's anomalies, which are those of `found`, what is not told one by one.
 * Where memory ran out it stays. */
void crowd_thin(struct crowd *crowd, struct connection_verdict *verdict, const struct ends *ends,
                struct anomaly_set *found);

/* Makes the records, in order of address. False when `take` returned false. */
bool crowd_tell(struct crowd *crowd,
                bool (*take)(void *context, const struct anomaly_verdict *anomaly),
                void *context) MUST_CHECK;

#endif
