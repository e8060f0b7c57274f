#include "analyzer/anomaly/scene.h"

#include "analyzer/anomaly/handshake.h"
#include "analyzer/elapsed.h"

/* The five-tuple opened anew: X sent the SYN. */
struct reopening {
    struct handshake h;
    const struct previous_use *p;
    int x;
    int64_t gap_ns; /* since the old use's last segment; -1: not known */
    bool syn_seen;  /* else only the SYN-ACK was: that direction passes elsewhere */
    bool isn_known, stamped;
    int32_t isn_above; /* X's own old snd_nxt */
    int32_t ts_above;  /* X's own last stamp */
    bool safe_rfc1122, safe_rfc6191;
    enum reaction { ACCEPTED, RETRIED, CHALLENGED, RESET, UNANSWERED, UNFINISHED } reaction;
};

static const char *const reaction_words[] = {
    [ACCEPTED] = "accepted", [RETRIED] = "retried",       [CHALLENGED] = "challenged",
    [RESET] = "reset",       [UNANSWERED] = "unanswered", [UNFINISHED] = NULL,
};

#define STATE_BIT(state) (1u << (state))
#define STATES_OPEN                                                                                \
    (STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_FIN_WAIT_2) |    \
     STATE_BIT(STATE_CLOSING) | STATE_BIT(STATE_CLOSE_WAIT) | STATE_BIT(STATE_LAST_ACK))

static enum reaction reaction_of(const struct scene *s, const struct handshake *h)
{
    if (h->challenge != NO_ENTRY)
        return CHALLENGED;
    if (h->refusal != NO_ENTRY)
        return RESET;
    if (h->syn_ack == NO_ENTRY)
        return seen_after_ns(s, h->syn) < rto_of(s, s->client) ? UNFINISHED : UNANSWERED;
    return h->through == h->syn ? ACCEPTED : RETRIED;
}

/* RFC 1122 section 4.2.2.13, RFC 6191 section 2; a lower stamp never: PAWS rejects it on Linux
 * whatever the number. */
static void judge_numbers(const struct scene *s, struct reopening *r)
{
    const struct former_side *own = &r->p->former.side[r->x];
    const struct log_entry *syn = &s->ev->log[r->h.syn];
    r->isn_known = own->has_nxt && s->c->side[r->x].marks & SIDE_ISN;
    r->isn_above = seq_diff(s->c->side[r->x].isn, own->nxt);
    r->safe_rfc1122 = r->isn_above > 0;
    r->stamped = own->stamped && r->syn_seen && syn->marks & LOG_TIMESTAMPS;
    r->ts_above = r->stamped ? seq_diff(seq_of(syn->ts_val), seq_of(own->ts_val)) : 0;
    r->safe_rfc6191 = r->ts_above > 0 || (r->ts_above == 0 && r->safe_rfc1122);
}

/* Of a connection that lived, the SYN-ACK stands for a SYN that was not seen. */
static bool look_for_syn_ack(const struct scene *s, struct handshake *h)
{
    int syn_ack = next_entry(s, 0, !s->client, TCP_SYN | TCP_ACK | TCP_RST, TCP_SYN | TCP_ACK);
    if (syn_ack == NO_ENTRY || s->c->known_by != KNOWN_BY_SYN_ACK ||
        !(s->c->marks & CONN_ESTABLISHED))
        return false;
    h->syn = h->last_syn = h->through = h->syn_ack = syn_ack;
    return true;
}

static bool look(const struct scene *s, struct reopening *r)
{
    *r = (struct reopening){.p = s->d ? s->d->previous : NULL, .x = s->client, .gap_ns = -1};
    if (!r->p)
        return false;
    r->syn_seen = handshake_find(s, &r->h);
    if (!r->syn_seen && !look_for_syn_ack(s, &r->h))
        return false;
    int64_t at_ns = captured_ns(s->ev, r->h.syn);
    if (at_ns != TIME_UNKNOWN && r->p->former.end_ns != TIME_UNKNOWN)
        r->gap_ns = elapsed_ns(r->p->former.end_ns, at_ns);
    r->reaction = reaction_of(s, &r->h);
    judge_numbers(s, r);
    return true;
}

static enum tcp_state held_by(const struct reopening *r, int s)
{
    return (enum tcp_state)r->p->former.side[s].state;
}

static bool within_two_msl(const struct scene *s, const struct reopening *r)
{
    return r->gap_ns >= 0 && r->gap_ns < s->config->two_msl_ns;
}

/* ---- telling it ----------------------------------------------------------------------------- */

/* From the first SYN, earlier attempts included, to the one that got through or else the last: what
 * was lost beyond a handshake's own round trip. */
