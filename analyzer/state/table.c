#include "analyzer/state/table.h"

#define ROW_INDEX(sent, received, acked, active)                                                   \
    ((sent)*HAS_FIN_SENT | (received)*HAS_FIN_RECEIVED | (acked)*HAS_FIN_ACKED |                   \
     (active)*HAS_CLOSED_ACTIVELY)
#define ROW(sent, received, acked, active, state)                                                  \
    [ROW_INDEX(sent, received, acked, active)] = {true, state},

static const struct {
    bool defined;
    enum tcp_state state;
} rows[16] = {CLOSE_STATE_TABLE(ROW)};

enum tcp_state close_state(unsigned facts)
{
    /* Whether an endpoint closed actively matters only once its FIN is out, and an acknowledgment
     * of a FIN says nothing before there is one. */
    if (!(facts & HAS_FIN_SENT))
        facts &= HAS_FIN_RECEIVED;
    return rows[facts & 15].defined ? rows[facts & 15].state : STATE_UNKNOWN;
}
