#include "cli/values.h"

#include "analyzer/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define REFUSED INT64_MIN

struct row {
    const char *text;
    int64_t value;
};

static void durations(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", 0},
        {"60", 60 * NS_PER_S},
        {"0.5", NS_PER_S / 2},
        {"1.000000001", NS_PER_S + 1},
        {"1.0000000001", REFUSED},
        {"250ms", NS_PER_S / 4},
        {"2m", 120 * NS_PER_S},
        {"1h", 3600 * NS_PER_S},
        {"1.5h", 5400 * NS_PER_S},
        {"", REFUSED},
        {"-1", REFUSED},
        {"1d", REFUSED},
        {"1 ", REFUSED},
        {".5", REFUSED},
        {"1.", REFUSED},
        {"2305843009", 2305843009 * NS_PER_S},
        {"2305843010", REFUSED},
        {"640512h", REFUSED},
        {"99999999999999999999", REFUSED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t value = REFUSED;
        bool ok = parse_duration(rows[i].text, &value);
        assert_int_equal(ok, rows[i].value != REFUSED);
        if (ok)
            assert_int_equal(value, rows[i].value);
    }
}

static void two_msl(void **state)
{
    (void)state;
    int64_t value;
    assert_true(parse_two_msl("linux", &value));
    assert_int_equal(value, 60 * NS_PER_S);
    assert_true(parse_two_msl("windows", &value));
    assert_int_equal(value, 120 * NS_PER_S);
    assert_true(parse_two_msl("rfc", &value));
    assert_int_equal(value, 240 * NS_PER_S);
    assert_true(parse_two_msl("30", &value));
    assert_int_equal(value, 30 * NS_PER_S);
    assert_false(parse_two_msl("solaris", &value));
}

static void sizes(void **state)
{
    (void)state;
    uint64_t value;
    assert_true(parse_size("0", &value) && value == 0);
    assert_true(parse_size("1K", &value) && value == 1024);
    assert_true(parse_size("2G", &value) && value == UINT64_C(2) << 30);
    assert_true(parse_size("16777215T", &value) && value == UINT64_C(16777215) << 40);
    assert_false(parse_size("16777216T", &value));
    assert_true(parse_size("1844674407370955159", &value));
    assert_false(parse_size("18446744073709551616", &value));
    assert_false(parse_size("", &value));
    assert_false(parse_size("K", &value));
    assert_false(parse_size("1KB", &value));
    assert_false(parse_size("1k", &value));
}

/* The moments were converted with date(1). */
static void moments(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"0", 0},
        {"1795341600", 1795341600 * NS_PER_S},
        {"1795341600.25", 1795341600 * NS_PER_S + NS_PER_S / 4},
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-22T10:00:00Z", 1795341600 * NS_PER_S},
        {"2026-11-22 10:00:00", 1795341600 * NS_PER_S},
        {"2026-11-22T11:30:00.5+01:30", 1795341600 * NS_PER_S + NS_PER_S / 2},
        {"2026-11-22T08:00:00-02:00", 1795341600 * NS_PER_S},
        {"2024-02-29T00:00:00Z", 1709164800 * NS_PER_S},
        {"2100-02-28T23:59:59Z", 4107542399 * NS_PER_S},
        {"2261-12-31T23:59:59Z", 9214646399 * NS_PER_S},
        {"2023-02-29T00:00:00Z", REFUSED},
        {"2100-02-29T00:00:00Z", REFUSED},
        {"2262-01-01T00:00:00Z", REFUSED},
        {"2026-13-01T00:00:00Z", REFUSED},
        {"2026-11-22T24:00:00Z", REFUSED},
        {"2026-11-22T10:60:00Z", REFUSED},
        {"2026-11-22T10:00:61Z", REFUSED},
        {"2026-11-22", REFUSED},
        {"2026-11-22T10:00:00+1", REFUSED},
        {"yesterday", REFUSED},
        {"", REFUSED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t value = REFUSED;
        bool ok = parse_moment(rows[i].text, &value);
        if (ok != (rows[i].value != REFUSED) || (ok && value != rows[i].value))
            fail_msg("'%s' gave %d, %lld", rows[i].text, ok, (long long)value);
    }
}

static void counts(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "0x1", "5001", "4294967297", "1e3", "99999999999999999999999"};
    uint32_t count = 9;
    assert_true(parse_count("0", 5000, &count));
    assert_int_equal(count, 0);
    assert_true(parse_count("0005000", 5000, &count));
    assert_int_equal(count, 5000);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse_count(bad[i], 5000, &count));
}

static void port_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint16_t low, high;
    } good[] = {{"32768-60999", 32768, 60999}, {"1-65535", 1, 65535}, {"80-80", 80, 80}};
    static const char *const bad[] = {"",     "-",    "1",       "1-",      "-1",           "0-1",
                                      "2-1",  "1-2x", "1-65536", "65536-1", "1--2",         "1-2-3",
                                      " 1-2", "+1-2", "1 - 2",   "a-b",     "99999999999-1"};
    uint16_t low, high;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(parse_port_range(good[i].text, &low, &high));
        assert_int_equal(low, good[i].low);
        assert_int_equal(high, good[i].high);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse_port_range(bad[i], &low, &high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),  cmocka_unit_test(port_ranges), cmocka_unit_test(durations),
        cmocka_unit_test(two_msl), cmocka_unit_test(sizes),       cmocka_unit_test(moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
