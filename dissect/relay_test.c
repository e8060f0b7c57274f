#include "dissect/relay.h"

#include "dissect/thread.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROOM_MOST 64u

struct course {
    struct relay relay;
    uint32_t places[ROOM_MOST];
    uint32_t wanted;      /* to be given */
    uint32_t given;       /* the giver's: how many it gave */
    uint32_t pause_every; /* the giver lets others run after so many; 0: never */
};

static void *give_all(void *context)
{
    struct course *c = context;
    while (c->given < c->wanted && relay_await_room(&c->relay)) {
        c->places[relay_next(&c->relay)] = c->given++;
        relay_give(&c->relay);
        if (c->pause_every && c->given % c->pause_every == 0)
            sched_yield();
    }
    relay_end(&c->relay);
    return NULL;
}

/* Takes until there is no more, or until it has taken `enough`. How many. */
static uint32_t take_until(struct course *c, uint32_t enough, uint32_t pause_every)
{
    uint32_t taken = 0;
    uint32_t ready;
    while (taken < enough && (ready = relay_await(&c->relay)) > 0) {
        assert_true(ready <= c->relay.room);
        assert_true(relay_is_there(&c->relay, ready - 1));
        assert_false(relay_is_there(&c->relay, ready));
        assert_int_equal(c->places[relay_behind_first(&c->relay, ready - 1)], taken + ready - 1);
        assert_int_equal(c->places[relay_first(&c->relay)], taken++);
        relay_take(&c->relay);
        if (pause_every && taken % pause_every == 0)
            sched_yield();
    }
    return taken;
}

static const struct shape {
    uint32_t room, wake_taker, wake_giver;
} shapes[] = {{2, 1, 1}, {4, 2, 2}, {4, 1, 3}, {4, 3, 1}, {32, 8, 16}, {64, 16, 16}, {64, 1, 63}};

#define EACH_SHAPE(s)                                                                              \
    for (const struct shape *s = shapes; s < shapes + sizeof shapes / sizeof *shapes; s++)

static void begin(struct course *c, const struct shape *s, uint32_t wanted, uint32_t pause_every)
{
    *c = (struct course){.wanted = wanted, .pause_every = pause_every};
    relay_init(&c->relay, s->room, s->wake_taker, s->wake_giver);
}

/* Whoever is faster: everything arrives once, in order, and both end. */
static void everything_in_order(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, 63, 64, 65, 500};
    static const uint32_t pauses[][2] = {{0, 0}, {1, 0}, {0, 1}, {7, 5}};
    EACH_SHAPE(s)
    {
        for (unsigned i = 0; i < 28; i++) {
            uint32_t count = counts[i / 4];
            struct course c;
            pthread_t thread;
            begin(&c, s, count, pauses[i % 4][0]);
            assert_true(thread_start(&thread, give_all, &c));
            assert_int_equal(take_until(&c, UINT32_MAX, pauses[i % 4][1]), count);
            pthread_join(thread, NULL);
            assert_int_equal(c.given, count);
            relay_finish(&c.relay);
        }
    }
}

/* The giver learns that nobody takes when it finds no room, and gives no more than the ring holds.
 */
static void the_taker_stops(void **state)
{
    (void)state;
    EACH_SHAPE(s)
    {
        for (uint32_t enough = 0; enough < 300; enough += 37) {
            struct course c;
            pthread_t thread;
            begin(&c, s, 1000000, 3);
            assert_true(thread_start(&thread, give_all, &c));
            assert_int_equal(take_until(&c, enough, 0), enough);
            relay_stop(&c.relay);
            pthread_join(thread, NULL);
            assert_true(c.given >= enough && c.given <= enough + s->room);
            relay_finish(&c.relay);
        }
    }
}

