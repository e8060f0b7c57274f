/*
 * For tests: captures built in memory, and read back.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_CAPTURE_BUILD_H
#define FINWAIT_DISSECT_CAPTURE_CAPTURE_BUILD_H

#include "dissect/capture/capture.h"

#include <stdlib.h>
#include <string.h>

struct build {
    uint8_t *bytes;
    size_t length;
    size_t room;
};

static inline void put(struct build *b, const void *bytes, size_t length)
{
    if (b->length + length > b->room) {
        b->room = 2 * (b->length + length);
        b->bytes = realloc(b->bytes, b->room);
        if (!b->bytes)
            abort();
    }
    if (length)
        memcpy(b->bytes + b->length, bytes, length);
    b->length += length;
}

static inline void put16(struct build *b, uint16_t value)
{
    put(b, &value, sizeof value);
}

static inline void put32(struct build *b, uint32_t value)
{
    put(b, &value, sizeof value);
}

static inline void put_pcap(struct build *b, uint32_t snaplen, uint32_t link_type)
{
    put32(b, 0xa1b2c3d4);
    put16(b, 2);
    put16(b, 4);
    put32(b, 0);
    put32(b, 0);
    put32(b, snaplen);
    put32(b, link_type);
}

/* The data are the record's number, over and over: easily told from any other's. */
static inline void put_record(struct build *b, uint32_t seconds, uint32_t number, uint32_t length)
{
    put32(b, seconds);
    put32(b, number % 1000000);
    put32(b, length);
    put32(b, length);
    for (uint32_t i = 0; i < length; i++)
        put(b, (const uint8_t *)&number + i % 4, 1);
}

static inline void put_block(struct build *b, uint32_t type, const struct build *body)
{
    uint32_t length = (uint32_t)body->length + 12;
    put32(b, type);
    put32(b, length);
    put(b, body->bytes, body->length);
    put32(b, length);
}

static inline void put_section(struct build *b)
{
    static const uint64_t unknown = UINT64_MAX;
    struct build body = {0};
    put32(&body, 0x1a2b3c4d);
    put16(&body, 1);
    put16(&body, 0);
    put(&body, &unknown, 8);
    put_block(b, 0x0a0d0d0a, &body);
    free(body.bytes);
}

static inline void put_interface(struct build *b, uint16_t link_type, const void *options,
                                 size_t length)
{
    struct build body = {0};
    put16(&body, link_type);
    put16(&body, 0);
    put32(&body, 0);
    put(&body, options, length);
    put_block(b, 1, &body);
    free(body.bytes);
}

static inline void put_epb(struct build *b, uint64_t ticks, uint32_t number, uint32_t length,
                           const void *options, size_t options_length)
{
    static const uint8_t padding[4];
    struct build body = {0};
    put32(&body, 0);
    put32(&body, (uint32_t)(ticks >> 32));
    put32(&body, (uint32_t)ticks);
    put32(&body, length);
    put32(&body, length);
    for (uint32_t i = 0; i < length; i++)
        put(&body, (const uint8_t *)&number + i % 4, 1);
    put(&body, padding, (4 - length % 4) % 4);
    put(&body, options, options_length);
    put_block(b, 6, &body);
    free(body.bytes);
}

/* Whether the data are those of that number. */
static inline bool data_is(const struct packet *packet, uint32_t number)
{
    for (uint32_t i = 0; i < packet->captured_len; i++) {
        if (packet->data[i] != ((const uint8_t *)&number)[i % 4])
            return false;
    }
    return true;
}

/* A capture over a copy of exactly the bytes given, so that a sanitizer sees one read too many. */
struct reading {
    struct capture_findings findings;
    struct capture *capture;
    uint8_t *copy;
};

static inline void reading_start(struct reading *r, const uint8_t *bytes, size_t length)
{
    *r = (struct reading){.copy = malloc(length ? length : 1)};
    if (!r->copy)
        abort();
    memcpy(r->copy, bytes, length);
    struct source *source = source_from_memory(r->copy, length);
    if (!source || !findings_add_file(&r->findings, "test"))
        abort();
    r->capture = capture_create(source, &r->findings, 0);
    if (!r->capture)
        abort();
}

static inline void reading_end(struct reading *r)
{
    capture_destroy(r->capture);
    findings_finish(&r->findings);
    free(r->copy);
}

#endif
