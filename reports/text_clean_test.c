#include "reports/text_clean.h"

#include "reports/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct text_case {
    const char *text;
    size_t length;
    const char *clean;
};

/* clang-format off */
#define CASE(text, clean) {text, sizeof(text) - 1, clean}
static const struct text_case cases[] = {
    CASE("", ""),
    CASE("eth0", "eth0"),
    CASE("C:\\a b/\"c\"", "C:\\a b/\"c\""),
    CASE("\x00", "\\u{0}"),
    CASE("\x1b]0;x\x07", "\\u{1b}]0;x\\u{7}"),
    CASE("\x1f \x7e\x7f", "\\u{1f} ~\\u{7f}"),
    CASE("a\nb\r\tc", "a\\u{a}b\\u{d}\\u{9}c"),
    /* C1 begins and ends between the first characters of two bytes */
    CASE("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\u{80}\\u{9b}\\u{9f}\xc2\xa0"),
    CASE("\xd8\x9b\xd8\x9c\xd8\x9d", "\xd8\x9b\\u{61c}\xd8\x9d"),
    CASE("\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\x90",
         "\xe2\x80\x8d\\u{200e}\\u{200f}\xe2\x80\x90"),
    CASE("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\xe2\x80\xae\xe2\x80\xaf",
         "\xe2\x80\xa7\\u{2028}\\u{2029}\\u{202a}\\u{202e}\xe2\x80\xaf"),
    CASE("\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa",
         "\xe2\x81\xa5\\u{2066}\\u{2069}\xe2\x81\xaa"),
    CASE("\xf0\x9f\x98\x80\xe2\x82\xac", "\xf0\x9f\x98\x80\xe2\x82\xac"),
    /* malformed: stray, overlong, surrogate, too high, never a first byte */
    CASE("\x80" "a\xbf", "\xef\xbf\xbd" "a\xef\xbf\xbd"),
    CASE("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"),
    CASE("\xc1\xbf", "\xef\xbf\xbd\xef\xbf\xbd"),
    CASE("\xe0\x9f\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
    CASE("\xe0\xa0\x80", "\xe0\xa0\x80"),
    CASE("\xed\x9f\xbf\xed\xa0\x80", "\xed\x9f\xbf\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
    CASE("\xee\x80\x80", "\xee\x80\x80"),
    CASE("\xf0\x8f\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
    CASE("\xf0\x90\x80\x80", "\xf0\x90\x80\x80"),
    CASE("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"),
    CASE("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
    CASE("\xf5\xfe\xff", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
    /* cut short: one replacement for what had begun */
    CASE("\xc3", "\xef\xbf\xbd"),
    CASE("\xe2\x82", "\xef\xbf\xbd"),
    CASE("\xf0\x9f\x98", "\xef\xbf\xbd"),
    CASE("\xf0\x9f\x98z", "\xef\xbf\xbdz"),
    CASE("\xe2\x82\xe2\x82\xac", "\xef\xbf\xbd\xe2\x82\xac"),
};
/* clang-format on */

static void cleans(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[TEXT_CLEAN_BYTES];
        size_t length = text_clean(out, sizeof out, cases[i].text, cases[i].length);
        assert_string_equal(out, cases[i].clean);
        assert_int_equal(length, strlen(cases[i].clean));
    }
}

/* 16 bytes hold 15 of text; beyond, 12 and the three of the ellipsis. */
static void cuts_between_characters(void **state)
{
    (void)state;
    static const struct text_case cut[] = {
        CASE("123456789012345", "123456789012345"),
        CASE("1234567890123456", "123456789012\xe2\x80\xa6"),
        CASE("12345678901\x1bxyz", "12345678901\xe2\x80\xa6"),
        CASE("1234567890\x1b", "1234567890\xe2\x80\xa6"),
        CASE("123456789\x1b", "123456789\\u{1b}"),
        CASE("1234567890\xf0\x9f\x98\x80yz", "1234567890\xe2\x80\xa6"),
        CASE("12345678901\xf0\x9f\x98\x80", "12345678901\xf0\x9f\x98\x80"),
        CASE("123456789012\xe2\x82\xac", "123456789012\xe2\x82\xac"),
        CASE("1234567890123\xe2\x82\xac", "123456789012\xe2\x80\xa6"),
    };
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        char out[17];
        out[16] = 'x';
        size_t length = text_clean(out, 16, cut[i].text, cut[i].length);
        assert_string_equal(out, cut[i].clean);
        assert_int_equal(length, strlen(cut[i].clean));
        assert_int_equal(out[16], 'x');
    }
}

/* Every code point survives its bytes, and nothing hidden comes out of cleaning. */
static void every_code_point(void **state)
{
    (void)state;
    for (uint32_t code_point = 0; code_point < 0x110000; code_point++) {
        bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
        char bytes[UTF8_BYTES_MAX];
        size_t length = utf8_put(bytes, code_point), consumed;
        uint32_t back = utf8_next(bytes, length, &consumed);
        assert_int_equal(back, surrogate ? UTF8_REPLACEMENT : code_point);
        assert_int_equal(consumed, surrogate ? 1 : length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleans),
        cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(every_code_point),
    };
    return cmocka_run_group_tests_name("text_clean", tests, NULL, NULL);
}
