/* splitmix64: small, the same on every machine, and good enough for dice. */
#ifndef TESTS_SIM_RANDOM_H
#define TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* From `low` to `high`, both included. */
static inline int64_t random_between(struct random *random, int64_t low, int64_t high)
{
    return low + (int64_t)(random_next(random) % (uint64_t)(high - low + 1));
}

/* As many between 1 and 2 as between 2 and 4: magnitudes are equally likely, not values. */
static inline int64_t random_magnitude(struct random *random, int64_t low, int64_t high)
{
    int doublings = 0;
    for (int64_t value = low; value <= high / 2; value *= 2) {
        doublings++;
    }
    int64_t value = low << random_between(random, 0, doublings);
    value = random_between(random, value, 2 * value);
    return value > high ? high : value;
}

static inline bool random_percent(struct random *random, int percent)
{
    return random_between(random, 0, 99) < percent;
}

/* `share` of 2^32. */
static inline bool random_share(struct random *random, uint32_t share)
{
    return (uint32_t)(random_next(random) >> 32) < share;
}

#endif
