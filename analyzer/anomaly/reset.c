#include "analyzer/anomaly/reset.h"

#include "analyzer/close.h"
#include "analyzer/elapsed.h"

#include <string.h>

#define WELL_KNOWN_PORTS 1024

int64_t span_ns(int64_t from_ns, int64_t to_ns)
{
    if (from_ns == TIME_UNKNOWN || to_ns == TIME_UNKNOWN)
        return -1;
    int64_t ns = elapsed_ns(from_ns, to_ns);
    return ns >= 0 ? ns : -1;
}

/* ---- what drew it --------------------------------------------------------------------------- */

/* One octet or none below the next number, after all was acknowledged. */
static bool is_probe_before_close(const struct scene *s, const struct log_entry *g)
{
    const struct close_start *start = &s->d->start;
    return g == last_before_close(s, g->side) && start->taken && start->seen[g->side] &&
           !start->outstanding[g->side] && !(g->flags & (TCP_SYN | TCP_FIN)) &&
           seq_eq(g->seq, seq_back(start->nxt[g->side], 1));
}

static enum drawn_by kind_of(const struct scene *s, const struct log_entry *g)
{
    bool probe = g->marks & LOG_PROBE || is_probe_before_close(s, g);
    return g->payload_len > 1   ? DRAWN_BY_DATA
           : probe              ? DRAWN_BY_PROBE
           : g->payload_len     ? DRAWN_BY_DATA
           : g->flags & TCP_FIN ? DRAWN_BY_FIN
                                : DRAWN_BY_ACK;
}

/* The first FIN or RST of either side. */
static int first_close_entry(const struct scene *s)
{
    for (int i = 0; i < s->ev->count; i++) {
        if (s->ev->log[i].flags & (TCP_FIN | TCP_RST))
            return i;
    }
    return NO_ENTRY;
}

/* When either side last said something before the entry. */
static int64_t heard_before(const struct scene *s, int entry)
{
    int64_t last_ns = TIME_UNKNOWN;
    if (entry > 0)
        last_ns = captured_ns(s->ev, entry - 1);
    int close = first_close_entry(s);
    for (int x = 0; s->d && s->d->start.taken && close != NO_ENTRY && entry >= close && x < 2; x++)
        last_ns = s->d->start.last_ns[x] > last_ns ? s->d->start.last_ns[x] : last_ns;
    return last_ns;
}

/* X had acknowledged this segment of Y's by then: its RST answers something else. */
static bool answered_before(const struct scene *s, const struct log_entry *g, const struct reset *r)
{
    seq_t end = entry_end(g);
    if (seq_eq(end, g->seq))
        return false;
    const struct log_entry *last = last_before_close(s, r->x);
    if (last && passed_before(g, last) && last->flags & TCP_ACK && seq_ge(last->ack, end))
        return true;
    for (int i = 0; i < r->entry; i++) {
        const struct log_entry *h = &s->ev->log[i];
        if (h->side == r->x && (h->flags & (TCP_ACK | TCP_RST)) == TCP_ACK && passed_before(g, h) &&
            seq_ge(h->ack, end))
            return true;
    }
    return false;
}

/* Y's last segments before the close are not in the log. */
static void drawn_before_close(const struct scene *s, struct reset *r)
{
    const struct log_entry *last = last_before_close(s, !r->x);
    const struct log_entry *data = last_data_before_close(s, !r->x);
    int64_t reply_ns = 3 * s->ev->rtt_ns[r->x] + s->config->rto_min_ns;
    if (!last || !(last->flags & TCP_ACK))
        return;
    int64_t since_ns = span_ns(last->time_ns, r->g->time_ns);
    if (since_ns < 0 || since_ns > reply_ns)
        return;
    const struct side_detail *peer = &s->d->side[!r->x];
    if (data && seq_eq(data->ack, r->g->seq) && !answered_before(s, data, r)) {
        r->drawn = data;
        r->drawn_exactly = true;
        r->drawn_idle_ns = peer->data_idle_ns;
    } else if (seq_eq(last->ack, r->g->seq) && !answered_before(s, last, r)) {
        r->drawn = last;
        r->drawn_exactly = true;
        r->drawn_idle_ns = peer->last_idle_ns;
    } else if (seq_gt(last->ack, r->g->seq)) {
        r->drawn = last; /* one before it, whose acknowledgment was still lower */
        r->drawn_idle_ns = peer->last_idle_ns;
    }
}

