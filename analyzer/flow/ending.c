/*
 * The capture is over: everything becomes final at once, or, where somebody waits, what tells most.
 */
#include "analyzer/flow/briefs.h"
#include "analyzer/flow/closed.h"
#include "analyzer/flow/order.h"
#include "analyzer/flow/records.h"

uint32_t flows_due_count(const struct flows *f)
{
    return f->ending.count;
}

uint32_t flows_due_end(const struct flows *f)
{
    return f->ending.end;
}

bool flows_due_is_lone(const struct flows *f, uint32_t number)
{
    return is_lone(f->ending.order[number]);
}

static struct connection *due_connection(const struct flows *f, uint32_t number,
                                         struct flow_room *room)
{
    uint32_t value = f->ending.order[number];
    bool vlan_in_key = f->config->vlan_in_key;
    if (is_record(value))
        return flows_look(flows_at(f, value), vlan_in_key, room);
    if (is_brief(value))
        brief_look(flows_brief(f, value), vlan_in_key, &room->connection, &room->detail);
    else if (is_closed(value))
        brief_look(closed_read(f, number), vlan_in_key, &room->connection, &room->detail);
    else
        lone_look(flows_lone(f, value), vlan_in_key, &room->connection);
    flows_mark_unheard(f, &room->connection);
    return &room->connection;
}

const struct connection *flows_due(const struct flows *f, uint32_t number, struct flow_room *room)
{
    return due_connection(f, number, room);
}

/* So many connections before its turn a connection is fetched, and half as many before its detail.
 */
#define FETCH_AHEAD 8u

/* A value of the table that is none beyond the last. */
static uint32_t value_of(const struct flow_ending *ending, uint32_t number)
{
    return number < ending->count ? ending->order[number] : TABLE_NONE;
}

void flows_due_fetch_head(const struct flows *f, uint32_t number)
{
    uint32_t value = value_of(&f->ending, number);
    if (is_closed(value))
        flows_fetch(closed_syn(f, number), sizeof(struct lone_ipv6) + sizeof(struct brief));
    else
        flows_fetch_value(f, value);
}

void flows_due_fetch_body(const struct flows *f, uint32_t number)
{
    uint32_t value = value_of(&f->ending, number);
    if (is_record(value))
        flows_fetch_detail(flows_at(f, value));
    else if (is_brief(value))
        flows_fetch_segments(flows_brief(f, value));
    else if (is_closed(value))
        flows_fetch(closed_read(f, number)->octets, closed_read(f, number)->used);
}

void flows_due_fetch(const struct flows *f, uint32_t number)
{
    flows_due_fetch_head(f, number + FETCH_AHEAD);
    flows_due_fetch_body(f, number + FETCH_AHEAD / 2);
}

/* What releasing it writes, where another thread has read it, and of what is packed the line that
 * tells where it stands. Lone SYNs are made here. */
static void fetch_to_release(const struct flows *f, uint32_t number)
{
    uint32_t later = value_of(&f->ending, number + FETCH_AHEAD);
    uint32_t next = value_of(&f->ending, number + FETCH_AHEAD / 2);
    if (is_record(later)) {
        FETCH_TO_WRITE(flows_at(f, later));
        FETCH_TO_WRITE(&flows_at(f, later)->first_frame);
    } else if (is_lone(later)) {
        flows_fetch_value(f, later);
    }
    if (is_record(next) && flows_at(f, next)->detail)
        FETCH(flows_at(f, next)->detail);
}

/* Somebody else may still read it until it is told. */
static bool hand_out(struct flows *f, uint32_t number, bool made_elsewhere)
{
    uint32_t value = f->ending.order[number];
    struct flow_room room;
    struct connection *c =
        made_elsewhere && !is_lone(value) ? NULL : due_connection(f, number, &room);
    bool go_on = f->final(f->context, c, false);
    if (is_record(value))
        flows_release(f, value);
    else if (is_brief(value) ||
             is_closed(value)) /* these and the lone SYNs are released all at once: */
        f->briefs_gone++;      /* none need be written to */
    else
        f->lones_gone++;
    return go_on;
}

#define MARKS_AHEAD 16u

/* Once all is known, and before the first is read. */
static void mark_unheard(struct flows *f)
{
    const struct flow_ending *ending = &f->ending;
    for (uint32_t i = 0; i < ending->count; i++) {
        uint32_t ahead = value_of(ending, i + MARKS_AHEAD);
        if (is_record(ahead))
            FETCH(&flows_at(f, ahead)->marks);
        if (is_record(ending->order[i]))
            flows_mark_unheard(f, flows_at(f, ending->order[i]));
    }
}

static bool is_hurried(const struct flows *f)
{
    return f->hurried && f->hurried();
}

enum flow_status flows_drain(struct flows *f)
{
    bool some = flows_held(f) > FLOW_LAST_MOST && is_hurried(f);
    if (!some) /* nothing is looked up any more */
        table_shrink(&f->table);
    if (!(some ? order_some(f) : order_all(f)))
        return closed_failure(f);
    mark_unheard(f);
    if (!closed_read_first(f))
        return closed_failure(f);
    bool made_elsewhere = f->order_known && f->order_known(f->context);
    bool go_on = true;
    bool hurried = false;
    uint32_t *end = &f->ending.end;
    *end = f->ending.count;
    for (uint32_t i = 0; i < *end && go_on; i++) {
        if (!hurried && is_hurried(f)) {
            hurried = true;
            if (*end - i > FLOW_LAST_MOST)
                *end = i + FLOW_LAST_MOST;
        }
        if (made_elsewhere)
            fetch_to_release(f, i);
        else
            flows_due_fetch(f, i);
        go_on = hand_out(f, i, made_elsewhere);
        if (!closed_read_ahead(f, i + 1))
            return closed_failure(f);
    }
    if (!flows_held(f)) {
        flows_release_briefs(f);
        closed_finish(f);
        closed_init(f);
        flows_release_lones(f);
    }
    return go_on ? FLOW_OK : FLOW_STOPPED;
}
