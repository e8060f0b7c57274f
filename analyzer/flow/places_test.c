#include "analyzer/flow/places.h"

#include "analyzer/pages.h"
#include "analyzer/test_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PIECE ((size_t)64 << 10)
/* More than a region holds. */
#define PIECES 400u

static uint8_t *pieces[PIECES];

static void take(struct places *p, uint32_t number)
{
    pieces[number] = places_take(p, number);
    assert_non_null(pieces[number]);
    assert_int_equal((uintptr_t)pieces[number] % 64, 0);
}

static bool is_all(const uint8_t *piece, uint8_t value)
{
    for (size_t i = 0; i < PIECE; i += 61) {
        if (piece[i] != value)
            return false;
    }
    return piece[PIECE - 1] == value;
}

static void give_all(struct places *p)
{
    for (uint32_t i = 0; i < PIECES; i++) {
        if (pieces[i])
            places_give(p, i, pieces[i]);
        pieces[i] = NULL;
    }
    places_finish(p);
    assert_int_equal(p->region_count, 0);
}

/* Whatever is taken first: they overlap nowhere, and are zero where they stand in a region. */
static void pieces_stand_apart(void **state)
{
    (void)state;
    struct places p;
    places_init(&p, PIECE);
    uint32_t in_region = 0;
    for (uint32_t i = 0; i < PIECES; i++) {
        uint32_t number = i * 7 % PIECES;
        take(&p, number);
        in_region += places_in_region(&p, number);
        if (places_in_region(&p, number))
            assert_true(is_all(pieces[number], 0));
        memset(pieces[number], (int)(number % 251), PIECE);
    }
    for (uint32_t i = 0; i < PIECES; i++)
        assert_true(is_all(pieces[i], (uint8_t)(i % 251)));
    assert_int_equal(in_region, PIECES - LARGE_PAGE / 4 / PIECE - 1);
    assert_int_equal(p.region_count, 2);
    give_all(&p);
}

/* At the same place, and zero. */
static void what_was_given_back_is_taken_again(void **state)
{
    (void)state;
    struct places p;
    places_init(&p, PIECE);
    for (uint32_t i = 0; i < PIECES; i++) {
        take(&p, i);
        memset(pieces[i], 0xff, PIECE);
    }
    for (uint32_t i = 50; i < 60; i++) {
        const uint8_t *place = pieces[i];
        places_give(&p, i, pieces[i]);
        take(&p, i);
        assert_ptr_equal(pieces[i], place);
        assert_true(is_all(pieces[i], 0));
    }
    assert_true(is_all(pieces[49], 0xff));
    assert_true(is_all(pieces[60], 0xff));
    give_all(&p);
}

/* Not whole pages, or more than a region holds: all on the heap. */
static void some_sizes_stand_on_the_heap(void **state)
{
    (void)state;
    static const size_t sizes[] = {512, 4096 + 64, (size_t)64 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct places p;
        places_init(&p, sizes[i]);
        for (uint32_t number = 0; number < 3000; number += 1500) {
            uint8_t *piece = places_take(&p, number);
            assert_non_null(piece);
            assert_false(places_in_region(&p, number));
            piece[sizes[i] - 1] = 1;
            places_give(&p, number, piece);
        }
        places_finish(&p);
    }
}

/* Where there is no room for a region, its pieces are of the heap, and stay so. */
static void without_room_for_a_region(void **state)
{
    (void)state;
    struct rlimit old;
    if (!limit_address_space((size_t)12 << 20, &old))
        skip();
    struct places p;
    places_init(&p, PIECE);
    for (uint32_t i = 0; i < 100; i++)
        take(&p, i);
    assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
    for (uint32_t i = 0; i < 100; i++) {
        assert_false(places_in_region(&p, i));
        memset(pieces[i], 1, PIECE);
    }
    take(&p, 100);
    assert_false(places_in_region(&p, 100));
    give_all(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_stand_apart),
        cmocka_unit_test(what_was_given_back_is_taken_again),
        cmocka_unit_test(some_sizes_stand_on_the_heap),
        cmocka_unit_test(without_room_for_a_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
