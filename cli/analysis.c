#include "cli/analysis.h"

#include "cli/monotonic.h"
#include "cli/trial.h"
#include "dissect/relay.h"
#include "dissect/thread.h"

#include <stdlib.h>

/* Together about 230 KiB of segments, 670 where all are long: they stay in a cache. */
#define BATCHES    ANALYZER_ROUND_MOST
#define WAKE_TAKER (BATCHES / 4)
#define WAKE_GIVER (BATCHES / 2)

/* Where fewer wait for the analysis, it is ahead of who reads. */
#define HELD_USUAL (BATCHES / 2)

/* A place holds an empty batch until a filled one is given for it. */
struct place {
    struct segment_batch *batch;
    struct analyzer_groups *groups;
    uint32_t count; /* segments that it was given with */
    bool grouped;   /* else that is left to who takes it */
};

/* Each is whose who comes for it first, from the first on or from the last on. `begun` is how many
 * were come for, and may be more than there are, `done` the tasks that are done with. */
struct tasks {
    atomic_uint begun; /* in units of FROM_THE_FIRST and FROM_THE_LAST */
    atomic_uint done;
};

#define FROM_THE_FIRST 1u
#define FROM_THE_LAST  0x10000u

struct round {
    struct analyzer_round *round;
    struct place places[BATCHES]; /* the first of them are of the round, the others empty */
    uint32_t batches;
    struct tasks lanes;
    struct tasks parts; /* done by who reads, while it has to wait */
    pthread_mutex_t lock;
    pthread_cond_t done; /* a task that may be waited for */
    pthread_cond_t begun;
    uint32_t number; /* of rounds so far */
    bool over;       /* none will follow */
};

/* More would wait for each other. */
#define HELPERS_MOST 6u

/* After so many batches one by one it is asked anew what memory to have ahead. */
#define OFFERED_AFTER 16u

struct analysis {
    struct analyzer *analyzer;
    pthread_t thread;
    struct relay relay;
    struct place places[BATCHES];
    struct round round;
    struct trial trial;              /* of batches one by one, and of rounds, */
    atomic_bool with_rounds;         /* which are had at present */
    pthread_t helpers[HELPERS_MOST]; /* have nothing to do but rounds */
    uint32_t helper_count;
    bool stopped;           /* the giver knows it */
    uint32_t since_offered; /* batches fed one by one since it was last asked what memory to have */
    uint32_t for_rounds;    /* batches that it still shares out, since it had to wait */
    enum analyzer_status status;
};

/* ---- rounds --------------------------------------------------------------------------------- */

static void end_task(struct round *round, struct tasks *tasks, unsigned awaited)
{
    if (atomic_fetch_add(&tasks->done, 1) + 1 < awaited)
        return;
    pthread_mutex_lock(&round->lock);
    pthread_cond_signal(&round->done);
    pthread_mutex_unlock(&round->lock);
}

static void await_tasks(struct round *round, const struct tasks *tasks, unsigned awaited)
{
    pthread_mutex_lock(&round->lock);
    while (atomic_load(&tasks->done) < awaited)
        pthread_cond_wait(&round->done, &round->lock);
    pthread_mutex_unlock(&round->lock);
}

/* There is none to begin, and none that is not done with. */
static void close_tasks(struct tasks *tasks, unsigned count)
{
    atomic_store(&tasks->begun, count);
    atomic_store(&tasks->done, count);
}

/* From now on whoever comes begins one. */
static void offer_tasks(struct tasks *tasks)
{
    atomic_store(&tasks->done, 0);
    atomic_store(&tasks->begun, 0);
}

/* The lane that is begun now, or ANALYZER_LANES. `unit`: which way. */
static unsigned begin_lane(struct tasks *lanes, unsigned unit)
{
    unsigned begun = atomic_fetch_add(&lanes->begun, unit);
    unsigned first = begun % FROM_THE_LAST;
    unsigned last = begun / FROM_THE_LAST;
    if (first + last >= ANALYZER_LANES)
        return ANALYZER_LANES;
    return unit == FROM_THE_FIRST ? first : ANALYZER_LANES - 1 - last;
}

/* Who comes round after round from the same end has most of what these lanes touch in its cache. */
static void run_lanes(struct analysis *a, unsigned unit)
{
    struct round *round = &a->round;
    unsigned lane;
    while ((lane = begin_lane(&round->lanes, unit)) < ANALYZER_LANES) {
        analyzer_round_lane(a->analyzer, round->round, lane);
        end_task(round, &round->lanes, ANALYZER_LANES);
    }
}

static void run_lanes_beside(void *context)
{
    run_lanes(context, FROM_THE_LAST);
}

/* They prepare what comes next. Whoever analyses has no time for them. */
static void run_parts(struct analysis *a)
{
    struct round *round = &a->round;
    unsigned part;
    while ((part = atomic_fetch_add(&round->parts.begun, FROM_THE_FIRST)) < ANALYZER_PARTS) {
        analyzer_round_prepare(round->round, part);
        end_task(round, &round->parts, 0);
    }
}

