/* What the rooms ask of a C11 compiler beyond the standard. Only attributes and hints: no types. */
#ifndef FINWAIT_DISSECT_COMPILER_H
#define FINWAIT_DISSECT_COMPILER_H

#define MUST_CHECK               __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define NEVER_INLINE             __attribute__((noinline))
#define LIKELY(x)                __builtin_expect(!!(x), 1)
#define UNLIKELY(x)              __builtin_expect(!!(x), 0)

#endif
