/*
 * The short ways against the general one: generated connections, each tracked twice, once by
 * track_segment() alone and once by track_ordinary() wherever it takes the segment. After every
 * segment the two are the same octet by octet.
 */
#include "analyzer/tcp/ordinary.h"
#include "analyzer/tcp/test_talkers.h"

/* ---- what must not take the long way -------------------------------------------------------- */

static bool both_are_open(const struct connection *c)
{
    const uint16_t marks = CONN_ESTABLISHED | CONN_CLOSED | CONN_UNTIMED;
    if (!c->detail || (c->marks & marks) != CONN_ESTABLISHED)
        return false;
    for (int s = 0; s < 2; s++) {
        const struct ranges *holes = seldom_of(&c->detail->side[s])->holes;
        if (!(c->side[s].marks & SIDE_SEEN) || !(c->side[s].marks & SIDE_ACKED) ||
            c->side[s].marks & SIDE_RST || c->side[s].last_ns == TIME_UNKNOWN ||
            (holes && holes->count))
            return false;
    }
    return true;
}

/* Octets that are next, or an acknowledgment of what had not been acknowledged; nothing odd. */
static bool is_next_of(const struct connection *c, int sender, const struct segment *g)
{
    const uint32_t odd = SEG_MALFORMED | SEG_SACK | SEG_DSACK | SEG_PADDING_LIKE;
    const struct side *own = &c->side[sender], *peer = &c->side[!sender];
    uint32_t fresh = g->ack - peer->una.n, outstanding = peer->nxt.n - peer->una.n;
    if (!(g->flags & TCP_ACK) || g->flags & (TCP_SYN | TCP_RST) || g->marks & odd)
        return false;
    if (seldom_of(&c->detail->side[sender])->maybe_padding.octets || g->ttl != own->ttl ||
        g->time_ns < own->last_ns)
        return false;
    if (outstanding > INT32_MAX || fresh > outstanding || fresh > 1u << 30 ||
        g->payload_len > 1u << 30)
        return false;
    return g->seq == own->nxt.n && (fresh || g->payload_len || g->flags & TCP_FIN);
}

/* As ordinary.h says it; there may be more. */
static bool is_owed_short_way(const struct connection *c, int sender, const struct segment *g)
{
    if (!both_are_open(c) || !is_next_of(c, sender, g))
        return false;
    const struct side *own = &c->side[sender], *peer = &c->side[!sender];
    bool closing = (own->marks | peer->marks) & SIDE_FIN || g->flags & TCP_FIN;
    bool answers_handshake = peer->marks & SIDE_SYN && !(peer->marks & SIDE_SPOKE);
    bool is_logged = closing || answers_handshake || !(own->marks & SIDE_SPOKE);
    if (!is_logged)
        return peer->marks & SIDE_SPOKE && !c->detail->start.taken;
    if (g->payload_len && peer->marks & SIDE_FIN && !c->detail->side[sender].seldom)
        return false;
    return c->detail->log_count < c->detail->log_room;
}

/* ---- both ways ------------------------------------------------------------------------------ */

/* As whoever feeds it does: from the second segment on there is one. */
static void with_detail(struct connection *c)
{
    if (c->side[0].packets + c->side[1].packets)
        assert_non_null(connection_detail(c));
}

/* Returns how many segments took a short way. */
static uint32_t both_ways_of(const struct habits *habits, const struct segment *segments,
                             uint32_t count)
{
    struct connection general, either;
    uint32_t short_ways = 0;
    (void)begin_talk(&general, habits, &segments[0]);
    (void)begin_talk(&either, habits, &segments[0]);
    for (uint32_t i = 0; i < count; i++) {
        int sender = sender_of(&segments[i]);
        bool owed = is_owed_short_way(&general, sender, &segments[i]);
        with_detail(&general);
        with_detail(&either);
        assert_true(track_segment(&general, sender, &segments[i]));
        if (track_ordinary(&either, sender, &segments[i])) {
            short_ways++;
        } else {
            assert_false(owed);
            assert_true(track_segment(&either, sender, &segments[i]));
        }
        same(&general, &either);
    }
    connection_finish(&general);
    connection_finish(&either);
    return short_ways;
}

