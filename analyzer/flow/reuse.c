#include "analyzer/flow/reuse.h"

#include "analyzer/elapsed.h"
#include "analyzer/state/states.h"
#include "analyzer/tcp/log.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/track.h"

#include <stdlib.h>

/* ---- remembering ---------------------------------------------------------------------------- */

static void former_side(const struct connection *old, int s, const struct endpoint_states *states,
                        struct former_side *out)
{
    const struct side *side = &old->side[s];
    *out = (struct former_side){
        .isn = side->isn,
        .nxt = side->nxt,
        .has_isn = side->marks & SIDE_ISN,
        .has_nxt = side->marks & (SIDE_SEEN | SIDE_ACKED),
        .stamped = side->marks & SIDE_TIMESTAMPS,
        .ts_val = side->ts_val,
        .state = (uint8_t)states->state,
        .possible = states->possible,
        .reset = states->reset_sent || states->reset_received,
        .order_presumed = states->active_presumed,
        .time_wait_until_ns = states->time_wait_until_ns,
        .fin = {.frame = FRAME_NONE},
    };
    for (uint16_t i = 0; old->detail && i < old->detail->log_count; i++) {
        const struct log_entry *g = log_at(old->detail, i);
        if (g->side == s && g->flags & TCP_FIN) {
            out->fin = *g;
            break;
        }
    }
}

/* Before the first FIN or RST the log may not have it. */
static struct log_entry last_segment(const struct connection *old)
{
    struct log_entry last = {.frame = FRAME_NONE};
    const struct detail *d = old->detail;
    if (!d)
        return last;
    if (d->log_count)
        last = *log_at(d, d->log_count - 1u);
    for (int s = 0; s < 2; s++) {
        const struct log_entry *g = kept_of(&d->side[s], KEPT_LAST);
        if (g->frame != FRAME_NONE && (last.frame == FRAME_NONE || passed_before(&last, g)))
            last = *g;
    }
    return last;
}

static void former_use(const struct connection *old, const struct endpoint_states states[2],
                       struct former_use *out)
{
    *out = (struct former_use){
        .opened = old->marks & CONN_ESTABLISHED,
        .one_direction = !old->side[0].packets || !old->side[1].packets,
        .end_ns = connection_last_ns(old),
        .last = last_segment(old),
    };
    for (int s = 0; s < 2; s++)
        former_side(old, s, &states[s], &out->side[s]);
}

/* An attempt that no SYN-ACK answered ended nothing: what the ends hold is of the use before. */
static bool only_attempted(const struct connection *old)
{
    const struct previous_use *p = old->detail ? old->detail->previous : NULL;
    return p && p->former.opened && !(old->marks & CONN_ESTABLISHED) &&
           !(old->side[!client_side(old)].marks & SIDE_SYN);
}

static uint32_t syns_of(const struct connection *c, int s)
{
    uint32_t count = c->detail ? 0 : 1;
    for (uint16_t i = 0; c->detail && i < c->detail->log_count; i++) {
        const struct log_entry *g = log_at(c->detail, i);
        count += g->side == s && g->flags & TCP_SYN;
    }
    return count;
}

/* What time, or a reset that passed since, may have done to it. */
static void age(struct former_use *former, const struct connection *attempt, int64_t now_ns)
{
    for (int s = 0; s < 2; s++) {
        struct former_side *side = &former->side[s];
        bool over = side->time_wait_until_ns != TIME_UNKNOWN && now_ns != TIME_UNKNOWN &&
                    now_ns >= side->time_wait_until_ns;
        bool rst = attempt->side[!s].marks & SIDE_RST;
        if (over || rst)
            side->possible |= 1u << STATE_CLOSED;
        if (side->state == STATE_TIME_WAIT && over)
            side->state = STATE_CLOSED;
    }
}

