#include "dissect/capture/capture_build.h"
#include "dissect/capture/pcapng_options.h"
#include "dissect/capture/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SECONDS 1700000001u

static uint32_t random_of(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* More than a window, so that records are cut by its end everywhere. */
static void packets_survive_refills(void **state)
{
    (void)state;
    enum { PACKETS = 4000 };
    for (int format = 0; format < 2; format++) {
        struct build b = {0};
        uint32_t random = 7;
        if (format) {
            put_section(&b);
            put_interface(&b, 1, NULL, 0);
        } else {
            put_pcap(&b, 262144, 1);
        }
        for (uint32_t i = 0; i < PACKETS; i++) {
            uint32_t length = i % 500 == 499 ? 262144 : 1 + random_of(&random) % 1500;
            if (format)
                put_epb(&b, (uint64_t)SECONDS * 1000000 + i, i, length, NULL, 0);
            else
                put_record(&b, SECONDS, i, length);
        }
        struct reading r;
        struct packet packet;
        reading_start(&r, b.bytes, b.length);
        for (uint32_t i = 0; i < PACKETS; i++) {
            assert_int_equal(capture_next(r.capture, &packet), CAPTURE_PACKET);
            assert_int_equal(frame_number(packet.frame), i + 1);
            assert_int_equal(packet.time_ns, (int64_t)SECONDS * NS_PER_SECOND + i * 1000);
            assert_true(data_is(&packet, i));
        }
        assert_int_equal(capture_next(r.capture, &packet), CAPTURE_END);
        assert_int_equal(capture_next(r.capture, &packet), CAPTURE_END);
        assert_int_equal(r.findings.files[0].packets, PACKETS);
        assert_int_equal(r.findings.files[0].damage_count, 0);
        assert_int_equal(r.findings.files[0].start_ns, (int64_t)SECONDS * NS_PER_SECOND);
        assert_int_equal(r.findings.files[0].bytes, b.length);
        reading_end(&r);
        free(b.bytes);
    }
}

/* Cut at every byte: the whole records before the cut, all of them and nothing else, and a finding
 * exactly when the cut is inside a record. */
static void every_prefix_gives_its_whole_records(void **state)
{
    (void)state;
    enum { PACKETS = 6 };
    for (int format = 0; format < 2; format++) {
        struct build b = {0};
        size_t ends[PACKETS + 1];
        if (format) {
            put_section(&b);
            put_interface(&b, 1, NULL, 0);
        } else {
            put_pcap(&b, 65535, 1);
        }
        ends[0] = b.length;
        for (uint32_t i = 0; i < PACKETS; i++) {
            if (format)
                put_epb(&b, (uint64_t)SECONDS * 1000000 + i, i + 77, 50 + i, NULL, 0);
            else
                put_record(&b, SECONDS + i, i + 77, 50 + i);
            ends[i + 1] = b.length;
        }
        for (size_t cut = 0; cut <= b.length; cut++) {
            struct reading r;
            struct packet packet;
            uint32_t count = 0;
            bool at_end = format && cut == 28;
            while (count < PACKETS && ends[count + 1] <= cut)
                count++;
            for (int i = 0; i <= PACKETS; i++)
                at_end = at_end || ends[i] == cut;
            reading_start(&r, b.bytes, cut);
            for (uint32_t i = 0; i < count; i++) {
                assert_int_equal(capture_next(r.capture, &packet), CAPTURE_PACKET);
                assert_true(data_is(&packet, i + 77));
            }
            assert_int_equal(capture_next(r.capture, &packet), CAPTURE_END);
            assert_int_equal(findings_damaged(&r.findings), !at_end);
            if (cut >= ends[0] && !at_end) {
                assert_int_equal(r.findings.files[0].damage_count, 1);
                assert_int_equal(r.findings.files[0].damage[0].kind, DAMAGE_FILE_TRUNCATED);
                assert_int_equal(r.findings.files[0].damage[0].offset, ends[count]);
            }
            reading_end(&r);
        }
        free(b.bytes);
    }
}

/* Every single byte wrong in turn: no crash, and the packets before the damage are all there; what
 * follows is lost by at most two packets. */
static void every_wrong_byte_costs_little(void **state)
{
    (void)state;
    enum { PACKETS = 10 };
    struct build b = {0};
    size_t begins[PACKETS];
    put_pcap(&b, 65535, 1);
    for (uint32_t i = 0; i < PACKETS; i++) {
        begins[i] = b.length;
        put_record(&b, SECONDS + i, i + 77, 60);
    }
    for (size_t at = begins[0]; at < b.length; at++) {
        for (unsigned flip = 1; flip < 256; flip <<= 1) {
            struct reading r;
            struct packet packet;
            uint64_t last = 0;
            uint32_t packets = 0;
            b.bytes[at] ^= (uint8_t)flip;
            reading_start(&r, b.bytes, b.length);
            while (capture_next(r.capture, &packet) == CAPTURE_PACKET) {
                packets++;
                assert_true(frame_number(packet.frame) == ++last);
            }
            assert_in_range(packets, PACKETS - 2, PACKETS);
            reading_end(&r);
            b.bytes[at] ^= (uint8_t)flip;
        }
    }
    free(b.bytes);
}

/* Noise behind every kind of header: ends, and accounts for itself. */
static void noise_ends(void **state)
{
    (void)state;
    static uint8_t noise[20000];
    uint32_t random = 3;
    for (unsigned round = 0; round < 60; round++) {
        struct build b = {0};
        struct reading r;
        struct packet packet;
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (uint8_t)(round % 3 ? random_of(&random) : random_of(&random) % 7);
        if (round % 2) {
            put_section(&b);
            put_interface(&b, 1, NULL, 0);
        } else {
            put_pcap(&b, 65535, 1);
        }
        put(&b, noise, sizeof noise);
        reading_start(&r, b.bytes, b.length);
        unsigned packets = 0;
        while (capture_next(r.capture, &packet) == CAPTURE_PACKET) {
            packets++;
            assert_true(packet.captured_len <= packet.original_len);
        }
        assert_true(packets <= b.length / 16);
        assert_true(findings_damaged(&r.findings));
        reading_end(&r);
        free(b.bytes);
    }
}

/* What may be a block is looked at up to where it ends, which may be more than a window holds: the
 * search has to go on from where its bytes are then. */
static void a_search_outgrows_its_window(void **state)
{
    (void)state;
    enum { CLAIMED = 400000 };
    static const uint8_t no_block[16] = {0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0};
    struct build b = {0};
    put_section(&b);
    put_interface(&b, 1, NULL, 0);
    put_epb(&b, (uint64_t)SECONDS * 1000000, 1, 60, NULL, 0);
    size_t damage = b.length;
    put(&b, no_block, sizeof no_block);
    put32(&b, 6);
    put32(&b, CLAIMED);
    for (unsigned i = 0; i < CLAIMED / sizeof no_block; i++)
        put(&b, no_block, sizeof no_block);
    size_t behind = b.length;
    for (uint32_t i = 2; i < 6; i++)
        put_epb(&b, (uint64_t)SECONDS * 1000000 + i, i, 60, NULL, 0);
    struct reading r;
    struct packet packet;
    reading_start(&r, b.bytes, b.length);
    for (uint32_t i = 1; i < 6; i++) {
        assert_int_equal(capture_next(r.capture, &packet), CAPTURE_PACKET);
        assert_true(data_is(&packet, i));
    }
    assert_int_equal(capture_next(r.capture, &packet), CAPTURE_END);
    assert_int_equal(r.findings.files[0].damage_count, 1);
    assert_int_equal(r.findings.files[0].damage[0].offset, damage);
    assert_int_equal(r.findings.files[0].damage[0].bytes, behind - damage);
    reading_end(&r);
    free(b.bytes);
}

static void marks_come_from_flags(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        uint8_t marks;
        uint8_t fcs_len;
    } cases[] = {
        {0x0, 0, 0},
        {0x1, PACKET_INBOUND, 0},
        {0x2, PACKET_OUTBOUND, 0},
        {0x3, 0, 0},
        {0x200, PACKET_CHECKSUM_PENDING, 0},
        {0x400, 0, 0},
        {0x800, PACKET_OFFLOADED, 0},
        {0xa02, PACKET_OUTBOUND | PACKET_CHECKSUM_PENDING | PACKET_OFFLOADED, 0},
        {0x80, 0, 4},
        {0x1e0, 0, 0}, /* 15 octets: no such sequence */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct build b = {0};
        struct build options = {0};
        struct reading r;
        struct packet packet;
        put_section(&b);
        put_interface(&b, 1, NULL, 0);
        put16(&options, 2);
        put16(&options, 4);
        put32(&options, cases[i].flags);
        put_epb(&b, 1, 5, 60, options.bytes, options.length);
        reading_start(&r, b.bytes, b.length);
        assert_int_equal(capture_next(r.capture, &packet), CAPTURE_PACKET);
        assert_int_equal(packet.marks, cases[i].marks);
        assert_int_equal(packet.fcs_len, cases[i].fcs_len);
        reading_end(&r);
        free(options.bytes);
        free(b.bytes);
    }
}

