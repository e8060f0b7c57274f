#include "analyzer/anomaly/rst_teardown.h"
#include "analyzer/anomaly/clues.h"

#include "analyzer/elapsed.h"

/* Fewer unanswered probes or retransmissions are no reason to give up. */
#define PROBES_MIN          2
#define RETRANSMISSIONS_MIN 3

/* Whoever sends more in somebody's name says nothing new. */
#define RESETS_EXAMINED_MAX 8

/* ---- what X closed over --------------------------------------------------------------------- */

static const struct log_entry *own_fin_of(const struct scene *s, const struct reset *r)
{
    if (!r->own_fin)
        return NULL;
    const struct log_entry *g = &s->ev->log[s->ends[r->x].fin_first];
    return g->side == r->x && g->flags & TCP_FIN ? g : NULL;
}

static bool acknowledged_by_x(const struct scene *s, const struct reset *r, int from, seq_t end)
{
    for (int i = from; i < r->entry; i++) {
        const struct log_entry *h = &s->ev->log[i];
        if (h->side == r->x && (h->flags & (TCP_ACK | TCP_RST)) == TCP_ACK && seq_ge(h->ack, end))
            return true;
    }
    return false;
}

/* X told of this payload of Y, by an acknowledgment or a selective one: its RST answers something
 * else. */
static bool received_by_x(const struct scene *s, const struct reset *r, const struct log_entry *g)
{
    seq_t end = seq_add(g->seq, g->payload_len);
    return acknowledged_by_x(s, r, 0, end) || is_sacked(s, !r->x, g->seq, end);
}

/* Payload of Y that X had not received when it sent its FIN, and never acknowledged: what the RST
 * answers, or else the first such. NO_ENTRY when it is not in the log. */
static const struct log_entry *find_data_met_close(const struct scene *s, const struct reset *r,
                                                   int *entry)
{
    const struct log_entry *fin = own_fin_of(s, r);
    const struct log_entry *data = last_data_before_close(s, !r->x);
    *entry = NO_ENTRY;
    if (!r->own_fin)
        return NULL;
    if (fin && data && seq_gt(entry_end(data), fin->ack) && !received_by_x(s, r, data))
        return data;
    for (int i = fin ? 0 : s->ends[r->x].fin_first; i < r->entry; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == r->x || !g->payload_len || g->flags & TCP_RST || g->marks & LOG_PROBE)
            continue;
        bool before_fin = fin && seq_le(seq_add(g->seq, g->payload_len), fin->ack);
        if (before_fin || received_by_x(s, r, g))
            continue;
        *entry = i;
        return g;
    }
    return NULL;
}

static bool is_number_of_reply(const struct reset *r, const struct log_entry *g)
{
    return g->flags & TCP_ACK && seq_eq(g->ack, r->g->seq);
}

/* An abort that acknowledges all of it long after it came answers something else: the program had
 * the time to read, and the capture may lack the acknowledgment. */
static const struct log_entry *data_met_close(const struct scene *s, const struct reset *r,
                                              int *entry)
{
    const struct log_entry *data = find_data_met_close(s, r, entry);
    if (data && r->acks_unsent && !is_number_of_reply(r, data))
        return NULL;
    if (data && r->form == RESET_ABORT && !r->bytes_lost) {
        const struct log_entry *last = last_payload(s, !r->x, r->entry);
        if (last && span_ns(last->time_ns, r->g->time_ns) > may_stray_ns(s->ev, r->x))
            return NULL;
    }
    return data;
}

/* When Y sent them first it had not had X's FIN. */
static bool crossed_fin(const struct scene *s, const struct reset *r, const struct log_entry *data)
{
    if (!(data->flags & TCP_ACK) || seq_le(data->ack, seq_of(s->states[r->x].fin_seq)))
        return true;
    const struct close_start *start = &s->d->start;
    seq_t end = seq_add(data->seq, data->payload_len);
    bool before_close = start->taken && start->seen[!r->x] && seq_le(end, start->nxt[!r->x]);
    return data->marks & LOG_AGAIN && before_close;
}

