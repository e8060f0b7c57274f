#include "analyzer/host/roll.h"

#include <string.h>

bool roll_init(struct roll *roll, size_t item_bytes, struct siphash_key secret)
{
    roll->secret = secret;
    roll->last = NULL;
    memset(&roll->ahead, 0xff, sizeof roll->ahead); /* nobody's: its padding is not zero */
    pool_init(&roll->pool, item_bytes);
    return table_init(&roll->table);
}

void roll_finish(struct roll *roll)
{
    table_finish(&roll->table);
    pool_finish(&roll->pool);
}

static uint32_t tag_of(const struct roll *roll, const struct roll_key *key)
{
    uint64_t words[5];
    memcpy(words, key, sizeof words);
    return table_tag(siphash13(roll->secret, words, 5));
}

static bool same(const struct roll_key *a, const struct roll_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

void roll_fetch(struct roll *roll, const struct roll_key *key)
{
    if (roll->last && same(roll->last, key))
        return;
    roll->ahead = *key;
    roll->ahead_tag = tag_of(roll, key);
    table_prefetch(&roll->table, roll->ahead_tag);
}

void *roll_find(struct roll *roll, const struct roll_key *key)
{
    if (roll->last && same(roll->last, key))
        return roll->last;
    uint32_t tag = same(&roll->ahead, key) ? roll->ahead_tag : tag_of(roll, key);
    uint32_t slot = tag & roll->table.mask;
    uint32_t index;
    while ((index = table_next(&roll->table, tag, &slot)) != TABLE_NONE) {
        if (same(roll_at(roll, index), key))
            return roll->last = roll_at(roll, index);
        slot = (slot + 1) & roll->table.mask;
    }
    return NULL;
}

void *roll_add(struct roll *roll, const struct roll_key *key)
{
    if (!table_reserve(&roll->table))
        return NULL;
    uint32_t index = pool_take(&roll->pool);
    if (index == POOL_NONE)
        return NULL;
    table_insert(&roll->table, tag_of(roll, key), index);
    memcpy(roll_at(roll, index), key, sizeof *key);
    return roll_at(roll, index);
}

struct roll_key roll_key_of(const uint8_t first[16], const uint8_t second[16], uint16_t port,
                            uint16_t kind)
{
    struct roll_key key = {.port = port, .kind = kind};
    if (first)
        memcpy(key.address[0], first, sizeof key.address[0]);
    if (second)
        memcpy(key.address[1], second, sizeof key.address[1]);
    return key;
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
