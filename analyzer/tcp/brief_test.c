/*
 * What a brief connection is made into is what it would have been: generated connections, each
 * tracked twice, once by track_segment() alone and once with nothing kept but its segments for as
 * long as that goes. After every segment the two are looked at and are the same octet by octet.
 */
#include "analyzer/flow/lone.h"
#include "analyzer/flow/records.h"
#include "analyzer/tcp/brief.h"
#include "analyzer/tcp/ordinary.h"
#include "analyzer/tcp/test_talkers.h"

#include <stdlib.h>

/* ---- both ways ------------------------------------------------------------------------------ */

/* Where brief connections of either size stand, and guards behind them. */
struct rooms {
    _Alignas(8) uint8_t items[BRIEF_SIZES][1024];
};

#define GUARD 0xa5

static void *item_of(struct rooms *rooms, unsigned size, bool ipv6)
{
    uint8_t *item = rooms->items[size];
    size_t bytes = brief_item_bytes(size, ipv6);
    memset(item, 0, bytes);
    memset(item + bytes, GUARD, sizeof rooms->items[size] - bytes);
    return item;
}

static void guards_stand(const struct rooms *rooms, const struct brief *b)
{
    for (size_t i = brief_item_bytes(b->size, b->ipv6); i < sizeof rooms->items[b->size]; i++)
        assert_int_equal(rooms->items[b->size][i], GUARD);
}

/* Where it lies is nobody's business. */
static void without_places(struct connection *c, struct detail *d)
{
    *d = *c->detail;
    memset(d->within, 0, sizeof d->within);
    d->log_room = 0;
    c->detail = d;
    for (int s = 0; s < 2; s++) {
        struct side_detail *own = &d->side[s];
        struct log_entry kept[KEPT_ROLES];
        for (unsigned as = 0; as < KEPT_ROLES; as++)
            kept[as] = *kept_of(own, as);
        memset(own->kept, 0, sizeof own->kept);
        for (unsigned as = 0; as < KEPT_ROLES; as++) {
            if (!own->kept_as[as])
                continue;
            own->kept[as] = kept[as];
            own->kept_as[as] = (uint8_t)(as + 1);
        }
    }
}

static void without_copies(struct connection *c)
{
    for (int s = 0; s < 2; s++) {
        struct side_detail *own = &c->detail->side[s];
        memset(c->side[s].recent, 0, sizeof c->side[s].recent);
        memset(own->earlier, 0, sizeof own->earlier);
        own->oldest = 0;
    }
}

enum copies { WITHOUT_COPIES, WITH_COPIES };

static void same_wherever(const struct connection *whole, const struct connection *made,
                          enum copies copies)
{
    struct connection x = *whole, y = *made;
    struct detail a, b;
    struct log_entry logs[2][LOG_MAX];
    assert_non_null(x.detail);
    assert_non_null(y.detail);
    without_places(&x, &a);
    without_places(&y, &b);
    for (unsigned i = 0; i < a.log_count; i++)
        logs[0][i] = *log_at(whole->detail, i);
    for (unsigned i = 0; i < b.log_count; i++)
        logs[1][i] = *log_at(made->detail, i);
    a.log = logs[0];
    b.log = logs[1];
    a.more = b.more = NULL;
    if (copies == WITHOUT_COPIES) {
        without_copies(&x);
        without_copies(&y);
    }
    same(&x, &y);
}

/* What is asked of those that are not looked at. */
static void outline_is(const struct connection *whole, const struct brief *b)
{
    const uint16_t marks = CONN_ESTABLISHED | CONN_CLOSED | CONN_CLIENT_IS_1;
    const uint16_t side_marks = SIDE_SYN | SIDE_SYN_ACK | SIDE_FIN | SIDE_FIN_ACKED | SIDE_RST;
    struct connection c;
    brief_outline(b, false, &c);
    assert_memory_equal(&whole->key, &c.key, sizeof c.key);
    assert_true(whole->first_ns == c.first_ns && whole->first_frame == c.first_frame);
    assert_int_equal(whole->stream, c.stream);
    assert_int_equal(whole->marks & marks, c.marks & marks);
    assert_true(connection_last_ns(whole) == connection_last_ns(&c));
    for (int s = 0; s < 2; s++) {
        assert_int_equal(whole->side[s].marks & side_marks, c.side[s].marks & side_marks);
        assert_int_equal(!whole->side[s].packets, !c.side[s].packets);
    }
}

