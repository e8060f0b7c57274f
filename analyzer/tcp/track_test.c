#include "analyzer/tcp/test_scene.h"

#include <stdio.h>

/* ---- opening -------------------------------------------------------------------------------- */

static void handshake(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    for (int side = 0; side < 2; side++) {
        const struct side *own = &s.c.side[side];
        assert_true(own->marks & SIDE_SYN && own->marks & SIDE_ISN);
        assert_int_equal(own->isn.n, s.t.isn[side]);
        next_is(&s, side, 1);
        una_is(&s, side, 1);
        counts_are(&s, side, 0, 0, 0);
    }
    assert_false(s.c.side[A].marks & SIDE_SYN_ACK);
    assert_true(s.c.side[B].marks & SIDE_SYN_ACK);
    assert_true(s.c.marks & CONN_ESTABLISHED);
    assert_int_equal(s.c.completeness, COMPLETE_SYN | COMPLETE_SYN_ACK | COMPLETE_ACK);
    assert_int_equal(s.c.side[A].packets, 2);
    assert_int_equal(s.c.side[B].packets, 1);
    connection_finish(&s.c);
}

static void options_of_the_syn(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, A, "S", 0, 0, 0, 0, "mss 1460 ws 7 sackok fastopen ts 5 win 64240 ttl 63");
    assert_null(s.c.detail); /* a lone SYN costs nothing more */
    assert_int_equal(s.c.syn_mss, 1460);
    pass(&s, B, "S.", 0, 1, 0, 6, "mss 1400 ws 14");
    assert_int_equal(s.c.side[A].marks, SIDE_SEEN | SIDE_ACKED | SIDE_ISN | SIDE_SYN | SIDE_RTT |
                                            SIDE_SCALE | SIDE_SACK_OK | SIDE_TIMESTAMPS |
                                            SIDE_FAST_OPEN);
    assert_int_equal(s.c.side[A].window_scale, 7);
    assert_int_equal(s.c.side[B].window_scale, 14);
    assert_false(s.c.side[B].marks & (SIDE_SACK_OK | SIDE_TIMESTAMPS | SIDE_FAST_OPEN));
    assert_int_equal(detail_of(&s, A)->mss, 1460);
    assert_int_equal(detail_of(&s, B)->mss, 1400);
    /* Sent again with other options: the first one's hold. */
    pass(&s, B, "S.", 0, 1, 0, 1006, "mss 1400 ws 3 id 9");
    assert_int_equal(s.c.side[B].window_scale, 14);
    counts_are(&s, B, 1, 0, 0);
    connection_finish(&s.c);
}

static void syn_with_data(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, A, "S", 0, 0, 300, 0, "fastopen");
    next_is(&s, A, 301);
    pass(&s, B, "S.", 0, 1, 0, 6, ""); /* only the SYN taken */
    pass(&s, A, ".", 1, 1, 300, 7, "");
    next_is(&s, A, 301);
    counts_are(&s, A, 1, 300, 0);
    connection_finish(&s.c);
}

static void an_answer_before_its_syn(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, B, "S.", 0, 1, 0, 0, "");
    assert_true(s.c.side[A].marks & SIDE_ISN);
    assert_int_equal(s.c.side[A].isn.n, s.t.isn[A]);
    next_is(&s, A, 1);
    pass(&s, A, "S", 0, 0, 0, 1, "");
    next_is(&s, A, 1);
    pass(&s, A, ".", 1, 1, 0, 2, "");
    assert_true(s.c.marks & CONN_ESTABLISHED);
    counts_are(&s, A, 0, 0, 0);
    connection_finish(&s.c);
}

