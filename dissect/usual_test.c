/* The short way against the long one: whatever the short one takes is, octet by octet, the segment
 * that the long one makes of it; and it takes what it is there for. */
#include "dissect/samples_test.h"
#include "dissect/usual.h"

struct shape {
    const char *name;
    unsigned tag;  /* EtherType of a VLAN tag, or 0 */
    unsigned vlan; /* the tag's two octets */
    bool v6;
    unsigned flags;
    const char *options; /* hexadecimal */
    unsigned payload;
    bool usual;
};

/* clang-format off */
static const struct shape shapes[] = {
    {"data",            0,      0,    false, TCP_ACK,           "0101080a0000000500000006",                 100, true},
    {"acknowledgment",  0,      0,    false, TCP_ACK,           "",                                         0,   true},
    {"IPv6",            0,      0,    true,  TCP_ACK | TCP_PSH, "0101080a0000000500000006",                 7,   true},
    {"IPv6, no options",0,      0,    true,  TCP_ACK,           "",                                         1,   true},
    {"VLAN",            0x8100, 5,    false, TCP_ACK,           "0101080a0000000500000006",                 9,   true},
    {"priority",        0x88a8, 0xe000, true, TCP_ACK,          "",                                         9,   true},
    {"old tags",        0x9100, 4095, false, TCP_ACK,           "",                                         90,  true},
    {"SYN of Linux",    0,      0,    false, TCP_SYN,           "020405b40402080a000000050000000001030307", 0,   true},
    {"SYN of Windows",  0,      0,    true,  TCP_SYN,           "020405b40103030801010402",                 0,   true},
    {"SACK",            0,      0,    false, TCP_ACK,           "0101080a00000005000000060101050a0000002000000030", 0, true},
    {"D-SACK",          0,      0,    false, TCP_ACK,           "0101050a0000000100000002",                 30,  true},
    {"FIN",             0,      0,    false, TCP_ACK | TCP_FIN, "0101080a0000000500000006",                 0,   true},
    {"RST",             0,      0,    false, TCP_RST,           "",                                         0,   true},
    {"urgent",          0,      0,    false, TCP_ACK | TCP_URG, "0101080a0000000500000006",                 90,  true},
    {"bad option",      0,      0,    false, TCP_ACK,           "0301ffff",                                 90,  true},
    {"RST that says why", 0,    0,    false, TCP_RST | TCP_ACK, "",                                         30,  false},
    {"RST of MPTCP",    0,      0,    false, TCP_RST | TCP_ACK, "1e048004",                                 0,   false},
    {"keepalive",       0,      0,    false, TCP_ACK,           "",                                         1,   false},
};
/* clang-format on */

static size_t octets_of(const char *hexadecimal, char *octets)
{
    size_t count = strlen(hexadecimal) / 2;
    for (size_t i = 0; i < count; i++) {
        char pair[3] = {hexadecimal[2 * i], hexadecimal[2 * i + 1], 0};
        octets[i] = (char)strtoul(pair, NULL, 16);
    }
    return count;
}

static void put_shape(struct frame *f, const struct shape *shape)
{
    char options[40];
    size_t length = octets_of(shape->options, options);
    unsigned type = shape->v6 ? 0x86dd : 0x0800;
    put_ethernet(f, shape->tag ? shape->tag : type);
    if (shape->tag) {
        put16(f, shape->vlan);
        put16(f, type);
    }
    size_t ip = shape->v6 ? put_ipv6(f, 6) : put_ipv4(f, 6);
    size_t tcp = f->length;
    put_tcp(f, shape->flags, options, length, shape->payload);
    if (shape->flags & TCP_URG)
        patch16(f, tcp + 18, 1);
    if (shape->v6)
        end_ipv6(f, ip);
    else
        end_ipv4(f, ip);
}

struct both_ways {
    struct known_macs macs;
    struct bench bench;
    unsigned taken, left;
};

static void both_init(struct both_ways *b)
{
    known_macs_init(&b->macs);
    bench_init(&b->bench);
    b->taken = b->left = 0;
}

/* True when the short way took it. Fails when the two differ. */
static bool agree(struct both_ways *b, struct packet as, const uint8_t *octets, size_t captured,
                  size_t original)
{
    struct segment segment;
    uint8_t *exact = malloc(captured ? captured : 1);
    assert_non_null(exact);
    if (captured)
        memcpy(exact, octets, captured);
    as.data = exact;
    as.captured_len = (uint32_t)captured;
    as.original_len = (uint32_t)original;
    as.frame = frame_ref_of(3, ++b->bench.frames);
    as.time_ns = (int64_t)b->bench.frames * 1001;
    memset(&segment, 0x5a, sizeof segment); /* slots are never clean */
    bool taken = usual_segments(&b->macs, &as, 1, &segment) == 1;
    batch_clear(b->bench.batch);
    dissect_unusual(b->bench.dissector, &as, b->bench.batch);
    if (taken) {
        assert_int_equal(b->bench.batch->count, 1);
        assert_int_equal(b->bench.batch->aux_count, 0);
        assert_memory_equal(&segment, &b->bench.batch->segments[0], sizeof segment);
    }
    b->taken += taken;
    b->left += !taken;
    free(exact);
    return taken;
}

