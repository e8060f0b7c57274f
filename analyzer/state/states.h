/*
 * Both endpoints' states, concluded from a connection's log: the timeline of each (what is believed
 * at the end, with what had to be taken back), its present state, and every state that it may be in
 * as far as the capture can tell.
 *
 * Conclusions are derived, never patched: facts first, each with its evidence; the timeline is the
 * facts in order, put through the state function.
 */
#ifndef FINWAIT_ANALYZER_STATE_STATES_H
#define FINWAIT_ANALYZER_STATE_STATES_H

#include "analyzer/config.h"
#include "analyzer/state/evidence.h"
#include "analyzer/state/facts.h"
#include "analyzer/tcp/connection.h"
#include "analyzer/verdict.h"

#define TIMELINE_MAX 24

struct endpoint_states {
    struct state_entry entries[TIMELINE_MAX];
    uint32_t count;
    enum tcp_state state;
    enum certainty certainty;
    uint16_t possible; /* bit 1 << state for each */
    bool fin_sent, fin_implied;
    bool fin_acked_unseen; /* presumably: nothing that says so was seen */
    bool active, active_known;
    bool active_presumed; /* its FIN's first transmission was not seen, or was queued before */
    bool reset_sent, reset_received;
    bool vanished; /* it no longer answers what it must answer */
    frame_ref fin_acked_by;
    uint32_t fin_seq;
    int64_t time_wait_from_ns; /* or TIME_UNKNOWN: never in TIME_WAIT */
    int64_t time_wait_until_ns;
};

/* Connections in which nothing odd happened: what all of a shape have in common is plain.h's. */
enum shape {
    SHAPE_ANY,
    SHAPE_LONE_SYN, /* one SYN, and nothing else */
    SHAPE_ANSWERED, /* a SYN, a SYN-ACK, and at most the acknowledgment of that */
    SHAPE_MIDDLE,   /* seen from the middle, and neither to open nor to close nor to be reset */
    SHAPE_OPEN,     /* opened in order, and seen neither to close nor to be reset */
    SHAPE_CLOSED,   /* opened in order; one FIN of each side, both acknowledged; no RST */
    SHAPE_ABORTED,  /* opened in order; ended by one RST with ACK, of the next number */
};

static inline bool shape_has_opened(enum shape shape)
{
    return shape == SHAPE_OPEN || shape == SHAPE_CLOSED || shape == SHAPE_ABORTED;
}

/* What such a connection's log begins with, when it opened. */
enum { SYN_ENTRY, SYN_ACK_ENTRY, ACK_ENTRY, HANDSHAKE_ENTRIES };

/* Where the log tells of an endpoint's FIN. */
struct fin_traces {
    int fin_first;       /* as in struct endpoint_facts; 0 without a FIN */
    int fin_acked_index; /* or -1 */
    enum opening_fin opening_fin;
};

/* What the states rest on. */
struct states_basis {
    enum shape shape;
    struct evidence evidence;
    struct fin_traces ends[2];
};

/* `now_ns` is the end of the capture, or of what was seen of it when the connection became final.
 */
void states_conclude(const struct connection *connection, const struct analyzer_config *config,
                     int64_t now_ns, struct states_basis *basis, struct endpoint_states states[2]);

/* The same, as for connections of any shape. */
void states_conclude_at_length(const struct connection *connection,
                               const struct analyzer_config *config, int64_t now_ns,
                               struct states_basis *basis, struct endpoint_states states[2]);

#endif
