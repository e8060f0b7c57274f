/*
 * For tests: keys of the hash that are the same in every run.
 */
#ifndef FINWAIT_ANALYZER_TEST_KEYS_H
#define FINWAIT_ANALYZER_TEST_KEYS_H

#include "analyzer/flow/hash.h"

/* All of it from the seed, each number in another way (SplitMix64). */
static inline uint64_t test_key_number(uint64_t *seed)
{
    uint64_t x = *seed += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline struct hash_key test_key(uint64_t seed)
{
    struct hash_key key = {.first = test_key_number(&seed)};
    for (unsigned i = 0; i < HASH_WORDS_MOST; i++) {
        key.of_word[i].low = test_key_number(&seed);
        key.of_word[i].high = test_key_number(&seed);
    }
    return key;
}

#endif
