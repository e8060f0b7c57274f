#include "analyzer/close.h"

static enum role role_of(const struct view *view, int side)
{
    return side == view->client ? ROLE_CLIENT : ROLE_SERVER;
}

static bool mid_stream(const struct view *view)
{
    return view->c->known_by == KNOWN_BY_PORT || view->c->known_by == KNOWN_BY_FIRST_PACKET;
}

static const struct log_entry *first_with(const struct view *view, int side, uint8_t mask,
                                          uint8_t value)
{
    for (uint16_t i = 0; i < view->log_count; i++) {
        if (view->log[i].side == side && (view->log[i].flags & mask) == value)
            return &view->log[i];
    }
    return NULL;
}

/* ---- opening -------------------------------------------------------------------------------- */

static enum handshake_kind handshake_of(const struct view *view)
{
    const struct side *client = &view->c->side[view->client];
    const struct side *server = &view->c->side[!view->client];
    bool client_rst = client->marks & SIDE_RST;
    bool server_rst = server->marks & SIDE_RST;
    if (mid_stream(view))
        return HANDSHAKE_MID_STREAM;
    if (client->marks & SIDE_SYN && server->marks & SIDE_SYN &&
        first_with(view, !view->client, TCP_SYN | TCP_ACK, TCP_SYN))
        return HANDSHAKE_SIMULTANEOUS;
    if (client->marks & SIDE_SPOKE)
        return HANDSHAKE_COMPLETE;
    if (server->marks & SIDE_SYN)
        return client_rst || server_rst ? HANDSHAKE_ABORTED : HANDSHAKE_UNANSWERED;
    if (server_rst)
        return HANDSHAKE_REFUSED;
    return client_rst ? HANDSHAKE_ABORTED : HANDSHAKE_UNANSWERED;
}

void describe_handshake(const struct view *view, struct connection_verdict *v)
{
    v->handshake_rtt_ns = -1;
    if (shape_has_opened(view->basis->shape)) {
        v->handshake = HANDSHAKE_COMPLETE;
        v->handshake_rtt_ns = view->log[ACK_ENTRY].time_ns - view->log[SYN_ENTRY].time_ns;
        return;
    }
    v->handshake = (uint8_t)handshake_of(view);
    if (v->handshake != HANDSHAKE_COMPLETE)
        return;
    const uint8_t kinds = TCP_SYN | TCP_ACK | TCP_RST;
    const struct log_entry *syn = first_with(view, view->client, kinds, TCP_SYN);
    const struct log_entry *ack = first_with(view, view->client, kinds, TCP_ACK);
    if (syn && ack && syn->time_ns != TIME_UNKNOWN && ack->time_ns >= syn->time_ns)
        v->handshake_rtt_ns = ack->time_ns - syn->time_ns;
}

/* Zeek's view of one endpoint (its TCP analyzer's states, as its documentation names them). */
enum zeek_endpoint {
    ZEEK_INACTIVE,
    ZEEK_SYN_SENT,
    ZEEK_SYN_ACK_SENT,
    ZEEK_PARTIAL,
    ZEEK_ESTABLISHED,
    ZEEK_CLOSED,
    ZEEK_RESET
};

static enum zeek_endpoint zeek_endpoint_of(const struct view *view, int x)
{
    const struct side *own = &view->c->side[x];
    const struct side *peer = &view->c->side[!x];
    if (own->marks & SIDE_RST)
        return ZEEK_RESET;
    if (own->marks & SIDE_FIN)
        return ZEEK_CLOSED;
    if (!own->packets)
        return ZEEK_INACTIVE;
    if (own->marks & SIDE_SYN && !(peer->marks & SIDE_SYN))
        return own->marks & SIDE_SYN_ACK ? ZEEK_SYN_ACK_SENT : ZEEK_SYN_SENT;
    return own->marks & SIDE_SYN ? ZEEK_ESTABLISHED : ZEEK_PARTIAL;
}

