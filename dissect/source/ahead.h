/*
 * Inside of dissect/source/: content that threads decompress before it is asked for. Each source
 * has a queue of finished blocks; all queues of a pool share a bounded number of them. Whoever
 * finds a source in nobody's hands, a thread of the pool or the reader, decompresses its next
 * piece: so one thread ahead and the reader share the work of several files.
 *
 * All sources of a pool are read, and destroyed, by one thread, which also owns the pool.
 */
#ifndef FINWAIT_DISSECT_SOURCE_AHEAD_H
#define FINWAIT_DISSECT_SOURCE_AHEAD_H

#include "dissect/source/source.h"

struct ahead;

/* Where a source stands behind a piece of content. */
struct standing {
    uint64_t raw_bytes;
    uint64_t fault_bytes;
    enum source_fault fault;
    enum compression compression;
    int error;
};

/* Takes the source over, of which nothing was read so far. NULL when memory ran out (the source is
 * then still the caller's). */
struct ahead *ahead_create(struct source_pool *pool, struct source *source) MUST_CHECK;
void ahead_destroy(struct ahead *ahead);

/* As source_read(); the standing behind what it gave. A fault is in it only behind the end. */
size_t ahead_read(struct ahead *ahead, uint8_t *buffer, size_t length,
                  struct standing *standing) MUST_CHECK;

/* source.c: the source itself, read by whoever holds it. */
size_t source_read_itself(struct source *source, uint8_t *buffer, size_t length) MUST_CHECK;
struct standing source_standing(const struct source *source);

#endif
