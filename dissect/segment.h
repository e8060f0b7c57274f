/*
 * The product of dissect/: one TCP segment as a plain struct, and the batch in which segments
 * travel. Nothing downstream looks at packet bytes.
 *
 * Segments are values. A batch is filled by dissect_packet(), handed on whole, and cleared; what
 * the aux arena holds is borrowed until then.
 *
 * Sources: RFC 9293 section 3.1 (header), RFC 7323 (window scale, timestamps), RFC 2018 and 2883
 * (SACK, D-SACK), RFC 7413 (fast open), RFC 2385 and 5925 (MD5, AO), RFC 8684 (MPTCP reasons).
 */
#ifndef FINWAIT_DISSECT_SEGMENT_H
#define FINWAIT_DISSECT_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

/* A packet's place: index of its file and its number there, counted from 1 as Wireshark does. */
typedef uint64_t frame_ref;

#define FRAME_BITS 40
#define FRAME_NONE ((frame_ref)0)

static inline frame_ref frame_ref_of(uint32_t file, uint64_t frame)
{
    return (uint64_t)file << FRAME_BITS | frame;
}

static inline uint32_t frame_file(frame_ref ref)
{
    return (uint32_t)(ref >> FRAME_BITS);
}

static inline uint64_t frame_number(frame_ref ref)
{
    return ref & (((uint64_t)1 << FRAME_BITS) - 1);
}

/* Nanoseconds since 1970 (UTC); TIME_UNKNOWN for a packet that carries no usable time. */
#define TIME_UNKNOWN INT64_MIN

/* Header flags as they stand in bytes 12 and 13 of the TCP header. */
enum tcp_flag {
    TCP_FIN = 0x001,
    TCP_SYN = 0x002,
    TCP_RST = 0x004,
    TCP_PSH = 0x008,
    TCP_ACK = 0x010,
    TCP_URG = 0x020,
    TCP_ECE = 0x040,
    TCP_CWR = 0x080,
    TCP_AE = 0x100,
};

/* Options seen, and what the dissector has to say about the segment: bits of segment.marks. */
enum segment_mark {
    SEG_MSS = 1u << 0,
    SEG_WINDOW_SCALE = 1u << 1,
    SEG_SACK_PERMITTED = 1u << 2,
    SEG_SACK = 1u << 3,  /* at least one block; the first is in sack_left, sack_right */
    SEG_DSACK = 1u << 4, /* that first block reports a duplicate (RFC 2883) */
    SEG_TIMESTAMPS = 1u << 5,
    SEG_FAST_OPEN = 1u << 6, /* option present, RFC 7413 or the experimental kind */
    SEG_SIGNED = 1u << 7,    /* MD5 or AO */
    SEG_MPTCP = 1u << 8,
    SEG_OPTIONS_CUT = 1u << 9,  /* the snapshot length ended inside the options */
    SEG_OPTIONS_BAD = 1u << 10, /* an option length that cannot be: that option was not taken, nor
                                   what follows when its end cannot be known */
    SEG_LENGTH_GUESSED = 1u << 11,   /* by what came: IP length 0, beyond the packet, or unknown */
    SEG_OFFLOADED = 1u << 12,        /* capture says TSO/GSO, or longer than any MTU */
    SEG_CHECKSUM_PENDING = 1u << 13, /* capture says the checksum was not filled in yet */
    SEG_FRAGMENTED = 1u << 14, /* came in IP fragments: the length is that of all that were seen */
    SEG_OUTBOUND = 1u << 15,   /* capture says: sent by the capturing host */
    SEG_INBOUND = 1u << 16,    /* capture says: received by the capturing host */
    SEG_URGENT = 1u << 17,     /* URG with a non-zero urgent pointer */
    SEG_MALFORMED = 1u << 18, /* the data offset is below 5 or beyond the packet: the receiver drops
                                 it, and its fields are whatever stands there. No options are read,
                                 payload_len is 0 */
    SEG_PADDING_LIKE = 1u << 19, /* all its payload is zero, no more than would bring the IPv4
                                    packet to the least that an Ethernet frame carries, and not
                                    pushed: padding perhaps, by a box that counts it into the IP
                                    length. Only numbers can tell */
};