enum zeek_state zeek_state_of(const struct view *view)
{
    enum zeek_endpoint client = zeek_endpoint_of(view, view->client);
    enum zeek_endpoint server = zeek_endpoint_of(view, !view->client);
    const struct side *client_side_ = &view->c->side[view->client];
    bool client_idle = client == ZEEK_INACTIVE || client == ZEEK_PARTIAL;
    bool server_idle = server == ZEEK_INACTIVE || server == ZEEK_PARTIAL;
    bool client_waits = client == ZEEK_SYN_SENT || client == ZEEK_SYN_ACK_SENT;
    if (server == ZEEK_RESET) {
        if (client_waits)
            return ZEEK_REJ;
        return client_idle && !(client_side_->marks & SIDE_SPOKE) ? ZEEK_RSTRH : ZEEK_RSTR;
    }
    if (client == ZEEK_RESET)
        return server_idle ? ZEEK_RSTOS0 : ZEEK_RSTO;
    if (client == ZEEK_CLOSED && server == ZEEK_CLOSED)
        return ZEEK_SF;
    if (client == ZEEK_CLOSED)
        return server_idle ? ZEEK_SH : ZEEK_S2;
    if (server == ZEEK_CLOSED)
        return client_idle ? ZEEK_SHR : ZEEK_S3;
    if (client == ZEEK_SYN_SENT && server == ZEEK_INACTIVE)
        return ZEEK_S0;
    if (client == ZEEK_ESTABLISHED && server == ZEEK_ESTABLISHED)
        return ZEEK_S1;
    return ZEEK_OTH;
}

/* ---- resets --------------------------------------------------------------------------------- */

enum reset_form reset_form_of(const struct connection *c, const struct log_entry *g)
{
    const struct side *own = &c->side[g->side];
    if (!(g->flags & TCP_ACK))
        return RESET_REPLY;
    if (g->seq.n == 0 && !(own->marks & SIDE_SEEN))
        return RESET_REFUSAL;
    return seq_eq(g->seq, own->nxt) ? RESET_ABORT : RESET_ODD;
}

/* How far the connection had come: after a SYN, the handshake, the first side's octets, more. */
enum reset_stage reset_stage_of(const struct connection *c, bool closing)
{
    const struct side *client = &c->side[client_side(c)];
    const struct side *server = &c->side[!client_side(c)];
    if (closing)
        return STAGE_CLOSING;
    if (!(server->marks & SIDE_SYN) && client->marks & SIDE_SYN && !(server->marks & SIDE_SPOKE))
        return STAGE_POST_SYN;
    int spoke = !!(client->marks & SIDE_DATA) + !!(server->marks & SIDE_DATA);
    return spoke == 0 ? STAGE_POST_ACK : spoke == 1 ? STAGE_POST_PSH : STAGE_LATER;
}

/* The first RST that was not ignored by the one it was sent to, else the first of all. */
static const struct log_entry *reset_of(const struct view *view)
{
    const struct log_entry *first = NULL;
    for (uint16_t i = 0; i < view->log_count; i++) {
        const struct log_entry *g = &view->log[i];
        if (!(g->flags & TCP_RST))
            continue;
        if (view->states[g->side].reset_sent || view->states[!g->side].reset_received)
            return g;
        if (!first)
            first = g;
    }
    return first;
}

/* ---- closing -------------------------------------------------------------------------------- */

static bool fin_acknowledged(const struct view *view, int x)
{
    const struct endpoint_states *s = &view->states[x];
    /* What an unseen direction would acknowledge counts as acknowledged, and what is presumed to
     * have passed unseen: nothing is missing. */
    return s->fin_sent &&
           (s->fin_acked_by != FRAME_NONE || s->fin_acked_unseen || !view->c->side[!x].packets);
}

/* Segments that carry a FIN, or are the first to acknowledge one. */
static uint32_t closing_segments(const struct view *view)
{
    uint32_t count = 0;
    bool acked[2] = {false, false};
    for (uint16_t i = 0; i < view->log_count; i++) {
        const struct log_entry *g = &view->log[i];
        int peer = !g->side;
        bool first_ack = view->states[peer].fin_sent && !acked[peer] &&
                         (g->flags & (TCP_ACK | TCP_RST)) == TCP_ACK &&
                         seq_gt(g->ack, seq_of(view->states[peer].fin_seq));
        acked[peer] |= first_ack;
        count += g->flags & TCP_FIN || first_ack;
    }
    return count;
}

