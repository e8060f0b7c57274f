#include "reports/compressor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define MOST ((size_t)1 << 20)

/* Who reads the stream while it comes. */
struct reader {
    z_stream inflater;
    size_t stream_bytes;
    size_t plain_bytes;
    bool ended;
    unsigned char *stream;
    unsigned char *plain;
};

static void open_reader(struct reader *reader)
{
    *reader = (struct reader){.stream = malloc(2 * MOST), .plain = malloc(2 * MOST)};
    assert_non_null(reader->stream);
    assert_non_null(reader->plain);
    assert_int_equal(inflateInit2(&reader->inflater, 16 + 15), Z_OK);
}

static void close_reader(struct reader *reader)
{
    inflateEnd(&reader->inflater);
    free(reader->stream);
    free(reader->plain);
}

static void read_piece(struct reader *reader, const unsigned char *piece, size_t length)
{
    assert_true(reader->stream_bytes + length <= 2 * MOST);
    assert_false(reader->ended);
    memcpy(reader->stream + reader->stream_bytes, piece, length);
    reader->inflater.next_in = reader->stream + reader->stream_bytes;
    reader->inflater.avail_in = (uInt)length;
    reader->inflater.next_out = reader->plain + reader->plain_bytes;
    reader->inflater.avail_out = (uInt)(2 * MOST - reader->plain_bytes);
    int result = inflate(&reader->inflater, Z_SYNC_FLUSH);
    assert_true(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
    assert_int_equal(reader->inflater.avail_in, 0);
    reader->ended = result == Z_STREAM_END;
    reader->plain_bytes = 2 * MOST - reader->inflater.avail_out;
    reader->stream_bytes += length;
}

static void give(struct compressor *compressor, struct reader *reader, const void *bytes,
                 size_t length, bool last)
{
    const void *piece;
    size_t piece_bytes;
    compressor_give(compressor, bytes, length, last);
    while ((piece_bytes = compressor_take(compressor, &piece)))
        read_piece(reader, piece, piece_bytes);
    assert_int_equal(compressor_take(compressor, &piece), 0);
}

/* Of the kinds that deflate treats differently: nothing to gain, much to gain, and between. */
enum kind { NOISE, ONE_OCTET, WORDS, KINDS };

static void fill(unsigned char *bytes, size_t length, enum kind kind)
{
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        unsigned char noise = (unsigned char)(state >> 11);
        bytes[i] = kind == ONE_OCTET ? 'x' : (unsigned char)"time_wait "[i % 10];
        if (kind == NOISE || (kind == WORDS && noise < 16))
            bytes[i] = noise;
    }
}

static void what_was_given_can_be_read(enum kind kind, size_t total, size_t piece)
{
    unsigned char *bytes = malloc(MOST);
    assert_non_null(bytes);
    fill(bytes, total, kind);
    struct compressor *compressor = compressor_create();
    struct reader reader;
    assert_non_null(compressor);
    open_reader(&reader);
    for (size_t at = 0; at < total; at += piece) {
        size_t length = total - at < piece ? total - at : piece;
        give(compressor, &reader, bytes + at, length, false);
        assert_int_equal(reader.plain_bytes, at + length);
        assert_false(reader.ended);
    }
    give(compressor, &reader, NULL, 0, true);
    assert_true(reader.ended);
    assert_int_equal(reader.plain_bytes, total);
    assert_memory_equal(reader.plain, bytes, total);
    compressor_destroy(compressor);
    close_reader(&reader);
    free(bytes);
}

static void it_can_be_read_as_it_comes(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 1000, 65535, 65536, 65537, 131072, MOST};
    for (enum kind kind = NOISE; kind < KINDS; kind++) {
        for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
            what_was_given_can_be_read(kind, pieces[i] < 1000 ? 3000 : MOST, pieces[i]);
    }
}

/* Around the sizes at which what comes of it just fits into a piece: stored, noise takes a few
 * octets more than it has. */
static void pieces_that_are_just_full(void **state)
{
    (void)state;
    for (size_t total = 65536 - 60; total <= 65536; total++)
        what_was_given_can_be_read(NOISE, total, total);
}

static void the_last_octets_may_be_any_number(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 65000, 300000};
    unsigned char *bytes = malloc(MOST);
    assert_non_null(bytes);
    fill(bytes, MOST, NOISE);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct compressor *compressor = compressor_create();
        struct reader reader;
        assert_non_null(compressor);
        open_reader(&reader);
        give(compressor, &reader, NULL, 0, false);
        assert_int_equal(reader.stream_bytes, 0);
        give(compressor, &reader, bytes, lengths[i], true);
        assert_true(reader.ended);
        assert_int_equal(reader.plain_bytes, lengths[i]);
        assert_memory_equal(reader.plain, bytes, lengths[i]);
        compressor_destroy(compressor);
        close_reader(&reader);
    }
    free(bytes);
}

/* RFC 1952 section 2.3.1: no flags, no time, XFL 4 (fastest), and Unix. */
static void the_header_tells_nothing(void **state)
{
    (void)state;
    static const unsigned char header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3};
    struct compressor *compressor = compressor_create();
    struct reader reader;
    assert_non_null(compressor);
    open_reader(&reader);
    give(compressor, &reader, "FIN", 3, true);
    assert_true(reader.stream_bytes > sizeof header);
    assert_memory_equal(reader.stream, header, sizeof header);
    compressor_destroy(compressor);
    close_reader(&reader);
}

/* ASan tells of what is not released. */
static void it_may_be_released_at_any_time(void **state)
{
    (void)state;
    unsigned char *bytes = malloc(MOST);
    assert_non_null(bytes);
    fill(bytes, MOST, NOISE);
    const void *piece;
    compressor_destroy(NULL);
    compressor_destroy(compressor_create());
    struct compressor *compressor = compressor_create();
    assert_non_null(compressor);
    compressor_give(compressor, bytes, MOST, false);
    assert_true(compressor_take(compressor, &piece) > 0);
    compressor_destroy(compressor);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_can_be_read_as_it_comes),
        cmocka_unit_test(pieces_that_are_just_full),
        cmocka_unit_test(the_last_octets_may_be_any_number),
        cmocka_unit_test(the_header_tells_nothing),
        cmocka_unit_test(it_may_be_released_at_any_time),
    };
    return cmocka_run_group_tests_name("compressor", tests, NULL, NULL);
}
