#include "dissect/tcp/tcp.h"

/* cmocka.h needs these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static struct segment read_cut(const void *octets, uint32_t captured, uint32_t length,
                               struct tcp_extra *extra)
{
    struct segment segment = {.flags = TCP_ACK, .ack = 0x00000010};
    uint8_t *exact = malloc(captured ? captured : 1);
    assert_non_null(exact);
    if (captured)
        memcpy(exact, octets, captured);
    *extra = (struct tcp_extra){0};
    tcp_options(&segment, captured ? exact : exact + 1, captured, length, extra);
    free(exact);
    return segment;
}

static struct segment read_whole(const void *octets, uint32_t length)
{
    struct tcp_extra extra;
    return read_cut(octets, length, length, &extra);
}

/* Each kind at each length from 0 to beyond the header: which marks come out. */
static void lengths_of_each_kind(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        uint8_t kind, shortest, longest, unit;
        uint32_t mark;
    } kinds[] = {
        {2, 4, 4, 1, SEG_MSS},
        {3, 3, 3, 1, SEG_WINDOW_SCALE},
        {4, 2, 2, 1, SEG_SACK_PERMITTED},
        {5, 10, 34, 8, SEG_SACK},
        {8, 10, 10, 1, SEG_TIMESTAMPS},
        {19, 18, 18, 1, SEG_SIGNED},
        {29, 4, 40, 1, SEG_SIGNED},
        {30, 3, 40, 1, SEG_MPTCP},
        {34, 2, 18, 1, SEG_FAST_OPEN},
        {77, 2, 40, 1, 0},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (unsigned length = 0; length <= 255; length++) {
            uint8_t octets[40];
            memset(octets, 1, sizeof octets);
            octets[0] = kinds[i].kind;
            octets[1] = (uint8_t)length;
            if (kinds[i].kind == 5) /* above the acknowledgment: no D-SACK */
                memset(octets + 2, 0x11, sizeof octets - 2);
            bool good = length >= kinds[i].shortest && length <= kinds[i].longest &&
                        (length - kinds[i].shortest) % kinds[i].unit == 0;
            struct segment s = read_whole(octets, good ? length : (uint32_t)sizeof octets);
            uint32_t marks = good ? kinds[i].mark : (uint32_t)SEG_OPTIONS_BAD;
            /* The second SACK block holds the first when all octets are alike. */
            if (kinds[i].kind == 5 && good && length > 10)
                marks |= SEG_DSACK;
            if (good || length < 2 || length > 40)
                assert_int_equal(s.marks, marks);
            else
                assert_true(s.marks & SEG_OPTIONS_BAD);
        }
    }
}

static void values(void **state)
{
    (void)state;
    struct segment s =
        read_whole("\2\4\5\xb4\1\3\3\7\4\2\x08\x0a\x01\x02\x03\x04\x05\x06\x07\x08", 20);
    assert_int_equal(s.marks, SEG_MSS | SEG_WINDOW_SCALE | SEG_SACK_PERMITTED | SEG_TIMESTAMPS);
    assert_int_equal(s.mss, 1460);
    assert_int_equal(s.window_scale, 7);
    assert_int_equal(s.ts_val, 0x01020304);
    assert_int_equal(s.ts_ecr, 0x05060708);
}

static void window_scale_is_at_most_14(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift <= 255; shift++) {
        uint8_t octets[4] = {3, 3, (uint8_t)shift, 0};
        assert_int_equal(read_whole(octets, 4).window_scale, shift < 14 ? shift : 14);
    }
}

static void end_of_options(void **state)
{
    (void)state;
    assert_int_equal(read_whole("\0\2\4\5", 4).marks, 0);
    assert_int_equal(read_whole("\1\1\1\1", 4).marks, 0);
    assert_int_equal(read_whole("", 0).marks, 0);
    assert_int_equal(read_whole("\1\1\1\2", 4).marks, SEG_OPTIONS_BAD);
}

/* What does not suit its kind is stepped over; what has no end ends the reading. */
static void bad_lengths(void **state)
{
    (void)state;
    struct segment s = read_whole("\4\4\1\1\3\3\5\0", 8);
    assert_int_equal(s.marks, SEG_OPTIONS_BAD | SEG_WINDOW_SCALE);
    assert_int_equal(s.window_scale, 5);
    assert_int_equal(read_whole("\3\3\5\2\0\3\3\1", 8).marks, SEG_OPTIONS_BAD | SEG_WINDOW_SCALE);
    assert_int_equal(read_whole("\3\3\5\x4d\6\0\0\0", 8).marks, SEG_OPTIONS_BAD | SEG_WINDOW_SCALE);
    assert_int_equal(read_whole("\3\3\5\x4d\5\0\0\0", 8).marks, SEG_WINDOW_SCALE);
}

static void cut_at_every_octet(void **state)
{
    (void)state;
    static const uint8_t octets[20] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
                                       0, 1, 0, 0,    0, 2, 1, 3,  3, 7};
    for (uint32_t captured = 0; captured <= 20; captured++) {
        struct tcp_extra extra;
        struct segment s = read_cut(octets, captured, 20, &extra);
        assert_int_equal(!!(s.marks & SEG_OPTIONS_CUT), captured < 20);
        assert_int_equal(!!(s.marks & SEG_MSS), captured >= 4);
        assert_int_equal(!!(s.marks & SEG_SACK_PERMITTED), captured >= 6);
        assert_int_equal(!!(s.marks & SEG_TIMESTAMPS), captured >= 16);
        assert_int_equal(!!(s.marks & SEG_WINDOW_SCALE), captured == 20);
        assert_false(s.marks & SEG_OPTIONS_BAD);
    }
}

