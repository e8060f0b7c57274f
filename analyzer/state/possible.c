#include "analyzer/state/possible.h"

#include "analyzer/state/silence.h"
#include "analyzer/state/timeline.h"

#define STATE_BIT(state) (1u << (state))
#define FACT_BIT(id)     (1u << (id))

static unsigned facts_held(const struct endpoint_facts *e)
{
    unsigned held = 0;
    for (unsigned id = 0; id < FACTS; id++)
        held |= e->facts[id].holds ? FACT_BIT(id) : 0;
    return held;
}

/* Facts that stand or fall together: of a handshake's segment, all that it tells. */
struct open_question {
    int index; /* of the segment */
    unsigned facts;
};

#define QUESTIONS_MAX 10

struct questions {
    struct open_question list[QUESTIONS_MAX];
    int count;
};

#define OPENING_FACTS (FACT_BIT(FACT_SYN_RECEIVED) | FACT_BIT(FACT_SYN_ACKED))

static void ask(struct questions *q, int index, unsigned id)
{
    for (int i = 0; i < q->count; i++) {
        unsigned both = q->list[i].facts | FACT_BIT(id);
        bool together = q->list[i].index == index && !(both & ~OPENING_FACTS);
        if (together || q->list[i].facts == FACT_BIT(id)) {
            q->list[i].facts = both;
            return;
        }
    }
    if (q->count < QUESTIONS_MAX)
        q->list[q->count++] = (struct open_question){.index = index, .facts = FACT_BIT(id)};
}

/* What is presumed and not proved; also what rests on a FIN that nobody saw. Nothing is taken for
 * certain because the tap stands close by: what lies between may lose a segment all the same. */
static bool is_open(const struct evidence *ev, int x, const struct endpoint_facts ends[2],
                    unsigned id)
{
    const struct fact *f = &ends[x].facts[id];
    bool own_unseen = id == FACT_FIN_SENT && ends[x].fin_implied && !ev->fin_seen[x];
    bool peer_unseen = id == FACT_FIN_RECEIVED && ends[!x].fin_implied && !ev->fin_seen[!x];
    return f->holds && (f->certainty != CERTAINTY_CONFIRMED || own_unseen || peer_unseen);
}

/* Its FIN should have been acknowledged by now: that may have passed unseen. */
static bool fin_overdue(const struct evidence *ev, int x, const struct endpoint_facts *e)
{
    /* A sample over a retransmission that the capture missed is no round trip. */
    int64_t round_trip_ns =
        ev->rtt_ns[!x] < ev->config->rto_min_ns ? ev->rtt_ns[!x] : ev->config->rto_min_ns;
    const struct fact *sent = &e->facts[FACT_FIN_SENT];
    return sent->holds && !e->facts[FACT_FIN_ACKED].holds &&
           silence_since(ev, sent->at_ns) > round_trip_ns + ev->config->delayed_ack_ns;
}

/* Beliefs held without proof, and those given up for want of an answer, not by the endpoint's own
 * word. */
static void collect_questions(const struct evidence *ev, int x, const struct endpoint_facts ends[2],
                              struct questions *q)
{
    const struct endpoint_facts *e = &ends[x];
    q->count = 0;
    for (unsigned id = 0; id < FACTS; id++) {
        if (is_open(ev, x, ends, id))
            ask(q, e->facts[id].index, id);
        else if (e->facts[id].doubtful)
            ask(q, -1, id);
    }
    if (fin_overdue(ev, x, e))
        ask(q, -1, FACT_FIN_ACKED);
    /* Whoever stops asking for an acknowledgment has it. */
    if (ends[!x].facts[FACT_FIN_SENT].holds && !e->facts[FACT_FIN_RECEIVED].holds &&
        gave_up(ev, !x))
        ask(q, -1, FACT_FIN_RECEIVED);
    for (int i = e->retraction_count; i-- > 0;) {
        const struct retraction *r = &e->retractions[i];
        if (!r->refuted && !e->facts[r->id].holds)
            ask(q, r->order / ORDER_AT(1), r->id);
    }
}