static void find_drawn(const struct scene *s, struct reset *r)
{
    r->drawn_entry = NO_ENTRY;
    r->drawn_idle_ns = -1;
    if (r->g->flags & TCP_ACK)
        return;
    int answered = rst_answers(s->ev, r->entry);
    bool exactly = answered >= 0 && seq_eq(s->ev->log[answered].ack, r->g->seq);
    if (!exactly)
        drawn_before_close(s, r);
    if (exactly || (answered >= 0 && !r->drawn_exactly)) {
        r->drawn_entry = answered;
        r->drawn = &s->ev->log[answered];
        r->drawn_exactly = exactly;
        r->drawn_idle_ns = span_ns(heard_before(s, answered), captured_ns(s->ev, answered));
    }
    if (r->drawn)
        r->drawn_by = kind_of(s, r->drawn);
}

/* ---- how its sender stood ------------------------------------------------------------------- */

static bool fin_before(const struct scene *s, int x, int entry)
{
    return s->states[x].fin_sent && s->ends[x].fin_first < entry;
}

static bool fin_acked_before(const struct scene *s, int x, int entry)
{
    return fin_before(s, x, entry) && s->ends[x].fin_acked_index >= 0 &&
           s->ends[x].fin_acked_index < entry;
}

/* A TTL varies by itself when paths do: any of the segments that were kept may bear it. */
static bool ttl_is_unlike(const struct scene *s, const struct reset *r)
{
    const struct side *own = &s->c->side[r->x];
    const struct log_entry *kept[] = {last_before_close(s, r->x), last_data_before_close(s, r->x)};
    if (!(own->marks & SIDE_SEEN) || own->ttl == r->g->ttl)
        return false;
    for (int i = 0; i < 2; i++) {
        if (kept[i] && kept[i]->ttl == r->g->ttl)
            return false;
    }
    for (int i = 0; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == r->x && !(g->flags & TCP_RST) && g->ttl == r->g->ttl)
            return false;
    }
    return true;
}

/* TTLs in order of passage: all up to some moment were one, and all since then another. */
struct ttl_run {
    bool known, moved, mixed;
    uint8_t before;
};

static void follow_ttl(struct ttl_run *run, const struct log_entry *g, uint8_t since)
{
    if (!run->known)
        run->before = g->ttl;
    run->known = true;
    run->mixed |= g->ttl != since && (run->moved || g->ttl != run->before);
    run->moved |= g->ttl == since && g->ttl != run->before;
}

/* When X's segments have had the RST's TTL only since some moment, somebody may have taken over. */
static struct ttl_run follow_ttls(const struct scene *s, const struct reset *r)
{
    struct ttl_run run = {0};
    const struct log_entry *last = last_before_close(s, r->x);
    int close = first_close_entry(s);
    for (int i = 0; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (i == close && last)
            follow_ttl(&run, last, r->g->ttl);
        if (g->side == r->x && !(g->flags & TCP_RST))
            follow_ttl(&run, g, r->g->ttl);
    }
    return run;
}

static bool changed_ttl_once(const struct scene *s, const struct reset *r)
{
    const struct side *own = &s->c->side[r->x];
    return own->ttl_changes == 1 && own->ttl == r->g->ttl;
}

