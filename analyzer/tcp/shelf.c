#include "analyzer/tcp/shelf.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* While blocks are taken of it, a shelf has so many in use that all that are given back leave some:
 * those that were taken are counted once, when it is full. */
#define WHILE_FILLING (UINT32_C(1) << 31)

struct shelf {
    _Atomic uint32_t in_use;
    uint32_t unused; /* blocks stand at multiples of eight */
    uint8_t octets[];
};

_Static_assert(sizeof(struct shelf) == 8, "no block's place is 0");

static void give(struct shelf *shelf, uint32_t blocks)
{
    if (atomic_fetch_sub_explicit(&shelf->in_use, blocks, memory_order_acq_rel) == blocks)
        free(shelf);
}

static void end(struct shelves *s)
{
    if (s->filling)
        give(s->filling, WHILE_FILLING - s->taken);
}

void shelves_finish(struct shelves *s)
{
    end(s);
    while (s->spare_count)
        free(s->spares[--s->spare_count]);
    *s = (struct shelves){.filling = NULL};
}

/* Of the first most may stay unused. */
static struct shelf *take_memory(const struct shelves *s)
{
    struct shelf *shelf = malloc(SHELF_BYTES);
    if (shelf && s->filling)
        pages_take(shelf, SHELF_BYTES);
    return shelf;
}

void shelves_prepare(struct shelves *s, struct pages_wanted wanted[SHELVES_AHEAD])
{
    for (unsigned i = 0; i < SHELVES_AHEAD; i++) {
        struct shelf *spare =
            s->filling && s->spare_count < SHELVES_AHEAD ? malloc(SHELF_BYTES) : NULL;
        wanted[i] = (struct pages_wanted){spare, SHELF_BYTES};
        if (spare)
            s->spares[s->spare_count++] = spare;
    }
}

static bool begin(struct shelves *s)
{
    struct shelf *shelf = s->spare_count ? s->spares[--s->spare_count] : take_memory(s);
    if (!shelf)
        return false;
    end(s);
    atomic_init(&shelf->in_use, WHILE_FILLING);
    s->filling = shelf;
    s->used = sizeof *shelf;
    s->taken = 0;
    return true;
}

void *shelves_take(struct shelves *s, size_t bytes, uint32_t *place)
{
    assert(bytes > 0 && bytes <= SHELF_BLOCK_MAX);
    uint32_t size = (uint32_t)(bytes + 7) / 8 * 8;
    if ((!s->filling || s->used + size > SHELF_BYTES) && !begin(s))
        return NULL;
    *place = s->used;
    s->used += size;
    s->taken++;
    return (uint8_t *)s->filling + *place;
}

void shelf_give(void *block, uint32_t place)
{
    give((struct shelf *)(void *)((uint8_t *)block - place), 1);
}
