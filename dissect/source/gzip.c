#define ZLIB_CONST

#include "dissect/source/raw.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct gzip {
    z_stream stream;
    bool between_members;
    bool started;
    enum source_fault fault; /* met while there was output to deliver first */
};

static void *gzip_create(void)
{
    struct gzip *gzip = calloc(1, sizeof *gzip);
    if (!gzip)
        return NULL;
    /* 16 + 15: gzip wrapper only, the largest window. */
    if (inflateInit2(&gzip->stream, 16 + 15) != Z_OK) {
        free(gzip);
        return NULL;
    }
    gzip->between_members = true;
    return gzip;
}

static void gzip_destroy(void *state)
{
    struct gzip *gzip = state;
    inflateEnd(&gzip->stream);
    free(gzip);
}

/* RFC 1952 section 2.2: members follow each other without anything between. */
static bool next_member(struct gzip *gzip, struct raw *raw)
{
    if (raw_need(raw, 2) < 2 || raw->at[0] != 0x1f || raw->at[1] != 0x8b)
        return false;
    if (gzip->started && inflateReset(&gzip->stream) != Z_OK)
        return false;
    gzip->started = true;
    gzip->between_members = false;
    return true;
}

static size_t gzip_read(void *state, struct raw *raw, uint8_t *buffer, size_t length,
                        enum source_fault *fault)
{
    struct gzip *gzip = state;
    z_stream *stream = &gzip->stream;
    uInt wanted = length < UINT_MAX / 2 ? (uInt)length : UINT_MAX / 2;
    stream->next_out = buffer;
    stream->avail_out = wanted;
    while (stream->avail_out == wanted && !gzip->fault) {
        if (gzip->between_members && !next_member(gzip, raw))
            return 0;
        /* Without input there may still be output: what did not fit before. */
        size_t left = raw_need(raw, 1);
        uInt given = left < UINT_MAX / 2 ? (uInt)left : UINT_MAX / 2;
        stream->next_in = raw->at;
        stream->avail_in = given;
        int result = inflate(stream, Z_NO_FLUSH);
        raw->at += given - stream->avail_in;
        if (result == Z_STREAM_END)
            gzip->between_members = true;
        else if (result == Z_MEM_ERROR)
            gzip->fault = SOURCE_NO_MEMORY;
        else if (result != Z_OK && result != Z_BUF_ERROR)
            gzip->fault = SOURCE_CORRUPT;
        else if (!left && stream->avail_out == wanted)
            gzip->fault = SOURCE_TRUNCATED;
    }
    *fault = gzip->fault;
    return wanted - stream->avail_out;
}

const struct decoder gzip_decoder = {
    .create = gzip_create, .read = gzip_read, .destroy = gzip_destroy};
