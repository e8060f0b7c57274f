/*
 * The short ways to what states_conclude() says, for connections in which nothing odd happened: a
 * SYN that nobody answered, a handshake after which nothing was seen, a connection seen from the
 * middle that neither opens nor closes, or a handshake in which everything passed once and in
 * order, and after it nothing, two FINs that were both acknowledged, or an abort. Most connections
 * of most captures are of these shapes. Whatever else is seen, or would matter if it were, is left
 * to the general way; of what is not left, the short way says the same to the last field
 * (plain_test.c, middle_test.c).
 */
#ifndef FINWAIT_ANALYZER_STATE_PLAIN_H
#define FINWAIT_ANALYZER_STATE_PLAIN_H

#include "analyzer/state/states.h"

/* One SYN was sent, and nothing else; and what is concluded of that. */
bool lone_syn_is_all(const struct connection *connection);
void lone_syn_conclude(const struct connection *connection, const struct analyzer_config *config,
                       int64_t now_ns, struct states_basis *basis,
                       struct endpoint_states states[2]);

/* From the evidence just collected: is it of that shape; and what is concluded then. */
bool answered_is_all(const struct evidence *evidence);
void answered_conclude(struct states_basis *basis, struct endpoint_states states[2]);
bool middle_is_all(const struct evidence *evidence);
void middle_conclude(struct states_basis *basis, struct endpoint_states states[2]);

/* Concludes from the evidence just collected; SHAPE_ANY: conclude at length. */
enum shape plain_conclude(struct states_basis *basis, struct endpoint_states states[2]);

#endif
