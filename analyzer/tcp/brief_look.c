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

/* ---- what both begin with ------------------------------------------------------------------- */

/* Returns how many. They are read before anything is made of them: what was just written in parts
 * is not there at once as a whole. */
static unsigned read_entries(const struct brief *b, struct log_entry entries[SEGMENTS_MOST])
{
    struct brief_past past = brief_first_past(b);
    const uint8_t *from = b->octets;
    for (unsigned i = 0; i < b->count; i++) {
        struct log_entry *e = &entries[i];
        from = brief_read(b, from, &past, e);
        e->ttl = b->ttl[e->side];
        e->marks = b->stamped ? LOG_TIMESTAMPS : 0;
        e->nth = i + 2;
    }
    entries[0].marks = b->answer_marks & LOG_TIMESTAMPS;
    return b->count;
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
        .ip_bytes = e->payload_len + brief_header_bytes(b),
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
    uint8_t kept[2][KEPT_ROLES]; /* 1 + index of the entry; 0: none */
    unsigned completeness;
    int64_t last_ns;
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
    m->kept[e->side][KEPT_LAST] = 1;
    m->last_ns = e->time_ns;
}

/* All that was first sent and is kept has been acknowledged. */
static ALWAYS_INLINE bool sent_is_over(const struct making *m, int s)
{
    uint8_t place = m->kept[s][KEPT_SENT];
    const struct log_entry *first = &m->entries[place ? place - 1 : 0];
    return !place || seq_le(seq_add(first->seq, first->payload_len), m->made->side[s].una);
}

/* A run of payload ends when the peer says something. */
static ALWAYS_INLINE bool run_is_over(const struct making *m, int s)
{
    uint8_t place = m->kept[s][KEPT_DATA];
    return !place || m->made->side[!s].last_ns > m->entries[place - 1].time_ns;
}

/* What the segment is kept as, as it stands before it is taken. */
static ALWAYS_INLINE void keep_entry(struct making *m, unsigned i, int64_t idle_ns)
{
    const struct log_entry *e = &m->entries[i];
    uint8_t *kept = m->kept[e->side];
    struct side_detail *sent = &m->detail->side[e->side];
    if (e->payload_len && sent_is_over(m, e->side))
        kept[KEPT_SENT] = (uint8_t)(i + 1);
    if (m->detail->start.taken)
        return;
    sent->last_idle_ns = idle_ns;
    kept[KEPT_LAST] = (uint8_t)(i + 1);
    if (!e->payload_len)
        return;
    if (run_is_over(m, e->side))
        sent->data_idle_ns = idle_ns;
    kept[KEPT_DATA] = (uint8_t)(i + 1);
}

static void make_next(struct making *m, unsigned i)
{
    const struct log_entry *e = &m->entries[i];
    struct detail *d = m->detail;
    struct side *own = &m->made->side[e->side], *peer = &m->made->side[!e->side];
    struct side_detail *sent = &d->side[e->side], *heard = &d->side[!e->side];
    bool fin = e->flags & TCP_FIN;
    uint32_t octets = e->payload_len + fin;
    uint32_t now_us = connection_us(m->made, e->time_ns);
    int64_t idle_ns = elapsed_ns(m->last_ns, e->time_ns);
    if (fin)
        note_close_start(m->made);
    if (d->start.taken || !(own->marks & peer->marks & SIDE_SPOKE))
        d->log[d->log_count++] = *e;
    keep_entry(m, i, idle_ns);
    take_acknowledgment(peer, heard, e->ack, e->time_ns, now_us);
    if (octets)
        own->marks = take_octets(own, sent, octets, e->time_ns, now_us, idle_ns);
    if (e->payload_len) {
        own->marks |= SIDE_DATA;
        own->payload_bytes += e->payload_len;
    }
    if (e->marks & LOG_TIMESTAMPS) {
        own->marks |= SIDE_TIMESTAMPS;
        own->ts_val = e->ts_val;
    }
    own->marks |= SIDE_SPOKE;
    own->packets++;
    own->ip_bytes += e->payload_len + brief_header_bytes(m->b);
    own->window = e->window;
    own->last_ns = m->last_ns = e->time_ns;
    m->completeness |= e->payload_len ? COMPLETE_DATA : COMPLETE_ACK;
    if (!d->start.taken)
        return;
    take_ack_run(&d->ack_run, e->side, !octets, e->time_ns);
    if (fin) {
        m->completeness |= COMPLETE_FIN;
        own->marks |= SIDE_FIN;
        sent->fins = 1;
        sent->fin_seq = seq_back(own->nxt, 1);
    }
    if (peer->marks & SIDE_FIN && seq_eq(peer->una, peer->nxt))
        peer->marks |= SIDE_FIN_ACKED;
}

/* Each once. */
static void write_kept(const struct making *m)
{
    for (int s = 0; s < 2; s++) {
        for (unsigned as = 0; as < KEPT_ROLES; as++) {
            struct side_detail *own = &m->detail->side[s];
            unsigned roles = 0, place = m->kept[s][as];
            for (unsigned other = 0; other < KEPT_ROLES; other++)
                roles |= m->kept[s][other] == place ? 1u << other : 0;
            if (place && !own->kept_as[as])
                *keep(own, roles) = m->entries[place - 1];
        }
    }
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
                       .completeness = COMPLETE_SYN | COMPLETE_SYN_ACK,
                       .last_ns = made->first_ns};
    bool reset = entries[count - 1].flags & TCP_RST;
    room->log[room->detail.log_count++] = entries[0];
    make_answer(&m);
    if (count > 1) {
        hear_of_syn(&m, !entries[1].side, &entries[1]);
        made->marks |= CONN_ESTABLISHED;
    }
    for (unsigned i = 1; i < count - reset; i++)
        make_next(&m, i);
    write_kept(&m);
    made->completeness = m.completeness & 0x3fu;
    room->detail.log_total = room->detail.log_count;
    if (count > 1)
        note_order(made);
    if (reset)
        track_again(made, b, &entries[count - 1]);
}
