/*
 * One code point at a time from text of which nothing is known. Strict: overlong forms, surrogates
 * and what lies beyond U+10FFFF are malformed (Unicode 15, table 3-7).
 */
#ifndef FINWAIT_REPORTS_UTF8_H
#define FINWAIT_REPORTS_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT UINT32_C(0xfffd)
#define UTF8_BYTES_MAX   4

/* The code point at `text`, or UTF8_REPLACEMENT for a malformed sequence. `length` is at least 1.
 * `consumed` is then what one replacement stands for: the bytes that could still have begun a
 * character, at least one. */
uint32_t utf8_next(const char *text, size_t length, size_t *consumed);

/* Writes the code point's bytes and returns their number. */
size_t utf8_put(char out[UTF8_BYTES_MAX], uint32_t code_point);

#endif
