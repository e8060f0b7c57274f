/*
 * The name of a connection: the innermost five-tuple, the same for both directions. The lower
 * (address, port) stands first; which of the two is the client is the connection's business.
 */
#ifndef FINWAIT_ANALYZER_FLOW_KEY_H
#define FINWAIT_ANALYZER_FLOW_KEY_H

#include "analyzer/flow/hash.h"
#include "dissect/compiler.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct flow_key {
    uint8_t address[2][16];
    uint16_t port[2];
    uint16_t vlan; /* VLAN_NONE unless VLANs tell connections apart */
    uint16_t zero; /* no padding: keys are compared as bytes */
};

_Static_assert(sizeof(struct flow_key) == 40, "keys are compared as octets");

static inline uint16_t flow_vlan_of(const struct segment *segment, bool vlan_in_key)
{
    return vlan_in_key ? segment->vlan : VLAN_NONE;
}

/* Index (0 or 1) of the segment's sender within the key that it fills. */
static inline int flow_key_of(const struct segment *segment, bool vlan_in_key, struct flow_key *key)
{
    int order = memcmp(segment->source, segment->destination, 16);
    int sender =
        order > 0 || (order == 0 && segment->source_port > segment->destination_port) ? 1 : 0;
    memcpy(key->address[sender], segment->source, 16);
    memcpy(key->address[!sender], segment->destination, 16);
    key->port[sender] = segment->source_port;
    key->port[!sender] = segment->destination_port;
    key->vlan = flow_vlan_of(segment, vlan_in_key);
    key->zero = 0;
    return sender;
}

static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Is it the segment's, whose sender has this index in it? */
static inline bool flow_key_names(const struct flow_key *key, const struct segment *segment,
                                  int sender, bool vlan_in_key)
{
    return memcmp(key->address[sender], segment->source, 16) == 0 &&
           memcmp(key->address[!sender], segment->destination, 16) == 0 &&
           key->port[sender] == segment->source_port &&
           key->port[!sender] == segment->destination_port &&
           key->vlan == flow_vlan_of(segment, vlan_in_key);
}

/* An IPv4 address, mapped, differs from others in its last four octets only. */
static inline bool flow_is_mapped(const uint8_t address[16])
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(address, prefix, sizeof prefix) == 0;
}

/* Both addresses are, as all of an IPv4 header (segment.h): the five-tuple is an IPv4 one, whatever
 * header it came with. */
static inline bool flow_is_ipv4(const struct segment *g)
{
    return LIKELY(g->ip_version == 4) ||
           (flow_is_mapped(g->source) && flow_is_mapped(g->destination));
}

/* Address and port in the order of the key: 48 bits. */
static inline uint64_t flow_ipv4_end(const uint8_t address[16], uint16_t port)
{
    uint32_t number = (uint32_t)address[12] << 24 | (uint32_t)address[13] << 16 |
                      (uint32_t)address[14] << 8 | address[15];
    return (uint64_t)number << 16 | port;
}

/* All of an IPv4 five-tuple's key, and its VLAN above the higher end. */
struct flow_ipv4 {
    uint64_t low, high;
};

static inline struct flow_ipv4 flow_ipv4_of(const struct segment *g, bool vlan_in_key, int *sender)
{
    uint64_t from = flow_ipv4_end(g->source, g->source_port);
    uint64_t to = flow_ipv4_end(g->destination, g->destination_port);
    uint64_t vlan = flow_vlan_of(g, vlan_in_key);
    *sender = from > to;
    return (struct flow_ipv4){from < to ? from : to, vlan << 48 | (from < to ? to : from)};
}

static inline uint32_t flow_ipv4_tag(struct flow_ipv4 tuple, const struct hash_key *secret)
{
    const uint64_t words[] = {tuple.low, tuple.high};
    return hash_tag(hash_sum(secret, words, 2));
}

/* Half an address in the order of the key. */
static inline uint64_t flow_half_of(const uint8_t octets[8])
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | octets[i];
    return number;
}

/* The same of an IPv6 one: both addresses, then ports and VLAN. */
struct flow_ipv6 {
    uint64_t address[4];
    uint64_t rest;
};

static inline struct flow_ipv6 flow_ipv6_of(const struct segment *g, bool vlan_in_key, int *sender)
{
    uint64_t from[2] = {flow_half_of(g->source), flow_half_of(g->source + 8)};
    uint64_t to[2] = {flow_half_of(g->destination), flow_half_of(g->destination + 8)};
    unsigned port_after = g->source_port > g->destination_port;
    unsigned low_half_after =
        (unsigned)(from[1] > to[1]) | ((unsigned)(from[1] == to[1]) & port_after);
    bool after = (unsigned)(from[0] > to[0]) | ((unsigned)(from[0] == to[0]) & low_half_after);
    uint64_t ports = after ? (uint64_t)g->source_port << 16 | g->destination_port
                           : (uint64_t)g->destination_port << 16 | g->source_port;
    *sender = after;
    return (struct flow_ipv6){
        .address = {after ? to[0] : from[0], after ? to[1] : from[1], after ? from[0] : to[0],
                    after ? from[1] : to[1]},
        .rest = (uint64_t)flow_vlan_of(g, vlan_in_key) << 32 | ports,
    };
}

static inline uint32_t flow_ipv6_tag(const struct flow_ipv6 *tuple, const struct hash_key *secret)
{
    const uint64_t *a = tuple->address;
    const uint64_t words[HASH_WORDS_MOST] = {a[0], a[1], a[2], a[3], tuple->rest};
    return hash_tag(hash_sum(secret, words, HASH_WORDS_MOST));
}

/* The table's tag for the segment's key, which is not made for it, and its sender's index in that.
 * A tuple of IPv6 has words more, with keys that one of IPv4 does not meet. */
static inline uint32_t flow_tag_of(const struct segment *segment, bool vlan_in_key,
                                   const struct hash_key *secret, int *sender)
{
    if (LIKELY(flow_is_ipv4(segment)))
        return flow_ipv4_tag(flow_ipv4_of(segment, vlan_in_key, sender), secret);
    struct flow_ipv6 tuple = flow_ipv6_of(segment, vlan_in_key, sender);
    return flow_ipv6_tag(&tuple, secret);
}

#endif