/* What X still sends a round trip after an RST towards it shows that it did not get it. */
static bool went_on_after(const struct scene *s, int rst, int until)
{
    for (int i = rst + 1; i < until; i++) {
        const struct log_entry *g = &s->ev->log[i];
        bool own = g->side != s->ev->log[rst].side && !(g->flags & TCP_RST);
        if (own && between_ns(s, rst, i) > s->ev->rtt_ns[g->side] + s->config->rto_min_ns)
            return true;
    }
    return false;
}

void reset_find_peer(const struct scene *s, struct reset *r)
{
    for (int i = 0; i < r->entry && !r->peer_reset; i++) {
        const struct log_entry *g = &s->ev->log[i];
        r->peer_reset = g->side != r->x && g->flags & TCP_RST &&
                        rst_acceptable(s->ev, i, fin_before(s, !r->x, i), false) &&
                        !went_on_after(s, i, r->entry);
        if (r->peer_reset)
            r->since_peer_reset_ns = between_ns(s, i, r->entry);
    }
    for (int i = 0; i < r->entry; i++) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == r->x)
            continue;
        bool reset = g->flags & TCP_RST;
        bool heeded = reset && rst_acceptable(s->ev, i, fin_before(s, !r->x, i), false) &&
                      between_ns(s, i, r->entry) > may_stray_ns(s->ev, r->x);
        r->peer_gone = reset && (r->peer_gone || heeded);
    }
}

const struct log_entry *last_payload(const struct scene *s, int x, int before)
{
    for (int i = before - 1; i >= 0; i--) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side == x && g->payload_len && !(g->flags & TCP_RST) && !(g->marks & LOG_AGAIN)) {
            const struct log_entry *data = last_data_before_close(s, x);
            return data && passed_before(g, data) ? data : g;
        }
    }
    return last_data_before_close(s, x);
}

const struct log_entry *lost_payload(const struct scene *s, const struct reset *r)
{
    seq_t taken = s->c->side[!r->x].una;
    if (r->form == RESET_ABORT && !r->own_fin)
        taken = seq_max(taken, r->g->ack);
    for (int i = s->ev->count - 1; i >= 0; i--) {
        const struct log_entry *g = &s->ev->log[i];
        if (g->side != r->x && g->payload_len && !(g->flags & TCP_RST) &&
            seq_gt(seq_add(g->seq, g->payload_len), taken))
            return g;
    }
    const struct log_entry *data = last_data_before_close(s, !r->x);
    return data && seq_gt(entry_end(data), taken) ? data : NULL;
}

/* ---- what it cost --------------------------------------------------------------------------- */

static uint32_t octets_between(seq_t from, seq_t to)
{
    int32_t octets = seq_diff(to, from);
    return octets > 0 ? (uint32_t)octets : 0;
}

/* Of the side's octets in [from, to), those that passed. */
static uint32_t octets_passed(const struct scene *s, int x, seq_t from, seq_t to)
{
    uint32_t octets = octets_between(from, to);
    const struct ranges *holes = s->d ? seldom_of(&s->d->side[x])->holes : NULL;
    uint64_t missing =
        holes && octets ? ranges_missing_below(holes, to) - ranges_missing_below(holes, from) : 0;
    return missing < octets ? octets - (uint32_t)missing : 0;
}

/* The number of the first octets that Y sent so long after the RST that they cannot have met it on
 * the way: whatever became of them, this RST did not cost them. */
static seq_t end_of_met(const struct scene *s, const struct reset *r, seq_t end)
{
    int64_t way_ns = may_stray_ns(s->ev, !r->x) + s->config->rto_initial_ns;
    for (int i = r->entry + 1; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        bool fresh = g->side != r->x && g->payload_len && !(g->flags & TCP_RST) &&
                     !(g->marks & (LOG_AGAIN | LOG_LATE));
        if (fresh && between_ns(s, r->entry, i) > way_ns)
            return seq_min(end, g->seq);
    }
    return end;
}

