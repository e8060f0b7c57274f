/*
 * For tests: frames built octet by octet, and a dissector to run them through. Every frame is
 * copied into an allocation of exactly its captured length, so that a sanitizer sees any octet read
 * beyond it.
 */
#ifndef FINWAIT_DISSECT_NET_FRAMES_TEST_H
#define FINWAIT_DISSECT_NET_FRAMES_TEST_H

#include "dissect/dissect.h"

/* cmocka.h needs these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct frame {
    size_t length;
    uint8_t octets[4096];
};

static inline void put(struct frame *f, const void *octets, size_t length)
{
    assert_true(f->length + length <= sizeof f->octets);
    if (length)
        memcpy(f->octets + f->length, octets, length);
    f->length += length;
}

static inline void put8(struct frame *f, unsigned value)
{
    uint8_t octet = (uint8_t)value;
    put(f, &octet, 1);
}

static inline void put16(struct frame *f, unsigned value)
{
    put8(f, value >> 8);
    put8(f, value);
}

static inline void put32(struct frame *f, uint32_t value)
{
    put16(f, value >> 16);
    put16(f, value & 0xffff);
}

static inline void put_zeros(struct frame *f, size_t count)
{
    while (count--)
        put8(f, 0);
}

static inline void patch16(struct frame *f, size_t at, size_t value)
{
    f->octets[at] = (uint8_t)(value >> 8);
    f->octets[at + 1] = (uint8_t)value;
}

#define SAMPLE_SOURCE_PORT      49152
#define SAMPLE_DESTINATION_PORT 443
#define SAMPLE_SEQ              0xfffffff0u
#define SAMPLE_ACK              0x00000010u
#define SAMPLE_PAYLOAD          7

static inline void put_ethernet(struct frame *f, unsigned type)
{
    put(f, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01", 12);
    put16(f, type);
}

/* The length is filled in by end_ipv4(), with what was put in between. */
static inline size_t put_ipv4(struct frame *f, unsigned protocol)
{
    size_t at = f->length;
    put(f, "\x45\x00\x00\x00\x12\x34\x00\x00\x40", 9);
    put8(f, protocol);
    put16(f, 0);
    put(f, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
    return at;
}

static inline void end_ipv4(struct frame *f, size_t at)
{
    patch16(f, at + 2, f->length - at);
}

static inline size_t put_ipv6(struct frame *f, unsigned next)
{
    size_t at = f->length;
    put32(f, 0x60000000);
    put16(f, 0);
    put8(f, next);
    put8(f, 61);
    put(f, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    put(f, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02", 16);
    return at;
}

static inline void end_ipv6(struct frame *f, size_t at)
{
    patch16(f, at + 4, f->length - at - 40);
}

static inline void put_tcp(struct frame *f, unsigned flags, const char *options, size_t length,
                           size_t payload)
{
    put16(f, SAMPLE_SOURCE_PORT);
    put16(f, SAMPLE_DESTINATION_PORT);
    put32(f, SAMPLE_SEQ);
    put32(f, SAMPLE_ACK);
    put16(f, (unsigned)((20 + length) / 4) << 12 | flags);
    put16(f, 0x1234);
    put32(f, 0);
    put(f, options, length);
    for (size_t i = 0; i < payload; i++)
        put8(f, 'a' + (unsigned)(i % 26));
}

/* A whole packet of IPv4 and TCP with a timestamp option and SAMPLE_PAYLOAD octets. */
static inline void put_sample(struct frame *f)
{
    size_t ip = put_ipv4(f, 6);
    put_tcp(f, TCP_ACK | TCP_PSH, "\1\1\x08\x0a\0\0\0\x05\0\0\0\x06", 12, SAMPLE_PAYLOAD);
    end_ipv4(f, ip);
}

static inline void put_sample_v6(struct frame *f)
{
    size_t ip = put_ipv6(f, 6);
    put_tcp(f, TCP_ACK | TCP_PSH, "\1\1\x08\x0a\0\0\0\x05\0\0\0\x06", 12, SAMPLE_PAYLOAD);
    end_ipv6(f, ip);
}

static inline size_t put_udp(struct frame *f, unsigned port)
{
    size_t at = f->length;
    put16(f, 50000);
    put16(f, port);
    put32(f, 0);
    return at;
}

static inline void end_udp(struct frame *f, size_t at)
{
    patch16(f, at + 4, f->length - at);
}

struct bench {
    struct capture_findings findings;
    struct dissector *dissector;
    struct segment_batch *batch;
    uint64_t frames;
};

static inline void bench_init(struct bench *b)
{
    *b = (struct bench){0};
    b->dissector = dissector_create(&b->findings);
    b->batch = malloc(sizeof *b->batch);
    assert_non_null(b->dissector);
    assert_non_null(b->batch);
    memset(b->batch, 0xa5, sizeof *b->batch); /* slots are never clean */
    batch_clear(b->batch);
}

static inline void bench_finish(struct bench *b)
{
    dissector_destroy(b->dissector);
    free(b->batch);
    findings_finish(&b->findings);
}

/* Every packet is counted exactly once. */
static inline void assert_adds_up(const struct capture_findings *f)
{
    uint64_t sum = f->tcp + f->links_rest;
    for (int i = 0; i < OTHERS; i++)
        sum += f->other[i];
    for (int i = 0; i < UNDECODABLES; i++)
        sum += f->undecodable[i];
    for (uint32_t i = 0; i < f->link_count; i++)
        sum += f->links[i].packets;
    assert_int_equal(sum, f->packets);
}

/* Dissects into an emptied batch; the number of segments. Fields of `as` other than octets, lengths
 * and frame are taken over. */
static inline uint32_t bench_run_as(struct bench *b, struct packet as, const uint8_t *octets,
                                    size_t captured, size_t original)
{
    uint8_t *exact = malloc(captured ? captured : 1);
    assert_non_null(exact);
    if (captured)
        memcpy(exact, octets, captured);
    as.data = captured ? exact : exact + 1;
    as.captured_len = (uint32_t)captured;
    as.original_len = (uint32_t)original;
    as.frame = frame_ref_of(0, ++b->frames);
    batch_clear(b->batch);
    uint64_t tcp = b->findings.tcp;
    dissect_packet(b->dissector, &as, b->batch);
    free(exact);
    assert_adds_up(&b->findings);
    assert_int_equal(b->findings.packets, b->frames);
    assert_int_equal(b->findings.tcp - tcp, b->batch->count > 0);
    return b->batch->count;
}

static inline uint32_t bench_run(struct bench *b, uint16_t link_type, const struct frame *f,
                                 size_t captured)
{
    return bench_run_as(b, (struct packet){.link_type = link_type}, f->octets, captured, f->length);
}

/* The one segment of a frame captured whole. */
static inline const struct segment *bench_segment(struct bench *b, uint16_t link_type,
                                                  const struct frame *f)
{
    assert_int_equal(bench_run(b, link_type, f, f->length), 1);
    return &b->batch->segments[0];
}

static inline void assert_other(struct bench *b, uint16_t link_type, const struct frame *f,
                                enum other_protocol other)
{
    uint64_t before = b->findings.other[other];
    assert_int_equal(bench_run(b, link_type, f, f->length), 0);
    assert_int_equal(b->findings.other[other], before + 1);
}

static inline void assert_undecodable(struct bench *b, uint16_t link_type, const struct frame *f,
                                      size_t captured, enum undecodable reason)
{
    uint64_t before = b->findings.undecodable[reason];
    assert_int_equal(bench_run(b, link_type, f, captured), 0);
    assert_int_equal(b->findings.undecodable[reason], before + 1);
}

/* What every sample says, whatever was around it. */
static inline void assert_sample(const struct segment *s)
{
    assert_int_equal(s->source_port, SAMPLE_SOURCE_PORT);
    assert_int_equal(s->destination_port, SAMPLE_DESTINATION_PORT);
    assert_int_equal(s->seq, SAMPLE_SEQ);
    assert_int_equal(s->ack, SAMPLE_ACK);
    assert_int_equal(s->flags, TCP_ACK | TCP_PSH);
    assert_int_equal(s->window, 0x1234);
    assert_int_equal(s->payload_len, SAMPLE_PAYLOAD);
    assert_true(s->marks & SEG_TIMESTAMPS);
    assert_int_equal(s->ts_val, 5);
    assert_int_equal(s->ts_ecr, 6);
    assert_int_equal(s->aux, AUX_NONE);
}

#endif
