#include "analyzer/tcp/brief.h"

#include "analyzer/tcp/brief_entry.h"
#include "analyzer/tcp/octets.h"

#include <stdlib.h>
#include <string.h>

/* What a SYN-ACK may say. */
#define ANSWER_MARKS (SEG_MSS | SEG_WINDOW_SCALE | SEG_SACK_PERMITTED | SEG_TIMESTAMPS)

_Static_assert(sizeof(struct brief_at_length) <= BRIEF_OCTETS_LEAST, "the first segment has room");
_Static_assert(ANSWER_MARKS <= UINT8_MAX && (SIDE_FIN | SIDE_FIN_ACKED | SIDE_RST) <= UINT8_MAX,
               "marks are octets");

/* ---- taking segments ------------------------------------------------------------------------ */

/* 0 where it is of the connection's world and tap, and has nothing that is not kept. */
static ALWAYS_INLINE uint64_t unlike_others(const struct lone *syn, const struct segment *g)
{
    return (g->world ^ syn->world) | (uint32_t)(tap_of(g) ^ syn->interface) |
           (uint32_t)(g->aux ^ AUX_NONE) | (g->flags & ~(uint32_t)UINT8_MAX) |
           (g->sack_left | g->sack_right) | (g->frame - syn->frame) >> 32;
}

static bool is_answer(const struct lone *syn, const struct segment *g)
{
    return lone_names_way(syn, g, true, false) && syn->time_ns != TIME_UNKNOWN &&
           !unlike_others(syn, g) &&
           (g->flags & (CONTROL_FLAGS | TCP_ACK)) == (TCP_SYN | TCP_ACK) && !g->payload_len &&
           g->ack == syn->seq + 1 && g->time_ns >= syn->time_ns &&
           !(g->marks & ~(uint32_t)ANSWER_MARKS) && g->ip_bytes <= UINT8_MAX;
}

struct brief *brief_begin(void *item, unsigned size, const struct lone *syn, uint32_t tag,
                          int sender, const struct segment *g)
{
    if (!is_answer(syn, g))
        return NULL;
    bool stamped = g->marks & syn->marks & SEG_TIMESTAMPS;
    struct brief *b = brief_in(item, syn->ipv6);
    memcpy(item, syn, brief_syn_bytes(syn->ipv6));
    *b = (struct brief){
        .last_ns = syn->time_ns,
        .isn = seq_of(g->seq),
        .answer_ts = g->ts_val,
        .tag = tag,
        .answer_mss = g->mss,
        .answer_ip_bytes = (uint8_t)g->ip_bytes,
        .answer_marks = (uint8_t)g->marks,
        .answer_scale = g->window_scale & 15u,
        .size = size & 3u,
        .client = !sender,
        .ipv6 = syn->ipv6,
        .stamped = stamped,
        .nanoseconds = syn->time_ns % 1000 || g->time_ns % 1000,
    };
    b->nxt[!sender] = b->una[!sender] = seq_of(g->ack);
    b->nxt[sender] = b->una[sender] = b->isn;
    b->ts_val[!sender] = syn->ts_val;
    b->ts_val[sender] = g->ts_val;
    bool written = brief_write(b, stamped, sender, g);
    (void)written; /* the first has room, however it is written */
    b->nxt[sender] = seq_add(b->isn, 1);
    b->ttl[!sender] = (uint8_t)syn->ttl;
    b->ttl[sender] = g->ttl;
    b->last_ns = g->time_ns;
    return b;
}

/* Nothing opens or closes with it, and nothing has begun to close. */
static ALWAYS_INLINE bool is_amid(const struct brief *b, const struct segment *g)
{
    return (b->marks & (BRIEF_ESTABLISHED | BRIEF_CLOSED)) == BRIEF_ESTABLISHED &&
           !((b->side_marks[0] | b->side_marks[1]) & SIDE_FIN) && !(g->flags & CONTROL_FLAGS);
}

/* The handshake's third segment; a FIN, which comes once; RST; and what follows a FIN, without
 * octets. */
static NEVER_INLINE bool may_turn(const struct brief *b, int sender, const struct segment *g)
{
    bool octets = g->payload_len || g->flags & TCP_FIN;
    if (b->marks & BRIEF_CLOSED || g->flags & TCP_SYN)
        return false;
    if (!(b->marks & BRIEF_ESTABLISHED))
        return sender == b->client && !(g->flags & CONTROL_FLAGS) && !octets &&
               g->ack == b->nxt[!sender].n;
    if (g->flags & TCP_RST)
        return !octets;
    return !(octets && b->side_marks[sender] & SIDE_FIN) &&
           !(g->payload_len && b->side_marks[!sender] & SIDE_FIN) &&
           (octets || g->ack != b->una[!sender].n);
}

