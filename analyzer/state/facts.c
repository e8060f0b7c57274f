#include "analyzer/state/facts.h"

#include "analyzer/state/silence.h"

/* After so many acknowledgments that were followed by the octets once more, another one is no
 * longer presumed to have arrived. */
#define WITHDRAWALS_MAX 3
/* A SYN-ACK is answered at once by whoever receives it: after so many in vain nobody does. */
#define SYN_ACKS_UNANSWERED_MAX 2
/* No stack gives up a FIN after fewer retransmissions. */
#define GIVE_UP_MIN 3
/* So many transmissions without any sign of life: the addressee is presumed not to have them. */
#define UNANSWERED_MAX 3

static void set_fact(struct endpoint_facts *e, enum fact_id id, const struct evidence *ev, int i,
                     enum certainty certainty, enum state_cause cause)
{
    e->facts[id] = (struct fact){.holds = true,
                                 .certainty = certainty,
                                 .cause = cause,
                                 .at_ns = ev->log[i].time_ns,
                                 .frame = ev->log[i].frame,
                                 .index = i,
                                 .order = ORDER_AT(i)};
}

static void set_received(struct endpoint_facts *e, enum fact_id id, const struct evidence *ev,
                         int i, const struct receipt *r, enum state_cause cause)
{
    bool sure = r->status == RECEIPT_CONFIRMED;
    set_fact(e, id, ev, i, sure ? CERTAINTY_CONFIRMED : CERTAINTY_PRESUMED, cause);
    struct fact *f = &e->facts[id];
    f->at_ns = r->at_ns;
    f->order = ORDER_AT(i);
    if (sure)
        f->confirmed_by = ev->log[r->by].frame;
    for (int k = i + 1; k < ev->count && r->at_ns > ev->log[i].time_ns; k++) {
        if (ev->log[k].side != ev->log[i].side && ev->log[k].time_ns <= r->at_ns)
            f->order = ORDER_BEHIND(k);
    }
}

static void retract(struct endpoint_facts *e, enum fact_id id, const struct evidence *ev, int i,
                    const struct receipt *r, enum state_cause cause)
{
    if (e->retraction_count == RETRACTIONS_MAX)
        return;
    e->retractions[e->retraction_count++] = (struct retraction){
        .id = id,
        .cause = cause,
        .at_ns = ev->log[i].time_ns,
        .frame = ev->log[i].frame,
        .order = ORDER_AT(i),
        .refuted = r->by >= 0 && ev->log[r->by].side != ev->log[i].side,
    };
}

/* ---- opening -------------------------------------------------------------------------------- */

static void note_own_syn(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side != x || !(g->flags & TCP_SYN) || g->flags & TCP_RST)
            continue;
        bool answer = g->flags & TCP_ACK;
        if (!e->facts[FACT_SYN_SENT].holds)
            set_fact(e, FACT_SYN_SENT, ev, i, CERTAINTY_CONFIRMED,
                     answer ? CAUSE_SENT_SYN_ACK : CAUSE_SENT_SYN);
        bool crossed = e->facts[FACT_SYN_SENT].cause == CAUSE_SENT_SYN;
        if (answer && !crossed && !e->facts[FACT_SYN_RECEIVED].holds)
            set_fact(e, FACT_SYN_RECEIVED, ev, i, CERTAINTY_CONFIRMED, CAUSE_SENT_SYN_ACK);
    }
}

/* A client answers a SYN-ACK at once: silence means that it did not come. */
static bool syn_ack_unanswered(const struct evidence *ev, int i, const struct receipt *r)
{
    const struct log_entry *g = &ev->log[i];
    int x = !g->side;
    bool answer = g->flags & TCP_ACK && ev->c->side[g->side].marks & SIDE_SYN_ACK;
    if (r->status != RECEIPT_PRESUMED || ev->beside[x] || !answer)
        return false;
    int64_t wait_ns = ev->rtt_known[x] ? ev->rtt_ns[x] * 2 + 10 * NS_PER_MS
                                       : ev->rtt_ns[!x] * 2 + 100 * NS_PER_MS;
    return silence_since(ev, g->time_ns) > wait_ns;
}

static int withdrawn_before(const struct endpoint_facts *e, enum fact_id id)
{
    int count = 0;
    for (int i = 0; i < e->retraction_count; i++)
        count += e->retractions[i].id == id;
    return count;
}

/* A SYN-ACK that does not acknowledge X's SYN opens nothing: X sends RST and waits on (RFC 9293
 * section 3.10.7.3). */
