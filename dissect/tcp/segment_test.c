#include "dissect/net/frames_test.h"

#define RAW 101

static void data_offset(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned words = 0; words <= 15; words++) {
        for (unsigned octets = 13; octets <= 61; octets++) {
            struct frame f = {0};
            size_t ip = put_ipv4(&f, 6);
            put_tcp(&f, TCP_RST | TCP_URG | TCP_ACK, "", 0, 60);
            f.octets[20 + 12] = (uint8_t)(words << 4);
            f.octets[20 + 19] = 1;
            f.length = 20 + octets;
            end_ipv4(&f, ip);
            if (octets < 16) {
                assert_undecodable(&b, RAW, &f, f.length, UNDECODABLE_TRANSPORT_BAD);
                continue;
            }
            const struct segment *s = bench_segment(&b, RAW, &f);
            assert_int_equal(s->seq, SAMPLE_SEQ);
            assert_int_equal(s->window, 0x1234);
            if (words >= 5 && words * 4 <= octets) {
                assert_int_equal(s->payload_len, octets - words * 4);
                assert_false(s->marks & SEG_MALFORMED);
                continue;
            }
            assert_int_equal(s->payload_len, 0);
            assert_int_equal(s->marks, SEG_MALFORMED | (octets >= 20 ? SEG_URGENT : 0u));
            assert_int_equal(s->aux, AUX_NONE);
        }
    }
    bench_finish(&b);
}

/* An IPv4 packet of the least length that an Ethernet frame carries, or of less. */
static void zeros_like_padding(void **state)
{
    (void)state;
    static const struct {
        unsigned flags;
        unsigned payload;
        int last; /* the last octet of it */
        bool like;
    } cases[] = {
        {TCP_ACK, 0, 0, false},
        {TCP_ACK, 1, 0, true},
        {TCP_ACK, 6, 0, true},
        {TCP_ACK, 7, 0, false},
        {TCP_ACK, 6, 1, false},
        {TCP_ACK | TCP_PSH, 6, 0, false},
        {TCP_ACK | TCP_FIN, 6, 0, true},
        {TCP_ACK | TCP_RST, 2, 0, true},
        {TCP_ACK | TCP_RST, 2, 7, false},
    };
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame f = {0};
        size_t ip = put_ipv4(&f, 6);
        put_tcp(&f, cases[i].flags, "", 0, 0);
        for (unsigned n = 0; n < cases[i].payload; n++)
            put8(&f, n + 1 == cases[i].payload ? (unsigned)cases[i].last : 0);
        end_ipv4(&f, ip);
        const struct segment *s = bench_segment(&b, RAW, &f);
        assert_int_equal(s->payload_len, cases[i].payload);
        assert_int_equal(s->marks, cases[i].like ? SEG_PADDING_LIKE : 0u);
        bool says = cases[i].flags & TCP_RST && !cases[i].like;
        assert_true((s->aux != AUX_NONE) == says);
        if (!cases[i].like)
            continue;
        assert_int_equal(bench_run(&b, RAW, &f, f.length - 1), 1); /* not all of it was captured */
        assert_false(b.batch->segments[0].marks & SEG_PADDING_LIKE);
    }
    bench_finish(&b);
}

/* What the snapshot length left of a header that cannot be. */
static void malformed_and_cut(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, TCP_ACK, "", 0, 60);
    f.octets[20 + 12] = 4 << 4;
    end_ipv4(&f, ip);
    for (size_t captured = 0; captured <= 21; captured++) {
        if (captured < 14) {
            assert_undecodable(&b, RAW, &f, 20 + captured, UNDECODABLE_TRANSPORT_CUT);
            continue;
        }
        assert_int_equal(bench_run(&b, RAW, &f, 20 + captured), 1);
        assert_int_equal(b.batch->segments[0].marks, SEG_MALFORMED);
        assert_int_equal(b.batch->segments[0].window, captured < 16 ? 0 : 0x1234);
    }
    bench_finish(&b);
}

static void fixed_header_cut(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, TCP_ACK | TCP_URG, "\2\4\5\xb4", 4, 50);
    f.octets[20 + 19] = 1;
    end_ipv4(&f, ip);
    for (size_t captured = 0; captured <= 24; captured++) {
        if (captured < 14) {
            assert_undecodable(&b, RAW, &f, 20 + captured, UNDECODABLE_TRANSPORT_CUT);
            continue;
        }
        assert_int_equal(bench_run(&b, RAW, &f, 20 + captured), 1);
        const struct segment *s = &b.batch->segments[0];
        assert_int_equal(s->payload_len, 50);
        assert_int_equal(s->window, captured < 16 ? 0 : 0x1234);
        assert_int_equal(!!(s->marks & SEG_OPTIONS_CUT), captured < 24);
        assert_int_equal(!!(s->marks & SEG_MSS), captured >= 24);
        assert_int_equal(!!(s->marks & SEG_URGENT), captured >= 20);
    }
    bench_finish(&b);
}

/* A frame that ends inside the header although its IP header promises it whole: it was right when
 * it was sent. */
