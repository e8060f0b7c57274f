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
#include "analyzer/flow/blocks.h"
#include "analyzer/flow/due.h"
#include "analyzer/flow/groups.h"
#include "analyzer/flow/hash.h"
#include "analyzer/flow/heard.h"
#include "analyzer/flow/pool.h"
#include "analyzer/flow/row.h"
#include "analyzer/flow/stamps.h"
#include "analyzer/flow/table.h"
#include "analyzer/flow/wheel.h"
#include "analyzer/tcp/brief.h"
#include "analyzer/tcp/connection.h"
#include "analyzer/tcp/packed.h"
#include "analyzer/tcp/shelf.h"
#include "analyzer/trace.h"
#include "dissect/compiler.h"

#include <stdbool.h>

/* Receives a connection that has become final, made whole; NULL where `order_known` said that it is
 * made elsewhere. `evicted` when memory and not time ended it. The connection is released
 * afterwards. False stops everything. */
typedef bool (*flow_final)(void *context, struct connection *connection, bool evicted);

/* The same of several that time has ended, in their order: all of them are there meanwhile. */
#define FLOW_RUN_MOST TABLE_SIZE(32u, 2u)
typedef bool (*flow_final_run)(void *context, struct connection *const *connections,
                               uint32_t count);

/* Uses of one tuple, one after the other or in parallel worlds, that segments are looked up in. */
#define FLOW_USES_MAX 64u

/* So many connections flows_drain() hands out at most from when it is to hurry: a fraction of a
 * second's work. */
#define FLOW_LAST_MOST 10000u

/* Brief connections of each size and either family. */
#define FLOW_BRIEF_POOLS (BRIEF_SIZES * 2)

/* Changes of the table are counted by tags, which share so many counts. */
#define FLOW_CHANGES 256u

/* So many to evict are looked for at once. */
#define FLOW_IDLE_KEPT 16u

struct flows {
    const struct analyzer_config *config;
    flow_final final;
    flow_final_run final_run;           /* or NULL: they come one by one */
    struct flow_room *rooms;            /* owned, for those of a run; NULL before the first */
    bool (*order_known)(void *context); /* or NULL: before the first of flows_drain() is handed out;
                                           true: all but lone SYNs are made elsewhere */
    /* Or NULL, both: takes connections that time has ended, as flows_let_go() gives them; ends that
     * and sees to it that all that were given are done with. All others come to `final` afterwards.
     * False stops everything. */
    bool (*give)(void *context, struct connection *connection);
    bool (*settle)(void *context);
    bool (*hurried)(void); /* is flows_drain() to hurry? NULL: it never is */
    void *context;
    const struct trace_sink *trace; /* NULL: nobody looks on */
    struct hash_key secret;
    struct table table;
    struct pool pool;     /* of struct connection */
    struct pool lones[2]; /* connections that are one SYN so far, of IPv4 and IPv6 */
    struct flow_row row;  /* all of these */
    struct pool details;  /* of most connections that have one */
    struct pool briefs[FLOW_BRIEF_POOLS]; /* connections that are kept as their segments */
    struct shelves shelves;               /* of what is packed and lingers */
    struct wheel wheel;
    struct blocks closed; /* brief connections that have closed and linger */
    struct closed_room {
        uint64_t few_bytes, many_bytes; /* that may be in memory while there is a file: many if all
                                           of them are foreseen to have room there */
        int64_t begun_ns;               /* since when there have been any */
    } closed_room;
    uint64_t closed_due;               /* due_key() of the first of them that is due, or less */
    struct closed_order *closed_order; /* owned; while all is handed out, or NULL */
    struct stamps stamps;
    struct heard heard;
    int64_t clock_ns;         /* the highest time seen, or TIME_UNKNOWN */
    uint64_t extra_bytes;     /* held by connections beside their records */
    uint32_t steps_with_room; /* so often memory need not be looked at: it cannot be full */
    struct brief_luck {
        uint32_t begun, outgrown;
    } briefs_luck[BRIEF_SIZES]; /* of the latest of each size, how many wanted more */
    uint32_t briefs_tried;
    uint32_t briefs_gone;  /* of their items, and of the closed ones, those that were handed out at
                              the  end, and will be released */
    uint32_t lones_gone;   /* of theirs, handed out at the end */
    uint64_t beside_bytes; /* held by whoever they are handed to, out of the same memory */
    uint64_t evicted;
    uint32_t changes[FLOW_CHANGES]; /* of what the table has of such tags */
    bool of_few;    /* the latest batch had at least twice as many segments as connections */
    uint64_t steps; /* uses of a tuple looked at, for the bounds of the work done */
    uint32_t streams;
    frame_ref latest_first; /* first frame of the latest stream */
    bool frames_turn_back;  /* streams are not in the order of first frames: files overlap, or they
                               were counted from 0 once more */
    uint32_t hand[2]; /* where the search for something to evict goes on: records, lone SYNs */
    struct flow_idle {
        uint32_t value; /* in the table */
        uint32_t stream;
        int64_t last_ns;
    } idle[FLOW_IDLE_KEPT];          /* what it has found, the longest silent first */
    uint32_t idle_count, idle_taken; /* of them, those that were looked at since */
    struct due_list due;
    struct flow_ending {
        uint32_t *order; /* while draining: of all, records and lone SYNs */
        uint32_t count;
        uint32_t end; /* no more than so many of these will be handed out */
    } ending;
};

