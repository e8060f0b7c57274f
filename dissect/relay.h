/*
 * One thread hands things on to another, in order, through a ring of places that belong to the
 * caller: each place is the giver's from when relay_await_room() says so until
 * relay_give(), and the taker's from then until relay_take(). Nobody locks while both are at work;
 * who has to wait is woken only when there is something to do for a while, because a wake-up costs
 * as much as some of the work.
 *
 * Either may end it: the giver when there is no more, the taker when it wants no more.
 */
#ifndef FINWAIT_DISSECT_RELAY_H
#define FINWAIT_DISSECT_RELAY_H

#include "dissect/compiler.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What a side writes, and with it what it last knew of the other: it asks anew only when that does
 * not do. No line of the cache has something of both. */
struct relay_side {
    atomic_uint count; /* given or taken; wraps */
    atomic_bool ended;
    atomic_bool waits;
    uint32_t own;   /* the same as `count`, */
    uint32_t known; /* and the other's, when it was last asked */
    uint8_t apart[64];
};

struct relay {
    struct relay_side giver, taker;
    uint32_t room;
    uint32_t wake_taker; /* it sleeps until so many are given, */
    uint32_t wake_giver; /* and the giver until so many places are free */
    pthread_mutex_t lock;
    pthread_cond_t more;           /* was given */
    pthread_cond_t freed;          /* was taken */
    void (*errand)(void *context); /* relay_call_giver()'s, or NULL */
    void *errand_context;
};

/* `room` is a power of two; `wake_taker` and `wake_giver`, each at least 1, are no more together:
 * both would wait. */
void relay_init(struct relay *relay, uint32_t room, uint32_t wake_taker, uint32_t wake_giver);
void relay_finish(struct relay *relay);

/* Who finds nothing to do sleeps in these: called by the next ones. */
uint32_t relay_sleep_until_given(struct relay *relay);
bool relay_sleep_until_taken(struct relay *relay);
void relay_wake_taker(struct relay *relay);
void relay_wake_giver(struct relay *relay);

/* ---- the giver ------------------------------------------------------------------------------ */

/* Are so many given, or more, that are not taken? */
MUST_CHECK static inline bool relay_holds(struct relay *relay, uint32_t many)
{
    struct relay_side *giver = &relay->giver;
    if (giver->own - giver->known >= many)
        giver->known = atomic_load_explicit(&relay->taker.count, memory_order_acquire);
    return giver->own - giver->known >= many;
}

/* The place of the next one is the giver's at present. */
MUST_CHECK static inline bool relay_has_room(struct relay *relay)
{
    return !relay_holds(relay, relay->room);
}

/* Waits until it is. False when no more is taken. */
MUST_CHECK static inline bool relay_await_room(struct relay *relay)
{
    return LIKELY(relay_has_room(relay)) || relay_sleep_until_taken(relay);
}

/* Which place. */
static inline uint32_t relay_next(const struct relay *relay)
{
    return relay->giver.own & (relay->room - 1);
}

static inline void relay_give(struct relay *relay)
{
    struct relay_side *giver = &relay->giver;
    /* Either it sees that the taker waits, or the taker, which says so first, sees this one. */
    atomic_store(&giver->count, ++giver->own);
    if (UNLIKELY(atomic_load(&relay->taker.waits)))
        relay_wake_taker(relay);
}

/* Nothing more is given. */
void relay_end(struct relay *relay);

/* ---- the taker ------------------------------------------------------------------------------ */

/* How many are there to take at present. */
MUST_CHECK static inline uint32_t relay_ready(struct relay *relay)
{
    struct relay_side *taker = &relay->taker;
    if (taker->known == taker->own)
        taker->known = atomic_load_explicit(&relay->giver.count, memory_order_acquire);
    return taker->known - taker->own;
}

/* How many are there to take, at least one; 0 when all are taken and there will be no more. */
MUST_CHECK static inline uint32_t relay_await(struct relay *relay)
{
    uint32_t ready = relay_ready(relay);
    return LIKELY(ready) ? ready : relay_sleep_until_given(relay);
}

/* Where the first of them is. */
static inline uint32_t relay_first(const struct relay *relay)
{
    return relay->taker.own & (relay->room - 1);
}

/* Is one there that many behind the first, as far as the taker knows? */
static inline bool relay_is_there(const struct relay *relay, uint32_t behind)
{
    return relay->taker.known - relay->taker.own > behind;
}

/* Where that one is. */
static inline uint32_t relay_behind_first(const struct relay *relay, uint32_t behind)
{
    return (relay->taker.own + behind) & (relay->room - 1);
}

/* So many are done with. */
static inline void relay_take_some(struct relay *relay, uint32_t count)
{
    struct relay_side *taker = &relay->taker;
    taker->own += count;
    atomic_store(&taker->count, taker->own);
    if (UNLIKELY(atomic_load(&relay->giver.waits)))
        relay_wake_giver(relay);
}

/* The first of them is. */
static inline void relay_take(struct relay *relay)
{
    relay_take_some(relay, 1);
}

/* Does the giver sleep, because there is no room? */
static inline bool relay_giver_sleeps(const struct relay *relay)
{
    return atomic_load(&relay->giver.waits);
}

/* As relay_ready(), and what was given last counts as well. */
static inline uint32_t relay_given(struct relay *relay)
{
    relay->taker.known = atomic_load_explicit(&relay->giver.count, memory_order_acquire);
    return relay->taker.known - relay->taker.own;
}

/* A giver that sleeps runs the errand, in its own time, and then sleeps on or goes on giving; one
 * that does not sleep takes no notice. An errand that it has not begun is replaced. */
void relay_call_giver(struct relay *relay, void (*errand)(void *context), void *context);

/* Nothing more is taken. */
void relay_stop(struct relay *relay);

#endif
