/*
 * Where bytes come from: a file, standard input, memory; plain, gzip or zstd. A source is read
 * forwards only, in pieces of any size, from a bounded buffer; files are never mapped.
 *
 * Compression is recognised by content, never by name, and one layer of it is undone. gzip: any
 * number of members; garbage behind the last is a finding, not an error. What could be decompressed
 * before a fault is delivered.
 *
 * A source owns its descriptor and buffers; source_destroy(NULL) is allowed.
 *
 * Sources: RFC 1952 (gzip), RFC 8878 (zstd).
 */
#ifndef FINWAIT_DISSECT_SOURCE_SOURCE_H
#define FINWAIT_DISSECT_SOURCE_SOURCE_H

#include "dissect/compiler.h"
#include "dissect/findings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;

/* Opens a path, or standard input for "-". NULL on failure, with a sentence in `error` (what,
 * where, what to do) of at most error_bytes. */
struct source *source_open(const char *path, char *error, size_t error_bytes) MUST_CHECK;

/* Reads from memory, which is borrowed until source_destroy(). NULL when memory ran out. */
struct source *source_from_memory(const void *bytes, size_t length) MUST_CHECK;

void source_destroy(struct source *source);

/* Content (decompressed) bytes into `buffer`: their number, 0 at the end and after a fault.
 * Short counts are normal. */
size_t source_read(struct source *source, void *buffer, size_t length) MUST_CHECK;

/* The first raw bytes, before decompression, without taking them: at most SOURCE_PEEK_BYTES, fewer
 * only when there are no more. To be asked before the first source_read(); borrowed until then. */
#define SOURCE_PEEK_BYTES 65536
size_t source_peek(struct source *source, const uint8_t **bytes) MUST_CHECK;

/* Threads that decompress content before it is asked for, of several sources at once, into at most
 * 64 MiB. What source_read() gives, and all findings, are the same as without. Pool and sources are
 * of one thread. NULL when the system gives no thread or no memory. */
struct source_pool;
struct source_pool *source_pool_create(unsigned threads) MUST_CHECK;
void source_pool_destroy(struct source_pool *pool); /* after its sources */

/* A compressed regular file: it gains, and its reading does not have to wait for anybody. To be
 * asked before the first source_read(). */
bool source_can_read_ahead(struct source *source) MUST_CHECK;

/* From now on the pool reads ahead; nothing was read so far. Where memory runs out the source is
 * read as without. */
void source_read_ahead(struct source *source, struct source_pool *pool);

/* Makes every wait for input, of any source, end as if the input ended there, with SOURCE_STOPPED.
 * For signal handlers. */
void source_stop(void);

enum source_fault {
    SOURCE_WHOLE,     /* no fault so far */
    SOURCE_TRUNCATED, /* the compressed stream ends early */
    SOURCE_CORRUPT,   /* the compressed stream is broken */
    SOURCE_GARBAGE, /* bytes behind the compressed stream, ignored; source_fault_bytes() of them */
    SOURCE_FAILED,  /* read(2) failed: errno in source_errno() */
    SOURCE_STOPPED, /* source_stop() */
    SOURCE_NO_MEMORY,
    SOURCE_UNSUPPORTED, /* zstd, and this binary was built without it */
    SOURCE_TOO_LARGE,   /* decompression guard: beyond 1 GiB of content, more than 200 times the raw
                         * bytes; or a zstd window beyond 128 MiB */
};

/* What ended the source early; meaningful once source_read() has returned 0. */
enum source_fault source_fault(const struct source *source);
uint64_t source_fault_bytes(const struct source *source);
int source_errno(const struct source *source);

enum compression source_compression(const struct source *source);

/* Raw bytes taken from the file, pipe or memory so far. */
uint64_t source_raw_bytes(const struct source *source);

/* Size of the regular file or the memory behind it; 0 for pipes. */
uint64_t source_size(const struct source *source);

#endif
