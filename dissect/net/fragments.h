/*
 * IP fragments of datagrams that are not complete yet: which octets came, and the first 256 of
 * them, where the headers are. Nothing else is copied.
 *
 * A datagram is given up when it is not complete after 60 seconds of the capture, when it is
 * evicted, or at the end. A segment that its first fragment was enough for is then handed back.
 *
 * Which packets a datagram came in is kept for its first FRAGMENT_FRAMES fragments.
 *
 * At most FRAGMENT_DATAGRAMS are remembered; each new one beyond evicts the one begun longest ago.
 * Work for a fragment is bounded whatever came before. Octets that come twice keep their first
 * value; of two fragments that claim to be the last, the first is believed.
 *
 * Sources: RFC 791 section 3.2, RFC 815, RFC 8200 section 4.5, RFC 5722.
 */
#ifndef FINWAIT_DISSECT_NET_FRAGMENTS_H
#define FINWAIT_DISSECT_NET_FRAGMENTS_H

#include "dissect/compiler.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAGMENT_DATAGRAMS  TABLE_SIZE(4096, 16)
#define FRAGMENT_HEAD_BYTES 256
#define FRAGMENT_FRAMES     64

struct fragment_table;

struct fragment {
    const uint8_t *source; /* 16 octets each */
    const uint8_t *destination;
    uint32_t id;
    uint16_t vlan;
    uint8_t protocol;
    uint8_t ip_version;
    bool more;
    uint32_t offset;      /* octets, a multiple of eight */
    uint32_t length;      /* octets on the wire */
    const uint8_t *bytes; /* captured_len of them, at most length */
    uint32_t captured_len;
    int64_t time_ns;
    frame_ref frame;
    const struct segment *alone; /* what this fragment is by itself, or NULL; copied */
};

/* A complete datagram: its length, and as much of its beginning as was captured. Borrowed until
 * the next fragments_add(). */
struct datagram {
    const uint8_t *head;
    uint32_t head_len;
    uint32_t length;
};

struct fragment_table *fragments_create(void) MUST_CHECK;
void fragments_destroy(struct fragment_table *table);

/* True when this fragment completes its datagram, which is then forgotten. */
bool fragments_add(struct fragment_table *table, const struct fragment *fragment,
                   struct datagram *whole) MUST_CHECK;

/* Takes the next segment of a datagram that was given up; false when there is none. To be asked
 * until then after every packet with fragments: beyond PACKET_SEGMENTS_MAX they are forgotten. */
bool fragments_given_up(struct fragment_table *table, struct segment *segment) MUST_CHECK;

/* One packet of a datagram whose segment is that of frame `segment`. */
struct fragment_place {
    frame_ref segment;
    frame_ref packet;
};

#define FRAGMENT_PLACES_MAX 1024

/* The packets of the datagrams that were completed or given up since fragments_forget_places(),
 * the first FRAGMENT_PLACES_MAX of them. Borrowed until the next call of any other. */
const struct fragment_place *fragments_places(const struct fragment_table *table, size_t *count);
void fragments_forget_places(struct fragment_table *table);

/* Gives up the next datagrams, oldest first, as long as there is room for what they leave. False
 * when there are none. */
bool fragments_flush(struct fragment_table *table) MUST_CHECK;

#endif
