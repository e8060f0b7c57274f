/*
 * The front of the room: packets to TCP segments. Undoes link layers, tunnels and fragments to the
 * innermost TCP header, and accounts for every packet: TCP, other (by protocol), or undecodable (by
 * reason).
 *
 * The dissector remembers only IP fragments (at most 4096 packets' worth, nothing copied but the
 * first 256 octets of each), in capture order. A first fragment that the snapshot length cut is a
 * packet of IP fragments until its datagram is given up; then it is TCP, and its segment comes,
 * late, with the packet at which that happened, or from dissect_flush().
 */
#ifndef FINWAIT_DISSECT_DISSECT_H
#define FINWAIT_DISSECT_DISSECT_H

#include "dissect/capture/packet.h"
#include "dissect/compiler.h"
#include "dissect/findings.h"
#include "dissect/net/fragments.h"
#include "dissect/segment.h"

struct dissector;
struct timeline;

/* Counts into `findings` (borrowed). NULL when memory ran out. */
struct dissector *dissector_create(struct capture_findings *findings) MUST_CHECK;
void dissector_destroy(struct dissector *dissector);

/* Appends the packet's segments and those of datagrams given up (together at most
 * PACKET_SEGMENTS_MAX) to the batch, which must not be batch_full(), and counts the packet. A
 * packet is TCP when it yields a segment; segments beyond the limit are counted as
 * ODDITY_SEGMENT_LIMIT. */
void dissect_packet(struct dissector *dissector, const struct packet *packet,
                    struct segment_batch *batch);

/* The same for one packet after the other, until the batch is full; how many it took. */
uint32_t dissect_packets(struct dissector *dissector, const struct packet *packets, uint32_t count,
                         struct segment_batch *batch) MUST_CHECK;

/* What the next packets of the timeline yield, straight from their records, where one file is left
 * that is a usual pcap or a pcapng, in order: as dissect_packets() of timeline_next_run() would
 * append it, until the batch, which must not be full, is full; how many packets. 0: they are to be
 * had by these. */
uint32_t dissect_straight(struct dissector *dissector, struct timeline *timeline,
                          struct segment_batch *batch) MUST_CHECK;

/* After the last packet: what is left of IP datagrams that never became complete, at most
 * PACKET_SEGMENTS_MAX segments at a time, with the frames and times of their packets. The batch
 * must not be batch_full(). False, and nothing appended, when nothing is left. */
bool dissect_flush(struct dissector *dissector, struct segment_batch *batch) MUST_CHECK;

/* In which packets the datagrams came whose segments the last of these functions gave: those of
 * segment.frame have that in `segment`. Borrowed until the next of these. */
const struct fragment_place *dissect_fragments(const struct dissector *dissector, size_t *count);

/* Counts a packet that --filter left out. */
void dissect_filtered(struct dissector *dissector);

#endif