/* Y's FIN, when X's RST is all that it got for an answer. */
static int fin_met_close(const struct scene *s, const struct reset *r)
{
    if (r->drawn_entry != NO_ENTRY)
        return r->drawn->flags & TCP_FIN ? r->drawn_entry : NO_ENTRY;
    int fin = last_entry_before(s, r->entry, !r->x, TCP_FIN, TCP_FIN);
    if (fin == NO_ENTRY || acknowledged_by_x(s, r, fin, entry_end(&s->ev->log[fin])))
        return NO_ENTRY;
    int64_t reply_ns = 3 * s->ev->rtt_ns[r->x] + s->config->rto_min_ns;
    return between_ns(s, fin, r->entry) <= reply_ns ? fin : NO_ENTRY;
}

static int64_t since_fin_acked_ns(const struct scene *s, const struct reset *r,
                                  const struct log_entry *until)
{
    int acked = s->ends[r->x].fin_acked_index;
    if (acked < 0 || !passed_before(&s->ev->log[acked], until))
        return -1;
    return span_ns(captured_ns(s->ev, acked), until->time_ns);
}

static int64_t since_own_fin_ns(const struct scene *s, const struct reset *r,
                                const struct log_entry *until)
{
    return span_ns(captured_ns(s->ev, s->ends[r->x].fin_first), until->time_ns);
}

/* Nobody is left to read what the RST itself acknowledged: that weighs as much. */
static uint32_t lost_after_close(const struct reset *r)
{
    return r->bytes_lost + r->late_bytes;
}

static int64_t last_of_both_ns(const int64_t last_ns[2])
{
    return last_ns[0] > last_ns[1] ? last_ns[0] : last_ns[1];
}

static struct anomaly_verdict *begin(struct scene *s, enum rule_id rule, const struct reset *r,
                                     enum severity severity, enum confidence confidence)
{
    /* Where somebody may have taken over in X's name in mid-connection, nobody is sure who spoke.
     */
    if (r->ttl_changed && confidence == CONFIDENCE_CERTAIN)
        confidence = CONFIDENCE_PROBABLE;
    return say(s, rule, r->x, severity, confidence, r->entry);
}

/* Evidence and figures that close every telling. */
static bool finish(const struct scene *s, struct anomaly_verdict *a, const struct reset *r)
{
    show(s, a, r->entry, "the reset");
    reset_figures(s, a, r);
    return a != NULL;
}

/* What the rule says that it answers, where the RST does not tell by its number, or tells of more
 * than one segment that bears it: the first to come drew it. */
static bool finish_drawn(const struct scene *s, struct anomaly_verdict *a, const struct reset *r,
                         enum drawn_by by, const struct log_entry *met)
{
    struct reset told = *r;
    /* Of data that come with a FIN, the octets are enough. */
    seq_t end = met->payload_len ? seq_add(met->seq, met->payload_len) : entry_end(met);
    bool takes = r->g->flags & TCP_ACK && !r->acks_unsent && seq_ge(r->g->ack, end);
    if (takes || is_number_of_reply(r, met))
        told.drawn_by = by;
    return finish(s, a, &told);
}

static void figure_lost(struct anomaly_verdict *a, const struct reset *r)
{
    figure_octets(a, FIGURE_BYTES_LOST, r->bytes_lost);
    if (r->bytes_lost)
        figure_flag(a, FIGURE_AT_LEAST, r->lost_with_gaps);
}

static void figure_lost_after_close(struct anomaly_verdict *a, const struct reset *r)
{
    figure_lost(a, r);
    figure_octets(a, FIGURE_BYTES_ACKED_BY_RESET, r->late_bytes);
}

static void show_own_fin(const struct scene *s, struct anomaly_verdict *a, const struct reset *r)
{
    if (r->own_fin)
        show(s, a, s->ends[r->x].fin_first, "it had closed");
}

