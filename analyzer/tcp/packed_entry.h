/*
 * How packed.c writes and reads numbers, times and entries of the log: an entry that is as guessed
 * from those before it takes two words, any other what differs. For packed.c and the walks over all
 * that is packed alone; octets come from the same process, which wrote them.
 */
#ifndef FINWAIT_ANALYZER_TCP_PACKED_ENTRY_H
#define FINWAIT_ANALYZER_TCP_PACKED_ENTRY_H

#include "analyzer/tcp/octets.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

/* ---- numbers -------------------------------------------------------------------------------- */

/* One walk over all that is packed goes both ways, so that they cannot differ: `to` where it is
 * being packed, else `from`. The compiler makes two of it. */
struct walk {
    uint8_t *to;
    const uint8_t *from;
    uint32_t unit_ns;                 /* times are told in these where they can be */
    uint32_t entry_octets;            /* of what every entry has */
    uint32_t stamp_bias, stamp_shift; /* none of a stamp's bits are left that fits there, */
    uint32_t stamp_mask;              /* if there is room for one */
};

/* Without the stamp, and with it. */
#define ENTRY_OCTETS         12u
#define ENTRY_STAMPED_OCTETS (ENTRY_OCTETS + 2u)

static ALWAYS_INLINE void raw(struct walk *w, bool packs, void *what, size_t bytes)
{
    if (packs) {
        memcpy(w->to, what, bytes);
        w->to += bytes;
    } else {
        memcpy(what, w->from, bytes);
        w->from += bytes;
    }
}

/* The low octets of a word. What is read has more behind them. */
static ALWAYS_INLINE void word(struct walk *w, bool packs, uint64_t *n, size_t octets)
{
    uint64_t low;
    if (packs) {
        low = htole64(*n);
        memcpy(w->to, &low, sizeof low);
        w->to += octets;
    } else {
        memcpy(&low, w->from, sizeof low);
        *n = le64toh(low);
        w->from += octets;
    }
}

/* A number that is zero, as it often is, takes a bit of `there` and no octets. */
static ALWAYS_INLINE void some(struct walk *w, bool packs, uint32_t *there, uint32_t bit, void *n,
                               size_t bytes)
{
    static const uint8_t zero[4];
    if (packs) {
        bool is = memcmp(n, zero, bytes) != 0;
        memcpy(w->to, n, bytes);
        w->to += is ? bytes : 0;
        *there |= is ? bit : 0;
    } else {
        bool is = *there & bit;
        memcpy(n, is ? w->from : zero, bytes);
        w->from += is ? bytes : 0;
    }
}

static ALWAYS_INLINE void some16(struct walk *w, bool packs, uint32_t *there, uint32_t bit,
                                 uint16_t *n)
{
    some(w, packs, there, bit, n, sizeof *n);
}

static ALWAYS_INLINE void some32(struct walk *w, bool packs, uint32_t *there, uint32_t bit,
                                 uint32_t *n)
{
    some(w, packs, there, bit, n, sizeof *n);
}

/* Where the bits stand of what follows them. */
static ALWAYS_INLINE uint8_t *begin_some(struct walk *w, bool packs, uint32_t *there)
{
    uint8_t *at = w->to;
    uint16_t bits = 0;
    raw(w, packs, &bits, sizeof bits);
    if (!packs)
        *there = bits;
    return at;
}

static ALWAYS_INLINE void end_some(bool packs, uint8_t *at, uint32_t there)
{
    uint16_t bits = (uint16_t)there;
    if (packs)
        memcpy(at, &bits, sizeof bits);
}

/* ---- times ---------------------------------------------------------------------------------- */

/* A time or span has as many bits where it always stands, and as many more where there is room for
 * what is seldom. */
#define TIME_BITS 24u
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define TIME_MOST (UINT64_C(1) << (TIME_BITS + 16))

