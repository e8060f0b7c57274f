#include "analyzer/tcp/track.h"

#include "analyzer/elapsed.h"
#include "analyzer/tcp/closing.h"
#include "analyzer/tcp/copies.h"
#include "analyzer/tcp/kept.h"
#include "analyzer/tcp/log.h"
#include "analyzer/tcp/numbers.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/ordinary.h"
#include "analyzer/tcp/padding.h"

#include <stdlib.h>

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

static uint16_t counted(uint16_t n)
{
    return n < UINT16_MAX ? (uint16_t)(n + 1) : n;
}

/* The first and the last of what is sent in vain, as it is remembered. False when memory ran out.
 */
static bool note_run(struct connection *c, int sender, const struct segment *g, bool begins)
{
    struct seldom *seldom = seldom_made(c, sender);
    if (seldom && !seldom->run)
        seldom->run = calloc(1, sizeof *seldom->run);
    if (!seldom || !seldom->run)
        return false;
    seldom->run->last = log_entry_of(c, sender, g, true);
    if (begins)
        seldom->run->first = seldom->run->last;
    return true;
}

static bool note_probe(struct connection *c, int sender, const struct segment *g)
{
    struct side_detail *own = &c->detail->side[sender];
    struct seldom *seldom = seldom_made(c, sender);
    if (!seldom)
        return false;
    bool held = note_run(c, sender, g, !own->probe_run);
    if (own->probe_run && g->time_ns != TIME_UNKNOWN && seldom->probe_ns != TIME_UNKNOWN)
        seldom->probe_gap_ns = elapsed_ns(seldom->probe_ns, g->time_ns);
    own->probe_run = counted(own->probe_run);
    seldom->probe_ns = g->time_ns;
    return held;
}

/* Payload that had passed before, and whose acknowledgment had not. */
static bool is_resend(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    seq_t seq = seq_of(g->seq);
    seq_t end = seq_add(seq, g->payload_len);
    return g->payload_len && !(g->flags & (TCP_SYN | TCP_RST)) && own->marks & SIDE_SEEN &&
           seq_distance(seq, own->nxt) <= SPACE_DISTANCE && seq_le(end, own->nxt) &&
           (!(own->marks & SIDE_ACKED) || seq_gt(end, own->una)) &&
           !ranges_missing(seldom_of(&c->detail->side[sender])->holes, seq, end);
}

static bool carries(const struct log_entry *sent, seq_t seq)
{
    return seq_le(sent->seq, seq) && seq_lt(seq, seq_add(sent->seq, sent->payload_len));
}

/* How things stand before the segment is taken. */
static bool note_resend(struct connection *c, int sender, const struct segment *g)
{
    struct side_detail *own = &c->detail->side[sender];
    if (!is_resend(c, sender, g))
        return true;
    struct seldom *seldom = seldom_made(c, sender);
    if (!seldom)
        return false;
    int64_t before_ns = run_of(own)->last.time_ns;
    if (!own->resends) {
        const struct log_entry *sent = kept_of(own, KEPT_SENT);
        if (!carries(sent, seq_of(g->seq)))
            own->kept_as[KEPT_SENT] = 0;
        before_ns = own->kept_as[KEPT_SENT] ? sent->time_ns
                    : own->data_ns          ? own->data_ns
                                            : TIME_UNKNOWN;
        seldom->resend_from_ns = before_ns;
        seldom->resends_grown = 0;
    }
    bool timed = before_ns != TIME_UNKNOWN && g->time_ns != TIME_UNKNOWN;
    int64_t gap_ns = timed ? elapsed_ns(before_ns, g->time_ns) : 0;
    if (own->resends && gap_ns > seldom->resend_gap_ns + seldom->resend_gap_ns / 4)
        seldom->resends_grown = counted(seldom->resends_grown);
    seldom->resend_gap_ns = gap_ns;
    bool held = note_run(c, sender, g, !own->resends);
    own->resends = counted(own->resends);
    return held;
}

/* Transmissions without progress, and when: what tells that an endpoint gave up. `before_ns` is
 * when either side last sent something. */
