#include "analyzer/claims.h"

#include "dissect/thread.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- one thread ----------------------------------------------------------------------------- */

static void as_many_ahead_as_there_are_places(void **state)
{
    (void)state;
    struct claims c;
    claims_init(&c, CLAIMS_AHEAD + 2);
    for (uint32_t i = 0; i < CLAIMS_AHEAD; i++)
        assert_int_equal(claims_next(&c), i);
    assert_int_equal(claims_next(&c), CLAIMS_NONE);
    claims_take(&c, 0);
    assert_int_equal(claims_next(&c), CLAIMS_AHEAD);
    assert_int_equal(claims_next(&c), CLAIMS_NONE);
    claims_take(&c, 1);
    claims_take(&c, 2);
    assert_int_equal(claims_next(&c), CLAIMS_AHEAD + 1);
    assert_int_equal(claims_next(&c), CLAIMS_NONE); /* that was the last one */
    claims_finish(&c);
}

static void the_taker_has_what_nobody_began(void **state)
{
    (void)state;
    struct claims c;
    claims_init(&c, 8);
    assert_int_equal(claims_next(&c), 0);
    assert_false(claims_have(&c, 0));
    assert_false(claims_are_made(&c, 0));
    claims_give(&c, 0);
    assert_true(claims_are_made(&c, 0));
    claims_take(&c, 0);
    assert_true(claims_have(&c, 1));
    assert_false(claims_have(&c, 1)); /* it has begun that by now */
    claims_take(&c, 1);
    assert_int_equal(claims_next(&c), 2); /* which is nobody else's any more */
    claims_finish(&c);
}

/* What stood in the place before is not taken for it. */
static void a_place_comes_round(void **state)
{
    (void)state;
    struct claims c;
    claims_init(&c, 2 * CLAIMS_AHEAD);
    for (uint32_t i = 0; i < CLAIMS_AHEAD; i++) {
        assert_int_equal(claims_next(&c), i);
        claims_give(&c, i);
    }
    claims_take(&c, 0);
    assert_int_equal(claims_next(&c), CLAIMS_AHEAD);
    assert_int_equal(claims_place(CLAIMS_AHEAD), claims_place(0));
    assert_false(claims_are_made(&c, CLAIMS_AHEAD));
    claims_give(&c, CLAIMS_AHEAD);
    assert_true(claims_are_made(&c, CLAIMS_AHEAD));
    claims_finish(&c);
}

static void nothing_to_do(void **state)
{
    (void)state;
    struct claims c;
    claims_init(&c, 0);
    assert_int_equal(claims_await(&c), CLAIMS_NONE);
    claims_finish(&c);
}

/* ---- two ------------------------------------------------------------------------------------ */

struct course {
    struct claims claims;
    uint32_t places[CLAIMS_AHEAD];
    uint32_t *made; /* how often each was, by whomever */
    uint32_t helped;
    uint32_t helper_pauses, taker_pauses; /* lets others run after so many; 0: never */
};

static void pause_after(uint32_t every, uint32_t number)
{
    if (every && number % every == 0)
        sched_yield();
}

static void make(struct course *c, uint32_t number)
{
    c->places[claims_place(number)] = number * 7;
    c->made[number]++;
    claims_give(&c->claims, number);
}

static void *help(void *context)
{
    struct course *c = context;
    uint32_t number;
    while ((number = claims_await(&c->claims)) != CLAIMS_NONE) {
        pause_after(c->helper_pauses, number);
        make(c, number);
        c->helped++;
    }
    return NULL;
}

/* Takes the next one, in the way of who counts. */
static void take(struct course *c, uint32_t number)
{
    if (claims_have(&c->claims, number)) {
        c->made[number]++;
    } else {
        while (!claims_are_made(&c->claims, number)) {
            uint32_t later = claims_next(&c->claims);
            if (later == CLAIMS_NONE)
                claims_sleep_until_made(&c->claims, number);
            else
                make(c, later);
        }
        assert_int_equal(c->places[claims_place(number)], number * 7);
    }
    claims_take(&c->claims, number);
    pause_after(c->taker_pauses, number);
}

/* Returns how many the helper has made. */
static uint32_t run(uint32_t count, uint32_t enough, uint32_t helper_pauses, uint32_t taker_pauses)
{
    struct course c = {.helper_pauses = helper_pauses, .taker_pauses = taker_pauses};
    pthread_t thread;
    c.made = calloc(count + 1, sizeof *c.made);
    assert_non_null(c.made);
    claims_init(&c.claims, count);
    assert_true(thread_start(&thread, help, &c));
    for (uint32_t i = 0; i < enough; i++)
        take(&c, i);
    claims_stop(&c.claims);
    pthread_join(thread, NULL);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(c.made[i] <= 1);
        assert_true(c.made[i] == 1 || i >= enough);
        assert_true(c.made[i] == 0 || i < enough + CLAIMS_AHEAD);
    }
    claims_finish(&c.claims);
    free(c.made);
    return c.helped;
}

static void each_is_made_once(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, CLAIMS_AHEAD, CLAIMS_AHEAD + 1, 5000};
    static const uint32_t pauses[][2] = {{0, 0}, {1, 0}, {0, 1}, {7, 5}};
    for (unsigned i = 0; i < 24; i++)
        (void)run(counts[i / 4], counts[i / 4], pauses[i % 4][0], pauses[i % 4][1]);
}

/* A taker that lets others run after each cannot be done before the helper has begun. */
static void the_helper_takes_part(void **state)
{
    (void)state;
    uint32_t helped = 0;
    for (int i = 0; i < 100 && !helped; i++)
        helped = run(20000, 20000, 0, 1);
    assert_true(helped > 0);
}

static void the_taker_stops(void **state)
{
    (void)state;
    for (uint32_t enough = 0; enough < 300; enough += 37)
        (void)run(100000, enough, 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_ahead_as_there_are_places),
        cmocka_unit_test(the_taker_has_what_nobody_began),
        cmocka_unit_test(a_place_comes_round),
        cmocka_unit_test(nothing_to_do),
        cmocka_unit_test(each_is_made_once),
        cmocka_unit_test(the_helper_takes_part),
        cmocka_unit_test(the_taker_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
