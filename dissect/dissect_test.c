/* Every encapsulation there is, each whole and cut at every octet; and the accounting. */
#include "dissect/samples_test.h"

static void every_encapsulation_is_undone(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sample_count; i++) {
        struct frame f = {0};
        samples[i].build(&f);
        uint32_t count = bench_run(&b, samples[i].link_type, &f, f.length);
        if (count != 1)
            fail_msg("%s: %u segments", samples[i].name, count);
        const struct segment *s = &b.batch->segments[0];
        assert_sample(s);
        if (s->tunnel != samples[i].tunnel || s->vlan != samples[i].vlan)
            fail_msg("%s: tunnel %s, VLAN %u", samples[i].name, tunnel_name(s->tunnel), s->vlan);
        assert_int_equal(s->marks & (SEG_LENGTH_GUESSED | SEG_OPTIONS_BAD | SEG_OPTIONS_CUT), 0);
    }
    bench_finish(&b);
}

/* The snapshot length may end anywhere: the packet is counted once, no octet beyond is read, and
 * what can still be placed keeps its true length. */
static void cut_at_every_octet(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sample_count; i++) {
        struct frame f = {0};
        samples[i].build(&f);
        for (size_t captured = 0; captured < f.length; captured++) {
            if (!bench_run(&b, samples[i].link_type, &f, captured))
                continue;
            const struct segment *s = &b.batch->segments[0];
            assert_int_equal(s->seq, SAMPLE_SEQ);
            if (s->payload_len != SAMPLE_PAYLOAD)
                fail_msg("%s cut at %zu: %u octets", samples[i].name, captured, s->payload_len);
        }
    }
    bench_finish(&b);
}

/* The same where the frame really ends there: shorter than its headers say. */
static void ends_at_every_octet(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sample_count; i++) {
        struct frame f = {0};
        samples[i].build(&f);
        for (size_t length = 0; length < f.length; length++) {
            struct packet as = {.link_type = samples[i].link_type};
            if (bench_run_as(&b, as, f.octets, length, length))
                assert_true(b.batch->segments[0].payload_len <= SAMPLE_PAYLOAD);
        }
    }
    bench_finish(&b);
}

/* Each octet wrong in turn: whatever comes out is counted once. */
static void every_octet_wrong(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sample_count; i++) {
        struct frame f = {0};
        samples[i].build(&f);
        for (size_t at = 0; at < f.length; at++) {
            uint8_t good = f.octets[at];
            for (size_t v = 0; v < sizeof values; v++) {
                f.octets[at] = values[v];
                bench_run(&b, samples[i].link_type, &f, f.length);
            }
            f.octets[at] = good;
        }
    }
    bench_finish(&b);
}

static void unknown_links_and_empty_packets(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    sample_build(&f, "ethernet");
    assert_int_equal(bench_run(&b, 147, &f, f.length), 0);
    assert_int_equal(bench_run(&b, 65535, &f, f.length), 0);
    assert_int_equal(bench_run(&b, 147, &f, 0), 0);
    assert_int_equal(b.findings.link_count, 2);
    assert_int_equal(b.findings.links[0].packets, 2);
    assert_undecodable(&b, 1, &f, 0, UNDECODABLE_EMPTY);
    dissect_filtered(b.dissector);
    b.frames++;
    assert_int_equal(b.findings.other[OTHER_FILTERED], 1);
    assert_adds_up(&b.findings);
    bench_finish(&b);
}

static void frame_check_sequence_is_no_payload(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_ethernet(&f, 0x0800);
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, TCP_ACK, "", 0, 3);
    end_ipv4(&f, ip);
    patch16(&f, ip + 2, 0); /* only the frame can tell */
    put32(&f, 0xdeadbeef);
    struct packet as = {.link_type = 1, .fcs_len = 4};
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, f.length), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 3);
    assert_true(b.batch->segments[0].marks & SEG_LENGTH_GUESSED);
    as.fcs_len = 255; /* longer than the frame: nothing is left */
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, f.length), 0);
    bench_finish(&b);
}