/* Where the tap missed one of the SYNs, what follows tells that both were exchanged. */
static void open_though_a_syn_was_missed(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, A, "S", 0, 0, 0, 0, "");
    pass(&s, A, "S", 0, 0, 0, 1000, "id 1");
    pass(&s, B, ".", 900, 800, 0, 1001, ""); /* an old end's challenge ACK opens nothing */
    assert_false(s.c.marks & CONN_ESTABLISHED);
    pass(&s, A, ".", 1, 1, 0, 1010, "");
    assert_true(s.c.marks & CONN_ESTABLISHED);
    connection_finish(&s.c);

    scene_init(&s);
    pass(&s, B, "S.", 0, 1, 0, 0, "");
    pass(&s, A, "R", 1, 0, 0, 1, "");
    assert_false(s.c.marks & CONN_ESTABLISHED);
    pass(&s, A, ".", 1, 1, 0, 1, "");
    assert_true(s.c.marks & CONN_ESTABLISHED);
    connection_finish(&s.c);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void new_octets(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 500, 20, "");
    pass(&s, A, "P.", 501, 1, 500, 21, "");
    pass(&s, B, ".", 1, 501, 0, 22, "");
    next_is(&s, A, 1001);
    una_is(&s, A, 501);
    pass(&s, B, ".", 1, 1001, 0, 23, "");
    pass(&s, B, ".", 1, 501, 0, 24, ""); /* an old one that was overtaken */
    una_is(&s, A, 1001);
    assert_true(s.c.side[A].payload_bytes == 1000);
    assert_true(s.c.side[A].ip_bytes == 4 * 40 + 1000);
    assert_true(s.c.side[A].marks & SIDE_DATA);
    assert_false(s.c.side[B].marks & SIDE_DATA);
    counts_are(&s, A, 0, 0, 0);
    connection_finish(&s.c);
}

static void octets_again(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 500, 20, "id 1");
    pass(&s, A, "P.", 1, 1, 500, 220, "id 2");
    counts_are(&s, A, 1, 500, 0);
    pass(&s, A, "P.", 301, 1, 400, 240, "id 3"); /* half of it new */
    counts_are(&s, A, 2, 700, 0);
    next_is(&s, A, 701);
    pass(&s, A, "P.", 600, 1, 50, 260, "id 4");
    counts_are(&s, A, 3, 750, 0);
    next_is(&s, A, 701);
    assert_true(s.c.side[A].payload_bytes == 1450);
    connection_finish(&s.c);
}

static void a_hole_and_what_fills_it(void **state)
{
    (void)state;
    static const struct {
        uint32_t after_us, again, late;
    } cases[] = {{0, 0, 1}, {3000, 0, 1}, {3001, 1, 0}, {200000, 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        char options[32];
        opened(&s);
        pass(&s, A, "P.", 1, 1, 100, 20, "");
        pass(&s, A, "P.", 301, 1, 100, 20, "");
        next_is(&s, A, 401);
        assert_int_equal(seldom_in(&s, A)->holes->count, 1);
        (void)snprintf(options, sizeof options, "us %u", cases[i].after_us);
        pass(&s, A, "P.", 101, 1, 200, 20, options);
        counts_are(&s, A, cases[i].again, 0, cases[i].late);
        assert_true(ranges_empty(seldom_in(&s, A)->holes));
        next_is(&s, A, 401);
        connection_finish(&s.c);
    }
}

static void acknowledged_but_never_seen(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 500, 20, "");
    pass(&s, B, ".", 1, 701, 0, 30, "");
    next_is(&s, A, 701);
    una_is(&s, A, 701);
    assert_true(missing_of(&s, A) == 200);
    /* Late after all, and with it what is new: nothing was sent twice. */
    pass(&s, A, "P.", 501, 1, 300, 31, "");
    next_is(&s, A, 801);
    assert_true(missing_of(&s, A) == 0);
    counts_are(&s, A, 0, 0, 1);
    connection_finish(&s.c);
}

/* Capture losses stay known however far the numbers run on: here over three times the space. */
static void losses_long_ago(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 101, 1, 100, 20, ""); /* 100 octets lost before it */
    uint32_t at = 201;
    const uint32_t step = UINT32_C(1) << 28;
    for (int i = 0; i < 48; i++) {
        pass(&s, A, "P.", at, 1, step, 30 + i, "");
        at += step;
        pass(&s, B, ".", 1, at, 0, 30 + i, "");
        assert_true(missing_of(&s, A) == 100);
    }
    next_is(&s, A, at);
    counts_are(&s, A, 0, 0, 0);
    connection_finish(&s.c);
}

