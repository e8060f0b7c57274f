#include "analyzer/conclude.h"

#include <string.h>

struct view {
    const struct connection *c;
    int client;
    const struct log_entry *log;
    uint16_t log_count;
    bool client_rst, server_rst;
};

static void collect_control_frames(const struct view *view, int x, struct endpoint_verdict *e)
{
    for (uint16_t i = 0; i < view->log_count; i++) {
        const struct log_entry *g = &view->log[i];
        if (g->side != x)
            continue;
        if (g->flags & TCP_FIN && e->fin.frame_count < VERDICT_FIN_FRAMES)
            e->fin.frames[e->fin.frame_count++] = g->frame;
        if (g->flags & TCP_RST && e->rst.frame_count < VERDICT_FIN_FRAMES)
            e->rst.frames[e->rst.frame_count++] = g->frame;
    }
}

static void describe_losses(const struct view *view, int x, struct endpoint_verdict *e)
{
    const struct side *side = &view->c->side[x];
    e->unique_bytes = side->payload_bytes;
    const struct detail *d = view->c->detail;
    if (!d)
        return;
    const struct side_detail *own = &d->side[x];
    e->unique_bytes -= own->retransmitted_bytes < side->payload_bytes ? own->retransmitted_bytes
                                                                      : side->payload_bytes;
    e->retransmitted_segments = own->retransmitted_segments;
    e->retransmitted_bytes = own->retransmitted_bytes;
    e->out_of_order_segments = own->out_of_order_segments;
    e->capture_duplicates = own->captured_twice + own->second_tap;
    e->keepalives = own->keepalives;
    e->zero_window_probes = own->zero_window_probes;
    e->fin.count = own->fins;
    e->fin.seq = own->fin_seq.n;
    e->rst.count = own->rsts;
    e->mss = own->mss;
    e->has_mss = own->mss != 0;
}

/* Octets on their way when the view ended: SYN and FIN count in sequence numbers, not in bytes. */
static void describe_unacked(const struct side *side, struct endpoint_verdict *e)
{
    if (!(side->marks & SIDE_ACKED))
        return;
    int32_t outstanding = seq_diff(side->nxt, side->una);
    if (outstanding > 0 && side->marks & SIDE_FIN && !(side->marks & SIDE_FIN_ACKED))
        outstanding--;
    e->has_unacked = true;
    e->unacked_bytes = outstanding > 0 ? (uint64_t)outstanding : 0;
}

