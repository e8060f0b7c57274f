/*
 * Items of any size, one behind the other in blocks, which are filled one after the other. There is
 * memory for so many blocks; beyond that those that were filled first are written into a file,
 * where there is one and while it takes them.
 *
 * Owns all memory; the file is borrowed: empty at first, open for reading and writing, and nobody
 * else's. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_BLOCKS_H
#define FINWAIT_ANALYZER_FLOW_BLOCKS_H

#include "analyzer/flow/places.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_SHIFT CHUNK_SIZE(16u, 12u)
#define BLOCK_BYTES (UINT32_C(1) << BLOCK_SHIFT)

/* Items begin at multiples of it: a place is counted in so many octets. */
#define BLOCK_UNIT_SHIFT 5u
#define BLOCK_UNIT       (1u << BLOCK_UNIT_SHIFT)
#define BLOCK_PLACES     (UINT32_C(1) << TABLE_SIZE(28, 14)) /* 8 GiB of them */
#define BLOCKS_MOST      (BLOCK_PLACES >> (BLOCK_SHIFT - BLOCK_UNIT_SHIFT))
#define BLOCK_NONE       UINT32_MAX

#define BLOCK_PLACES_OF_ONE (UINT32_C(1) << (BLOCK_SHIFT - BLOCK_UNIT_SHIFT))

/* Of what is in the file so many blocks are kept that were read last. */
#define BLOCKS_READ 4u

struct block {
    uint8_t *octets;     /* NULL: in the file, or free */
    uint64_t key;        /* the least of its items, as their owner counts */
    uint32_t used;       /* octets */
    uint32_t items;      /* that were not dropped; 0: it is free, or being filled */
    uint32_t live;       /* octets of these */
    uint32_t prev, next; /* of those that are in memory, as they were filled; or of the free ones */
    uint32_t slot;       /* whose memory it has */
    uint32_t seal;       /* of what was written into the file */
};

/* Memory of a block, by its number among places. */
struct slot {
    uint8_t *octets; /* NULL: given back */
    uint32_t next;   /* of those that no block has */
};

struct blocks {
    int file;      /* -1: none */
    int error;     /* errno of what could not be read, or changed, in the file; else 0 */
    uint32_t most; /* in memory, if the file takes the others */
    struct block *about;
    uint32_t count, room;
    uint32_t vacant;         /* the first that is free */
    uint32_t oldest, newest; /* in memory; the newest is being filled */
    uint32_t in_memory;
    uint32_t items;       /* in all, */
    uint64_t bytes;       /* and their octets */
    uint64_t live_bytes;  /* of those in memory */
    struct places places; /* large pages: small ones cost as much as a file */
    struct slot *slots;
    uint32_t slot_count, slot_room;
    uint32_t vacant_slot; /* the first that no block has */
    uint32_t spares;      /* of these, those that have memory */
    uint8_t *read[BLOCKS_READ];
    uint32_t number_read[BLOCKS_READ], turn_read[BLOCKS_READ], turn;
};

void blocks_init(struct blocks *b);
void blocks_finish(struct blocks *b);

/* From now on no more than so many are in memory, if it takes the others. */
void blocks_use_file(struct blocks *b, int file, uint32_t most);
void blocks_hold(struct blocks *b, uint32_t most);

static inline uint32_t block_room(size_t bytes)
{
    return ((uint32_t)bytes + BLOCK_UNIT - 1) & ~(BLOCK_UNIT - 1);
}

static inline uint32_t block_of(uint32_t place)
{
    return place >> (BLOCK_SHIFT - BLOCK_UNIT_SHIFT);
}

static inline uint32_t block_place(uint32_t number, uint32_t at)
{
    return (number << (BLOCK_SHIFT - BLOCK_UNIT_SHIFT)) + (at >> BLOCK_UNIT_SHIFT);
}

/* Will an item of so many octets begin a block? */
static inline bool blocks_begin_with(const struct blocks *b, size_t bytes)
{
    return b->newest == BLOCK_NONE || b->about[b->newest].used + block_room(bytes) > BLOCK_BYTES;
}

/* Copies an item: its place. BLOCK_NONE when memory, or what places can name, ran out. */
uint32_t blocks_add(struct blocks *b, const void *item, size_t bytes, uint64_t key) MUST_CHECK;

/* The item, where it is in memory; else NULL. */
static inline void *blocks_in_memory(const struct blocks *b, uint32_t place)
{
    uint8_t *octets = b->about[block_of(place)].octets;
    return octets ? octets + (size_t)(place & (BLOCK_PLACES_OF_ONE - 1)) * BLOCK_UNIT : NULL;
}

/* The item, wherever it is; what is of the file, until three of other blocks have been asked for.
 * NULL where the file fails, or has not kept what was written there: from then on `error` says why.
 */
const void *blocks_at(struct blocks *b, uint32_t place);

/* The same of one that is asked for alone: what is of the file is copied to `room`. */
const void *blocks_at_once(struct blocks *b, uint32_t place, void *room, size_t bytes);

/* Writes over the first octets of an item. */
void blocks_change(struct blocks *b, uint32_t place, const void *octets, size_t bytes);

/* An item of so many octets is no longer asked for. A block that has no other is free. */
void blocks_drop(struct blocks *b, uint32_t place, size_t bytes);

/* Octets in memory: of the items, or what is held for so few; and what the file asks for. */
uint64_t blocks_bytes(const struct blocks *b);

/* Soon there is no place for another. */
static inline bool blocks_are_nearly_full(const struct blocks *b)
{
    return b->count > BLOCKS_MOST - BLOCKS_MOST / 16 && b->vacant == BLOCK_NONE;
}

#endif
