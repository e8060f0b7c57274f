#include "analyzer/state/gather.h"

/* A closed port's answer to a SYN: its number is zero because X has none, not because it had come
 * there. */
static bool is_refusal(const struct evidence *ev, int rst)
{
    const struct log_entry *r = &ev->log[rst];
    bool asked = false;
    for (int k = 0; k < rst; k++) {
        const struct log_entry *g = &ev->log[k];
        if (g->side == r->side && !(g->flags & TCP_RST) && seq_eq(entry_end(g), r->seq))
            return false;
        asked |= g->side != r->side && g->flags & TCP_SYN && seq_eq(entry_end(g), r->ack);
    }
    return asked && r->flags & TCP_ACK && r->seq.n == 0;
}

/* An abort acknowledges the peer's SYN: it had come. A refusal has no number of its own. */
static bool acknowledges_syn(const struct evidence *ev, int i)
{
    const struct log_entry *g = &ev->log[i];
    const struct side *peer = &ev->c->side[!g->side];
    return g->flags & TCP_ACK && peer->marks & SIDE_ISN && seq_eq(g->ack, seq_add(peer->isn, 1)) &&
           seq_gt(g->seq, ev->c->side[g->side].isn) && !is_refusal(ev, i);
}

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
    /* What it still sent as part of the connection went before. */
    for (int k = drawn_by; k < rst && !refused; k++) {
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

static bool sent_before(const struct evidence *ev, int i)
{
    for (int k = 0; k < i; k++) {
        if (ev->log[k].side == ev->log[i].side && ev->log[k].flags & TCP_SYN &&
            seq_eq(ev->log[k].seq, ev->log[i].seq))
            return true;
    }
    return false;
}

/* X goes on after its RST: what sent it was over (it refused a SYN, and opened itself) or begins
 * anew (a listener is asked once more), or was not X at all. Only what stays silent is CLOSED. */
static bool went_on_after(const struct evidence *ev, int x, int rst)
{
    const struct log_entry *r = &ev->log[rst];
    bool refusal = is_refusal(ev, rst);
    for (int k = rst; k < ev->count; k++) {
        const struct log_entry *g = &ev->log[k];
        if (g->side != x || g->flags & TCP_RST || g->marks & LOG_LATE)
            continue;
        bool anew = g->flags & TCP_SYN && !sent_before(ev, k);
        bool answers = refusal && g->flags & TCP_ACK;
        if (anew || answers || g->time_ns - r->time_ns > may_stray_ns(ev, x))
            return true;
    }
    return false;
}

/* In SYN_RECEIVED an acknowledgment of something else draws RST, and nothing changes (RFC 9293
 * section 3.10.7.4). */
static bool may_only_fend_off(const struct evidence *ev, int rst)
{
    const struct log_entry *r = &ev->log[rst];
    for (int k = rst; k >= 0; k--) {
        const struct log_entry *g = &ev->log[k];
        if (g->side == r->side && !(g->flags & TCP_RST))
            return g->flags & TCP_SYN && g->flags & TCP_ACK && !seq_eq(r->seq, entry_end(g));
    }
    return false;
}

static void note_own_reset(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side != x || !(g->flags & TCP_RST) || !rst_is_own(ev, i) || went_on_after(ev, x, i))
            continue;
        if (in_syn_sent(e, i) && !acknowledges_syn(ev, i)) {
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
            if (may_only_fend_off(ev, i))
                e->facts[FACT_GONE].certainty = CERTAINTY_PRESUMED;
        }
        return;
    }
}

/* Linux takes an RST whose number is the FIN's in CLOSE_WAIT, LAST_ACK and CLOSING: it may have
 * been drawn by a segment that did not acknowledge the FIN yet. In TIME_WAIT nobody does. */
static bool takes_number_of_fin(const struct endpoint_facts *e, int i)
{
    const struct fact *fin = &e->facts[FACT_FIN_RECEIVED];
    const struct fact *acked = &e->facts[FACT_FIN_ACKED];
    bool has_fin = fin->holds && fin->order < ORDER_AT(i);
    bool waits = has_fin && e->active && acked->holds && acked->order < ORDER_AT(i);
    return has_fin && !waits;
}

static void note_peer_reset(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    for (int i = 0; i < ev->count && !e->facts[FACT_RESET_RECEIVED].holds; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x || !(g->flags & TCP_RST))
            continue;
        if (!rst_acceptable(ev, i, takes_number_of_fin(e, i), in_syn_sent(e, i))) {
            /* Its number may lie behind octets that the capture missed. */
            if (rst_is_own(ev, i) && seq_gt(g->seq, ev->c->side[!x].nxt))
                e->facts[FACT_RESET_RECEIVED].doubtful = true;
            continue;
        }
        struct receipt r = receipt_of(ev, i, false, g->seq);
        if (r.status == RECEIPT_UNDER_WAY)
            e->facts[FACT_RESET_RECEIVED].doubtful = true;
        else if (r.status == RECEIPT_LOST)
            retract(e, FACT_RESET_RECEIVED, ev, i, &r, CAUSE_RECEIVED_RST);
        else
            set_received(e, FACT_RESET_RECEIVED, ev, i, &r, CAUSE_RECEIVED_RST);
    }
}

void gather_resets(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    note_peer_reset(ev, x, e);
    note_own_reset(ev, x, e);
}