static unsigned states_with(const struct endpoint_facts *e, unsigned facts)
{
    unsigned set = STATE_BIT(state_of_facts(e, facts));
    if (e->active_doubtful) {
        struct endpoint_facts other = *e;
        other.active = !e->active;
        set |= STATE_BIT(state_of_facts(&other, facts));
    }
    return set & ~STATE_BIT(STATE_UNKNOWN);
}

/* A transmission of the peer's FIN that was given up for want of an answer may have come all the
 * same. */
static bool may_have_had_fin(const struct endpoint_facts *e)
{
    for (int i = 0; i < e->retraction_count; i++) {
        if (e->retractions[i].id == FACT_FIN_RECEIVED && !e->retractions[i].refuted)
            return true;
    }
    return false;
}

/* The peer's FIN, where it came, brought the acknowledgment of its own: unless one had come before,
 * for then it lay outside the window, and its ACK field counted for nothing (RFC 9293 section
 * 3.10.7.4). */
static unsigned came_with_fin(const struct evidence *ev, int x, const struct endpoint_facts *e)
{
    const struct fact *received = &e->facts[FACT_FIN_RECEIVED];
    const struct log_entry *g = &ev->log[received->index];
    bool acks = received->holds && e->facts[FACT_FIN_ACKED].holds && received->frame == g->frame &&
                g->side != x && g->flags & TCP_ACK && seq_gt(g->ack, e->fin_seq);
    return acks && !may_have_had_fin(e) ? FACT_BIT(FACT_FIN_ACKED) : 0;
}

/* The state function over every answer to the open questions. */
static unsigned unproved(const struct evidence *ev, int x, const struct endpoint_facts ends[2])
{
    const struct endpoint_facts *e = &ends[x];
    struct questions q;
    collect_questions(ev, x, ends, &q);
    unsigned sure = facts_held(e);
    unsigned set = 0;
    for (int i = 0; i < q.count; i++)
        sure &= ~q.list[i].facts;
    for (unsigned answers = 0; answers < 1u << q.count; answers++) {
        unsigned facts = sure;
        for (int i = 0; i < q.count; i++)
            facts |= answers & 1u << i ? q.list[i].facts : 0;
        if (facts & FACT_BIT(FACT_FIN_RECEIVED))
            facts |= came_with_fin(ev, x, e);
        set |= states_with(e, facts);
    }
    return set;
}

/* The capture starts with its FIN, or with the peer's, and nobody sends another: which of the two
 * closed first cannot be told. */
static unsigned either_closed_first(const struct endpoint_facts *e)
{
    if (e->opening_fin == OPENING_FIN_OWN)
        return STATE_BIT(STATE_LAST_ACK) | STATE_BIT(STATE_CLOSED) | STATE_BIT(STATE_FIN_WAIT_2);
    if (e->opening_fin == OPENING_FIN_PEER)
        return STATE_BIT(STATE_CLOSE_WAIT) | STATE_BIT(STATE_TIME_WAIT) | STATE_BIT(STATE_CLOSED);
    return 0;
}

/* TIME_WAIT may be protected against resets (RFC 1337), which nobody can see. */
static unsigned protected_time_wait(const struct endpoint_facts *e)
{
    const struct fact *reset = &e->facts[FACT_RESET_RECEIVED];
    if (!reset->holds || e->facts[FACT_RESET_SENT].holds || e->facts[FACT_GONE].holds)
        return 0;
    unsigned before = 0;
    for (unsigned id = 0; id < FACTS; id++)
        before |= id != FACT_RESET_RECEIVED && e->facts[id].holds ? FACT_BIT(id) : 0;
    return state_of_facts(e, before) == STATE_TIME_WAIT ? STATE_BIT(STATE_TIME_WAIT) : 0;
}

/* An RST in its name that it did not send: whoever did may have reset it as well. */
static bool impersonated(const struct evidence *ev, int x)
{
    for (int i = 0; i < ev->count; i++) {
        if (ev->log[i].side == x && ev->log[i].flags & TCP_RST && !rst_is_own(ev, i))
            return true;
    }
    return false;
}

