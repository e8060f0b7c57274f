/*
 * The capture is over: everything becomes final at once. Lone SYNs stand in a row in their order,
 * and millions of them need not be read for it. Where somebody waits, only what tells most becomes
 * final.
 */
#include "analyzer/flow/briefs.h"
#include "analyzer/flow/expiry.h"
#include "analyzer/flow/records.h"
#include "analyzer/pages.h"

#include <stdlib.h>
#include <string.h>

/* How much a connection tells of its end, the least first. */
enum telling { TELLING_OPENING, TELLING_OPEN, TELLING_CLOSING, TELLING_CLOSED, TELLINGS };

static enum telling telling_of(bool closed, bool closing, bool open)
{
    if (closed)
        return TELLING_CLOSED;
    if (closing)
        return TELLING_CLOSING;
    return open ? TELLING_OPEN : TELLING_OPENING;
}

/* What does not linger stays until the end. */
static struct due_item due_item_of(const struct flows *f, uint32_t index,
                                   const struct connection *c)
{
    bool lingers = c->marks & (CONN_CLOSED | CONN_SUPERSEDED) && !(c->marks & CONN_UNTIMED);
    return (struct due_item){.due_ns = lingers ? expiry_after(f, connection_last_ns(c)) : INT64_MAX,
                             .first_frame = c->first_frame,
                             .stream = c->stream,
                             .index = index};
}

/* Records, and the brief connections of each pool. */
#define KINDS (1u + FLOW_BRIEF_POOLS)

static uint32_t fresh_of(const struct flows *f, unsigned kind)
{
    return kind ? f->briefs[kind - 1].fresh : f->pool.fresh;
}

static bool hear_brief(struct flows *f, uint32_t value, struct due_item *item,
                       enum telling *telling)
{
    const struct brief *b = flows_brief(f, value);
    const struct lone *syn = brief_syn(b);
    if (!brief_is_here(b))
        return false;
    flows_hear_brief(f, b);
    bool closed = b->marks & BRIEF_CLOSED;
    *item = (struct due_item){.due_ns = closed ? expiry_after(f, b->last_ns) : INT64_MAX,
                              .first_frame = syn->frame,
                              .stream = syn->stream,
                              .index = value};
    *telling = telling_of(closed, (b->side_marks[0] | b->side_marks[1]) & (SIDE_FIN | SIDE_RST),
                          b->marks & BRIEF_ESTABLISHED);
    return true;
}

/* Takes in what it shows, and says where it stands in the order. False: nobody is there. */
static bool hear_value(struct flows *f, uint32_t value, struct due_item *item,
                       enum telling *telling)
{
    if (is_brief(value))
        return hear_brief(f, value, item, telling);
    const struct connection *c = flows_at(f, value);
    if (c->first_frame == FRAME_NONE)
        return false;
    heard_connection(&f->heard, c);
    *item = due_item_of(f, value, c);
    *telling = telling_of(c->marks & (CONN_CLOSED | CONN_SUPERSEDED),
                          (c->side[0].marks | c->side[1].marks) & (SIDE_FIN | SIDE_RST),
                          c->marks & CONN_ESTABLISHED);
    return true;
}

#define LOOK_AHEAD 8u

/* What hearing of it reads. */
static void fetch_to_hear(const struct flows *f, uint32_t value)
{
    if (is_record(value)) {
        flows_fetch_value(f, value);
        return;
    }
    FETCH(flows_brief_item(f, value));
    FETCH(flows_brief(f, value));
}

static bool list_records(struct flows *f)
{
    enum telling telling;
    struct due_item item;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (uint32_t i = 0; i < fresh_of(f, kind); i++) {
            if (i + LOOK_AHEAD < fresh_of(f, kind))
                fetch_to_hear(f, flows_value(kind, i + LOOK_AHEAD));
            if (hear_value(f, flows_value(kind, i), &item, &telling) && !due_add(&f->due, item))
                return false;
        }
    }
    return true;
}

static struct due_item due_lone(const struct flows *f, uint32_t value)
{
    const struct lone *lone = flows_lone(f, value);
    return (struct due_item){
        .due_ns = INT64_MAX, .first_frame = lone->frame, .stream = lone->stream, .index = value};
}

/* The row becomes empty. */
static bool list_lones(struct flows *f)
{
    for (uint32_t i = 0; i < f->row.count; i++) {
        if (!due_add(&f->due, due_lone(f, f->row.values[i])))
            return false;
    }
    f->row.count = 0;
    return true;
}

static bool comes_before(const struct flows *f, uint32_t lone, const struct due_item *item)
{
    struct due_item own = due_lone(f, lone);
    return due_order(&own, item) < 0;
}

