#include "dissect/relay.h"

#include <assert.h>

void relay_init(struct relay *r, uint32_t room, uint32_t wake_taker, uint32_t wake_giver)
{
    assert(room && !(room & (room - 1)));
    assert(wake_taker && wake_giver && wake_taker + wake_giver <= room);
    *r = (struct relay){.room = room, .wake_taker = wake_taker, .wake_giver = wake_giver};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->more, NULL);
    pthread_cond_init(&r->freed, NULL);
}

void relay_finish(struct relay *r)
{
    pthread_cond_destroy(&r->freed);
    pthread_cond_destroy(&r->more);
    pthread_mutex_destroy(&r->lock);
}

/* ---- the taker sleeps ----------------------------------------------------------------------- */

static bool enough_given(struct relay *r)
{
    r->taker.known = atomic_load(&r->giver.count);
    return r->taker.known - r->taker.own >= r->wake_taker;
}

uint32_t relay_sleep_until_given(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->taker.waits, true);
    while (!enough_given(r) && !atomic_load(&r->giver.ended))
        pthread_cond_wait(&r->more, &r->lock);
    atomic_store(&r->taker.waits, false);
    /* The last ones may have been given between the two. */
    (void)enough_given(r);
    pthread_mutex_unlock(&r->lock);
    return r->taker.known - r->taker.own;
}

void relay_wake_taker(struct relay *r)
{
    uint32_t taken = atomic_load_explicit(&r->taker.count, memory_order_relaxed);
    if (r->giver.own - taken < r->wake_taker)
        return;
    pthread_mutex_lock(&r->lock);
    if (atomic_load(&r->taker.waits))
        pthread_cond_signal(&r->more);
    pthread_mutex_unlock(&r->lock);
}

void relay_end(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->giver.ended, true);
    pthread_cond_signal(&r->more);
    pthread_mutex_unlock(&r->lock);
}

/* ---- the giver sleeps ----------------------------------------------------------------------- */

static bool enough_taken(struct relay *r)
{
    r->giver.known = atomic_load(&r->taker.count);
    return r->room - (r->giver.own - r->giver.known) >= r->wake_giver;
}

/* What there is room for can wait: who called does not go on without what it called for. */
static void run_errand(struct relay *r)
{
    void (*errand)(void *) = r->errand;
    void *context = r->errand_context;
    r->errand = NULL;
    pthread_mutex_unlock(&r->lock);
    errand(context);
    pthread_mutex_lock(&r->lock);
}

bool relay_sleep_until_taken(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->giver.waits, true);
    for (;;) {
        if (r->errand)
            run_errand(r);
        else if (enough_taken(r) || atomic_load(&r->taker.ended))
            break;
        else
            pthread_cond_wait(&r->freed, &r->lock);
    }
    atomic_store(&r->giver.waits, false);
    pthread_mutex_unlock(&r->lock);
    return !atomic_load(&r->taker.ended);
}

void relay_wake_giver(struct relay *r)
{
    uint32_t given = atomic_load_explicit(&r->giver.count, memory_order_relaxed);
    if (r->room - (given - r->taker.own) < r->wake_giver)
        return;
    pthread_mutex_lock(&r->lock);
    if (atomic_load(&r->giver.waits))
        pthread_cond_signal(&r->freed);
    pthread_mutex_unlock(&r->lock);
}

void relay_call_giver(struct relay *r, void (*errand)(void *context), void *context)
{
    pthread_mutex_lock(&r->lock);
    if (atomic_load(&r->giver.waits)) {
        r->errand = errand;
        r->errand_context = context;
        pthread_cond_signal(&r->freed);
    }
    pthread_mutex_unlock(&r->lock);
}

void relay_stop(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    atomic_store(&r->taker.ended, true);
    pthread_cond_signal(&r->freed);
    pthread_mutex_unlock(&r->lock);
}