/* Of a hundred segments at least so many take a short way, in many talks of those habits. */
static void both_ways(const struct habits *habits, uint32_t least_percent)
{
    uint64_t short_ways = 0, segments = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct segment talk[TALK_MAX];
        uint32_t count = talk_of(habits, seed, 150, talk);
        short_ways += both_ways_of(habits, talk, count);
        segments += count;
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
    both_ways(&(struct habits){EVERYTHING_ODD, .closing = 90}, 1);
}

/* ---- limits --------------------------------------------------------------------------------- */

#define QUARTER (UINT32_C(1) << 30) /* of the sequence space */

/* A connection that has just opened, A about to send what is given; returns how many of the
 * segments took a short way. */
static uint32_t after_handshake(struct talk *t, const struct segment *given, uint32_t count)
{
    struct segment all[8];
    all[0] = segment(t, A, "S", 0, 0, 0, 0, "");
    all[1] = segment(t, B, "S.", 0, 1, 0, 10, "");
    all[2] = segment(t, A, ".", 1, 1, 0, 20, "");
    memcpy(all + 3, given, count * sizeof *given);
    return both_ways_of(&(struct habits){0}, all, 3 + count);
}

/* Numbers further apart than a quarter of the space are of another connection. */
static void far_numbers(void **state)
{
    (void)state;
    struct talk t;
    talk_init(&t);
    for (uint32_t more = 0; more < 2; more++) {
        const uint32_t octets = QUARTER + more;
        struct segment given[] = {
            segment(&t, A, ".", 1, 1, octets, 30, ""),
            segment(&t, B, ".", 1, 1 + octets, 0, 40, ""),
            segment(&t, A, ".", 1 + octets, 1, 10, 50, ""),
        };
        (void)after_handshake(&t, given, 3);
    }
    /* Two halves of it, each next to the one before, acknowledged at once. */
    for (uint32_t more = 0; more < 2; more++) {
        struct segment given[] = {
            segment(&t, A, ".", 1, 1, QUARTER, 30, ""),
            segment(&t, A, ".", 1 + QUARTER, 1, 100, 31, ""),
            segment(&t, B, ".", 1, 1 + QUARTER + more, 0, 40, ""),
            segment(&t, B, ".", 1, 1 + QUARTER + 100, 0, 41, ""),
        };
        (void)after_handshake(&t, given, 4);
    }
}

/* The clock of microseconds wraps: a round trip of half its span is one, a longer one is a clock
 * that ran back. */
static void long_round_trips(void **state)
{
    (void)state;
    for (int64_t more = -1; more < 2; more++) {
        struct talk t;
        talk_init(&t);
        struct segment given[] = {
            segment(&t, A, "P.", 1, 1, 100, 0, ""),
            segment(&t, B, "P.", 1, 101, 50, 10, ""),
            segment(&t, A, ".", 101, 51, 0, 10, ""),
        };
        given[2].time_ns += ((INT64_C(1) << 31) + more) * 1000;
        (void)both_ways_of(&(struct habits){.mid_stream = true}, given, 3);
    }
}

