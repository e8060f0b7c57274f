#include "analyzer/tcp/brief.h"

#include "analyzer/tcp/brief_entry.h"
#include "analyzer/tcp/octets.h"

#include <stdlib.h>
#include <string.h>

/* What a SYN-ACK may say. */
#define ANSWER_MARKS (SEG_MSS | SEG_WINDOW_SCALE | SEG_SACK_PERMITTED | SEG_TIMESTAMPS)

#define IP_BYTES(version) ((version) == 4 ? 20u : 40u)
#define TCP_BYTES         20u
#define TIMESTAMPS_BYTES  12u

_Static_assert(sizeof(struct brief) == 16, "the octets begin behind two words");

/* ---- taking segments ------------------------------------------------------------------------ */

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
    struct brief_answer answer = {.ts_val = g->ts_val,
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
    struct brief_past past = brief_first_past(c, b);
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

/* ---- room ----------------------------------------------------------------------------------- */

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
