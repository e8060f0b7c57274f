#include "analyzer/flow/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TICK WHEEL_TICK_NS

static void ticks_round_down(void **state)
{
    (void)state;
    static const struct {
        int64_t time_ns, tick;
    } cases[] = {
        {0, 0},
        {TICK - 1, 0},
        {TICK, 1},
        {-1, -1},
        {-TICK, -1},
        {-TICK - 1, -2},
        {-2 * TICK, -2},
        {INT64_MAX, INT64_MAX / TICK},
        {INT64_MIN + 1, INT64_MIN / TICK - 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(wheel_tick_of(cases[i].time_ns) == cases[i].tick);
}

static uint32_t bucket_of(struct wheel *wheel, int64_t due_ns)
{
    return (uint32_t)(wheel_bucket(wheel, due_ns) - wheel->heads);
}

/* Also before 1970, where ticks are negative and buckets must not be. */
static void buckets_stay_within_a_turn(void **state)
{
    (void)state;
    static struct wheel wheel;
    static const int64_t starts[] = {0, 1700000000 * INT64_C(4), -5, -(int64_t)WHEEL_BUCKETS,
                                     -4000 * INT64_C(1000000)};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        int64_t now_ns = starts[i] * TICK + 77;
        wheel_init(&wheel, now_ns);
        assert_true(wheel.tick == starts[i]);
        for (uint32_t b = 0; b < WHEEL_BUCKETS; b++)
            assert_int_equal(wheel.heads[b], WHEEL_NONE);
        uint32_t present = bucket_of(&wheel, now_ns);
        assert_int_equal(bucket_of(&wheel, now_ns - 77), present);
        assert_int_equal(bucket_of(&wheel, now_ns - 10 * TICK), present); /* overdue */
        assert_int_equal(bucket_of(&wheel, INT64_MIN + 1), present);
        for (uint32_t ahead = 1; ahead < WHEEL_BUCKETS; ahead++)
            assert_int_equal(bucket_of(&wheel, now_ns + ahead * TICK),
                             (present + ahead) % WHEEL_BUCKETS);
        uint32_t last = (present + WHEEL_BUCKETS - 1) % WHEEL_BUCKETS;
        assert_int_equal(bucket_of(&wheel, now_ns + WHEEL_BUCKETS * TICK), last);
        assert_int_equal(bucket_of(&wheel, INT64_MAX), last);
    }
}

static uint32_t *first_one_by_one(struct wheel *wheel)
{
    for (uint32_t i = 0; i < WHEEL_BUCKETS; i++) {
        uint32_t *bucket = &wheel->heads[((uint64_t)wheel->tick + i) % WHEEL_BUCKETS];
        if (*bucket != WHEEL_NONE)
            return bucket;
    }
    return NULL;
}

/* Filled here and there, emptied by whoever takes what comes first, or by others. */
static void the_first_is_the_next_to_come_due(void **state)
{
    (void)state;
    static struct wheel wheel;
    for (int64_t start = -6000; start < 6000; start += 97) {
        wheel_init(&wheel, start * TICK);
        assert_null(wheel_first(&wheel));
        for (int64_t i = 0; i < 40; i++)
            *wheel_bucket(&wheel, (start + i * i * 13 % WHEEL_BUCKETS) * TICK) = 1;
        for (int64_t i = 0; i < 40; i += 3)
            *wheel_bucket(&wheel, (start + i * i * 13 % WHEEL_BUCKETS) * TICK) = WHEEL_NONE;
        wheel_turn_to(&wheel, start + 500);
        uint32_t taken = 0;
        for (uint32_t *first; (first = first_one_by_one(&wheel)) != NULL; taken++) {
            assert_ptr_equal(wheel_first(&wheel), first);
            *first = WHEEL_NONE;
        }
        assert_in_range(taken, 20, 26);
        assert_null(wheel_first(&wheel));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_round_down),
        cmocka_unit_test(buckets_stay_within_a_turn),
        cmocka_unit_test(the_first_is_the_next_to_come_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
