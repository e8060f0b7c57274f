#include "dissect/source/ahead.h"

#include "dissect/thread.h"

#include <stdlib.h>
#include <string.h>

/* As much as a capture's window takes at first, so that what it then holds, and is judged by, is
 * the same with and without threads. */
#define BLOCK_BYTES ((size_t)(256 + 64) * 1024)

/* 64 MiB in all: that much of files whose turn comes later is ready when it comes. */
#define POOL_BLOCKS 204u

/* A single source gains nothing from more. */
#define BLOCKS_ALONE 4u

struct block {
    struct block *next;
    size_t length;
    struct standing standing;
    uint8_t bytes[BLOCK_BYTES];
};

struct ahead {
    struct source_pool *pool;
    struct ahead *next; /* of the pool, in the order in which they came */
    struct source *source;
    struct block *first, *last; /* finished */
    unsigned ready;
    bool busy; /* somebody holds the source: nobody else touches it */
    bool over;
    struct standing end;
    struct block *present; /* the reader's */
    size_t given;          /* of the present block */
};

struct source_pool {
    pthread_mutex_t lock; /* over all that follows, and the queues of the sources */
    pthread_cond_t work;  /* a source or a block may have become free */
    pthread_cond_t done;  /* a piece was finished */
    struct ahead *sources;
    unsigned source_count;
    struct block *free_blocks;
    unsigned block_count;
    bool ending;
    unsigned thread_count;
    pthread_t threads[];
};

/* ---- the pool, locked ----------------------------------------------------------------------- */

/* The source that lacks content most, of those that nobody holds. */
static struct ahead *neediest(const struct source_pool *pool)
{
    struct ahead *found = NULL;
    unsigned share = pool->source_count > 1 ? POOL_BLOCKS / pool->source_count : BLOCKS_ALONE;
    unsigned fewest = share ? share : 1;
    for (struct ahead *a = pool->sources; a; a = a->next) {
        if (!a->busy && !a->over && a->ready < fewest) {
            found = a;
            fewest = a->ready;
        }
    }
    return found;
}

static struct block *take_block(struct source_pool *pool)
{
    struct block *block = pool->free_blocks;
    if (block) {
        pool->free_blocks = block->next;
        return block;
    }
    if (pool->block_count >= POOL_BLOCKS)
        return NULL;
    block = malloc(sizeof *block);
    pool->block_count += block != NULL;
    return block;
}

static void return_block(struct source_pool *pool, struct block *block)
{
    block->next = pool->free_blocks;
    pool->free_blocks = block;
}

static void end_with_standing(struct ahead *a)
{
    a->over = true;
    a->end = source_standing(a->source);
}

static void append(struct ahead *a, struct block *block)
{
    block->next = NULL;
    if (a->last)
        a->last->next = block;
    else
        a->first = block;
    a->last = block;
    a->ready++;
}

/* Of the beginning each read is a block of its own, as it would be without threads. */
static size_t fill(struct source *source, struct block *block)
{
    size_t length = 0;
    for (;;) {
        size_t got = source_read_itself(source, block->bytes + length, BLOCK_BYTES - length);
        length += got;
        if (!got || length > BLOCK_BYTES / 2 || source_standing(source).raw_bytes <= BLOCK_BYTES)
            return length;
    }
}

/* Makes one block of a source, unlocked in between. False when there is nothing to be done. */
static bool make_block(struct source_pool *pool)
{
    struct ahead *a = neediest(pool);
    struct block *block = a ? take_block(pool) : NULL;
    if (!block)
        return false;
    a->busy = true;
    pthread_mutex_unlock(&pool->lock);
    block->length = fill(a->source, block);
    block->standing = source_standing(a->source);
    pthread_mutex_lock(&pool->lock);
    a->busy = false;
    if (block->length) {
        append(a, block);
    } else {
        end_with_standing(a);
        return_block(pool, block);
    }
    pthread_cond_signal(&pool->done);
    return true;
}

