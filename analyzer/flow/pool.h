/*
 * Items of one size in chunks, named by 32-bit indices that stay valid until the item is released;
 * what was released last is used again first, for it is in the cache. While much is free they are
 * taken of one chunk after the other instead, so that the rest empties. A chunk of which nothing is
 * in use any more is given back unless it is soon needed; its items can be looked at all the same,
 * and are zero.
 */
#ifndef FINWAIT_ANALYZER_FLOW_POOL_H
#define FINWAIT_ANALYZER_FLOW_POOL_H

#include "analyzer/flow/places.h"
#include "analyzer/pages.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_NONE        UINT32_MAX
#define POOL_CHUNK_SHIFT CHUNK_SIZE(10, 3)
#define POOL_CHUNK_ITEMS (1u << POOL_CHUNK_SHIFT)
#define POOL_ITEMS_MAX   (UINT32_C(1) << TABLE_SIZE(28, 16))

struct pool_chunk {
    uint32_t in_use;
    uint32_t fresh;      /* items ever handed out */
    uint32_t free_head;  /* the first word of a released item names the next */
    uint32_t prev, next; /* of those with room, or of those given back */
    uint8_t *beside;     /* owned, what its items have beside them; NULL while none has */
};

struct pool {
    uint8_t **chunks;
    struct pool_chunk *about; /* the chunks */
    struct places places;     /* where chunks stand, */
    struct places besides;    /* and what their items have beside them */
    uint8_t *blank;           /* what stands for a chunk that was given back: zero */
    uint32_t chunk_count;     /* those that were given back included */
    uint32_t chunk_room;
    uint32_t spare; /* the chunk that pool_prepare() made, which is the next, or POOL_NONE */
    uint32_t chunks_held;
    uint32_t roomy, vacant; /* the first with room, and the first that was given back */
    uint32_t item_bytes;    /* a multiple of 32: none touches one cache line more than it must */
    uint32_t fresh;         /* no index has been as high */
    uint32_t in_use;
};

void pool_init(struct pool *pool, size_t item_bytes);

/* The same of items that are looked into anywhere: in large pages once there are many. Where they
 * are looked into in their order these bring nothing, and cost more to have. */
void pool_init_large(struct pool *pool, size_t item_bytes);

void pool_finish(struct pool *pool);

/* Where the next chunk will soon be wanted, takes its memory ahead. Its pages, which take longer,
 * any thread may have meanwhile. */
struct pages_wanted pool_prepare(struct pool *pool);

/* The index of an item of zero bytes, or POOL_NONE when memory ran out. */
uint32_t pool_take(struct pool *pool) MUST_CHECK;
void pool_release(struct pool *pool, uint32_t index);

/* So many octets beside the item, as long as it is in use: of one pool's items as many for each.
 * They hold anything at first. NULL when memory ran out. */
void *pool_beside(struct pool *pool, uint32_t index, size_t bytes) MUST_CHECK;

/* The same where that takes no memory, else NULL. */
void *pool_held_beside(const struct pool *pool, uint32_t index, size_t bytes) MUST_CHECK;

/* Only the first `count` items remain. Of a pool from which none was released. */
void pool_truncate(struct pool *pool, uint32_t count);

/* What counts against the memory limit: the items in use, or what is held for so few. One chunk is
 * being filled, and one kept for what comes next. */
static inline uint64_t pool_bytes(const struct pool *pool)
{
    uint64_t items = pool->in_use;
    uint64_t spread = (uint64_t)pool->chunks_held << POOL_CHUNK_SHIFT;
    if (spread > items + 2 * POOL_CHUNK_ITEMS)
        items = spread - 2 * POOL_CHUNK_ITEMS;
    return items * pool->item_bytes;
}

/* Soon there is no index for another. */
static inline bool pool_is_nearly_full(const struct pool *pool)
{
    uint64_t named = (uint64_t)pool->chunks_held << POOL_CHUNK_SHIFT;
    return named > POOL_ITEMS_MAX - POOL_ITEMS_MAX / 16;
}

/* The same beside what the items in use take: what a few that are scattered hold. */
static inline uint64_t pool_slack_bytes(const struct pool *pool)
{
    return pool_bytes(pool) - (uint64_t)pool->in_use * pool->item_bytes;
}

static inline void *pool_at(const struct pool *pool, uint32_t index)
{
    return pool->chunks[index >> POOL_CHUNK_SHIFT] +
           (size_t)(index & (POOL_CHUNK_ITEMS - 1)) * pool->item_bytes;
}

#endif
