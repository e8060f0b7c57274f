#include "dissect/source/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include <cmocka.h>

#define CONTENT_BYTES 100000

static uint8_t content[CONTENT_BYTES];

static void fill_content(void)
{
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof content; i++) {
        state = state * 1664525u + 1013904223u;
        content[i] = (uint8_t)(state >> 30); /* four values: compresses, but not to nothing */
    }
}

static size_t gzip_of(const uint8_t *bytes, size_t length, uint8_t *out, size_t room)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return room - stream.avail_out;
}

/* Reads everything in steps of that size; what came must be the content's start. */
static size_t read_all(struct source *source, size_t step)
{
    static uint8_t buffer[4 * CONTENT_BYTES];
    size_t have = 0;
    for (;;) {
        assert_true(have + step <= sizeof buffer);
        size_t got = source_read(source, buffer + have, step);
        assert_true(got <= step);
        if (!got)
            break;
        have += got;
    }
    assert_int_equal(source_read(source, buffer + have, step), 0);
    assert_memory_equal(buffer, content, have < sizeof content ? have : sizeof content);
    return have;
}

static struct source *memory(const uint8_t *bytes, size_t length)
{
    struct source *source = source_from_memory(bytes, length);
    assert_non_null(source);
    return source;
}

static void memory_is_read_in_any_steps(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 7, 4096, CONTENT_BYTES, CONTENT_BYTES + 1};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct source *source = memory(content, sizeof content);
        assert_int_equal(read_all(source, steps[i]), sizeof content);
        assert_int_equal(source_fault(source), SOURCE_WHOLE);
        assert_int_equal(source_compression(source), COMPRESSION_NONE);
        assert_int_equal(source_raw_bytes(source), sizeof content);
        assert_int_equal(source_size(source), sizeof content);
        source_destroy(source);
    }
    for (size_t length = 0; length < 6; length++) {
        struct source *source = memory(content, length);
        assert_int_equal(read_all(source, 2), length);
        source_destroy(source);
    }
    source_destroy(NULL);
}

static void peeking_takes_nothing(void **state)
{
    (void)state;
    struct source *source = memory(content, sizeof content);
    const uint8_t *bytes;
    assert_int_equal(source_peek(source, &bytes), SOURCE_PEEK_BYTES);
    assert_memory_equal(bytes, content, SOURCE_PEEK_BYTES);
    assert_int_equal(read_all(source, 4096), sizeof content);
    source_destroy(source);
}

static void gzip_members_are_one_stream(void **state)
{
    (void)state;
    static uint8_t packed[2 * CONTENT_BYTES];
    size_t first = gzip_of(content, 40000, packed, sizeof packed);
    size_t empty = first + gzip_of(content, 0, packed + first, sizeof packed - first);
    size_t whole = empty + gzip_of(content + 40000, CONTENT_BYTES - 40000, packed + empty,
                                   sizeof packed - empty);
    static const size_t steps[] = {1, 100, CONTENT_BYTES};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct source *source = memory(packed, whole);
        assert_int_equal(read_all(source, steps[i]), sizeof content);
        assert_int_equal(source_fault(source), SOURCE_WHOLE);
        assert_int_equal(source_compression(source), COMPRESSION_GZIP);
        assert_int_equal(source_raw_bytes(source), whole);
        source_destroy(source);
    }
    for (size_t garbage = 1; garbage <= 9; garbage++) {
        memset(packed + whole, garbage == 1 ? 0x1f : 0, garbage);
        struct source *source = memory(packed, whole + garbage);
        assert_int_equal(read_all(source, 4096), sizeof content);
        assert_int_equal(source_fault(source), SOURCE_GARBAGE);
        assert_int_equal(source_fault_bytes(source), garbage);
        source_destroy(source);
    }
}

/* Cut anywhere: what was decompressed is delivered, never more than there was, and it only grows.
 */
