#include "reports/time_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define S INT64_C(1000000000)

struct time_case {
    int64_t time_ns;
    const char *text;
};

/* clang-format off */
static const struct time_case cases[] = {
    {0, "1970-01-01T00:00:00.000000000Z"},
    {1, "1970-01-01T00:00:00.000000001Z"},
    {-1, "1969-12-31T23:59:59.999999999Z"},
    {S - 1, "1970-01-01T00:00:00.999999999Z"},
    {S, "1970-01-01T00:00:01.000000000Z"},
    {-S, "1969-12-31T23:59:59.000000000Z"},
    {-S - 1, "1969-12-31T23:59:58.999999999Z"},
    {86400 * S - 1, "1970-01-01T23:59:59.999999999Z"},
    {86400 * S, "1970-01-02T00:00:00.000000000Z"},
    {-86400 * S, "1969-12-31T00:00:00.000000000Z"},
    {-86400 * S - 1, "1969-12-30T23:59:59.999999999Z"},
    /* leap years: by four, not by a hundred, by four hundred */
    {951782399 * S, "2000-02-28T23:59:59.000000000Z"},
    {951782400 * S, "2000-02-29T00:00:00.000000000Z"},
    {951868800 * S, "2000-03-01T00:00:00.000000000Z"},
    {1709164800 * S, "2024-02-29T00:00:00.000000000Z"},
    {1709251199 * S + 999999999, "2024-02-29T23:59:59.999999999Z"},
    {4107542399 * S, "2100-02-28T23:59:59.000000000Z"},
    {4107542400 * S, "2100-03-01T00:00:00.000000000Z"},
    {-2203891200 * S, "1900-03-01T00:00:00.000000000Z"},
    {-2203891201 * S, "1900-02-28T23:59:59.000000000Z"},
    {1798761599 * S, "2026-12-31T23:59:59.000000000Z"},
    {1798761600 * S, "2027-01-01T00:00:00.000000000Z"},
    {4294967295 * S, "2106-02-07T06:28:15.000000000Z"},
    {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
    {INT64_MIN + 1, "1677-09-21T00:12:43.145224193Z"},
    {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
};
/* clang-format on */

static void texts(void **state)
{
    (void)state;
    struct time_cache cache = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char fresh[TIME_TEXT_BYTES], cached[TIME_TEXT_BYTES];
        struct time_cache empty = {0};
        time_text(&empty, cases[i].time_ns, fresh);
        assert_string_equal(fresh, cases[i].text);
        time_text(&cache, cases[i].time_ns, cached);
        assert_string_equal(cached, cases[i].text);
    }
}

/* Every day from 1677 to 2262, against the C library's calendar. */
static void every_day(void **state)
{
    (void)state;
    struct time_cache cache = {0};
    for (int64_t day = -106751; day <= 106751; day++) {
        char text[TIME_TEXT_BYTES], expected[64];
        time_t seconds = (time_t)(day * 86400 + 45296);
        struct tm date;
        assert_non_null(gmtime_r(&seconds, &date));
        strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000000789Z", &date);
        time_text(&cache, (int64_t)seconds * S + 789, text);
        assert_string_equal(text, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(every_day),
    };
    return cmocka_run_group_tests_name("time_text", tests, NULL, NULL);
}
