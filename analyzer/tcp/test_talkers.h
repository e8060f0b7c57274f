/*
 * Generated connections for tests that hold two ways of tracking against each other. The ends keep
 * to nothing: numbers go on, come again, leave gaps or are anything; segments come in order,
 * swapped, copied, late, or with the clock running back. What differs from one connection to the
 * next is how often.
 */
#ifndef FINWAIT_ANALYZER_TCP_TEST_TALKERS_H
#define FINWAIT_ANALYZER_TCP_TEST_TALKERS_H

#include "analyzer/tcp/test_scene.h"
#include "analyzer/test_random.h"

/* ---- the same ------------------------------------------------------------------------------- */

static inline void same_ranges(const struct ranges *a, const struct ranges *b)
{
    assert_true(!a == !b);
    if (!a || !b)
        return;
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->overflowed, b->overflowed);
    assert_true(a->retired_bytes == b->retired_bytes);
    assert_memory_equal(a->holes, b->holes, a->count * sizeof *a->holes);
}

/* What is owned apart from the octets that are compared. */
static inline void same_side(const struct side_detail *a, const struct side_detail *b)
{
    struct seldom x = *seldom_of(a), y = *seldom_of(b);
    same_ranges(x.holes, y.holes);
    x.holes = y.holes = NULL;
    x.run = y.run = NULL;
    assert_memory_equal(&x, &y, sizeof x);
    assert_memory_equal(&run_of(a)->first, &run_of(b)->first, sizeof run_of(a)->first);
    assert_memory_equal(&run_of(a)->last, &run_of(b)->last, sizeof run_of(a)->last);
}

static inline void same_detail(const struct detail *a, const struct detail *b)
{
    assert_true(!a == !b);
    if (!a || !b)
        return;
    struct detail x = *a, y = *b;
    for (int s = 0; s < 2; s++) {
        same_side(&a->side[s], &b->side[s]);
        x.side[s].seldom = y.side[s].seldom = NULL;
    }
    assert_int_equal(a->log_count, b->log_count);
    for (unsigned i = 0; i < a->log_count; i++)
        assert_memory_equal(log_at(a, i), log_at(b, i), sizeof *a->log);
    x.log = y.log = NULL;
    x.more = y.more = NULL;
    assert_memory_equal(&x, &y, sizeof x);
}

static inline void same(const struct connection *a, const struct connection *b)
{
    struct connection x = *a, y = *b;
    same_detail(a->detail, b->detail);
    x.detail = y.detail = NULL;
    assert_memory_equal(&x, &y, sizeof x);
}

/* ---- the talk ---------------------------------------------------------------------------------
 */

/* One in how many segments; 0: none. */
struct habits {
    uint32_t lost, again, far, copied, swapped, sacked, probing, padded, silent, closing, odd;
    bool mid_stream, one_direction, stamped, untimed;
};

/* All of them at once. */
#define EVERYTHING_ODD                                                                             \
    .odd = 20, .silent = 3, .far = 40, .again = 20, .lost = 60, .copied = 10, .swapped = 30,       \
    .sacked = 20, .probing = 40, .padded = 3, .stamped = true

struct end {
    uint32_t nxt, heard, stamp;
    uint16_t ip_id;
};

struct talkers {
    struct talk t;
    struct end end[2];
    int64_t ns;
    struct habits habits;
};

static inline void time_passes(struct talkers *w)
{
    static const int64_t steps_ns[] = {0, 700, 40000, 1500000, 30000000, 900000000};
    w->ns += steps_ns[random_below(6)];
    if (one_in(w->habits.odd))
        w->ns -= 2000000;
    if (one_in(200))
        w->ns += INT64_C(3600) * 1000000000;
}

static inline struct segment next_segment(struct talkers *w, int side, uint16_t flags)
{
    struct end *own = &w->end[side];
    struct segment g = segment(&w->t, side, "", 0, 0, 0, 0, "");
    time_passes(w);
    g.time_ns = w->habits.untimed && one_in(4) ? TIME_UNKNOWN : w->t.origin_ns + w->ns;
    g.flags = flags;
    g.seq = own->nxt;
    g.ack = flags & TCP_ACK ? own->heard : 0;
    g.ip_id = ++own->ip_id;
    g.ip_bytes = 52;
    if (w->habits.stamped && !one_in(w->habits.odd)) {
        own->stamp += random_below(3);
        g.marks |= SEG_TIMESTAMPS;
        g.ts_val = own->stamp;
        g.ts_ecr = w->end[!side].stamp;
    }
    return g;
}

static inline void odd_marks(struct talkers *w, struct segment *g)
{
    if (one_in(w->habits.odd))
        g->ttl = (uint8_t)(60 + random_below(3));
    if (one_in(w->habits.odd))
        g->interface = random_below(2);
    if (one_in(w->habits.odd))
        g->window = (uint16_t)random_below(3);
    if (one_in(w->habits.odd))
        g->marks |= UINT32_C(1) << (7 + random_below(13));
    if (one_in(w->habits.odd))
        g->ip_id = 0;
}

