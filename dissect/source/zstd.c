#include "dissect/source/raw.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

/* RFC 8878 section 3.1.1.1.2 recommends at least 8 MiB; 128 MiB is what zstd itself accepts
 * without being told to. */
#define WINDOW_LOG_MAX 27

/* Fewer than any frame has, with those of a block header that are not handed over. */
#define FRAME_START_BYTES 8

struct zstd {
    ZSTD_DStream *stream;
    size_t expected; /* 0: at the end of a frame */
    bool held_back;  /* there was no room for all that the block gave */
    bool broken;
    enum source_fault fault;
};

static void *zstd_create(void)
{
    struct zstd *zstd = calloc(1, sizeof *zstd);
    if (!zstd)
        return NULL;
    zstd->stream = ZSTD_createDStream();
    if (!zstd->stream) {
        free(zstd);
        return NULL;
    }
    (void)ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return zstd;
}

static void zstd_destroy(void *state)
{
    struct zstd *zstd = state;
    ZSTD_freeDStream(zstd->stream);
    free(zstd);
}

static bool frame_follows(struct raw *raw)
{
    if (raw_need(raw, 4) < 4)
        return false;
    const uint8_t *p = raw->at;
    bool frame = p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd;
    bool skippable = (p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18;
    return frame || skippable;
}

static enum source_fault fault_of(size_t result)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation:
        return SOURCE_NO_MEMORY;
    case ZSTD_error_frameParameter_windowTooLarge:
        return SOURCE_TOO_LARGE;
    default:
        return SOURCE_CORRUPT;
    }
}

/* What zstd expects of a block includes the header of the next. */
#define BLOCK_HEADER_BYTES 3

/* A fault takes with it all that the same call gave. So each call gets one block at most, and none
 * while an earlier one's content is held back. */
static size_t offered(const struct zstd *zstd, size_t left)
{
    size_t wanted = zstd->expected ? zstd->expected : FRAME_START_BYTES;
    if (wanted > BLOCK_HEADER_BYTES)
        wanted -= BLOCK_HEADER_BYTES;
    if (zstd->held_back)
        return 0;
    return left < wanted ? left : wanted;
}

static size_t zstd_read(void *state, struct raw *raw, uint8_t *buffer, size_t length,
                        enum source_fault *fault)
{
    struct zstd *zstd = state;
    ZSTD_outBuffer out = {buffer, length, 0};
    if (zstd->broken) {
        *fault = zstd->fault;
        return 0;
    }
    while (!out.pos) {
        if (!zstd->expected && !frame_follows(raw))
            return 0;
        size_t left = raw_need(raw, 1);
        ZSTD_inBuffer in = {raw->at, offered(zstd, left), 0};
        size_t result = ZSTD_decompressStream(zstd->stream, &out, &in);
        raw->at += in.pos;
        if (ZSTD_isError(result)) {
            zstd->broken = true;
            zstd->fault = fault_of(result);
            *fault = zstd->fault;
            break;
        }
        zstd->expected = result;
        bool was_held_back = zstd->held_back;
        zstd->held_back = result && out.pos == out.size;
        if (!left && !out.pos && result && !was_held_back) {
            *fault = SOURCE_TRUNCATED;
            return 0;
        }
    }
    return out.pos;
}

const struct decoder zstd_decoder = {
    .create = zstd_create, .read = zstd_read, .destroy = zstd_destroy};
