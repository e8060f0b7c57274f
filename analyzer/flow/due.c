#include "analyzer/flow/due.h"

#include "analyzer/pages.h"

#include <stdlib.h>
#include <string.h>

bool due_reserve(struct due_list *list, uint32_t room)
{
    if (room <= list->room)
        return true;
    struct due_item *items = pages_alloc_as_needed((size_t)room * sizeof *items);
    if (!items)
        return false;
    if (list->count)
        memcpy(items, list->items, list->count * sizeof *items);
    free(list->items);
    list->items = items;
    list->room = room;
    return true;
}

bool due_add(struct due_list *list, struct due_item item)
{
    if (list->count == list->room && !due_reserve(list, list->room ? list->room * 2 : 256))
        return false;
    list->items[list->count++] = item;
    return true;
}

static int order(const struct due_item *a, const struct due_item *b,
                 const struct due_frames *frames)
{
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (frames) {
        frame_ref of_a = frames->first_of(frames->context, a->index);
        frame_ref of_b = frames->first_of(frames->context, b->index);
        if (of_a != of_b)
            return of_a < of_b ? -1 : 1;
    }
    return a->stream < b->stream ? -1 : a->stream > b->stream;
}

bool due_is_before(const struct due_item *a, const struct due_item *b,
                   const struct due_frames *frames)
{
    return order(a, b, frames) < 0;
}

static int by_order(const void *left, const void *right, void *frames)
{
    return order(left, right, frames);
}

static void compare(struct due_item *items, uint32_t count, const struct due_frames *frames)
{
    qsort_r(items, count, sizeof *items, by_order, (void *)(uintptr_t)frames);
}

/* Some of a list, or all. */
struct due_items {
    struct due_item *items;
    uint32_t count;
};

/* ---- many ----------------------------------------------------------------------------------- */

/* Fewer are compared. */
#define FEW 64u

#define DIGIT_BITS 11u
#define DIGITS     (1u << DIGIT_BITS)

/* By one digit of what lies above the lowest key; what is equal stays in its order. */
static void sort_by_digit(const struct due_item *from, struct due_item *to, uint32_t count,
                          uint64_t lowest, unsigned shift)
{
    uint32_t starts[DIGITS] = {0};
    for (uint32_t i = 0; i < count; i++)
        starts[(from[i].key - lowest) >> shift & (DIGITS - 1)]++;
    uint32_t start = 0;
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        uint32_t of_digit = starts[digit];
        starts[digit] = start;
        start += of_digit;
    }
    for (uint32_t i = 0; i < count; i++)
        to[starts[(from[i].key - lowest) >> shift & (DIGITS - 1)]++] = from[i];
}

/* Those of one key follow each other: now by all that tells them apart. */
static void sort_equals(struct due_item *items, uint32_t count, const struct due_frames *frames)
{
    for (uint32_t first = 0, i = 1; i <= count; i++) {
        if (i < count && items[i].key == items[first].key)
            continue;
        if (i - first > 1)
            compare(items + first, i - first, frames);
        first = i;
    }
}

/* False where memory for it is lacking. */
static bool sort_many(struct due_item *items, uint32_t count, const struct due_frames *frames)
{
    struct due_item *spare = pages_alloc((size_t)count * sizeof *spare);
    if (!spare)
        return false;
    uint64_t lowest = UINT64_MAX;
    uint64_t highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        lowest = items[i].key < lowest ? items[i].key : lowest;
        highest = items[i].key > highest ? items[i].key : highest;
    }
    struct due_item *from = items;
    struct due_item *to = spare;
    for (unsigned shift = 0; shift < 64 && (highest - lowest) >> shift; shift += DIGIT_BITS) {
        sort_by_digit(from, to, count, lowest, shift);
        struct due_item *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
    free(spare);
    sort_equals(items, count, frames);
    return true;
}

static void sort_all(struct due_items all, const struct due_frames *frames)
{
    if (all.count <= FEW || !sort_many(all.items, all.count, frames))
        compare(all.items, all.count, frames);
}

/* ---- nearly in order ------------------------------------------------------------------------ */

/* Takes out what comes behind something later, and returns how many are left, in order. Where it
 * is too much it stands behind these in the list. */
static uint32_t leave_ordered(struct due_list *list, struct due_items *late, uint32_t late_most,
                              const struct due_frames *frames)
{
    struct due_item *items = list->items;
    uint32_t ordered = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!ordered || order(&items[ordered - 1], &items[i], frames) <= 0) {
            items[ordered++] = items[i];
            continue;
        }
        if (late->count == late_most) {
            if (late->count)
                memcpy(items + ordered, late->items, late->count * sizeof *items);
            late->count = 0;
            return ordered;
        }
        late->items[late->count++] = items[i];
    }
    return ordered;
}

/* From the last one on; in the list there is room for all. */
static void merge(struct due_item *items, uint32_t ordered, const struct due_items *late,
                  const struct due_frames *frames)
{
    for (uint32_t left = late->count; left > 0;) {
        bool own = ordered && order(&items[ordered - 1], &late->items[left - 1], frames) > 0;
        items[ordered + left - 1] = own ? items[ordered - 1] : late->items[left - 1];
        ordered -= own;
        left -= !own;
    }
}

void due_sort(struct due_list *list, const struct due_frames *frames)
{
    uint32_t ordered = 1;
    while (ordered < list->count &&
           order(&list->items[ordered - 1], &list->items[ordered], frames) <= 0)
        ordered++;
    if (ordered >= list->count)
        return;
    uint32_t late_most = list->count / 8;
    struct due_items late = {.items = malloc(late_most ? late_most * sizeof *late.items : 1)};
    if (!late.items)
        late_most = 0;
    ordered = leave_ordered(list, &late, late_most, frames);
    if (late.count) {
        sort_all(late, frames);
        merge(list->items, ordered, &late, frames);
    } else {
        sort_all((struct due_items){list->items, list->count}, frames);
    }
    free(late.items);
}
