/*
 * Items in blocks, in memory and in a file, against a list of what was put there.
 */
#include "analyzer/flow/blocks.h"
#include "analyzer/test_random.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ITEM_MOST 900u
#define ITEMS     4000u

struct kept {
    uint32_t place, bytes;
    uint64_t key;
    bool there;
    uint8_t octets[ITEM_MOST];
};

static struct kept kept[ITEMS]; /* large */
static FILE *backing;

static int file_open(void)
{
    backing = tmpfile();
    assert_non_null(backing);
    return fileno(backing);
}

static void put(struct blocks *b, struct kept *k)
{
    k->bytes = 16 + random_below(ITEM_MOST - 15);
    k->key = random_below(1000);
    for (uint32_t i = 0; i < k->bytes; i++)
        k->octets[i] = (uint8_t)random_below(256);
    k->place = blocks_add(b, k->octets, k->bytes, k->key);
    k->there = true;
    assert_int_not_equal(k->place, BLOCK_NONE);
    assert_true(b->about[block_of(k->place)].key <= k->key);
}

static void is_there(struct blocks *b, const struct kept *k)
{
    uint8_t room[ITEM_MOST];
    const uint8_t *octets =
        one_in(4) ? blocks_at_once(b, k->place, room, sizeof room) : blocks_at(b, k->place);
    assert_non_null(octets);
    assert_memory_equal(octets, k->octets, k->bytes);
    assert_true(octets == room || (uintptr_t)octets % BLOCK_UNIT == 0);
}

/* Memory that is held, of blocks or spare. */
static uint32_t memory_held(const struct blocks *b)
{
    uint32_t held = 0;
    for (uint32_t i = 0; i < b->slot_count; i++)
        held += b->slots[i].octets != NULL;
    return held;
}

/* What is counted is what there is. */
static void counts_are_right(const struct blocks *b)
{
    uint32_t items = 0, in_memory = 0, listed = 0;
    uint64_t live_bytes = 0, all_bytes = 0;
    for (uint32_t i = 0; i < ITEMS; i++) {
        if (!kept[i].there)
            continue;
        items++;
        all_bytes += block_room(kept[i].bytes);
        live_bytes += blocks_in_memory(b, kept[i].place) ? block_room(kept[i].bytes) : 0;
    }
    for (uint32_t i = 0; i < b->count; i++)
        in_memory += b->about[i].octets != NULL;
    for (uint32_t i = b->oldest; i != BLOCK_NONE; i = b->about[i].next)
        listed++;
    assert_int_equal(items, b->items);
    assert_true(live_bytes == b->live_bytes);
    assert_int_equal(in_memory, b->in_memory);
    assert_int_equal(listed, in_memory);
    assert_int_equal(memory_held(b), in_memory + b->spares);
    assert_true(b->bytes == all_bytes);
    assert_true(blocks_bytes(b) >= live_bytes);
}

static void as_a_list(bool with_file, uint32_t most)
{
    struct blocks b;
    uint32_t in_file = 0, reused = 0, blocks_most = 0;
    random_state = 20261129;
    memset(kept, 0, sizeof kept);
    blocks_init(&b);
    if (with_file)
        blocks_use_file(&b, file_open(), most);
    for (unsigned step = 0; step < 60000; step++) {
        struct kept *k = &kept[random_below(ITEMS)];
        if (!k->there) {
            put(&b, k);
        } else if (one_in(4) || (step / 8000) % 2) {
            blocks_drop(&b, k->place, k->bytes);
            k->there = false;
        } else {
            for (unsigned i = 0; i < 16; i++)
                k->octets[i] ^= (uint8_t)step;
            if (one_in(2))
                blocks_change(&b, k->place, k->octets, 16);
            else
                for (unsigned i = 0; i < 16; i++)
                    k->octets[i] ^= (uint8_t)step;
            is_there(&b, k);
            in_file += !blocks_in_memory(&b, k->place);
        }
        if (step % 500 == 0)
            counts_are_right(&b);
        reused += b.vacant != BLOCK_NONE;
        blocks_most = b.in_memory > blocks_most ? b.in_memory : blocks_most;
    }
    assert_int_equal(b.error, 0);
    assert_true(reused > 1000);
    assert_int_equal(in_file > 1000, with_file);
    if (with_file)
        assert_in_range(blocks_most, 1, most);
    for (uint32_t i = 0; i < ITEMS; i++) {
        if (kept[i].there)
            blocks_drop(&b, kept[i].place, kept[i].bytes);
        kept[i].there = false;
    }
    counts_are_right(&b);
    assert_in_range(b.in_memory, 0, 1); /* the one that is being filled */
    blocks_finish(&b);
    if (with_file)
        fclose(backing);
}