/* Of nested tunnels the innermost is kept. */
/* clang-format off */
#define TUNNEL_TABLE(X)                                                                            \
    X(TUNNEL_NONE, "none")                                                                         \
    X(TUNNEL_GRE, "gre")                                                                           \
    X(TUNNEL_ERSPAN, "erspan")                                                                     \
    X(TUNNEL_IPIP, "ipip")                                                                         \
    X(TUNNEL_6IN4, "6in4")                                                                         \
    X(TUNNEL_TEREDO, "teredo")                                                                     \
    X(TUNNEL_VXLAN, "vxlan")                                                                       \
    X(TUNNEL_GENEVE, "geneve")                                                                     \
    X(TUNNEL_GTP_U, "gtp_u")                                                                       \
    X(TUNNEL_L2TP, "l2tp")                                                                         \
    X(TUNNEL_PPTP, "pptp")                                                                         \
    X(TUNNEL_NSH, "nsh")                                                                           \
    X(TUNNEL_OTHER, "other")
/* clang-format on */

#define TUNNEL_ENUM(id, name) id,
enum tunnel { TUNNEL_TABLE(TUNNEL_ENUM) TUNNEL_COUNT };
#undef TUNNEL_ENUM

#define VLAN_NONE 0xffffu
#define AUX_NONE  0xffffu

struct segment {
    /* IPv4 addresses are kept mapped (::ffff:a.b.c.d), so that one key serves both families. */
    uint8_t source[16];
    uint8_t destination[16];
    uint16_t source_port;
    uint16_t destination_port;
    uint32_t seq;
    uint32_t ack;         /* meaningful only with TCP_ACK */
    uint32_t payload_len; /* octets on the wire, without SYN and FIN; never what was stored */
    uint32_t ts_val;      /* with SEG_TIMESTAMPS */
    uint32_t ts_ecr;
    uint32_t sack_left; /* with SEG_SACK */
    uint32_t sack_right;
    uint32_t marks;  /* enum segment_mark */
    uint32_t world;  /* hash of what tells equal addresses apart: MAC pair (unordered), VLANs, VNI,
                        GRE key; 0 when the capture shows none of them */
    int64_t time_ns; /* or TIME_UNKNOWN */
    frame_ref frame;
    uint32_t ip_bytes;    /* length of the innermost IP packet on the wire, headers included */
    uint32_t interface;   /* tap: index into the capture's interfaces, over all files */
    uint16_t flags;       /* enum tcp_flag */
    uint16_t window;      /* as in the header, unscaled */
    uint16_t ip_id;       /* IPv4 identification; 0 for IPv6 */
    uint8_t ttl;          /* TTL or hop limit of the innermost IP header */
    uint8_t ip_version;   /* 4 or 6 */
    uint16_t vlan;        /* innermost VLAN id, or VLAN_NONE */
    uint16_t aux;         /* index into the batch's aux arena, or AUX_NONE */
    uint16_t mss;         /* with SEG_MSS */
    uint8_t window_scale; /* with SEG_WINDOW_SCALE; 0 to 14 (RFC 7323: larger ones mean 14) */
    uint8_t tunnel;       /* enum tunnel */
};
_Static_assert(sizeof(struct segment) == 112, "without padding: tests compare whole segments");

/* The one look at payload: the start of what an RST carried (RFC 9293 section 3.5.3 lets it say
 * why), and the reason of MP_TCPRST (RFC 8684 section 3.6). Raw bytes: reports clean them. */
#define AUX_TEXT_BYTES 64

struct segment_aux {
    uint8_t text[AUX_TEXT_BYTES];
    uint8_t text_len;
    bool has_mptcp_reason;
    uint8_t mptcp_reason;
};

/* A batch is handed on when it has so many. What is looked up once for a connection serves all of
 * its segments in a batch; but of segments that are of as many connections fewer stay in the cache
 * until they are tracked. */
#define BATCH_SEGMENTS     192
#define BATCH_SEGMENTS_FEW 96
#define BATCH_AUX          16
/* One packet yields at most this many segments (an A-MSDU carries several frames). */
#define PACKET_SEGMENTS_MAX 16

struct segment_batch {
    uint32_t count;
    uint32_t aux_count;
    uint32_t wanted; /* segments, until it is full: BATCH_SEGMENTS_FEW, or BATCH_SEGMENTS */
    struct segment segments[BATCH_SEGMENTS + PACKET_SEGMENTS_MAX];
    struct segment_aux aux[BATCH_AUX];
};

static inline void batch_clear(struct segment_batch *batch)
{
    batch->count = 0;
    batch->aux_count = 0;
    batch->wanted = BATCH_SEGMENTS_FEW;
}

/* True when the batch is to be handed on before another packet is dissected into it. */
static inline bool batch_full(const struct segment_batch *batch)
{
    return batch->count >= batch->wanted || batch->aux_count >= BATCH_AUX;
}

#endif
