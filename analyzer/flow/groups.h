/*
 * The segments of a batch by their five-tuples: what is looked up for the first of a five-tuple
 * serves the others. Finding them takes the segments and the key of the hash, nothing of what is
 * analyzed, so that another thread can do it ahead. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_GROUPS_H
#define FINWAIT_ANALYZER_FLOW_GROUPS_H

#include "analyzer/flow/siphash.h"
#include "analyzer/tcp/connection.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stdint.h>

/* As many segments as a batch has. */
#define FLOW_GROUPED_MOST (BATCH_SEGMENTS + PACKET_SEGMENTS_MAX)

/* What is known of a five-tuple that segments of a batch have, and was looked up once for all of
 * them. */
struct flow_probe {
    const struct segment *segment; /* the first of them, */
    int sender;                    /* and its sender */
    uint32_t tag;
    uint32_t first;                /* first value in the table with this tag, or TABLE_NONE */
    struct connection *connection; /* that, where it is the record of the five-tuple; or NULL */
    uint64_t changes;              /* of the table, when that was so */
    uint8_t senders;               /* of all of them: bits */
    bool logged;                   /* they are likely to be, in its detail */
    uint16_t flags;                /* that any of them has */
};

/* For each segment its five-tuple and its sender. */
struct flow_groups {
    uint32_t count;
    struct flow_probe probes[FLOW_GROUPED_MOST];
    uint8_t probe_of[FLOW_GROUPED_MOST];
    uint8_t sender_of[FLOW_GROUPED_MOST];
};

_Static_assert(FLOW_GROUPED_MOST < UINT8_MAX, "numbers of five-tuples are octets");

/* `count`: at most FLOW_GROUPED_MOST. The probes point to the segments. */
void flow_group(const struct segment *segments, uint32_t count, bool vlan_in_key,
                struct siphash_key secret, struct flow_groups *groups);

#endif
