#include "reports/html_curves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define STEP INT64_C(100000000)

static struct sample_verdict of_capture(int64_t k)
{
    return (struct sample_verdict){.at_ns = k * STEP, .opens = 3, .closes = 2, .resets = 1};
}

static struct sample_verdict of_host(int64_t k, uint8_t name, uint64_t time_wait,
                                     uint64_t close_wait)
{
    struct sample_verdict sample = {.at_ns = k * STEP, .of_host = true, .address = {name}};
    sample.states[STATE_TIME_WAIT] = time_wait;
    sample.states[STATE_CLOSE_WAIT] = close_wait;
    return sample;
}

static void take(struct html_curves *curves, struct sample_verdict sample)
{
    curves_take(curves, &sample);
}

/* Whatever becomes one, sums and peaks stay. */
static void sums_and_peaks_stay(void **state)
{
    (void)state;
    static const uint32_t instants[] = {1, 2, 399, 400, 401, 402, 800, 801, 5000};
    for (size_t n = 0; n < sizeof instants / sizeof *instants; n++) {
        struct html_curves *curves = calloc(1, sizeof *curves);
        assert_non_null(curves);
        for (uint32_t k = 0; k < instants[n]; k++) {
            take(curves, of_capture(k));
            take(curves, of_host(k, 1, k == instants[n] / 2 ? 77 : 5, 0));
        }
        uint64_t opens = 0, closes = 0, resets = 0, peak = 0;
        assert_true(curves->points && curves->points <= CURVE_POINTS);
        for (uint32_t i = 0; i < curves->points; i++) {
            assert_true(i == 0 || curves->at_ns[i] > curves->at_ns[i - 1]);
            opens += curves->opens[i];
            closes += curves->closes[i];
            resets += curves->resets[i];
            if (curves->hosts[0].time_wait[i] > peak)
                peak = curves->hosts[0].time_wait[i];
        }
        assert_int_equal(opens, 3 * instants[n]);
        assert_int_equal(closes, 2 * instants[n]);
        assert_int_equal(resets, instants[n]);
        assert_int_equal(peak, 77);
        assert_int_equal(curves->hosts[0].time_wait_peak, 77);
        assert_int_equal(curves->at_ns[curves->points - 1], (int64_t)(instants[n] - 1) * STEP);
        free(curves);
    }
}

static void hosts_beyond_the_limit_are_left_out(void **state)
{
    (void)state;
    struct html_curves *curves = calloc(1, sizeof *curves);
    assert_non_null(curves);
    take(curves, of_host(0, 9, 1, 1)); /* before any instant: of no use */
    assert_int_equal(curves->host_count, 0);
    take(curves, of_capture(0));
    for (unsigned name = 0; name < CURVE_HOSTS + 10; name++)
        take(curves, of_host(0, (uint8_t)name, name, 1));
    assert_int_equal(curves->host_count, CURVE_HOSTS);
    struct sample_verdict others = of_host(0, 3, 50, 0);
    others.others = true; /* not the host of the same address */
    take(curves, others);
    assert_int_equal(curves->hosts[3].time_wait_peak, 3);
    free(curves);
}

static uint64_t all_of(const struct html_bins *bins, enum severity severity)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < bins->count; i++)
        sum += bins->of[severity][i];
    return sum;
}

static void bins_hold_everything(void **state)
{
    (void)state;
    static const int64_t spans[] = {1, STEP, 1000 * STEP, 1000000 * STEP, INT64_MAX / 2};
    for (size_t n = 0; n < sizeof spans / sizeof *spans; n++) {
        struct html_bins bins = {0};
        uint64_t seed = 1;
        for (unsigned i = 0; i < 2000; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            int64_t at_ns = (int64_t)(seed >> 1) % spans[n] * (i & 1 ? -1 : 1);
            bins_take(&bins, at_ns, i % 3 ? SEVERITY_NOTICE : SEVERITY_CRITICAL);
            assert_true(bins.count <= BINS);
        }
        assert_int_equal(all_of(&bins, SEVERITY_CRITICAL), 667);
        assert_int_equal(all_of(&bins, SEVERITY_NOTICE), 1333);
        for (uint32_t i = 0; i < bins.count; i++)
            assert_true(bin_start_ns(&bins, i) < bin_end_ns(&bins, i));
    }
}

static void an_event_stands_in_its_bin(void **state)
{
    (void)state;
    static const int64_t times[] = {5,          STEP - 1,   STEP,      -1,           -STEP,
                                    900 * STEP, -70 * STEP, INT64_MAX, INT64_MIN + 1};
    struct html_bins bins = {0};
    for (size_t n = 0; n < sizeof times / sizeof *times; n++) {
        bins_take(&bins, times[n], SEVERITY_WARNING);
        uint64_t found = 0;
        for (uint32_t i = 0; i < bins.count; i++) {
            bool within = bin_start_ns(&bins, i) <= times[n] &&
                          (times[n] < bin_end_ns(&bins, i) || bin_end_ns(&bins, i) == INT64_MAX);
            found += within ? bins.of[SEVERITY_WARNING][i] : 0;
        }
        assert_true(found > 0);
        assert_int_equal(all_of(&bins, SEVERITY_WARNING), n + 1);
    }
    bins_take(&bins, TIME_UNKNOWN, SEVERITY_WARNING);
    assert_int_equal(all_of(&bins, SEVERITY_WARNING), sizeof times / sizeof *times);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_peaks_stay),
        cmocka_unit_test(hosts_beyond_the_limit_are_left_out),
        cmocka_unit_test(bins_hold_everything),
        cmocka_unit_test(an_event_stands_in_its_bin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
