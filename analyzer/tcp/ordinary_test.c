/*
 * The short way against the general one: generated connections, each tracked twice, once by
 * track_segment() alone and once by track_ordinary() wherever it takes the segment. After every
 * segment the two are the same octet by octet.
 *
 * The ends keep to nothing: numbers go on, come again, leave gaps or are anything; segments come in
 * order, swapped, copied, late, or with the clock running back. What differs from one connection to
 * the next is how often.
 */
#include "analyzer/tcp/ordinary.h"
#include "analyzer/tcp/test_scene.h"

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % limit;
}

/* One in so many; never for 0. */
static bool one_in(uint32_t many)
{
    return many && random_below(many) == 0;
}

/* ---- the same ---------------------------------------------------------------------------------
 */

static void same_ranges(const struct ranges *a, const struct ranges *b)
{
    assert_true(!a == !b);
    if (!a)
        return;
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->overflowed, b->overflowed);
    assert_true(a->retired_bytes == b->retired_bytes);
    assert_memory_equal(a->holes, b->holes, a->count * sizeof *a->holes);
}

static void same_side(const struct side_detail *a, const struct side_detail *b)
{
    same_ranges(a->holes, b->holes);
    assert_memory_equal(&run_of(a)->first, &run_of(b)->first, sizeof run_of(a)->first);
    assert_memory_equal(&run_of(a)->last, &run_of(b)->last, sizeof run_of(a)->last);
}

static void same_detail(const struct detail *a, const struct detail *b)
{
    assert_true(!a == !b);
    if (!a)
        return;
    struct detail x = *a, y = *b;
    for (int s = 0; s < 2; s++) {
        same_side(&a->side[s], &b->side[s]);
        x.side[s].holes = y.side[s].holes = NULL;
        x.side[s].run = y.side[s].run = NULL;
    }
    assert_int_equal(a->log_count, b->log_count);
    assert_memory_equal(a->log, b->log, a->log_count * sizeof *a->log);
    x.log = y.log = NULL;
    assert_memory_equal(&x, &y, sizeof x);
}

static void same(const struct connection *a, const struct connection *b)
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

static void time_passes(struct talkers *w)
{
    static const int64_t steps_ns[] = {0, 700, 40000, 1500000, 30000000, 900000000};
    w->ns += steps_ns[random_below(6)];
    if (one_in(w->habits.odd))
        w->ns -= 2000000;
    if (one_in(200))
        w->ns += INT64_C(3600) * 1000000000;
}

static struct segment next_segment(struct talkers *w, int side, uint16_t flags)
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

static void odd_marks(struct talkers *w, struct segment *g)
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
static void hear(struct talkers *w, int side)
{
    struct end *own = &w->end[side];
    int32_t fresh = (int32_t)(w->end[!side].nxt - own->heard);
    if (one_in(w->habits.far))
        own->heard = w->end[!side].nxt + random_below(3000);
    else if (fresh > 0 && !one_in(4))
        own->heard += one_in(3) ? random_below((uint32_t)fresh + 1) : (uint32_t)fresh;
}

static void octets(struct talkers *w, int side, struct segment *g)
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

static void sack(struct talkers *w, int side, struct segment *g)
{
    if (!one_in(w->habits.sacked))
        return;
    g->marks |= SEG_SACK | (one_in(3) ? SEG_DSACK : 0);
    g->sack_left = w->end[!side].nxt - random_below(4000);
    g->sack_right = g->sack_left + random_below(2000);
}

static struct segment anything(struct talkers *w)
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

/* ---- both ways --------------------------------------------------------------------------------
 */

struct both {
    struct connection general, either;
    uint32_t short_ways, segments;
};

static void take(struct both *b, const struct segment *g)
{
    struct flow_key key;
    int sender = flow_key_of(g, false, &key);
    if (b->general.first_frame == FRAME_NONE) {
        connection_begin(&b->general, &key, g);
        connection_begin(&b->either, &key, g);
    }
    assert_true(track_segment(&b->general, sender, g));
    if (track_ordinary(&b->either, sender, g))
        b->short_ways++;
    else
        assert_true(track_segment(&b->either, sender, g));
    b->segments++;
    same(&b->general, &b->either);
}