/* Payload of Y beyond what X acknowledged; Y's FIN is none. */
static void count_lost(const struct scene *s, struct reset *r)
{
    const struct side *peer = &s->c->side[!r->x];
    if (!(peer->marks & SIDE_SEEN) || !(peer->marks & SIDE_ACKED))
        return;
    seq_t end = peer->nxt;
    if (s->states[!r->x].fin_sent && seq_gt(end, seq_of(s->states[!r->x].fin_seq)))
        end = seq_of(s->states[!r->x].fin_seq);
    end = end_of_met(s, r, end);
    seq_t taken = peer->una;
    bool tells = r->form == RESET_ABORT || (r->form == RESET_ODD && r->g->flags & TCP_ACK);
    if (tells && seq_gt(r->g->ack, taken) && seq_le(r->g->ack, peer->nxt)) {
        r->late_bytes = octets_between(taken, seq_min(r->g->ack, end));
        taken = r->g->ack;
    }
    r->bytes_lost = octets_passed(s, !r->x, taken, end);
    r->lost_with_gaps = r->bytes_lost < octets_between(taken, end);
}

/* What RSTs tell of Y's acknowledgments of X: Y's own when it carries one, and the number of a
 * later one of X's that answers an acknowledgment which the capture lacks. */
static seq_t acknowledged_by_resets(const struct scene *s, const struct reset *r, seq_t una)
{
    seq_t nxt = s->c->side[r->x].nxt;
    for (int i = 0; i < s->ev->count; i++) {
        const struct log_entry *g = &s->ev->log[i];
        bool carries = g->flags & TCP_ACK;
        if (!(g->flags & TCP_RST) || carries != (g->side != r->x) || i == r->entry ||
            (!carries && i < r->entry))
            continue;
        seq_t acked = carries ? g->ack : g->seq;
        if (seq_gt(acked, una) && seq_le(acked, nxt))
            una = acked;
    }
    return una;
}

/* Y had time to acknowledge, and X saw no reason to send again: Y may have had them, or the capture
 * missed the acknowledgment, as it did when an RST without ACK answers one. The end of the capture
 * hides it as well. */
static bool ack_may_be_missed(const struct scene *s, const struct reset *r)
{
    const struct log_entry *data = last_payload(s, r->x, r->entry);
    int64_t since_ns = data ? span_ns(data->time_ns, r->g->time_ns) : -1;
    bool ends =
        s->now_ns == TIME_UNKNOWN || seen_after_ns(s, r->entry) < may_cross_ns(s->ev, !r->x);
    bool again = s->d && seldom_of(&s->d->side[r->x])->rst_resends;
    return !again && (ends || since_ns > may_cross_ns(s->ev, !r->x) || !(r->g->flags & TCP_ACK));
}

static void count_own(const struct scene *s, struct reset *r)
{
    const struct side *own = &s->c->side[r->x];
    if (!(own->marks & SIDE_SEEN) || !(own->marks & SIDE_ACKED))
        return;
    seq_t end = own->nxt;
    if (s->states[r->x].fin_sent && seq_gt(end, seq_of(s->states[r->x].fin_seq)))
        end = seq_of(s->states[r->x].fin_seq);
    r->own_unacked = octets_passed(s, r->x, acknowledged_by_resets(s, r, own->una), end);
    r->own_doubtful = r->own_unacked && ack_may_be_missed(s, r);
}

/* The RST is numbered behind octets of X that the capture lacks, and that Y had not had when it
 * sent its last payload: they may be the answer. */
static bool answer_is_hidden(const struct scene *s, const struct reset *r,
                             const struct log_entry *asked)
{
    const struct side *own = &s->c->side[r->x];
    if (!(asked->flags & TCP_ACK) || seq_le(r->g->seq, asked->ack) ||
        seq_distance(r->g->seq, asked->ack) > UINT32_C(1) << 30)
        return false;
    if (own->marks & SIDE_SEEN && seq_gt(r->g->seq, own->nxt))
        return true;
    return s->d && seldom_of(&s->d->side[r->x])->holes &&
           ranges_missing(seldom_of(&s->d->side[r->x])->holes, asked->ack, r->g->seq);
}