static bool note_again(struct connection *c, int sender, const struct segment *g, bool again,
                       bool probe, int64_t before_ns)
{
    struct side_detail *own = &c->detail->side[sender];
    bool held = !probe || note_probe(c, sender, g);
    bool octets = g->payload_len || g->flags & (TCP_SYN | TCP_FIN);
    if (g->time_ns == TIME_UNKNOWN || (!octets && !probe))
        return held;
    if (!own->unanswered_ns) {
        own->unanswered_ns = g->time_ns;
        own->unanswered_idle_ns = before_ns == TIME_UNKNOWN ? 0 : elapsed_ns(before_ns, g->time_ns);
    }
    if (probe)
        return held;
    const struct side *side = &c->side[sender];
    if (again) {
        struct seldom *seldom = seldom_made(c, sender);
        if (!seldom)
            return false;
        int64_t sent_ns = own->again_run ? seldom->again_ns : own->data_ns;
        int64_t gap_ns = sent_ns ? elapsed_ns(sent_ns, g->time_ns) : 0;
        if (!own->again_run)
            own->again_grown = 0;
        else if (gap_ns > seldom->again_gap_ns + seldom->again_gap_ns / 4)
            own->again_grown = counted(own->again_grown);
        seldom->again_gap_ns = gap_ns;
        seldom->again_ns = g->time_ns;
        own->again_run = counted(own->again_run);
        own->again_acked |= side->marks & SIDE_ACKED && seq_le(segment_end(g), side->una);
    }
    /* The timer runs for the oldest octet that is outstanding. */
    if (again || !(side->marks & SIDE_ACKED) || seq_ge(side->una, seq_of(g->seq)))
        own->timer_ns = g->time_ns;
    own->data_ns = g->time_ns;
    return held;
}

/* Its newest block comes first (RFC 2018 section 4): that is the FIN's when it has just come. */
static bool note_sacked_fin(struct connection *c, int sender, const struct segment *g)
{
    struct side_detail *peer = &c->detail->side[!sender];
    bool sacks = (g->marks & (SEG_SACK | SEG_DSACK)) == SEG_SACK;
    if (!sacks || !(c->side[!sender].marks & SIDE_FIN) ||
        !seq_eq(seq_of(g->sack_right), seq_add(peer->fin_seq, 1)))
        return true;
    struct seldom *seldom = seldom_made(c, !sender);
    if (seldom && !seldom->fin_sacked_nth)
        seldom->fin_sacked_nth = c->side[0].packets + c->side[1].packets;
    return seldom != NULL;
}

/* A copy is counted and goes no further. */
static bool count_copy(struct connection *c, int sender, enum copy copy)
{
    struct seldom *seldom = seldom_made(c, sender);
    if (!seldom)
        return false;
    if (copy == COPY_SECOND_TAP)
        seldom->second_tap++;
    else
        seldom->captured_twice++;
    return true;
}

/* Some balancers answer SYNs themselves, with a TTL of their own. */
static void note_ttl(struct side *own, const struct segment *g)
{
    bool moved = own->ttl != g->ttl && own->marks & SIDE_SPOKE && !(g->flags & TCP_SYN);
    if (moved && own->ttl_changes < TTL_FLAPS)
        own->ttl_changes++;
    own->ttl = g->ttl;
}

static void note_segment(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender];
    own->packets++;
    own->ip_bytes += g->ip_bytes;
    own->payload_bytes += g->payload_len;
    if (own->packets == 1)
        own->ttl = g->ttl;
    if (!(g->flags & TCP_RST)) {
        note_ttl(own, g);
        own->window = g->window;
    }
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
    if (c->detail) {
        c->detail->side[!sender].probe_run = 0;
        c->detail->side[!sender].unanswered_ns = 0;
    }
}

void track_aside(struct connection *c, int sender, const struct segment *g)
{
    c->side[sender].packets++;
    c->side[sender].ip_bytes += g->ip_bytes;
}

/* Its receiver drops a segment whose header cannot be: nothing in it is testimony. */
static bool count_malformed(struct connection *c, int sender, const struct segment *g)
{
    struct seldom *seldom = seldom_made(c, sender);
    if (!seldom)
        return false;
    seldom->malformed++;
    track_aside(c, sender, g);
    return true;
}

