#include "analyzer/anomaly/fin.h"

#include <string.h>

static void show_all(const struct scene *s, struct anomaly_verdict *a, const struct fin_passage *p,
                     enum fin_again kind, const char *note)
{
    for (int i = 0; i < p->kept[kind]; i++)
        show(s, a, p->again[kind][i], note);
}

/* Is what would have shown whether the FIN had been acknowledged on the record? */
static bool acks_are_seen(const struct scene *s)
{
    const uint32_t blind = 1u << CAVEAT_ONE_DIRECTION | 1u << CAVEAT_CAPTURE_LOST;
    return !(s->verdict->caveats & blind);
}

/* Twice the last pause passed without another: its sender no longer tries. */
static bool tries_no_more(const struct scene *s, int x, int last, int64_t pause_ns, int until)
{
    const struct side_detail *own = &s->d->side[x];
    int64_t look = look_ns(s, last, until);
    /* Octets before the FIN may go out again without it. */
    if (until == NO_ENTRY && own->again_run > 1) {
        int64_t since_ns = silence_since(s->ev, own->again_ns);
        look = since_ns < look ? since_ns : look;
        pause_ns = own->again_gap_ns > pause_ns ? own->again_gap_ns : pause_ns;
    }
    return look > 2 * pause_ns && look > rto_of(s, x);
}

/* No stack gives up after fewer attempts. */
#define ATTEMPTS_ENOUGH 4

static const char *outcome_of(const struct scene *s, int x, const struct fin_passage *p, int last,
                              const struct pauses *pauses)
{
    bool reset_first =
        p->reset_by != NO_ENTRY && (p->acked_by == NO_ENTRY || p->reset_by < p->acked_by);
    if (s->verdict->caveats & 1u << CAVEAT_ONE_DIRECTION)
        return NULL;
    if (reset_first)
        return "reset";
    /* An endpoint that gave up answers what comes later with a bare RST. */
    bool forgot = p->reset_by != NO_ENTRY && s->ev->log[p->reset_by].side == x;
    if (p->acked_by != NO_ENTRY && !forgot)
        return "acknowledged";
    if (!tries_no_more(s, x, last, pauses->last_ns, p->acked_by))
        return p->acked_by != NO_ENTRY ? "acknowledged" : "unfinished";
    uint32_t octets = s->d->side[x].again_run;
    uint32_t fins = p->count[FIN_BEFORE_ACK];
    if (forgot || (octets > fins ? octets : fins) >= ATTEMPTS_ENOUGH)
        return "gave_up";
    return p->acked_by != NO_ENTRY ? "acknowledged" : "no_ack_seen";
}

/* Each came in a segment that answers one of the peer, too soon for any timer: so BSD and others
 * do in a close. Or it was octets before the FIN that were lost. */
static bool nothing_missing(const struct scene *s, int x, const struct fin_passage *p)
{
    for (int i = 0; i < p->kept[FIN_BEFORE_ACK]; i++) {
        int again = p->again[FIN_BEFORE_ACK][i];
        int before = i ? p->again[FIN_BEFORE_ACK][i - 1] : p->first;
        if (!is_answer(s, x, before, again) && !is_for_octets_before(s, x, p->first, again))
            return false;
    }
    return true;
}

static bool all_out_of_order(const struct scene *s, const struct fin_passage *p)
{
    for (int i = 0; i < p->kept[FIN_BEFORE_ACK]; i++) {
        if (!is_out_of_order(s, p->first, p->again[FIN_BEFORE_ACK][i]))
            return false;
    }
    return true;
}

/* Elsewhere it is told as what it is: nobody acknowledges. */
static bool is_told_gravely(const struct scene *s, int x)
{
    return said(s, RULE_FIN_NEVER_ACKED, x) || said(s, RULE_LAST_ACK_MISSING, x) ||
           said(s, RULE_RETRANSMISSION_RESET, x);
}

static void judge_before_ack(struct scene *s, int x, const struct fin_passage *p)
{
    int kept = p->kept[FIN_BEFORE_ACK];
    if (!kept)
        return;
    const int *again = p->again[FIN_BEFORE_ACK];
    struct pauses pauses = pauses_of(s, p->first, again, kept);
    bool out_of_order = all_out_of_order(s, p);
    bool timed = is_timed(s, p->first) && is_timed(s, again[kept - 1]);
    const char *outcome = timed ? outcome_of(s, x, p, again[kept - 1], &pauses) : NULL;
    /* What made it stop, the capture does not have: nor perhaps what came before. */
    bool unseen = outcome && !strcmp(outcome, "no_ack_seen");
    bool harmless = is_told_gravely(s, x) || nothing_missing(s, x, p) || out_of_order;
    struct anomaly_verdict *a =
        say(s, RULE_FIN_RETRANSMITTED, x, harmless ? SEVERITY_INFO : SEVERITY_NOTICE,
            acks_are_seen(s) && !out_of_order && !unseen ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE,
            again[0]);
    figure(a, FIGURE_COUNT, p->count[FIN_BEFORE_ACK]);
    if (out_of_order) {
        figure_flag(a, FIGURE_OUT_OF_ORDER, true);
    } else if (timed) {
        figure(a, FIGURE_FIRST_INTERVAL_NS, pauses.first_ns);
        if (kept > 1) {
            figure(a, FIGURE_LAST_INTERVAL_NS, pauses.last_ns);
            figure_flag(a, FIGURE_BACKOFF_DOUBLING, pauses.doubling);
        }
        figure_word(a, FIGURE_OUTCOME, outcome);
    }
    show(s, a, p->first, "FIN");
    show_all(s, a, p, FIN_BEFORE_ACK, "FIN again");
    show(s, a, p->acked_by, "acknowledges the FIN");
}

