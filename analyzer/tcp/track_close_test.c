/*
 * How things stood when a connection began to close, when it counts as closed, and what its record
 * and its marks say. All figures are worked out by hand from the segments.
 */
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/test_scene.h"

/* Milliseconds since the talk began; -1 for 0, which stands for none. */
static int64_t ms_of(const struct scene *s, int64_t ns)
{
    return ns ? (ns - s->t.origin_ns) / 1000000 : -1;
}

/* ---- the close ------------------------------------------------------------------------------ */

static void how_things_stood(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 100, "win 111");
    pass(&s, B, "P.", 1, 51, 300, 110, "win 222");
    const struct close_start *start = &s.c.detail->start;
    assert_false(start->taken);
    pass(&s, B, "F.", 301, 51, 0, 120, "win 5");
    assert_true(start->taken && start->seen[A] && start->seen[B]);
    assert_int_equal(start->nxt[A].n - s.t.isn[A], 101);
    assert_int_equal(start->nxt[B].n - s.t.isn[B], 301);
    assert_int_equal(start->outstanding[A], 50);
    assert_int_equal(start->outstanding[B], 300);
    assert_int_equal(start->window[A], 111);
    assert_int_equal(start->window[B], 222);
    assert_int_equal(ms_of(&s, start->last_ns[A]), 100);
    assert_int_equal(ms_of(&s, start->last_ns[B]), 110);
    pass(&s, A, "F.", 101, 302, 0, 130, "");
    assert_int_equal(start->outstanding[B], 300); /* the first alone */
    connection_finish(&s.c);

    /* Its acknowledgment did not arrive: one octet at least is outstanding for who sent it. */
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 100, "id 1");
    pass(&s, B, ".", 1, 101, 0, 110, "");
    pass(&s, A, "P.", 1, 1, 100, 400, "id 2");
    pass(&s, B, "R.", 1, 101, 0, 500, "");
    assert_int_equal(s.c.detail->start.outstanding[A], 1);
    assert_int_equal(s.c.detail->start.outstanding[B], 0);
    assert_true(s.c.detail->start.taken);
    connection_finish(&s.c);
}

static void octets_after_the_peers_fin(void **state)
{
    (void)state;
    static const struct {
        const char *flags;
        uint32_t seq, ack, payload_len, counted;
    } cases[] = {
        {"P.", 1, 102, 10, 10}, {"P.", 1, 101, 10, 0},   {"F.", 1, 102, 10, 10},
        {"F.", 1, 102, 0, 0},   {".", 1, 102, 0, 0},     {"R.", 1, 102, 10, 0},
        {"P.", 1, 103, 10, 10}, {"P.", 11, 102, 10, 20}, {"P", 1, 0, 10, 0},
        {".", 11, 102, 0, 0}, /* behind octets that did not pass */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 100, 100, "");
        pass(&s, A, "F.", 101, 1, 0, 110, "");
        pass(&s, B, cases[i].flags, cases[i].seq, cases[i].ack, cases[i].payload_len, 120, "id 1");
        assert_int_equal(seldom_in(&s, B)->bytes_after_fin, cases[i].counted);
        assert_int_equal(seldom_in(&s, A)->bytes_after_fin, 0);
        if (cases[i].counted == 10) { /* once more, and some behind them */
            pass(&s, B, "P.", 1, 102, 10, 400, "id 2");
            assert_int_equal(seldom_in(&s, B)->bytes_after_fin, 10);
            pass(&s, B, "P.", 6, 102, 10, 410, "id 3");
            assert_in_range(seldom_in(&s, B)->bytes_after_fin, 14, 15);
        }
        connection_finish(&s.c);
    }
}

