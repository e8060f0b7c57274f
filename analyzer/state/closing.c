#include "analyzer/state/gather.h"
#include "analyzer/state/silence.h"

/* After so many acknowledgments that were followed by the octets once more, another one is no
 * longer presumed to have arrived. */
#define WITHDRAWALS_MAX 3
/* No stack gives up a FIN after fewer retransmissions. */
#define GIVE_UP_MIN 3
/* So many transmissions without any sign of life: the addressee is presumed not to have them. */
#define UNANSWERED_MAX 3

static int first_own_fin(const struct evidence *ev, int x)
{
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x && (g->flags & (TCP_FIN | TCP_RST)) == TCP_FIN)
            return i;
    }
    return -1;
}

/* The last before this entry, or -1. */
static int last_own_fin(const struct evidence *ev, int x, int before)
{
    int last = -1;
    for (int i = 0; i < before; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x && (g->flags & (TCP_FIN | TCP_RST)) == TCP_FIN)
            last = i;
    }
    return last;
}

/* The one octet missing at the end of everything X sent; false when there is no such thing. */
static bool missing_last_octet(const struct evidence *ev, int x, seq_t *octet)
{
    const struct side *own = &ev->c->side[x];
    const struct side_detail *d = ev->c->detail ? &ev->c->detail->side[x] : NULL;
    if (d && !own->packets) {
        /* A direction that the capture does not show: the peer, closing itself, acknowledged one
         * octet more, and nothing behind it. */
        *octet = d->una_before;
        return ev->fin_seen[!x] && d->una_advanced && seq_diff(own->una, d->una_before) == 1;
    }
    const struct ranges *holes = d ? seldom_of(d)->holes : NULL;
    if (ranges_empty(holes) || !(own->marks & SIDE_SEEN))
        return false;
    const struct range *last = &holes->holes[holes->count - 1];
    *octet = last->left;
    return seq_eq(last->right, own->nxt) && seq_diff(last->right, last->left) == 1;
}

/* The first entry that testifies to X's octet `fin_seq`, before `until`; or `until`. */
static int testified_before(const struct evidence *ev, int x, seq_t fin_seq, int until)
{
    for (int i = 0; i < until; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->flags & TCP_RST)
            continue;
        bool own = g->side == x && !g->payload_len && seq_eq(g->seq, seq_add(fin_seq, 1));
        /* What acknowledges more is about another use of the five-tuple. */
        bool peer = g->side != x && g->flags & TCP_ACK && seq_eq(g->ack, seq_add(fin_seq, 1));
        if (own || peer)
            return i;
    }
    return until;
}

/* The capture starts with a bare segment of X's, and the octet whose acknowledgment answers it is
 * the one above its number: so does a keepalive probe, one below X's next octet (RFC 9293
 * section 3.8.4), on a connection that is idle for long before a capture of it begins. */
static bool may_be_probed(const struct evidence *ev, int x, seq_t octet)
{
    const struct side *own = &ev->c->side[x];
    const struct side *peer = &ev->c->side[!x];
    int testified = testified_before(ev, x, octet, ev->count);
    bool first = testified < ev->count && ev->log[testified].nth == 2;
    return !(own->marks & (SIDE_SYN | SIDE_ISN | SIDE_DATA)) && own->packets &&
           (first || !(peer->marks & (SIDE_SYN | SIDE_DATA)));
}

/* A FIN is known when it passes, or when somebody testifies to its octet before (or without) its
 * passing: X's own number beyond it, or the peer's acknowledgment. */
void gather_own_fin(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    int fin = first_own_fin(ev, x);
    seq_t octet;
    if (fin >= 0)
        octet = seq_back(entry_end(&ev->log[fin]), 1);
    else if (!missing_last_octet(ev, x, &octet) || may_be_probed(ev, x, octet))
        return;
    e->fin_seq = octet;
    int until = fin >= 0 ? fin : ev->count;
    int testified = testified_before(ev, x, e->fin_seq, until);
    e->fin_implied = testified < until;
    e->fin_first = fin >= 0 ? fin : testified;
    if (e->fin_implied) {
        set_fact(e, FACT_FIN_SENT, ev, testified, CERTAINTY_CONFIRMED, CAUSE_IMPLIED);
        e->facts[FACT_FIN_SENT].order = ORDER_AT(testified) - 1; /* it was sent before */
    } else if (fin >= 0) {
        set_fact(e, FACT_FIN_SENT, ev, fin, CERTAINTY_CONFIRMED, CAUSE_SENT_FIN);
    }
}

