#include "analyzer/state/evidence.h"

#include "analyzer/tcp/log.h"

/* Nearer than this, the tap stands on the endpoint itself, behind whatever could lose a segment:
 * what a host takes to answer, not what any wire takes. */
#define ON_HOST_NS (50 * NS_PER_MS / 1000)

static bool carries_octets(const struct log_entry *g)
{
    return g->payload_len || g->flags & (TCP_SYN | TCP_FIN);
}

/* The log without what was forged, to be marked. */
static void copy_log(struct evidence *ev)
{
    int count = 0;
    for (int i = 0; i < ev->count; i++) {
        ev->own[count] = ev->log[i];
        ev->own_captured_ns[count] = ev->log[i].time_ns;
        count += !(ev->log[i].marks & LOG_FORGED);
    }
    ev->log = ev->own;
    ev->count = count;
}

static void lone_syn(struct evidence *ev)
{
    const struct connection *c = ev->c;
    ev->log = ev->own;
    ev->count = 0;
    for (uint8_t s = 0; s < 2; s++) {
        if (!(c->side[s].marks & SIDE_SYN))
            continue;
        ev->own[0] = (struct log_entry){.time_ns = c->first_ns,
                                        .frame = c->first_frame,
                                        .seq = c->side[s].isn,
                                        .flags = TCP_SYN,
                                        .side = s,
                                        .window = c->side[s].window,
                                        .ttl = c->side[s].ttl};
        ev->count = 1;
    }
}

/* Segments that left their sender before one that passed earlier: copies, or held up on the way.
 * What they do not acknowledge says nothing. */
static void mark_late(struct evidence *ev)
{
    for (int i = 1; i < ev->count; i++) {
        struct log_entry *g = &ev->own[i];
        for (int k = 0; k < i; k++) {
            const struct log_entry *h = &ev->log[k];
            if (h->side != g->side || (h->flags | g->flags) & TCP_RST)
                continue;
            bool copy = g->ip_id && g->ip_id == h->ip_id && g->marks & LOG_AGAIN;
            bool acked_more = g->flags & h->flags & TCP_ACK && seq_lt(g->ack, h->ack);
            bool stamped_before =
                g->marks & h->marks & LOG_TIMESTAMPS && (int32_t)(g->ts_val - h->ts_val) < 0;
            if (acked_more || stamped_before || copy)
                g->marks |= LOG_LATE;
        }
    }
}

/* No difference of times may overflow, whatever stands in the capture. */
static int64_t reckonable_ns(int64_t time_ns)
{
    int64_t most_ns = INT64_MAX / 2;
    return time_ns < 0 ? 0 : time_ns > most_ns ? most_ns : time_ns;
}

/* A packet without a time passed when the one before it did. */
static void reckon_times(struct evidence *ev)
{
    int64_t last_ns = TIME_UNKNOWN;
    for (int i = 0; i < ev->count && last_ns == TIME_UNKNOWN; i++)
        last_ns = ev->log[i].time_ns;
    last_ns = reckonable_ns(last_ns == TIME_UNKNOWN ? ev->now_ns : last_ns);
    for (int i = 0; i < ev->count; i++) {
        struct log_entry *g = &ev->own[i];
        if (g->time_ns != TIME_UNKNOWN)
            last_ns = reckonable_ns(g->time_ns);
        ev->reckoned |= g->time_ns != last_ns;
        g->time_ns = last_ns;
    }
}

void evidence_settle(struct evidence *ev)
{
    copy_log(ev);
    mark_late(ev);
    reckon_times(ev);
}

