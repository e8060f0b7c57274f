#include "analyzer/flow/due.h"

#include <stdlib.h>

bool due_reserve(struct due_list *list, uint32_t room)
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

void due_sort(struct due_list *list)
{
    for (uint32_t i = 1; i < list->count; i++) {
        if (due_order(&list->items[i - 1], &list->items[i]) > 0) {
            qsort(list->items, list->count, sizeof *list->items, by_due);
            return;
        }
    }
}
