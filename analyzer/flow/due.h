/*
 * Connections in the order in which they are handed out: by the time at which they have become
 * final, ties by first frame; or by first frame. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_DUE_H
#define FINWAIT_ANALYZER_FLOW_DUE_H

#include "dissect/compiler.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stdint.h>

struct due_item {
    uint64_t key; /* due_key(), or the first frame */
    uint32_t stream;
    uint32_t index;
};

static inline uint64_t due_key(int64_t due_ns)
{
    return (uint64_t)due_ns ^ UINT64_C(1) << 63;
}

/* Where keys of times are equal. */
struct due_frames {
    frame_ref (*first_of)(const void *context, uint32_t index);
    const void *context;
};

struct due_list {
    struct due_item *items; /* owned */
    uint32_t count, room;
};

/* Room for so many items in all; false when memory ran out. */
bool due_reserve(struct due_list *list, uint32_t room) MUST_CHECK;

bool due_add(struct due_list *list, struct due_item item) MUST_CHECK;

/* Is `a` handed out before `b`? `frames` as for due_sort(). */
bool due_is_before(const struct due_item *a, const struct due_item *b,
                   const struct due_frames *frames);

/* Keys of times: with what tells first frames. Keys that are first frames: with NULL. One frame may
 * open several connections: these by stream. What is in order, as it often is, stays as it is. */
void due_sort(struct due_list *list, const struct due_frames *frames);

#endif
