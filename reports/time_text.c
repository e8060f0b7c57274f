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

static void put_second(char out[20], int64_t seconds)
{
    int64_t day = seconds / SECONDS_PER_DAY;
    int64_t second_of_day = seconds % SECONDS_PER_DAY;
    if (second_of_day < 0) {
        second_of_day += SECONDS_PER_DAY;
        day--;
    }
    uint32_t second = (uint32_t)second_of_day;
    put_date(out, day);
    out[10] = 'T';
    put_digits(out + 11, 2, second / 3600);
    out[13] = ':';
    put_digits(out + 14, 2, second / 60 % 60);
    out[16] = ':';
    put_digits(out + 17, 2, second % 60);
    out[19] = '.';
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
    if (!cache->filled || cache->second != seconds) {
        put_second(cache->text, seconds);
        cache->second = seconds;
        cache->filled = true;
    }
    memcpy(out, cache->text, sizeof cache->text);
    put_digits(out + 20, 9, (uint32_t)fraction_ns);
    out[29] = 'Z';
    out[30] = '\0';
}
