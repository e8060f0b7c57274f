/*
 * Padding that its sender's numbers show to have been none of its octets (padding.h), and what of a
 * segment goes into the log (log.h). Numbers by hand.
 */
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/test_scene.h"

/* ---- padding -------------------------------------------------------------------------------- */

static void payload_is(const struct scene *s, uint64_t octets, uint32_t next)
{
    assert_int_equal(s->c.side[A].payload_bytes, octets);
    assert_int_equal(!!(s->c.side[A].marks & SIDE_DATA), octets != 0);
    next_is(s, A, next);
}

/* Six octets that look like padding, and what A sends then. */
static void what_shows_padding(void **state)
{
    (void)state;
    static const struct {
        const char *flags;
        uint32_t seq, ack, payload_len;
        const char *options;
        bool shows;
        uint64_t octets;
        uint32_t next;
    } cases[] = {
        {"P.", 1, 1, 100, "", true, 100, 101},  /* its number is as if they had not been there */
        {"P.", 7, 1, 100, "", false, 106, 107}, /* it is behind them */
        {"P.", 2, 1, 100, "", false, 106, 102},
        {".", 1, 1, 0, "win 7", false, 6, 7},       /* the same once more, without them */
        {".", 1, 2, 0, "", true, 0, 1},             /* it acknowledges more */
        {".", 1, 1, 6, "zeros id 9", false, 12, 7}, /* the same once more */
        {".", 1, 2, 6, "zeros", true, 0, 1},
        {".", 1, 2, 6, "", true, 6, 7}, /* octets, this time */
        {"F.", 1, 1, 0, "", false, 6, 7},
        {"F.", 1, 2, 0, "", true, 0, 2},
        {"R.", 1, 2, 0, "", false, 6, 7},
        {"P", 1, 0, 100, "", false, 106, 101},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, ".", 1, 1, 6, 100, "zeros");
        payload_is(&s, 6, 7);
        assert_int_equal(seldom_in(&s, A)->maybe_padding.octets, 6);
        pass(&s, A, cases[i].flags, cases[i].seq, cases[i].ack, cases[i].payload_len, 120,
             cases[i].options);
        assert_int_equal(seldom_in(&s, A)->pads, cases[i].shows);
        payload_is(&s, cases[i].octets, cases[i].next);
        if (cases[i].shows)
            counts_are(&s, A, 0, 0, 0);
        connection_finish(&s.c);
    }
}

/* What the peer has acknowledged is no padding. */
static void acknowledged_padding(void **state)
{
    (void)state;
    for (uint32_t ack = 1; ack < 4; ack++) {
        struct scene s;
        opened(&s);
        pass(&s, A, ".", 1, 1, 6, 100, "zeros");
        pass(&s, B, ".", 1, ack, 0, 110, "win 7");
        pass(&s, A, "P.", 1, 1, 100, 120, "");
        assert_int_equal(seldom_in(&s, A)->pads, ack == 1);
        connection_finish(&s.c);
    }
}

/* What is remembered as perhaps padding. */
static void what_may_be_padding(void **state)
{
    (void)state;
    static const struct {
        const char *flags;
        uint32_t seq, payload_len;
        const char *options;
        uint8_t octets;
    } cases[] = {
        {".", 1, 6, "zeros", 6},      {".", 1, 255, "zeros", 255}, {".", 1, 256, "zeros", 0},
        {".", 1, 6, "", 0},           {".", 1, 0, "zeros", 0},     {"R.", 1, 6, "zeros", 0},
        {"P", 1, 6, "zeros", 0},      {".", 2, 6, "zeros", 6},     {"F.", 1, 6, "zeros", 6},
        {"F.", 1, 255, "zeros", 255},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int shut = 0; shut < 2; shut++) {
            struct scene s;
            opened(&s);
            pass(&s, B, ".", 1, 1, 0, 50, shut ? "win 0" : "win 1");
            pass(&s, A, cases[i].flags, cases[i].seq, 1, cases[i].payload_len, 100,
                 cases[i].options);
            const struct maybe_padding *may = &seldom_in(&s, A)->maybe_padding;
            assert_int_equal(may->octets, shut ? 0 : cases[i].octets);
            if (may->octets) {
                bool fin = *cases[i].flags == 'F';
                assert_int_equal(may->next.n - s.t.isn[A], cases[i].seq + fin);
                assert_int_equal(may->ack.n - s.t.isn[B], 1);
                assert_int_equal(may->fin, fin);
                assert_int_equal(may->frame, 5);
            }
            connection_finish(&s.c);
        }
    }
    /* Sent again below what has passed: its end is not the next number. */
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 50, "");
    pass(&s, A, ".", 1, 1, 6, 100, "zeros");
    assert_int_equal(seldom_in(&s, A)->maybe_padding.octets, 0);
    connection_finish(&s.c);
}

