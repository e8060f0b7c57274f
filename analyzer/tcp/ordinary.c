#include "analyzer/tcp/ordinary.h"

#include "analyzer/elapsed.h"
#include "analyzer/tcp/copies.h"
#include "analyzer/tcp/kept.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/track.h"

#include <string.h>

/* Nothing of the side's past asks for more than its next octets. */
static bool is_settled(const struct side *side, const struct side_detail *detail)
{
    const uint16_t asked = SIDE_SEEN | SIDE_ACKED | SIDE_SPOKE;
    return (side->marks & (asked | SIDE_FIN | SIDE_RST)) == asked &&
           side->last_ns != TIME_UNKNOWN && ranges_empty(detail->holes);
}

void ordinary_from_now_on(struct connection *c)
{
    const struct detail *d = c->detail;
    bool settled =
        d && (c->marks & (CONN_ESTABLISHED | CONN_CLOSED | CONN_UNTIMED)) == CONN_ESTABLISHED &&
        !d->start.taken && is_settled(&c->side[0], &d->side[0]) &&
        is_settled(&c->side[1], &d->side[1]);
    for (int s = 0; s < 2; s++)
        c->side[s].ordinary = settled && !d->side[s].maybe_padding.octets;
}

/* New octets or a new acknowledgment, next in order and in time, and nothing beside them. */
static inline bool is_ordinary(const struct side *own, const struct side *peer,
                               const struct segment *g)
{
    uint32_t acked = g->ack - peer->una.n;
    return own->ordinary && (g->flags & (CONTROL_FLAGS | TCP_ACK)) == TCP_ACK &&
           !(g->marks & (SEG_MALFORMED | SEG_SACK | SEG_DSACK | SEG_PADDING_LIKE)) &&
           g->seq == own->nxt.n && acked <= SPACE_DISTANCE && seq_le(seq_of(g->ack), peer->nxt) &&
           g->payload_len <= SPACE_DISTANCE && (g->payload_len | acked) &&
           g->time_ns >= own->last_ns && g->ttl == own->ttl;
}

static inline void take_acknowledgment(struct side *peer, struct side_detail *timed,
                                       const struct segment *g, uint32_t now_us)
{
    timed->probe_run = 0;
    timed->unanswered_ns = 0;
    if (g->ack == peer->una.n)
        return;
    timed->una_before = peer->una;
    timed->una_advanced = true;
    timed->again_run = 0;
    timed->again_acked = false;
    timed->resends = 0;
    timed->timer_ns = g->time_ns;
    peer->una = seq_of(g->ack);
    if (!(peer->marks & SIDE_SAMPLING) || seq_lt(peer->una, peer->rtt_end))
        return;
    peer->marks &= (uint16_t)~SIDE_SAMPLING;
    uint32_t rtt_us = now_us - peer->rtt_sent_us;
    if (rtt_us > UINT32_C(0x80000000))
        return; /* the clock ran backwards in between */
    if (!(peer->marks & SIDE_RTT) || rtt_us < peer->min_rtt_us)
        peer->min_rtt_us = rtt_us;
    peer->marks |= SIDE_RTT;
}

static inline void take_octets(struct side *own, struct side_detail *detail,
                               const struct segment *g, uint32_t now_us, int64_t idle_ns)
{
    own->nxt = seq_add(own->nxt, g->payload_len);
    own->payload_bytes += g->payload_len;
    if (!(own->marks & SIDE_SAMPLING)) {
        own->rtt_end = own->nxt;
        own->rtt_sent_us = now_us;
    }
    own->marks |= SIDE_SAMPLING | SIDE_DATA;
    if (!detail->unanswered_ns) {
        detail->unanswered_ns = g->time_ns;
        detail->unanswered_idle_ns = idle_ns;
    }
    if (own->una.n == g->seq)
        detail->timer_ns = g->time_ns;
    detail->data_ns = g->time_ns;
}

/* The log entry of a segment of which nothing is to be said. */
static inline void write_entry(struct log_entry *entry, uint8_t sender, const struct segment *g,
                               uint32_t nth)
{
    _Static_assert(offsetof(struct segment, ts_ecr) - offsetof(struct segment, seq) == 16 &&
                       offsetof(struct segment, payload_len) - offsetof(struct segment, seq) == 8 &&
                       offsetof(struct log_entry, ts_ecr) - offsetof(struct log_entry, seq) == 16 &&
                       offsetof(struct log_entry, payload_len) - offsetof(struct log_entry, seq) ==
                           8 &&
                       (int)LOG_TIMESTAMPS == (int)SEG_TIMESTAMPS,
                   "the numbers stand in one order in both");
    entry->time_ns = g->time_ns;
    entry->frame = g->frame;
    memcpy(&entry->seq, &g->seq,
           offsetof(struct log_entry, window) - offsetof(struct log_entry, seq));
    entry->window = g->window;
    entry->ip_id = g->ip_id;
    entry->flags = (uint8_t)g->flags;
    entry->side = sender;
    entry->ttl = g->ttl;
    entry->marks = g->marks & LOG_TIMESTAMPS;
    entry->nth = nth;
}

/* The ends are handed over one by one so that nothing is reckoned from `sender` again and again. */
static NEVER_INLINE void take(struct connection *c, struct side *own, struct side *peer,
                              struct side_detail *sent, struct side_detail *heard,
                              const struct segment *g)
{
    uint32_t now_us = connection_us(c, g->time_ns);
    own->tap = tap_of(g);
    remember_earlier(sent, own);
    remember_segment(own, (struct recent_segment){.signature = signature_of(g), .sent_us = now_us});
    int64_t before_ns = own->last_ns > peer->last_ns ? own->last_ns : peer->last_ns;
    int64_t idle_ns = elapsed_ns(before_ns, g->time_ns);
    unsigned roles = 1u << KEPT_LAST;
    sent->last_idle_ns = idle_ns;
    if (g->payload_len) {
        roles |= 1u << KEPT_DATA | (kept_sent_is_over(own, sent) ? 1u << KEPT_SENT : 0);
        if (kept_run_is_over(sent, peer))
            sent->data_idle_ns = idle_ns;
    }
    own->packets++;
    write_entry(keep(sent, roles), own != c->side, g, own->packets + peer->packets);
    take_acknowledgment(peer, heard, g, now_us);
    if (g->marks & SEG_TIMESTAMPS) {
        if (!(own->marks & SIDE_TIMESTAMPS) || seq_gt(seq_of(g->ts_val), seq_of(own->ts_val)))
            own->ts_val = g->ts_val;
        own->marks |= SIDE_TIMESTAMPS;
    }
    if (g->payload_len)
        take_octets(own, sent, g, now_us, idle_ns);
    own->ip_bytes += g->ip_bytes;
    own->window = g->window;
    own->last_ns = g->time_ns;
    unsigned complete = g->payload_len ? COMPLETE_DATA : COMPLETE_ACK;
    if (!(c->completeness & complete))
        c->completeness |= complete & 0x3fu;
    if (g->marks & (SEG_OPTIONS_CUT | SEG_MPTCP | SEG_SIGNED))
        c->marks |= connection_marks_of(g);
}

bool track_ordinary(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    struct side *peer = &c->side[!sender];
    if (!is_ordinary(own, peer, g))
        return false;
    struct side_detail *sent = &c->detail->side[sender];
    struct side_detail *heard = &c->detail->side[!sender];
    take(c, own, peer, sent, heard, g);
    return true;
}
