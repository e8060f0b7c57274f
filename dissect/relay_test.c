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
    relay_take(&r);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread),
        cmocka_unit_test(everything_in_order),
        cmocka_unit_test(the_taker_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
