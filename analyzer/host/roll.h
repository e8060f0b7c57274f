/*
 * Things counted under a name made of two addresses, a port and a kind: found by a keyed hash, kept
 * in the order in which they were first named, which depends on the input alone. Inside the room
 * only.
 *
 * The roll owns its items; what an item points to is its user's to release.
 */
#ifndef FINWAIT_ANALYZER_HOST_ROLL_H
#define FINWAIT_ANALYZER_HOST_ROLL_H

#include "analyzer/flow/pool.h"
#include "analyzer/flow/siphash.h"
#include "analyzer/flow/table.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an item begins with. Unused fields are zero. */
struct roll_key {
    uint8_t address[2][16];
    uint16_t port;
    uint16_t kind;
    uint32_t zero; /* no padding: keys are compared and hashed as bytes */
};

_Static_assert(sizeof(struct roll_key) == 40, "keys are hashed as five words");

struct roll {
    struct table table;
    struct pool pool;
    struct siphash_key secret;
    struct roll_key ahead; /* of roll_fetch(), with its tag */
    uint32_t ahead_tag;
    void *last; /* found or added last, or NULL: many in a row are of one client */
};

/* Items are zero but for their key when they are added. */
bool roll_init(struct roll *roll, size_t item_bytes, struct siphash_key secret) MUST_CHECK;
void roll_finish(struct roll *roll);

/* Somebody will soon be looked for: has memory on its way. */
void roll_fetch(struct roll *roll, const struct roll_key *key);

/* NULL when nobody of that name was added. */
void *roll_find(struct roll *roll, const struct roll_key *key);

/* After roll_find() found nobody; NULL when memory ran out. */
void *roll_add(struct roll *roll, const struct roll_key *key) MUST_CHECK;

static inline uint32_t roll_count(const struct roll *roll)
{
    return roll->pool.in_use;
}

/* In the order of roll_add(). */
static inline void *roll_at(const struct roll *roll, uint32_t index)
{
    return pool_at(&roll->pool, index);
}

struct roll_key roll_key_of(const uint8_t first[16], const uint8_t second[16], uint16_t port,
                            uint16_t kind);

/* By addresses, port and kind, for qsort() over items. */
int roll_key_order(const struct roll_key *a, const struct roll_key *b);

#endif
