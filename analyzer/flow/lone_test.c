/*
 * Lone SYNs: nothing of the segment is lost, and whoever keeps them finds the same connections as
 * whoever does not.
 */
#include "analyzer/flow/lone.h"

#include "analyzer/flow/flows.h"
#include "analyzer/flow/records.h"
#include "analyzer/tcp/track.h"
#include "analyzer/test_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct segment a_syn(void)
{
    struct talk t;
    talk_init(&t);
    struct segment g = segment(&t, A, "SEW", 0, 0, 0, 7, "mss 1460 ws 7 sackok ts 5 id 9 ttl 61");
    g.world = 0x12345678;
    g.interface = 3;
    g.vlan = 12;
    g.tunnel = TUNNEL_VXLAN;
    return g;
}

static struct segment flipped(struct segment g, size_t bit)
{
    uint8_t octets[sizeof g];
    memcpy(octets, &g, sizeof g);
    octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
    memcpy(&g, octets, sizeof g);
    return g;
}

static bool comes_back(const struct segment *g)
{
    struct segment again;
    struct lone_ipv6 room;
    lone_pack(g, 77, CONN_STAMP_BELOW, &room.lone);
    lone_segment(&room.lone, &again);
    uint8_t destination[16];
    lone_destination(&room.lone, destination);
    assert_memory_equal(destination, g->destination, 16);
    return room.lone.stream == 77 && memcmp(&again, g, sizeof again) == 0;
}

/* A segment that has no padding of its own is compared as octets. */
_Static_assert(sizeof(struct segment) == 112, "no padding");

static size_t bits_that_fit(const struct segment *syn)
{
    size_t fitting = 0;
    assert_true(lone_fits(syn) && comes_back(syn));
    for (size_t bit = 0; bit < 8 * sizeof *syn; bit++) {
        struct segment g = flipped(*syn, bit);
        if (!lone_fits(&g))
            continue;
        fitting++;
        assert_true(comes_back(&g));
    }
    return fitting;
}

static void what_fits_comes_back(void **state)
{
    (void)state;
    /* Of the 896 bits: ports 32, number 32, stamp 32, world 32, marks 31, time 64, frame 64,
     * length 16, tap 16, flags 5, window, MSS, IP ID and VLAN 64, TTL 8, scale 4, tunnel 5. Then
     * of the addresses; and the version's that makes 6 of 4 or 4 of 6. */
    size_t bits = 32 + 32 + 32 + 32 + 31 + 64 + 64 + 16 + 16 + 5 + 64 + 8 + 4 + 5;
    struct segment syn = a_syn();
    assert_int_equal(bits_that_fit(&syn), bits + 2 * 32 + 1);
    syn.ip_version = 6;
    assert_int_equal(bits_that_fit(&syn), bits + 2 * 128 + 1);
    syn.source[0] = 0x20;
    assert_int_equal(bits_that_fit(&syn), bits + 2 * 128);
}

static void is_made_as_tracked(const struct segment *g)
{
    if (!lone_fits(g))
        return;
    for (int vlan_in_key = 0; vlan_in_key < 2; vlan_in_key++) {
        struct connection tracked = {0};
        int sender = flows_begin(&tracked, g, vlan_in_key, 5);
        tracked.marks |= CONN_STAMP_COMPARED;
        assert_true(track_segment(&tracked, sender, g));
        struct lone_ipv6 room;
        struct connection made, looked_at;
        lone_pack(g, 5, CONN_STAMP_COMPARED, &room.lone);
        lone_connection(&room.lone, vlan_in_key, &made);
        assert_memory_equal(&made, &tracked, sizeof made);
        assert_int_equal(lone_look(&room.lone, vlan_in_key, &looked_at), sender);
        memset(tracked.side[sender].recent, 0, sizeof tracked.side[sender].recent);
        assert_memory_equal(&looked_at, &tracked, sizeof looked_at);
    }
}

/* What tracking makes of it is the same in one step. */
static void the_connection_is_as_tracked(void **state)
{
    (void)state;
    struct segment syn = a_syn();
    for (int family = 0; family < 2; family++) {
        for (size_t bit = 0; bit <= 8 * sizeof syn; bit++) {
            struct segment g = bit < 8 * sizeof syn ? flipped(syn, bit) : syn;
            if (family)
                g.ip_version = 6;
            is_made_as_tracked(&g);
            g.time_ns = TIME_UNKNOWN;
            is_made_as_tracked(&g);
            memcpy(g.destination, g.source, sizeof g.source);
            is_made_as_tracked(&g);
        }
    }
}

static void what_does_not_fit(void **state)
{
    (void)state;
    struct segment others[12];
    for (size_t i = 0; i < 12; i++)
        others[i] = a_syn();
    others[0].flags |= TCP_ACK;
    others[1].flags |= TCP_FIN;
    others[2].flags |= TCP_RST;
    others[3].flags = TCP_PSH;
    others[4].payload_len = 1;
    others[5].ack = 1;
    others[6].ts_ecr = 1;
    others[7].window_scale = 16;
    others[8].source[0] = 0x20;
    others[9].destination[0] = 0x20;
    others[10].aux = 0;
    others[11].marks |= SEG_MALFORMED;
    for (size_t i = 0; i < 12; i++)
        assert_false(lone_fits(&others[i]));
}

