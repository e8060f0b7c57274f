#include "analyzer/tcp/track.h"

#include "analyzer/elapsed.h"

#include <stdlib.h>
#include <string.h>

#define CONTROL_FLAGS (TCP_SYN | TCP_FIN | TCP_RST)

static uint16_t tap_of(const struct segment *segment)
{
    return segment->interface < TAP_MANY ? (uint16_t)segment->interface : TAP_MANY;
}

static seq_t segment_end(const struct segment *g)
{
    return seq_add(seq_of(g->seq),
                   g->payload_len + !!(g->flags & TCP_SYN) + !!(g->flags & TCP_FIN));
}

void connection_begin(struct connection *c, const struct flow_key *key,
                      const struct segment *segment)
{
    c->key = *key;
    c->first_ns = segment->time_ns;
    c->first_frame = segment->frame;
    c->world = segment->world;
    c->interface = tap_of(segment);
    c->vlan = segment->vlan;
    c->tunnel = segment->tunnel & 0x1fu;
    c->ip_version = segment->ip_version & 7u;
    c->side[0].last_ns = c->side[1].last_ns = TIME_UNKNOWN;
    if (segment->time_ns == TIME_UNKNOWN)
        c->marks |= CONN_UNTIMED;
}

void connection_finish(struct connection *c)
{
    if (!c->detail)
        return;
    free(c->detail->side[0].holes);
    free(c->detail->side[1].holes);
    free(c->detail->log);
    free(c->detail->previous);
    free(c->detail);
    c->detail = NULL;
}

static size_t ranges_bytes(const struct ranges *set)
{
    return set ? sizeof *set + set->room * sizeof *set->holes : 0;
}

size_t connection_extra_bytes(const struct connection *c)
{
    const struct detail *d = c->detail;
    if (!d)
        return 0;
    return sizeof *d + d->log_room * sizeof *d->log + ranges_bytes(d->side[0].holes) +
           ranges_bytes(d->side[1].holes) + (d->previous ? sizeof *d->previous : 0);
}

/* The next entry to write: at the end while there is room, then around the ring of the last ones.
 */
static struct log_entry *log_room(struct detail *d)
{
    if (d->log_total >= LOG_MAX) {
        d->log_count = LOG_MAX;
        return &d->log[LOG_FIRST + (d->log_total++ - LOG_FIRST) % LOG_TAIL];
    }
    if (d->log_count == d->log_room) {
        uint16_t room = d->log_room ? (uint16_t)(d->log_room * 2) : 4;
        struct log_entry *log = realloc(d->log, room * sizeof *log);
        if (!log)
            return NULL;
        d->log = log;
        d->log_room = room;
    }
    d->log_total++;
    return &d->log[d->log_count++];
}

uint16_t log_in_order(const struct detail *d, struct log_entry ordered[LOG_MAX])
{
    uint32_t linear = d->log_total <= LOG_MAX ? d->log_count : LOG_FIRST;
    if (linear)
        memcpy(ordered, d->log, linear * sizeof *ordered);
    /* The ring's oldest entry is the one that would be overwritten next. */
    for (uint32_t i = 0; linear + i < d->log_count; i++)
        ordered[linear + i] = d->log[LOG_FIRST + (d->log_total - LOG_FIRST + i) % LOG_TAIL];
    return d->log_count;
}

/* The only segment so far was a SYN, kept in the hot record alone: scans are many. */
static bool log_first_syn(struct connection *c, struct detail *d)
{
    for (uint8_t s = 0; s < 2; s++) {
        const struct side *side = &c->side[s];
        if (side->packets != 1 || c->side[!s].packets != 0 || !(side->marks & SIDE_SYN) ||
            side->marks & SIDE_SYN_ACK)
            continue;
        struct log_entry *entry = log_room(d);
        if (!entry)
            return false;
        d->side[s].mss = (uint16_t)c->syn_mss;
        *entry = (struct log_entry){
            .time_ns = c->first_ns,
            .frame = c->first_frame,
            .seq = side->isn,
            .payload_len = (uint32_t)side->payload_bytes,
            .ts_val = side->ts_val,
            .window = side->window,
            .flags = TCP_SYN,
            .side = s,
            .ttl = side->ttl,
            .marks = side->marks & SIDE_TIMESTAMPS ? LOG_TIMESTAMPS : 0,
        };
    }
    return true;
}

