#include "reports/time_text.h"

#include "reports/digits.h"

#include <string.h>

#define NS_PER_SECOND   INT64_C(1000000000)
#define SECONDS_PER_DAY 86400

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
    put_pair(out, year / 100);
    put_pair(out + 2, year % 100);
    out[4] = '-';
    put_pair(out + 5, month);
    out[7] = '-';
    put_pair(out + 8, day_of_month);
}

/* "T10:00:00." */
static void put_time_of_day(char out[10], uint32_t second)
{
    out[0] = 'T';
    put_pair(out + 1, second / 3600);
    out[3] = ':';
    put_pair(out + 4, second / 60 % 60);
    out[6] = ':';
    put_pair(out + 7, second % 60);
    out[9] = '.';
}

/* "123456789Z" */
static void put_fraction(char out[11], uint32_t ns)
{
    uint32_t high = ns / 10000; /* five digits, and four */
    uint32_t low = ns % 10000;
    out[0] = (char)('0' + high / 10000);
    put_pair(out + 1, high / 100 % 100);
    put_pair(out + 3, high % 100);
    put_pair(out + 5, low / 100);
    put_pair(out + 7, low % 100);
    out[9] = 'Z';
    out[10] = '\0';
}

static void tell_second(struct time_cache *cache, int64_t second)
{
    int64_t day = second / SECONDS_PER_DAY;
    int64_t second_of_day = second % SECONDS_PER_DAY;
    if (second_of_day < 0) {
        second_of_day += SECONDS_PER_DAY;
        day--;
    }
    if (!cache->filled || cache->day != day)
        put_date(cache->text, day);
    put_time_of_day(cache->text + 10, (uint32_t)second_of_day);
    cache->day = day;
    cache->second = second;
    cache->filled = true;
}

void time_text(struct time_cache *cache, int64_t time_ns, char out[TIME_TEXT_BYTES])
{
    /* Division in C rounds towards zero; calendars round down. */
    int64_t second = time_ns / NS_PER_SECOND;
    int64_t fraction_ns = time_ns % NS_PER_SECOND;
    if (fraction_ns < 0) {
        fraction_ns += NS_PER_SECOND;
        second--;
    }
    if (!cache->filled || cache->second != second)
        tell_second(cache, second);
    memcpy(out, cache->text, sizeof cache->text);
    put_fraction(out + sizeof cache->text, (uint32_t)fraction_ns);
}