/* The FIN and what met it, in order of passage. */
static void show_crossing(const struct scene *s, struct anomaly_verdict *a, const struct reset *r,
                          const struct log_entry *met, const char *note)
{
    bool before = passed_before(met, &s->ev->log[s->ends[r->x].fin_first]);
    if (before)
        show_segment(s, a, met, note);
    show_own_fin(s, a, r);
    if (!before)
        show_segment(s, a, met, note);
}

/* ---- the rules, in order of precedence ------------------------------------------------------ */

static bool tell_time_wait_missing(struct scene *s, const struct reset *r)
{
    int again = r->drawn_entry;
    int first_ack = s->ends[!r->x].fin_acked_index;
    if (!r->both_acked || again == NO_ENTRY || !(r->drawn->flags & TCP_FIN) || first_ack >= again ||
        s->ends[r->x].fin_acked_index >= again || !s->states[r->x].active || r->peer_reset)
        return false;
    int64_t gap_ns = between_ns(s, first_ack, again);
    if (gap_ns >= s->config->two_msl_ns)
        return false;
    bool prompt = gap_ns < s->config->two_msl_ns / 4 && !r->ttl_differs;
    struct anomaly_verdict *a = begin(s, RULE_TIME_WAIT_MISSING, r, SEVERITY_WARNING,
                                      prompt ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE);
    show_own_fin(s, a, r);
    show(s, a, first_ack, "it had acknowledged the peer's FIN: TIME_WAIT begins");
    show(s, a, again, "the peer's FIN again");
    figure(a, FIGURE_GAP_NS, gap_ns);
    return finish(s, a, r);
}

static bool tell_time_wait_assassination(struct scene *s, const struct reset *r)
{
    int received = s->ends[r->x].fin_acked_index;
    int entered = s->ends[!r->x].fin_acked_index;
    if (received > entered)
        entered = received;
    if (state_before(s, !r->x, r->entry) != STATE_TIME_WAIT || !r->acceptable || entered < 0 ||
        between_ns(s, entered, r->entry) >= s->config->two_msl_ns)
        return false;
    struct anomaly_verdict *a =
        begin(s, RULE_TIME_WAIT_ASSASSINATION, r, SEVERITY_NOTICE, CONFIDENCE_PROBABLE);
    show(s, a, entered, "the peer is in TIME_WAIT");
    if (r->drawn_entry != entered)
        show(s, a, r->drawn_entry, "what drew the reset");
    figure(a, FIGURE_GAP_NS, between_ns(s, entered, r->entry));
    return finish(s, a, r);
}

/* How long the connection had been silent when Y sent what met the FIN. */
static int64_t idle_before_request_ns(const struct scene *s, const struct reset *r,
                                      const struct log_entry *data, int entry)
{
    if (entry == NO_ENTRY)
        return s->d->side[!r->x].data_idle_ns;
    return span_ns(last_of_both_ns(s->d->start.last_ns), data->time_ns);
}

static bool tell_request_met_close(struct scene *s, const struct reset *r)
{
    int entry;
    const struct log_entry *data = data_met_close(s, r, &entry);
    const struct log_entry *fin = own_fin_of(s, r);
    /* A server whose answer meets the client's FIN is another matter. */
    if (!data || !fin || r->x == s->client || seq_gt(data->ack, seq_of(s->states[r->x].fin_seq)) ||
        fin->frame != s->ev->log[s->ends[r->x].fin_first].frame)
        return false;
    int64_t idle_ns = idle_before_request_ns(s, r, data, entry);
    if (idle_ns < s->config->keep_alive_ns)
        return false;
    int64_t apart_ns = span_ns(fin->time_ns, data->time_ns);
    if (apart_ns < 0)
        apart_ns = span_ns(data->time_ns, fin->time_ns);
    /* X had heard nothing for as long as the tap had, but for what met its FIN. */
    int64_t waited_ns = entry == NO_ENTRY
                            ? idle_ns + (apart_ns > 0 ? apart_ns : 0)
                            : span_ns(last_of_both_ns(s->d->start.last_ns), fin->time_ns);
    struct anomaly_verdict *a =
        begin(s, RULE_REQUEST_MET_CLOSE, r, SEVERITY_WARNING,
              r->drawn_exactly && !r->lost_with_gaps ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE);
    show_crossing(s, a, r, data, "the peer's data had not heard of the FIN");
    figure(a, FIGURE_IDLE_NS, waited_ns);
    figure_word(a, FIGURE_WELL_KNOWN_TIMEOUT, well_known_timeout(waited_ns));
    figure(a, FIGURE_GAP_NS, apart_ns);
    figure_lost_after_close(a, r);
    return finish_drawn(s, a, r, DRAWN_BY_DATA, data);
}

