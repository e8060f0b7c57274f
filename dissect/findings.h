/*
 * What was found about the input itself: damage, oddities, drops, and what became of every packet.
 * Plain data, written by dissect/, read by analyzer/ (caveats) and reports/. Findings are never
 * errors of the program: those travel as return values.
 *
 * Names are those of the report. Offsets count bytes of the capture's content (after
 * decompression), from 0.
 */
#ifndef FINWAIT_DISSECT_FINDINGS_H
#define FINWAIT_DISSECT_FINDINGS_H

#include "dissect/compiler.h"
#include "dissect/segment.h"

#include <stddef.h>

/* clang-format off */
/* Something was lost. Each record names the place and the amount; exit status 2. */
#define DAMAGE_TABLE(X)                                                                            \
    X(DAMAGE_FILE_TRUNCATED, "file_truncated")         /* ends inside a record or stream */        \
    X(DAMAGE_ZERO_TAIL, "zero_tail")                   /* zeros from here to the end */            \
    X(DAMAGE_FILE_DAMAGED, "file_damaged")             /* bytes skipped, reading went on behind */ \
    X(DAMAGE_CONCATENATED, "concatenated")             /* another capture begins here; all read */ \
    X(DAMAGE_TEXT_MODE_TRANSFER, "text_mode_transfer") /* line ends were converted on the way */

/* Why, for file_damaged and file_truncated: which promise of the format was broken. */
#define DAMAGE_REASON_TABLE(X)                                                                     \
    X(REASON_NONE, "none")                                                                         \
    X(REASON_RECORD_HEADER, "record_header")       /* pcap: a record header that cannot be */      \
    X(REASON_BLOCK_LENGTH, "block_length")         /* pcapng: total length impossible */           \
    X(REASON_BLOCK_TRAILER, "block_trailer")       /* pcapng: the two lengths differ */            \
    X(REASON_CAPTURED_LENGTH, "captured_length")   /* more captured octets than the block holds */ \
    X(REASON_UNKNOWN_INTERFACE, "unknown_interface") /* pcapng: packet of an interface not seen */ \
    X(REASON_SECTION_VERSION, "section_version")   /* pcapng: section of an unknown version */     \
    X(REASON_FILE_HEADER, "file_header")           /* a file or section header that cannot be */   \
    X(REASON_COMPRESSION, "compression")           /* the compressed stream itself is broken */    \
    X(REASON_TRAILING_GARBAGE, "trailing_garbage") /* bytes behind the end of the compressed data */ \
    X(REASON_READ_ERROR, "read_error")             /* the system failed to read on */              \
    X(REASON_LIMIT, "limit")                       /* beyond a limit of ours, named in the docs */

/* Accepted as it is, only counted: nothing was lost. */
#define ODDITY_TABLE(X)                                                                            \
    X(ODDITY_CAPTURED_EXCEEDS_ORIGINAL, "captured_exceeds_original")                               \
    X(ODDITY_CAPTURED_EXCEEDS_SNAPLEN, "captured_exceeds_snaplen")                                 \
    X(ODDITY_SUBSECOND_OVERFLOW, "subsecond_overflow")                                             \
    X(ODDITY_TIME_OUT_OF_RANGE, "time_out_of_range")                                               \
    X(ODDITY_RESERVED_LINK_BITS, "reserved_link_bits")                                             \
    X(ODDITY_ODD_BLOCK_LENGTH, "odd_block_length")                                                 \
    X(ODDITY_BAD_OPTION_LENGTH, "bad_option_length")                                               \
    X(ODDITY_UNKNOWN_BLOCK, "unknown_block")                                                       \
    X(ODDITY_FCS_LENGTH_UNPLAUSIBLE, "fcs_length_unplausible")                                     \
    X(ODDITY_INTERFACE_LIMIT, "interface_limit")                                                   \
    X(ODDITY_SEGMENT_LIMIT, "segment_limit") /* beyond 16 segments in one packet: not analysed */  \
    X(ODDITY_CLOCK_BACKWARDS, "clock_backwards") /* a packet earlier than one before it */

#define FORMAT_TABLE(X)                                                                            \
    X(FORMAT_UNKNOWN, "unknown")                                                                   \
    X(FORMAT_PCAP, "pcap")                                                                         \
    X(FORMAT_PCAP_NS, "pcap_ns")                                                                   \
    X(FORMAT_PCAP_MODIFIED, "pcap_modified")                                                       \
    X(FORMAT_PCAPNG, "pcapng")                                                                     \
    X(FORMAT_SNOOP, "snoop")

#define COMPRESSION_TABLE(X)                                                                       \
    X(COMPRESSION_NONE, "none")                                                                    \
    X(COMPRESSION_GZIP, "gzip")                                                                    \
    X(COMPRESSION_ZSTD, "zstd")

/* Packets that are not TCP, by the protocol that says so. Link types without TCP in them are
 * counted by link type instead (struct capture_findings.links). */
