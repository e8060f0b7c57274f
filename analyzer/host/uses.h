/*
 * The ports that client addresses have taken towards services, over time. Inside the room only.
 *
 * Most pairs of a client and a service have few connections, and are held as these; lines over time
 * are made when there are more. When there are too many pairs the half with the lowest peaks is
 * forgotten: scans, mostly. Which those are depends on the input alone.
 */
#ifndef FINWAIT_ANALYZER_HOST_USES_H
#define FINWAIT_ANALYZER_HOST_USES_H

#include "analyzer/host/examples.h"
#include "analyzer/host/line.h"
#include "analyzer/host/roll.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define USES_MAX 8192u
#define USE_FEW  4u

/* Empty unless from < to. */
struct stay {
    int64_t from_ns, to_ns;
};

/* What one connection takes. */
struct taking {
    struct stay taken;       /* the client holds a socket in any state */
    struct stay time_wait;   /* of this, in TIME_WAIT */
    struct stay server_held; /* only the server's TIME_WAIT holds the tuple */
    bool has_example;
    struct anomaly_evidence example;
};

/* One client address towards one service. */
struct use {
    struct roll_key key; /* client, server, the server's port */
    int64_t opened_ns;   /* the first time */
    uint64_t recycled;   /* tuples opened anew that the client held in TIME_WAIT */
    uint32_t few;        /* of the takings kept here, before there were lines */
    bool many;
    struct taking takings[USE_FEW];
    struct line taken, time_wait, server_held;
    struct line opens;
    struct examples *examples; /* owned, NULL without */
};

struct uses {
    struct roll roll;
    struct siphash_key secret;
};

bool uses_init(struct uses *uses, struct siphash_key secret) MUST_CHECK;
void uses_finish(struct uses *uses);

/* All times are covered by the grid. `recycled`: the client opened the tuple anew out of its
 * TIME_WAIT. False when memory ran out. */
bool uses_add(struct uses *uses, const struct grid *grid, const struct roll_key *key,
              const struct taking *taking, bool recycled) MUST_CHECK;

/* Nothing is added afterwards: all have lines, on the grid's step. False when memory ran out. */
bool uses_close(struct uses *uses, const struct grid *grid) MUST_CHECK;

#endif
