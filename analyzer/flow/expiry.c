#include "analyzer/flow/expiry.h"

#include "analyzer/flow/records.h"

#include <stdlib.h>

struct due_item {
    int64_t due_ns;
    frame_ref first_frame;
    uint32_t stream;
    uint32_t index;
};

/* ---- handing out ---------------------------------------------------------------------------- */

static void mark_unheard(const struct flows *f, struct connection *c)
{
    if (!(c->marks & CONN_ESTABLISHED) && heard_nothing(&f->heard, c, client_side(c)))
        c->marks |= CONN_UNHEARD;
}

enum flow_status expiry_hand_out(struct flows *f, uint32_t index, bool evicted)
{
    struct connection *c = flows_at(f, index);
    if (!f->draining) {
        flows_unlink(f, index);
        heard_connection(&f->heard, c);
        mark_unheard(f, c);
    }
    bool go_on = f->final(f->context, c, evicted);
    f->evicted += evicted;
    flows_release(f, index);
    return go_on ? FLOW_OK : FLOW_STOPPED;
}

static bool due_reserve(struct due_list *list, uint32_t room)
{
    if (room <= list->room)
        return true;
    struct due_item *items = realloc(list->items, (size_t)room * sizeof *items);
    if (!items)
        return false;
    list->items = items;
    list->room = room;
    return true;
}

static bool due_add(struct due_list *list, struct due_item item)
{
    if (list->count == list->room && !due_reserve(list, list->room ? list->room * 2 : 256))
        return false;
    list->items[list->count++] = item;
    return true;
}

static int by_due(const void *left, const void *right)
{
    const struct due_item *a = left;
    const struct due_item *b = right;
    if (a->due_ns != b->due_ns)
        return a->due_ns < b->due_ns ? -1 : 1;
    if (a->first_frame != b->first_frame)
        return a->first_frame < b->first_frame ? -1 : 1;
    return a->stream < b->stream ? -1 : a->stream > b->stream; /* one frame may open several */
}

/* Scans are in order as they are, and are many. */
static void sort_due(struct due_list *list)
{
    for (uint32_t i = 1; i < list->count; i++) {
        if (by_due(&list->items[i - 1], &list->items[i]) > 0) {
            qsort(list->items, list->count, sizeof *list->items, by_due);
            return;
        }
    }
}

/* So many connections before its turn a connection is fetched, and half as many before its detail.
 */
#define FETCH_AHEAD 8u

static void fetch_ahead(const struct flows *f, uint32_t i)
{
    const struct due_list *list = &f->due;
    if (i + FETCH_AHEAD < list->count)
        flows_fetch(flows_at(f, list->items[i + FETCH_AHEAD].index), sizeof(struct connection));
    if (i + FETCH_AHEAD / 2 >= list->count)
        return;
    const struct connection *c = flows_at(f, list->items[i + FETCH_AHEAD / 2].index);
    if (c->detail)
        flows_fetch(c->detail, sizeof *c->detail);
    if (!f->draining)
        table_prefetch(&f->table, c->tag);
}

static enum flow_status hand_out_due(struct flows *f, bool evicted)
{
    struct due_list *list = &f->due;
    sort_due(list);
    if (f->draining && f->order_known)
        f->order_known(f->context);
    enum flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < list->count && status == FLOW_OK; i++) {
        fetch_ahead(f, i);
        status = expiry_hand_out(f, list->items[i].index, evicted);
    }
    list->count = 0;
    return status;
}

uint32_t flows_due_count(const struct flows *f)
{
    return f->due.count;
}

const struct connection *flows_due(const struct flows *f, uint32_t number)
{
    return flows_at(f, f->due.items[number].index);
}

/* ---- expiry --------------------------------------------------------------------------------- */

/* Beyond 2*MSL stragglers must still find whose they are. */
static int64_t linger_of(const struct flows *f)
{
    int64_t linger_ns;
    if (__builtin_add_overflow(f->config->two_msl_ns, f->config->straggler_ns, &linger_ns))
        return INT64_MAX;
    return linger_ns;
}

/* Later than any time that passes, but before what has no end. */
#define DUE_LAST (INT64_MAX - 1)

int64_t expiry_after(const struct flows *f, int64_t time_ns)
{
    int64_t due_ns;
    if (__builtin_add_overflow(time_ns, linger_of(f), &due_ns) || due_ns > DUE_LAST)
        return DUE_LAST;
    return due_ns;
}

static int64_t due_of(const struct flows *f, const struct connection *c)
{
    return expiry_after(f, connection_last_ns(c));
}

void expiry_file(struct flows *f, uint32_t index, int64_t due_ns)
{
    struct connection *c = flows_at(f, index);
    uint32_t *bucket = wheel_bucket(&f->wheel, due_ns);
    c->wheel_next = *bucket;
    *bucket = index;
    c->marks |= CONN_FILED;
}

/* Takes the bucket's connections whose time lies before `end_ns` into the due list and files the
 * others anew. */
static bool sift_bucket(struct flows *f, uint32_t *bucket, int64_t end_ns)
{
    uint32_t index = *bucket;
    *bucket = WHEEL_NONE;
    while (index != WHEEL_NONE) {
        struct connection *c = flows_at(f, index);
        uint32_t next = c->wheel_next;
        c->marks &= (uint16_t)~CONN_FILED;
        int64_t due_ns = due_of(f, c);
        if (!(c->marks & (CONN_CLOSED | CONN_SUPERSEDED))) {
            /* It went on after all: not filed until it closes again. */
        } else if (due_ns >= end_ns) {
            expiry_file(f, index, due_ns);
        } else if (!due_add(&f->due, (struct due_item){.due_ns = due_ns,
                                                       .first_frame = c->first_frame,
                                                       .stream = c->stream,
                                                       .index = index})) {
            return false;
        }
        index = next;
    }
    return true;
}