/* The acknowledgment is 0x10, just behind the wrap. */
static void duplicate_sack(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        uint32_t left, right, left_2, right_2;
        bool dsack;
    } cases[] = {
        {0xfffffff0, 0x00000008, 0, 0, true},
        {0xfffffff0, 0x00000010, 0, 0, true},
        {0x0000000f, 0x00000010, 0, 0, true},
        {0x00000010, 0x00000020, 0, 0, false},
        {0x00000011, 0x00000020, 0, 0, false},
        {0x80000010, 0x80000020, 0, 0, true}, /* exactly half the space away: taken as before */
        {0x00000030, 0x00000040, 0x00000030, 0x00000040, true},
        {0x00000030, 0x00000040, 0x00000020, 0x00000050, true},
        {0x00000030, 0x00000040, 0x00000031, 0x00000050, false},
        {0x00000030, 0x00000040, 0x00000020, 0x0000003f, false},
        {0x00000030, 0x00000040, 0x00000050, 0x00000060, false},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t octets[18] = {5, cases[i].left_2 ? 18 : 10};
        const uint32_t edges[] = {cases[i].left, cases[i].right, cases[i].left_2, cases[i].right_2};
        for (size_t e = 0; e < 16; e++)
            octets[2 + e] = (uint8_t)(edges[e / 4] >> (24 - e % 4 * 8));
        struct segment s = read_whole(octets, octets[1]);
        assert_int_equal(s.sack_left, cases[i].left);
        assert_int_equal(s.sack_right, cases[i].right);
        assert_int_equal(!!(s.marks & SEG_DSACK), cases[i].dsack);
    }
}

static void no_dsack_without_acknowledgment(void **state)
{
    (void)state;
    struct segment s = {.ack = 0x10};
    struct tcp_extra extra = {0};
    tcp_options(&s, (const uint8_t *)"\5\x0a\0\0\0\1\0\0\0\2", 10, 10, &extra);
    assert_int_equal(s.marks, SEG_SACK);
}

static void experiments(void **state)
{
    (void)state;
    assert_int_equal(read_whole("\xfe\x04\xf9\x89", 4).marks, SEG_FAST_OPEN);
    assert_int_equal(read_whole("\xfe\x04\xf9\x88", 4).marks, 0);
    assert_int_equal(read_whole("\xfe\x03\xf9\x89", 4).marks, SEG_OPTIONS_BAD);
    assert_int_equal(read_whole("\xfe\x02\1\1", 4).marks, 0);
}

static void multipath_reset(void **state)
{
    (void)state;
    struct tcp_extra extra;
    read_cut("\x1e\x04\x80\x03", 4, 4, &extra);
    assert_true(extra.has_mptcp_reason);
    assert_int_equal(extra.mptcp_reason, 3);
    read_cut("\x1e\x04\x70\x03", 4, 4, &extra);
    assert_false(extra.has_mptcp_reason);
    read_cut("\x1e\x03\x80\x01", 4, 4, &extra);
    assert_false(extra.has_mptcp_reason);
}

/* Options say the same wherever they stand: on multiples of four octets, as stacks place them, and
 * moved by one, two or three. */
static void places_do_not_matter(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        uint32_t length;
    } pieces[] = {
        {"\x02\x04\x05\xb4", 4},
        {"\x01\x03\x03\x0f", 4},
        {"\x01\x01\x04\x02", 4},
        {"\x04\x02\x08\x0a\0\0\0\7\0\0\0\x09", 12},
        {"\x03\x03\x07", 3},
        {"\x01\x01\x08\x0a\0\0\1\0\0\0\2\0", 12},
        {"\x01", 1},
        {"\x04\x02", 2},
        {"\x02\x03\x05", 3},
        {"\x02\x04\x02\x18", 4},
        {"\x01\x01\x05\x0a\0\0\0\x20\0\0\0\x30", 12},
        {"\x00", 1},
        {"\x22\x02", 2},
        {"\x1e\x04\x80\x03", 4},
    };
    uint32_t random = 5;
    unsigned with_timestamps = 0;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t octets[3 + 37] = {1, 1, 1};
        uint32_t length = 0;
        struct tcp_extra extra, as_extra;
        for (;;) {
            random = random * 1664525u + 1013904223u;
            size_t at = (random >> 16) % (sizeof pieces / sizeof *pieces);
            uint32_t there = pieces[at].length;
            if (length + there > 37)
                there = 37 - length; /* an option that runs out of the header */
            memcpy(octets + 3 + length, pieces[at].octets, there);
            length += there;
            if (length == 37 || random >> 29 == 0)
                break;
        }
        struct segment segment = read_cut(octets + 3, length, length, &extra);
        with_timestamps += (segment.marks & SEG_TIMESTAMPS) != 0;
        for (unsigned moved = 1; moved <= 3; moved++) {
            struct segment as =
                read_cut(octets + 3 - moved, length + moved, length + moved, &as_extra);
            assert_memory_equal(&as, &segment, sizeof as);
            assert_int_equal(as_extra.has_mptcp_reason, extra.has_mptcp_reason);
        }
    }
    assert_true(with_timestamps > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_of_each_kind),
        cmocka_unit_test(values),
        cmocka_unit_test(window_scale_is_at_most_14),
        cmocka_unit_test(end_of_options),
        cmocka_unit_test(bad_lengths),
        cmocka_unit_test(cut_at_every_octet),
        cmocka_unit_test(duplicate_sack),
        cmocka_unit_test(no_dsack_without_acknowledgment),
        cmocka_unit_test(experiments),
        cmocka_unit_test(multipath_reset),
        cmocka_unit_test(places_do_not_matter),
    };
    return cmocka_run_group_tests_name("tcp options", tests, NULL, NULL);
}
