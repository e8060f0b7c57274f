/*
 * Things counted under a name made of two addresses, a port and a kind: found by a keyed hash, kept
 * in the order in which they were first named, which depends on the input alone. Inside the room
 * only.
 *
 * The roll owns its items; what an item points to is its user's to release.
 */
#ifndef FINWAIT_ANALYZER_HOST_ROLL_H
#define FINWAIT_ANALYZER_HOST_ROLL_H

#include "analyzer/flow/hash.h"
#include "analyzer/flow/pool.h"
#include "analyzer/flow/table.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What an item begins with. Unused fields are zero. */
struct roll_key {
    uint8_t address[2][16];
    uint16_t port;
    uint16_t kind;
    uint32_t tag; /* the roll's: of the hash of all else */
};

_Static_assert(sizeof(struct roll_key) == 40, "keys are compared as words");

struct roll {
    struct table table;
    struct pool pool;
    struct hash_key secret;
    void *last; /* found or added last, or NULL: many in a row are of one client */
};

/* Items are zero but for their key when they are added. */
bool roll_init(struct roll *roll, size_t item_bytes, const struct hash_key *secret) MUST_CHECK;
void roll_finish(struct roll *roll);

/* NULL when nobody of that name was added. */
void *roll_find(struct roll *roll, const struct roll_key *key);

/* After roll_find() found nobody; NULL when memory ran out. */
void *roll_add(struct roll *roll, const struct roll_key *key) MUST_CHECK;

uint32_t roll_tag_of(const struct roll *roll, const struct roll_key *key);

/* The same where the caller knows the tag (ends.h), which stands in the key. */
void *roll_find_tagged(struct roll *roll, const struct roll_key *key);
void *roll_add_tagged(struct roll *roll, const struct roll_key *key) MUST_CHECK;

/* Somebody of this tag will be looked for: has the slots on their way, and once they have come,
 * the item. */
static inline void roll_fetch(const struct roll *roll, uint32_t tag)
{
    table_prefetch(&roll->table, tag);
}

void roll_fetch_item(const struct roll *roll, uint32_t tag);

/* Keeps the items whose place in `kept` is set, in their order: items move, pointers to them no
 * longer hold. What the others pointed to has been released. */
void roll_keep(struct roll *roll, const bool *kept);

static inline uint32_t roll_count(const struct roll *roll)
{
    return roll->pool.in_use;
}

/* In the order of roll_add(). */
static inline void *roll_at(const struct roll *roll, uint32_t index)
{
    return pool_at(&roll->pool, index);
}

/* How keys are hashed: each address alone, so that whoever has several names for a connection
 * hashes its ends once. The high half is what nobody can foresee. */
static inline uint64_t roll_hash_address(const struct hash_key *secret, const uint8_t address[16])
{
    uint64_t words[2];
    memcpy(words, address, sizeof words);
    return hash_sum(secret, words, 2);
}

/* `second` is 0 where the name has no second address. What cannot be foreseen of the hashes goes
 * through a finalizer that mixes all bits (Stafford's variant 13 of MurmurHash3's). */
static inline uint64_t roll_mix(uint64_t first, uint64_t second, uint16_t port, uint16_t kind)
{
    uint64_t x = first + (second << 23 | second >> 41);
    x += ((uint64_t)port << 16 | kind) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint32_t roll_tag(uint64_t first, uint64_t second, uint16_t port, uint16_t kind)
{
    return table_tag(roll_mix(first, second, port, kind));
}

/* For names that have no first or no second one. */
static const uint8_t roll_no_address[16];

/* Addresses are written at once, as they are read when keys are compared. */
static inline struct roll_key roll_key_of(const uint8_t first[16], const uint8_t second[16],
                                          uint16_t port, uint16_t kind)
{
    struct roll_key key = {.port = port, .kind = kind};
    memcpy(key.address[0], first, sizeof key.address[0]);
    memcpy(key.address[1], second, sizeof key.address[1]);
    return key;
}

/* Half an address: as numbers they are in the order of their octets. */
static inline uint64_t roll_octets(const uint8_t octets[8])
{
    uint64_t word;
    memcpy(&word, octets, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* By addresses, port and kind, for qsort() over items. */
int roll_key_order(const struct roll_key *a, const struct roll_key *b);

#endif
