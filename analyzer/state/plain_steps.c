#include "analyzer/state/plain_steps.h"

#include "analyzer/state/silence.h"

static bool is_control(const struct log_entry *g, int side, unsigned flags, uint32_t seq)
{
    return g->side == side && (g->flags & CONTROL_FLAGS) == flags && g->seq.n == seq &&
           !g->payload_len && no_odd_marks(g) && reckonable(g->time_ns);
}

bool handshake_in_order(const struct evidence *ev, int client, int count)
{
    const struct log_entry *syn = &ev->log[SYN_ENTRY];
    const struct log_entry *syn_ack = &ev->log[SYN_ACK_ENTRY];
    const struct log_entry *ack = &ev->log[ACK_ENTRY];
    uint32_t client_isn = ev->c->side[client].isn.n;
    uint32_t server_isn = ev->c->side[!client].isn.n;
    if (!is_control(syn, client, TCP_SYN, client_isn) ||
        !is_control(syn_ack, !client, TCP_SYN | TCP_ACK, server_isn) ||
        syn_ack->ack.n != client_isn + 1 || syn_ack->time_ns < syn->time_ns)
        return false;
    return count < HANDSHAKE_ENTRIES ||
           (is_control(ack, client, TCP_ACK, client_isn + 1) && ack->ack.n == server_isn + 1 &&
            ack->time_ns >= syn_ack->time_ns);
}

void look_beyond(const struct evidence *ev, int x, struct endpoint_states *s, unsigned set)
{
    if (octets_outstanding(ev, x) || window_shut(ev, x))
        set |= STATE_BIT(STATE_FIN_WAIT_1);
    if (gave_up(ev, x))
        set |= STATE_BIT(STATE_CLOSED);
    if (owes_acknowledgment(ev, x)) {
        s->vanished = true;
        set |= STATE_BIT(STATE_CLOSED) | STATE_BIT(STATE_FIN_WAIT_1);
    }
    if (!ev->beside[x] && silence_since(ev, ev->c->side[x].last_ns) > ev->config->idle_ns)
        set |= STATE_BIT(STATE_CLOSED);
    s->possible = (uint16_t)set;
}
