/* What each link layer carries beside IP, and what only 802.11 does. */
#include "dissect/net/frames_test.h"

#define NULL_LOOPBACK 0
#define ETHERNET      1
#define WLAN          105
#define RADIOTAP      127
#define PPI           192

static void loopback_families(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (uint32_t family = 0; family <= 255; family++) {
        bool v4 = family == 2;
        bool v6 = family == 10 || family == 24 || family == 28 || family == 30;
        for (unsigned order = 0; order < 2; order++) {
            struct frame f = {0};
            put32(&f, order ? family << 24 : family);
            if (v6)
                put_sample_v6(&f);
            else
                put_sample(&f);
            if (v4 || v6)
                assert_sample(bench_segment(&b, NULL_LOOPBACK, &f));
            else
                assert_other(&b, NULL_LOOPBACK, &f, OTHER_LINK_CONTROL);
        }
    }
    bench_finish(&b);
}

static void not_ip(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        uint16_t link_type;
        const char *octets;
        size_t length;
        enum other_protocol other;
    } cases[] = {
        {1, "\x01\x80\xc2\0\0\0\x02\0\0\0\0\x01\0\x26\x42\x42\x03", 17, OTHER_LLC},
        {1, "\x01\x80\xc2\0\0\0\x02\0\0\0\0\x01\0\x26\xff\xff\0", 17, OTHER_IPX},
        {1, "\x01\0\x0c\xcc\xcc\xcc\x02\0\0\0\0\x01\0\x26\xaa\xaa\x03\0\0\x0c\x20\0", 22, OTHER_CDP},
        {6, "\x10\0\1\2\3\4\5\6\1\2\3\4\5\6", 14, OTHER_LINK_CONTROL}, /* a MAC frame */
        {9, "\xff\x03\xc0\x21\1\1", 6, OTHER_PPP_CONTROL},
        {9, "\xff\x03\x00\x2d\1\1", 6, OTHER_PPP_CONTROL},
        {10, "\x41\1\2\3\4\5\6\1\2\3\4\5\6", 13, OTHER_LINK_CONTROL},
        {51, "\x11\x09\0\0\0\0", 6, OTHER_PPPOE_DISCOVERY},
        {104, "\x8f\0\x80\x35\0\0", 6, OTHER_LINK_CONTROL},
        {104, "\x8f\0\x20\0\0\0", 6, OTHER_CDP},
        {107, "\xfc\xf1\x03\x08\0\0", 6, OTHER_LINK_CONTROL},
        {113, "\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\x08\x06", 16, OTHER_ARP},
        {113, "\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x04\x42\x42\x03", 19, OTHER_LLC},
        {113, "\0\0\x03\x38\0\0\0\0\0\0\0\0\0\0\0\0", 16, OTHER_LINK_CONTROL},
        {129, "\1\2\0\0\xd5\0\0\1", 8, OTHER_ARP},
        {129, "\1\2\0\0\xd4\2\0\1", 8, OTHER_LINK_CONTROL}, /* a later part of a packet */
        {239, "\7\0\0\0\x08\0\1\0\x08\x06\3\0\x05\0\x09\0\0", 17, OTHER_ARP},
        {239, "\2\0\0\0\x08\0\1\0\x08\0\3\0", 12, OTHER_LINK_CONTROL}, /* without payload */
        {253, "\0\4\3\x38\0\0\0\0\0\0\0\0\0\0\0\0", 16, OTHER_LINK_CONTROL},
    };
    /* clang-format on */
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame f = {0};
        put(&f, cases[i].octets, cases[i].length);
        assert_other(&b, cases[i].link_type, &f, cases[i].other);
    }
    bench_finish(&b);
}

/* RFC 2684 section 5.2, as tshark reads it: padding before the frame. */
static void bridged_over_atm(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned pid = 0; pid < 16; pid++) {
        struct frame f = {0};
        put(&f, "\xaa\xaa\x03\0\x80\xc2\0", 7);
        put8(&f, (uint8_t)pid);
        put(&f, "\0\0\2\0\0\0\0\1\2\0\0\0\0\2\x08\0", 16);
        put_sample(&f);
        if (pid == 1 || pid == 7)
            assert_sample(bench_segment(&b, 100, &f));
        else
            assert_other(&b, 100, &f, OTHER_LLC);
    }
    bench_finish(&b);
}

static void cooked_directions(void **state)
{
    (void)state;
    static const struct {
        unsigned type;
        uint32_t mark;
    } cases[] = {{0, SEG_INBOUND}, {1, 0}, {2, 0}, {3, 0}, {4, SEG_OUTBOUND}, {5, 0}};
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame f = {0};
        put16(&f, cases[i].type);
        put(&f, "\0\x01\0\x06\x02\0\0\0\0\x01\0\0\x08\x00", 14);
        put_sample(&f);
        const struct segment *s = bench_segment(&b, 113, &f);
        assert_int_equal(s->marks & (SEG_INBOUND | SEG_OUTBOUND), cases[i].mark);
    }
    bench_finish(&b);
}

