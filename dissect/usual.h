/*
 * The short way: a packet of Ethernet, at most one VLAN tag, IPv4 without options and fragments or
 * IPv6 without extension headers, and TCP, captured at least to the end of its TCP header. What it
 * says is what the long way of layers.h would say, field by field; where that takes more than
 * reading fields, it leaves the packet alone. Internal to dissect/.
 */
#ifndef FINWAIT_DISSECT_USUAL_H
#define FINWAIT_DISSECT_USUAL_H

#include "dissect/capture/packet.h"
#include "dissect/compiler.h"
#include "dissect/dissect.h"
#include "dissect/segment.h"

#include <stdbool.h>

/* What pairs of MAC addresses give (struct segment.world), for those seen last: a capture has few.
 */
#define KNOWN_MACS 16
struct known_macs {
    struct known_pair {
        uint64_t world;
        uint32_t hash;
        uint8_t pair[12];
    } pairs[KNOWN_MACS];
};

void known_macs_init(struct known_macs *known);

/* As many packets as are usual before the first that is not, to as many segments. The one behind
 * them, of the same number as a packet, is scratch. */
uint32_t usual_segments(struct known_macs *known, const struct packet *packets, uint32_t count,
                        struct segment *segments) MUST_CHECK;

/* dissect_packet() by the long way, whatever the packet. */
void dissect_unusual(struct dissector *dissector, const struct packet *packet,
                     struct segment_batch *batch);

#endif
