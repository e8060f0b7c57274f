#include "analyzer/finals.h"

#include "analyzer/tcp/track.h"
#include "dissect/relay.h"
#include "dissect/thread.h"

#include <stdlib.h>

/* As many as become final within a tick of a busy capture: 1.1 MB. */
#define WAITING    TABLE_SIZE(4096u, 4u)
#define WAKE_TAKER TABLE_SIZE(64u, 2u)
#define WAKE_GIVER TABLE_SIZE(1024u, 2u)

struct finals {
    final_count count;
    void *context;
    pthread_t thread;
    struct relay relay;
    bool stopped; /* the thread's, until it has ended */
    struct final waiting[WAITING];
};

static void *count_all(void *context)
{
    struct finals *f = context;
    while (!f->stopped && relay_await(&f->relay)) {
        f->stopped = !f->count(f->context, &f->waiting[relay_first(&f->relay)]);
        relay_take(&f->relay);
    }
    relay_stop(&f->relay);
    return NULL;
}

struct finals *finals_start(final_count count, void *context)
{
    struct finals *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->count = count;
    f->context = context;
    relay_init(&f->relay, WAITING, WAKE_TAKER, WAKE_GIVER);
    if (thread_start(&f->thread, count_all, f))
        return f;
    relay_finish(&f->relay);
    free(f);
    return NULL;
}

bool finals_give(struct finals *f, const struct final *final)
{
    if (!relay_await_room(&f->relay)) {
        struct connection given = final->connection;
        connection_finish(&given);
        return false;
    }
    f->waiting[relay_next(&f->relay)] = *final;
    relay_give(&f->relay);
    return true;
}

bool finals_end(struct finals *f)
{
    relay_end(&f->relay);
    pthread_join(f->thread, NULL);
    for (; relay_ready(&f->relay); relay_take(&f->relay))
        connection_finish(&f->waiting[relay_first(&f->relay)].connection);
    bool wanted = !f->stopped;
    relay_finish(&f->relay);
    free(f);
    return wanted;
}