#define OTHER_TABLE(X)                                                                             \
    X(OTHER_ARP, "arp")                                                                            \
    X(OTHER_RARP, "rarp")                                                                          \
    X(OTHER_UDP, "udp")                                                                            \
    X(OTHER_UDP_LITE, "udp_lite")                                                                  \
    X(OTHER_ICMP, "icmp")                                                                          \
    X(OTHER_ICMPV6, "icmpv6")                                                                      \
    X(OTHER_IGMP, "igmp")                                                                          \
    X(OTHER_SCTP, "sctp")                                                                          \
    X(OTHER_DCCP, "dccp")                                                                          \
    X(OTHER_ESP, "esp") /* encrypted: whatever is inside stays unknown */                          \
    X(OTHER_OSPF, "ospf")                                                                          \
    X(OTHER_PIM, "pim")                                                                            \
    X(OTHER_VRRP, "vrrp")                                                                          \
    X(OTHER_EIGRP, "eigrp")                                                                        \
    X(OTHER_RSVP, "rsvp")                                                                          \
    X(OTHER_IP, "ip_other")             /* any other IP protocol */                                \
    X(OTHER_IP_FRAGMENT, "ip_fragment") /* not the one that completes its packet */                \
    X(OTHER_LLC, "llc")                 /* spanning tree, NetBIOS, IS-IS and the like */           \
    X(OTHER_LLDP, "lldp")                                                                          \
    X(OTHER_CDP, "cdp")                                                                            \
    X(OTHER_IPX, "ipx")                                                                            \
    X(OTHER_APPLETALK, "appletalk")                                                                \
    X(OTHER_EAPOL, "eapol")                                                                        \
    X(OTHER_SLOW, "slow_protocols")                                                                \
    X(OTHER_LOOPBACK, "loopback")                                                                  \
    X(OTHER_PPPOE_DISCOVERY, "pppoe_discovery")                                                    \
    X(OTHER_PPP_CONTROL, "ppp_control")                                                            \
    X(OTHER_MPLS, "mpls_other")                                                                    \
    X(OTHER_MACSEC, "macsec")                                                                      \
    X(OTHER_ETHERTYPE, "ethertype_other")                                                          \
    X(OTHER_GRE, "gre_other")                                                                      \
    X(OTHER_TUNNEL, "tunnel_control") /* GTP, L2TP, GENEVE messages that carry no packet */        \
    X(OTHER_WLAN_MANAGEMENT, "wlan_management")                                                    \
    X(OTHER_WLAN_CONTROL, "wlan_control")                                                          \
    X(OTHER_WLAN_DATA, "wlan_no_data") /* data frames without data */                              \
    X(OTHER_WLAN_ENCRYPTED, "wlan_encrypted")                                                      \
    X(OTHER_LINK_CONTROL, "link_control") /* keepalives and the like of the link layer itself */   \
    X(OTHER_FILTERED, "filtered")         /* left out by --filter */

/* Packets that should have been readable and were not, by reason. */
#define UNDECODABLE_TABLE(X)                                                                       \
    X(UNDECODABLE_LINK_CUT, "link_header_cut")                                                     \
    X(UNDECODABLE_NETWORK_CUT, "network_header_cut")                                               \
    X(UNDECODABLE_NETWORK_BAD, "network_header_bad") /* version, header length, total length */    \
    X(UNDECODABLE_TRANSPORT_CUT, "tcp_header_cut")                                                 \
    X(UNDECODABLE_TRANSPORT_BAD, "tcp_header_bad") /* the packet ends before the TCP window */     \
    X(UNDECODABLE_TUNNEL_CUT, "tunnel_header_cut")                                                 \
    X(UNDECODABLE_TUNNEL_BAD, "tunnel_header_bad")                                                 \
    X(UNDECODABLE_TOO_DEEP, "too_deep") /* more than 8 layers or 4 tunnels */                      \
    X(UNDECODABLE_FRAGMENT_HEADER, "fragment_splits_header")                                       \
    X(UNDECODABLE_EMPTY, "empty_packet")

/* clang-format on */

#define FINDINGS_ENUM(id, name) id,
enum damage_kind { DAMAGE_TABLE(FINDINGS_ENUM) DAMAGE_KINDS };
enum damage_reason { DAMAGE_REASON_TABLE(FINDINGS_ENUM) DAMAGE_REASONS };
enum oddity { ODDITY_TABLE(FINDINGS_ENUM) ODDITIES };
enum capture_format { FORMAT_TABLE(FINDINGS_ENUM) FORMATS };
enum compression { COMPRESSION_TABLE(FINDINGS_ENUM) COMPRESSIONS };
enum other_protocol { OTHER_TABLE(FINDINGS_ENUM) OTHERS };
enum undecodable { UNDECODABLE_TABLE(FINDINGS_ENUM) UNDECODABLES };
#undef FINDINGS_ENUM

struct damage {
    enum damage_kind kind;
    enum damage_reason reason;
    uint64_t offset; /* where it begins */
    uint64_t bytes;  /* skipped, missing, or (concatenated) 0; 0 also when it cannot be known */
    uint64_t frame;  /* the last good packet before it, 0 when none */
};