/* The first entry of X that acknowledges everything below `end`, or the log's end. */
static int acknowledged_at(const struct evidence *ev, int x, seq_t end)
{
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x && (g->flags & (TCP_ACK | TCP_RST)) == TCP_ACK && seq_ge(g->ack, end))
            return i;
    }
    return ev->count;
}

/* X's FIN passed unseen, and Y acknowledged it: so late behind Y's own FIN that X sent it when that
 * had come. Who waits for the other's FIN acknowledges it at once. */
static bool sent_behind_fin(const struct evidence *ev, int x, int acknowledged)
{
    int last = last_own_fin(ev, !x, acknowledged);
    return last >= 0 && ev->log[acknowledged].time_ns - ev->log[last].time_ns >
                            may_cross_ns(ev, x) + ev->rtt_ns[!x];
}

/* X's FIN was on its way before this entry, unseen. Did X have Y's FIN when it sent it? */
static bool implied_active(const struct evidence *ev, int x, const struct endpoint_facts ends[2],
                           int testified)
{
    const struct endpoint_facts *y = &ends[!x];
    const struct log_entry *g = &ev->log[testified];
    int had_fin = acknowledged_at(ev, x, seq_add(y->fin_seq, 1));
    if (!ev->c->side[x].packets) /* unseen: whoever is seen to close before it closed first */
        return testified <= y->fin_first;
    if (g->side != x)
        return had_fin > testified && !sent_behind_fin(ev, x, testified);
    /* Its own acknowledgment of Y's FIN, numbered behind its own FIN: drawn by Y's first FIN it was
     * sent at once, so the FIN was out before. */
    int copies = 0;
    for (int i = 0; i < testified; i++)
        copies += ev->log[i].side != x && ev->log[i].flags & TCP_FIN;
    return had_fin > testified || (had_fin == testified && copies <= 1);
}

/* Does the numbering of X's packets tell that none of them was lost right before its entry `i`?
 * Most stacks count them (RFC 6864 section 3), and whoever does not never tells this. */
static bool nothing_lost_before(const struct evidence *ev, int i)
{
    const struct log_entry *g = &ev->log[i];
    int x = g->side;
    uint16_t before = kept_of(&ev->c->detail->side[x], KEPT_LAST)->ip_id;
    for (int k = 0; k < i; k++) {
        const struct log_entry *h = &ev->log[k];
        if (h->side == x && h->time_ns >= ev->c->detail->start.last_ns[x])
            before = h->ip_id;
    }
    return before && g->ip_id == (uint16_t)(before + 1);
}

/* X's FIN brings its first acknowledgment of Y's. What X sent before may have been lost: its first
 * FIN, which did not acknowledge Y's, and the acknowledgment that Y's drew. So it may be when the
 * answer is late, or X was silent for as long as a retransmission takes, or Y's FIN itself was not
 * captured. */
static bool may_repeat_fin(const struct evidence *ev, int x, const struct endpoint_facts ends[2])
{
    int fin = ends[x].facts[FACT_FIN_SENT].index;
    int64_t fin_ns = ev->log[fin].time_ns;
    if (nothing_lost_before(ev, fin))
        return false;
    int64_t waited_ns = fin_ns - ev->log[ends[!x].fin_first].time_ns;
    /* When no other was measured, the shortest round trip is this very one. */
    int64_t rtt_ns = waited_ns - ev->rtt_ns[x] < NS_PER_MS / 1000 ? 0 : ev->rtt_ns[x];
    if (ends[!x].fin_implied || waited_ns > rtt_ns + ev->config->delayed_ack_ns)
        return true;
    int64_t before_ns = ev->c->detail->start.last_ns[x];
    for (int k = 0; k < fin; k++) {
        if (ev->log[k].side == x && ev->log[k].time_ns > before_ns)
            before_ns = ev->log[k].time_ns;
    }
    return before_ns < 0 || fin_ns - before_ns >= ev->config->rto_min_ns;
}

/* Active or passive: by the acknowledgment number of the first transmission, wherever the tap
 * stood. */
