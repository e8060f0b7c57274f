#include "reports/pcapng_writer.h"

#include "dissect/capture/timeline.h"
#include "reports/test_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[TEST_PATH_BYTES];
static char error[512];

/* Writes the packets and gives back the file's bytes. */
static uint8_t *written(const char *comment, const struct pcapng_packet *packets, size_t count,
                        size_t *length)
{
    test_path(path, "out.pcapng");
    struct output *output = output_open(path, error, sizeof error);
    assert_non_null(output);
    struct pcapng_writer *writer = pcapng_writer_create(output, comment);
    assert_non_null(writer);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pcapng_write(writer, &packets[i]), PCAPNG_OK);
    pcapng_writer_destroy(writer);
    assert_true(output_commit(output, error, sizeof error));
    return (uint8_t *)test_read(path, length);
}

static void done(uint8_t *bytes)
{
    free(bytes);
    assert_int_equal(unlink(path), 0);
}

static uint32_t u32_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static uint16_t u16_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

struct block {
    uint32_t type, total;
    const uint8_t *body;
};

/* The blocks one by one, their two lengths alike and multiples of four, nothing left behind. */
static size_t split(const uint8_t *bytes, size_t length, struct block *blocks, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; i < room; i++)
        blocks[i] = (struct block){.body = bytes};
    for (size_t at = 0; at < length; count++) {
        assert_true(count < room);
        assert_true(length - at >= 12);
        struct block block = {u32_at(bytes + at), u32_at(bytes + at + 4), bytes + at + 8};
        assert_true(block.total >= 12 && block.total % 4 == 0 && block.total <= length - at);
        assert_int_equal(u32_at(bytes + at + block.total - 4), block.total);
        blocks[count] = block;
        at += block.total;
    }
    return count;
}

/* The value of an option of the block, whose options begin `at` octets behind its frame; NULL when
 * it has none of the code. All are walked over, to their end. */
static const uint8_t *option_of(const struct block *block, size_t at, uint16_t code,
                                uint16_t *length)
{
    const uint8_t *found = NULL;
    size_t end = block->total - 12;
    while (at < end) {
        uint16_t option = u16_at(block->body + at);
        uint16_t option_length = u16_at(block->body + at + 2);
        if (option == 0) {
            assert_int_equal(option_length, 0);
            assert_int_equal(at + 4, end);
            return found;
        }
        if (option == code && !found) {
            found = block->body + at + 4;
            *length = option_length;
        }
        at += 4 + ((option_length + 3u) & ~3u);
    }
    assert_int_equal(at, end);
    return found;
}

#define SECTION_OPTIONS                16
#define INTERFACE_OPTIONS              8
#define ENHANCED_OPTIONS(captured_len) (20 + (((size_t)(captured_len) + 3) & ~(size_t)3))

static void expect_text(const struct block *block, size_t at, uint16_t code, const char *text)
{
    uint16_t length = 0;
    const uint8_t *value = option_of(block, at, code, &length);
    assert_non_null(value);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(value, text, length);
}

