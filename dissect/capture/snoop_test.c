#include "dissect/capture/capture_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HEADER 16
#define T      1000000000u

static void put_be32(struct build *b, uint32_t value)
{
    const uint8_t octets[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                              (uint8_t)value};
    put(b, octets, sizeof octets);
}

static void put_snoop(struct build *b, uint32_t version, uint32_t data_link)
{
    put(b, "snoop\0\0\0", 8);
    put_be32(b, version);
    put_be32(b, data_link);
}

struct record {
    uint32_t number; /* also the seconds behind T */
    uint32_t original_len, captured_len, length, drops, microseconds;
};

static void put_raw(struct build *b, struct record r)
{
    put_be32(b, r.original_len);
    put_be32(b, r.captured_len);
    put_be32(b, r.length);
    put_be32(b, r.drops);
    put_be32(b, T + r.number);
    put_be32(b, r.microseconds);
    for (uint32_t i = 0; i < r.captured_len; i++)
        put(b, (const uint8_t *)&r.number + i % 4, 1);
    for (uint32_t i = 24 + r.captured_len; i < r.length; i++)
        put(b, "", 1);
}

static void put_packet(struct build *b, uint32_t number, uint32_t length)
{
    put_raw(b, (struct record){.number = number,
                               .original_len = length,
                               .captured_len = length,
                               .length = 24 + ((length + 3) & ~3u),
                               .microseconds = number});
}

/* The numbers of the packets that are read, with a blank after each. */
static void read_all(struct reading *r, const struct build *b, char *numbers, size_t room)
{
    struct packet packet;
    size_t at = 0;
    numbers[0] = 0;
    reading_start(r, b->bytes, b->length);
    while (capture_next(r->capture, &packet) == CAPTURE_PACKET) {
        uint32_t number = (uint32_t)(packet.time_ns / 1000000000 - T);
        assert_true(data_is(&packet, number));
        assert_int_equal(frame_number(packet.frame), r->findings.files[0].packets);
        at += (size_t)snprintf(numbers + at, room - at, "%u ", number);
        assert_true(at < room);
    }
    assert_true(r->findings.files[0].finished);
}

static void fields(void **state)
{
    (void)state;
    struct build b = {0};
    put_snoop(&b, 2, 4);
    put_raw(&b, (struct record){7, 1500, 61, 88, 3, 999999});
    struct reading r;
    struct packet packet;
    reading_start(&r, b.bytes, b.length);
    assert_int_equal(capture_next(r.capture, &packet), CAPTURE_PACKET);
    assert_int_equal(packet.captured_len, 61);
    assert_int_equal(packet.original_len, 1500);
    assert_int_equal(packet.time_ns, (T + 7) * INT64_C(1000000000) + 999999000);
    assert_int_equal(packet.link_type, 1);
    assert_int_equal(packet.fcs_len, 0);
    assert_int_equal(packet.marks, 0);
    assert_int_equal(packet.frame, frame_ref_of(0, 1));
    assert_true(data_is(&packet, 7));
    assert_int_equal(capture_next(r.capture, &packet), CAPTURE_END);
    const struct file_findings *file = &r.findings.files[0];
    assert_int_equal(file->format, FORMAT_SNOOP);
    assert_int_equal(file->link_types[0], 1);
    assert_int_equal(file->interface_drops, 3);
    assert_int_equal(file->damage_count, 0);
    reading_end(&r);
    free(b.bytes);
}

static void headers(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        uint32_t version, data_link;
        int link_type; /* or -1: refused */
        const char *error;
    } cases[] = {
        {2, 0, 1, NULL}, {2, 1, -1, "data link type 1"}, {2, 2, 6, NULL},
        {2, 3, -1, "data link type 3"}, {2, 4, 1, NULL}, {2, 5, -1, "data link type 5"},
        {2, 8, 10, NULL}, {2, 9, -1, "data link type 9"}, {2, 10, -1, "data link type 10"},
        {2, UINT32_MAX, -1, "data link type 4294967295"}, {0, 4, -1, "version 0"},
        {1, 4, -1, "version 1"}, {3, 4, -1, "version 3"}, {UINT32_MAX, 4, -1, "version 4294967295"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct build b = {0};
        struct reading r;
        char numbers[64];
        put_snoop(&b, cases[i].version, cases[i].data_link);
        put_packet(&b, 1, 60);
        read_all(&r, &b, numbers, sizeof numbers);
        const struct file_findings *file = &r.findings.files[0];
        assert_string_equal(numbers, cases[i].error ? "" : "1 ");
        if (cases[i].error) {
            assert_non_null(file->error);
            assert_non_null(strstr(file->error, cases[i].error));
        } else {
            assert_null(file->error);
            assert_int_equal(file->link_types[0], cases[i].link_type);
        }
        reading_end(&r);
        free(b.bytes);
    }
}

