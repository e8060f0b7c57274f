#include "analyzer/tcp/brief.h"

#include "analyzer/tcp/brief_entry.h"
#include "analyzer/tcp/log.h"
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/ordinary.h"
#include "analyzer/tcp/track.h"

#include <stdlib.h>
#include <string.h>

/* What a SYN-ACK may say. */
#define ANSWER_MARKS (SEG_MSS | SEG_WINDOW_SCALE | SEG_SACK_PERMITTED | SEG_TIMESTAMPS)

#define IP_BYTES(version) ((version) == 4 ? 20u : 40u)
#define TCP_BYTES         20u
#define TIMESTAMPS_BYTES  12u

/* More have no room. */
#define SEGMENTS_MOST ((BRIEF_LARGEST - sizeof(struct brief)) / BRIEF_WORD_OCTETS)

_Static_assert(sizeof(struct brief) == 16, "the octets begin behind two words");

/* Of what the SYN showed, and nothing since. */
#define SYN_MARKS                                                                                  \
    (SIDE_SEEN | SIDE_ISN | SIDE_SYN | SIDE_SCALE | SIDE_SACK_OK | SIDE_TIMESTAMPS | SIDE_FAST_OPEN)

/* ---- what segments are told from ------------------------------------------------------------ */

/* What of the SYN-ACK no other segment has. It stands where the server's side remembers segments
 * to recognise their copies: what is made begins with none. The stamp of the SYN stands likewise
 * in the second place of the client's side, which remembers its SYN alone. */
struct answer {
    uint32_t ts_val;
    uint32_t marks;
    uint16_t ip_bytes;
    uint16_t mss;
    uint8_t window_scale;
};

_Static_assert(sizeof(struct answer) <= sizeof(struct recent_segment[RECENT_SEGMENTS]),
               "there is room");

static struct answer answer_of(const struct connection *c)
{
    struct answer answer;
    memcpy(&answer, c->side[!client_side(c)].recent, sizeof answer);
    return answer;
}

static uint32_t syn_stamp(const struct connection *c)
{
    return c->side[client_side(c)].recent[1].signature;
}

/* Behind the SYN. */
static struct brief_past first_past(const struct connection *c, const struct brief *b)
{
    int client = client_side(c);
    struct brief_past past = {.time_ns = (uint64_t)c->first_ns, .frame = c->first_frame};
    past.next[client] = seq_add(c->side[client].isn, 1);
    past.next[!client] = c->side[!client].isn;
    past.stamp[client] = b->stamped ? syn_stamp(c) : 0;
    past.stamp[!client] = b->stamped ? answer_of(c).ts_val : 0;
    return past;
}

/* Behind what has been taken so far, the SYN-ACK included: the same that comes of reading it. */
static ALWAYS_INLINE struct brief_past past_now(const struct connection *c, const struct brief *b)
{
    struct brief_past past = {.time_ns = (uint64_t)connection_last_ns(c), .frame = b->last_frame};
    for (int s = 0; s < 2; s++) {
        past.next[s] = c->side[s].nxt;
        past.stamp[s] = b->stamped ? c->side[s].ts_val : 0;
    }
    return past;
}

/* ---- taking segments ------------------------------------------------------------------------ */

/* 0 where it is of the connection's world and tap, and has nothing that is not kept. */
static ALWAYS_INLINE uint32_t unlike_others(const struct connection *c, const struct segment *g)
{
    return (g->world ^ c->world) | (uint32_t)(tap_of(g) ^ c->interface) |
           (uint32_t)(g->aux ^ AUX_NONE) | (g->flags & ~(uint32_t)UINT8_MAX) |
           (g->sack_left | g->sack_right);
}

/* It is as track_first_syn() left it. */
static bool is_lone_syn(const struct connection *c)
{
    const struct side *client = &c->side[client_side(c)];
    const uint16_t undone = CONN_ESTABLISHED | CONN_CLOSED | CONN_UNTIMED | CONN_SUPERSEDED;
    return !c->detail && !(c->marks & undone) && client->packets == 1 &&
           c->side[!client_side(c)].packets == 0 && c->completeness == COMPLETE_SYN &&
           !client->payload_bytes &&
           (client->marks & (SIDE_SEEN | SIDE_ISN | SIDE_SYN | SIDE_SYN_ACK)) ==
               (SIDE_SEEN | SIDE_ISN | SIDE_SYN);
}

static bool is_answer(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *client = &c->side[!sender];
    return sender != client_side(c) && !unlike_others(c, g) &&
           (g->flags & (CONTROL_FLAGS | TCP_ACK)) == (TCP_SYN | TCP_ACK) && !g->payload_len &&
           g->ack == client->nxt.n && g->time_ns >= client->last_ns &&
           !(g->marks & ~(uint32_t)ANSWER_MARKS) && g->ip_bytes <= UINT16_MAX;
}

