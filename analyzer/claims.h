/*
 * Numbered portions of work that are taken in their order by one thread, the taker, and made by it
 * and by a helper a little ahead of that, whoever comes first: a portion is made by who claims it,
 * in a place that comes round after CLAIMS_AHEAD of them. Where the taker comes to a portion that
 * nobody has begun it has it for itself, and while the helper is at the one that it needs it makes
 * a later one. So neither waits for the other where both are needed; a helper that is far ahead
 * sleeps until there is something to do for a while. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_CLAIMS_H
#define FINWAIT_ANALYZER_CLAIMS_H

#include "dissect/compiler.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CLAIMS_AHEAD TABLE_SIZE(8u, 2u)

/* The helper sleeps until it may claim so many. */
#define CLAIMS_WAKE TABLE_SIZE(5u, 1u)

#define CLAIMS_NONE UINT32_MAX

/* Of the portions that stand in one place the last one that is made there, counted from one. */
struct claims_place {
    _Alignas(64) atomic_uint made;
};

/* What both write, what the taker writes, and the rest, on lines of the cache of their own. */
struct claims {
    _Alignas(64) atomic_uint claimed; /* those before it are somebody's */
    _Alignas(64) atomic_uint taken;   /* with those before it the taker is done */
    _Alignas(64) uint32_t count;
    atomic_bool stopped;
    atomic_bool helper_waits, taker_waits;
    pthread_mutex_t lock;
    pthread_cond_t freed, made;
    struct claims_place places[CLAIMS_AHEAD];
};

/* `count` portions, fewer than CLAIMS_NONE. */
void claims_init(struct claims *claims, uint32_t count);
void claims_finish(struct claims *claims);

/* Who finds nothing to do sleeps in these: called by the next ones. */
void claims_sleep_until_freed(struct claims *claims);
void claims_sleep_until_made(struct claims *claims, uint32_t number);
void claims_wake_helper(struct claims *claims);
void claims_wake_taker(struct claims *claims);

/* Where the portion is made. */
static inline uint32_t claims_place(uint32_t number)
{
    return number % CLAIMS_AHEAD;
}

/* ---- either --------------------------------------------------------------------------------- */

/* The next portion that nobody has begun, whose place is free: it is the caller's to make now.
 * CLAIMS_NONE: there is none at present. */
MUST_CHECK static inline uint32_t claims_next(struct claims *c)
{
    uint32_t number = atomic_load_explicit(&c->claimed, memory_order_relaxed);
    while (number < c->count &&
           (int32_t)(number - atomic_load_explicit(&c->taken, memory_order_acquire)) <
               (int32_t)CLAIMS_AHEAD)
        if (atomic_compare_exchange_weak(&c->claimed, &number, number + 1))
            return number;
    return CLAIMS_NONE;
}

/* What was claimed so is made. */
static inline void claims_give(struct claims *c, uint32_t number)
{
    /* Either it sees that the taker waits, or the taker, which says so first, sees this one. */
    atomic_store(&c->places[claims_place(number)].made, number + 1);
    if (UNLIKELY(atomic_load(&c->taker_waits)))
        claims_wake_taker(c);
}

/* ---- the helper ----------------------------------------------------------------------------- */

/* As claims_next(), and waits for a place. CLAIMS_NONE: there is nothing more to do. */
MUST_CHECK static inline uint32_t claims_await(struct claims *c)
{
    for (;;) {
        uint32_t number = claims_next(c);
        if (number != CLAIMS_NONE)
            return number;
        if (atomic_load(&c->stopped) || atomic_load(&c->claimed) >= c->count)
            return CLAIMS_NONE;
        claims_sleep_until_freed(c);
    }
}

/* ---- the taker ------------------------------------------------------------------------------ */

/* Has nobody begun it? Then nobody else will. */
MUST_CHECK static inline bool claims_have(struct claims *c, uint32_t number)
{
    uint32_t claimed = atomic_load_explicit(&c->claimed, memory_order_relaxed);
    while (claimed <= number)
        if (atomic_compare_exchange_weak(&c->claimed, &claimed, number + 1))
            return true;
    return false;
}

MUST_CHECK static inline bool claims_are_made(const struct claims *c, uint32_t number)
{
    return atomic_load_explicit(&c->places[claims_place(number)].made, memory_order_acquire) ==
           number + 1;
}

/* The taker is done with it, whoever made it. */
static inline void claims_take(struct claims *c, uint32_t number)
{
    atomic_store(&c->taken, number + 1);
    if (UNLIKELY(atomic_load(&c->helper_waits)))
        claims_wake_helper(c);
}

/* Nothing more is taken. */
void claims_stop(struct claims *claims);

#endif