/* The file ends at every octet: what was whole before is read, and no octet beyond. */
static void ends_anywhere(void **state)
{
    (void)state;
    struct build b = {0};
    put_snoop(&b, 2, 4);
    for (uint32_t i = 1; i <= 3; i++)
        put_packet(&b, i, 61); /* 24 + 61 + 3 */
    size_t whole = b.length;
    for (b.length = 0; b.length <= whole; b.length++) {
        struct reading r;
        char numbers[64], expected[64] = "";
        read_all(&r, &b, numbers, sizeof numbers);
        const struct file_findings *file = &r.findings.files[0];
        if (b.length < HEADER) {
            assert_non_null(file->error);
            reading_end(&r);
            continue;
        }
        size_t behind = (b.length - HEADER) % 88;
        size_t count = (b.length - HEADER) / 88 + (behind >= 85);
        for (unsigned i = 1; i <= count; i++)
            snprintf(expected + strlen(expected), 8, "%u ", i);
        assert_string_equal(numbers, expected);
        assert_null(file->error);
        bool cut = behind && behind < 85;
        assert_int_equal(file->damage_count, cut);
        if (cut) {
            assert_int_equal(file->damage[0].kind, DAMAGE_FILE_TRUNCATED);
            assert_int_equal(file->damage[0].offset, b.length - behind);
            assert_int_equal(file->damage[0].bytes, behind < 24 ? 24 - behind : 85 - behind);
            assert_int_equal(file->damage[0].frame, count);
        }
        reading_end(&r);
    }
    b.length = whole;
    free(b.bytes);
}

/* One record of three with lengths at their limits. */
static void lengths(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        uint32_t original_len, captured_len, length;
        const char *numbers;
        uint64_t oddities;
        bool damaged;
    } cases[] = {
        {1, 1, 25, "1 2 3 ", 0, false},
        {1, 1, 28, "1 2 3 ", 0, false},
        {64, 64, 88, "1 2 3 ", 0, false},
        {64, 64, 87, "1 3 ", 0, true},           /* shorter than what it holds */
        {64, 64, 24 + 64 + 4096, "1 2 3 ", 0, false},
        {64, 64, 24 + 64 + 4097, "1 3 ", 0, true},
        {60, 64, 88, "1 2 3 ", 1, false},        /* more captured than there was */
        {0, 0, 24, "1 2 3 ", 0, false},
        {UINT32_MAX, 64, 88, "1 2 3 ", 0, false},
        {262144, 262144, 262168, "1 2 3 ", 0, false},
        {262145, 262145, 262172, "1 3 ", 0, true},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct build b = {0};
        struct reading r;
        char numbers[64];
        put_snoop(&b, 2, 4);
        put_packet(&b, 1, 60);
        put_raw(&b, (struct record){.number = 2,
                                    .original_len = cases[i].original_len,
                                    .captured_len = cases[i].captured_len,
                                    .length = cases[i].length});
        put_packet(&b, 3, 60);
        read_all(&r, &b, numbers, sizeof numbers);
        const struct file_findings *file = &r.findings.files[0];
        if (strcmp(numbers, cases[i].numbers) != 0)
            fail_msg("case %zu: %s", i, numbers);
        assert_int_equal(file->oddities[ODDITY_CAPTURED_EXCEEDS_ORIGINAL], cases[i].oddities);
        assert_int_equal(file->damage_count, cases[i].damaged);
        if (cases[i].damaged)
            assert_int_equal(file->damage[0].kind, DAMAGE_FILE_DAMAGED);
        reading_end(&r);
        free(b.bytes);
    }
}

/* Lengths that overflow when they are added up. */
static void impossible_lengths(void **state)
{
    (void)state;
    static const uint32_t values[] = {0, 23, 0x7fffffff, 0x80000000, 0xffffffe8, UINT32_MAX};
    for (unsigned field = 1; field <= 2; field++) {
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            struct build b = {0};
            struct reading r;
            char numbers[64];
            put_snoop(&b, 2, 4);
            put_packet(&b, 1, 60);
            struct build bad = {0};
            put_packet(&bad, 2, 60);
            for (unsigned byte = 0; byte < 4; byte++)
                bad.bytes[field * 4 + byte] = (uint8_t)(values[i] >> (24 - 8 * byte));
            put(&b, bad.bytes, bad.length);
            free(bad.bytes);
            put_packet(&b, 3, 60);
            put_packet(&b, 4, 60);
            read_all(&r, &b, numbers, sizeof numbers);
            bool empty = field == 1 && values[i] <= 23; /* captured less than the record holds */
            if (strcmp(numbers, empty ? "1 2 3 4 " : "1 3 4 ") != 0)
                fail_msg("field %u, %u: %s", field, values[i], numbers);
            assert_int_equal(r.findings.files[0].damage_count, !empty);
            reading_end(&r);
            free(b.bytes);
        }
    }
}

