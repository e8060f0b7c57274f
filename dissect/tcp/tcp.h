/*
 * The TCP header and its options. Takes them off the layers, completes the segment that the IP
 * decoder began in the batch's free slot, and keeps it. Internal to dissect/.
 *
 * Sources: RFC 9293 section 3.1; options as in segment.h.
 */
#ifndef FINWAIT_DISSECT_TCP_TCP_H
#define FINWAIT_DISSECT_TCP_TCP_H

#include "dissect/net/layers.h"

enum step tcp_segment(struct layers *l);

/* What the options of one header say, into the segment (whose flags and ack must be there).
 * `captured` of their `length` octets are at `options`. */
struct tcp_extra {
    bool has_mptcp_reason;
    uint8_t mptcp_reason;
};
void tcp_options(struct segment *segment, const uint8_t *options, uint32_t captured,
                 uint32_t length, struct tcp_extra *extra);

/* The usual options of a segment that is no SYN (RFC 7323 appendix A). */
static inline bool tcp_is_timestamps_only(const uint8_t *options, uint32_t length)
{
    return length == 12 && load_be32(options) == 0x0101080a;
}

/* Above what any Ethernet carries: segmented by the network card, or put together by it. */
#define LONGEST_MTU 9216u

/* The shortest Ethernet frame carries so much: what is no longer may be padded. */
#define ETHERNET_PAYLOAD_MIN 46u

/* What the capture and the length say of a segment. */
static inline uint32_t tcp_marks_of(uint8_t packet_marks, uint32_t ip_bytes)
{
    uint32_t marks = ip_bytes > LONGEST_MTU ? SEG_OFFLOADED : 0;
    if (LIKELY(!packet_marks))
        return marks;
    if (packet_marks & PACKET_OFFLOADED)
        marks |= SEG_OFFLOADED;
    if (packet_marks & PACKET_CHECKSUM_PENDING)
        marks |= SEG_CHECKSUM_PENDING;
    if (packet_marks & PACKET_INBOUND)
        marks |= SEG_INBOUND;
    if (packet_marks & PACKET_OUTBOUND)
        marks |= SEG_OUTBOUND;
    return marks;
}

/* The slot still holds whatever was there before: all that neither IP nor the rest of the header
 * says. */
static inline void tcp_fill(struct segment *segment, const struct packet *packet, const uint8_t *h)
{
    uint32_t ports = load_be32(h);
    segment->source_port = (uint16_t)(ports >> 16);
    segment->destination_port = (uint16_t)ports;
    segment->seq = load_be32(h + 4);
    segment->ack = load_be32(h + 8);
    segment->flags = load_be16(h + 12) & 0x1ff;
    segment->ts_val = segment->ts_ecr = 0;
    segment->sack_left = segment->sack_right = 0;
    segment->mss = 0;
    segment->window_scale = 0;
    segment->aux = AUX_NONE;
    segment->marks = tcp_marks_of(packet->marks, segment->ip_bytes);
    segment->time_ns = packet->time_ns;
    segment->frame = packet->frame;
    segment->interface = packet->interface;
}

static inline void tcp_fill_timestamps(struct segment *segment, const uint8_t *options)
{
    segment->marks |= SEG_TIMESTAMPS;
    segment->ts_val = load_be32(options + 4);
    segment->ts_ecr = load_be32(options + 8);
}

#endif
