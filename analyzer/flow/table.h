/*
 * Open addressing from a hash to 32-bit values, with 32-bit tags stored beside them so that a probe
 * seldom has to look at what the value names. Linear probing; removal shifts back, so there are no
 * tombstones; load at most 0.7.
 *
 * The table owns its slots and nothing else.
 */
#ifndef FINWAIT_ANALYZER_FLOW_TABLE_H
#define FINWAIT_ANALYZER_FLOW_TABLE_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_NONE UINT32_MAX

struct table_slot {
    uint32_t tag;
    uint32_t value; /* TABLE_NONE: free */
};

struct table {
    struct table_slot *slots;
    uint32_t mask;
    uint32_t used;
    uint64_t probes; /* slots looked at, for the bounds of the work done */
};

bool table_init(struct table *table) MUST_CHECK;
void table_finish(struct table *table);

/* The tag of a hash also holds its home slot, so the slots alone suffice to grow. */
static inline uint32_t table_tag(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static inline void table_prefetch(const struct table *table, uint32_t tag)
{
    FETCH(&table->slots[tag & table->mask]);
}

/* Walks the slots that carry the tag: *at is where to go on, start with tag & mask. TABLE_NONE at
 * the end of the run. */
static inline uint32_t table_next(struct table *table, uint32_t tag, uint32_t *at)
{
    for (;;) {
        const struct table_slot *slot = &table->slots[*at];
        table->probes++;
        if (slot->value == TABLE_NONE)
            return TABLE_NONE;
        if (slot->tag == tag)
            return slot->value;
        *at = (*at + 1) & table->mask;
    }
}

/* Makes room for one more; false when memory ran out. */
bool table_reserve(struct table *table) MUST_CHECK;

/* After table_reserve(); the value must not be in the table with this tag. */
void table_insert(struct table *table, uint32_t tag, uint32_t value);

/* Replaces or removes the slot that holds exactly this tag and value. */
void table_replace(struct table *table, uint32_t tag, uint32_t value, uint32_t with);
void table_remove(struct table *table, uint32_t tag, uint32_t value);

/* Removes everything, and keeps the slots; or, where it can, few of them. */
void table_clear(struct table *table);
void table_shrink(struct table *table);

static inline size_t table_bytes(const struct table *table)
{
    return ((size_t)table->mask + 1) * sizeof(struct table_slot);
}

#endif
