#include "analyzer/anomaly/clues.h"
#include "analyzer/anomaly/fin.h"

/* A FIN out for so many timeouts has arrived, or was sent again. */
#define TIMEOUTS_PENDING 3

/* How sure is it that the first FIN had not been received when the second was sent? */
static bool was_pending(const struct scene *s, int first, int second, enum confidence *confidence)
{
    int x = s->ev->log[first].side;
    int again = next_entry(s, first + 1, x, TCP_FIN | TCP_RST, TCP_FIN);
    int64_t gap_ns = between_ns(s, first, second);
    *confidence = gap_ns <= rto_of(s, x) ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE;
    return gap_ns <= TIMEOUTS_PENDING * rto_of(s, x) || (again != NO_ENTRY && again < second);
}

/* Behind a hole the other's FIN does not count yet, but a selective acknowledgment in X's own FIN,
 * or before it, tells that X had it. */
static bool had_other_fin(const struct scene *s, int x, int fin)
{
    uint32_t nth = seldom_of(&s->d->side[!x])->fin_sacked_nth;
    return nth && (int32_t)(nth - s->ev->log[fin].nth) <= 0;
}

static void judge_simultaneous_close(struct scene *s, int both)
{
    (void)both;
    for (int x = 0; x < 2; x++) {
        if (!s->states[x].fin_sent || !s->states[x].active || s->states[x].active_presumed)
            return;
    }
    int fins[2] = {s->ends[0].fin_first, s->ends[1].fin_first};
    if (had_other_fin(s, 0, fins[0]) || had_other_fin(s, 1, fins[1]))
        return;
    int first = fins[0] < fins[1] ? fins[0] : fins[1];
    int second = fins[0] < fins[1] ? fins[1] : fins[0];
    enum confidence confidence;
    if (!was_pending(s, first, second, &confidence))
        return;
    struct anomaly_verdict *a =
        say(s, RULE_SIMULTANEOUS_CLOSE, NO_SIDE, SEVERITY_INFO, confidence, second);
    figure(a, FIGURE_GAP_NS, between_ns(s, first, second));
    show(s, a, first, "FIN that does not acknowledge the other");
    show(s, a, second, "FIN that does not acknowledge the other");
}

/* ---- after a FIN ---------------------------------------------------------------------------- */

/* A last record of the layer above, such as a TLS alert, says no more than the FIN behind it. */
#define CLOSING_RECORD_BYTES 80

/* A receiver drops a FIN without ACK (RFC 9293 section 3.10.7.4, fifth). */
static int acceptable_fin_of(const struct scene *s, int x)
{
    int fin = fin_of(s, x);
    return fin != NO_ENTRY && s->ev->log[fin].flags & TCP_ACK ? fin : NO_ENTRY;
}

/* Octets of Y that nobody had sent before, by one who had X's FIN. */
static bool is_sent_after_fin(const struct scene *s, int x, const struct log_entry *g)
{
    return g->side != x && g->payload_len && (g->flags & (TCP_ACK | TCP_RST)) == TCP_ACK &&
           !(g->marks & (LOG_AGAIN | LOG_PROBE)) && seq_gt(g->ack, s->ev->fin_seq[x]);
}

static int takes(const struct scene *s, int x, int from, seq_t end)
{
    for (int i = from; i < s->ev->count; i++) {
        const struct log_entry *h = &s->ev->log[i];
        if (h->side == x && (h->flags & (TCP_ACK | TCP_RST)) == TCP_ACK && seq_ge(h->ack, end))
            return i;
    }
    return NO_ENTRY;
}

/* Y closed at once behind these few octets. */
static bool is_closing_record(const struct scene *s, int y, int first, uint64_t octets)
{
    if (octets > CLOSING_RECORD_BYTES)
        return false;
    int fin = next_entry(s, first, y, TCP_FIN | TCP_RST, TCP_FIN);
    return fin != NO_ENTRY && between_ns(s, first, fin) <= s->config->rto_min_ns;
}

