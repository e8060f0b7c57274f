/*
 * The short way through a pcap part: from one usual record in the window to the next, without a
 * call between them, so that what a packet is made into does not wait for where the next one
 * begins. Internal to dissect/.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_PCAP_WALK_H
#define FINWAIT_DISSECT_CAPTURE_PCAP_WALK_H

#include "dissect/capture/reader.h"

#include <stddef.h>

/* Seconds by which neighbouring packets may differ before the record is looked at twice. */
#define NEIGHBOUR_SECONDS 86400u

/* Odd enough to be looked at twice, behind a record of that time. */
static inline bool pcap_is_odd_behind(const struct pcap_part *part, const struct pcap_record *r,
                                      uint32_t last_seconds)
{
    bool jump = r->seconds - last_seconds + NEIGHBOUR_SECONDS > 2 * NEIGHBOUR_SECONDS;
    return (r->captured_len > r->original_len) | (r->captured_len > part->usual_max) |
           (r->subseconds >= part->subsecond_limit) | (r->original_len == 0) | jump |
           part->judge_all;
}

static inline bool pcap_is_odd(const struct pcap_part *part, const struct pcap_record *r)
{
    return pcap_is_odd_behind(part, r, part->last_seconds);
}

static inline int64_t pcap_time_of(const struct pcap_part *part, const struct pcap_record *r)
{
    return (int64_t)r->seconds * NS_PER_SECOND +
           (int64_t)((uint64_t)r->subseconds * part->subsecond_ns);
}

/* All but what all packets of a part have. */
static inline void pcap_fill(const struct pcap_part *part, const struct pcap_record *r,
                             const uint8_t *data, struct packet *packet)
{
    packet->data = data;
    packet->captured_len = r->captured_len;
    packet->original_len = r->original_len;
    packet->time_ns = pcap_time_of(part, r);
}

/* The part's own numbers stand in it by value: as constants where they are as in nearly all files.
 */
struct pcap_walk {
    struct pcap_part part;
    struct timed_run timed;
    const uint8_t *bytes;
    size_t at, end;
    struct pcap_record r; /* what stands at `at`: usual */
    uint32_t last_seconds;
    frame_ref frame;
};

/* As nearly all are. */
static inline bool pcap_is_plain(const struct pcap_part *part)
{
    return part->lengths == LENGTHS_CAPTURED_FIRST && part->header_len == 16 &&
           part->big_endian == HOST_BIG_ENDIAN && !part->judge_all;
}

/* The same part, where the compiler sees what is plain of it. */
static ALWAYS_INLINE struct pcap_part pcap_plain_part(const struct pcap_part *part)
{
    struct pcap_part plain = *part;
    plain.lengths = LENGTHS_CAPTURED_FIRST;
    plain.header_len = 16;
    plain.big_endian = HOST_BIG_ENDIAN;
    plain.judge_all = false;
    return plain;
}

/* False: what is next is not in the window, or not usual. */
MUST_CHECK static ALWAYS_INLINE bool pcap_walk_begin(struct pcap_walk *w, const struct capture *c,
                                                     const struct pcap_part part)
{
    w->part = part;
    w->bytes = c->window.bytes;
    w->at = c->window.at;
    w->end = c->window.end;
    if (UNLIKELY(w->end - w->at < part.header_len))
        return false;
    w->r = pcap_record_read(&part, w->bytes + w->at);
    w->last_seconds = part.last_seconds;
    w->frame = frame_ref_of(c->file, c->frames);
    w->timed = timed_begin(c, pcap_time_of(&part, &w->r));
    return LIKELY(!pcap_is_odd(&part, &w->r));
}

/* A record is delivered when the header behind it is as usual as its own: one that swallowed the
 * start of the next, because bytes between were lost, is found out before it is handed on. False:
 * the walk ends here. What all packets of the part have is left to the caller. */
MUST_CHECK static ALWAYS_INLINE bool pcap_walk_next(struct pcap_walk *w, struct packet *packet)
{
    size_t behind = w->at + w->part.header_len + w->r.captured_len;
    if (UNLIKELY(w->end < behind + w->part.header_len))
        return false;
    struct pcap_record next = pcap_record_read(&w->part, w->bytes + behind);
    if (UNLIKELY(pcap_is_odd_behind(&w->part, &next, w->r.seconds)))
        return false;
    /* Read once more, to hold less at a time. */
    struct pcap_record r = pcap_record_read(&w->part, w->bytes + w->at);
    pcap_fill(&w->part, &r, w->bytes + w->at + w->part.header_len, packet);
    packet->frame = ++w->frame;
    timed_add(&w->timed, packet->time_ns);
    w->at = behind;
    w->last_seconds = r.seconds;
    w->r = next;
    return true;
}

/* What was walked is read, and counted in its file: how many packets. */
static ALWAYS_INLINE uint32_t pcap_walk_end(const struct pcap_walk *w, struct capture *c)
{
    uint32_t count = (uint32_t)(frame_number(w->frame) - c->frames);
    c->pcap.last_seconds = w->last_seconds;
    c->window.at = w->at;
    count_timed(c, &w->timed, count);
    return count;
}

#endif