struct detail *connection_detail(struct connection *c)
{
    if (c->detail)
        return c->detail;
    struct detail *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    if (!log_first_syn(c, d)) {
        free(d);
        return NULL;
    }
    c->detail = d;
    return d;
}

bool numbers_fit(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    bool known = false;
    if (own->marks & (SIDE_SEEN | SIDE_ACKED)) {
        known = true;
        if (seq_distance(seq_of(g->seq), own->nxt) <= SPACE_DISTANCE)
            return true;
    }
    if (g->flags & TCP_ACK && peer->marks & (SIDE_SEEN | SIDE_ACKED)) {
        known = true;
        if (seq_distance(seq_of(g->ack), peer->nxt) <= SPACE_DISTANCE)
            return true;
    }
    return !known;
}

/* ---- copies made by the capture ------------------------------------------------------------- */

static uint32_t mix(uint32_t h, uint32_t x)
{
    h = (h ^ x) * UINT32_C(0x9e3779b1);
    return h ^ h >> 15;
}

static uint32_t signature_of(const struct segment *g)
{
    uint32_t h = mix(g->seq, g->ack);
    h = mix(h, g->payload_len);
    h = mix(h, (uint32_t)g->flags << 16 | g->window);
    h = mix(h, g->ts_val);
    h = mix(h, (uint32_t)g->ip_id << 16 | (g->sack_right & 0xffff));
    return (h & ~UINT32_C(0xff)) | g->ttl;
}

/* Microseconds since the connection began; wraps after 71 minutes, which comparisons of short
 * spans survive, those with what came before the beginning too. */
static uint32_t connection_us(const struct connection *c, int64_t time_ns)
{
    return (uint32_t)(time_ns / 1000) - (uint32_t)(c->first_ns / 1000);
}

/* Nothing in it that its side had not sent before. */
static bool nothing_new(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    if (!(own->marks & SIDE_SEEN))
        return false;
    if (!(g->flags & TCP_RST) && seq_gt(segment_end(g), own->nxt))
        return false;
    if (g->flags & TCP_ACK && (!(peer->marks & SIDE_ACKED) || seq_gt(seq_of(g->ack), peer->una)))
        return false;
    uint16_t before = own->marks;
    return !(g->flags & TCP_SYN && !(before & SIDE_SYN)) &&
           !(g->flags & TCP_FIN && !(before & SIDE_FIN)) &&
           !(g->flags & TCP_RST && !(before & SIDE_RST));
}

static bool captured_again(const struct side *own, const struct segment *g, uint32_t signature,
                           uint32_t now_us)
{
    for (int i = 0; i < RECENT_SEGMENTS; i++) {
        uint32_t differs = own->recent[i].signature ^ signature;
        if (own->recent[i].signature == 0 || differs > 0xff)
            continue;
        int32_t apart_us = (int32_t)(now_us - own->recent[i].sent_us);
        int64_t apart_ns = (apart_us < 0 ? -(int64_t)apart_us : apart_us) * 1000;
        if (apart_ns <= COPY_NS || (differs && g->ip_id && apart_ns <= ROUTED_COPY_NS))
            return true;
    }
    return false;
}

/* Only what repeats can be a copy: no RST but after another, nothing that fills a hole, nothing
 * whose stamp is newer than any before. */
static bool may_be_copy(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    if (g->flags & TCP_RST)
        return own->marks & SIDE_RST;
    if (g->marks & SEG_TIMESTAMPS && own->marks & SIDE_TIMESTAMPS &&
        seq_gt(seq_of(g->ts_val), seq_of(own->ts_val)))
        return false;
    if (c->detail && ranges_missing(c->detail->side[sender].holes, seq_of(g->seq), segment_end(g)))
        return false;
    return nothing_new(c, sender, g);
}

enum copy { NO_COPY, COPY_SAME_TAP, COPY_SECOND_TAP };