static void describe_endpoint(const struct view *view, int x, const struct endpoint_states *states,
                              struct endpoint_verdict *e)
{
    const struct connection *c = view->c;
    const struct side *side = &c->side[x];
    memcpy(e->address, c->key.address[x], 16);
    e->port = c->key.port[x];
    e->packets = side->packets;
    e->bytes = side->ip_bytes;
    e->payload_bytes = side->payload_bytes;
    e->state = (uint8_t)states->state;
    e->state_certainty = (uint8_t)states->certainty;
    e->possible_states = states->possible;
    e->states = states->entries;
    e->state_count = states->count;
    e->has_isn = side->marks & SIDE_ISN;
    e->isn = side->isn.n;
    e->has_next_seq = side->marks & (SIDE_SEEN | SIDE_ACKED);
    e->next_seq = side->nxt.n;
    e->has_ttl = side->packets > 0;
    e->ttl = side->ttl;
    e->handshake_seen = side->marks & SIDE_SYN;
    e->has_window_scale = side->marks & SIDE_SCALE;
    e->window_scale = side->window_scale;
    e->sack = side->marks & SIDE_SACK_OK;
    e->timestamps = side->marks & SIDE_TIMESTAMPS;
    e->fast_open = side->marks & SIDE_FAST_OPEN;
    e->signed_segments = c->marks & CONN_SIGNED;
    e->mptcp = c->marks & CONN_MPTCP;
    if (!c->detail && c->syn_mss && e->handshake_seen) {
        e->mss = (uint16_t)c->syn_mss;
        e->has_mss = true;
    }
    describe_losses(view, x, e);
    describe_unacked(side, e);
    collect_control_frames(view, x, e);
    e->fin.acked_by = states->fin_acked_by;
    e->fin.active = states->active;
    e->fin.active_known = states->active_known;
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

static void describe_handshake(const struct view *view, struct connection_verdict *v)
{
    const struct connection *c = view->c;
    const struct side *client = &c->side[view->client];
    const struct side *server = &c->side[!view->client];
    v->handshake_rtt_ns = -1;
    if (c->known_by == KNOWN_BY_PORT || c->known_by == KNOWN_BY_FIRST_PACKET) {
        v->handshake = HANDSHAKE_MID_STREAM;
        return;
    }
    if (client->marks & SIDE_SYN && server->marks & SIDE_SYN && !(server->marks & SIDE_SYN_ACK)) {
        v->handshake = HANDSHAKE_SIMULTANEOUS;
        return;
    }
    if (!(server->marks & SIDE_SYN)) {
        v->handshake = view->server_rst   ? HANDSHAKE_REFUSED
                       : view->client_rst ? HANDSHAKE_ABORTED
                                          : HANDSHAKE_UNANSWERED;
        return;
    }
    const uint8_t kinds = TCP_SYN | TCP_ACK | TCP_RST;
    const struct log_entry *ack = first_with(view, view->client, kinds, TCP_ACK);
    const struct log_entry *syn = first_with(view, view->client, kinds, TCP_SYN);
    if (!ack) {
        v->handshake =
            view->client_rst || view->server_rst ? HANDSHAKE_ABORTED : HANDSHAKE_UNANSWERED;
        return;
    }
    v->handshake = HANDSHAKE_COMPLETE;
    if (syn && syn->time_ns != TIME_UNKNOWN && ack->time_ns >= syn->time_ns)
        v->handshake_rtt_ns = ack->time_ns - syn->time_ns;
}

static enum zeek_state zeek_state_of(const struct view *view)
{
    const struct side *client = &view->c->side[view->client];
    const struct side *server = &view->c->side[!view->client];
    bool syn = client->marks & SIDE_SYN;
    bool answered = server->marks & SIDE_SYN;
    bool client_fin = client->marks & SIDE_FIN;
    bool server_fin = server->marks & SIDE_FIN;
    if (syn && !answered) {
        if (view->server_rst)
            return ZEEK_REJ;
        if (view->client_rst)
            return ZEEK_RSTOS0;
        return client_fin ? ZEEK_SH : server->packets ? ZEEK_OTH : ZEEK_S0;
    }
    if (!syn && answered) {
        if (client->packets)
            return ZEEK_OTH;
        return view->server_rst ? ZEEK_RSTRH : server_fin ? ZEEK_SHR : ZEEK_OTH;
    }
    if (!syn)
        return ZEEK_OTH;
    if (client_fin && server_fin)
        return ZEEK_SF;
    if (view->client_rst)
        return ZEEK_RSTO;
    if (view->server_rst)
        return ZEEK_RSTR;
    return client_fin ? ZEEK_S2 : server_fin ? ZEEK_S3 : ZEEK_S1;
}

static enum reset_form form_of(const struct log_entry *g, const struct connection *c)
{
    const struct side *own = &c->side[g->side];
    if (!(g->flags & TCP_ACK))
        return RESET_REPLY;
    if (g->seq.n == 0)
        return RESET_REFUSAL;
    return seq_eq(g->seq, own->nxt) ? RESET_ABORT : RESET_ODD;
}

static enum reset_stage stage_of(const struct view *view, const struct log_entry *rst)
{
    const struct side *client = &view->c->side[view->client];
    const struct side *server = &view->c->side[!view->client];
    if ((client->marks | server->marks) & SIDE_FIN)
        return STAGE_CLOSING;
    if (!(server->marks & SIDE_SYN) && client->marks & SIDE_SYN)
        return STAGE_POST_SYN;
    uint32_t data = 0;
    (void)rst;
    data += client->marks & SIDE_DATA ? 1 : 0;
    data += server->marks & SIDE_DATA ? 1 : 0;
    return data == 0 ? STAGE_POST_ACK : data == 1 ? STAGE_POST_PSH : STAGE_LATER;
}

static void describe_reset(const struct view *view, struct connection_verdict *v)
{
    for (uint16_t i = 0; i < view->log_count; i++) {
        const struct log_entry *g = &view->log[i];
        if (!(g->flags & TCP_RST))
            continue;
        v->close.has_reset = true;
        v->close.reset_by = g->side == view->client ? ROLE_CLIENT : ROLE_SERVER;
        v->close.reset_form = (uint8_t)form_of(g, view->c);
        v->close.reset_stage = (uint8_t)stage_of(view, g);
        return;
    }
}

/* Segments that carry a FIN, or are the first to acknowledge one. */
static uint32_t closing_segments(const struct view *view)
{
    uint32_t count = 0;
    bool acked[2] = {false, false};
    const struct detail *d = view->c->detail;
    for (uint16_t i = 0; i < view->log_count; i++) {
        const struct log_entry *g = &view->log[i];
        int peer = !g->side;
        bool first_ack = d->side[peer].fins && !acked[peer] && g->flags & TCP_ACK &&
                         seq_gt(g->ack, d->side[peer].fin_seq);
        acked[peer] |= first_ack;
        count += g->flags & TCP_FIN || first_ack;
    }
    return count;
}

static void describe_close_start(const struct view *view, struct connection_verdict *v)
{
    int64_t last_ns = TIME_UNKNOWN;
    v->close.start_ns = TIME_UNKNOWN;
    v->close.duration_ns = -1;
    v->close.idle_before_ns = -1;
    for (uint16_t i = 0; i < view->log_count; i++) {
        const struct log_entry *g = &view->log[i];
        if (g->time_ns == TIME_UNKNOWN)
            continue;
        if (g->flags & (TCP_FIN | TCP_RST) && v->close.start_ns == TIME_UNKNOWN)
            v->close.start_ns = g->time_ns;
        if (g->time_ns > last_ns)
            last_ns = g->time_ns;
    }
    if (v->close.start_ns != TIME_UNKNOWN)
        v->close.duration_ns = last_ns - v->close.start_ns;
}

static enum role role_of(const struct view *view, int side)
{
    return side == view->client ? ROLE_CLIENT : ROLE_SERVER;
}

static void describe_close(const struct view *view, const struct endpoint_states states[2],
                           struct connection_verdict *v)
{
    const struct side *a = &view->c->side[0];
    const struct side *b = &view->c->side[1];
    bool fins = a->marks & SIDE_FIN && b->marks & SIDE_FIN;
    bool acked = a->marks & SIDE_FIN_ACKED && b->marks & SIDE_FIN_ACKED;
    v->close.by = ROLE_NONE;
    v->close.time_wait_held_by = ROLE_NONE;
    v->close.time_wait_until_ns = TIME_UNKNOWN;
    describe_reset(view, v);
    describe_close_start(view, v);
    v->close.segments = closing_segments(view);
    bool opened = v->handshake == HANDSHAKE_COMPLETE || v->handshake == HANDSHAKE_MID_STREAM ||
                  v->handshake == HANDSHAKE_SIMULTANEOUS;
    bool simultaneous = fins && states[0].active && states[1].active;
    if (v->close.has_reset && !acked) {
        v->close.kind = opened ? CLOSE_RESET : CLOSE_NONE;
        v->close.by = v->close.reset_by;
    } else if (acked) {
        v->close.kind = simultaneous ? CLOSE_SIMULTANEOUS : CLOSE_GRACEFUL;
    } else if (fins) {
        v->close.kind = CLOSE_MID_CLOSE;
    } else if ((a->marks | b->marks) & SIDE_FIN) {
        bool fin_acked = (a->marks | b->marks) & SIDE_FIN_ACKED;
        v->close.kind = fin_acked ? CLOSE_HALF_CLOSED : CLOSE_MID_CLOSE;
    } else {
        v->close.kind = opened ? CLOSE_OPEN : CLOSE_NONE;
    }
    if (v->close.kind != CLOSE_RESET && v->close.kind != CLOSE_NONE) {
        if (simultaneous)
            v->close.by = ROLE_BOTH;
        else if (a->marks & SIDE_FIN && states[0].active)
            v->close.by = (uint8_t)role_of(view, 0);
        else if (b->marks & SIDE_FIN && states[1].active)
            v->close.by = (uint8_t)role_of(view, 1);
    }
    for (int x = 0; x < 2; x++) {
        if (states[x].time_wait_until_ns == TIME_UNKNOWN)
            continue;
        v->close.time_wait_held_by =
            v->close.time_wait_held_by == ROLE_NONE ? (uint8_t)role_of(view, x) : ROLE_BOTH;
        if (states[x].time_wait_until_ns > v->close.time_wait_until_ns)
            v->close.time_wait_until_ns = states[x].time_wait_until_ns;
    }
}

static void describe_previous(const struct view *view, struct connection_verdict *v)
{
    const struct detail *d = view->c->detail;
    v->incarnation = 1;
    if (!d || !d->previous)
        return;
    const struct previous_use *p = d->previous;
    int old_client = p->client_side;
    v->has_previous = true;
    v->incarnation = p->incarnation + 1;
    v->previous.has_client_isn = p->has_isn[old_client];
    v->previous.has_server_isn = p->has_isn[!old_client];
    v->previous.client_isn = p->isn[old_client];
    v->previous.server_isn = p->isn[!old_client];
    v->previous.start_ns = p->start_ns;
    v->previous.roles_swapped = old_client != view->client;
    v->previous.gap_ns = view->c->first_ns - p->end_ns;
    if (view->c->first_ns == TIME_UNKNOWN || p->end_ns == TIME_UNKNOWN || v->previous.gap_ns < 0)
        v->previous.gap_ns = -1;
}

static uint32_t caveats_of(const struct view *view, bool evicted)
{
    const struct connection *c = view->c;
    const struct detail *d = c->detail;
    uint32_t bits = 0;
    if (!c->side[0].packets || !c->side[1].packets)
        bits |= c->marks & CONN_ESTABLISHED || c->known_by == KNOWN_BY_SYN_ACK
                    ? 1u << CAVEAT_ONE_DIRECTION
                    : 0;
    if (c->known_by == KNOWN_BY_PORT || c->known_by == KNOWN_BY_FIRST_PACKET)
        bits |= 1u << CAVEAT_STARTS_MID_STREAM;
    for (int x = 0; d && x < 2; x++) {
        if (d->side[x].captured_twice)
            bits |= 1u << CAVEAT_CAPTURED_TWICE;
        if (d->side[x].second_tap)
            bits |= 1u << CAVEAT_SECOND_TAP;
        if (c->side[x].marks & SIDE_ACKED && ranges_missing_below(d->side[x].holes, c->side[x].una))
            bits |= 1u << CAVEAT_CAPTURE_LOST;
    }
    if (c->marks & CONN_OPTIONS_CUT)
        bits |= 1u << CAVEAT_SNAPLEN_CUT;
    if (c->marks & CONN_CLOCK_BACKWARDS)
        bits |= 1u << CAVEAT_CLOCK_BACKWARDS;
    if (c->marks & CONN_UNTIMED)
        bits |= 1u << CAVEAT_NO_TIMESTAMPS;
    if (evicted)
        bits |= 1u << CAVEAT_EVICTED;
    return bits;
}

/* A side's samples time its octets to the peer and back: they say how far the peer is. */
static int64_t rtt_to(const struct side *timed)
{
    return timed->marks & SIDE_RTT ? (int64_t)timed->min_rtt_us * 1000 : -1;
}

void conclude(const struct connection *c, const struct analyzer_config *config, int64_t now_ns,
              bool evicted, struct conclusion *out)
{
    struct view view = {.c = c, .client = client_side(c)};
    if (c->detail) {
        view.log = c->detail->log;
        view.log_count = c->detail->log_count;
    }
    view.client_rst = c->side[view.client].marks & SIDE_RST;
    view.server_rst = c->side[!view.client].marks & SIDE_RST;
    states_conclude(c, config, now_ns, out->states);

    struct connection_verdict *v = &out->verdict;
    *v = (struct connection_verdict){
        .ip_version = (uint8_t)c->ip_version,
        .stream = c->stream,
        .client_known_by = (uint8_t)c->known_by,
        .tunnel = (uint8_t)c->tunnel,
        .vlan = c->vlan,
        .interface = c->interface,
        .first_frame = c->first_frame,
        .start_ns = c->first_ns,
        .end_ns = connection_last_ns(c),
        .completeness = (uint8_t)c->completeness,
    };
    describe_endpoint(&view, view.client, &out->states[view.client], &v->client);
    describe_endpoint(&view, !view.client, &out->states[!view.client], &v->server);
    v->visibility = !c->side[view.client].packets    ? VISIBLE_SERVER_ONLY
                    : !c->side[!view.client].packets ? VISIBLE_CLIENT_ONLY
                                                     : VISIBLE_BOTH;
    describe_handshake(&view, v);
    describe_close(&view, out->states, v);
    describe_previous(&view, v);
    v->client_rtt_ns = rtt_to(&c->side[!view.client]);
    v->server_rtt_ns = rtt_to(&c->side[view.client]);
    v->zeek_state = (uint8_t)zeek_state_of(&view);
    v->caveats = caveats_of(&view, evicted);
}