static void look(const struct connection *whole, const struct brief *b)
{
    struct detail_room *room = malloc(sizeof *room);
    struct connection made;
    assert_non_null(room);
    outline_is(whole, b);
    brief_look(b, false, &made, room);
    same_wherever(whole, &made, WITHOUT_COPIES);
    free(room);
}

/* A connection that is kept in whatever form goes. */
struct either {
    struct connection c; /* where there is no */
    struct brief *b;
    struct rooms rooms;
};

/* Is the segment taken as one of a brief connection? `syn`: all there was before it, or NULL. */
static bool is_taken(struct either *e, int sender, const struct segment *g,
                     const struct segment *syn)
{
    struct lone_ipv6 lone;
    bool taken = e->b && brief_track(e->b, sender, g);
    if (syn && lone_fits(syn)) {
        lone_pack(syn, 0, 0, &lone.lone);
        e->b = brief_begin(item_of(&e->rooms, 0, lone.lone.ipv6), 0, &lone.lone, 0, sender, g);
        taken = e->b;
    }
    if (e->b && !taken && brief_is_full(e->b) && e->b->size + 1u < BRIEF_SIZES) {
        e->b = brief_grow(e->b, item_of(&e->rooms, e->b->size + 1u, e->b->ipv6));
        taken = brief_track(e->b, sender, g);
    }
    if (e->b)
        guards_stand(&e->rooms, e->b);
    return taken;
}

static void make_whole(struct either *e)
{
    if (e->b)
        assert_true(brief_unpack(e->b, false, &e->c, NULL, 0));
    e->b = NULL;
}

static void track_whole(struct either *e, int sender, const struct segment *g)
{
    make_whole(e);
    if (e->c.side[0].packets + e->c.side[1].packets)
        assert_non_null(connection_detail(&e->c));
    assert_true(track_ordinary(&e->c, sender, g) || track_segment(&e->c, sender, g));
}

static void begin(struct connection *c, const struct habits *habits, const struct segment *first)
{
    memset(c, 0, sizeof *c);
    (void)flows_begin(c, first, false, 0);
    if (habits->mid_stream)
        c->marks |= CONN_ESTABLISHED;
}

/* Returns how many segments were taken. */
static uint32_t both_ways_of(const struct habits *habits, const struct segment *segments,
                             uint32_t count)
{
    struct connection general;
    struct either either = {.b = NULL};
    uint32_t taken = 0;
    begin(&general, habits, &segments[0]);
    begin(&either.c, habits, &segments[0]);
    for (uint32_t i = 0; i < count; i++) {
        const struct segment *g = &segments[i];
        int sender = sender_of(g);
        if (i > 0)
            assert_non_null(connection_detail(&general));
        assert_true(track_segment(&general, sender, g));
        if (is_taken(&either, sender, g, i == 1 ? &segments[0] : NULL)) {
            taken++;
            look(&general, either.b);
        } else {
            track_whole(&either, sender, g);
            if (general.detail)
                same_wherever(&general, &either.c, WITH_COPIES);
        }
    }
    make_whole(&either);
    if (general.detail)
        same_wherever(&general, &either.c, WITH_COPIES);
    connection_finish(&general);
    connection_finish(&either.c);
    return taken;
}

/* Of every third talk. */
static void make_ipv6(struct segment *g)
{
    g->ip_version = 6;
    g->ip_bytes += 20;
    g->source[0] = g->destination[0] = 0x20;
}

static void make_bare(struct segment *g)
{
    g->marks &= ~(uint32_t)SEG_TIMESTAMPS;
    g->ts_val = one_in(8) ? 1 : 0;
    g->ts_ecr = 0;
}