/* What cannot be told in units comes to TIME_MOST or more. */
static ALWAYS_INLINE uint64_t in_units(const struct walk *w, uint64_t span_ns)
{
    if (w->unit_ns == 1)
        return span_ns;
    uint64_t n = span_ns / 1000;
    if (UNLIKELY(n * 1000 != span_ns))
        return TIME_MOST;
    return n;
}

/* A time before `last_ns`, or 0. */
static ALWAYS_INLINE uint64_t time_in_units(const struct walk *w, int64_t time_ns, int64_t last_ns)
{
    uint64_t units = in_units(w, (uint64_t)last_ns - (uint64_t)time_ns);
    return time_ns ? units + (units < TIME_MOST) : 0;
}

static ALWAYS_INLINE int64_t time_of_units(const struct walk *w, uint64_t units, int64_t last_ns)
{
    return units ? (int64_t)((uint64_t)last_ns - (units - 1) * w->unit_ns) : 0;
}

/* ---- entries -------------------------------------------------------------------------------- */

_Static_assert(offsetof(struct log_entry, ack) == offsetof(struct log_entry, seq) + 4 &&
                   offsetof(struct log_entry, ts_ecr) == offsetof(struct log_entry, ts_val) + 4 &&
                   offsetof(struct log_entry, ip_id) == offsetof(struct log_entry, window) + 2 &&
                   offsetof(struct log_entry, side) == offsetof(struct log_entry, flags) + 1 &&
                   offsetof(struct log_entry, marks) == offsetof(struct log_entry, ttl) + 1,
               "these are read and written two at a time");

/* What the next entry is guessed by, most of it of either side. */
struct model {
    uint64_t time_ns, frame;
    uint32_t nth;
    struct {
        seq_t next, peer; /* in the order of an entry's numbers; `peer`: 0 before it was heard */
    } numbers[2];
    uint32_t stamp[2]; /* its last, or that which the record has */
    uint32_t echo[2];  /* its last, for the peer to echo */
    uint16_t look[2];  /* TTL and marks, as they stand in an entry */
};

/* Its TTL and its marks: those of the side's other segments. */
static ALWAYS_INLINE uint16_t look_of(const struct log_entry *g)
{
    uint16_t look;
    memcpy(&look, &g->ttl, sizeof look);
    return look;
}

static ALWAYS_INLINE void set_look(struct log_entry *g, uint16_t look)
{
    memcpy(&g->ttl, &look, sizeof look);
}

static ALWAYS_INLINE struct model model_of(const struct connection *c)
{
    struct model m = {.time_ns = (uint64_t)c->first_ns, .frame = c->first_frame};
    for (int s = 0; s < 2; s++) {
        const struct side *side = &c->side[s];
        struct log_entry g = {.ttl = side->ttl,
                              .marks = side->marks & SIDE_TIMESTAMPS ? LOG_TIMESTAMPS : 0};
        m.numbers[s].next = side->isn;
        m.stamp[s] = side->ts_val;
        m.look[s] = look_of(&g);
    }
    return m;
}

static ALWAYS_INLINE void learn_end(struct model *m, const struct log_entry *g, unsigned s)
{
    m->time_ns = (uint64_t)g->time_ns;
    m->frame = g->frame;
    m->nth = g->nth;
    m->numbers[s].next = m->numbers[!s].peer =
        seq_add(g->seq, g->payload_len + !!(g->flags & TCP_SYN) + !!(g->flags & TCP_FIN));
}

/* From an entry that is as guessed. */
static ALWAYS_INLINE void learn(struct model *m, const struct log_entry *g, unsigned s)
{
    learn_end(m, g, s);
    m->stamp[s] = m->echo[s] = g->ts_val;
}

/* From any other. What it acknowledges and the log does not have was sent meanwhile. */
static void learn_more(struct model *m, const struct log_entry *g, unsigned s)
{
    learn_end(m, g, s);
    m->look[s] = look_of(g);
    if (g->marks & LOG_TIMESTAMPS)
        m->stamp[s] = m->echo[s] = g->ts_val;
    if (g->flags & TCP_ACK)
        m->numbers[!s].next = m->numbers[s].peer = seq_max(m->numbers[!s].next, g->ack);
}

