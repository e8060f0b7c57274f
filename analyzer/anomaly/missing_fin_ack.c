#include "analyzer/anomaly/clues.h"
#include "analyzer/anomaly/fin.h"
#include "analyzer/anomaly/reset.h"
#include "analyzer/elapsed.h"

/* Timers are not doubled for ever: Linux stops at two minutes, RFC 6298 allows it from one on. */
#define RTO_MOST_NS (120 * NS_PER_S)

/* So many attempts that grew apart were in vain, and the silence after the last tells no more. */
#define ATTEMPTS_ENOUGH 4

static int64_t backed_off_ns(int64_t rto_ns, int times)
{
    while (times-- > 0 && rto_ns < RTO_MOST_NS)
        rto_ns *= 2;
    return rto_ns < RTO_MOST_NS ? rto_ns : RTO_MOST_NS;
}

static int first_rst_after(const struct scene *s, int entry)
{
    for (int i = entry + 1; i < s->ev->count; i++) {
        if (s->ev->log[i].flags & TCP_RST)
            return i;
    }
    return NO_ENTRY;
}

/* ---- the FIN itself ------------------------------------------------------------------------- */

/* What X sent again, its FIN or octets before it, for want of an acknowledgment of the FIN. */
struct attempts {
    int entries[LOG_MAX];
    int count;
    int ended_by; /* the late acknowledgment, or an RST, or NO_ENTRY */
    int64_t look_ns;
    struct pauses pauses;
};

/* It left before the FIN did, and was overtaken by that. */
static bool was_held_up(const struct scene *s, int fin, int i)
{
    return s->ev->log[i].marks & LOG_LATE && between_ns(s, fin, i) < s->config->rto_min_ns;
}

static bool is_attempt(const struct scene *s, int x, int fin, int i)
{
    const struct log_entry *g = &s->ev->log[i];
    bool octets = g->payload_len || g->flags & TCP_FIN;
    return g->side == x && octets && !(g->flags & (TCP_SYN | TCP_RST)) && !(g->marks & LOG_PROBE) &&
           !was_held_up(s, fin, i) && seq_le(entry_end(g), seq_add(s->ev->fin_seq[x], 1)) &&
           !is_network_copy(s, i);
}

static void gather_attempts(const struct scene *s, int x, const struct fin_passage *p,
                            struct attempts *t)
{
    int end = p->acked_by == NO_ENTRY ? s->ev->count : p->acked_by;
    t->count = 0;
    for (int i = p->first + 1; i < end; i++) {
        if (is_attempt(s, x, p->first, i))
            t->entries[t->count++] = i;
    }
    if (!t->count)
        return;
    int last = t->entries[t->count - 1];
    int rst = first_rst_after(s, last);
    t->ended_by = rst != NO_ENTRY && rst < end ? rst : p->acked_by;
    t->look_ns = look_ns(s, last, t->ended_by);
    t->pauses = pauses_of(s, p->first, t->entries, t->count);
}

/* Octets that only frames padded to their least length seem to carry, as some captures have it: the
 * peer acknowledges the FIN as if they were not there. */
#define PADDING_BYTES 6

static bool carries_padding(const struct scene *s, int x, const struct fin_passage *p)
{
    const struct log_entry *fin = &s->ev->log[p->first];
    for (int i = p->first + 1; i < s->ev->count; i++) {
        const struct log_entry *h = &s->ev->log[i];
        if (h->side != x && h->flags & TCP_ACK && fin->payload_len &&
            fin->payload_len <= PADDING_BYTES && seq_eq(h->ack, seq_add(fin->seq, 1)))
            return true;
    }
    return false;
}

static bool peer_spoke_after(const struct scene *s, int x, int entry)
{
    for (int i = entry + 1; i < s->ev->count; i++) {
        if (s->ev->log[i].side != x && !(s->ev->log[i].flags & TCP_RST))
            return true;
    }
    return false;
}

/* Before its FIN; -1: none, or not known. */
static int64_t octets_unacknowledged(const struct scene *s, int x)
{
    int32_t octets = seq_diff(s->ev->fin_seq[x], s->c->side[x].una);
    return s->c->side[x].marks & SIDE_ACKED && octets > 0 ? octets : -1;
}

