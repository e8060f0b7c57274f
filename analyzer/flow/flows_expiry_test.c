#include "analyzer/flow/test_crowd.h"
#include "analyzer/test_keys.h"
#include "analyzer/test_random.h"

static struct crowd w; /* large */

#define SECOND INT64_C(1000)

/* ---- when ----------------------------------------------------------------------------------- */

/* Closed at `last_ms`: still there one nanosecond before the end of the tick in which the linger
 * ends, gone with its end. Also where times are negative, or cross 1970. */
static void at_the_end_of_the_linger(void **state)
{
    (void)state;
    static const int64_t origins_s[] = {1700000000, 0, -30, -61, -1000, 4102444800, -9000000000};
    static const struct {
        int64_t two_msl_s, last_ms, gone_ms;
    } cases[] = {
        {60, 0, 60250},   {60, 100, 60250}, {60, 249, 60250},   {60, 250, 60500},
        {0, 100, 250},    {0, 250, 500},    {240, 1, 240250},   {511, 0, 511250},
        {512, 0, 512250}, {513, 0, 513250}, {2000, 7, 2000250}, {100000, 0, 100000250},
    };
    for (size_t o = 0; o < sizeof origins_s / sizeof *origins_s; o++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            crowd_init(&w);
            w.t.origin_ns = origins_s[o] * NS_PER_S;
            w.config.two_msl_ns = cases[i].two_msl_s * NS_PER_S;
            open_and_close(&w, 1000, 0, cases[i].last_ms);
            clock_reaches(&w, cases[i].gone_ms - 1, 999);
            assert_int_equal(w.count, 0);
            clock_reaches(&w, cases[i].gone_ms, 0);
            assert_int_equal(w.count, 1);
            assert_int_equal(w.records[0].port, 1000);
            assert_false(w.records[0].evicted);
            drained_and_finished(&w);
        }
    }
}

/* The same, the clock going in small steps: each bucket on the way is looked at. */
static void in_small_steps(void **state)
{
    (void)state;
    static const int64_t lingers_s[] = {1, 60, 511, 512, 700, 1100};
    for (size_t i = 0; i < sizeof lingers_s / sizeof *lingers_s; i++) {
        crowd_init(&w);
        w.config.two_msl_ns = lingers_s[i] * NS_PER_S;
        open_and_close(&w, 1000, 0, 100);
        for (int64_t ms = 200; ms < lingers_s[i] * SECOND + 250; ms += 99) {
            clock_reaches(&w, ms, 0);
            assert_int_equal(w.count, 0);
        }
        clock_reaches(&w, lingers_s[i] * SECOND + 250, 0);
        assert_int_equal(w.count, 1);
        drained_and_finished(&w);
    }
}

static void stragglers_are_waited_for(void **state)
{
    (void)state;
    crowd_init(&w);
    w.config.straggler_ns = 30 * NS_PER_S;
    open_and_close(&w, 1000, 0, 0);
    clock_reaches(&w, 90 * SECOND + 249, 0);
    assert_int_equal(w.count, 0);
    clock_reaches(&w, 90 * SECOND + 250, 0);
    assert_int_equal(w.count, 1);
    drained_and_finished(&w);
}

static void the_longest_lingers(void **state)
{
    (void)state;
    static const int64_t lingers_ns[] = {INT64_MAX, INT64_MAX - 1, INT64_MAX / 2};
    for (size_t i = 0; i < sizeof lingers_ns / sizeof *lingers_ns; i++) {
        crowd_init(&w);
        w.config.two_msl_ns = lingers_ns[i];
        w.config.straggler_ns = 60 * NS_PER_S;
        open_and_close(&w, 1000, 0, 0);
        w.t.isn[A] += 70000;
        pass(&w, A, "S", 0, 0, 0, 10, ""); /* which files the old one, from the clock */
        talk_port(&w.t, 1001);
        pass(&w, A, "S", 0, 0, 0, 20, "");
        w.t.isn[A] += 70000;
        pass(&w, A, "S", 0, 0, 0, 30, "");
        for (int64_t year = 1; year < 40; year += 13)
            clock_reaches(&w, year * 365 * 86400 * SECOND, 0);
        assert_int_equal(w.count, 0);
        drain(&w);
        assert_int_equal(w.count, 5);
        /* What lingers comes before what has no end. */
        for (uint32_t k = 0; k < 5; k++)
            assert_int_equal(!!(w.records[k].marks & (CONN_CLOSED | CONN_SUPERSEDED)), k < 2);
        drained_and_finished(&w);
    }
}

/* What never closed stays, however long it is silent. */
static void the_open_stay(void **state)
{
    (void)state;
    crowd_init(&w);
    talk_port(&w.t, 1000);
    handshake(&w, 0, "");
    talk_port(&w.t, 1001);
    pass(&w, A, "S", 0, 0, 0, 0, "");
    pass(&w, B, "R.", 0 - w.t.isn[B], 1, 0, 1, ""); /* never opened */
    clock_reaches(&w, 1000000 * SECOND, 0);
    assert_int_equal(w.count, 0);
    drain(&w);
    assert_int_equal(w.count, 3);
    drained_and_finished(&w);
}

