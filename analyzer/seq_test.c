#include "analyzer/seq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Distances from a number to another: their order must be that of the signed distance, wherever
 * the number stands. */
static const int64_t distances[] = {0,          1,          2,          0xff,       0x10000,
                                    0x3fffffff, 0x40000000, 0x40000001, 0x7ffffffe, 0x7fffffff};
static const uint32_t places[] = {0,          1,          0x3fffffff, 0x40000000, 0x7fffffff,
                                  0x80000000, 0x80000001, 0xbfffffff, 0xfffffffe, 0xffffffff};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void check_order(seq_t low, int64_t distance)
{
    seq_t high = seq_add(low, (uint32_t)distance);
    bool apart = distance != 0;
    assert_int_equal(seq_diff(high, low), distance);
    assert_int_equal(seq_diff(low, high), -distance);
    assert_int_equal(seq_lt(low, high), apart);
    assert_int_equal(seq_gt(high, low), apart);
    assert_int_equal(seq_lt(high, low), false);
    assert_int_equal(seq_gt(low, high), false);
    assert_true(seq_le(low, high));
    assert_true(seq_ge(high, low));
    assert_int_equal(seq_le(high, low), !apart);
    assert_int_equal(seq_ge(low, high), !apart);
    assert_int_equal(seq_eq(low, high), !apart);
    assert_int_equal(seq_max(low, high).n, high.n);
    assert_int_equal(seq_max(high, low).n, high.n);
    assert_int_equal(seq_min(low, high).n, low.n);
    assert_int_equal(seq_min(high, low).n, low.n);
    assert_int_equal(seq_distance(low, high), distance);
    assert_int_equal(seq_distance(high, low), distance);
    assert_int_equal(seq_back(high, (uint32_t)distance).n, low.n);
}

static void order_holds_below_half_the_space(void **state)
{
    (void)state;
    for (size_t p = 0; p < COUNT(places); p++) {
        for (size_t d = 0; d < COUNT(distances); d++)
            check_order(seq_of(places[p]), distances[d]);
    }
}

/* At exactly 2^31 neither is the higher; what matters is that both calls agree, and that the
 * distance is the same from both ends. */
static void half_the_space(void **state)
{
    (void)state;
    for (size_t p = 0; p < COUNT(places); p++) {
        seq_t a = seq_of(places[p]);
        seq_t b = seq_add(a, UINT32_C(0x80000000));
        assert_int_equal(seq_diff(a, b), INT32_MIN);
        assert_int_equal(seq_diff(b, a), INT32_MIN);
        assert_int_equal(seq_distance(a, b), UINT32_C(0x80000000));
        assert_int_equal(seq_distance(b, a), UINT32_C(0x80000000));
        /* One further on, the order has turned round. */
        seq_t c = seq_add(b, 1);
        assert_true(seq_lt(c, a));
        assert_int_equal(seq_distance(a, c), 0x7fffffff);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_holds_below_half_the_space),
        cmocka_unit_test(half_the_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
