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
    int64_t started_ns = own->last_ns;
    int64_t due_ns = retransmission_timeout_ns(ev, x);
    if (c->detail) {
        const struct side_detail *d = &c->detail->side[x];
        if (d->timer_ns)
            started_ns = d->timer_ns;
        if (d->again_run && 2 * d->again_gap_ns > due_ns)
            due_ns = 2 * d->again_gap_ns;
    }
    return silence_since(ev, started_ns) > due_ns;
}

bool owes_answer(const struct evidence *ev, int x)
{
    const struct connection *c = ev->c;
    int64_t patience_ns = retransmission_timeout_ns(ev, !x);
    const struct side_detail *peer = c->detail ? &c->detail->side[!x] : NULL;
    bool asked = octets_outstanding(ev, !x) || (peer && peer->probe_run);
    if (!asked || c->side[x].last_ns >= c->side[!x].last_ns)
        return false;
    int64_t since_ns = peer && peer->unanswered_ns ? peer->unanswered_ns : c->side[!x].last_ns;
    return silence_since(ev, since_ns) > patience_ns;
}

/* Windows below a segment hold back a FIN as a closed one does. */
#define TINY_WINDOW 512u

bool window_shut(const struct evidence *ev, int x)
{
    const struct side *peer = &ev->c->side[!x];
    return peer->marks & SIDE_SPOKE && (uint64_t)peer->window << peer->window_scale < TINY_WINDOW;
}