static void cut_gzip_delivers_its_start(void **state)
{
    (void)state;
    static uint8_t packed[CONTENT_BYTES];
    size_t whole = gzip_of(content, 3000, packed, sizeof packed);
    size_t before = 0;
    for (size_t cut = 3; cut < whole; cut++) {
        struct source *source = memory(packed, cut);
        size_t got = read_all(source, 64);
        assert_true(got >= before && got <= 3000);
        before = got;
        assert_int_equal(source_fault(source), SOURCE_TRUNCATED);
        source_destroy(source);
    }
    assert_int_equal(before, 3000);
}

static void broken_gzip_delivers_its_start(void **state)
{
    (void)state;
    static uint8_t packed[CONTENT_BYTES];
    size_t whole = gzip_of(content, sizeof content, packed, sizeof packed);
    packed[whole - 8] ^= 1; /* checksum */
    struct source *source = memory(packed, whole);
    assert_int_equal(read_all(source, 1000), sizeof content);
    assert_int_equal(source_fault(source), SOURCE_CORRUPT);
    source_destroy(source);
}

static void decompression_is_guarded(void **state)
{
    (void)state;
    assert_false(ratio_exceeded(0, 0));
    assert_false(ratio_exceeded(1, GUARD_FREE_BYTES));
    assert_true(ratio_exceeded(1, GUARD_FREE_BYTES + 1));
    assert_false(ratio_exceeded(GUARD_FREE_BYTES / 200 + 1, GUARD_FREE_BYTES + 1));
    assert_true(ratio_exceeded(GUARD_FREE_BYTES / 200, GUARD_FREE_BYTES + 400));
    assert_false(ratio_exceeded(UINT64_MAX / 200, UINT64_MAX));

    /* The same million of zeros, over and over. */
    enum { ZEROS = 1000000, MEMBERS = 1200 };
    uint8_t *zeros = calloc(1, ZEROS);
    uint8_t *packed = malloc((size_t)MEMBERS * 2000);
    assert_non_null(zeros);
    assert_non_null(packed);
    size_t one = gzip_of(zeros, ZEROS, packed, 2000);
    for (size_t i = 1; i < MEMBERS; i++)
        memcpy(packed + i * one, packed, one);
    struct source *source = memory(packed, MEMBERS * one);
    uint64_t read = 0;
    size_t got;
    while ((got = source_read(source, zeros, ZEROS)) > 0)
        read += got;
    assert_true(read > GUARD_FREE_BYTES && read <= GUARD_FREE_BYTES + ZEROS);
    assert_int_equal(source_fault(source), SOURCE_TOO_LARGE);
    source_destroy(source);
    free(packed);
    free(zeros);
}