static void interfaces_keep_their_names(void **state)
{
    (void)state;
    static const uint8_t name[] = {2, 0, 4, 0, 'e', 't', 'h', '7', 13, 0, 1, 0, 4, 0, 0, 0};
    struct build b = {0};
    struct reading r;
    struct packet packet;
    put_section(&b);
    put_interface(&b, 113, name, sizeof name);
    put_epb(&b, 1, 5, 60, NULL, 0);
    reading_start(&r, b.bytes, b.length);
    assert_int_equal(capture_next(r.capture, &packet), CAPTURE_PACKET);
    assert_int_equal(packet.link_type, 113);
    assert_int_equal(packet.fcs_len, 4);
    assert_int_equal(r.findings.interface_count, 1);
    assert_string_equal(r.findings.interfaces[packet.interface].name, "eth7");
    assert_int_equal(r.findings.files[0].link_types[0], 113);
    reading_end(&r);
    free(b.bytes);
}

/* Against schoolbook arithmetic: whole seconds and the rest apart, the rest in steps of one bit or
 * one digit. */
static int64_t reference_ns(uint8_t resolution, uint64_t ticks, int64_t offset_s, bool *fits)
{
    __extension__ typedef unsigned __int128 wide;
    wide per_second = 1;
    for (unsigned i = 0; i < (resolution & 0x7fu); i++)
        per_second *= resolution & 0x80 ? 2 : 10;
    wide seconds = ticks / per_second;
    wide rest = ticks % per_second;
    wide fraction = 0;
    for (unsigned digit = 0; digit < 9; digit++) {
        rest *= 10;
        fraction = fraction * 10 + rest / per_second;
        rest %= per_second;
    }
    long double about = (long double)seconds + (long double)offset_s;
    *fits = about > -9223372036.0L && about < 9223372036.0L;
    return *fits ? ((int64_t)seconds + offset_s) * NS_PER_SECOND + (int64_t)fraction : TIME_UNKNOWN;
}