/* One octet, one millisecond, one hop aside of what is next. */
static void beside(void **state)
{
    (void)state;
    static const struct {
        uint32_t seq, ack, payload_len;
        int64_t time_ms;
        const char *flags, *options;
    } tries[] = {
        {101, 201, 10, 60, ".", ""},      {100, 201, 10, 60, ".", ""},
        {102, 201, 10, 60, ".", ""},      {101, 200, 10, 60, ".", ""},
        {101, 202, 10, 60, ".", ""},      {101, 201, 0, 60, ".", ""},
        {101, 101, 0, 60, ".", ""},       {101, 101, 10, 60, ".", ""},
        {101, 101, 0, 60, "F.", ""},      {101, 201, 10, 30, ".", ""},
        {101, 201, 10, 29, ".", ""},      {101, 201, 10, 60, ".", "ttl 63"},
        {101, 201, 10, 60, "PU.E", ""},   {101, 201, 10, 60, "P", ""},
        {101, 201, 10, 60, ".", "zeros"}, {101, 201, 10, 60, ".", "sack 150-201"},
        {101, 201, 10, 60, "R.", ""},     {101, 201, 10, 60, "S.", ""},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct talk t;
        talk_init(&t);
        struct segment given[] = {
            segment(&t, A, "P.", 1, 1, 100, 30, ""),
            segment(&t, B, "P.", 1, 101, 200, 40, ""),
            segment(&t, A, tries[i].flags, tries[i].seq, tries[i].ack, tries[i].payload_len,
                    tries[i].time_ms, tries[i].options),
            segment(&t, B, ".", 201, 111, 0, 80, ""),
        };
        (void)after_handshake(&t, given, 4);
    }
}

/* One of the first segments of a connection that opens, or nearly: numbers that fit most often,
 * flags and times that others have. */
static struct segment opening_segment(struct talkers *w, uint32_t nth)
{
    static const uint16_t flags[] = {TCP_SYN,           TCP_SYN | TCP_ACK, TCP_ACK,
                                     TCP_RST | TCP_ACK, TCP_FIN | TCP_ACK, TCP_ACK | TCP_ECE};
    uint16_t own_flags = flags[nth < 3 && !one_in(8) ? nth : random_below(6)];
    bool answers = (own_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
    int side = one_in(8) ? (int)random_below(2) : answers;
    struct segment g = next_segment(w, side, own_flags);
    g.seq = w->t.isn[side] + (own_flags & TCP_SYN ? 0 : 1) + (one_in(6) ? random_below(3) : 0);
    g.ack = own_flags & TCP_ACK ? w->t.isn[!side] + 1 - (one_in(6) ? random_below(3) : 0) : 0;
    g.payload_len = one_in(10) ? 1 + random_below(6) : 0;
    g.ip_bytes += g.payload_len;
    if (own_flags & TCP_SYN && !one_in(4)) {
        g.marks |= SEG_MSS | SEG_WINDOW_SCALE | SEG_SACK_PERMITTED;
        g.mss = one_in(3) ? 0 : 1460;
        g.window_scale = 7;
    }
    if (one_in(20))
        g.marks |= SEG_FAST_OPEN;
    odd_marks(w, &g);
    return g;
}

/* Most often they answer one another, and then some take the short way. */
static void opened_anyhow(void **state)
{
    (void)state;
    static const struct habits habits[] = {
        {.odd = 40, .stamped = true}, {.odd = 20, .untimed = true}, {.odd = 0, .stamped = true}};
    uint32_t short_ways[3] = {0};
    for (uint64_t seed = 1; seed <= 9000; seed++) {
        struct talkers w;
        struct segment segments[8];
        memset(&w, 0, sizeof w);
        random_state = seed;
        w.habits = habits[seed % 3];
        talk_init(&w.t);
        for (uint32_t i = 0; i < 8; i++)
            segments[i] = opening_segment(&w, i);
        short_ways[seed % 3] += both_ways_of(&w.habits, segments, 8);
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(short_ways[i], 1000, 9000 * 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(far_numbers),      cmocka_unit_test(beside),
        cmocka_unit_test(long_round_trips), cmocka_unit_test(ordinary),
        cmocka_unit_test(closing),          cmocka_unit_test(lossy),
        cmocka_unit_test(copied),           cmocka_unit_test(padded),
        cmocka_unit_test(one_direction),    cmocka_unit_test(odd),
        cmocka_unit_test(opened_anyhow),
    };
    return cmocka_run_group_tests_name("ordinary", tests, NULL, NULL);
}
