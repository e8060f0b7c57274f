#include "analyzer/drain.h"

#include "dissect/compiler.h"
#include "dissect/monotonic.h"
#include "dissect/relay.h"
#include "dissect/thread.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A thread costs more than fewer connections do. */
#define DRAIN_LEAST TABLE_SIZE(256u, 2u)

/* They are handed over so many at a time: to say so, and to ask, takes a line of the cache to the
 * other processor and back. Whoever waits is woken when there is something to do for a while. */
#define GROUP        TABLE_SIZE(8u, 2u)
#define JUDGED_AHEAD TABLE_SIZE(128u, 4u)
#define GROUPS_AHEAD (JUDGED_AHEAD / GROUP)
#define WAKE_TAKER   TABLE_SIZE(2u, 1u)
#define WAKE_MAKER   TABLE_SIZE(10u, 1u)

/* So many connections before they are made or taken. */
#define FETCHED_AHEAD 2u

/* Of the states of who opens and closes, and of the log of that. */
#define STATES_USUAL 6u
#define LOG_USUAL    10

/* Who makes them changes with a block of so many, and is looked at anew after so many blocks. */
#define BLOCK  TABLE_SIZE(256u, 8u)
#define PERIOD TABLE_SIZE(64u, 8u)

_Static_assert(BLOCK > JUDGED_AHEAD, "who makes them is not a block ahead of who takes them");
_Static_assert(BLOCK % GROUP == 0, "of a group all are made by the same");

/* The first blocks of a period, by what is done with them: the one that who counts makes is timed,
 * and of those that are handed on the second behind it, when nothing is left that was made
 * meanwhile. What comes of it holds from LOOKED_AT on. */
enum { WARM, OWN_TIMED, HANDED, HANDED_TIMED, SETTLED, LOOKED_AT };

struct pace {
    atomic_bool own;     /* who counts makes the others of the period */
    int64_t from_ns;     /* of the block that is timed, */
    int64_t own_took_ns; /* and of the one before it */
};

/* What is made of one. The note, the key of the connection and the arrival, which are read of all,
 * begin with a line of the cache. */
struct place {
    _Alignas(64) struct drain_note note;
    _Alignas(64) struct flow_room room; /* the conclusion points to what was made there */
    _Alignas(64) struct judged judged;
};