/* New octets of Y in segments that acknowledge X's FIN, acknowledged by X in turn. */
static bool half_close_used(const struct view *view)
{
    for (uint16_t i = 0; i < view->log_count; i++) {
        const struct log_entry *g = &view->log[i];
        int x = !g->side;
        if (!g->payload_len || g->marks & LOG_AGAIN || g->flags & TCP_RST ||
            !view->states[x].fin_sent || seq_le(g->ack, seq_of(view->states[x].fin_seq)))
            continue;
        seq_t end = seq_add(g->seq, g->payload_len);
        for (uint16_t k = (uint16_t)(i + 1); k < view->log_count; k++) {
            const struct log_entry *h = &view->log[k];
            if (h->side == x && (h->flags & (TCP_ACK | TCP_RST)) == TCP_ACK && seq_ge(h->ack, end))
                return true;
        }
    }
    return false;
}

/* When the close began, and what passed last. */
static int64_t close_began_ns(const struct view *view, int64_t *last_ns)
{
    int64_t start_ns = TIME_UNKNOWN;
    for (uint16_t i = 0; i < view->log_count; i++) {
        const struct log_entry *g = &view->log[i];
        bool begins = g->flags & (TCP_FIN | TCP_RST);
        if (g->time_ns == TIME_UNKNOWN)
            continue;
        if (begins && start_ns == TIME_UNKNOWN)
            start_ns = g->time_ns;
        if (start_ns != TIME_UNKNOWN)
            *last_ns = g->time_ns;
    }
    return start_ns;
}

static void describe_times(const struct view *view, int64_t start_ns, int64_t last_ns,
                           struct connection_verdict *v)
{
    const struct close_start *start = view->c->detail ? &view->c->detail->start : NULL;
    v->close.start_ns = start_ns;
    v->close.duration_ns = -1;
    v->close.idle_before_ns = -1;
    if (start_ns == TIME_UNKNOWN)
        return;
    if (last_ns >= start_ns)
        v->close.duration_ns = last_ns - start_ns;
    if (!start || !start->taken)
        return;
    int64_t before_ns =
        start->last_ns[0] > start->last_ns[1] ? start->last_ns[0] : start->last_ns[1];
    if (before_ns != TIME_UNKNOWN && start_ns >= before_ns)
        v->close.idle_before_ns = start_ns - before_ns;
}

static void describe_reset(const struct view *view, const struct log_entry *rst, bool closing,
                           struct connection_verdict *v)
{
    v->close.has_reset = true;
    v->close.reset_by = (uint8_t)role_of(view, rst->side);
    v->close.reset_form = (uint8_t)reset_form_of(view->c, rst);
    v->close.reset_stage = (uint8_t)reset_stage_of(view->c, closing);
}

static void look_at_all(const struct view *view, struct connection_verdict *v)
{
    const struct log_entry *rst = reset_of(view);
    bool closing = false;
    for (const struct log_entry *g = view->log; rst && g < rst; g++)
        closing |= g->flags & TCP_FIN;
    if (rst)
        describe_reset(view, rst, closing, v);
    int64_t last_ns = TIME_UNKNOWN;
    int64_t start_ns = close_began_ns(view, &last_ns);
    describe_times(view, start_ns, last_ns, v);
    v->close.segments = closing_segments(view);
    v->close.half_close = half_close_used(view);
}

/* Both FINs of a plain connection, of which the log tells where they are. */
static void describe_plain_close(const struct view *view, struct connection_verdict *v)
{
    const struct endpoint_states *s = view->states;
    const struct fin_traces *ends = view->basis->ends;
    int first = ends[0].fin_first < ends[1].fin_first ? 0 : 1;
    bool both = s[0].active && s[1].active;
    int64_t start_ns = view->log[ends[first].fin_first].time_ns;
    v->close.segments = 2u + (ends[0].fin_acked_index != ends[1].fin_first) +
                        (ends[1].fin_acked_index != ends[0].fin_first);
    /* The one that closed second sent its last octets with the FIN. */
    v->close.half_close = !s[!first].active && view->log[ends[!first].fin_first].payload_len;
    v->close.kind = both ? CLOSE_SIMULTANEOUS : CLOSE_GRACEFUL;
    v->close.by = (uint8_t)(both ? ROLE_BOTH : role_of(view, s[0].active ? 0 : 1));
    v->close.by_certainty =
        s[0].active_presumed || s[1].active_presumed ? CERTAINTY_PRESUMED : CERTAINTY_CONFIRMED;
    describe_times(view, start_ns, view->log[view->log_count - 1].time_ns, v);
}