static int64_t delay_of(const struct scene *s, const struct reopening *r)
{
    int until = r->h.through != NO_ENTRY ? r->h.through : r->h.last_syn;
    int64_t until_ns = captured_ns(s->ev, until);
    int64_t from_ns = r->p->attempts ? r->p->attempt_ns : captured_ns(s->ev, r->h.syn);
    if (until_ns == TIME_UNKNOWN || from_ns == TIME_UNKNOWN)
        return -1;
    return elapsed_ns(from_ns, until_ns);
}

static const char *holder_of(const struct scene *s, const struct reopening *r)
{
    bool x = held_by(r, r->x) == STATE_TIME_WAIT;
    bool y = held_by(r, !r->x) == STATE_TIME_WAIT;
    if (x && y)
        return role_name(ROLE_BOTH);
    return role_name(role_of_side(s, x ? r->x : y ? !r->x : NO_SIDE));
}

/* What came before: the FINs, or else the last segment. */
static void show_former(const struct scene *s, struct anomaly_verdict *a, const struct reopening *r)
{
    const struct former_use *former = &r->p->former;
    const struct log_entry *fins[2] = {&former->side[0].fin, &former->side[1].fin};
    int first = fins[1]->frame != FRAME_NONE &&
                (fins[0]->frame == FRAME_NONE || passed_before(fins[1], fins[0]));
    bool shown = false;
    for (int i = 0; i < 2; i++) {
        const struct log_entry *fin = fins[i ? !first : first];
        if (fin->frame == FRAME_NONE)
            continue;
        show_segment(s, a, fin, "FIN of the former use");
        shown |= fin->frame == former->last.frame;
    }
    if (former->last.frame != FRAME_NONE && !shown)
        show_segment(s, a, &former->last, "last segment of the former use");
}

static void show_attempt(const struct scene *s, struct anomaly_verdict *a,
                         const struct reopening *r)
{
    const struct handshake *h = &r->h;
    if (!r->syn_seen) {
        show(s, a, h->syn_ack, "SYN-ACK on the same five-tuple");
        return;
    }
    show(s, a, h->syn, "SYN on the same five-tuple");
    show(s, a, h->challenge, "answered with the former use's numbers");
    show(s, a, h->drawn, "RST drawn by that answer");
    show(s, a, h->refusal, "RST to the SYN");
    if (h->through != h->syn)
        show(s, a, h->through, "SYN sent again");
    show(s, a, h->syn_ack, "accepted");
}

/* The states are those in which the former use left the ends. */
static void tell(const struct scene *s, struct anomaly_verdict *a, const struct reopening *r)
{
    if (!a)
        return;
    a->client_state = r->p->former.side[s->client].state;
    a->server_state = r->p->former.side[!s->client].state;
    figure(a, FIGURE_GAP_NS, r->gap_ns);
    figure_word(a, FIGURE_OUTCOME, reaction_words[r->reaction]);
    if (r->syn_seen)
        figure(a, FIGURE_ATTEMPTS, r->h.syns + (int64_t)r->p->attempts);
    if (delay_of(s, r) > 0)
        figure(a, FIGURE_DELAY_NS, delay_of(s, r));
    figure_flag(a, FIGURE_GOT_THROUGH, r->h.syn_ack != NO_ENTRY);
    if (r->isn_known)
        figure_signed(a, FIGURE_ISN_ABOVE, r->isn_above);
    if (r->stamped)
        figure_signed(a, FIGURE_TS_ABOVE, r->ts_above);
}

static void tell_safety(struct anomaly_verdict *a, const struct reopening *r)
{
    if (!a || !r->isn_known || !r->syn_seen)
        return;
    figure_flag(a, FIGURE_SAFE_RFC1122, r->safe_rfc1122);
    figure_flag(a, FIGURE_SAFE_RFC6191, r->safe_rfc6191);
}

/* ---- TIME_WAIT ------------------------------------------------------------------------------ */

/* Whose FIN was first is not always seen; with it, who holds TIME_WAIT. */
static enum confidence holder_confidence(const struct reopening *r)
{
    const struct former_use *former = &r->p->former;
    bool judged = former->one_direction || former->side[0].order_presumed ||
                  former->side[1].order_presumed || r->p->attempts || !r->syn_seen;
    return judged ? CONFIDENCE_PROBABLE : CONFIDENCE_CERTAIN;
}

static const char *failed_condition(const struct reopening *r)
{
    if (r->safe_rfc6191)
        return "none";
    return r->ts_above < 0 ? "timestamp" : "isn";
}

