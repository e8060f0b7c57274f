#include "analyzer/state/replay.h"

#include "analyzer/state/table.h"
#include "dissect/segment.h"

#include <string.h>

struct endpoint {
    bool syn_sent, syn_received, syn_acked;
    bool reset;
    unsigned facts;
    seq_t isn;
    seq_t fin_seq;
};

struct replay {
    const struct connection *c;
    struct endpoint ends[2];
    struct endpoint_states *states;
};

static enum tcp_state state_of(const struct replay *r, int x)
{
    const struct endpoint *e = &r->ends[x];
    if (e->reset)
        return STATE_CLOSED;
    bool server = client_side(r->c) != x;
    bool mid_stream = r->c->known_by == KNOWN_BY_PORT || r->c->known_by == KNOWN_BY_FIRST_PACKET;
    if (mid_stream || (e->syn_received && e->syn_acked) || e->facts & FACT_FIN_SENT)
        return close_state(e->facts);
    if (e->syn_sent)
        return e->syn_received || server ? STATE_SYN_RECEIVED : STATE_SYN_SENT;
    return server ? STATE_LISTEN : STATE_CLOSED;
}

static void enter(struct replay *r, int x, const struct log_entry *g, enum state_cause cause)
{
    struct endpoint_states *s = &r->states[x];
    enum tcp_state state = state_of(r, x);
    if (s->count && s->entries[s->count - 1].state == state)
        return;
    if (!s->count && (state == STATE_LISTEN || state == STATE_CLOSED) && !r->ends[x].reset)
        return;
    if (s->count == TIMELINE_MAX)
        return;
    bool own = g->side == x;
    s->entries[s->count++] = (struct state_entry){
        .at_ns = g->time_ns,
        .frame = g->frame,
        .state = (uint8_t)state,
        .cause = (uint8_t)cause,
        .certainty = own ? CERTAINTY_CONFIRMED : CERTAINTY_PRESUMED,
    };
}

static void take_reset(struct replay *r, const struct log_entry *g)
{
    int x = g->side;
    bool connecting = state_of(r, x) == STATE_SYN_SENT;
    /* A bare RST from SYN_SENT answers something old; the attempt goes on (RFC 9293 3.10.7.3). */
    if (!connecting) {
        r->ends[x].reset = true;
        enter(r, x, g, CAUSE_SENT_RST);
    }
    r->ends[!x].reset = true;
    enter(r, !x, g, CAUSE_RECEIVED_RST);
}

static enum state_cause take_syn(struct replay *r, const struct log_entry *g)
{
    struct endpoint *own = &r->ends[g->side];
    struct endpoint *peer = &r->ends[!g->side];
    own->syn_sent = true;
    own->isn = g->seq;
    if (g->flags & TCP_ACK || peer->syn_sent)
        peer->syn_received = true;
    if (g->flags & TCP_ACK)
        own->syn_received = true;
    return g->flags & TCP_ACK ? CAUSE_SENT_SYN_ACK : CAUSE_SENT_SYN;
}

static void take_segment(struct replay *r, const struct log_entry *g)
{
    int x = g->side;
    struct endpoint *own = &r->ends[x];
    struct endpoint *peer = &r->ends[!x];
    enum state_cause own_cause = CAUSE_SENT_SYN;
    enum state_cause peer_cause = CAUSE_RECEIVED_ACK_OF_SYN;
    if (g->flags & TCP_RST) {
        take_reset(r, g);
        return;
    }
    bool syn_acked_before = peer->syn_acked;
    if (g->flags & TCP_SYN)
        own_cause = take_syn(r, g);
    if (g->flags & TCP_ACK && peer->syn_sent && seq_gt(g->ack, peer->isn))
        peer->syn_acked = true;
    if (g->flags & TCP_SYN && g->flags & TCP_ACK)
        peer_cause = CAUSE_RECEIVED_SYN_ACK;
    if (g->flags & TCP_ACK && peer->facts & FACT_FIN_SENT && seq_gt(g->ack, peer->fin_seq)) {
        if (!(peer->facts & FACT_FIN_ACKED))
            r->states[!x].fin_acked_by = g->frame;
        peer->facts |= FACT_FIN_ACKED;
        peer_cause = CAUSE_RECEIVED_ACK_OF_FIN;
    } else if (syn_acked_before) {
        peer_cause = CAUSE_RECEIVED_FIN;
    }
    if (g->flags & TCP_FIN) {
        if (!(own->facts & FACT_FIN_SENT)) {
            own->fin_seq = seq_add(g->seq, g->payload_len);
            bool covers =
                peer->facts & FACT_FIN_SENT && g->flags & TCP_ACK && seq_gt(g->ack, peer->fin_seq);
            own->facts |= covers ? FACT_FIN_SENT : FACT_FIN_SENT | FACT_ACTIVE;
            r->states[x].active = !covers;
            r->states[x].active_known = true;
            own_cause = CAUSE_SENT_FIN;
        }
        peer->facts |= FACT_FIN_RECEIVED;
        if (!(peer->facts & FACT_FIN_ACKED) || peer_cause != CAUSE_RECEIVED_ACK_OF_FIN)
            peer_cause = CAUSE_RECEIVED_FIN;
    }
    enter(r, x, g, own_cause);
    enter(r, !x, g, peer_cause);
}