static enum copy copy_of(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    uint16_t tap = tap_of(g);
    if (g->time_ns == TIME_UNKNOWN || c->marks & CONN_UNTIMED) {
        own->tap = tap;
        return NO_COPY;
    }
    bool repeats = may_be_copy(c, sender, g);
    if (repeats && tap != own->tap && own->last_ns != TIME_UNKNOWN &&
        elapsed_ns(own->last_ns, g->time_ns) <= SECOND_TAP_NS &&
        elapsed_ns(g->time_ns, own->last_ns) <= SECOND_TAP_NS)
        return COPY_SECOND_TAP;
    uint32_t signature = signature_of(g);
    uint32_t now_us = connection_us(c, g->time_ns);
    if (repeats && captured_again(own, g, signature, now_us))
        return COPY_SAME_TAP;
    own->tap = tap;
    own->recent[1] = own->recent[0];
    own->recent[0] = (struct recent_segment){.signature = signature, .sent_us = now_us};
    return NO_COPY;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void note_syn(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    own->isn = seq_of(g->seq);
    own->marks |= SIDE_SYN | SIDE_ISN;
    if (g->flags & TCP_ACK)
        own->marks |= SIDE_SYN_ACK;
    if (g->marks & SEG_WINDOW_SCALE) {
        own->window_scale = g->window_scale;
        own->marks |= SIDE_SCALE;
    }
    if (g->marks & SEG_SACK_PERMITTED)
        own->marks |= SIDE_SACK_OK;
    if (g->marks & SEG_FAST_OPEN)
        own->marks |= SIDE_FAST_OPEN;
}

/* Keepalives and zero-window probes repeat the octet before the next, or none (RFC 9293 section
 * 3.8.4); nothing of it is outstanding. */
static bool is_probe(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    return g->payload_len <= 1 && !(g->flags & CONTROL_FLAGS) && own->marks & SIDE_ACKED &&
           own->marks & SIDE_SEEN && seq_eq(own->una, own->nxt) &&
           seq_eq(seq_of(g->seq), seq_back(own->nxt, 1));
}

/* A segment wholly below nxt: a probe, a late arrival, or octets sent again. */
static void take_old(struct connection *c, int sender, const struct segment *g, struct detail *d,
                     bool probe)
{
    struct side *own = &c->side[sender];
    struct side_detail *detail = &d->side[sender];
    seq_t seq = seq_of(g->seq);
    seq_t end = segment_end(g);
    if (probe) {
        detail->retransmitted_bytes += g->payload_len; /* its octet is an old one, or none at all */
        if (c->side[!sender].window == 0)
            detail->zero_window_probes++;
        else
            detail->keepalives++;
        return;
    }
    if (seq_eq(seq, end))
        return;
    uint32_t filled = ranges_fill(&detail->holes, seq, end);
    uint32_t again = (uint32_t)seq_diff(end, seq) - filled;
    if (again > g->payload_len)
        again = g->payload_len;
    bool timed = g->time_ns != TIME_UNKNOWN && detail->hole_ns != TIME_UNKNOWN;
    if (filled && timed && elapsed_ns(detail->hole_ns, g->time_ns) <= REORDER_NS) {
        detail->out_of_order_segments++;
        detail->retransmitted_bytes += again;
        return;
    }
    detail->retransmitted_segments++;
    detail->retransmitted_bytes += again;
    own->marks &= (uint16_t)~SIDE_SAMPLING;
}

static void advance(struct connection *c, int sender, seq_t nxt)
{
    struct side *own = &c->side[sender];
    if (ranges_retire_due(own->nxt, nxt) && c->detail)
        ranges_retire(c->detail->side[sender].holes, nxt);
    own->nxt = nxt;
}

/* Octets beyond nxt, and perhaps some below it. */
static bool take_new(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    seq_t seq = seq_of(g->seq);
    seq_t end = segment_end(g);
    bool held = true;
    if (seq_gt(seq, own->nxt)) {
        struct detail *d = connection_detail(c);
        held = d && ranges_append(&d->side[sender].holes, own->nxt, seq);
        if (d)
            d->side[sender].hole_ns = g->time_ns;
    } else if (seq_lt(seq, own->nxt)) {
        struct detail *d = connection_detail(c);
        held = d != NULL;
        if (d) {
            uint32_t overlap = (uint32_t)seq_diff(own->nxt, seq);
            uint32_t filled = ranges_fill(&d->side[sender].holes, seq, own->nxt);
            if (filled == overlap) {
                d->side[sender].out_of_order_segments++; /* acknowledged before it passed */
            } else {
                d->side[sender].retransmitted_bytes += overlap - filled;
                d->side[sender].retransmitted_segments++;
                own->marks &= (uint16_t)~SIDE_SAMPLING;
            }
        }
    }
    advance(c, sender, end);
    if (!(own->marks & SIDE_SAMPLING) && g->time_ns != TIME_UNKNOWN) {
        own->rtt_end = end;
        own->rtt_sent_us = connection_us(c, g->time_ns);
        own->marks |= SIDE_SAMPLING;
    }
    return held;
}

static bool track_numbers(struct connection *c, int sender, const struct segment *g, bool probe)
{
    struct side *own = &c->side[sender];
    if (g->flags & TCP_RST)
        return true; /* its number may be taken from the peer's acknowledgment: no testimony */
    seq_t end = segment_end(g);
    if (!(own->marks & SIDE_SEEN)) {
        bool beyond = !(own->marks & SIDE_ACKED) || seq_gt(end, own->nxt) ||
                      seq_distance(end, own->nxt) > SPACE_DISTANCE;
        own->marks |= SIDE_SEEN;
        if (!beyond)
            return true;
        own->nxt = seq_of(g->seq);
        return take_new(c, sender, g);
    }
    if (seq_distance(seq_of(g->seq), own->nxt) > SPACE_DISTANCE) {
        if (g->flags & TCP_SYN)
            own->nxt = end;
        return true;
    }
    if (seq_gt(end, own->nxt))
        return take_new(c, sender, g);
    if (g->payload_len || g->flags & (TCP_SYN | TCP_FIN) || seq_lt(seq_of(g->seq), own->nxt)) {
        struct detail *d = connection_detail(c);
        if (!d)
            return false;
        take_old(c, sender, g, d, probe);
    }
    return true;
}

static void sample_rtt(struct connection *c, struct side *timed, const struct segment *g)
{
    if (!(timed->marks & SIDE_SAMPLING) || seq_lt(seq_of(g->ack), timed->rtt_end))
        return;
    timed->marks &= (uint16_t)~SIDE_SAMPLING;
    if (g->time_ns == TIME_UNKNOWN)
        return;
    uint32_t rtt_us = connection_us(c, g->time_ns) - timed->rtt_sent_us;
    if (rtt_us > UINT32_C(0x80000000))
        return; /* the clock ran backwards in between */
    if (!(timed->marks & SIDE_RTT) || rtt_us < timed->min_rtt_us)
        timed->min_rtt_us = rtt_us;
    timed->marks |= SIDE_RTT;
}

static bool track_ack(struct connection *c, int sender, const struct segment *g)
{
    struct side *peer = &c->side[!sender];
    seq_t ack = seq_of(g->ack);
    bool refusal = g->flags & TCP_RST && g->seq == 0 && !(peer->marks & SIDE_SEEN);
    if (!(g->flags & TCP_ACK) || (g->flags & TCP_RST && !refusal))
        return true;
    if (!(peer->marks & SIDE_ACKED)) {
        if (peer->marks & SIDE_SEEN && seq_distance(ack, peer->nxt) > SPACE_DISTANCE)
            return true;
        /* A SYN on a tuple that its end still holds draws an ACK of the old numbers. */
        if (peer->marks & SIDE_SYN && !(c->side[sender].marks & SIDE_SYN) &&
            (seq_le(ack, peer->isn) || seq_gt(ack, peer->nxt)))
            return true;
        peer->una = ack;
        peer->marks |= SIDE_ACKED;
        if (!(peer->marks & SIDE_SEEN))
            peer->nxt = ack;
        if (g->flags & TCP_SYN && !(peer->marks & SIDE_ISN)) {
            peer->isn = seq_back(ack, 1);
            peer->marks |= SIDE_ISN;
        }
    } else if (seq_distance(ack, peer->una) <= SPACE_DISTANCE) {
        if (seq_gt(ack, peer->una) && c->detail) {
            c->detail->side[!sender].una_before = peer->una;
            c->detail->side[!sender].una_advanced = true;
        }
        peer->una = seq_max(peer->una, ack);
    }
    sample_rtt(c, peer, g);
    if (seq_gt(peer->una, peer->nxt)) {
        /* Octets that the peer sent and the tap did not see (yet). */
        bool held = true;
        if (peer->marks & SIDE_SEEN) {
            struct detail *d = connection_detail(c);
            held = d && ranges_append(&d->side[!sender].holes, peer->nxt, peer->una);
            if (d)
                d->side[!sender].hole_ns = g->time_ns;
        }
        advance(c, !sender, peer->una);
        return held;
    }
    return true;
}

/* ---- what a handshake or a close needs ------------------------------------------------------ */

static void note_completeness(struct connection *c, const struct segment *g)
{
    unsigned bits = 0;
    if (g->flags & TCP_SYN)
        bits |= g->flags & TCP_ACK ? COMPLETE_SYN_ACK : COMPLETE_SYN;
    else if (g->flags & TCP_ACK && !g->payload_len)
        bits |= COMPLETE_ACK;
    if (g->payload_len)
        bits |= COMPLETE_DATA;
    if (g->flags & TCP_FIN)
        bits |= COMPLETE_FIN;
    if (g->flags & TCP_RST)
        bits |= COMPLETE_RST;
    c->completeness |= bits & 0x3fu;
}

/* Its number, or what it acknowledges, lies beyond all octets that passed: perhaps a FIN. */
static bool testifies_unseen(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    bool bare = !g->payload_len && !(g->flags & CONTROL_FLAGS);
    if (bare && own->marks & SIDE_SEEN && seq_gt(seq_of(g->seq), own->nxt))
        return true;
    return g->flags & TCP_ACK && peer->marks & (SIDE_SEEN | SIDE_ACKED) &&
           seq_gt(seq_of(g->ack), peer->nxt);
}

/* A single octet is missing at the very end of a direction: as long as nothing follows, its FIN. */
static bool fin_may_be_unseen(const struct connection *c, int s)
{
    const struct ranges *holes = c->detail ? c->detail->side[s].holes : NULL;
    if (ranges_empty(holes))
        return !(c->side[s].marks & SIDE_SEEN);
    const struct range *last = &holes->holes[holes->count - 1];
    return seq_eq(last->right, c->side[s].nxt) && seq_diff(last->right, last->left) == 1;
}

static bool is_logged(const struct connection *c, int sender, const struct segment *g)
{
    uint16_t both = c->side[0].marks | c->side[1].marks;
    return g->flags & CONTROL_FLAGS || !(c->marks & CONN_ESTABLISHED) ||
           both & (SIDE_FIN | SIDE_RST) || !(c->side[sender].marks & SIDE_SPOKE) ||
           testifies_unseen(c, sender, g) ||
           (c->detail && (fin_may_be_unseen(c, 0) || fin_may_be_unseen(c, 1)));
}

static bool log_segment(struct connection *c, int sender, const struct segment *g, uint8_t marks)
{
    bool lone = c->side[0].packets + c->side[1].packets == 0;
    bool lone_syn = lone && (g->flags & (CONTROL_FLAGS | TCP_ACK)) == TCP_SYN;
    bool stream = lone && !(g->flags & CONTROL_FLAGS);
    if (((lone_syn || stream) && !c->detail) || !is_logged(c, sender, g))
        return true;
    struct detail *d = connection_detail(c);
    struct log_entry *entry = d ? log_room(d) : NULL;
    if (!entry)
        return false;
    *entry = (struct log_entry){
        .time_ns = g->time_ns,
        .frame = g->frame,
        .seq = seq_of(g->seq),
        .ack = seq_of(g->ack),
        .payload_len = g->payload_len,
        .ts_val = g->ts_val,
        .ts_ecr = g->ts_ecr,
        .window = g->window,
        .ip_id = g->ip_id,
        .flags = (uint8_t)g->flags,
        .side = (uint8_t)sender,
        .ttl = g->ttl,
        .marks = marks,
    };
    return true;
}

static uint8_t log_marks_of(const struct segment *g, bool again)
{
    return (uint8_t)((g->marks & SEG_TIMESTAMPS ? LOG_TIMESTAMPS : 0) |
                     (g->marks & SEG_DSACK ? LOG_DSACK : 0) | (again ? LOG_AGAIN : 0));
}

/* What only the numbers tell, once they were tracked. */
static void mark_last_entry(struct connection *c, int sender, const struct segment *g, bool probe)
{
    struct detail *d = c->detail;
    if (!d || !d->log_total)
        return;
    uint32_t last = d->log_total - 1;
    struct log_entry *entry =
        &d->log[last < LOG_MAX ? last : LOG_FIRST + (last - LOG_FIRST) % LOG_TAIL];
    if (entry->frame != g->frame || entry->side != sender)
        return;
    const struct ranges *holes = d->side[sender].holes;
    if (!ranges_empty(holes) && seq_lt(holes->holes[0].left, segment_end(g)) &&
        seq_ge(holes->holes[0].left, c->side[sender].una))
        entry->marks |= LOG_HOLE;
    if (probe)
        entry->marks |= LOG_PROBE;
}

/* The first FIN or RST: how things stood just before it. */
static void note_close_start(struct connection *c)
{
    struct close_start *start = &c->detail->start;
    if (start->taken)
        return;
    start->taken = true;
    for (int s = 0; s < 2; s++) {
        const struct side *side = &c->side[s];
        int32_t outstanding = side->marks & SIDE_ACKED ? seq_diff(side->nxt, side->una) : 0;
        start->outstanding[s] = outstanding > 0 ? (uint32_t)outstanding : 0;
        start->window[s] = side->window;
        start->last_ns[s] = side->last_ns;
    }
}

static uint16_t counted(uint16_t n)
{
    return n < UINT16_MAX ? (uint16_t)(n + 1) : n;
}

/* Transmissions without progress, and when: what tells that an endpoint gave up. */
static void note_again(struct connection *c, int sender, const struct segment *g, bool again,
                       bool probe)
{
    struct side_detail *own = &c->detail->side[sender];
    if (probe) {
        own->probe_run = counted(own->probe_run);
        own->probe_ns = g->time_ns;
    }
    bool octets = g->payload_len || g->flags & (TCP_SYN | TCP_FIN);
    if (!octets || probe || g->time_ns == TIME_UNKNOWN)
        return;
    if (again) {
        int64_t before_ns = own->again_run ? own->again_ns : own->data_ns;
        own->again_gap_ns = before_ns ? elapsed_ns(before_ns, g->time_ns) : 0;
        own->again_ns = g->time_ns;
        own->again_run = counted(own->again_run);
    } else {
        own->again_run = 0;
    }
    own->data_ns = g->time_ns;
}

/* Counters and marks of FIN, RST and SYN. Without a detail the segment is the first, a lone SYN. */
static void note_control(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    uint16_t mss = g->marks & SEG_MSS ? g->mss : 0;
    if (!c->detail) {
        c->syn_mss = mss;
        return;
    }
    struct side_detail *detail = &c->detail->side[sender];
    if (g->flags & TCP_FIN) {
        if (!detail->fins++)
            detail->fin_seq = seq_back(segment_end(g), 1);
        own->marks |= SIDE_FIN;
    }
    if (g->flags & TCP_RST) {
        detail->rsts++;
        own->marks |= SIDE_RST;
    }
    if (g->flags & TCP_SYN && mss)
        detail->mss = mss;
}

static void note_progress(struct connection *c)
{
    struct side *a = &c->side[0];
    struct side *b = &c->side[1];
    bool syns = a->marks & SIDE_SYN && b->marks & SIDE_SYN;
    if (syns && a->marks & SIDE_ACKED && b->marks & SIDE_ACKED)
        c->marks |= CONN_ESTABLISHED;
    for (int s = 0; s < 2; s++) {
        struct side *own = &c->side[s];
        /* Who opens says nothing but SYN and RST until its peer's SYN has come: so it is known even
         * where the tap missed the one or the other. */
        if (own->marks & SIDE_SPOKE && (own->marks & SIDE_SYN || c->side[!s].marks & SIDE_SYN_ACK))
            c->marks |= CONN_ESTABLISHED;
        if (own->marks & SIDE_FIN && own->marks & SIDE_ACKED &&
            seq_gt(own->una, c->detail->side[s].fin_seq))
            own->marks |= SIDE_FIN_ACKED;
    }
    /* What never opened is kept like any other attempt: its stragglers may come minutes later. */
    bool opened = c->marks & CONN_ESTABLISHED && (a->marks | b->marks) & SIDE_SEEN;
    bool reset = opened && (a->marks | b->marks) & SIDE_RST;
    if (reset || (a->marks & SIDE_FIN_ACKED && b->marks & SIDE_FIN_ACKED))
        c->marks |= CONN_CLOSED;
}

/* A copy is counted and goes no further. */
static bool count_copy(struct connection *c, int sender, enum copy copy)
{
    struct detail *d = connection_detail(c);
    if (!d)
        return false;
    if (copy == COPY_SECOND_TAP)
        d->side[sender].second_tap++;
    else
        d->side[sender].captured_twice++;
    return true;
}

static void note_marks(struct connection *c, const struct segment *g)
{
    if (g->marks & SEG_OPTIONS_CUT)
        c->marks |= CONN_OPTIONS_CUT;
    if (g->marks & SEG_MPTCP)
        c->marks |= CONN_MPTCP;
    if (g->marks & SEG_SIGNED)
        c->marks |= CONN_SIGNED;
}

bool connection_absorb(struct connection *c, const struct connection *forged)
{
    struct detail *d = connection_detail(c);
    if (!d)
        return false;
    for (int s = 0; s < 2; s++) {
        c->side[s].packets += forged->side[s].packets;
        c->side[s].ip_bytes += forged->side[s].ip_bytes;
        if (forged->side[s].last_ns > c->side[s].last_ns)
            c->side[s].last_ns = forged->side[s].last_ns;
    }
    struct log_entry ordered[LOG_MAX];
    uint16_t count = forged->detail ? log_in_order(forged->detail, ordered) : 0;
    for (uint16_t i = 0; i < count; i++) {
        struct log_entry *entry = log_room(d);
        if (!entry)
            return false;
        *entry = ordered[i];
        if (entry->flags & TCP_SYN)
            entry->marks |= LOG_FORGED;
    }
    return true;
}

static void note_segment(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    own->packets++;
    own->ip_bytes += g->ip_bytes;
    own->payload_bytes += g->payload_len;
    if (!(g->flags & TCP_RST) || own->packets == 1)
        own->ttl = g->ttl;
    if (!(g->flags & TCP_RST))
        own->window = g->window;
    if (g->payload_len)
        own->marks |= SIDE_DATA;
    if (!(g->flags & (TCP_SYN | TCP_RST)))
        own->marks |= SIDE_SPOKE;
    if (g->marks & SEG_TIMESTAMPS) {
        bool newer = seq_gt(seq_of(g->ts_val), seq_of(own->ts_val));
        if (newer || !(own->marks & SIDE_TIMESTAMPS))
            own->ts_val = g->ts_val;
        own->marks |= SIDE_TIMESTAMPS;
    }
    if (g->time_ns != TIME_UNKNOWN && own->last_ns != TIME_UNKNOWN && g->time_ns < own->last_ns)
        c->marks |= CONN_CLOCK_BACKWARDS;
    if (g->time_ns > own->last_ns)
        own->last_ns = g->time_ns;
    if (c->detail)
        c->detail->side[!sender].probe_run = 0;
}

/* Its receiver drops a segment whose header cannot be: nothing in it is testimony. */
static bool count_malformed(struct connection *c, int sender, const struct segment *g)
{
    struct detail *d = connection_detail(c);
    if (!d)
        return false;
    d->side[sender].malformed++;
    c->side[sender].packets++;
    c->side[sender].ip_bytes += g->ip_bytes;
    return true;
}

bool track_segment(struct connection *c, int sender, const struct segment *g)
{
    if (g->marks & SEG_MALFORMED)
        return count_malformed(c, sender, g);
    enum copy copy = copy_of(c, sender, g);
    if (copy != NO_COPY)
        return count_copy(c, sender, copy);
    bool again = nothing_new(c, sender, g);
    uint8_t marks = log_marks_of(g, again);
    if (testifies_unseen(c, sender, g))
        marks |= LOG_UNSEEN;
    bool held = log_segment(c, sender, g, marks);
    if (g->flags & (TCP_FIN | TCP_RST) && c->detail)
        note_close_start(c);
    if (g->flags & TCP_SYN && !(c->side[sender].marks & SIDE_SYN))
        note_syn(c, sender, g);
    bool probe = is_probe(c, sender, g);
    held &= track_numbers(c, sender, g, probe);
    held &= track_ack(c, sender, g);
    mark_last_entry(c, sender, g, probe);
    note_completeness(c, g);
    note_marks(c, g);
    note_segment(c, sender, g);
    if (c->detail)
        note_again(c, sender, g, again, probe);
    if (g->flags & CONTROL_FLAGS)
        note_control(c, sender, g);
    note_progress(c);
    return held;
}
