/*
 * A brief connection made whole: at length, by tracking its segments again, where it goes on; and
 * straight away, where it is only looked at, because what may come of segments in order is little.
 */
#include "analyzer/elapsed.h"
#include "analyzer/tcp/brief.h"
#include "analyzer/tcp/brief_entry.h"
#include "analyzer/tcp/closing.h"
#include "analyzer/tcp/in_order.h"
#include "analyzer/tcp/kept.h"
#include "analyzer/tcp/log.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/ordinary.h"
#include "analyzer/tcp/track.h"

#include <stdlib.h>

/* More have no room. */
#define SEGMENTS_MOST (BRIEF_OCTETS_MOST / BRIEF_WORD_OCTETS)

_Static_assert(SEGMENTS_MOST <= LOG_MAX && SEGMENTS_MOST < UINT8_MAX,
               "all may be logged, and none gives way; their places are octets");

/* ---- what both begin with ------------------------------------------------------------------- */

static ALWAYS_INLINE unsigned read_entries_of(const struct brief *b, bool stamped,
                                              struct log_entry entries[SEGMENTS_MOST])
{
    struct brief_past past = brief_first_past(b);
    const uint8_t *from = b->octets;
    const uint8_t *end = from + b->used;
    unsigned count = 0;
    while (from < end) {
        struct log_entry *e = &entries[count++];
        from = brief_read(b, stamped, from, &past, e);
        e->ttl = b->ttl[e->side];
        e->marks = stamped ? LOG_TIMESTAMPS : 0;
        e->nth = count + 1;
    }
    entries[0].marks = b->answer_marks & LOG_TIMESTAMPS;
    if (stamped && b->bare_rst) {
        struct log_entry *rst = &entries[count - 1];
        rst->marks = 0;
        rst->ts_val = rst->ts_ecr = 0;
    }
    return count;
}

/* Returns how many. They are read before anything is made of them: what was just written in parts
 * is not there at once as a whole. */
static unsigned read_entries(const struct brief *b, struct log_entry entries[SEGMENTS_MOST])
{
    return b->stamped ? read_entries_of(b, true, entries) : read_entries_of(b, false, entries);
}

/* ---- at length ------------------------------------------------------------------------------ */

static struct segment segment_of(const struct brief *b, const struct log_entry *e)
{
    return (struct segment){
        .seq = e->seq.n,
        .ack = e->ack.n,
        .payload_len = e->payload_len,
        .ts_val = e->ts_val,
        .ts_ecr = e->ts_ecr,
        .marks = e->marks,
        .world = brief_syn(b)->world,
        .time_ns = e->time_ns,
        .frame = e->frame,
        .ip_bytes = e->payload_len + brief_header_bytes(b, e->marks & LOG_TIMESTAMPS),
        .interface = brief_syn(b)->interface,
        .flags = e->flags,
        .window = e->window,
        .ip_id = e->ip_id,
        .ttl = e->ttl,
        .aux = AUX_NONE,
    };
}

static void track_again(struct connection *made, const struct brief *b, const struct log_entry *e)
{
    struct segment g = segment_of(b, e);
    if (g.flags & TCP_SYN) {
        g.marks = b->answer_marks;
        g.mss = b->answer_mss;
        g.window_scale = b->answer_scale;
        g.ip_bytes = b->answer_ip_bytes;
    }
    bool held = track_ordinary(made, e->side, &g) || track_segment(made, e->side, &g);
    (void)held; /* nothing of this takes memory */
}

/* To a connection that is its SYN so far, and has no detail: that in `room`. */
static void begin_detail(struct connection *made, struct detail_room *room)
{
    memset(&room->detail, 0, offsetof(struct detail, within));
    connection_lend(made, &room->detail, 0);
    room->log[0] = room->detail.within[0];
    room->detail.log = room->log;
    room->detail.log_room = LOG_MAX;
}

static void look_at_length(const struct brief *b, bool vlan_in_key, struct connection *made,
                           struct detail_room *room)
{
    struct log_entry entries[SEGMENTS_MOST];
    unsigned count = read_entries(b, entries);
    lone_connection(brief_syn(b), vlan_in_key, made);
    made->tag = b->tag;
    begin_detail(made, room);
    for (unsigned i = 0; i < count; i++)
        track_again(made, b, &entries[i]);
}

