/*
 * Connections that have become final, in the order in which they are handed out: by the time at
 * which they did, ties by first frame. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_DUE_H
#define FINWAIT_ANALYZER_FLOW_DUE_H

#include "dissect/compiler.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stdint.h>

struct due_item {
    int64_t due_ns;
    frame_ref first_frame;
    uint32_t stream;
    uint32_t index;
};

struct due_list {
    struct due_item *items; /* owned */
    uint32_t count, room;
};

/* Room for so many items in all; false when memory ran out. */
bool due_reserve(struct due_list *list, uint32_t room) MUST_CHECK;

bool due_add(struct due_list *list, struct due_item item) MUST_CHECK;

/* Negative when `a` comes first. No two are equal. */
int due_order(const struct due_item *a, const struct due_item *b);

/* What is in order, as it often is, stays as it is. */
void due_sort(struct due_list *list);

#endif
