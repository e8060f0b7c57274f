#include "cli/heap.h"

#include <stdlib.h> /* says whose C library it is */

#ifdef __GLIBC__

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define MEBI ((size_t)1 << 20)
#define PAGE ((uintptr_t)4096)

/* Of one heap for all threads, which hardly ever allocate at the same time. Address space: what is
 * never used is never had. It is asked for in blocks, because none may be larger that is the
 * heap's and not mapped by itself. */
#define BLOCK  (16 * MEBI)
#define BLOCKS 4
#define ROOM   (BLOCK * BLOCKS)

/* So much stays in small pages: a small capture does not need a large one. */
#define SMALL MEBI

/* A block from that on is mapped by itself. */
#define BLOCK_MOST MEBI

/* Once one of these is set, the library no longer fits the others to what is freed. */
static bool set_up(size_t mapped_from)
{
    return mallopt(M_ARENA_MAX, 1) && mallopt(M_TRIM_THRESHOLD, (int)(2 * ROOM)) &&
           mallopt(M_MMAP_THRESHOLD, (int)mapped_from);
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
    char *room[BLOCKS] = {NULL};
    if (set_up(2 * BLOCK)) {
        for (unsigned i = 0; i < BLOCKS && (i == 0 || room[i - 1]); i++)
            room[i] = malloc(BLOCK);
    }
    for (unsigned i = 0; i < BLOCKS && room[i]; i++)
        tell_large(room[i] + (i == 0 ? SMALL : 0), room[i] + BLOCK);
    for (unsigned i = 0; i < BLOCKS; i++)
        free(room[i]);
    (void)set_up(BLOCK_MOST);
}

#else

void heap_prepare(void)
{
}

#endif