#ifdef HAVE_ZSTD
static void zstd_frames_are_one_stream(void **state)
{
    (void)state;
    static uint8_t packed[2 * CONTENT_BYTES];
    static const uint8_t skippable[] = {0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
    size_t first = ZSTD_compress(packed, sizeof packed, content, 40000, 3);
    memcpy(packed + first, skippable, sizeof skippable);
    size_t second = first + sizeof skippable;
    size_t whole = second + ZSTD_compress(packed + second, sizeof packed - second, content + 40000,
                                          CONTENT_BYTES - 40000, 3);
    for (size_t step = 1; step <= CONTENT_BYTES; step *= 10) {
        struct source *source = memory(packed, whole);
        assert_int_equal(read_all(source, step), sizeof content);
        assert_int_equal(source_fault(source), SOURCE_WHOLE);
        assert_int_equal(source_compression(source), COMPRESSION_ZSTD);
        source_destroy(source);
    }
    for (size_t garbage = 1; garbage < 6; garbage++) {
        struct source *source = memory(packed, whole + garbage);
        assert_int_equal(read_all(source, 4096), sizeof content);
        assert_int_equal(source_fault(source), SOURCE_GARBAGE);
        assert_int_equal(source_fault_bytes(source), garbage);
        source_destroy(source);
    }
    for (size_t cut = 4; cut < first; cut += 37) {
        struct source *source = memory(packed, cut);
        assert_true(read_all(source, 4096) <= 40000);
        assert_int_equal(source_fault(source), SOURCE_TRUNCATED);
        source_destroy(source);
    }
    packed[5] = 0xff;
    memset(packed + 6, 0xff, 100);
    struct source *source = memory(packed, first);
    (void)read_all(source, 4096);
    assert_true(source_fault(source) == SOURCE_CORRUPT || source_fault(source) == SOURCE_TOO_LARGE);
    source_destroy(source);
}
#endif

/* A pipe whose writer gives one byte at a time. */
static void pipes_give_what_they_have(void **state)
{
    (void)state;
    static uint8_t packed[CONTENT_BYTES];
    size_t whole = gzip_of(content, 3000, packed, sizeof packed);
    for (int compressed = 0; compressed < 2; compressed++) {
        const uint8_t *bytes = compressed ? packed : content;
        size_t length = compressed ? whole : 3000;
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t writer = fork();
        assert_true(writer >= 0);
        if (!writer) {
            close(ends[0]);
            for (size_t i = 0; i < length; i++) {
                if (write(ends[1], bytes + i, 1) != 1)
                    _exit(1);
            }
            _exit(0);
        }
        close(ends[1]);
        char path[32];
        char error[256];
        snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
        struct source *source = source_open(path, error, sizeof error);
        assert_non_null(source);
        assert_int_equal(source_size(source), 0);
        assert_int_equal(read_all(source, 1000), 3000);
        assert_int_equal(source_fault(source), SOURCE_WHOLE);
        assert_int_equal(source_raw_bytes(source), length);
        source_destroy(source);
        close(ends[0]);
        int status;
        assert_int_equal(waitpid(writer, &status, 0), writer);
        assert_int_equal(status, 0);
    }
}

static void what_cannot_be_opened_says_why(void **state)
{
    (void)state;
    char error[256] = "";
    assert_null(source_open("/nonexistent/file", error, sizeof error));
    assert_non_null(strstr(error, strerror(ENOENT)));
    assert_null(source_open("/", error, sizeof error));
    assert_non_null(strstr(error, "directory"));
    char small[8];
    assert_null(source_open("/nonexistent/file", small, sizeof small));
    assert_int_equal(strlen(small), 7);
}

#define LONG_BYTES ((size_t)6 << 20)

/* A file of these bytes, gone when it is closed; `path` leads to it meanwhile. */
static FILE *long_file(const uint8_t *packed, size_t length, char path[32])
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(packed, 1, length, file), length);
    assert_int_equal(fflush(file), 0);
    snprintf(path, 32, "/proc/self/fd/%d", fileno(file));
    return file;
}

/* How one reading of a file went. */
struct told {
    uint64_t bytes, raw_bytes, fault_bytes;
    uLong sum;
    enum source_fault fault;
    enum compression compression;
};

static struct told told_by(struct source *source, size_t step)
{
    static uint8_t buffer[1 << 19];
    struct told told = {.sum = adler32(0, NULL, 0)};
    size_t got;
    assert_true(step <= sizeof buffer);
    while ((got = source_read(source, buffer, step)) > 0) {
        assert_true(got <= step);
        assert_int_equal(source_fault(source), SOURCE_WHOLE);
        told.sum = adler32(told.sum, buffer, (uInt)got);
        told.bytes += got;
    }
    assert_int_equal(source_read(source, buffer, step), 0);
    told.fault = source_fault(source);
    told.fault_bytes = source_fault_bytes(source);
    told.raw_bytes = source_raw_bytes(source);
    told.compression = source_compression(source);
    return told;
}

static struct source *opened(const char *path)
{
    char error[256];
    struct source *source = source_open(path, error, sizeof error);
    assert_non_null(source);
    return source;
}

