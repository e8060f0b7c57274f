/*
 * Words for people, beside those of sentence.h: numbers in groups, times to be read, shares.
 */
#ifndef FINWAIT_REPORTS_TEXT_WORDS_H
#define FINWAIT_REPORTS_TEXT_WORDS_H

#include "reports/sentence.h"

/* 1,234,567 */
void words_number(struct sentence *sentence, uint64_t number);

/* "1,234 packets", "1 packet" */
void words_amount(struct sentence *sentence, uint64_t count, const char *plural);

/* 2026-01-05 10:00:00.123 (UTC), or "at an unknown time" */
void words_time(struct sentence *sentence, int64_t time_ns);

/* 2026-01-05 10:00:00.123 to 10:05:00.000; the second day is named when it is another. */
void words_span(struct sentence *sentence, int64_t start_ns, int64_t end_ns);

/* "12 %", "under 1 %": a share of something of everything is never called nothing or all. */
void words_share(struct sentence *sentence, uint64_t part, uint64_t whole);

/* "graceful 8, reset 2": those that are not 0. */
void words_counts(struct sentence *sentence, const uint64_t *counts, unsigned kinds,
                  const char *const *names);

#endif