/* The first so many are kept one by one, the rest is counted. */
#define DAMAGE_KEPT     32
#define LINK_TYPES_KEPT 16

struct file_findings {
    char *name;  /* as given on the command line; owned */
    char *error; /* why nothing of it could be read, a sentence that names it (owned), or NULL */
    enum capture_format format;
    enum compression compression;
    uint16_t link_types[LINK_TYPES_KEPT];
    uint32_t link_type_count;
    uint64_t packets;
    uint64_t bytes;           /* of the file itself, compressed as it is; what was read of a pipe */
    int64_t start_ns, end_ns; /* lowest and highest packet time, or TIME_UNKNOWN */
    uint64_t untimed;         /* packets without a time */
    struct damage damage[DAMAGE_KEPT];
    uint64_t damage_count;
    uint64_t oddities[ODDITIES];
    /* What the capturing system says it lost: pcapng isb_ifdrop, isb_osdrop, epb_dropcount and the
     * obsolete block's count. */
    uint64_t interface_drops, system_drops, packet_drops;
    bool finished; /* read to its end */
};

/* Where a capture describes an interface. */
struct interface_place {
    uint32_t file;
    uint32_t section; /* of the file; a capture behind another in one file is a section, too */
    uint32_t ordinal; /* in its section */
};

/* One tap: an interface of a section, and of those that go on where that one ended. */
struct interface_info {
    struct interface_place place; /* the last */
    uint16_t link_type;
    char *name; /* raw text of the capture, at most 255 bytes, or NULL; owned */
};

struct link_count {
    uint16_t link_type;
    uint64_t packets;
};

#define OTHER_LINKS_KEPT 64

struct capture_findings {
    struct file_findings *files;
    uint32_t file_count;
    struct interface_info *interfaces;
    uint32_t interface_count;
    uint64_t packets; /* = tcp + sum of other + sum of links + links_rest + sum of undecodable */
    uint64_t tcp;
    uint64_t other[OTHERS];
    struct link_count links[OTHER_LINKS_KEPT]; /* link types without a decoder */
    uint32_t link_count;
    uint64_t links_rest;
    uint64_t undecodable[UNDECODABLES];
    uint8_t digest[20]; /* SHA-1 over the files' names, sizes and first 64 KiB: capture.id */
};

/* The names of the tables above, as the report writes them. Static strings. */
const char *damage_kind_name(enum damage_kind kind);
const char *damage_reason_name(enum damage_reason reason);
const char *oddity_name(enum oddity oddity);
const char *format_name(enum capture_format format);
const char *compression_name(enum compression compression);
const char *other_name(enum other_protocol other);
const char *undecodable_name(enum undecodable reason);
const char *tunnel_name(enum tunnel tunnel);

/* libpcap's DLT_ number on this platform of a file's LINKTYPE_ value. */
int link_type_dlt(uint16_t link_type);

/* A LINKTYPE_ value's name as libpcap has it ("EN10MB"), or "LINKTYPE_<n>". Points to `buffer` or
 * to a static string. */
#define LINK_NAME_BYTES 24
const char *link_type_name(uint16_t link_type, char buffer[LINK_NAME_BYTES]);

/* Adds a file of this name (copied); NULL when memory ran out. Pointers to files stay valid only
 * until the next is added. */
struct file_findings *findings_add_file(struct capture_findings *findings,
                                        const char *name) MUST_CHECK;

/* Sets the file's error: its name, and why nothing of it could be read. False when memory ran out.
 */
bool findings_error(struct file_findings *file, const char *reason) MUST_CHECK;

/* The index of the interface that stands there, or UINT32_MAX when memory ran out. It is that of an
 * earlier one (of the last 256) when that has the same ordinal, link type and name, and its section
 * or file has ended: so the files of a ring buffer show one tap, and files that overlap in time
 * show several. The name is copied and cut at 255 bytes; it may be NULL. */
uint32_t findings_add_interface(struct capture_findings *findings, struct interface_place place,
                                uint16_t link_type, const char *name,
                                size_t name_length) MUST_CHECK;

/* The name of an interface, or NULL; it stays where it is until findings_finish(). Besides the
 * digest and the number of files this is all that another thread may ask for while captures are
 * read, and only of interfaces whose packets it has got. */
const char *findings_interface_name(const struct capture_findings *findings, uint32_t interface);

/* Keeps the damage in the file's list, or only counts it when the list is full. */
void findings_damage(struct file_findings *file, struct damage damage);

/* Notes a link type of the file, once. */
void findings_link_type(struct file_findings *file, uint16_t link_type);

/* Counts a packet of a link type that has no decoder. */
void findings_count_link(struct capture_findings *findings, uint16_t link_type);

/* True when anything was lost, or a file could not be read: what exit status 2 reports. */
bool findings_damaged(const struct capture_findings *findings);

/* Releases what the findings own; the struct itself is the caller's. */
void findings_finish(struct capture_findings *findings);

#endif