static bool tell_fin_wait_2_expired(struct scene *s, const struct reset *r)
{
    int entry = NO_ENTRY;
    const struct log_entry *met = data_met_close(s, r, &entry);
    if (!met) {
        int fin = r->own_fin ? fin_met_close(s, r) : NO_ENTRY;
        met = fin == NO_ENTRY ? NULL : &s->ev->log[fin];
    }
    if (!met || r->both_acked)
        return false;
    int64_t gap_ns = since_fin_acked_ns(s, r, met);
    bool came_before = met->flags & TCP_FIN && met->marks & LOG_AGAIN;
    if (gap_ns < s->config->fin_timeout_ns || came_before)
        return false;
    struct anomaly_verdict *a =
        begin(s, RULE_FIN_WAIT_2_EXPIRED, r, SEVERITY_WARNING, CONFIDENCE_PROBABLE);
    show_own_fin(s, a, r);
    show(s, a, s->ends[r->x].fin_acked_index, "its FIN is acknowledged: FIN_WAIT_2");
    show_segment(s, a, met, "the peer comes too late");
    figure(a, FIGURE_GAP_NS, gap_ns);
    figure_lost_after_close(a, r);
    return finish_drawn(s, a, r, met->payload_len ? DRAWN_BY_DATA : DRAWN_BY_FIN, met);
}

/* X's own octets that nobody acknowledged: more than a goodbye. */
static bool may_lose_own(const struct reset *r)
{
    return r->own_unacked > CLOSING_RECORD_MAX;
}

/* Who asked wants no answer any more: what is lost, its own program has thrown away. After a
 * silence it has more likely waited for the rest in vain. */
static bool gives_up(const struct scene *s, const struct reset *r)
{
    bool may_be_client = r->x == s->client || !r->client_sure;
    int64_t silent_ns = r->drawn ? r->drawn_idle_ns : r->idle_ns;
    bool waited = !r->own_fin && silent_ns >= s->config->idle_ns;
    return may_be_client && !may_lose_own(r) && !waited;
}

/* Y's farewell: no more than a record that says goodbye, and its FIN at once. */
static bool only_goodbye(const struct scene *s, const struct reset *r)
{
    return lost_after_close(r) <= CLOSING_RECORD_MAX && s->states[!r->x].fin_sent;
}

static enum severity severity_of_lost(const struct scene *s, const struct reset *r)
{
    return only_goodbye(s, r) ? SEVERITY_INFO : gives_up(s, r) ? SEVERITY_NOTICE : SEVERITY_WARNING;
}

static bool tell_data_after_close(struct scene *s, const struct reset *r)
{
    int entry;
    const struct log_entry *data = data_met_close(s, r, &entry);
    if (!data)
        return false;
    if (r->no_effect)
        return true;
    bool by_number =
        r->drawn_exactly && (r->drawn_by == DRAWN_BY_DATA || is_number_of_reply(r, data));
    /* Who acknowledges the octets had taken them: a close over unread ones looks the same. */
    bool refuses = r->form == RESET_ABORT && !r->late_bytes;
    bool certain = (by_number || refuses) && !r->lost_with_gaps;
    bool crossed = crossed_fin(s, r, data);
    struct anomaly_verdict *a = begin(s, RULE_DATA_AFTER_CLOSE, r, severity_of_lost(s, r),
                                      certain ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE);
    show_crossing(s, a, r, data,
                  crossed ? "the peer's data, sent before it could know" : "the peer still sends");
    figure(a, FIGURE_GAP_NS, since_own_fin_ns(s, r, data));
    figure_flag(a, FIGURE_CROSSED, crossed);
    figure_lost_after_close(a, r);
    return finish_drawn(s, a, r, DRAWN_BY_DATA, data);
}

