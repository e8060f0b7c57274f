#include "cli/heap.h"

#include <stdlib.h> /* says whose C library it is */

#ifdef __GLIBC__

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define MEBI ((size_t)1 << 20)
#define PAGE ((uintptr_t)4096)

/* Of one heap for all threads, which hardly ever allocate at the same time. Address space: what is
 * never used is never had. It is asked for in blocks, because none may be larger that is the
 * heap's and not mapped by itself. */
#define BLOCK       (16 * MEBI)
#define BLOCKS_MOST 4

/* So much stays in small pages: a small capture does not need a large one. */
#define SMALL MEBI

/* A block from that on is mapped by itself. */
#define MAPPED_FROM MEBI

/* Once one of these is set, the library no longer fits the others to what is freed. */
static bool set_up(size_t mapped_from)
{
    return mallopt(M_ARENA_MAX, 1) && mallopt(M_TRIM_THRESHOLD, (int)(2 * BLOCKS_MOST * BLOCK)) &&
           mallopt(M_MMAP_THRESHOLD, (int)mapped_from);
}

/* Where address space is limited (ulimit -v), a sixteenth of it, but one block at least. */
static unsigned blocks_borne(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return BLOCKS_MOST;
    rlim_t blocks = limit.rlim_cur / 16 / BLOCK;
    return blocks == 0 ? 1 : blocks < BLOCKS_MOST ? (unsigned)blocks : BLOCKS_MOST;
}

static void tell_large(char *from, const char *end)
{
    from += (PAGE - (uintptr_t)from % PAGE) % PAGE;
    (void)madvise(from, (size_t)(end - from), MADV_HUGEPAGE);
}

void heap_prepare(void)
{
    static bool prepared;
    if (prepared)
        return;
    prepared = true;
    /* Blocks that take all of the room, so that it is there; freed, it stays the heap's. */
    char *room[BLOCKS_MOST];
    unsigned wanted = set_up(2 * BLOCK) ? blocks_borne() : 0, count = 0;
    while (count < wanted && (room[count] = malloc(BLOCK)) != NULL)
        count++;
    for (unsigned i = 0; i < count; i++)
        tell_large(room[i] + (i == 0 ? SMALL : 0), room[i] + BLOCK);
    while (count > 0)
        free(room[--count]);
    (void)set_up(MAPPED_FROM);
}

#else

void heap_prepare(void)
{
}

#endif