/* A FIN may wait behind octets that cannot go out, or may have been lost before the tap. */
static unsigned unsent_fin(unsigned set)
{
    unsigned more = 0;
    if (set & STATE_BIT(STATE_ESTABLISHED))
        more |= STATE_BIT(STATE_FIN_WAIT_1);
    if (set & STATE_BIT(STATE_CLOSE_WAIT))
        more |= STATE_BIT(STATE_LAST_ACK);
    return more;
}

/* A direction that the capture does not show: the seen end's numbers prove what they prove, and of
 * the rest nothing is presumed. */
static bool unseen(const struct evidence *ev, int x)
{
    return !ev->c->side[x].packets && ev->c->side[!x].marks & SIDE_SPOKE;
}

static void make_unknown(const struct endpoint_facts ends[2], int x, struct endpoint_states *s)
{
    bool own_fin = ends[x].facts[FACT_FIN_SENT].holds;
    unsigned set = STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_FIN_WAIT_2) |
                   STATE_BIT(STATE_CLOSED) | (own_fin ? 0u : STATE_BIT(STATE_ESTABLISHED));
    if (ends[!x].facts[FACT_FIN_SENT].holds)
        set |= STATE_BIT(STATE_LAST_ACK) | STATE_BIT(STATE_CLOSING) | STATE_BIT(STATE_TIME_WAIT) |
               (own_fin ? 0u : STATE_BIT(STATE_CLOSE_WAIT));
    if (!ends[x].mid_stream && !own_fin)
        set |= STATE_BIT(STATE_SYN_RECEIVED);
    s->state = STATE_UNKNOWN;
    s->certainty = CERTAINTY_PRESUMED;
    s->count = 0;
    s->time_wait_from_ns = s->time_wait_until_ns = TIME_UNKNOWN;
    s->possible = (uint16_t)set;
}

/* What the unseen direction may have brought to this end without a trace. */
static unsigned unseen_answers(const struct endpoint_facts *e)
{
    bool sent = e->facts[FACT_FIN_SENT].holds;
    bool received = e->facts[FACT_FIN_RECEIVED].holds;
    unsigned set = STATE_BIT(STATE_CLOSED);
    if (!sent)
        return set | STATE_BIT(STATE_CLOSE_WAIT);
    if (received)
        return set | (e->active ? STATE_BIT(STATE_CLOSING) | STATE_BIT(STATE_TIME_WAIT)
                                : STATE_BIT(STATE_LAST_ACK));
    return set | STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_FIN_WAIT_2) |
           STATE_BIT(STATE_TIME_WAIT);
}

/* Until it answers a new SYN, an endpoint is in what the tuple's former use left it in. */
static bool still_as_before(const struct evidence *ev, int x, struct endpoint_states *s)
{
    const struct detail *d = ev->c->detail;
    if (!d || !d->previous || ev->c->side[x].packets)
        return false;
    s->state = (enum tcp_state)d->previous->former.side[x].state;
    s->possible = (uint16_t)(d->previous->former.side[x].possible | STATE_BIT(STATE_CLOSED) |
                             STATE_BIT(STATE_SYN_RECEIVED));
    return true;
}

/* Where the tuple's former use may still answer for it: it has sent neither SYN nor octets. */
static unsigned perhaps_as_before(const struct evidence *ev, int x)
{
    const struct detail *d = ev->c->detail;
    bool began = ev->c->side[x].marks & (SIDE_SYN | SIDE_DATA | SIDE_FIN);
    return d && d->previous && !began ? d->previous->former.side[x].possible : 0u;
}

/* It answers a SYN with an acknowledgment: it holds a connection, of which nothing is known. */
static unsigned of_another_connection(const struct evidence *ev, int x)
{
    const struct side *own = &ev->c->side[x];
    bool answers = own->marks & SIDE_SPOKE && !(own->marks & (SIDE_SYN | SIDE_SEEN));
    unsigned early = STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_SYN_SENT) |
                     STATE_BIT(STATE_SYN_RECEIVED) | STATE_BIT(STATE_UNKNOWN);
    return answers && ev->c->side[!x].marks & SIDE_SYN ? (STATE_BIT(STATES) - 1) & ~early : 0;
}

