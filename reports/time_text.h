/*
 * Times as RFC 3339 in UTC with nine digits of nanoseconds: 2026-11-22T10:00:00.123456789Z. Neither
 * the C library's time zone nor its locale is asked. Every int64_t of nanoseconds since 1970 has a
 * text (years 1677 to 2262).
 */
#ifndef FINWAIT_REPORTS_TIME_TEXT_H
#define FINWAIT_REPORTS_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* With the terminating NUL. */
#define TIME_TEXT_BYTES 31

/* The second of the last text: neighbours in a report often share it, and mostly the day. Starts as
 * all zeros. */
struct time_cache {
    bool filled;
    int64_t day, second; /* since 1970 */
    char text[20];       /* all before the fraction */
};

void time_text(struct time_cache *cache, int64_t time_ns, char out[TIME_TEXT_BYTES]);

#endif