static void judge_fin_unacknowledged(struct scene *s, int x)
{
    const struct fin_passage *p = fin_passage(s, x);
    struct attempts t;
    if (p->first == NO_ENTRY || p->first_unseen || carries_padding(s, x, p))
        return;
    gather_attempts(s, x, p, &t);
    if (t.count < 2)
        return;
    bool waited = t.look_ns >= 3 * backed_off_ns(rto_of(s, x), t.count);
    bool tried = t.ended_by == NO_ENTRY && t.count >= ATTEMPTS_ENOUGH && t.pauses.growing &&
                 t.pauses.last_ns > 2 * t.pauses.first_ns;
    if (!waited && !tried)
        return;
    bool alive = peer_spoke_after(s, x, t.entries[0]);
    bool last_ack = s->states[x].active_known && !s->states[x].active;
    bool beyond_doubt = waited && (alive || t.count >= ATTEMPTS_ENOUGH);
    bool peer_closed = !last_ack && s->states[!x].fin_sent;
    bool peer_acked = peer_closed && s->ends[!x].fin_acked_index >= 0;
    int64_t octets = octets_unacknowledged(s, x);
    /* Both have closed, and no more than a goodbye may be lost. */
    bool slight = last_ack || (peer_closed && octets <= CLOSING_RECORD_MAX);
    struct anomaly_verdict *a =
        say(s, last_ack ? RULE_LAST_ACK_MISSING : RULE_FIN_NEVER_ACKED, x,
            slight ? SEVERITY_NOTICE : SEVERITY_WARNING,
            beyond_doubt ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE, t.entries[t.count - 1]);
    const struct side_detail *own = &s->d->side[x];
    int64_t due_ns = 2 * t.pauses.last_ns > rto_of(s, x) ? 2 * t.pauses.last_ns : rto_of(s, x);
    uint32_t dropped = p->count[FIN_BEFORE_ACK] - (uint32_t)p->kept[FIN_BEFORE_ACK];
    figure(a, FIGURE_COUNT, t.count + (int64_t)dropped);
    figure(a, FIGURE_SPAN_NS, between_ns(s, p->first, t.entries[t.count - 1]));
    figure(a, FIGURE_LAST_INTERVAL_NS, t.pauses.last_ns);
    figure_flag(a, FIGURE_GAVE_UP, t.look_ns > due_ns);
    figure_word(a, FIGURE_PEER, alive ? "alive" : "silent");
    if (peer_closed)
        figure_flag(a, FIGURE_PEER_FIN_UNACKED, !peer_acked);
    figure(a, FIGURE_UNACKED_BYTES, octets);
    if (own->unanswered_ns && own->unanswered_idle_ns >= s->config->idle_ns)
        figure(a, FIGURE_IDLE_NS, own->unanswered_idle_ns);
    show(s, a, p->first, "FIN");
    for (int i = 0; i < t.count; i++)
        show(s, a, t.entries[i],
             s->ev->log[t.entries[i]].flags & TCP_FIN ? "FIN again" : "octets before it again");
    show(s, a, t.ended_by, "too late");
}

/* ---- CLOSE_WAIT ----------------------------------------------------------------------------- */

static int entry_of_frame(const struct scene *s, frame_ref frame)
{
    for (int i = 0; frame != FRAME_NONE && i < s->ev->count; i++) {
        if (s->ev->log[i].frame == frame)
            return i;
    }
    return NO_ENTRY;
}

/* Its last stay in CLOSE_WAIT, and what ended that (NULL: nothing that was seen). */
static const struct state_entry *close_wait_of(const struct endpoint_states *states,
                                               const struct state_entry **left)
{
    const struct state_entry *stay = NULL;
    for (uint32_t i = 0; i < states->count; i++) {
        const struct state_entry *e = &states->entries[i];
        if (e->retracted)
            continue;
        if (e->state == STATE_CLOSE_WAIT) {
            stay = e;
            *left = NULL;
        } else if (stay && !*left) {
            *left = e;
        }
    }
    return stay;
}

/* When X last sent octets between the two entries. */
static int last_payload_between(const struct scene *s, int x, int from, int to)
{
    int last = NO_ENTRY;
    int end = to == NO_ENTRY ? s->ev->count : to + 1; /* its FIN may carry some */
    for (int i = from == NO_ENTRY ? 0 : from; i < end; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == x && g->payload_len && !(g->flags & TCP_RST))
            last = i;
    }
    return last;
}

/* An acknowledgment that comes later than any delay tells that octets before the FIN had been
 * missing until then. */
static int64_t stay_began_ns(const struct scene *s, int x, const struct state_entry *stay, int fin,
                             int ack)
{
    if (ack == NO_ENTRY || between_ns(s, fin, ack) <= rto_of(s, !x))
        return stay->at_ns;
    return s->ev->log[ack].time_ns;
}