static void judge_activeness(const struct evidence *ev, int x, struct endpoint_facts ends[2])
{
    struct endpoint_facts *e = &ends[x];
    const struct fact *fin = &e->facts[FACT_FIN_SENT];
    if (!fin->holds)
        return;
    e->active_known = true;
    e->active = true;
    if (!ends[!x].facts[FACT_FIN_SENT].holds)
        return;
    const struct log_entry *g = &ev->log[fin->index];
    int first_ack = acknowledged_at(ev, x, seq_add(ends[!x].fin_seq, 1));
    if (e->fin_implied) {
        e->active = implied_active(ev, x, ends, fin->index);
        e->active_doubtful = true;
    } else
        e->active = !(g->flags & TCP_ACK && seq_gt(g->ack, ends[!x].fin_seq));
    if (!e->active && first_ack == fin->index && may_repeat_fin(ev, x, ends))
        e->active_doubtful = true;
}

/* Entry `i` carries octets of Y's that may complete everything up to its FIN. */
static bool may_bring_fin(const struct evidence *ev, int x, int i)
{
    const struct log_entry *g = &ev->log[i];
    bool octets = g->payload_len || g->flags & TCP_FIN;
    return g->side != x && octets && !(g->flags & TCP_RST) && !(g->marks & (LOG_HOLE | LOG_PROBE));
}

/* The FIN passed, but octets before it did not: if the capture missed them, X has it. */
static bool behind_hole(const struct evidence *ev, int x, int i)
{
    const struct log_entry *g = &ev->log[i];
    return g->side != x && (g->flags & (TCP_FIN | TCP_RST)) == TCP_FIN && g->marks & LOG_HOLE;
}

/* X acknowledged it, though it seemed to have missed every transmission: segments overtook each
 * other. It came after whatever X sent without it. */
static void set_fin_despite(const struct evidence *ev, int x, struct endpoint_facts *e, int last,
                            int proof)
{
    int i = last >= 0 ? last : proof;
    struct fact *f = &e->facts[FACT_FIN_RECEIVED];
    set_fact(e, FACT_FIN_RECEIVED, ev, i, CERTAINTY_CONFIRMED, CAUSE_RECEIVED_FIN);
    f->confirmed_by = ev->log[proof].frame;
    for (int k = i; k < proof; k++) {
        if (ev->log[k].side == x) {
            f->order = ORDER_BEHIND(k);
            f->at_ns = ev->log[k].time_ns;
        }
    }
}

/* No acknowledgment of Y's FIN came when it was due, and Y had no chance to ask again because an
 * RST ended it: or a box between answered in X's name, and kept the FIN. */
static bool fin_overtaken_by_reset(const struct evidence *ev, int x, int fin)
{
    int64_t due_ns = ev->log[fin].time_ns + ev->rtt_ns[x] + ev->config->delayed_ack_ns;
    for (int k = fin; k < ev->count; k++) {
        const struct log_entry *g = &ev->log[k];
        if (g->side != x || !(g->flags & TCP_RST))
            continue;
        if (!rst_is_own(ev, k) && (g->time_ns > due_ns || rst_answers(ev, k) == fin))
            return true;
    }
    return false;
}

