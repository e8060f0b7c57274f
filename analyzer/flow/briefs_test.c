/* Which connections are kept as their segments, for how long, and what of it counts. */
#include "analyzer/flow/records.h"
#include "analyzer/flow/test_crowd.h"

static struct crowd w; /* large */

static uint32_t in_use(unsigned size)
{
    return w.flows.briefs[flows_brief_pool(size, false)].in_use;
}

static void open_port(uint16_t port, int64_t time_ms)
{
    talk_port(&w.t, port);
    handshake(&w, time_ms, "");
}

/* A's next segments, each of ten octets, from the first behind the handshake on. */
static void talk(uint32_t count, int64_t time_ms)
{
    for (uint32_t i = 0; i < count; i++)
        pass(&w, A, "P.", 1 + 10 * i, 1, 10, time_ms + i, "");
}

/* What they hold is accounted, as they grow, become whole and end. */
static void accounted(void **state)
{
    (void)state;
    crowd_init(&w);
    uint64_t before = flows_memory(&w.flows);
    for (uint16_t i = 0; i < 10; i++)
        open_port((uint16_t)(1000 + i), i);
    assert_int_equal(in_use(0), 10);
    assert_int_equal(flows_held(&w.flows), 10);
    assert_int_equal(w.flows.pool.in_use + w.flows.details.in_use, 0);
    assert_in_range(flows_memory(&w.flows) - before, 10 * brief_item_bytes(0, false), 8192);
    talk(7, 20);
    assert_int_equal(in_use(0), 9);
    assert_int_equal(in_use(1), 1);
    pass(&w, A, "P.", 1, 1, 10, 400, ""); /* sent again */
    assert_int_equal(in_use(1), 0);
    assert_int_equal(w.flows.details.in_use, 1);
    assert_int_equal(flows_held(&w.flows), 10);
    struct connection *whole = flows_at(&w.flows, 0);
    assert_false(whole->packed);
    assert_int_equal(w.flows.extra_bytes, connection_extra_bytes(whole));
    drain(&w);
    assert_int_equal(w.count, 10);
    assert_int_equal(w.flows.extra_bytes, 0);
    assert_int_equal(in_use(0) + in_use(1) + w.flows.details.in_use, 0);
    drained_and_finished(&w);
}

/* One that closes lingers as it is; whoever comes late finds it, and then it is a record that is
 * packed, and ends at the same time. */
static void lingering(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        crowd_init(&w);
        open_port(1000, 0);
        goodbye(&w, 10, "");
        assert_int_equal(first_brief(&w), POOL_NONE);
        assert_int_equal(w.flows.closed.items, 1);
        if (late) {
            pass(&w, B, "F.", 1, 2, 0, 400, ""); /* sent again */
            assert_int_equal(w.flows.closed.items, 0);
            assert_int_equal(flows_held(&w.flows), 1);
            const struct connection *c = flows_at(&w.flows, 0);
            assert_int_equal(c->marks & CONN_FILED, CONN_FILED);
            assert_true(c->packed);
            assert_int_equal(w.flows.details.in_use, 0);
        }
        clock_reaches(&w, 50000, 0);
        assert_int_equal(w.count, 0);
        clock_reaches(&w, 100000, 0);
        assert_int_equal(w.flows.closed.items, 0);
        assert_int_equal(w.count, 1);
        assert_int_equal(w.records[0].packets[A], 4);
        assert_int_equal(w.records[0].packets[B], 2 + late);
        drained_and_finished(&w);
    }
}

/* The clock leaps beyond all that waits for it, of which one has become a record. */
static void leaping(void **state)
{
    (void)state;
    crowd_init(&w);
    open_and_close(&w, 1000, 0, 10);
    open_and_close(&w, 1001, 20, 30);
    pass(&w, B, "F.", 1, 2, 0, 400, "");
    assert_int_equal(w.flows.closed.items, 1);
    clock_reaches(&w, INT64_C(1000000000), 0);
    assert_int_equal(w.flows.closed.items, 0);
    assert_int_equal(w.count, 2);
    assert_int_equal(w.records[0].packets[B], 2);
    assert_int_equal(w.records[1].packets[B], 3);
    drained_and_finished(&w);
}

