#include "dissect/net/frames_test.h"

#include "dissect/net/fragments.h"

#define RAW    101
#define SECOND INT64_C(1000000000)

/* One IPv4 fragment of a TCP segment of `total` octets whose header is the sample's. */
struct piece {
    unsigned offset, length;
    bool more;
};

static void put_piece(struct frame *f, struct piece piece, unsigned id)
{
    struct frame whole = {0};
    put_tcp(&whole, TCP_ACK | TCP_PSH, "\1\1\x08\x0a\0\0\0\x05\0\0\0\x06", 12, 2000);
    size_t ip = put_ipv4(f, 6);
    patch16(f, ip + 4, id);
    patch16(f, ip + 6, piece.offset / 8 | (piece.more ? 0x2000u : 0));
    for (unsigned i = 0; i < piece.length; i++)
        put8(f, piece.offset + i < whole.length ? whole.octets[piece.offset + i] : 0);
    end_ipv4(f, ip);
}

static uint32_t run_piece_at(struct bench *b, struct piece piece, unsigned id, int64_t time_ns)
{
    struct frame f = {0};
    put_piece(&f, piece, id);
    struct packet as = {.link_type = RAW, .time_ns = time_ns};
    return bench_run_as(b, as, f.octets, f.length, f.length);
}

static uint32_t run_piece(struct bench *b, struct piece piece, unsigned id)
{
    return run_piece_at(b, piece, id, TIME_UNKNOWN);
}

static void any_order(void **state)
{
    (void)state;
    static const struct piece pieces[] = {{0, 40, true}, {40, 64, true}, {104, 9, false}};
    static const uint8_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct bench b;
    bench_init(&b);
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
        assert_int_equal(run_piece(&b, pieces[orders[o][0]], 7), 0);
        assert_int_equal(run_piece(&b, pieces[orders[o][1]], 7), 0);
        assert_int_equal(run_piece(&b, pieces[orders[o][2]], 7), 1);
        const struct segment *s = &b.batch->segments[0];
        assert_int_equal(s->seq, SAMPLE_SEQ);
        assert_int_equal(s->payload_len, 113 - 32);
        assert_int_equal(s->ip_bytes, 20 + 113);
        assert_int_equal(s->marks, SEG_TIMESTAMPS | SEG_FRAGMENTED);
        assert_int_equal(s->frame, frame_ref_of(0, b.frames));
    }
    assert_int_equal(b.findings.other[OTHER_IP_FRAGMENT], 12);
    bench_finish(&b);
}

/* Tiny fragments split the header itself: an evasion, and still one segment. */
/* The packets of frames `first` to `last`, all of the segment of one of them. */
static void expect_places(const struct bench *b, uint64_t segment, uint64_t first, uint64_t last)
{
    size_t count;
    const struct fragment_place *places = dissect_fragments(b->dissector, &count);
    assert_int_equal(count, last - first + 1);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(places[i].segment, frame_ref_of(0, segment));
        assert_int_equal(places[i].packet, frame_ref_of(0, first + i));
    }
}

/* A copy of a fragment counts, what is of another datagram does not, and only so many are kept. */
static void packets_of_a_datagram(void **state)
{
    (void)state;
    static const struct piece first = {0, 40, true}, last = {40, 64, false};
    struct bench b;
    size_t count;
    bench_init(&b);
    assert_int_equal(run_piece(&b, first, 7), 0);
    assert_int_equal(run_piece(&b, first, 7), 0);
    assert_int_equal(run_piece(&b, last, 7), 1);
    expect_places(&b, 3, 1, 3);
    assert_int_equal(run_piece(&b, first, 8), 0);
    dissect_fragments(b.dissector, &count);
    assert_int_equal(count, 0);
    assert_int_equal(run_piece(&b, first, 9), 0);
    assert_int_equal(run_piece(&b, last, 9), 1);
    expect_places(&b, 6, 5, 6);
    for (unsigned i = 0; i < FRAGMENT_FRAMES + 9; i++)
        assert_int_equal(run_piece(&b, first, 10), 0);
    assert_int_equal(run_piece(&b, last, 10), 1);
    expect_places(&b, b.frames, 7, 6 + FRAGMENT_FRAMES);
    bench_finish(&b);
}

