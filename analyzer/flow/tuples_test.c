/*
 * Which segments of a batch are of one five-tuple, against their keys; and flows that are fed in
 * batches, in which lookups are shared, against flows that are fed segment by segment.
 */
#include "analyzer/flow/tuples.h"

#include "analyzer/flow/flows.h"
#include "analyzer/flow/records.h"
#include "analyzer/tcp/test_talkers.h"

#include <stdlib.h>

/* ---- five-tuples ---------------------------------------------------------------------------- */

/* Of few addresses and ports, so that many have most in common. */
static struct segment any_of_few(struct talk *t)
{
    static const uint8_t prefixes[3][12] = {
        {[10] = 0xff, [11] = 0xff}, {0x20, 0x01, 0x0d, 0xb8}, {[8] = 1, [11] = 1}};
    struct segment g = segment(t, A, ".", 0, 0, 0, 0, "");
    memcpy(g.source, prefixes[random_below(3)], 12);
    memcpy(g.destination, prefixes[random_below(3)], 12);
    for (unsigned i = 12; i < 16; i++) {
        g.source[i] = one_in(8) ? 0xff : 0;
        g.destination[i] = one_in(8) ? 0xff : 0;
    }
    g.source_port = random_below(2) ? 80 : 0x5000;
    g.destination_port = random_below(2) ? 80 : 0x5000;
    g.vlan = one_in(8) ? 7 : VLAN_NONE;
    return g;
}

static enum tuple_match match_of_keys(const struct segment *g, const struct segment *with,
                                      bool vlan_in_key)
{
    struct flow_key key, other;
    int sender = flow_key_of(g, vlan_in_key, &key);
    if (flow_key_of(with, vlan_in_key, &other) == sender)
        return flow_key_equal(&key, &other) ? TUPLE_SAME : TUPLE_DIFFERS;
    return flow_key_equal(&key, &other) ? TUPLE_TURNED : TUPLE_DIFFERS;
}

