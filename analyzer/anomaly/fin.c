#include "analyzer/anomaly/fin.h"

#include "analyzer/elapsed.h"

int64_t crossing_ns(const struct scene *s, int x)
{
    /* As long as nothing was measured, only what no way takes is told from a crossing. */
    if (!s->ev->rtt_known[x])
        return s->config->rto_initial_ns;
    return s->ev->rtt_ns[x] + s->ev->rtt_ns[x] / 4 + NS_PER_MS;
}

bool is_timed(const struct scene *s, int entry)
{
    return captured_ns(s->ev, entry) != TIME_UNKNOWN;
}

int64_t look_ns(const struct scene *s, int entry, int until)
{
    return until == NO_ENTRY ? seen_after_ns(s, entry) : between_ns(s, entry, until);
}

/* Every stack's timestamp clock ticks once a second at least (RFC 7323 section 5.4). */
#define STAMP_TICK_NS (2 * NS_PER_S)

static bool same_segment(const struct log_entry *g, const struct log_entry *h)
{
    return h->side == g->side && seq_eq(h->seq, g->seq) && seq_eq(h->ack, g->ack) &&
           h->flags == g->flags && h->ts_val == g->ts_val;
}

/* Segments of the same side that differ, and bear one number: it tells none of them apart. */
static bool numbers_all_alike(const struct scene *s, const struct log_entry *g)
{
    const struct log_entry *before = last_before_close(s, g->side);
    if (before && before->ip_id == g->ip_id && !same_segment(g, before))
        return true;
    for (int i = 0; i < s->ev->count; i++) {
        const struct log_entry *h = &s->ev->log[i];
        if (h->side == g->side && h->ip_id == g->ip_id && !same_segment(g, h))
            return true;
    }
    return false;
}

/* A stack numbers and stamps anew what it sends again. A copy keeps both, or comes soon. */
bool is_network_copy(const struct scene *s, int entry)
{
    const struct log_entry *g = &s->ev->log[entry];
    if (!(g->marks & LOG_AGAIN))
        return false;
    for (int i = entry - 1; i >= 0; i--) {
        const struct log_entry *h = &s->ev->log[i];
        if (!same_segment(g, h))
            continue;
        int64_t apart_ns = between_ns(s, i, entry);
        bool stamped = g->marks & h->marks & LOG_TIMESTAMPS;
        bool numbered = g->ip_id && g->ip_id == h->ip_id && !numbers_all_alike(s, g);
        if (stamped && apart_ns > STAMP_TICK_NS)
            return true;
        return numbered && (stamped || apart_ns < s->config->rto_min_ns);
    }
    return false;
}

int fin_of(const struct scene *s, int x)
{
    int fin = s->ev->fin_seen[x] ? next_entry(s, 0, x, TCP_FIN | TCP_RST, TCP_FIN) : NO_ENTRY;
    bool before_syn = fin != NO_ENTRY && next_entry(s, fin, x, TCP_SYN, TCP_SYN) != NO_ENTRY;
    return before_syn ? NO_ENTRY : fin;
}

static bool carries_fin(const struct scene *s, int x, const struct log_entry *g)
{
    return g->side == x && (g->flags & (TCP_FIN | TCP_RST)) == TCP_FIN &&
           seq_eq(entry_end(g), seq_add(s->ev->fin_seq[x], 1));
}

/* Nothing above the highest number that X sends is acceptable (RFC 9293 section 3.10.7.4, fifth):
 * it is about another use of the five-tuple, or from somebody else. */
static bool acknowledges_fin(const struct scene *s, int x, const struct log_entry *g, seq_t most)
{
    seq_t behind = seq_add(s->ev->fin_seq[x], 1);
    return g->side != x && (g->flags & (TCP_ACK | TCP_RST)) == TCP_ACK && seq_ge(g->ack, behind) &&
           seq_le(g->ack, most);
}

