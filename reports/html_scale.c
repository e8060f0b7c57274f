#include "reports/html_scale.h"

#include "reports/time_text.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MILLISECOND INT64_C(1000000)
#define NS_PER_SECOND      INT64_C(1000000000)
#define NS_PER_MINUTE      (60 * NS_PER_SECOND)
#define NS_PER_HOUR        (60 * NS_PER_MINUTE)
#define NS_PER_DAY         (24 * NS_PER_HOUR)

/* part/whole * size, where the quotient is at most 1 and the size below 2^21. */
static int64_t portion(uint64_t part, uint64_t whole, int64_t size)
{
    while (whole >> 42) {
        whole >>= 1;
        part >>= 1;
    }
    return whole ? (int64_t)(part * (uint64_t)size / whole) : 0;
}

int64_t axis_place(const struct html_axis *axis, int64_t time_ns)
{
    if (time_ns <= axis->start_ns)
        return axis->left;
    if (time_ns >= axis->end_ns)
        return axis->left + (axis->end_ns > axis->start_ns ? axis->width : 0);
    return axis->left + portion((uint64_t)time_ns - (uint64_t)axis->start_ns,
                                (uint64_t)axis->end_ns - (uint64_t)axis->start_ns, axis->width);
}

int64_t scale_height(uint64_t count, uint64_t highest, int64_t height)
{
    if (count >= highest)
        return count ? height : 0;
    int64_t scaled = portion(count, highest, height);
    return count && !scaled ? 1 : scaled;
}

/* Steps that people count in, from a microsecond up. */
static int64_t next_step(int64_t step_ns)
{
    static const int64_t steps[] = {
        NS_PER_SECOND,      2 * NS_PER_SECOND,  5 * NS_PER_SECOND,  10 * NS_PER_SECOND,
        15 * NS_PER_SECOND, 30 * NS_PER_SECOND, NS_PER_MINUTE,      2 * NS_PER_MINUTE,
        5 * NS_PER_MINUTE,  10 * NS_PER_MINUTE, 15 * NS_PER_MINUTE, 30 * NS_PER_MINUTE,
        NS_PER_HOUR,        2 * NS_PER_HOUR,    3 * NS_PER_HOUR,    6 * NS_PER_HOUR,
        12 * NS_PER_HOUR,   NS_PER_DAY,         2 * NS_PER_DAY,     7 * NS_PER_DAY,
        14 * NS_PER_DAY,    28 * NS_PER_DAY,
    };
    if (step_ns < NS_PER_SECOND) {
        int64_t decade = 1000;
        while (decade * 10 <= step_ns)
            decade *= 10;
        return step_ns < 2 * decade ? 2 * decade : step_ns < 5 * decade ? 5 * decade : 10 * decade;
    }
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i] > step_ns)
            return steps[i];
    }
    return step_ns <= INT64_MAX / 2 ? 2 * step_ns : step_ns;
}

static int64_t floor_to(int64_t time_ns, int64_t step_ns)
{
    int64_t rest = time_ns % step_ns;
    return rest < 0 ? time_ns - rest - step_ns : time_ns - rest;
}

bool axis_ticks(const struct html_axis *axis, unsigned most, struct html_ticks *ticks)
{
    /* Far from the ends of time, so that steps beyond the axis can be named. */
    if (axis->end_ns <= axis->start_ns || axis->start_ns < INT64_MIN / 2 ||
        axis->end_ns > INT64_MAX / 2)
        return false;
    uint64_t span = (uint64_t)axis->end_ns - (uint64_t)axis->start_ns;
    int64_t step_ns = 1000;
    while (span / (uint64_t)step_ns >= most)
        step_ns = next_step(step_ns);
    int64_t first_ns = floor_to(axis->start_ns, step_ns);
    if (first_ns < axis->start_ns)
        first_ns += step_ns;
    *ticks = (struct html_ticks){.first_ns = first_ns, .step_ns = step_ns};
    while (first_ns <= axis->end_ns && ticks->count < most) {
        ticks->count++;
        first_ns += step_ns;
    }
    return ticks->count > 0;
}

void tick_label(struct sentence *label, int64_t time_ns, int64_t step_ns)
{
    enum { DAY_AT = 5, CLOCK_AT = 11, FRACTION_AT = 19, DIGITS = 9 };
    char text[TIME_TEXT_BYTES];
    struct time_cache cache = {0};
    time_text(&cache, time_ns, text);
    sentence_init(label);
    if (step_ns >= NS_PER_DAY) {
        text[CLOCK_AT - 1] = '\0';
        sentence_add(label, text + DAY_AT);
        return;
    }
    size_t end = step_ns % NS_PER_MINUTE ? FRACTION_AT : FRACTION_AT - 3;
    if (step_ns < NS_PER_SECOND) {
        end = FRACTION_AT + 1;
        for (int64_t unit = NS_PER_SECOND; unit > 1 && step_ns % unit; unit /= 10)
            end++;
    }
    text[end] = '\0';
    sentence_add(label, text + CLOCK_AT);
}
