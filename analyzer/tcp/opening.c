#include "analyzer/tcp/opening.h"

#include "analyzer/elapsed.h"
#include "analyzer/tcp/copies.h"
#include "analyzer/tcp/kept.h"
#include "analyzer/tcp/log.h"
#include "analyzer/tcp/numbers.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/ordinary.h"
#include "analyzer/tcp/track.h"

/* What a side of a connection that opens may have shown. */
#define SIDE_SHOWN                                                                                 \
    (SIDE_SEEN | SIDE_ACKED | SIDE_ISN | SIDE_SYN | SIDE_SYN_ACK | SIDE_SPOKE | SIDE_DATA |        \
     SIDE_FIN | SIDE_RST)

/* Neither side has shown more than a SYN, and the segment comes in time and carries no octets. */
static bool is_opening(const struct connection *c, const struct side *peer, const struct segment *g)
{
    const struct detail *d = c->detail;
    return d && !c->packed && !(c->marks & (CONN_ESTABLISHED | CONN_CLOSED | CONN_UNTIMED)) &&
           !d->side[0].seldom && !d->side[1].seldom && d->log_count < d->log_room &&
           peer->last_ns != TIME_UNKNOWN && g->time_ns >= peer->last_ns &&
           peer->nxt.n == peer->isn.n + 1 && g->ack == peer->nxt.n && !g->payload_len &&
           !(g->marks & (SEG_MALFORMED | SEG_SACK | SEG_DSACK));
}

/* To a SYN that nobody has answered. */
static bool is_answer(const struct side *own, const struct side *peer, const struct segment *g)
{
    return (g->flags & (CONTROL_FLAGS | TCP_ACK)) == (TCP_SYN | TCP_ACK) && !own->packets &&
           !own->marks && (peer->marks & SIDE_SHOWN) == (SIDE_SEEN | SIDE_ISN | SIDE_SYN);
}

static bool is_confirmation(const struct side *own, const struct side *peer,
                            const struct segment *g)
{
    const uint16_t called = SIDE_SEEN | SIDE_ISN | SIDE_SYN | SIDE_ACKED;
    const uint16_t answered = SIDE_SEEN | SIDE_ISN | SIDE_SYN | SIDE_SYN_ACK;
    return (g->flags & (CONTROL_FLAGS | TCP_ACK)) == TCP_ACK && g->seq == own->nxt.n &&
           (own->marks & SIDE_SHOWN) == called && (peer->marks & SIDE_SHOWN) == answered &&
           g->time_ns >= own->last_ns && g->ttl == own->ttl;
}

/* What both have in common; returns how long both sides had been silent. */
static int64_t take(struct connection *c, int sender, const struct segment *g, uint32_t now_us)
{
    struct detail *d = c->detail;
    struct side *own = &c->side[sender];
    struct side *peer = &c->side[!sender];
    struct side_detail *sent = &d->side[sender];
    int64_t idle_ns = elapsed_ns(connection_last_ns(c), g->time_ns);
    struct log_entry *entry = log_at(d, d->log_count++);
    log_write(entry, (uint8_t)sender, g, own->packets + peer->packets + 1);
    d->log_total++;
    *keep(sent, 1u << KEPT_LAST) = *entry;
    sent->last_idle_ns = idle_ns;
    own->tap = tap_of(g);
    remember_earlier(sent, own);
    remember_segment(own, (struct recent_segment){.signature = signature_of(g), .sent_us = now_us});
    peer->una = seq_of(g->ack);
    peer->marks |= SIDE_ACKED;
    sample_rtt(peer, peer->una, now_us);
    d->side[!sender].probe_run = 0;
    d->side[!sender].unanswered_ns = 0;
    if (g->marks & SEG_TIMESTAMPS) {
        if (!(own->marks & SIDE_TIMESTAMPS) || seq_gt(seq_of(g->ts_val), seq_of(own->ts_val)))
            own->ts_val = g->ts_val;
        own->marks |= SIDE_TIMESTAMPS;
    }
    own->packets++;
    own->ip_bytes += g->ip_bytes;
    own->window = g->window;
    own->last_ns = g->time_ns;
    c->marks |= connection_marks_of(g->marks);
    return idle_ns;
}

static void take_answer(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    struct side_detail *sent = &c->detail->side[sender];
    uint32_t now_us = connection_us(c, g->time_ns);
    int64_t idle_ns = take(c, sender, g, now_us);
    note_syn(c, sender, g);
    own->ttl = g->ttl;
    own->nxt = own->rtt_end = seq_add(own->isn, 1);
    own->rtt_sent_us = now_us;
    own->marks |= SIDE_SEEN | SIDE_SAMPLING;
    sent->unanswered_ns = sent->timer_ns = sent->data_ns = g->time_ns;
    sent->unanswered_idle_ns = idle_ns;
    if (g->marks & SEG_MSS && g->mss)
        sent->mss = g->mss;
    c->completeness |= COMPLETE_SYN_ACK;
}

static void take_confirmation(struct connection *c, int sender, const struct segment *g)
{
    (void)take(c, sender, g, connection_us(c, g->time_ns));
    c->side[sender].marks |= SIDE_SPOKE;
    c->completeness |= COMPLETE_ACK;
    c->marks |= CONN_ESTABLISHED;
    ordinary_from_now_on(c);
}

bool track_opening(struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    if (!is_opening(c, peer, g))
        return false;
    if (is_answer(own, peer, g))
        take_answer(c, sender, g);
    else if (is_confirmation(own, peer, g))
        take_confirmation(c, sender, g);
    else
        return false;
    return true;
}