/* Once shown, all of its sender's are taken off, and none of the other's. */
static void padding_from_then_on(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, ".", 1, 1, 6, 100, "zeros");
    pass(&s, A, "P.", 1, 1, 100, 110, "");
    pass(&s, B, ".", 1, 101, 6, 120, "zeros");
    pass(&s, A, ".", 101, 7, 6, 130, "zeros");
    payload_is(&s, 100, 101);
    next_is(&s, B, 7);
    assert_int_equal(s.c.side[B].payload_bytes, 6);
    pass(&s, A, "P.", 101, 7, 6, 140, ""); /* these do not look like it */
    payload_is(&s, 106, 107);
    connection_finish(&s.c);
}

/* What had been concluded from it is corrected. */
static void corrected(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "F.", 1, 1, 6, 100, "zeros");
    assert_int_equal(detail_of(&s, A)->fin_seq.n - s.t.isn[A], 7);
    assert_int_equal(log_at(s.c.detail, 3)->payload_len, 6);
    assert_int_equal(kept_of(detail_of(&s, A), KEPT_SENT)->frame, 4);
    pass(&s, A, ".", 2, 2, 0, 110, "");
    assert_int_equal(detail_of(&s, A)->fin_seq.n - s.t.isn[A], 1);
    assert_int_equal(log_at(s.c.detail, 3)->payload_len, 0);
    assert_int_equal(log_at(s.c.detail, 3)->frame, 4);
    assert_int_equal(kept_of(detail_of(&s, A), KEPT_SENT)->frame, FRAME_NONE);
    payload_is(&s, 0, 2);
    connection_finish(&s.c);

    /* How things stood when the peer's FIN came: nothing was outstanding. */
    for (int before = 0; before < 2; before++) {
        opened(&s);
        const uint32_t first = before ? 101 : 1;
        if (before)
            pass(&s, A, "P.", 1, 1, 100, 90, "");
        pass(&s, A, ".", first, 1, 6, 100, "zeros");
        assert_int_equal(kept_of(detail_of(&s, A), KEPT_DATA)->payload_len, 6);
        assert_int_equal(kept_of(detail_of(&s, A), KEPT_LAST)->payload_len, 6);
        pass(&s, B, "F.", 1, 1, 0, 110, "");
        const struct close_start *start = &s.c.detail->start;
        assert_int_equal(start->nxt[A].n - s.t.isn[A], first + 6);
        assert_int_equal(start->outstanding[A], before ? 106 : 6);
        pass(&s, A, ".", first, 2, 0, 120, "");
        assert_int_equal(start->nxt[A].n - s.t.isn[A], first);
        assert_int_equal(start->outstanding[A], before ? 100 : 0);
        assert_int_equal(kept_of(detail_of(&s, A), KEPT_DATA)->frame, FRAME_NONE);
        assert_int_equal(kept_of(detail_of(&s, A), KEPT_LAST)->frame, before ? 5 : 4);
        assert_int_equal(kept_of(detail_of(&s, A), KEPT_LAST)->payload_len, 0);
        payload_is(&s, before ? 100 : 0, first);
        connection_finish(&s.c);
    }
}

/* ---- the log -------------------------------------------------------------------------------- */

