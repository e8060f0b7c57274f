#include "analyzer/tcp/numbers.h"

#include "analyzer/elapsed.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/track.h"

void note_syn(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    own->isn = seq_of(g->seq);
    own->marks |= SIDE_SYN | SIDE_ISN;
    if (g->flags & TCP_ACK)
        own->marks |= SIDE_SYN_ACK;
    if (g->marks & SEG_WINDOW_SCALE) {
        own->window_scale = g->window_scale & 15u;
        own->marks |= SIDE_SCALE;
    }
    if (g->marks & SEG_SACK_PERMITTED)
        own->marks |= SIDE_SACK_OK;
    if (g->marks & SEG_FAST_OPEN)
        own->marks |= SIDE_FAST_OPEN;
}

void forget_numbers(struct side *side)
{
    side->marks &= (uint16_t) ~(SIDE_SEEN | SIDE_ACKED | SIDE_ISN | SIDE_SYN | SIDE_SAMPLING);
}

bool is_probe(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    return g->payload_len <= 1 && !(g->flags & CONTROL_FLAGS) && own->marks & SIDE_ACKED &&
           own->marks & SIDE_SEEN && seq_eq(own->una, own->nxt) &&
           seq_eq(seq_of(g->seq), seq_back(own->nxt, 1));
}

/* Octets of the side that the tap did not see, as `g` tells. */
static bool note_hole(struct connection *c, int s, seq_t left, seq_t right, const struct segment *g)
{
    struct seldom *seldom = seldom_made(c, s);
    if (!seldom)
        return false;
    seldom->hole_ns = g->time_ns;
    return ranges_append(&seldom->holes, left, right);
}

/* A segment wholly below nxt: a probe, a late arrival, or octets sent again. */
static bool take_old(struct connection *c, int sender, const struct segment *g, bool probe)
{
    struct side *own = &c->side[sender];
    seq_t seq = seq_of(g->seq);
    seq_t end = segment_end(g);
    if (!probe && seq_eq(seq, end))
        return true;
    struct seldom *seldom = seldom_made(c, sender);
    if (!seldom)
        return false;
    if (probe) {
        seldom->retransmitted_bytes += g->payload_len; /* its octet is an old one, or none at all */
        if (c->side[!sender].window == 0)
            seldom->zero_window_probes++;
        else
            seldom->keepalives++;
        return true;
    }
    uint32_t filled = ranges_fill(&seldom->holes, seq, end);
    uint32_t again = (uint32_t)seq_diff(end, seq) - filled;
    if (again > g->payload_len)
        again = g->payload_len;
    bool timed = g->time_ns != TIME_UNKNOWN && seldom->hole_ns != TIME_UNKNOWN;
    if (filled && timed && elapsed_ns(seldom->hole_ns, g->time_ns) <= REORDER_NS) {
        seldom->out_of_order_segments++;
        seldom->retransmitted_bytes += again;
        return true;
    }
    seldom->retransmitted_segments++;
    seldom->retransmitted_bytes += again;
    own->marks &= (uint16_t)~SIDE_SAMPLING;
    return true;
}

static void advance(struct connection *c, int sender, seq_t nxt)
{
    struct side *own = &c->side[sender];
    if (ranges_retire_due(own->nxt, nxt) && c->detail)
        ranges_retire(seldom_of(&c->detail->side[sender])->holes, nxt);
    own->nxt = nxt;
}

/* Octets from `seq` on, below nxt, come with others beyond it. */
static bool note_overlap(struct connection *c, int sender, seq_t seq)
{
    struct side *own = &c->side[sender];
    struct seldom *seldom = seldom_made(c, sender);
    if (!seldom)
        return false;
    uint32_t overlap = (uint32_t)seq_diff(own->nxt, seq);
    uint32_t filled = ranges_fill(&seldom->holes, seq, own->nxt);
    if (filled == overlap) {
        seldom->out_of_order_segments++; /* acknowledged before it passed */
        return true;
    }
    seldom->retransmitted_bytes += overlap - filled;
    seldom->retransmitted_segments++;
    own->marks &= (uint16_t)~SIDE_SAMPLING;
    return true;
}

/* Octets beyond nxt, and perhaps some below it. */
static bool take_new(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    seq_t seq = seq_of(g->seq);
    seq_t end = segment_end(g);
    bool held = true;
    if (seq_gt(seq, own->nxt)) {
        held = note_hole(c, sender, own->nxt, seq, g);
    } else if (seq_lt(seq, own->nxt)) {
        held = note_overlap(c, sender, seq);
    }
    advance(c, sender, end);
    if (!(own->marks & SIDE_SAMPLING) && g->time_ns != TIME_UNKNOWN) {
        own->rtt_end = end;
        own->rtt_sent_us = connection_us(c, g->time_ns);
        own->marks |= SIDE_SAMPLING;
    }
    return held;
}

/* Not more octets than these can have passed unseen before the first answer: a window without its
 * scale. */
#define FIRST_WINDOW INT32_C(65536)

/* A SYN on a tuple that its end still holds draws an ACK of the old numbers; and a SYN-ACK may
 * answer another SYN. Neither where the peer has gone on from this one, and neither carries octets
 * that acknowledge a little more than the SYN. */
