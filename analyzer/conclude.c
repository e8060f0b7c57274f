#include "analyzer/conclude.h"

#include "analyzer/close.h"
#include "analyzer/elapsed.h"

#include <assert.h>
#include <string.h>

static void collect_control_frames(const struct view *view, int x, struct endpoint_verdict *e)
{
    enum shape shape = view->log_count ? view->basis->shape : SHAPE_ANY;
    if (shape == SHAPE_CLOSED) {
        e->fin.frames[e->fin.frame_count++] = view->log[view->basis->ends[x].fin_first].frame;
        return;
    }
    if (shape == SHAPE_ABORTED && view->states[x].reset_sent)
        e->rst.frames[e->rst.frame_count++] = view->log[view->log_count - 1].frame;
    if (shape != SHAPE_ANY)
        return;
    for (uint16_t i = 0; i < view->log_count; i++) {
        const struct log_entry *g = &view->log[i];
        if (g->side != x || g->marks & LOG_FORGED)
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
    const struct detail *d = view->c->detail;
    if (!d)
        return;
    const struct side_detail *own = &d->side[x];
    const struct seldom *seldom = seldom_of(own);
    e->unique_bytes -= seldom->retransmitted_bytes < side->payload_bytes
                           ? seldom->retransmitted_bytes
                           : side->payload_bytes;
    e->retransmitted_segments = seldom->retransmitted_segments;
    e->retransmitted_bytes = seldom->retransmitted_bytes;
    e->out_of_order_segments = seldom->out_of_order_segments;
    e->capture_duplicates = seldom->captured_twice + seldom->second_tap;
    e->keepalives = seldom->keepalives;
    e->zero_window_probes = seldom->zero_window_probes;
    e->fin.count = own->fins;
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

/* What its own segments tell. */
static void describe_sender(const struct connection *c, int x, struct endpoint_verdict *e)
{
    const struct side *side = &c->side[x];
    unsigned marks = side->marks;
    e->packets = side->packets;
    e->bytes = side->ip_bytes;
    e->payload_bytes = side->payload_bytes;
    e->has_isn = marks & SIDE_ISN;
    e->isn = side->isn.n;
    e->has_next_seq = marks & (SIDE_SEEN | SIDE_ACKED);
    e->next_seq = side->nxt.n;
    e->has_ttl = side->packets > 0;
    e->ttl = side->ttl;
    e->handshake_seen = marks & SIDE_SYN;
    e->has_window_scale = marks & SIDE_SCALE;
    e->window_scale = side->window_scale;
    e->sack = marks & SIDE_SACK_OK;
    e->timestamps = marks & SIDE_TIMESTAMPS;
    e->fast_open = marks & SIDE_FAST_OPEN;
    if (!c->detail && c->syn_mss && e->handshake_seen) {
        e->mss = (uint16_t)c->syn_mss;
        e->has_mss = true;
    }
    e->unique_bytes = side->payload_bytes;
}

/* Who it is, and what became of it. */
static void describe_end(const struct connection *c, int x, const struct endpoint_states *states,
                         struct endpoint_verdict *e)
{
    memcpy(e->address, c->key.address[x], 16);
    e->port = c->key.port[x];
    e->state = (uint8_t)states->state;
    e->state_certainty = (uint8_t)states->certainty;
    e->possible_states = states->possible;
    e->states = states->entries;
    e->state_count = states->count;
    e->signed_segments = c->marks & CONN_SIGNED;
    e->mptcp = c->marks & CONN_MPTCP;
}

static void describe_endpoint(const struct view *view, int x, const struct endpoint_states *states,
                              struct endpoint_verdict *e)
{
    describe_end(view->c, x, states, e);
    describe_sender(view->c, x, e);
    describe_losses(view, x, e);
    describe_unacked(&view->c->side[x], e);
    collect_control_frames(view, x, e);
    e->fin.seq = states->fin_seq;
    e->fin.implied = states->fin_implied && !e->fin.count;
    e->fin.acked_by = states->fin_acked_by;
    e->fin.active = states->active;
    e->fin.active_known = states->active_known;
}

static void describe_previous(const struct view *view, struct connection_verdict *v)
{
    const struct detail *d = view->c->detail;
    v->incarnation = incarnation_of(view->c);
    if (!d || !d->previous)
        return;
    const struct previous_use *p = d->previous;
    int old_client = p->client_side;
    v->has_previous = true;
    v->previous.has_client_isn = p->has_isn[old_client];
    v->previous.has_server_isn = p->has_isn[!old_client];
    v->previous.client_isn = p->isn[old_client].n;
    v->previous.server_isn = p->isn[!old_client].n;
    v->previous.start_ns = p->start_ns;
    v->previous.roles_swapped = old_client != view->client;
    bool timed = view->c->first_ns != TIME_UNKNOWN && p->end_ns != TIME_UNKNOWN;
    v->previous.gap_ns = timed ? elapsed_ns(p->end_ns, view->c->first_ns) : -1;
    if (v->previous.gap_ns < 0)
        v->previous.gap_ns = -1;
}

/* Whatever the capture hides of both ends alike. */
static uint32_t caveats_of_capture(const struct connection *c)
{
    uint32_t bits = 0;
    if (c->marks & CONN_UNHEARD)
        bits |= 1u << CAVEAT_ONE_DIRECTION;
    if (c->marks & CONN_OPTIONS_CUT)
        bits |= 1u << CAVEAT_SNAPLEN_CUT;
    if (c->marks & CONN_CLOCK_BACKWARDS)
        bits |= 1u << CAVEAT_CLOCK_BACKWARDS;
    if (c->marks & CONN_UNTIMED)
        bits |= 1u << CAVEAT_NO_TIMESTAMPS;
    return bits;
}

static uint32_t caveats_of(const struct connection *c, bool evicted)
{
    const struct detail *d = c->detail;
    uint32_t bits = evicted ? 1u << CAVEAT_EVICTED : 0;
    if (!c->side[0].packets || !c->side[1].packets)
        bits |= c->marks & CONN_ESTABLISHED || c->known_by == KNOWN_BY_SYN_ACK
                    ? 1u << CAVEAT_ONE_DIRECTION
                    : 0;
    if (c->marks & (CONN_UNHEARD | CONN_OPTIONS_CUT | CONN_CLOCK_BACKWARDS | CONN_UNTIMED))
        bits |= caveats_of_capture(c);
    if (c->known_by == KNOWN_BY_PORT || c->known_by == KNOWN_BY_FIRST_PACKET)
        bits |= 1u << CAVEAT_STARTS_MID_STREAM;
    for (int x = 0; d && x < 2; x++) {
        if (seldom_of(&d->side[x])->captured_twice)
            bits |= 1u << CAVEAT_CAPTURED_TWICE;
        if (seldom_of(&d->side[x])->second_tap)
            bits |= 1u << CAVEAT_SECOND_TAP;
        if (seldom_of(&d->side[x])->holes && c->side[x].marks & SIDE_ACKED &&
            ranges_missing_below(seldom_of(&d->side[x])->holes, c->side[x].una))
            bits |= 1u << CAVEAT_CAPTURE_LOST;
    }
    return bits;
}

/* A side's samples time its octets to the peer and back: they say how far the peer is. */
static int64_t rtt_to(const struct side *timed)
{
    return timed->marks & SIDE_RTT ? (int64_t)timed->min_rtt_us * 1000 : -1;
}

static struct connection_verdict *begin(const struct connection *c, struct conclusion *out)
{
    struct connection_verdict *v = &out->verdict;
    memset(v, 0, sizeof *v);
    v->ip_version = (uint8_t)c->ip_version;
    v->stream = c->stream;
    v->client_known_by = (uint8_t)c->known_by;
    v->tunnel = (uint8_t)c->tunnel;
    v->vlan = c->vlan;
    v->interface = c->interface;
    v->first_frame = c->first_frame;
    v->absorbed = c->marks & CONN_ABSORBED;
    v->start_ns = c->first_ns;
    v->end_ns = connection_end_ns(c);
    v->completeness = (uint8_t)c->completeness;
    v->close.reset_cause = RULES;
    return v;
}

/* A SYN alone is no connection that could end. */
static void describe_lone_syn(const struct connection *c, bool evicted, struct conclusion *out)
{
    struct connection_verdict *v = begin(c, out);
    int client = client_side(c);
    describe_end(c, client, &out->states[client], &v->client);
    describe_end(c, !client, &out->states[!client], &v->server);
    describe_sender(c, client, &v->client);
    v->visibility = VISIBLE_CLIENT_ONLY;
    v->incarnation = 1;
    v->handshake = HANDSHAKE_UNANSWERED;
    v->zeek_state = ZEEK_S0;
    v->caveats = caveats_of(c, evicted);
    v->handshake_rtt_ns = v->client_rtt_ns = v->server_rtt_ns = -1;
    v->close.start_ns = v->close.time_wait_until_ns = TIME_UNKNOWN;
    v->close.duration_ns = v->close.idle_before_ns = -1;
    v->close.time_wait_held_by = v->close.by = ROLE_NONE;
    v->close.kind = CLOSE_NONE;
    v->close.by_certainty = CERTAINTY_CONFIRMED;
}

static void describe(const struct connection *c, const struct analyzer_config *config,
                     int64_t now_ns, bool evicted, struct conclusion *out)
{
    struct view view = {.c = c,
                        .config = config,
                        .states = out->states,
                        .basis = &out->basis,
                        .client = client_side(c),
                        .now_ns = now_ns};
    if (c->detail) {
        view.log_count = c->detail->log_count;
        assert(!c->detail->more);
        view.log = c->detail->log;
    }

    struct connection_verdict *v = begin(c, out);
    describe_endpoint(&view, view.client, &out->states[view.client], &v->client);
    describe_endpoint(&view, !view.client, &out->states[!view.client], &v->server);
    v->visibility = !c->side[view.client].packets    ? VISIBLE_SERVER_ONLY
                    : !c->side[!view.client].packets ? VISIBLE_CLIENT_ONLY
                                                     : VISIBLE_BOTH;
    describe_handshake(&view, v);
    describe_close(&view, v);
    describe_previous(&view, v);
    v->client_rtt_ns = rtt_to(&c->side[!view.client]);
    v->server_rtt_ns = rtt_to(&c->side[view.client]);
    v->zeek_state = (uint8_t)zeek_state_of(&view);
    v->caveats = caveats_of(c, evicted);
}

void conclude(const struct connection *c, const struct analyzer_config *config, int64_t now_ns,
              bool evicted, struct conclusion *out)
{
    states_conclude(c, config, now_ns, &out->basis, out->states);
    if (out->basis.shape == SHAPE_LONE_SYN)
        describe_lone_syn(c, evicted, out);
    else
        describe(c, config, now_ns, evicted, out);
}

void conclude_at_length(const struct connection *c, const struct analyzer_config *config,
                        int64_t now_ns, bool evicted, struct conclusion *out)
{
    states_conclude_at_length(c, config, now_ns, &out->basis, out->states);
    describe(c, config, now_ns, evicted, out);
}