bool remember_previous(struct connection *c, const struct connection *old,
                       const struct analyzer_config *config, int64_t now_ns)
{
    struct detail *d = connection_detail(c);
    struct previous_use *previous = d ? malloc(sizeof *previous) : NULL;
    if (!previous)
        return false;
    struct states_basis basis;
    struct endpoint_states states[2];
    states_conclude(old, config, now_ns, &basis, states);
    const struct previous_use *before = old->detail ? old->detail->previous : NULL;
    *previous = (struct previous_use){
        .start_ns = old->first_ns,
        .end_ns = connection_last_ns(old),
        .frame = old->first_frame,
        .client_side = (uint8_t)client_side(old),
        .opened = old->marks & CONN_ESTABLISHED,
        .incarnation = before ? before->incarnation + 1 : 1,
        .attempt_ns = TIME_UNKNOWN,
    };
    for (int s = 0; s < 2; s++) {
        previous->isn[s] = old->side[s].isn;
        previous->has_isn[s] = old->side[s].marks & SIDE_ISN;
        previous->state[s] = (uint8_t)states[s].state;
        previous->reset |= states[s].reset_sent || states[s].reset_received;
    }
    if (only_attempted(old)) {
        previous->former = before->former;
        previous->attempts = before->attempts + syns_of(old, client_side(old));
        previous->attempt_ns = before->attempts ? before->attempt_ns : old->first_ns;
        age(&previous->former, old, now_ns);
    } else {
        former_use(old, states, &previous->former);
    }
    d->previous = previous;
    c->marks |= CONN_REUSED;
    return true;
}

/* ---- before the SYN is answered ------------------------------------------------------------- */

#define OLD_NUMBERS_DISTANCE (UINT32_C(1) << 20)

static bool is_closed(enum tcp_state state)
{
    return state == STATE_TIME_WAIT || state == STATE_CLOSED;
}

bool answers_with_old_numbers(const struct connection *c, int sender, const struct segment *g)
{
    const struct previous_use *p = c->detail ? c->detail->previous : NULL;
    int client = client_side(c);
    if (!p || c->known_by != KNOWN_BY_SYN || c->side[!client].marks & SIDE_SYN ||
        g->flags & TCP_SYN || !p->former.side[sender].has_nxt)
        return false;
    seq_t seq = seq_of(g->seq);
    const struct former_side *own = &p->former.side[sender];
    const struct former_side *peer = &p->former.side[!sender];
    if (sender != client)
        return !g->payload_len && !(g->flags & (TCP_FIN | TCP_RST)) && g->flags & TCP_ACK &&
               seq_eq(seq, own->nxt) && peer->has_nxt &&
               seq_distance(seq_of(g->ack), peer->nxt) < OLD_NUMBERS_DISTANCE;
    if (g->flags & TCP_RST)
        return !(g->flags & TCP_ACK) && seq_eq(seq, own->nxt);
    return !is_closed((enum tcp_state)own->state) &&
           seq_distance(seq, own->nxt) < OLD_NUMBERS_DISTANCE;
}

/* ---- old duplicates ------------------------------------------------------------------------- */

/* [first, end) within what the former use's side sent, as far back as can be told. */
static bool was_sent(const struct former_side *former, seq_t first, seq_t end)
{
    if (!former->has_nxt || seq_gt(end, former->nxt) ||
        seq_distance(first, former->nxt) > SPACE_DISTANCE)
        return false;
    return !former->has_isn || seq_distance(former->isn, former->nxt) > SPACE_DISTANCE ||
           seq_ge(first, former->isn);
}

static uint32_t window_of(const struct connection *c, int s)
{
    bool scaled = c->side[0].marks & c->side[1].marks & SIDE_SCALE;
    uint32_t scale = scaled ? c->side[s].window_scale : 0u;
    return (uint32_t)c->side[s].window << (scale > 14 ? 14 : scale); /* RFC 7323 section 2.3 */
}

/* What a side of the new connection has sent, or may send within its peer's window. */
static bool in_use(const struct connection *c, int s, seq_t seq)
{
    const struct side *own = &c->side[s];
    return seq.n - own->isn.n <= own->nxt.n - own->isn.n + window_of(c, !s);
}

static const struct log_entry *syn_of(const struct connection *c, int s)
{
    for (uint16_t i = 0; i < c->detail->log_count; i++) {
        const struct log_entry *g = log_at(c->detail, i);
        if (g->side == s && g->flags & TCP_SYN)
            return g;
    }
    return NULL;
}