/* Packets after a close push its end further on, and belong to it. */
static void going_on_after_a_close(void **state)
{
    (void)state;
    crowd_init(&w);
    talk_port(&w.t, 1000);
    handshake(&w, 0, "");
    pass(&w, B, "R", 1, 0, 0, 10, "ttl 200"); /* forged, say */
    for (int64_t s = 1; s <= 50; s++) {
        pass(&w, A, "P.", (uint32_t)s, 1, 1, s * 59 * SECOND, "");
        pass(&w, B, ".", 1, (uint32_t)s + 1, 0, s * 59 * SECOND + 1, "");
    }
    assert_int_equal(w.count, 0);
    goodbye(&w, 51 * 59 * SECOND, "");
    clock_reaches(&w, 51 * 59 * SECOND + 61 * SECOND, 0);
    assert_int_equal(w.count, 1);
    assert_int_equal(w.records[0].packets[A], 2 + 50 + 2);
    assert_int_equal(w.records[0].packets[B], 1 + 1 + 50 + 1);
    drained_and_finished(&w);
}

/* Beyond its linger a tuple begins anew, without a past. */
static void after_the_linger(void **state)
{
    (void)state;
    crowd_init(&w);
    open_and_close(&w, 1000, 0, 0);
    pass(&w, A, ".", 2, 2, 0, 60250, "");
    assert_int_equal(w.count, 1);
    drain(&w);
    assert_int_equal(w.records[1].incarnation, 1);
    assert_int_equal(w.records[1].known_by, KNOWN_BY_FIRST_PACKET);
    drained_and_finished(&w);
}

/* ---- clocks --------------------------------------------------------------------------------- */

/* Over a turn of the wheel, several, and by far: exactly those whose time has come. */
static void the_clock_leaps(void **state)
{
    (void)state;
    static const int64_t leaps_s[] = {511, 512, 513, 1024, 1025, 5000, 100000000};
    for (size_t i = 0; i < sizeof leaps_s / sizeof *leaps_s; i++) {
        crowd_init(&w);
        open_and_close(&w, 1000, 0, 0);
        open_and_close(&w, 1001, 0, 1000);
        clock_reaches(&w, leaps_s[i] * SECOND - 1, 0);
        assert_int_equal(w.count, 2);
        assert_int_equal(w.records[0].port, 1000);
        open_and_close(&w, 1002, leaps_s[i] * SECOND, leaps_s[i] * SECOND);
        assert_int_equal(w.count, 2);
        clock_reaches(&w, leaps_s[i] * SECOND + 60250, 0);
        assert_int_equal(w.count, 3);
        drained_and_finished(&w);

        crowd_init(&w);
        w.config.two_msl_ns = leaps_s[i] * NS_PER_S;
        open_and_close(&w, 1000, 0, 0);
        clock_reaches(&w, leaps_s[i] * SECOND + 249, 0);
        assert_int_equal(w.count, 0);
        clock_reaches(&w, leaps_s[i] * SECOND + 250, 0);
        assert_int_equal(w.count, 1);
        drained_and_finished(&w);
    }
}

static void the_clock_runs_backwards(void **state)
{
    (void)state;
    crowd_init(&w);
    clock_reaches(&w, 100 * SECOND, 0);
    open_and_close(&w, 1000, 0, 10 * SECOND); /* its end lies behind already */
    open_and_close(&w, 1001, 0, 90 * SECOND);
    open_and_close(&w, 1002, 200 * SECOND, 150 * SECOND); /* its highest time counts */
    assert_int_equal(w.count, 2);
    assert_int_equal(w.records[0].port, 1000);
    assert_int_equal(w.records[1].port, 1001);
    assert_true(w.records[1].last_ns == w.t.origin_ns + 90 * NS_PER_S);
    clock_reaches(&w, 260 * SECOND + 249, 0);
    assert_int_equal(w.count, 2);
    clock_reaches(&w, 1, 0);
    assert_int_equal(w.count, 2);
    clock_reaches(&w, 260 * SECOND + 250, 0);
    assert_int_equal(w.count, 3);
    assert_true(w.records[2].last_ns == w.t.origin_ns + 200 * NS_PER_S);
    drained_and_finished(&w);
}

static void without_times(void **state)
{
    (void)state;
    crowd_init(&w);
    talk_port(&w.t, 1000);
    handshake(&w, 0, "untimed");
    goodbye(&w, 0, "untimed");
    w.t.isn[A] += 70000;
    pass(&w, A, "S", 0, 0, 0, 0, "untimed");
    assert_true(w.flows.clock_ns == TIME_UNKNOWN);
    drained_and_finished(&w);
    assert_int_equal(w.count, 2);
    assert_int_equal(w.records[0].incarnation, 1);
    assert_int_equal(w.records[1].incarnation, 2);
    assert_true(w.records[0].last_ns == TIME_UNKNOWN);
}

