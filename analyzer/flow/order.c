/*
 * Most often streams are in the order of first frames: then what does not linger is put where its
 * stream says, and nothing is sorted. Of millions of lone SYNs, which stand in a row in their
 * order, none is read but those that something else may stand beside.
 */
#include "analyzer/flow/order.h"

#include "analyzer/flow/briefs.h"
#include "analyzer/flow/closed.h"
#include "analyzer/flow/expiry.h"
#include "analyzer/flow/records.h"
#include "analyzer/pages.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- by time -------------------------------------------------------------------------------- */

static frame_ref first_of(const void *flows, uint32_t value)
{
    const struct flows *f = flows;
    if (is_record(value))
        return flows_at(f, value)->first_frame;
    if (is_closed(value)) {
        struct brief_room room;
        const struct brief *b = closed_look_up((struct flows *)(uintptr_t)f, value, &room);
        return b ? brief_syn(b)->frame : 0;
    }
    return is_brief(value) ? brief_syn(flows_brief(f, value))->frame : flows_lone(f, value)->frame;
}

/* Streams of one time are most often in the order of their first frames, and none is looked at. */
static const struct due_frames *frames_of(const struct flows *f, struct due_frames *room)
{
    *room = (struct due_frames){first_of, f};
    return f->frames_turn_back ? room : NULL;
}

void order_sort(const struct flows *f, struct due_list *list)
{
    struct due_frames room;
    due_sort(list, frames_of(f, &room));
}

void order_due(struct flows *f)
{
    order_sort(f, &f->due);
}

/* ---- each ----------------------------------------------------------------------------------- */

/* How much a connection tells of its end, the least first. */
enum telling { TELLING_OPENING, TELLING_OPEN, TELLING_CLOSING, TELLING_CLOSED, TELLINGS };

/* Where it stands. What does not linger stays until the end. */
struct standing {
    bool lingers;
    struct due_item item; /* its key is a time, or its first frame */
    enum telling telling;
};

static enum telling telling_of(bool closed, bool closing, bool open)
{
    if (closed)
        return TELLING_CLOSED;
    if (closing)
        return TELLING_CLOSING;
    return open ? TELLING_OPEN : TELLING_OPENING;
}

static struct due_item item_of(const struct flows *f, uint32_t value, bool lingers, int64_t last_ns)
{
    uint64_t key = lingers ? due_key(expiry_after(f, last_ns)) : first_of(f, value);
    uint32_t stream = is_record(value)  ? flows_at(f, value)->stream
                      : is_brief(value) ? brief_syn(flows_brief(f, value))->stream
                                        : flows_lone(f, value)->stream;
    return (struct due_item){.key = key, .stream = stream, .index = value};
}

static struct due_item item_of_lone(const struct flows *f, uint32_t value)
{
    return item_of(f, value, false, TIME_UNKNOWN);
}

static bool hear_brief(struct flows *f, uint32_t value, struct standing *standing)
{
    const struct brief *b = flows_brief(f, value);
    if (!brief_is_here(b))
        return false;
    flows_hear_brief(f, b);
    bool closed = b->marks & BRIEF_CLOSED;
    standing->lingers = closed;
    standing->item = item_of(f, value, closed, b->last_ns);
    standing->telling =
        telling_of(closed, (b->side_marks[0] | b->side_marks[1]) & (SIDE_FIN | SIDE_RST),
                   b->marks & BRIEF_ESTABLISHED);
    return true;
}

static bool hear_record(struct flows *f, uint32_t value, struct standing *standing)
{
    const struct connection *c = flows_at(f, value);
    if (c->first_frame == FRAME_NONE)
        return false;
    heard_connection(&f->heard, c);
    bool closed = c->marks & (CONN_CLOSED | CONN_SUPERSEDED);
    standing->lingers = closed && !(c->marks & CONN_UNTIMED);
    standing->item = item_of(f, value, standing->lingers, connection_last_ns(c));
    standing->telling =
        telling_of(closed, (c->side[0].marks | c->side[1].marks) & (SIDE_FIN | SIDE_RST),
                   c->marks & CONN_ESTABLISHED);
    return true;
}

