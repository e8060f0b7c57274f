#include "analyzer/flow/expiry.h"

#include "analyzer/flow/briefs.h"
#include "analyzer/flow/closed.h"
#include "analyzer/flow/order.h"
#include "analyzer/flow/records.h"

#include <stdlib.h>

/* ---- handing out ---------------------------------------------------------------------------- */

/* What is handed out next comes behind all that was given. False when no more is wanted. */
static bool settled(struct flows *f)
{
    return !f->settle || f->settle(f->context);
}

static void mark_unheard(struct flows *f, struct connection *c)
{
    heard_settle(&f->heard);
    flows_mark_unheard(f, c);
}

/* Each takes it out of where segments look; NULL: the file has failed. */
static const struct brief *unlink_closed(struct flows *f, uint32_t value)
{
    const struct brief *b = closed_brief(f, value);
    if (!b)
        return NULL;
    flows_take_out(f, b->tag, value);
    flows_hear_brief(f, b);
    return b;
}

static const struct brief *unlink_brief(struct flows *f, uint32_t value)
{
    const struct brief *b = flows_brief(f, value);
    flows_take_out(f, b->tag, value);
    flows_hear_brief(f, b);
    return b;
}

static struct connection *unlink_record(struct flows *f, uint32_t index)
{
    struct connection *c = flows_at(f, index);
    flows_unlink(f, index);
    heard_connection(&f->heard, c);
    mark_unheard(f, c);
    return c;
}

static struct connection *look_at(struct flows *f, const struct brief *b, struct flow_room *room)
{
    brief_look(b, f->config->vlan_in_key, &room->connection, &room->detail);
    mark_unheard(f, &room->connection);
    return &room->connection;
}

static bool tell(struct flows *f, struct connection *c, bool evicted)
{
    f->evicted += evicted;
    return settled(f) && f->final(f->context, c, evicted);
}

static enum flow_status hand_out_closed(struct flows *f, uint32_t value, bool evicted)
{
    const struct brief *b = unlink_closed(f, value);
    if (!b)
        return closed_failure(f);
    struct connection given;
    if (f->give && !evicted && flows_let_closed_go(f, value, b, &given))
        return f->give(f->context, &given) ? FLOW_OK : FLOW_STOPPED;
    struct flow_room room;
    bool go_on = tell(f, look_at(f, b, &room), evicted);
    closed_drop(f, value, b);
    return go_on ? FLOW_OK : FLOW_STOPPED;
}

static enum flow_status hand_out_brief(struct flows *f, uint32_t value, bool evicted)
{
    struct flow_room room;
    bool go_on = tell(f, look_at(f, unlink_brief(f, value), &room), evicted);
    flows_release_brief(f, value);
    return go_on ? FLOW_OK : FLOW_STOPPED;
}

enum flow_status expiry_hand_out(struct flows *f, uint32_t index, bool evicted)
{
    if (is_closed(index))
        return hand_out_closed(f, index, evicted);
    if (is_brief(index))
        return hand_out_brief(f, index, evicted);
    struct connection *c = unlink_record(f, index);
    struct connection given;
    if (f->give && !evicted && flows_let_go(f, index, &given))
        return f->give(f->context, &given) ? FLOW_OK : FLOW_STOPPED;
    struct flow_room room;
    bool go_on = tell(f, flows_look(c, f->config->vlan_in_key, &room), evicted);
    flows_release(f, index);
    return go_on ? FLOW_OK : FLOW_STOPPED;
}

/* ---- several -------------------------------------------------------------------------------- */

/* What becomes of it, with nothing else of it left but a record. NULL: the file has failed. */
static struct connection *take_out(struct flows *f, uint32_t value, struct flow_room *room)
{
    if (is_record(value))
        return flows_look(unlink_record(f, value), f->config->vlan_in_key, room);
    const struct brief *b = is_closed(value) ? unlink_closed(f, value) : unlink_brief(f, value);
    struct connection *c = b ? look_at(f, b, room) : NULL;
    if (is_brief(value))
        flows_release_brief(f, value);
    else if (b)
        closed_drop(f, value, b);
    return c;
}

/* So many connections before its turn a connection is fetched, and half as many before its detail.
 */
#define FETCH_AHEAD 8u