/* Its sender's clock does not run back: it was stamped before the SYN. */
static bool stamped_before_syn(const struct connection *c, int sender, const struct segment *g)
{
    const struct former_side *former = &c->detail->previous->former.side[sender];
    const struct log_entry *syn = syn_of(c, sender);
    return g->marks & SEG_TIMESTAMPS && former->stamped && syn && syn->marks & LOG_TIMESTAMPS &&
           seq_le(seq_of(g->ts_val), seq_of(former->ts_val)) &&
           seq_lt(seq_of(former->ts_val), seq_of(syn->ts_val));
}

/* Its numbers, its ACK's or its stamp cannot be the new connection's. */
static bool foreign(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    /* A stream of more than this may have come round to any number. */
    if (own->payload_bytes > SPACE_DISTANCE || peer->payload_bytes > SPACE_DISTANCE)
        return false;
    seq_t ack = seq_of(g->ack);
    bool acks = g->flags & TCP_ACK;
    if (acks && !was_sent(&c->detail->previous->former.side[!sender], ack, ack))
        return false;
    return !in_use(c, sender, seq_of(g->seq)) ||
           (acks && peer->marks & SIDE_SYN && !in_use(c, !sender, ack)) ||
           stamped_before_syn(c, sender, g);
}

bool is_of_former_use(const struct connection *c, int sender, const struct segment *g)
{
    const struct previous_use *p = c->detail ? c->detail->previous : NULL;
    if (!p || !p->former.opened || g->flags & (TCP_SYN | TCP_RST) ||
        g->marks & (SEG_MALFORMED | SEG_OPTIONS_CUT) || !(c->side[sender].marks & SIDE_SYN))
        return false;
    /* An unanswered SYN may be one that its seeming sender knows nothing of. */
    if (!(c->side[!sender].marks & SIDE_SYN) &&
        !is_closed((enum tcp_state)p->former.side[sender].state))
        return false;
    return was_sent(&p->former.side[sender], seq_of(g->seq), segment_end(g)) &&
           foreign(c, sender, g);
}

/* Sooner than this it may be a copy of the capture's, or out of order in it. */
static bool is_late(const struct connection *c, const struct segment *g)
{
    int64_t end_ns = c->detail->previous->former.end_ns;
    return g->time_ns != TIME_UNKNOWN && c->first_ns != TIME_UNKNOWN && end_ns != TIME_UNKNOWN &&
           elapsed_ns(end_ns, g->time_ns) >= ROUTED_COPY_NS &&
           elapsed_ns(c->first_ns, g->time_ns) >= REORDER_NS;
}

/* Would the new connection take it: its number in the window, nothing wrong with its ACK, and no
 * stamp that PAWS rejects (RFC 7323 section 5.3)? */
static bool acceptable(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    bool octets = g->payload_len || g->flags & TCP_FIN;
    if (!octets || !(own->marks & SIDE_ACKED) || !(peer->marks & SIDE_ACKED) ||
        !(g->flags & TCP_ACK))
        return false;
    bool in_window = seq_gt(segment_end(g), own->una) &&
                     seq_lt(seq_of(g->seq), seq_add(own->una, window_of(c, !sender)));
    bool vetoed = own->marks & SIDE_TIMESTAMPS &&
                  (!(g->marks & SEG_TIMESTAMPS) || seq_lt(seq_of(g->ts_val), seq_of(own->ts_val)));
    /* No older than the window that was offered (RFC 5961 section 5.2), and nothing unsent. */
    seq_t ack = seq_of(g->ack);
    return in_window && !vetoed && seq_le(ack, peer->nxt) &&
           seq_ge(ack, seq_back(peer->una, window_of(c, sender)));
}

void note_of_former_use(struct connection *c, int sender, const struct segment *g)
{
    struct previous_use *p = c->detail->previous;
    if (!is_late(c, g) || c->side[sender].tap != tap_of(g))
        return;
    p->old_acceptable |= acceptable(c, sender, g);
    if (!p->old_duplicates)
        p->old_offset = seq_diff(seq_of(g->seq), c->side[sender].nxt);
    if (p->old_duplicates < OLD_DUPLICATES_KEPT)
        p->old_duplicate[p->old_duplicates] = log_entry_of(c, sender, g, true);
    if (p->old_duplicates < UINT32_MAX)
        p->old_duplicates++;
}
