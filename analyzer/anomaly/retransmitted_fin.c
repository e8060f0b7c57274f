#include "analyzer/anomaly/clues.h"
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
        int64_t since_ns = silence_since(s->ev, seldom_of(own)->again_ns);
        look = since_ns < look ? since_ns : look;
        pause_ns =
            seldom_of(own)->again_gap_ns > pause_ns ? seldom_of(own)->again_gap_ns : pause_ns;
    }
    return look > 2 * pause_ns && look > rto_of(s, x);
}

/* No stack gives up after fewer attempts. */
#define ATTEMPTS_ENOUGH 4

/* rst_ignored tells of this one that it had no effect. */
static bool had_no_effect(const struct scene *s, int rst)
{
    const struct anomaly_verdict *a = said(s, RULE_RST_IGNORED, s->ev->log[rst].side);
    return a && a->evidence_count && a->evidence[0].frame == s->ev->log[rst].frame;
}

/* The RST that ended the attempts: behind the last of them. */
static int reset_behind(const struct scene *s, int last)
{
    for (int i = last + 1; i < s->ev->count; i++) {
        if (s->ev->log[i].flags & TCP_RST && !had_no_effect(s, i))
            return i;
    }
    return NO_ENTRY;
}

struct outcome {
    const char *word; /* NULL: the capture does not tell */
    int reset_by;
};

static struct outcome outcome_of(const struct scene *s, int x, const struct fin_passage *p,
                                 int last, const struct pauses *pauses)
{
    int rst = reset_behind(s, last);
    bool acked = p->acked_by != NO_ENTRY;
    if (s->verdict->caveats & 1u << CAVEAT_ONE_DIRECTION)
        return (struct outcome){NULL, NO_ENTRY};
    if (rst != NO_ENTRY && (!acked || rst < p->acked_by))
        return (struct outcome){"reset", rst};
    /* An endpoint that gave up answers what comes later with a bare RST. */
    bool forgot = rst != NO_ENTRY && s->ev->log[rst].side == x;
    if (acked && !forgot)
        return (struct outcome){"acknowledged", NO_ENTRY};
    if (!tries_no_more(s, x, last, pauses->last_ns, p->acked_by))
        return (struct outcome){acked ? "acknowledged" : "unfinished", NO_ENTRY};
    uint32_t octets = s->d->side[x].again_run;
    uint32_t fins = p->count[FIN_BEFORE_ACK];
    if (forgot || (octets > fins ? octets : fins) >= ATTEMPTS_ENOUGH)
        return (struct outcome){"gave_up", NO_ENTRY};
    return (struct outcome){acked ? "acknowledged" : "no_ack_seen", NO_ENTRY};
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

/* So soon that no acknowledgment of the one before can have come: no timer ran out. */
static bool sent_at_once(const struct scene *s, const struct fin_passage *p)
{
    /* 0 where it was not measured. */
    int64_t round_trip_ns = s->ev->rtt_ns[0] + s->ev->rtt_ns[1];
    for (int i = 0; i < p->kept[FIN_BEFORE_ACK]; i++) {
        int again = p->again[FIN_BEFORE_ACK][i];
        int before = i ? p->again[FIN_BEFORE_ACK][i - 1] : p->first;
        if (!is_timed(s, before) || !is_timed(s, again) ||
            between_ns(s, before, again) >= round_trip_ns / 2)
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
    struct outcome outcome = {NULL, NO_ENTRY};
    if (timed && !out_of_order)
        outcome = outcome_of(s, x, p, again[kept - 1], &pauses);
    /* What made it stop, the capture does not have: nor perhaps what came before. */
    bool unseen = outcome.word && !strcmp(outcome.word, "no_ack_seen");
    bool harmless =
        is_told_gravely(s, x) || nothing_missing(s, x, p) || sent_at_once(s, p) || out_of_order;
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
        figure_word(a, FIGURE_OUTCOME, outcome.word);
    }
    show(s, a, p->first, "FIN");
    show_all(s, a, p, FIN_BEFORE_ACK, "FIN again");
    bool reset_first = p->acked_by != NO_ENTRY && outcome.reset_by < p->acked_by;
    show(s, a, reset_first ? outcome.reset_by : NO_ENTRY, "resets the connection");
    show(s, a, p->acked_by, "acknowledges the FIN");
    show(s, a, reset_first ? NO_ENTRY : outcome.reset_by, "resets the connection");
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

static void judge_side(struct scene *s, int x)
{
    const struct fin_passage *p = fin_passage(s, x);
    if (p->first == NO_ENTRY)
        return;
    judge_before_ack(s, x, p);
    judge_crossed(s, x, p);
    judge_after_ack(s, x, p);
}

void judge_retransmitted_fin(struct scene *s, int both)
{
    (void)both;
    for (int x = 0; x < 2; x++)
        ask(s, CLUE_BEHIND_FIN | CLUE_FIN_ACKED_BEFORE, judge_side, x);
}