static void header_in_pieces(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned offset = 0; offset < 48; offset += 8)
        assert_int_equal(run_piece(&b, (struct piece){offset, 8, true}, 8), 0);
    assert_int_equal(run_piece(&b, (struct piece){48, 1, false}, 8), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 49 - 32);
    assert_int_equal(b.batch->segments[0].ts_val, 5);
    bench_finish(&b);
}

static void duplicates_and_overlaps(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    assert_int_equal(run_piece(&b, (struct piece){0, 64, true}, 9), 0);
    assert_int_equal(run_piece(&b, (struct piece){0, 64, true}, 9), 0);
    assert_int_equal(run_piece(&b, (struct piece){32, 64, true}, 9), 0);
    assert_int_equal(run_piece(&b, (struct piece){88, 20, false}, 9), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 108 - 32);
    /* The datagram is forgotten: a late copy begins another, which stays open. */
    assert_int_equal(run_piece(&b, (struct piece){88, 20, false}, 9), 0);
    bench_finish(&b);
}

/* A second end does not move the first one; what lies beyond the end does not count. */
static void two_ends(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    assert_int_equal(run_piece(&b, (struct piece){64, 10, false}, 10), 0);
    assert_int_equal(run_piece(&b, (struct piece){96, 50, false}, 10), 0);
    assert_int_equal(run_piece(&b, (struct piece){200, 80, true}, 10), 0);
    assert_int_equal(run_piece(&b, (struct piece){0, 64, true}, 10), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 74 - 32);
    bench_finish(&b);
}

/* Only the last fragment may end inside eight octets: the rest of them never comes. */
static void odd_middle(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    assert_int_equal(run_piece(&b, (struct piece){0, 63, true}, 11), 0);
    assert_int_equal(run_piece(&b, (struct piece){64, 10, false}, 11), 0);
    assert_int_equal(run_piece(&b, (struct piece){56, 8, true}, 11), 1);
    bench_finish(&b);
}

static void first_piece_cut(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        unsigned captured; /* of the first piece's TCP header */
        bool segment;
    } cases[] = {{0, false}, {13, false}, {15, false}, {16, true}, {24, true}, {32, true}};
    /* clang-format on */
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct frame f = {0};
        put_piece(&f, (struct piece){0, 64, true}, 12);
        assert_int_equal(bench_run(&b, RAW, &f, 20 + cases[i].captured), 0);
        uint64_t split = b.findings.undecodable[UNDECODABLE_FRAGMENT_HEADER];
        assert_int_equal(run_piece(&b, (struct piece){64, 8, false}, 12), cases[i].segment);
        assert_int_equal(b.findings.undecodable[UNDECODABLE_FRAGMENT_HEADER],
                         split + !cases[i].segment);
        if (cases[i].segment)
            assert_int_equal(b.batch->segments[0].payload_len, 72 - 32);
    }
    bench_finish(&b);
}

static void longest_datagram(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct packet as = {.link_type = RAW};
    struct frame head = {0}, tail = {0}, beyond = {0};
    put_piece(&head, (struct piece){0, 64, true}, 13);
    patch16(&head, 2, 65535 - 7); /* 65,508 octets follow, of which few were captured */
    put_piece(&tail, (struct piece){65504, 31, false}, 13);
    put_piece(&beyond, (struct piece){65504, 32, false}, 13);
    assert_int_equal(bench_run_as(&b, as, head.octets, head.length, 65528), 0);
    assert_int_equal(bench_run(&b, RAW, &beyond, beyond.length), 0);
    assert_int_equal(bench_run(&b, RAW, &tail, tail.length), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 65535 - 32);
    bench_finish(&b);
}

static void told_apart(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame other = {0};
    put_piece(&other, (struct piece){64, 8, false}, 14);
    assert_int_equal(run_piece(&b, (struct piece){0, 64, true}, 14), 0);
    other.octets[19] = 9; /* another destination */
    assert_int_equal(bench_run(&b, RAW, &other, other.length), 0);
    other.octets[19] = 2;
    other.octets[9] = 17; /* another protocol */
    assert_int_equal(bench_run(&b, RAW, &other, other.length), 0);
    assert_int_equal(run_piece(&b, (struct piece){64, 8, false}, 15), 0);
    assert_int_equal(run_piece(&b, (struct piece){64, 8, false}, 14), 1);
    bench_finish(&b);
}