static bool tell_fin_met_closed(struct scene *s, const struct reset *r)
{
    int fin = r->own_fin ? fin_met_close(s, r) : NO_ENTRY;
    if (fin == NO_ENTRY)
        return false;
    if (r->no_effect)
        return true;
    struct anomaly_verdict *a =
        begin(s, RULE_FIN_MET_CLOSED, r, SEVERITY_NOTICE,
              r->drawn_exactly && !r->ttl_differs ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE);
    show_own_fin(s, a, r);
    show(s, a, fin, "the peer's FIN");
    figure(a, FIGURE_GAP_NS, since_own_fin_ns(s, r, &s->ev->log[fin]));
    return finish_drawn(s, a, r, DRAWN_BY_FIN, &s->ev->log[fin]);
}

static bool tell_rst_after_own_fin(struct scene *s, const struct reset *r)
{
    if (!r->own_fin || r->both_acked)
        return false;
    struct anomaly_verdict *a =
        begin(s, RULE_RST_AFTER_OWN_FIN, r, SEVERITY_NOTICE,
              r->form == RESET_ODD || r->ttl_differs || r->ttl_moved ? CONFIDENCE_PROBABLE
                                                                     : CONFIDENCE_CERTAIN);
    bool answers_probe = r->drawn_by == DRAWN_BY_PROBE && r->drawn_exactly;
    show_own_fin(s, a, r);
    if (answers_probe)
        show_segment(s, a, r->drawn, "the keepalive probe");
    figure(a, FIGURE_GAP_NS, since_own_fin_ns(s, r, r->g));
    figure_flag(a, FIGURE_ANSWERS_PROBE, answers_probe);
    figure_octets(a, FIGURE_UNACKED_BYTES, r->own_unacked);
    figure_lost(a, r);
    return finish(s, a, r);
}

static bool tell_keepalive_reset(struct scene *s, const struct reset *r)
{
    const struct side_detail *own = &s->d->side[r->x];
    if (r->drawn || seldom_of(own)->rst_probe_run < PROBES_MIN || !s->c->side[!r->x].window)
        return false;
    struct anomaly_verdict *a =
        begin(s, RULE_KEEPALIVE_RESET, r, SEVERITY_WARNING, CONFIDENCE_CERTAIN);
    show_segment(s, a, &run_of(own)->first, "the first unanswered probe");
    show_segment(s, a, &run_of(own)->last, "the last one");
    figure(a, FIGURE_COUNT, seldom_of(own)->rst_probe_run);
    figure(a, FIGURE_INTERVAL_NS,
           seldom_of(own)->probe_gap_ns > 0 ? seldom_of(own)->probe_gap_ns : -1);
    return finish(s, a, r);
}

static bool tell_retransmission_reset(struct scene *s, const struct reset *r)
{
    const struct side_detail *own = &s->d->side[r->x];
    if (r->drawn || seldom_of(own)->rst_resends < RETRANSMISSIONS_MIN || !r->own_unacked)
        return false;
    struct anomaly_verdict *a =
        begin(s, RULE_RETRANSMISSION_RESET, r, SEVERITY_WARNING, CONFIDENCE_CERTAIN);
    if (own->kept_as[KEPT_SENT])
        show_segment(s, a, kept_of(own, KEPT_SENT), "the octets");
    show_segment(s, a, &run_of(own)->first, "the first retransmission");
    show_segment(s, a, &run_of(own)->last, "the last one");
    figure(a, FIGURE_COUNT, seldom_of(own)->rst_resends);
    figure_flag(a, FIGURE_BACKOFF, seldom_of(own)->resends_grown > 0);
    figure(a, FIGURE_SPAN_NS, span_ns(seldom_of(own)->resend_from_ns, run_of(own)->last.time_ns));
    figure_octets(a, FIGURE_UNACKED_BYTES, r->own_unacked);
    return finish(s, a, r);
}

