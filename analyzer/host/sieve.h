/*
 * Tells of most names that nothing is held under them, without a look at the tables where it would
 * stand: a scan names services by the million, of which the tables hold the first thousands, and
 * each look for one of the others would wait for memory. A Bloom filter whose two bits of a name
 * stand in one word; what was put in stays. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_HOST_SIEVE_H
#define FINWAIT_ANALYZER_HOST_SIEVE_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

/* 128 KiB, of which the caches keep most: with 65,536 names in it one in seventy others passes. */
#define SIEVE_BITS_OF_PLACE 14
#define SIEVE_WORDS         (1u << SIEVE_BITS_OF_PLACE)

/* All zero at first. */
struct sieve {
    uint64_t words[SIEVE_WORDS];
};

/* Of the hash's lower half, for its upper half is what tables go by (table_tag()). */
static inline uint64_t *sieve_word(struct sieve *sieve, uint64_t hash)
{
    return &sieve->words[hash & (SIEVE_WORDS - 1)];
}

static inline uint64_t sieve_bits(uint64_t hash)
{
    return UINT64_C(1) << (hash >> SIEVE_BITS_OF_PLACE & 63) |
           UINT64_C(1) << (hash >> (SIEVE_BITS_OF_PLACE + 6) & 63);
}

/* False: it was never put in. */
static inline bool sieve_may_hold(struct sieve *sieve, uint64_t hash)
{
    return !(sieve_bits(hash) & ~*sieve_word(sieve, hash));
}

static inline void sieve_put(struct sieve *sieve, uint64_t hash)
{
    *sieve_word(sieve, hash) |= sieve_bits(hash);
}

#endif