static void probes(void **state)
{
    (void)state;
    static const struct {
        uint32_t length;
        const char *window; /* the peer's */
        bool acked;
        uint32_t keepalives, window_probes, again;
        uint64_t again_bytes;
    } cases[] = {
        {0, "", true, 1, 0, 0, 0},      {1, "", true, 1, 0, 0, 1},  {0, "win 0", true, 0, 1, 0, 0},
        {1, "win 0", true, 0, 1, 0, 1}, {1, "", false, 0, 0, 1, 1}, {0, "", false, 0, 0, 0, 0},
        {2, "", true, 0, 0, 0, 0}, /* the second octet is new */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 500, 20, "");
        if (cases[i].acked)
            pass(&s, B, ".", 1, 501, 0, 30, cases[i].window);
        pass(&s, A, ".", 500, 1, cases[i].length, 10000, "");
        assert_int_equal(seldom_in(&s, A)->keepalives, cases[i].keepalives);
        assert_int_equal(seldom_in(&s, A)->zero_window_probes, cases[i].window_probes);
        if (cases[i].length < 2)
            counts_are(&s, A, cases[i].again, cases[i].again_bytes, 0);
        else
            counts_are(&s, A, 1, 1, 0);
        connection_finish(&s.c);
    }
}

/* Its number may be anything, its window says nothing, and its TTL may be another's. */
static void a_reset_moves_nothing(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 500, 20, "win 900 ttl 60");
    pass(&s, A, "R", 5000, 0, 0, 30, "win 0 ttl 255");
    pass(&s, A, "R.", 501, 400, 0, 31, "win 0 ttl 255 id 1");
    next_is(&s, A, 501);
    next_is(&s, B, 1);
    una_is(&s, B, 1);
    assert_int_equal(s.c.side[A].window, 900);
    assert_int_equal(s.c.side[A].ttl, 60);
    assert_int_equal(detail_of(&s, A)->rsts, 2);
    assert_true(s.c.marks & CONN_CLOSED);
    connection_finish(&s.c);
}

/* A reset may be forged: it tells its sender's TTL only where nothing else does. */
static void a_side_of_resets_only(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, A, "S", 0, 0, 0, 0, "");
    pass(&s, B, "R.", 0, 1, 0, 6, "ttl 61");
    assert_int_equal(s.c.side[B].ttl, 61);
    pass(&s, B, "R.", 0, 1, 0, 7, "ttl 200 id 1");
    assert_int_equal(s.c.side[B].ttl, 61);
    connection_finish(&s.c);
}

/* What is sent in vain is counted once the connection is open: a SYN has a timer of its own. */
static void a_syn_with_data_again_is_no_resend(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, A, "S", 0, 0, 300, 0, "fastopen");
    pass(&s, A, "S", 0, 0, 300, 1000, "fastopen id 9");
    pass(&s, A, "S", 0, 0, 300, 3000, "fastopen id 10");
    assert_int_equal(detail_of(&s, A)->resends, 0);
    connection_finish(&s.c);
}

static void numbers_of_another_space(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    const uint32_t far = (UINT32_C(1) << 30) + 2;
    pass(&s, A, "P.", far, 1, 100, 20, "");
    next_is(&s, A, 1);
    pass(&s, B, ".", 1, far, 0, 21, "");
    una_is(&s, A, 1);
    next_is(&s, A, 1);
    pass(&s, A, "P.", 1, 1, 100, 22, "");
    next_is(&s, A, 101);

    struct segment g = segment(&s.t, A, "P.", 101 + far, 1 + far, 1, 23, "");
    assert_false(numbers_fit(&s.c, A, &g));
    g = segment(&s.t, A, "P.", 101 + far, 1, 1, 23, "");
    assert_true(numbers_fit(&s.c, A, &g));
    g = segment(&s.t, A, "P.", 101 + far - 2, 1 + far, 1, 23, "");
    assert_true(numbers_fit(&s.c, A, &g));
    g = segment(&s.t, A, "S", 101 + far - 1, 0, 0, 23, "");
    assert_false(numbers_fit(&s.c, A, &g));
    connection_finish(&s.c);
}

