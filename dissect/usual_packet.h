/*
 * How a usual packet is read, for who has it in hand. Internal to dissect/.
 */
#ifndef FINWAIT_DISSECT_USUAL_PACKET_H
#define FINWAIT_DISSECT_USUAL_PACKET_H

#include "dissect/compiler.h"
#include "dissect/net/layers.h"
#include "dissect/tcp/tcp.h"
#include "dissect/usual.h"

#define LINKTYPE_ETHERNET 1
#define ETHERTYPE_IPV4    0x0800
#define ETHERTYPE_IPV6    0x86dd
#define ETHERNET_BYTES    14u
#define VLAN_TAG_BYTES    4u
#define IPV4_BYTES        20u
#define IPV6_BYTES        40u
#define TCP_BYTES         20u
#define PROTOCOL_TCP      6

/* Of what a line takes to come from another processor, each segment is a tenth. */
#define PLACES_AHEAD 12u

/* Where that takes more than reading fields; false where the packet is for the long way, and in
 * other options when they say why a connection was reset. */
bool usual_other_options(struct segment *segment, const uint8_t *options,
                         uint32_t length) MUST_CHECK;
bool usual_tagged(const struct known_pair *macs, struct packet packet,
                  struct segment *segment) MUST_CHECK;

static inline bool is_tag(uint16_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200;
}

/* The two directions of a pair have entries of their own. */
static inline const struct known_pair *pair_of(struct known_macs *known, const uint8_t *pair)
{
    struct known_pair *k = &known->pairs[pair[11] % KNOWN_MACS];
    if (UNLIKELY(memcmp(k->pair, pair, sizeof k->pair) != 0)) {
        memcpy(k->pair, pair, sizeof k->pair);
        k->world = world_of_macs(pair, pair + 6);
        k->hash = world_hash(k->world);
    }
    return k;
}

/* How far a layer reaches from its header on. */
struct reach {
    const uint8_t *h;
    uint32_t captured;
    uint32_t wire; /* never below captured */
};

/* The two below say false where the packet is for the long way. At least IPV4_BYTES + TCP_BYTES are
 * captured. */
static inline bool ipv4(const uint8_t *h, struct reach *reach, struct segment *segment)
{
    uint32_t length_id = load_be32(h + 2);
    uint32_t total = length_id >> 16;
    uint32_t fragment_protocol = load_be32(h + 6) & 0x3fff00ff;
    if (UNLIKELY(h[0] != 0x45 || fragment_protocol != PROTOCOL_TCP ||
                 total < IPV4_BYTES + TCP_BYTES || total > reach->wire))
        return false;
    memcpy(segment->source, ipv4_mapped, sizeof ipv4_mapped);
    memcpy(segment->source + 12, h + 12, 4);
    memcpy(segment->destination, ipv4_mapped, sizeof ipv4_mapped);
    memcpy(segment->destination + 12, h + 16, 4);
    segment->ip_bytes = total;
    segment->ip_id = (uint16_t)length_id;
    segment->ttl = h[8];
    segment->ip_version = 4;
    reach->h = h + IPV4_BYTES;
    reach->captured = (reach->captured < total ? reach->captured : total) - IPV4_BYTES;
    reach->wire = total - IPV4_BYTES;
    return true;
}

static inline bool ipv6(const uint8_t *h, struct reach *reach, struct segment *segment)
{
    if (UNLIKELY(reach->captured < IPV6_BYTES + TCP_BYTES || h[0] >> 4 != 6 ||
                 h[6] != PROTOCOL_TCP))
        return false;
    uint32_t length = load_be16(h + 4);
    if (UNLIKELY(length < TCP_BYTES || length > reach->wire - IPV6_BYTES))
        return false;
    memcpy(segment->source, h + 8, 16);
    memcpy(segment->destination, h + 24, 16);
    segment->ip_bytes = IPV6_BYTES + length;
    segment->ip_id = 0;
    segment->ttl = h[7];
    segment->ip_version = 6;
    uint32_t captured = reach->captured - IPV6_BYTES;
    reach->h = h + IPV6_BYTES;
    reach->captured = captured < length ? captured : length;
    reach->wire = length;
    return true;
}

/* The payload is looked at where an RST may say why, and where it may be padding. */
static inline bool payload_matters(const struct segment *segment, uint32_t captured)
{
    return (segment->flags & TCP_RST && captured) ||
           (segment->ip_bytes <= ETHERNET_PAYLOAD_MIN && segment->payload_len);
}

/* At least TCP_BYTES are captured. */
static inline bool tcp(struct reach reach, const struct packet *packet, struct segment *segment)
{
    const uint8_t *h = reach.h;
    uint32_t header_bytes = (uint32_t)(h[12] >> 4) * 4;
    if (UNLIKELY(header_bytes < TCP_BYTES || header_bytes > reach.captured))
        return false;
    tcp_fill(segment, packet, h);
    segment->window = load_be16(h + 14);
    segment->payload_len = reach.wire - header_bytes;
    if (UNLIKELY(payload_matters(segment, reach.captured - header_bytes)))
        return false;
    if (UNLIKELY(segment->flags & TCP_URG) && load_be16(h + 18))
        segment->marks |= SEG_URGENT;
    uint32_t length = header_bytes - TCP_BYTES;
    const uint8_t *options = h + TCP_BYTES;
    if (LIKELY(tcp_is_timestamps_only(options, length)))
        tcp_fill_timestamps(segment, options);
    else if (length)
        return usual_other_options(segment, options, length);
    return true;
}

/* From the EtherType on, which ends there. */
static inline bool behind_ethernet(const struct packet *packet, uint32_t link_bytes,
                                   struct segment *segment)
{
    const uint8_t *h = packet->data + link_bytes;
    struct reach reach = {h, packet->captured_len - link_bytes, packet->original_len - link_bytes};
    segment->tunnel = TUNNEL_NONE;
    uint16_t type = load_be16(h - 2);
    if (LIKELY(type == ETHERTYPE_IPV4))
        return ipv4(h, &reach, segment) && tcp(reach, packet, segment);
    return type == ETHERTYPE_IPV6 && ipv6(h, &reach, segment) && tcp(reach, packet, segment);
}

static ALWAYS_INLINE bool is_usual(struct known_macs *known, const struct packet *packet,
                                   struct segment *segment)
{
    if (UNLIKELY(packet->link_type != LINKTYPE_ETHERNET || packet->fcs_len ||
                 packet->captured_len < ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES))
        return false;
    const struct known_pair *macs = pair_of(known, packet->data);
    uint16_t type = load_be16(packet->data + 12);
    if (UNLIKELY(type != ETHERTYPE_IPV4 && is_tag(type)))
        return usual_tagged(macs, *packet, segment);
    segment->world = macs->hash;
    segment->vlan = VLAN_NONE;
    return behind_ethernet(packet, ETHERNET_BYTES, segment);
}

/* Segments are written where another thread has just read some: it has their lines. */
static inline void fetch_place(const struct segment *segment)
{
    uintptr_t later = (uintptr_t)segment + PLACES_AHEAD * sizeof *segment;
    FETCH_TO_WRITE(later);
    FETCH_TO_WRITE(later + 64);
}

#endif
