#include "analyzer/state/table.h"

#define ROW_INDEX(sent, received, acked, active)                                                   \
    ((sent)*HAS_FIN_SENT | (received)*HAS_FIN_RECEIVED | (acked)*HAS_FIN_ACKED |                   \
     (active)*HAS_CLOSED_ACTIVELY)
#define ROW(sent, received, acked, active, state)                                                  \
    [ROW_INDEX(sent, received, acked, active)] = state,

/* What is no row is never asked for: without its own FIN an endpoint has neither closed actively
 * nor had a FIN acknowledged. */
const uint8_t close_states[16] = {CLOSE_STATE_TABLE(ROW)};