/* How many of the first `count` of the row come before the item: most often nearly all. */
static uint32_t count_before(const struct flows *f, uint32_t count, const struct due_item *item)
{
    const uint32_t *values = f->row.values;
    uint32_t begin = count, end = count; /* what stands from `end` on comes later */
    for (uint32_t step = 1; begin > 0; step *= 2) {
        begin = count > step ? count - step : 0;
        if (comes_before(f, values[begin], item))
            break;
        end = begin;
    }
    while (begin < end) {
        uint32_t middle = begin + (end - begin) / 2;
        if (comes_before(f, values[middle], item))
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

static uint32_t lingering_of(const struct due_list *sorted)
{
    uint32_t count = 0;
    while (count < sorted->count && sorted->items[count].due_ns != INT64_MAX)
        count++;
    return count;
}

/* The order has the row at its beginning, and room for the sorted list: first what lingers of that,
 * then its rest among the lone SYNs. From the last one on. */
static void merge(const struct flows *f, uint32_t *order)
{
    uint32_t lones = f->row.count, listed = f->due.count;
    uint32_t lingering = lingering_of(&f->due);
    while (listed > lingering) {
        const struct due_item *item = &f->due.items[listed - 1];
        uint32_t before = count_before(f, lones, item);
        memmove(order + before + listed, order + before, (lones - before) * sizeof *order);
        order[before + --listed] = item->index;
        lones = before;
    }
    memmove(order + lingering, order, lones * sizeof *order);
    for (uint32_t i = 0; i < lingering; i++)
        order[i] = f->due.items[i].index;
}

/* The row, with room for so many in all; it is its owner's no longer. */
static uint32_t *take_row(struct flows *f, uint32_t total)
{
    uint32_t *order = f->row.values;
    if (!order || total > f->row.room) {
        order = pages_alloc(total ? total * sizeof *order : 1);
        if (!order)
            return NULL;
        if (f->row.count)
            memcpy(order, f->row.values, f->row.count * sizeof *order);
        free(f->row.values);
    }
    f->row.values = order;
    f->row.room = total;
    return order;
}

/* Everything that is held, in order. */
static bool put_all_in_order(struct flows *f)
{
    uint32_t total = flows_held(f);
    row_tidy(f);
    bool in_row = !f->row.turns_back;
    if (!due_reserve(&f->due, in_row ? total - f->row.count : total) || !list_records(f) ||
        (!in_row && !list_lones(f)) || !take_row(f, total))
        return false;
    due_sort(&f->due);
    merge(f, f->row.values);
    f->ending.order = f->row.values;
    f->ending.count = total;
    f->row = (struct flow_row){0};
    return true;
}

/* ---- what tells most ------------------------------------------------------------------------ */

/* Of so many records it is looked which tell most: more would take as long as all the rest. */
#define LOOKED_AT_MOST (UINT32_C(1) << 20)

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool add_while_few(struct due_list *list, struct due_item item)
{
    return list->count >= FLOW_LAST_MOST || due_add(list, item);
}

static bool sort_out(struct flows *f, struct due_list lists[TELLINGS])
{
    enum telling telling;
    struct due_item item;
    uint32_t left = LOOKED_AT_MOST;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        uint32_t end = least(fresh_of(f, kind), left);
        left -= end;
        for (uint32_t i = 0; i < end; i++) {
            uint32_t value = flows_value(kind, i);
            if (i + LOOK_AHEAD < end)
                fetch_to_hear(f, value + LOOK_AHEAD);
            if (hear_value(f, value, &item, &telling) && !add_while_few(&lists[telling], item))
                return false;
        }
    }
    row_tidy(f);
    for (uint32_t i = 0; i < least(f->row.count, FLOW_LAST_MOST); i++) {
        if (!add_while_few(&lists[TELLING_OPENING], due_lone(f, f->row.values[i])))
            return false;
    }
    return true;
}

/* The first FLOW_LAST_MOST of those that tell most, in order. */
static bool put_some_in_order(struct flows *f)
{
    struct due_list lists[TELLINGS] = {{.items = NULL}};
    f->ending.order = malloc(FLOW_LAST_MOST * sizeof *f->ending.order);
    bool done = f->ending.order && sort_out(f, lists);
    for (unsigned telling = TELLINGS; telling-- > 0;) {
        for (uint32_t i = 0; i < lists[telling].count && done; i++)
            done = add_while_few(&f->due, lists[telling].items[i]);
        free(lists[telling].items);
    }
    due_sort(&f->due);
    for (; done && f->ending.count < f->due.count; f->ending.count++)
        f->ending.order[f->ending.count] = f->due.items[f->ending.count].index;
    return done;
}

static bool is_hurried(const struct flows *f)
{
    return f->hurried && f->hurried();
}

static bool put_in_order(struct flows *f)
{
    f->due.count = 0; /* what memory ran out over is among all the others */
    f->ending.count = 0;
    free(f->ending.order);
    bool some = flows_held(f) > FLOW_LAST_MOST && is_hurried(f);
    if (!(some ? put_some_in_order(f) : put_all_in_order(f)))
        return false;
    free(f->due.items);
    f->due = (struct due_list){0};
    return true;
}

/* ---- handing out ---------------------------------------------------------------------------- */

uint32_t flows_due_count(const struct flows *f)
{
    return f->ending.count;
}

bool flows_due_is_lone(const struct flows *f, uint32_t number)
{
    return is_lone(f->ending.order[number]);
}

static struct connection *due_connection(const struct flows *f, uint32_t value,
                                         struct flow_room *room)
{
    bool vlan_in_key = f->config->vlan_in_key;
    if (is_record(value))
        return flows_look(flows_at(f, value), vlan_in_key, room);
    if (is_brief(value))
        brief_look(flows_brief(f, value), vlan_in_key, &room->connection, &room->detail);
    else
        lone_look(flows_lone(f, value), vlan_in_key, &room->connection);
    flows_mark_unheard(f, &room->connection);
    return &room->connection;
}

const struct connection *flows_due(const struct flows *f, uint32_t number, struct flow_room *room)
{
    return due_connection(f, f->ending.order[number], room);
}

/* So many connections before its turn a connection is fetched, and half as many before its detail.
 */
#define FETCH_AHEAD 8u

/* A value of the table that is none beyond the last. */
static uint32_t value_of(const struct flow_ending *ending, uint32_t number)
{
    return number < ending->count ? ending->order[number] : TABLE_NONE;
}

void flows_due_fetch(const struct flows *f, uint32_t number, bool lones_too)
{
    uint32_t later = value_of(&f->ending, number + FETCH_AHEAD);
    uint32_t next = value_of(&f->ending, number + FETCH_AHEAD / 2);
    if (lones_too || !is_lone(later))
        flows_fetch_value(f, later);
    if (is_record(next))
        flows_fetch_detail(flows_at(f, next));
    else if (is_brief(next))
        flows_fetch_segments(flows_brief(f, next));
}

/* What releasing it writes, where another thread has read it, and of what is packed the line that
 * tells where it stands. */
static void fetch_to_release(const struct flows *f, uint32_t number)
{
    uint32_t later = value_of(&f->ending, number + FETCH_AHEAD);
    uint32_t next = value_of(&f->ending, number + FETCH_AHEAD / 2);
    if (is_record(later)) {
        FETCH_TO_WRITE(flows_at(f, later));
        FETCH_TO_WRITE(&flows_at(f, later)->first_frame);
    } else if (is_brief(later)) {
        FETCH(flows_brief_item(f, later));
        FETCH(flows_brief(f, later));
    } else {
        flows_fetch_value(f, later);
    }
    if (is_record(next) && flows_at(f, next)->detail)
        FETCH(flows_at(f, next)->detail);
}

/* Somebody else may still read it until it is told. */
static bool hand_out(struct flows *f, uint32_t number, bool as_it_is)
{
    uint32_t value = f->ending.order[number];
    struct flow_room room;
    struct connection *c = &room.connection;
    if (as_it_is && is_record(value))
        c = flows_at(f, value);
    else if (as_it_is && is_brief(value))
        brief_outline(flows_brief(f, value), f->config->vlan_in_key, c);
    else
        c = due_connection(f, value, &room);
    bool go_on = f->final(f->context, c, false);
    if (is_record(value))
        flows_release(f, value);
    else if (is_brief(value))
        f->briefs_gone++; /* all are released at once: none need be written to */
    else
        flows_release_lone(f, value);
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

enum flow_status flows_drain(struct flows *f)
{
    if (!put_in_order(f))
        return FLOW_NO_MEMORY;
    mark_unheard(f);
    if (f->ending.count == flows_held(f))
        table_clear(&f->table);
    bool as_it_is = f->order_known && f->order_known(f->context);
    bool go_on = true;
    bool hurried = false;
    uint32_t end = f->ending.count;
    for (uint32_t i = 0; i < end && go_on; i++) {
        if (!hurried && is_hurried(f)) {
            hurried = true;
            end = i + least(end - i, FLOW_LAST_MOST);
        }
        if (as_it_is)
            fetch_to_release(f, i);
        else
            flows_due_fetch(f, i, true);
        go_on = hand_out(f, i, as_it_is);
    }
    if (!flows_held(f))
        flows_release_briefs(f);
    return go_on ? FLOW_OK : FLOW_STOPPED;
}
