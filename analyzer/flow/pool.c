#include "analyzer/flow/pool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t chunk_bytes(const struct pool *pool)
{
    return (size_t)POOL_CHUNK_ITEMS * pool->item_bytes;
}

static void make_empty(struct pool *pool, size_t item_bytes)
{
    *pool = (struct pool){.item_bytes = (uint32_t)((item_bytes + 31) / 32 * 32),
                          .roomy = POOL_NONE,
                          .vacant = POOL_NONE,
                          .spare = POOL_NONE};
}

void pool_init(struct pool *pool, size_t item_bytes)
{
    make_empty(pool, item_bytes);
    places_init_heap(&pool->places, chunk_bytes(pool));
}

void pool_init_large(struct pool *pool, size_t item_bytes)
{
    make_empty(pool, item_bytes);
    places_init(&pool->places, chunk_bytes(pool));
}

static void free_apart(struct pool *pool, uint32_t chunk)
{
    uint8_t *beside = pool->about[chunk].beside;
    if (pool->chunks[chunk] != pool->blank && !places_in_region(&pool->places, chunk))
        free(pool->chunks[chunk]);
    if (beside && !places_in_region(&pool->besides, chunk))
        free(beside);
}

void pool_finish(struct pool *pool)
{
    for (uint32_t i = 0; i < pool->chunk_count; i++)
        free_apart(pool, i);
    places_finish(&pool->places);
    places_finish(&pool->besides);
    free(pool->chunks);
    free(pool->about);
    free(pool->blank);
    make_empty(pool, 0);
}

/* ---- chunks --------------------------------------------------------------------------------- */

static void link_roomy(struct pool *pool, uint32_t chunk)
{
    pool->about[chunk].prev = POOL_NONE;
    pool->about[chunk].next = pool->roomy;
    if (pool->roomy != POOL_NONE)
        pool->about[pool->roomy].prev = chunk;
    pool->roomy = chunk;
}

static void unlink_roomy(struct pool *pool, uint32_t chunk)
{
    const struct pool_chunk *about = &pool->about[chunk];
    if (about->prev == POOL_NONE)
        pool->roomy = about->next;
    else
        pool->about[about->prev].next = about->next;
    if (about->next != POOL_NONE)
        pool->about[about->next].prev = about->prev;
}

static bool reserve(struct pool *pool)
{
    if (pool->chunk_count < pool->chunk_room)
        return true;
    uint32_t room = pool->chunk_room ? pool->chunk_room * 2 : 16;
    uint8_t **chunks = realloc(pool->chunks, room * sizeof *chunks);
    if (!chunks)
        return false;
    pool->chunks = chunks;
    struct pool_chunk *about = realloc(pool->about, room * sizeof *about);
    if (!about)
        return false;
    pool->about = about;
    pool->chunk_room = room;
    return true;
}

/* A chunk that none of its items was taken of, under a number that was given back where there is
 * one; or POOL_NONE. */
static uint32_t make_chunk(struct pool *pool)
{
    bool again = pool->vacant != POOL_NONE;
    if (!again && (pool->chunk_count >= POOL_ITEMS_MAX >> POOL_CHUNK_SHIFT || !reserve(pool)))
        return POOL_NONE;
    uint32_t chunk = again ? pool->vacant : pool->chunk_count;
    uint8_t *items = places_take(&pool->places, chunk);
    if (!items)
        return POOL_NONE;
    if (again) {
        pool->vacant = pool->about[chunk].next;
        if (!places_in_region(&pool->places, chunk))
            memset(items, 0, chunk_bytes(pool)); /* those below `fresh` may be looked at */
    } else {
        pool->chunk_count++;
    }
    pool->chunks[chunk] = items;
    pool->about[chunk] = (struct pool_chunk){.free_head = POOL_NONE};
    return chunk;
}

struct pages_wanted pool_prepare(struct pool *pool)
{
    uint64_t held = (uint64_t)pool->chunks_held << POOL_CHUNK_SHIFT;
    bool wanted = pool->chunk_count && held - pool->in_use < POOL_CHUNK_ITEMS;
    if (!wanted || pool->spare != POOL_NONE)
        return (struct pages_wanted){.from = NULL};
    pool->spare = make_chunk(pool);
    if (pool->spare == POOL_NONE)
        return (struct pages_wanted){.from = NULL};
    return (struct pages_wanted){pool->chunks[pool->spare], chunk_bytes(pool)};
}

static bool add_chunk(struct pool *pool)
{
    uint32_t chunk = pool->spare != POOL_NONE ? pool->spare : make_chunk(pool);
    if (chunk == POOL_NONE)
        return false;
    /* Of the first most may stay unused. */
    if (pool->spare == POOL_NONE && pool->chunks_held)
        pages_take(pool->chunks[chunk], chunk_bytes(pool));
    pool->spare = POOL_NONE;
    pool->chunks_held++;
    link_roomy(pool, chunk);
    return true;
}

/* Nothing of it is in use. As many items as it has stay free, so that it is not wanted again at
 * once. */
