/*
 * All connections alive: found by key, told apart (incarnations of a five-tuple, the same tuple in
 * another world), expired by capture time, evicted when memory is full.
 *
 * A closed connection stays 2*MSL after its last segment, so that the next use of its tuple is
 * judged against it; then it is handed to `final` and forgotten. Connections that never closed stay
 * until the capture ends. Order of handing out: by the time at which they became final, ties by
 * first frame; it never depends on the hash key.
 */
#ifndef FINWAIT_ANALYZER_FLOW_FLOWS_H
#define FINWAIT_ANALYZER_FLOW_FLOWS_H

#include "analyzer/config.h"
#include "analyzer/flow/heard.h"
#include "analyzer/flow/pool.h"
#include "analyzer/flow/siphash.h"
#include "analyzer/flow/stamps.h"
#include "analyzer/flow/table.h"
#include "analyzer/flow/wheel.h"
#include "analyzer/tcp/connection.h"
#include "analyzer/trace.h"
#include "dissect/compiler.h"

#include <stdbool.h>

/* Receives a connection that has become final; `evicted` when memory and not time ended it. The
 * connection is released afterwards. False stops everything. */
typedef bool (*flow_final)(void *context, struct connection *connection, bool evicted);

/* Uses of one tuple, one after the other or in parallel worlds, that segments are looked up in. */
#define FLOW_USES_MAX 64u

struct flows {
    const struct analyzer_config *config;
    flow_final final;
    void (*order_known)(
        void *context); /* or NULL: before the first of flows_drain() is handed out */
    void *context;
    const struct trace_sink *trace; /* NULL: nobody looks on */
    struct siphash_key secret;
    struct table table;
    struct pool pool;
    struct pool details; /* of most connections that have one */
    struct wheel wheel;
    struct stamps stamps;
    struct heard heard;
    int64_t clock_ns;     /* the highest time seen, or TIME_UNKNOWN */
    uint64_t extra_bytes; /* held by connections beside their records */
    uint64_t evicted;
    uint64_t steps; /* uses of a tuple looked at, for the bounds of the work done */
    uint32_t streams;
    bool draining; /* nothing is looked up any more */
    uint32_t hand; /* where the search for something to evict goes on */
    struct due_list {
        struct due_item *items;
        uint32_t count, room;
    } due;
};

/* What a batch is prepared with before any of it is processed. */
struct flow_probe {
    struct flow_key key;
    uint32_t tag;
    uint32_t first; /* first value in the table with this tag, or TABLE_NONE */
    uint8_t sender;
    const struct segment_aux *aux; /* what the segment's RST says of itself, or NULL; borrowed */
};

bool flows_init(struct flows *flows, const struct analyzer_config *config, flow_final final,
                void *context) MUST_CHECK;
void flows_finish(struct flows *flows);

/* Four steps, so that a batch's memory is on its way while others are handled: the slot is
 * prefetched, then the connection's lines, then those of its detail, then the connection is found.
 */
void flows_hash(struct flows *flows, const struct segment *segment, struct flow_probe *probe);
void flows_prefetch(struct flows *flows, struct flow_probe *probe);
void flows_prefetch_detail(const struct flows *flows, const struct flow_probe *probe);

enum flow_status { FLOW_OK, FLOW_STOPPED, FLOW_NO_MEMORY };

/* Moves the clock, hands out what has become final, finds or makes the segment's connection and
 * tracks the segment in it. */
enum flow_status flows_take(struct flows *flows, const struct flow_probe *probe,
                            const struct segment *segment) MUST_CHECK;

/* Moves the clock, as a segment of this time does that is not taken. */
enum flow_status flows_pass_time(struct flows *flows, int64_t time_ns) MUST_CHECK;

/* While flows_drain() hands out: the connections in the order in which it does. They are not
 * touched before their turn. */
uint32_t flows_due_count(const struct flows *flows);
const struct connection *flows_due(const struct flows *flows, uint32_t number);

/* Everything becomes final. */
enum flow_status flows_drain(struct flows *flows) MUST_CHECK;

/* Octets accounted: records, what they hold, the table. */
uint64_t flows_memory(const struct flows *flows);

#endif