static bool tell_idle_reset(struct scene *s, const struct reset *r)
{
    if (r->own_fin || r->peer_fin || r->drawn || r->bytes_lost || r->own_unacked ||
        r->idle_ns < s->config->idle_ns || !r->acceptable)
        return false;
    /* Who opened it may put it away again: nothing was under way, and nobody is cut off. */
    bool put_away = (r->x == s->client || !r->client_sure) && !r->ttl_differs;
    struct anomaly_verdict *a =
        begin(s, RULE_IDLE_RESET, r, put_away ? SEVERITY_NOTICE : SEVERITY_WARNING,
              r->form == RESET_ABORT && !r->ttl_differs ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE);
    const struct log_entry *own = last_before_close(s, r->x);
    const struct log_entry *peer = last_before_close(s, !r->x);
    show_segment(s, a,
                 own && peer && passed_before(peer, own) ? own
                 : peer                                  ? peer
                                                         : own,
                 "the last segment before the silence");
    figure(a, FIGURE_IDLE_NS, r->idle_ns);
    figure_word(a, FIGURE_WELL_KNOWN_TIMEOUT, well_known_timeout(r->idle_ns));
    return finish(s, a, r);
}

static enum severity severity_of_abort(const struct scene *s, const struct reset *r)
{
    bool blind = s->verdict->caveats & (1u << CAVEAT_ONE_DIRECTION);
    bool lost = r->bytes_lost > r->closing_octets && !gives_up(s, r);
    bool may_be_lost = may_lose_own(r) && !r->own_doubtful;
    bool unanswered =
        r->unanswered && r->client_sure && !r->closing_octets && !r->unanswered_goodbye;
    if (!r->any_payload)
        return SEVERITY_INFO;
    if (!blind && (lost || may_be_lost || unanswered))
        return SEVERITY_WARNING;
    return r->peer_fin ? SEVERITY_INFO : SEVERITY_NOTICE;
}

/* What had come and only the RST acknowledged may have been read or not: a close over unread octets
 * and one with SO_LINGER 0 look alike. */
static const char *kind_of_abort(const struct scene *s, const struct reset *r)
{
    bool unanswered = r->unanswered && !r->closing_octets;
    const struct log_entry *lost = r->bytes_lost ? lost_payload(s, r) : NULL;
    bool under_way = lost && passed_before(r->g, lost);
    if (r->drawn)
        return "undetermined";
    if ((r->bytes_lost > r->closing_octets && !under_way) || unanswered)
        return "unread_data";
    return r->spoke_last ? "linger_zero" : "undetermined";
}

/* X itself had spoken about a round trip before, so that it knew the connection then. */
static bool had_just_spoken(const struct scene *s, const struct reset *r)
{
    int64_t last_ns = TIME_UNKNOWN;
    const struct log_entry *last = last_before_close(s, r->x);
    if (last && passed_before(last, r->g))
        last_ns = last->time_ns;
    for (int i = 0; i < r->entry; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == r->x && !(g->flags & TCP_RST) && g->time_ns > last_ns)
            last_ns = g->time_ns;
    }
    return last_ns != TIME_UNKNOWN &&
           elapsed_ns(last_ns, r->drawn->time_ns) <= may_stray_ns(s->ev, !r->x);
}

/* A bare RST that answers a segment bears X's own next number as well: some stacks abort so. Who
 * was there a moment before has more likely done that than lost the connection. A listener that has
 * said no more than its SYN-ACK may never have had it. */
static bool may_be_abort(const struct scene *s, const struct reset *r)
{
    const struct side *own = &s->c->side[r->x];
    return r->drawn_exactly && own->marks & SIDE_SPOKE && seq_eq(r->g->seq, own->nxt) &&
           !r->ttl_differs && !r->ttl_moved && had_just_spoken(s, r) &&
           !(s->verdict->caveats & (1u << CAVEAT_CAPTURE_LOST));
}

