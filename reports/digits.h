/*
 * Decimal digits, two at a time.
 */
#ifndef FINWAIT_REPORTS_DIGITS_H
#define FINWAIT_REPORTS_DIGITS_H

#include <stdint.h>
#include <string.h>

/* 00 to 99. */
extern const char digit_pairs[200];

/* Both digits of a value below 100. */
static inline void put_pair(char *out, uint32_t value)
{
    memcpy(out, digit_pairs + (size_t)2 * value, 2);
}

#endif