bool flows_init(struct flows *flows, const struct analyzer_config *config, flow_final final,
                void *context) MUST_CHECK;
void flows_finish(struct flows *flows);

/* Before the first segment: from now on brief connections that have closed and linger take no more
 * memory than about `few_bytes`, and 4 MiB once some of them are final, while the file takes the
 * others; or `many_bytes`, if as many of them as there will be, going by how many close in a
 * second, have room there. The file is borrowed: empty, nobody else's, and open for reading and
 * writing until flows_finish(). */
void flows_spill_into(struct flows *flows, int file, uint64_t few_bytes, uint64_t many_bytes);

/* After FLOW_LOST: the errno of it. */
int flows_spill_error(const struct flows *flows);

/* FLOW_LOST: what was put into the file cannot be read, or changed. */
enum flow_status { FLOW_OK, FLOW_STOPPED, FLOW_NO_MEMORY, FLOW_LOST };

/* For each segment in turn: moves the clock, hands out what has become final, finds or makes the
 * segment's connection and tracks it in that. `aux` is the arena that segments refer to, and may be
 * NULL when none does. Memory of the next ones is on its way while others are handled: the more at
 * once the better. */
enum flow_status flows_feed(struct flows *flows, const struct segment *segments, uint32_t count,
                            const struct segment_aux *aux) MUST_CHECK;

/* The same for segments that are grouped: by flow_group(), with this config's vlan_in_key and these
 * flows' secret, which never change. At most FLOW_GROUPED_MOST of them. */
enum flow_status flows_feed_groups(struct flows *flows, const struct segment *segments,
                                   uint32_t count, const struct flow_groups *groups,
                                   const struct segment_aux *aux) MUST_CHECK;

/* Moves the clock, as a segment of this time does that is not taken. */
enum flow_status flows_pass_time(struct flows *flows, int64_t time_ns) MUST_CHECK;

/* Where a connection is made that is kept in another form. */
struct flow_room {
    struct connection connection;
    struct detail_room detail;
};

/* While flows_drain() hands out: the connections in the order in which it does. They are not
 * touched before their turn. What is kept in another form is made in `room`. */
uint32_t flows_due_count(const struct flows *flows);
uint32_t flows_due_end(const struct flows *flows); /* so many of them, or fewer, if it hurries */
bool flows_due_is_lone(const struct flows *flows, uint32_t number); /* a SYN, and nothing else */
const struct connection *flows_due(const struct flows *flows, uint32_t number,
                                   struct flow_room *room);

/* Asked for each in turn: those that come a little later are on their way. */
void flows_due_fetch(const struct flows *flows, uint32_t number);

/* For who makes some of them: what of one tells where the rest is, and then that. */
void flows_due_fetch_head(const struct flows *flows, uint32_t number);
void flows_due_fetch_body(const struct flows *flows, uint32_t number);

/* Everything becomes final. In a hurry only what tells most: what has closed, then what is closing,
 * then what is open; the others are still in use afterwards, and only flows_finish() may follow. */
enum flow_status flows_drain(struct flows *flows) MUST_CHECK;

/* Connections that are not final. */
uint32_t flows_held(const struct flows *flows);

/* Octets accounted: records, what they hold, the table. With beside_bytes no more than the limit of
 * memory, unless these are less than half of it. */
uint64_t flows_memory(const struct flows *flows);

#endif