static void put_wlan(struct frame *f, unsigned control, unsigned flags, unsigned sequence)
{
    put8(f, control);
    put8(f, flags);
    put_zeros(f, 20);
    put8(f, sequence);
    put8(f, 0);
}

static void put_snap_sample(struct frame *f)
{
    put(f, "\xaa\xaa\x03\0\0\0\x08\x00", 8);
    put_sample(f);
}

static void wlan_frame_types(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        unsigned control, flags, sequence;
        enum other_protocol other;
    } cases[] = {
        {0x80, 0, 0, OTHER_WLAN_MANAGEMENT},
        {0xd4, 0, 0, OTHER_WLAN_CONTROL},
        {0x48, 0, 0, OTHER_WLAN_DATA},
        {0xc8, 0, 0, OTHER_WLAN_DATA},
        {0x08, 0x41, 0, OTHER_WLAN_ENCRYPTED},
        {0x08, 0x01, 1, OTHER_WLAN_DATA}, /* a later fragment */
    };
    /* clang-format on */
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame f = {0};
        put_wlan(&f, cases[i].control, cases[i].flags, cases[i].sequence);
        put_zeros(&f, 60);
        assert_other(&b, WLAN, &f, cases[i].other);
    }
    bench_finish(&b);
}

/* The flag stayed, the encryption is gone; the vector before the data may be there or not. */
static void wlan_decrypted(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (size_t vector = 0; vector <= 12; vector++) {
        struct frame f = {0};
        put_wlan(&f, 0x08, 0x41, 0);
        put_zeros(&f, vector);
        put_snap_sample(&f);
        if (vector == 0 || vector == 4 || vector == 8)
            assert_sample(bench_segment(&b, WLAN, &f));
        else
            assert_other(&b, WLAN, &f, OTHER_WLAN_ENCRYPTED);
    }
    bench_finish(&b);
}

/* The IP header counts octets that come in later 802.11 fragments. */
static void wlan_first_fragment(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_wlan(&f, 0x08, 0x05, 0);
    put_snap_sample(&f);
    patch16(&f, 24 + 8 + 2, 1500);
    const struct segment *s = bench_segment(&b, WLAN, &f);
    assert_int_equal(s->payload_len, 1500 - 20 - 32);
    assert_false(s->marks & SEG_LENGTH_GUESSED);
    bench_finish(&b);
}

/* Nor does a frame longer than any IP packet become shorter by it. */
static void wlan_first_fragment_longer_than_ip(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_wlan(&f, 0x08, 0x05, 0);
    put_snap_sample(&f);
    size_t length = 70000;
    uint8_t *octets = calloc(1, length);
    assert_non_null(octets);
    memcpy(octets, f.octets, f.length);
    struct packet as = {.link_type = WLAN};
    assert_int_equal(bench_run_as(&b, as, octets, length, length), 1);
    assert_sample(&b.batch->segments[0]);
    memset(octets + 24 + 6, 0x81, length - 30); /* tags without end */
    octets[31] = 0;
    assert_int_equal(bench_run_as(&b, as, octets, length, length), 0);
    free(octets);
    bench_finish(&b);
}

static void put_aggregate(struct frame *f, unsigned frames, bool tcp)
{
    put_wlan(f, 0x88, 0x01, 0);
    put16(f, 0x8000);
    for (unsigned i = 0; i < frames; i++) {
        put_zeros(f, 12);
        size_t length = f->length;
        put16(f, 0);
        if (tcp)
            put_snap_sample(f);
        else
            put(f, "\x42\x42\x03\0\0", 5);
        patch16(f, length, f->length - length - 2);
        if (i + 1 < frames)
            put_zeros(f, (4 - (f->length - length + 12) % 4) % 4);
    }
}

static void wlan_aggregates(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    assert_non_null(findings_add_file(&b.findings, "file"));
    uint64_t *left_out = &b.findings.files[0].oddities[ODDITY_SEGMENT_LIMIT];
    for (unsigned frames = 1; frames <= 18; frames++) {
        struct frame f = {0};
        put_aggregate(&f, frames, true);
        unsigned most = frames < PACKET_SEGMENTS_MAX ? frames : PACKET_SEGMENTS_MAX;
        *left_out = 0;
        assert_int_equal(bench_run(&b, WLAN, &f, f.length), most);
        assert_int_equal(*left_out, frames - most);
        for (unsigned i = 0; i < most; i++)
            assert_sample(&b.batch->segments[i]);
        for (size_t captured = 0; captured < f.length; captured++)
            assert_in_range(bench_run(&b, WLAN, &f, captured), 0, most);
    }
    struct frame other = {0};
    put_aggregate(&other, 3, false);
    assert_other(&b, WLAN, &other, OTHER_LLC);
    struct frame empty = {0};
    put_aggregate(&empty, 0, false);
    assert_undecodable(&b, WLAN, &empty, empty.length, UNDECODABLE_LINK_CUT);
    bench_finish(&b);
}