/* Of a hundred segments at least so many are taken, in many short talks of those habits. */
static void both_ways(const struct habits *habits, uint32_t least_percent)
{
    uint64_t taken = 0, segments = 0;
    for (uint64_t seed = 1; seed <= 900; seed++) {
        struct segment talk[TALK_MAX];
        uint32_t count = talk_of(habits, seed, 3 + (uint32_t)(seed % 12), talk);
        for (uint32_t i = 0; i < count; i++) {
            talk[i].flags |= one_in(3) ? TCP_PSH : 0;
            if (talk[i].flags & TCP_RST && one_in(2))
                make_bare(&talk[i]);
            talk[i].ip_bytes -= talk[i].marks & SEG_TIMESTAMPS ? 0 : 12;
            if (seed % 3 == 0)
                make_ipv6(&talk[i]);
        }
        taken += both_ways_of(habits, talk, count);
        segments += count;
    }
    assert_true(taken * 100 >= segments * least_percent);
}

static void ordinary(void **state)
{
    (void)state;
    both_ways(&(struct habits){.silent = 3}, 30);
    both_ways(&(struct habits){.silent = 3, .stamped = true}, 30);
    both_ways(&(struct habits){.silent = 6, .stamped = true}, 30);
}

static void closing(void **state)
{
    (void)state;
    both_ways(&(struct habits){.silent = 3, .closing = 5}, 25);
    both_ways(&(struct habits){.silent = 2, .closing = 3, .stamped = true}, 20);
    both_ways(&(struct habits){.silent = 3, .closing = 8, .odd = 60, .stamped = true}, 15);
}

static void not_in_order(void **state)
{
    (void)state;
    both_ways(&(struct habits){.lost = 30, .again = 15, .sacked = 20, .silent = 3}, 10);
    both_ways(&(struct habits){.again = 10, .far = 60, .probing = 20, .silent = 2}, 10);
    both_ways(&(struct habits){.swapped = 8, .silent = 3, .stamped = true}, 10);
    both_ways(&(struct habits){.copied = 6, .silent = 3}, 10);
    both_ways(&(struct habits){.padded = 2, .silent = 3}, 10);
    both_ways(&(struct habits){.one_direction = true, .silent = 3}, 0);
    both_ways(&(struct habits){.mid_stream = true, .silent = 3}, 0);
}

static void odd(void **state)
{
    (void)state;
    both_ways(&(struct habits){.odd = 10, .silent = 3, .stamped = true}, 5);
    both_ways(&(struct habits){.odd = 30, .silent = 3, .untimed = true}, 1);
    both_ways(&(struct habits){EVERYTHING_ODD, .closing = 20}, 3);
}

/* ---- limits --------------------------------------------------------------------------------- */

/* A connection that has just opened, and what follows; returns how many segments were taken. */
static uint32_t after_handshake(const char *options, const struct segment *given, uint32_t count,
                                struct talk *t)
{
    struct segment all[16];
    all[0] = segment(t, A, "S", 0, 0, 0, 0, options);
    all[0].ts_ecr = 0;
    all[1] = segment(t, B, "S.", 0, 1, 0, 10, options);
    all[2] = segment(t, A, ".", 1, 1, 0, 20, options);
    memcpy(all + 3, given, count * sizeof *given);
    for (uint32_t i = 0; i < 3 + count; i++)
        all[i].frame = i < 3 ? i + 1 : all[i].frame + 3;
    for (uint32_t i = 0; i < 3 + count; i++)
        all[i].ip_bytes = 40 + all[i].payload_len + (all[i].marks & SEG_TIMESTAMPS ? 12 : 0);
    return both_ways_of(&(struct habits){0}, all, 3 + count);
}

/* What answers comes from the other side, and in time. */
static void answers(void **state)
{
    (void)state;
    static const struct {
        int side;
        uint32_t seq, ack;
        int64_t time_ms;
        uint32_t ip_bytes;
        const char *flags, *options;
        bool taken;
    } tries[] = {
        {B, 0, 1, 10, 40, "S.", "", true},       {A, 0, 1, 10, 40, "S.", "", false},
        {B, 0, 2, 10, 40, "S.", "", false},      {B, 0, 1, -1, 40, "S.", "", false},
        {B, 0, 1, 10, 255, "S.", "ts 4", true},  {B, 0, 1, 10, 256, "S.", "", false},
        {B, 0, 1, 10, 40, "S", "", false},       {B, 0, 1, 10, 40, "R.", "", false},
        {B, 0, 1, 10, 40, "S.", "tap 7", false},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct either either = {.b = NULL};
        struct talk t;
        talk_init(&t);
        struct segment syn = segment(&t, A, "S", 0, 0, 0, 0, "");
        struct segment g = segment(&t, tries[i].side, tries[i].flags, tries[i].seq, 0, 0,
                                   tries[i].time_ms, tries[i].options);
        g.ip_bytes = tries[i].ip_bytes;
        g.ack = syn.seq + tries[i].ack;
        assert_int_equal(is_taken(&either, sender_of(&g), &g, &syn), tries[i].taken);
    }
}