/* ---- round trips ---------------------------------------------------------------------------- */

static void rtt_is(const struct scene *s, int side, uint32_t expected_us)
{
    assert_true(s->c.side[side].marks & SIDE_RTT);
    assert_int_equal(s->c.side[side].min_rtt_us, expected_us);
}

static void round_trips(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    rtt_is(&s, A, 6000); /* SYN to SYN-ACK */
    rtt_is(&s, B, 4000); /* SYN-ACK to ACK */
    pass(&s, A, "P.", 1, 1, 100, 20, "");
    pass(&s, A, "P.", 101, 1, 100, 21, "");
    pass(&s, B, ".", 1, 50, 0, 22, ""); /* not yet all of the first */
    rtt_is(&s, A, 6000);
    pass(&s, B, ".", 1, 201, 0, 25, "");
    rtt_is(&s, A, 5000); /* the first one's */
    pass(&s, A, "P.", 201, 1, 100, 30, "");
    pass(&s, B, ".", 1, 301, 0, 50, "");
    rtt_is(&s, A, 5000); /* the least */
    connection_finish(&s.c);
}

/* Karn: an acknowledgment of what was sent twice measures nothing. */
static void no_round_trip_of_what_was_sent_twice(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 20, "id 1");
    pass(&s, A, "P.", 1, 1, 100, 220, "id 2");
    pass(&s, B, ".", 1, 101, 0, 221, "");
    rtt_is(&s, A, 6000);
    assert_false(s.c.side[A].marks & SIDE_SAMPLING);
    pass(&s, A, "P.", 101, 1, 100, 300, "");
    pass(&s, B, ".", 1, 201, 0, 302, "");
    rtt_is(&s, A, 2000);
    connection_finish(&s.c);
}

static void no_round_trip_backwards(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 20, "");
    pass(&s, B, ".", 1, 101, 0, 15, "");
    rtt_is(&s, A, 6000);
    assert_false(s.c.marks & CONN_CLOCK_BACKWARDS); /* each side's own went on */
    pass(&s, B, ".", 1, 101, 0, 14, "win 7");
    assert_true(s.c.marks & CONN_CLOCK_BACKWARDS);
    assert_true(s.c.side[B].last_ns == s.t.origin_ns + 15000000);
    connection_finish(&s.c);

    scene_init(&s);
    pass(&s, A, "S", 0, 0, 0, 20, "");
    pass(&s, B, "S.", 0, 1, 0, 19, "");
    assert_false(s.c.side[A].marks & SIDE_RTT);
    connection_finish(&s.c);
}

/* ---- closing, and the log ------------------------------------------------------------------- */

static void both_sides_close(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "FP.", 1, 1, 254, 20, ""); /* the FIN is octet 255: its end is the wrap */
    assert_int_equal(detail_of(&s, A)->fin_seq.n, UINT32_MAX);
    next_is(&s, A, 256);
    pass(&s, B, ".", 1, 255, 0, 21, "");
    assert_false(s.c.side[A].marks & SIDE_FIN_ACKED);
    pass(&s, B, ".", 1, 256, 0, 22, "");
    assert_true(s.c.side[A].marks & SIDE_FIN_ACKED);
    pass(&s, B, "F.", 1, 256, 0, 23, "");
    assert_false(s.c.marks & CONN_CLOSED);
    pass(&s, B, "F.", 1, 256, 0, 223, "id 1");
    assert_int_equal(detail_of(&s, B)->fins, 2);
    assert_int_equal(detail_of(&s, B)->fin_seq.n - s.t.isn[B], 1);
    pass(&s, A, ".", 256, 2, 0, 224, "");
    assert_true(s.c.marks & CONN_CLOSED);
    assert_int_equal(s.c.completeness, 31);
    connection_finish(&s.c);
}

