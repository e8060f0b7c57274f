/*
 * What is remembered of octets that are sent in vain, of probes and of silences. All figures are
 * worked out by hand from the times of the segments.
 */
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/test_scene.h"

/* Milliseconds since the talk began; -1 for 0, which stands for none. */
static int64_t ms_of(const struct scene *s, int64_t ns)
{
    return ns ? (ns - s->t.origin_ns) / 1000000 : -1;
}

static void again_is(const struct scene *s, int side, uint32_t run, uint32_t grown, int64_t gap_ms,
                     int64_t last_ms)
{
    const struct side_detail *d = detail_of(s, side);
    assert_int_equal(d->again_run, run);
    assert_int_equal(d->again_grown, grown);
    assert_int_equal(seldom_of(d)->again_gap_ns, gap_ms * 1000000);
    assert_int_equal(ms_of(s, seldom_of(d)->again_ns), last_ms);
}

static void resends_are(const struct scene *s, int side, uint32_t count, uint32_t grown,
                        int64_t gap_ms, int64_t from_ms)
{
    const struct side_detail *d = detail_of(s, side);
    assert_int_equal(d->resends, count);
    assert_int_equal(seldom_of(d)->resends_grown, grown);
    assert_int_equal(seldom_of(d)->resend_gap_ns, gap_ms * 1000000);
    assert_int_equal(ms_of(s, seldom_of(d)->resend_from_ns), from_ms);
}

static void run_is(const struct scene *s, int side, frame_ref first, frame_ref last)
{
    assert_int_equal(run_of(detail_of(s, side))->first.frame, first);
    assert_int_equal(run_of(detail_of(s, side))->last.frame, last);
}

static void timer_is(const struct scene *s, int side, int64_t started_ms, int64_t sent_ms)
{
    assert_int_equal(ms_of(s, detail_of(s, side)->timer_ns), started_ms);
    assert_int_equal(ms_of(s, detail_of(s, side)->data_ns), sent_ms);
}

static void unanswered_is(const struct scene *s, int side, int64_t since_ms, int64_t idle_ms)
{
    assert_int_equal(ms_of(s, detail_of(s, side)->unanswered_ns), since_ms);
    if (since_ms >= 0)
        assert_int_equal(detail_of(s, side)->unanswered_idle_ns, idle_ms * 1000000);
}

static void kept_is(const struct scene *s, int side, enum kept_as as, frame_ref frame)
{
    assert_int_equal(kept_of(detail_of(s, side), as)->frame, frame);
}

/* ---- sent in vain --------------------------------------------------------------------------- */

/* An interval is clearly longer than the one before from beyond a quarter more on. */
static void intervals_that_grow(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 100, "id 1");
    resends_are(&s, A, 0, 0, 0, -1);
    timer_is(&s, A, 100, 100);
    unanswered_is(&s, A, 100, 90);
    static const struct {
        int64_t at_ms, gap_ms;
        uint32_t grown;
    } again[] = {{300, 200, 0},  {700, 400, 1},  {1200, 500, 1}, {1825, 625, 1},
                 {2607, 782, 2}, {2807, 200, 2}, {3057, 250, 2}, {3370, 313, 3}};
    for (uint32_t i = 0; i < sizeof again / sizeof *again; i++) {
        struct segment g = segment(&s.t, A, "P.", 1, 1, 100, again[i].at_ms, "");
        g.ip_id = (uint16_t)(2 + i);
        feed(&s, A, &g);
        again_is(&s, A, i + 1, again[i].grown, again[i].gap_ms, again[i].at_ms);
        resends_are(&s, A, i + 1, again[i].grown, again[i].gap_ms, 100);
        run_is(&s, A, 5, 5 + i);
        timer_is(&s, A, again[i].at_ms, again[i].at_ms);
        unanswered_is(&s, A, 100, 90);
        assert_false(detail_of(&s, A)->again_acked);
    }
    pass(&s, B, ".", 1, 101, 0, 3400, "");
    again_is(&s, A, 0, 3, 313, 3370);
    assert_int_equal(detail_of(&s, A)->resends, 0);
    unanswered_is(&s, A, -1, 0);
    timer_is(&s, A, 3400, 3370);
    assert_true(detail_of(&s, A)->una_advanced);
    assert_int_equal(detail_of(&s, A)->una_before.n, s.t.isn[A] + 1);
    /* Anew: the intervals of the first time count no more. */
    pass(&s, A, "P.", 101, 1, 100, 4000, "");
    pass(&s, A, "P.", 101, 1, 100, 6000, "id 50");
    again_is(&s, A, 1, 0, 2000, 6000);
    resends_are(&s, A, 1, 0, 2000, 4000);
    run_is(&s, A, 15, 15);
    connection_finish(&s.c);
}

