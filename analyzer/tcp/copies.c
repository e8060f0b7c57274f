#include "analyzer/tcp/copies.h"

#include "analyzer/elapsed.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/track.h"

/* Nothing in it that its side had not sent before. */
bool nothing_new(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    if (!(own->marks & SIDE_SEEN))
        return false;
    if (!(g->flags & TCP_RST) && seq_gt(segment_end(g), own->nxt))
        return false;
    if (g->flags & TCP_ACK && (!(peer->marks & SIDE_ACKED) || seq_gt(seq_of(g->ack), peer->una)))
        return false;
    uint16_t before = own->marks;
    return !(g->flags & TCP_SYN && !(before & SIDE_SYN)) &&
           !(g->flags & TCP_FIN && !(before & SIDE_FIN)) &&
           !(g->flags & TCP_RST && !(before & SIDE_RST));
}

static bool is_copy_of(const struct recent_segment *recent, const struct segment *g,
                       uint32_t signature, uint32_t now_us)
{
    uint32_t differs = recent->signature ^ signature;
    if (recent->signature == 0 || differs > 0xff)
        return false;
    int32_t apart_us = (int32_t)(now_us - recent->sent_us);
    int64_t apart_ns = (apart_us < 0 ? -(int64_t)apart_us : apart_us) * 1000;
    bool told_by_id = g->ip_id && (differs || g->flags & TCP_SYN);
    return apart_ns <= COPY_NS || (told_by_id && apart_ns <= ROUTED_COPY_NS);
}

static bool captured_again(const struct connection *c, int sender, const struct segment *g,
                           uint32_t signature, uint32_t now_us)
{
    for (int i = 0; i < RECENT_SEGMENTS; i++) {
        if (is_copy_of(&c->side[sender].recent[i], g, signature, now_us))
            return true;
    }
    for (int i = 0; c->detail && i < EARLIER_SEGMENTS; i++) {
        if (is_copy_of(&c->detail->side[sender].earlier[i], g, signature, now_us))
            return true;
    }
    return false;
}

/* A stack that holds no such connection writes nothing of its own into a bare RST: each segment
 * that bears its number draws the same one. Where nothing else came twice, as many are answers as
 * there were segments to answer. */
static bool is_another_reply(const struct connection *c, int sender, const struct segment *g)
{
    const struct detail *d = c->detail;
    if (g->flags & TCP_ACK || g->ip_id || !d)
        return false;
    for (int s = 0; s < 2; s++) {
        if (seldom_of(&d->side[s])->captured_twice || seldom_of(&d->side[s])->second_tap)
            return false;
    }
    int asked = 0, answered = 0; /* since its last segment that was no RST */
    for (int i = 0; i < d->log_count; i++) {
        const struct log_entry *h = log_at(d, (unsigned)i);
        bool bare = (h->flags & (TCP_RST | TCP_ACK)) == TCP_RST;
        if (h->side != sender)
            asked += (h->flags & (TCP_RST | TCP_ACK)) == TCP_ACK && h->ack.n == g->seq;
        else if (h->flags & TCP_RST)
            answered += bare && h->seq.n == g->seq;
        else
            asked = answered = 0;
    }
    return asked > answered;
}

/* Only what repeats can be a copy: no RST but after another, nothing that fills a hole, nothing
 * whose stamp is newer than any before. */
static bool may_be_copy(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    if (g->flags & TCP_RST)
        return own->marks & SIDE_RST && !is_another_reply(c, sender, g);
    if (g->marks & SEG_TIMESTAMPS && own->marks & SIDE_TIMESTAMPS &&
        seq_gt(seq_of(g->ts_val), seq_of(own->ts_val)))
        return false;
    if (c->detail &&
        ranges_missing(seldom_of(&c->detail->side[sender])->holes, seq_of(g->seq), segment_end(g)))
        return false;
    return nothing_new(c, sender, g);
}

enum copy copy_of(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    uint16_t tap = tap_of(g);
    if (g->time_ns == TIME_UNKNOWN || c->marks & CONN_UNTIMED) {
        own->tap = tap;
        return NO_COPY;
    }
    bool repeats = may_be_copy(c, sender, g);
    if (repeats && tap != own->tap && own->last_ns != TIME_UNKNOWN &&
        elapsed_ns(own->last_ns, g->time_ns) <= SECOND_TAP_NS &&
        elapsed_ns(g->time_ns, own->last_ns) <= SECOND_TAP_NS)
        return COPY_SECOND_TAP;
    uint32_t signature = signature_of(g);
    uint32_t now_us = connection_us(c, g->time_ns);
    if (repeats && captured_again(c, sender, g, signature, now_us))
        return COPY_SAME_TAP;
    own->tap = tap;
    if (c->detail)
        remember_earlier(&c->detail->side[sender], own);
    remember_segment(own, (struct recent_segment){.signature = signature, .sent_us = now_us});
    return NO_COPY;
}
