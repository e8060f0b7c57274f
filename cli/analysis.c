#include "cli/analysis.h"

#include "dissect/relay.h"
#include "dissect/thread.h"

#include <stdlib.h>

/* Together about 440 KiB: they stay in a cache. */
#define BATCHES    32u
#define WAKE_TAKER 8u
#define WAKE_GIVER 16u

/* A place holds an empty batch until a filled one is given for it. */
struct place {
    struct segment_batch *batch;
    struct analyzer_groups *groups;
};

struct analysis {
    struct analyzer *analyzer;
    pthread_t thread;
    struct relay relay;
    struct place places[BATCHES];
    bool stopped; /* the giver knows it */
    enum analyzer_status status;
};

static void *analyse(void *context)
{
    struct analysis *a = context;
    while (a->status == ANALYZER_OK && relay_await(&a->relay)) {
        const struct place *place = &a->places[relay_first(&a->relay)];
        a->status = analyzer_feed_grouped(a->analyzer, place->batch, place->groups);
        batch_clear(place->batch);
        relay_take(&a->relay);
    }
    relay_stop(&a->relay);
    return NULL;
}

static void release(struct analysis *a)
{
    for (unsigned i = 0; i < BATCHES; i++) {
        free(a->places[i].batch);
        analyzer_groups_destroy(a->places[i].groups);
    }
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

struct analysis *analysis_start(struct analyzer *analyzer)
{
    struct analysis *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->analyzer = analyzer;
    a->status = ANALYZER_OK;
    relay_init(&a->relay, BATCHES, WAKE_TAKER, WAKE_GIVER);
    bool filled = true;
    for (unsigned i = 0; i < BATCHES && filled; i++)
        filled = fill_place(&a->places[i]);
    if (!filled || !thread_start(&a->thread, analyse, a)) {
        release(a);
        return NULL;
    }
    return a;
}

struct segment_batch *analysis_pass(struct analysis *a, struct segment_batch *filled)
{
    if (!relay_await_room(&a->relay)) {
        a->stopped = true;
        batch_clear(filled);
        return filled;
    }
    struct place *place = &a->places[relay_next(&a->relay)];
    struct segment_batch *empty = place->batch;
    analyzer_group(a->analyzer, filled, place->groups);
    place->batch = filled;
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
    enum analyzer_status status = a->status;
    release(a);
    return status;
}