/* Bare acknowledgments that answer one another: by turns, each within a second. */
static void acknowledgments_in_a_row(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    const struct ack_run *run = &s.c.detail->ack_run;
    pass(&s, A, ".", 1, 1, 0, 50, "win 9");
    assert_int_equal(run->count, 0); /* nothing closes yet */
    pass(&s, A, "F.", 1, 1, 0, 100, "");
    static const struct {
        int side;
        int64_t at_ms;
        uint32_t payload_len, count, most;
    } steps[] = {
        {B, 110, 0, 1, 1},  {A, 120, 0, 2, 2},  {B, 1120, 0, 3, 3},
        {B, 1130, 0, 3, 3}, {A, 2120, 0, 4, 4}, {B, 3121, 0, 1, 4},
        {A, 3130, 0, 2, 4}, {B, 3140, 5, 0, 4}, {A, 3150, 0, 1, 4},
    };
    uint32_t next[2] = {2, 1};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct segment g = segment(&s.t, steps[i].side, ".", next[steps[i].side],
                                   next[!steps[i].side], steps[i].payload_len, steps[i].at_ms, "");
        g.ip_id = (uint16_t)(100 + i);
        feed(&s, steps[i].side, &g);
        next[steps[i].side] += steps[i].payload_len;
        assert_int_equal(run->count, steps[i].count);
        assert_int_equal(run->most, steps[i].most);
        if (run->count)
            assert_int_equal(run->side, steps[i].side);
    }
    connection_finish(&s.c);
}

/* What it had tried in vain when it reset. */
static void resets_after_trying(void **state)
{
    (void)state;
    struct scene s;
    opened(&s);
    pass(&s, A, "P.", 1, 1, 100, 100, "id 1");
    pass(&s, A, "P.", 1, 1, 100, 300, "id 2");
    pass(&s, A, "P.", 1, 1, 100, 700, "id 3");
    pass(&s, A, "R.", 101, 1, 0, 1500, "");
    assert_int_equal(seldom_in(&s, A)->rst_resends, 2);
    assert_int_equal(seldom_in(&s, A)->rst_probe_run, 0);
    pass(&s, A, "P.", 1, 1, 100, 1700, "id 4");
    pass(&s, A, "R.", 101, 1, 0, 2500, "id 9");
    assert_int_equal(detail_of(&s, A)->rsts, 2);
    assert_int_equal(seldom_in(&s, A)->rst_resends, 2); /* at the first */
    connection_finish(&s.c);

    opened(&s);
    pass(&s, A, ".", 0, 1, 0, 1000, "id 1");
    pass(&s, A, ".", 0, 1, 0, 2000, "id 2");
    pass(&s, A, "R.", 1, 1, 0, 3000, "");
    assert_int_equal(seldom_in(&s, A)->rst_probe_run, 2);
    assert_int_equal(seldom_in(&s, A)->rst_resends, 0);
    connection_finish(&s.c);
}

/* It reports the FIN behind octets that are missing. */
static void a_fin_reported_selectively(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        bool reported;
    } cases[] = {{"sack 101-102", true},   {"sack 51-102", true},   {"sack 51-101", false},
                 {"dsack 101-102", false}, {"sack 102-103", false}, {"", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 100, 100, "");
        pass(&s, B, ".", 1, 1, 0, 101, "sack 51-102"); /* there is no FIN yet */
        assert_int_equal(seldom_in(&s, A)->fin_sacked_nth, 0);
        pass(&s, A, "F.", 101, 1, 0, 105, "");
        pass(&s, B, ".", 1, 1, 0, 110, cases[i].options);
        assert_int_equal(seldom_in(&s, A)->fin_sacked_nth, cases[i].reported ? 7 : 0);
        assert_int_equal(seldom_in(&s, B)->fin_sacked_nth, 0);
        pass(&s, B, ".", 1, 1, 0, 120, "sack 101-102 win 7");
        assert_int_equal(seldom_in(&s, A)->fin_sacked_nth, cases[i].reported ? 7 : 8);
        connection_finish(&s.c);
    }
}

