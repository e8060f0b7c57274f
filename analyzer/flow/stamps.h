/*
 * The timestamps of one client address towards one service, as a server compares them that takes
 * all of the address's connections for one clock's (per-host PAWS, Linux tcp_tw_recycle): which SYN
 * came with a lower one than the last that was answered, and what became of it.
 *
 * Memory is bounded: pairs beyond STAMPS_PAIRS, or beyond what --max-memory leaves for them, are
 * not looked at. Limits bite in the order of the capture.
 */
#ifndef FINWAIT_ANALYZER_FLOW_STAMPS_H
#define FINWAIT_ANALYZER_FLOW_STAMPS_H

#include "analyzer/anomaly/pieces.h"
#include "analyzer/host/ends.h"
#include "analyzer/host/roll.h"
#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"

#define STAMPS_PAIRS 65536u

/* How long a server remembers (Linux TCP_PAWS_MSL). */
#define STAMPS_REMEMBERED_NS (INT64_C(60) * 1000000000)

/* SYNs with a lower stamp that were dropped. */
struct stamp_drops {
    uint32_t count;
    int64_t first_ns, last_ns;
    struct pieces pieces;
};

/* One line of the cache: most clients come to a service once. */
struct stamp_pair {
    struct roll_key key; /* client, server, the server's port */
    int64_t at_ns;       /* of the last SYN-ACK, */
    uint32_t ts_val;     /* and of the SYN that it answered */
    /* What stamps_final() counts. */
    uint32_t answered : 31;    /* with a stamp that is not lower */
    uint32_t spoilt : 1;       /* one was answered that was lower, or dropped that was not */
    struct stamp_drops *drops; /* owned; NULL without */
};

_Static_assert(sizeof(struct stamp_pair) <= 64, "one line");

struct stamps {
    struct roll pairs;
    uint32_t pairs_most, drops_most, drops_held;
    struct ends_maker ends;
};

bool stamps_init(struct stamps *stamps, const struct hash_key *secret,
                 uint64_t max_memory_bytes) MUST_CHECK;
/* What they hold, but for what stamps_final() notes of those that were dropped; and that. */
uint64_t stamps_bytes(const struct stamps *stamps);
uint64_t stamps_drops_bytes(const struct stamps *stamps);

void stamps_finish(struct stamps *stamps);

/* A connection's first SYN will pass: where its pair stands is on its way. */
void stamps_fetch(struct stamps *stamps, const struct segment *syn);

/* A connection's first SYN passes: the connection's marks, of how its stamp compares. */
uint16_t stamps_syn(struct stamps *stamps, const struct segment *syn);

/* Its first SYN-ACK passes, to a SYN with this stamp. Where memory ran out, nothing is remembered.
 */
void stamps_answered(struct stamps *stamps, uint32_t ts_val, const struct segment *answer);

/* What a connection that has become final says of its pair. */
enum stamp_word {
    STAMP_SAYS_NOTHING,
    STAMP_UNANSWERED, /* its SYN, which perhaps was dropped */
    STAMP_ANSWERED,
    STAMP_ANSWERED_BELOW, /* though its stamp was lower */
};

enum stamp_word stamps_word(const struct connection *c);

/* And where that may be counted, or NULL. Stays where it is. */
struct stamp_claim {
    struct stamp_pair *pair;
    enum stamp_word word;
};

struct stamp_claim stamps_claim(struct stamps *stamps, const struct connection *c);

/* The same of a connection between these ends, named with the secret of these stamps. */
struct stamp_claim stamps_claim_between(struct stamps *stamps, enum stamp_word word,
                                        const struct ends *ends);

/* The slot of these ends is on its way; and what the slot names, once that has come. */
void stamps_fetch_slot(const struct stamps *stamps, const struct ends *ends);
void stamps_fetch_pair(const struct stamps *stamps, const struct ends *ends);

/* Counts it there; `unanswered`: its SYN was given time enough. The connection is looked at where
 * it was. Touches nothing that the functions above do: they may go on meanwhile in another thread.
 */
void stamps_final(struct stamps *stamps, struct stamp_claim claim, const struct connection *c,
                  bool unanswered);

/* Makes a verdict for each pair of which every SYN that was dropped was below, and none that was
 * answered; in order of addresses, or as they were first seen where memory ran out. False when
 * `take` returned false. */
bool stamps_judge(const struct stamps *stamps,
                  bool (*take)(void *context, const struct anomaly_verdict *anomaly),
                  void *context) MUST_CHECK;

#endif