static void give_back(struct pool *pool, uint32_t chunk)
{
    uint64_t items_held = (uint64_t)pool->chunks_held * POOL_CHUNK_ITEMS;
    if (items_held - pool->in_use < 2 * POOL_CHUNK_ITEMS)
        return;
    if (!pool->blank && !(pool->blank = calloc(1, chunk_bytes(pool))))
        return;
    unlink_roomy(pool, chunk);
    places_give(&pool->places, chunk, pool->chunks[chunk]);
    pool->chunks[chunk] = pool->blank;
    if (pool->about[chunk].beside)
        places_give(&pool->besides, chunk, pool->about[chunk].beside);
    pool->about[chunk].beside = NULL;
    pool->chunks_held--;
    pool->about[chunk].next = pool->vacant;
    pool->vacant = chunk;
}

/* ---- items ---------------------------------------------------------------------------------- */

static bool is_full(const struct pool_chunk *about)
{
    return about->free_head == POOL_NONE && about->fresh == POOL_CHUNK_ITEMS;
}

/* So little is free that no chunk would soon be empty for being passed over. */
static bool is_dense(const struct pool *pool)
{
    uint64_t held = (uint64_t)pool->chunks_held << POOL_CHUNK_SHIFT;
    return held - pool->in_use <= held / 8;
}

#define FRESH_AHEAD 2u

/* Items of a line or two follow each other so closely that the processor has the next ones on their
 * way. */
#define COME_BY_THEMSELVES 128u

/* Of what was never handed out nothing is in the cache. */
static NEVER_INLINE void fetch_fresh(const struct pool *pool, const struct pool_chunk *about,
                                     uint32_t index)
{
    if (about->fresh + FRESH_AHEAD > POOL_CHUNK_ITEMS)
        return;
    const uint8_t *item = pool_at(pool, index + FRESH_AHEAD);
    for (uint32_t at = 0; at < pool->item_bytes; at += 64)
        FETCH(item + at);
}

uint32_t pool_take(struct pool *pool)
{
    if (pool->roomy == POOL_NONE && !add_chunk(pool))
        return POOL_NONE;
    struct pool_chunk *about = &pool->about[pool->roomy];
    uint32_t index = about->free_head;
    if (index != POOL_NONE) {
        memcpy(&about->free_head, pool_at(pool, index), sizeof about->free_head);
        if (about->free_head != POOL_NONE)
            FETCH(pool_at(pool, about->free_head)); /* which names the next */
    } else {
        index = (pool->roomy << POOL_CHUNK_SHIFT) + about->fresh++;
        if (index >= pool->fresh)
            pool->fresh = index + 1;
        if (pool->item_bytes > COME_BY_THEMSELVES)
            fetch_fresh(pool, about, index);
    }
    about->in_use++;
    if (is_full(about))
        unlink_roomy(pool, pool->roomy);
    memset(pool_at(pool, index), 0, pool->item_bytes);
    pool->in_use++;
    return index;
}

void pool_release(struct pool *pool, uint32_t index)
{
    uint32_t chunk = index >> POOL_CHUNK_SHIFT;
    struct pool_chunk *about = &pool->about[chunk];
    if (is_full(about)) {
        link_roomy(pool, chunk);
    } else if (pool->roomy != chunk && is_dense(pool)) {
        unlink_roomy(pool, chunk);
        link_roomy(pool, chunk);
    }
    memcpy(pool_at(pool, index), &about->free_head, sizeof about->free_head);
    about->free_head = index;
    pool->in_use--;
    if (--about->in_use == 0)
        give_back(pool, chunk);
}

void *pool_held_beside(const struct pool *pool, uint32_t index, size_t bytes)
{
    uint8_t *beside = pool->about[index >> POOL_CHUNK_SHIFT].beside;
    return beside ? beside + (index & (POOL_CHUNK_ITEMS - 1)) * bytes : NULL;
}

void *pool_beside(struct pool *pool, uint32_t index, size_t bytes)
{
    uint32_t chunk = index >> POOL_CHUNK_SHIFT;
    uint8_t **beside = &pool->about[chunk].beside;
    if (!pool->besides.bytes)
        places_init(&pool->besides, ((bytes << POOL_CHUNK_SHIFT) + 63) & ~(size_t)63);
    if (!*beside)
        *beside = places_take(&pool->besides, chunk);
    return pool_held_beside(pool, index, bytes);
}

void pool_truncate(struct pool *pool, uint32_t count)
{
    assert(pool->in_use == pool->fresh && count <= pool->fresh);
    /* From the last on, so that the first with room comes first. */
    for (uint32_t chunk = pool->chunk_count; chunk-- > count >> POOL_CHUNK_SHIFT;) {
        struct pool_chunk *about = &pool->about[chunk];
        bool was_full = is_full(about);
        uint32_t before = chunk << POOL_CHUNK_SHIFT;
        about->fresh = about->in_use = count > before ? count - before : 0;
        if (was_full && !is_full(about))
            link_roomy(pool, chunk);
    }
    pool->fresh = pool->in_use = count;
}