static void usual_shapes_are_taken(void **state)
{
    (void)state;
    struct both_ways b;
    both_init(&b);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct frame f = {0};
        struct packet as = {.link_type = 1, .interface = 7};
        put_shape(&f, &shapes[i]);
        if (agree(&b, as, f.octets, f.length, f.length) != shapes[i].usual)
            fail_msg("%s", shapes[i].name);
        /* What follows the IP packet in its frame is padding. */
        put_zeros(&f, 6);
        assert_int_equal(agree(&b, as, f.octets, f.length, f.length), shapes[i].usual);
        as.fcs_len = 4;
        assert_false(agree(&b, as, f.octets, f.length, f.length));
    }
    bench_finish(&b.bench);
}

/* In both lengths that a packet has, and with all that a capture says of one. */
static void shapes_cut_anywhere(void **state)
{
    (void)state;
    struct both_ways b;
    both_init(&b);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct frame f = {0};
        put_shape(&f, &shapes[i]);
        for (size_t captured = 0; captured <= f.length; captured++) {
            struct packet as = {.link_type = 1, .marks = (uint8_t)(captured % 16)};
            agree(&b, as, f.octets, captured, f.length);
            agree(&b, as, f.octets, captured, captured);
            agree(&b, as, f.octets, captured, f.length + 20000);
        }
    }
    assert_true(b.taken > 500);
    assert_true(b.left > 1000);
    bench_finish(&b.bench);
}

static void every_octet_wrong(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x02, 0x06, 0x10, 0x40, 0x7f, 0x80, 0xff};
    struct both_ways b;
    both_init(&b);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct frame f = {0};
        put_shape(&f, &shapes[i]);
        for (size_t at = 0; at < f.length; at++) {
            uint8_t good = f.octets[at];
            for (size_t v = 0; v < 2 * sizeof values; v++) {
                uint8_t value = values[v / 2];
                f.octets[at] = v % 2 ? (uint8_t)(good ^ value) : value;
                agree(&b, (struct packet){.link_type = 1}, f.octets, f.length, f.length);
            }
            f.octets[at] = good;
        }
    }
    assert_true(b.taken > 10000);
    assert_true(b.left > 1000);
    bench_finish(&b.bench);
}

/* Several octets at once, from a fixed sequence of pseudo-random numbers. */
static void several_octets_wrong(void **state)
{
    (void)state;
    uint32_t random = 1;
    struct both_ways b;
    both_init(&b);
    for (unsigned round = 0; round < 60000; round++) {
        struct frame f = {0};
        put_shape(&f, &shapes[round % (sizeof shapes / sizeof *shapes)]);
        for (unsigned i = 0; i < 1 + round % 4; i++) {
            random = random * 1664525u + 1013904223u;
            f.octets[(random >> 16) % (round % 3 ? 78 : f.length)] = (uint8_t)(random >> 8);
        }
        agree(&b, (struct packet){.link_type = 1}, f.octets, f.length, f.length);
    }
    assert_true(b.taken > 10000);
    assert_true(b.left > 10000);
    bench_finish(&b.bench);
}

/* Encapsulations of all kinds, where they begin as an Ethernet frame does. */
static void other_encapsulations_are_left(void **state)
{
    (void)state;
    struct both_ways b;
    both_init(&b);
    for (size_t i = 0; i < sample_count; i++) {
        struct frame f = {0};
        samples[i].build(&f);
        struct packet as = {.link_type = samples[i].link_type};
        if (agree(&b, as, f.octets, f.length, f.length))
            assert_int_equal(samples[i].tunnel, TUNNEL_NONE);
        as.link_type = 1;
        agree(&b, as, f.octets, f.length, f.length);
    }
    assert_true(b.left > sample_count);
    bench_finish(&b.bench);
}

/* A batch is filled in the packets' order, across both ways, and never beyond what is wanted. */
static void runs_keep_their_order(void **state)
{
    (void)state;
    struct frame usual = {0}, unusual = {0};
    struct packet packets[2 * (BATCH_SEGMENTS_FEW + BATCH_SEGMENTS)];
    uint32_t count = sizeof packets / sizeof *packets;
    uint32_t wanted[] = {BATCH_SEGMENTS_FEW, BATCH_SEGMENTS}, batches = 0;
    struct bench b;
    bench_init(&b);
    put_shape(&usual, &shapes[0]);
    sample_build(&unusual, "gre");
    for (uint32_t i = 0; i < count; i++) {
        const struct frame *f = i % 7 == 3 ? &unusual : &usual;
        packets[i] = (struct packet){.link_type = f == &unusual ? 101 : 1,
                                     .data = f->octets,
                                     .captured_len = (uint32_t)f->length,
                                     .original_len = (uint32_t)f->length,
                                     .frame = i + 1};
    }
    for (uint32_t done = 0; done < count;) {
        b.batch->wanted = wanted[batches++ % 2];
        uint32_t taken = dissect_packets(b.dissector, packets + done, count - done, b.batch);
        assert_int_equal(taken, b.batch->wanted);
        assert_int_equal(b.batch->count, taken);
        for (uint32_t i = 0; i < taken; i++) {
            assert_int_equal(b.batch->segments[i].frame, done + i + 1);
            assert_int_equal(b.batch->segments[i].tunnel,
                             (done + i) % 7 == 3 ? TUNNEL_GRE : TUNNEL_NONE);
        }
        done += taken;
        batch_clear(b.batch);
    }
    assert_int_equal(b.findings.packets, count);
    assert_int_equal(b.findings.tcp, count);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_shapes_are_taken),
        cmocka_unit_test(shapes_cut_anywhere),
        cmocka_unit_test(every_octet_wrong),
        cmocka_unit_test(several_octets_wrong),
        cmocka_unit_test(other_encapsulations_are_left),
        cmocka_unit_test(runs_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
