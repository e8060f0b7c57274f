/*
 * The capture is over: everything becomes final at once. Of millions of lone SYNs, which are in
 * order as they were made, there is no list but that of their numbers.
 */
#include "analyzer/flow/expiry.h"
#include "analyzer/flow/records.h"

#include <stdlib.h>

/* What does not linger stays until the end. */
static struct due_item due_item_of(const struct flows *f, uint32_t index)
{
    const struct connection *c = flows_at(f, index);
    bool lingers = c->marks & (CONN_CLOSED | CONN_SUPERSEDED) && !(c->marks & CONN_UNTIMED);
    return (struct due_item){.due_ns = lingers ? expiry_after(f, connection_last_ns(c)) : INT64_MAX,
                             .first_frame = c->first_frame,
                             .stream = c->stream,
                             .index = index};
}

static struct due_item due_lone(const struct flows *f, uint32_t value)
{
    const struct lone *lone = flows_lone(f, value);
    return (struct due_item){
        .due_ns = INT64_MAX, .first_frame = lone->frame, .stream = lone->stream, .index = value};
}

/* Of one kind the first value with this number or a higher one, or POOL_NONE. */
static uint32_t next_lone(const struct flows *f, int kind, uint32_t number)
{
    for (; number < f->lones[kind].fresh; number++) {
        uint32_t value = flows_lone_value(kind, number);
        if (flows_lone(f, value)->frame != FRAME_NONE)
            return value;
    }
    return POOL_NONE;
}

static uint32_t next_after(const struct flows *f, uint32_t value)
{
    return next_lone(f, value & FLOW_IPV6 ? 1 : 0, (value & (FLOW_IPV6 - 1)) + 1);
}

static bool lones_in_order(const struct flows *f)
{
    for (int kind = 0; kind < 2; kind++) {
        struct due_item before = {.first_frame = FRAME_NONE, .due_ns = INT64_MIN};
        for (uint32_t v = next_lone(f, kind, 0); v != POOL_NONE; v = next_after(f, v)) {
            struct due_item item = due_lone(f, v);
            if (due_order(&before, &item) > 0)
                return false;
            before = item;
        }
    }
    return true;
}

static void hear_lones(struct flows *f)
{
    for (int kind = 0; kind < 2; kind++) {
        for (uint32_t v = next_lone(f, kind, 0); v != POOL_NONE; v = next_after(f, v)) {
            struct segment g;
            lone_segment(flows_lone(f, v), &g);
            heard_packet(&f->heard, g.destination);
        }
    }
}

static bool list_records(struct flows *f)
{
    for (uint32_t i = 0; i < f->pool.fresh; i++) {
        if (flows_at(f, i)->first_frame == FRAME_NONE)
            continue;
        heard_connection(&f->heard, flows_at(f, i));
        if (!due_add(&f->due, due_item_of(f, i)))
            return false;
    }
    return true;
}

static bool list_lones(struct flows *f)
{
    for (int kind = 0; kind < 2; kind++) {
        for (uint32_t v = next_lone(f, kind, 0); v != POOL_NONE; v = next_after(f, v)) {
            if (!due_add(&f->due, due_lone(f, v)))
                return false;
        }
    }
    return true;
}

/* What comes next of the sorted list, and of the two kinds of lone SYNs where these are in order as
 * they are. An index of POOL_NONE: nothing more. */
struct heads {
    struct due_item of[3];
    uint32_t listed;
};

static struct due_item head_listed(const struct flows *f, uint32_t number)
{
    return number < f->due.count ? f->due.items[number] : (struct due_item){.index = POOL_NONE};
}

static struct due_item head_lone(const struct flows *f, uint32_t value)
{
    return value == POOL_NONE ? (struct due_item){.index = POOL_NONE} : due_lone(f, value);
}