static void holes_and_zeros(void **state)
{
    (void)state;
    struct build b = {0};
    put_snoop(&b, 2, 4);
    for (uint32_t i = 1; i <= 6; i++)
        put_packet(&b, i, 100);
    size_t whole = b.length;
    for (size_t lost = 1; lost <= 64; lost++) { /* out of packet 2 */
        struct build hole = {0};
        put(&hole, b.bytes, HEADER + 124 + 60);
        put(&hole, b.bytes + HEADER + 124 + 60 + lost, whole - HEADER - 124 - 60 - lost);
        struct reading r;
        char numbers[64];
        read_all(&r, &hole, numbers, sizeof numbers);
        if (strcmp(numbers, "1 3 4 5 6 ") != 0)
            fail_msg("%zu lost: %s", lost, numbers);
        assert_int_equal(r.findings.files[0].damage_count, 1);
        assert_int_equal(r.findings.files[0].damage[0].offset, HEADER + 124);
        reading_end(&r);
        free(hole.bytes);
    }
    static const uint8_t zeros[500];
    for (unsigned tail = 0; tail < 2; tail++) {
        struct build holed = {0};
        struct reading r;
        char numbers[64];
        put(&holed, b.bytes, HEADER + 124);
        put(&holed, zeros, sizeof zeros);
        if (!tail)
            put(&holed, b.bytes + HEADER + 124, whole - HEADER - 124);
        read_all(&r, &holed, numbers, sizeof numbers);
        assert_string_equal(numbers, tail ? "1 " : "1 2 3 4 5 6 ");
        assert_int_equal(r.findings.files[0].damage_count, 1);
        const struct damage *damage = &r.findings.files[0].damage[0];
        assert_int_equal(damage->kind, tail ? DAMAGE_ZERO_TAIL : DAMAGE_FILE_DAMAGED);
        assert_int_equal(damage->bytes, sizeof zeros);
        reading_end(&r);
        free(holed.bytes);
    }
    free(b.bytes);
}

static void drops_are_cumulative(void **state)
{
    (void)state;
    static const uint32_t drops[] = {2, 2, 5, 1, 4};
    struct build b = {0};
    struct reading r;
    char numbers[64];
    put_snoop(&b, 2, 4);
    for (uint32_t i = 0; i < 5; i++)
        put_raw(&b, (struct record){i, 60, 60, 84, drops[i], 0});
    read_all(&r, &b, numbers, sizeof numbers);
    assert_int_equal(r.findings.files[0].interface_drops, 5 + 4);
    reading_end(&r);
    free(b.bytes);
}

/* In either order with each of the others, each of its own format. */
static void concatenated(void **state)
{
    (void)state;
    for (unsigned other = 0; other < 3; other++) {
        for (unsigned second = 0; second < 2; second++) {
            struct build b = {0};
            for (unsigned part = 0; part < 2; part++) {
                uint32_t number = part * 10 + 1;
                if (part == second || other == 2) {
                    put_snoop(&b, 2, 4);
                    put_packet(&b, number, 60);
                    put_packet(&b, number + 1, 60);
                } else if (other == 0) {
                    put_pcap(&b, 65535, 1);
                    put_record(&b, T + number, number, 60);
                    put_record(&b, T + number + 1, number + 1, 60);
                } else {
                    put_section(&b);
                    put_interface(&b, 1, NULL, 0);
                    put_epb(&b, (uint64_t)(T + number) * 1000000, number, 60, NULL, 0);
                    put_epb(&b, (uint64_t)(T + number + 1) * 1000000, number + 1, 60, NULL, 0);
                }
            }
            struct reading r;
            char numbers[64];
            read_all(&r, &b, numbers, sizeof numbers);
            if (strcmp(numbers, "1 2 11 12 ") != 0)
                fail_msg("format %u, %u: %s", other, second, numbers);
            assert_int_equal(r.findings.files[0].damage_count, 1);
            assert_int_equal(r.findings.files[0].damage[0].kind, DAMAGE_CONCATENATED);
            assert_int_equal(r.findings.interface_count, 1);
            reading_end(&r);
            free(b.bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(headers),
        cmocka_unit_test(ends_anywhere),
        cmocka_unit_test(lengths),
        cmocka_unit_test(impossible_lengths),
        cmocka_unit_test(holes_and_zeros),
        cmocka_unit_test(drops_are_cumulative),
        cmocka_unit_test(concatenated),
    };
    return cmocka_run_group_tests_name("snoop", tests, NULL, NULL);
}