/* An acknowledgment of all, some or more than all that the peer has sent. */
static inline void hear(struct talkers *w, int side)
{
    struct end *own = &w->end[side];
    int32_t fresh = (int32_t)(w->end[!side].nxt - own->heard);
    if (one_in(w->habits.far))
        own->heard = w->end[!side].nxt + random_below(3000);
    else if (fresh > 0 && !one_in(4))
        own->heard += one_in(3) ? random_below((uint32_t)fresh + 1) : (uint32_t)fresh;
}

static inline void octets(struct talkers *w, int side, struct segment *g)
{
    static const uint32_t lengths[] = {0, 1, 6, 300, 1448, 1448, 20000};
    struct end *own = &w->end[side];
    g->payload_len = one_in(w->habits.silent) ? 0 : lengths[random_below(7)];
    if (one_in(w->habits.padded) && g->payload_len == 6)
        g->marks |= SEG_PADDING_LIKE;
    if (one_in(w->habits.again))
        g->seq -= random_below(4000);
    else if (one_in(w->habits.lost))
        g->seq = own->nxt += 1 + random_below(3000);
    else if (one_in(w->habits.probing)) {
        g->payload_len = random_below(2);
        g->seq--;
    } else if (one_in(w->habits.far)) {
        g->seq += UINT32_C(1) << 30 << random_below(2);
    } else if (!(g->marks & SEG_PADDING_LIKE) || one_in(2)) {
        own->nxt += g->payload_len;
    }
    g->ip_bytes += g->payload_len;
}

static inline void sack(struct talkers *w, int side, struct segment *g)
{
    if (!one_in(w->habits.sacked))
        return;
    g->marks |= SEG_SACK | (one_in(3) ? SEG_DSACK : 0);
    g->sack_left = w->end[!side].nxt - random_below(4000);
    g->sack_right = g->sack_left + random_below(2000);
}

static inline struct segment anything(struct talkers *w)
{
    int side = w->habits.one_direction ? A : (int)random_below(2);
    uint16_t flags = TCP_ACK;
    if (one_in(w->habits.closing))
        flags = (uint16_t)(TCP_ACK | (one_in(3) ? TCP_RST : TCP_FIN));
    else if (one_in(20 * w->habits.odd))
        flags = (uint16_t)random_below(64);
    hear(w, side);
    struct segment g = next_segment(w, side, flags);
    octets(w, side, &g);
    if (flags & TCP_FIN)
        w->end[side].nxt = g.seq + g.payload_len + 1;
    sack(w, side, &g);
    odd_marks(w, &g);
    return g;
}

/* What opens the connection, in order of passage; `count` of them, none of those that the tap did
 * not see. */
static inline void opening(struct talkers *w, struct segment segments[3], uint32_t *count)
{
    for (int side = 0; side < 2; side++)
        w->end[side].nxt = w->t.isn[side];
    w->end[B].heard = w->end[A].nxt + 1;
    w->end[A].heard = w->end[B].nxt + 1;
    segments[0] = next_segment(w, A, TCP_SYN);
    segments[1] = next_segment(w, B, TCP_SYN | TCP_ACK);
    for (int side = 0; side < 2; side++)
        w->end[side].nxt++;
    segments[2] = next_segment(w, A, TCP_ACK);
    *count = w->habits.mid_stream ? 0 : 3;
    if (w->habits.one_direction && *count)
        segments[1] = segments[--*count];
}

#define TALK_MAX 400u

/* A whole talk; returns how many segments it has. */
static inline uint32_t talk_of(const struct habits *habits, uint64_t seed, uint32_t count,
                               struct segment segments[TALK_MAX])
{
    struct talkers w;
    memset(&w, 0, sizeof w);
    random_state = seed;
    w.habits = *habits;
    talk_init(&w.t);
    uint32_t n;
    opening(&w, segments, &n);
    struct segment held = anything(&w);
    while (n + 2 < TALK_MAX && count-- > 0) {
        struct segment g = anything(&w);
        bool swaps = one_in(habits->swapped);
        segments[n++] = swaps ? g : held;
        if (one_in(habits->copied)) {
            segments[n] = segments[n - 1];
            segments[n].frame++;
            segments[n].ttl = (uint8_t)(segments[n].ttl - random_below(2));
            segments[n].interface += random_below(2);
            n++;
        }
        held = swaps ? held : g;
    }
    return n;
}

/* The connection whose first segment is about to be tracked; returns its side. One that is found
 * without its SYN is presumed open. */
static inline int begin_talk(struct connection *c, const struct habits *habits,
                             const struct segment *first)
{
    struct flow_key key;
    int sender = flow_key_of(first, false, &key);
    memset(c, 0, sizeof *c);
    connection_begin(c, &key, first);
    if (habits->mid_stream)
        c->marks |= CONN_ESTABLISHED;
    return sender;
}

static inline int sender_of(const struct segment *g)
{
    struct flow_key key;
    return flow_key_of(g, false, &key);
}

#endif
