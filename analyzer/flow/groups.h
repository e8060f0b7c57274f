/*
 * The segments of a batch by their five-tuples: what is looked up for the first of a five-tuple
 * serves the others. Finding them takes the segments and the key of the hash, nothing of what is
 * analyzed, so that another thread can do it ahead. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_GROUPS_H
#define FINWAIT_ANALYZER_FLOW_GROUPS_H

#include "analyzer/flow/hash.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stdint.h>

/* Five-tuples are shared out to so many lanes, which do not touch each other's connections. */
#define FLOW_LANES 16u

/* As many segments as a batch has. */
#define FLOW_GROUPED_MOST (BATCH_SEGMENTS + PACKET_SEGMENTS_MAX)

/* A five-tuple that segments of a batch have. A line of the cache has eight of them: where another
 * thread finds them, each line goes from its processor to that of who analyses, and back. */
struct flow_named {
    uint32_t tag;
    uint16_t flags;  /* that any of its segments has */
    uint8_t senders; /* of all of them: bits */
    uint8_t first;   /* number of the first of them */
};

_Static_assert(sizeof(struct flow_named) == 8, "eight to a line of the cache");

/* For each segment its five-tuple and its sender. */
struct flow_groups {
    uint32_t count;
    bool shared; /* by flow_share() */
    _Alignas(64) struct flow_named named[FLOW_GROUPED_MOST];
    uint8_t number_of[FLOW_GROUPED_MOST]; /* of its five-tuple */
    uint8_t sender_of[FLOW_GROUPED_MOST];
    /* By flow_share(), after which five-tuples stand in the order of their lanes: */
    uint8_t named_from[FLOW_LANES + 1]; /* where those of each lane begin */
    uint8_t numbers[FLOW_GROUPED_MOST]; /* of segments, in the order of their lanes */
    uint8_t numbers_from[FLOW_LANES + 1];
};

_Static_assert(FLOW_GROUPED_MOST < UINT8_MAX, "numbers of five-tuples are octets");

/* `count`: at most FLOW_GROUPED_MOST. */
void flow_group(const struct segment *segments, uint32_t count, bool vlan_in_key,
                const struct hash_key *secret, struct flow_groups *groups);

/* Shares what is grouped out to the lanes, so that what each writes stands together. */
void flow_share(uint32_t count, struct flow_groups *groups);

#endif
