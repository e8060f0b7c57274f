/*
 * Inside of dissect/source/: raw bytes from a descriptor or from memory, through one bounded
 * buffer, and the two decoders that stand on it.
 *
 * The buffer is allocated for descriptors only; memory is read where it lies.
 */
#ifndef FINWAIT_DISSECT_SOURCE_RAW_H
#define FINWAIT_DISSECT_SOURCE_RAW_H

#include "dissect/compiler.h"
#include "dissect/source/source.h"

#include <stdbool.h>

/* Measured: beyond this a larger read() gains nothing, and two of them still fit a cache. */
#define RAW_BUFFER_BYTES ((size_t)TABLE_SIZE(256, 64) * 1024)

struct raw {
    int fd; /* -1 for memory */
    uint8_t *buffer;
    const uint8_t *at; /* unread bytes: [at, end), in buffer or in the caller's memory */
    const uint8_t *end;
    uint64_t taken; /* from the descriptor or memory in all */
    int error;      /* errno of a failed read() */
    bool ended;
};

static inline size_t raw_left(const struct raw *raw)
{
    return (size_t)(raw->end - raw->at);
}

/* Reads on until at least `wanted` bytes (at most RAW_BUFFER_BYTES) are there or nothing more
 * comes; what is there. */
size_t raw_need(struct raw *raw, size_t wanted) MUST_CHECK;

/* One read(2) that survives signals: bytes read, 0 at the end and after an error (raw->error). */
size_t raw_read(struct raw *raw, void *buffer, size_t length) MUST_CHECK;

/* The decompression guard. Honest captures reach 20:1, zeros and repetitions alone come near the
 * 1032:1 that deflate can do at most; below 1 GiB of output even that does no harm. */
#define GUARD_FREE_BYTES ((uint64_t)1 << TABLE_SIZE(30, 18))
#define GUARD_STEP_BYTES ((uint64_t)1 << TABLE_SIZE(18, 12))
#define GUARD_RATIO      200u

static inline bool ratio_exceeded(uint64_t raw_bytes, uint64_t content_bytes)
{
    return content_bytes > GUARD_FREE_BYTES && content_bytes / GUARD_RATIO > raw_bytes;
}

/* A decoder turns raw bytes into content. read() gives 0 at the end and sets *fault when that is
 * not a good end; garbage behind the stream is left in the raw input. */
struct decoder {
    void *(*create)(void);
    size_t (*read)(void *state, struct raw *raw, uint8_t *buffer, size_t length,
                   enum source_fault *fault);
    void (*destroy)(void *state);
};

extern const struct decoder gzip_decoder;
#ifdef HAVE_ISAL
/* Reads anew what it has read, where that must be: of memory and regular files only. */
extern const struct decoder gzip_isal_decoder;
#endif
extern const struct decoder zstd_decoder;

#endif