/* How it ended without two FINs that were acknowledged. */
static void describe_ending(const struct view *view, struct connection_verdict *v)
{
    if (view->basis->shape == SHAPE_ANY) {
        look_at_all(view, v);
    } else if (view->basis->shape == SHAPE_ABORTED) {
        const struct log_entry *last = &view->log[view->log_count - 1];
        describe_reset(view, last, false, v);
        describe_times(view, last->time_ns, last->time_ns, v);
    } else {
        describe_times(view, TIME_UNKNOWN, TIME_UNKNOWN, v);
    }
}

static void describe_time_wait(const struct view *view, struct connection_verdict *v)
{
    v->close.time_wait_held_by = ROLE_NONE;
    v->close.time_wait_until_ns = TIME_UNKNOWN;
    for (int x = 0; x < 2; x++) {
        const struct endpoint_states *s = &view->states[x];
        if (s->time_wait_from_ns == TIME_UNKNOWN)
            continue;
        v->close.time_wait_held_by =
            v->close.time_wait_held_by == ROLE_NONE ? (uint8_t)role_of(view, x) : ROLE_BOTH;
        if (s->time_wait_until_ns > v->close.time_wait_until_ns)
            v->close.time_wait_until_ns = s->time_wait_until_ns;
    }
}

/* A FIN still waits, but has not waited long enough to be called stuck. */
static bool close_under_way(const struct view *view)
{
    int64_t last_ns = connection_last_ns(view->c);
    if (view->now_ns == TIME_UNKNOWN || last_ns == TIME_UNKNOWN)
        return true;
    return view->now_ns - last_ns < view->config->stuck_ns;
}

static enum close_kind kind_of(const struct view *view, const struct connection_verdict *v)
{
    const struct endpoint_states *s = view->states;
    bool opened = v->handshake == HANDSHAKE_COMPLETE || v->handshake == HANDSHAKE_MID_STREAM ||
                  v->handshake == HANDSHAKE_SIMULTANEOUS;
    bool done = fin_acknowledged(view, 0) && fin_acknowledged(view, 1);
    bool reset = false;
    for (int x = 0; x < 2; x++)
        reset |= s[x].reset_sent || s[x].reset_received;
    if (!opened && !s[0].fin_sent && !s[1].fin_sent)
        return CLOSE_NONE;
    if (reset && !done)
        return CLOSE_RESET;
    if (done)
        return s[0].active && s[1].active ? CLOSE_SIMULTANEOUS : CLOSE_GRACEFUL;
    if (s[0].vanished || s[1].vanished)
        return CLOSE_VANISHED;
    if (!s[0].fin_sent && !s[1].fin_sent)
        return CLOSE_OPEN;
    return close_under_way(view) ? CLOSE_MID_CLOSE : CLOSE_HALF_CLOSED;
}

static enum role closer_of(const struct view *view, const struct connection_verdict *v)
{
    const struct endpoint_states *s = view->states;
    switch ((enum close_kind)v->close.kind) {
    case CLOSE_RESET:
        return (enum role)v->close.reset_by;
    case CLOSE_VANISHED:
        return s[0].vanished && s[1].vanished ? ROLE_BOTH : role_of(view, s[0].vanished ? 0 : 1);
    case CLOSE_SIMULTANEOUS:
        return ROLE_BOTH;
    case CLOSE_GRACEFUL:
    case CLOSE_MID_CLOSE:
    case CLOSE_HALF_CLOSED:
        if (s[0].fin_sent && s[0].active && s[1].fin_sent && s[1].active)
            return ROLE_BOTH;
        for (int x = 0; x < 2; x++) {
            if (s[x].fin_sent && s[x].active)
                return role_of(view, x);
        }
        break;
    case CLOSE_OPEN:
    case CLOSE_NONE:
    case CLOSE_KINDS:
        break;
    }
    return ROLE_NONE;
}

void describe_close(const struct view *view, struct connection_verdict *v)
{
    describe_time_wait(view, v);
    if (view->basis->shape == SHAPE_CLOSED) {
        describe_plain_close(view, v);
        return;
    }
    describe_ending(view, v);
    v->close.kind = (uint8_t)kind_of(view, v);
    v->close.by = (uint8_t)closer_of(view, v);
    v->close.by_certainty = CERTAINTY_CONFIRMED;
    for (int x = 0; x < 2; x++) {
        bool judged = view->states[x].fin_sent && view->states[x].active_presumed;
        if (judged || view->states[x].vanished)
            v->close.by_certainty = CERTAINTY_PRESUMED;
    }
}