/* Takes in what it shows, and says where it stands. False: nobody is there. */
static bool hear(struct flows *f, uint32_t value, struct standing *standing)
{
    return is_brief(value) ? hear_brief(f, value, standing) : hear_record(f, value, standing);
}

/* ---- all ------------------------------------------------------------------------------------ */

/* Records, and the brief connections of each pool. */
#define KINDS (1u + FLOW_BRIEF_POOLS)

static uint32_t fresh_of(const struct flows *f, unsigned kind)
{
    return kind ? f->briefs[kind - 1].fresh : f->pool.fresh;
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

/* Where what does not linger is put: by its stream, or into a list by first frames. */
struct staying {
    uint32_t *by_stream;
    struct due_list list;
};

static bool put(struct flows *f, const struct standing *standing, struct staying *staying)
{
    if (standing->lingers)
        return due_add(&f->due, standing->item);
    if (!staying->by_stream)
        return due_add(&staying->list, standing->item);
    staying->by_stream[standing->item.stream] = standing->item.index;
    return true;
}

static bool put_records(struct flows *f, struct staying *staying)
{
    struct standing standing;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (uint32_t i = 0; i < fresh_of(f, kind); i++) {
            if (i + LOOK_AHEAD < fresh_of(f, kind))
                fetch_to_hear(f, flows_value(kind, i + LOOK_AHEAD));
            if (hear(f, flows_value(kind, i), &standing) && !put(f, &standing, staying))
                return false;
        }
    }
    return true;
}

/* The row becomes empty. */
static bool put_lones(struct flows *f, struct staying *staying)
{
    for (uint32_t i = 0; i < f->row.count; i++) {
        if (i + LOOK_AHEAD < f->row.count)
            flows_fetch_value(f, f->row.values[i + LOOK_AHEAD]);
        struct standing standing = {.item = item_of_lone(f, f->row.values[i])};
        if (!put(f, &standing, staying))
            return false;
    }
    f->row.count = 0;
    return true;
}

/* ---- what lingers --------------------------------------------------------------------------- */

/* By the time at which it would be final. */
struct lingering {
    struct flows *flows;
    uint32_t *order;
    uint32_t count, taken; /* in the order, and of the list */
};

static void take_listed(struct lingering *l)
{
    l->order[l->count++] = l->flows->due.items[l->taken++].index;
}

static void hear_closed(void *context, const struct brief *b)
{
    struct lingering *l = context;
    flows_hear_brief(l->flows, b);
}

static bool take_closed(void *context, const struct due_item *item)
{
    struct lingering *l = context;
    const struct due_list *listed = &l->flows->due;
    struct due_frames room;
    const struct due_frames *frames = frames_of(l->flows, &room);
    while (l->taken < listed->count && due_is_before(&listed->items[l->taken], item, frames))
        take_listed(l);
    l->order[l->count++] = item->index;
    return true;
}

/* To the beginning of the order: what is listed, in its order, and what is in blocks. */
static bool place_lingering(struct flows *f, uint32_t *order)
{
    struct lingering l = {.flows = f, .order = order};
    if (!closed_each(f, hear_closed, take_closed, &l))
        return false;
    while (l.taken < f->due.count)
        take_listed(&l);
    assert(l.count == f->due.count + f->closed.items);
    return true;
}

/* ---- by first frames ------------------------------------------------------------------------ */

static bool comes_before(const struct flows *f, uint32_t lone, const struct due_item *item)
{
    struct due_item own = item_of_lone(f, lone);
    return own.key != item->key ? own.key < item->key : own.stream < item->stream;
}

