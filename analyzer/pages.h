/*
 * Memory that is about to be filled: all its pages from the system in one call, which costs less
 * than a fault each, and large ones where there is much of it. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_PAGES_H
#define FINWAIT_ANALYZER_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_LEAST ((uintptr_t)4096)

/* Memory whose pages are still to be had; `from` NULL: none. */
struct pages_wanted {
    void *from;
    size_t bytes;
};

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

#define LARGE_PAGE ((size_t)2 << 20)

/* A look into a page of 4 KiB waits until its address is translated, and where the system is itself
 * a guest the first touch of each may take longer than filling it: of a few large ones neither
 * costs much. */
static inline void pages_be_large(void *from, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    (void)madvise(from, bytes, MADV_HUGEPAGE);
#else
    (void)from;
    (void)bytes;
#endif
}

/* Octets whose pages are had when they are touched. They hold anything; free() releases them. NULL
 * when memory ran out. */
static inline void *pages_alloc_as_needed(size_t bytes)
{
    if (bytes < LARGE_PAGE)
        return malloc(bytes);
    size_t whole = (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    void *from = aligned_alloc(LARGE_PAGE, whole);
    if (from)
        pages_be_large(from, whole);
    return from;
}

/* The same of which nearly all will be written to. */
static inline void *pages_alloc(size_t bytes)
{
    void *from = pages_alloc_as_needed(bytes);
    if (from)
        pages_take(from, bytes);
    return from;
}

/* Room for a multiple of LARGE_PAGE octets, zero, in large pages that are had when they are
 * touched; for pages_release(). NULL when there is none. */
static inline void *pages_reserve(size_t bytes)
{
    size_t all = bytes + LARGE_PAGE;
    void *room = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        return NULL;
    size_t ahead = (LARGE_PAGE - (uintptr_t)room % LARGE_PAGE) % LARGE_PAGE;
    char *from = (char *)room + ahead;
    if (ahead)
        (void)munmap(room, ahead);
    (void)munmap(from + bytes, LARGE_PAGE - ahead);
    pages_be_large(from, bytes);
    return from;
}

static inline void pages_release(void *from, size_t bytes)
{
    (void)munmap(from, bytes);
}

/* Gives whole pages of such room back to the system: they are zero when they are touched again. */
static inline void pages_forget(void *from, size_t bytes)
{
    if (madvise(from, bytes, MADV_DONTNEED) != 0)
        memset(from, 0, bytes);
}

#endif
