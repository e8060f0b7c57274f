#include "analyzer/anomaly/distinct.h"

#include <stdlib.h>

#define ROOM_FIRST 64u
#define TIMES_MASK UINT64_C(7)

_Static_assert(DISTINCT_FEW <= TIMES_MASK, "counted in the lowest bits of a slot");

/* The slot that holds the hash, or the free one where it belongs. */
static uint64_t *slot_of(const struct distinct *d, uint64_t hash)
{
    uint32_t at = (uint32_t)(hash >> 32) & (d->room - 1);
    while (d->slots[at] && ((d->slots[at] ^ hash) & ~TIMES_MASK))
        at = (at + 1) & (d->room - 1);
    return &d->slots[at];
}

static bool grow(struct distinct *d, size_t *budget)
{
    uint32_t room = d->room ? 2 * d->room : ROOM_FIRST;
    size_t more = (room - d->room) * sizeof *d->slots;
    if (more > *budget)
        return false;
    uint64_t *slots = calloc(room, sizeof *slots);
    if (!slots)
        return false;
    *budget -= more;
    struct distinct bigger = {.slots = slots, .room = room};
    for (uint32_t i = 0; i < d->room; i++) {
        if (d->slots[i])
            *slot_of(&bigger, d->slots[i]) = d->slots[i];
    }
    free(d->slots);
    d->slots = slots;
    d->room = room;
    return true;
}

/* Room for one more, a quarter of all being free. */
static bool has_room(struct distinct *d, size_t *budget)
{
    return d->count < DISTINCT_MAX && (d->count < d->room / 4 * 3 || grow(d, budget));
}

bool distinct_add_new(struct distinct *d, uint64_t hash, size_t *budget)
{
    if (d->full || !has_room(d, budget)) {
        d->full = true;
        return false;
    }
    *slot_of(d, hash) = (hash & ~TIMES_MASK) | 1;
    d->count++;
    d->seen++;
    return true;
}

bool distinct_add(struct distinct *d, uint64_t hash, size_t *budget)
{
    uint64_t *slot = d->room ? slot_of(d, hash) : NULL;
    if (!slot || !*slot)
        return distinct_add_new(d, hash, budget);
    d->seen++;
    uint64_t times = *slot & TIMES_MASK;
    if (times < DISTINCT_FEW)
        ++*slot;
    else
        d->repeated++;
    return true;
}

void distinct_finish(struct distinct *d)
{
    free(d->slots);
    *d = (struct distinct){.slots = NULL};
}