static void fetch_to_hand_out(struct flows *f, uint32_t value)
{
    if (is_lone(value))
        return;
    if (is_closed(value)) {
        const struct brief *b = closed_brief(f, value);
        table_prefetch(&f->table, b ? b->tag : 0);
        return;
    }
    if (is_record(value))
        flows_fetch_detail(flows_at(f, value));
    else
        flows_fetch_segments(flows_brief(f, value));
    table_prefetch(&f->table,
                   is_record(value) ? flows_at(f, value)->tag : flows_brief(f, value)->tag);
}

static void fetch_ahead(struct flows *f, uint32_t i)
{
    const struct due_list *list = &f->due;
    if (i + FETCH_AHEAD < list->count)
        flows_fetch_value(f, list->items[i + FETCH_AHEAD].index);
    if (i + FETCH_AHEAD / 2 < list->count)
        fetch_to_hand_out(f, list->items[i + FETCH_AHEAD / 2].index);
}

/* Of the due list so many from this one on. Where the file fails, those before that are told. */
static enum flow_status hand_out_run(struct flows *f, uint32_t from, uint32_t count)
{
    const struct due_item *items = f->due.items + from;
    struct connection *connections[FLOW_RUN_MOST];
    uint32_t taken = 0;
    for (; taken < count; taken++) {
        fetch_ahead(f, from + taken);
        connections[taken] = take_out(f, items[taken].index, &f->rooms[taken]);
        if (!connections[taken])
            break;
    }
    bool go_on = f->final_run(f->context, connections, taken);
    for (uint32_t i = 0; i < taken; i++) {
        if (is_record(items[i].index))
            flows_release(f, items[i].index);
    }
    if (taken < count)
        return closed_failure(f);
    return go_on ? FLOW_OK : FLOW_STOPPED;
}

/* Not where a thread counts, or there is no memory to look at several: they come one by one then.
 */
static bool go_in_runs(struct flows *f, bool evicted)
{
    if (evicted || !f->final_run || f->give)
        return false;
    if (!f->rooms)
        f->rooms = malloc(FLOW_RUN_MOST * sizeof *f->rooms);
    return f->rooms;
}

static enum flow_status hand_out_due(struct flows *f, bool evicted)
{
    struct due_list *list = &f->due;
    order_due(f);
    enum flow_status status = FLOW_OK;
    bool in_runs = go_in_runs(f, evicted);
    uint32_t i = 0;
    while (i < list->count && status == FLOW_OK) {
        uint32_t left = list->count - i, run = left < FLOW_RUN_MOST ? left : FLOW_RUN_MOST;
        if (in_runs) {
            status = hand_out_run(f, i, run);
            i += run;
            continue;
        }
        fetch_ahead(f, i);
        status = expiry_hand_out(f, list->items[i++].index, evicted);
    }
    closed_put_back(f, i);
    list->count = 0;
    return status;
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

void expiry_file(struct flows *f, uint32_t record, int64_t due_ns)
{
    uint32_t *bucket = wheel_bucket(&f->wheel, due_ns);
    struct connection *c = flows_at(f, record);
    c->wheel_next = *bucket;
    *bucket = record;
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
        int64_t due_ns = expiry_after(f, connection_last_ns(c));
        c->marks &= (uint16_t)~CONN_FILED;
        if (!(c->marks & (CONN_CLOSED | CONN_SUPERSEDED))) {
            /* It went on after all: not filed until it closes again. */
        } else if (due_ns >= end_ns) {
            expiry_file(f, index, due_ns);
        } else if (!due_add(&f->due, (struct due_item){due_key(due_ns), c->stream, index})) {
            return false;
        }
        index = next;
    }
    return true;
}

static int64_t tick_start(int64_t tick)
{
    int64_t start_ns;
    return __builtin_mul_overflow(tick, WHEEL_TICK_NS, &start_ns) ? INT64_MAX : start_ns;
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
    if (!sift_bucket(f, &chain, tick_start(target)) ||
        !closed_take_due(f, tick_start(target), true))
        return closed_failure(f);
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
        if (!sift_bucket(f, bucket, end_ns) || !closed_take_due(f, end_ns, true))
            return closed_failure(f);
        if (!f->due.count)
            continue;
        enum flow_status status = hand_out_due(f, false);
        if (status != FLOW_OK)
            return status;
    }
    return closed_are_lost(f) ? FLOW_LOST : FLOW_OK;
}

enum flow_status flows_pass_time(struct flows *f, int64_t time_ns)
{
    return expiry_advance(f, time_ns);
}

/* ---- memory --------------------------------------------------------------------------------- */