/* New octets behind its number: it was none, or none that counts. */
static bool went_on_past_fin(const struct scene *s, int y)
{
    return seq_gt(s->c->side[y].nxt, seq_add(seq_of(s->states[y].fin_seq), 1));
}

static void judge_close_wait_stuck(struct scene *s, int x)
{
    const struct state_entry *left = NULL;
    const struct state_entry *stay = close_wait_of(&s->states[x], &left);
    int fin = stay ? entry_of_frame(s, stay->frame) : NO_ENTRY;
    int rst = left || fin == NO_ENTRY ? NO_ENTRY : next_entry(s, fin, x, TCP_RST, TCP_RST);
    int64_t until_ns = left ? left->at_ns : rst != NO_ENTRY ? s->ev->log[rst].time_ns : s->now_ns;
    /* That it acknowledged the FIN is what confirms CLOSE_WAIT. */
    if (!stay || stay->certainty != CERTAINTY_CONFIRMED || stay->at_ns == TIME_UNKNOWN ||
        until_ns == TIME_UNKNOWN || fin == NO_ENTRY || !s->ev->fin_seen[!x])
        return;
    int ack = entry_of_frame(s, stay->confirmed_by);
    int64_t from_ns = stay_began_ns(s, x, stay, fin, ack);
    int64_t stay_ns = elapsed_ns(from_ns, until_ns);
    if (stay_ns < s->config->stuck_ns || went_on_past_fin(s, !x))
        return;
    int end = left ? entry_of_frame(s, left->frame) : rst;
    int payload = last_payload_between(s, x, fin, end);
    bool sending = s->d && seldom_of(&s->d->side[x])->bytes_after_fin > 0 && payload != NO_ENTRY &&
                   elapsed_ns(s->ev->log[payload].time_ns, until_ns) < s->config->stuck_ns;
    /* Where it was not seen to leave, one missed segment is enough: its FIN may be that. */
    bool sure = left && (left->cause == CAUSE_SENT_FIN || left->cause == CAUSE_SENT_RST);
    /* Its own FIN may have passed before the capture began. */
    bool hidden = s->ends[x].opening_fin != OPENING_FIN_NONE;
    struct anomaly_verdict *a =
        say(s, RULE_CLOSE_WAIT_STUCK, x, sending ? SEVERITY_INFO : SEVERITY_NOTICE,
            hidden ? CONFIDENCE_POSSIBLE
            : sure ? CONFIDENCE_CERTAIN
                   : CONFIDENCE_PROBABLE,
            end);
    if (!a)
        return;
    a->at_ns = from_ns;
    figure(a, FIGURE_DURATION_NS, stay_ns);
    figure(a, FIGURE_BYTES_SENT, s->d ? (int64_t)seldom_of(&s->d->side[x])->bytes_after_fin : 0);
    figure_flag(a, FIGURE_STILL_WAITING, end == NO_ENTRY);
    show(s, a, fin,
         s->ev->log[fin].flags & TCP_FIN ? "FIN of the peer"
                                         : "completes what came before its FIN");
    if (ack != fin && ack != end)
        show(s, a, ack, "acknowledges the FIN");
    if (payload != ack && payload != end)
        show(s, a, payload, "still sends octets");
    show(s, a, end, "leaves CLOSE_WAIT");
}

/* ---- behind something ----------------------------------------------------------------------- */

static bool reset_seen(const struct scene *s)
{
    return (s->c->side[0].marks | s->c->side[1].marks) & SIDE_RST;
}

/* Octets of X that never passed, between what the peer has and `end`; where the first is missing.
 */
static uint32_t missing_octets(const struct scene *s, int x, seq_t end, seq_t *first)
{
    const struct ranges *holes = seldom_of(&s->d->side[x])->holes;
    seq_t una = s->c->side[x].una;
    uint32_t octets = 0;
    for (uint16_t i = 0; holes && i < holes->count; i++) {
        seq_t left = seq_max(holes->holes[i].left, una);
        seq_t right = seq_min(holes->holes[i].right, end);
        if (!seq_lt(left, right))
            continue;
        if (!octets)
            *first = left;
        octets += (uint32_t)seq_diff(right, left);
    }
    return octets;
}

/* The peer itself says that it lacks octets from `number` on: it repeats that number. */
static int asks_for(const struct scene *s, int x, int behind, seq_t number)
{
    for (int i = behind + 1; i < s->ev->count; i++) {
        const struct log_entry *h = &s->ev->log[i];
        if (h->side != x && (h->flags & (TCP_ACK | TCP_RST)) == TCP_ACK && seq_eq(h->ack, number))
            return i;
    }
    return NO_ENTRY;
}