static bool answers_other_syn(const struct evidence *ev, int x, int i)
{
    for (int k = i - 1; k >= 0 && ev->log[i].flags & TCP_ACK; k--) {
        const struct log_entry *h = &ev->log[k];
        if (h->side == x && h->flags & TCP_SYN)
            return seq_le(ev->log[i].ack, h->seq) || seq_gt(ev->log[i].ack, entry_end(h));
    }
    return false;
}

/* A SYN-ACK tells of the SYN that the capture missed. */
static void note_syn_implied(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    for (int i = 0; i < ev->count && !e->facts[FACT_SYN_SENT].holds; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x || (g->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != (TCP_SYN | TCP_ACK))
            continue;
        set_fact(e, FACT_SYN_SENT, ev, i, CERTAINTY_CONFIRMED, CAUSE_IMPLIED);
        e->facts[FACT_SYN_SENT].order = ORDER_AT(i) - 2;
    }
}

/* X refused this SYN before it sent its own. */
static bool refused_syn(const struct evidence *ev, int x, int i)
{
    for (int k = i + 1; k < ev->count; k++) {
        const struct log_entry *h = &ev->log[k];
        if (h->side == x && h->flags & TCP_SYN)
            return false;
        if (h->side == x && h->flags & TCP_RST && h->flags & TCP_ACK &&
            seq_eq(h->ack, entry_end(&ev->log[i])))
            return true;
    }
    return false;
}

static void note_peer_syn(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    for (int i = 0; i < ev->count && !e->facts[FACT_SYN_RECEIVED].holds; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x || !(g->flags & TCP_SYN) || g->flags & TCP_RST ||
            answers_other_syn(ev, x, i) || refused_syn(ev, x, i))
            continue;
        struct receipt r = receipt_of(ev, i, true, entry_end(g));
        enum state_cause cause = g->flags & TCP_ACK ? CAUSE_RECEIVED_SYN_ACK : CAUSE_RECEIVED_SYN;
        bool hopeless = r.status == RECEIPT_PRESUMED &&
                        withdrawn_before(e, FACT_SYN_RECEIVED) >= SYN_ACKS_UNANSWERED_MAX;
        if (r.status == RECEIPT_LOST || hopeless || syn_ack_unanswered(ev, i, &r))
            retract(e, FACT_SYN_RECEIVED, ev, i, &r, cause);
        else
            set_received(e, FACT_SYN_RECEIVED, ev, i, &r, cause);
    }
}

/* Its SYN-ACK tells that the peer's SYN came, whether the capture has it or not. */
static void note_own_syn_ack(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    const uint8_t kinds = TCP_SYN | TCP_ACK | TCP_RST;
    for (int i = 0; i < ev->count && !e->facts[FACT_SYN_RECEIVED].holds; i++) {
        if (ev->log[i].side == x && (ev->log[i].flags & kinds) == (TCP_SYN | TCP_ACK))
            set_fact(e, FACT_SYN_RECEIVED, ev, i, CERTAINTY_CONFIRMED, CAUSE_SENT_SYN_ACK);
    }
}

/* In a simultaneous open the peer's SYN came after its own was out. */
static void order_crossed_syn(struct endpoint_facts *e)
{
    const struct fact *sent = &e->facts[FACT_SYN_SENT];
    struct fact *received = &e->facts[FACT_SYN_RECEIVED];
    if (received->holds && received->order < sent->order) {
        received->order = sent->order + 1;
        received->at_ns = sent->at_ns;
    }
}

/* X says that it is established by a segment of its own other than SYN and RST. */
static bool confirm_opened(const struct evidence *ev, int x, struct endpoint_facts *e, int from)
{
    struct fact *acked = &e->facts[FACT_SYN_ACKED];
    if (from < e->facts[FACT_SYN_SENT].index)
        from = e->facts[FACT_SYN_SENT].index; /* before, it spoke of another connection */
    for (int i = from; acked->holds && i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side != x || g->flags & (TCP_SYN | TCP_RST))
            continue;
        if (acked->certainty != CERTAINTY_CONFIRMED)
            acked->confirmed_by = g->frame;
        acked->certainty = CERTAINTY_CONFIRMED;
        return true;
    }
    return false;
}

