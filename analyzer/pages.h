/*
 * Memory that is about to be filled: all its pages from the system in one call, which costs less
 * than a fault each, and for what is looked into anywhere large ones. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_PAGES_H
#define FINWAIT_ANALYZER_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
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

/* Memory whose pages are still to be had; `from` NULL: none. */
struct pages_wanted {
    void *from;
    size_t bytes;
};

#define LARGE_PAGE ((size_t)2 << 20)

/* A power of two of octets that will be looked into again and again, anywhere: each look into
 * another page of 4 KiB waits until its address is translated, while those of a few large ones are
 * known. They hold anything; free() releases them. NULL when memory ran out. */
static inline void *pages_alloc(size_t bytes)
{
    bool large = bytes >= LARGE_PAGE;
    void *from = large ? aligned_alloc(LARGE_PAGE, bytes) : malloc(bytes);
    if (!from)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (large)
        (void)madvise(from, bytes, MADV_HUGEPAGE);
#endif
    pages_take(from, bytes);
    return from;
}

#endif