static void note_peer_fin(const struct evidence *ev, int x, struct endpoint_facts ends[2])
{
    struct endpoint_facts *e = &ends[x];
    const struct fact *sent = &ends[!x].facts[FACT_FIN_SENT];
    if (!sent->holds)
        return;
    seq_t end = seq_add(ends[!x].fin_seq, 1);
    int proof = acknowledged_at(ev, x, end);
    int transmissions = 0;
    int last = -1;
    struct receipt r = {.status = RECEIPT_LOST};
    for (int i = ends[!x].fin_first; i < proof; i++) {
        if (behind_hole(ev, x, i) && receipt_of(ev, i, true, end).status != RECEIPT_LOST)
            e->facts[FACT_FIN_RECEIVED].doubtful = true;
        if (!may_bring_fin(ev, x, i))
            continue;
        transmissions++;
        last = i;
        r = receipt_of(ev, i, true, end);
        if (r.status == RECEIPT_UNDER_WAY) {
            e->facts[FACT_FIN_RECEIVED].doubtful = true;
            continue;
        }
        if (r.status != RECEIPT_LOST) {
            set_received(e, FACT_FIN_RECEIVED, ev, i, &r, CAUSE_RECEIVED_FIN);
            break;
        }
        retract(e, FACT_FIN_RECEIVED, ev, i, &r, CAUSE_RECEIVED_FIN);
    }
    if (!e->facts[FACT_FIN_RECEIVED].holds && proof < ev->count) {
        set_fin_despite(ev, x, e, last, proof);
        return;
    }
    if (r.status != RECEIPT_PRESUMED || ev->beside[x])
        return;
    int64_t first_ns = ev->log[ends[!x].fin_first].time_ns;
    bool silent = transmissions >= UNANSWERED_MAX && ev->c->side[x].last_ns < first_ns;
    bool hopeless = withdrawn_before(e, FACT_FIN_RECEIVED) >= WITHDRAWALS_MAX;
    if (silent || hopeless || fin_overtaken_by_reset(ev, x, last)) {
        e->facts[FACT_FIN_RECEIVED] = (struct fact){.doubtful = true};
        retract(e, FACT_FIN_RECEIVED, ev, last, &r, CAUSE_RECEIVED_FIN);
    }
}

/* Octets of Y that went out before, in segments that do not acknowledge X's FIN, prove nothing. */
static bool sent_without(const struct evidence *ev, int i, seq_t fin_seq)
{
    const struct log_entry *g = &ev->log[i];
    const struct close_start *start = &ev->c->detail->start;
    if (start->seen[g->side] && seq_le(entry_end(g), start->nxt[g->side]))
        return true;
    for (int k = 0; k < i; k++) {
        const struct log_entry *h = &ev->log[k];
        if (h->side == g->side && !(h->flags & TCP_RST) && seq_le(h->ack, fin_seq) &&
            seq_ge(entry_end(h), entry_end(g)))
            return true;
    }
    return false;
}

/* X acknowledges an octet of Y's that was only ever sent with an acknowledgment of X's FIN. */
static void confirm_fin_acked(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    struct fact *acked = &e->facts[FACT_FIN_ACKED];
    for (int i = acked->index; i < ev->count && acked->certainty != CERTAINTY_CONFIRMED; i++) {
        const struct log_entry *g = &ev->log[i];
        bool first = g->payload_len || g->flags & TCP_FIN;
        if (g->side == x || g->marks & (LOG_AGAIN | LOG_LATE) || !first || g->flags & TCP_RST ||
            seq_le(g->ack, e->fin_seq) || sent_without(ev, i, e->fin_seq))
            continue;
        for (int k = i; k < ev->count; k++) {
            const struct log_entry *h = &ev->log[k];
            if (h->side == x && (h->flags & (TCP_ACK | TCP_RST)) == TCP_ACK &&
                seq_ge(h->ack, entry_end(g))) {
                acked->certainty = CERTAINTY_CONFIRMED;
                acked->confirmed_by = h->frame;
                break;
            }
        }
    }
}

static void note_fin_acked(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    const struct fact *sent = &e->facts[FACT_FIN_SENT];
    int withdrawals = 0;
    e->fin_acked_index = -1;
    if (!sent->holds)
        return;
    for (int i = sent->index; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x || !(g->flags & TCP_ACK) || g->flags & TCP_RST ||
            seq_le(g->ack, e->fin_seq))
            continue;
        if (e->fin_acked_index < 0)
            e->fin_acked_index = i;
        struct receipt r = receipt_of(ev, i, false, e->fin_seq);
        if (r.status == RECEIPT_UNDER_WAY) {
            e->facts[FACT_FIN_ACKED].doubtful = true;
            continue;
        }
        if (r.status == RECEIPT_LOST) {
            retract(e, FACT_FIN_ACKED, ev, i, &r, CAUSE_RECEIVED_ACK_OF_FIN);
            withdrawals++;
            continue;
        }
        /* Whether it came or X gave up: a passive closer that asks no more is CLOSED. */
        bool closed_anyway = !e->active && gave_up(ev, x);
        if (withdrawals >= WITHDRAWALS_MAX && r.status != RECEIPT_CONFIRMED && !closed_anyway) {
            e->facts[FACT_FIN_ACKED] = (struct fact){.doubtful = true};
            retract(e, FACT_FIN_ACKED, ev, i, &r, CAUSE_RECEIVED_ACK_OF_FIN);
            return;
        }
        set_received(e, FACT_FIN_ACKED, ev, i, &r, CAUSE_RECEIVED_ACK_OF_FIN);
        confirm_fin_acked(ev, x, e);
        return;
    }
}