static void note_syn_acked(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    const struct side *own = &ev->c->side[x];
    if (!(own->marks & SIDE_ISN))
        return;
    for (int i = 0; i < ev->count && !e->facts[FACT_SYN_ACKED].holds; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x || !(g->flags & TCP_ACK) || g->flags & TCP_RST ||
            seq_le(g->ack, own->isn) || (g->flags & TCP_SYN && answers_other_syn(ev, x, i)))
            continue;
        /* When SYNs crossed, the SYN-ACK's octet was sent before, without the acknowledgment. */
        bool syn = g->flags & TCP_SYN && ev->c->side[!x].marks & SIDE_SYN_ACK;
        struct receipt r = receipt_of(ev, i, syn, entry_end(g));
        enum state_cause cause =
            g->flags & TCP_SYN ? CAUSE_RECEIVED_SYN_ACK : CAUSE_RECEIVED_ACK_OF_SYN;
        bool hopeless = syn && r.status == RECEIPT_PRESUMED &&
                        withdrawn_before(e, FACT_SYN_ACKED) >= SYN_ACKS_UNANSWERED_MAX;
        if (r.status == RECEIPT_LOST || hopeless || (syn && syn_ack_unanswered(ev, i, &r)))
            retract(e, FACT_SYN_ACKED, ev, i, &r, cause);
        else
            set_received(e, FACT_SYN_ACKED, ev, i, &r, cause);
        if (e->facts[FACT_SYN_ACKED].holds && !syn)
            e->facts[FACT_SYN_ACKED].order -= 1; /* it opens before the same segment closes */
    }
    if (!(own->marks & SIDE_SYN_ACK))
        (void)confirm_opened(ev, x, e, 0);
}

/* Numbers of this connection, not of an earlier use of the five-tuple. */
static bool speaks_in(const struct evidence *ev, int x, const struct log_entry *g)
{
    const struct side *own = &ev->c->side[x];
    const struct side *peer = &ev->c->side[!x];
    if (!(own->marks & SIDE_SYN) && g->marks & LOG_UNSEEN && !g->payload_len)
        return false; /* perhaps a challenge */
    bool own_fits =
        !(own->marks & SIDE_ISN) ||
        (seq_gt(g->seq, own->isn) && seq_distance(g->seq, own->isn) < UINT32_C(1) << 30);
    seq_t sent = peer->marks & SIDE_ACKED ? seq_max(peer->nxt, peer->una) : peer->nxt;
    bool peer_fits =
        !(peer->marks & SIDE_ISN) || (seq_gt(g->ack, peer->isn) && seq_le(g->ack, sent));
    return own_fits && peer_fits;
}

/* Fast open lets a server send before its SYN-ACK is answered (RFC 7413 section 4.2). */
static bool may_send_early(const struct evidence *ev, int x)
{
    return ev->c->side[x].marks & SIDE_SYN_ACK && ev->c->side[!x].marks & SIDE_FAST_OPEN;
}

/* An endpoint that goes on in the connection has opened it, whatever the capture missed of that. */
static void note_implied_open(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    static const enum fact_id opening[] = {FACT_SYN_SENT, FACT_SYN_RECEIVED, FACT_SYN_ACKED};
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side != x || g->flags & (TCP_SYN | TCP_RST) || !(g->flags & TCP_ACK) ||
            !speaks_in(ev, x, g))
            continue;
        for (unsigned k = 0; k < 3; k++) {
            const struct fact *f = &e->facts[opening[k]];
            if (opening[k] == FACT_SYN_ACKED && may_send_early(ev, x))
                continue;
            if (!f->holds || f->order > ORDER_AT(i)) {
                set_fact(e, opening[k], ev, i, CERTAINTY_CONFIRMED, CAUSE_IMPLIED);
                e->facts[opening[k]].order = ORDER_AT(i) - 2; /* before whatever it sends */
            }
        }
        return;
    }
}

/* A server shows that it is established by a segment of its own. One that only repeats its SYN-ACK,
 * leaves octets unanswered, or ends in a bare RST never was. */