/* How many of the first `count` of the row come before the item: most often nearly all. */
static uint32_t count_before(const struct flows *f, const uint32_t *row, uint32_t count,
                             const struct due_item *item)
{
    uint32_t begin = count, end = count; /* what stands from `end` on comes later */
    for (uint32_t step = 1; begin > 0; step *= 2) {
        begin = count > step ? count - step : 0;
        if (comes_before(f, row[begin], item))
            break;
        end = begin;
    }
    while (begin < end) {
        uint32_t middle = begin + (end - begin) / 2;
        if (comes_before(f, row[middle], item))
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* The order begins as a row of so many lone SYNs, and has room for all: first what lingers, which
 * is still to be placed, then the others among them. From the last one on. */
static void merge(const struct flows *f, uint32_t lingering, const struct due_list *staying,
                  uint32_t *order, uint32_t lones)
{
    for (uint32_t left = staying->count; left > 0;) {
        const struct due_item *item = &staying->items[left - 1];
        uint32_t before = count_before(f, order, lones, item);
        memmove(order + lingering + left + before, order + before,
                (lones - before) * sizeof *order);
        order[lingering + --left + before] = item->index;
        lones = before;
    }
    memmove(order + lingering, order, lones * sizeof *order);
}

/* The row, with room for so many; it is the caller's. NULL when memory ran out. */
static uint32_t *take_row(struct flows *f, uint32_t total)
{
    uint32_t *order = f->row.values;
    if (!order || total > f->row.room) {
        order = pages_alloc(total ? total * sizeof *order : 1);
        if (!order)
            return NULL;
        if (f->row.count)
            memcpy(order, f->row.values, f->row.count * sizeof *order);
        row_finish(&f->row);
    }
    f->row = (struct flow_row){0};
    return order;
}

static bool order_by_frames(struct flows *f, uint32_t total)
{
    struct staying staying = {.by_stream = NULL};
    bool done = put_records(f, &staying) && (!f->frames_turn_back || put_lones(f, &staying));
    uint32_t lones = f->row.count;
    if (done && (f->ending.order = take_row(f, total)) != NULL) {
        uint32_t lingering = f->due.count + f->closed.items;
        order_due(f);
        due_sort(&staying.list, NULL);
        f->ending.count = lingering + staying.list.count + lones;
        assert(f->ending.count == total);
        merge(f, lingering, &staying.list, f->ending.order, lones);
        done = place_lingering(f, f->ending.order);
    }
    free(staying.list.items);
    return done && f->ending.order;
}

/* ---- by streams ----------------------------------------------------------------------------- */

/* Are nearly all streams held that are not in blocks, and is it worth looking at each lone SYN? */
static bool is_dense(const struct flows *f, uint32_t total)
{
    return !f->frames_turn_back && f->streams / 4 <= total - f->closed.items &&
           f->row.count <= total / 8;
}

/* What lingers has streams of its own, and goes before the others. */
static bool close_up(struct flows *f, uint32_t *order)
{
    uint32_t lingering = f->due.count + f->closed.items, count = 0;
    for (uint32_t stream = 0; stream < f->streams; stream++) {
        if (order[stream] != TABLE_NONE)
            order[count++] = order[stream];
    }
    memmove(order + lingering, order, count * sizeof *order);
    f->ending = (struct flow_ending){.order = order, .count = lingering + count};
    return place_lingering(f, order);
}

static bool order_by_streams(struct flows *f)
{
    size_t bytes = f->streams * sizeof(uint32_t);
    struct staying staying = {.by_stream = pages_alloc(bytes ? bytes : 1)};
    if (!staying.by_stream)
        return false;
    memset(staying.by_stream, 0xff, bytes);
    if (!put_records(f, &staying) || !put_lones(f, &staying)) {
        free(staying.by_stream);
        return false;
    }
    order_due(f);
    return close_up(f, staying.by_stream);
}

static void begin_order(struct flows *f)
{
    heard_settle(&f->heard);
    row_tidy(f);
    f->due.count = 0; /* what memory ran out over is among all the others */
    free(f->ending.order);
    f->ending = (struct flow_ending){0};
}

static void free_due(struct flows *f)
{
    free(f->due.items);
    f->due = (struct due_list){0};
}

bool order_all(struct flows *f)
{
    uint32_t total = flows_held(f);
    begin_order(f);
    if (!due_reserve(&f->due, total - f->row.count - f->closed.items) ||
        !(is_dense(f, total) ? order_by_streams(f) : order_by_frames(f, total)))
        return false;
    free_due(f);
    return true;
}

/* ---- what tells most ------------------------------------------------------------------------ */

/* Of so many records it is looked which tell most: more would take as long as all the rest. */
#define LOOKED_AT_MOST (UINT32_C(1) << 20)

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Of what tells as much, what stays and what lingers. */
struct alike {
    struct due_list lists[2];
};

static bool add_while_few(struct alike *alike, const struct standing *standing)
{
    struct due_list *list = &alike->lists[standing->lingers];
    return list->count >= FLOW_LAST_MOST || due_add(list, standing->item);
}

struct sorting {
    struct flows *flows;
    struct alike *alike;
};

static void hear_sorted(void *context, const struct brief *b)
{
    const struct sorting *sorting = context;
    flows_hear_brief(sorting->flows, b);
}

static bool sort_closed(void *context, const struct due_item *item)
{
    const struct sorting *sorting = context;
    const struct standing standing = {true, *item, TELLING_CLOSED};
    return add_while_few(&sorting->alike[TELLING_CLOSED], &standing);
}

static bool sort_out(struct flows *f, struct alike alike[TELLINGS])
{
    struct standing standing;
    uint32_t left = LOOKED_AT_MOST;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        uint32_t end = least(fresh_of(f, kind), left);
        left -= end;
        for (uint32_t i = 0; i < end; i++) {
            uint32_t value = flows_value(kind, i);
            if (i + LOOK_AHEAD < end)
                fetch_to_hear(f, value + LOOK_AHEAD);
            if (hear(f, value, &standing) && !add_while_few(&alike[standing.telling], &standing))
                return false;
        }
    }
    struct sorting sorting = {f, alike};
    if (!closed_some(f, FLOW_LAST_MOST, hear_sorted, sort_closed, &sorting))
        return false;
    for (uint32_t i = 0; i < least(f->row.count, FLOW_LAST_MOST); i++) {
        standing = (struct standing){.item = item_of_lone(f, f->row.values[i])};
        if (!add_while_few(&alike[TELLING_OPENING], &standing))
            return false;
    }
    return true;
}

/* While there is room in what is left. */
static bool move(struct due_list *to, const struct due_list *from, uint32_t *left)
{
    uint32_t count = least(from->count, *left);
    for (uint32_t i = 0; i < count; i++) {
        if (!due_add(to, from->items[i]))
            return false;
    }
    *left -= count;
    return true;
}

bool order_some(struct flows *f)
{
    struct alike alike[TELLINGS] = {0};
    struct due_list staying = {.items = NULL};
    uint32_t left = FLOW_LAST_MOST;
    begin_order(f);
    f->ending.order = malloc(FLOW_LAST_MOST * sizeof *f->ending.order);
    bool done = f->ending.order && sort_out(f, alike);
    for (unsigned telling = TELLINGS; telling-- > 0;) {
        done = done && move(&f->due, &alike[telling].lists[true], &left) &&
               move(&staying, &alike[telling].lists[false], &left);
        free(alike[telling].lists[false].items);
        free(alike[telling].lists[true].items);
    }
    if (done) {
        order_due(f);
        due_sort(&staying, NULL);
        merge(f, f->due.count, &staying, f->ending.order, 0);
        for (uint32_t i = 0; i < f->due.count; i++)
            f->ending.order[i] = f->due.items[i].index;
        f->ending.count = f->due.count + staying.count;
        free_due(f);
    }
    free(staying.items);
    return done;
}