static void in_memory(void **state)
{
    (void)state;
    as_a_list(false, 0);
}

static void in_a_file(void **state)
{
    (void)state;
    as_a_list(true, 1);
    as_a_list(true, 6);
}

/* One that stays keeps no more than its own block. */
static void one_that_stays(void **state)
{
    (void)state;
    struct blocks b;
    static const uint8_t item[200];
    blocks_init(&b);
    assert_int_not_equal(blocks_add(&b, item, sizeof item, 1), BLOCK_NONE);
    for (uint32_t i = 0; i < 20 * BLOCK_BYTES / 200; i++) {
        uint32_t place = blocks_add(&b, item, sizeof item, 2);
        assert_int_not_equal(place, BLOCK_NONE);
        blocks_drop(&b, place, sizeof item);
    }
    assert_in_range(b.in_memory, 2, 2);
    assert_in_range(b.count, 2, 3);
    blocks_finish(&b);
}

static uint32_t fill(struct blocks *b, uint32_t count)
{
    static const uint8_t item[BLOCK_BYTES / 2] = {1, 2, 3};
    uint32_t place = BLOCK_NONE;
    for (uint32_t i = 0; i < 2 * count; i++)
        place = blocks_add(b, item, sizeof item, i);
    return place;
}

/* Then it stays in memory. */
static void what_cannot_be_written(void **state)
{
    (void)state;
    struct blocks b;
    int full = open("/dev/full", O_RDWR);
    if (full < 0)
        skip();
    blocks_init(&b);
    blocks_use_file(&b, full, 2);
    assert_int_not_equal(fill(&b, 5), BLOCK_NONE);
    assert_int_equal(b.in_memory, 5);
    assert_int_equal(b.error, 0);
    blocks_use_file(&b, file_open(), 2); /* there is room again */
    assert_int_not_equal(fill(&b, 1), BLOCK_NONE);
    assert_int_equal(b.in_memory, 2);
    assert_int_equal(*(const uint8_t *)blocks_at(&b, 0), 1);
    blocks_finish(&b);
    close(full);
    fclose(backing);
}

/* Fewer from now on: the others are written when the next one begins, and their memory goes. */
static void fewer_are_held(void **state)
{
    (void)state;
    struct blocks b;
    blocks_init(&b);
    blocks_use_file(&b, file_open(), 9);
    assert_int_not_equal(fill(&b, 8), BLOCK_NONE);
    assert_int_equal(b.in_memory, 8);
    blocks_hold(&b, 3);
    assert_int_equal(b.in_memory, 8);
    assert_int_not_equal(fill(&b, 1), BLOCK_NONE);
    assert_int_equal(b.in_memory, 3);
    assert_in_range(b.spares, 0, 1);
    for (uint32_t number = 0; number < 9; number++)
        assert_int_equal(*(const uint8_t *)blocks_at(&b, block_place(number, 0)), 1);
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_not_equal(fill(&b, 1), BLOCK_NONE);
        assert_int_equal(b.in_memory, 3);
    }
    blocks_finish(&b);
    fclose(backing);
}

