/*
 * The ports that client addresses have taken towards services, over time. Inside the room only.
 *
 * When there are too many pairs of a client and a service the half with the lowest peaks is
 * forgotten: scans, mostly. Which those are depends on the input alone.
 */
#ifndef FINWAIT_ANALYZER_HOST_USES_H
#define FINWAIT_ANALYZER_HOST_USES_H

#include "analyzer/host/ends.h"
#include "analyzer/host/examples.h"
#include "analyzer/host/ledger.h"
#include "analyzer/host/roll.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define USES_MAX 8192u
#define USE_FEW  4u

/* Empty unless from_ns < to_ns. */
struct stay {
    int64_t from_ns, to_ns;
    int64_t from, to; /* the instants to which these belong; equal when no instant lies within */
};

/* What one connection takes. */
struct taking {
    struct stay taken;       /* the client holds a socket in any state */
    struct stay time_wait;   /* of this, in TIME_WAIT */
    struct stay server_held; /* only the server's TIME_WAIT holds the tuple */
    bool has_example;
    struct anomaly_evidence example;
};

/* The rows of a use's ledger: the stays of a taking, and when it began. */
enum use_row { USE_TAKEN, USE_TIME_WAIT, USE_SERVER_HELD, USE_OPENS };

/* One client address towards one service. */
struct use {
    struct roll_key key; /* client, server, the server's port */
    int64_t opened_ns;   /* the first time */
    uint64_t recycled;   /* tuples opened anew that the client held in TIME_WAIT */
    struct ledger ledger;
    struct row_load taken;     /* after uses_close() */
    uint32_t peak;             /* of what was taken, when last asked for, */
    uint8_t peak_level;        /* on the grid's step at that time, */
    bool peak_stands;          /* if nothing was added since */
    uint8_t few;               /* connections, up to USE_FEW and one more */
    uint8_t pieces;            /* of these: examples kept in `piece` */
    struct examples *examples; /* owned; NULL while `piece` suffices */
    struct anomaly_evidence piece[USE_FEW];
};

struct uses {
    struct roll roll;
    uint32_t most; /* up to USES_MAX */
};

bool uses_init(struct uses *uses, const struct hash_key *secret, uint32_t most) MUST_CHECK;
void uses_finish(struct uses *uses);

/* A connection between these will be added: what the use keeps elsewhere is on its way. */
void uses_fetch(struct uses *uses, const struct ends *ends);

/* All times are covered by the grid, on whose step the instants are; the key has its tag.
 * `recycled`: the client opened the tuple anew out of its TIME_WAIT. False when memory ran out. */
bool uses_add(struct uses *uses, const struct grid *grid, const struct roll_key *key,
              const struct taking *taking, bool recycled) MUST_CHECK;

/* Nothing is added afterwards: all ledgers stand on the grid's step. */
void uses_close(struct uses *uses, const struct grid *grid);

/* Its examples, for a verdict. False when memory ran out. */
bool use_show(const struct use *use, struct anomaly_verdict *anomaly) MUST_CHECK;

#endif
