#include "analyzer/flow/pool.h"

#include "analyzer/test_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static uint32_t take(struct pool *pool)
{
    uint32_t index = pool_take(pool);
    assert_int_not_equal(index, POOL_NONE);
    return index;
}

static void check_zero(const struct pool *pool, uint32_t index)
{
    const uint8_t *item = pool_at(pool, index);
    for (uint32_t i = 0; i < pool->item_bytes; i++)
        assert_int_equal(item[i], 0);
}

static void sizes_are_halves_of_cache_lines(void **state)
{
    (void)state;
    static const size_t sizes[][2] = {{1, 32}, {32, 32}, {63, 64}, {64, 64}, {65, 96}, {256, 256}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct pool pool;
        pool_init(&pool, sizes[i][0]);
        assert_int_equal(pool.item_bytes, sizes[i][1]);
        for (uint32_t k = 0; k < 3; k++)
            assert_int_equal((uintptr_t)pool_at(&pool, take(&pool)) % (sizes[i][1] % 64 ? 32 : 64),
                             0);
        pool_finish(&pool);
    }
}

/* Only once most is in use is memory taken ahead, and the next chunk is made of that; what was
 * never wanted is released with the pool. */
static void the_next_chunk_is_prepared(void **state)
{
    const size_t *item_bytes = *state;
    struct pool pool;
    pool_init_large(&pool, *item_bytes);
    assert_null(pool_prepare(&pool).from);
    assert_int_equal(pool.spare, POOL_NONE);
    for (unsigned chunk = 1; chunk <= 3; chunk++) {
        for (uint32_t i = 0; i < POOL_CHUNK_ITEMS; i++) {
            check_zero(&pool, take(&pool));
            if (i == 0)
                assert_int_equal(pool.spare, POOL_NONE);
        }
        struct pages_wanted wanted = pool_prepare(&pool);
        assert_int_equal(pool.spare, chunk);
        assert_ptr_equal(wanted.from, pool.chunks[chunk]);
        assert_int_equal(wanted.bytes, POOL_CHUNK_ITEMS * *item_bytes);
        pages_take(wanted.from, wanted.bytes);
        assert_null(pool_prepare(&pool).from);
        assert_int_equal(pool.spare, chunk);
        assert_int_equal(pool.chunks_held, chunk);
        if (chunk == 3)
            break;
        uint32_t first = take(&pool);
        assert_ptr_equal(pool_at(&pool, first), wanted.from);
        pool_release(&pool, first);
        assert_int_equal(pool.spare, POOL_NONE);
    }
    pool_finish(&pool);
}

/* Under the number of one that was given back, which is then not taken for another. */
static void a_number_is_prepared_again(void **state)
{
    const size_t *item_bytes = *state;
    struct pool pool;
    pool_init_large(&pool, *item_bytes);
    for (uint32_t i = 0; i < 5 * POOL_CHUNK_ITEMS; i++)
        memset(pool_at(&pool, take(&pool)), 0xff, *item_bytes);
    for (uint32_t i = POOL_CHUNK_ITEMS; i < 5 * POOL_CHUNK_ITEMS; i++)
        pool_release(&pool, i);
    uint32_t held = pool.chunks_held;
    assert_in_range(held, 2, 3);
    while (pool.in_use <= (held - 1) * POOL_CHUNK_ITEMS)
        (void)take(&pool);
    uint32_t vacant = pool.vacant;
    struct pages_wanted wanted = pool_prepare(&pool);
    assert_int_equal(pool.spare, vacant);
    assert_ptr_equal(wanted.from, pool.chunks[vacant]);
    assert_int_not_equal(pool.vacant, vacant);
    for (uint32_t i = 0; i < POOL_CHUNK_ITEMS; i++)
        check_zero(&pool, (vacant << POOL_CHUNK_SHIFT) + i);
    uint32_t next = pool.vacant;
    while (pool.spare != POOL_NONE)
        (void)take(&pool);
    assert_int_equal(pool.vacant, next);
    assert_int_equal(pool.chunks_held, held + 1);
    pool_finish(&pool);
}

/* Across chunks: indices run on, items keep their places and contents while others come. */
static void items_stay_where_they_are(void **state)
{
    (void)state;
    enum { ITEMS = 20 * POOL_CHUNK_ITEMS + 1 }; /* more chunks than the first list of them holds */
    struct pool pool;
    pool_init(&pool, sizeof(uint32_t));
    static void *places[ITEMS];
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t index = take(&pool);
        assert_int_equal(index, i);
        places[i] = pool_at(&pool, index);
        memcpy(places[i], &i, sizeof i);
    }
    assert_int_equal(pool.in_use, ITEMS);
    assert_int_equal(pool.chunk_count, 21);
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t content;
        assert_ptr_equal(pool_at(&pool, i), places[i]);
        memcpy(&content, places[i], sizeof content);
        assert_int_equal(content, i);
    }
    pool_finish(&pool);
    assert_int_equal(pool.chunk_count, 0);
}