static void ticks_become_exact_nanoseconds(void **state)
{
    (void)state;
    static const int64_t offsets[] = {0, 1, -1, 3600, -1700000000, INT64_MAX, INT64_MIN};
    uint32_t random = 11;
    for (unsigned resolution = 0; resolution < 256; resolution++) {
        if ((resolution & 0x80 ? 63u : 19u) < (resolution & 0x7f)) {
            struct time_scale scale = time_scale_of((uint8_t)resolution, 0);
            assert_int_equal(time_from_ticks(&scale, 1), TIME_UNKNOWN);
            assert_int_equal(time_from_ticks(&scale, 0), TIME_UNKNOWN);
            continue;
        }
        for (unsigned i = 0; i < 400; i++) {
            uint64_t ticks = (uint64_t)random_of(&random) << 40 ^
                             (uint64_t)random_of(&random) << 20 ^ random_of(&random);
            ticks = i == 0 ? 0 : i == 1 ? UINT64_MAX : ticks >> i % 64;
            int64_t offset_s = offsets[i % 7];
            bool fits;
            struct time_scale scale = time_scale_of((uint8_t)resolution, offset_s);
            int64_t wanted = reference_ns((uint8_t)resolution, ticks, offset_s, &fits);
            int64_t got = time_from_ticks(&scale, ticks);
            /* The reference gives up within a second of the limits. */
            if (fits)
                assert_true(got == wanted);
            else if (got != TIME_UNKNOWN)
                assert_true(got > INT64_MAX - 2 * (int64_t)NS_PER_SECOND ||
                            got < INT64_MIN + 2 * (int64_t)NS_PER_SECOND);
        }
    }
    struct time_scale ns = time_scale_of(9, 0);
    assert_true(time_from_ticks(&ns, INT64_MAX) == INT64_MAX);
    assert_true(time_from_ticks(&ns, (uint64_t)INT64_MAX + 1) == TIME_UNKNOWN);
}

static void assert_same_packet(const struct reading *a, const struct packet *of_a,
                               const struct reading *b, const struct packet *of_b)
{
    assert_int_equal(of_a->frame, of_b->frame);
    assert_int_equal(of_a->time_ns, of_b->time_ns);
    assert_int_equal(of_a->captured_len, of_b->captured_len);
    assert_int_equal(of_a->original_len, of_b->original_len);
    assert_int_equal(of_a->interface, of_b->interface);
    assert_int_equal(of_a->link_type, of_b->link_type);
    assert_int_equal(of_a->fcs_len, of_b->fcs_len);
    assert_int_equal(of_a->marks, of_b->marks);
    assert_memory_equal(of_a->data, of_b->data, of_a->captured_len);
    assert_true(a->findings.interface_count == b->findings.interface_count);
}