static void judge_fin_over_hole(struct scene *s, int x)
{
    const struct fin_passage *p = fin_passage(s, x);
    seq_t first = seq_of(0);
    if (p->first == NO_ENTRY || p->acked_by != NO_ENTRY || !(s->c->side[x].marks & SIDE_ACKED))
        return;
    uint32_t octets = missing_octets(s, x, s->ev->fin_seq[x], &first);
    int64_t look = look_ns(s, p->first, p->reset_by);
    if (!octets || look < 3 * rto_of(s, x))
        return;
    int asked = asks_for(s, x, p->first, first);
    struct anomaly_verdict *a =
        say(s, RULE_FIN_OVER_HOLE, x, SEVERITY_NOTICE,
            asked != NO_ENTRY ? CONFIDENCE_PROBABLE : CONFIDENCE_POSSIBLE, p->first);
    figure(a, FIGURE_BYTES_MISSING, octets);
    figure(a, FIGURE_DURATION_NS, look);
    show(s, a, p->first, "FIN behind octets that never passed");
    show(s, a, asked, "acknowledges only what comes before these octets");
}

/* Shorter stalls are a reader's ordinary pauses. */
static int64_t stall_ns(const struct scene *s, int x)
{
    int64_t least_ns = 3 * s->config->rto_initial_ns;
    int64_t rto_ns = 3 * rto_of(s, x);
    return rto_ns > least_ns ? rto_ns : least_ns;
}

/* X has octets to send: some are unacknowledged, or its last word asks whether the window is open.
 */
static bool has_octets_to_send(const struct scene *s, int x)
{
    const struct side *own = &s->c->side[x];
    const struct seldom *d = seldom_of(&s->d->side[x]);
    return seq_gt(own->nxt, own->una) || (d->zero_window_probes && d->probe_ns == own->last_ns);
}

static void judge_fin_blocked(struct scene *s, int x)
{
    const struct side *own = &s->c->side[x];
    const struct side *peer = &s->c->side[!x];
    const uint16_t known = SIDE_SEEN | SIDE_ACKED;
    if (!s->d || (own->marks & known) != known || own->marks & SIDE_FIN || reset_seen(s) ||
        !(own->marks & SIDE_DATA) || !(peer->marks & SIDE_SPOKE))
        return;
    const struct side_detail *d = &s->d->side[x];
    seq_t first = seq_of(0);
    int32_t outstanding = seq_diff(own->nxt, own->una);
    bool shut = peer->window == 0 && has_octets_to_send(s, x);
    /* Nobody sends more than the window takes: such a gap is between two uses, or two captures. */
    uint64_t window = (uint64_t)peer->window << peer->window_scale % 15;
    bool hole = missing_octets(s, x, own->nxt, &first) && seq_eq(first, own->una) &&
                peer->last_ns > seldom_of(d)->hole_ns && outstanding > 0 &&
                (uint64_t)outstanding <= window;
    int64_t since_ns = d->timer_ns ? d->timer_ns : d->data_ns;
    int64_t stalled_ns = since_ns ? silence_since(s->ev, since_ns) : 0;
    if ((!shut && !hole) || stalled_ns < stall_ns(s, x))
        return;
    struct anomaly_verdict *a = say(s, RULE_FIN_BLOCKED, x, SEVERITY_NOTICE,
                                    shut ? CONFIDENCE_PROBABLE : CONFIDENCE_POSSIBLE, NO_ENTRY);
    if (!a)
        return;
    a->at_ns = since_ns;
    figure_word(a, FIGURE_BLOCKED_BY, shut ? "zero_window" : "hole");
    figure(a, FIGURE_BYTES_OUTSTANDING, outstanding > 0 ? outstanding : -1);
    figure(a, FIGURE_DURATION_NS, stalled_ns);
    show_segment(s, a, last_data_before_close(s, x), "last octets");
    show_segment(s, a, last_before_close(s, !x),
                 shut ? "the window is closed" : "acknowledges only what comes before the hole");
}

void judge_missing_fin_ack(struct scene *s, int both)
{
    (void)both;
    for (int x = 0; x < 2; x++) {
        ask(s, CLUE_BEHIND_FIN, judge_fin_unacknowledged, x);
        ask(s, CLUE_FIN, judge_close_wait_stuck, x);
        ask(s, CLUE_HOLE, judge_fin_over_hole, x);
        ask(s, CLUE_UNCLOSED, judge_fin_blocked, x);
    }
}