/* By hand, from the figures of the draft's section 4. */
static void every_byte(void **state)
{
    (void)state;
    static const uint8_t octets[] = {0xaa, 0xbb, 0xcc, 0xdd, 0xee};
    struct pcapng_packet packet = {.time_ns = INT64_C(0x1234567890abcdef),
                                   .interface = 3,
                                   .link_type = 113,
                                   .interface_name = "any",
                                   .bytes = octets,
                                   .captured_len = 5,
                                   .original_len = 60,
                                   .flags = PCAPNG_OUTBOUND | PCAPNG_CHECKSUM_PENDING,
                                   .fcs_len = 4,
                                   .comment = "FIN"};
    /* clang-format off */
    static const uint8_t behind_the_section[] = {
        1, 0, 0, 0, 40, 0, 0, 0,           /* interface description, 40 octets */
        113, 0, 0, 0, 0, 0, 0, 0,          /* Linux cooked, reserved, no snapshot length */
        2, 0, 3, 0, 'a', 'n', 'y', 0,      /* if_name, padded */
        9, 0, 1, 0, 9, 0, 0, 0,            /* if_tsresol: 10^-9 */
        0, 0, 0, 0,                        /* opt_endofopt */
        40, 0, 0, 0,
        6, 0, 0, 0, 60, 0, 0, 0,           /* enhanced packet, 60 octets */
        0, 0, 0, 0,                        /* the section's first interface */
        0x78, 0x56, 0x34, 0x12, 0xef, 0xcd, 0xab, 0x90, /* ticks, upper half first */
        5, 0, 0, 0, 60, 0, 0, 0,           /* captured, original */
        0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0, 0, 0,
        1, 0, 3, 0, 'F', 'I', 'N', 0,      /* opt_comment */
        2, 0, 4, 0, 0x82, 0x02, 0, 0,      /* epb_flags: outbound, FCS 4 << 5, bit 9 */
        0, 0, 0, 0,
        60, 0, 0, 0,
    };
    /* clang-format on */
    static const char application[] = "finwait " FINWAIT_VERSION;
    size_t application_bytes = (sizeof application - 1 + 3) & ~(size_t)3;
    size_t length;
    uint8_t *bytes = written(NULL, &packet, 1, &length);
    size_t section = 28 + 4 + application_bytes + 4;
    static const uint8_t head[] = {0x0a, 0x0d, 0x0d, 0x0a};
    static const uint8_t fixed[] = {0x4d, 0x3c, 0x2b, 0x1a, 1,    0,    0,    0,
                                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    assert_memory_equal(bytes, head, sizeof head);
    assert_int_equal(u32_at(bytes + 4), section);
    assert_memory_equal(bytes + 8, fixed, sizeof fixed);
    assert_int_equal(u16_at(bytes + 24), 4);
    assert_int_equal(u16_at(bytes + 26), sizeof application - 1);
    assert_memory_equal(bytes + 28, application, sizeof application - 1);
    assert_int_equal(u32_at(bytes + section - 4), section);
    assert_int_equal(length, section + sizeof behind_the_section);
    assert_memory_equal(bytes + section, behind_the_section, sizeof behind_the_section);
    done(bytes);
}

/* A packet without options has none, not even their end; octets are padded to four. */
static void paddings(void **state)
{
    (void)state;
    static const uint8_t octets[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (uint32_t captured_len = 0; captured_len <= sizeof octets; captured_len++) {
        struct pcapng_packet packet = {.bytes = captured_len ? octets : NULL,
                                       .captured_len = captured_len,
                                       .original_len = captured_len};
        size_t length;
        uint8_t *bytes = written(NULL, &packet, 1, &length);
        struct block blocks[4];
        assert_int_equal(split(bytes, length, blocks, 4), 3);
        assert_int_equal(blocks[2].type, 6);
        assert_int_equal(blocks[2].total, 12 + ENHANCED_OPTIONS(captured_len));
        assert_int_equal(u32_at(blocks[2].body + 12), captured_len);
        assert_memory_equal(blocks[2].body + 20, octets, captured_len);
        for (size_t at = 20 + captured_len; at < blocks[2].total - 12; at++)
            assert_int_equal(blocks[2].body[at], 0);
        done(bytes);
    }
}

/* An interface is described when its first packet comes, once. */
static void interfaces_at_first_use(void **state)
{
    (void)state;
    static const uint8_t octet = 0;
    static const uint32_t order[] = {7, 0, 7, 300, 0, 300};
    static const uint32_t ids[] = {0, 1, 0, 2, 1, 2};
    static const uint32_t types[] = {1, 6, 1, 6, 6, 1, 6, 6, 6};
    struct pcapng_packet packets[6];
    for (size_t i = 0; i < 6; i++) {
        packets[i] = (struct pcapng_packet){.time_ns = (int64_t)i,
                                            .interface = order[i],
                                            .link_type = (uint16_t)(order[i] + 100),
                                            .bytes = &octet,
                                            .captured_len = 1,
                                            .original_len = 1};
    }
    size_t length;
    uint8_t *bytes = written(NULL, packets, 6, &length);
    struct block blocks[16];
    assert_int_equal(split(bytes, length, blocks, 16), 10);
    size_t packet = 0, described = 0;
    static const uint16_t link_types[] = {107, 100, 400};
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(blocks[i + 1].type, types[i]);
        if (types[i] == 1)
            assert_int_equal(u16_at(blocks[i + 1].body), link_types[described++]);
        else
            assert_int_equal(u32_at(blocks[i + 1].body), ids[packet++]);
    }
    done(bytes);
}

/* Comments and names are text from outside as far as anybody knows. */
static void texts_are_cleaned(void **state)
{
    (void)state;
    static const uint8_t octet = 0;
    struct pcapng_packet packet = {.interface_name = "eth\x1b[2J\xff",
                                   .bytes = &octet,
                                   .captured_len = 1,
                                   .original_len = 1,
                                   .comment = "first \x1b line\nsecond\tline\n"};
    size_t length;
    uint8_t *bytes = written("of \x07 all", &packet, 1, &length);
    struct block blocks[4];
    assert_int_equal(split(bytes, length, blocks, 4), 3);
    expect_text(&blocks[0], SECTION_OPTIONS, 1, "of \\u{7} all");
    expect_text(&blocks[1], INTERFACE_OPTIONS, 2, "eth\\u{1b}[2J\xef\xbf\xbd");
    expect_text(&blocks[2], ENHANCED_OPTIONS(1), 1, "first \\u{1b} line\nsecond\\u{9}line\n");
    done(bytes);

    packet.comment = "";
    bytes = written("", &packet, 1, &length);
    assert_int_equal(split(bytes, length, blocks, 4), 3);
    uint16_t option_length;
    assert_null(option_of(&blocks[0], SECTION_OPTIONS, 1, &option_length));
    assert_null(option_of(&blocks[2], ENHANCED_OPTIONS(1), 1, &option_length));
    done(bytes);
}

/* One long line, many short ones, and every length around the limit. */
static void long_comments_are_cut(void **state)
{
    (void)state;
    static const uint8_t octet = 0;
    static const char ellipsis[] = "\xe2\x80\xa6";
    enum { ROOM = PCAPNG_COMMENT_BYTES * 2 };
    char *comment = malloc(ROOM + 1);
    assert_non_null(comment);
    struct pcapng_packet packet = {
        .bytes = &octet, .captured_len = 1, .original_len = 1, .comment = comment};
    for (int lines = 0; lines < 2; lines++) {
        for (size_t text = PCAPNG_COMMENT_BYTES - 70; text < PCAPNG_COMMENT_BYTES + 10; text++) {
            memset(comment, 'x', text);
            comment[text] = '\0';
            for (size_t i = 49; lines && i < text; i += 50)
                comment[i] = '\n';
            size_t length;
            uint8_t *bytes = written(NULL, &packet, 1, &length);
            struct block blocks[4];
            assert_int_equal(split(bytes, length, blocks, 4), 3);
            uint16_t kept = 0;
            const uint8_t *value = option_of(&blocks[2], ENHANCED_OPTIONS(1), 1, &kept);
            assert_non_null(value);
            assert_true(kept < PCAPNG_COMMENT_BYTES);
            if (kept != text || memcmp(value, comment, text) != 0) {
                assert_true(text > PCAPNG_COMMENT_BYTES - 64);
                assert_true(kept >= PCAPNG_COMMENT_BYTES - 64);
                assert_memory_equal(value + kept - 3, ellipsis, 3);
            }
            done(bytes);
        }
    }
    free(comment);
}

/* Only the simple packet block knows no time: a section of its own for whatever it cannot say. */
static void packets_without_a_time(void **state)
{
    (void)state;
    static const uint8_t octets[6] = {1, 2, 3, 4, 5, 6};
    struct pcapng_packet timed = {
        .interface = 1, .link_type = 1, .bytes = octets, .captured_len = 6, .original_len = 6};
    struct pcapng_packet untimed = timed;
    untimed.time_ns = TIME_UNKNOWN;
    struct pcapng_packet cut = untimed;
    cut.captured_len = 5;
    struct pcapng_packet commented = untimed;
    commented.comment = "SYN";
    struct pcapng_packet checked = untimed;
    checked.fcs_len = 4;
    struct pcapng_packet elsewhere = untimed;
    elsewhere.interface = 0;
    struct pcapng_packet packets[] = {timed,   untimed, untimed, cut,       cut,  commented,
                                      untimed, checked, timed,   elsewhere, timed};
    static const uint32_t types[] = {
        0x0a0d0d0a, 1, 6,    /* timed */
        0x0a0d0d0a, 1, 3, 3, /* untimed, twice */
        0x0a0d0d0a, 1, 3, 3, /* cut, twice */
        0x0a0d0d0a, 1, 3, 3, /* commented, and another that is not */
        0x0a0d0d0a, 1, 3,    /* with an FCS */
        0x0a0d0d0a, 1, 6,    /* timed */
        0x0a0d0d0a, 1, 3,    /* of another interface */
        0x0a0d0d0a, 1, 6,    /* timed */
    };
    enum { BLOCKS = sizeof types / sizeof *types };
    static const size_t snaplens[] = {0, 0, 5, 0, 0, 0, 0, 0};
    size_t length;
    uint8_t *bytes = written(NULL, packets, sizeof packets / sizeof *packets, &length);
    struct block blocks[BLOCKS];
    assert_int_equal(split(bytes, length, blocks, BLOCKS), BLOCKS);
    size_t interface = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        uint16_t option_length;
        assert_int_equal(blocks[i].type, types[i]);
        if (types[i] == 3) {
            assert_int_equal(u32_at(blocks[i].body), 6);
            assert_memory_equal(blocks[i].body + 4, octets, snaplens[interface - 1] ? 5 : 6);
        } else if (types[i] == 1) {
            assert_int_equal(u32_at(blocks[i].body + 4), snaplens[interface]);
            const uint8_t *fcs = option_of(&blocks[i], INTERFACE_OPTIONS, 13, &option_length);
            assert_int_equal(fcs != NULL, interface == 4);
            assert_true(!fcs || *fcs == 4);
            interface++;
        }
    }
    expect_text(&blocks[11], SECTION_OPTIONS, 1, "SYN");
    done(bytes);
}