static void assert_same_findings(const struct file_findings *a, const struct file_findings *b)
{
    assert_int_equal(a->packets, b->packets);
    assert_int_equal(a->untimed, b->untimed);
    assert_int_equal(a->start_ns, b->start_ns);
    assert_int_equal(a->end_ns, b->end_ns);
    assert_int_equal(a->damage_count, b->damage_count);
    assert_memory_equal(a->oddities, b->oddities, sizeof a->oddities);
    for (size_t i = 0; i < a->damage_count && i < DAMAGE_KEPT; i++) {
        assert_int_equal(a->damage[i].offset, b->damage[i].offset);
        assert_int_equal(a->damage[i].bytes, b->damage[i].bytes);
        assert_int_equal(a->damage[i].frame, b->damage[i].frame);
    }
}

/* One packet at a time, and as many as there are at once. */
static void assert_runs_are_singles(const uint8_t *bytes, size_t length)
{
    struct reading one, many;
    struct packet packet, run[7];
    uint32_t count;
    reading_start(&one, bytes, length);
    reading_start(&many, bytes, length);
    while (capture_next_run(many.capture, run, 7, &count) == CAPTURE_PACKET) {
        assert_true(count >= 1 && count <= 7);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(capture_next(one.capture, &packet), CAPTURE_PACKET);
            assert_same_packet(&one, &packet, &many, &run[i]);
        }
    }
    assert_int_equal(capture_next(one.capture, &packet), CAPTURE_END);
    assert_same_findings(one.findings.files, many.findings.files);
    reading_end(&one);
    reading_end(&many);
}

