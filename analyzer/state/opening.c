#include "analyzer/state/gather.h"
#include "analyzer/state/silence.h"

/* A SYN-ACK is answered at once by whoever receives it: after so many in vain nobody does. */
#define SYN_ACKS_UNANSWERED_MAX 2

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
    return r->status == RECEIPT_PRESUMED && !ev->beside[x] && answer && answer_overdue(ev, g);
}

bool answers_other_syn(const struct evidence *ev, int x, int i)
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

/* X refused this SYN before it sent its own, which may have overtaken the refusal. What it has
 * acknowledged otherwise it did not refuse: an RST later on may have the same ACK. */
static bool refused_syn(const struct evidence *ev, int x, int i)
{
    int64_t own_ns = INT64_MAX;
    for (int k = i; k < ev->count; k++) {
        const struct log_entry *h = &ev->log[k];
        if (h->side != x)
            continue;
        if (own_ns != INT64_MAX && h->time_ns - own_ns > may_stray_ns(ev, x))
            return false;
        if ((h->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_ACK &&
            seq_ge(h->ack, entry_end(&ev->log[i])))
            return false;
        if (h->flags & TCP_SYN)
            own_ns = h->time_ns < own_ns ? h->time_ns : own_ns;
        if (h->flags & TCP_RST && h->flags & TCP_ACK && seq_eq(h->ack, entry_end(&ev->log[i])))
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
        if (r.status == RECEIPT_UNDER_WAY)
            e->facts[FACT_SYN_RECEIVED].doubtful = true;
        else if (r.status == RECEIPT_LOST || hopeless || syn_ack_unanswered(ev, i, &r))
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

/* In SYN_RECEIVED too an RST of another number than the next draws an acknowledgment (RFC 9293
 * section 3.10.7.4): it tells nothing. */
static bool may_be_challenge(const struct evidence *ev, int x, int i)
{
    const struct log_entry *g = &ev->log[i];
    const struct side *peer = &ev->c->side[!x];
    if (g->payload_len || g->flags & (TCP_SYN | TCP_FIN | TCP_RST) ||
        !seq_eq(g->ack, seq_add(peer->isn, 1)))
        return false;
    for (int k = 0; k < i; k++) {
        if (ev->log[k].side != x && ev->log[k].flags & TCP_RST)
            return true;
    }
    return false;
}

/* An abort that bears a later stamp of the peer's than its SYN did: what answered X's SYN had come.
 */
static bool aborts_what_opened(const struct evidence *ev, int x, int i)
{
    const struct log_entry *g = &ev->log[i];
    bool later = false;
    if ((g->flags & (TCP_RST | TCP_ACK)) != (TCP_RST | TCP_ACK) || !(g->marks & LOG_TIMESTAMPS))
        return false;
    for (int k = 0; k < i; k++) {
        const struct log_entry *syn = &ev->log[k];
        if (syn->side == x || !(syn->flags & TCP_SYN))
            continue;
        later = syn->marks & LOG_TIMESTAMPS && (int32_t)(g->ts_ecr - syn->ts_val) > 0;
        if (!later)
            return false;
    }
    return later;
}

/* X says that it is established by a segment of its own other than SYN and RST, or by such an
 * abort. */
static bool confirm_opened(const struct evidence *ev, int x, struct endpoint_facts *e, int from)
{
    struct fact *acked = &e->facts[FACT_SYN_ACKED];
    if (from < e->facts[FACT_SYN_SENT].index)
        from = e->facts[FACT_SYN_SENT].index; /* before, it spoke of another connection */
    for (int i = from; acked->holds && i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side != x || (g->flags & (TCP_SYN | TCP_RST) && !aborts_what_opened(ev, x, i)) ||
            may_be_challenge(ev, x, i))
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
        /* Its own SYN-ACK answers a SYN, whether that was captured or not, and no SYN-ACK. */
        if (syn && r.status == RECEIPT_CONFIRMED && ev->log[r.by].flags & TCP_SYN)
            r.status = RECEIPT_PRESUMED;
        enum state_cause cause =
            g->flags & TCP_SYN ? CAUSE_RECEIVED_SYN_ACK : CAUSE_RECEIVED_ACK_OF_SYN;
        bool hopeless = syn && r.status == RECEIPT_PRESUMED &&
                        withdrawn_before(e, FACT_SYN_ACKED) >= SYN_ACKS_UNANSWERED_MAX;
        if (r.status == RECEIPT_UNDER_WAY)
            e->facts[FACT_SYN_ACKED].doubtful = true;
        else if (r.status == RECEIPT_LOST || hopeless || (syn && syn_ack_unanswered(ev, i, &r)))
            retract(e, FACT_SYN_ACKED, ev, i, &r, cause);
        else
            set_received(e, FACT_SYN_ACKED, ev, i, &r, cause);
        if (e->facts[FACT_SYN_ACKED].holds && !syn)
            e->facts[FACT_SYN_ACKED].order -= 1; /* it opens before the same segment closes */
    }
    if (!(own->marks & SIDE_SYN_ACK))
        (void)confirm_opened(ev, x, e, 0);
}

/* Who goes on from a SYN-ACK has received one. */
static bool peer_went_on(const struct evidence *ev, int x, int until)
{
    for (int i = 0; i < until; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side != x && g->flags & TCP_ACK && !(g->flags & (TCP_SYN | TCP_RST)))
            return true;
    }
    return false;
}

/* Numbers of this connection, not of an earlier use of the five-tuple. */
static bool speaks_in(const struct evidence *ev, int x, int i)
{
    const struct side *own = &ev->c->side[x];
    const struct side *peer = &ev->c->side[!x];
    const struct log_entry *g = &ev->log[i];
    if (!(own->marks & SIDE_SYN) && g->marks & LOG_UNSEEN && !g->payload_len &&
        !peer_went_on(ev, x, i))
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

/* A server that sends octets has had the client's answer to its SYN-ACK. */
static bool tells_of_client(const struct evidence *ev, int x, int i)
{
    const struct log_entry *g = &ev->log[i];
    uint16_t client = ev->c->side[x].marks & (SIDE_SYN | SIDE_SYN_ACK);
    uint16_t server = ev->c->side[!x].marks & (SIDE_SYN | SIDE_SYN_ACK);
    return g->side != x && (g->payload_len || g->flags & TCP_FIN) && !may_send_early(ev, !x) &&
           client == SIDE_SYN && server != SIDE_SYN;
}

/* A client that goes on from a SYN-ACK tells of it, though the capture has it not. */
static void note_syn_ack_implied(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    uint16_t client = ev->c->side[!x].marks & (SIDE_SYN | SIDE_SYN_ACK);
    if (e->facts[FACT_SYN_SENT].holds || client != SIDE_SYN)
        return;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x || !(g->flags & TCP_ACK) || g->flags & (TCP_SYN | TCP_RST))
            continue;
        set_fact(e, FACT_SYN_SENT, ev, i, CERTAINTY_CONFIRMED, CAUSE_IMPLIED);
        set_fact(e, FACT_SYN_RECEIVED, ev, i, CERTAINTY_CONFIRMED, CAUSE_IMPLIED);
        e->facts[FACT_SYN_SENT].order = e->facts[FACT_SYN_RECEIVED].order = ORDER_AT(i) - 2;
        e->facts[FACT_SYN_ACKED].doubtful |= !e->facts[FACT_SYN_ACKED].holds;
        return;
    }
}

