#include "cli/values.h"

#include "analyzer/config.h"

#include <stddef.h>
#include <string.h>

/* Digits, then perhaps a fraction of up to nine digits; advances *text. */
static bool take_decimal_ns(const char **text, int64_t *value_ns)
{
    const char *p = *text;
    int64_t whole = 0;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (whole > INT64_MAX / NS_PER_S / 10 - 1)
            return false;
        whole = whole * 10 + (*p - '0');
    }
    int64_t ns = whole * NS_PER_S;
    if (*p == '.') {
        int64_t unit = NS_PER_S / 10;
        p++;
        if (*p < '0' || *p > '9')
            return false;
        for (; *p >= '0' && *p <= '9'; p++) {
            if (unit == 0)
                return false;
            ns += unit * (*p - '0');
            unit /= 10;
        }
    }
    *text = p;
    *value_ns = ns;
    return true;
}

bool parse_duration(const char *text, int64_t *duration_ns)
{
    static const struct {
        const char *name;
        int64_t times, over;
    } units[] = {{"", 1, 1}, {"s", 1, 1}, {"ms", 1, 1000}, {"m", 60, 1}, {"h", 3600, 1}};
    int64_t seconds_ns;
    if (!take_decimal_ns(&text, &seconds_ns))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) != 0)
            continue;
        if (seconds_ns > INT64_MAX / 4 / units[i].times)
            return false;
        *duration_ns = seconds_ns * units[i].times / units[i].over;
        return true;
    }
    return false;
}

bool parse_two_msl(const char *text, int64_t *duration_ns)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } systems[] = {{"linux", 60}, {"windows", 120}, {"rfc", 240}};
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
        if (strcmp(text, systems[i].name) == 0) {
            *duration_ns = systems[i].seconds * NS_PER_S;
            return true;
        }
    }
    return parse_duration(text, duration_ns);
}

bool parse_size(const char *text, uint64_t *bytes)
{
    static const char suffixes[] = "KMGT";
    uint64_t value = 0;
    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        if (value > (UINT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    if (*text != '\0') {
        const char *suffix = strchr(suffixes, *text);
        if (!suffix || text[1] != '\0')
            return false;
        unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);
        if (value > UINT64_MAX >> shift)
            return false;
        value <<= shift;
    }
    *bytes = value;
    return true;
}

/* Digits up to 65535; advances *text. */
static bool take_port(const char **text, uint16_t *port)
{
    uint32_t value = 0;
    const char *p = *text;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint32_t)(*p - '0');
        if (value > UINT16_MAX)
            return false;
    }
    *text = p;
    *port = (uint16_t)value;
    return value > 0;
}

bool parse_count(const char *text, uint32_t most, uint32_t *count)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > most)
            return false;
    }
    *count = (uint32_t)value;
    return true;
}

bool parse_port_range(const char *text, uint16_t *low, uint16_t *high)
{
    uint16_t from, to;
    if (!take_port(&text, &from) || *text++ != '-' || !take_port(&text, &to) || *text != '\0' ||
        from > to)
        return false;
    *low = from;
    *high = to;
    return true;
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar, years counted from March so
 * that the leap day is the last of its year. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static bool take_digits(const char **text, int count, int low, int high, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        char digit = (*text)[i];
        if (digit < '0' || digit > '9')
            return false;
        *value = *value * 10 + (digit - '0');
    }
    *text += count;
    return *value >= low && *value <= high;
}

static bool take_mark(const char **text, const char *marks)
{
    if (**text == '\0' || !strchr(marks, **text))
        return false;
    (*text)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* "", "Z", or "+hh:mm": seconds east of UTC. */
static bool take_offset(const char *text, int *offset_s)
{
    int hours, minutes;
    *offset_s = 0;
    if (*text == '\0' || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return true;
    int sign = *text == '-' ? -1 : 1;
    if (!take_mark(&text, "+-") || !take_digits(&text, 2, 0, 23, &hours) ||
        !take_mark(&text, ":") || !take_digits(&text, 2, 0, 59, &minutes) || *text != '\0')
        return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool parse_rfc3339(const char *text, int64_t *time_ns)
{
    int year, month, day, hour, minute, offset_s;
    int64_t second_ns;
    if (!take_digits(&text, 4, 1970, 2261, &year) || !take_mark(&text, "-") ||
        !take_digits(&text, 2, 1, 12, &month) || !take_mark(&text, "-") ||
        !take_digits(&text, 2, 1, days_in_month(year, month), &day) || !take_mark(&text, "Tt ") ||
        !take_digits(&text, 2, 0, 23, &hour) || !take_mark(&text, ":") ||
        !take_digits(&text, 2, 0, 59, &minute) || !take_mark(&text, ":") ||
        !take_decimal_ns(&text, &second_ns) || second_ns >= 61 * NS_PER_S ||
        !take_offset(text, &offset_s))
        return false;
    int64_t seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60;
    *time_ns = (seconds - offset_s) * NS_PER_S + second_ns;
    return true;
}

bool parse_moment(const char *text, int64_t *time_ns)
{
    const char *rest = text;
    if (take_decimal_ns(&rest, time_ns) && *rest == '\0')
        return true;
    return parse_rfc3339(text, time_ns);
}