static const struct log_entry *entry(const struct scene *s, uint16_t i)
{
    assert_non_null(s->c.detail);
    assert_in_range(i, 0, s->c.detail->log_count - 1);
    return log_at(s->c.detail, i);
}

static void what_is_logged(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, A, "S", 0, 0, 0, 0, "mss 1460 ts 5 win 64240 ttl 63");
    pass(&s, B, "S.", 0, 1, 0, 6, "ts 8 ecr 5 win 65000 ttl 50 id 3");
    pass(&s, A, ".", 1, 1, 0, 10, "");
    pass(&s, B, ".", 1, 1, 0, 11, "win 9"); /* the first other one of its side */
    pass(&s, A, "P.", 1, 1, 100, 20, "");   /* not logged, nor what follows */
    pass(&s, B, ".", 1, 101, 0, 21, "dsack 1-101");
    pass(&s, A, "F.", 101, 1, 0, 30, "");
    pass(&s, B, ".", 1, 102, 0, 40, "dsack 1-101");
    pass(&s, A, "F.", 101, 1, 0, 240, "id 2");
    assert_int_equal(s.c.detail->log_count, 7);

    /* The SYN was not kept when it passed, but has all that a log says. */
    const struct log_entry *syn = entry(&s, 0);
    assert_true(syn->time_ns == s.t.origin_ns);
    assert_true(syn->frame == 1);
    assert_int_equal(syn->seq.n, s.t.isn[A]);
    assert_int_equal(syn->flags, TCP_SYN);
    assert_int_equal(syn->side, A);
    assert_int_equal(syn->window, 64240);
    assert_int_equal(syn->ttl, 63);
    assert_int_equal(syn->ts_val, 5);
    assert_int_equal(syn->marks, LOG_TIMESTAMPS);

    const struct log_entry *syn_ack = entry(&s, 1);
    assert_true(syn_ack->time_ns == s.t.origin_ns + 6000000);
    assert_true(syn_ack->frame == 2);
    assert_int_equal(syn_ack->ack.n, s.t.isn[A] + 1);
    assert_int_equal(syn_ack->flags, TCP_SYN | TCP_ACK);
    assert_int_equal(syn_ack->side, B);
    assert_int_equal(syn_ack->ts_ecr, 5);
    assert_int_equal(syn_ack->ip_id, 3);

    static const uint64_t frames[] = {1, 2, 3, 4, 7, 8, 9};
    static const uint8_t again[] = {0, 0, 0, LOG_AGAIN, 0, 0, LOG_AGAIN};
    static const uint8_t twice[] = {0, 0, 0, 0, 0, LOG_DSACK, 0};
    for (uint16_t i = 0; i < 7; i++) {
        assert_true(entry(&s, i)->frame == frames[i]);
        assert_int_equal(entry(&s, i)->marks & LOG_AGAIN, again[i]);
        assert_int_equal(entry(&s, i)->marks & LOG_DSACK, twice[i]);
    }
    connection_finish(&s.c);
}

/* The first entries stay and so do the last, in order of passage; of what gives way the control
 * segments go last. */
static void the_log_has_an_end(void **state)
{
    (void)state;
    for (uint32_t total = LOG_MAX - 1; total < LOG_MAX + 3 * LOG_TAIL; total++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "F.", 1, 1, 0, 300, "");
        for (uint32_t i = 4; i < total; i++)
            pass(&s, B, i == LOG_FIRST + 2 ? "F." : ".", 1 + i, 2, 1, 300 + (int64_t)i, "");
        const struct detail *d = s.c.detail;
        assert_int_equal(d->log_total, total);
        assert_int_equal(d->log_count, total < LOG_MAX ? total : LOG_MAX);
        for (uint16_t i = 0; i < LOG_FIRST; i++)
            assert_true(entry(&s, i)->frame == i + 1u);
        uint32_t fins = 0;
        for (uint16_t i = LOG_FIRST; i < d->log_count; i++) {
            fins += entry(&s, i)->flags & TCP_FIN ? 1 : 0;
            assert_true(entry(&s, i)->frame > entry(&s, (uint16_t)(i - 1))->frame);
        }
        assert_int_equal(fins, 1);
        assert_true(entry(&s, (uint16_t)(d->log_count - 1))->frame == total);
        connection_finish(&s.c);
    }
}

