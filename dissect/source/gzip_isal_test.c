/* gzip by ISA-L against zlib: the same content, fault and rest, however the stream is spoiled. */
#include "dissect/source/raw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define ROOM ((size_t)1 << 20)

static uint32_t random_state = 1;

static uint32_t random_below(size_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)((random_state >> 8) % limit);
}

struct outcome {
    size_t length, left;
    enum source_fault fault;
    uint8_t content[ROOM];
};

static void decode(const struct decoder *decoder, struct raw raw, size_t piece, struct outcome *o)
{
    void *state = decoder->create();
    assert_non_null(state);
    o->length = 0;
    o->fault = SOURCE_WHOLE;
    for (size_t got = 1; got && o->length < ROOM; o->length += got) {
        size_t wanted = piece < ROOM - o->length ? piece : ROOM - o->length;
        got = decoder->read(state, &raw, o->content + o->length, wanted, &o->fault);
        assert_true(got <= wanted);
        assert_true(raw.at <= raw.end);
    }
    o->left = raw_left(&raw);
    decoder->destroy(state);
    free(raw.buffer);
}

static struct raw over_memory(const uint8_t *bytes, size_t length)
{
    return (struct raw){
        .fd = -1, .at = bytes, .end = bytes + length, .ended = true, .taken = length};
}

static void assert_same(const uint8_t *bytes, size_t length, size_t piece)
{
    static struct outcome zlib, isal;
    uint8_t *exact = malloc(length ? length : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, length);
    decode(&gzip_decoder, over_memory(exact, length), 65536, &zlib);
    decode(&gzip_isal_decoder, over_memory(exact, length), piece, &isal);
    assert_int_equal(isal.length, zlib.length);
    assert_int_equal(isal.fault, zlib.fault);
    assert_memory_equal(isal.content, zlib.content, zlib.length);
    if (zlib.fault == SOURCE_WHOLE)
        assert_int_equal(isal.left, zlib.left);
    free(exact);
}

struct packing {
    int level, strategy;
    bool long_header;
};

static const struct packing packings[] = {
    {6, Z_DEFAULT_STRATEGY, false}, {1, Z_DEFAULT_STRATEGY, true}, {0, Z_DEFAULT_STRATEGY, false},
    {9, Z_HUFFMAN_ONLY, false},     {6, Z_FIXED, false},
};
#define PACKINGS (sizeof packings / sizeof *packings)

static size_t pack(const struct packing *packing, const uint8_t *bytes, size_t length, uint8_t *to,
                   size_t room)
{
    z_stream stream = {0};
    uint8_t name[] = "name", comment[] = "comment", extra[] = "extra";
    gz_header header = {.name = name, .comment = comment, .extra = extra, .extra_len = 5};
    header.hcrc = 1;
    assert_int_equal(
        deflateInit2(&stream, packing->level, Z_DEFLATED, 16 + 15, 8, packing->strategy), Z_OK);
    if (packing->long_header)
        assert_int_equal(deflateSetHeader(&stream, &header), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = to;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return room - stream.avail_out;
}

/* Letters, runs and noise. */
static void make_content(uint8_t *content, size_t length)
{
    for (size_t i = 0; i < length; i++)
        content[i] = (uint8_t)(i / 500 % 3 == 0   ? i % 97
                               : i / 500 % 3 == 1 ? 'a' + random_below(20)
                                                  : random_below(256));
}

/* Two members and, for some, something behind them. */
static size_t make_stream(size_t number, uint8_t *to, size_t room)
{
    uint8_t content[3000];
    make_content(content, sizeof content);
    size_t length = pack(&packings[number % PACKINGS], content, 1500, to, room);
    length +=
        pack(&packings[(number + 1) % PACKINGS], content + 1000, 2000, to + length, room - length);
    for (size_t i = 0; i < number % 3 * 4; i++)
        to[length++] = (uint8_t)random_below(256);
    return length;
}

static void cut_anywhere(void **state)
{
    (void)state;
    uint8_t packed[8192];
    for (size_t number = 0; number < PACKINGS; number++) {
        size_t length = make_stream(number, packed, sizeof packed);
        for (size_t cut = 0; cut <= length; cut++)
            assert_same(packed, cut, cut % 2 ? 1 + random_below(4000) : ROOM);
    }
}

static void one_bit_wrong(void **state)
{
    (void)state;
    uint8_t packed[8192];
    for (size_t number = 0; number < PACKINGS; number++) {
        size_t length = make_stream(number, packed, sizeof packed);
        for (unsigned round = 0; round < 1000; round++) {
            size_t at = random_below(round % 2 ? length : 80);
            uint8_t good = packed[at];
            packed[at] ^= (uint8_t)(1 << random_below(8));
            assert_same(packed, length, round % 4 ? ROOM : 1 + random_below(4000));
            packed[at] = good;
        }
    }
}

/* Behind some pieces that were delivered: in a file, which is read anew, as in memory. */
static void long_files(void **state)
{
    (void)state;
    enum { LENGTH = 900000 };
    static struct outcome zlib, isal;
    uint8_t *content = malloc(LENGTH);
    uint8_t *packed = malloc(ROOM);
    assert_true(content && packed);
    make_content(content, LENGTH);
    size_t length = pack(&packings[0], content, LENGTH, packed, ROOM);
    for (int cut = 0; cut < 6; cut++) {
        size_t there = length - (size_t)cut * (length / 7);
        FILE *file = tmpfile();
        assert_non_null(file);
        assert_int_equal(fwrite("before", 1, 6, file), 6);
        assert_int_equal(fwrite(packed, 1, there, file), there);
        assert_int_equal(fflush(file), 0);
        assert_int_equal(lseek(fileno(file), 6, SEEK_SET), 6);
        struct raw raw = {.fd = fileno(file), .buffer = malloc(RAW_BUFFER_BYTES)};
        assert_non_null(raw.buffer);
        raw.at = raw.end = raw.buffer;
        decode(&gzip_decoder, over_memory(packed, there), 65536, &zlib);
        decode(&gzip_isal_decoder, raw, cut % 2 ? 320000 : 70000, &isal);
        assert_int_equal(zlib.fault, cut ? SOURCE_TRUNCATED : SOURCE_WHOLE);
        assert_int_equal(isal.fault, zlib.fault);
        assert_int_equal(isal.length, zlib.length);
        assert_memory_equal(isal.content, content, isal.length);
        assert_int_equal(fclose(file), 0);
    }
    free(content);
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(one_bit_wrong),
        cmocka_unit_test(long_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