static void as_keys_say(void **state)
{
    (void)state;
    struct talk t;
    talk_init(&t);
    random_state = 1;
    uint32_t matches[3] = {0};
    for (uint32_t i = 0; i < 200000; i++) {
        bool vlan_in_key = i & 1;
        struct segment g = any_of_few(&t), with = any_of_few(&t);
        struct tuple_words words = tuple_words_of(&g), others = tuple_words_of(&with);
        enum tuple_match match = tuple_match(&words, &with, !vlan_in_key || g.vlan == with.vlan);
        assert_int_equal(match, match_of_keys(&g, &with, vlan_in_key));
        if (match != TUPLE_DIFFERS)
            assert_int_equal(tuple_mix(&words), tuple_mix(&others));
        matches[match]++;
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(matches[i], 100, 200000);
}

/* ---- batches -------------------------------------------------------------------------------- */

#define TALKS      24u
#define TALK_SHARE 60u
#define FINALS     4096u

/* Everything that a connection is, but where it lies. */
struct finals {
    uint32_t count;
    uint64_t digests[FINALS];
};

static uint64_t digest(uint64_t so_far, const void *octets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        so_far = (so_far ^ ((const uint8_t *)octets)[i]) * UINT64_C(0x100000001b3);
    return so_far;
}

static bool note_final(void *context, struct connection *c, bool evicted)
{
    struct finals *finals = context;
    struct connection bare = *c;
    bare.detail = NULL;
    uint64_t d = digest(UINT64_C(0xcbf29ce484222325) + evicted, &bare, sizeof bare);
    if (c->detail) {
        struct detail detail = *c->detail;
        for (int s = 0; s < 2; s++) {
            struct seldom seldom = *seldom_of(&detail.side[s]);
            seldom.holes = NULL;
            seldom.run = NULL;
            seldom.reset_reason = NULL;
            d = digest(d, &seldom, sizeof seldom);
            detail.side[s].seldom = NULL;
        }
        detail.log = NULL;
        detail.previous = NULL;
        d = digest(d, &detail, offsetof(struct detail, within));
        d = digest(d, c->detail->log, c->detail->log_count * sizeof *c->detail->log);
    }
    assert_in_range(finals->count, 0, FINALS - 1);
    finals->digests[finals->count++] = d;
    return true;
}

/* Talks of all habits between neighbouring ports, some of them one after the other on the same
 * ports; now and then all is silent until what has closed is final. */
static uint32_t traffic(uint64_t seed, struct segment *segments)
{
    static const struct habits habits[] = {
        {.silent = 3, .closing = 30},
        {.silent = 3, .closing = 20, .stamped = true, .again = 20},
        {.silent = 2, .closing = 50, .mid_stream = true},
        {.silent = 3, .lost = 30, .copied = 9, .odd = 30, .closing = 30},
    };
    static struct segment talks[TALKS][TALK_MAX];
    uint32_t counts[TALKS], taken[TALKS] = {0}, count = 0;
    for (uint32_t i = 0; i < TALKS; i++) {
        counts[i] = talk_of(&habits[i % 4], seed * TALKS + i, TALK_SHARE, talks[i]);
        for (uint32_t k = 0; k < counts[i]; k++) {
            struct segment *g = &talks[i][k];
            *(g->source_port < g->destination_port ? &g->destination_port : &g->source_port) =
                (uint16_t)(50000 + i % (TALKS / 2));
        }
    }
    for (uint32_t left = TALKS, present = 0, quiet = 0; left;) {
        present = one_in(3) ? random_below(TALKS) : present;
        if (taken[present] == counts[present]) {
            present = (present + 1) % TALKS;
            continue;
        }
        quiet += one_in(300);
        struct segment g = talks[present][taken[present]++];
        g.frame = ++count;
        if (g.time_ns != TIME_UNKNOWN)
            g.time_ns += quiet * INT64_C(200000000000);
        segments[count - 1] = g;
        left -= taken[present] == counts[present];
    }
    return count;
}

/* What connections hold beside their records, whichever way their segments went. */
static void all_is_accounted(const struct flows *flows)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < flows->pool.fresh; i++) {
        const struct connection *c = flows_at(flows, i);
        if (c->first_frame != FRAME_NONE)
            bytes += connection_extra_bytes(c);
    }
    assert_true(bytes == flows->extra_bytes);
}

/* At most so many segments at once. */
static void feed_all(const struct segment *segments, uint32_t count, uint32_t at_once,
                     uint64_t memory_bytes, struct finals *finals)
{
    static const struct siphash_key secret = {5, 6};
    struct analyzer_config config = ANALYZER_CONFIG_DEFAULT;
    struct flows flows;
    finals->count = 0;
    config.max_memory_bytes = memory_bytes;
    assert_true(flows_init(&flows, &config, note_final, finals));
    flows.secret = secret;
    for (uint32_t done = 0, size; done < count; done += size) {
        size = 1 + random_below(at_once);
        size = size < count - done ? size : count - done;
        assert_int_equal(flows_feed(&flows, segments + done, size, NULL), FLOW_OK);
        all_is_accounted(&flows);
    }
    assert_int_equal(flows_drain(&flows), FLOW_OK);
    flows_finish(&flows);
}

static void in_batches(void **state)
{
    (void)state;
    static struct segment segments[TALKS * TALK_MAX];
    static struct finals one_by_one, together;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        random_state = seed;
        uint32_t count = traffic(seed, segments);
        uint64_t memory_bytes = seed % 4 ? ANALYZER_CONFIG_DEFAULT.max_memory_bytes : 1u << 15;
        feed_all(segments, count, 1, memory_bytes, &one_by_one);
        feed_all(segments, count, 200, memory_bytes, &together);
        assert_in_range(one_by_one.count, TALKS / 2, FINALS);
        assert_int_equal(one_by_one.count, together.count);
        assert_memory_equal(one_by_one.digests, together.digests,
                            together.count * sizeof *together.digests);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_keys_say),
        cmocka_unit_test(in_batches),
    };
    return cmocka_run_group_tests_name("tuples", tests, NULL, NULL);
}
