/*
 * Items of one size in chunks, named by 32-bit indices that stay valid until the item is released;
 * released items are used again first. Chunks are kept until the end: what counts against the
 * memory limit is the items in use.
 */
#ifndef FINWAIT_ANALYZER_FLOW_POOL_H
#define FINWAIT_ANALYZER_FLOW_POOL_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_NONE        UINT32_MAX
#define POOL_CHUNK_SHIFT TABLE_SIZE(10, 3)
#define POOL_CHUNK_ITEMS (1u << POOL_CHUNK_SHIFT)
#define POOL_ITEMS_MAX   (UINT32_C(1) << 30)

struct pool {
    uint8_t **chunks;
    uint32_t chunk_count;
    uint32_t chunk_room;
    uint32_t item_bytes; /* a multiple of 32: none touches one cache line more than it must */
    uint32_t fresh;      /* items ever handed out from the chunks' untouched end */
    uint32_t free_head;  /* the first word of a released item names the next */
    uint32_t in_use;
};

void pool_init(struct pool *pool, size_t item_bytes);
void pool_finish(struct pool *pool);

/* The index of an item of zero bytes, or POOL_NONE when memory ran out. */
uint32_t pool_take(struct pool *pool) MUST_CHECK;
void pool_release(struct pool *pool, uint32_t index);

/* Only the first `count` items remain. Of a pool from which none was released. */
void pool_truncate(struct pool *pool, uint32_t count);

static inline void *pool_at(const struct pool *pool, uint32_t index)
{
    return pool->chunks[index >> POOL_CHUNK_SHIFT] +
           (size_t)(index & (POOL_CHUNK_ITEMS - 1)) * pool->item_bytes;
}

#endif