static void header_cut_unsaid(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_sample(&f);
    struct packet as = {.link_type = RAW};
    for (size_t octets = 15; octets <= 31; octets++) {
        assert_int_equal(bench_run_as(&b, as, f.octets, 20 + octets, 20 + octets), octets >= 16);
        if (octets < 16)
            continue;
        assert_int_equal(b.batch->segments[0].payload_len, 0);
        assert_int_equal(b.batch->segments[0].marks, SEG_LENGTH_GUESSED | SEG_OPTIONS_CUT);
    }
    f.octets[20 + 12] = 0x40;
    assert_int_equal(bench_run_as(&b, as, f.octets, 20 + 25, 20 + 25), 1);
    assert_int_equal(b.batch->segments[0].marks, SEG_LENGTH_GUESSED | SEG_MALFORMED);
    bench_finish(&b);
}

static void flags(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned value = 0; value <= 0xfff; value++) {
        struct frame f = {0};
        size_t ip = put_ipv4(&f, 6);
        put_tcp(&f, value, "", 0, 0);
        end_ipv4(&f, ip);
        assert_int_equal(bench_segment(&b, RAW, &f)->flags, value & 0x1ff);
    }
    bench_finish(&b);
}

static void urgent(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned bits = 0; bits < 4; bits++) {
        struct frame f = {0};
        size_t ip = put_ipv4(&f, 6);
        put_tcp(&f, TCP_ACK | (bits & 1 ? TCP_URG : 0u), "", 0, 1);
        f.octets[20 + 18] = bits & 2 ? 1 : 0;
        end_ipv4(&f, ip);
        assert_int_equal(!!(bench_segment(&b, RAW, &f)->marks & SEG_URGENT), bits == 3);
    }
    bench_finish(&b);
}

static const struct segment *run_reset(struct bench *b, unsigned tcp_flags, size_t payload,
                                       size_t captured)
{
    struct frame f = {0};
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, tcp_flags, "", 0, payload);
    end_ipv4(&f, ip);
    assert_int_equal(bench_run(b, RAW, &f, 40 + captured), 1);
    return &b->batch->segments[0];
}

static void reset_text(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    static const size_t lengths[] = {1, 63, 64, 65, 200};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const struct segment *s = run_reset(&b, TCP_RST | TCP_ACK, lengths[i], lengths[i]);
        assert_int_equal(s->aux, 0);
        assert_int_equal(b.batch->aux_count, 1);
        const struct segment_aux *aux = &b.batch->aux[0];
        assert_int_equal(aux->text_len, lengths[i] < 64 ? lengths[i] : 64);
        assert_int_equal(aux->text[0], 'a');
        assert_false(aux->has_mptcp_reason);
        assert_int_equal(s->payload_len, lengths[i]);
    }
    assert_int_equal(run_reset(&b, TCP_RST, 0, 0)->aux, AUX_NONE);
    assert_int_equal(run_reset(&b, TCP_RST, 10, 0)->aux, AUX_NONE);
    assert_int_equal(run_reset(&b, TCP_RST, 10, 3)->aux, 0);
    assert_int_equal(b.batch->aux[0].text_len, 3);
    assert_int_equal(run_reset(&b, TCP_FIN | TCP_ACK, 10, 10)->aux, AUX_NONE);
    bench_finish(&b);
}

static void padding_is_no_reset_text(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    put_ethernet(&f, 0x0800);
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, TCP_RST, "", 0, 0);
    end_ipv4(&f, ip);
    put_zeros(&f, 6);
    assert_int_equal(bench_segment(&b, 1, &f)->aux, AUX_NONE);
    bench_finish(&b);
}

static void mptcp_reason(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, TCP_RST, "\x1e\x04\x81\x05", 4, 0);
    end_ipv4(&f, ip);
    const struct segment *s = bench_segment(&b, RAW, &f);
    assert_int_equal(s->aux, 0);
    assert_true(b.batch->aux[0].has_mptcp_reason);
    assert_int_equal(b.batch->aux[0].mptcp_reason, 5);
    assert_int_equal(b.batch->aux[0].text_len, 0);
    assert_int_equal(s->marks, SEG_MPTCP);
    bench_finish(&b);
}

static void arena_fills_the_batch(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame f = {0};
    size_t ip = put_ipv4(&f, 6);
    put_tcp(&f, TCP_RST, "", 0, 5);
    end_ipv4(&f, ip);
    struct packet packet = {.data = f.octets,
                            .captured_len = (uint32_t)f.length,
                            .original_len = (uint32_t)f.length,
                            .link_type = RAW};
    while (!batch_full(b.batch))
        dissect_packet(b.dissector, &packet, b.batch);
    assert_int_equal(b.batch->count, BATCH_AUX);
    assert_int_equal(b.batch->segments[BATCH_AUX - 1].aux, BATCH_AUX - 1);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_offset),
        cmocka_unit_test(zeros_like_padding),
        cmocka_unit_test(malformed_and_cut),
        cmocka_unit_test(fixed_header_cut),
        cmocka_unit_test(header_cut_unsaid),
        cmocka_unit_test(flags),
        cmocka_unit_test(urgent),
        cmocka_unit_test(reset_text),
        cmocka_unit_test(padding_is_no_reset_text),
        cmocka_unit_test(mptcp_reason),
        cmocka_unit_test(arena_fills_the_batch),
    };
    return cmocka_run_group_tests_name("tcp segment", tests, NULL, NULL);
}