static void *work(void *context)
{
    struct source_pool *pool = context;
    pthread_mutex_lock(&pool->lock);
    while (!pool->ending) {
        if (!make_block(pool))
            pthread_cond_wait(&pool->work, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* ---- its life ------------------------------------------------------------------------------- */

struct source_pool *source_pool_create(unsigned threads)
{
    struct source_pool *pool = calloc(1, sizeof *pool + threads * sizeof *pool->threads);
    if (!pool)
        return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->done, NULL);
    while (pool->thread_count < threads &&
           thread_start(&pool->threads[pool->thread_count], work, pool))
        pool->thread_count++;
    if (!pool->thread_count) {
        source_pool_destroy(pool);
        return NULL;
    }
    return pool;
}

void source_pool_destroy(struct source_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    while (pool->free_blocks) {
        struct block *block = pool->free_blocks;
        pool->free_blocks = block->next;
        free(block);
    }
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

struct ahead *ahead_create(struct source_pool *pool, struct source *source)
{
    struct ahead *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->pool = pool;
    a->source = source;
    pthread_mutex_lock(&pool->lock);
    struct ahead **end = &pool->sources;
    while (*end)
        end = &(*end)->next;
    *end = a;
    pool->source_count++;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    return a;
}

void ahead_destroy(struct ahead *a)
{
    struct source_pool *pool = a->pool;
    pthread_mutex_lock(&pool->lock);
    while (a->busy)
        pthread_cond_wait(&pool->done, &pool->lock);
    struct ahead **place = &pool->sources;
    while (*place != a)
        place = &(*place)->next;
    *place = a->next;
    pool->source_count--;
    if (a->present)
        return_block(pool, a->present);
    while (a->first) {
        struct block *block = a->first;
        a->first = block->next;
        return_block(pool, block);
    }
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    source_destroy(a->source);
    free(a);
}

/* ---- the reader ----------------------------------------------------------------------------- */

/* The reader takes the source in hand: straight into its buffer. */
static size_t read_in_hand(struct ahead *a, uint8_t *buffer, size_t length,
                           struct standing *standing)
{
    struct source_pool *pool = a->pool;
    a->busy = true;
    pthread_mutex_unlock(&pool->lock);
    size_t got = source_read_itself(a->source, buffer, length);
    *standing = source_standing(a->source);
    pthread_mutex_lock(&pool->lock);
    a->busy = false;
    if (!got)
        end_with_standing(a);
    pthread_cond_signal(&pool->work);
    return got;
}

/* Until a block of the source is there, or its end. While a thread is at it the reader does what is
 * to be done for others. What it decompressed itself, or 0. */
static size_t await(struct ahead *a, uint8_t *buffer, size_t length, struct standing *standing)
{
    struct source_pool *pool = a->pool;
    while (!a->first && !a->over) {
        if (!a->busy) {
            size_t got = read_in_hand(a, buffer, length, standing);
            if (got)
                return got;
        } else if (!make_block(pool)) {
            pthread_cond_wait(&pool->done, &pool->lock);
        }
    }
    return 0;
}

static size_t next_block(struct ahead *a, uint8_t *buffer, size_t length, struct standing *standing)
{
    struct source_pool *pool = a->pool;
    pthread_mutex_lock(&pool->lock);
    if (a->present) {
        return_block(pool, a->present);
        a->present = NULL;
        pthread_cond_signal(&pool->work);
    }
    size_t got = await(a, buffer, length, standing);
    if (!got && a->first) {
        a->present = a->first;
        a->given = 0;
        a->first = a->present->next;
        if (!a->first)
            a->last = NULL;
        a->ready--;
    }
    pthread_mutex_unlock(&pool->lock);
    return got;
}

size_t ahead_read(struct ahead *a, uint8_t *buffer, size_t length, struct standing *standing)
{
    if (!a->present || a->given == a->present->length) {
        size_t got = next_block(a, buffer, length, standing);
        if (got) {
            standing->fault = SOURCE_WHOLE;
            return got;
        }
        if (!a->present) {
            *standing = a->end;
            return 0;
        }
    }
    const struct block *block = a->present;
    size_t left = block->length - a->given;
    size_t taken = left < length ? left : length;
    memcpy(buffer, block->bytes + a->given, taken);
    a->given += taken;
    *standing = block->standing;
    standing->fault = SOURCE_WHOLE;
    return taken;
}
