#include "analyzer/tcp/test_scene.h"

/* A segment of 100 octets and, somewhat later, something like it. */
static void copies_at_one_tap(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        uint32_t after_us;
        bool copy;
    } cases[] = {
        {"", "", 0, true},
        {"", "", 5000, true},
        {"", "", 5001, false},
        {"id 7", "id 7", 5001, false},
        {"id 7", "id 7 ttl 63", 4000, true},
        {"id 7", "id 7 ttl 63", 100000, true}, /* both sides of a router */
        {"id 7", "id 7 ttl 63", 100001, false},
        {"", "ttl 63", 5001, false}, /* without an ID there is no telling */
        {"id 7", "id 8", 0, false},
        {"id 7", "id 8 ttl 63", 0, false},
        {"win 5", "win 6", 0, false},
        {"ts 5", "ts 6", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 100, 20, cases[i].first);
        struct segment g = segment(&s.t, A, "P.", 1, 1, 100, 20, cases[i].second);
        g.time_ns += (int64_t)cases[i].after_us * 1000;
        feed(&s, A, &g);
        copies_are(&s, A, cases[i].copy, 0);
        counts_are(&s, A, !cases[i].copy, cases[i].copy ? 0 : 100, 0);
        assert_int_equal(s.c.side[A].packets, cases[i].copy ? 3 : 4);
        connection_finish(&s.c);
    }
}

/* A burst may pass before the first of its copies: as many are remembered, and no more. */
static void copies_behind_a_burst(void **state)
{
    (void)state;
    const uint32_t remembered = RECENT_SEGMENTS + EARLIER_SEGMENTS;
    for (uint32_t before = 0; before < EARLIER_SEGMENTS; before++) {
        for (uint32_t burst = 1; burst <= remembered + 1; burst++) {
            struct scene s;
            opened(&s);
            for (uint32_t i = 0; i < before; i++) /* wherever the ring stands */
                pass(&s, A, ".", 1, 1 + i, 0, 11 + i, "win 9");
            for (uint32_t i = 0; i < burst; i++)
                pass(&s, A, "P.", 1 + 10 * i, 1 + before, 10, 100, "");
            copies_are(&s, A, 0, 0);
            pass(&s, A, "P.", 1, 1 + before, 10, 103, "");
            copies_are(&s, A, burst <= remembered, 0);
            connection_finish(&s.c);
        }
    }
}

/* A SYN whose timer cannot have run out yet: the same IP ID tells that it is the same packet. */
static void copies_of_syns(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        uint32_t after_us;
        bool copy;
    } cases[] = {
        {"id 7", 16600, true}, {"id 7", 100000, true}, {"id 7", 100001, false},
        {"", 5000, true},      {"", 5001, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        scene_init(&s);
        pass(&s, A, "S", 0, 0, 0, 0, cases[i].options);
        struct segment g = segment(&s.t, A, "S", 0, 0, 0, 0, cases[i].options);
        g.time_ns += (int64_t)cases[i].after_us * 1000;
        feed(&s, A, &g);
        copies_are(&s, A, cases[i].copy, 0);
        assert_int_equal(s.c.side[A].packets, cases[i].copy ? 1 : 2);
        connection_finish(&s.c);
    }
}

/* Each kind of segment captured twice over, as `-i any` does: nothing but the counts of copies
 * may differ. */
static void all_captured_twice(void **state)
{
    (void)state;
    static const struct {
        int side;
        const char *flags;
        uint32_t seq, ack, payload_len;
    } talk[] = {
        {A, "S", 0, 0, 0},    {B, "S.", 0, 1, 0},    {A, ".", 1, 1, 0},      {A, "P.", 1, 1, 300},
        {B, ".", 1, 301, 0},  {A, "P.", 401, 1, 10}, {A, "P.", 301, 1, 100}, {B, ".", 1, 411, 0},
        {B, "F.", 1, 411, 0}, {A, ".", 411, 2, 0},   {A, "F.", 411, 2, 0},   {B, ".", 2, 412, 0},
        {A, "R", 412, 0, 0},  {B, "R.", 0, 412, 0},
    };
    for (uint32_t taps = 1; taps <= 2; taps++) {
        struct scene once;
        struct scene twice;
        scene_init(&once);
        scene_init(&twice);
        for (size_t i = 0; i < sizeof talk / sizeof *talk; i++) {
            struct segment g = segment(&once.t, talk[i].side, talk[i].flags, talk[i].seq,
                                       talk[i].ack, talk[i].payload_len, (int64_t)i * 10, "");
            feed(&once, talk[i].side, &g);
            feed(&twice, talk[i].side, &g);
            g.time_ns += taps == 1 ? 1000 : 7000000;
            g.interface = taps - 1;
            g.frame += 1000;
            feed(&twice, talk[i].side, &g);
        }
        for (int side = 0; side < 2; side++) {
            uint32_t packets = once.c.side[side].packets;
            copies_are(&twice, side, taps == 1 ? packets : 0, taps == 2 ? packets : 0);
            assert_memory_equal(&once.c.side[side], &twice.c.side[side], sizeof(struct side));
            counts_are(&twice, side, seldom_of(&once.c.detail->side[side])->retransmitted_segments,
                       0, seldom_of(&once.c.detail->side[side])->out_of_order_segments);
            assert_int_equal(detail_of(&twice, side)->rsts, 1);
            assert_int_equal(detail_of(&twice, side)->fins, 1);
        }
        assert_int_equal(twice.c.detail->log_count, once.c.detail->log_count);
        assert_int_equal(twice.c.marks, once.c.marks);
        connection_finish(&once.c);
        connection_finish(&twice.c);
    }
}

