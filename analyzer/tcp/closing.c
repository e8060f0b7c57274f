#include "analyzer/tcp/closing.h"

#include "analyzer/tcp/octets.h"

/* The first FIN or RST: how things stood just before it. */
void note_close_start(struct connection *c)
{
    struct close_start *start = &c->detail->start;
    if (start->taken)
        return;
    start->taken = true;
    for (int s = 0; s < 2; s++) {
        const struct side *side = &c->side[s];
        int32_t outstanding = side->marks & SIDE_ACKED ? seq_diff(side->nxt, side->una) : 0;
        start->seen[s] = side->marks & SIDE_SEEN;
        start->nxt[s] = side->nxt;
        start->outstanding[s] = outstanding > 0 ? (uint32_t)outstanding : 0;
        if (!start->outstanding[s] && c->detail->side[s].again_acked)
            start->outstanding[s] = 1; /* it had not heard of the acknowledgment */
        start->window[s] = side->window;
        start->last_ns[s] = side->last_ns;
    }
}

/* Octets that were never sent before, by one who had the peer's FIN. `nxt` is from before. */
bool note_after_fin(struct connection *c, int sender, const struct segment *g, seq_t nxt)
{
    const struct side *peer = &c->side[!sender];
    if (!(peer->marks & SIDE_FIN) || !(g->flags & TCP_ACK) || !g->payload_len ||
        seq_le(seq_of(g->ack), c->detail->side[!sender].fin_seq))
        return true;
    int32_t grown = seq_diff(c->side[sender].nxt, nxt) - !!(g->flags & TCP_FIN);
    if (grown <= 0)
        return true;
    struct seldom *seldom = seldom_made(c, sender);
    if (seldom)
        seldom->bytes_after_fin += (uint64_t)grown;
    return seldom != NULL;
}

void note_ack_run(struct connection *c, int sender, const struct segment *g, bool probe)
{
    bool closing = (c->side[0].marks | c->side[1].marks) & SIDE_FIN;
    if (!closing || probe || g->time_ns == TIME_UNKNOWN)
        return;
    bool bare = !g->payload_len && !(g->flags & CONTROL_FLAGS);
    take_ack_run(&c->detail->ack_run, sender, bare, g->time_ns);
}

/* Counters and marks of FIN, RST and SYN. Without a detail the segment is the first, a lone SYN. */
void note_control(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    uint16_t mss = g->marks & SEG_MSS ? g->mss : 0;
    if (!c->detail) {
        c->syn_mss = mss;
        return;
    }
    struct side_detail *detail = &c->detail->side[sender];
    if (g->flags & TCP_FIN) {
        if (!detail->fins++)
            detail->fin_seq = seq_back(segment_end(g), 1);
        own->marks |= SIDE_FIN;
    }
    if (g->flags & TCP_RST) {
        /* What these count left its first and last behind. */
        if (!detail->rsts++ && detail->seldom) {
            detail->seldom->rst_resends = detail->resends;
            detail->seldom->rst_probe_run = detail->probe_run;
        }
        own->marks |= SIDE_RST;
    }
    if (g->flags & TCP_SYN && mss)
        detail->mss = mss;
}

/* Octets that were never sent before, after a reset: it was forged, ignored, or lost. */
static bool went_on(const struct segment *g, bool again)
{
    return g->payload_len && !again && !(g->flags & TCP_RST);
}

void note_progress(struct connection *c, const struct segment *g, bool again)
{
    struct side *a = &c->side[0];
    struct side *b = &c->side[1];
    bool syns = a->marks & SIDE_SYN && b->marks & SIDE_SYN;
    if (syns && a->marks & SIDE_ACKED && b->marks & SIDE_ACKED)
        c->marks |= CONN_ESTABLISHED;
    for (int s = 0; s < 2; s++) {
        struct side *own = &c->side[s];
        /* Who opens says nothing but SYN and RST until its peer's SYN has come: so it is known even
         * where the tap missed the one or the other. */
        if (own->marks & SIDE_SPOKE && (own->marks & SIDE_SYN || c->side[!s].marks & SIDE_SYN_ACK))
            c->marks |= CONN_ESTABLISHED;
        if (own->marks & SIDE_FIN && own->marks & SIDE_ACKED &&
            seq_gt(own->una, c->detail->side[s].fin_seq))
            own->marks |= SIDE_FIN_ACKED;
    }
    /* What never opened is kept like any other attempt: its stragglers may come minutes later. */
    bool opened = c->marks & CONN_ESTABLISHED && (a->marks | b->marks) & SIDE_SEEN;
    bool reset = opened && g->flags & TCP_RST;
    if (reset || (a->marks & SIDE_FIN_ACKED && b->marks & SIDE_FIN_ACKED))
        c->marks |= CONN_CLOSED;
    else if (went_on(g, again))
        c->marks &= (uint16_t)~CONN_CLOSED;
}
