/*
 * The facts about one endpoint, each with the segment that made it so, how sure it is, and which
 * earlier beliefs had to be given up for it.
 */
#ifndef FINWAIT_ANALYZER_STATE_FACTS_H
#define FINWAIT_ANALYZER_STATE_FACTS_H

#include "analyzer/state/evidence.h"
#include "analyzer/verdict.h"

enum fact_id {
    FACT_SYN_SENT,
    FACT_SYN_RECEIVED,
    FACT_SYN_ACKED,
    FACT_FIN_SENT,
    FACT_FIN_RECEIVED,
    FACT_FIN_ACKED,
    FACT_RESET_SENT,
    FACT_RESET_RECEIVED,
    FACT_GONE,      /* answered as a host that holds no such connection */
    FACT_TIMED_OUT, /* gave up, or died: only its silence tells */
    FACTS,
};

struct fact {
    bool holds;
    bool doubtful; /* holds or not: nothing is presumed */
    enum certainty certainty;
    enum state_cause cause;
    int64_t at_ns;
    frame_ref frame;
    frame_ref confirmed_by;
    int index; /* of the segment in the log */
    int order; /* place among the events */
};

/* Places among the events: at a segment of the log, or behind one when it was put off. */
#define ORDER_AT(index)     (16 * (index))
#define ORDER_BEHIND(index) (16 * (index) + 8)

/* A belief that was given up: what `id` would have changed at this place. */
struct retraction {
    enum fact_id id;
    enum state_cause cause;
    int64_t at_ns;
    frame_ref frame;
    int order;
    bool refuted; /* by the endpoint itself; else only by silence */
};

#define RETRACTIONS_MAX 12

/* Whose FIN the capture begins with, when it begins with one. */
enum opening_fin { OPENING_FIN_NONE, OPENING_FIN_OWN, OPENING_FIN_PEER };

struct endpoint_facts {
    struct fact facts[FACTS];
    struct retraction retractions[RETRACTIONS_MAX];
    int retraction_count;
    bool server;
    bool mid_stream;  /* established when it was first seen */
    bool fin_implied; /* known by testimony before, or without, its passing */
    int fin_first;    /* first entry that carries it, or else that testifies to it */
    seq_t fin_seq;
    bool active, active_known;
    bool active_doubtful; /* passive by number, but the FIN may have been queued before */
    enum opening_fin opening_fin;
    int fin_acked_index; /* first entry of the peer that acknowledges its FIN, or -1 */
};

void facts_gather(const struct evidence *evidence, struct endpoint_facts ends[2]);

#endif
