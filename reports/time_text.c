#include "reports/time_text.h"

#include <string.h>

#define NS_PER_SECOND   INT64_C(1000000000)
#define SECONDS_PER_DAY 86400

/* Digits from the right; what is left of the value beyond them is not ours to show. */
static void put_digits(char *out, unsigned digits, uint32_t value)
{
    for (; digits; digits--) {
        out[digits - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* The Gregorian calendar in years that begin in March, so that the leap day is the last of its
 * year: 400 years are always 146097 days. */
static void put_date(char out[10], int64_t day)
{
    uint32_t from_march = (uint32_t)(day + 719468); /* days since 0000-03-01 */
    uint32_t era = from_march / 146097;
    uint32_t day_of_era = from_march % 146097;
    uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month_from_march = (5 * day_of_year + 2) / 153;
    uint32_t day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    uint32_t year = era * 400 + year_of_era + (month <= 2);
    put_digits(out, 4, year);
    out[4] = '-';
    put_digits(out + 5, 2, month);
    out[7] = '-';
    put_digits(out + 8, 2, day_of_month);
}

/* Two digits; below 100. */
static void put_two(char *out, uint32_t value)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
}

static void put_time_of_day(char out[9], uint32_t second)
{
    out[0] = 'T';
    put_two(out + 1, second / 3600);
    out[3] = ':';
    put_two(out + 4, second / 60 % 60);
    out[6] = ':';
    put_two(out + 7, second % 60);
}

/* ".123456789Z" */
static void put_fraction(char out[12], uint32_t ns)
{
    uint32_t high = ns / 10000; /* five digits, and four */
    uint32_t low = ns % 10000;
    out[0] = '.';
    out[1] = (char)('0' + high / 10000);
    put_two(out + 2, high / 100 % 100);
    put_two(out + 4, high % 100);
    put_two(out + 6, low / 100);
    put_two(out + 8, low % 100);
    out[10] = 'Z';
    out[11] = '\0';
}

void time_text(struct time_cache *cache, int64_t time_ns, char out[TIME_TEXT_BYTES])
{
    /* Division in C rounds towards zero; calendars round down. */
    int64_t seconds = time_ns / NS_PER_SECOND;
    int64_t fraction_ns = time_ns % NS_PER_SECOND;
    if (fraction_ns < 0) {
        fraction_ns += NS_PER_SECOND;
        seconds--;
    }
    int64_t day = seconds / SECONDS_PER_DAY;
    int64_t second_of_day = seconds % SECONDS_PER_DAY;
    if (second_of_day < 0) {
        second_of_day += SECONDS_PER_DAY;
        day--;
    }
    if (!cache->filled || cache->day != day) {
        put_date(cache->date, day);
        cache->day = day;
        cache->filled = true;
    }
    memcpy(out, cache->date, 10);
    put_time_of_day(out + 10, (uint32_t)second_of_day);
    put_fraction(out + 19, (uint32_t)fraction_ns);
}