static void pass_ipv6(int side, const char *flags, uint32_t seq, uint32_t ack, uint32_t payload_len,
                      int64_t time_ms)
{
    struct segment g = segment(&w.t, side, flags, seq, ack, payload_len, time_ms, "");
    g.ip_version = 6;
    g.source[0] = g.destination[0] = 0x20;
    g.ip_bytes += 20;
    assert_int_equal(take(&w, &g), FLOW_OK);
}

/* IPv6 has pools of its own; beside it the same ports of IPv4 are another's. */
static void either_family(void **state)
{
    (void)state;
    const struct pool *pools = w.flows.briefs;
    crowd_init(&w);
    open_port(1000, 0);
    pass_ipv6(A, "S", 0, 0, 0, 10);
    pass_ipv6(B, "S.", 0, 1, 0, 11);
    pass_ipv6(A, ".", 1, 1, 0, 12);
    assert_int_equal(pools[flows_brief_pool(0, true)].in_use, 1);
    for (uint32_t i = 0; i < 7; i++)
        pass_ipv6(A, "P.", 1 + 10 * i, 1, 10, 13 + i);
    assert_int_equal(pools[flows_brief_pool(0, true)].in_use, 0);
    assert_int_equal(pools[flows_brief_pool(1, true)].in_use, 1);
    pass_ipv6(A, "P.", 1, 1, 10, 400);
    assert_int_equal(pools[flows_brief_pool(1, true)].in_use, 0);
    assert_int_equal(pools[flows_brief_pool(0, false)].in_use, 1);
    drain(&w);
    assert_int_equal(w.count, 2);
    assert_int_equal(w.records[0].packets[A], 2);
    assert_int_equal(w.records[1].packets[A], 10);
    drained_and_finished(&w);
}

/* A new use of its five-tuple is judged against it. */
static void used_again(void **state)
{
    (void)state;
    crowd_init(&w);
    open_and_close(&w, 1000, 0, 10);
    w.t.isn[A] += 1000000;
    w.t.isn[B] += 1000000;
    handshake(&w, 2000, "");
    drain(&w);
    assert_int_equal(w.count, 2);
    assert_int_equal(w.records[0].incarnation, 1);
    assert_int_equal(w.records[1].incarnation, 2);
    drained_and_finished(&w);
}

/* Opens so many connections of so many segments behind the handshake; how many were begun so. */
static uint32_t begun_of(uint32_t connections, uint32_t segments, int64_t *time_ms)
{
    uint32_t begun = 0;
    for (uint32_t i = 0; i < connections; i++) {
        uint32_t before = in_use(0) + in_use(1);
        talk_port(&w.t, (uint16_t)(1000 + i));
        pass(&w, A, "S", 0, 0, 0, *time_ms, "");
        pass(&w, B, "S.", 0, 1, 0, *time_ms, "");
        begun += in_use(0) + in_use(1) - before;
        pass(&w, A, ".", 1, 1, 0, *time_ms, "");
        talk(segments, *time_ms);
        *time_ms += 100;
    }
    drain(&w);
    w.count = 0;
    return begun;
}

/* Where most outgrow it few are begun, until most do not. */
static void worth_it(void **state)
{
    (void)state;
    int64_t time_ms = 0;
    crowd_init(&w);
    assert_int_equal(begun_of(160, 2, &time_ms), 160);
    (void)begun_of(900, 20, &time_ms);
    assert_in_range(begun_of(160, 20, &time_ms), 10, 11);
    for (int i = 0; i < 40; i++)
        (void)begun_of(900, 2, &time_ms);
    assert_int_equal(begun_of(160, 2, &time_ms), 160);
    crowd_finish(&w);
}

/* Where most outgrow the first size and not the next, they are begun in that. */
static void large_at_once(void **state)
{
    (void)state;
    int64_t time_ms = 0;
    crowd_init(&w);
    (void)begun_of(900, 7, &time_ms);
    for (uint32_t i = 0; i < 32; i++)
        open_port((uint16_t)(1000 + i), time_ms++);
    assert_in_range(in_use(0), 1, 3);
    assert_int_equal(in_use(0) + in_use(1), 32);
    drain(&w);
    drained_and_finished(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounted),     cmocka_unit_test(lingering),  cmocka_unit_test(leaping),
        cmocka_unit_test(either_family), cmocka_unit_test(used_again), cmocka_unit_test(worth_it),
        cmocka_unit_test(large_at_once),
    };
    return cmocka_run_group_tests_name("briefs", tests, NULL, NULL);
}