/* The first word of an entry: its flags and who sent it, whether there is more than what always
 * stands, when and where it passed, and how much it carried. */
#define ENTRY_SIDE  8u
#define ENTRY_MORE  9u
#define ENTRY_TIME  10u
#define ENTRY_FRAME (ENTRY_TIME + TIME_BITS)
#define ENTRY_LEN   52u

#define FRAMES_BITS (ENTRY_LEN - ENTRY_FRAME)
#define FRAMES_MASK ((UINT64_C(1) << FRAMES_BITS) - 1)
#define FRAMES_MOST (UINT64_C(1) << (FRAMES_BITS + 16))
#define LEN_BITS    (64 - ENTRY_LEN)
#define LEN_MOST    (UINT32_C(1) << (LEN_BITS + 16))

/* Behind it the window, the IP ID and, where there are stamps, how far this one is from the last.
 */
static ALWAYS_INLINE void pack_head(struct walk *w, const struct log_entry *g, uint64_t head,
                                    uint64_t time, uint64_t frames, uint32_t stamp)
{
    uint16_t near = (uint16_t)stamp, sent;
    memcpy(&sent, &g->flags, sizeof sent);
    head |= le16toh(sent) | (time & TIME_MASK) << ENTRY_TIME |
            (frames & FRAMES_MASK) << ENTRY_FRAME | (uint64_t)g->payload_len << ENTRY_LEN;
    memcpy(w->to, &head, sizeof head);
    memcpy(w->to + 8, &g->window, 4);
    memcpy(w->to + 12, &near, sizeof near);
    w->to += w->entry_octets;
}

/* What it tells at least. */
static ALWAYS_INLINE void unpack_head(struct walk *w, uint64_t head, struct log_entry *g,
                                      const struct model *m)
{
    uint16_t sent = htole16((uint16_t)(head & ((1u << ENTRY_MORE) - 1)));
    memcpy(&g->flags, &sent, sizeof sent);
    memcpy(&g->window, w->from + 8, 4);
    g->time_ns = (int64_t)(m->time_ns + (head >> ENTRY_TIME & TIME_MASK) * w->unit_ns);
    g->frame = m->frame + (head >> ENTRY_FRAME & FRAMES_MASK);
    g->payload_len = (uint32_t)(head >> ENTRY_LEN);
}

enum entry_there {
    THERE_SEQ = 1u << 0,
    THERE_ACK = 1u << 1,
    THERE_STAMP = 1u << 2,
    THERE_NTH = 1u << 3,
    THERE_ECHO = 1u << 4,
    THERE_TIME = 1u << 5,
    THERE_FRAME = 1u << 6,
    THERE_LEN = 1u << 7,
    THERE_LOOK = 1u << 8,
    THERE_AT_LENGTH = 1u << 9, /* nor is that enough: the entry as it is */
};

/* What of an entry is as guessed that most often is. */
struct entry_more {
    uint32_t seq, ack, stamp;
    uint16_t nth, echo, time, frame, len, look;
    bool at_length;
};

static ALWAYS_INLINE void walk_more(struct walk *w, bool packs, struct log_entry *g,
                                    struct entry_more *more)
{
    uint32_t there = more->at_length ? THERE_AT_LENGTH : 0;
    uint8_t *at = begin_some(w, packs, &there);
    if (there & THERE_AT_LENGTH) {
        more->at_length = true;
        raw(w, packs, g, sizeof *g);
    } else {
        some32(w, packs, &there, THERE_SEQ, &more->seq);
        some32(w, packs, &there, THERE_ACK, &more->ack);
        some32(w, packs, &there, THERE_STAMP, &more->stamp);
        some16(w, packs, &there, THERE_NTH, &more->nth);
        some16(w, packs, &there, THERE_ECHO, &more->echo);
        some16(w, packs, &there, THERE_TIME, &more->time);
        some16(w, packs, &there, THERE_FRAME, &more->frame);
        some16(w, packs, &there, THERE_LEN, &more->len);
        some16(w, packs, &there, THERE_LOOK, &more->look);
    }
    end_some(packs, at, there);
}

