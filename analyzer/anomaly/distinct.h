/*
 * How many different things there were among many, and how many of them came again and again:
 * exactly, up to DISTINCT_MAX or the memory that is granted; beyond that what is new is passed
 * over, so that counts are never too high. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_DISTINCT_H
#define FINWAIT_ANALYZER_ANOMALY_DISTINCT_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISTINCT_MAX 65536u

/* Whoever tries everything twice, and that in two rounds, still tries everything. */
#define DISTINCT_FEW 4u

struct distinct {
    uint64_t *slots; /* owned: hashes, in the lowest bits how often they came; 0: free */
    uint32_t room;   /* slots: a power of two, or none */
    uint32_t count;
    uint64_t seen;     /* occurrences of what is counted */
    uint64_t repeated; /* of these, such as were not among a thing's first DISTINCT_FEW */
    bool full;         /* something new was passed over */
};

/* `hash` with all bits mixed. The set's memory is taken out of `*budget`, octets that several sets
 * may share. False when it was passed over. */
bool distinct_add(struct distinct *distinct, uint64_t hash, size_t *budget);

/* The same of what the caller knows not to be in the set. */
bool distinct_add_new(struct distinct *distinct, uint64_t hash, size_t *budget);

/* Has the memory on its way that distinct_add() will look at. */
static inline void distinct_fetch(const struct distinct *distinct, uint64_t hash)
{
    if (distinct->room)
        FETCH(&distinct->slots[(uint32_t)(hash >> 32) & (distinct->room - 1)]);
}

void distinct_finish(struct distinct *distinct);

#endif
