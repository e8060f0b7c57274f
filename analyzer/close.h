/*
 * How a connection ended, in a few words: kind, by whom, the reset that did it, what the handshake
 * came to. Concluded from both endpoints' states and the control log; part of conclude().
 */
#ifndef FINWAIT_ANALYZER_CLOSE_H
#define FINWAIT_ANALYZER_CLOSE_H

#include "analyzer/config.h"
#include "analyzer/state/states.h"
#include "analyzer/tcp/connection.h"
#include "analyzer/verdict.h"

/* A connection as the describers see it; borrowed. */
struct view {
    const struct connection *c;
    const struct analyzer_config *config;
    const struct endpoint_states *states; /* of both sides */
    const struct states_basis *basis;
    const struct log_entry *log;
    uint16_t log_count;
    int client;
    int64_t now_ns;
};

/* The shape of an RST; how far the connection had come when it passed (`closing`: a FIN had). */
enum reset_form reset_form_of(const struct connection *connection, const struct log_entry *rst);
enum reset_stage reset_stage_of(const struct connection *connection, bool closing);

void describe_handshake(const struct view *view, struct connection_verdict *verdict);
void describe_close(const struct view *view, struct connection_verdict *verdict);
enum zeek_state zeek_state_of(const struct view *view);

#endif