/* What is reported selectively: blocks of what was sent, that which touches the last joins it. */
static void blocks(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        uint32_t left, right; /* 0: none */
    } cases[] = {
        {"sack 200-300", "", 200, 300},
        {"sack 200-200", "", 0, 0},
        {"sack 300-200", "", 0, 0},
        {"sack 200-1001", "", 200, 1001},
        {"sack 200-1002", "", 0, 0},
        {"dsack 200-300", "", 0, 0},
        {"sack 200-300", "sack 300-400", 200, 400},
        {"sack 200-300", "sack 301-400", 301, 400},
        {"sack 200-300", "sack 100-200", 100, 300},
        {"sack 200-300", "sack 100-199", 100, 199},
        {"sack 200-300", "sack 220-280", 200, 300},
        {"sack 200-300", "sack 100-400", 100, 400},
        {"sack 200-300", "sack 400-400", 200, 300},
        {"sack 0xc00003e9-300", "", UINT32_C(0xc00003e9), 300}, /* 2^30 below the next */
        {"sack 0xc00003e8-300", "", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 1000, 100, "");
        pass(&s, B, ".", 1, 1, 0, 110, cases[i].first);
        pass(&s, B, ".", 1, 1, 0, 120, cases[i].second);
        const struct side_detail *a = detail_of(&s, A);
        assert_int_equal(seldom_of(a)->sacked, cases[i].left != 0);
        if (seldom_of(a)->sacked) {
            assert_int_equal(seldom_of(a)->sacked_left.n - s.t.isn[A], cases[i].left);
            assert_int_equal(seldom_of(a)->sacked_right.n - s.t.isn[A], cases[i].right);
        }
        assert_false(seldom_in(&s, B)->sacked);
        connection_finish(&s.c);
    }
}

/* An answer to a SYN without SYN: of this connection where it acknowledges the SYN, or octets
 * within a first window of it. */