/* Takes what is due in the first tick in which something is into the due list; what is in a file
 * takes no memory. False when memory ran out, or the file failed. */
static bool take_first_due(struct flows *f)
{
    uint32_t *bucket = wheel_first(&f->wheel);
    int64_t filed = bucket ? wheel_tick_at(&f->wheel, bucket) : INT64_MAX;
    bool any = closed_are_too_many(f);
    int64_t due_ns = closed_first_due(f, any);
    int64_t closed = due_ns == INT64_MAX ? INT64_MAX : wheel_tick_of(due_ns);
    if (bucket && filed <= closed && !sift_bucket(f, bucket, INT64_MAX))
        return false;
    return closed == INT64_MAX || closed > filed || closed_take_due(f, tick_start(closed + 1), any);
}

/* The closed ones nearest to their end go first: they lack only the rest of their linger. */
static bool evict_closed(struct flows *f, enum flow_status *status)
{
    if (f->clock_ns == TIME_UNKNOWN)
        return false;
    while (wheel_first(&f->wheel) || closed_first_due(f, closed_are_too_many(f)) != INT64_MAX) {
        if (!take_first_due(f)) {
            *status = closed_failure(f);
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

/* What is known of a value in the table, or POOL_NONE as its value: none is there, or it waits in
 * the wheel. */
static struct flow_idle idle_of(const struct flows *f, uint32_t value)
{
    static const struct flow_idle none = {.value = POOL_NONE};
    if (is_lone(value)) {
        const struct lone *lone = flows_lone(f, value);
        struct flow_idle idle = {value, lone->stream, lone->time_ns};
        return lone->frame == FRAME_NONE ? none : idle;
    }
    if (is_brief(value)) {
        const struct brief *b = flows_brief(f, value);
        struct flow_idle idle = {value, brief_syn(b)->stream, b->last_ns};
        return brief_is_here(b) ? idle : none;
    }
    const struct connection *c = flows_at(f, value);
    struct flow_idle idle = {value, c->stream, connection_last_ns(c)};
    return c->first_frame == FRAME_NONE || c->marks & CONN_FILED ? none : idle;
}

/* The records and the brief connections, or the lone SYNs of both families. */
static uint32_t places_of(const struct flows *f, bool lone)
{
    if (lone)
        return f->lones[0].fresh + f->lones[1].fresh;
    uint32_t places = f->pool.fresh;
    for (unsigned i = 0; i < FLOW_BRIEF_POOLS; i++)
        places += f->briefs[i].fresh;
    return places;
}

static uint32_t value_at(const struct flows *f, bool lone, uint32_t place)
{
    if (lone) {
        int kind = place >= f->lones[0].fresh;
        return flows_lone_value(kind, kind ? place - f->lones[0].fresh : place);
    }
    if (place < f->pool.fresh)
        return place;
    unsigned pool = 0;
    for (place -= f->pool.fresh; place >= f->briefs[pool].fresh; pool++)
        place -= f->briefs[pool].fresh;
    return flows_brief_value(pool, place);
}

static void keep_idle(struct flows *f, struct flow_idle idle)
{
    if (f->idle_count == FLOW_IDLE_KEPT) {
        if (idle.last_ns >= f->idle[FLOW_IDLE_KEPT - 1].last_ns)
            return;
        f->idle_count--;
    }
    uint32_t at = f->idle_count++;
    for (; at > 0 && f->idle[at - 1].last_ns > idle.last_ns; at--)
        f->idle[at] = f->idle[at - 1];
    f->idle[at] = idle;
}

/* Of the next few in turn those silent longest. */
static void look_for_idle(struct flows *f, bool lone)
{
    uint32_t looked_at = 0;
    uint32_t places = places_of(f, lone);
    f->idle_count = f->idle_taken = 0;
    for (uint32_t step = 0; step < places && looked_at < EVICTION_SAMPLE; step++) {
        flows_fetch_value(f, value_at(f, lone, (f->hand[lone] + FETCH_AHEAD) % places));
        struct flow_idle idle = idle_of(f, value_at(f, lone, f->hand[lone]++ % places));
        if (idle.value == POOL_NONE)
            continue;
        looked_at++;
        keep_idle(f, idle);
    }
}

/* The record of the one after the next, and what handing out the next will touch beside its own. */
static void fetch_victims(struct flows *f)
{
    const struct flow_idle *next = &f->idle[f->idle_taken];
    uint32_t left = f->idle_count - f->idle_taken;
    if (left > 1 && !is_lone(next[1].value))
        flows_fetch_value(f, next[1].value);
    if (left)
        fetch_to_hand_out(f, next->value);
}

static bool lones_have_few_names(const struct flows *f)
{
    return pool_is_nearly_full(&f->lones[0]) || pool_is_nearly_full(&f->lones[1]);
}

static bool others_have_few_names(const struct flows *f)
{
    bool few = pool_is_nearly_full(&f->pool) || pool_is_nearly_full(&f->details);
    for (unsigned i = 0; i < FLOW_BRIEF_POOLS; i++)
        few |= pool_is_nearly_full(&f->briefs[i]);
    return few || closed_are_too_many(f);
}

/* Whoever takes most of the memory gives way: a flood of SYNs to the connections beside it, and
 * these, of which one has the room of many, to SYNs that are yet to be answered. */
static bool lones_give_way(const struct flows *f)
{
    uint64_t lones = pool_bytes(&f->lones[0]) + pool_bytes(&f->lones[1]);
    uint64_t others = pool_bytes(&f->pool) + f->extra_bytes;
    for (unsigned i = 0; i < FLOW_BRIEF_POOLS; i++)
        others += pool_bytes(&f->briefs[i]);
    return lones_have_few_names(f) || (lones > others && !others_have_few_names(f));
}

/* The next that was found and has been silent since, or POOL_NONE. */
static uint32_t next_idle(struct flows *f)
{
    while (f->idle_taken < f->idle_count) {
        struct flow_idle found = f->idle[f->idle_taken++];
        fetch_victims(f);
        struct flow_idle now = idle_of(f, found.value);
        if (now.value != POOL_NONE && now.stream == found.stream && now.last_ns == found.last_ns)
            return found.value;
    }
    return POOL_NONE;
}

static enum flow_status hand_out_lone(struct flows *f, uint32_t value, bool evicted)
{
    struct connection c;
    flows_remove_lone(f, value);
    lone_look(flows_lone(f, value), f->config->vlan_in_key, &c);
    mark_unheard(f, &c);
    flows_release_lone(f, value);
    f->evicted += evicted;
    return settled(f) && f->final(f->context, &c, evicted) ? FLOW_OK : FLOW_STOPPED;
}

static bool evict_idle(struct flows *f, enum flow_status *status)
{
    uint32_t victim = next_idle(f);
    for (int turn = 0; turn < 2 && victim == POOL_NONE; turn++) {
        look_for_idle(f, lones_give_way(f) ^ turn);
        victim = next_idle(f);
    }
    if (victim == POOL_NONE)
        return false;
    *status = is_lone(victim) ? hand_out_lone(f, victim, true) : expiry_hand_out(f, victim, true);
    return true;
}

/* More than connections come to hold in a step: a chunk of each pool, all uses of a tuple read at
 * once. In so many steps the table doubles once at most, and the row. */
#define STEP_BYTES_MOST (UINT64_C(4) << 20)
#define STEPS_MOST      1024u

/* Steps in which half of the memory cannot come to be held. */
static uint32_t steps_below(const struct flows *f, uint64_t held, uint64_t half)
{
    uint64_t taken = held + table_bytes(&f->table) + row_bytes(&f->row);
    uint64_t steps = taken < half ? (half - taken) / STEP_BYTES_MOST : 0;
    return steps < STEPS_MOST ? (uint32_t)steps : STEPS_MOST;
}

bool expiry_names_run_out(const struct flows *f)
{
    return lones_have_few_names(f) || others_have_few_names(f);
}

/* What counting holds is at most half of the memory, and known when all that was given is counted.
 */
enum flow_status expiry_look_for_room(struct flows *f)
{
    uint64_t most = f->config->max_memory_bytes, held = flows_memory(f);
    bool few_names = expiry_names_run_out(f);
    f->steps_with_room = few_names ? 0 : steps_below(f, held, most / 2);
    if (LIKELY(held <= most / 2 && !few_names))
        return FLOW_OK;
    enum flow_status status = settled(f) ? FLOW_OK : FLOW_STOPPED;
    while (status == FLOW_OK &&
           (flows_memory(f) + f->beside_bytes > most || expiry_names_run_out(f))) {
        if (!evict_closed(f, &status) && !evict_idle(f, &status))
            break;
    }
    return status;
}