bool brief_unpack(const struct brief *b, bool vlan_in_key, struct connection *c,
                  struct detail *lent, uint32_t place)
{
    struct detail_room room;
    struct connection made;
    struct detail *d = lent ? lent : calloc(1, sizeof *d);
    if (!d)
        return false;
    look_at_length(b, vlan_in_key, &made, &room);
    memcpy(d, &room.detail, offsetof(struct detail, within));
    d->log = d->within;
    d->log_room = LOG_WITHIN;
    d->log_count = 0;
    d->place = lent ? place : 0;
    if (!log_reserve(d, room.detail.log_count)) {
        memset(d, 0, sizeof *d);
        if (!lent)
            free(d);
        return false;
    }
    d->log_count = room.detail.log_count;
    for (unsigned i = 0; i < d->log_count; i++)
        *log_at(d, i) = room.log[i];
    *c = made;
    c->detail = d;
    return true;
}

/* ---- straight away -------------------------------------------------------------------------- */

struct making {
    const struct brief *b;
    struct connection *made;
    struct detail *detail;
    const struct log_entry *entries;
    struct making_side {
        struct side *side;
        struct side_detail *detail;
        uint8_t kept[KEPT_ROLES]; /* 1 + index of the entry; 0: none */
        uint8_t last;             /* index of its last one */
    } of[2];
    int64_t last_ns;
    uint32_t first_us;
};

/* Its own SYN is acknowledged, and what answers is in `e`. */
static void hear_of_syn(const struct making *m, int s, const struct log_entry *e)
{
    struct side *own = &m->made->side[s];
    m->detail->side[s].unanswered_ns = 0;
    own->una = e->ack;
    own->marks |= SIDE_ACKED;
    sample_rtt(own, e->ack, connection_us(m->made, e->time_ns));
}

static void make_answer(struct making *m)
{
    const struct log_entry *e = &m->entries[0];
    const struct brief *b = m->b;
    struct side *own = &m->made->side[e->side];
    struct side_detail *sent = &m->detail->side[e->side];
    hear_of_syn(m, !e->side, e);
    own->isn = e->seq;
    own->nxt = own->rtt_end = seq_add(e->seq, 1);
    own->ts_val = b->answer_marks & SEG_TIMESTAMPS ? e->ts_val : 0;
    own->last_ns = e->time_ns;
    own->ip_bytes = b->answer_ip_bytes;
    own->packets = 1;
    own->rtt_sent_us = connection_us(m->made, e->time_ns);
    own->window = e->window;
    own->tap = m->made->interface;
    own->ttl = e->ttl;
    own->marks = SIDE_SEEN | SIDE_ISN | SIDE_SYN | SIDE_SYN_ACK | SIDE_SAMPLING;
    own->marks |= b->answer_marks & SEG_TIMESTAMPS ? SIDE_TIMESTAMPS : 0;
    own->marks |= b->answer_marks & SEG_SACK_PERMITTED ? SIDE_SACK_OK : 0;
    if (b->answer_marks & SEG_WINDOW_SCALE) {
        own->marks |= SIDE_SCALE;
        own->window_scale = b->answer_scale;
    }
    sent->mss = b->answer_marks & SEG_MSS ? b->answer_mss : 0;
    sent->last_idle_ns = sent->unanswered_idle_ns = elapsed_ns(m->last_ns, e->time_ns);
    sent->unanswered_ns = sent->timer_ns = sent->data_ns = e->time_ns;
    m->of[e->side].kept[KEPT_LAST] = 1;
    m->made->completeness |= COMPLETE_SYN_ACK;
    m->last_ns = e->time_ns;
}

/* All that was first sent and is kept has been acknowledged. */
static ALWAYS_INLINE bool sent_is_over(const struct making *m, const struct making_side *own)
{
    uint8_t place = own->kept[KEPT_SENT];
    const struct log_entry *first = &m->entries[place ? place - 1 : 0];
    return !place || seq_le(seq_add(first->seq, first->payload_len), own->side->una);
}

