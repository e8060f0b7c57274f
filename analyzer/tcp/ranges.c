#include "analyzer/tcp/ranges.h"

#include <stdlib.h>
#include <string.h>

#define RANGES_FIRST_ROOM 4

/* Makes room for one more hole; at the limit the lowest gives way. */
static bool reserve(struct ranges **set)
{
    struct ranges *old = *set;
    if (old && old->count < old->room)
        return true;
    if (old && old->room == RANGES_MAX) {
        memmove(old->holes, old->holes + 1, (RANGES_MAX - 1) * sizeof *old->holes);
        old->count--;
        old->overflowed = true;
        return true;
    }
    uint16_t room = old ? (uint16_t)(old->room * 2) : RANGES_FIRST_ROOM;
    struct ranges *grown = realloc(old, sizeof *grown + room * sizeof *grown->holes);
    if (!grown)
        return false;
    if (!old) {
        grown->count = 0;
        grown->overflowed = false;
        grown->retired_bytes = 0;
    }
    grown->room = room;
    *set = grown;
    return true;
}

bool ranges_append(struct ranges **set, seq_t left, seq_t right)
{
    if (!ranges_empty(*set) && seq_eq((*set)->holes[(*set)->count - 1].right, left)) {
        (*set)->holes[(*set)->count - 1].right = right;
        return true;
    }
    if (!reserve(set))
        return false;
    struct ranges *ranges = *set;
    ranges->holes[ranges->count++] = (struct range){.left = left, .right = right};
    return true;
}

static void drop_hole(struct ranges *set, uint16_t at)
{
    memmove(set->holes + at, set->holes + at + 1,
            (size_t)(set->count - at - 1) * sizeof *set->holes);
    set->count--;
}

/* Index of the first hole that ends beyond `left`. */
static uint16_t first_beyond(const struct ranges *set, seq_t left)
{
    uint16_t low = 0;
    uint16_t high = set->count;
    while (low < high) {
        uint16_t middle = (uint16_t)((low + high) / 2);
        if (seq_le(set->holes[middle].right, left))
            low = (uint16_t)(middle + 1);
        else
            high = middle;
    }
    return low;
}

/* Splits the hole at `at` around [left, right), which lies strictly inside it. Where there is no
 * room for one more, its lower part is forgotten. */
static void split_hole(struct ranges **set, uint16_t at, seq_t left, seq_t right)
{
    bool full = (*set)->count == RANGES_MAX;
    if (full || !reserve(set)) {
        (*set)->holes[at].left = right;
        (*set)->overflowed = true;
        return;
    }
    struct ranges *ranges = *set;
    memmove(ranges->holes + at + 1, ranges->holes + at,
            (size_t)(ranges->count - at) * sizeof *ranges->holes);
    ranges->holes[at].right = left;
    ranges->holes[at + 1].left = right;
    ranges->count++;
}

uint32_t ranges_fill(struct ranges **set, seq_t left, seq_t right)
{
    uint32_t filled = 0;
    if (ranges_empty(*set))
        return 0;
    uint16_t at = first_beyond(*set, left);
    while (at < (*set)->count && seq_lt((*set)->holes[at].left, right)) {
        struct range *hole = &(*set)->holes[at];
        seq_t from = seq_max(hole->left, left);
        seq_t to = seq_min(hole->right, right);
        filled += (uint32_t)seq_diff(to, from);
        if (seq_lt(hole->left, from) && seq_lt(to, hole->right)) {
            split_hole(set, at, from, to);
            break;
        }
        if (seq_lt(hole->left, from))
            hole->right = from;
        else
            hole->left = to;
        if (seq_ge(hole->left, hole->right))
            drop_hole(*set, at);
        else
            at++;
    }
    return filled;
}

bool ranges_missing(const struct ranges *set, seq_t left, seq_t right)
{
    if (ranges_empty(set) || seq_ge(left, right))
        return false;
    uint16_t at = first_beyond(set, left);
    return at < set->count && seq_lt(set->holes[at].left, right);
}

void ranges_retire(struct ranges *set, seq_t nxt)
{
    while (!ranges_empty(set) && seq_diff(nxt, set->holes[0].right) >= INT32_C(1) << 29) {
        set->retired_bytes += (uint32_t)seq_diff(set->holes[0].right, set->holes[0].left);
        drop_hole(set, 0);
    }
}

uint64_t ranges_missing_below(const struct ranges *set, seq_t una)
{
    uint64_t missing = set ? set->retired_bytes : 0;
    for (uint16_t i = 0; set && i < set->count && seq_lt(set->holes[i].left, una); i++)
        missing += (uint32_t)seq_diff(seq_min(set->holes[i].right, una), set->holes[i].left);
    return missing;
}
