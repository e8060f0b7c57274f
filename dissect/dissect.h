/*
 * The front of the room: packets to TCP segments. Undoes link layers, tunnels and fragments to the
 * innermost TCP header, and accounts for every packet: TCP, other (by protocol), or undecodable (by
 * reason).
 *
 * The dissector remembers only IP fragments (at most 4096 packets' worth, nothing copied but the
 * first 256 octets of each), in capture order.
 */
#ifndef FINWAIT_DISSECT_DISSECT_H
#define FINWAIT_DISSECT_DISSECT_H

#include "dissect/capture/packet.h"
#include "dissect/compiler.h"
#include "dissect/findings.h"
#include "dissect/segment.h"

struct dissector;

/* Counts into `findings` (borrowed). NULL when memory ran out. */
struct dissector *dissector_create(struct capture_findings *findings) MUST_CHECK;
void dissector_destroy(struct dissector *dissector);

/* Appends the packet's segments (0 to PACKET_SEGMENTS_MAX) to the batch, which must not be
 * batch_full(), and counts the packet. A packet is TCP when it yields a segment. */
void dissect_packet(struct dissector *dissector, const struct packet *packet,
                    struct segment_batch *batch);

/* Counts a packet that --filter left out. */
void dissect_filtered(struct dissector *dissector);

#endif
