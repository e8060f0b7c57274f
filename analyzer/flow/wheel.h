/*
 * When connections become final: a timer wheel on capture time. Filing is lazy: a connection is
 * filed once, and what has happened since is looked at when its turn comes.
 *
 * The wheel owns its buckets; what is filed is named by 32-bit values chained through the owner's
 * records.
 */
#ifndef FINWAIT_ANALYZER_FLOW_WHEEL_H
#define FINWAIT_ANALYZER_FLOW_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_TICK_NS INT64_C(250000000)
#define WHEEL_BUCKETS 2048u /* a turn is 512 s: longer waits are filed again on the way */
#define WHEEL_NONE    UINT32_MAX

struct wheel {
    uint32_t heads[WHEEL_BUCKETS];
    uint64_t occupied[WHEEL_BUCKETS / 64]; /* a bit for each bucket in which something is,
                                              and perhaps for one that was emptied */
    bool any;                              /* of these bits may be set */
    int64_t tick;                          /* the next one to come due; its bucket still fills */
    int64_t end_ns;                        /* until then it does; never later than that */
};

static inline int64_t wheel_tick_of(int64_t time_ns)
{
    int64_t tick = time_ns / WHEEL_TICK_NS;
    return time_ns < 0 && tick * WHEEL_TICK_NS != time_ns ? tick - 1 : tick;
}

static inline void wheel_turn_to(struct wheel *wheel, int64_t tick)
{
    wheel->tick = tick;
    if (__builtin_mul_overflow(tick + 1, WHEEL_TICK_NS, &wheel->end_ns))
        wheel->end_ns = tick < 0 ? INT64_MIN : INT64_MAX;
}

static inline void wheel_init(struct wheel *wheel, int64_t now_ns)
{
    for (uint32_t i = 0; i < WHEEL_BUCKETS; i++)
        wheel->heads[i] = WHEEL_NONE;
    for (uint32_t i = 0; i < WHEEL_BUCKETS / 64; i++)
        wheel->occupied[i] = 0;
    wheel->any = false;
    wheel_turn_to(wheel, wheel_tick_of(now_ns));
}

/* The bucket of a time, for something to be put in: never before the present tick, never beyond one
 * turn. */
static inline uint32_t *wheel_bucket(struct wheel *wheel, int64_t due_ns)
{
    int64_t tick = wheel_tick_of(due_ns);
    if (tick < wheel->tick)
        tick = wheel->tick;
    if (tick >= wheel->tick + WHEEL_BUCKETS)
        tick = wheel->tick + WHEEL_BUCKETS - 1;
    uint64_t bucket = (uint64_t)tick % WHEEL_BUCKETS;
    wheel->occupied[bucket / 64] |= UINT64_C(1) << bucket % 64;
    wheel->any = true;
    return &wheel->heads[bucket];
}

/* Of the buckets in which something is the one that comes due first, or NULL. */
static inline uint32_t *wheel_first(struct wheel *wheel)
{
    if (!wheel->any)
        return NULL;
    uint64_t start = (uint64_t)wheel->tick % WHEEL_BUCKETS;
    uint64_t from_start = UINT64_MAX << start % 64;
    for (uint64_t i = 0; i <= WHEEL_BUCKETS / 64; i++) {
        uint64_t word = (start / 64 + i) % (WHEEL_BUCKETS / 64);
        uint64_t part = i == 0 ? from_start : i == WHEEL_BUCKETS / 64 ? ~from_start : UINT64_MAX;
        for (uint64_t bits; (bits = wheel->occupied[word] & part) != 0;) {
            uint32_t *bucket = &wheel->heads[word * 64 + (uint64_t)__builtin_ctzll(bits)];
            if (*bucket != WHEEL_NONE)
                return bucket;
            wheel->occupied[word] &= ~(bits & (0 - bits));
        }
    }
    wheel->any = false;
    return NULL;
}

/* Of a bucket in which something is. */
static inline int64_t wheel_tick_at(const struct wheel *wheel, const uint32_t *bucket)
{
    uint64_t number = (uint64_t)(bucket - wheel->heads);
    return wheel->tick + (int64_t)((number - (uint64_t)wheel->tick) % WHEEL_BUCKETS);
}

#endif
