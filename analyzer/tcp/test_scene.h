/*
 * For the tests of tracking: one connection, and the talk that feeds it.
 */
#ifndef FINWAIT_ANALYZER_TCP_TEST_SCENE_H
#define FINWAIT_ANALYZER_TCP_TEST_SCENE_H

#include "analyzer/tcp/track.h"
#include "analyzer/test_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* One connection and the talk that feeds it; every number of it crosses the wrap. */
struct scene {
    struct talk t;
    struct connection c;
};

static inline void scene_init(struct scene *s)
{
    memset(s, 0, sizeof *s);
    talk_init(&s->t);
}

static inline void feed(struct scene *s, int side, const struct segment *g)
{
    if (s->c.first_frame == FRAME_NONE) {
        struct flow_key key;
        assert_int_equal(flow_key_of(g, false, &key), side);
        connection_begin(&s->c, &key, g);
    }
    assert_true(track_segment(&s->c, side, g));
}

static inline void pass(struct scene *s, int side, const char *flags, uint32_t seq, uint32_t ack,
                        uint32_t payload_len, int64_t time_ms, const char *options)
{
    struct segment g = segment(&s->t, side, flags, seq, ack, payload_len, time_ms, options);
    feed(s, side, &g);
}

/* Until 10 ms: A 1, B 1 are next. */
static inline void opened(struct scene *s)
{
    scene_init(s);
    pass(s, A, "S", 0, 0, 0, 0, "");
    pass(s, B, "S.", 0, 1, 0, 6, "");
    pass(s, A, ".", 1, 1, 0, 10, "");
}

static inline void next_is(const struct scene *s, int side, uint32_t relative)
{
    assert_int_equal(s->c.side[side].nxt.n - s->t.isn[side], relative);
}

static inline void una_is(const struct scene *s, int side, uint32_t relative)
{
    assert_true(s->c.side[side].marks & SIDE_ACKED);
    assert_int_equal(s->c.side[side].una.n - s->t.isn[side], relative);
}

static inline const struct side_detail *detail_of(const struct scene *s, int side)
{
    assert_non_null(s->c.detail);
    return &s->c.detail->side[side];
}

static inline const struct seldom *seldom_in(const struct scene *s, int side)
{
    return seldom_of(detail_of(s, side));
}

static inline uint64_t missing_of(const struct scene *s, int side)
{
    return ranges_missing_below(seldom_in(s, side)->holes, s->c.side[side].una);
}

static inline void counts_are(const struct scene *s, int side, uint32_t again, uint64_t again_bytes,
                              uint32_t late)
{
    assert_int_equal(seldom_in(s, side)->retransmitted_segments, again);
    assert_true(seldom_in(s, side)->retransmitted_bytes == again_bytes);
    assert_int_equal(seldom_in(s, side)->out_of_order_segments, late);
}

static inline void copies_are(const struct scene *s, int side, uint32_t same_tap,
                              uint32_t other_tap)
{
    assert_int_equal(seldom_in(s, side)->captured_twice, same_tap);
    assert_int_equal(seldom_in(s, side)->second_tap, other_tap);
}

#endif