static bool tell_abortive_close(struct scene *s, const struct reset *r)
{
    if (r->own_fin || (r->drawn && !may_be_abort(s, r)))
        return false;
    if (r->no_effect)
        return true;
    bool certain = r->form == RESET_ABORT && !r->ttl_differs && !r->lost_with_gaps &&
                   !r->own_doubtful && !r->unanswered_goodbye &&
                   !(s->verdict->caveats & (1u << CAVEAT_ONE_DIRECTION));
    struct anomaly_verdict *a = begin(s, RULE_ABORTIVE_CLOSE, r, severity_of_abort(s, r),
                                      r->drawn  ? CONFIDENCE_POSSIBLE
                                      : certain ? CONFIDENCE_CERTAIN
                                                : CONFIDENCE_PROBABLE);
    const struct log_entry *lost = r->bytes_lost ? lost_payload(s, r) : NULL;
    bool under_way = lost && passed_before(r->g, lost);
    if (r->drawn)
        show_segment(s, a, r->drawn, "perhaps what it answers");
    else if (lost && !under_way)
        show_segment(s, a, lost, "the peer's last payload");
    else if (r->unanswered)
        show_segment(s, a, last_payload(s, !r->x, r->entry), "the peer's last payload");
    if (r->peer_fin)
        show(s, a, s->ends[!r->x].fin_first, "the peer had closed");
    figure_word(a, FIGURE_ABORT_KIND, kind_of_abort(s, r));
    figure_lost(a, r);
    figure_octets(a, FIGURE_BYTES_ACKED_BY_RESET, r->late_bytes);
    figure_octets(a, FIGURE_UNACKED_BYTES, r->own_unacked);
    figure_flag(a, FIGURE_UNANSWERED, r->unanswered && !r->closing_octets);
    figure(a, FIGURE_IDLE_NS, r->idle_ns);
    bool told = finish(s, a, r);
    if (under_way)
        show_segment(s, a, lost, "the peer's data, under way or sent later");
    return told;
}

/* A bare acknowledgment is sent because something came. When that was X's payload just before, X
 * may have reset the connection in between; when it was nothing that passed, it may have been a
 * reset. */
static bool reset_may_be_missed(const struct scene *s, const struct reset *r, bool just_spoken)
{
    if (r->drawn_by != DRAWN_BY_ACK)
        return false;
    const struct log_entry *data = last_payload(s, r->x, r->entry);
    return data && (just_spoken || (r->drawn_exactly && !seq_eq(data->ack, r->drawn->ack) &&
                                    passed_before(data, r->drawn) &&
                                    seq_ge(s->c->side[r->x].una, entry_end(data))));
}

static bool tell_no_such_connection(struct scene *s, const struct reset *r)
{
    if (r->own_fin || !r->drawn)
        return false;
    bool mid_stream = s->verdict->caveats & (1u << CAVEAT_STARTS_MID_STREAM);
    bool just_spoken = had_just_spoken(s, r);
    bool certain = r->drawn_exactly && !r->ttl_differs && !mid_stream && !just_spoken;
    bool missed = reset_may_be_missed(s, r, just_spoken);
    /* A client that closed looks the same where the capture lacks its FIN. */
    bool grave = !missed && (!gives_up(s, r) || r->drawn_by == DRAWN_BY_PROBE);
    struct anomaly_verdict *a =
        begin(s, RULE_NO_SUCH_CONNECTION, r, grave ? SEVERITY_WARNING : SEVERITY_NOTICE,
              missed    ? CONFIDENCE_POSSIBLE
              : certain ? CONFIDENCE_CERTAIN
                        : CONFIDENCE_PROBABLE);
    show_segment(s, a, last_before_close(s, r->x), "its last segment in the connection");
    show_segment(s, a, r->drawn, "the segment that it no longer knows");
    figure(a, FIGURE_IDLE_NS, r->drawn_idle_ns >= s->config->idle_ns ? r->drawn_idle_ns : -1);
    figure_word(a, FIGURE_WELL_KNOWN_TIMEOUT, well_known_timeout(r->drawn_idle_ns));
    figure_lost(a, r);
    return finish(s, a, r);
}