/* Acknowledged once more behind entry `i`? */
static int acknowledged_again(const struct scene *s, int x, const struct fin_passage *p, int i)
{
    const struct log_entry *fin = &s->ev->log[p->first];
    for (int k = i + 1; k < s->ev->count; k++) {
        const struct log_entry *h = &s->ev->log[k];
        if (h->side != x && (h->flags & (TCP_ACK | TCP_RST)) == TCP_ACK &&
            seq_ge(h->ack, entry_end(fin)))
            return k;
    }
    return NO_ENTRY;
}

static void tell_time_wait(const struct scene *s, int y, struct anomaly_verdict *a)
{
    const struct endpoint_states *holder = &s->states[y];
    if (holder->time_wait_from_ns == TIME_UNKNOWN || holder->time_wait_until_ns == TIME_UNKNOWN)
        return;
    int64_t stay_ns = holder->time_wait_until_ns - holder->time_wait_from_ns;
    figure(a, FIGURE_TIME_WAIT_UNTIL_NS, holder->time_wait_until_ns);
    figure(a, FIGURE_TIME_WAIT_EXTENDED_NS, stay_ns - s->config->two_msl_ns);
}

/* The round trip is the shortest that was measured; radio links take several times that. */
static enum confidence confidence_of_loss(const struct scene *s, int x, const struct fin_passage *p,
                                          int64_t gap_ns)
{
    if (gap_ns < 2 * crossing_ns(s, x))
        return CONFIDENCE_POSSIBLE;
    bool no_way_takes_that = gap_ns >= 4 * crossing_ns(s, x) && gap_ns >= s->config->delayed_ack_ns;
    /* Whoever took over in X's name may be heard, or may hear, where X is not. */
    bool one_sender = !s->c->side[x].ttl_changes;
    return s->ev->rtt_known[x] && no_way_takes_that && !p->first_unseen && one_sender
               ? CONFIDENCE_CERTAIN
               : CONFIDENCE_PROBABLE;
}

static void judge_after_ack(struct scene *s, int x, const struct fin_passage *p)
{
    if (!p->kept[FIN_AFTER_ACK])
        return;
    int again = p->again[FIN_AFTER_ACK][0];
    int64_t gap_ns = between_ns(s, p->acked_by, again);
    struct anomaly_verdict *a = say(s, RULE_FIN_RETRANSMITTED_AFTER_ACK, x, SEVERITY_NOTICE,
                                    confidence_of_loss(s, x, p, gap_ns), again);
    int answer = acknowledged_again(s, x, p, again);
    figure(a, FIGURE_COUNT, p->count[FIN_AFTER_ACK]);
    figure(a, FIGURE_GAP_NS, gap_ns);
    if (s->ev->rtt_known[x])
        figure(a, FIGURE_ROUND_TRIP_NS, s->ev->rtt_ns[x]);
    if (answer != NO_ENTRY || seen_after_ns(s, again) >= rto_of(s, x))
        figure_flag(a, FIGURE_REACKNOWLEDGED, answer != NO_ENTRY);
    tell_time_wait(s, !x, a);
    if (!p->first_unseen)
        show(s, a, p->first, "FIN");
    show(s, a, p->acked_by, "acknowledges the FIN, and is lost behind the capture point");
    show_all(s, a, p, FIN_AFTER_ACK, "FIN again");
    show(s, a, answer, "acknowledges the FIN again");
}

static void judge_crossed(struct scene *s, int x, const struct fin_passage *p)
{
    if (!p->kept[FIN_CROSSED_ACK])
        return;
    int again = p->again[FIN_CROSSED_ACK][0];
    struct anomaly_verdict *a =
        say(s, RULE_FIN_RETRANSMITTED_SPURIOUSLY, x, SEVERITY_INFO,
            s->ev->rtt_known[x] ? CONFIDENCE_PROBABLE : CONFIDENCE_POSSIBLE, again);
    figure(a, FIGURE_COUNT, p->count[FIN_CROSSED_ACK]);
    figure(a, FIGURE_GAP_NS, between_ns(s, p->acked_by, again));
    if (s->ev->rtt_known[x])
        figure(a, FIGURE_ROUND_TRIP_NS, s->ev->rtt_ns[x]);
    show(s, a, p->first, "FIN");
    show(s, a, p->acked_by, "acknowledges the FIN");
    show_all(s, a, p, FIN_CROSSED_ACK,
             s->ev->rtt_known[x] ? "FIN again, sent before that can have arrived"
                                 : "FIN again, so soon that they may have crossed");
}

void judge_retransmitted_fin(struct scene *s)
{
    for (int x = 0; x < 2; x++) {
        const struct fin_passage *p = fin_passage(s, x);
        if (p->first == NO_ENTRY)
            continue;
        judge_before_ack(s, x, p);
        judge_crossed(s, x, p);
        judge_after_ack(s, x, p);
    }
}