/* How the record stands before its first segment, and what the SYN-ACK has. */
static void note_answer(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender], *client = &c->side[!sender];
    struct answer answer = {.ts_val = g->ts_val,
                            .marks = g->marks,
                            .ip_bytes = (uint16_t)g->ip_bytes,
                            .mss = g->mss,
                            .window_scale = g->window_scale};
    own->isn = seq_of(g->seq);
    own->ttl = g->ttl;
    memcpy(own->recent, &answer, sizeof answer);
    client->recent[1].signature = client->ts_val;
}

bool brief_begin(struct connection *c, int sender, const struct segment *g, struct brief *b,
                 unsigned size, uint32_t place)
{
    if (!is_lone_syn(c) || !is_answer(c, sender, g))
        return false;
    struct side *own = &c->side[sender], *client = &c->side[!sender];
    struct side before[2] = {c->side[0], c->side[1]};
    bool stamped = g->marks & SEG_TIMESTAMPS && client->marks & SIDE_TIMESTAMPS;
    *b = (struct brief){.place = place,
                        .size = size & 3u,
                        .header_bytes = (uint8_t)(IP_BYTES(c->ip_version) + TCP_BYTES +
                                                  (stamped ? TIMESTAMPS_BYTES : 0)),
                        .stamped = stamped,
                        .nanoseconds = c->first_ns % 1000 || g->time_ns % 1000};
    note_answer(c, sender, g);
    struct brief_past past = first_past(c, b);
    if (!brief_write(b, &past, sender, g)) {
        memcpy(c->side, before, sizeof before);
        return false;
    }
    own->nxt = seq_add(own->isn, 1);
    own->ts_val = g->ts_val;
    own->last_ns = g->time_ns;
    own->packets = 1;
    own->marks = SIDE_SEEN | SIDE_ISN | SIDE_SYN | SIDE_SYN_ACK;
    client->una = seq_of(g->ack);
    c->brief = b;
    c->packed = true;
    c->marks |= CONN_BRIEF;
    return true;
}

/* Nothing opens or closes with it, and nothing has begun to close. */
static ALWAYS_INLINE bool is_amid(const struct connection *c, const struct segment *g)
{
    return (c->marks & (CONN_ESTABLISHED | CONN_CLOSED)) == CONN_ESTABLISHED &&
           !((c->side[0].marks | c->side[1].marks) & SIDE_FIN) && !(g->flags & CONTROL_FLAGS);
}

/* The handshake's third segment; a FIN, which comes once; RST; and what follows a FIN, without
 * octets. */
static NEVER_INLINE bool may_turn(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender], *peer = &c->side[!sender];
    bool octets = g->payload_len || g->flags & TCP_FIN;
    if (c->marks & CONN_CLOSED || g->flags & TCP_SYN)
        return false;
    if (!(c->marks & CONN_ESTABLISHED))
        return !(own->marks & SIDE_SYN_ACK) && !(g->flags & CONTROL_FLAGS) && !octets &&
               g->ack == peer->nxt.n;
    if (g->flags & TCP_RST)
        return !octets;
    return !(octets && own->marks & SIDE_FIN) && !(g->payload_len && peer->marks & SIDE_FIN) &&
           (octets || g->ack != peer->una.n);
}

/* Its octets are taken. */
static NEVER_INLINE void note_turn(struct connection *c, int sender, const struct segment *g)
{
    struct side *own = &c->side[sender], *peer = &c->side[!sender];
    if (g->flags & TCP_FIN) {
        own->marks |= SIDE_FIN;
        own->nxt = seq_add(own->nxt, 1);
    }
    if (g->flags & TCP_RST)
        own->marks |= SIDE_RST; /* what it acknowledges is not believed */
    else
        peer->una = seq_of(g->ack);
    if (peer->marks & SIDE_FIN && seq_eq(peer->una, peer->nxt))
        peer->marks |= SIDE_FIN_ACKED;
    c->marks |= CONN_ESTABLISHED;
    if (g->flags & TCP_RST || own->marks & peer->marks & SIDE_FIN_ACKED)
        c->marks |= CONN_CLOSED;
}

static ALWAYS_INLINE bool track_of(struct connection *c, int sender, const struct segment *g)
{
    struct brief *b = c->brief;
    struct side *own = &c->side[sender], *peer = &c->side[!sender];
    uint32_t marks = b->stamped ? SEG_TIMESTAMPS : 0;
    uint32_t acked = g->ack - peer->una.n;
    uint32_t differs = unlike_others(c, g) | (g->marks ^ marks) | (g->seq ^ own->nxt.n) |
                       (uint32_t)(g->ttl ^ own->ttl) | (~g->flags & TCP_ACK) |
                       (g->ip_bytes - g->payload_len - b->header_bytes);
    if (UNLIKELY(differs || acked > peer->nxt.n - peer->una.n))
        return false;
    bool amid = is_amid(c, g);
    struct brief_past past = past_now(c, b);
    if (UNLIKELY(amid ? !(acked | g->payload_len) : !may_turn(c, sender, g)) ||
        g->time_ns < (int64_t)past.time_ns ||
        (b->stamped && seq_lt(seq_of(g->ts_val), seq_of(own->ts_val))) ||
        !brief_write(b, &past, sender, g))
        return false;
    own->nxt = seq_add(own->nxt, g->payload_len);
    own->last_ns = g->time_ns;
    own->packets++;
    own->marks |= SIDE_SPOKE;
    if (b->stamped)
        own->ts_val = g->ts_val;
    if (amid)
        peer->una = seq_of(g->ack);
    else
        note_turn(c, sender, g);
    return true;
}