/* Who refuses sends nothing but that RST: its copies are copies all the same. */
static void a_refusal_captured_twice(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, A, "S", 0, 0, 0, 0, "");
    const uint32_t zero = 0 - s.t.isn[B];
    pass(&s, B, "R.", zero, 1, 0, 5, "");
    pass(&s, B, "R.", zero, 1, 0, 6, "ttl 63");
    pass(&s, B, "R.", zero, 1, 0, 7, "tap 1");
    copies_are(&s, B, 1, 1);
    assert_int_equal(detail_of(&s, B)->rsts, 1);
    assert_int_equal(s.c.side[B].packets, 1);
    assert_false(s.c.marks & CONN_CLOSED);
    pass(&s, A, "S", 0, 0, 0, 1000, "id 2");
    pass(&s, B, "R.", zero, 1, 0, 1005, "");
    assert_int_equal(detail_of(&s, B)->rsts, 2);
    copies_are(&s, B, 1, 1);
    connection_finish(&s.c);
}

/* A host without the connection answers each of two segments with the same bare RST. */
static void replies_alike(void **state)
{
    (void)state;
    static const struct {
        const char *asked_again; /* the peer's second segment */
        const char *options;     /* of both RSTs */
        bool copy;
    } cases[] = {
        {"P.", "", false},    {"F.", "", false},
        {NULL, "", true},     /* one segment draws no two answers */
        {"R.", "", true},     /* nor does an RST draw any */
        {"P.", "id 7", true}, /* one that numbers its packets does not send a number twice */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "F.", 1, 1, 0, 20, "");
        pass(&s, B, "P.", 1, 1, 100, 30, "");
        if (cases[i].asked_again)
            pass(&s, B, cases[i].asked_again, 101, 1, 0, 31, "");
        pass(&s, A, "R", 1, 0, 0, 32, cases[i].options);
        pass(&s, A, "R", 1, 0, 0, 33, cases[i].options);
        copies_are(&s, A, cases[i].copy, 0);
        assert_int_equal(detail_of(&s, A)->rsts, cases[i].copy ? 1 : 2);
        pass(&s, A, "R", 1, 0, 0, 34, cases[i].options); /* a third has nothing to answer */
        copies_are(&s, A, cases[i].copy + 1, 0);
        connection_finish(&s.c);
    }
}

/* Where everything comes twice, so do the answers. */
static void replies_captured_twice(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "F.", 1, 1, 0, 20, "");
    pass(&s, B, "P.", 1, 1, 100, 30, "");
    pass(&s, B, "P.", 1, 1, 100, 30, "");
    pass(&s, B, "P.", 101, 1, 100, 31, "");
    pass(&s, A, "R", 1, 0, 0, 32, "");
    pass(&s, A, "R", 1, 0, 0, 32, "");
    copies_are(&s, B, 1, 0);
    copies_are(&s, A, 1, 0);
    connection_finish(&s.c);
}

static void copies_at_a_second_tap(void **state)
{
    (void)state;
    static const struct {
        int64_t after_ms;
        bool copy;
    } cases[] = {{0, true}, {500, true}, {1000, true}, {1001, false}, {-3, true}, {-1001, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 100, 20, "");
        pass(&s, A, "P.", 1, 1, 100, 20 + cases[i].after_ms, "tap 1");
        copies_are(&s, A, 0, cases[i].copy);
        counts_are(&s, A, !cases[i].copy, cases[i].copy ? 0 : 100, 0);
        assert_int_equal(s.c.side[A].tap, !cases[i].copy);
        connection_finish(&s.c);
    }
}

