/*
 * Attempts that nobody answered, of clients of which the capture has both directions, or one.
 */
#include "analyzer/flow/test_crowd.h"

#define OTHER_PORT 7

/* What is marked of the attempt of A's port OTHER_PORT. */
static bool unheard(struct crowd *w)
{
    drain(w);
    bool marked = false;
    for (uint32_t i = 0; i < w->count; i++)
        marked |= w->records[i].port == OTHER_PORT && w->records[i].marks & CONN_UNHEARD;
    crowd_finish(w);
    return marked;
}

static void attempt(struct crowd *w, int64_t time_ms)
{
    struct talk before = w->t;
    talk_port(&w->t, OTHER_PORT);
    pass(w, A, "S", 0, 0, 0, time_ms, "");
    before.frame = w->t.frame;
    w->t = before;
}

static void client_without_other_connections(void **state)
{
    (void)state;
    struct crowd w;
    crowd_init(&w);
    attempt(&w, 0);
    assert_false(unheard(&w));
}

static void client_heard_elsewhere(void **state)
{
    (void)state;
    struct crowd w;
    crowd_init(&w);
    attempt(&w, 0);
    handshake(&w, 10, "");
    assert_false(unheard(&w));
}

/* The other connection lives before, after, and is over before the attempt is judged. */
static void client_of_one_direction(void **state)
{
    (void)state;
    for (int later = 0; later < 2; later++) {
        struct crowd w;
        crowd_init(&w);
        attempt(&w, later ? 10000 : 0);
        pass(&w, A, ".", 1, 1, 0, 5000, "");
        assert_true(unheard(&w));
    }
    struct crowd w;
    crowd_init(&w);
    pass(&w, A, "R", 1, 0, 0, 0, "");
    attempt(&w, 1000);
    clock_reaches(&w, 300000, 0);
    assert_true(unheard(&w));
}

/* Where one packet came back, of whatever connection, more would have. */
static void one_packet_towards_the_client(void **state)
{
    (void)state;
    struct crowd w;
    crowd_init(&w);
    pass(&w, A, ".", 1, 1, 0, 0, "");
    attempt(&w, 10);
    pass(&w, B, ".", 1, 1, 0, 20, "");
    assert_false(unheard(&w));
}

static int addresses_written_to(struct crowd *w)
{
    int count = 0;
    heard_settle(&w->flows.heard);
    for (size_t i = 0; i < HEARD_BITS / 64; i++)
        count += __builtin_popcountll(w->flows.heard.written_to[i]);
    return count;
}

/* Not when their connection ends: others may end sooner. */
static void first_packets_count_at_once(void **state)
{
    (void)state;
    struct crowd w;
    crowd_init(&w);
    attempt(&w, 0);
    assert_int_equal(addresses_written_to(&w), 1);
    attempt(&w, 1000);
    assert_int_equal(addresses_written_to(&w), 1);
    pass(&w, B, ".", 1, 1, 0, 2000, "");
    assert_int_equal(addresses_written_to(&w), 2);
    crowd_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_packets_count_at_once),
        cmocka_unit_test(client_without_other_connections),
        cmocka_unit_test(client_heard_elsewhere),
        cmocka_unit_test(client_of_one_direction),
        cmocka_unit_test(one_packet_towards_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
