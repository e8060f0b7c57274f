#include "cli/analysis.h"

#include "dissect/thread.h"

#include <stdlib.h>

/* Together about 340 KiB: they stay in a cache. Whoever has to wait is woken only when there is
 * something to do for a while: a wake-up costs as much as a batch. */
#define BATCHES    32u
#define WAKE_TAKER 8u
#define WAKE_GIVER 16u

struct analysis {
    struct analyzer *analyzer;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_cond_t emptied;
    struct segment_batch *queue[BATCHES]; /* filled, from `first` on */
    struct segment_batch *empty[BATCHES];
    unsigned first, queued, empties;
    bool ended;   /* nothing more is passed */
    bool stopped; /* nothing more is taken */
    bool taker_waits, giver_waits;
    bool told; /* the giver has seen that it stopped */
    enum analyzer_status status;
};

/* All that is queued at once. */
static unsigned take(struct analysis *a, struct segment_batch *batches[BATCHES])
{
    pthread_mutex_lock(&a->lock);
    while (!a->ended && (!a->queued || (a->taker_waits && a->queued < WAKE_TAKER))) {
        a->taker_waits = true;
        pthread_cond_wait(&a->filled, &a->lock);
    }
    a->taker_waits = false;
    unsigned count = a->queued;
    for (unsigned i = 0; i < count; i++)
        batches[i] = a->queue[(a->first + i) % BATCHES];
    a->first = (a->first + count) % BATCHES;
    a->queued = 0;
    pthread_mutex_unlock(&a->lock);
    return count;
}

static void give_back(struct analysis *a, struct segment_batch *batch, bool stopped)
{
    pthread_mutex_lock(&a->lock);
    a->empty[a->empties++] = batch;
    a->stopped |= stopped;
    if (a->giver_waits && (a->empties >= WAKE_GIVER || a->stopped)) {
        a->giver_waits = false;
        pthread_cond_signal(&a->emptied);
    }
    pthread_mutex_unlock(&a->lock);
}

static void *analyse(void *context)
{
    struct analysis *a = context;
    struct segment_batch *batches[BATCHES];
    unsigned count;
    while ((count = take(a, batches)) > 0) {
        for (unsigned i = 0; i < count; i++) {
            if (a->status == ANALYZER_OK)
                a->status = analyzer_feed(a->analyzer, batches[i]);
            batch_clear(batches[i]);
            give_back(a, batches[i], a->status != ANALYZER_OK);
        }
    }
    return NULL;
}

static void release(struct analysis *a)
{
    while (a->empties)
        free(a->empty[--a->empties]);
    pthread_cond_destroy(&a->emptied);
    pthread_cond_destroy(&a->filled);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

struct analysis *analysis_start(struct analyzer *analyzer)
{
    struct analysis *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->analyzer = analyzer;
    a->status = ANALYZER_OK;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->filled, NULL);
    pthread_cond_init(&a->emptied, NULL);
    while (a->empties < BATCHES - 1) {
        struct segment_batch *batch = malloc(sizeof *batch);
        if (!batch)
            break;
        batch_clear(batch);
        a->empty[a->empties++] = batch;
    }
    if (a->empties < BATCHES - 1 || !thread_start(&a->thread, analyse, a)) {
        release(a);
        return NULL;
    }
    return a;
}

struct segment_batch *analysis_pass(struct analysis *a, struct segment_batch *filled)
{
    pthread_mutex_lock(&a->lock);
    a->queue[(a->first + a->queued++) % BATCHES] = filled;
    if (a->taker_waits && a->queued >= WAKE_TAKER)
        pthread_cond_signal(&a->filled);
    a->giver_waits = a->empties == 0;
    while (a->giver_waits)
        pthread_cond_wait(&a->emptied, &a->lock);
    a->told = a->stopped;
    struct segment_batch *empty = a->empty[--a->empties];
    pthread_mutex_unlock(&a->lock);
    return empty;
}

bool analysis_stopped(const struct analysis *a)
{
    return a->told;
}

enum analyzer_status analysis_join(struct analysis *a)
{
    pthread_mutex_lock(&a->lock);
    a->ended = true;
    pthread_cond_signal(&a->filled);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    enum analyzer_status status = a->status;
    release(a);
    return status;
}
