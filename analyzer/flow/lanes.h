/*
 * Batches tracked by several threads at once. Most segments touch nothing but the record and the
 * detail of a connection that is open already: these are tracked ahead, over a round of batches, in
 * lanes: a five-tuple's segments are all of one lane, in their order, so that each lane may have a
 * thread of its own. The rest is fed afterwards, in its order, and finds everything as if each
 * segment had been fed in its turn: what opens, closes, chooses or takes memory, and whatever comes
 * behind that in its five-tuple. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_LANES_H
#define FINWAIT_ANALYZER_FLOW_LANES_H

#include "analyzer/flow/flows.h"
#include "analyzer/flow/probe.h"

#define FLOW_ROUND_MOST TABLE_SIZE(32u, 4u)

/* Five-tuples that a lane has left something of, by some bits of their tags: where two share them,
 * more is left than must be. */
#define LANE_LEFT_BITS 8192u

/* Octets: most are of 200 to 300, and of a round that closes what others opened a lane has a
 * hundred. Who finds no room for one has it made later. */
#define LANE_IMAGES 49152u

struct flow_lane {
    uint64_t left[LANE_LEFT_BITS / 64];
    uint64_t extra_bytes;                    /* that connections have come to hold */
    uint64_t probes;                         /* slots of the table looked at */
    uint32_t drawn;                          /* octets of the images */
    uint8_t apart[64];                       /* no cache line is of two lanes */
    _Alignas(8) uint8_t images[LANE_IMAGES]; /* of details of connections that have closed */
};

struct flow_batch {
    const struct segment *segments; /* borrowed, as the groups are */
    uint32_t count;
    struct flow_groups *groups; /* by flow_group() */
};

/* Of a segment, once lanes have tracked ahead what they may. */
enum flow_ahead {
    AHEAD_LEFT,    /* nothing has happened */
    AHEAD_TRACKED, /* it needs nothing more */
    AHEAD_CLOSED,  /* it is tracked, and its connection has closed */
};

/* What lanes make of a batch. */
struct flow_outcome {
    struct flow_probe probes[FLOW_GROUPED_MOST];
    _Alignas(64) uint8_t ahead[FLOW_GROUPED_MOST]; /* enum flow_ahead, in the order of `numbers` */
};

/* Memory that what is left of a round, or the next one, will want: of each pool, and of shelves. */
#define FLOW_POOLS (4u + FLOW_BRIEF_POOLS)
#define FLOW_PARTS (FLOW_POOLS + SHELVES_AHEAD)

struct flow_round {
    uint32_t count;
    struct pages_wanted wanted[FLOW_PARTS];
    struct flow_batch batches[FLOW_ROUND_MOST]; /* the next ones, in their order */
    struct flow_outcome outcomes[FLOW_ROUND_MOST];
    struct flow_lane lanes[FLOW_LANES];
};

/* Before the lanes. False when nothing may be tracked ahead: somebody looks on, or memory is so
 * short that connections may have to give way before all of it is fed. */
bool flows_round_begin(struct flows *flows, struct flow_round *round) MUST_CHECK;

/* Once for each lane, in any order or at the same time; nothing else touches the flows meanwhile.
 */
void flows_round_lane(const struct flows *flows, struct flow_round *round, unsigned lane);

/* What memory will soon be wanted. */
void flows_round_want(struct flows *flows, struct flow_round *round);

/* Of that once for each part, or not at all, in any order or at the same time; before it is asked
 * anew what is wanted, but whatever else is done to the flows meanwhile. */
void flows_round_prepare(const struct flow_round *round, unsigned part);

/* When all lanes are done. What they left of each batch is then to be fed by flows_feed_rest(), in
 * their order. */
void flows_round_end(struct flows *flows, const struct flow_round *round);

enum flow_status flows_feed_rest(struct flows *flows, struct flow_round *round, uint32_t number,
                                 const struct segment_aux *aux) MUST_CHECK;

#endif