/* Where lengths are not what they were, X's own later segments tell. */
static seq_t highest_sent(const struct scene *s, int x)
{
    seq_t most = seq_add(s->ev->fin_seq[x], 1);
    for (int i = 0; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        bool sent = g->side == x && !(g->flags & (TCP_SYN | TCP_RST));
        if (sent && seq_distance(entry_end(g), most) < UINT32_C(1) << 30)
            most = seq_max(most, entry_end(g));
    }
    return most;
}

/* In a simultaneous close some stacks, BSD's among them, repeat their FIN in the very segment that
 * acknowledges the peer's: it answers that, and says nothing of what came after. */
static bool answers_fin(const struct scene *s, int x, int entry)
{
    int fin = fin_of(s, !x);
    if (fin == NO_ENTRY || fin > entry || seq_le(s->ev->log[entry].ack, s->ev->fin_seq[!x]))
        return false;
    for (int i = fin; i < entry; i++) {
        const struct log_entry *h = &s->ev->log[i];
        if (h->side == x && h->flags & TCP_ACK && seq_gt(h->ack, s->ev->fin_seq[!x]))
            return false;
    }
    return true;
}

/* Directly behind a segment of the peer, sooner than X's way takes. */
static bool follows_peer(const struct scene *s, int x, int before, int again)
{
    int64_t way_ns = s->ev->rtt_known[x] ? crossing_ns(s, x) : NS_PER_MS;
    int asked = again - 1;
    return asked > before && s->ev->log[asked].side != x && is_timed(s, asked) &&
           between_ns(s, asked, again) <= way_ns;
}

bool is_answer(const struct scene *s, int x, int before, int again)
{
    return !s->ev->log[again].payload_len && is_timed(s, before) && is_timed(s, again) &&
           between_ns(s, before, again) < s->config->rto_min_ns &&
           (follows_peer(s, x, before, again) || answers_fin(s, x, again));
}

bool is_for_octets_before(const struct scene *s, int x, int first, int again)
{
    uint32_t sacked_nth = s->d ? seldom_of(&s->d->side[x])->fin_sacked_nth : 0;
    const struct log_entry *g = &s->ev->log[again];
    if (sacked_nth && (int32_t)(sacked_nth - g->nth) < 0)
        return true;
    const struct log_entry *fin = &s->ev->log[first];
    return fin->marks & LOG_HOLE && g->payload_len && seq_lt(g->seq, fin->seq);
}

/* What a capture at several places mixes up is no farther apart, and no timer is as short. */
#define OUT_OF_ORDER_NS (3 * NS_PER_MS)

/* The segment that entry `i` acknowledges passes for the first time, and so soon that it is not the
 * repetition of one that the capture lacks. */
static int acknowledged_too_early(const struct scene *s, int i)
{
    const struct log_entry *g = &s->ev->log[i];
    if (!(g->marks & LOG_UNSEEN) || !(g->flags & TCP_ACK))
        return NO_ENTRY;
    for (int k = i + 1; k < s->ev->count && between_ns(s, i, k) <= OUT_OF_ORDER_NS; k++) {
        const struct log_entry *h = &s->ev->log[k];
        if (h->side != g->side && !(h->marks & LOG_AGAIN) && seq_lt(h->seq, g->ack) &&
            seq_ge(entry_end(h), g->ack))
            return k;
    }
    return NO_ENTRY;
}

bool is_out_of_order(const struct scene *s, int before, int again)
{
    if (!is_timed(s, before) || !is_timed(s, again) ||
        between_ns(s, before, again) > OUT_OF_ORDER_NS)
        return false;
    for (int i = 0; i <= again; i++) {
        if (acknowledged_too_early(s, i) >= before)
            return true;
    }
    return false;
}

static enum fin_again kind_of(const struct scene *s, int x, const struct fin_passage *p, int entry)
{
    if (p->acked_by == NO_ENTRY)
        return FIN_BEFORE_ACK;
    if (!is_timed(s, p->acked_by) || !is_timed(s, entry))
        return FIN_UNTIMED;
    int64_t gap_ns = between_ns(s, p->acked_by, entry);
    bool crossed =
        gap_ns < crossing_ns(s, x) || (gap_ns < s->config->rto_min_ns && answers_fin(s, x, entry));
    return crossed ? FIN_CROSSED_ACK : FIN_AFTER_ACK;
}

