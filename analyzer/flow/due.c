#include "analyzer/flow/due.h"

#include "analyzer/pages.h"

#include <stdlib.h>
#include <string.h>

bool due_reserve(struct due_list *list, uint32_t room)
{
    if (room <= list->room)
        return true;
    struct due_item *items = pages_alloc((size_t)room * sizeof *items);
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

int due_order(const struct due_item *a, const struct due_item *b)
{
    if (a->due_ns != b->due_ns)
        return a->due_ns < b->due_ns ? -1 : 1;
    if (a->first_frame != b->first_frame)
        return a->first_frame < b->first_frame ? -1 : 1;
    return a->stream < b->stream ? -1 : a->stream > b->stream; /* one frame may open several */
}

static int by_due(const void *left, const void *right)
{
    return due_order(left, right);
}

/* ---- many ----------------------------------------------------------------------------------- */

/* Fewer are compared. */
#define FEW 64u

#define DIGIT_BITS 11u
#define DIGITS     (1u << DIGIT_BITS)

/* What does not linger is in the order of first frames. */
static uint64_t key_of(const struct due_item *item, bool by_frame)
{
    return by_frame ? item->first_frame : (uint64_t)item->due_ns ^ UINT64_C(1) << 63;
}

/* By one digit of what lies above the lowest key; what is equal stays in its order. */
static void sort_by_digit(const struct due_item *from, struct due_item *to, uint32_t count,
                          bool by_frame, uint64_t lowest, unsigned shift)
{
    uint32_t starts[DIGITS] = {0};
    for (uint32_t i = 0; i < count; i++)
        starts[(key_of(&from[i], by_frame) - lowest) >> shift & (DIGITS - 1)]++;
    uint32_t start = 0;
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        uint32_t of_digit = starts[digit];
        starts[digit] = start;
        start += of_digit;
    }
    for (uint32_t i = 0; i < count; i++)
        to[starts[(key_of(&from[i], by_frame) - lowest) >> shift & (DIGITS - 1)]++] = from[i];
}

/* Those of one key follow each other: now by all that tells them apart. */
static void sort_equals(struct due_item *items, uint32_t count, bool by_frame)
{
    for (uint32_t first = 0, i = 1; i <= count; i++) {
        if (i < count && key_of(&items[i], by_frame) == key_of(&items[first], by_frame))
            continue;
        if (i - first > 1)
            qsort(items + first, i - first, sizeof *items, by_due);
        first = i;
    }
}

/* All linger, or none does. `spare` has room for as many. */
static void sort_alike(struct due_item *items, struct due_item *spare, uint32_t count,
                       bool by_frame)
{
    uint64_t lowest = UINT64_MAX;
    uint64_t highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t key = key_of(&items[i], by_frame);
        lowest = key < lowest ? key : lowest;
        highest = key > highest ? key : highest;
    }
    struct due_item *from = items;
    struct due_item *to = spare;
    for (unsigned shift = 0; shift < 64 && (highest - lowest) >> shift; shift += DIGIT_BITS) {
        sort_by_digit(from, to, count, by_frame, lowest, shift);
        struct due_item *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
    sort_equals(items, count, by_frame);
}

/* Those that linger come first. Returns how many these are; all keep their order. */
static uint32_t part(struct due_item *items, struct due_item *spare, uint32_t count)
{
    uint32_t linger = 0;
    uint32_t stay = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (items[i].due_ns == INT64_MAX)
            spare[stay++] = items[i];
        else
            items[linger++] = items[i];
    }
    memcpy(items + linger, spare, stay * sizeof *items);
    return linger;
}

/* False where memory for it is lacking. */
static bool sort_many(struct due_list *list)
{
    struct due_item *spare = pages_alloc((size_t)list->count * sizeof *spare);
    if (!spare)
        return false;
    uint32_t linger = part(list->items, spare, list->count);
    sort_alike(list->items, spare, linger, false);
    sort_alike(list->items + linger, spare, list->count - linger, true);
    free(spare);
    return true;
}

void due_sort(struct due_list *list)
{
    uint32_t ordered = 1;
    while (ordered < list->count &&
           due_order(&list->items[ordered - 1], &list->items[ordered]) <= 0)
        ordered++;
    if (ordered < list->count && (list->count <= FEW || !sort_many(list)))
        qsort(list->items, list->count, sizeof *list->items, by_due);
}
