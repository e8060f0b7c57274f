/*
 * One packet as the capture has it, before any decoding.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_PACKET_H
#define FINWAIT_DISSECT_CAPTURE_PACKET_H

#include "dissect/segment.h"

#include <stdint.h>

/* What the capturing system says of the packet (pcapng epb_flags, draft-ietf-opsawg-pcapng). */
enum packet_mark {
    PACKET_INBOUND = 1u << 0,
    PACKET_OUTBOUND = 1u << 1,
    PACKET_CHECKSUM_PENDING = 1u << 2, /* checksum not ready: left to the hardware */
    PACKET_OFFLOADED = 1u << 3,        /* TCP segmentation offloaded */
};

struct packet {
    const uint8_t *data; /* captured_len bytes, borrowed until the next packet is asked for */
    uint32_t captured_len;
    uint32_t original_len; /* never below captured_len */
    int64_t time_ns;       /* or TIME_UNKNOWN */
    frame_ref frame;
    uint32_t interface; /* index into capture_findings.interfaces */
    uint16_t link_type; /* LINKTYPE_ value as in the file */
    uint8_t fcs_len;    /* octets of frame check sequence at the end of original_len */
    uint8_t marks;      /* enum packet_mark */
};

#endif
