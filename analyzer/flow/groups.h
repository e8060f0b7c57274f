/*
 * The segments of a batch by their five-tuples: what is looked up for the first of a five-tuple
 * serves the others. Finding them takes the segments and the key of the hash, nothing of what is
 * analyzed, so that another thread can do it ahead. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_GROUPS_H
#define FINWAIT_ANALYZER_FLOW_GROUPS_H

#include "analyzer/flow/hash.h"
#include "analyzer/tcp/connection.h"
#include "analyzer/tcp/packed.h"
#include "dissect/segment.h"

#include <stdbool.h>
#include <stdint.h>

/* Five-tuples are shared out to so many lanes, which do not touch each other's connections. */
#define FLOW_LANES 16u

/* As many segments as a batch has. */
#define FLOW_GROUPED_MOST (BATCH_SEGMENTS + PACKET_SEGMENTS_MAX)

/* What is known of a five-tuple that segments of a batch have, and was looked up once for all of
 * them. */
struct flow_probe {
    _Alignas(64) const struct segment *segment; /* the first of them, */
    int sender;                                 /* and its sender */
    uint32_t tag;
    uint32_t first;                   /* first value in the table with this tag, or TABLE_NONE */
    struct connection *connection;    /* that, where it is the record of the five-tuple; or NULL */
    struct brief *brief;              /* the same where it is brief */
    uint64_t changes;                 /* of the table, when that was so */
    uint8_t senders;                  /* of all of them: bits */
    bool logged;                      /* they are likely to be, in its detail */
    bool left;                        /* some of them were not tracked ahead */
    const struct detail_image *image; /* of the detail of a connection that closed, or NULL */
    uint16_t flags;                   /* that any of them has */
};

/* Of a segment, once lanes have tracked ahead what they may. */
enum flow_ahead {
    AHEAD_LEFT,    /* nothing has happened */
    AHEAD_TRACKED, /* it needs nothing more */
    AHEAD_CLOSED,  /* it is tracked, and its connection has closed */
};

/* For each segment its five-tuple and its sender. */
struct flow_groups {
    uint32_t count;
    bool shared; /* by flow_share() */
    struct flow_probe probes[FLOW_GROUPED_MOST];
    uint8_t probe_of[FLOW_GROUPED_MOST];
    uint8_t sender_of[FLOW_GROUPED_MOST];
    /* By flow_share(), after which probes stand in the order of their lanes: */
    uint8_t probes_from[FLOW_LANES + 1]; /* where those of each lane begin */
    uint8_t numbers[FLOW_GROUPED_MOST];  /* of segments, in the order of their lanes */
    uint8_t numbers_from[FLOW_LANES + 1];
    _Alignas(64) uint8_t ahead[FLOW_GROUPED_MOST]; /* enum flow_ahead, in the order of `numbers` */
};

_Static_assert(FLOW_GROUPED_MOST < UINT8_MAX, "numbers of five-tuples are octets");

/* `count`: at most FLOW_GROUPED_MOST. The probes point to the segments. */
void flow_group(const struct segment *segments, uint32_t count, bool vlan_in_key,
                const struct hash_key *secret, struct flow_groups *groups);

/* Shares what is grouped out to the lanes, so that what each writes stands together. */
void flow_share(uint32_t count, struct flow_groups *groups);

#endif