static void what_the_format_cannot_say(void **state)
{
    (void)state;
    test_path(path, "out.pcapng");
    struct output *output = output_open(path, error, sizeof error);
    assert_non_null(output);
    struct pcapng_writer *writer = pcapng_writer_create(output, NULL);
    assert_non_null(writer);
    struct pcapng_packet packet = {.time_ns = TIME_UNKNOWN, .original_len = 60};
    assert_int_equal(pcapng_write(writer, &packet), PCAPNG_UNFIT);
    packet.original_len = 0;
    assert_int_equal(pcapng_write(writer, &packet), PCAPNG_OK);
    packet = (struct pcapng_packet){.captured_len = UINT32_MAX, .original_len = UINT32_MAX};
    assert_int_equal(pcapng_write(writer, &packet), PCAPNG_UNFIT);
    packet = (struct pcapng_packet){.interface = UINT32_MAX};
    assert_int_equal(pcapng_write(writer, &packet), PCAPNG_NO_MEMORY);
    pcapng_writer_destroy(writer);
    pcapng_writer_destroy(NULL);
    output_discard(output);
    assert_int_equal(test_folder_entries(), 0);
}

#define MANY 400

/* Read back by the reader of captures: nothing is lost and nothing is damage. */
static void what_was_written_is_read(void **state)
{
    (void)state;
    static const int64_t times[] = {
        0, 1767607200123456789, TIME_UNKNOWN, -1, INT64_MIN + 1, -1, INT64_MAX, 1, 0, TIME_UNKNOWN};
    static const uint8_t marks[] = {0, PACKET_INBOUND, PACKET_OUTBOUND,
                                    PACKET_CHECKSUM_PENDING | PACKET_OFFLOADED};
    static const uint32_t flags[] = {0, PCAPNG_INBOUND, PCAPNG_OUTBOUND,
                                     PCAPNG_CHECKSUM_PENDING | PCAPNG_OFFLOADED};
    uint8_t octets[64];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 37 + 1);
    struct pcapng_packet *packets = calloc(MANY, sizeof *packets);
    assert_non_null(packets);
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t captured_len = 1 + i * 7 % 64;
        packets[i] = (struct pcapng_packet){.time_ns = times[i % 10],
                                            .interface = i * i % 5,
                                            .link_type = (uint16_t)(i * i % 5 + 1),
                                            .bytes = octets,
                                            .captured_len = captured_len,
                                            .original_len = captured_len + (i % 3 ? 0 : i),
                                            .flags = flags[i / 3 % 4],
                                            .fcs_len = i % 4 ? 0 : 4,
                                            .comment = i % 11 ? NULL : "comment"};
    }
    size_t length;
    uint8_t *bytes = written(NULL, packets, MANY, &length);
    struct capture_findings findings = {0};
    const char *const paths[] = {path};
    struct timeline *timeline = timeline_open(paths, 1, &findings);
    assert_non_null(timeline);
    struct packet packet;
    for (uint32_t i = 0; i < MANY; i++) {
        const struct pcapng_packet *wanted = &packets[i];
        bool untimed = wanted->time_ns == TIME_UNKNOWN;
        assert_int_equal(timeline_next(timeline, &packet), CAPTURE_PACKET);
        assert_int_equal(packet.time_ns, wanted->time_ns);
        assert_int_equal(packet.captured_len, wanted->captured_len);
        assert_int_equal(packet.original_len, wanted->original_len);
        assert_memory_equal(packet.data, octets, wanted->captured_len);
        assert_int_equal(packet.link_type, wanted->link_type);
        assert_int_equal(packet.fcs_len, wanted->fcs_len);
        assert_int_equal(packet.marks, untimed ? 0 : marks[i / 3 % 4]);
    }
    assert_int_equal(timeline_next(timeline, &packet), CAPTURE_END);
    assert_int_equal(findings.files[0].damage_count, 0);
    for (int oddity = 0; oddity < ODDITIES; oddity++) {
        if (oddity != ODDITY_CLOCK_BACKWARDS)
            assert_int_equal(findings.files[0].oddities[oddity], 0);
    }
    timeline_destroy(timeline);
    findings_finish(&findings);
    free(packets);
    done(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte),
        cmocka_unit_test(paddings),
        cmocka_unit_test(interfaces_at_first_use),
        cmocka_unit_test(texts_are_cleaned),
        cmocka_unit_test(long_comments_are_cut),
        cmocka_unit_test(packets_without_a_time),
        cmocka_unit_test(what_the_format_cannot_say),
        cmocka_unit_test(what_was_written_is_read),
    };
    return cmocka_run_group_tests_name("pcapng_writer", tests, test_folder_make,
                                       test_folder_remove);
}
