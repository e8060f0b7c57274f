#include "analyzer/tcp/padding.h"

#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/track.h"

/* Its number is the one that the segment before would have led to without its payload, which nobody
 * has acknowledged. It is not that segment once more: it acknowledges more, or carries something
 * else. */
static bool shows_padding(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct maybe_padding *last = &seldom_of(&c->detail->side[sender])->maybe_padding;
    if (g->flags & (TCP_SYN | TCP_RST) || !(g->flags & TCP_ACK) ||
        !seq_eq(seq_of(g->seq), last->next))
        return false;
    if (own->marks & SIDE_ACKED && seq_gt(own->una, last->next))
        return false;
    bool other = g->payload_len && !(g->marks & SEG_PADDING_LIKE);
    return other || seq_gt(seq_of(g->ack), last->ack);
}

static void correct(struct log_entry *entry, frame_ref frame)
{
    if (entry->frame == frame)
        entry->payload_len = 0;
}

static void forget(struct side_detail *own, enum kept_as as, frame_ref frame)
{
    if (kept_of(own, as)->frame == frame)
        own->kept_as[as] = 0;
}

/* As if the segment before had come without it. */
static void take_back(struct connection *c, int sender)
{
    struct side *own = &c->side[sender];
    struct detail *d = c->detail;
    struct side_detail *detail = &d->side[sender];
    struct maybe_padding last = seldom_of(detail)->maybe_padding;
    seq_t end = seq_add(last.next, last.octets);
    if (seq_eq(own->nxt, end))
        own->nxt = last.next;
    own->payload_bytes -= last.octets;
    own->marks &= (uint16_t) ~(SIDE_SAMPLING | (own->payload_bytes ? 0 : SIDE_DATA));
    if (last.fin)
        detail->fin_seq = seq_back(last.next, 1);
    if (d->start.taken && seq_eq(d->start.nxt[sender], end)) {
        d->start.nxt[sender] = last.next;
        uint32_t outstanding = d->start.outstanding[sender];
        d->start.outstanding[sender] = outstanding > last.octets ? outstanding - last.octets : 0;
    }
    for (unsigned i = 0; i < d->log_count; i++) {
        if (log_at(d, i)->side == sender)
            correct(log_at(d, i), last.frame);
    }
    forget(detail, KEPT_DATA, last.frame);
    forget(detail, KEPT_SENT, last.frame);
    if (detail->kept_as[KEPT_LAST])
        correct(&detail->kept[detail->kept_as[KEPT_LAST] - 1], last.frame);
}

const struct segment *without_padding(struct connection *c, int sender, const struct segment *g,
                                      struct segment *bare)
{
    struct seldom *seldom = c->detail ? c->detail->side[sender].seldom : NULL;
    if (!seldom)
        return g;
    if (seldom->maybe_padding.octets && shows_padding(c, sender, g)) {
        take_back(c, sender);
        seldom->maybe_padding.octets = 0;
        seldom->pads = true;
    }
    if (!seldom->pads || !(g->marks & SEG_PADDING_LIKE))
        return g;
    *bare = *g;
    bare->payload_len = 0;
    return bare;
}

/* A probe of a closed window is one true octet that its receiver drops. */
bool note_padding(struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    struct side_detail *detail = c->detail ? &c->detail->side[sender] : NULL;
    if (!detail)
        return true;
    if (detail->seldom)
        detail->seldom->maybe_padding.octets = 0;
    bool fits = g->payload_len && g->payload_len <= UINT8_MAX && g->marks & SEG_PADDING_LIKE;
    if (!fits || g->flags & TCP_RST || !(g->flags & TCP_ACK) || !c->side[!sender].window ||
        !seq_eq(own->nxt, segment_end(g)))
        return true;
    struct seldom *seldom = seldom_made(c, sender);
    if (!seldom)
        return false;
    seldom->maybe_padding = (struct maybe_padding){
        .frame = g->frame,
        .next = seq_back(segment_end(g), g->payload_len),
        .ack = seq_of(g->ack),
        .octets = (uint8_t)g->payload_len,
        .fin = g->flags & TCP_FIN && detail->fins == 1,
    };
    return true;
}
