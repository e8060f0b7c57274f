/*
 * Inside of dissect/capture/: the time stamps of the formats, to nanoseconds since 1970. Exact,
 * rounded down, by 128-bit arithmetic: 64 bits overflow for units finer than about 2^-34 s.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_TIME_H
#define FINWAIT_DISSECT_CAPTURE_TIME_H

#include "dissect/compiler.h"
#include "dissect/segment.h"

#include <stdint.h>

#define NS_PER_SECOND 1000000000

enum time_mode {
    TIME_MULTIPLY, /* ticks of 1 ns or more */
    TIME_DIVIDE,
    TIME_SHIFT,    /* ticks of 2^-n s */
    TIME_UNUSABLE, /* ticks so fine that 64 bits of them do not reach back to 1970 */
};

struct time_scale {
    uint64_t factor; /* multiplier, divisor or number of bits */
    int64_t offset_s;
    enum time_mode mode;
    /* For fewer ticks than this, 64 bits do: factor * ticks + offset_ns. */
    uint64_t plain_ticks;
    int64_t offset_ns;
};

/* Hardly any offset is longer than some hours; 2^32 s times 10^9 leave room for as much again. */
static inline struct time_scale time_scale_with_plain(struct time_scale scale)
{
    int64_t limit_s = (int64_t)1 << 32;
    if (scale.mode == TIME_MULTIPLY && scale.offset_s < limit_s && scale.offset_s > -limit_s) {
        scale.offset_ns = scale.offset_s * NS_PER_SECOND;
        scale.plain_ticks = (uint64_t)(limit_s * NS_PER_SECOND) / scale.factor;
    }
    return scale;
}

/* From the options if_tsresol (6 when absent: microseconds) and if_tsoffset. */
static inline struct time_scale time_scale_of(uint8_t resolution, int64_t offset_s)
{
    struct time_scale scale = {.factor = 1, .offset_s = offset_s, .mode = TIME_MULTIPLY};
    unsigned exponent = resolution & 0x7f;
    if (resolution & 0x80) {
        scale.factor = exponent;
        scale.mode = exponent <= 63 ? TIME_SHIFT : TIME_UNUSABLE;
        return scale;
    }
    /* 10^19 is the last power of ten within 64 bits. */
    if (exponent > 19) {
        scale.mode = TIME_UNUSABLE;
        return scale;
    }
    if (exponent > 9)
        scale.mode = TIME_DIVIDE;
    for (unsigned i = 9; i < exponent; i++)
        scale.factor *= 10;
    for (unsigned i = exponent; i < 9; i++)
        scale.factor *= 10;
    return time_scale_with_plain(scale);
}

/* TIME_UNKNOWN when it cannot be said in signed 64 bits. */
static inline int64_t time_from_ticks(const struct time_scale *scale, uint64_t ticks)
{
    if (LIKELY(ticks < scale->plain_ticks))
        return (int64_t)(ticks * scale->factor) + scale->offset_ns;
    __extension__ typedef __int128 wide;
    wide ns;
    switch (scale->mode) {
    case TIME_MULTIPLY:
        ns = (wide)ticks * (wide)scale->factor;
        break;
    case TIME_DIVIDE:
        ns = ticks / scale->factor;
        break;
    case TIME_SHIFT:
        ns = ((wide)ticks * NS_PER_SECOND) >> scale->factor;
        break;
    case TIME_UNUSABLE:
    default:
        return TIME_UNKNOWN;
    }
    ns += (wide)scale->offset_s * NS_PER_SECOND;
    return ns > INT64_MAX || ns <= INT64_MIN ? TIME_UNKNOWN : (int64_t)ns;
}

#endif
