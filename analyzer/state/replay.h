/*
 * From a connection's control log to both endpoints' states: the timeline of each, in order of
 * capture time.
 */
#ifndef FINWAIT_ANALYZER_STATE_REPLAY_H
#define FINWAIT_ANALYZER_STATE_REPLAY_H

#include "analyzer/config.h"
#include "analyzer/tcp/connection.h"
#include "analyzer/verdict.h"

#define TIMELINE_MAX 24

struct endpoint_states {
    struct state_entry entries[TIMELINE_MAX];
    uint32_t count;
    enum tcp_state state;
    enum certainty certainty;
    uint16_t possible;
    bool active, active_known;
    frame_ref fin_acked_by;
    int64_t time_wait_until_ns; /* or TIME_UNKNOWN: never in TIME_WAIT */
};

/* `now_ns` is the end of the capture, or of what was seen of it when the connection became final.
 */
void states_replay(const struct connection *c, const struct analyzer_config *config, int64_t now_ns,
                   struct endpoint_states states[2]);

#endif
