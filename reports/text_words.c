#include "reports/text_words.h"

#include "reports/time_text.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_SECOND INT64_C(1000000000)

void words_number(struct sentence *sentence, uint64_t number)
{
    char digits[sizeof "18446744073709551615"];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    for (size_t i = 0; i < length; i++) {
        char digit[2] = {digits[i], '\0'};
        if (i && (length - i) % 3 == 0)
            sentence_add(sentence, ",");
        sentence_add(sentence, digit);
    }
}

void words_amount(struct sentence *sentence, uint64_t count, const char *plural)
{
    if (count == 1) {
        sentence_add_amount(sentence, count, plural);
        return;
    }
    words_number(sentence, count);
    sentence_add(sentence, " ");
    sentence_add(sentence, plural);
}

/* Of "2026-01-05T10:00:00.123456789Z": the date is 10 characters, what follows the T this many. */
enum { DATE_LENGTH = 10, CLOCK_MS = 12, CLOCK_US = 15 };

static void add_part(struct sentence *sentence, const char *text, int length)
{
    char part[TIME_TEXT_BYTES];
    snprintf(part, sizeof part, "%.*s", length, text);
    sentence_add(sentence, part);
}

void words_time(struct sentence *sentence, int64_t time_ns)
{
    words_span(sentence, time_ns, time_ns);
}

void words_span(struct sentence *sentence, int64_t start_ns, int64_t end_ns)
{
    char start[TIME_TEXT_BYTES], end[TIME_TEXT_BYTES];
    if (start_ns == TIME_UNKNOWN || end_ns == TIME_UNKNOWN) {
        sentence_add(sentence, "at an unknown time");
        return;
    }
    struct time_cache cache = {0};
    time_text(&cache, start_ns, start);
    time_text(&cache, end_ns, end);
    bool brief = end_ns > start_ns && (uint64_t)end_ns - (uint64_t)start_ns < NS_PER_SECOND;
    int clock = brief ? CLOCK_US : CLOCK_MS;
    add_part(sentence, start, DATE_LENGTH);
    sentence_add(sentence, " ");
    add_part(sentence, start + DATE_LENGTH + 1, clock);
    if (start_ns == end_ns)
        return;
    sentence_add(sentence, " to ");
    if (memcmp(start, end, DATE_LENGTH) != 0) {
        add_part(sentence, end, DATE_LENGTH);
        sentence_add(sentence, " ");
    }
    add_part(sentence, end + DATE_LENGTH + 1, clock);
}

void words_share(struct sentence *sentence, uint64_t part, uint64_t whole)
{
    if (!whole || part > whole)
        return;
    /* Scaled so that a hundred times the part has room. */
    while (part > UINT64_MAX / 200) {
        part /= 2;
        whole /= 2;
    }
    uint64_t percent = (part * 100 + whole / 2) / whole;
    if (part && percent == 0)
        sentence_add(sentence, "under 1 %");
    else if (part != whole && percent == 100)
        sentence_add(sentence, "over 99 %");
    else
        sentence_add_amount(sentence, percent, "%");
}

void words_counts(struct sentence *sentence, const uint64_t *counts, unsigned kinds,
                  const char *const *names)
{
    const char *between = "";
    for (unsigned kind = 0; kind < kinds; kind++) {
        if (!counts[kind])
            continue;
        sentence_add(sentence, between);
        words_number(sentence, counts[kind]);
        sentence_add(sentence, " ");
        sentence_add(sentence, names[kind]);
        between = ", ";
    }
}
