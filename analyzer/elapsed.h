/*
 * From one moment to another. Times come from input and may be anything that 64 bits hold; the span
 * between two of them may not fit, and is then the longest that does.
 */
#ifndef FINWAIT_ANALYZER_ELAPSED_H
#define FINWAIT_ANALYZER_ELAPSED_H

#include <stdint.h>

static inline int64_t elapsed_ns(int64_t since_ns, int64_t now_ns)
{
    int64_t span_ns;
    if (!__builtin_sub_overflow(now_ns, since_ns, &span_ns))
        return span_ns;
    return now_ns < since_ns ? INT64_MIN : INT64_MAX;
}

/* So much later, or at the end of all times. */
static inline int64_t later_by(int64_t at_ns, int64_t span_ns)
{
    int64_t sum_ns;
    return __builtin_add_overflow(at_ns, span_ns, &sum_ns) ? INT64_MAX : sum_ns;
}

#endif