void evidence_collect(struct evidence *ev, const struct connection *c,
                      const struct analyzer_config *config, int64_t now_ns)
{
    ev->c = c;
    ev->config = config;
    ev->now_ns = now_ns == TIME_UNKNOWN ? TIME_UNKNOWN : reckonable_ns(now_ns);
    ev->reckoned = false;
    if (c->detail) {
        ev->log = log_in_row(c->detail, ev->own);
        ev->count = c->detail->log_count;
    } else {
        lone_syn(ev);
    }
    for (int x = 0; x < 2; x++) {
        /* Octets of the peer, timed from the tap to x and back. */
        const struct side *peer = &c->side[!x];
        ev->rtt_known[x] = peer->marks & SIDE_RTT;
        ev->rtt_ns[x] = ev->rtt_known[x] ? (int64_t)peer->min_rtt_us * 1000 : 0;
        ev->fin_seen[x] = c->side[x].marks & SIDE_FIN;
        ev->fin_seq[x] = c->detail ? c->detail->side[x].fin_seq : seq_of(0);
    }
    for (int x = 0; x < 2; x++)
        ev->beside[x] = ev->rtt_known[x] && ev->rtt_ns[x] < ON_HOST_NS;
}

/* ---- receipt -------------------------------------------------------------------------------- */

/* Does X's segment `h` show that X had the earlier segment `g` when it sent it? */
static bool proves(const struct evidence *ev, int gi, const struct log_entry *h, bool octets,
                   seq_t end)
{
    const struct log_entry *g = &ev->log[gi];
    if (g->flags & TCP_RST)
        return false;
    /* An abort tells what it had received; a refusal does not. */
    bool refusal = h->flags & TCP_RST && h->seq.n == 0;
    if (octets)
        return h->flags & TCP_ACK && !refusal && seq_ge(h->ack, end) &&
               seq_distance(h->ack, end) < UINT32_C(1) << 30;
    /* An echo of its very stamp may be another's that bore the same. */
    return h->marks & LOG_TIMESTAMPS && g->marks & LOG_TIMESTAMPS &&
           (int32_t)(h->ts_ecr - g->ts_val) > 0;
}

/* X sends octets again that `g` acknowledges. */
static bool sends_again(const struct log_entry *g, const struct log_entry *h)
{
    /* The first SYN-ACK of a simultaneous open answers the peer's SYN. */
    bool answers_syn = h->flags & TCP_SYN && h->flags & TCP_ACK && !(h->marks & LOG_AGAIN);
    bool octets = (h->flags & (TCP_SYN | TCP_FIN) || h->payload_len) && !answers_syn;
    return g->flags & TCP_ACK && octets && !(h->marks & LOG_PROBE) && seq_lt(h->seq, g->ack) &&
           seq_distance(h->seq, g->ack) < UINT32_C(1) << 30;
}

/* Does X's segment `h` show that X did not have `g` yet? */
static bool refutes(const struct log_entry *g, const struct log_entry *h, bool octets, seq_t end)
{
    bool rst = h->flags & TCP_RST;
    if (g->flags & TCP_RST)
        return !rst;
    if (!octets && h->marks & g->marks & LOG_TIMESTAMPS && h->ts_ecr == g->ts_val)
        return false; /* it may well be the echo of this one */
    if (octets && h->flags & TCP_ACK && seq_lt(h->ack, end))
        return !rst || h->seq.n != 0; /* an abort tells what it had received; a refusal does not */
    return !rst && sends_again(g, h);
}

/* How long the addressee may take to acknowledge octets: the way there and back, and a delayed
 * acknowledgment. A SYN-ACK is answered at once. */
static int64_t patience_ns(const struct evidence *ev, const struct log_entry *g)
{
    int64_t rtt_ns = ev->rtt_ns[!g->side];
    return g->flags & TCP_SYN ? rtt_ns + rtt_ns / 2 + NS_PER_MS
                              : rtt_ns + ev->config->delayed_ack_ns;
}

/* Another transmission of the octet before `end`, between `g` and `until_ns`. The SYN-ACK of a
 * simultaneous open answers the peer's SYN: it does not come because its own had no answer. */
static int next_copy(const struct evidence *ev, int gi, seq_t end, int64_t until_ns)
{
    const struct log_entry *g = &ev->log[gi];
    for (int k = gi + 1; k < ev->count; k++) {
        const struct log_entry *h = &ev->log[k];
        if (h->side == g->side && carries_octets(h) && h->time_ns < until_ns &&
            seq_lt(h->seq, end) && seq_ge(entry_end(h), end) && !(h->flags & TCP_RST) &&
            (!(g->flags & TCP_SYN) || (g->flags & TCP_ACK) == (h->flags & TCP_ACK)))
            return k;
    }
    return -1;
}

