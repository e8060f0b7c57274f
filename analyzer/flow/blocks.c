#include "analyzer/flow/blocks.h"

#include "analyzer/pages.h"

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
                         .newest = BLOCK_NONE};
    for (unsigned i = 0; i < BLOCKS_READ; i++)
        b->number_read[i] = BLOCK_NONE;
}

/* Most captures need one arena, and a part of it. */
static bool have_arena(struct blocks *b, uint32_t number)
{
    struct arena *arena = &b->arenas[number];
    if (!arena->octets)
        arena->octets = number == 0 ? aligned_alloc(64, ARENA_BYTES) : pages_reserve(ARENA_BYTES);
    return arena->octets != NULL;
}

static void release_arena(struct blocks *b, uint32_t number)
{
    struct arena *arena = &b->arenas[number];
    if (number == 0)
        free(arena->octets);
    else if (arena->octets)
        pages_release(arena->octets, ARENA_BYTES);
    arena->octets = NULL;
}

void blocks_finish(struct blocks *b)
{
    for (uint32_t i = 0; i < b->arena_count; i++)
        release_arena(b, i);
    free(b->arenas);
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
    errno = EIO;
    return seal_of(octets, block->used) == block->seal;
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

/* The first arena that has memory for another block, or may be had. */
static bool find_arena(struct blocks *b)
{
    while (b->arena_vacant < b->arena_count && b->arenas[b->arena_vacant].octets &&
           b->arenas[b->arena_vacant].taken == UINT32_MAX)
        b->arena_vacant++;
    if (b->arena_vacant < b->arena_count)
        return true;
    struct arena *arenas = realloc(b->arenas, (b->arena_count + 1) * sizeof *arenas);
    if (!arenas)
        return false;
    b->arenas = arenas;
    b->arenas[b->arena_count++] = (struct arena){.octets = NULL};
    return true;
}

/* Of a block that begins. */
static bool take_memory(struct blocks *b, struct block *block)
{
    if (!find_arena(b) || !have_arena(b, b->arena_vacant))
        return false;
    struct arena *arena = &b->arenas[b->arena_vacant];
    unsigned nth = (unsigned)__builtin_ctz(~arena->taken);
    arena->taken |= UINT32_C(1) << nth;
    block->arena = b->arena_vacant;
    block->octets = arena->octets + (size_t)nth * BLOCK_BYTES;
    return true;
}

/* An arena with nothing in it stays as long as there may be as many blocks. */
static void give_memory(struct blocks *b, struct block *block)
{
    struct arena *arena = &b->arenas[block->arena];
    size_t nth = (size_t)(block->octets - arena->octets) / BLOCK_BYTES;
    arena->taken &= ~(UINT32_C(1) << nth);
    b->arena_vacant = block->arena < b->arena_vacant ? block->arena : b->arena_vacant;
    block->octets = NULL;
    b->in_memory--;
    if (!arena->taken && b->in_memory + ARENA_BLOCKS >= b->most)
        release_arena(b, block->arena);
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