/* Its octets are taken. */
static NEVER_INLINE void note_turn(struct brief *b, int sender, const struct segment *g)
{
    uint8_t *own = &b->side_marks[sender], *peer = &b->side_marks[!sender];
    if (g->flags & TCP_FIN) {
        *own |= SIDE_FIN;
        b->nxt[sender] = seq_add(b->nxt[sender], 1);
    }
    if (g->flags & TCP_RST)
        *own |= SIDE_RST; /* what it acknowledges is not believed */
    else
        b->una[!sender] = seq_of(g->ack);
    if (*peer & SIDE_FIN && seq_eq(b->una[!sender], b->nxt[!sender]))
        *peer |= SIDE_FIN_ACKED;
    b->marks |= BRIEF_ESTABLISHED;
    if (g->flags & TCP_RST || *own & *peer & SIDE_FIN_ACKED)
        b->marks |= BRIEF_CLOSED;
}

static ALWAYS_INLINE bool track_of(struct brief *b, bool stamped, int sender,
                                   const struct segment *g)
{
    const struct lone *syn = brief_syn(b);
    uint32_t marks = stamped ? SEG_TIMESTAMPS : 0;
    uint32_t acked = g->ack - b->una[!sender].n;
    uint64_t differs = unlike_others(syn, g) | (g->marks ^ marks) | (g->seq ^ b->nxt[sender].n) |
                       (uint32_t)(g->ttl ^ b->ttl[sender]) | (~g->flags & TCP_ACK) |
                       (g->ip_bytes - g->payload_len - brief_header_bytes(b, stamped));
    if (UNLIKELY(differs || acked > b->nxt[!sender].n - b->una[!sender].n))
        return false;
    bool amid = is_amid(b, g);
    if (UNLIKELY(amid ? !(acked | g->payload_len) : !may_turn(b, sender, g)) ||
        g->time_ns < b->last_ns ||
        (stamped && seq_lt(seq_of(g->ts_val), seq_of(b->ts_val[sender]))) ||
        !brief_write(b, stamped, sender, g))
        return false;
    b->nxt[sender] = seq_add(b->nxt[sender], g->payload_len);
    b->last_ns = g->time_ns;
    if (stamped)
        b->ts_val[sender] = g->ts_val;
    if (amid)
        b->una[!sender] = seq_of(g->ack);
    else
        note_turn(b, sender, g);
    return true;
}

/* Of a connection that is stamped few systems stamp an RST. It is written as if it were, with what
 * leaves the least to write. */
static NEVER_INLINE bool track_bare_rst(struct brief *b, int sender, const struct segment *g)
{
    struct segment stamped = *g;
    stamped.marks |= SEG_TIMESTAMPS;
    stamped.ts_val = b->ts_val[sender];
    stamped.ts_ecr = b->ts_val[!sender];
    stamped.ip_bytes += BRIEF_STAMP_BYTES;
    if (g->ts_val || g->ts_ecr || !track_of(b, true, sender, &stamped))
        return false;
    b->bare_rst = 1;
    return true;
}

/* Compiled for either side by itself, as track_ordinary() is, and with and without stamps. */
bool brief_track(struct brief *b, int sender, const struct segment *g)
{
    if (UNLIKELY(b->stamped && g->flags & TCP_RST && !(g->marks & SEG_TIMESTAMPS)))
        return track_bare_rst(b, sender, g);
    if (b->stamped)
        return sender ? track_of(b, true, 1, g) : track_of(b, true, 0, g);
    return sender ? track_of(b, false, 1, g) : track_of(b, false, 0, g);
}

/* ---- room ----------------------------------------------------------------------------------- */

bool brief_is_full(const struct brief *b)
{
    return b->used + BRIEF_MOST > brief_octets(b->size);
}

struct brief *brief_grow(const struct brief *b, void *item)
{
    struct brief *grown = brief_in(item, b->ipv6);
    memcpy(item, brief_syn(b), brief_bytes_used(b));
    grown->size = (b->size + 1u) & 3u;
    return grown;
}

struct brief *brief_own(const struct brief *b)
{
    void *item = malloc(brief_bytes_used(b));
    if (!item)
        return NULL;
    memcpy(item, brief_syn(b), brief_bytes_used(b));
    return brief_in(item, b->ipv6);
}

void brief_disown(struct brief *own)
{
    free((uint8_t *)own - brief_syn_bytes(own->ipv6));
}