static void add_first_seen(struct replay *r, int x, int64_t at_ns, frame_ref frame)
{
    struct log_entry first = {.time_ns = at_ns, .frame = frame, .side = (uint8_t)x};
    enter(r, x, &first, CAUSE_FIRST_SEEN);
    struct endpoint_states *s = &r->states[x];
    if (s->count == 1)
        s->entries[0].certainty = CERTAINTY_PRESUMED;
}

/* TIME_WAIT ends 2*MSL after it began or its last restart. */
static void expire_time_wait(struct replay *r, int x, const struct analyzer_config *config,
                             int64_t now_ns)
{
    struct endpoint_states *s = &r->states[x];
    if (!s->count || s->entries[s->count - 1].state != STATE_TIME_WAIT ||
        s->entries[s->count - 1].at_ns == TIME_UNKNOWN)
        return;
    s->time_wait_until_ns = s->entries[s->count - 1].at_ns + config->two_msl_ns;
    if (now_ns == TIME_UNKNOWN || now_ns < s->time_wait_until_ns || s->count == TIMELINE_MAX)
        return;
    s->entries[s->count++] = (struct state_entry){.at_ns = s->time_wait_until_ns,
                                                  .state = STATE_CLOSED,
                                                  .cause = CAUSE_TWO_MSL_ELAPSED,
                                                  .certainty = CERTAINTY_PRESUMED};
}

static void conclude_end(struct replay *r, int x)
{
    struct endpoint_states *s = &r->states[x];
    if (!s->count) {
        s->state = client_side(r->c) == x ? STATE_CLOSED : STATE_LISTEN;
        s->certainty = CERTAINTY_PRESUMED;
    } else {
        s->state = s->entries[s->count - 1].state;
        s->certainty = s->entries[s->count - 1].certainty;
    }
    s->possible = (uint16_t)(1u << s->state);
    if (s->state == STATE_SYN_SENT || s->state == STATE_SYN_RECEIVED ||
        s->state == STATE_TIME_WAIT || s->state == STATE_LISTEN)
        s->possible |= 1u << STATE_CLOSED;
}

void states_replay(const struct connection *c, const struct analyzer_config *config, int64_t now_ns,
                   struct endpoint_states states[2])
{
    struct replay r = {.c = c, .states = states};
    memset(states, 0, 2 * sizeof *states);
    for (int x = 0; x < 2; x++)
        states[x].time_wait_until_ns = TIME_UNKNOWN;
    bool mid_stream = c->known_by == KNOWN_BY_PORT || c->known_by == KNOWN_BY_FIRST_PACKET;
    if (mid_stream) {
        add_first_seen(&r, 0, c->first_ns, c->first_frame);
        add_first_seen(&r, 1, c->first_ns, c->first_frame);
    }
    if (!c->detail && !mid_stream) {
        int x = c->side[0].marks & SIDE_SYN ? 0 : 1;
        struct log_entry syn = {.time_ns = c->first_ns,
                                .frame = c->first_frame,
                                .seq = c->side[x].isn,
                                .flags = TCP_SYN,
                                .side = (uint8_t)x};
        take_segment(&r, &syn);
    }
    for (uint16_t i = 0; c->detail && i < c->detail->log_count; i++)
        take_segment(&r, &c->detail->log[i]);
    for (int x = 0; x < 2; x++) {
        expire_time_wait(&r, x, config, now_ns);
        conclude_end(&r, x);
    }
}