static void judge_rejected(struct scene *s, const struct reopening *r)
{
    int y = !r->x;
    bool dropped = r->reaction == RETRIED || r->reaction == UNANSWERED;
    if (held_by(r, y) != STATE_TIME_WAIT || r->reaction == ACCEPTED || r->reaction == UNFINISHED)
        return;
    /* A SYN that it would have taken, and that nobody answered, was lost on the way. */
    if (dropped && (!r->isn_known || r->safe_rfc6191))
        return;
    enum confidence confidence = dropped ? CONFIDENCE_PROBABLE : holder_confidence(r);
    struct anomaly_verdict *a =
        say(s, RULE_SYN_REJECTED_IN_TIME_WAIT, y, SEVERITY_WARNING, confidence, r->h.syn);
    tell(s, a, r);
    if (a && r->isn_known)
        figure_word(a, FIGURE_FAILED_CONDITION, failed_condition(r));
    show_former(s, a, r);
    show_attempt(s, a, r);
}

static void judge_time_wait(struct scene *s, const struct reopening *r)
{
    bool unsafe = r->isn_known && r->syn_seen && !r->safe_rfc6191;
    struct anomaly_verdict *a =
        say(s, RULE_TUPLE_REUSE_IN_TIME_WAIT, r->x, unsafe ? SEVERITY_WARNING : SEVERITY_NOTICE,
            holder_confidence(r), r->h.syn);
    if (a)
        figure_word(a, FIGURE_HOLDER, holder_of(s, r));
    tell(s, a, r);
    tell_safety(a, r);
    show_former(s, a, r);
    show_attempt(s, a, r);
    judge_rejected(s, r);
}

/* ---- a reset, or no end at all -------------------------------------------------------------- */

static void judge_after_reset(struct scene *s, const struct reopening *r)
{
    struct anomaly_verdict *a =
        say(s, RULE_TUPLE_REUSE_AFTER_RESET, r->x, SEVERITY_INFO, CONFIDENCE_PROBABLE, r->h.syn);
    tell(s, a, r);
    show_former(s, a, r);
    show_attempt(s, a, r);
}

/* Who answers a SYN with a SYN-ACK holds nothing; who answers with old numbers does. */
static void judge_while_open(struct scene *s, const struct reopening *r)
{
    bool forgotten = r->reaction == ACCEPTED || r->reaction == RETRIED;
    /* One SYN that nobody answers may be anybody's. */
    bool once = r->reaction == UNANSWERED && r->h.syns < 2;
    /* What passes elsewhere may have ended it. */
    bool unknown = forgotten && (r->p->former.one_direction || !within_two_msl(s, r));
    if (unknown || r->reaction == UNFINISHED || once)
        return;
    enum confidence confidence = r->h.drawn != NO_ENTRY      ? CONFIDENCE_CERTAIN
                                 : forgotten                 ? CONFIDENCE_POSSIBLE
                                 : r->reaction == UNANSWERED ? CONFIDENCE_POSSIBLE
                                                             : CONFIDENCE_PROBABLE;
    struct anomaly_verdict *a =
        say(s, RULE_TUPLE_REUSE_WHILE_OPEN, r->x, forgotten ? SEVERITY_NOTICE : SEVERITY_WARNING,
            confidence, r->h.syn);
    tell(s, a, r);
    show_former(s, a, r);
    show_attempt(s, a, r);
}

static void judge_former_use(struct scene *s, const struct reopening *r)
{
    const struct former_use *former = &r->p->former;
    int y = !r->x;
    bool waits = held_by(r, r->x) == STATE_TIME_WAIT || held_by(r, y) == STATE_TIME_WAIT;
    bool open = STATE_BIT(held_by(r, y)) & STATES_OPEN;
    bool turned_down = r->reaction != ACCEPTED && r->reaction != RETRIED;
    bool still_open = open || (r->reaction == CHALLENGED && former->side[y].possible & STATES_OPEN);
    if (held_by(r, y) == STATE_TIME_WAIT || (waits && !(open && turned_down))) {
        if (within_two_msl(s, r))
            judge_time_wait(s, r);
    } else if (still_open) {
        judge_while_open(s, r);
    } else if (former->side[y].reset && former->side[y].possible & ~STATE_BIT(STATE_CLOSED) &&
               within_two_msl(s, r)) {
        judge_after_reset(s, r);
    }
}

/* ---- an attempt with another number --------------------------------------------------------- */

