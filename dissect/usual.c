#include "dissect/usual.h"

#include "dissect/net/layers.h"
#include "dissect/tcp/tcp.h"

#define LINKTYPE_ETHERNET 1
#define ETHERTYPE_IPV4    0x0800
#define ETHERTYPE_IPV6    0x86dd
#define ETHERNET_BYTES    14u
#define VLAN_TAG_BYTES    4u
#define IPV4_BYTES        20u
#define IPV6_BYTES        40u
#define TCP_BYTES         20u
#define PROTOCOL_TCP      6

/* What the shortest of these packets has. */
#define LEAST_BYTES (ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES)

/* An IP packet in its frame, or a TCP segment in its packet. */
struct extent {
    const uint8_t *at;
    uint32_t captured;
    uint32_t wire; /* never below captured */
};

static inline struct extent extent_behind(struct extent e, uint32_t header_bytes)
{
    return (struct extent){e.at + header_bytes, e.captured - header_bytes, e.wire - header_bytes};
}

static inline struct extent extent_within(struct extent e, uint32_t length)
{
    return (struct extent){e.at, e.captured < length ? e.captured : length, length};
}

static inline bool is_tag(uint16_t type)
{
    return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200;
}

/* At least IPV4_BYTES + TCP_BYTES are captured. */
static inline bool ipv4(struct extent *e, struct segment *segment)
{
    const uint8_t *h = e->at;
    uint32_t length_id = load_be32(h + 2);
    uint32_t total = length_id >> 16;
    uint32_t fragment_ttl_protocol = load_be32(h + 6) & 0x3fff00ff;
    if (UNLIKELY(h[0] != 0x45 || fragment_ttl_protocol != PROTOCOL_TCP ||
                 total < IPV4_BYTES + TCP_BYTES || total > e->wire))
        return false;
    memcpy(segment->source, ipv4_mapped, sizeof ipv4_mapped);
    memcpy(segment->source + 12, h + 12, 4);
    memcpy(segment->destination, ipv4_mapped, sizeof ipv4_mapped);
    memcpy(segment->destination + 12, h + 16, 4);
    segment->ip_bytes = total;
    segment->ip_id = (uint16_t)length_id;
    segment->ttl = h[8];
    segment->ip_version = 4;
    *e = extent_behind(extent_within(*e, total), IPV4_BYTES);
    return true;
}

static inline bool ipv6(struct extent *e, struct segment *segment)
{
    const uint8_t *h = e->at;
    if (UNLIKELY(e->captured < IPV6_BYTES + TCP_BYTES || h[0] >> 4 != 6 || h[6] != PROTOCOL_TCP))
        return false;
    uint32_t length = load_be16(h + 4);
    if (UNLIKELY(length < TCP_BYTES || length > e->wire - IPV6_BYTES))
        return false;
    memcpy(segment->source, h + 8, 16);
    memcpy(segment->destination, h + 24, 16);
    segment->ip_bytes = IPV6_BYTES + length;
    segment->ip_id = 0;
    segment->ttl = h[7];
    segment->ip_version = 6;
    *e = extent_within(extent_behind(*e, IPV6_BYTES), length);
    return true;
}

/* The payload is looked at where an RST may say why, and where it may be padding. */
static inline bool payload_matters(const struct segment *segment, uint32_t captured)
{
    return (segment->flags & TCP_RST && captured) ||
           (segment->ip_bytes <= ETHERNET_PAYLOAD_MIN && segment->payload_len);
}

/* False when they say why a connection was reset. */
static NEVER_INLINE bool other_options(struct segment *segment, const uint8_t *options,
                                       uint32_t length)
{
    struct tcp_extra extra = {0};
    tcp_options(segment, options, length, length, &extra);
    return !(segment->flags & TCP_RST && extra.has_mptcp_reason);
}

/* At least TCP_BYTES are captured. */
static inline bool tcp(struct extent e, const struct packet *packet, struct segment *segment)
{
    const uint8_t *h = e.at;
    uint32_t header_bytes = (uint32_t)(h[12] >> 4) * 4;
    if (UNLIKELY(header_bytes < TCP_BYTES || header_bytes > e.captured))
        return false;
    tcp_fill(segment, packet, h);
    segment->window = load_be16(h + 14);
    segment->payload_len = e.wire - header_bytes;
    if (UNLIKELY(payload_matters(segment, e.captured - header_bytes)))
        return false;
    if (UNLIKELY(segment->flags & TCP_URG) && load_be16(h + 18))
        segment->marks |= SEG_URGENT;
    uint32_t length = header_bytes - TCP_BYTES;
    const uint8_t *options = h + TCP_BYTES;
    if (LIKELY(tcp_is_timestamps_only(options, length)))
        tcp_fill_timestamps(segment, options);
    else if (length)
        return other_options(segment, options, length);
    return true;
}

void known_macs_init(struct known_macs *known)
{
    *known = (struct known_macs){0};
    for (uint32_t i = 0; i < KNOWN_MACS; i++)
        known->of[i].world = world_of_macs(known->of[i].pair, known->of[i].pair + 6);
}

/* The two directions of a pair have entries of their own. */
static inline uint64_t world_of(struct known_macs *known, const uint8_t *pair)
{
    uint32_t at = pair[11] % KNOWN_MACS;
    if (UNLIKELY(memcmp(known->of[at].pair, pair, 12) != 0)) {
        memcpy(known->of[at].pair, pair, 12);
        known->of[at].world = world_of_macs(pair, pair + 6);
    }
    return known->of[at].world;
}

static inline bool is_usual(struct known_macs *known, const struct packet *packet,
                            struct segment *segment)
{
    struct extent frame = {packet->data, packet->captured_len, packet->original_len};
    if (UNLIKELY(packet->link_type != LINKTYPE_ETHERNET || packet->fcs_len ||
                 frame.captured < LEAST_BYTES))
        return false;
    uint16_t type = load_be16(frame.at + 12);
    uint64_t world = world_of(known, frame.at);
    struct extent e = extent_behind(frame, ETHERNET_BYTES);
    segment->vlan = VLAN_NONE;
    segment->tunnel = TUNNEL_NONE;
    if (UNLIKELY(type != ETHERTYPE_IPV4 && is_tag(type))) {
        uint16_t id = load_be16(e.at) & 0xfff;
        type = load_be16(e.at + 2);
        e = extent_behind(e, VLAN_TAG_BYTES);
        if (e.captured < IPV4_BYTES + TCP_BYTES)
            return false;
        if (id) { /* 0: a priority, no VLAN */
            segment->vlan = id;
            world = world_with(world, WORLD_VLAN, id);
        }
    }
    segment->world = world_hash(world);
    if (LIKELY(type == ETHERTYPE_IPV4))
        return ipv4(&e, segment) && tcp(e, packet, segment);
    return type == ETHERTYPE_IPV6 && ipv6(&e, segment) && tcp(e, packet, segment);
}

uint32_t usual_segments(struct known_macs *known, const struct packet *packets, uint32_t count,
                        struct segment *segments)
{
    uint32_t done = 0;
    while (done < count && is_usual(known, &packets[done], &segments[done]))
        done++;
    return done;
}