static void found_as_its_key_is(void **state)
{
    (void)state;
    struct segment syn = a_syn();
    for (int i = 0; i < 4; i++) {
        bool in_key = i % 2;
        syn.ip_version = i < 2 ? 4 : 6;
        struct lone_ipv6 room;
        lone_pack(&syn, 1, 0, &room.lone);
        struct flow_key key;
        flow_key_of(&syn, in_key, &key);
        for (size_t bit = 0; bit <= 8 * sizeof syn; bit++) {
            struct segment g = bit < 8 * sizeof syn ? flipped(syn, bit) : syn;
            struct segment back = g;
            memcpy(back.source, g.destination, 16);
            memcpy(back.destination, g.source, 16);
            back.source_port = g.destination_port;
            back.destination_port = g.source_port;
            struct flow_key other;
            flow_key_of(&g, in_key, &other);
            assert_int_equal(lone_names(&room.lone, &g, in_key), flow_key_equal(&key, &other));
            assert_int_equal(lone_names(&room.lone, &back, in_key), flow_key_equal(&key, &other));
        }
    }
}

/* ---- with and without ----------------------------------------------------------------------- */

#define SEGMENTS 6000
#define PORTS    300

struct finals {
    uint32_t count;
    uint64_t digest[SEGMENTS];
    bool evicted[SEGMENTS];
};

static struct segment traffic[SEGMENTS];
static struct finals finals[2];
static uint32_t random_state;

static uint32_t any(uint32_t below)
{
    random_state = random_state * UINT32_C(1664525) + UINT32_C(1013904223);
    return (random_state >> 8) % below;
}

static uint64_t digest_of(uint64_t digest, const void *what, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        digest = (digest ^ ((const uint8_t *)what)[i]) * UINT64_C(0x100000001b3);
    return digest;
}

static bool final(void *context, struct connection *c, bool evicted)
{
    struct finals *told = context;
    struct connection plain = *c;
    plain.detail = NULL;
    plain.tag = plain.next = plain.wheel_next = 0; /* of the finding, not of what was found */
    plain.held = 0;
    for (int s = 0; s < 2; s++) /* to recognise copies, which nobody does any more */
        memset(plain.side[s].recent, 0, sizeof plain.side[s].recent);
    uint64_t digest = digest_of(UINT64_C(0xcbf29ce484222325), &plain, sizeof plain);
    if (c->detail)
        digest = digest_of(digest, c->detail->log, c->detail->log_count * sizeof *c->detail->log);
    assert_in_range(told->count, 0, SEGMENTS - 1);
    told->digest[told->count] = digest;
    told->evicted[told->count++] = evicted;
    return true;
}

static bool look_on(void *context, struct trace_name name, const struct segment *g,
                    enum segment_class segment_class)
{
    (void)context;
    (void)name;
    (void)g;
    (void)segment_class;
    return true;
}

static bool look_away(void *context, struct trace_name forged, struct trace_name into,
                      const struct segment *g)
{
    (void)context;
    (void)forged;
    (void)into;
    (void)g;
    return true;
}

/* Mostly SYNs between a few addresses; some are sent again, some are answered, some go on. */
static void make_traffic(void)
{
    static const char *const flags[] = {"S", "S", "S", "S", "S.", "R.", ".", "F.", "SE"};
    static const char *const options[] = {"", "mss 1460 ts 9", "mss 536 ws 2", "ts 3", "vlan 4"};
    struct talk t;
    talk_init(&t);
    int64_t now_ms = 0;
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        talk_port(&t, (uint16_t)(2000 + any(PORTS)));
        now_ms += any(20) ? any(50) : any(40000);
        int side = any(4) ? A : B;
        traffic[i] = segment(&t, side, flags[any(9)], any(3), any(2), 0, now_ms, options[any(5)]);
        if (!any(8)) {
            traffic[i].source[0] = traffic[i].destination[0] = 0x20;
            traffic[i].ip_version = 6;
        }
        if (traffic[i].flags & TCP_SYN && !(traffic[i].flags & TCP_ACK))
            traffic[i].ack = 0;
    }
}

static uint32_t run(struct finals *told, const struct trace_sink *trace, bool one_by_one)
{
    static struct flows flows; /* large */
    struct analyzer_config config = ANALYZER_CONFIG_DEFAULT;
    told->count = 0;
    assert_true(flows_init(&flows, &config, final, told));
    flows.trace = trace;
    uint32_t most = 0;
    for (uint32_t done = 0, size; done < SEGMENTS; done += size) {
        size = one_by_one ? 1 : 1 + any(100);
        if (size > SEGMENTS - done)
            size = SEGMENTS - done;
        assert_int_equal(flows_feed(&flows, traffic + done, size, NULL), FLOW_OK);
        uint32_t lones = flows.lones[0].in_use + flows.lones[1].in_use;
        if (lones > most)
            most = lones;
    }
    assert_int_equal(flows_drain(&flows), FLOW_OK);
    assert_int_equal(flows_held(&flows), 0);
    assert_true(flows.extra_bytes == 0);
    flows_finish(&flows);
    return most;
}

/* Whoever looks on is told of every segment, so that none is put aside. */
static void the_same_connections(void **state)
{
    (void)state;
    static const struct trace_sink onlooker = {.segment = look_on, .absorbed = look_away};
    for (uint32_t seed = 1; seed <= 10; seed++) {
        random_state = seed;
        make_traffic();
        assert_int_equal(run(&finals[0], &onlooker, true), 0);
        assert_in_range(run(&finals[1], NULL, seed % 2), 50, PORTS);
        assert_in_range(finals[0].count, PORTS, SEGMENTS);
        assert_int_equal(finals[1].count, finals[0].count);
        assert_memory_equal(finals[1].digest, finals[0].digest,
                            finals[0].count * sizeof *finals[0].digest);
        assert_memory_equal(finals[1].evicted, finals[0].evicted, finals[0].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_comes_back),         cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(the_connection_is_as_tracked), cmocka_unit_test(found_as_its_key_is),
        cmocka_unit_test(the_same_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
