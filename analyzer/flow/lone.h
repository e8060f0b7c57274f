/*
 * A SYN that nothing has followed yet, as a scan sends them by the million: kept as the segment
 * itself, packed into one cache line (for IPv6, and a half), until something follows it or its
 * connection is final. What it is then made of is what would have been kept from the beginning.
 * Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_LONE_H
#define FINWAIT_ANALYZER_FLOW_LONE_H

#include "analyzer/flow/key.h"
#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stdint.h>

struct lone {
    uint8_t source[4]; /* the last octets of the addresses */
    uint16_t source_port;
    uint16_t destination_port;
    frame_ref frame; /* FRAME_NONE: released */
    int64_t time_ns;
    uint8_t destination[4];
    uint32_t seq;
    uint32_t ts_val;
    uint32_t world;
    uint32_t stream;
    uint32_t marks; /* the segment's */
    uint16_t window;
    uint16_t mss;
    uint16_t ip_id;
    uint16_t vlan;
    uint16_t interface;
    uint16_t ip_bytes;
    unsigned flags : 9;
    unsigned tunnel : 5;
    unsigned stamp : 2; /* CONN_STAMP_COMPARED and CONN_STAMP_BELOW */
    unsigned window_scale : 4;
    unsigned ipv6 : 1; /* it is the beginning of a struct lone_ipv6 */
    unsigned ttl : 8;
    unsigned turn : 1; /* the row's, when it was put there or last looked at */
};

_Static_assert(sizeof(struct lone) == 64, "one cache line");

struct lone_ipv6 {
    struct lone lone;
    uint8_t source[12]; /* the first octets of the addresses; of mapped IPv4 ones they are known */
    uint8_t destination[12];
};

/* Is the segment a SYN of which nothing would be lost? It has no payload, and in fields that it
 * does not use stands nothing. */
bool lone_fits(const struct segment *segment);

/* Does one that fits need the larger form? */
bool lone_is_ipv6(const struct segment *segment);

/* Packs one that fits. `stamp`: the two marks of struct connection. */
void lone_pack(const struct segment *segment, uint32_t stream, uint16_t stamp, struct lone *lone);

/* The segment again. */
void lone_segment(const struct lone *lone, struct segment *segment);

void lone_addresses(const struct lone *lone, uint8_t source[16], uint8_t destination[16]);
void lone_destination(const struct lone *lone, uint8_t address[16]);

/* Is the segment of its five-tuple? `turned`: it goes the other way. */
static ALWAYS_INLINE bool lone_names_way(const struct lone *lone, const struct segment *g,
                                         bool turned, bool vlan_in_key)
{
    const struct lone_ipv6 *larger = (const struct lone_ipv6 *)lone;
    const uint8_t *source = turned ? g->destination : g->source;
    const uint8_t *destination = turned ? g->source : g->destination;
    bool same = lone->source_port == (turned ? g->destination_port : g->source_port) &&
                lone->destination_port == (turned ? g->source_port : g->destination_port) &&
                memcmp(lone->source, source + 12, 4) == 0 &&
                memcmp(lone->destination, destination + 12, 4) == 0 &&
                !(vlan_in_key && lone->vlan != g->vlan);
    if (LIKELY(!lone->ipv6))
        return same && flow_is_mapped(source) && flow_is_mapped(destination);
    return same && memcmp(larger->source, source, 12) == 0 &&
           memcmp(larger->destination, destination, 12) == 0;
}

/* Is the segment, whichever way it goes, of its five-tuple? */
bool lone_names(const struct lone *lone, const struct segment *segment, bool vlan_in_key);

/* The connection that the SYN has opened, as it stands when that has been tracked; found by nobody.
 */
void lone_connection(const struct lone *lone, bool vlan_in_key, struct connection *connection);

/* The same to be looked at: copies of the SYN would not be recognised. Its sender's index. */
int lone_look(const struct lone *lone, bool vlan_in_key, struct connection *connection);

#endif