static bool only_fin_outstanding(const struct evidence *ev, int x, const struct endpoint_facts *e)
{
    const struct side *own = &ev->c->side[x];
    return own->marks & SIDE_ACKED && seq_eq(own->una, e->fin_seq);
}

/* With something new the peer says that it has not received the FIN, when that had been due to be
 * sent again: whatever kept X from it, no acknowledgment did. */
static bool was_missing_when_due(const struct evidence *ev, int x, const struct endpoint_facts *e)
{
    const struct side_detail *d = &ev->c->detail->side[x];
    for (int i = e->facts[FACT_FIN_SENT].index + 1; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        bool news = g->side != x && (g->flags & (TCP_ACK | TCP_RST)) == TCP_ACK &&
                    !(g->marks & (LOG_AGAIN | LOG_LATE)) && (g->payload_len || g->flags & TCP_FIN);
        if (news && seq_eq(g->ack, e->fin_seq) && d->data_ns &&
            g->time_ns - d->data_ns > 2 * retransmission_timeout_ns(ev))
            return true;
    }
    return false;
}

/* Y had X's FIN when it sent its own, which passed unseen: that acknowledged X's, if nothing had
 * before. Where X waited for it longer than an acknowledgment may, one had. */
static void note_fin_acked_by_fin(const struct evidence *ev, int x, struct endpoint_facts ends[2])
{
    const struct fact *sent = &ends[x].facts[FACT_FIN_SENT];
    const struct fact *received = &ends[x].facts[FACT_FIN_RECEIVED];
    struct fact *acked = &ends[x].facts[FACT_FIN_ACKED];
    bool unseen = ends[!x].fin_implied && !ev->fin_seen[!x] && ev->c->side[!x].packets;
    if (!sent->holds || !received->holds || acked->holds || acked->doubtful || !unseen ||
        ends[!x].active || sent->order > received->order)
        return;
    *acked = *received;
    acked->certainty = CERTAINTY_PRESUMED;
    acked->cause = CAUSE_IMPLIED;
    int last = last_own_fin(ev, x, received->index);
    if (last < 0)
        return;
    int64_t due_ns = ev->log[last].time_ns + may_cross_ns(ev, !x) + ev->config->delayed_ack_ns;
    if (received->at_ns - ev->rtt_ns[x] > due_ns) {
        acked->at_ns = due_ns;
        acked->frame = FRAME_NONE;
        acked->order = received->order - 1;
    }
}

/* A FIN that nobody was seen to acknowledge, and that was not sent again when that was due: it was
 * acknowledged unseen, at the latest when the peer's was received. Only after several
 * retransmissions do stacks give up instead. */
static void note_fin_acked_unseen(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    const struct fact *acked = &e->facts[FACT_FIN_ACKED];
    const struct fact *received = &e->facts[FACT_FIN_RECEIVED];
    const struct side_detail *d = ev->c->detail ? &ev->c->detail->side[x] : NULL;
    if (!e->facts[FACT_FIN_SENT].holds || acked->holds || acked->doubtful || !d || !d->fins ||
        d->again_run >= GIVE_UP_MIN || !gave_up(ev, x) || !only_fin_outstanding(ev, x, e) ||
        was_missing_when_due(ev, x, e))
        return;
    for (int i = 0; i < ev->count; i++) {
        if (ev->log[i].flags & TCP_RST)
            return;
    }
    bool later = received->holds && received->at_ns > d->data_ns;
    set_by_time(e, FACT_FIN_ACKED, ev, later ? received->at_ns : d->data_ns, CAUSE_IMPLIED);
}

/* A FIN known only by testimony was sent before the peer's was received when it closed actively. */
static void order_implied_fin(struct endpoint_facts *e)
{
    struct fact *sent = &e->facts[FACT_FIN_SENT];
    const struct fact *received = &e->facts[FACT_FIN_RECEIVED];
    if (!e->fin_implied || !e->active || !sent->holds || !received->holds ||
        sent->order < received->order)
        return;
    sent->order = received->order - 1;
    sent->at_ns = received->at_ns;
}

