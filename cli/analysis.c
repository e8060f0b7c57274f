#include "cli/analysis.h"

#include "dissect/relay.h"
#include "dissect/thread.h"

#include <stdlib.h>

/* Together about 440 KiB: they stay in a cache. */
#define BATCHES    ANALYZER_ROUND_MOST
#define WAKE_TAKER (BATCHES / 4)
#define WAKE_GIVER (BATCHES / 2)

/* A place holds an empty batch until a filled one is given for it. */
struct place {
    struct segment_batch *batch;
    struct analyzer_groups *groups;
    bool grouped; /* else that is left to who takes it */
};

/* The parts of what prepares the rest of a round, and the round's lanes: each is whose who comes
 * for it first. Those that may take longest go first, or all would wait for one. */
#define TASKS (ANALYZER_PARTS + ANALYZER_LANES)

struct round {
    struct analyzer_round *round;
    struct place places[BATCHES]; /* the first of them are of the round, the others empty */
    uint32_t batches;
    atomic_uint next; /* no task is left from TASKS on */
    atomic_uint done;
    pthread_mutex_t lock;
    pthread_cond_t all_done;
    pthread_cond_t begun;
    uint32_t number; /* of rounds so far */
    bool over;       /* none will follow */
};

/* More would wait for each other. */
#define HELPERS_MOST 6u

struct analysis {
    struct analyzer *analyzer;
    pthread_t thread;
    struct relay relay;
    struct place places[BATCHES];
    struct round round;
    pthread_t helpers[HELPERS_MOST]; /* have nothing to do but rounds */
    uint32_t helper_count;
    bool stopped;        /* the giver knows it */
    uint32_t for_rounds; /* batches that it still shares out, since it had to wait */
    enum analyzer_status status;
};

/* ---- rounds --------------------------------------------------------------------------------- */

static void run_task(struct analysis *a, unsigned task)
{
    if (task < ANALYZER_PARTS)
        analyzer_round_prepare(a->analyzer, task);
    else
        analyzer_round_lane(a->analyzer, a->round.round, task - ANALYZER_PARTS);
}

static void run_tasks(void *context)
{
    struct analysis *a = context;
    struct round *round = &a->round;
    unsigned task;
    while ((task = atomic_fetch_add(&round->next, 1)) < TASKS) {
        run_task(a, task);
        if (atomic_fetch_add(&round->done, 1) + 1 < TASKS)
            continue;
        pthread_mutex_lock(&round->lock);
        pthread_cond_signal(&round->all_done);
        pthread_mutex_unlock(&round->lock);
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
        run_tasks(a);
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

static void await_tasks(struct round *round)
{
    pthread_mutex_lock(&round->lock);
    while (atomic_load(&round->done) < TASKS)
        pthread_cond_wait(&round->all_done, &round->lock);
    pthread_mutex_unlock(&round->lock);
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

/* Somebody would take part, and there is something to do for a while. */
static bool is_worth_it(struct analysis *a)
{
    return (a->helper_count || relay_giver_sleeps(&a->relay)) &&
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
    atomic_store(&round->done, 0);
    atomic_store(&round->next, 0);
    if (a->helper_count)
        call_helpers(round, false);
    relay_call_giver(&a->relay, run_tasks, a);
    relay_take_some(&a->relay, round->batches);
    run_tasks(a);
    await_tasks(round);
    analyzer_round_end(a->analyzer, round->round);
    for (uint32_t i = 0; i < round->batches; i++) {
        if (a->status == ANALYZER_OK)
            a->status = analyzer_feed_rest(a->analyzer, round->round, i);
        batch_clear(round->places[i].batch);
    }
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void analyse_one(struct analysis *a)
{
    struct place *place = &a->places[relay_first(&a->relay)];
    group(a, place);
    a->status = analyzer_feed_grouped(a->analyzer, place->batch, place->groups);
    batch_clear(place->batch);
    relay_take(&a->relay);
}

static void *analyse(void *context)
{
    struct analysis *a = context;
    while (a->status == ANALYZER_OK && relay_await(&a->relay)) {
        if (is_worth_it(a) && begin_round(a))
            analyse_round(a);
        else
            analyse_one(a);
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
    pthread_cond_destroy(&a->round.all_done);
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
    pthread_cond_init(&a->round.all_done, NULL);
    pthread_cond_init(&a->round.begun, NULL);
    atomic_init(&a->round.next, TASKS);
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

struct segment_batch *analysis_pass(struct analysis *a, struct segment_batch *filled)
{
    /* Where the analysis is behind, rounds will follow. */
    if (!relay_has_room(&a->relay))
        a->for_rounds = BATCHES;
    if (!relay_await_room(&a->relay)) {
        a->stopped = true;
        batch_clear(filled);
        return filled;
    }
    struct place *place = &a->places[relay_next(&a->relay)];
    struct segment_batch *empty = place->batch;
    place->batch = filled;
    place->grouped = false;
    /* Whoever is ahead groups. */
    if (!relay_taker_sleeps(&a->relay))
        group(a, place);
    if (a->for_rounds) {
        a->for_rounds--;
        if (place->grouped)
            analyzer_share(filled, place->groups);
    }
    relay_give(&a->relay);
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
