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

#endif
