#include "analyzer/claims.h"

void claims_init(struct claims *c, uint32_t count)
{
    *c = (struct claims){.count = count};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->freed, NULL);
    pthread_cond_init(&c->made, NULL);
}

void claims_finish(struct claims *c)
{
    pthread_cond_destroy(&c->made);
    pthread_cond_destroy(&c->freed);
    pthread_mutex_destroy(&c->lock);
}

/* Places that are free, or nothing to put there. What the taker has for itself needs none, so that
 * it may have come beyond what is claimed otherwise. */
static bool enough_freed(struct claims *c)
{
    uint32_t claimed = atomic_load(&c->claimed);
    int32_t held = (int32_t)(claimed - atomic_load(&c->taken));
    return claimed >= c->count || held <= (int32_t)(CLAIMS_AHEAD - CLAIMS_WAKE);
}

void claims_sleep_until_freed(struct claims *c)
{
    pthread_mutex_lock(&c->lock);
    atomic_store(&c->helper_waits, true);
    while (!enough_freed(c) && !atomic_load(&c->stopped))
        pthread_cond_wait(&c->freed, &c->lock);
    atomic_store(&c->helper_waits, false);
    pthread_mutex_unlock(&c->lock);
}

void claims_wake_helper(struct claims *c)
{
    if (!enough_freed(c))
        return;
    pthread_mutex_lock(&c->lock);
    pthread_cond_signal(&c->freed);
    pthread_mutex_unlock(&c->lock);
}

/* It is being made, and nothing else can be begun: not for long. */
void claims_sleep_until_made(struct claims *c, uint32_t number)
{
    pthread_mutex_lock(&c->lock);
    atomic_store(&c->taker_waits, true);
    while (atomic_load(&c->places[claims_place(number)].made) != number + 1)
        pthread_cond_wait(&c->made, &c->lock);
    atomic_store(&c->taker_waits, false);
    pthread_mutex_unlock(&c->lock);
}

void claims_wake_taker(struct claims *c)
{
    pthread_mutex_lock(&c->lock);
    pthread_cond_signal(&c->made);
    pthread_mutex_unlock(&c->lock);
}

void claims_stop(struct claims *c)
{
    pthread_mutex_lock(&c->lock);
    atomic_store(&c->stopped, true);
    pthread_cond_signal(&c->freed);
    pthread_mutex_unlock(&c->lock);
}