static void given_up_after_a_minute(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    assert_int_equal(run_piece_at(&b, (struct piece){0, 64, true}, 16, 5 * SECOND), 0);
    assert_int_equal(run_piece_at(&b, (struct piece){64, 8, false}, 16, 65 * SECOND), 1);
    assert_int_equal(run_piece_at(&b, (struct piece){0, 64, true}, 16, 5 * SECOND), 0);
    assert_int_equal(run_piece_at(&b, (struct piece){64, 8, false}, 16, 65 * SECOND + 1), 0);
    assert_int_equal(run_piece_at(&b, (struct piece){0, 64, true}, 16, -9 * SECOND), 1);
    bench_finish(&b);
}

static void oldest_is_evicted(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned id = 0; id <= FRAGMENT_DATAGRAMS; id++)
        assert_int_equal(run_piece(&b, (struct piece){0, 64, true}, id), 0);
    assert_int_equal(run_piece(&b, (struct piece){64, 8, false}, 1), 1);
    assert_int_equal(run_piece(&b, (struct piece){64, 8, false}, FRAGMENT_DATAGRAMS), 1);
    assert_int_equal(run_piece(&b, (struct piece){64, 8, false}, 0), 0);
    bench_finish(&b);
}

/* The first fragment as far as the snapshot length let it. */
static void run_cut(struct bench *b, size_t captured, unsigned id, int64_t time_ns)
{
    struct frame f = {0};
    put_piece(&f, (struct piece){0, 1000, true}, id);
    struct packet as = {.link_type = RAW, .time_ns = time_ns, .interface = 3};
    assert_int_equal(bench_run_as(b, as, f.octets, 20 + captured, f.length), 0);
}

static uint32_t flush(struct bench *b)
{
    uint32_t count = 0;
    for (;;) {
        batch_clear(b->batch);
        bool more = dissect_flush(b->dissector, b->batch);
        assert_int_equal(more, b->batch->count > 0);
        assert_true(b->batch->count <= PACKET_SEGMENTS_MAX);
        assert_adds_up(&b->findings);
        count += b->batch->count;
        if (!more)
            return count;
    }
}

static void alone_until_the_end(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        unsigned captured;
        bool segment;
    } cases[] = {{0, false}, {13, false}, {14, true}, {32, true}, {999, true}, {1000, false}};
    /* clang-format on */
    struct bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t tcp = b.findings.tcp;
        run_cut(&b, cases[i].captured, 20, 7);
        batch_clear(b.batch);
        assert_int_equal(dissect_flush(b.dissector, b.batch), cases[i].segment);
        assert_adds_up(&b.findings);
        assert_int_equal(b.findings.tcp, tcp + cases[i].segment);
        assert_int_equal(b.batch->count, cases[i].segment);
        if (!cases[i].segment)
            continue;
        const struct segment *s = &b.batch->segments[0];
        assert_int_equal(s->seq, SAMPLE_SEQ);
        assert_int_equal(s->payload_len, 1000 - 32);
        assert_int_equal(s->ip_bytes, 20 + 1000);
        assert_int_equal(s->time_ns, 7);
        assert_int_equal(s->interface, 3);
        assert_int_equal(s->frame, frame_ref_of(0, b.frames));
        assert_int_equal(s->marks & (SEG_FRAGMENTED | SEG_LENGTH_GUESSED),
                         SEG_FRAGMENTED | SEG_LENGTH_GUESSED);
        assert_int_equal(s->aux, AUX_NONE);
        expect_places(&b, b.frames, b.frames, b.frames);
        assert_int_equal(flush(&b), 0);
    }
    bench_finish(&b);
}

/* Whole first fragments, later ones and other protocols leave nothing; what completes comes once.
 */
static void nothing_left(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    assert_int_equal(run_piece(&b, (struct piece){0, 64, true}, 21), 0);
    assert_int_equal(run_piece(&b, (struct piece){64, 64, true}, 22), 0);
    struct frame udp = {0};
    put_piece(&udp, (struct piece){0, 64, true}, 23);
    udp.octets[9] = 17;
    assert_int_equal(bench_run(&b, RAW, &udp, 60), 0);
    run_cut(&b, 32, 24, TIME_UNKNOWN);
    run_cut(&b, 40, 24, TIME_UNKNOWN); /* the same once more: one segment was sent */
    assert_int_equal(run_piece(&b, (struct piece){1000, 8, false}, 24), 1);
    assert_int_equal(b.batch->segments[0].payload_len, 1008 - 32);
    assert_int_equal(flush(&b), 0);
    bench_finish(&b);
}