/* A listener that reset, and was asked again: its answer may be lost before the tap. */
static bool asked_again(const struct evidence *ev, int x)
{
    bool reset = false;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x)
            reset = g->flags & TCP_RST;
        else if (reset && (g->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
            return ev->c->side[x].marks & SIDE_SYN_ACK;
    }
    return false;
}

/* An RST to a SYN that no closed port sends: the server may know nothing of it. */
static bool oddly_refused(const struct evidence *ev, int x)
{
    if (ev->c->side[x].marks & (SIDE_SYN | SIDE_SPOKE) || !(ev->c->side[!x].marks & SIDE_SYN))
        return false;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x && g->flags & TCP_RST && (!(g->flags & TCP_ACK) || g->seq.n != 0))
            return true;
    }
    return false;
}

/* More than a first flight's octets are not acknowledged at once. */
#define EARLY_OCTETS (UINT32_C(1) << 20)

/* The peer acknowledges octets a little beyond its SYN, and no SYN-ACK passed: an old connection's
 * numbers would hardly lie so near, rather the capture missed how this one opened. */
static unsigned opened_unseen(const struct evidence *ev, int x)
{
    const struct side *own = &ev->c->side[x];
    if (!(own->marks & SIDE_SYN) || ev->c->side[!x].marks & SIDE_SYN)
        return 0;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->side != x && (g->flags & (TCP_ACK | TCP_RST)) == TCP_ACK &&
            seq_gt(g->ack, seq_add(own->isn, 1)) && seq_distance(g->ack, own->isn) < EARLY_OCTETS)
            return STATE_BIT(STATE_ESTABLISHED);
    }
    return 0;
}

static bool capture_lost(const struct evidence *ev)
{
    const struct side *a = &ev->c->side[0];
    const struct side *b = &ev->c->side[1];
    bool spoke = a->marks & SIDE_SPOKE && b->marks & SIDE_SPOKE;
    if (spoke && (a->marks ^ b->marks) & SIDE_SYN)
        return true; /* one SYN passed, the other must have */
    for (int s = 0; ev->c->detail && s < 2; s++) {
        if (ev->c->side[s].marks & SIDE_ACKED &&
            ranges_missing_below(seldom_of(&ev->c->detail->side[s])->holes, ev->c->side[s].una))
            return true;
    }
    return false;
}

/* The capture missed segments of this connection: it may have missed the rest of a close. */
static unsigned missed_close(const struct evidence *ev, unsigned set)
{
    static const struct {
        enum tcp_state from;
        unsigned to;
    } unseen_steps[] = {
        {STATE_ESTABLISHED, STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_CLOSE_WAIT)},
        {STATE_FIN_WAIT_1, STATE_BIT(STATE_FIN_WAIT_2) | STATE_BIT(STATE_CLOSING)},
        {STATE_CLOSE_WAIT, STATE_BIT(STATE_LAST_ACK) | STATE_BIT(STATE_CLOSING)},
        {STATE_FIN_WAIT_2, STATE_BIT(STATE_TIME_WAIT)},
        {STATE_CLOSING, STATE_BIT(STATE_TIME_WAIT)},
        {STATE_LAST_ACK, STATE_BIT(STATE_CLOSED)},
        {STATE_TIME_WAIT, STATE_BIT(STATE_CLOSED)},
    };
    if (!capture_lost(ev))
        return 0;
    for (unsigned i = 0; i < sizeof unseen_steps / sizeof *unseen_steps; i++) {
        if (set & STATE_BIT(unseen_steps[i].from))
            set |= unseen_steps[i].to;
    }
    return set;
}

/* The last octets of X that the peer acknowledged never passed the tap: a FIN may be among them. */
static unsigned hidden_fin(const struct evidence *ev, int x, const struct endpoint_facts ends[2])
{
    const struct side *own = &ev->c->side[x];
    const struct ranges *holes = ev->c->detail ? seldom_of(&ev->c->detail->side[x])->holes : NULL;
    if (ranges_empty(holes) || ends[x].facts[FACT_FIN_SENT].holds || !(own->marks & SIDE_ACKED) ||
        !seq_eq(holes->holes[holes->count - 1].right, own->nxt) || seq_lt(own->una, own->nxt))
        return 0;
    unsigned set = STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_FIN_WAIT_2);
    if (ends[!x].facts[FACT_FIN_SENT].holds)
        set |= STATE_BIT(STATE_CLOSING) | STATE_BIT(STATE_TIME_WAIT) | STATE_BIT(STATE_LAST_ACK) |
               STATE_BIT(STATE_CLOSED);
    return set;
}

