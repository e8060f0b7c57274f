/*
 * How many different things there were among many, and how often each came on average: exact while
 * they are few, then a sample by hash (Gibbons, "Distinct sampling for highly-accurate answers to
 * distinct values queries", 2001). Of what is in the sample every occurrence was counted. Inside
 * the room only.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_DISTINCT_H
#define FINWAIT_ANALYZER_ANOMALY_DISTINCT_H

#include <stdint.h>

#define DISTINCT_SAMPLE 256u

struct distinct {
    uint64_t seen; /* occurrences of what is in the sample */
    uint32_t count;
    uint32_t level; /* hashes whose so many lowest bits are zero are in the sample */
    uint64_t hashes[DISTINCT_SAMPLE];
    uint32_t times[DISTINCT_SAMPLE];
};

/* `hash` with all bits mixed. */
void distinct_add(struct distinct *distinct, uint64_t hash);

static inline uint64_t distinct_count(const struct distinct *distinct)
{
    return (uint64_t)distinct->count << distinct->level;
}

#endif