static bool tell_rst_after_close(struct scene *s, const struct reset *r)
{
    if (!r->both_acked)
        return false;
    struct anomaly_verdict *a =
        begin(s, RULE_RST_AFTER_CLOSE, r, SEVERITY_INFO, CONFIDENCE_CERTAIN);
    int own = s->ends[r->x].fin_acked_index;
    int peer = s->ends[!r->x].fin_acked_index;
    show(s, a, own > peer ? own : peer, "both FINs are acknowledged");
    figure(a, FIGURE_GAP_NS, between_ns(s, own > peer ? own : peer, r->entry));
    return finish(s, a, r);
}

typedef bool rule_fn(struct scene *, const struct reset *);

/* The first that applies explains the RST. */
static rule_fn *const rules[] = {
    tell_time_wait_missing,    tell_time_wait_assassination, tell_request_met_close,
    tell_fin_wait_2_expired,   tell_data_after_close,        tell_fin_met_closed,
    tell_retransmission_reset, tell_rst_after_own_fin,       tell_keepalive_reset,
    tell_idle_reset,           tell_abortive_close,          tell_no_such_connection,
    tell_rst_after_close,
};

/* ---- which RST ------------------------------------------------------------------------------ */

/* What answers a SYN or a stray segment failed to open, and is told elsewhere. */
static bool has_opened(const struct scene *s)
{
    enum handshake_kind kind = s->verdict->handshake;
    return s->d && (kind == HANDSHAKE_COMPLETE || kind == HANDSHAKE_MID_STREAM ||
                    kind == HANDSHAKE_SIMULTANEOUS);
}

/* X had taken part: an end that has sent nothing but its SYN fends off something old. */
static bool had_spoken(const struct scene *s, int x, int entry)
{
    const struct log_entry *last = last_before_close(s, x);
    bool spoke = last && passed_before(last, &s->ev->log[entry]) && last->flags & TCP_ACK;
    for (int i = 0; i < entry && !spoke; i++) {
        const struct log_entry *g = &s->ev->log[i];
        spoke = g->side == x && (g->flags & (TCP_RST | TCP_ACK)) == TCP_ACK;
    }
    return spoke && state_before(s, x, entry) != STATE_SYN_SENT;
}

/* X's first RST from the entry on that it sent itself, and that meant something. */
static bool first_own(struct scene *s, int x, int from, struct reset *r)
{
    int examined = 0;
    for (int i = from; i < s->ev->count && examined < RESETS_EXAMINED_MAX; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side != x || !(g->flags & TCP_RST) || !had_spoken(s, x, i))
            continue;
        examined++;
        reset_describe(s, i, r);
        if (judge_forged(s, r) || judge_ignored(s, r))
            continue;
        reset_find_peer(s, r);
        return true;
    }
    return false;
}

/* Once reset itself, an end only says so to whoever has not heard; some answer the RST as well. */
static bool only_answers_reset(const struct scene *s, const struct reset *r)
{
    bool crossed = s->ev->rtt_known[r->x] && r->since_peer_reset_ns < s->ev->rtt_ns[r->x];
    if (r->peer_gone)
        return true;
    return r->peer_reset && (r->drawn || (s->ev->rtt_known[r->x] && !crossed));
}

static rule_fn *explain(struct scene *s, const struct reset *r)
{
    for (unsigned i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i](s, r))
            return rules[i];
    }
    return NULL;
}

/* An answer that had no effect is told as such; the next one may have had one. */
static void judge_side(struct scene *s, int x)
{
    struct reset r;
    for (int from = 0, tries = 0; tries < RESETS_EXAMINED_MAX; from = r.entry + 1, tries++) {
        if (!first_own(s, x, from, &r) || only_answers_reset(s, &r))
            return;
        rule_fn *rule = explain(s, &r);
        bool answers = rule == tell_data_after_close || rule == tell_fin_met_closed;
        if (!r.no_effect || !answers)
            return;
    }
}

void judge_rst_teardown(struct scene *s, int both)
{
    (void)both;
    if (!has_opened(s))
        return;
    for (int x = 0; x < 2; x++)
        ask(s, CLUE_RST, judge_side, x);
}