/* TIME_WAIT had run out: what it rested on no longer matters. */
static bool two_msl_over(const struct endpoint_states *s)
{
    return s->count && s->entries[s->count - 1].cause == CAUSE_TWO_MSL_ELAPSED;
}

/* It began when the segment arrived, which is later than its passage. */
static bool may_still_wait(const struct evidence *ev, int x, const struct endpoint_states *s)
{
    return two_msl_over(s) &&
           silence_since(ev, s->time_wait_until_ns) <= may_stray_ns(ev, x) + ev->rtt_ns[x];
}

void possible_make(const struct evidence *ev, int x, const struct endpoint_facts ends[2],
                   struct endpoint_states *s)
{
    const struct endpoint_facts *e = &ends[x];
    const struct side *own = &ev->c->side[x];
    if (unseen(ev, x)) {
        make_unknown(ends, x, s);
        return;
    }
    if (still_as_before(ev, x, s))
        return;
    unsigned set = STATE_BIT(s->state) | protected_time_wait(e) | either_closed_first(e);
    bool own_fin_seen = !e->fin_implied || ev->fin_seen[x];
    if (!two_msl_over(s) || !own_fin_seen)
        set |= unproved(ev, x, ends);
    if (may_still_wait(ev, x, s))
        set |= STATE_BIT(STATE_TIME_WAIT);
    if (!own->packets && ev->c->side[!x].marks & SIDE_SYN)
        set |= STATE_BIT(STATE_SYN_RECEIVED); /* its answers may be lost before the tap */
    bool open = !(set == STATE_BIT(STATE_CLOSED));
    bool no_fin = !e->facts[FACT_FIN_SENT].holds;
    if (open && no_fin && (octets_outstanding(ev, x) || window_shut(ev, x)))
        set |= unsent_fin(set);
    if (open && (gave_up(ev, x) || impersonated(ev, x)))
        set |= STATE_BIT(STATE_CLOSED);
    if (open && owes_answer(ev, x)) {
        s->vanished = true;
        set |= STATE_BIT(STATE_CLOSED);
        if (no_fin)
            set |= unsent_fin(set);
    }
    if (set & (STATE_BIT(STATE_SYN_SENT) | STATE_BIT(STATE_SYN_RECEIVED) |
               STATE_BIT(STATE_TIME_WAIT) | STATE_BIT(STATE_LISTEN)))
        set |= STATE_BIT(STATE_CLOSED);
    const struct fact *acked = &e->facts[FACT_FIN_ACKED];
    if (set & STATE_BIT(STATE_FIN_WAIT_2) && acked->holds &&
        silence_since(ev, acked->at_ns) >= ev->config->fin_timeout_ns)
        set |= STATE_BIT(STATE_CLOSED);
    if (open && !ev->beside[x] && silence_since(ev, own->last_ns) > ev->config->idle_ns)
        set |= STATE_BIT(STATE_CLOSED);
    if (oddly_refused(ev, x) || asked_again(ev, x))
        set |= STATE_BIT(STATE_SYN_RECEIVED);
    if (open)
        set |= missed_close(ev, set) | hidden_fin(ev, x, ends);
    if (!no_fin && hidden_fin(ev, !x, ends)) /* then it may have closed second */
        set |= STATE_BIT(STATE_LAST_ACK) | STATE_BIT(STATE_CLOSED);
    if (open && unseen(ev, !x)) {
        set |= unseen_answers(e);
        if (no_fin && perhaps_outstanding(ev, x))
            set |= unsent_fin(set);
    }
    set |= perhaps_as_before(ev, x) | of_another_connection(ev, x) | opened_unseen(ev, x);
    s->possible = (uint16_t)set;
}
