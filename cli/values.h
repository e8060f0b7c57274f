/*
 * Values of options: durations, sizes, moments. Each returns false for what it does not
 * understand, and never rounds into another meaning.
 */
#ifndef FINWAIT_CLI_VALUES_H
#define FINWAIT_CLI_VALUES_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

/* Seconds with up to nine decimals, and an optional unit: ms, s, m, h. Not negative. */
bool parse_duration(const char *text, int64_t *duration_ns) MUST_CHECK;

/* As parse_duration(), or linux, windows, rfc. */
bool parse_two_msl(const char *text, int64_t *duration_ns) MUST_CHECK;

/* Bytes, or with a suffix K, M, G, T (powers of 1024). */
bool parse_size(const char *text, uint64_t *bytes) MUST_CHECK;

/* Digits alone, of a number that is `most` or less. */
bool parse_count(const char *text, uint32_t most, uint32_t *count) MUST_CHECK;

/* "32768-60999": ports from 1 on, the lower first. */
bool parse_port_range(const char *text, uint16_t *low, uint16_t *high) MUST_CHECK;

/* RFC 3339 with Z or an offset (a space for the T is allowed; without an offset it is UTC), or
 * seconds since 1970 with up to nine decimals. */
bool parse_moment(const char *text, int64_t *time_ns) MUST_CHECK;

#endif