static void runs_are_single_packets(void **state)
{
    (void)state;
    static const uint8_t flags[] = {2, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t values[] = {0x00, 0x01, 0x80, 0xff};
    for (int format = 0; format < 2; format++) {
        struct build b = {0};
        if (format) {
            put_section(&b);
            put_interface(&b, 1, NULL, 0);
            put_interface(&b, 101, NULL, 0);
        } else {
            put_pcap(&b, 100, 1);
        }
        for (uint32_t i = 0; i < 20; i++) {
            if (format)
                put_epb(&b, (uint64_t)SECONDS * 1000000 + i, i, 20 + i % 4, flags,
                        i % 7 == 5 ? sizeof flags : 0);
            else
                put_record(&b, SECONDS + i - (i % 9 == 8 ? 3 : 0), i, 20 + i);
        }
        assert_runs_are_singles(b.bytes, b.length);
        for (size_t at = 24; at < b.length; at++) {
            uint8_t good = b.bytes[at];
            for (size_t v = 0; v < sizeof values; v++) {
                b.bytes[at] = values[v];
                assert_runs_are_singles(b.bytes, b.length);
            }
            b.bytes[at] = good;
        }
        free(b.bytes);
    }
}

/* A block without options takes a shorter way: with an option that says nothing it does not. */
static void plain_blocks_are_as_others(void **state)
{
    (void)state;
    static const uint8_t comment[] = {1, 0, 1, 0, 'x', 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t resolutions[] = {6, 9, 3, 0, 10, 0x8a, 0x94, 63, 0xff};
    static const uint64_t ticks[] = {0, 1, 1700000000000000, (uint64_t)1 << 62, UINT64_MAX};
    for (size_t i = 0; i < sizeof resolutions; i++) {
        struct build plain = {0}, other = {0};
        struct build *both[] = {&plain, &other};
        struct reading of_plain, of_other;
        struct packet packet, as;
        const uint8_t options[] = {9,  0, 1, 0, resolutions[i], 0, 0, 0, 13, 0, 1, 0, 4, 0, 0, 0,
                                   14, 0, 8, 0, (uint8_t)i,     1, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0};
        for (size_t k = 0; k < 2; k++) {
            put_section(both[k]);
            put_interface(both[k], 1, options, sizeof options);
            for (uint32_t t = 0; t < sizeof ticks / sizeof *ticks; t++)
                put_epb(both[k], ticks[t], t, 30 + t, comment, k ? sizeof comment : 0);
        }
        reading_start(&of_plain, plain.bytes, plain.length);
        reading_start(&of_other, other.bytes, other.length);
        for (uint32_t t = 0; t < sizeof ticks / sizeof *ticks; t++) {
            assert_int_equal(capture_next(of_plain.capture, &packet), CAPTURE_PACKET);
            assert_int_equal(capture_next(of_other.capture, &as), CAPTURE_PACKET);
            assert_same_packet(&of_plain, &packet, &of_other, &as);
            assert_int_equal(packet.fcs_len, 4);
        }
        assert_int_equal(capture_next(of_plain.capture, &packet), CAPTURE_END);
        assert_int_equal(capture_next(of_other.capture, &as), CAPTURE_END);
        assert_same_findings(of_plain.findings.files, of_other.findings.files);
        reading_end(&of_plain);
        reading_end(&of_other);
        free(plain.bytes);
        free(other.bytes);
    }
}

static void options_never_leave_their_block(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        unsigned count;
        bool broken;
    } cases[] = {
        {"", 0, 0, false},
        {"\0\0\0\0", 4, 0, false},
        {"\1\0\0\0", 4, 1, false},
        {"\1\0\1\0a\0\0\0\2\0\0\0", 12, 2, false},
        {"\1\0\1\0a", 5, 1, false}, /* last, without its padding */
        {"\1\0\1\0", 4, 0, true},
        {"\1\0\4\0abc", 7, 0, true},
        {"\1\0\4\0abcd", 8, 1, false},
        {"\1\0\xff\xff", 4, 0, true},
        {"\1\0\0", 3, 0, true},
        {"\1", 1, 0, true},
        {"\0\0\0\0\1\0\0\0", 8, 0, false}, /* behind opt_endofopt */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *exact = malloc(cases[i].length ? cases[i].length : 1);
        assert_non_null(exact);
        memcpy(exact, cases[i].bytes, cases[i].length);
        struct option_reader reader = options_over(exact, cases[i].length, false);
        struct option option;
        unsigned count = 0;
        while (option_next(&reader, &option))
            count++;
        assert_int_equal(count, cases[i].count);
        assert_int_equal(reader.broken, cases[i].broken);
        free(exact);
    }
    uint8_t many[4 * (BLOCK_OPTIONS_MAX + 1)];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 4 == 0;
    for (unsigned more = 0; more < 2; more++) {
        struct option_reader reader = options_over(many, 4 * (BLOCK_OPTIONS_MAX + more), false);
        struct option option;
        unsigned count = 0;
        while (option_next(&reader, &option))
            count++;
        assert_int_equal(count, BLOCK_OPTIONS_MAX);
        assert_int_equal(reader.broken, more);
    }
}

static void cursors_stop_at_their_end(void **state)
{
    (void)state;
    for (size_t length = 0; length <= 8; length++) {
        uint8_t *exact = malloc(length ? length : 1);
        assert_non_null(exact);
        for (size_t i = 0; i < length; i++)
            exact[i] = (uint8_t)(i + 1);
        struct cursor c = cursor_over(exact, length);
        assert_int_equal(cursor_be32(&c), length >= 4 ? 0x01020304 : 0);
        assert_int_equal(cursor_ok(&c), length >= 4);
        assert_int_equal(cursor_left(&c), length >= 4 ? length - 4 : length);
        c = cursor_over(exact, length);
        assert_int_equal(cursor_le16(&c), length >= 2 ? 0x0201 : 0);
        cursor_skip(&c, SIZE_MAX);
        assert_false(cursor_ok(&c));
        c = cursor_over(exact, length);
        cursor_limit(&c, 3);
        assert_int_equal(cursor_left(&c), length < 3 ? length : 3);
        cursor_limit(&c, 5);
        assert_int_equal(cursor_left(&c), length < 3 ? length : 3);
        assert_ptr_equal(cursor_take(&c, 4), NULL);
        assert_int_equal(cursor_u8(&c), length ? 1 : 0);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_survive_refills),
        cmocka_unit_test(every_prefix_gives_its_whole_records),
        cmocka_unit_test(every_wrong_byte_costs_little),
        cmocka_unit_test(noise_ends),
        cmocka_unit_test(a_search_outgrows_its_window),
        cmocka_unit_test(marks_come_from_flags),
        cmocka_unit_test(interfaces_keep_their_names),
        cmocka_unit_test(ticks_become_exact_nanoseconds),
        cmocka_unit_test(runs_are_single_packets),
        cmocka_unit_test(plain_blocks_are_as_others),
        cmocka_unit_test(options_never_leave_their_block),
        cmocka_unit_test(cursors_stop_at_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
