#include "analyzer/flow/blocks.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void blocks_init(struct blocks *b)
{
    *b = (struct blocks){.file = -1,
                         .most = UINT32_MAX,
                         .vacant = BLOCK_NONE,
                         .oldest = BLOCK_NONE,
                         .newest = BLOCK_NONE,
                         .vacant_slot = BLOCK_NONE};
    places_init(&b->places, BLOCK_BYTES);
    for (unsigned i = 0; i < BLOCKS_READ; i++)
        b->number_read[i] = BLOCK_NONE;
}

void blocks_finish(struct blocks *b)
{
    for (uint32_t i = 0; i < b->slot_count; i++) {
        if (!places_in_region(&b->places, i))
            free(b->slots[i].octets);
    }
    places_finish(&b->places);
    free(b->slots);
    for (unsigned i = 0; i < BLOCKS_READ; i++)
        free(b->read[i]);
    free(b->about);
    blocks_init(b);
}

void blocks_use_file(struct blocks *b, int file, uint32_t most)
{
    b->file = file;
    blocks_hold(b, most);
}

void blocks_hold(struct blocks *b, uint32_t most)
{
    b->most = most;
}

/* ---- the file ------------------------------------------------------------------------------- */

static off_t offset_of(uint32_t number)
{
    return (off_t)number * (off_t)BLOCK_BYTES;
}

