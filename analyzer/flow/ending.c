/*
 * The capture is over: everything becomes final at once. Of millions of lone SYNs, which are in
 * order as they were made, there is no list but that of their numbers. Where somebody waits, only
 * what tells most becomes final.
 */
#include "analyzer/flow/briefs.h"
#include "analyzer/flow/expiry.h"
#include "analyzer/flow/records.h"

#include <stdlib.h>

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

/* What comes next of a sequence that is in order: by first frame, and one frame may open several.
 */
struct head {
    frame_ref frame; /* UINT64_MAX: nothing more */
    uint32_t stream;
    uint32_t value; /* as in the table */
};

static const struct head no_head = {.frame = UINT64_MAX, .value = POOL_NONE};

static bool comes_before(const struct head *a, const struct head *b)
{
    return a->frame != b->frame ? a->frame < b->frame : a->stream < b->stream;
}

/* They stand in a row, but the processor does not have them on their way. */
#define LONES_AHEAD 16u

/* Of one kind the first lone SYN with this number or a higher one. */
static struct head next_lone(const struct flows *f, int kind, uint32_t number)
{
    for (; number < f->lones[kind].fresh; number++) {
        uint32_t value = flows_lone_value(kind, number);
        if (number + LONES_AHEAD < f->lones[kind].fresh)
            FETCH(flows_lone(f, value + LONES_AHEAD));
        const struct lone *lone = flows_lone(f, value);
        if (lone->frame != FRAME_NONE)
            return (struct head){.frame = lone->frame, .stream = lone->stream, .value = value};
    }
    return no_head;
}

static struct head next_after(const struct flows *f, const struct head *head)
{
    return next_lone(f, (int)((head->value >> FLOW_KIND_SHIFT) - FLOW_LONES),
                     (head->value & FLOW_INDEX) + 1);
}

static bool is_among_first(const struct head *head, uint32_t count)
{
    return head->value != POOL_NONE && (head->value & FLOW_INDEX) < count;
}

/* Takes in what each of the first so many numbers of either kind shows. Are they in order as they
 * were made? */
static bool hear_lones(struct flows *f, uint32_t count)
{
    bool in_order = true;
    for (int kind = 0; kind < 2; kind++) {
        struct head before = {.frame = FRAME_NONE};
        struct head head = next_lone(f, kind, 0);
        for (; is_among_first(&head, count); head = next_after(f, &head)) {
            uint8_t destination[16];
            lone_destination(flows_lone(f, head.value), destination);
            heard_packet(&f->heard, destination);
            in_order &= comes_before(&before, &head);
            before = head;
        }
    }
    return in_order;
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

static struct due_item due_lone(const struct head *head)
{
    return (struct due_item){.due_ns = INT64_MAX,
                             .first_frame = head->frame,
                             .stream = head->stream,
                             .index = head->value};
}

static bool list_lones(struct flows *f)
{
    for (int kind = 0; kind < 2; kind++) {
        struct head head = next_lone(f, kind, 0);
        for (; head.value != POOL_NONE; head = next_after(f, &head)) {
            if (!due_add(&f->due, due_lone(&head)))
                return false;
        }
    }
    return true;
}

static struct head listed(const struct flows *f, uint32_t number)
{
    if (number >= f->due.count)
        return no_head;
    const struct due_item *item = &f->due.items[number];
    return (struct head){.frame = item->first_frame, .stream = item->stream, .value = item->index};
}

/* First what lingers, of the sorted list; then the rest of that and the two kinds of lone SYNs, if
 * they are not of the list. */
static void merge(struct flows *f, bool with_lones)
{
    struct flow_ending *ending = &f->ending;
    uint32_t total = flows_held(f);
    uint32_t next = 0;
    for (; next < f->due.count && f->due.items[next].due_ns != INT64_MAX; next++)
        ending->order[ending->count++] = f->due.items[next].index;
    struct head records = listed(f, next);
    struct head lones[2];
    for (int kind = 0; kind < 2; kind++)
        lones[kind] = with_lones ? next_lone(f, kind, 0) : no_head;
    while (ending->count < total) {
        struct head *lone = comes_before(&lones[1], &lones[0]) ? &lones[1] : &lones[0];
        if (comes_before(lone, &records)) {
            ending->order[ending->count++] = lone->value;
            *lone = next_after(f, lone);
        } else {
            ending->order[ending->count++] = records.value;
            records = listed(f, ++next);
        }
    }
}

static uint32_t lones_held(const struct flows *f)
{
    return f->lones[0].in_use + f->lones[1].in_use;
}

/* Everything that is held, in order. */
static bool put_all_in_order(struct flows *f)
{
    uint32_t total = flows_held(f);
    bool in_order = hear_lones(f, POOL_NONE);
    f->ending.order = malloc(total ? total * sizeof *f->ending.order : 1);
    if (!f->ending.order || !due_reserve(&f->due, in_order ? total - lones_held(f) : total) ||
        !list_records(f) || (!in_order && !list_lones(f)))
        return false;
    due_sort(&f->due);
    merge(f, in_order);
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
    (void)hear_lones(f, LOOKED_AT_MOST);
    for (int kind = 0; kind < 2; kind++) {
        struct head head = next_lone(f, kind, 0);
        for (; is_among_first(&head, FLOW_LAST_MOST); head = next_after(f, &head)) {
            if (!add_while_few(&lists[TELLING_OPENING], due_lone(&head)))
                return false;
        }
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
