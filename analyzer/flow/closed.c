#include "analyzer/flow/closed.h"

#include "analyzer/elapsed.h"
#include "analyzer/flow/briefs.h"
#include "analyzer/flow/expiry.h"
#include "analyzer/flow/order.h"
#include "analyzer/flow/records.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

void closed_init(struct flows *f)
{
    blocks_init(&f->closed);
    f->closed_due = UINT64_MAX;
}

void closed_finish(struct flows *f)
{
    blocks_finish(&f->closed);
    free(f->closed_order);
    f->closed_order = NULL;
}

/* What so many octets have room for, and the one that is being filled. */
static uint32_t blocks_of(uint64_t bytes)
{
    uint64_t most = bytes / BLOCK_BYTES;
    return most < UINT32_MAX ? (uint32_t)most + 1 : UINT32_MAX;
}

void flows_spill_into(struct flows *f, int file, uint64_t few_bytes, uint64_t many_bytes)
{
    f->closed_room = (struct closed_room){.few_bytes = few_bytes, .many_bytes = many_bytes};
    blocks_use_file(&f->closed, file, blocks_of(few_bytes));
}

/* How many octets there will be if connections go on closing as they do: each stays as long. */
static uint64_t foreseen_bytes(const struct flows *f)
{
    const int64_t ms_ns = 1000000;
    int64_t linger_ms = expiry_after(f, 0) / ms_ns;
    int64_t passed_ms = elapsed_ns(f->closed_room.begun_ns, f->clock_ns) / ms_ns;
    if (passed_ms >= linger_ms)
        return f->closed.bytes;
    uint64_t bytes;
    if (passed_ms <= 0 || __builtin_mul_overflow(f->closed.bytes, (uint64_t)linger_ms, &bytes))
        return UINT64_MAX;
    return bytes / (uint64_t)passed_ms;
}

/* The file costs more time than memory does; but half of all memory is for others. */
static void hold_as_foreseen(struct flows *f)
{
    const struct closed_room *room = &f->closed_room;
    if (f->closed.file < 0)
        return;
    bool many =
        foreseen_bytes(f) <= room->many_bytes && flows_memory(f) <= f->config->max_memory_bytes / 2;
    blocks_hold(&f->closed, blocks_of(many ? room->many_bytes : room->few_bytes));
}

/* Once they become final while others are taken, what is counted of them takes memory as well; and
 * most of those that linger are in the file by then. */
#define HELD_LATER_BYTES ((uint64_t)TABLE_SIZE(4096, 32) << 10)

static void hold_less(struct flows *f)
{
    struct closed_room *room = &f->closed_room;
    room->few_bytes = room->few_bytes < HELD_LATER_BYTES ? room->few_bytes : HELD_LATER_BYTES;
    hold_as_foreseen(f);
}

int flows_spill_error(const struct flows *f)
{
    return f->closed.error;
}

/* ---- one ------------------------------------------------------------------------------------ */

static uint32_t place_of(uint32_t value)
{
    return value & FLOW_INDEX;
}

static const struct brief *in_item(const void *item)
{
    const struct lone *syn = item;
    return syn ? brief_in((void *)(uintptr_t)item, syn->ipv6) : NULL;
}

static uint64_t key_of(const struct flows *f, const struct brief *b)
{
    return due_key(expiry_after(f, b->last_ns));
}

bool closed_take(struct flows *f, uint32_t value)
{
    const struct brief *b = flows_brief(f, value);
    uint64_t key = key_of(f, b);
    size_t bytes = brief_bytes_used(b);
    if (!f->closed.items)
        f->closed_room.begun_ns = f->clock_ns;
    if (UNLIKELY(blocks_begin_with(&f->closed, bytes)))
        hold_as_foreseen(f);
    uint32_t place = blocks_add(&f->closed, brief_syn(b), bytes, key);
    if (place == BLOCK_NONE)
        return false;
    f->closed_due = key < f->closed_due ? key : f->closed_due;
    flows_replace(f, b->tag, value, flows_value(FLOW_CLOSED, place));
    flows_release_brief(f, value);
    return true;
}

const struct brief *closed_brief(struct flows *f, uint32_t value)
{
    return in_item(blocks_at(&f->closed, place_of(value)));
}

