#include "reports/json_writer.h"

#include "reports/test_file.h"
#include "reports/utf8.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define DUMP_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH)

static struct output *output;
static struct json_writer writer;
static char path[TEST_PATH_BYTES];

static void begin(void)
{
    char error[256];
    test_path(path, "record");
    output = output_open(path, error, sizeof error);
    assert_non_null(output);
    json_writer_init(&writer, output);
}

/* What was written. */
static char *end(size_t *length)
{
    char error[256];
    json_flush(&writer);
    assert_true(output_commit(output, error, sizeof error));
    char *bytes = test_read(path, length);
    assert_int_equal(unlink(path), 0);
    return bytes;
}

static void expect(const char *expected)
{
    size_t length;
    char *bytes = end(&length);
    assert_string_equal(bytes, expected);
    assert_int_equal(length, strlen(expected));
    free(bytes);
}

/* jansson reads what was written and dumps the same. */
static void expect_round_trip(void)
{
    size_t length;
    char *bytes = end(&length);
    json_error_t error;
    json_t *tree = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    assert_non_null(tree);
    char *dumped = json_dumps(tree, DUMP_FLAGS);
    assert_non_null(dumped);
    assert_int_equal(strlen(dumped), length);
    assert_string_equal(dumped, bytes);
    free(dumped);
    json_decref(tree);
    free(bytes);
}

static void structure(void **state)
{
    (void)state;
    begin();
    json_begin_object(&writer);
    json_key(&writer, "a");
    json_begin_array(&writer);
    json_end_array(&writer);
    json_key(&writer, "b");
    json_begin_object(&writer);
    json_end_object(&writer);
    json_key_name(&writer, "c");
    json_begin_array(&writer);
    json_int(&writer, -1);
    json_name(&writer, "x");
    json_text(&writer, "y", 1);
    json_bool(&writer, true);
    json_bool(&writer, false);
    json_begin_array(&writer);
    json_bool(&writer, false);
    json_end_array(&writer);
    json_begin_object(&writer);
    json_key_name(&writer, "d");
    json_uint(&writer, 1);
    json_key_name(&writer, "e");
    json_text(&writer, "", 0);
    json_end_object(&writer);
    json_end_array(&writer);
    json_end_object(&writer);
    expect("{\"a\":[],\"b\":{},\"c\":[-1,\"x\",\"y\",true,false,[false],{\"d\":1,\"e\":\"\"}]}");
}

static void integers(void **state)
{
    (void)state;
    begin();
    json_begin_array(&writer);
    json_int(&writer, 0);
    json_int(&writer, INT64_MAX);
    json_int(&writer, INT64_MIN);
    json_uint(&writer, INT64_MAX);
    json_uint(&writer, (uint64_t)INT64_MAX + 1);
    json_uint(&writer, UINT64_MAX);
    json_end_array(&writer);
    expect("[0,9223372036854775807,-9223372036854775808,9223372036854775807,"
           "9223372036854775807,9223372036854775807]");

    /* every power of ten and its neighbours */
    begin();
    json_begin_array(&writer);
    int64_t power = 1;
    for (unsigned digits = 1; digits <= 19; digits++) {
        json_int(&writer, power - 1);
        json_int(&writer, power);
        json_int(&writer, -power);
        json_int(&writer, power + 1);
        power *= digits < 19 ? 10 : 1;
    }
    json_end_array(&writer);
    expect_round_trip();
}

/* Every code point alone, as jansson writes it. */
static void characters(void **state)
{
    (void)state;
    begin();
    json_begin_array(&writer);
    for (uint32_t code_point = 0; code_point < 0x110000; code_point++) {
        if (code_point >= 0x3000 && code_point % 7)
            continue;
        if (code_point >= 0xd800 && code_point < 0xe000)
            continue;
        char bytes[UTF8_BYTES_MAX];
        json_text(&writer, bytes, utf8_put(bytes, code_point));
    }
    json_end_array(&writer);
    expect_round_trip();
}

static void escapes(void **state)
{
    (void)state;
    static const char text[] =
        "\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9\xf0\x9f\x98\x80\xff\xed\xa0\x80";
    begin();
    json_text(&writer, text, sizeof text);
    expect("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F\x7f\\u00E9\\uD83D\\uDE00"
           "\\uFFFD\\uFFFD\\uFFFD\\uFFFD\\u0000\"");
}

/* Records longer than the buffer, so that every kind of value meets its end. */
static void longer_than_the_buffer(void **state)
{
    (void)state;
    static char text[3 * JSON_WRITER_BYTES];
    memset(text, '/', sizeof text);
    for (unsigned shift = 0; shift < 40; shift++) {
        begin();
        json_begin_array(&writer);
        json_text(&writer, text, sizeof text - shift);
        for (unsigned i = 0; i < JSON_WRITER_BYTES / 16; i++) {
            json_int(&writer, INT64_MIN);
            json_begin_object(&writer);
            json_key(&writer, "some_key");
            json_bool(&writer, i % 2);
            json_key_name(&writer, "other_key");
            json_name(&writer, "name");
            json_end_object(&writer);
        }
        json_end_array(&writer);
        expect_round_trip();
    }
}

/* What takes two to four bytes, at every place about the one where a long text is written on. */
static void sequences_in_long_texts(void **state)
{
    (void)state;
    static const char *const sequences[] = {
        "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf0\x9f", "/", "\""};
    begin();
    json_begin_array(&writer);
    for (size_t at = 490; at < 530; at++) {
        for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
            static char text[1100];
            memset(text, 'x', sizeof text);
            memcpy(text + at, sequences[i], strlen(sequences[i]));
            memcpy(text + 512 + at, sequences[i], strlen(sequences[i]));
            json_text(&writer, text, at + 512 + at % 17);
        }
    }
    json_end_array(&writer);
    expect_round_trip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(structure),
        cmocka_unit_test(integers),
        cmocka_unit_test(characters),
        cmocka_unit_test(escapes),
        cmocka_unit_test(longer_than_the_buffer),
        cmocka_unit_test(sequences_in_long_texts),
    };
    return cmocka_run_group_tests_name("json_writer", tests, test_folder_make, test_folder_remove);
}
