#define ZLIB_CONST

#include "reports/compressor.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define PIECE_BYTES  (TABLE_SIZE(64u, 1u) * 1024)
#define LEVEL        1
#define WINDOW_BITS  (16 + 15) /* a gzip header with nothing optional, the largest window */
#define MEMORY_LEVEL 8         /* zlib's default */

struct compressor {
    z_stream stream;
    size_t left; /* given, and not yet taken in by zlib, whose own count may be narrower */
    bool last;
    bool busy; /* there may be another piece */
    unsigned char piece[PIECE_BYTES];
};

/* zlib would ask the C library from within its own: there no test can refuse it. */
static void *allocate(void *context, uInt count, uInt size)
{
    (void)context;
    return calloc(count, size);
}

static void release(void *context, void *old)
{
    (void)context;
    free(old);
}

struct compressor *compressor_create(void)
{
    struct compressor *compressor = malloc(sizeof *compressor);
    if (!compressor)
        return NULL;
    compressor->stream = (z_stream){.zalloc = allocate, .zfree = release};
    compressor->left = 0;
    compressor->last = false;
    compressor->busy = false;
    if (deflateInit2(&compressor->stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(compressor);
        return NULL;
    }
    return compressor;
}

void compressor_give(struct compressor *compressor, const void *bytes, size_t length, bool last)
{
    assert(!compressor->busy && !compressor->last);
    compressor->stream.next_in = bytes;
    compressor->left = length;
    compressor->last = last;
    compressor->busy = length || last;
}

/* Takes in what is left, as far as there is room for what comes of it. */
static void step(struct compressor *compressor)
{
    z_stream *stream = &compressor->stream;
    uInt given = compressor->left < UINT_MAX ? (uInt)compressor->left : UINT_MAX;
    int flush = compressor->last ? Z_FINISH : Z_SYNC_FLUSH;
    stream->avail_in = given;
    int result = deflate(stream, given == compressor->left ? flush : Z_NO_FLUSH);
    assert(result != Z_STREAM_ERROR);
    (void)result;
    compressor->left -= given - stream->avail_in;
    /* Where room remains, zlib keeps nothing back. */
    compressor->busy = compressor->left || !stream->avail_out;
}

size_t compressor_take(struct compressor *compressor, const void **piece)
{
    z_stream *stream = &compressor->stream;
    stream->next_out = compressor->piece;
    stream->avail_out = PIECE_BYTES;
    while (compressor->busy && stream->avail_out)
        step(compressor);
    *piece = compressor->piece;
    return PIECE_BYTES - stream->avail_out;
}

void compressor_destroy(struct compressor *compressor)
{
    if (!compressor)
        return;
    deflateEnd(&compressor->stream);
    free(compressor);
}