const struct brief *closed_look_up(struct flows *f, uint32_t value, struct brief_room *room)
{
    return in_item(blocks_at_once(&f->closed, place_of(value), room, sizeof *room));
}

bool closed_names(const struct flows *f, uint32_t value, int sender, const struct segment *g)
{
    struct brief_room room;
    const struct brief *b = closed_look_up((struct flows *)(uintptr_t)f, value, &room);
    return b && flows_brief_names(f, b, sender, g);
}

static const frame_ref nobody = FRAME_NONE;

_Static_assert(offsetof(struct lone, frame) + sizeof nobody == 16, "what is written over");

/* In memory it is told apart by its frame from those that are still there; in the file by its key,
 * which is below the block's. */
void closed_drop(struct flows *f, uint32_t value, const struct brief *b)
{
    size_t bytes = brief_bytes_used(b);
    uint8_t *item = blocks_in_memory(&f->closed, place_of(value));
    if (item)
        memcpy(item + offsetof(struct lone, frame), &nobody, sizeof nobody);
    blocks_drop(&f->closed, place_of(value), bytes);
}

void closed_forget(struct flows *f, uint32_t value, const struct brief *b)
{
    uint8_t start[offsetof(struct lone, frame) + sizeof nobody];
    memcpy(start, brief_syn(b), sizeof start);
    memcpy(start + offsetof(struct lone, frame), &nobody, sizeof nobody);
    size_t bytes = brief_bytes_used(b);
    blocks_change(&f->closed, place_of(value), start, sizeof start);
    blocks_drop(&f->closed, place_of(value), bytes);
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* An item of a block, or an end of it. */
struct cursor {
    uint32_t number, at;
    uint32_t value;
    const struct brief *brief;
    uint64_t key;
};

/* They are of different sizes: nobody else has the next ones on their way. */
#define FETCH_AHEAD_BYTES 2048u

/* The next one that is there; false at the end, or where the file failed. */
static bool go_on(struct flows *f, struct cursor *c)
{
    while (c->at < f->closed.about[c->number].used) {
        uint32_t place = block_place(c->number, c->at);
        c->brief = in_item(blocks_at(&f->closed, place));
        if (!c->brief)
            return false;
        size_t bytes = brief_bytes_used(c->brief);
        flows_fetch((const char *)brief_syn(c->brief) + FETCH_AHEAD_BYTES, bytes);
        c->at += block_room(bytes);
        c->value = flows_value(FLOW_CLOSED, place);
        c->key = key_of(f, c->brief);
        if (brief_is_here(c->brief) && c->key >= f->closed.about[c->number].key)
            return true;
    }
    return false;
}

static struct due_item item_at(const struct cursor *c)
{
    return (struct due_item){
        .key = c->key, .stream = brief_syn(c->brief)->stream, .index = c->value};
}

/* Takes those of a block that are due; the others are what is left. */
static bool take_due_of(struct flows *f, uint32_t number, uint64_t end)
{
    uint64_t left = UINT64_MAX;
    for (struct cursor c = {.number = number}; go_on(f, &c);) {
        if (c.key >= end)
            left = c.key < left ? c.key : left;
        else if (!due_add(&f->due, item_at(&c)))
            return false;
    }
    f->closed.about[number].key = left;
    return !closed_are_lost(f);
}

void closed_put_back(struct flows *f, uint32_t from)
{
    for (uint32_t i = from; i < f->due.count; i++) {
        const struct due_item *item = &f->due.items[i];
        if (!is_closed(item->index))
            continue;
        struct block *block = &f->closed.about[block_of(place_of(item->index))];
        block->key = item->key < block->key ? item->key : block->key;
        f->closed_due = item->key < f->closed_due ? item->key : f->closed_due;
    }
}

bool closed_take_due(struct flows *f, int64_t end_ns, bool any)
{
    uint64_t end = due_key(end_ns), left = UINT64_MAX;
    if (f->closed_due >= end)
        return true;
    if (any)
        hold_less(f);
    for (uint32_t i = 0; i < f->closed.count; i++) {
        const struct block *block = &f->closed.about[i];
        if (!block->items)
            continue;
        if (block->key < end && (any || block->octets) && !take_due_of(f, i, end)) {
            closed_put_back(f, 0);
            return false;
        }
        left = block->key < left ? block->key : left;
    }
    f->closed_due = left;
    return true;
}

int64_t closed_first_due(const struct flows *f, bool any)
{
    uint64_t first = UINT64_MAX;
    for (uint32_t i = 0; i < f->closed.count; i++) {
        const struct block *block = &f->closed.about[i];
        if (block->items && (any || block->octets))
            first = block->key < first ? block->key : first;
    }
    return first == UINT64_MAX ? INT64_MAX : (int64_t)(first ^ UINT64_C(1) << 63);
}

/* ---- in order ------------------------------------------------------------------------------- */

/* Blocks by the first that is due of each. */
static bool list_blocks(const struct flows *f, struct due_list *blocks)
{
    for (uint32_t i = 0; i < f->closed.count; i++) {
        const struct block *block = &f->closed.about[i];
        if (block->items && !due_add(blocks, (struct due_item){block->key, i, i}))
            return false;
    }
    due_sort(blocks, NULL);
    return true;
}

/* Hands on those of the list that come before what later blocks have. */
static bool hand_on(const struct flows *f, struct due_list *list, uint64_t before,
                    bool (*take)(void *context, const struct due_item *item), void *context)
{
    uint32_t i = 0;
    order_sort(f, list);
    for (; i < list->count && list->items[i].key < before; i++) {
        if (!take(context, &list->items[i]))
            return false;
    }
    list->count -= i;
    if (i)
        memmove(list->items, list->items + i, list->count * sizeof *list->items);
    return true;
}

bool closed_each(struct flows *f, void (*see)(void *context, const struct brief *brief),
                 bool (*take)(void *context, const struct due_item *item), void *context)
{
    struct due_list blocks = {.items = NULL}, items = {.items = NULL};
    bool done = list_blocks(f, &blocks);
    for (uint32_t i = 0; i < blocks.count && done; i++) {
        uint64_t next = i + 1 < blocks.count ? blocks.items[i + 1].key : UINT64_MAX;
        for (struct cursor c = {.number = blocks.items[i].index}; done && go_on(f, &c);) {
            see(context, c.brief);
            done = due_add(&items, item_at(&c));
        }
        done = done && !closed_are_lost(f) && hand_on(f, &items, next, take, context);
    }
    free(blocks.items);
    free(items.items);
    return done && !closed_are_lost(f);
}

bool closed_some(struct flows *f, uint32_t most,
                 void (*see)(void *context, const struct brief *brief),
                 bool (*take)(void *context, const struct due_item *item), void *context)
{
    for (uint32_t i = 0; i < f->closed.count && most; i++) {
        for (struct cursor c = {.number = i}; f->closed.about[i].items && most && go_on(f, &c);) {
            const struct due_item item = item_at(&c);
            see(context, c.brief);
            if (!take(context, &item))
                return false;
            most--;
        }
    }
    return !closed_are_lost(f);
}

/* ---- all is handed out ---------------------------------------------------------------------- */

bool closed_read_first(struct flows *f)
{
    if (!f->closed.items)
        return true;
    if (!f->closed_order)
        f->closed_order = aligned_alloc(64, sizeof *f->closed_order);
    if (!f->closed_order)
        return false;
    f->closed_order->read = 0;
    return closed_read_ahead(f, 0);
}

static bool read_one(struct flows *f, uint32_t number)
{
    struct closed_order *o = f->closed_order;
    uint32_t value = f->ending.order[number];
    if (!is_closed(value))
        return true;
    const void *syn = blocks_in_memory(&f->closed, place_of(value));
    if (!syn) {
        const struct brief *b = closed_brief(f, value);
        if (!b)
            return false;
        syn = memcpy(o->rooms[number % CLOSED_ROOM].octets, brief_syn(b), brief_bytes_used(b));
    }
    o->syns[number % CLOSED_ROOM] = syn;
    return true;
}

bool closed_read_ahead(struct flows *f, uint32_t next)
{
    struct closed_order *o = f->closed_order;
    if (!o)
        return true;
    for (; o->read < f->ending.count && o->read <= next + CLOSED_AHEAD; o->read++) {
        if (!read_one(f, o->read))
            return false;
    }
    return true;
}