static void imply_open(const struct evidence *ev, int x, struct endpoint_facts *e, int i)
{
    static const enum fact_id opening[] = {FACT_SYN_SENT, FACT_SYN_RECEIVED, FACT_SYN_ACKED};
    for (unsigned k = 0; k < 3; k++) {
        const struct fact *f = &e->facts[opening[k]];
        if (opening[k] == FACT_SYN_ACKED && may_send_early(ev, x))
            continue;
        if (!f->holds || f->order > ORDER_AT(i)) {
            set_fact(e, opening[k], ev, i, CERTAINTY_CONFIRMED, CAUSE_IMPLIED);
            e->facts[opening[k]].order = ORDER_AT(i) - 2; /* before whatever it sends */
        }
    }
}

/* An endpoint that goes on in the connection has opened it, whatever the capture missed of that. */
static void note_implied_open(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    bool spoke = false;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        bool speaks = !(g->flags & (TCP_SYN | TCP_RST)) && g->flags & TCP_ACK;
        spoke |= speaks && g->side == x;
        if (!speaks || (g->side != x && !tells_of_client(ev, x, i)) || !speaks_in(ev, g->side, i) ||
            may_be_challenge(ev, g->side, i))
            continue;
        imply_open(ev, x, e, i);
        return;
    }
    /* A first segment that did not look like a beginning was not kept. */
    if (!spoke && ev->count && ev->c->side[x].marks & SIDE_SPOKE)
        imply_open(ev, x, e, 0);
}

/* A server shows that it is established by a segment of its own. One that only repeats its SYN-ACK,
 * leaves octets unanswered, or ends in a bare RST never was; but behind an abort that is what
 * answers those who do not know of it yet. */
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
    bool bare_rst = false, aborted = false;
    int last_syn_ack = -1;
    int syn_acks = 0;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x && g->flags & TCP_RST) {
            aborted |= g->flags & TCP_ACK;
            bare_rst |= !aborted;
        }
        if (g->side == x && g->flags & TCP_SYN) {
            last_syn_ack = i;
            syn_acks++;
        }
    }
    const struct side_detail *sent = &ev->c->detail->side[!x];
    bool unanswered =
        peer->marks & SIDE_DATA && sent->data_ns &&
        (sent->again_run || silence_since(ev, sent->data_ns) > retransmission_timeout_ns(ev));
    if (!bare_rst && !unanswered)
        return;
    acked->holds = false;
    acked->doubtful = !bare_rst;
    /* One that waits for the handshake's end repeats its SYN-ACK, after a second at first. */
    int64_t due_ns = ev->config->rto_initial_ns << (syn_acks < 6 ? syn_acks - 1 : 5);
    if (bare_rst || last_syn_ack < 0 ||
        silence_since(ev, ev->log[last_syn_ack].time_ns) < due_ns + due_ns / 2)
        return;
    set_by_time(e, FACT_TIMED_OUT, ev, ev->log[last_syn_ack].time_ns + due_ns, CAUSE_TIMED_OUT);
}

void gather_opening(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    note_own_syn(ev, x, e);
    note_syn_implied(ev, x, e);
    note_peer_syn(ev, x, e);
    note_own_syn_ack(ev, x, e);
    order_crossed_syn(e);
    note_syn_acked(ev, x, e);
    note_implied_open(ev, x, e);
    note_syn_ack_implied(ev, x, e);
    doubt_server(ev, x, e);
}
