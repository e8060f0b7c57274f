#include "analyzer/flow/table.h"

#include "analyzer/pages.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_FIRST_SLOTS 1024u

static struct table_slot *make_slots(uint32_t count)
{
    size_t bytes = (size_t)count * sizeof(struct table_slot);
    struct table_slot *slots = bytes < LARGE_PAGE ? malloc(bytes) : pages_reserve(bytes);
    if (slots && bytes >= LARGE_PAGE)
        pages_take(slots, bytes);
    if (slots)
        memset(slots, 0xff, bytes);
    return slots;
}

/* Large ones go back to the system: a heap would keep what is left when a table has grown. */
static void release_slots(struct table_slot *slots, uint64_t count)
{
    size_t bytes = (size_t)count * sizeof *slots;
    if (bytes < LARGE_PAGE)
        free(slots);
    else
        pages_release(slots, bytes);
}

bool table_init(struct table *table)
{
    *table = (struct table){.slots = make_slots(TABLE_FIRST_SLOTS), .mask = TABLE_FIRST_SLOTS - 1};
    return table->slots != NULL;
}

void table_finish(struct table *table)
{
    if (table->slots)
        release_slots(table->slots, (uint64_t)table->mask + 1);
    *table = (struct table){0};
}

void table_clear(struct table *table)
{
    memset(table->slots, 0xff, table_bytes(table));
    table->used = 0;
}

static void put(struct table_slot *slots, uint32_t mask, uint32_t tag, uint32_t value)
{
    uint32_t at = tag & mask;
    while (slots[at].value != TABLE_NONE)
        at = (at + 1) & mask;
    slots[at] = (struct table_slot){.tag = tag, .value = value};
}

void table_shrink(struct table *table)
{
    struct table few;
    if (!table_init(&few)) {
        table_clear(table);
        return;
    }
    few.probes = table->probes;
    table_finish(table);
    *table = few;
}

bool table_reserve(struct table *table)
{
    uint64_t slots = (uint64_t)table->mask + 1;
    if ((uint64_t)(table->used + 1) * 10 <= slots * 7)
        return true;
    if (slots > UINT32_MAX / 2)
        return false;
    uint32_t wanted = (uint32_t)(slots * 2);
    struct table_slot *grown = make_slots(wanted);
    if (!grown)
        return false;
    for (uint64_t i = 0; i < slots; i++) {
        if (table->slots[i].value != TABLE_NONE)
            put(grown, wanted - 1, table->slots[i].tag, table->slots[i].value);
    }
    release_slots(table->slots, slots);
    table->slots = grown;
    table->mask = wanted - 1;
    return true;
}

void table_insert(struct table *table, uint32_t tag, uint32_t value)
{
    put(table->slots, table->mask, tag, value);
    table->used++;
}

static uint32_t find(const struct table *table, uint32_t tag, uint32_t value)
{
    uint32_t at = tag & table->mask;
    while (table->slots[at].value != value) {
        assert(table->slots[at].value != TABLE_NONE);
        at = (at + 1) & table->mask;
    }
    return at;
}

void table_replace(struct table *table, uint32_t tag, uint32_t value, uint32_t with)
{
    table->slots[find(table, tag, value)].value = with;
}

void table_remove(struct table *table, uint32_t tag, uint32_t value)
{
    uint32_t hole = find(table, tag, value);
    uint32_t at = hole;
    for (;;) {
        at = (at + 1) & table->mask;
        if (table->slots[at].value == TABLE_NONE)
            break;
        uint32_t home = table->slots[at].tag & table->mask;
        /* It may move into the hole unless its home lies behind the hole, cyclically. */
        if (((at - home) & table->mask) >= ((at - hole) & table->mask)) {
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole].value = TABLE_NONE;
    table->used--;
}
