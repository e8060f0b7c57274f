#include "analyzer/tcp/ordinary.h"

#include "analyzer/elapsed.h"
#include "analyzer/tcp/closing.h"
#include "analyzer/tcp/copies.h"
#include "analyzer/tcp/in_order.h"
#include "analyzer/tcp/kept.h"
#include "analyzer/tcp/log.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/opening.h"
#include "analyzer/tcp/track.h"

/* Nothing of the side's past asks for more than its next octets. */
static bool is_settled(const struct side *side, const struct side_detail *detail)
{
    const uint16_t asked = SIDE_SEEN | SIDE_ACKED;
    return (side->marks & (asked | SIDE_RST)) == asked && side->last_ns != TIME_UNKNOWN &&
           ranges_empty(seldom_of(detail)->holes);
}

void ordinary_from_now_on(struct connection *c)
{
    const struct detail *d = c->detail;
    bool settled =
        d && (c->marks & (CONN_ESTABLISHED | CONN_CLOSED | CONN_UNTIMED)) == CONN_ESTABLISHED &&
        is_settled(&c->side[0], &d->side[0]) && is_settled(&c->side[1], &d->side[1]);
    bool spoke = c->side[0].marks & c->side[1].marks & SIDE_SPOKE;
    bool closing = (c->side[0].marks | c->side[1].marks) & SIDE_FIN || (d && d->start.taken);
    for (int s = 0; s < 2; s++) {
        c->side[s].in_order = settled && !seldom_of(&d->side[s])->maybe_padding.octets;
        c->side[s].ordinary = c->side[s].in_order && spoke && !closing;
    }
}

/* New octets, a new acknowledgment or a FIN, next in order and in time, and nothing beside them. */
static ALWAYS_INLINE bool is_next(const struct side *own, const struct side *peer,
                                  const struct segment *g)
{
    uint32_t acked = g->ack - peer->una.n;
    return (g->flags & (TCP_SYN | TCP_RST | TCP_ACK)) == TCP_ACK &&
           !(g->marks & (SEG_MALFORMED | SEG_SACK | SEG_DSACK | SEG_PADDING_LIKE)) &&
           g->seq == own->nxt.n && acked <= SPACE_DISTANCE && seq_le(seq_of(g->ack), peer->nxt) &&
           g->payload_len <= SPACE_DISTANCE && (g->payload_len | acked | (g->flags & TCP_FIN)) &&
           g->time_ns >= own->last_ns && g->ttl == own->ttl;
}

struct ends {
    struct side *own, *peer;
    struct side_detail *sent, *heard; /* own's and peer's */
};

/* The segment itself, but for what is kept and logged of it. `octets`: with its FIN. */
static ALWAYS_INLINE void take_next(struct connection *c, const struct ends *e,
                                    const struct segment *g, uint32_t octets, int64_t idle_ns)
{
    struct side *own = e->own;
    uint32_t now_us = connection_us(c, g->time_ns);
    uint16_t marks = own->marks;
    unsigned complete = COMPLETE_ACK;
    own->tap = tap_of(g);
    remember_earlier(e->sent, own);
    remember_segment(own, (struct recent_segment){.signature = signature_of(g), .sent_us = now_us});
    take_acknowledgment(e->peer, e->heard, seq_of(g->ack), g->time_ns, now_us);
    if (octets)
        marks = take_octets(own, e->sent, octets, g->time_ns, now_us, idle_ns);
    if (g->payload_len) {
        complete = COMPLETE_DATA;
        marks |= SIDE_DATA;
        own->payload_bytes += g->payload_len;
    }
    if (g->marks & SEG_TIMESTAMPS) {
        if (!(marks & SIDE_TIMESTAMPS) || seq_gt(seq_of(g->ts_val), seq_of(own->ts_val)))
            own->ts_val = g->ts_val;
        marks |= SIDE_TIMESTAMPS;
    }
    own->marks = marks | SIDE_SPOKE;
    own->packets++;
    own->ip_bytes += g->ip_bytes;
    own->window = g->window;
    own->last_ns = g->time_ns;
    if (!(c->completeness & complete))
        c->completeness |= complete & 0x3fu;
    if (UNLIKELY(g->marks & (SEG_OPTIONS_CUT | SEG_MPTCP | SEG_SIGNED)))
        c->marks |= connection_marks_of(g->marks);
}

static ALWAYS_INLINE int64_t idle_before(const struct ends *e, const struct segment *g)
{
    int64_t own_ns = e->own->last_ns, peer_ns = e->peer->last_ns;
    return elapsed_ns(own_ns > peer_ns ? own_ns : peer_ns, g->time_ns);
}

static ALWAYS_INLINE unsigned sent_role(const struct ends *e, const struct segment *g)
{
    return g->payload_len && kept_sent_is_over(e->own, e->sent) ? 1u << KEPT_SENT : 0;
}