/* What had been acknowledged is sent again: the acknowledgment did not arrive. */
static void again_though_acknowledged(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 100, "id 1");
    pass(&s, A, "P.", 101, 1, 100, 110, "id 2");
    pass(&s, B, ".", 1, 101, 0, 120, "");
    timer_is(&s, A, 120, 110);
    unanswered_is(&s, A, -1, 0);
    pass(&s, A, "P.", 1, 1, 100, 400, "id 3");
    assert_true(detail_of(&s, A)->again_acked);
    again_is(&s, A, 1, 0, 290, 400);
    assert_int_equal(detail_of(&s, A)->resends, 0);
    unanswered_is(&s, A, 400, 280);
    /* One octet of it had not been. */
    pass(&s, B, ".", 1, 150, 0, 410, "");
    assert_false(detail_of(&s, A)->again_acked);
    pass(&s, A, "P.", 51, 1, 100, 700, "id 4");
    assert_false(detail_of(&s, A)->again_acked);
    assert_int_equal(detail_of(&s, A)->resends, 1);
    connection_finish(&s.c);
}

/* So it is where the capture has not seen how they opened. */
static void again_inside_a_connection(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, A, "P.", 1, 1, 100, 100, "id 1");
    pass(&s, B, ".", 1, 101, 0, 110, "");
    pass(&s, A, "P.", 1, 1, 100, 400, "id 2");
    assert_int_equal(detail_of(&s, A)->again_run, 1);
    assert_true(detail_of(&s, A)->again_acked);
    pass(&s, A, "F.", 101, 1, 0, 500, "id 3");
    pass(&s, A, "F.", 101, 1, 0, 900, "id 4");
    assert_int_equal(detail_of(&s, A)->again_run, 2);
    connection_finish(&s.c);
}

/* How long it was before it came again: from its own first transmission where that is kept, else
 * from the last octets. */
static void since_when(void **state)
{
    (void)state;
    static const struct {
        uint32_t seq, payload_len;
        int64_t from_ms;
        frame_ref kept; /* as what was sent first */
    } cases[] = {
        {1, 100, 100, 4},           {100, 101, 100, 4},
        {50, 10, 100, 4},           {101, 100, 110, FRAME_NONE},
        {150, 50, 110, FRAME_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 100, 100, "id 1");
        kept_is(&s, A, KEPT_SENT, 4);
        pass(&s, A, "P.", 101, 1, 100, 110, "id 2");
        kept_is(&s, A, KEPT_SENT, 4);
        pass(&s, A, "P.", cases[i].seq, 1, cases[i].payload_len, 400, "id 3");
        resends_are(&s, A, 1, 0, 400 - cases[i].from_ms, cases[i].from_ms);
        kept_is(&s, A, KEPT_SENT, cases[i].kept);
        run_is(&s, A, 6, 6);
        connection_finish(&s.c);
    }
}

/* Beyond what had passed, below what is acknowledged, in a hole, or without payload: none of it is
 * a resend. */
