#include "analyzer/anomaly/distinct.h"

#include <stdbool.h>

#define LEVEL_MAX 48u

static bool in_sample(const struct distinct *d, uint64_t hash)
{
    return (hash & ((UINT64_C(1) << d->level) - 1)) == 0;
}

static void thin(struct distinct *d)
{
    d->level++;
    uint32_t kept = 0;
    d->seen = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        if (!in_sample(d, d->hashes[i]))
            continue;
        d->hashes[kept] = d->hashes[i];
        d->times[kept] = d->times[i];
        d->seen += d->times[i];
        kept++;
    }
    d->count = kept;
}

void distinct_add(struct distinct *d, uint64_t hash)
{
    if (!in_sample(d, hash))
        return;
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->hashes[i] == hash) {
            d->times[i] += d->times[i] < UINT32_MAX;
            d->seen++;
            return;
        }
    }
    while (d->count == DISTINCT_SAMPLE && d->level < LEVEL_MAX)
        thin(d);
    if (d->count == DISTINCT_SAMPLE || !in_sample(d, hash))
        return;
    d->hashes[d->count] = hash;
    d->times[d->count++] = 1;
    d->seen++;
}
