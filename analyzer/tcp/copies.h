/*
 * Copies that the capture made of one packet (a mirror port, `-i any`, both sides of a router, two
 * taps), told from segments that were sent twice.
 */
#ifndef FINWAIT_ANALYZER_TCP_COPIES_H
#define FINWAIT_ANALYZER_TCP_COPIES_H

#include "analyzer/tcp/connection.h"

#include <stddef.h>
#include <string.h>

enum copy { NO_COPY, COPY_SAME_TAP, COPY_SECOND_TAP };

/* Judges the segment, and remembers it for the copies that may follow. */
enum copy copy_of(struct connection *c, int sender, const struct segment *segment);

/* A hash of what a copy of the segment has the same; its TTL in the lowest byte. */
static inline uint32_t signature_of(const struct segment *g)
{
    _Static_assert(offsetof(struct segment, ack) == offsetof(struct segment, seq) + 4 &&
                       offsetof(struct segment, ts_val) ==
                           offsetof(struct segment, payload_len) + 4 &&
                       offsetof(struct segment, window) == offsetof(struct segment, flags) + 2,
                   "these are read several at a time");
    uint64_t numbers, octets;
    uint32_t header;
    memcpy(&numbers, &g->seq, sizeof numbers);
    memcpy(&octets, &g->payload_len, sizeof octets);
    memcpy(&header, &g->flags, sizeof header);
    uint64_t rest = ((uint64_t)g->ip_id << 32 | header) ^ g->sack_right;
    uint64_t h = numbers * UINT64_C(0x9e3779b97f4a7c15) ^ octets * UINT64_C(0xff51afd7ed558ccd) ^
                 rest * UINT64_C(0xc4ceb9fe1a85ec53);
    return ((uint32_t)(h >> 32) & ~UINT32_C(0xff)) | g->ttl;
}

/* From now on what comes is compared with it. */
static inline void remember_segment(struct side *own, struct recent_segment segment)
{
    own->recent[1] = own->recent[0];
    own->recent[0] = segment;
}

/* What remember_segment() is about to drop is compared with for longer where there is a detail. */
static inline void remember_earlier(struct side_detail *detail, const struct side *own)
{
    uint8_t at = detail->oldest;
    detail->earlier[at] = own->recent[RECENT_SEGMENTS - 1];
    detail->oldest = at + 1 < EARLIER_SEGMENTS ? (uint8_t)(at + 1) : 0;
}

/* Nothing in it that its side had not sent before. */
bool nothing_new(const struct connection *c, int sender, const struct segment *segment);

#endif
