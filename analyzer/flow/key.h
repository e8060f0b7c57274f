/*
 * The name of a connection: the innermost five-tuple, the same for both directions. The lower
 * (address, port) stands first; which of the two is the client is the connection's business.
 */
#ifndef FINWAIT_ANALYZER_FLOW_KEY_H
#define FINWAIT_ANALYZER_FLOW_KEY_H

#include "analyzer/flow/siphash.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct flow_key {
    uint8_t address[2][16];
    uint16_t port[2];
    uint16_t vlan; /* VLAN_NONE unless VLANs tell connections apart */
    uint16_t zero; /* no padding: keys are compared and hashed as bytes */
};

_Static_assert(sizeof(struct flow_key) == 40, "keys are hashed as five words");

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
    key->vlan = vlan_in_key ? segment->vlan : VLAN_NONE;
    key->zero = 0;
    return sender;
}

static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* An IPv4 address, mapped, differs from others in its last four octets only. */
static inline bool flow_is_mapped(const uint8_t address[16])
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    return memcmp(address, prefix, sizeof prefix) == 0;
}

/* Keys of both families differ in the number of words, which the hash takes in. */
static inline uint64_t flow_key_hash(const struct flow_key *key, struct siphash_key secret)
{
    uint64_t words[5];
    memcpy(words, key, sizeof words);
    if (!flow_is_mapped(key->address[0]) || !flow_is_mapped(key->address[1]))
        return siphash13(secret, words, 5);
    memcpy(words, key->address[0] + 12, 4);
    memcpy((uint8_t *)words + 4, key->address[1] + 12, 4);
    words[1] = words[4];
    return siphash13(secret, words, 2);
}

#endif