/* A run of payload ends when the peer says something. */
static ALWAYS_INLINE bool run_is_over(const struct making *m, const struct making_side *own,
                                      const struct making_side *peer)
{
    uint8_t place = own->kept[KEPT_DATA];
    return !place || peer->side->last_ns > m->entries[place - 1].time_ns;
}

/* What it is kept as until the close begins. */
static ALWAYS_INLINE void keep_entry(const struct making *m, struct making_side *own,
                                     const struct making_side *peer, unsigned i, bool octets,
                                     int64_t idle_ns)
{
    own->detail->last_idle_ns = idle_ns;
    own->kept[KEPT_LAST] = (uint8_t)(i + 1);
    if (!octets)
        return;
    if (run_is_over(m, own, peer))
        own->detail->data_idle_ns = idle_ns;
    own->kept[KEPT_DATA] = (uint8_t)(i + 1);
}

/* Of any segment, in its turn. */
static ALWAYS_INLINE void make_numbers(struct making *m, unsigned i, bool fin, bool closing)
{
    const struct log_entry *e = &m->entries[i];
    struct making_side *own = &m->of[e->side], *peer = &m->of[!e->side];
    uint32_t now_us = microseconds(e->time_ns) - m->first_us; /* see connection_us() */
    int64_t idle_ns = elapsed_ns(m->last_ns, e->time_ns);
    if (e->payload_len && sent_is_over(m, own))
        own->kept[KEPT_SENT] = (uint8_t)(i + 1);
    if (!closing)
        keep_entry(m, own, peer, i, e->payload_len, idle_ns);
    take_acknowledgment(peer->side, peer->detail, e->ack, e->time_ns, now_us);
    if (e->payload_len + fin)
        own->side->marks =
            take_octets(own->side, own->detail, e->payload_len + fin, e->time_ns, now_us, idle_ns);
    own->side->payload_bytes += e->payload_len;
    own->side->packets++;
    own->side->last_ns = m->last_ns = e->time_ns;
    own->last = (uint8_t)i;
}

/* The first word of either side. */
static void make_opening(struct making *m, unsigned i)
{
    const struct log_entry *e = &m->entries[i];
    m->detail->log[m->detail->log_count++] = *e;
    make_numbers(m, i, false, false);
    m->of[e->side].side->marks |= SIDE_SPOKE;
}

static void tell_window(const struct making *m, const struct making_side *own)
{
    if (own->last)
        own->side->window = m->entries[own->last].window;
}

static void note_fin(const struct making_side *own)
{
    own->side->marks |= SIDE_FIN;
    own->detail->fins = 1;
    own->detail->fin_seq = seq_back(own->side->nxt, 1);
}

/* From the first FIN on. */
static void make_closing(struct making *m, unsigned i)
{
    const struct log_entry *e = &m->entries[i];
    struct making_side *own = &m->of[e->side], *peer = &m->of[!e->side];
    bool fin = e->flags & TCP_FIN;
    if (!m->detail->start.taken) {
        for (int s = 0; s < 2; s++)
            tell_window(m, &m->of[s]);
        note_close_start(m->made);
    }
    m->detail->log[m->detail->log_count++] = *e;
    make_numbers(m, i, fin, true);
    take_ack_run(&m->detail->ack_run, e->side, !(e->payload_len || fin), e->time_ns);
    if (fin)
        note_fin(own);
    if (peer->side->marks & SIDE_FIN && seq_eq(peer->side->una, peer->side->nxt))
        peer->side->marks |= SIDE_FIN_ACKED;
}

/* What all its segments behind the SYN come to. */
static void tell_side(const struct making *m, const struct making_side *own)
{
    const struct log_entry *last = &m->entries[own->last];
    struct side *side = own->side;
    if (!own->last)
        return;
    tell_window(m, own);
    side->marks |= SIDE_SPOKE;
    side->marks |= side->payload_bytes ? SIDE_DATA : 0;
    side->ip_bytes += side->payload_bytes +
                      (side->packets - 1) * (uint64_t)brief_header_bytes(m->b, m->b->stamped);
    if (last->marks & LOG_TIMESTAMPS) {
        side->marks |= SIDE_TIMESTAMPS;
        side->ts_val = last->ts_val;
    }
}