/* What the segment is kept as until the close begins; how long it had been silent before. */
static ALWAYS_INLINE unsigned last_roles(const struct ends *e, const struct segment *g,
                                         int64_t idle_ns)
{
    e->sent->last_idle_ns = idle_ns;
    if (!g->payload_len)
        return 1u << KEPT_LAST;
    if (kept_run_is_over(e->sent, e->peer))
        e->sent->data_idle_ns = idle_ns;
    return 1u << KEPT_LAST | 1u << KEPT_DATA;
}

static ALWAYS_INLINE void take_ordinary(struct connection *c, const struct ends *e,
                                        const struct segment *g)
{
    int64_t idle_ns = idle_before(e, g);
    struct log_entry *kept = keep(e->sent, last_roles(e, g, idle_ns) | sent_role(e, g));
    log_write(kept, e->own != c->side, g, e->own->packets + e->peer->packets + 1);
    take_next(c, e, g, g->payload_len, idle_ns);
}

/* As log_segment() tells; there are no holes, and the connection is open. */
static bool is_logged(const struct side *own, const struct side *peer, const struct segment *g)
{
    return g->flags & TCP_FIN || (own->marks | peer->marks) & SIDE_FIN ||
           !(own->marks & SIDE_SPOKE) || (peer->marks & (SIDE_SYN | SIDE_SPOKE)) == SIDE_SYN;
}

/* Of a connection in which a FIN has passed. */
static void note_closing(struct connection *c, int sender, const struct segment *g, seq_t nxt)
{
    (void)note_after_fin(c, sender, g, nxt);
    note_ack_run(c, sender, g, false);
    if (g->flags & TCP_FIN) {
        c->completeness |= COMPLETE_FIN;
        note_control(c, sender, g);
    }
    note_progress(c, g, false);
}

/* As ordinary_from_now_on() does: what it asks beside this is as it was. */
static void in_order_from_now_on(struct connection *c, bool closing)
{
    bool open = !(c->marks & CONN_CLOSED);
    bool spoke = c->side[0].marks & c->side[1].marks & SIDE_SPOKE;
    for (int s = 0; s < 2; s++) {
        c->side[s].in_order &= open;
        c->side[s].ordinary = c->side[s].in_order && spoke && !closing;
    }
}

static void take_in_order(struct connection *c, int sender, const struct segment *g)
{
    struct detail *d = c->detail;
    struct ends e = {.own = &c->side[sender],
                     .peer = &c->side[!sender],
                     .sent = &d->side[sender],
                     .heard = &d->side[!sender]};
    uint32_t nth = e.own->packets + e.peer->packets + 1;
    d->log_total++;
    log_write(log_at(d, d->log_count++), (uint8_t)sender, g, nth);
    bool fin = g->flags & TCP_FIN;
    if (fin)
        note_close_start(c);
    int64_t idle_ns = idle_before(&e, g);
    unsigned roles = sent_role(&e, g) | (d->start.taken ? 0 : last_roles(&e, g, idle_ns));
    if (roles)
        log_write(keep(e.sent, roles), (uint8_t)sender, g, nth);
    seq_t nxt = e.own->nxt;
    take_next(c, &e, g, g->payload_len + fin, idle_ns);
    bool closing = fin || (e.own->marks | e.peer->marks) & SIDE_FIN;
    if (closing)
        note_closing(c, sender, g, nxt);
    in_order_from_now_on(c, closing || d->start.taken);
}

/* They are counted where room for the count must be made first. */
static bool is_first_after_fin(const struct connection *c, int sender, const struct segment *g)
{
    return g->payload_len && c->side[!sender].marks & SIDE_FIN && !c->detail->side[sender].seldom;
}

/* The longer one, of what is next. */
static NEVER_INLINE bool track_in_order(struct connection *c, int sender, const struct segment *g)
{
    const struct detail *d = c->detail;
    if (!is_logged(&c->side[sender], &c->side[!sender], g) || d->log_count >= d->log_room ||
        is_first_after_fin(c, sender, g))
        return false;
    take_in_order(c, sender, g);
    return true;
}

/* Compiled for either side by itself, so that nothing is reckoned from its number again and again.
 */
static ALWAYS_INLINE bool track_of(struct connection *c, int sender, const struct segment *g)
{
    struct ends e = {.own = &c->side[sender], .peer = &c->side[!sender]};
    if (UNLIKELY(!e.own->in_order))
        return track_opening(c, sender, g);
    if (UNLIKELY(!is_next(e.own, e.peer, g)))
        return false;
    if (UNLIKELY(!e.own->ordinary || g->flags & TCP_FIN))
        return track_in_order(c, sender, g);
    e.sent = &c->detail->side[sender];
    e.heard = &c->detail->side[!sender];
    take_ordinary(c, &e, g);
    return true;
}

bool track_ordinary(struct connection *c, int sender, const struct segment *g)
{
    return sender ? track_of(c, 1, g) : track_of(c, 0, g);
}