/* The same content, and the same said of its end, with one thread ahead and with several. */
static void reading_ahead_changes_nothing(void **state)
{
    (void)state;
    static uint8_t bytes[LONG_BYTES], packed[LONG_BYTES + 1024];
    for (size_t i = 0; i < LONG_BYTES; i++)
        bytes[i] = (uint8_t)(content[i % CONTENT_BYTES] + (i >> 17));
    size_t half = gzip_of(bytes, LONG_BYTES / 2, packed, sizeof packed);
    size_t whole =
        half + gzip_of(bytes + LONG_BYTES / 2, LONG_BYTES / 2, packed + half, sizeof packed - half);
    memcpy(packed + whole, "garbage", 7);
    const struct {
        size_t length;
        size_t broken; /* 0: nowhere */
        enum source_fault fault;
        uint64_t bytes; /* 0: some */
    } cases[] = {
        {whole, 0, SOURCE_WHOLE, LONG_BYTES},
        {whole + 7, 0, SOURCE_GARBAGE, LONG_BYTES},
        {whole - 1, 0, SOURCE_TRUNCATED, LONG_BYTES},
        {half, 0, SOURCE_WHOLE, LONG_BYTES / 2},
        {half / 2, 0, SOURCE_TRUNCATED, 0},
        {whole, half / 2, SOURCE_CORRUPT, 0},
        {4, 0, SOURCE_TRUNCATED, 0},
    };
    static const size_t steps[] = {1000, 65536, 320 * 1024, 1 << 19};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[32];
        packed[cases[i].broken] ^= cases[i].broken ? 0x55 : 0;
        FILE *file = long_file(packed, cases[i].length, path);
        packed[cases[i].broken] ^= cases[i].broken ? 0x55 : 0;
        struct source *direct = opened(path);
        struct told expected = told_by(direct, 65536);
        source_destroy(direct);
        assert_int_equal(expected.fault, cases[i].fault);
        if (cases[i].bytes)
            assert_int_equal(expected.bytes, cases[i].bytes);
        for (unsigned threads = 1; threads <= 3; threads++) {
            struct source_pool *pool = source_pool_create(threads);
            assert_non_null(pool);
            struct source *sources[3];
            for (size_t k = 0; k < 3; k++) {
                sources[k] = opened(path);
                assert_true(source_can_read_ahead(sources[k]));
                source_read_ahead(sources[k], pool);
            }
            for (size_t k = 0; k < 2; k++) {
                struct told told = told_by(sources[k], steps[(i + threads + k) % 4]);
                assert_int_equal(told.bytes, expected.bytes);
                assert_int_equal(told.sum, expected.sum);
                assert_int_equal(told.fault, expected.fault);
                assert_int_equal(told.fault_bytes, expected.fault_bytes);
                assert_int_equal(told.raw_bytes, expected.raw_bytes);
                assert_int_equal(told.compression, expected.compression);
            }
            for (size_t k = 0; k < 3; k++) /* the last one, unread */
                source_destroy(sources[k]);
            source_pool_destroy(pool);
        }
        fclose(file);
    }
    source_pool_destroy(NULL);
}

static void plain_content_is_not_read_ahead(void **state)
{
    (void)state;
    char path[32];
    FILE *file = long_file(content, sizeof content, path);
    struct source *source = opened(path);
    assert_false(source_can_read_ahead(source));
    assert_int_equal(read_all(source, 4096), sizeof content);
    source_destroy(source);
    fclose(file);
}

/* Address 0 of our own memory cannot be read: the one file that always fails. */
static void read_errors_are_told(void **state)
{
    (void)state;
    char error[256];
    uint8_t byte;
    if (access("/proc/self/mem", R_OK) != 0)
        skip();
    struct source *source = source_open("/proc/self/mem", error, sizeof error);
    assert_non_null(source);
    assert_int_equal(source_read(source, &byte, 1), 0);
    assert_int_equal(source_fault(source), SOURCE_FAILED);
    assert_int_equal(source_errno(source), EIO);
    source_destroy(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_read_in_any_steps),
        cmocka_unit_test(peeking_takes_nothing),
        cmocka_unit_test(gzip_members_are_one_stream),
        cmocka_unit_test(cut_gzip_delivers_its_start),
        cmocka_unit_test(broken_gzip_delivers_its_start),
        cmocka_unit_test(decompression_is_guarded),
#ifdef HAVE_ZSTD
        cmocka_unit_test(zstd_frames_are_one_stream),
#endif
        cmocka_unit_test(pipes_give_what_they_have),
        cmocka_unit_test(what_cannot_be_opened_says_why),
        cmocka_unit_test(read_errors_are_told),
        cmocka_unit_test(reading_ahead_changes_nothing),
        cmocka_unit_test(plain_content_is_not_read_ahead),
    };
    fill_content();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
