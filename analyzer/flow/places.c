#include "analyzer/flow/places.h"

#include "analyzer/pages.h"

#include <stdlib.h>

#define REGION_BYTES (8 * LARGE_PAGE)

/* Fewer may stay all there are, and would take more than they need. */
#define APART_BYTES (LARGE_PAGE / 4)

void places_init(struct places *p, size_t bytes)
{
    places_init_heap(p, bytes);
    /* What is given back of a region goes back to the system, which takes whole pages. */
    if (bytes && bytes <= REGION_BYTES && bytes % PAGE_LEAST == 0)
        p->apart = (uint32_t)(APART_BYTES / bytes) + 1;
}

void places_init_heap(struct places *p, size_t bytes)
{
    *p = (struct places){.bytes = bytes, .apart = UINT32_MAX};
}

void places_finish(struct places *p)
{
    for (uint32_t i = 0; i < p->region_count; i++) {
        if (p->regions[i])
            pages_release(p->regions[i], REGION_BYTES);
    }
    free(p->regions);
    p->regions = NULL;
    p->region_count = 0;
}

static uint32_t in_a_region(const struct places *p)
{
    return (uint32_t)(REGION_BYTES / p->bytes);
}

static uint32_t region_of(const struct places *p, uint32_t number)
{
    return (number - p->apart) / in_a_region(p);
}

bool places_in_region(const struct places *p, uint32_t number)
{
    return number >= p->apart && p->regions[region_of(p, number)];
}

/* False when it cannot be noted that there is one, or none. */
static bool reserve_region(struct places *p)
{
    uint8_t **regions = realloc(p->regions, (p->region_count + 1) * sizeof *regions);
    if (!regions)
        return false;
    p->regions = regions;
    p->regions[p->region_count++] = pages_reserve(REGION_BYTES);
    return true;
}

void *places_take(struct places *p, uint32_t number)
{
    if (number < p->apart)
        return aligned_alloc(64, p->bytes);
    while (region_of(p, number) >= p->region_count) {
        if (!reserve_region(p))
            return NULL;
    }
    if (!places_in_region(p, number))
        return aligned_alloc(64, p->bytes);
    uint32_t place = (number - p->apart) % in_a_region(p);
    return p->regions[region_of(p, number)] + place * p->bytes;
}

void places_give(struct places *p, uint32_t number, void *piece)
{
    if (places_in_region(p, number))
        pages_forget(piece, p->bytes);
    else
        free(piece);
}
