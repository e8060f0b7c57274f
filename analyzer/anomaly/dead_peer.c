#include "analyzer/anomaly/clues.h"
#include "analyzer/anomaly/scene.h"
#include "analyzer/elapsed.h"

/* Fewer transmissions in vain are ordinary loss. */
#define RETRANSMISSIONS_ENOUGH 3
#define PROBES_ENOUGH          2

/* What X sent since Y was last heard, when Y cannot have answered because nothing of it was taken:
 * the window is closed, or it is the handshake's. */
static bool is_held_back(const struct scene *s, int x)
{
    const struct side *own = &s->c->side[x];
    return window_shut(s->ev, x) || !(s->c->marks & CONN_ESTABLISHED) ||
           !(own->marks & SIDE_ACKED) || !(s->c->side[!x].marks & SIDE_SPOKE);
}

/* Only its FIN waits for an acknowledgment: that belongs to the rules on FINs. */
static bool only_fin_outstanding(const struct scene *s, int x)
{
    const struct side *own = &s->c->side[x];
    return own->marks & SIDE_FIN && seq_ge(own->una, s->d->side[x].fin_seq);
}

static bool any_reset(const struct scene *s)
{
    return (s->c->side[0].marks | s->c->side[1].marks) & SIDE_RST;
}

static int64_t silence_ns(const struct scene *s, int64_t since_ns)
{
    int64_t span_ns = silence_since(s->ev, since_ns);
    return span_ns > 0 ? span_ns : 0;
}

/* Octets of X were sent again and again, and Y has not been heard since they were first sent. */
static bool retransmits_in_vain(const struct scene *s, int x)
{
    const struct side_detail *own = s->d ? &s->d->side[x] : NULL;
    return own && own->resends && own->unanswered_ns &&
           seq_gt(s->c->side[x].nxt, s->c->side[x].una) && !is_held_back(s, x) &&
           !only_fin_outstanding(s, x) && s->c->side[!x].last_ns <= run_of(own)->last.time_ns;
}

/* The last segment of Y before this one, as far as such were kept. */
static const struct log_entry *heard_before(const struct scene *s, int y,
                                            const struct log_entry *until)
{
    const struct log_entry *heard = last_before_close(s, y);
    if (heard && !passed_before(heard, until))
        heard = NULL;
    for (int i = 0; i < s->ev->count; i++) {
        const struct log_entry *h = &s->ev->log[i];
        if (h->side == y && passed_before(h, until) && (!heard || passed_before(heard, h)))
            heard = h;
    }
    return heard;
}

static void show_run(const struct scene *s, int x, struct anomaly_verdict *a, const char *first,
                     const char *last)
{
    const struct side_detail *own = &s->d->side[x];
    const struct log_entry *heard = heard_before(s, !x, &run_of(own)->first);
    const struct log_entry *kept = kept_of(own, KEPT_SENT);
    const struct log_entry *sent = own->resends && kept->frame != FRAME_NONE ? kept : NULL;
    bool crossed = heard && sent && passed_before(sent, heard);
    show_segment(s, a, crossed ? sent : NULL, "octets");
    show_segment(s, a, heard, "last segment of the peer before");
    show_segment(s, a, crossed ? NULL : sent, "octets");
    show_segment(s, a, &run_of(own)->first, first);
    if (run_of(own)->last.frame != run_of(own)->first.frame)
        show_segment(s, a, &run_of(own)->last, last);
}

/* Either end had closed when X first sent what went again: the silence is the close's. */
static bool closed_before_run(const struct scene *s, int x)
{
    const struct side_detail *own = &s->d->side[x];
    const struct log_entry *sent =
        own->kept_as[KEPT_SENT] ? kept_of(own, KEPT_SENT) : &run_of(own)->first;
    for (int i = 0; i < s->ev->count; i++) {
        if (s->ev->log[i].flags & TCP_FIN && !passed_before(sent, &s->ev->log[i]))
            return true;
    }
    return false;
}

/* From the first transmission to the last, as far as the first is known. */
static int64_t run_span_ns(const struct side_detail *own)
{
    return seldom_of(own)->resend_from_ns == TIME_UNKNOWN
               ? -1
               : elapsed_ns(seldom_of(own)->resend_from_ns, run_of(own)->last.time_ns);
}

/* ---- after a gap ---------------------------------------------------------------------------- */

