#include "analyzer/drain.h"

#include "dissect/compiler.h"
#include "dissect/relay.h"
#include "dissect/thread.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

/* A thread costs more than fewer connections do. */
#define DRAIN_LEAST TABLE_SIZE(256u, 2u)

/* Whoever waits is woken when there is something to do for a while. */
#define JUDGED_AHEAD TABLE_SIZE(64u, 4u)
#define WAKE         TABLE_SIZE(16u, 2u)

/* So many connections before they are made or taken. */
#define FETCHED_AHEAD 2u

/* Of the states of who opens and closes, and of the log of that. */
#define STATES_USUAL 6u
#define LOG_USUAL    10

/* Who makes them changes with a block of so many, and is looked at anew after so many blocks. */
#define BLOCK  TABLE_SIZE(256u, 8u)
#define PERIOD TABLE_SIZE(64u, 8u)

_Static_assert(BLOCK > JUDGED_AHEAD, "who makes them is not a block ahead of who takes them");

/* The first blocks of a period, by what is done with them: the one that who counts makes is timed,
 * and of those that are handed on the second behind it, when nothing is left that was made
 * meanwhile. What comes of it holds from LOOKED_AT on. */
enum { WARM, OWN_TIMED, HANDED, HANDED_TIMED, SETTLED, LOOKED_AT };

struct pace {
    atomic_bool own;     /* who counts makes the others of the period */
    int64_t from_ns;     /* of the block that is timed, */
    int64_t own_took_ns; /* and of the one before it */
};

struct drain {
    const struct flows *flows;
    const struct analyzer_config *config;
    pthread_t thread;
    struct relay relay;             /* of those that are no lone SYNs */
    uint32_t count;                 /* of them */
    const struct ends_maker *namer; /* borrowed */
    struct pace pace;
    uint8_t apart[64]; /* what follows is written for each that is taken, and the maker reads what
                          stands before it */
    uint32_t seen;     /* the taker's: of the order, */
    uint32_t taken;    /* and of those that are no lone SYNs */
    bool lent;         /* the taker has one */
    struct ends ends[JUDGED_AHEAD];
    struct judged judged[JUDGED_AHEAD];
    struct flow_room rooms[JUDGED_AHEAD]; /* the conclusions point to what was made in them */
    struct flow_room own_room;            /* the taker's */
};

/* ---- who makes them ------------------------------------------------------------------------- */

/* Both threads see it alike: it changes while the taker begins a block that is handed on, so that
 * the maker, who is not as far ahead, asks for those behind it later. */
static bool is_own(const struct drain *d, uint32_t i)
{
    uint32_t block = i / BLOCK % PERIOD;
    if (block < LOOKED_AT)
        return block == OWN_TIMED;
    return atomic_load_explicit(&d->pace.own, memory_order_relaxed);
}

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* The taker begins it. */
static void begin_block(struct pace *pace, uint32_t block)
{
    if (block >= LOOKED_AT)
        return;
    int64_t now_ns = clock_ns();
    if (block == HANDED)
        pace->own_took_ns = now_ns - pace->from_ns;
    if (block == SETTLED)
        atomic_store_explicit(&pace->own, pace->own_took_ns < now_ns - pace->from_ns,
                              memory_order_relaxed);
    pace->from_ns = now_ns;
}

/* ---- making --------------------------------------------------------------------------------- */

static ALWAYS_INLINE void fetch_lines(const void *from, size_t bytes, bool to_write)
{
    for (size_t at = 0; at < bytes; at += 64) {
        if (to_write)
            FETCH_TO_WRITE((const char *)from + at);
        else
            FETCH((const char *)from + at);
    }
}

/* A line of the cache that the other thread wrote or read last takes long to come: of what is made
 * of an ordinary connection they are on their way. */
static ALWAYS_INLINE void fetch_made(const struct drain *d, uint32_t place, bool to_write)
{
    const struct judged *judged = &d->judged[place];
    const struct conclusion *conclusion = &judged->conclusion;
    fetch_lines(&conclusion->verdict, sizeof conclusion->verdict, to_write);
    for (int s = 0; s < 2; s++)
        fetch_lines(conclusion->states[s].entries, STATES_USUAL * sizeof(struct state_entry),
                    to_write);
    fetch_lines(&conclusion->basis, offsetof(struct states_basis, evidence.own), to_write);
    fetch_lines(&judged->found.count, sizeof judged->found.count, to_write);
    fetch_lines(&d->rooms[place].connection, sizeof(struct connection), to_write);
}

static void make_one(struct drain *d, uint32_t number)
{
    uint32_t place = relay_next(&d->relay);
    fetch_made(d, (place + FETCHED_AHEAD) % JUDGED_AHEAD, true);
    const struct connection *c = flows_due(d->flows, number, &d->rooms[place]);
    judged_make(&d->judged[place], c, d->config, d->flows->clock_ns, false);
    d->ends[place] = ends_of_connection(d->namer, c);
}

static void *make(void *context)
{
    struct drain *d = context;
    for (uint32_t number = 0, i = 0; i < d->count; number++) {
        /* What is not made here may have been handed out by now, and is not touched. */
        if (flows_due_is_lone(d->flows, number) || is_own(d, i++))
            continue;
        flows_due_fetch(d->flows, number, false);
        if (!relay_await_room(&d->relay))
            break;
        make_one(d, number);
        relay_give(&d->relay);
    }
    relay_end(&d->relay);
    return NULL;
}

struct drain *drain_begin(const struct flows *flows, const struct analyzer_config *config,
                          const struct ends_maker *ends)
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
    d->namer = ends;
    relay_init(&d->relay, JUDGED_AHEAD, WAKE, WAKE);
    if (thread_start(&d->thread, make, d))
        return d;
    relay_finish(&d->relay);
    free(d);
    return NULL;
}

/* ---- taking --------------------------------------------------------------------------------- */

/* Where a log stands is told by what comes before it. */
static void fetch_next(const struct drain *d)
{
    if (relay_is_there(&d->relay, FETCHED_AHEAD))
        fetch_made(d, relay_behind_first(&d->relay, FETCHED_AHEAD), false);
    if (!relay_is_there(&d->relay, 1))
        return;
    const struct judged *next = &d->judged[relay_behind_first(&d->relay, 1)];
    const struct evidence *ev = &next->conclusion.basis.evidence;
    int count = ev->count < LOG_USUAL ? ev->count : LOG_USUAL;
    fetch_lines(ev->log, (size_t)count * sizeof *ev->log, false);
}

struct judged *drain_next(struct drain *d, const struct connection **whole)
{
    uint32_t number = d->seen++;
    if (flows_due_is_lone(d->flows, number))
        return NULL;
    if (d->lent)
        relay_take(&d->relay);
    d->lent = false;
    uint32_t i = d->taken++;
    if (i % BLOCK == 0)
        begin_block(&d->pace, i / BLOCK % PERIOD);
    if (is_own(d, i)) {
        flows_due_fetch(d->flows, number, true);
        *whole = flows_due(d->flows, number, &d->own_room);
        return NULL;
    }
    d->lent = relay_await(&d->relay) > 0;
    assert(d->lent);
    fetch_next(d);
    return &d->judged[relay_first(&d->relay)];
}

const struct ends *drain_ends(const struct drain *d, uint32_t ahead)
{
    return relay_is_there(&d->relay, ahead) ? &d->ends[relay_behind_first(&d->relay, ahead)] : NULL;
}

void drain_end(struct drain *d)
{
    if (!d)
        return;
    relay_stop(&d->relay);
    pthread_join(d->thread, NULL);
    relay_finish(&d->relay);
    free(d);
}
