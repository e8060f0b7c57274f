#include "analyzer/host/roll.h"

#include <assert.h>
#include <string.h>

bool roll_init(struct roll *roll, size_t item_bytes, const struct hash_key *secret)
{
    roll->secret = *secret;
    roll->last = NULL;
    pool_init(&roll->pool, item_bytes);
    return table_init(&roll->table);
}

void roll_finish(struct roll *roll)
{
    table_finish(&roll->table);
    pool_finish(&roll->pool);
}

uint32_t roll_tag_of(const struct roll *roll, const struct roll_key *key)
{
    static const uint8_t none[16];
    uint64_t first = roll_hash_address(&roll->secret, key->address[0]);
    bool two = memcmp(key->address[1], none, sizeof none) != 0;
    uint64_t second = two ? roll_hash_address(&roll->secret, key->address[1]) : 0;
    return roll_tag(first, second, key->port, key->kind);
}

/* Most that differ have another tag: these are told apart without a look at the names. */
static inline bool same(const struct roll_key *a, const struct roll_key *b)
{
    if (a->tag != b->tag)
        return false;
    uint64_t one[5], other[5], differ = 0;
    memcpy(one, a, sizeof one);
    memcpy(other, b, sizeof other);
    for (unsigned i = 0; i < 5; i++)
        differ |= one[i] ^ other[i];
    return !differ;
}

/* Longer runs are rare. */
#define SLOTS_LOOKED_AT 3u

void roll_fetch_item(const struct roll *roll, uint32_t tag)
{
    const struct table *table = &roll->table;
    for (uint32_t i = 0; i < SLOTS_LOOKED_AT; i++) {
        const struct table_slot *slot = &table->slots[(tag + i) & table->mask];
        if (slot->value == TABLE_NONE)
            return;
        if (slot->tag != tag)
            continue;
        const char *item = roll_at(roll, slot->value);
        FETCH(item);
        if (roll->pool.item_bytes > 64)
            FETCH(item + 64);
        if (roll->pool.item_bytes > 128)
            FETCH(item + 128);
        return;
    }
}

void *roll_find_tagged(struct roll *roll, const struct roll_key *key)
{
    assert(key->tag == roll_tag_of(roll, key));
    if (roll->last && same(roll->last, key))
        return roll->last;
    uint32_t slot = key->tag & roll->table.mask;
    uint32_t index;
    while ((index = table_next(&roll->table, key->tag, &slot)) != TABLE_NONE) {
        if (same(roll_at(roll, index), key))
            return roll->last = roll_at(roll, index);
        slot = (slot + 1) & roll->table.mask;
    }
    return NULL;
}

void *roll_add_tagged(struct roll *roll, const struct roll_key *key)
{
    if (!table_reserve(&roll->table))
        return NULL;
    uint32_t index = pool_take(&roll->pool);
    if (index == POOL_NONE)
        return NULL;
    table_insert(&roll->table, key->tag, index);
    memcpy(roll_at(roll, index), key, sizeof *key);
    return roll_at(roll, index);
}

static struct roll_key tagged(const struct roll *roll, const struct roll_key *key)
{
    struct roll_key whole = *key;
    whole.tag = roll_tag_of(roll, key);
    return whole;
}

void *roll_find(struct roll *roll, const struct roll_key *key)
{
    struct roll_key whole = tagged(roll, key);
    return roll_find_tagged(roll, &whole);
}

void *roll_add(struct roll *roll, const struct roll_key *key)
{
    struct roll_key whole = tagged(roll, key);
    return roll_add_tagged(roll, &whole);
}

void roll_keep(struct roll *roll, const bool *kept)
{
    uint32_t count = roll_count(roll);
    uint32_t left = 0;
    table_clear(&roll->table);
    for (uint32_t i = 0; i < count; i++) {
        if (!kept[i])
            continue;
        struct roll_key *item = roll_at(roll, left);
        if (left != i)
            memcpy(item, roll_at(roll, i), roll->pool.item_bytes);
        table_insert(&roll->table, item->tag, left++);
    }
    pool_truncate(&roll->pool, left);
    roll->last = NULL;
}

int roll_key_order(const struct roll_key *a, const struct roll_key *b)
{
    int order = memcmp(a->address, b->address, sizeof a->address);
    if (order == 0)
        order = (a->port > b->port) - (a->port < b->port);
    if (order == 0)
        order = (a->kind > b->kind) - (a->kind < b->kind);
    return order;
}