static void judge_idle_dropped(struct scene *s, int x)
{
    if (!retransmits_in_vain(s, x) || closed_before_run(s, x))
        return;
    const struct side_detail *own = &s->d->side[x];
    if (own->unanswered_idle_ns < s->config->idle_ns ||
        silence_ns(s, own->unanswered_ns) < 3 * rto_of(s, x))
        return;
    /* A peer that has closed may have done with waiting for more, and the last transmission may be
     * the one that arrives. */
    bool beyond_doubt =
        own->resends >= RETRANSMISSIONS_ENOUGH && !(s->c->side[!x].marks & SIDE_FIN) &&
        silence_ns(s, run_of(own)->last.time_ns) > 2 * seldom_of(own)->resend_gap_ns;
    struct anomaly_verdict *a =
        say(s, RULE_IDLE_DROPPED, x, SEVERITY_WARNING,
            beyond_doubt ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE, NO_ENTRY);
    if (!a)
        return;
    a->at_ns = own->unanswered_ns;
    figure(a, FIGURE_IDLE_NS, own->unanswered_idle_ns);
    figure(a, FIGURE_COUNT, own->resends);
    figure(a, FIGURE_SPAN_NS, run_span_ns(own));
    show_run(s, x, a, "octets sent again after the gap", "and again, unanswered");
}

/* ---- without one ---------------------------------------------------------------------------- */

static void judge_peer_vanished(struct scene *s, int x)
{
    if (!retransmits_in_vain(s, x) || any_reset(s))
        return;
    const struct side_detail *own = &s->d->side[x];
    bool growing =
        2 * seldom_of(own)->resends_grown >= own->resends - 1 && seldom_of(own)->resends_grown;
    /* Timers tick coarsely, and intervals that double add up to about twice the last. */
    int64_t long_ns = 2 * seldom_of(own)->resend_gap_ns - seldom_of(own)->resend_gap_ns / 4;
    if (own->resends < RETRANSMISSIONS_ENOUGH || !growing ||
        silence_ns(s, s->c->side[!x].last_ns) < long_ns)
        return;
    bool gave_up = silence_ns(s, run_of(own)->last.time_ns) > 2 * seldom_of(own)->resend_gap_ns;
    struct anomaly_verdict *a = say(s, RULE_PEER_VANISHED, x, SEVERITY_WARNING,
                                    gave_up ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE, NO_ENTRY);
    if (!a)
        return;
    a->at_ns = run_of(own)->first.time_ns;
    figure(a, FIGURE_COUNT, own->resends);
    figure(a, FIGURE_SPAN_NS, run_span_ns(own));
    figure(a, FIGURE_LAST_INTERVAL_NS, seldom_of(own)->resend_gap_ns);
    figure_flag(a, FIGURE_GAVE_UP, gave_up);
    show_run(s, x, a, "octets sent again", "and again, unanswered");
}

/* ---- probes --------------------------------------------------------------------------------- */

static void judge_keepalive_unanswered(struct scene *s, int x)
{
    const struct side_detail *own = s->d ? &s->d->side[x] : NULL;
    if (!own || own->probe_run < PROBES_ENOUGH || is_held_back(s, x) ||
        silence_ns(s, seldom_of(own)->probe_ns) < rto_of(s, x))
        return;
    struct anomaly_verdict *a =
        say(s, RULE_KEEPALIVE_UNANSWERED, x, SEVERITY_WARNING, CONFIDENCE_CERTAIN, NO_ENTRY);
    if (!a)
        return;
    a->at_ns = run_of(own)->first.time_ns;
    figure(a, FIGURE_COUNT, own->probe_run);
    figure(a, FIGURE_LAST_INTERVAL_NS, seldom_of(own)->probe_gap_ns);
    figure(a, FIGURE_SPAN_NS, elapsed_ns(run_of(own)->first.time_ns, run_of(own)->last.time_ns));
    show_run(s, x, a, "probe", "last probe, unanswered");
}

void judge_dead_peer(struct scene *s, int both)
{
    (void)both;
    for (int x = 0; x < 2; x++) {
        ask(s, CLUE_IN_VAIN, judge_idle_dropped, x);
        ask(s, CLUE_IN_VAIN, judge_peer_vanished, x);
        ask(s, CLUE_IN_VAIN, judge_keepalive_unanswered, x);
    }
}