static void what_is_no_resend(void **state)
{
    (void)state;
    static const struct {
        const char *flags;
        uint32_t seq, payload_len, resends;
    } cases[] = {
        {"P.", 51, 50, 0},   {"P.", 51, 51, 1},   {"P.", 151, 50, 1}, {"P.", 151, 51, 0},
        {"P.", 401, 100, 1}, {"P.", 401, 101, 0}, {"P.", 201, 50, 0}, {"P.", 191, 11, 0},
        {"P.", 191, 10, 1},  {".", 151, 0, 0},    {"R.", 151, 50, 0}, {"F.", 151, 50, 1},
        {"P.", 300, 101, 0}, {"P.", 301, 100, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 200, 100, "id 1");
        pass(&s, A, "P.", 301, 1, 200, 110, "id 2"); /* 100 octets missing before it */
        pass(&s, B, ".", 1, 101, 0, 120, "");
        pass(&s, A, cases[i].flags, cases[i].seq, 1, cases[i].payload_len, 400, "id 3");
        assert_int_equal(detail_of(&s, A)->resends, cases[i].resends);
        connection_finish(&s.c);
    }
}

/* The counters stay where they cannot go on. */
static void counters_have_an_end(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 100, "");
    struct segment g = segment(&s.t, A, "P.", 1, 1, 100, 1000, "");
    for (uint32_t i = 1; i <= UINT16_MAX + 2u; i++) {
        g.time_ns += 200000000;
        g.frame++;
        feed(&s, A, &g);
        assert_int_equal(detail_of(&s, A)->resends, i < UINT16_MAX ? i : UINT16_MAX);
        assert_int_equal(detail_of(&s, A)->again_run, i < UINT16_MAX ? i : UINT16_MAX);
    }
    connection_finish(&s.c);
}

static void untimed_is_no_interval(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 100, "id 1");
    pass(&s, A, "P.", 1, 1, 100, 0, "id 2 untimed");
    resends_are(&s, A, 1, 0, 0, 100);
    again_is(&s, A, 0, 0, 0, -1);
    timer_is(&s, A, 100, 100);
    pass(&s, A, "P.", 1, 1, 100, 500, "id 3");
    assert_int_equal(detail_of(&s, A)->resends, 2);
    assert_int_equal(seldom_in(&s, A)->resend_gap_ns, 0);
    again_is(&s, A, 1, 0, 400, 500);
    connection_finish(&s.c);
}

/* ---- probes --------------------------------------------------------------------------------- */

static void probes_are(const struct scene *s, uint32_t run, int64_t gap_ms, int64_t last_ms)
{
    const struct side_detail *d = detail_of(s, A);
    assert_int_equal(d->probe_run, run);
    assert_int_equal(seldom_of(d)->probe_gap_ns, gap_ms * 1000000);
    assert_int_equal(ms_of(s, seldom_of(d)->probe_ns), last_ms);
}

static void probes_in_a_row(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 100, "");
    pass(&s, B, ".", 1, 101, 0, 110, "");
    probes_are(&s, 0, 0, -1);
    pass(&s, A, ".", 100, 1, 0, 1000, "id 1");
    probes_are(&s, 1, 0, 1000);
    run_is(&s, A, 6, 6);
    unanswered_is(&s, A, 1000, 890);
    timer_is(&s, A, 110, 100); /* a probe starts no timer */
    again_is(&s, A, 0, 0, 0, -1);
    pass(&s, A, ".", 100, 1, 1, 3000, "id 2");
    probes_are(&s, 2, 2000, 3000);
    run_is(&s, A, 6, 7);
    unanswered_is(&s, A, 1000, 890);
    pass(&s, A, ".", 100, 1, 0, 0, "id 3 untimed");
    assert_int_equal(detail_of(&s, A)->probe_run, 3);
    assert_true(seldom_in(&s, A)->probe_ns == TIME_UNKNOWN);
    pass(&s, A, ".", 100, 1, 0, 9000, "id 4");
    assert_int_equal(seldom_in(&s, A)->probe_gap_ns, 2000 * INT64_C(1000000));
    pass(&s, B, ".", 1, 101, 0, 9010, "");
    assert_int_equal(detail_of(&s, A)->probe_run, 0);
    unanswered_is(&s, A, -1, 0);
    pass(&s, A, ".", 100, 1, 0, 20000, "id 5");
    assert_int_equal(detail_of(&s, A)->probe_run, 1);
    assert_int_equal(detail_of(&s, A)->resends, 0);
    run_is(&s, A, 11, 11);
    connection_finish(&s.c);
}