/* Tap 1 stands nearer to B: A's segments pass it later, B's earlier. */
static void two_taps_with_skew(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    pass(&s, A, "S", 0, 0, 0, 0, "");
    pass(&s, A, "S", 0, 0, 0, 30, "tap 1");
    pass(&s, B, "S.", 0, 1, 0, 31, "tap 1");
    pass(&s, B, "S.", 0, 1, 0, 61, "");
    pass(&s, A, ".", 1, 1, 0, 62, "");
    pass(&s, A, "P.", 1, 1, 100, 63, "");
    pass(&s, A, "P.", 101, 1, 100, 64, "");
    pass(&s, A, ".", 1, 1, 0, 92, "tap 1");
    pass(&s, A, "P.", 1, 1, 100, 93, "tap 1");
    pass(&s, A, "P.", 101, 1, 100, 94, "tap 1");
    pass(&s, B, ".", 1, 201, 0, 95, "tap 1");
    pass(&s, B, ".", 1, 201, 0, 125, "");
    copies_are(&s, A, 0, 4);
    copies_are(&s, B, 0, 2);
    assert_int_equal(s.c.side[A].tap, 0);
    assert_int_equal(s.c.side[B].tap, 1);
    assert_int_equal(s.c.side[A].packets, 4);
    assert_int_equal(s.c.side[B].packets, 2);
    counts_are(&s, A, 0, 0, 0);
    /* Sent again: at the tap it is read from, that is no copy. Its own copy is one. */
    pass(&s, A, "P.", 101, 1, 100, 265, "id 5");
    pass(&s, A, "P.", 101, 1, 100, 295, "id 5 tap 1");
    copies_are(&s, A, 0, 5);
    counts_are(&s, A, 1, 100, 0);
    connection_finish(&s.c);
}

static void the_first_tap_falls_silent(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 20, "");
    pass(&s, A, "P.", 1, 1, 100, 25, "tap 1");
    pass(&s, A, "P.", 101, 1, 100, 30, "tap 1"); /* new: tap 1 has taken over */
    pass(&s, A, "P.", 101, 1, 100, 250, "tap 1 id 4");
    copies_are(&s, A, 0, 1);
    counts_are(&s, A, 1, 100, 0);
    next_is(&s, A, 201);
    assert_int_equal(s.c.side[A].tap, 1);
    connection_finish(&s.c);
}

/* What the first tap lost and the second one shows is no copy, nor is what was sent anew. */
static void a_second_tap_that_knows_more(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 20, "ts 10");
    pass(&s, A, "P.", 201, 1, 100, 22, "ts 12");
    pass(&s, A, "P.", 1, 1, 100, 30, "ts 10 tap 1");
    pass(&s, A, "P.", 101, 1, 100, 31, "ts 11 tap 1");
    copies_are(&s, A, 0, 1);
    assert_true(ranges_empty(seldom_in(&s, A)->holes));
    pass(&s, A, "P.", 201, 1, 100, 32, "ts 12"); /* each tap's copy of the other's */
    copies_are(&s, A, 0, 2);
    counts_are(&s, A, 1, 0, 0);
    pass(&s, A, "P.", 201, 1, 100, 240, "ts 230");
    pass(&s, A, "P.", 201, 1, 100, 660, "ts 650"); /* twice, the first tap lost the third */
    counts_are(&s, A, 3, 200, 0);
    copies_are(&s, A, 0, 2);
    connection_finish(&s.c);
}

/* Before the connection's first time the clock runs on evenly: copies are still recognised. */
static void copies_before_the_beginning(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, -1, "");
    pass(&s, A, "P.", 1, 1, 100, 1, "");
    copies_are(&s, A, 1, 0);
    connection_finish(&s.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_at_one_tap),
        cmocka_unit_test(copies_behind_a_burst),
        cmocka_unit_test(copies_of_syns),
        cmocka_unit_test(copies_before_the_beginning),
        cmocka_unit_test(all_captured_twice),
        cmocka_unit_test(a_refusal_captured_twice),
        cmocka_unit_test(replies_alike),
        cmocka_unit_test(replies_captured_twice),
        cmocka_unit_test(copies_at_a_second_tap),
        cmocka_unit_test(two_taps_with_skew),
        cmocka_unit_test(the_first_tap_falls_silent),
        cmocka_unit_test(a_second_tap_that_knows_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