static uint32_t take_first(const struct flows *f, struct heads *heads)
{
    int first = 2;
    for (int i = 0; i < 2; i++) {
        bool sooner =
            heads->of[first].index == POOL_NONE || due_order(&heads->of[i], &heads->of[first]) < 0;
        if (heads->of[i].index != POOL_NONE && sooner)
            first = i;
    }
    uint32_t index = heads->of[first].index;
    if (first == 2)
        heads->of[2] = head_listed(f, ++heads->listed);
    else
        heads->of[first] = head_lone(f, next_after(f, index));
    return index;
}

static void merge(struct flows *f, bool lones_listed)
{
    struct heads heads = {.of[2] = head_listed(f, 0)};
    for (int kind = 0; kind < 2; kind++)
        heads.of[kind] = head_lone(f, lones_listed ? POOL_NONE : next_lone(f, kind, 0));
    for (uint32_t total = flows_held(f); f->ending.count < total; f->ending.count++)
        f->ending.order[f->ending.count] = take_first(f, &heads);
}

/* Everything that is held, in order. */
static bool put_in_order(struct flows *f)
{
    uint32_t total = flows_held(f);
    bool in_order = lones_in_order(f);
    f->due.count = 0; /* what memory ran out over is among all the others */
    f->ending.count = 0;
    free(f->ending.order);
    f->ending.order = malloc(total ? total * sizeof *f->ending.order : 1);
    if (!f->ending.order || !due_reserve(&f->due, in_order ? f->pool.in_use : total) ||
        !list_records(f) || (!in_order && !list_lones(f)))
        return false;
    hear_lones(f);
    due_sort(&f->due);
    merge(f, !in_order);
    free(f->due.items);
    f->due = (struct due_list){0};
    return true;
}

/* ---- handing out ---------------------------------------------------------------------------- */

uint32_t flows_due_count(const struct flows *f)
{
    return f->ending.count;
}

const struct connection *flows_due(const struct flows *f, uint32_t number, struct connection *room)
{
    uint32_t value = f->ending.order[number];
    if (!is_lone(value))
        return flows_at(f, value);
    lone_connection(flows_lone(f, value), f->config->vlan_in_key, room);
    flows_mark_unheard(f, room);
    return room;
}

/* So many connections before its turn a connection is fetched, and half as many before its detail.
 */
#define FETCH_AHEAD 8u

static void fetch_ahead(const struct flows *f, uint32_t i)
{
    const struct flow_ending *ending = &f->ending;
    if (i + FETCH_AHEAD < ending->count && is_lone(ending->order[i + FETCH_AHEAD]))
        FETCH(flows_lone(f, ending->order[i + FETCH_AHEAD]));
    else if (i + FETCH_AHEAD < ending->count)
        flows_fetch(flows_at(f, ending->order[i + FETCH_AHEAD]), sizeof(struct connection));
    if (i + FETCH_AHEAD / 2 >= ending->count || is_lone(ending->order[i + FETCH_AHEAD / 2]))
        return;
    const struct connection *c = flows_at(f, ending->order[i + FETCH_AHEAD / 2]);
    if (c->detail)
        flows_fetch(c->detail, sizeof *c->detail);
}

/* Somebody else may still read it until it is told. */
static bool hand_out(struct flows *f, uint32_t number)
{
    uint32_t value = f->ending.order[number];
    struct connection room;
    (void)flows_due(f, number, &room);
    bool go_on = f->final(f->context, is_lone(value) ? &room : flows_at(f, value), false);
    if (is_lone(value))
        flows_release_lone(f, value);
    else
        flows_release(f, value);
    return go_on;
}

enum flow_status flows_drain(struct flows *f)
{
    if (!put_in_order(f))
        return FLOW_NO_MEMORY;
    /* Once all is known, and before the first is read. */
    for (uint32_t i = 0; i < f->ending.count; i++) {
        if (!is_lone(f->ending.order[i]))
            flows_mark_unheard(f, flows_at(f, f->ending.order[i]));
    }
    table_clear(&f->table);
    if (f->order_known)
        f->order_known(f->context);
    bool go_on = true;
    for (uint32_t i = 0; i < f->ending.count && go_on; i++) {
        fetch_ahead(f, i);
        go_on = hand_out(f, i);
    }
    return go_on ? FLOW_OK : FLOW_STOPPED;
}