/* More than stand on the heap: memory of the others goes as well, and comes again. */
static void many_are_held(void **state)
{
    (void)state;
    struct blocks b;
    blocks_init(&b);
    const uint32_t most = 3 * b.places.apart;
    blocks_use_file(&b, file_open(), most);
    assert_int_not_equal(fill(&b, most + 5), BLOCK_NONE);
    assert_int_equal(b.in_memory, most);
    assert_int_equal(b.slot_count, most);
    assert_true(places_in_region(&b.places, most - 1));
    blocks_hold(&b, 3);
    assert_int_not_equal(fill(&b, 1), BLOCK_NONE);
    assert_int_equal(b.in_memory, 3);
    assert_in_range(memory_held(&b), 3, 4);
    blocks_hold(&b, most);
    assert_int_not_equal(fill(&b, most), BLOCK_NONE);
    assert_int_equal(b.in_memory, most);
    assert_int_equal(memory_held(&b), most);
    assert_int_equal(b.slot_count, most);
    for (uint32_t number = 0; number < b.count; number++)
        assert_int_equal(*(const uint8_t *)blocks_at(&b, block_place(number, 0)), 1);
    blocks_finish(&b);
    fclose(backing);
}

/* Nor what is there instead, be it zeros: it was written, and is gone. */
static void what_is_lost(void **state)
{
    (void)state;
    struct blocks b;
    blocks_init(&b);
    blocks_use_file(&b, file_open(), 1);
    assert_int_not_equal(fill(&b, 6), BLOCK_NONE);
    static const uint8_t zeros[8];
    for (uint32_t number = 0; number < 4; number++) {
        off_t at = (off_t)number * BLOCK_BYTES + (off_t)(number % 2 ? BLOCK_BYTES / 2 : 0);
        assert_int_equal(pwrite(fileno(backing), zeros, sizeof zeros, at), sizeof zeros);
        assert_null(blocks_at(&b, block_place(number, 0)));
        assert_int_equal(b.error, EIO);
        b.error = 0;
    }
    assert_non_null(blocks_at(&b, block_place(4, 0)));
    assert_int_equal(b.error, 0);
    blocks_change(&b, block_place(1, 0), (const uint8_t *)"x", 1);
    assert_int_equal(b.error, EIO);
    blocks_finish(&b);
    fclose(backing);
}

static void what_cannot_be_read(void **state)
{
    (void)state;
    struct blocks b;
    uint8_t room[64];
    blocks_init(&b);
    blocks_use_file(&b, file_open(), 1);
    assert_int_not_equal(fill(&b, 3), BLOCK_NONE);
    assert_int_equal(b.in_memory, 1);
    assert_non_null(blocks_at(&b, block_place(1, 0)));
    assert_int_equal(ftruncate(fileno(backing), 50), 0);
    assert_null(blocks_at(&b, block_place(0, 0)));
    assert_int_equal(b.error, EIO);
    assert_non_null(blocks_at(&b, block_place(1, 0))); /* it had been read */
    b.error = 0;
    assert_null(blocks_at_once(&b, block_place(1, 0), room, sizeof room));
    assert_int_equal(b.error, EIO);
    b.error = 0;
    b.file = 1 << 20;
    assert_null(blocks_at(&b, block_place(0, 0)));
    assert_int_equal(b.error, EBADF);
    b.error = 0;
    blocks_change(&b, block_place(0, 0), (const uint8_t *)"x", 1);
    assert_int_equal(b.error, EBADF);
    blocks_finish(&b);
    fclose(backing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_memory),      cmocka_unit_test(in_a_file),
        cmocka_unit_test(one_that_stays), cmocka_unit_test(what_cannot_be_written),
        cmocka_unit_test(fewer_are_held), cmocka_unit_test(many_are_held),
        cmocka_unit_test(what_is_lost),   cmocka_unit_test(what_cannot_be_read),
    };
    return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