static void released_items_come_again_and_zero(void **state)
{
    (void)state;
    struct pool pool;
    pool_init(&pool, 256);
    uint32_t index[4];
    for (int i = 0; i < 4; i++) {
        index[i] = take(&pool);
        check_zero(&pool, index[i]);
        memset(pool_at(&pool, index[i]), 0xff, 256);
    }
    pool_release(&pool, index[1]);
    pool_release(&pool, index[3]);
    pool_release(&pool, index[0]);
    assert_int_equal(pool.in_use, 1);
    static const int order[] = {0, 3, 1}; /* the last released is the warmest */
    for (int i = 0; i < 3; i++) {
        uint32_t again = take(&pool);
        assert_int_equal(again, index[order[i]]);
        check_zero(&pool, again);
    }
    assert_int_equal(take(&pool), 4);
    assert_int_equal(pool.in_use, 5);
    assert_int_equal(((uint8_t *)pool_at(&pool, index[2]))[255], 0xff);
    pool_finish(&pool);
}

static void the_last_released_comes_first_whatever_its_chunk(void **state)
{
    (void)state;
    enum { ITEMS = 3 * POOL_CHUNK_ITEMS };
    struct pool pool;
    pool_init(&pool, 64);
    for (uint32_t i = 0; i < ITEMS; i++)
        assert_int_equal(take(&pool), i);
    pool_release(&pool, 0);
    pool_release(&pool, POOL_CHUNK_ITEMS);
    pool_release(&pool, 1);
    assert_int_equal(take(&pool), 1);
    assert_int_equal(take(&pool), 0);
    assert_int_equal(take(&pool), POOL_CHUNK_ITEMS);
    pool_finish(&pool);
}

/* Two items of each chunk stay, and then one is taken for each that is released. */
static void chunks_empty_while_much_is_free(void **state)
{
    (void)state;
    enum { CHUNKS = 10, ITEMS = CHUNKS * POOL_CHUNK_ITEMS };
    struct pool pool;
    pool_init(&pool, 64);
    for (uint32_t i = 0; i < ITEMS; i++)
        assert_int_equal(take(&pool), i);
    for (uint32_t i = 0; i < ITEMS; i++) {
        if (i % POOL_CHUNK_ITEMS > 1)
            pool_release(&pool, i);
    }
    assert_int_equal(pool.chunks_held, CHUNKS);
    for (uint32_t i = 0; i < 2 * CHUNKS; i++) {
        pool_release(&pool, i / 2 * POOL_CHUNK_ITEMS + i % 2);
        (void)take(&pool);
    }
    assert_in_range(pool.chunks_held, 1, 4);
    pool_finish(&pool);
}

/* What is in use in them stays where it is; what is looked at in those that went is zero. */
static void empty_chunks_are_given_back(void **state)
{
    const size_t *item_bytes = *state;
    enum { CHUNKS = 10, ITEMS = CHUNKS * POOL_CHUNK_ITEMS };
    struct pool pool;
    pool_init_large(&pool, *item_bytes);
    for (uint32_t i = 0; i < ITEMS; i++)
        memset(pool_at(&pool, take(&pool)), 0xff, *item_bytes);
    assert_true(pool_bytes(&pool) == (uint64_t)ITEMS * *item_bytes);
    for (uint32_t i = 0; i < ITEMS; i++) {
        if (i != 3 * POOL_CHUNK_ITEMS + 5 && i != ITEMS - 1)
            pool_release(&pool, i);
    }
    assert_int_equal(pool.in_use, 2);
    assert_in_range(pool.chunks_held, 2, 4);
    assert_true(pool_bytes(&pool) <= (uint64_t)2 * POOL_CHUNK_ITEMS * *item_bytes);
    assert_int_equal(((uint8_t *)pool_at(&pool, 3 * POOL_CHUNK_ITEMS + 5))[63], 0xff);
    check_zero(&pool, 7 * POOL_CHUNK_ITEMS);
    static bool seen[ITEMS];
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < ITEMS - 2; i++) {
        uint32_t index = take(&pool);
        assert_in_range(index, 0, ITEMS - 1);
        assert_false(seen[index] || index == 3 * POOL_CHUNK_ITEMS + 5 || index == ITEMS - 1);
        seen[index] = true;
        check_zero(&pool, index);
        memset(pool_at(&pool, index), 0xff, *item_bytes);
    }
    assert_int_equal(pool.chunks_held, CHUNKS);
    assert_int_equal(take(&pool), ITEMS);
    pool_finish(&pool);
}