static void answers_without_syn(void **state)
{
    (void)state;
    static const struct {
        const char *flags;
        uint32_t ack, payload_len;
        bool taken;
    } cases[] = {
        {".", 0, 0, false},      {".", 1, 0, true},      {".", 2, 0, false},
        {"P.", 0, 9, false},     {"P.", 1, 9, true},     {"P.", 65537, 9, true},
        {"P.", 65538, 9, false}, {"F.", 65537, 0, true}, {"F.", 65538, 0, false},
        {"P", 0, 9, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        scene_init(&s);
        pass(&s, A, "S", 0, 0, 0, 0, "");
        pass(&s, B, cases[i].flags, 500, cases[i].ack, cases[i].payload_len, 10, "");
        assert_int_equal(!!(s.c.side[A].marks & SIDE_ACKED), cases[i].taken);
        if (cases[i].taken) {
            una_is(&s, A, cases[i].ack);
            next_is(&s, B, 500 + cases[i].payload_len + (*cases[i].flags == 'F'));
        }
        connection_finish(&s.c);
    }
}

static bool is_closed(const struct scene *s)
{
    return s->c.marks & CONN_CLOSED;
}

/* Closed by both FINs and their acknowledgments, or by a reset of what had opened; a reset that
 * octets follow which were never sent before did not close. */
static void closed_or_not(void **state)
{
    (void)state;
    static const struct {
        int side;
        const char *flags;
        uint32_t seq, payload_len;
        bool closed; /* still, after a reset */
    } cases[] = {{A, ".", 101, 0, true},  {A, "P.", 101, 10, false}, {A, "P.", 1, 100, true},
                 {A, "P.", 51, 50, true}, {A, "P.", 51, 51, false},  {A, "R.", 101, 10, true},
                 {B, "P.", 1, 10, false}, {B, ".", 1, 0, true},      {A, "F.", 101, 0, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        opened(&s);
        pass(&s, A, "P.", 1, 1, 100, 20, "");
        pass(&s, B, ".", 1, 101, 0, 25, "");
        assert_false(is_closed(&s));
        pass(&s, A, "R.", 101, 1, 0, 30, "");
        assert_true(is_closed(&s));
        pass(&s, cases[i].side, cases[i].flags, cases[i].seq, cases[i].side == A ? 1 : 101,
             cases[i].payload_len, 500, "id 1");
        assert_int_equal(is_closed(&s), cases[i].closed);
        connection_finish(&s.c);
    }
    for (int first = A; first <= B; first++) {
        struct scene s;
        opened(&s);
        pass(&s, first, "F.", 1, 1, 0, 30, "");
        assert_false(is_closed(&s));
        pass(&s, !first, "F.", 1, 2, 0, 40, "");
        assert_true(s.c.side[first].marks & SIDE_FIN_ACKED);
        assert_false(is_closed(&s));
        pass(&s, first, ".", 2, 1, 0, 45, "win 9");
        assert_false(is_closed(&s));
        pass(&s, first, ".", 2, 2, 0, 50, "");
        assert_true(is_closed(&s));
        pass(&s, first, "P.", 2, 2, 10, 60, "");
        assert_true(is_closed(&s)); /* both are acknowledged, whatever follows */
        connection_finish(&s.c);
    }
    for (int side = A; side <= B; side++) {
        struct scene s;
        scene_init(&s);
        pass(&s, A, "S", 0, 0, 0, 0, "");
        pass(&s, B, "S.", 0, 1, 0, 6, "");
        assert_false(s.c.marks & CONN_ESTABLISHED);
        pass(&s, side, "R.", 1, 1, 0, 8, "");
        assert_false(is_closed(&s)); /* it had not opened */
        connection_finish(&s.c);
    }
}

/* ---- the record ----------------------------------------------------------------------------- */

static void how_it_begins(void **state)
{
    (void)state;
    static const struct {
        uint32_t tap;
        uint16_t interface;
    } taps[] = {{0, 0}, {65534, 65534}, {65535, TAP_MANY}, {65536, TAP_MANY}};
    for (size_t i = 0; i < sizeof taps / sizeof *taps; i++) {
        struct scene s;
        scene_init(&s);
        struct segment g = segment(&s.t, A, ".", 1, 1, 0, 7, "world 3 vlan 12");
        g.interface = taps[i].tap;
        g.tunnel = (uint8_t)(TUNNEL_COUNT - 1);
        g.ip_version = 6;
        feed(&s, A, &g);
        assert_true(s.c.first_ns == s.t.origin_ns + 7000000);
        assert_int_equal(s.c.first_frame, 1);
        assert_int_equal(s.c.world, 3);
        assert_int_equal(s.c.vlan, 12);
        assert_int_equal(s.c.tunnel, TUNNEL_COUNT - 1);
        assert_int_equal(s.c.ip_version, 6);
        assert_int_equal(s.c.interface, taps[i].interface);
        assert_int_equal(s.c.side[A].tap, taps[i].interface);
        assert_false(s.c.marks & CONN_UNTIMED);
        assert_true(s.c.side[B].last_ns == TIME_UNKNOWN);
        connection_finish(&s.c);
    }
    struct scene s;
    scene_init(&s);
    pass(&s, A, ".", 1, 1, 0, 7, "untimed");
    assert_true(s.c.marks & CONN_UNTIMED);
    connection_finish(&s.c);
}

/* All that it holds beside itself, to the octet. */
static void what_it_holds(void **state)
{
    (void)state;
    const size_t hole = sizeof(struct range);
    struct scene s;
    opened(&s);
    size_t bytes = sizeof(struct detail);
    assert_int_equal(connection_extra_bytes(&s.c), bytes);
    pass(&s, A, "P.", 101, 1, 100, 20, ""); /* a hole, and room for three more */
    bytes += sizeof(struct seldom) + sizeof(struct ranges) + 4 * hole;
    assert_int_equal(connection_extra_bytes(&s.c), bytes);
    pass(&s, B, "P.", 101, 1, 100, 21, "");
    bytes += sizeof(struct seldom) + sizeof(struct ranges) + 4 * hole;
    assert_int_equal(connection_extra_bytes(&s.c), bytes);
    pass(&s, A, "P.", 101, 1, 100, 400, "id 1");
    bytes += sizeof(struct vain_run);
    assert_int_equal(connection_extra_bytes(&s.c), bytes);
    pass(&s, B, "F.", 201, 1, 0, 410, "");
    static const size_t rooms[] = {LOG_WITHIN + LOG_MORE, LOG_APART, LOG_FIRST, LOG_MAX, LOG_MAX};
    for (int i = 0; i < 5; i++) { /* one entry more each time than there was room for */
        size_t before = i ? rooms[i - 1] : LOG_WITHIN;
        while (s.c.detail->log_total <= before)
            pass(&s, A, ".", 201, 1, 0, 420 + 3 * (int64_t)s.c.detail->log_total,
                 s.c.detail->log_total % 2 ? "win 9" : "win 8");
        assert_int_equal(connection_extra_bytes(&s.c),
                         bytes + (i ? rooms[i] : LOG_MORE) * sizeof(struct log_entry));
    }
    bytes += LOG_MAX * sizeof(struct log_entry);
    struct segment rst = segment(&s.t, A, "R.", 201, 1, 0, 700, "");
    feed(&s, A, &rst);
    struct segment_aux aux = {0};
    assert_true(track_reason(&s.c, A, &rst, &aux));
    bytes += sizeof(struct reset_reason);
    assert_int_equal(connection_extra_bytes(&s.c), bytes);
    struct segment second = segment(&s.t, A, "R.", 201, 1, 0, 900, "id 7");
    assert_true(track_reason(&s.c, A, &second, &aux)); /* the first is kept */
    assert_int_equal(seldom_in(&s, A)->reset_reason->frame, rst.frame);
    assert_null(seldom_in(&s, B)->reset_reason);
    assert_int_equal(connection_extra_bytes(&s.c), bytes);
    connection_finish(&s.c);
}

/* What a forged SYN opened is given back. */
static void given_back(void **state)
{
    (void)state;
    struct scene s, forged;
    opened(&s);
    scene_init(&forged);
    pass(&forged, A, "S", 5000, 0, 0, 100, "");
    pass(&forged, B, "P.", 1, 1, 30, 110, "");
    pass(&forged, B, "F.", 31, 1, 10, 120, "");
    pass(&forged, B, "F.", 31, 1, 10, 400, "id 1");
    pass(&forged, A, "R", 1, 0, 0, 410, "");
    uint16_t before = s.c.detail->log_count;
    assert_true(connection_absorb(&s.c, &forged.c));
    assert_true(s.c.marks & CONN_ABSORBED);
    assert_int_equal(s.c.side[A].packets, 2 + 2);
    assert_int_equal(s.c.side[B].packets, 1 + 3);
    assert_int_equal(s.c.side[A].ip_bytes, 4 * 40);
    assert_int_equal(s.c.side[B].ip_bytes, 4 * 40 + 50);
    assert_int_equal(ms_of(&s, s.c.side[A].last_ns), 410);
    assert_int_equal(ms_of(&s, s.c.side[B].last_ns), 400);
    assert_int_equal(s.c.detail->log_count, before + 5);
    assert_int_equal(log_at(s.c.detail, before)->marks & LOG_FORGED, LOG_FORGED);
    for (int i = 1; i < 5; i++)
        assert_int_equal(log_at(s.c.detail, (unsigned)(before + i))->marks & LOG_FORGED, 0);
    assert_int_equal(detail_of(&s, B)->fins, 2);
    assert_int_equal(detail_of(&s, B)->fin_seq.n - s.t.isn[B], 41);
    assert_int_equal(detail_of(&s, B)->rsts, 0);
    assert_int_equal(detail_of(&s, A)->fins, 0);
    assert_int_equal(detail_of(&s, A)->rsts, 1);
    /* One that had passed before keeps the time of what passed later. */
    s.c.side[A].last_ns += 1000;
    int64_t last_ns = s.c.side[A].last_ns;
    assert_true(connection_absorb(&s.c, &forged.c));
    assert_true(s.c.side[A].last_ns == last_ns);
    assert_int_equal(detail_of(&s, B)->fins, 4);
    connection_finish(&s.c);
    connection_finish(&forged.c);
}

/* ---- marks ---------------------------------------------------------------------------------- */

static void what_segments_show(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        uint16_t mark;
    } cases[] = {{"mptcp", CONN_MPTCP}, {"md5", CONN_SIGNED}, {"cut", CONN_OPTIONS_CUT}, {"", 0}};
    const uint16_t all = CONN_MPTCP | CONN_SIGNED | CONN_OPTIONS_CUT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int nth = 0; nth < 3; nth++) {
            struct scene s;
            scene_init(&s);
            pass(&s, A, "S", 0, 0, 0, 0, nth == 0 ? cases[i].options : "");
            assert_int_equal(s.c.marks & all, nth == 0 ? cases[i].mark : 0);
            pass(&s, B, "S.", 0, 1, 0, 6, nth == 1 ? cases[i].options : "");
            pass(&s, A, ".", 1, 1, 0, 10, nth == 2 ? cases[i].options : "");
            assert_int_equal(s.c.marks & all, cases[i].mark);
            connection_finish(&s.c);
        }
    }
}

