/*
 * What the decoders of link/, net/ and tcp/ hand each other: the octets still to be decoded, what
 * the layers so far said, and the outcome. Internal to dissect/.
 *
 * A decoder takes its own header off the front and returns the step that decodes what follows;
 * layers_run() is the loop, so nothing recurses however deep a packet nests. The exceptions are an
 * A-MSDU and a batch of netlink messages, which run the loop once for each of their parts: only
 * link layers hold them, so they cannot hold each other.
 *
 * Two lengths go along: the captured octets (a cursor) and the octets on the wire. The first never
 * exceeds the second, and only the second ever becomes a payload length.
 */
#ifndef FINWAIT_DISSECT_NET_LAYERS_H
#define FINWAIT_DISSECT_NET_LAYERS_H

#include "dissect/capture/packet.h"
#include "dissect/compiler.h"
#include "dissect/cursor.h"
#include "dissect/findings.h"
#include "dissect/net/fragments.h"
#include "dissect/net/inflater.h"
#include "dissect/segment.h"

enum step {
    STEP_DONE,    /* layers.outcome says what the packet is */
    STEP_REFUSED, /* a tunnel decoder says: not mine. Nothing was taken */
    STEP_ETHERNET,
    STEP_ETHERTYPE, /* layers.type is an EtherType */
    STEP_LLC,
    STEP_PPP,
    STEP_MPLS,
    STEP_NSH,
    STEP_WLAN,
    STEP_IP,       /* version by its first four bits */
    STEP_PROTOCOL, /* layers.type is an IP protocol */
    STEP_TCP,
};

/* RFC 4291 section 2.5.5.2: an IPv4 address with this before it. */
static const uint8_t ipv4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

enum outcome_kind { OUTCOME_TCP, OUTCOME_OTHER, OUTCOME_LINK, OUTCOME_UNDECODABLE };

/* Of things that nest in each other (reliability: a packet is finite, but a hostile one is all
 * headers). Labels and extension headers have their own bounds. */
#define LAYERS_MAX     8
#define TUNNELS_MAX    4
#define EXTENSIONS_MAX 8
#define LABELS_MAX     16

struct layers {
    struct cursor in;
    uint32_t wire_left;
    uint32_t marks;          /* enum segment_mark, for the segment to come */
    uint64_t world;          /* running hash; 0 while nothing was mixed in */
    struct segment *segment; /* the batch's next free slot: scratch until tcp_segment() keeps it */
    struct segment_batch *batch;
    const struct packet *packet;
    struct fragment_table *fragments;
    struct inflater *inflater;
    uint16_t type;
    uint16_t vlan;
    uint8_t tunnel;
    uint8_t layer_count;
    uint8_t tunnel_count;
    uint8_t extension_count;
    uint8_t emitted;      /* segments of this packet so far */
    uint32_t left_out;    /* those beyond PACKET_SEGMENTS_MAX */
    bool is_part;         /* of a packet that holds several */
    bool has_fragment;    /* IP fragments were among the layers */
    bool is_inflated;     /* what is decoded lies in the inflater */
    uint8_t outcome_kind; /* enum outcome_kind */
    uint8_t outcome;      /* enum other_protocol or enum undecodable, by kind */
    uint8_t carrier;      /* enum other_protocol: what it is when the tunnel holds no packet */
    bool wlan_padded;     /* radiotap: 802.11 header padded to a multiple of four */
};

enum step layers_run(struct layers *l, enum step step);

/* For a packet that holds several: runs one part, a copy of `whole` moved to its place. The packet
 * is TCP when one of its parts is, otherwise what the first of them is. */
void layers_run_part(struct layers *whole, struct layers *part, enum step step, bool first);

static inline enum step layers_other(struct layers *l, enum other_protocol other)
{
    l->outcome_kind = OUTCOME_OTHER;
    l->outcome = (uint8_t)other;
    return STEP_DONE;
}

static inline enum step layers_undecodable(struct layers *l, enum undecodable reason)
{
    l->outcome_kind = OUTCOME_UNDECODABLE;
    l->outcome = (uint8_t)reason;
    return STEP_DONE;
}

/* The next `length` octets, or NULL (and nothing moved) when so many were not captured. */
static inline const uint8_t *layers_peek(const struct layers *l, size_t length)
{
    return cursor_left(&l->in) < length ? NULL : l->in.at;
}

static inline const uint8_t *layers_take(struct layers *l, uint32_t length)
{
    const uint8_t *taken = cursor_take(&l->in, length);
    if (LIKELY(taken != NULL))
        l->wire_left -= length;
    return taken;
}

/* A header's own length field: what lies beyond it is padding or a trailer. Never widens. */
static inline void layers_limit(struct layers *l, uint32_t length)
{
    if (l->wire_left > length)
        l->wire_left = length;
    cursor_limit(&l->in, length);
}

/* One more layer; false (with the outcome set) when it is one too many. */
static inline bool layers_enter(struct layers *l)
{
    if (LIKELY(++l->layer_count <= LAYERS_MAX))
        return true;
    layers_undecodable(l, UNDECODABLE_TOO_DEEP);
    return false;
}

/* One more tunnel, which `carrier` names when no packet is found in it. */
static inline bool layers_tunnel(struct layers *l, enum tunnel tunnel, enum other_protocol carrier)
{
    l->tunnel = (uint8_t)tunnel;
    l->carrier = (uint8_t)carrier;
    if (LIKELY(++l->tunnel_count <= TUNNELS_MAX))
        return layers_enter(l);
    layers_undecodable(l, UNDECODABLE_TOO_DEEP);
    return false;
}

/* What tells equal addresses apart goes into one hash; the kind keeps VLAN 5 and VNI 5 distinct. */
enum world_kind { WORLD_MAC = 1, WORLD_VLAN, WORLD_NETWORK_ID, WORLD_GRE_KEY };

static inline uint64_t world_with(uint64_t world, enum world_kind kind, uint64_t value)
{
    uint64_t mixed;
    (void)__builtin_mul_overflow(world ^ (uint64_t)kind << 56 ^ value, 0x9e3779b97f4a7c15u,
                                 &mixed); /* meant to wrap */
    return mixed ^ mixed >> 29;
}

/* What a segment has of it: 0 is kept for captures that show nothing. */
static inline uint32_t world_hash(uint64_t world)
{
    if (!world)
        return 0;
    uint32_t folded = (uint32_t)(world >> 32 ^ world);
    return folded ? folded : 1;
}

static inline uint64_t load_mac(const uint8_t *p)
{
    return (uint64_t)load_be32(p) << 16 | load_be16(p + 4);
}

/* Unordered: both directions of a connection show the same. */
static inline uint64_t world_of_macs(const uint8_t *one, const uint8_t *other)
{
    uint64_t a = load_mac(one);
    uint64_t b = load_mac(other);
    return world_with(world_with(0, WORLD_MAC, a < b ? a : b), WORLD_MAC, a < b ? b : a);
}

static inline void layers_world(struct layers *l, enum world_kind kind, uint64_t value)
{
    l->world = world_with(l->world, kind, value);
}

/* The outermost pair only. */
static inline void layers_macs(struct layers *l, const uint8_t *one, const uint8_t *other)
{
    if (!l->world)
        l->world = world_of_macs(one, other);
}

#endif
