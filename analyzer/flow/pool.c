#include "analyzer/flow/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void pool_init(struct pool *pool, size_t item_bytes)
{
    *pool = (struct pool){
        .item_bytes = (uint32_t)((item_bytes + 31) / 32 * 32),
        .free_head = POOL_NONE,
    };
}

void pool_finish(struct pool *pool)
{
    for (uint32_t i = 0; i < pool->chunk_count; i++)
        free(pool->chunks[i]);
    free(pool->chunks);
    *pool = (struct pool){.free_head = POOL_NONE};
}

static bool add_chunk(struct pool *pool)
{
    if (pool->chunk_count >= POOL_ITEMS_MAX >> POOL_CHUNK_SHIFT)
        return false;
    if (pool->chunk_count == pool->chunk_room) {
        uint32_t room = pool->chunk_room ? pool->chunk_room * 2 : 16;
        uint8_t **chunks = realloc(pool->chunks, room * sizeof *chunks);
        if (!chunks)
            return false;
        pool->chunks = chunks;
        pool->chunk_room = room;
    }
    uint8_t *chunk = aligned_alloc(64, (size_t)POOL_CHUNK_ITEMS * pool->item_bytes);
    if (!chunk)
        return false;
    pool->chunks[pool->chunk_count++] = chunk;
    return true;
}

uint32_t pool_take(struct pool *pool)
{
    uint32_t index = pool->free_head;
    if (index != POOL_NONE) {
        memcpy(&pool->free_head, pool_at(pool, index), sizeof pool->free_head);
    } else {
        if (pool->fresh >> POOL_CHUNK_SHIFT == pool->chunk_count && !add_chunk(pool))
            return POOL_NONE;
        index = pool->fresh++;
    }
    memset(pool_at(pool, index), 0, pool->item_bytes);
    pool->in_use++;
    return index;
}

void pool_release(struct pool *pool, uint32_t index)
{
    memcpy(pool_at(pool, index), &pool->free_head, sizeof pool->free_head);
    pool->free_head = index;
    pool->in_use--;
}

void pool_truncate(struct pool *pool, uint32_t count)
{
    assert(pool->free_head == POOL_NONE && count <= pool->fresh);
    pool->fresh = pool->in_use = count;
}