/* What of its stamp stands in the word's company. */
static ALWAYS_INLINE uint32_t near_stamp(const struct walk *w, uint32_t stamp)
{
    return (uint32_t)(int16_t)stamp & w->stamp_mask;
}

static NEVER_INLINE uint8_t *pack_more(struct walk from, struct log_entry *g, const struct model *m)
{
    struct walk *w = &from;
    unsigned s = g->side & 1u;
    bool stamped = g->marks & LOG_TIMESTAMPS;
    uint64_t time = in_units(w, (uint64_t)g->time_ns - m->time_ns);
    uint64_t frames = g->frame - m->frame;
    uint32_t nth = g->nth - m->nth - 1;
    uint32_t stamp = g->ts_val - (stamped ? m->stamp[s] : 0);
    uint32_t echo = g->ts_ecr - (stamped ? m->echo[!s] : 0);
    struct entry_more more = {
        .seq = g->seq.n - m->numbers[s].next.n,
        .ack = (g->flags & TCP_ACK ? m->numbers[s].peer.n : 0) - g->ack.n,
        .stamp = stamp - near_stamp(w, stamp),
        .nth = (uint16_t)nth,
        .echo = (uint16_t)echo,
        .time = (uint16_t)(time >> TIME_BITS),
        .frame = (uint16_t)(frames >> FRAMES_BITS),
        .len = (uint16_t)(g->payload_len >> LEN_BITS),
        .look = look_of(g) ^ m->look[s],
        .at_length = time >= TIME_MOST || frames >= FRAMES_MOST || g->payload_len >= LEN_MOST ||
                     (nth | echo) > UINT16_MAX,
    };
    pack_head(w, g, UINT64_C(1) << ENTRY_MORE, time, frames, stamp);
    walk_more(w, true, g, &more);
    return w->to;
}

static NEVER_INLINE const uint8_t *unpack_more(struct walk from, struct log_entry *g,
                                               const struct model *m)
{
    struct entry_more more = {0};
    struct walk *w = &from;
    uint64_t head;
    uint16_t near;
    memcpy(&head, w->from, sizeof head);
    memcpy(&near, w->from + 12, sizeof near);
    unpack_head(w, head, g, m);
    w->from += w->entry_octets;
    walk_more(w, false, g, &more);
    if (more.at_length)
        return w->from;
    unsigned s = g->side;
    uint64_t far = (uint64_t)more.time << TIME_BITS;
    set_look(g, more.look ^ m->look[s]);
    bool stamped = g->marks & LOG_TIMESTAMPS;
    g->time_ns = (int64_t)((uint64_t)g->time_ns + far * w->unit_ns);
    g->frame += (uint64_t)more.frame << FRAMES_BITS;
    g->nth = m->nth + 1 + more.nth;
    g->seq = seq_add(m->numbers[s].next, more.seq);
    g->ack = seq_back(g->flags & TCP_ACK ? m->numbers[s].peer : seq_of(0), more.ack);
    g->payload_len |= (uint32_t)more.len << LEN_BITS;
    g->ts_val = (stamped ? m->stamp[s] : 0) + near_stamp(w, near) + more.stamp;
    g->ts_ecr = (stamped ? m->echo[!s] : 0) + more.echo;
    return w->from;
}

