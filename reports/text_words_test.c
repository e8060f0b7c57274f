#include "reports/text_words.h"

#include "dissect/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct sentence s;

static const char *number(uint64_t value)
{
    sentence_init(&s);
    words_number(&s, value);
    return s.text;
}

static void numbers(void **state)
{
    (void)state;
    assert_string_equal(number(0), "0");
    assert_string_equal(number(999), "999");
    assert_string_equal(number(1000), "1,000");
    assert_string_equal(number(1234567), "1,234,567");
    assert_string_equal(number(UINT64_MAX), "18,446,744,073,709,551,615");
}

static const char *share(uint64_t part, uint64_t whole)
{
    sentence_init(&s);
    words_share(&s, part, whole);
    return s.text;
}

static void shares(void **state)
{
    (void)state;
    assert_string_equal(share(0, 7), "0 %");
    assert_string_equal(share(7, 7), "100 %");
    assert_string_equal(share(1, 1000), "under 1 %");
    assert_string_equal(share(999, 1000), "over 99 %");
    assert_string_equal(share(1, 3), "33 %");
    assert_string_equal(share(2, 3), "67 %");
    assert_string_equal(share(UINT64_MAX, UINT64_MAX), "100 %");
    assert_string_equal(share(UINT64_MAX / 2, UINT64_MAX), "50 %");
    assert_string_equal(share(1, 0), "");
    assert_string_equal(share(2, 1), "");
}

static const char *span(int64_t start_ns, int64_t end_ns)
{
    sentence_init(&s);
    words_span(&s, start_ns, end_ns);
    return s.text;
}

static void spans(void **state)
{
    (void)state;
    int64_t second = INT64_C(1000000000), day = 86400 * second;
    assert_string_equal(span(TIME_UNKNOWN, 0), "at an unknown time");
    assert_string_equal(span(0, TIME_UNKNOWN), "at an unknown time");
    assert_string_equal(span(second / 2, second / 2), "1970-01-01 00:00:00.500");
    assert_string_equal(span(0, second), "1970-01-01 00:00:00.000 to 00:00:01.000");
    assert_string_equal(span(0, second - 1), "1970-01-01 00:00:00.000000 to 00:00:00.999999");
    assert_string_equal(span(0, day), "1970-01-01 00:00:00.000 to 1970-01-02 00:00:00.000");
    assert_string_equal(span(second, 0), "1970-01-01 00:00:01.000 to 00:00:00.000");
    assert_string_equal(span(INT64_MIN + 1, INT64_MAX),
                        "1677-09-21 00:12:43.145 to 2262-04-11 23:47:16.854");
}

static void counts(void **state)
{
    (void)state;
    static const uint64_t some[] = {0, 1, 0, 2000};
    static const char *const names[] = {"a", "b", "c", "d"};
    sentence_init(&s);
    words_counts(&s, some, 4, names);
    assert_string_equal(s.text, "1 b, 2,000 d");
    sentence_init(&s);
    words_amount(&s, 1, "packets");
    words_amount(&s, 2000, "packets");
    assert_string_equal(s.text, "1 packet2,000 packets");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(shares),
        cmocka_unit_test(spans),
        cmocka_unit_test(counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