static void doubt_server(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    struct fact *acked = &e->facts[FACT_SYN_ACKED];
    const struct side *own = &ev->c->side[x];
    const struct side *peer = &ev->c->side[!x];
    if (!e->facts[FACT_SYN_SENT].holds || !(own->marks & SIDE_SYN_ACK) || !acked->holds)
        return;
    if (confirm_opened(ev, x, e, may_send_early(ev, x) ? acked->index : 0))
        return;
    acked->certainty = CERTAINTY_PRESUMED;
    bool bare_rst = false;
    int last_syn_ack = -1;
    int syn_acks = 0;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        bare_rst |= g->side == x && (g->flags & (TCP_RST | TCP_ACK)) == TCP_RST;
        if (g->side == x && g->flags & TCP_SYN) {
            last_syn_ack = i;
            syn_acks++;
        }
    }
    const struct side_detail *sent = &ev->c->detail->side[!x];
    bool unanswered =
        peer->marks & SIDE_DATA && sent->data_ns &&
        (sent->again_run || silence_since(ev, sent->data_ns) > retransmission_timeout_ns(ev, !x));
    if (!bare_rst && !unanswered)
        return;
    acked->holds = false;
    acked->doubtful = !bare_rst;
    /* One that waits for the handshake's end repeats its SYN-ACK, after a second at first. */
    int64_t due_ns = ev->config->rto_initial_ns << (syn_acks < 6 ? syn_acks - 1 : 5);
    if (bare_rst || last_syn_ack < 0 ||
        silence_since(ev, ev->log[last_syn_ack].time_ns) < due_ns + due_ns / 2)
        return;
    set_fact(e, FACT_GONE, ev, last_syn_ack, CERTAINTY_PRESUMED, CAUSE_TIMED_OUT);
    e->facts[FACT_GONE].order = ORDER_AT(ev->count);
    e->facts[FACT_GONE].at_ns = ev->log[last_syn_ack].time_ns + due_ns;
    e->facts[FACT_GONE].frame = FRAME_NONE;
}

/* ---- closing -------------------------------------------------------------------------------- */

static int first_own_fin(const struct evidence *ev, int x)
{
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x && (g->flags & (TCP_FIN | TCP_RST)) == TCP_FIN)
            return i;
    }
    return -1;
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
    const struct ranges *holes = d ? d->holes : NULL;
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
        bool peer = g->side != x && g->flags & TCP_ACK && seq_gt(g->ack, fin_seq);
        if (own || peer)
            return i;
    }
    return until;
}

/* A FIN is known when it passes, or when somebody testifies to its octet before (or without) its
 * passing: X's own number beyond it, or the peer's acknowledgment. */
static void note_own_fin(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    int fin = first_own_fin(ev, x);
    if (fin >= 0)
        e->fin_seq = seq_back(entry_end(&ev->log[fin]), 1);
    else if (!missing_last_octet(ev, x, &e->fin_seq))
        return;
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
        return had_fin > testified;
    /* Its own acknowledgment of Y's FIN, numbered behind its own FIN: drawn by Y's first FIN it was
     * sent at once, so the FIN was out before. */
    int copies = 0;
    for (int i = 0; i < testified; i++)
        copies += ev->log[i].side != x && ev->log[i].flags & TCP_FIN;
    return had_fin > testified || (had_fin == testified && copies <= 1);
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
    /* Y's FIN is acknowledged with X's, and late: what X sent before was lost, perhaps its first
     * FIN. */
    int64_t waited_ns = ev->log[fin->index].time_ns - ev->log[ends[!x].fin_first].time_ns;
    if (!e->active && first_ack == fin->index && !ev->beside[x] &&
        waited_ns > ev->rtt_ns[x] + ev->config->delayed_ack_ns)
        e->active_doubtful = true;
}

