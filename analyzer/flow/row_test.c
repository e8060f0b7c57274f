/*
 * Lone SYNs in the order in which they were made, while others are answered, give way, and leave
 * their places to later ones; and what comes of that order in the end.
 */
#include "analyzer/flow/row.h"

#include "analyzer/flow/test_crowd.h"
#include "analyzer/test_random.h"

#define STEPS 6000u
#define PORTS 3000u

static struct crowd w;

struct told {
    uint32_t count, lone;
    bool lingered;
    int64_t last_ns;
    frame_ref frame;
    uint32_t stream;
};

/* First what lingers, by its last packet; then the rest by first frames, of one frame in turn. */
static bool in_order(void *context, struct connection *c, bool evicted)
{
    struct told *before = context;
    bool lingers = c->marks & (CONN_CLOSED | CONN_SUPERSEDED);
    int64_t last_ns = lingers ? connection_last_ns(c) : INT64_MAX;
    assert_false(evicted);
    assert_true(last_ns >= before->last_ns || before->count == 0);
    if (before->count && last_ns == before->last_ns)
        assert_true(c->first_frame != before->frame ? c->first_frame > before->frame
                                                    : c->stream > before->stream);
    *before = (struct told){.count = before->count + 1,
                            .lone = before->lone + (c->side[0].packets + c->side[1].packets == 1),
                            .last_ns = last_ns,
                            .frame = c->first_frame,
                            .stream = c->stream};
    return true;
}

static void any_ip_version(struct segment *g, uint32_t port)
{
    if (port % 5)
        return;
    g->source[0] = g->destination[0] = 0x20;
    g->ip_version = 6;
}

/* Of two files one begins later, and its frames are not in the order of time. */
static frame_ref frame_of(uint32_t step, bool files)
{
    return frame_ref_of(files && step > STEPS / 2 && one_in(3), 1 + step / 2);
}

/* Streams may begin anew from 0. */
static bool is_row_of_lones(void)
{
    uint32_t before = 0;
    for (uint32_t i = 0; i < w.flows.row.count; i++) {
        const struct lone *lone = flows_lone(&w.flows, w.flows.row.values[i]);
        if (lone->frame == FRAME_NONE || (i && (int32_t)(lone->stream - before) <= 0))
            return false;
        before = lone->stream;
    }
    return w.flows.row.count == w.flows.lones[0].in_use + w.flows.lones[1].in_use;
}

/* So many of sixteen are answered: none, few, or nearly all. */
static void handed_out_in_order(uint32_t answered, bool files, uint32_t first_stream)
{
    static bool asked[PORTS];
    memset(asked, 0, sizeof asked);
    crowd_init(&w);
    struct told told = {.count = 0};
    w.flows.final = in_order;
    w.flows.context = &told;
    w.flows.streams = first_stream;
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t port = random_below(PORTS);
        bool answer = random_below(16) < answered;
        if (asked[port] != answer)
            continue;
        asked[port] = true;
        talk_port(&w.t, (uint16_t)(1000 + port));
        struct segment g = answer ? segment(&w.t, B, one_in(3) ? "R." : "S.", 0, 1, 0, 1000, "")
                                  : segment(&w.t, A, "S", 0, 0, 0, 1000, "");
        g.frame = frame_of(step, files);
        any_ip_version(&g, port);
        assert_int_equal(take(&w, &g), FLOW_OK);
        assert_in_range(w.flows.row.count, 0, w.flows.row.room);
    }
    assert_int_equal(w.flows.frames_turn_back, files || w.flows.streams < first_stream);
    uint32_t lones = w.flows.lones[0].in_use + w.flows.lones[1].in_use;
    uint32_t held = flows_held(&w.flows);
    row_tidy(&w.flows);
    assert_true(is_row_of_lones());
    drained_and_finished(&w);
    assert_int_equal(told.count, held);
    assert_int_equal(told.lone, lones);
    assert_in_range(lones, 50, held);
}

static void test_handed_out_in_order(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 12; seed++) {
        static const uint32_t answered[] = {0, 1, 6, 14};
        random_state = seed;
        handed_out_in_order(answered[seed % 4], seed > 4 && seed <= 8,
                            seed <= 8 ? 0 : UINT32_MAX - 500);
    }
}

/* Each is answered at once: the row has no more room than for what it began with. */
static void test_what_is_gone_takes_no_room(void **state)
{
    (void)state;
    crowd_init(&w);
    for (uint32_t i = 0; i < 20 * ROW_FIRST; i++) {
        talk_port(&w.t, (uint16_t)(1000 + i));
        pass(&w, A, "S", 0, 0, 0, 1000, "");
        pass(&w, B, "S.", 0, 1, 0, 1000, "");
    }
    assert_int_equal(w.flows.row.room, ROW_FIRST);
    row_tidy(&w.flows);
    assert_int_equal(w.flows.row.count, 0);
    crowd_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handed_out_in_order),
        cmocka_unit_test(test_what_is_gone_takes_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