/* Each once. */
static void write_kept(const struct making *m, const struct making_side *own)
{
    for (unsigned as = 0; as < KEPT_ROLES; as++) {
        unsigned roles = 0, place = own->kept[as];
        for (unsigned other = 0; other < KEPT_ROLES; other++)
            roles |= own->kept[other] == place ? 1u << other : 0;
        if (place && !own->detail->kept_as[as])
            *keep(own->detail, roles) = m->entries[place - 1];
    }
}

static void tell_completeness(struct connection *made)
{
    uint16_t either = made->side[0].marks | made->side[1].marks;
    made->completeness |= COMPLETE_ACK;
    if (either & SIDE_DATA)
        made->completeness |= COMPLETE_DATA;
    if (either & SIDE_FIN)
        made->completeness |= COMPLETE_FIN;
}

/* Whether either side's segments may go the short way from now on. */
static void note_order(struct connection *made)
{
    uint16_t both = made->side[0].marks & made->side[1].marks;
    uint16_t either = made->side[0].marks | made->side[1].marks;
    if (both & SIDE_FIN_ACKED)
        made->marks |= CONN_CLOSED;
    for (int s = 0; s < 2; s++) {
        made->side[s].in_order = !(made->marks & CONN_CLOSED);
        made->side[s].ordinary =
            made->side[s].in_order && both & SIDE_SPOKE && !(either & SIDE_FIN);
    }
}

/* The handshake's third segment, which has no payload, and those behind it. */
static void make_rest(struct making *m, unsigned count)
{
    struct side *side = m->made->side;
    unsigned i = 1;
    hear_of_syn(m, !m->entries[1].side, &m->entries[1]);
    m->made->marks |= CONN_ESTABLISHED;
    while (i < count && !(m->entries[i].flags & TCP_FIN) &&
           !(side[0].marks & side[1].marks & SIDE_SPOKE))
        make_opening(m, i++);
    for (; i < count && !(m->entries[i].flags & TCP_FIN); i++)
        make_numbers(m, i, false, false);
    while (i < count)
        make_closing(m, i++);
    for (int s = 0; s < 2; s++)
        tell_side(m, &m->of[s]);
    tell_completeness(m->made);
    note_order(m->made);
}

void brief_outline(const struct brief *b, bool vlan_in_key, struct connection *c)
{
    lone_look(brief_syn(b), vlan_in_key, c);
    c->tag = b->tag;
    if (b->marks & BRIEF_ESTABLISHED)
        c->marks |= CONN_ESTABLISHED;
    if (b->marks & BRIEF_CLOSED)
        c->marks |= CONN_CLOSED;
    for (int s = 0; s < 2; s++) {
        c->side[s].packets = 1;
        c->side[s].last_ns = b->last_ns;
        c->side[s].ts_val = b->ts_val[s];
        c->side[s].marks |= SIDE_SYN | b->side_marks[s];
    }
    c->side[!b->client].marks |= SIDE_SYN_ACK;
}

void brief_look(const struct brief *b, bool vlan_in_key, struct connection *made,
                struct detail_room *room)
{
    struct log_entry entries[SEGMENTS_MOST];
    unsigned count = read_entries(b, entries);
    lone_look(brief_syn(b), vlan_in_key, made);
    made->tag = b->tag;
    begin_detail(made, room);
    struct making m = {.b = b,
                       .made = made,
                       .detail = &room->detail,
                       .entries = entries,
                       .last_ns = made->first_ns,
                       .first_us = microseconds(made->first_ns)};
    for (int s = 0; s < 2; s++) {
        m.of[s].side = &made->side[s];
        m.of[s].detail = &room->detail.side[s];
    }
    bool reset = entries[count - 1].flags & TCP_RST;
    room->log[room->detail.log_count++] = entries[0];
    make_answer(&m);
    if (count > 1)
        make_rest(&m, count - reset);
    for (int s = 0; s < 2; s++)
        write_kept(&m, &m.of[s]);
    room->detail.log_total = room->detail.log_count;
    if (reset)
        track_again(made, b, &entries[count - 1]);
}