static void packet_fields_are_carried(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    sample_build(&f, "ethernet");
    struct packet as = {.link_type = 1,
                        .time_ns = -5,
                        .interface = 3,
                        .marks = PACKET_INBOUND | PACKET_CHECKSUM_PENDING | PACKET_OFFLOADED};
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, f.length), 1);
    const struct segment *s = &b.batch->segments[0];
    assert_int_equal(s->time_ns, -5);
    assert_int_equal(s->interface, 3);
    assert_int_equal(s->frame, frame_ref_of(0, 1));
    assert_int_equal(s->marks, SEG_TIMESTAMPS | SEG_INBOUND | SEG_CHECKSUM_PENDING | SEG_OFFLOADED);
    assert_int_equal(s->ip_bytes, 20 + 32 + SAMPLE_PAYLOAD);
    assert_int_equal(s->ip_id, 0x1234);
    assert_int_equal(s->ttl, 64);
    assert_int_equal(s->ip_version, 4);
    assert_memory_equal(s->source, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
    assert_memory_equal(s->destination, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2", 16);
    bench_finish(&b);
}

static uint32_t world_of(struct bench *b, uint16_t link_type, const struct frame *f)
{
    return bench_segment(b, link_type, f)->world;
}

static void worlds(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame plain = {0}, tagged = {0}, inside = {0}, bare = {0};
    sample_build(&plain, "ethernet");
    sample_build(&tagged, "vlan");
    sample_build(&inside, "vxlan");
    sample_build(&bare, "raw101");
    uint32_t there = world_of(&b, 1, &plain);
    assert_int_not_equal(there, 0);
    uint8_t swapped[6];
    memcpy(swapped, plain.octets, 6);
    memcpy(plain.octets, plain.octets + 6, 6);
    memcpy(plain.octets + 6, swapped, 6);
    assert_int_equal(world_of(&b, 1, &plain), there);
    plain.octets[5] ^= 1;
    assert_int_not_equal(world_of(&b, 1, &plain), there);

    uint32_t vlan_7 = world_of(&b, 1, &tagged);
    assert_int_not_equal(vlan_7, there);
    patch16(&tagged, 14, 8);
    assert_int_not_equal(world_of(&b, 1, &tagged), vlan_7);
    patch16(&tagged, 14, 0xe000); /* a priority tag is no VLAN */
    assert_int_equal(world_of(&b, 1, &tagged), there);
    assert_int_equal(b.batch->segments[0].vlan, VLAN_NONE);

    uint32_t network = world_of(&b, 101, &inside);
    inside.octets[20 + 8 + 6]++;
    assert_int_not_equal(world_of(&b, 101, &inside), network);
    assert_int_equal(world_of(&b, 101, &bare), 0);
    bench_finish(&b);
}

/* NVGRE keys carry eight bits that differ between flows of one network. */
static void nvgre_flow_bits_are_no_world(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    sample_build(&f, "gre_bridge");
    uint32_t there = world_of(&b, 101, &f);
    f.octets[27]++;
    assert_int_equal(world_of(&b, 101, &f), there);
    f.octets[26]++;
    assert_int_not_equal(world_of(&b, 101, &f), there);
    bench_finish(&b);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned tunnels = 3; tunnels <= 6; tunnels++) {
        struct frame f = {0};
        size_t at[8];
        for (unsigned i = 0; i < tunnels; i++)
            at[i] = put_ipv4(&f, 4);
        put_sample(&f);
        for (unsigned i = 0; i < tunnels; i++)
            end_ipv4(&f, at[i]);
        if (tunnels <= 4)
            assert_sample(bench_segment(&b, 101, &f));
        else
            assert_undecodable(&b, 101, &f, f.length, UNDECODABLE_TOO_DEEP);
    }
    for (unsigned tags = 7; tags <= 10; tags++) {
        struct frame f = {0};
        put_ethernet(&f, 0x8100);
        for (unsigned i = 1; i < tags; i++)
            put32(&f, 0x00018100);
        put32(&f, 0x00070800);
        put_sample(&f);
        if (tags <= 8)
            assert_int_equal(bench_segment(&b, 1, &f)->vlan, 7);
        else
            assert_undecodable(&b, 1, &f, f.length, UNDECODABLE_TOO_DEEP);
    }
    for (unsigned labels = 15; labels <= 17; labels++) {
        struct frame f = {0};
        put_ethernet(&f, 0x8847);
        for (unsigned i = 1; i < labels; i++)
            put32(&f, 0x00010040);
        put32(&f, 0x00010140);
        put_sample(&f);
        if (labels <= 16)
            assert_sample(bench_segment(&b, 1, &f));
        else
            assert_undecodable(&b, 1, &f, f.length, UNDECODABLE_TOO_DEEP);
    }
    bench_finish(&b);
}

static void batch_is_filled_in_place(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    sample_build(&f, "ethernet");
    struct packet packet = {.data = f.octets,
                            .captured_len = (uint32_t)f.length,
                            .original_len = (uint32_t)f.length,
                            .link_type = 1};
    while (!batch_full(b.batch))
        dissect_packet(b.dissector, &packet, b.batch);
    assert_int_equal(b.batch->count, BATCH_SEGMENTS_FEW);
    for (uint32_t i = 0; i < b.batch->count; i++)
        assert_sample(&b.batch->segments[i]);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_encapsulation_is_undone),
        cmocka_unit_test(cut_at_every_octet),
        cmocka_unit_test(ends_at_every_octet),
        cmocka_unit_test(every_octet_wrong),
        cmocka_unit_test(unknown_links_and_empty_packets),
        cmocka_unit_test(frame_check_sequence_is_no_payload),
        cmocka_unit_test(packet_fields_are_carried),
        cmocka_unit_test(worlds),
        cmocka_unit_test(nvgre_flow_bits_are_no_world),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(batch_is_filled_in_place),
    };
    return cmocka_run_group_tests_name("dissect", tests, NULL, NULL);
}