/* How far a segment may lie from the one before it until it is told another way, and beyond. */
static void far_apart(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 40; bit++) {
        for (int more = -1; more < 2; more++) {
            uint64_t far = (UINT64_C(1) << bit) + (uint64_t)(int64_t)more;
            struct talk t;
            talk_init(&t);
            struct segment late = segment(&t, A, "P.", 1, 1, 10, 30, "");
            late.time_ns += (int64_t)far * 1000;
            assert_int_equal(after_handshake("", &late, 1, &t), 3);
            talk_init(&t);
            struct segment fine = segment(&t, A, "P.", 1, 1, 10, 30, "");
            fine.time_ns += (int64_t)far;
            (void)after_handshake("", &fine, 1, &t);
            talk_init(&t);
            struct segment behind = segment(&t, A, "P.", 1, 1, 10, 30, "");
            behind.frame += far;
            assert_int_equal(after_handshake("", &behind, 1, &t), far + 3 <= UINT32_MAX ? 3 : 2);
            if (bit >= 16)
                continue;
            talk_init(&t);
            struct segment large = segment(&t, A, "P.", 1, 1, (uint32_t)far, 30, "");
            if (large.payload_len)
                assert_int_equal(after_handshake("", &large, 1, &t), 3);
        }
    }
}

/* Acknowledgments and echoes of what is older than the last, and stamps that leap. */
static void far_behind(void **state)
{
    (void)state;
    for (uint32_t more = 0; more < 3; more++) {
        const uint32_t octets = 65534 + more;
        struct talk t;
        talk_init(&t);
        struct segment given[] = {
            segment(&t, A, "P.", 1, 1, 40, 30, "ts 30 ecr 10"),
            segment(&t, A, "P.", 41, 1, octets, 31, "ts 31 ecr 10"),
            segment(&t, B, ".", 1, 41, 0, 40, "ts 40 ecr 30"),
            segment(&t, B, "P.", 1, 41 + octets, 9, 50, "ts 50 ecr 31"),
        };
        given[2].ts_ecr -= octets;
        given[3].ts_val += octets;
        (void)after_handshake("ts 1 ecr 1", given, 4, &t);
    }
}

/* What an ordinary close shows, and what it does not. */
static void ends(void **state)
{
    (void)state;
    static const struct {
        uint32_t seq, ack, payload_len;
        const char *flags, *options;
        uint32_t taken;
    } tries[] = {
        {101, 201, 0, "F.", "", 6},       {101, 201, 5, "F.", "", 6},  {101, 201, 0, "R.", "", 6},
        {101, 201, 0, "RP.", "", 6},      {101, 201, 1, "R.", "", 5},  {101, 201, 0, "R", "", 5},
        {101, 201, 0, "S.", "", 5},       {101, 201, 0, "FE.", "", 6}, {101, 201, 0, "FW.", "", 6},
        {101, 201, 3, "FU.", "", 6},      {101, 201, 0, ".", "", 6},   {101, 1, 0, ".", "", 5},
        {101, 200, 0, "F.", "", 6},       {100, 201, 0, "F.", "", 5},  {101, 202, 0, "F.", "", 5},
        {101, 201, 0, "F.", "ttl 63", 5},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct talk t;
        talk_init(&t);
        struct segment given[] = {
            segment(&t, A, "P.", 1, 1, 100, 30, ""),
            segment(&t, B, "P.", 1, 101, 100, 40, ""),
            segment(&t, B, "P.", 101, 101, 100, 41, ""),
            segment(&t, A, tries[i].flags, tries[i].seq, tries[i].ack, tries[i].payload_len, 60,
                    tries[i].options),
        };
        assert_int_equal(after_handshake("", given, 4, &t), tries[i].taken);
    }
}