static void *help(void *context)
{
    struct analysis *a = context;
    struct round *round = &a->round;
    uint32_t seen = 0;
    pthread_mutex_lock(&round->lock);
    for (;;) {
        while (round->number == seen && !round->over)
            pthread_cond_wait(&round->begun, &round->lock);
        if (round->over)
            break;
        seen = round->number;
        pthread_mutex_unlock(&round->lock);
        run_lanes_beside(a);
        pthread_mutex_lock(&round->lock);
    }
    pthread_mutex_unlock(&round->lock);
    return NULL;
}

static void call_helpers(struct round *round, bool over)
{
    pthread_mutex_lock(&round->lock);
    round->number++;
    round->over = over;
    pthread_cond_broadcast(&round->begun);
    pthread_mutex_unlock(&round->lock);
}

/* Who comes when all are begun is counted as well. */
static unsigned parts_of(unsigned begun)
{
    return begun < ANALYZER_PARTS ? begun : ANALYZER_PARTS;
}

static bool parts_are_done(const struct tasks *parts)
{
    return atomic_load(&parts->done) >= parts_of(atomic_load(&parts->begun));
}

/* Those that nobody has begun are done without. */
static void end_parts(struct round *round)
{
    unsigned begun = atomic_fetch_add(&round->parts.begun, ANALYZER_PARTS);
    await_tasks(round, &round->parts, parts_of(begun));
    close_tasks(&round->parts, ANALYZER_PARTS);
}

static void offer_parts(struct analysis *a)
{
    end_parts(&a->round);
    analyzer_round_want(a->analyzer, a->round.round);
    offer_tasks(&a->round.parts);
    a->since_offered = 0;
}

/* What is there to take goes to the round, for empty ones. */
static void set_aside(struct analysis *a)
{
    struct round *round = &a->round;
    uint32_t first = relay_first(&a->relay);
    for (uint32_t i = 0; i < round->batches; i++) {
        struct place *place = &a->places[(first + i) % BATCHES];
        struct place filled = *place;
        *place = round->places[i];
        round->places[i] = filled;
    }
}

/* Somebody would take part, there is something to do for a while, and it takes less time: where a
 * line of the cache takes long from one processor to the other it does not. */
static bool is_worth_it(struct analysis *a)
{
    return trial_is_second(&a->trial) && (a->helper_count || relay_giver_sleeps(&a->relay)) &&
           relay_given(&a->relay) >= WAKE_GIVER;
}

static void group(const struct analysis *a, struct place *place)
{
    if (!place->grouped)
        analyzer_group(a->analyzer, place->batch, place->groups);
    place->grouped = true;
}

static bool begin_round(struct analysis *a)
{
    struct round *round = &a->round;
    offer_parts(a);
    round->batches = relay_given(&a->relay);
    uint32_t first = relay_first(&a->relay);
    analyzer_round_clear(round->round);
    for (uint32_t i = 0; i < round->batches; i++) {
        struct place *place = &a->places[(first + i) % BATCHES];
        group(a, place);
        analyzer_round_add(round->round, place->batch, place->groups);
    }
    return analyzer_round_begin(a->analyzer, round->round);
}

/* Whoever reads has been waiting for room: it takes part first, and then has room for as many,
 * while what is left of these is fed. */
static void analyse_round(struct analysis *a)
{
    struct round *round = &a->round;
    set_aside(a);
    offer_tasks(&round->lanes);
    if (a->helper_count)
        call_helpers(round, false);
    relay_call_giver(&a->relay, run_lanes_beside, a);
    relay_take_some(&a->relay, round->batches);
    run_lanes(a, FROM_THE_FIRST);
    await_tasks(round, &round->lanes, ANALYZER_LANES);
    analyzer_round_end(a->analyzer, round->round);
    for (uint32_t i = 0; i < round->batches; i++) {
        if (a->status == ANALYZER_OK)
            a->status = analyzer_feed_rest(a->analyzer, round->round, i);
        analyzer_clear(a->analyzer, round->places[i].batch);
    }
}

/* ---- the thread ----------------------------------------------------------------------------- */

/* The segments of the next batch, which the reader's processor has. */
static void fetch_later(const struct analysis *a)
{
    if (!relay_is_there(&a->relay, 1))
        return;
    const struct place *later = &a->places[relay_behind_first(&a->relay, 1)];
    const struct segment *segments = later->batch->segments;
    for (size_t at = 0; at < later->count * sizeof *segments; at += 64)
        FETCH((const char *)segments + at);
}

static void analyse_one(struct analysis *a)
{
    if (++a->since_offered >= OFFERED_AFTER && parts_are_done(&a->round.parts))
        offer_parts(a);
    fetch_later(a);
    struct place *place = &a->places[relay_first(&a->relay)];
    group(a, place);
    a->status = analyzer_feed_grouped(a->analyzer, place->batch, place->groups);
    analyzer_clear(a->analyzer, place->batch);
    relay_take(&a->relay);
}