/* In order: SYN, SYN-ACK, ACK, data, FIN, RST; a bit for each that has passed. */
static void how_complete_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *flags;
        uint32_t payload_len;
        unsigned bits;
    } cases[] = {
        {"S", 0, 1},   {"S.", 0, 2}, {".", 0, 4},   {"P.", 5, 8},  {"S", 5, 9},
        {"S.", 5, 10}, {"F", 0, 16}, {"F.", 0, 20}, {"F.", 5, 24}, {"R", 0, 32},
        {"R.", 0, 36}, {"P", 5, 8},  {"F", 5, 24},  {"R.", 5, 40},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene s;
        scene_init(&s);
        pass(&s, A, cases[i].flags, 1, 1, cases[i].payload_len, 0, "");
        assert_int_equal(s.c.completeness, cases[i].bits);
        connection_finish(&s.c);
    }
}

/* Of segments that are neither SYN nor RST, once its side has spoken; three at most are counted. */
static void changes_of_ttl(void **state)
{
    (void)state;
    static const struct {
        const char *flags, *options;
        uint32_t changes;
    } steps[] = {
        {".", "ttl 60", 0},  {".", "ttl 60 win 2", 0}, {".", "ttl 61", 1},
        {"R.", "ttl 62", 1}, {"S.", "ttl 63", 1},      {".", "ttl 63", 1},
        {".", "ttl 64", 2},  {".", "ttl 65", 3},       {".", "ttl 66", 3},
    };
    struct scene s;
    scene_init(&s);
    pass(&s, A, "S", 0, 0, 0, 0, "");
    pass(&s, B, "S.", 0, 1, 0, 6, "ttl 50");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        pass(&s, B, steps[i].flags, 1, 1, 0, 10 + 10 * (int64_t)i, steps[i].options);
        assert_int_equal(s.c.side[B].ttl_changes, steps[i].changes);
    }
    assert_int_equal(s.c.side[B].ttl, 66);
    assert_int_equal(s.c.side[A].ttl_changes, 0);
    connection_finish(&s.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_things_stood),
        cmocka_unit_test(octets_after_the_peers_fin),
        cmocka_unit_test(acknowledgments_in_a_row),
        cmocka_unit_test(resets_after_trying),
        cmocka_unit_test(a_fin_reported_selectively),
        cmocka_unit_test(closed_or_not),
        cmocka_unit_test(how_it_begins),
        cmocka_unit_test(what_it_holds),
        cmocka_unit_test(given_back),
        cmocka_unit_test(blocks),
        cmocka_unit_test(answers_without_syn),
        cmocka_unit_test(what_segments_show),
        cmocka_unit_test(how_complete_it_is),
        cmocka_unit_test(changes_of_ttl),
    };
    return cmocka_run_group_tests_name("close and record", tests, NULL, NULL);
}