/* Seen from its middle, a connection tells its client only by a port that servers listen on. */
static bool knows_client(const struct scene *s)
{
    bool mid_stream = s->verdict->caveats & (1u << CAVEAT_STARTS_MID_STREAM);
    return !mid_stream || (s->c->key.port[!s->client] < WELL_KNOWN_PORTS &&
                           s->c->key.port[s->client] >= WELL_KNOWN_PORTS);
}

static void weigh_payload(const struct scene *s, struct reset *r)
{
    const struct log_entry *own = last_payload(s, r->x, r->entry);
    const struct log_entry *peer = last_payload(s, !r->x, r->entry);
    r->any_payload = own || peer || (s->c->side[0].marks | s->c->side[1].marks) & SIDE_DATA;
    r->client_sure = knows_client(s);
    r->spoke_last = !peer || (own && passed_before(peer, own)) || answer_is_hidden(s, r, peer);
    r->unanswered = r->x != s->client && !r->spoke_last;
    r->unanswered_goodbye = r->unanswered && own && peer->payload_len <= CLOSING_RECORD_MAX &&
                            r->late_bytes >= peer->payload_len;
    if (peer && r->peer_fin && peer->payload_len <= CLOSING_RECORD_MAX) {
        seq_t fin_seq = seq_of(s->states[!r->x].fin_seq);
        if (seq_eq(seq_add(peer->seq, peer->payload_len), fin_seq))
            r->closing_octets = peer->payload_len;
    }
}

void reset_describe(const struct scene *s, int entry, struct reset *r)
{
    const struct log_entry *g = &s->ev->log[entry];
    *r = (struct reset){.x = g->side, .entry = entry, .g = g};
    r->form = reset_form_of(s->c, g);
    r->own_fin = fin_before(s, r->x, entry);
    r->peer_fin = fin_before(s, !r->x, entry);
    r->stage = reset_stage_of(s->c, r->own_fin || r->peer_fin);
    r->both_acked = fin_acked_before(s, 0, entry) && fin_acked_before(s, 1, entry);
    r->acceptable = rst_acceptable(s->ev, entry, r->own_fin, false);
    const struct side *peer = &s->c->side[!r->x];
    r->acks_unsent = g->flags & TCP_ACK && peer->marks & SIDE_SEEN && seq_gt(g->ack, peer->nxt);
    r->ttl_differs = ttl_is_unlike(s, r);
    struct ttl_run ttls = follow_ttls(s, r);
    bool moved = ttls.moved && !ttls.mixed;
    r->ttl_changed = !moved && !ttls.mixed && changed_ttl_once(s, r);
    r->ttl_moved = moved || r->ttl_changed;
    r->baseline_ttl = moved ? ttls.before : s->c->side[r->x].ttl;
    find_drawn(s, r);
    r->idle_ns = span_ns(heard_before(s, entry), captured_ns(s->ev, entry));
    count_lost(s, r);
    count_own(s, r);
    weigh_payload(s, r);
}

/* ---- figures -------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    int64_t seconds;
    const char *name;
} timeouts[] = {
    {60, "common_60s"},   {240, "azure_240s"},  {300, "common_300s"},  {350, "aws_nlb_350s"},
    {600, "common_600s"}, {900, "common_900s"}, {3600, "common_3600s"},
};

/* The codes that a NetScaler writes into the window of its resets, by the vendor's list (CTX200852).
 */
static const struct {
    uint16_t from, to;
} netscaler_codes[] = {
    {8196, 8196}, {8201, 8202}, {8204, 8214}, {9100, 9100}, {9201, 9222}, {9300, 9311},
    {9400, 9401}, {9450, 9460}, {9600, 9602}, {9700, 9704}, {9800, 9890}, {9900, 9915},
    {9951, 9973},
};
/* clang-format on */