/* Of a connection that is stamped an RST without stamps is taken, and nothing else without. */
static void bare_rst(void **state)
{
    (void)state;
    static const char *const flags[] = {"R", "R.", "RP.", "F.", "."};
    static const uint32_t taken[] = {3, 4, 4, 3, 3};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        struct talk t;
        talk_init(&t);
        struct segment given[] = {
            segment(&t, A, "P.", 1, 1, 100, 30, "ts 30 ecr 1"),
            segment(&t, B, flags[i], 1, 101, 0, 60, ""),
            segment(&t, B, flags[i], 1, 101, 0, 60, ""), /* the connection has closed */
        };
        assert_int_equal(after_handshake("ts 1 ecr 1", given, 3, &t), taken[i]);
    }
}

/* Both sides end, in every order; what comes behind that, or is sent after the peer's FIN, is not
 * taken. */
static void closes(void **state)
{
    (void)state;
    struct talk t;
    talk_init(&t);
    struct segment one_by_one[] = {
        segment(&t, A, "F.", 1, 1, 0, 30, ""),  segment(&t, B, ".", 1, 2, 0, 40, ""),
        segment(&t, B, "F.", 1, 2, 0, 50, ""),  segment(&t, A, ".", 2, 2, 0, 60, ""),
        segment(&t, B, "F.", 1, 2, 0, 300, ""),
    };
    assert_int_equal(after_handshake("", one_by_one, 5, &t), 6);
    talk_init(&t);
    struct segment at_once[] = {
        segment(&t, A, "F.", 1, 1, 0, 30, ""),
        segment(&t, B, "F.", 1, 1, 0, 31, ""),
        segment(&t, B, ".", 2, 2, 0, 40, ""),
        segment(&t, A, ".", 2, 2, 0, 41, ""),
    };
    assert_int_equal(after_handshake("", at_once, 4, &t), 6);
    talk_init(&t);
    struct segment half[] = {
        segment(&t, A, "F.", 1, 1, 0, 30, ""),
        segment(&t, B, "P.", 1, 2, 50, 31, ""),
        segment(&t, A, ".", 2, 51, 0, 40, ""),
        segment(&t, B, "F.", 51, 2, 0, 41, ""),
    };
    assert_int_equal(after_handshake("", half, 4, &t), 3);
}

/* So many that are stamped have room, and on the heap it is the same. */
static void room(void **state)
{
    (void)state;
    struct either either = {.b = NULL};
    struct segment syn;
    struct talk t;
    uint32_t taken = 0;
    talk_init(&t);
    for (uint32_t i = 0; i < 100; i++) {
        static const char *const opening[] = {"S", "S.", "."};
        int side = i < 3 ? (i == 1 ? B : A) : A;
        struct segment g =
            i < 3 ? segment(&t, side, opening[i], i == 2, i > 0, 0, 10 * i, "ts 9 ecr 9")
                  : segment(&t, side, "P.", 1 + 10 * (i - 3), 1, 10, 10 * i, "ts 9 ecr 9");
        g.ip_bytes = 52 + g.payload_len;
        g.ts_ecr = i > 0 ? g.ts_ecr : 0;
        if (i == 0)
            syn = g;
        else if (is_taken(&either, side, &g, i == 1 ? &syn : NULL))
            taken++;
        else
            break;
    }
    assert_int_equal(taken, BRIEF_OCTETS_MOST / 14);
    assert_int_equal(either.b->size, BRIEF_SIZES - 1);
    struct brief *own = brief_own(either.b);
    assert_non_null(own);
    assert_ptr_not_equal(own, either.b);
    make_whole(&either);
    look(&either.c, own);
    brief_disown(own);
    connection_finish(&either.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary),   cmocka_unit_test(closing),  cmocka_unit_test(not_in_order),
        cmocka_unit_test(odd),        cmocka_unit_test(answers),  cmocka_unit_test(far_apart),
        cmocka_unit_test(far_behind), cmocka_unit_test(ends),     cmocka_unit_test(closes),
        cmocka_unit_test(room),       cmocka_unit_test(bare_rst),
    };
    return cmocka_run_group_tests_name("brief", tests, NULL, NULL);
}
