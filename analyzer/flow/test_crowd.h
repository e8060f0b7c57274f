/*
 * For the tests of flows: talks between a crowd of ports, and what became final of them, in order.
 */
#ifndef FINWAIT_ANALYZER_FLOW_TEST_CROWD_H
#define FINWAIT_ANALYZER_FLOW_TEST_CROWD_H

#include "analyzer/flow/briefs.h"
#include "analyzer/flow/records.h"
#include "analyzer/tcp/track.h"
#include "analyzer/test_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct final_record {
    uint16_t port; /* A's */
    uint32_t stream;
    uint32_t packets[2];
    uint32_t incarnation;
    uint32_t world;
    int client;
    int known_by;
    uint16_t marks;
    uint32_t copies;
    int64_t last_ns;
    frame_ref first_frame;
    bool evicted;
};

#define CROWD_RECORDS 1024

struct crowd {
    struct talk t;
    struct analyzer_config config;
    struct flows flows;
    uint32_t count;
    uint32_t stop_after; /* records, or 0 */
    struct final_record records[CROWD_RECORDS];
};

static inline bool crowd_final(void *context, struct connection *c, bool evicted)
{
    struct crowd *w = context;
    assert_in_range(w->count, 0, CROWD_RECORDS - 1);
    struct final_record *r = &w->records[w->count++];
    *r = (struct final_record){
        .port = c->key.port[A],
        .stream = c->stream,
        .packets = {c->side[A].packets, c->side[B].packets},
        .incarnation = c->detail && c->detail->previous ? c->detail->previous->incarnation + 1 : 1,
        .world = c->world,
        .client = client_side(c),
        .known_by = c->known_by,
        .marks = c->marks,
        .last_ns = connection_last_ns(c),
        .first_frame = c->first_frame,
        .evicted = evicted,
    };
    for (int side = 0; c->detail && side < 2; side++)
        r->copies += seldom_of(&c->detail->side[side])->captured_twice +
                     seldom_of(&c->detail->side[side])->second_tap;
    return w->count != w->stop_after;
}

/* With 2*MSL of 60 s and nothing beyond. */
static inline void crowd_init(struct crowd *w)
{
    memset(w, 0, sizeof *w);
    talk_init(&w->t);
    w->config = ANALYZER_CONFIG_DEFAULT;
    w->config.straggler_ns = 0;
    assert_true(flows_init(&w->flows, &w->config, crowd_final, w));
}

static inline enum flow_status take(struct crowd *w, const struct segment *g)
{
    return flows_feed(&w->flows, g, 1, NULL);
}

static inline void pass(struct crowd *w, int side, const char *flags, uint32_t seq, uint32_t ack,
                        uint32_t payload_len, int64_t time_ms, const char *options)
{
    struct segment g = segment(&w->t, side, flags, seq, ack, payload_len, time_ms, options);
    assert_int_equal(take(w, &g), FLOW_OK);
}

static inline void handshake(struct crowd *w, int64_t time_ms, const char *options)
{
    pass(w, A, "S", 0, 0, 0, time_ms, options);
    pass(w, B, "S.", 0, 1, 0, time_ms, options);
    pass(w, A, ".", 1, 1, 0, time_ms, options);
}

/* Three segments, all at one time. */
/* A connection that is kept as its segments, or POOL_NONE. */
static inline uint32_t first_brief(const struct crowd *w)
{
    for (unsigned pool = 0; pool < FLOW_BRIEF_POOLS; pool++) {
        for (uint32_t i = 0; i < w->flows.briefs[pool].fresh; i++) {
            if (brief_is_here(flows_brief(&w->flows, flows_brief_value(pool, i))))
                return flows_brief_value(pool, i);
        }
    }
    return POOL_NONE;
}

static inline void goodbye(struct crowd *w, int64_t time_ms, const char *options)
{
    pass(w, A, "F.", 1, 1, 0, time_ms, options);
    pass(w, B, "F.", 1, 2, 0, time_ms, options);
    pass(w, A, ".", 2, 2, 0, time_ms, options);
}

static inline void open_and_close(struct crowd *w, uint16_t port, int64_t open_ms, int64_t close_ms)
{
    talk_port(&w->t, port);
    handshake(w, open_ms, "");
    goodbye(w, close_ms, "");
}

#define CLOCK_PORT 9

/* Lets the clock reach a time by a talk that never ends. */
static inline void clock_reaches(struct crowd *w, int64_t time_ms, uint32_t us)
{
    struct talk other = w->t;
    talk_port(&other, CLOCK_PORT);
    struct segment g = segment(&other, A, ".", 1, 1, 0, time_ms, "");
    g.time_ns += (int64_t)us * 1000;
    g.frame += 1000000;
    assert_int_equal(take(w, &g), FLOW_OK);
}

static inline void drain(struct crowd *w)
{
    assert_int_equal(flows_drain(&w->flows), FLOW_OK);
}

static inline void crowd_finish(struct crowd *w)
{
    flows_finish(&w->flows);
}

/* Nothing remains, and the account is even. */
static inline void drained_and_finished(struct crowd *w)
{
    drain(w);
    assert_int_equal(flows_held(&w->flows), 0);
    assert_int_equal(w->flows.table.used, 0);
    assert_true(w->flows.extra_bytes == 0);
    crowd_finish(w);
}

#endif