/* Some packets have times, others none: these linger from the present. */
static void with_times_here_and_there(void **state)
{
    (void)state;
    crowd_init(&w);
    clock_reaches(&w, 0, 0);
    talk_port(&w.t, 1000);
    handshake(&w, 0, "untimed");
    goodbye(&w, 0, "untimed");
    clock_reaches(&w, 59 * SECOND, 0);
    assert_int_equal(w.count, 0);
    pass(&w, B, "F.", 1, 2, 0, 0, "untimed id 1");
    clock_reaches(&w, 60249, 0);
    assert_int_equal(w.count, 0);
    clock_reaches(&w, 60250, 0);
    assert_int_equal(w.count, 1);
    assert_int_equal(w.records[0].packets[B], 3);
    drained_and_finished(&w);
}

/* At the very ends of time nothing overflows, and nothing is lost. */
static void the_ends_of_time(void **state)
{
    (void)state;
    static const int64_t times[] = {INT64_MIN + 1, 0, INT64_MAX - 1, INT64_MAX};
    enum { TIMES = 4 };
    for (size_t way = 0; way < 256; way++) {
        crowd_init(&w);
        size_t rest = way;
        for (uint16_t i = 0; i < TIMES; i++, rest /= TIMES) {
            w.t.origin_ns = times[rest % TIMES];
            open_and_close(&w, (uint16_t)(1000 + i), 0, 0);
        }
        drain(&w);
        assert_int_equal(w.count, TIMES);
        drained_and_finished(&w);
    }
}

/* ---- in which order ------------------------------------------------------------------------- */

#define MANY 300

/* By the end of their linger, then by first frame, whatever came first into the wheel; within a
 * step of the clock, and in the end. */
static void by_end_then_by_first_frame(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        random_state = seed;
        crowd_init(&w);
        w.flows.secret = test_key(seed);
        for (uint16_t i = 0; i < MANY; i++) {
            talk_port(&w.t, (uint16_t)(1000 + i));
            handshake(&w, 0, "");
        }
        uint16_t order[MANY];
        for (uint16_t i = 0; i < MANY; i++) {
            uint32_t k = random_below(i + 1u);
            order[i] = order[k];
            order[k] = i;
        }
        /* Many equal times; 10 ms apart, so that some share a tick and some do not. */
        for (uint16_t i = 0; i < MANY; i++) {
            talk_port(&w.t, (uint16_t)(1000 + order[i]));
            goodbye(&w, 10 * (int64_t)random_below(100), "");
        }
        if (seed % 3 == 0)
            clock_reaches(&w, 1000 * SECOND, 0);
        for (int64_t ms = 60000; seed % 3 == 1 && ms < 62000; ms += 7)
            clock_reaches(&w, ms, 0);
        drain(&w);
        uint32_t ends = 0;
        for (uint32_t i = 0, before = UINT32_MAX; i < w.count; i++) {
            const struct final_record *r = &w.records[i];
            if (r->port == CLOCK_PORT)
                continue;
            if (before != UINT32_MAX) {
                const struct final_record *b = &w.records[before];
                assert_true(b->last_ns < r->last_ns ||
                            (b->last_ns == r->last_ns && b->first_frame < r->first_frame));
            }
            before = i;
            ends++;
        }
        assert_int_equal(ends, MANY);
        drained_and_finished(&w);
    }
}

/* One frame may carry the first segments of several connections: they keep their order. */
static void several_in_one_frame(void **state)
{
    (void)state;
    crowd_init(&w);
    for (uint16_t i = 0; i < 100; i++)
        open_and_close(&w, (uint16_t)(1000 + i), 0, 0);
    drain(&w); /* so that the places of their records are not in order */
    w.count = 0;
    for (uint16_t i = 0; i < 100; i++) {
        talk_port(&w.t, (uint16_t)(1000 + i));
        w.t.frame = 7 * (i / 10u);
        pass(&w, A, "S", 0, 0, 0, 0, "");
    }
    drain(&w);
    assert_int_equal(w.count, 100);
    for (uint16_t i = 0; i < 100; i++)
        assert_int_equal(w.records[i].port, 1000 + i);
    drained_and_finished(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_end_of_the_linger),
        cmocka_unit_test(in_small_steps),
        cmocka_unit_test(stragglers_are_waited_for),
        cmocka_unit_test(the_longest_lingers),
        cmocka_unit_test(the_open_stay),
        cmocka_unit_test(going_on_after_a_close),
        cmocka_unit_test(after_the_linger),
        cmocka_unit_test(the_clock_leaps),
        cmocka_unit_test(the_clock_runs_backwards),
        cmocka_unit_test(without_times),
        cmocka_unit_test(with_times_here_and_there),
        cmocka_unit_test(the_ends_of_time),
        cmocka_unit_test(by_end_then_by_first_frame),
        cmocka_unit_test(several_in_one_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