static void judge_isn_changed(struct scene *s, const struct reopening *r)
{
    const struct previous_use *p = r->p;
    /* CLOSED: it does not repeat its SYN, which it would if it still waited. */
    bool waiting = p->client_side == r->x &&
                   (p->state[r->x] == STATE_SYN_SENT || p->state[r->x] == STATE_CLOSED ||
                    p->state[!r->x] == STATE_SYN_RECEIVED);
    int64_t at_ns = captured_ns(s->ev, r->h.syn);
    if (p->opened || p->reset || !waiting || !r->syn_seen || !p->has_isn[r->x] ||
        p->end_ns == TIME_UNKNOWN || at_ns == TIME_UNKNOWN ||
        elapsed_ns(p->end_ns, at_ns) >= s->config->two_msl_ns)
        return;
    struct anomaly_verdict *a =
        say(s, RULE_SYN_ISN_CHANGED, r->x, SEVERITY_INFO, CONFIDENCE_CERTAIN, r->h.syn);
    if (!a)
        return;
    a->client_state = p->state[s->client];
    a->server_state = p->state[!s->client];
    figure(a, FIGURE_GAP_NS, elapsed_ns(p->end_ns, at_ns));
    figure_signed(a, FIGURE_ISN_ABOVE, seq_diff(s->c->side[r->x].isn, p->isn[r->x]));
    struct log_entry before = {.time_ns = p->start_ns,
                               .frame = p->frame,
                               .seq = p->isn[r->x],
                               .flags = TCP_SYN,
                               .side = (uint8_t)r->x};
    show_segment(s, a, &before, "SYN of the attempt before");
    show(s, a, r->h.syn, "SYN with another initial number");
}

/* ---- what its sender knows nothing of ------------------------------------------------------- */

static const struct log_entry *answer_to(const struct detail *d, uint16_t syn)
{
    for (uint16_t i = (uint16_t)(syn + 1); i < d->log_count; i++) {
        const struct log_entry *g = &d->log[i];
        if (g->side != d->log[syn].side)
            return g->payload_len || g->flags & (TCP_SYN | TCP_FIN) ? NULL : g;
    }
    return NULL;
}

/* The tuple's owner goes on with its numbers: another host, or a forger, sent the SYN. */
static void judge_forged(struct scene *s)
{
    const struct log_entry *syn = NULL;
    int64_t count = 0;
    uint16_t at = 0;
    for (uint16_t i = 0; s->d && i < s->d->log_count; i++) {
        if (!(s->d->log[i].marks & LOG_FORGED))
            continue;
        at = count++ ? at : i;
        syn = &s->d->log[at];
    }
    if (!syn)
        return;
    struct anomaly_verdict *a = say(s, RULE_TUPLE_REUSE_WHILE_OPEN, syn->side, SEVERITY_WARNING,
                                    CONFIDENCE_CERTAIN, NO_ENTRY);
    if (!a)
        return;
    const struct log_entry *answer = answer_to(s->d, at);
    a->at_ns = syn->time_ns;
    const char *outcome = !answer                   ? reaction_words[UNANSWERED]
                          : answer->flags & TCP_RST ? reaction_words[RESET]
                                                    : reaction_words[CHALLENGED];
    figure_word(a, FIGURE_OUTCOME, outcome);
    figure(a, FIGURE_ATTEMPTS, count);
    figure_flag(a, FIGURE_GOT_THROUGH, false);
    figure_flag(a, FIGURE_SENDER_UNAWARE, true);
    show_segment(s, a, syn, "SYN, although its sender goes on with the old numbers");
    show_segment(s, a, answer, "answered with the connection's numbers");
}

/* ---- old duplicates ------------------------------------------------------------------------- */

static void judge_old_duplicate(struct scene *s)
{
    const struct previous_use *p = s->d ? s->d->previous : NULL;
    if (!p || !p->old_duplicates)
        return;
    const struct log_entry *first = &p->old_duplicate[0];
    struct anomaly_verdict *a =
        say(s, RULE_OLD_DUPLICATE, first->side,
            p->old_acceptable ? SEVERITY_CRITICAL : SEVERITY_WARNING, CONFIDENCE_CERTAIN, NO_ENTRY);
    if (!a)
        return;
    a->at_ns = first->time_ns;
    figure(a, FIGURE_COUNT, p->old_duplicates);
    figure_signed(a, FIGURE_OFFSET, p->old_offset);
    figure_flag(a, FIGURE_ACCEPTABLE, p->old_acceptable);
    if (first->time_ns != TIME_UNKNOWN && p->former.end_ns != TIME_UNKNOWN)
        figure(a, FIGURE_GAP_NS, elapsed_ns(p->former.end_ns, first->time_ns));
    /* Of a use of one segment nothing was remembered but its numbers. */
    if (p->former.last.frame != FRAME_NONE)
        show_segment(s, a, &p->former.last, "last segment of the former use");
    for (uint32_t i = 0; i < p->old_duplicates && i < OLD_DUPLICATES_KEPT; i++)
        show_segment(s, a, &p->old_duplicate[i], "numbers of the former use");
    a->evidence_total +=
        p->old_duplicates > OLD_DUPLICATES_KEPT ? p->old_duplicates - OLD_DUPLICATES_KEPT : 0;
}

void judge_tuple_reuse(struct scene *s, int both)
{
    struct reopening r;
    (void)both;
    judge_forged(s);
    judge_old_duplicate(s);
    if (!look(s, &r))
        return;
    judge_isn_changed(s, &r);
    if (r.p->former.opened)
        judge_former_use(s, &r);
}
