/*
 * Blocks one behind the other, in shelves of 64 KiB and, once there were many, of a large page, for
 * what is released in about the order in which it was taken: a shelf goes when nothing of it is in
 * use any more. What stays much longer than its neighbours belongs on the heap.
 *
 * Blocks are taken by one thread, and given back by any. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_TCP_SHELF_H
#define FINWAIT_ANALYZER_TCP_SHELF_H

#include "analyzer/pages.h"
#include "dissect/compiler.h"

#include <stddef.h>
#include <stdint.h>

/* As much as the heap gives in one piece of 64 KiB. */
#define SHELF_BYTES CHUNK_SIZE(65536u - 64u, 4096u)

/* So many are begun before the first of a large page, which the others are where there is room. */
#define SHELVES_SMALL CHUNK_SIZE(8u, UINT32_MAX)

/* No block is larger. */
#define SHELF_BLOCK_MAX (SHELF_BYTES / 4)

struct shelf;

/* As many as a round of batches fills in which most connections close. Of large ones one is enough.
 */
#define SHELVES_AHEAD 4u

/* All zero at first. */
struct shelves {
    struct shelf *filling;               /* the one that blocks are taken of; NULL at first */
    struct shelf *spares[SHELVES_AHEAD]; /* owned, the next ones, */
    uint32_t spare_count;                /* the last of which is the next */
    uint32_t room;                       /* octets of the one that is filled, */
    uint32_t used;                       /* those of them that are taken, */
    uint32_t taken;                      /* and in how many blocks */
    uint32_t made;                       /* shelves, up to SHELVES_SMALL */
};

/* Takes the memory of the next shelves ahead. Its pages any thread may have meanwhile. */
void shelves_prepare(struct shelves *shelves, struct pages_wanted wanted[SHELVES_AHEAD]);

/* A block of 1 to SHELF_BLOCK_MAX octets, at a multiple of eight, and where it stands, which is
 * never 0, for shelf_give(). NULL when memory ran out. */
void *shelves_take(struct shelves *shelves, size_t bytes, uint32_t *place) MUST_CHECK;

void shelf_give(void *block, uint32_t place);

/* No block is taken any more. Those that are in use remain until they are given back. */
void shelves_finish(struct shelves *shelves);

#endif