static void open_both(struct talkers *w, struct both *b)
{
    for (int side = 0; side < 2; side++)
        w->end[side].nxt = w->t.isn[side];
    w->end[B].heard = w->end[A].nxt + 1;
    w->end[A].heard = w->end[B].nxt + 1;
    struct segment syn = next_segment(w, A, TCP_SYN);
    struct segment syn_ack = next_segment(w, B, TCP_SYN | TCP_ACK);
    for (int side = 0; side < 2; side++)
        w->end[side].nxt++;
    struct segment ack = next_segment(w, A, TCP_ACK);
    if (w->habits.mid_stream) {
        /* As whoever found it without its SYN presumes. */
        b->general.marks = b->either.marks = CONN_ESTABLISHED;
        return;
    }
    take(b, &syn);
    if (!w->habits.one_direction)
        take(b, &syn_ack);
    take(b, &ack);
}

static struct both talk_of(const struct habits *habits, uint64_t seed, uint32_t count)
{
    struct both b;
    struct talkers w;
    memset(&b, 0, sizeof b);
    memset(&w, 0, sizeof w);
    random_state = seed;
    w.habits = *habits;
    talk_init(&w.t);
    open_both(&w, &b);
    struct segment held = anything(&w);
    for (uint32_t i = 0; i < count; i++) {
        struct segment g = anything(&w);
        bool swaps = one_in(habits->swapped);
        take(&b, swaps ? &g : &held);
        if (one_in(habits->copied)) {
            struct segment copy = swaps ? g : held;
            copy.frame++;
            copy.ttl = (uint8_t)(copy.ttl - random_below(2));
            copy.interface += random_below(2);
            take(&b, &copy);
        }
        held = swaps ? held : g;
    }
    connection_finish(&b.general);
    connection_finish(&b.either);
    return b;
}

/* Of a hundred segments at least so many take the short way, in many talks of those habits. */
static void both_ways(const struct habits *habits, uint32_t least_percent)
{
    uint64_t short_ways = 0, segments = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct both b = talk_of(habits, seed, 150);
        short_ways += b.short_ways;
        segments += b.segments;
    }
    assert_true(short_ways * 100 >= segments * least_percent);
}

static void ordinary(void **state)
{
    (void)state;
    both_ways(&(struct habits){.silent = 3}, 60);
    both_ways(&(struct habits){.silent = 3, .stamped = true}, 60);
    both_ways(&(struct habits){.silent = 3, .stamped = true, .mid_stream = true}, 60);
}

static void closing(void **state)
{
    (void)state;
    both_ways(&(struct habits){.silent = 3, .closing = 60}, 10);
    both_ways(&(struct habits){.silent = 3, .closing = 60, .odd = 50, .stamped = true}, 10);
}

static void lossy(void **state)
{
    (void)state;
    both_ways(&(struct habits){.lost = 100, .again = 30, .sacked = 20, .silent = 3}, 5);
    both_ways(&(struct habits){.again = 10, .far = 200, .probing = 20, .silent = 2}, 5);
    both_ways(&(struct habits){.swapped = 20, .silent = 3, .stamped = true}, 5);
}

static void copied(void **state)
{
    (void)state;
    both_ways(&(struct habits){.copied = 4, .silent = 3}, 20);
    both_ways(&(struct habits){.copied = 4, .silent = 3, .odd = 30, .mid_stream = true}, 4);
}

static void padded(void **state)
{
    (void)state;
    both_ways(&(struct habits){.padded = 2, .silent = 3}, 10);
}

static void one_direction(void **state)
{
    (void)state;
    both_ways(&(struct habits){.one_direction = true, .silent = 3, .lost = 30}, 0);
}

static void odd(void **state)
{
    (void)state;
    both_ways(&(struct habits){.odd = 10, .silent = 3, .stamped = true}, 5);
    both_ways(&(struct habits){.odd = 30, .silent = 3, .untimed = true}, 0);
    both_ways(&(struct habits){.odd = 20,
                               .silent = 3,
                               .far = 40,
                               .again = 20,
                               .lost = 60,
                               .copied = 10,
                               .swapped = 30,
                               .sacked = 20,
                               .probing = 40,
                               .padded = 3,
                               .closing = 90,
                               .stamped = true},
              1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary), cmocka_unit_test(closing), cmocka_unit_test(lossy),
        cmocka_unit_test(copied),   cmocka_unit_test(padded),  cmocka_unit_test(one_direction),
        cmocka_unit_test(odd),
    };
    return cmocka_run_group_tests_name("ordinary", tests, NULL, NULL);
}