static int64_t tick_start(int64_t tick)
{
    return tick * WHEEL_TICK_NS;
}

/* The clock leapt over a whole turn: one pass over everything filed replaces millions of ticks. */
static enum flow_status leap(struct flows *f, int64_t target)
{
    wheel_turn_to(&f->wheel, target);
    uint32_t chain = WHEEL_NONE;
    for (uint32_t i = 0; i < WHEEL_BUCKETS; i++) {
        while (f->wheel.heads[i] != WHEEL_NONE) {
            uint32_t index = f->wheel.heads[i];
            f->wheel.heads[i] = flows_at(f, index)->wheel_next;
            flows_at(f, index)->wheel_next = chain;
            chain = index;
        }
    }
    if (!sift_bucket(f, &chain, tick_start(target)))
        return FLOW_NO_MEMORY;
    return hand_out_due(f, false);
}

enum flow_status expiry_turn(struct flows *f, int64_t time_ns)
{
    if (time_ns == TIME_UNKNOWN || time_ns <= f->clock_ns)
        return FLOW_OK;
    if (f->clock_ns == TIME_UNKNOWN)
        wheel_init(&f->wheel, time_ns);
    f->clock_ns = time_ns;
    int64_t target = wheel_tick_of(time_ns);
    if (target - f->wheel.tick > WHEEL_BUCKETS)
        return leap(f, target);
    while (f->wheel.tick < target) {
        uint32_t *bucket = &f->wheel.heads[(uint64_t)f->wheel.tick % WHEEL_BUCKETS];
        int64_t end_ns = tick_start(f->wheel.tick + 1);
        wheel_turn_to(&f->wheel, f->wheel.tick + 1);
        if (*bucket == WHEEL_NONE)
            continue;
        if (!sift_bucket(f, bucket, end_ns))
            return FLOW_NO_MEMORY;
        enum flow_status status = hand_out_due(f, false);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

enum flow_status flows_pass_time(struct flows *f, int64_t time_ns)
{
    return expiry_advance(f, time_ns);
}

enum flow_status flows_drain(struct flows *f)
{
    f->due.count = 0; /* what memory ran out over is among all the others */
    if (!due_reserve(&f->due, f->pool.in_use))
        return FLOW_NO_MEMORY;
    for (uint32_t i = 0; i < f->pool.fresh; i++) {
        struct connection *c = flows_at(f, i);
        if (c->first_frame == FRAME_NONE)
            continue;
        heard_connection(&f->heard, c);
        bool lingers = c->marks & (CONN_CLOSED | CONN_SUPERSEDED) && !(c->marks & CONN_UNTIMED);
        struct due_item item = {.due_ns = lingers ? due_of(f, c) : INT64_MAX,
                                .first_frame = c->first_frame,
                                .stream = c->stream,
                                .index = i};
        if (!due_add(&f->due, item))
            return FLOW_NO_MEMORY;
    }
    for (uint32_t i = 0; i < f->due.count;
         i++) /* once all is known, and before the first is read */
        mark_unheard(f, flows_at(f, f->due.items[i].index));
    table_clear(&f->table);
    f->draining = true;
    enum flow_status status = hand_out_due(f, false);
    f->draining = false;
    return status;
}

/* ---- memory --------------------------------------------------------------------------------- */

/* The closed ones nearest to their end go first: they lack only the rest of their linger. */
static bool evict_closed(struct flows *f, enum flow_status *status)
{
    if (f->clock_ns == TIME_UNKNOWN)
        return false;
    for (uint32_t i = 0; i < WHEEL_BUCKETS; i++) {
        uint32_t *bucket = &f->wheel.heads[((uint64_t)f->wheel.tick + i) % WHEEL_BUCKETS];
        if (*bucket == WHEEL_NONE)
            continue;
        if (!sift_bucket(f, bucket, INT64_MAX)) {
            *status = FLOW_NO_MEMORY;
            return true;
        }
        if (f->due.count == 0)
            continue;
        *status = hand_out_due(f, true);
        return true;
    }
    return false;
}

#define EVICTION_SAMPLE 64

/* Of the next few records in turn, the one silent longest. */
static bool evict_idle(struct flows *f, enum flow_status *status)
{
    uint32_t victim = POOL_NONE;
    uint32_t looked_at = 0;
    for (uint32_t step = 0; step < f->pool.fresh && looked_at < EVICTION_SAMPLE; step++) {
        uint32_t i = f->hand++ % f->pool.fresh;
        const struct connection *c = flows_at(f, i);
        if (c->first_frame == FRAME_NONE || c->marks & CONN_FILED)
            continue;
        looked_at++;
        if (victim == POOL_NONE || connection_last_ns(c) < connection_last_ns(flows_at(f, victim)))
            victim = i;
    }
    if (victim == POOL_NONE)
        return false;
    *status = expiry_hand_out(f, victim, true);
    return true;
}

enum flow_status expiry_make_room(struct flows *f)
{
    enum flow_status status = FLOW_OK;
    while (status == FLOW_OK && flows_memory(f) > f->config->max_memory_bytes) {
        if (!evict_closed(f, &status) && !evict_idle(f, &status))
            break;
    }
    return status;
}
