/*
 * 32-bit serial numbers (RFC 9293 section 3.4, RFC 1982) as a type of their own: comparing two of
 * them with a raw `<` does not compile. Comparisons hold while the two lie less than 2^31 apart.
 */
#ifndef FINWAIT_ANALYZER_SEQ_H
#define FINWAIT_ANALYZER_SEQ_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t n;
} seq_t;

static inline seq_t seq_of(uint32_t n)
{
    return (seq_t){n};
}

/* How far `a` lies beyond `b`; negative when it lies before it. */
static inline int32_t seq_diff(seq_t a, seq_t b)
{
    return (int32_t)(a.n - b.n);
}

static inline seq_t seq_add(seq_t a, uint32_t octets)
{
    return (seq_t){a.n + octets};
}

static inline seq_t seq_back(seq_t a, uint32_t octets)
{
    return (seq_t){a.n - octets};
}

static inline bool seq_eq(seq_t a, seq_t b)
{
    return a.n == b.n;
}

static inline bool seq_lt(seq_t a, seq_t b)
{
    return seq_diff(a, b) < 0;
}

static inline bool seq_le(seq_t a, seq_t b)
{
    return seq_diff(a, b) <= 0;
}

static inline bool seq_gt(seq_t a, seq_t b)
{
    return seq_diff(a, b) > 0;
}

static inline bool seq_ge(seq_t a, seq_t b)
{
    return seq_diff(a, b) >= 0;
}

static inline seq_t seq_max(seq_t a, seq_t b)
{
    return seq_lt(a, b) ? b : a;
}

static inline seq_t seq_min(seq_t a, seq_t b)
{
    return seq_lt(a, b) ? a : b;
}

/* How far apart, whichever comes first. */
static inline uint32_t seq_distance(seq_t a, seq_t b)
{
    uint32_t d = a.n - b.n;
    return d > UINT32_C(0x80000000) ? 0u - d : d;
}

#endif