/* The answer echoes an older stamp than the copy bears: it was not the copy that came in sequence
 * (RFC 7323 section 4.3), but one before it. */
static bool echoes_before(const struct evidence *ev, int answer, int copy)
{
    if (answer < 0)
        return false;
    const struct log_entry *h = &ev->log[answer];
    const struct log_entry *g = &ev->log[copy];
    return h->marks & LOG_TIMESTAMPS && g->marks & LOG_TIMESTAMPS &&
           (int32_t)(h->ts_ecr - g->ts_val) < 0;
}

/* Octets that had been acknowledged before anything closed: a copy, held up on the way. */
static bool acknowledged_long_ago(const struct evidence *ev, const struct log_entry *h)
{
    const struct close_start *start = &ev->c->detail->start;
    return start->seen[h->side] &&
           seq_le(entry_end(h), seq_back(start->nxt[h->side], start->outstanding[h->side]));
}

#define CUT_NS NS_PER_MS

/* It passed less than half of the shortest round trip before the capture ended. When that was is
 * known only by the packets of others: a capture that stops with the connection's own last packet,
 * or a copy of it, may as well have been cut there. */
bool under_way(const struct evidence *ev, int i)
{
    const struct log_entry *g = &ev->log[i];
    int64_t last_ns = reckonable_ns(connection_last_ns(ev->c));
    return ev->now_ns != TIME_UNKNOWN && ev->now_ns - last_ns > CUT_NS &&
           ev->now_ns - g->time_ns < ev->rtt_ns[!g->side] / 2;
}

struct receipt receipt_of(const struct evidence *ev, int i, bool octets, seq_t end)
{
    const struct log_entry *g = &ev->log[i];
    int x = !g->side;
    int64_t rtt_ns = ev->rtt_ns[x];
    struct receipt r = {.status = under_way(ev, i) ? RECEIPT_UNDER_WAY : RECEIPT_PRESUMED,
                        .at_ns = g->time_ns,
                        .by = -1};
    /* Until the capture's end nothing came. */
    int64_t answered_ns = ev->now_ns == TIME_UNKNOWN ? INT64_MAX : ev->now_ns;
    bool both_came = false;
    for (int k = i; k < ev->count; k++) {
        const struct log_entry *h = &ev->log[k];
        if (h->side != x)
            continue;
        if (proves(ev, i, h, octets, end)) {
            if (r.status == RECEIPT_LOST)
                return r;
            r.status = RECEIPT_CONFIRMED;
            r.by = k;
            answered_ns = h->time_ns;
            both_came = h->marks & LOG_DSACK;
            break;
        }
        if (h->marks & LOG_LATE || !refutes(g, h, octets, end))
            continue;
        /* Without anything new it may be a copy that the network made of an earlier one. */
        bool stale = h->marks & LOG_AGAIN &&
                     (g->flags & TCP_RST || !sends_again(g, h) || acknowledged_long_ago(ev, h));
        int64_t late_ns = h->time_ns - g->time_ns - (stale ? ev->config->rto_min_ns : 0);
        if (late_ns >= may_cross_ns(ev, x)) {
            r.status = RECEIPT_LOST;
            r.sure = late_ns >= may_stray_ns(ev, x);
            if (r.sure)
                return r;
        } else if (h->time_ns > r.at_ns) {
            r.at_ns = h->time_ns; /* they crossed: it arrived after that was sent */
        }
    }
    if (!octets || both_came || r.status == RECEIPT_LOST)
        return r;
    /* An answer that was owed and came only after the octets were sent again is an answer to
     * those. */
    if (answered_ns - patience_ns(ev, g) <= g->time_ns)
        return r;
    int copy = next_copy(ev, i, end, r.by < 0 ? INT64_MAX : answered_ns - rtt_ns / 2);
    if (copy >= 0 && !echoes_before(ev, r.by, copy))
        return (struct receipt){.status = RECEIPT_LOST, .at_ns = g->time_ns, .by = copy};
    return r;
}

/* ---- resets --------------------------------------------------------------------------------- */