static void judge_half_close(struct scene *s, int x)
{
    int fin = acceptable_fin_of(s, x);
    if (fin == NO_ENTRY)
        return;
    uint64_t octets = seldom_of(&s->d->side[!x])->bytes_after_fin;
    for (int i = fin + 1; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (!is_sent_after_fin(s, x, g))
            continue;
        int taken = takes(s, x, i + 1, seq_add(g->seq, g->payload_len));
        if (is_closing_record(s, !x, i, octets) || taken == NO_ENTRY)
            return;
        struct anomaly_verdict *a =
            say(s, RULE_HALF_CLOSE, x, SEVERITY_INFO, CONFIDENCE_CERTAIN, i);
        figure(a, FIGURE_BYTES_AFTER_FIN, octets ? (int64_t)octets : -1);
        show(s, a, fin, "FIN");
        show(s, a, i, "new octets of the peer, which has received the FIN");
        show(s, a, taken, "acknowledges them");
        return;
    }
}

/* Numbers that far beyond the FIN belong to something else. */
static bool is_beyond_fin(const struct scene *s, int x, const struct log_entry *g)
{
    seq_t behind = seq_add(s->ev->fin_seq[x], 1);
    int32_t ahead = seq_diff(g->seq, behind);
    uint32_t window = (uint32_t)UINT16_MAX << s->c->side[!x].window_scale % 15;
    return g->side == x && g->payload_len && !(g->flags & (TCP_SYN | TCP_RST)) &&
           seq_gt(seq_add(g->seq, g->payload_len), behind) &&
           (ahead <= 0 || (uint32_t)ahead <= window);
}

static void judge_data_beyond_fin(struct scene *s, int x)
{
    int fin = acceptable_fin_of(s, x);
    if (fin == NO_ENTRY)
        return;
    seq_t behind = seq_add(s->ev->fin_seq[x], 1);
    seq_t most = behind;
    int first = NO_ENTRY, last = NO_ENTRY;
    for (int i = fin + 1; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (!is_beyond_fin(s, x, g))
            continue;
        most = seq_max(most, seq_add(g->seq, g->payload_len));
        first = first == NO_ENTRY ? i : first;
        last = i;
    }
    if (first == NO_ENTRY)
        return;
    bool joins = seq_le(s->ev->log[first].seq, behind);
    /* Behind a gap they may be of a new use of the ports, whose SYN the capture missed. */
    struct anomaly_verdict *a =
        say(s, RULE_DATA_BEYOND_FIN, x, joins ? SEVERITY_WARNING : SEVERITY_NOTICE,
            joins ? CONFIDENCE_CERTAIN : CONFIDENCE_POSSIBLE, first);
    figure(a, FIGURE_BYTES_BEYOND_FIN, seq_diff(most, behind));
    show(s, a, fin, "FIN");
    show(s, a, first, "octets beyond it");
    show(s, a, last == first ? NO_ENTRY : last, "octets beyond it");
}

/* ---- acknowledgments that answer one another ------------------------------------------------ */

#define ACK_LOOP_SEGMENTS 100

static void judge_ack_loop(struct scene *s, int both)
{
    (void)both;
    if (!s->d || s->d->ack_run.most <= ACK_LOOP_SEGMENTS)
        return;
    int fins[2] = {next_entry(s, 0, 0, TCP_FIN, TCP_FIN), next_entry(s, 0, 1, TCP_FIN, TCP_FIN)};
    int acks[2];
    for (int x = 0; x < 2; x++)
        acks[x] =
            last_entry_before(s, s->ev->count, x, TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK, TCP_ACK);
    struct anomaly_verdict *a = say(s, RULE_ACK_LOOP, NO_SIDE, SEVERITY_WARNING, CONFIDENCE_CERTAIN,
                                    acks[0] > acks[1] ? acks[0] : acks[1]);
    figure(a, FIGURE_COUNT, s->d->ack_run.most);
    int first = fins[1] == NO_ENTRY || (fins[0] != NO_ENTRY && fins[0] < fins[1]) ? 0 : 1;
    show(s, a, fins[first], "FIN");
    show(s, a, fins[!first], "FIN");
    first = acks[0] < acks[1] ? 0 : 1;
    show(s, a, acks[first], "one of the acknowledgments");
    show(s, a, acks[!first], "and the answer to it");
}

void judge_close_order(struct scene *s, int both)
{
    (void)both;
    ask(s, CLUE_BOTH_ACTIVE, judge_simultaneous_close, NO_SIDE);
    for (int x = 0; x < 2; x++) {
        ask(s, CLUE_OCTETS_AFTER_FIN, judge_half_close, x);
        ask(s, CLUE_BEHIND_FIN, judge_data_beyond_fin, x);
    }
    ask(s, CLUE_ACK_RUN, judge_ack_loop, NO_SIDE);
}