/* A probe has the number before the next, nothing is outstanding, and it carries no flag. */
static void what_is_no_probe(void **state)
{
    (void)state;
    static const struct {
        const char *flags;
        uint32_t seq, payload_len, probes;
    } cases[] = {{".", 100, 0, 1},  {".", 100, 1, 1},  {".", 101, 0, 0}, {".", 99, 0, 0},
                 {"F.", 100, 0, 0}, {"R.", 100, 0, 0}, {".", 99, 1, 0},  {".", 100, 2, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int acked = 0; acked < 2; acked++) {
            struct scene s;
            opened(&s);
            pass(&s, A, "P.", 1, 1, 100, 100, "");
            if (acked)
                pass(&s, B, ".", 1, 101, 0, 110, "");
            pass(&s, A, cases[i].flags, cases[i].seq, 1, cases[i].payload_len, 1000, "id 1");
            assert_int_equal(detail_of(&s, A)->probe_run, acked ? cases[i].probes : 0);
            connection_finish(&s.c);
        }
    }
}

/* ---- silences, and what is kept ------------------------------------------------------------- */

static void silences(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    const struct side_detail *a = detail_of(&s, A), *b = detail_of(&s, B);
    kept_is(&s, A, KEPT_LAST, 3);
    kept_is(&s, A, KEPT_DATA, FRAME_NONE);
    pass(&s, A, "P.", 1, 1, 100, 100, "");
    assert_int_equal(a->last_idle_ns, 90000000);
    assert_int_equal(a->data_idle_ns, 90000000);
    kept_is(&s, A, KEPT_LAST, 4);
    kept_is(&s, A, KEPT_DATA, 4);
    kept_is(&s, A, KEPT_SENT, 4);
    pass(&s, A, "P.", 101, 1, 100, 105, "");
    assert_int_equal(a->last_idle_ns, 5000000);
    assert_int_equal(a->data_idle_ns, 90000000); /* the run's */
    kept_is(&s, A, KEPT_DATA, 5);
    kept_is(&s, A, KEPT_SENT, 4); /* the oldest that is outstanding */
    pass(&s, B, ".", 1, 101, 0, 120, "");
    assert_int_equal(b->last_idle_ns, 15000000);
    kept_is(&s, B, KEPT_LAST, 6);
    kept_is(&s, B, KEPT_DATA, FRAME_NONE);
    pass(&s, A, ".", 201, 1, 0, 130, "win 7");
    kept_is(&s, A, KEPT_LAST, 7);
    kept_is(&s, A, KEPT_DATA, 5);
    pass(&s, A, "P.", 201, 1, 100, 150, ""); /* B spoke: another run */
    assert_int_equal(a->last_idle_ns, 20000000);
    assert_int_equal(a->data_idle_ns, 20000000);
    pass(&s, B, ".", 1, 201, 0, 150, "");
    pass(&s, A, "P.", 301, 1, 100, 170, ""); /* at the same instant nobody answered */
    assert_int_equal(a->data_idle_ns, 20000000);
    kept_is(&s, A, KEPT_DATA, 10);
    kept_is(&s, A, KEPT_SENT, 8); /* the first is acknowledged: the next stands in for it */
    pass(&s, A, "F.", 401, 1, 0, 250, "");
    kept_is(&s, A, KEPT_LAST, 10); /* from now on it stays */
    assert_int_equal(a->last_idle_ns, 20000000);
    pass(&s, B, "P.", 1, 402, 10, 300, "");
    kept_is(&s, B, KEPT_LAST, 9);
    kept_is(&s, B, KEPT_DATA, FRAME_NONE);
    kept_is(&s, B, KEPT_SENT, 12);
    connection_finish(&s.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_that_grow),       cmocka_unit_test(again_though_acknowledged),
        cmocka_unit_test(again_inside_a_connection), cmocka_unit_test(since_when),
        cmocka_unit_test(what_is_no_resend),         cmocka_unit_test(counters_have_an_end),
        cmocka_unit_test(untimed_is_no_interval),    cmocka_unit_test(probes_in_a_row),
        cmocka_unit_test(what_is_no_probe),          cmocka_unit_test(silences),
    };
    return cmocka_run_group_tests_name("vain", tests, NULL, NULL);
}