struct drain {
    const struct flows *flows;
    const struct analyzer_config *config;
    pthread_t thread;
    struct relay relay;             /* of groups of those that are no lone SYNs */
    uint32_t count;                 /* of them */
    const struct ends_maker *namer; /* borrowed */
    struct pace pace;
    uint8_t apart[64]; /* what follows is written for each that is taken, and the maker reads what
                          stands before it */
    uint32_t seen;     /* the taker's: of the order, */
    uint32_t taken;    /* and of those that are no lone SYNs */
    bool lent;         /* the taker has a group */
    struct flow_room own_room; /* the taker's */
    struct place places[JUDGED_AHEAD];
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

/* The taker begins it. */
static void begin_block(struct pace *pace, uint32_t block)
{
    if (block >= LOOKED_AT)
        return;
    int64_t now_ns = monotonic_ns();
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
    uintptr_t end = (uintptr_t)from + bytes;
    for (uintptr_t line = (uintptr_t)from / 64 * 64; line < end; line += 64) {
        if (to_write)
            FETCH_TO_WRITE(line);
        else
            FETCH((const void *)line);
    }
}

/* A line of the cache that the other thread wrote or read last takes long to come: of what is made
 * of an ordinary connection those that are counted are on their way. */
static void fetch_counted(const struct place *place, bool to_write)
{
    const struct arrival *arrival = &place->judged.arrival;
    const struct connection_verdict *verdict = &place->judged.conclusion.verdict;
    fetch_lines(&place->note, sizeof place->note, to_write);
    fetch_lines(&place->room.connection.key, sizeof place->room.connection.key, to_write);
    fetch_lines(verdict, offsetof(struct connection_verdict, stream), to_write);
    for (int x = 0; x < ARRIVAL_ENDS; x++)
        fetch_lines(&arrival->ends[x], offsetof(struct arrival_end, at_ns[ARRIVAL_STATES_USUAL]),
                    to_write);
    fetch_lines(&arrival->start_ns, sizeof *arrival - offsetof(struct arrival, start_ns), to_write);
}

static void make_one(struct drain *d, uint32_t number, uint32_t at)
{
    struct place *place = &d->places[at];
    fetch_counted(&d->places[(at + FETCHED_AHEAD) % JUDGED_AHEAD], true);
    const struct connection *c = flows_due(d->flows, number, &place->room);
    judged_make(&place->judged, c, d->config, d->flows->clock_ns, false);
    place->note = (struct drain_note){ends_of_connection(d->namer, c), stamps_word(c)};
}

static void *make(void *context)
{
    struct drain *d = context;
    for (uint32_t number = 0, i = 0; i < d->count; number++) {
        /* What is not made here may have been handed out by now, and is not touched. */
        if (flows_due_is_lone(d->flows, number))
            continue;
        uint32_t of_group = i % GROUP;
        if (is_own(d, i++))
            continue;
        flows_due_fetch(d->flows, number, false);
        if (of_group == 0 && !relay_await_room(&d->relay))
            break;
        make_one(d, number, relay_next(&d->relay) * GROUP + of_group);
        if (i % GROUP == 0 || i == d->count)
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
    struct drain *d = count < DRAIN_LEAST ? NULL : aligned_alloc(64, sizeof *d);
    if (!d)
        return NULL;
    memset(d, 0, offsetof(struct drain, own_room));
    d->flows = flows;
    d->config = config;
    d->count = count;
    d->namer = ends;
    relay_init(&d->relay, GROUPS_AHEAD, WAKE_TAKER, WAKE_MAKER);
    if (thread_start(&d->thread, make, d))
        return d;
    relay_finish(&d->relay);
    free(d);
    return NULL;
}

/* ---- taking --------------------------------------------------------------------------------- */

/* What will be taken so many behind the one that was taken last, or NULL: it is not there yet, or
 * of another block, which somebody else may make. */
static const struct place *place_ahead(const struct drain *d, uint32_t ahead)
{
    uint32_t i = d->taken - 1;
    uint32_t behind = i % GROUP + ahead;
    if (i % BLOCK + ahead >= BLOCK || i + ahead >= d->count ||
        !relay_is_there(&d->relay, behind / GROUP))
        return NULL;
    return &d->places[relay_behind_first(&d->relay, behind / GROUP) * GROUP + behind % GROUP];
}

/* Of few all is read that was made. */
static void fetch_rest(const struct place *place)
{
    const struct conclusion *conclusion = &place->judged.conclusion;
    const struct evidence *ev = &conclusion->basis.evidence;
    int count = ev->count < LOG_USUAL ? ev->count : LOG_USUAL;
    fetch_lines(&conclusion->verdict, sizeof conclusion->verdict, false);
    for (int s = 0; s < 2; s++)
        fetch_lines(conclusion->states[s].entries, STATES_USUAL * sizeof(struct state_entry),
                    false);
    fetch_lines(ev->log, (size_t)count * sizeof *ev->log, false);
    fetch_lines(&place->room.connection, sizeof place->room.connection, false);
}

static void fetch_next(const struct drain *d)
{
    const struct place *later = place_ahead(d, FETCHED_AHEAD);
    const struct place *next = place_ahead(d, 1);
    if (later)
        fetch_counted(later, false);
    if (next && next->judged.conclusion.verdict.anomaly_count)
        fetch_rest(next);
}

struct judged *drain_next(struct drain *d, const struct connection **whole)
{
    uint32_t number = d->seen++;
    if (flows_due_is_lone(d->flows, number))
        return NULL;
    uint32_t i = d->taken++;
    if (d->lent && i % GROUP == 0) {
        relay_take(&d->relay);
        d->lent = false;
    }
    if (i % BLOCK == 0)
        begin_block(&d->pace, i / BLOCK % PERIOD);
    if (is_own(d, i)) {
        flows_due_fetch(d->flows, number, true);
        *whole = flows_due(d->flows, number, &d->own_room);
        return NULL;
    }
    d->lent = d->lent || relay_await(&d->relay) > 0;
    assert(d->lent);
    fetch_next(d);
    uint32_t place = relay_first(&d->relay) * GROUP + i % GROUP;
    return &d->places[place].judged;
}

const struct drain_note *drain_note(const struct drain *d, uint32_t ahead)
{
    const struct place *place = place_ahead(d, ahead);
    return place ? &place->note : NULL;
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