static void radiotap_lengths(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned length = 0; length <= 64; length++) {
        struct frame f = {0};
        put(&f, "\0\0\0\0\0\0\0\0", 8);
        f.octets[2] = (uint8_t)length;
        put_zeros(&f, length > 8 ? length - 8 : 0);
        put_wlan(&f, 0x08, 0x01, 0);
        put_snap_sample(&f);
        if (length < 8)
            assert_undecodable(&b, RADIOTAP, &f, f.length, UNDECODABLE_NETWORK_BAD);
        else
            assert_sample(bench_segment(&b, RADIOTAP, &f));
    }
    struct frame f = {0};
    put(&f, "\0\0\xff\xff\xff\xff\xff\xff", 8); /* a bitmap that never ends */
    assert_undecodable(&b, RADIOTAP, &f, f.length, UNDECODABLE_LINK_CUT);
    bench_finish(&b);
}

static void ppi_names_the_link_type(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0}, unknown = {0}, nested = {0};
    put(&f, "\0\0\x08\0\x01\0\0\0", 8);
    put_ethernet(&f, 0x0800);
    put_sample(&f);
    assert_sample(bench_segment(&b, PPI, &f));
    put(&unknown, "\0\0\x08\0\x01\0\x01\0", 8);
    assert_int_equal(bench_run(&b, PPI, &unknown, unknown.length), 0);
    assert_int_equal(b.findings.links[0].link_type, PPI);
    for (unsigned i = 0; i < 100; i++)
        put(&nested, "\0\0\x08\0\xc0\0\0\0", 8);
    assert_undecodable(&b, PPI, &nested, nested.length, UNDECODABLE_TOO_DEEP);
    bench_finish(&b);
}

static void netlink_batches(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    assert_non_null(findings_add_file(&b.findings, "file"));
    uint64_t *left_out = &b.findings.files[0].oddities[ODDITY_SEGMENT_LIMIT];
    for (unsigned messages = 1; messages <= 18; messages++) {
        struct frame f = {0};
        put(&f, "\0\x04\x03\x38\0\0\0\0\0\0\0\0\0\0\0\x0c", 16);
        for (unsigned i = 0; i < messages; i++) {
            size_t message = f.length;
            put(&f, "\0\0\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\x02\0\0\0", 20);
            size_t attribute = f.length;
            put(&f, "\0\0\x09\0", 4);
            put_sample(&f);
            f.octets[attribute] = (uint8_t)(f.length - attribute);
            f.octets[message] = (uint8_t)(f.length - message);
            put_zeros(&f, (4 - f.length % 4) % 4);
        }
        unsigned most = messages < PACKET_SEGMENTS_MAX ? messages : PACKET_SEGMENTS_MAX;
        *left_out = 0;
        assert_int_equal(bench_run(&b, 253, &f, f.length), most);
        assert_int_equal(*left_out, messages - most);
        for (unsigned i = 0; i < most; i++)
            assert_sample(&b.batch->segments[i]);
    }
    bench_finish(&b);
}

static void length_field_limits_the_frame(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_ethernet(&f, 0);
    put(&f, "\xaa\xaa\x03\0\0\0\x08\x00", 8);
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, TCP_ACK, "", 0, 30);
    patch16(&f, ip + 2, 0); /* only the 802.3 length can tell */
    patch16(&f, 12, 8 + 40 + 10);
    assert_int_equal(bench_segment(&b, ETHERNET, &f)->payload_len, 10);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_families),
        cmocka_unit_test(not_ip),
        cmocka_unit_test(bridged_over_atm),
        cmocka_unit_test(cooked_directions),
        cmocka_unit_test(wlan_frame_types),
        cmocka_unit_test(wlan_decrypted),
        cmocka_unit_test(wlan_first_fragment),
        cmocka_unit_test(wlan_first_fragment_longer_than_ip),
        cmocka_unit_test(wlan_aggregates),
        cmocka_unit_test(radiotap_lengths),
        cmocka_unit_test(ppi_names_the_link_type),
        cmocka_unit_test(netlink_batches),
        cmocka_unit_test(length_field_limits_the_frame),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
