/* A connection that is given away is what it would have been handed out as, wherever what it holds
 * stood, and leaves nothing behind. */
#include "analyzer/flow/records.h"
#include "analyzer/flow/test_crowd.h"

static struct crowd w; /* large */

/* What a receiver finds. */
struct found {
    uint32_t count; /* connections */
    bool packed;    /* the last was */
    unsigned log_count;
    struct log_entry log[LOG_MAX];
};

static struct found found;

static void look_at(struct connection *c)
{
    struct flow_room room;
    const struct detail *d = flows_look(c, false, &room)->detail;
    if (c->key.port[A] == CLOCK_PORT)
        return;
    assert_non_null(d);
    found.count++;
    found.packed = c->packed || c->marks & CONN_BRIEF;
    found.log_count = d->log_count;
    for (unsigned i = 0; i < d->log_count; i++)
        found.log[i] = *log_at(d, i);
}

static bool take_over(void *context, struct connection *c)
{
    (void)context;
    look_at(c);
    connection_finish(c);
    return true;
}

static bool hand_out(void *context, struct connection *c, bool evicted)
{
    (void)context;
    assert_false(evicted);
    look_at(c);
    return true;
}

/* What makes the log longer, before the close and in it. */
struct shape {
    unsigned asked_again; /* SYNs sent again */
    unsigned again;       /* FINs sent again */
    bool unpacked;        /* its detail is never packed */
};

static struct found course_of(const struct shape *shape, bool given)
{
    found = (struct found){.count = 0};
    crowd_init(&w);
    w.flows.final = hand_out;
    w.flows.give = given ? take_over : NULL;
    talk_port(&w.t, 1000);
    for (unsigned i = 0; i <= shape->asked_again; i++)
        pass(&w, A, "S", 0, 0, 0, i, "");
    pass(&w, B, "S.", 0, 1, 0, 20, "");
    pass(&w, A, ".", 1, 1, 0, 21, "");
    pass(&w, A, ".", 1, 1, 100, 22, "");
    pass(&w, B, ".", 1, 101, 0, 23, "");
    if (shape->unpacked) {
        if (first_brief(&w) != POOL_NONE)
            assert_int_equal(flows_make_whole(&w.flows, first_brief(&w)), 0);
        assert_true(flows_unpack(&w.flows, flows_at(&w.flows, 0)));
        flows_at(&w.flows, 0)->detail->packed = PACKED_OFTEN;
    }
    pass(&w, A, "F.", 101, 1, 0, 30, "");
    for (unsigned i = 0; i < shape->again; i++)
        pass(&w, A, "F.", 101, 1, 0, 230 + 400 * i, "");
    pass(&w, B, "F.", 1, 102, 0, 9000, "");
    pass(&w, A, ".", 102, 2, 0, 9001, "");
    clock_reaches(&w, 100000, 0);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.packed, given && !shape->unpacked);
    struct found result = found;
    w.flows.give = NULL;
    drained_and_finished(&w);
    return result;
}

static void given_as_handed_out(void **state)
{
    (void)state;
    static const struct shape shapes[] = {{0, 0, false}, {0, 0, true}, {3, 1, false}, {3, 1, true},
                                          {0, 9, false}, {0, 9, true}, {9, 9, true}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct found given = course_of(&shapes[i], true);
        struct found handed_out = course_of(&shapes[i], false);
        assert_int_equal(given.log_count, handed_out.log_count);
        assert_true(given.log_count > LOG_WITHIN);
        for (unsigned k = 0; k < given.log_count; k++)
            assert_memory_equal(&given.log[k], &handed_out.log[k], sizeof given.log[k]);
        assert_int_equal(given.log[0].flags, TCP_SYN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(given_as_handed_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