static bool speaks_of_another(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *peer = &c->side[!sender];
    bool went_on = peer->marks & SIDE_SPOKE && c->side[sender].marks & SIDE_ACKED;
    if (!(g->flags & TCP_ACK) || !(peer->marks & SIDE_SYN) || peer->marks & SIDE_ACKED)
        return false;
    if (!(g->flags & TCP_SYN) && (went_on || c->side[sender].marks & SIDE_SYN))
        return false;
    bool octets = g->payload_len || g->flags & TCP_FIN;
    return seq_le(seq_of(g->ack), peer->isn) ||
           seq_diff(seq_of(g->ack), peer->nxt) > (octets ? FIRST_WINDOW : 0);
}

bool track_numbers(struct connection *c, int sender, const struct segment *g, bool probe)
{
    struct side *own = &c->side[sender];
    if (g->flags & TCP_RST)
        return true; /* its number may be taken from the peer's acknowledgment: no testimony */
    if (!(own->marks & SIDE_SEEN) && !(g->flags & TCP_SYN) && speaks_of_another(c, sender, g))
        return true;
    seq_t end = segment_end(g);
    if (!(own->marks & SIDE_SEEN)) {
        bool beyond = !(own->marks & SIDE_ACKED) || seq_gt(end, own->nxt) ||
                      seq_distance(end, own->nxt) > SPACE_DISTANCE;
        own->marks |= SIDE_SEEN;
        if (!beyond)
            return true;
        own->nxt = seq_of(g->seq);
        return take_new(c, sender, g);
    }
    if (seq_distance(seq_of(g->seq), own->nxt) > SPACE_DISTANCE) {
        if (g->flags & TCP_SYN)
            own->nxt = end;
        return true;
    }
    if (seq_gt(end, own->nxt))
        return take_new(c, sender, g);
    return !seq_lt(seq_of(g->seq), own->nxt) || take_old(c, sender, g, probe);
}

/* Progress: what was sent in vain before counts no more (RFC 6298 rule 5.3). */
static void restart_timer(struct side_detail *timed, const struct segment *g)
{
    timed->again_run = 0;
    timed->again_acked = false;
    timed->resends = 0;
    if (g->time_ns != TIME_UNKNOWN)
        timed->timer_ns = g->time_ns;
}

/* The first block is the newest (RFC 2018 section 4), or tells of a duplicate. */
bool note_sack(struct connection *c, int sender, const struct segment *g)
{
    const struct side *peer = &c->side[!sender];
    seq_t left = seq_of(g->sack_left), right = seq_of(g->sack_right);
    if (!(g->marks & SEG_SACK) || g->marks & SEG_DSACK || !c->detail || !(peer->marks & SIDE_SEEN))
        return true;
    if (seq_ge(left, right) || seq_gt(right, peer->nxt) ||
        seq_distance(left, peer->nxt) > SPACE_DISTANCE)
        return true;
    struct seldom *of = seldom_made(c, !sender);
    if (!of)
        return false;
    bool joins = of->sacked && seq_le(left, of->sacked_right) && seq_le(of->sacked_left, right);
    of->sacked_left = joins ? seq_min(left, of->sacked_left) : left;
    of->sacked_right = joins ? seq_max(right, of->sacked_right) : right;
    of->sacked = true;
    return true;
}

bool track_ack(struct connection *c, int sender, const struct segment *g)
{
    struct side *peer = &c->side[!sender];
    seq_t ack = seq_of(g->ack);
    bool refusal = g->seq == 0 && !(peer->marks & SIDE_SEEN); /* if it is an RST */
    if (!(g->flags & TCP_ACK) || (g->flags & TCP_RST && !refusal))
        return true;
    if (!(peer->marks & SIDE_ACKED)) {
        if (peer->marks & SIDE_SEEN && seq_distance(ack, peer->nxt) > SPACE_DISTANCE)
            return true;
        if (speaks_of_another(c, sender, g))
            return true;
        peer->una = ack;
        peer->marks |= SIDE_ACKED;
        if (!(peer->marks & SIDE_SEEN))
            peer->nxt = ack;
        if (g->flags & TCP_SYN && !(peer->marks & SIDE_ISN)) {
            peer->isn = seq_back(ack, 1);
            peer->marks |= SIDE_ISN;
        }
    } else if (seq_distance(ack, peer->una) <= SPACE_DISTANCE) {
        if (seq_gt(ack, peer->una) && c->detail) {
            c->detail->side[!sender].una_before = peer->una;
            c->detail->side[!sender].una_advanced = true;
            restart_timer(&c->detail->side[!sender], g);
        }
        peer->una = seq_max(peer->una, ack);
    }
    if (g->time_ns != TIME_UNKNOWN)
        sample_rtt(peer, ack, connection_us(c, g->time_ns));
    else if (peer->marks & SIDE_SAMPLING && seq_ge(ack, peer->rtt_end))
        peer->marks &= (uint16_t)~SIDE_SAMPLING;
    if (seq_gt(peer->una, peer->nxt)) {
        /* Octets that the peer sent and the tap did not see (yet). */
        bool held = !(peer->marks & SIDE_SEEN) || note_hole(c, !sender, peer->nxt, peer->una, g);
        advance(c, !sender, peer->una);
        return held;
    }
    return true;
}
