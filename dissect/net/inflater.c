#include "dissect/net/inflater.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

#define RAW_DEFLATE (-MAX_WBITS)

struct inflater {
    z_stream stream;
    uint8_t head[INFLATED_HEAD_BYTES];
    uint8_t rest[4096]; /* only counted */
};

struct inflater *inflater_create(void)
{
    struct inflater *inflater = calloc(1, sizeof *inflater);
    if (!inflater)
        return NULL;
    if (inflateInit2(&inflater->stream, RAW_DEFLATE) != Z_OK) {
        free(inflater);
        return NULL;
    }
    return inflater;
}

void inflater_destroy(struct inflater *inflater)
{
    if (!inflater)
        return;
    inflateEnd(&inflater->stream);
    free(inflater);
}

struct inflated inflate_packet(struct inflater *inflater, const uint8_t *octets, uint32_t length)
{
    z_stream *stream = &inflater->stream;
    struct inflated inflated = {.head = inflater->head};
    int status = inflateReset(stream);
    stream->next_in = octets;
    stream->avail_in = length;
    stream->next_out = inflater->head;
    stream->avail_out = sizeof inflater->head;
    while (status == Z_OK && stream->total_out <= INFLATED_BYTES_MAX) {
        status = inflate(stream, Z_SYNC_FLUSH);
        if (stream->avail_out)
            break;
        stream->next_out = inflater->rest;
        stream->avail_out = sizeof inflater->rest;
    }
    uLong total = stream->total_out;
    inflated.head_len = (uint32_t)(total < sizeof inflater->head ? total : sizeof inflater->head);
    inflated.length = (uint32_t)(total < INFLATED_BYTES_MAX ? total : INFLATED_BYTES_MAX);
    inflated.whole = status == Z_STREAM_END && total <= INFLATED_BYTES_MAX;
    inflated.exact = inflated.whole && !stream->avail_in;
    return inflated;
}