/* Whether it was as guessed. */
static ALWAYS_INLINE bool pack_entry(struct walk *w, struct log_entry *g, const struct model *m)
{
    unsigned s = g->side & 1u;
    uint64_t time = in_units(w, (uint64_t)g->time_ns - m->time_ns);
    uint64_t frames = g->frame - m->frame, is, guessed;
    uint32_t stamp = g->ts_val - m->stamp[s];
    memcpy(&is, &g->seq, sizeof is);
    memcpy(&guessed, &m->numbers[s], sizeof guessed);
    uint32_t differs = (g->nth ^ (m->nth + 1)) | (g->ts_ecr ^ m->echo[!s]) |
                       (uint32_t)(look_of(g) ^ m->look[s]) | g->payload_len >> LEN_BITS |
                       (stamp + w->stamp_bias) >> w->stamp_shift;
    if ((is ^ guessed) | differs | time >> TIME_BITS | frames >> FRAMES_BITS) {
        w->to = pack_more(*w, g, m);
        return false;
    }
    pack_head(w, g, 0, time, frames, stamp);
    return true;
}

static ALWAYS_INLINE bool unpack_entry(struct walk *w, struct log_entry *g, const struct model *m)
{
    uint64_t head;
    uint16_t near;
    memcpy(&head, w->from, sizeof head);
    if (head >> ENTRY_MORE & 1) {
        w->from = unpack_more(*w, g, m);
        return false;
    }
    unsigned s = head >> ENTRY_SIDE & 1;
    memcpy(&near, w->from + 12, sizeof near);
    unpack_head(w, head, g, m);
    w->from += w->entry_octets;
    set_look(g, m->look[s]);
    memcpy(&g->seq, &m->numbers[s], 8);
    g->nth = m->nth + 1;
    g->ts_val = m->stamp[s] + near_stamp(w, near);
    g->ts_ecr = m->echo[!s];
    return true;
}

/* One that is not in the log, of which most often none of its numbers is as guessed: they stand as
 * they are. */
static ALWAYS_INLINE void pack_apart(struct walk *w, struct log_entry *g, const struct model *m)
{
    unsigned s = g->side & 1u;
    uint64_t time = in_units(w, (uint64_t)g->time_ns - m->time_ns);
    uint64_t frames = g->frame - m->frame;
    uint32_t nth = g->nth - m->nth;
    bool stamps = w->stamp_mask;
    uint32_t differs = (uint32_t)(look_of(g) ^ m->look[s]) | g->payload_len >> LEN_BITS |
                       nth >> 16 | (stamps ? 0 : g->ts_val | g->ts_ecr);
    if (differs | time >> TIME_BITS | frames >> FRAMES_BITS) {
        w->to = pack_more(*w, g, m);
        return;
    }
    uint16_t later = (uint16_t)nth;
    uint8_t *to = w->to;
    pack_head(w, g, 0, time, frames, 0);
    memcpy(to + 12, &later, sizeof later);
    memcpy(to + 14, &g->seq, 8);
    memcpy(to + 22, &g->ts_val, 8);
    w->to = to + (stamps ? 30 : 22);
}

static ALWAYS_INLINE void unpack_apart(struct walk *w, struct log_entry *g, const struct model *m)
{
    uint64_t head;
    uint16_t later;
    bool stamps = w->stamp_mask;
    memcpy(&head, w->from, sizeof head);
    if (head >> ENTRY_MORE & 1) {
        w->from = unpack_more(*w, g, m);
        return;
    }
    unpack_head(w, head, g, m);
    set_look(g, m->look[g->side]);
    memcpy(&later, w->from + 12, sizeof later);
    memcpy(&g->seq, w->from + 14, 8);
    g->ts_val = g->ts_ecr = 0;
    if (stamps)
        memcpy(&g->ts_val, w->from + 22, 8);
    g->nth = m->nth + later;
    w->from += stamps ? 30 : 22;
}

static ALWAYS_INLINE void walk_entry(struct walk *w, bool packs, struct log_entry *g,
                                     struct model *m)
{
    if (packs ? pack_entry(w, g, m) : unpack_entry(w, g, m))
        learn(m, g, g->side & 1u);
    else
        learn_more(m, g, g->side & 1u);
}

#endif