/* By one thread, so that all is known: what fits, what is there, the end. */
static void one_thread(void **state)
{
    (void)state;
    struct relay r;
    relay_init(&r, 4, 2, 2);
    /* Just before the counts wrap. */
    r.giver.own = r.taker.own = r.giver.known = r.taker.known = UINT32_MAX - 1;
    atomic_store(&r.giver.count, UINT32_MAX - 1);
    atomic_store(&r.taker.count, UINT32_MAX - 1);
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(relay_await_room(&r));
        assert_int_equal(relay_next(&r), (i + 2) % 4);
        relay_give(&r);
    }
    assert_int_equal(relay_await(&r), 4);
    assert_int_equal(relay_first(&r), 2);
    assert_true(relay_holds(&r, 4));
    relay_take(&r);
    assert_false(relay_holds(&r, 4));
    assert_true(relay_holds(&r, 3));
    assert_int_equal(relay_await(&r), 3);
    assert_true(relay_await_room(&r));
    relay_give(&r);
    relay_end(&r);
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(relay_await(&r) > 0);
        relay_take(&r);
    }
    assert_int_equal(relay_await(&r), 0);
    assert_int_equal(relay_await(&r), 0);
    relay_finish(&r);
    /* Full, and nobody takes. */
    relay_init(&r, 2, 1, 1);
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(relay_await_room(&r));
        relay_give(&r);
    }
    relay_stop(&r);
    assert_false(relay_await_room(&r));
    relay_finish(&r);
}

/* ---- errands -------------------------------------------------------------------------------- */

struct errands {
    struct course course;
    atomic_uint run;
};

static void run_errand(void *context)
{
    struct errands *e = context;
    atomic_fetch_add(&e->run, 1);
}

static void *give_all_of(void *context)
{
    struct errands *e = context;
    return give_all(&e->course);
}

/* The giver sleeps for want of room: each errand is run, whether or not room comes with it, and
 * everything still arrives in order. */
static void a_sleeping_giver_is_called(void **state)
{
    (void)state;
    EACH_SHAPE(s)
    {
        struct errands e;
        pthread_t thread;
        begin(&e.course, s, 40 * s->room, 0);
        atomic_init(&e.run, 0);
        assert_true(thread_start(&thread, give_all_of, &e));
        uint32_t taken = 0;
        for (uint32_t called = 0; called < 30; called++) {
            while (relay_given(&e.course.relay) < s->room || !relay_giver_sleeps(&e.course.relay))
                sched_yield();
            relay_call_giver(&e.course.relay, run_errand, &e);
            uint32_t some = called % 2 ? s->room : 0;
            for (uint32_t i = 0; i < some; i++, taken++)
                assert_int_equal(e.course.places[(relay_first(&e.course.relay) + i) % s->room],
                                 taken);
            relay_take_some(&e.course.relay, some);
            while (atomic_load(&e.run) == called)
                sched_yield();
        }
        uint32_t left = 40 * s->room - taken;
        for (; relay_await(&e.course.relay); taken++) {
            assert_int_equal(e.course.places[relay_first(&e.course.relay)], taken);
            relay_take(&e.course.relay);
            left--;
        }
        assert_int_equal(left, 0);
        pthread_join(thread, NULL);
        assert_int_equal(atomic_load(&e.run), 30);
        relay_finish(&e.course.relay);
    }
}

/* One that does not sleep takes no notice, and does not run it later. */
static void an_awake_giver_takes_no_notice(void **state)
{
    (void)state;
    struct errands e;
    pthread_t thread;
    begin(&e.course, &shapes[1], 100, 0);
    atomic_init(&e.run, 0);
    relay_call_giver(&e.course.relay, run_errand, &e);
    assert_true(thread_start(&thread, give_all_of, &e));
    assert_int_equal(take_until(&e.course, 100, 0), 100);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&e.run), 0);
    relay_finish(&e.course.relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread),
        cmocka_unit_test(everything_in_order),
        cmocka_unit_test(the_taker_stops),
        cmocka_unit_test(a_sleeping_giver_is_called),
        cmocka_unit_test(an_awake_giver_takes_no_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