/* Each item's octets are its own, stay where they are, and go with its chunk. */
static void octets_beside_items(void **state)
{
    (void)state;
    enum { CHUNKS = 4, ITEMS = CHUNKS * POOL_CHUNK_ITEMS, BYTES = 40 };
    static uint8_t *beside[ITEMS];
    struct pool pool;
    pool_init(&pool, 64);
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t index = take(&pool);
        if (index % 3 == 0)
            continue;
        beside[index] = pool_beside(&pool, index, BYTES);
        assert_non_null(beside[index]);
        memset(beside[index], (int)index, BYTES);
    }
    for (uint32_t i = 0; i < ITEMS; i++) {
        if (i % 3 == 0)
            continue;
        assert_ptr_equal(pool_beside(&pool, i, BYTES), beside[i]);
        for (unsigned octet = 0; octet < BYTES; octet++)
            assert_int_equal(beside[i][octet], (uint8_t)i);
        check_zero(&pool, i);
    }
    for (uint32_t i = 0; i < ITEMS; i++)
        pool_release(&pool, i);
    assert_in_range(pool.chunks_held, 0, 2);
    uint32_t again = take(&pool);
    assert_non_null(pool_beside(&pool, again, BYTES));
    pool_finish(&pool);
}

/* Whoever takes and releases at the edge of a chunk does not make and give back one each time. */
static void no_chunk_comes_and_goes(void **state)
{
    (void)state;
    struct pool pool;
    pool_init(&pool, 64);
    for (uint32_t i = 0; i < POOL_CHUNK_ITEMS; i++)
        (void)take(&pool);
    uint32_t made = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t held = pool.chunks_held;
        uint32_t index = take(&pool);
        made += pool.chunks_held > held;
        pool_release(&pool, index);
        pool_release(&pool, i % POOL_CHUNK_ITEMS);
        held = pool.chunks_held;
        assert_int_equal(take(&pool), i % POOL_CHUNK_ITEMS);
        made += pool.chunks_held > held;
    }
    assert_int_equal(made, 1);
    pool_finish(&pool);
}

/* A roll of which some are kept goes on behind them. */
static void truncated(void **state)
{
    (void)state;
    struct pool pool;
    pool_init(&pool, 64);
    for (uint32_t i = 0; i < 3 * POOL_CHUNK_ITEMS + 7; i++)
        assert_int_equal(take(&pool), i);
    static const uint32_t counts[] = {3 * POOL_CHUNK_ITEMS + 1, 2 * POOL_CHUNK_ITEMS,
                                      POOL_CHUNK_ITEMS + 9, 0};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        pool_truncate(&pool, counts[c]);
        assert_int_equal(pool.in_use, counts[c]);
        for (uint32_t i = counts[c]; i < 3 * POOL_CHUNK_ITEMS + 7; i++) {
            assert_int_equal(take(&pool), i);
            check_zero(&pool, i);
        }
    }
    pool_finish(&pool);
}

/* No chunk of so large items can be had: refused, and nothing is counted as used. */
static void no_memory(void **state)
{
    (void)state;
    struct pool pool;
    pool_init(&pool, UINT32_MAX - 127); /* a chunk would be 4 TiB */
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
    if (SANITIZED)
        skip();
    struct rlimit tight = {.rlim_cur = (rlim_t)1 << 40, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    assert_int_equal(pool_take(&pool), POOL_NONE);
    assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
    assert_int_equal(pool.in_use, 0);
    assert_int_equal(pool.fresh, 0);
    pool_finish(&pool);
}

int main(void)
{
    /* Chunks that stand apart, and such as stand in regions from the second on. */
    static size_t apart = 64;
    static size_t in_region = 1024;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_halves_of_cache_lines),
        cmocka_unit_test_prestate(the_next_chunk_is_prepared, &apart),
        cmocka_unit_test_prestate(the_next_chunk_is_prepared, &in_region),
        cmocka_unit_test_prestate(a_number_is_prepared_again, &apart),
        cmocka_unit_test_prestate(a_number_is_prepared_again, &in_region),
        cmocka_unit_test(items_stay_where_they_are),
        cmocka_unit_test(released_items_come_again_and_zero),
        cmocka_unit_test(the_last_released_comes_first_whatever_its_chunk),
        cmocka_unit_test(chunks_empty_while_much_is_free),
        cmocka_unit_test_prestate(empty_chunks_are_given_back, &apart),
        cmocka_unit_test_prestate(empty_chunks_are_given_back, &in_region),
        cmocka_unit_test(octets_beside_items),
        cmocka_unit_test(no_chunk_comes_and_goes),
        cmocka_unit_test(truncated),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