/* The tap may show two segments in the wrong order, but not by that much. */
static bool acknowledged_before_it_passed(const struct scene *s, int x, const struct fin_passage *p,
                                          int entry)
{
    return kind_of(s, x, p, entry) == FIN_AFTER_ACK &&
           between_ns(s, p->acked_by, entry) >= s->config->rto_min_ns;
}

/* Those that gave way in a full log stood before the last ones. */
static void count_dropped(const struct scene *s, int x, struct fin_passage *p, int first_of_tail)
{
    uint32_t kept = 0;
    for (int i = 0; i < s->ev->count; i++)
        kept += s->ev->log[i].side == x && s->ev->log[i].flags & TCP_FIN;
    uint32_t fins = s->d ? s->d->side[x].fins : 0;
    bool gave_way = s->d && s->d->log_total > s->d->log_count;
    if (!gave_way || fins <= kept || first_of_tail == NO_ENTRY)
        return;
    for (int kind = 0; kind < FIN_AGAINS; kind++) {
        for (int i = 0; i < p->kept[kind]; i++) {
            if (p->again[kind][i] == first_of_tail)
                p->count[kind] += fins - kept;
        }
    }
}

/* Of what is kept only as much counts as was put in. */
static void begin_passage(struct fin_passage *p)
{
    p->first = p->acked_by = p->reset_by = NO_ENTRY;
    p->first_unseen = false;
    for (int kind = 0; kind < FIN_AGAINS; kind++) {
        p->count[kind] = 0;
        p->kept[kind] = 0;
    }
}

static void make_passage(const struct scene *s, int x, struct fin_passage *p)
{
    begin_passage(p);
    if (fin_of(s, x) == NO_ENTRY)
        return;
    int first_of_tail = NO_ENTRY;
    seq_t behind = seq_add(s->ev->fin_seq[x], 1);
    seq_t most = highest_sent(s, x);
    for (int i = 0; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        bool passed = p->first != NO_ENTRY;
        if (p->acked_by == NO_ENTRY && acknowledges_fin(s, x, g, passed ? most : behind))
            p->acked_by = i;
        if (g->flags & TCP_RST && p->reset_by == NO_ENTRY && p->first != NO_ENTRY)
            p->reset_by = i;
        if (!carries_fin(s, x, g))
            continue;
        if (p->first == NO_ENTRY) {
            p->first = i;
            p->first_unseen = p->acked_by != NO_ENTRY && acknowledged_before_it_passed(s, x, p, i);
            if (!p->first_unseen)
                continue;
        } else if (is_network_copy(s, i)) {
            continue;
        }
        enum fin_again kind = kind_of(s, x, p, i);
        p->count[kind]++;
        p->again[kind][p->kept[kind]++] = i;
        if (i >= LOG_FIRST && first_of_tail == NO_ENTRY)
            first_of_tail = i;
    }
    count_dropped(s, x, p, first_of_tail);
}

const struct fin_passage *fin_passage(const struct scene *s, int x)
{
    struct fin_passages *all = s->fins;
    if (!all->made[x])
        make_passage(s, x, &all->of[x]);
    all->made[x] = true;
    return &all->of[x];
}

struct pauses pauses_of(const struct scene *s, int first, const int *entries, int count)
{
    struct pauses p = {.first_ns = -1, .last_ns = -1, .doubling = count > 1, .growing = true};
    for (int i = 0; i < count; i++) {
        int64_t pause_ns = between_ns(s, i ? entries[i - 1] : first, entries[i]);
        /* The first of three may be a tail loss probe's, which no timer doubles. */
        if (i > 1 || (i == 1 && count == 2))
            p.doubling &= pause_ns >= p.last_ns + p.last_ns / 2 && pause_ns <= 3 * p.last_ns;
        if (i > 0)
            p.growing &= pause_ns >= p.last_ns - p.last_ns / 4;
        if (i == 0)
            p.first_ns = pause_ns;
        p.last_ns = pause_ns;
    }
    return p;
}
