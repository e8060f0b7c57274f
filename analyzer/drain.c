#include "analyzer/drain.h"

#include "dissect/compiler.h"
#include "dissect/thread.h"

#include <stdlib.h>

/* A thread costs more than fewer connections do. */
#define DRAIN_LEAST TABLE_SIZE(256u, 2u)

/* Whoever waits is woken when there is something to do for a while. */
#define JUDGED_AHEAD TABLE_SIZE(64u, 4u)
#define WAKE         TABLE_SIZE(16u, 2u)

struct drain {
    const struct flows *flows;
    const struct analyzer_config *config;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t made_more;
    pthread_cond_t taken_more;
    uint32_t count;
    uint32_t made;   /* of the order, concluded */
    uint32_t taken;  /* of the order, done with */
    uint32_t given;  /* the taker's: with the one that it has */
    uint32_t known;  /* the taker's: made as far as it has seen */
    uint32_t wanted; /* the taker waits until so many are made, or 0 */
    uint32_t room;   /* the maker waits until so many are taken, or 0 */
    bool ended;
    struct judged judged[JUDGED_AHEAD];
    struct flow_room rooms[JUDGED_AHEAD]; /* the conclusions point to what was made in them */
};

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Until there is room for number `next`. False when it is not wanted any more. */
static bool await_room(struct drain *d, uint32_t next)
{
    pthread_mutex_lock(&d->lock);
    d->made = next;
    if (d->wanted && d->made >= d->wanted)
        pthread_cond_signal(&d->made_more);
    while (!d->ended && next - d->taken >= JUDGED_AHEAD - (d->room ? WAKE : 0)) {
        d->room = next - JUDGED_AHEAD + WAKE;
        pthread_cond_wait(&d->taken_more, &d->lock);
    }
    d->room = 0;
    bool go_on = !d->ended;
    pthread_mutex_unlock(&d->lock);
    return go_on;
}

static void *make(void *context)
{
    struct drain *d = context;
    for (uint32_t i = 0; await_room(d, i) && i < d->count; i++) {
        const struct connection *c = flows_due(d->flows, i, &d->rooms[i % JUDGED_AHEAD]);
        struct judged *judged = &d->judged[i % JUDGED_AHEAD];
        conclude(c, d->config, d->flows->clock_ns, false, &judged->conclusion);
        anomalies_judge(c, d->config, d->flows->clock_ns, &judged->conclusion, &judged->found);
    }
    return NULL;
}

static void release(struct drain *d)
{
    pthread_cond_destroy(&d->taken_more);
    pthread_cond_destroy(&d->made_more);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

struct drain *drain_begin(const struct flows *flows, const struct analyzer_config *config)
{
    uint32_t count = flows_due_count(flows);
    struct drain *d = count < DRAIN_LEAST ? NULL : calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->flows = flows;
    d->config = config;
    d->count = count;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->made_more, NULL);
    pthread_cond_init(&d->taken_more, NULL);
    if (thread_start(&d->thread, make, d))
        return d;
    release(d);
    return NULL;
}

struct judged *drain_next(struct drain *d)
{
    uint32_t index = d->given++;
    if (index >= d->known || index % WAKE == 0) {
        pthread_mutex_lock(&d->lock);
        d->taken = index;
        if (d->room && d->taken >= d->room)
            pthread_cond_signal(&d->taken_more);
        while (index >= d->made) {
            d->wanted = least(index + WAKE, d->count);
            pthread_cond_wait(&d->made_more, &d->lock);
        }
        d->wanted = 0;
        d->known = d->made;
        pthread_mutex_unlock(&d->lock);
    }
    return &d->judged[index % JUDGED_AHEAD];
}

void drain_end(struct drain *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->ended = true;
    pthread_cond_signal(&d->taken_more);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    release(d);
}
