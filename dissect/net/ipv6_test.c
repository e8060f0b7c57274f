#include "dissect/net/frames_test.h"

#define RAW 101

static void put_tcp_sample(struct frame *f)
{
    put_tcp(f, TCP_ACK | TCP_PSH, "\1\1\x08\x0a\0\0\0\x05\0\0\0\x06", 12, SAMPLE_PAYLOAD);
}

static void payload_length(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    size_t ip = put_ipv6(&f, 6);
    put_tcp(&f, TCP_ACK, "", 0, 100);
    /* clang-format off */
    static const struct {
        unsigned length;
        bool segment;
        unsigned payload;
        uint32_t marks;
    } cases[] = {
        {0, true, 100, SEG_LENGTH_GUESSED | SEG_OFFLOADED},
        {1, false, 0, 0},
        {15, false, 0, 0},
        {16, true, 0, SEG_MALFORMED},
        {19, true, 0, SEG_MALFORMED},
        {20, true, 0, 0},
        {119, true, 99, 0},
        {120, true, 100, 0},
        {121, true, 100, SEG_LENGTH_GUESSED},
        {65535, true, 100, SEG_LENGTH_GUESSED},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        patch16(&f, ip + 4, cases[i].length);
        assert_int_equal(bench_run(&b, RAW, &f, f.length), cases[i].segment);
        if (!cases[i].segment)
            continue;
        assert_int_equal(b.batch->segments[0].payload_len, cases[i].payload);
        assert_int_equal(b.batch->segments[0].marks, cases[i].marks);
        assert_int_equal(b.batch->segments[0].ttl, 61);
        assert_int_equal(b.batch->segments[0].ip_version, 6);
        assert_int_equal(b.batch->segments[0].ip_id, 0);
    }
    bench_finish(&b);
}

static void jumbo_payload(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_ipv6(&f, 0);
    put(&f, "\x06\0\xc2\x04", 4);
    put32(&f, 8 + 20 + 150000);
    put_tcp(&f, TCP_ACK, "", 0, 10);
    struct packet as = {.link_type = RAW};
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, 40 + 8 + 20 + 150000 + 4), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 150000);
    assert_int_equal(b.batch->segments[0].ip_bytes, 40 + 8 + 20 + 150000);
    assert_int_equal(b.batch->segments[0].marks, SEG_OFFLOADED);
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, 40 + 8 + 20 + 149999), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 149999);
    assert_true(b.batch->segments[0].marks & SEG_LENGTH_GUESSED);
    f.octets[42] = 0xc3; /* another option: then only the frame can tell */
    assert_int_equal(bench_run_as(&b, as, f.octets, f.length, 40 + 8 + 20 + 5000), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 5000);
    assert_true(b.batch->segments[0].marks & SEG_LENGTH_GUESSED);
    bench_finish(&b);
}

static void extension_lengths(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned units = 0; units <= 255; units++) {
        struct frame f = {0};
        size_t ip = put_ipv6(&f, 60);
        put8(&f, 6);
        put8(&f, units);
        put_zeros(&f, 6 + units * 8);
        put_tcp_sample(&f);
        end_ipv6(&f, ip);
        assert_sample(bench_segment(&b, RAW, &f));
    }
    struct frame f = {0};
    size_t ip = put_ipv6(&f, 60);
    put(&f, "\x06\x01\0\0\0\0\0\0", 8); /* one unit more than there is */
    end_ipv6(&f, ip);
    assert_undecodable(&b, RAW, &f, f.length, UNDECODABLE_NETWORK_BAD);
    bench_finish(&b);
}

static void extensions_are_bounded(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned count = 7; count <= 9; count++) {
        struct frame f = {0};
        size_t ip = put_ipv6(&f, 60);
        for (unsigned i = 1; i <= count; i++) {
            put8(&f, i == count ? 6 : 60);
            put_zeros(&f, 7);
        }
        put_tcp_sample(&f);
        end_ipv6(&f, ip);
        if (count <= 8)
            assert_sample(bench_segment(&b, RAW, &f));
        else
            assert_undecodable(&b, RAW, &f, f.length, UNDECODABLE_TOO_DEEP);
    }
    bench_finish(&b);
}

static void routed_to_the_final_destination(void **state)
{
    (void)state;
    static const uint8_t types[] = {0, 2, 3, 4};
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof types; i++) {
        for (unsigned left = 0; left <= 2; left++) {
            struct frame f = {0};
            size_t ip = put_ipv6(&f, 43);
            put(&f, "\x06\x04", 2);
            put8(&f, types[i]);
            put8(&f, left);
            put32(&f, 0);
            put(&f, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\xaa", 16);
            put(&f, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\xbb", 16);
            put_tcp_sample(&f);
            end_ipv6(&f, ip);
            const struct segment *s = bench_segment(&b, RAW, &f);
            assert_sample(s);
            uint8_t expected = !left || types[i] == 3 ? 0x02 : types[i] == 4 ? 0xaa : 0xbb;
            assert_int_equal(s->destination[15], expected);
        }
    }
    bench_finish(&b);
}

static void no_next_header(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_ipv6(&f, 59);
    assert_other(&b, RAW, &f, OTHER_IP);
    f.octets[6] = 58;
    assert_other(&b, RAW, &f, OTHER_ICMPV6);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload_length),
        cmocka_unit_test(jumbo_payload),
        cmocka_unit_test(extension_lengths),
        cmocka_unit_test(extensions_are_bounded),
        cmocka_unit_test(routed_to_the_final_destination),
        cmocka_unit_test(no_next_header),
    };
    return cmocka_run_group_tests_name("ipv6", tests, NULL, NULL);
}
