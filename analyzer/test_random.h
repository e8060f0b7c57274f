/*
 * For tests: numbers that look random, and are the same in every run.
 */
#ifndef FINWAIT_ANALYZER_TEST_RANDOM_H
#define FINWAIT_ANALYZER_TEST_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

static uint64_t random_state;

static inline uint32_t random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % limit;
}

/* One in so many; never for 0. */
static inline bool one_in(uint32_t many)
{
    return many && random_below(many) == 0;
}

#endif
