#include "analyzer/anomaly/handshake.h"

#define OPENING (TCP_SYN | TCP_ACK | TCP_RST)

/* The acknowledgment is of X's SYN, or of what it carried (RFC 7413). */
static bool acks_syn(const struct scene *s, const struct log_entry *g)
{
    const struct side *own = &s->c->side[!g->side];
    return g->flags & TCP_ACK && seq_gt(g->ack, own->isn) && seq_le(g->ack, own->nxt);
}

/* An acknowledgment that passed sooner than the way there and back takes answers something else. */
static bool in_time(const struct scene *s, const struct handshake *h, int i)
{
    int y = s->ev->log[i].side;
    return !s->ev->rtt_known[y] || between_ns(s, h->syn, i) >= s->ev->rtt_ns[y] / 2;
}

static void take_server(const struct scene *s, struct handshake *h, int i)
{
    const struct log_entry *g = &s->ev->log[i];
    if ((g->flags & OPENING) == (TCP_SYN | TCP_ACK) && acks_syn(s, g)) {
        if (h->syn_ack == NO_ENTRY) {
            h->syn_ack = i;
            h->through = h->last_syn;
        }
        h->last_syn_ack = i;
        h->syn_acks++;
    } else if (h->syn_ack != NO_ENTRY) {
        return;
    } else if (g->flags & TCP_RST) {
        if (h->refusal == NO_ENTRY)
            h->refusal = i;
    } else if (h->challenge == NO_ENTRY && g->flags & TCP_ACK && !g->payload_len &&
               !(g->flags & TCP_FIN) && !acks_syn(s, g) && in_time(s, h, i)) {
        h->challenge = i;
    }
}

static void take_client(const struct scene *s, struct handshake *h, int i)
{
    const struct log_entry *g = &s->ev->log[i];
    if ((g->flags & OPENING) == TCP_SYN) {
        if (h->syn == NO_ENTRY)
            h->syn = i;
        if (h->syn_ack == NO_ENTRY) {
            h->last_syn = i;
            h->syns++;
        }
    } else if (h->syn == NO_ENTRY) {
        return;
    } else if (g->flags & TCP_RST) {
        if (h->syn_ack != NO_ENTRY && h->ack == NO_ENTRY && h->abort == NO_ENTRY)
            h->abort = i;
        if (h->syn_ack == NO_ENTRY && h->challenge != NO_ENTRY && h->drawn == NO_ENTRY &&
            seq_eq(g->seq, s->ev->log[h->challenge].ack))
            h->drawn = i;
    } else if (h->ack == NO_ENTRY && !(g->flags & TCP_SYN) && g->flags & TCP_ACK &&
               h->syn_ack != NO_ENTRY) {
        h->ack = i;
    }
}

bool handshake_find(const struct scene *s, struct handshake *h)
{
    *h = (struct handshake){.syn = NO_ENTRY,
                            .last_syn = NO_ENTRY,
                            .through = NO_ENTRY,
                            .syn_ack = NO_ENTRY,
                            .last_syn_ack = NO_ENTRY,
                            .challenge = NO_ENTRY,
                            .drawn = NO_ENTRY,
                            .refusal = NO_ENTRY,
                            .ack = NO_ENTRY,
                            .abort = NO_ENTRY};
    for (int i = 0; i < s->ev->count; i++) {
        if (s->ev->log[i].side == s->client)
            take_client(s, h, i);
        else if (h->syn != NO_ENTRY)
            take_server(s, h, i);
    }
    return h->syn != NO_ENTRY;
}
