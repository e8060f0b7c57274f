#include "analyzer/state/silence.h"

int64_t silence_since(const struct evidence *ev, int64_t at_ns)
{
    if (ev->now_ns == TIME_UNKNOWN || at_ns == TIME_UNKNOWN)
        return 0;
    return ev->now_ns - at_ns;
}

bool octets_outstanding(const struct evidence *ev, int x)
{
    const struct side *own = &ev->c->side[x];
    const struct detail *d = ev->c->detail;
    return (own->marks & SIDE_ACKED && seq_gt(own->nxt, own->una)) || (d && d->side[x].again_acked);
}

bool gave_up(const struct evidence *ev, int x)
{
    const struct connection *c = ev->c;
    const struct side *own = &c->side[x];
    bool unanswered =
        octets_outstanding(ev, x) || (own->marks & SIDE_SYN && !(own->marks & SIDE_ACKED));
    if (!unanswered)
        return false;
    int64_t last_ns = own->last_ns;
    int64_t due_ns = retransmission_timeout_ns(ev, x);
    if (c->detail) {
        const struct side_detail *d = &c->detail->side[x];
        if (d->data_ns)
            last_ns = d->data_ns;
        if (d->again_run && 2 * d->again_gap_ns > due_ns)
            due_ns = 2 * d->again_gap_ns;
    }
    return silence_since(ev, last_ns) > due_ns;
}

/* When the peer first sent octets that this silent endpoint has not answered since. */
static int64_t unanswered_since(const struct evidence *ev, int x)
{
    const struct side *own = &ev->c->side[x];
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        bool octets = g->payload_len || g->flags & (TCP_SYN | TCP_FIN);
        if (g->side != x && octets && g->time_ns > own->last_ns)
            return g->time_ns;
    }
    return ev->c->side[!x].last_ns;
}

bool owes_answer(const struct evidence *ev, int x)
{
    const struct connection *c = ev->c;
    int64_t patience_ns = retransmission_timeout_ns(ev, !x);
    const struct side_detail *peer = c->detail ? &c->detail->side[!x] : NULL;
    if (peer && peer->probe_run)
        return peer->probe_run > 1 || silence_since(ev, peer->probe_ns) > patience_ns;
    if (!octets_outstanding(ev, !x) || c->side[x].last_ns >= c->side[!x].last_ns)
        return false;
    bool answered_once = peer && peer->again_acked && peer->again_run == 1;
    bool asked_again = peer && peer->again_run && !answered_once &&
                       peer->again_ns > c->side[x].last_ns && peer->again_gap_ns >= patience_ns;
    return asked_again || silence_since(ev, unanswered_since(ev, x)) > patience_ns;
}

/* Windows below a segment hold back a FIN as a closed one does. */
#define TINY_WINDOW 512u

bool window_shut(const struct evidence *ev, int x)
{
    const struct side *peer = &ev->c->side[!x];
    return peer->marks & SIDE_SPOKE && (uint64_t)peer->window << peer->window_scale < TINY_WINDOW;
}
