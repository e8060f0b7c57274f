/*
 * The state function: what an endpoint's facts say about its state. One table, laid out so that it
 * can be read beside figure 5 of RFC 9293; section numbers are its.
 *
 * Facts are those of one endpoint X with peer Y: X's FIN was sent; Y's FIN was received; X's FIN
 * was acknowledged; and, where it matters, whether X closed actively (its FIN does not acknowledge
 * Y's).
 */
#ifndef FINWAIT_ANALYZER_STATE_TABLE_H
#define FINWAIT_ANALYZER_STATE_TABLE_H

#include "analyzer/verdict.h"

#include <stdbool.h>
#include <stdint.h>

enum close_fact {
    HAS_FIN_SENT = 1u << 0,
    HAS_FIN_RECEIVED = 1u << 1, /* the peer's */
    HAS_FIN_ACKED = 1u << 2,    /* its own */
    HAS_CLOSED_ACTIVELY = 1u << 3,
};

/* clang-format off */
/*    fin_sent  fin_received  fin_acked  active  state */
#define CLOSE_STATE_TABLE(X)                                                                       \
    X(0,        0,            0,         0,      STATE_ESTABLISHED)                                \
    X(0,        1,            0,         0,      STATE_CLOSE_WAIT)  /* 3.6 case 2 */               \
    X(1,        0,            0,         1,      STATE_FIN_WAIT_1)  /* 3.6 case 1 */               \
    X(1,        0,            1,         1,      STATE_FIN_WAIT_2)                                 \
    X(1,        1,            0,         1,      STATE_CLOSING)     /* 3.6 case 3 */               \
    X(1,        1,            0,         0,      STATE_LAST_ACK)                                   \
    X(1,        1,            1,         1,      STATE_TIME_WAIT)                                  \
    X(1,        1,            1,         0,      STATE_CLOSED)                                     \
    /* Closed passively by number, but Y's FIN is not (or no longer) known to have been received:   \
       the same as before it came. */                                                              \
    X(1,        0,            0,         0,      STATE_FIN_WAIT_1)                                 \
    X(1,        0,            1,         0,      STATE_FIN_WAIT_2)
/* clang-format on */

/* The table's states by their facts. */
extern const uint8_t close_states[16];

/* The state of a synchronised endpoint with these facts (bits of enum close_fact). */
static inline enum tcp_state close_state(unsigned facts)
{
    /* Whether an endpoint closed actively matters only once its FIN is out, and an acknowledgment
     * of a FIN says nothing before there is one. */
    if (!(facts & HAS_FIN_SENT))
        facts &= HAS_FIN_RECEIVED;
    return (enum tcp_state)close_states[facts & 15];
}

#endif