/* Was X's FIN perhaps queued behind octets that waited for acknowledgment when Y's came? */
static void doubt_passive(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    const struct fact *sent = &e->facts[FACT_FIN_SENT];
    const struct close_start *start = ev->c->detail ? &ev->c->detail->start : NULL;
    if (!sent->holds || e->active || !start || !start->taken)
        return;
    if (!start->outstanding[x] && start->window[!x])
        return;
    /* Once everything was acknowledged a queued FIN goes out at once. */
    seq_t highest = ev->c->side[x].isn;
    bool known = false;
    for (int i = 0; i < sent->index; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->flags & TCP_RST)
            continue;
        if (g->side == x) {
            highest = known ? seq_max(highest, entry_end(g)) : entry_end(g);
            known = true;
        } else if (known && g->flags & TCP_ACK && seq_ge(g->ack, highest) && g->window &&
                   ev->log[sent->index].time_ns - g->time_ns >
                       ev->rtt_ns[x] + ev->config->delayed_ack_ns &&
                   seq_ge(g->ack, seq_back(e->fin_seq, ev->log[sent->index].payload_len))) {
            return;
        }
    }
    e->active_doubtful = true;
}

/* The capture starts with X's FIN, and Y answers with nothing but acknowledgments: Y's own FIN may
 * have gone before. An acknowledgment without the usual delay tells that Y's application had
 * closed: stacks delay it only while data may still flow. */
static void judge_opening_fin(const struct evidence *ev, struct endpoint_facts ends[2])
{
    if (!ends[0].mid_stream || !ev->count || ev->log[0].frame != ev->c->first_frame)
        return;
    const struct log_entry *first = &ev->log[0];
    if ((first->flags & (TCP_FIN | TCP_ACK | TCP_RST)) != (TCP_FIN | TCP_ACK))
        return;
    int x = first->side;
    int64_t answered_ns = INT64_MAX;
    for (int i = 1; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        bool bare = !g->payload_len && (g->flags & (TCP_FIN | TCP_SYN | TCP_RST)) == 0;
        if (g->side != x && !bare)
            return;
        if (g->side != x && answered_ns == INT64_MAX)
            answered_ns = g->time_ns;
    }
    ends[x].opening_fin = OPENING_FIN_OWN;
    ends[!x].opening_fin = OPENING_FIN_PEER;
    ends[x].facts[FACT_FIN_SENT].certainty = CERTAINTY_PRESUMED;
    if (answered_ns == INT64_MAX || answered_ns - first->time_ns > ev->config->prompt_ack_ns)
        return;
    set_fact(&ends[!x], FACT_FIN_SENT, ev, 0, CERTAINTY_PRESUMED, CAUSE_FIRST_SEEN);
    ends[!x].fin_seq = seq_back(first->ack, 1);
    ends[!x].fin_implied = ends[!x].active_known = ends[!x].active = true;
    set_fact(&ends[!x], FACT_FIN_ACKED, ev, 0, CERTAINTY_PRESUMED, CAUSE_RECEIVED_ACK_OF_FIN);
    ends[!x].fin_acked_index = 0;
    ends[!x].facts[FACT_FIN_SENT].order = ends[!x].facts[FACT_FIN_ACKED].order = -2;
    set_fact(&ends[x], FACT_FIN_RECEIVED, ev, 0, CERTAINTY_PRESUMED, CAUSE_FIRST_SEEN);
    ends[x].facts[FACT_FIN_RECEIVED].order = -2;
    ends[x].active = false;
}

void gather_close(const struct evidence *ev, struct endpoint_facts ends[2])
{
    for (int x = 0; x < 2; x++)
        judge_activeness(ev, x, ends);
    for (int x = 0; x < 2; x++) {
        note_peer_fin(ev, x, ends);
        note_fin_acked(ev, x, &ends[x]);
        note_fin_acked_by_fin(ev, x, ends);
        note_fin_acked_unseen(ev, x, &ends[x]);
    }
    judge_opening_fin(ev, ends);
}

void settle_own_fin(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    order_implied_fin(e);
    doubt_passive(ev, x, e);
}
