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
    uint32_t count;  /* of those that are no lone SYNs, as all these are but `seen` */
    uint32_t made;   /* concluded */
    uint32_t taken;  /* done with */
    uint32_t seen;   /* the taker's: of the order */
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

static void make_one(struct drain *d, uint32_t number, uint32_t i)
{
    const struct connection *c = flows_due(d->flows, number, &d->rooms[i % JUDGED_AHEAD]);
    struct judged *judged = &d->judged[i % JUDGED_AHEAD];
    conclude(c, d->config, d->flows->clock_ns, false, &judged->conclusion);
    anomalies_judge(c, d->config, d->flows->clock_ns, &judged->conclusion, &judged->found);
}

static void *make(void *context)
{
    struct drain *d = context;
    bool go_on = true;
    for (uint32_t number = 0, i = 0; i < d->count && go_on; number++) {
        if (flows_due_is_lone(d->flows, number))
            continue;
        make_one(d, number, i);
        go_on = await_room(d, ++i);
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
    uint32_t count = 0;
    for (uint32_t i = 0; i < flows_due_count(flows); i++)
        count += !flows_due_is_lone(flows, i);
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
    if (flows_due_is_lone(d->flows, d->seen++))
        return NULL;
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