/* All of it, or false with errno. */
static bool write_all(int file, const uint8_t *octets, size_t bytes, off_t at)
{
    while (bytes) {
        ssize_t written = pwrite(file, octets, bytes, at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        octets += written;
        bytes -= (size_t)written;
        at += written;
    }
    return true;
}

static bool read_all(int file, uint8_t *octets, size_t bytes, off_t at)
{
    while (bytes) {
        ssize_t got = pread(file, octets, bytes, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = EIO; /* it was written */
        if (got <= 0)
            return false;
        octets += got;
        bytes -= (size_t)got;
        at += got;
    }
    return true;
}

/* A file may lose what it has taken: each of its sectors is known by a word. */
#define SECTOR_BYTES 512u

static uint32_t seal_of(const uint8_t *octets, uint32_t used)
{
    uint64_t seal = used;
    for (uint32_t at = 0; at + sizeof seal <= used; at += SECTOR_BYTES) {
        uint64_t word;
        memcpy(&word, octets + at, sizeof word);
        seal = (seal ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        seal ^= seal >> 32;
    }
    return (uint32_t)seal;
}

static bool read_sealed(const struct blocks *b, uint32_t number, uint8_t *octets)
{
    const struct block *block = &b->about[number];
    if (!read_all(b->file, octets, block->used, offset_of(number)))
        return false;
    if (seal_of(octets, block->used) == block->seal)
        return true;
    errno = EIO;
    return false;
}

/* Where it has been read, or BLOCKS_READ. */
static unsigned find_read(const struct blocks *b, uint32_t number)
{
    unsigned i = 0;
    while (i < BLOCKS_READ && b->number_read[i] != number)
        i++;
    return i;
}

/* In the place of the one that was not asked for longest. */
static unsigned read_block(struct blocks *b, uint32_t number)
{
    unsigned oldest = 0;
    for (unsigned i = 1; i < BLOCKS_READ; i++)
        oldest = b->turn - b->turn_read[i] > b->turn - b->turn_read[oldest] ? i : oldest;
    b->number_read[oldest] = BLOCK_NONE;
    if (!b->read[oldest])
        b->read[oldest] = aligned_alloc(64, BLOCK_BYTES);
    if (!b->read[oldest])
        errno = ENOMEM;
    if (!b->read[oldest] || !read_sealed(b, number, b->read[oldest])) {
        b->error = errno;
        return BLOCKS_READ;
    }
    b->number_read[oldest] = number;
    return oldest;
}

static size_t offset_in_block(uint32_t place)
{
    return (size_t)(place & (BLOCK_PLACES_OF_ONE - 1)) * BLOCK_UNIT;
}

const void *blocks_at(struct blocks *b, uint32_t place)
{
    void *here = blocks_in_memory(b, place);
    if (here)
        return here;
    uint32_t number = block_of(place);
    unsigned i = find_read(b, number);
    if (i == BLOCKS_READ)
        i = read_block(b, number);
    if (i == BLOCKS_READ)
        return NULL;
    b->turn_read[i] = ++b->turn;
    return b->read[i] + offset_in_block(place);
}

const void *blocks_at_once(struct blocks *b, uint32_t place, void *room, size_t bytes)
{
    void *here = blocks_in_memory(b, place);
    if (here)
        return here;
    size_t at = offset_in_block(place), left = b->about[block_of(place)].used - at;
    if (read_all(b->file, room, bytes < left ? bytes : left,
                 offset_of(block_of(place)) + (off_t)at))
        return room;
    b->error = errno;
    return NULL;
}

void blocks_change(struct blocks *b, uint32_t place, const void *octets, size_t bytes)
{
    uint8_t *here = blocks_in_memory(b, place);
    if (here) {
        memcpy(here, octets, bytes);
        return;
    }
    uint32_t number = block_of(place);
    unsigned i = find_read(b, number);
    if (i == BLOCKS_READ)
        i = read_block(b, number);
    if (i == BLOCKS_READ)
        return;
    memcpy(b->read[i] + offset_in_block(place), octets, bytes);
    if (write_all(b->file, octets, bytes, offset_of(number) + (off_t)offset_in_block(place)))
        b->about[number].seal = seal_of(b->read[i], b->about[number].used);
    else
        b->error = errno;
}

/* ---- memory --------------------------------------------------------------------------------- */

/* To those that no block has. */
static bool add_slot(struct blocks *b)
{
    if (b->slot_count == b->slot_room) {
        uint32_t room = b->slot_room ? b->slot_room * 2 : 64;
        struct slot *slots = realloc(b->slots, room * sizeof *slots);
        if (!slots)
            return false;
        b->slots = slots;
        b->slot_room = room;
    }
    b->slots[b->slot_count] = (struct slot){.next = b->vacant_slot};
    b->vacant_slot = b->slot_count++;
    return true;
}

/* For a block that begins. */
static bool take_memory(struct blocks *b, struct block *block)
{
    if (b->vacant_slot == BLOCK_NONE && !add_slot(b))
        return false;
    struct slot *slot = &b->slots[b->vacant_slot];
    if (slot->octets)
        b->spares--;
    else
        slot->octets = places_take(&b->places, b->vacant_slot);
    if (!slot->octets)
        return false;
    block->slot = b->vacant_slot;
    block->octets = slot->octets;
    b->vacant_slot = slot->next;
    return true;
}

/* It is spare as long as there may be as many blocks. */
static void give_memory(struct blocks *b, struct block *block)
{
    struct slot *slot = &b->slots[block->slot];
    block->octets = NULL;
    b->in_memory--;
    if (b->in_memory + b->spares < b->most) {
        b->spares++;
    } else {
        places_give(&b->places, block->slot, slot->octets);
        slot->octets = NULL;
    }
    slot->next = b->vacant_slot;
    b->vacant_slot = block->slot;
}

/* It is in memory, and will not be. */
static void take_out(struct blocks *b, uint32_t number)
{
    struct block *block = &b->about[number];
    *(block->prev == BLOCK_NONE ? &b->oldest : &b->about[block->prev].next) = block->next;
    *(block->next == BLOCK_NONE ? &b->newest : &b->about[block->next].prev) = block->prev;
    b->live_bytes -= block->live;
    give_memory(b, block);
}

static void make_vacant(struct blocks *b, uint32_t number)
{
    b->about[number].next = b->vacant;
    b->vacant = number;
}

/* Those that were filled first go to the file, if it takes them. */
static void make_room(struct blocks *b)
{
    while (b->file >= 0 && b->in_memory >= b->most && b->oldest != BLOCK_NONE) {
        struct block *block = &b->about[b->oldest];
        block->seal = seal_of(block->octets, block->used);
        if (!write_all(b->file, block->octets, block->used, offset_of(b->oldest)))
            return;
        take_out(b, b->oldest);
    }
}

/* A number that is free, or BLOCK_NONE. */
static uint32_t take_number(struct blocks *b)
{
    uint32_t number = b->vacant;
    if (number != BLOCK_NONE) {
        b->vacant = b->about[number].next;
        return number;
    }
    if (b->count == BLOCKS_MOST)
        return BLOCK_NONE;
    if (b->count == b->room) {
        uint32_t room = b->room ? b->room * 2 : 64;
        struct block *about = realloc(b->about, room * sizeof *about);
        if (!about)
            return BLOCK_NONE;
        b->about = about;
        b->room = room;
    }
    return b->count++;
}

/* One that is filled from now on. */
static bool begin_block(struct blocks *b)
{
    if (b->newest != BLOCK_NONE && !b->about[b->newest].items) {
        b->about[b->newest].used = 0;
        b->about[b->newest].key = UINT64_MAX;
        return true;
    }
    make_room(b);
    uint32_t number = take_number(b);
    if (number == BLOCK_NONE)
        return false;
    b->about[number] = (struct block){.key = UINT64_MAX, .prev = b->newest, .next = BLOCK_NONE};
    if (!take_memory(b, &b->about[number])) {
        make_vacant(b, number);
        return false;
    }
    unsigned read = find_read(b, number);
    if (read < BLOCKS_READ)
        b->number_read[read] = BLOCK_NONE;
    *(b->newest == BLOCK_NONE ? &b->oldest : &b->about[b->newest].next) = number;
    b->newest = number;
    b->in_memory++;
    return true;
}

uint32_t blocks_add(struct blocks *b, const void *item, size_t bytes, uint64_t key)
{
    uint32_t room = block_room(bytes);
    assert(room <= BLOCK_BYTES);
    if (blocks_begin_with(b, bytes) && !begin_block(b))
        return BLOCK_NONE;
    struct block *block = &b->about[b->newest];
    uint32_t at = block->used;
    memcpy(block->octets + at, item, bytes);
    block->used += room;
    block->live += room;
    block->items++;
    block->key = key < block->key ? key : block->key;
    b->live_bytes += room;
    b->bytes += room;
    b->items++;
    return block_place(b->newest, at);
}

void blocks_drop(struct blocks *b, uint32_t place, size_t bytes)
{
    uint32_t number = block_of(place), room = block_room(bytes);
    struct block *block = &b->about[number];
    assert(block->items && block->live >= room);
    b->items--;
    b->bytes -= room;
    block->items--;
    block->live -= room;
    if (block->octets)
        b->live_bytes -= room;
    if (block->items || number == b->newest)
        return;
    if (block->octets)
        take_out(b, number);
    make_vacant(b, number);
}

/* One is being filled, and one goes. */
#define BLOCKS_IN_PASSING 2u

uint64_t blocks_bytes(const struct blocks *b)
{
    uint64_t bytes = b->live_bytes;
    uint64_t held = (uint64_t)b->in_memory * BLOCK_BYTES;
    if (held > bytes + BLOCKS_IN_PASSING * BLOCK_BYTES)
        bytes = held - BLOCKS_IN_PASSING * BLOCK_BYTES;
    for (unsigned i = 0; i < BLOCKS_READ; i++)
        bytes += b->read[i] ? BLOCK_BYTES : 0;
    return bytes + b->room * sizeof *b->about;
}
