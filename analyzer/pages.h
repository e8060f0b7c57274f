/*
 * Memory that is about to be filled: all its pages from the system in one call, which costs less
 * than a fault each. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_PAGES_H
#define FINWAIT_ANALYZER_PAGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE_LEAST ((uintptr_t)4096)

/* What the system does not do (before Linux 5.14, or where it has no memory) the faults do. */
static inline void pages_take(void *from, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t first = ((uintptr_t)from + PAGE_LEAST - 1) & ~(PAGE_LEAST - 1);
    uintptr_t end = ((uintptr_t)from + bytes) & ~(PAGE_LEAST - 1);
    if (first < end)
        (void)madvise((char *)from + (first - (uintptr_t)from), end - first, MADV_POPULATE_WRITE);
#else
    (void)from;
    (void)bytes;
#endif
}

#endif