/* Once both ends have spoken, and until one closes, only what testifies to something unseen. */
static void what_goes_into_the_log(void **state)
{
    (void)state;
    static const struct {
        int side;
        const char *flags;
        uint32_t seq, ack, payload_len;
        bool logged;
        uint8_t marks;
    } cases[] = {
        {A, "P.", 101, 51, 10, false, 0},
        {A, ".", 101, 51, 0, false, 0},
        {A, ".", 102, 51, 0, true, LOG_UNSEEN | LOG_HOLE}, /* behind octets that did not pass */
        {A, "P.", 102, 51, 10, false, 0},
        {A, ".", 101, 52, 0, true, LOG_UNSEEN},
        {A, "P.", 101, 52, 10, true, LOG_UNSEEN},
        {A, "F.", 101, 51, 0, true, 0},
        {A, "F.", 102, 51, 0, true, LOG_HOLE},
        {A, "R", 101, 0, 0, true, 0},
        {A, "S", 101, 0, 0, true, 0},
        {A, "P.", 1, 51, 100, false, 0},
        {A, "F.", 101, 52, 0, true, LOG_UNSEEN},
        {A, "R.", 101, 52, 0, true, LOG_UNSEEN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 100, 20, "");
        pass(&s, B, "P.", 1, 101, 50, 30, "");
        pass(&s, A, ".", 101, 51, 0, 40, "");
        uint16_t before = s.c.detail->log_count;
        pass(&s, cases[i].side, cases[i].flags, cases[i].seq, cases[i].ack, cases[i].payload_len,
             100, "id 1");
        assert_int_equal(s.c.detail->log_count, before + cases[i].logged);
        if (cases[i].logged)
            assert_int_equal(log_at(s.c.detail, before)->marks & (LOG_UNSEEN | LOG_HOLE),
                             cases[i].marks);
        connection_finish(&s.c);
    }
}

/* An octet at the end of a direction is missing: perhaps a FIN. Whatever follows is logged until
 * it is known. */
static void behind_a_missing_octet(void **state)
{
    (void)state;
    for (uint32_t missing = 1; missing < 4; missing++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 100, 20, "");
        pass(&s, B, "P.", 1, 101, 50, 30, "");
        pass(&s, A, ".", 101, 51 + missing, 0, 40, "");
        uint16_t before = s.c.detail->log_count;
        pass(&s, A, "P.", 101, 51 + missing, 10, 50, "");
        assert_int_equal(s.c.detail->log_count, before + (missing == 1));
        pass(&s, B, "P.", 51 + missing, 111, 10, 60, ""); /* they went on: it was none */
        before = s.c.detail->log_count;
        pass(&s, A, ".", 111, 61 + missing, 0, 70, "");
        assert_int_equal(s.c.detail->log_count, before);
        connection_finish(&s.c);
    }
}

/* What stands behind octets that are missing, and what repeats an octet to ask for an answer. */
static void what_the_log_says_of_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *flags;
        uint32_t acked, seq, payload_len;
        uint8_t marks;
    } cases[] = {
        {"F.", 101, 201, 0, LOG_HOLE}, /* 101 to 200 are missing */
        {"F.", 101, 101, 0, 0},        {"F.", 101, 101, 9, 0},
        {"F.", 201, 201, 0, 0}, /* the peer has them */
        {"F.", 102, 201, 0, 0},        {".", 101, 100, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 100, 20, "");
        pass(&s, B, "F.", 1, 101, 0, 30, ""); /* from now on all is logged */
        if (cases[i].acked > 101)
            pass(&s, B, ".", 2, cases[i].acked, 0, 35, "");
        pass(&s, A, cases[i].flags, cases[i].seq, 2, cases[i].payload_len, 40, "");
        const struct log_entry *last = log_at(s.c.detail, s.c.detail->log_count - 1u);
        assert_int_equal(last->frame, s.t.frame);
        assert_int_equal(last->marks & LOG_HOLE, cases[i].marks);
        assert_int_equal(last->marks & LOG_PROBE, cases[i].seq == 100 ? LOG_PROBE : 0);
        connection_finish(&s.c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_shows_padding),
        cmocka_unit_test(acknowledged_padding),
        cmocka_unit_test(what_may_be_padding),
        cmocka_unit_test(padding_from_then_on),
        cmocka_unit_test(corrected),
        cmocka_unit_test(what_goes_into_the_log),
        cmocka_unit_test(behind_a_missing_octet),
        cmocka_unit_test(what_the_log_says_of_numbers),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
