#include "reports/html_scale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

static void times_on_the_axis(void **state)
{
    (void)state;
    static const struct {
        int64_t start_ns, end_ns, at_ns, place;
    } table[] = {
        {0, 100, 0, 50},
        {0, 100, 50, 550},
        {0, 100, 100, 1050},
        {0, 100, -1, 50},
        {0, 100, 101, 1050},
        {0, 3, 1, 50 + 333},
        {7, 7, 7, 50},
        {7, 7, 8, 50},
        {-100, 100, 0, 550},
        /* The ends of time: of the middle at most a tenth is lost by rounding. */
        {INT64_MIN, INT64_MAX, INT64_MIN, 50},
        {INT64_MIN, INT64_MAX, 0, 550},
        {INT64_MIN, INT64_MAX, INT64_MAX, 1050},
        {INT64_MAX - 1, INT64_MAX, INT64_MAX, 1050},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct html_axis axis = {table[i].start_ns, table[i].end_ns, 50, 1000};
        int64_t place = axis_place(&axis, table[i].at_ns);
        if (place < table[i].place - 1 || place > table[i].place)
            fail_msg("row %zu: at %lld, not %lld", i, (long long)place, (long long)table[i].place);
    }
}

static void later_never_stands_further_left(void **state)
{
    (void)state;
    static const int64_t spans[] = {1, 9, 1000, 40 * S, 86400 * S, INT64_MAX};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct html_axis axis = {0, spans[i], 0, 9700};
        int64_t before = 0;
        for (int64_t k = 0; k <= 1000; k++) {
            int64_t place = axis_place(&axis, spans[i] / 1000 * k);
            assert_true(place >= before && place <= axis.width);
            before = place;
        }
        assert_int_equal(axis_place(&axis, spans[i]), axis.width);
    }
}

static void heights(void **state)
{
    (void)state;
    assert_int_equal(scale_height(0, 0, 480), 0);
    assert_int_equal(scale_height(0, 10, 480), 0);
    assert_int_equal(scale_height(5, 10, 480), 240);
    assert_int_equal(scale_height(10, 10, 480), 480);
    /* What is there is seen. */
    assert_int_equal(scale_height(1, UINT64_MAX, 480), 1);
    assert_int_equal(scale_height(UINT64_MAX, UINT64_MAX, 480), 480);
    assert_int_equal(scale_height(UINT64_MAX / 2, UINT64_MAX, 480), 239);
}

/* Steps and labels as a reader of a clock would choose them, by hand. */
static void ticks_are_round(void **state)
{
    (void)state;
    static const struct {
        int64_t start_ns, end_ns;
        unsigned most;
        int64_t step_ns, first_ns;
        unsigned count;
        const char *label;
    } table[] = {
        {0, 40 * S, 11, 5 * S, 0, 9, "00:00:00"},
        {S / 10, 40 * S, 5, 10 * S, 10 * S, 4, "00:00:10"},
        {0, 384 * S, 8, 60 * S, 0, 7, "00:00"},
        {36000 * S, 36000 * S + 3 * S / 10, 11, S / 20, 36000 * S, 7, "10:00:00.00"},
        {36000 * S, 36000 * S + 5 * S / 2, 11, S / 2, 36000 * S, 6, "10:00:00.0"},
        {0, 10 * 86400 * S, 11, 86400 * S, 0, 11, "01-01"},
        {-90 * S, 30 * S, 5, 30 * S, -90 * S, 5, "23:58:30"},
        {0, 1000, 2, 1000, 0, 2, "00:00:00.000000"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct html_axis axis = {table[i].start_ns, table[i].end_ns, 0, 1000};
        struct html_ticks ticks;
        struct sentence label;
        assert_true(axis_ticks(&axis, table[i].most, &ticks));
        tick_label(&label, ticks.first_ns, ticks.step_ns);
        if (ticks.step_ns != table[i].step_ns || ticks.first_ns != table[i].first_ns ||
            ticks.count != table[i].count)
            fail_msg("row %zu: step %lld, first %lld, %u", i, (long long)ticks.step_ns,
                     (long long)ticks.first_ns, ticks.count);
        assert_string_equal(label.text, table[i].label);
    }
}

static void ticks_stay_on_the_axis(void **state)
{
    (void)state;
    for (int64_t span = 1; span < INT64_MAX / 4; span += span / 3 + 1) {
        for (int64_t start = -5 * S; start < 10 * S; start += 7 * S + 3) {
            struct html_axis axis = {start, start + span, 0, 1000};
            struct html_ticks ticks;
            if (!axis_ticks(&axis, 8, &ticks))
                continue;
            assert_true(ticks.count <= 8 && ticks.first_ns >= axis.start_ns);
            assert_true(ticks.first_ns + (ticks.count - 1) * ticks.step_ns <= axis.end_ns);
        }
    }
    struct html_ticks ticks;
    assert_false(axis_ticks(&(struct html_axis){5, 5, 0, 1000}, 8, &ticks));
    assert_false(axis_ticks(&(struct html_axis){INT64_MIN, INT64_MAX, 0, 1000}, 8, &ticks));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_on_the_axis),
        cmocka_unit_test(later_never_stands_further_left),
        cmocka_unit_test(heights),
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(ticks_stay_on_the_axis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