static void extra_bytes(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, A, "S", 0, 0, 0, 0, "");
    assert_int_equal(connection_extra_bytes(&s.c), 0);
    pass(&s, B, "S.", 0, 1, 0, 6, "");
    size_t before = connection_extra_bytes(&s.c);
    assert_true(before >= sizeof(struct detail));
    pass(&s, A, "P.", 101, 1, 100, 20, "");
    assert_true(connection_extra_bytes(&s.c) > before);
    connection_finish(&s.c);
    assert_null(s.c.detail);
    connection_finish(&s.c);
}

/* ---- times ---------------------------------------------------------------------------------- */

/* No time, or one at the ends of what 64 bits hold: the numbers are tracked all the same. */
static void strange_times(void **state)
{
    (void)state;
    static const int64_t times[] = {TIME_UNKNOWN, INT64_MIN + 1, -1, 0, INT64_MAX};
    enum { TIMES = sizeof times / sizeof *times, SEGMENTS = 8, WAYS = 5 * 5 * 5 * 5 };
    for (size_t way = 0; way < WAYS; way++) {
        struct scene s;
        scene_init(&s);
        struct segment talk[SEGMENTS] = {
            segment(&s.t, A, "S", 0, 0, 0, 0, ""),
            segment(&s.t, B, "S.", 0, 1, 0, 0, ""),
            segment(&s.t, A, "P.", 101, 1, 100, 0, ""),
            segment(&s.t, A, "P.", 1, 1, 100, 0, "tap 1"),
            segment(&s.t, B, ".", 1, 201, 0, 0, ""),
            segment(&s.t, A, "F.", 201, 1, 0, 0, ""),
            segment(&s.t, A, "F.", 201, 1, 0, 0, "id 1"),
            segment(&s.t, B, ".", 1, 202, 0, 0, "tap 1"),
        };
        static const int side[SEGMENTS] = {A, B, A, A, B, A, A, B};
        size_t rest = way;
        for (size_t i = 0; i < SEGMENTS; i++) {
            talk[i].time_ns = times[rest % TIMES];
            rest = i % 4 == 3 ? way : rest / TIMES;
            feed(&s, side[i], &talk[i]);
        }
        next_is(&s, A, 202);
        una_is(&s, A, 202);
        next_is(&s, B, 1);
        connection_finish(&s.c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake),
        cmocka_unit_test(options_of_the_syn),
        cmocka_unit_test(syn_with_data),
        cmocka_unit_test(an_answer_before_its_syn),
        cmocka_unit_test(open_though_a_syn_was_missed),
        cmocka_unit_test(new_octets),
        cmocka_unit_test(octets_again),
        cmocka_unit_test(a_hole_and_what_fills_it),
        cmocka_unit_test(acknowledged_but_never_seen),
        cmocka_unit_test(losses_long_ago),
        cmocka_unit_test(probes),
        cmocka_unit_test(a_reset_moves_nothing),
        cmocka_unit_test(a_side_of_resets_only),
        cmocka_unit_test(a_syn_with_data_again_is_no_resend),
        cmocka_unit_test(numbers_of_another_space),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(no_round_trip_of_what_was_sent_twice),
        cmocka_unit_test(no_round_trip_backwards),
        cmocka_unit_test(both_sides_close),
        cmocka_unit_test(what_is_logged),
        cmocka_unit_test(the_log_has_an_end),
        cmocka_unit_test(extra_bytes),
        cmocka_unit_test(strange_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