/* Payload that had not passed before, and not all of whose predecessors are outstanding still. */
static bool is_first_sent(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    bool first = !(own->marks & SIDE_SEEN) || seq_ge(seq_of(g->seq), own->nxt);
    return g->payload_len && !(g->flags & (TCP_SYN | TCP_RST)) && first &&
           kept_sent_is_over(own, &c->detail->side[sender]);
}

/* How things stood before the close: one segment of each side and its last payload. And how what is
 * outstanding was sent first. `before_ns` is when either side last sent something. */
static void keep_segment(struct connection *c, int sender, const struct segment *g,
                         const struct log_entry *entry, int64_t before_ns, bool probe)
{
    struct side_detail *own = &c->detail->side[sender];
    unsigned roles = !probe && is_first_sent(c, sender, g) ? 1u << KEPT_SENT : 0;
    if (!c->detail->start.taken) {
        bool timed = g->time_ns != TIME_UNKNOWN && before_ns != TIME_UNKNOWN;
        own->last_idle_ns = timed ? elapsed_ns(before_ns, g->time_ns) : 0;
        if (g->payload_len && kept_run_is_over(own, &c->side[!sender]))
            own->data_idle_ns = own->last_idle_ns;
        roles |= 1u << KEPT_LAST | (g->payload_len ? 1u << KEPT_DATA : 0);
    }
    if (roles)
        *keep(own, roles) = *entry;
}

/* A listener that has given up and is asked once more answers with another number. */
static bool begins_anew(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    return (g->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK) &&
           (own->marks & (SIDE_SYN_ACK | SIDE_SPOKE)) == SIDE_SYN_ACK && own->isn.n != g->seq &&
           !(c->marks & CONN_ESTABLISHED);
}

static bool track(struct connection *c, int sender, const struct segment *segment)
{
    if (segment->marks & SEG_MALFORMED)
        return count_malformed(c, sender, segment);
    struct segment bare;
    const struct segment *g = without_padding(c, sender, segment, &bare);
    enum copy copy = copy_of(c, sender, g);
    if (copy != NO_COPY)
        return count_copy(c, sender, copy);
    bool again = nothing_new(c, sender, g);
    int64_t before_ns = connection_last_ns(c);
    bool alone = c->side[0].packets + c->side[1].packets == 0;
    bool held = alone || connection_detail(c) != NULL;
    const struct log_entry entry = log_entry_of(c, sender, g, again);
    held &= log_segment(c, sender, g, &entry);
    if (g->flags & (TCP_FIN | TCP_RST) && c->detail)
        note_close_start(c);
    if (begins_anew(c, sender, g))
        forget_numbers(&c->side[sender]);
    if (g->flags & TCP_SYN && !(c->side[sender].marks & SIDE_SYN))
        note_syn(c, sender, g);
    bool probe = is_probe(c, sender, g);
    seq_t nxt = c->side[sender].nxt;
    if (c->detail) {
        held &= probe || note_resend(c, sender, g);
        keep_segment(c, sender, g, &entry, before_ns, probe);
    }
    held &= track_numbers(c, sender, g, probe);
    held &= track_ack(c, sender, g);
    held &= note_sack(c, sender, g);
    log_mark_last(c, sender, g, probe);
    note_completeness(c, g);
    c->marks |= connection_marks_of(g->marks);
    note_segment(c, sender, g);
    if (c->detail) {
        held &= note_again(c, sender, g, again, probe, before_ns);
        held &= note_after_fin(c, sender, g, nxt);
        held &= note_sacked_fin(c, sender, g);
        note_ack_run(c, sender, g, probe);
    }
    if (g->flags & CONTROL_FLAGS)
        note_control(c, sender, g);
    held &= note_padding(c, sender, g);
    note_progress(c, g, again);
    return held;
}

bool track_segment(struct connection *c, int sender, const struct segment *g)
{
    bool held = track(c, sender, g);
    ordinary_from_now_on(c);
    return held;
}

bool track_reason(struct connection *c, int sender, const struct segment *g,
                  const struct segment_aux *aux)
{
    struct seldom *seldom = seldom_made(c, sender);
    if (!seldom)
        return false;
    if (seldom->reset_reason)
        return true;
    seldom->reset_reason = malloc(sizeof *seldom->reset_reason);
    if (!seldom->reset_reason)
        return false;
    *seldom->reset_reason = (struct reset_reason){.frame = g->frame, .aux = *aux};
    return true;
}
