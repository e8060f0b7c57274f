/* What the rooms ask of a C11 compiler beyond the standard, and how it was told to build. Only
 * attributes, hints and choices: no types. */
#ifndef FINWAIT_DISSECT_COMPILER_H
#define FINWAIT_DISSECT_COMPILER_H

#define MUST_CHECK               __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define NEVER_INLINE             __attribute__((noinline))
#define ALWAYS_INLINE            inline __attribute__((always_inline))
#define LIKELY(x)                __builtin_expect(!!(x), 1)
#define UNLIKELY(x)              __builtin_expect(!!(x), 0)

/* How large a table or a buffer is. Builds for fuzzing have small ones: most of the time of a short
 * run would go into them, and no input would come to their ends. */
#ifdef SMALL_TABLES
#define TABLE_SIZE(usual, small) (small)
#else
#define TABLE_SIZE(usual, small) (usual)
#endif

/* Of memory that is shared by items of one size. ASan sees what goes beyond a chunk's end, not what
 * goes beyond an item's, and maps what is large anew each time: with it chunks are small. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHUNK_SIZE(usual, small) (small)
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CHUNK_SIZE(usual, small) (small)
#endif
#ifndef CHUNK_SIZE
#define CHUNK_SIZE(usual, small) TABLE_SIZE(usual, small)
#endif

/* Has a cache line on its way. gcc takes a function that does nothing else for one without effect
 * and drops the calls of it, if there is not this. */
#define FETCH(address)                                                                             \
    do {                                                                                           \
        __builtin_prefetch(address);                                                               \
        __asm__ volatile("");                                                                      \
    } while (0)

/* The same for a line that will be written and that another processor may have: a store waits for
 * it longer than a load. Compilers make the instruction only for processors newer than any x86-64,
 * where it does nothing if they do not know it. */
#ifdef __x86_64__
#define FETCH_TO_WRITE(address) __asm__ volatile("prefetchw (%0)" : : "r"(address))
#else
#define FETCH_TO_WRITE(address) __builtin_prefetch((const void *)(address), 1)
#endif

#endif
