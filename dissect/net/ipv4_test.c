#include "dissect/net/frames_test.h"

#define RAW 101

static void header_length(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned words = 0; words <= 15; words++) {
        struct frame f = {0};
        size_t ip = put_ipv4(&f, 6);
        f.octets[0] = (uint8_t)(0x40 | words);
        if (words > 5)
            put_zeros(&f, (words - 5) * 4);
        put_tcp(&f, TCP_ACK | TCP_PSH, "\1\1\x08\x0a\0\0\0\x05\0\0\0\x06", 12, SAMPLE_PAYLOAD);
        end_ipv4(&f, ip);
        if (words < 5)
            assert_undecodable(&b, RAW, &f, f.length, UNDECODABLE_NETWORK_BAD);
        else
            assert_sample(bench_segment(&b, RAW, &f));
    }
    struct frame f = {0};
    put_ipv4(&f, 6);
    f.octets[0] = 0x46; /* one word more than there is */
    assert_undecodable(&b, RAW, &f, f.length, UNDECODABLE_NETWORK_BAD);
    bench_finish(&b);
}

static void total_length(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, TCP_ACK, "", 0, 100);
    unsigned whole = (unsigned)f.length;

    /* clang-format off */
    static const struct {
        unsigned total;
        bool segment;
        unsigned payload;
        uint32_t marks;
    } cases[] = {
        {0, true, 100, SEG_LENGTH_GUESSED | SEG_OFFLOADED},
        {1, false, 0, 0},
        {19, false, 0, 0},
        {20, false, 0, 0}, /* no room for a header of TCP */
        {35, false, 0, 0},
        {36, true, 0, SEG_MALFORMED},
        {39, true, 0, SEG_MALFORMED},
        {40, true, 0, 0},
        {139, true, 99, 0},
        {140, true, 100, 0},
        {141, true, 100, SEG_LENGTH_GUESSED},
        {65535, true, 100, SEG_LENGTH_GUESSED},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        patch16(&f, ip + 2, cases[i].total);
        assert_int_equal(bench_run(&b, RAW, &f, whole), cases[i].segment);
        if (!cases[i].segment)
            continue;
        assert_int_equal(b.batch->segments[0].payload_len, cases[i].payload);
        assert_int_equal(b.batch->segments[0].marks, cases[i].marks);
        bool malformed = cases[i].marks & SEG_MALFORMED;
        assert_int_equal(b.batch->segments[0].ip_bytes,
                         malformed ? cases[i].total : cases[i].payload + 40);
    }
    assert_int_equal(b.findings.undecodable[UNDECODABLE_NETWORK_BAD], 2);
    assert_int_equal(b.findings.undecodable[UNDECODABLE_TRANSPORT_BAD], 2);
    bench_finish(&b);
}

/* Segmentation left to the card: far more than a packet's length field could say. */
static void longer_than_any_packet(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, TCP_ACK, "", 0, 100);
    patch16(&f, ip + 2, 0);
    struct packet as = {.link_type = RAW};
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, 200040), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 200000);
    patch16(&f, ip + 2, 9216);
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, 9216), 1);
    assert_int_equal(b.batch->segments[0].marks, 0);
    patch16(&f, ip + 2, 9217);
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, 9217), 1);
    assert_int_equal(b.batch->segments[0].marks, SEG_OFFLOADED);
    bench_finish(&b);
}

/* The innermost length counts; what an outer header had to guess is forgotten. */
static void inner_length_is_not_guessed(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_ipv4(&f, 4);
    put_sample(&f);
    put_zeros(&f, 30);
    assert_sample(bench_segment(&b, RAW, &f));
    assert_int_equal(b.batch->segments[0].marks, SEG_TIMESTAMPS);
    bench_finish(&b);
}

static void version(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned nibble = 0; nibble < 16; nibble++) {
        struct frame f = {0};
        put_sample(&f);
        put_zeros(&f, 40);
        f.octets[0] = (uint8_t)(nibble << 4 | 5);
        uint32_t count = bench_run(&b, RAW, &f, f.length);
        assert_int_equal(count, nibble == 4);
    }
    assert_int_equal(b.findings.undecodable[UNDECODABLE_NETWORK_BAD], 14);
    bench_finish(&b);
}

static void protocols(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        unsigned protocol;
        enum other_protocol other;
    } cases[] = {
        {1, OTHER_ICMP}, {2, OTHER_IGMP}, {17, OTHER_UDP}, {33, OTHER_DCCP}, {46, OTHER_RSVP},
        {50, OTHER_ESP}, {58, OTHER_ICMPV6}, {88, OTHER_EIGRP}, {89, OTHER_OSPF}, {103, OTHER_PIM},
        {112, OTHER_VRRP}, {132, OTHER_SCTP}, {136, OTHER_UDP_LITE}, {0, OTHER_IP}, {44, OTHER_IP},
        {108, OTHER_IP}, {255, OTHER_IP},
    };
    /* clang-format on */
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame f = {0};
        size_t ip = put_ipv4(&f, cases[i].protocol);
        put_sample(&f); /* as an ICMP error quotes it: still no segment */
        end_ipv4(&f, ip);
        assert_other(&b, RAW, &f, cases[i].other);
    }
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_length),
        cmocka_unit_test(total_length),
        cmocka_unit_test(longer_than_any_packet),
        cmocka_unit_test(inner_length_is_not_guessed),
        cmocka_unit_test(version),
        cmocka_unit_test(protocols),
    };
    return cmocka_run_group_tests_name("ipv4", tests, NULL, NULL);
}
