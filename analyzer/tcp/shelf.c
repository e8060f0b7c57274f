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
    uint32_t bytes; /* of all of it */
    uint8_t octets[];
};

_Static_assert(sizeof(struct shelf) == 8, "no block's place is 0");

/* ---- their memory --------------------------------------------------------------------------- */

static struct shelf *make(struct shelves *s)
{
    struct shelf *large = s->made < SHELVES_SMALL ? NULL : pages_reserve(LARGE_PAGE);
    struct shelf *shelf = large ? large : malloc(SHELF_BYTES);
    if (!shelf)
        return NULL;
    shelf->bytes = large ? LARGE_PAGE : SHELF_BYTES;
    s->made += s->made < SHELVES_SMALL;
    return shelf;
}

static void forget(struct shelf *shelf)
{
    if (shelf->bytes == LARGE_PAGE)
        pages_release(shelf, LARGE_PAGE);
    else
        free(shelf);
}

/* ---- shelves -------------------------------------------------------------------------------- */

static void give(struct shelf *shelf, uint32_t blocks)
{
    if (atomic_fetch_sub_explicit(&shelf->in_use, blocks, memory_order_acq_rel) == blocks)
        forget(shelf);
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
        forget(s->spares[--s->spare_count]);
    *s = (struct shelves){.filling = NULL};
}

void shelves_prepare(struct shelves *s, struct pages_wanted wanted[SHELVES_AHEAD])
{
    for (unsigned i = 0; i < SHELVES_AHEAD; i++) {
        uint32_t ahead = s->made < SHELVES_SMALL ? SHELVES_AHEAD : 1;
        struct shelf *spare = s->filling && s->spare_count < ahead ? make(s) : NULL;
        wanted[i] = (struct pages_wanted){spare, spare ? spare->bytes : 0};
        if (spare)
            s->spares[s->spare_count++] = spare;
    }
}

/* Of the first most may stay unused. */
static struct shelf *next(struct shelves *s)
{
    if (s->spare_count)
        return s->spares[--s->spare_count];
    struct shelf *shelf = make(s);
    if (shelf && s->filling)
        pages_take(shelf, shelf->bytes);
    return shelf;
}

static bool begin(struct shelves *s)
{
    struct shelf *shelf = next(s);
    if (!shelf)
        return false;
    end(s);
    atomic_init(&shelf->in_use, WHILE_FILLING);
    s->filling = shelf;
    s->room = shelf->bytes;
    s->used = sizeof *shelf;
    s->taken = 0;
    return true;
}

void *shelves_take(struct shelves *s, size_t bytes, uint32_t *place)
{
    assert(bytes > 0 && bytes <= SHELF_BLOCK_MAX);
    uint32_t size = (uint32_t)(bytes + 7) / 8 * 8;
    if ((!s->filling || s->used + size > s->room) && !begin(s))
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
