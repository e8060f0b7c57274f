/*
 * The short way through a pcapng section, as pcap_walk.h is through a pcap: from one enhanced
 * packet block without options in the window to the next. Internal to dissect/.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_PCAPNG_WALK_H
#define FINWAIT_DISSECT_CAPTURE_PCAPNG_WALK_H

#include "dissect/capture/pcapng_blocks.h"
#include "dissect/capture/reader.h"

#include <stddef.h>

struct pcapng_walk {
    const struct section *section;
    struct timed_run timed;
    const uint8_t *bytes;
    size_t at, end;
    frame_ref frame;
};

/* What pcapng_packet() would make of it, but for its number. False when that would have more to do.
 */
MUST_CHECK static ALWAYS_INLINE bool pcapng_plain_packet(const struct section *s, const uint8_t *p,
                                                         size_t left, uint32_t *span,
                                                         struct packet *packet)
{
    bool big_endian = s->big_endian;
    if (UNLIKELY(left < PACKET_BLOCK_FIXED))
        return false;
    uint32_t id = load_u32(big_endian, p + 8);
    uint32_t captured_len = load_u32(big_endian, p + 20);
    uint32_t original_len = load_u32(big_endian, p + 24);
    size_t whole = PACKET_BLOCK_FIXED + (((size_t)captured_len + 3) & ~(size_t)3);
    uint32_t length = load_u32(big_endian, p + 4);
    if (UNLIKELY(load_u32(big_endian, p) != BLOCK_PACKET || length != whole || whole > left ||
                 load_u32(big_endian, p + whole - 4) != length || id >= s->tap_count ||
                 captured_len > original_len))
        return false;
    const struct tap *tap = &s->taps[id];
    uint64_t ticks = (uint64_t)load_u32(big_endian, p + 12) << 32 | load_u32(big_endian, p + 16);
    if (UNLIKELY(!tap->usable || ticks >= tap->time.plain_ticks ||
                 (tap->snaplen && captured_len > tap->snaplen)))
        return false;
    packet->data = p + 28;
    packet->captured_len = captured_len;
    packet->original_len = original_len;
    packet->time_ns = time_from_ticks(&tap->time, ticks);
    packet->interface = tap->interface;
    packet->link_type = tap->link_type;
    packet->fcs_len = tap->fcs_len;
    packet->marks = 0;
    *span = length;
    return true;
}

/* False: what is next is not whole in the window, or not plain. */
MUST_CHECK static ALWAYS_INLINE bool pcapng_walk_begin(struct pcapng_walk *w,
                                                       const struct capture *c)
{
    struct packet first;
    uint32_t span;
    w->section = &c->section;
    w->bytes = c->window.bytes;
    w->at = c->window.at;
    w->end = c->window.end;
    w->frame = frame_ref_of(c->file, c->frames);
    if (c->section.unknown_version ||
        !pcapng_plain_packet(&c->section, w->bytes + w->at, w->end - w->at, &span, &first))
        return false;
    w->timed = timed_begin(c, first.time_ns);
    return true;
}

/* False: the walk ends here. */
MUST_CHECK static ALWAYS_INLINE bool pcapng_walk_next(struct pcapng_walk *w, struct packet *packet)
{
    uint32_t span;
    if (UNLIKELY(!pcapng_plain_packet(w->section, w->bytes + w->at, w->end - w->at, &span, packet)))
        return false;
    packet->frame = ++w->frame;
    timed_add(&w->timed, packet->time_ns);
    w->at += span;
    return true;
}

/* What was walked is read, and counted in its file: how many packets. */
static ALWAYS_INLINE uint32_t pcapng_walk_end(const struct pcapng_walk *w, struct capture *c)
{
    uint32_t count = (uint32_t)(frame_number(w->frame) - c->frames);
    c->window.at = w->at;
    count_timed(c, &w->timed, count);
    return count;
}

#endif