bool rst_is_own(const struct evidence *ev, int i)
{
    const struct log_entry *g = &ev->log[i];
    const struct side *own = &ev->c->side[g->side];
    /* The side's TTL is that of its other segments, when there are any. */
    return !(own->marks & SIDE_SEEN) || own->ttl == g->ttl;
}

/* What X had acknowledged, and what had been sent to it, before entry `i`. */
static bool receive_span(const struct evidence *ev, int i, seq_t *low, seq_t *high)
{
    const struct log_entry *g = &ev->log[i];
    bool known = false;
    const struct side *sender = &ev->c->side[g->side];
    *low = *high = sender->nxt;
    for (int k = 0; k < i; k++) {
        const struct log_entry *h = &ev->log[k];
        if (h->flags & TCP_RST)
            continue;
        if (h->side != g->side && h->flags & TCP_ACK) {
            *low = known ? seq_max(*low, h->ack) : h->ack;
            if (!known)
                *high = *low;
            known = true;
        } else if (h->side == g->side) {
            if (!known)
                *low = *high = h->seq;
            *high = known ? seq_max(*high, entry_end(h)) : entry_end(h);
            known = true;
        }
    }
    *high = seq_max(*high, *low); /* what the capture missed, X acknowledged */
    /* Between the handshake and the close only the running numbers were kept. */
    const struct detail *d = ev->c->detail;
    if (sender->marks & SIDE_ACKED && d && d->start.seen[g->side]) {
        seq_t una = seq_back(d->start.nxt[g->side], d->start.outstanding[g->side]);
        if (seq_gt(una, *low))
            *low = una;
    }
    if (sender->marks & SIDE_SEEN && seq_gt(g->seq, *high) && seq_le(g->seq, sender->nxt))
        *high = g->seq;
    return known || sender->marks & (SIDE_SEEN | SIDE_ACKED);
}

bool rst_acceptable(const struct evidence *ev, int i, bool addressee_has_fin, bool connecting)
{
    const struct log_entry *g = &ev->log[i];
    const struct side *addressee = &ev->c->side[!g->side];
    seq_t low, high;
    if (connecting && addressee->marks & SIDE_ISN) /* RFC 9293 section 3.10.7.3 */
        return g->flags & TCP_ACK && seq_gt(g->ack, addressee->isn) &&
               seq_le(g->ack, addressee->nxt);
    if (!receive_span(ev, i, &low, &high))
        return true;
    if (addressee_has_fin)
        low = seq_back(low, 1);
    return seq_ge(g->seq, low) && seq_le(g->seq, high);
}

/* X acknowledged entry `i` with a segment before `until`: no later RST answers it. */
static bool acknowledged_between(const struct evidence *ev, int i, int until)
{
    const struct log_entry *g = &ev->log[i];
    if (!carries_octets(g))
        return false;
    for (int k = i; k < until; k++) {
        const struct log_entry *h = &ev->log[k];
        if (h->side != g->side && (h->flags & (TCP_ACK | TCP_RST)) == TCP_ACK &&
            seq_ge(h->ack, entry_end(g)))
            return true;
    }
    return false;
}

int rst_answers(const struct evidence *ev, int i)
{
    const struct log_entry *rst = &ev->log[i];
    int64_t reply_ns = 3 * ev->rtt_ns[rst->side] + ev->config->rto_min_ns;
    int before = -1; /* where an answered segment that was not kept must have stood */
    for (int k = i - 1; k >= 0; k--) {
        const struct log_entry *h = &ev->log[k];
        if (h->side == rst->side || (h->flags & (TCP_ACK | TCP_RST)) != TCP_ACK)
            continue;
        if (seq_gt(h->ack, rst->seq)) {
            before = k;
            continue;
        }
        if (!seq_eq(h->ack, rst->seq) || rst->time_ns - h->time_ns > reply_ns ||
            acknowledged_between(ev, k, i))
            break;
        return k;
    }
    return before;
}

int64_t retransmission_timeout_ns(const struct evidence *ev)
{
    if (!ev->rtt_known[0] && !ev->rtt_known[1])
        return ev->config->rto_initial_ns;
    return ev->rtt_ns[0] + ev->rtt_ns[1] + ev->config->rto_min_ns;
}