static void note_done(struct analysis *a, uint32_t batches)
{
    if (!trial_is_over(&a->trial, batches))
        return;
    trial_go_on(&a->trial, monotonic_ns());
    atomic_store_explicit(&a->with_rounds, trial_is_second(&a->trial), memory_order_relaxed);
}

static void *analyse(void *context)
{
    struct analysis *a = context;
    while (a->status == ANALYZER_OK && relay_await(&a->relay)) {
        bool round = is_worth_it(a) && begin_round(a);
        if (round)
            analyse_round(a);
        else
            analyse_one(a);
        note_done(a, round ? a->round.batches : 1);
    }
    relay_stop(&a->relay);
    return NULL;
}

static void empty_places(struct place places[BATCHES])
{
    for (unsigned i = 0; i < BATCHES; i++) {
        free(places[i].batch);
        analyzer_groups_destroy(places[i].groups);
    }
}

static void release(struct analysis *a)
{
    empty_places(a->places);
    empty_places(a->round.places);
    analyzer_round_destroy(a->round.round);
    pthread_cond_destroy(&a->round.begun);
    pthread_cond_destroy(&a->round.done);
    pthread_mutex_destroy(&a->round.lock);
    relay_finish(&a->relay);
    free(a);
}

static bool fill_place(struct place *place)
{
    place->batch = malloc(sizeof *place->batch);
    place->groups = analyzer_groups_create();
    if (!place->batch || !place->groups)
        return false;
    batch_clear(place->batch);
    return true;
}

static void start_helpers(struct analysis *a, uint32_t helpers)
{
    while (a->helper_count < helpers && a->helper_count < HELPERS_MOST &&
           thread_start(&a->helpers[a->helper_count], help, a))
        a->helper_count++;
}

static void end_helpers(struct analysis *a)
{
    call_helpers(&a->round, true);
    for (uint32_t i = 0; i < a->helper_count; i++)
        pthread_join(a->helpers[i], NULL);
    a->helper_count = 0;
}

struct analysis *analysis_start(struct analyzer *analyzer, uint32_t helpers)
{
    struct analysis *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->analyzer = analyzer;
    a->status = ANALYZER_OK;
    relay_init(&a->relay, BATCHES, WAKE_TAKER, WAKE_GIVER);
    pthread_mutex_init(&a->round.lock, NULL);
    pthread_cond_init(&a->round.done, NULL);
    pthread_cond_init(&a->round.begun, NULL);
    close_tasks(&a->round.lanes, ANALYZER_LANES);
    close_tasks(&a->round.parts, ANALYZER_PARTS);
    a->round.round = analyzer_round_create();
    bool filled = a->round.round;
    for (unsigned i = 0; i < BATCHES && filled; i++)
        filled = fill_place(&a->places[i]) && fill_place(&a->round.places[i]);
    if (filled)
        start_helpers(a, helpers);
    if (!filled || !thread_start(&a->thread, analyse, a)) {
        end_helpers(a);
        release(a);
        return NULL;
    }
    return a;
}

/* Whoever fills a batch has some of its places on their way when he comes to them, but for the
 * first ones. */
#define PLACES_FIRST 16u

static void fetch_first(const struct segment_batch *empty)
{
    for (size_t at = 0; at < PLACES_FIRST * sizeof *empty->segments; at += 64)
        FETCH_TO_WRITE((const char *)empty->segments + at);
}

struct segment_batch *analysis_pass(struct analysis *a, struct segment_batch *filled)
{
    /* Where the analysis is behind, rounds will follow. */
    if (!relay_has_room(&a->relay)) {
        a->for_rounds = atomic_load_explicit(&a->with_rounds, memory_order_relaxed) ? BATCHES : 0;
        run_parts(a);
    }
    if (!relay_await_room(&a->relay)) {
        a->stopped = true;
        batch_clear(filled);
        return filled;
    }
    struct place *place = &a->places[relay_next(&a->relay)];
    struct segment_batch *empty = place->batch;
    place->batch = filled;
    place->count = filled->count;
    place->grouped = false;
    /* Whoever is ahead groups. */
    if (relay_holds(&a->relay, HELD_USUAL))
        group(a, place);
    if (a->for_rounds) {
        a->for_rounds--;
        if (place->grouped)
            analyzer_share(filled, place->groups);
    }
    relay_give(&a->relay);
    fetch_first(empty);
    return empty;
}

bool analysis_stopped(const struct analysis *a)
{
    return a->stopped;
}

enum analyzer_status analysis_join(struct analysis *a)
{
    relay_end(&a->relay);
    pthread_join(a->thread, NULL);
    end_helpers(a);
    enum analyzer_status status = a->status;
    release(a);
    return status;
}