static void alone_after_a_minute(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    run_cut(&b, 32, 25, 5 * SECOND);
    run_cut(&b, 32, 26, 6 * SECOND);
    assert_int_equal(run_piece_at(&b, (struct piece){64, 8, false}, 27, 65 * SECOND), 0);
    /* Any fragment's time will do. */
    assert_int_equal(run_piece_at(&b, (struct piece){72, 8, false}, 27, 65 * SECOND + 1), 1);
    assert_int_equal(b.batch->segments[0].frame, frame_ref_of(0, 1));
    /* The same identification again, before the oldest is looked at. */
    assert_int_equal(run_piece_at(&b, (struct piece){64, 8, false}, 26, 67 * SECOND), 1);
    assert_int_equal(b.batch->segments[0].frame, frame_ref_of(0, 2));
    assert_int_equal(flush(&b), 0);
    bench_finish(&b);
}

static void alone_when_evicted(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    for (unsigned id = 0; id < FRAGMENT_DATAGRAMS; id++)
        run_cut(&b, 32, id, TIME_UNKNOWN);
    for (unsigned id = 0; id < 3; id++) {
        assert_int_equal(run_piece(&b, (struct piece){64, 8, false}, FRAGMENT_DATAGRAMS + id), 1);
        assert_int_equal(b.batch->segments[0].frame, frame_ref_of(0, id + 1));
    }
    assert_int_equal(flush(&b), FRAGMENT_DATAGRAMS - 3);
    assert_int_equal(b.findings.tcp, FRAGMENT_DATAGRAMS);
    assert_int_equal(b.findings.other[OTHER_IP_FRAGMENT], 3);
    bench_finish(&b);
}

static void ipv6_fragments(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame whole = {0};
    put_tcp(&whole, TCP_ACK | TCP_PSH, "\1\1\x08\x0a\0\0\0\x05\0\0\0\x06", 12, SAMPLE_PAYLOAD);
    for (unsigned part = 0; part < 2; part++) {
        struct frame f = {0};
        size_t ip = put_ipv6(&f, 60);
        put(&f, "\x2c\0\x01\x04\0\0\0\0", 8);
        put(&f, "\x06\0", 2);
        put16(&f, part ? 32 : 1);
        put32(&f, 0x12345678);
        put(&f, whole.octets + part * 32, part ? whole.length - 32 : 32);
        end_ipv6(&f, ip);
        assert_int_equal(bench_run(&b, RAW, &f, f.length), part);
    }
    assert_sample(&b.batch->segments[0]);
    assert_true(b.batch->segments[0].marks & SEG_FRAGMENTED);
    assert_int_equal(b.batch->segments[0].ip_bytes, 40 + 8 + 8 + whole.length);
    bench_finish(&b);
}

/* A tunnel's outer packet in fragments: the inner headers are in its first octets. */
static void fragmented_tunnel(void **state)
{
    (void)state;
    struct bench b;
    bench_init(&b);
    struct frame inner = {0};
    put_sample(&inner);
    for (unsigned part = 0; part < 2; part++) {
        struct frame f = {0};
        size_t ip = put_ipv4(&f, 4);
        patch16(&f, ip + 6, part ? 1u : 0x2000u);
        put(&f, inner.octets + part * 8, part ? inner.length - 8 : 8);
        end_ipv4(&f, ip);
        assert_int_equal(bench_run(&b, RAW, &f, f.length), part);
    }
    assert_sample(&b.batch->segments[0]);
    assert_int_equal(b.batch->segments[0].tunnel, TUNNEL_IPIP);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order),          cmocka_unit_test(packets_of_a_datagram),
        cmocka_unit_test(header_in_pieces),   cmocka_unit_test(duplicates_and_overlaps),
        cmocka_unit_test(two_ends),           cmocka_unit_test(odd_middle),
        cmocka_unit_test(first_piece_cut),    cmocka_unit_test(longest_datagram),
        cmocka_unit_test(told_apart),         cmocka_unit_test(given_up_after_a_minute),
        cmocka_unit_test(oldest_is_evicted),  cmocka_unit_test(alone_until_the_end),
        cmocka_unit_test(nothing_left),       cmocka_unit_test(alone_after_a_minute),
        cmocka_unit_test(alone_when_evicted), cmocka_unit_test(ipv6_fragments),
        cmocka_unit_test(fragmented_tunnel),
    };
    return cmocka_run_group_tests_name("fragments", tests, NULL, NULL);
}