/* Entry `i` carries octets of Y's that may complete everything up to its FIN. */
static bool may_bring_fin(const struct evidence *ev, int x, int i)
{
    const struct log_entry *g = &ev->log[i];
    bool octets = g->payload_len || g->flags & TCP_FIN;
    return g->side != x && octets && !(g->flags & TCP_RST) && !(g->marks & (LOG_HOLE | LOG_PROBE));
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
    for (int k = i + 1; k < proof; k++) {
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
    for (int k = fin + 1; k < ev->count; k++) {
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
    struct receipt r = {.by = -1};
    for (int i = ends[!x].fin_first; i < proof; i++) {
        if (!may_bring_fin(ev, x, i))
            continue;
        transmissions++;
        last = i;
        r = receipt_of(ev, i, true, end);
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
    if (last < 0 || r.status != RECEIPT_PRESUMED || ev->beside[x])
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
        for (int k = i + 1; k < ev->count; k++) {
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
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x || !(g->flags & TCP_ACK) || g->flags & TCP_RST ||
            seq_le(g->ack, e->fin_seq))
            continue;
        if (e->fin_acked_index < 0)
            e->fin_acked_index = i;
        struct receipt r = receipt_of(ev, i, false, e->fin_seq);
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

/* A FIN that nobody was seen to acknowledge, and that was not sent again when that was due: it was
 * acknowledged unseen. Only after several retransmissions do stacks give up instead. */
static void note_fin_acked_unseen(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    struct fact *acked = &e->facts[FACT_FIN_ACKED];
    const struct side_detail *d = ev->c->detail ? &ev->c->detail->side[x] : NULL;
    if (!e->facts[FACT_FIN_SENT].holds || acked->holds || acked->doubtful || !d || !d->fins ||
        d->again_run >= GIVE_UP_MIN || !gave_up(ev, x) || !only_fin_outstanding(ev, x, e))
        return;
    for (int i = 0; i < ev->count; i++) {
        if (ev->log[i].flags & TCP_RST)
            return;
    }
    set_fact(e, FACT_FIN_ACKED, ev, ev->count - 1, CERTAINTY_PRESUMED, CAUSE_IMPLIED);
    acked->order = ORDER_AT(ev->count);
    acked->frame = FRAME_NONE;
    acked->at_ns = d->data_ns;
}

/* ---- resets --------------------------------------------------------------------------------- */

/* Before its SYN was answered as far as it knows, an endpoint that sends RST only fends off
 * something old, and stays (RFC 9293 section 3.10.7.3). */
static bool in_syn_sent(const struct endpoint_facts *e, int i)
{
    const struct fact *received = &e->facts[FACT_SYN_RECEIVED];
    return !e->mid_stream && e->facts[FACT_SYN_SENT].holds &&
           (!received->holds || received->order > ORDER_AT(i));
}

static void forget_from(struct endpoint_facts *e, int order)
{
    static const enum fact_id received[] = {FACT_SYN_RECEIVED, FACT_SYN_ACKED, FACT_FIN_RECEIVED,
                                            FACT_FIN_ACKED, FACT_RESET_RECEIVED};
    for (unsigned k = 0; k < sizeof received / sizeof *received; k++) {
        struct fact *f = &e->facts[received[k]];
        if (f->holds && f->order >= order && f->certainty == CERTAINTY_PRESUMED)
            f->holds = false;
    }
}

/* TIME_WAIT answers a FIN that comes again with an acknowledgment. An endpoint that answers it with
 * RST within 2*MSL never was in TIME_WAIT, unless a reset had ended it before. */
static const struct fact *refused_time_wait(const struct evidence *ev,
                                            const struct endpoint_facts *e, int drawn_by)
{
    const struct fact *received = &e->facts[FACT_FIN_RECEIVED];
    const struct fact *acked = &e->facts[FACT_FIN_ACKED];
    if (!received->holds || !acked->holds || !e->active || e->facts[FACT_RESET_RECEIVED].holds ||
        !(ev->log[drawn_by].flags & TCP_FIN))
        return NULL;
    const struct fact *entered = received->order > acked->order ? received : acked;
    bool within = ev->log[drawn_by].time_ns - entered->at_ns < ev->config->two_msl_ns;
    return entered->order < ORDER_AT(drawn_by) && within ? entered : NULL;
}

/* A bare RST answers as a host without such a connection: its sender was CLOSED when the answered
 * segment arrived, whatever that segment would have told it. */
static void note_gone(const struct evidence *ev, struct endpoint_facts *e, int rst, int drawn_by)
{
    const struct fact *refused = refused_time_wait(ev, e, drawn_by);
    int order = refused ? refused->order : ORDER_AT(drawn_by);
    int64_t at_ns = refused ? refused->at_ns : ev->log[drawn_by].time_ns;
    forget_from(e, order);
    if (refused)
        e->facts[refused == &e->facts[FACT_FIN_RECEIVED] ? FACT_FIN_RECEIVED : FACT_FIN_ACKED]
            .holds = false;
    /* What it still sent as part of the connection went before. */
    for (int k = drawn_by + 1; k < rst && !refused; k++) {
        if (ev->log[k].side == ev->log[rst].side && !(ev->log[k].flags & TCP_RST)) {
            order = ORDER_BEHIND(k);
            at_ns = ev->log[k].time_ns;
        }
    }
    set_fact(e, FACT_GONE, ev, rst, CERTAINTY_CONFIRMED, CAUSE_SENT_RST);
    e->facts[FACT_GONE].order = order;
    e->facts[FACT_GONE].at_ns = at_ns;
}

/* It refuses the very SYN-ACK that would have opened the connection, and asks no more: it was no
 * longer in SYN_SENT. */
static bool aborts_opening(const struct evidence *ev, int x, int rst)
{
    int drawn_by = ev->log[rst].flags & TCP_ACK ? -1 : rst_answers(ev, rst);
    if (drawn_by < 0 || !(ev->log[drawn_by].flags & TCP_SYN) || answers_other_syn(ev, x, drawn_by))
        return false;
    for (int k = rst + 1; k < ev->count; k++) {
        if (ev->log[k].side == x && ev->log[k].flags & TCP_SYN)
            return false;
    }
    return true;
}

static void note_own_reset(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side != x || !(g->flags & TCP_RST) || !rst_is_own(ev, i))
            continue;
        if (in_syn_sent(e, i)) {
            if (aborts_opening(ev, x, i))
                set_fact(e, FACT_RESET_SENT, ev, i, CERTAINTY_PRESUMED, CAUSE_SENT_RST);
            continue;
        }
        bool bare = !(g->flags & TCP_ACK);
        int drawn_by = bare ? rst_answers(ev, i) : -1;
        if (drawn_by < 0) {
            set_fact(e, FACT_RESET_SENT, ev, i, CERTAINTY_CONFIRMED, CAUSE_SENT_RST);
        } else {
            note_gone(ev, e, i, drawn_by);
        }
        return;
    }
}

static void note_peer_reset(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    for (int i = 0; i < ev->count && !e->facts[FACT_RESET_RECEIVED].holds; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x || !(g->flags & TCP_RST))
            continue;
        const struct fact *fin = &e->facts[FACT_FIN_RECEIVED];
        if (!rst_acceptable(ev, i, fin->holds && fin->order < ORDER_AT(i), in_syn_sent(e, i))) {
            /* Its number may lie behind octets that the capture missed. */
            if (rst_is_own(ev, i) && seq_gt(g->seq, ev->c->side[!x].nxt))
                e->facts[FACT_RESET_RECEIVED].doubtful = true;
            continue;
        }
        struct receipt r = receipt_of(ev, i, false, g->seq);
        if (r.status == RECEIPT_LOST)
            retract(e, FACT_RESET_RECEIVED, ev, i, &r, CAUSE_RECEIVED_RST);
        else
            set_received(e, FACT_RESET_RECEIVED, ev, i, &r, CAUSE_RECEIVED_RST);
    }
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

/* Presumptions keep their order of passage: one that was put off moves the later ones behind it. */
static void keep_order(struct endpoint_facts *e)
{
    static const enum fact_id received[] = {FACT_FIN_ACKED, FACT_FIN_RECEIVED, FACT_RESET_RECEIVED};
    for (unsigned k = 0; k < 3; k++) {
        for (unsigned m = 0; m < 3; m++) {
            struct fact *a = &e->facts[received[k]];
            struct fact *b = &e->facts[received[m]];
            bool later = a->holds && b->holds && a->index < b->index;
            if (later && b->certainty == CERTAINTY_PRESUMED && b->order <= a->order) {
                b->order = a->order + 1;
                b->at_ns = a->at_ns;
            }
        }
    }
}

void facts_gather(const struct evidence *ev, struct endpoint_facts ends[2])
{
    const struct connection *c = ev->c;
    bool mid_stream = c->known_by == KNOWN_BY_PORT || c->known_by == KNOWN_BY_FIRST_PACKET;
    for (int x = 0; x < 2; x++) {
        ends[x] = (struct endpoint_facts){
            .server = client_side(c) != x, .mid_stream = mid_stream, .fin_acked_index = -1};
        note_own_fin(ev, x, &ends[x]);
        if (mid_stream)
            continue;
        note_own_syn(ev, x, &ends[x]);
        note_syn_implied(ev, x, &ends[x]);
        note_peer_syn(ev, x, &ends[x]);
        note_own_syn_ack(ev, x, &ends[x]);
        order_crossed_syn(&ends[x]);
        note_syn_acked(ev, x, &ends[x]);
        note_implied_open(ev, x, &ends[x]);
        doubt_server(ev, x, &ends[x]);
    }
    for (int x = 0; x < 2; x++) {
        judge_activeness(ev, x, ends);
        note_peer_fin(ev, x, ends);
        note_fin_acked(ev, x, &ends[x]);
        note_fin_acked_unseen(ev, x, &ends[x]);
    }
    judge_opening_fin(ev, ends);
    for (int x = 0; x < 2; x++) {
        note_peer_reset(ev, x, &ends[x]);
        note_own_reset(ev, x, &ends[x]);
        order_implied_fin(&ends[x]);
        doubt_passive(ev, x, &ends[x]);
        keep_order(&ends[x]);
    }
}
