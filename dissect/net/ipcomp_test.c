/* Compressed payloads: what is inflated, how long it was, and what is left alone. */
#include "dissect/net/frames_test.h"

#include "dissect/net/inflater.h"

#define ZLIB_CONST
#include <zlib.h>

#define RAW 101

static size_t deflated(const void *octets, size_t length, uint8_t *into, size_t room)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = octets;
    stream.avail_in = (uInt)length;
    stream.next_out = into;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t total = stream.total_out;
    deflateEnd(&stream);
    return total;
}

/* IPv4 and IPComp around what `inner` holds, which protocol `next` decodes. */
static size_t put_ipcomp(struct frame *f, unsigned next, unsigned cpi, const struct frame *inner)
{
    uint8_t octets[sizeof inner->octets];
    size_t ip = put_ipv4(f, 108);
    put8(f, next);
    put8(f, 0);
    put16(f, cpi);
    size_t at = f->length;
    put(f, octets, deflated(inner->octets, inner->length, octets, sizeof octets));
    end_ipv4(f, ip);
    return at;
}

static void transport_and_tunnel(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned tunnel = 0; tunnel < 3; tunnel++) {
        struct frame f = {0}, sample = {0};
        if (tunnel == 2)
            put_sample_v6(&sample);
        else
            put_sample(&sample);
        if (!tunnel)
            memmove(sample.octets, sample.octets + 20, sample.length -= 20);
        static const unsigned next[] = {6, 4, 41};
        static const enum tunnel tunnels[] = {TUNNEL_NONE, TUNNEL_IPIP, TUNNEL_6IN4};
        put_ipcomp(&f, next[tunnel], 2, &sample);
        const struct segment *s = bench_segment(&b, RAW, &f);
        assert_sample(s);
        assert_int_equal(s->tunnel, tunnels[tunnel]);
        assert_int_equal(s->marks, SEG_TIMESTAMPS);
        assert_int_equal(s->ip_bytes, (tunnel == 2 ? 40 : tunnel ? 20 : 24) + 32 + SAMPLE_PAYLOAD);
    }
    bench_finish(&b);
}

/* The payload's length is exact while all of it was captured, whatever part of it is kept. */
static void lengths(void **state)
{
    (void)state;
    static const size_t payloads[] = {0, 1, 224, 235, 236, 237, 238, 3000};
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        struct frame f = {0}, inner = {0};
        put_tcp(&inner, TCP_ACK, "", 0, payloads[i]);
        put_ipcomp(&f, 6, 2, &inner);
        const struct segment *s = bench_segment(&b, RAW, &f);
        assert_int_equal(s->payload_len, payloads[i]);
        assert_int_equal(s->marks, 0);
    }
    bench_finish(&b);
}

/* Cut anywhere: an inner IP header says the length, without one it is what came. */
static void cut(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned tunnel = 0; tunnel < 2; tunnel++) {
        struct frame f = {0}, inner = {0};
        size_t ip = tunnel ? put_ipv4(&inner, 6) : 0;
        put_tcp(&inner, TCP_ACK, "", 0, 600);
        if (tunnel)
            end_ipv4(&inner, ip);
        size_t start = put_ipcomp(&f, tunnel ? 4 : 6, 2, &inner);
        unsigned seen = 0;
        for (size_t captured = 0; captured < f.length; captured++) {
            if (!bench_run(&b, RAW, &f, captured))
                continue;
            seen++;
            const struct segment *s = &b.batch->segments[0];
            assert_true(captured > start);
            assert_int_equal(s->seq, SAMPLE_SEQ);
            if (tunnel) {
                assert_int_equal(s->payload_len, 600);
                assert_false(s->marks & SEG_LENGTH_GUESSED);
            } else {
                assert_true(s->payload_len <= 600);
                assert_true(s->marks & SEG_LENGTH_GUESSED);
            }
        }
        assert_true(seen > 0);
        assert_undecodable(&b, RAW, &f, start - 1, UNDECODABLE_TUNNEL_CUT);
        assert_undecodable(&b, RAW, &f, start, UNDECODABLE_TUNNEL_CUT);
    }
    bench_finish(&b);
}

static void left_alone(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    static const unsigned others[] = {0, 1, 3, 255, 61440, 65535};
    struct frame sample = {0}, twice = {0}, inner = {0}, broken = {0};
    put_sample(&sample);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct frame f = {0};
        put_ipcomp(&f, 4, others[i], &sample);
        assert_other(&b, RAW, &f, OTHER_IP);
    }
    put_ipcomp(&inner, 4, 2, &sample);
    put_ipcomp(&twice, 4, 2, &inner);
    assert_other(&b, RAW, &twice, OTHER_IP);
    size_t ip = put_ipv4(&broken, 108);
    put(&broken, "\6\0\0\2\7\xff\xff\xff", 8);
    end_ipv4(&broken, ip);
    assert_undecodable(&b, RAW, &broken, broken.length, UNDECODABLE_TUNNEL_BAD);
    bench_finish(&b);
}

/* What a negotiated number means shows only in a stream that ends where the packet does. */
static void negotiated(void **state)
{
    (void)state;
    static const unsigned numbers[] = {256, 0xeed1, 61439};
    struct bench b;
    bench_init(&b);
    struct frame sample = {0};
    put_sample(&sample);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct frame f = {0};
        put_ipcomp(&f, 4, numbers[i], &sample);
        assert_sample(bench_segment(&b, RAW, &f));
        assert_int_equal(bench_run(&b, RAW, &f, f.length - 1), 0);
        put8(&f, 0);
        patch16(&f, 2, f.length);
        assert_other(&b, RAW, &f, OTHER_IP);
    }
    bench_finish(&b);
}

/* Every octet wrong in turn: counted once, and never longer than an IP packet. */
static void broken_anywhere(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0}, inner = {0};
    put_tcp(&inner, TCP_ACK, "", 0, 300);
    size_t start = put_ipcomp(&f, 6, 2, &inner);
    for (size_t at = start; at < f.length; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            f.octets[at] ^= (uint8_t)(1u << bit);
            if (bench_run(&b, RAW, &f, f.length))
                assert_true(b.batch->segments[0].payload_len <= 65535);
            f.octets[at] ^= (uint8_t)(1u << bit);
        }
    }
    bench_finish(&b);
}

static void inflates_no_more_than_a_packet(void **state)
{
    (void)state;
    struct inflater *inflater = inflater_create();
    assert_non_null(inflater);
    static const uint32_t sizes[] = {0, 255, 256, 257, 4352, 65535, 65536, 1000000};
    uint8_t *zeros = calloc(1, 1000000);
    uint8_t octets[4096];
    assert_non_null(zeros);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t length = deflated(zeros, sizes[i], octets, sizeof octets);
        struct inflated inflated = inflate_packet(inflater, octets, (uint32_t)length);
        assert_int_equal(inflated.length, sizes[i] < 65535 ? sizes[i] : 65535);
        assert_int_equal(inflated.head_len, sizes[i] < 256 ? sizes[i] : 256);
        assert_int_equal(inflated.whole, sizes[i] <= 65535);
    }
    free(zeros);
    inflater_destroy(inflater);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transport_and_tunnel),
        cmocka_unit_test(lengths),
        cmocka_unit_test(cut),
        cmocka_unit_test(left_alone),
        cmocka_unit_test(negotiated),
        cmocka_unit_test(broken_anywhere),
        cmocka_unit_test(inflates_no_more_than_a_packet),
    };
    return cmocka_run_group_tests_name("ipcomp", tests, NULL, NULL);
}
