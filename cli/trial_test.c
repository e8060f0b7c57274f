/*
 * What is tried and what is held, on a clock that goes as the test says.
 */
#include "cli/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define WINDOWS_TRIED 6u

struct run {
    struct trial trial;
    int64_t now_ns;
};

/* So many units as they come, each way at its pace; how many went the second way. */
static uint32_t go(struct run *r, uint32_t units, const int64_t pace_ns[2])
{
    uint32_t second = 0;
    for (uint32_t i = 0; i < units; i++) {
        bool way = trial_is_second(&r->trial);
        second += way;
        r->now_ns += pace_ns[way];
        if (trial_is_over(&r->trial, 1))
            trial_go_on(&r->trial, r->now_ns);
    }
    return second;
}

/* The first unit is none that counts; behind it a period begins. */
static void begin(struct run *r)
{
    *r = (struct run){.now_ns = INT64_C(1700000000000000000)};
    const int64_t pace_ns[2] = {1, 1};
    assert_int_equal(go(r, 1, pace_ns), 0);
}

/* To the end of what is tried; how much of that went the second way is known. */
static void try_both(struct run *r, const int64_t pace_ns[2])
{
    uint32_t second = go(r, (WINDOWS_TRIED - r->trial.window) * TRIAL_UNITS, pace_ns);
    assert_int_equal(second, WINDOWS_TRIED / 2 * TRIAL_UNITS);
}

static void what_took_less_is_held(void **state)
{
    (void)state;
    const int64_t paces_ns[][2] = {{20, 10}, {10, 20}, {20, 10}, {20, 10}};
    struct run r;
    begin(&r);
    for (unsigned i = 0; i < sizeof paces_ns / sizeof *paces_ns; i++) {
        try_both(&r, paces_ns[i]);
        bool second = paces_ns[i][1] < paces_ns[i][0];
        assert_int_equal(go(&r, TRIAL_HOLDS, paces_ns[i]), second ? TRIAL_HOLDS : 0);
    }
}

/* Whatever falls into one window of a way, be it the first, which never counts. */
static void one_window_does_not_decide(void **state)
{
    (void)state;
    const int64_t usual_ns[2] = {20, 10};
    const int64_t held_up_ns[2] = {20, 1000};
    for (unsigned odd = 0; odd < WINDOWS_TRIED / 2; odd++) {
        struct run r;
        begin(&r);
        go(&r, (WINDOWS_TRIED / 2 - 1 + odd) * TRIAL_UNITS, usual_ns);
        go(&r, TRIAL_UNITS, held_up_ns);
        go(&r, (WINDOWS_TRIED / 2 - odd - 1) * TRIAL_UNITS, usual_ns);
        assert_int_equal(go(&r, TRIAL_HOLDS, usual_ns), TRIAL_HOLDS);
    }
}

/* They come in bunches, which end behind a window's end. */
static void a_unit_counts_as_what_it_took(void **state)
{
    (void)state;
    struct run r;
    begin(&r);
    uint32_t second = 0;
    while (!second || trial_is_second(&r.trial)) {
        bool way = trial_is_second(&r.trial);
        uint32_t bunch = way ? TRIAL_UNITS - 1 : 1; /* a bunch of the second way takes 7 a unit */
        r.now_ns += way ? 7 * bunch : 6;
        second += way;
        if (trial_is_over(&r.trial, bunch))
            trial_go_on(&r.trial, r.now_ns);
    }
    assert_false(r.trial.second);
    assert_true(r.trial.took_ns[0] == 6 && r.trial.took_ns[1] == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_took_less_is_held),
        cmocka_unit_test(one_window_does_not_decide),
        cmocka_unit_test(a_unit_counts_as_what_it_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