/* Compiled for either side by itself, as track_ordinary() is. */
bool brief_track(struct connection *c, int sender, const struct segment *g)
{
    return sender ? track_of(c, 1, g) : track_of(c, 0, g);
}

/* ---- making it whole ------------------------------------------------------------------------ */

/* The record as it stood when its SYN had been tracked. */
static void rewind_to_syn(struct connection *c)
{
    struct side *client = &c->side[client_side(c)];
    client->nxt = seq_add(client->isn, 1);
    client->una = seq_of(0);
    client->ts_val = syn_stamp(c);
    client->recent[1] = (struct recent_segment){0};
    client->last_ns = c->first_ns;
    client->packets = 1;
    client->marks = (client->marks & SYN_MARKS) | SIDE_SAMPLING;
    c->side[!client_side(c)] = (struct side){.last_ns = TIME_UNKNOWN};
    c->marks &= (uint16_t) ~(CONN_BRIEF | CONN_ESTABLISHED | CONN_CLOSED);
    c->packed = false;
    c->detail = NULL;
}

/* Returns how many. They are read before any is tracked: what was just written in parts is not
 * there at once as a whole. */
static unsigned read_segments(const struct connection *c, struct segment segments[SEGMENTS_MOST],
                              uint8_t senders[SEGMENTS_MOST])
{
    const struct brief *b = c->brief;
    struct brief_past past = first_past(c, b);
    const uint8_t *from = b->octets;
    for (unsigned i = 0; i < b->count; i++) {
        struct segment *g = &segments[i];
        *g = (struct segment){.world = c->world,
                              .interface = c->interface,
                              .aux = AUX_NONE,
                              .marks = b->stamped ? SEG_TIMESTAMPS : 0};
        from = brief_read(b, from, &past, g, &senders[i]);
        g->ip_bytes = g->payload_len + b->header_bytes;
        g->ttl = c->side[senders[i]].ttl;
    }
    struct answer answer = answer_of(c);
    segments[0].marks = answer.marks;
    segments[0].mss = answer.mss;
    segments[0].window_scale = answer.window_scale;
    segments[0].ip_bytes = answer.ip_bytes;
    return b->count;
}

static void track_again(struct connection *c, int sender, const struct segment *g)
{
    bool held = track_ordinary(c, sender, g) || track_segment(c, sender, g);
    (void)held; /* nothing of this takes memory */
}

void brief_look(const struct connection *c, struct connection *made, struct detail_room *room)
{
    struct segment segments[SEGMENTS_MOST];
    uint8_t senders[SEGMENTS_MOST];
    unsigned count = read_segments(c, segments, senders);
    *made = *c;
    rewind_to_syn(made);
    memset(&room->detail, 0, offsetof(struct detail, within));
    connection_lend(made, &room->detail, 0);
    room->log[0] = room->detail.within[0];
    room->detail.log = room->log;
    room->detail.log_room = LOG_MAX;
    for (unsigned i = 0; i < count; i++)
        track_again(made, senders[i], &segments[i]);
}

bool brief_unpack(struct connection *c, struct detail *lent, uint32_t place)
{
    struct detail_room room;
    struct connection made;
    struct detail *d = lent ? lent : calloc(1, sizeof *d);
    if (!d)
        return false;
    brief_look(c, &made, &room);
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
    brief_forget(c);
    *c = made;
    c->detail = d;
    return true;
}

bool brief_is_full(const struct connection *c)
{
    const struct brief *b = c->brief;
    return b->used + BRIEF_MOST > brief_room(b);
}

void brief_grow(struct connection *c, struct brief *lent, uint32_t place)
{
    const struct brief *b = c->brief;
    memcpy(lent, b, offsetof(struct brief, octets) + b->used);
    lent->place = place;
    lent->size = (b->size + 1u) & 3u;
    c->brief = lent;
}

bool brief_own(struct connection *c)
{
    const struct brief *b = c->brief;
    size_t bytes = offsetof(struct brief, octets) + b->used;
    struct brief *own = malloc(bytes);
    if (!own)
        return false;
    memcpy(own, b, bytes);
    own->place = 0;
    c->brief = own;
    return true;
}

void brief_forget(struct connection *c)
{
    if (!c->brief->place)
        free(c->brief);
    c->brief = NULL;
    c->packed = false;
    c->marks &= (uint16_t)~CONN_BRIEF;
}