const char *well_known_timeout(int64_t idle_ns)
{
    for (unsigned i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        int64_t timeout_ns = timeouts[i].seconds * NS_PER_S;
        int64_t off_ns = idle_ns > timeout_ns ? idle_ns - timeout_ns : timeout_ns - idle_ns;
        if (off_ns <= timeout_ns / 50)
            return timeouts[i].name;
    }
    return NULL;
}

static int64_t netscaler_code(const struct scene *s, const struct reset *r)
{
    uint16_t window = r->g->window;
    if (r->g->flags & TCP_ACK && window == s->c->side[r->x].window)
        return -1;
    for (unsigned i = 0; i < sizeof netscaler_codes / sizeof *netscaler_codes; i++) {
        if (window >= netscaler_codes[i].from && window <= netscaler_codes[i].to)
            return window;
    }
    return -1;
}

/* Weaver, Sommer, Paxson: "Detecting Forged TCP Reset Packets" (NDSS 2009). */
static const char *injection_label(const struct scene *s, const struct reset *r)
{
    const struct side *own = &s->c->side[r->x];
    for (int i = r->entry + 1; i < s->ev->count; i++) {
        const struct log_entry *h = &s->ev->log[i];
        if (h->side != r->x)
            continue;
        if (!(h->flags & TCP_RST) && h->payload_len && seq_ge(h->seq, r->g->seq))
            return "rst_seq_data";
        if (!(h->flags & TCP_RST))
            continue;
        if (!r->drawn && seq_gt(h->seq, r->g->seq))
            return "rst_seq_change";
        if (h->flags & r->g->flags & TCP_ACK && !seq_eq(h->ack, r->g->ack))
            return "rst_ack_change";
        break;
    }
    bool overtaken = !r->drawn && own->marks & SIDE_SEEN && seq_lt(r->g->seq, own->nxt) &&
                     seq_distance(r->g->seq, own->nxt) < UINT32_C(1) << 30;
    return overtaken ? "data_seq_rst" : NULL;
}

static void attach_reason(const struct scene *s, struct anomaly_verdict *a, const struct reset *r)
{
    const struct reset_reason *reason = s->d ? seldom_of(&s->d->side[r->x])->reset_reason : NULL;
    if (!reason)
        return;
    size_t length = reason->aux.text_len;
    if (length > sizeof a->reason)
        length = sizeof a->reason;
    memcpy(a->reason, reason->aux.text, length);
    a->reason_len = (uint8_t)length;
    if (length)
        figure(a, FIGURE_RESET_REASON, 1);
    if (reason->aux.has_mptcp_reason)
        figure(a, FIGURE_MPTCP_REASON, reason->aux.mptcp_reason);
}

void figure_octets(struct anomaly_verdict *a, enum figure_id id, uint32_t octets)
{
    figure(a, id, octets ? (int64_t)octets : -1);
}

void reset_figures(const struct scene *s, struct anomaly_verdict *a, const struct reset *r)
{
    static const char *const drawn_names[] = {"nothing", "data", "fin", "probe", "ack"};
    if (!a)
        return;
    figure_word(a, FIGURE_STAGE, reset_stage_name(r->stage));
    figure_word(a, FIGURE_FORM, reset_form_name(r->form));
    figure_word(a, FIGURE_DRAWN_BY, drawn_names[r->drawn_by]);
    figure(a, FIGURE_TTL, r->g->ttl);
    if (r->ttl_changed) {
        figure_flag(a, FIGURE_TTL_CHANGED, true);
    } else if (s->c->side[r->x].marks & SIDE_SEEN) {
        figure(a, FIGURE_BASELINE_TTL, r->baseline_ttl);
        figure_flag(a, FIGURE_TTL_DIFFERS, r->ttl_differs || r->ttl_moved);
    }
    figure_word(a, FIGURE_INJECTION_LABEL, injection_label(s, r));
    figure(a, FIGURE_NETSCALER_CODE, netscaler_code(s, r));
    attach_reason(s, a, r);
}
