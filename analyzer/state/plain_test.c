/*
 * The short way says what the general way says: of random talks, of plain ones, of plain ones in
 * which one thing is not as it should be, and of connections in whose records one field was
 * changed, whether any talk could have changed it or not.
 */
#include "analyzer/flow/flows.h"
#include "analyzer/state/both_ways.h"
#include "analyzer/test_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TALKS           16000
#define CHANGES_OF_EACH 40
#define SEGMENTS_MAX    32

static uint32_t next_random(uint32_t *state)
{
    *state = *state * UINT32_C(1664525) + UINT32_C(1013904223);
    return *state >> 8;
}

static uint32_t below(uint32_t *state, uint32_t limit)
{
    return next_random(state) % limit;
}

struct tried {
    struct analyzer_config config;
    struct flows flows;
    uint32_t random;
    uint32_t of_shape[SHAPE_ABORTED + 1];
    uint32_t changed_of_shape; /* connections with a change, of which the shape is still plain */
    uint32_t changed;
    bool change; /* their records */
    const char *what;
};

static enum shape try_both(const struct tried *tried, const struct connection *c)
{
    return both_ways(c, &tried->config, tried->flows.clock_ns, tried->what);
}

/* ---- changes of a record -------------------------------------------------------------------- */

enum kind { BITS, NUMBER, TIME, TRUTH };

struct field {
    const char *name;
    enum kind kind;
    size_t offset, size;
};

#define FIELD(type, member, kind)                                                                  \
    {                                                                                              \
#member, kind, offsetof(type, member), sizeof(((type *)0)->member)                         \
    }
#define OF_ENTRY(member, kind)  FIELD(struct log_entry, member, kind)
#define OF_SIDE(member, kind)   FIELD(struct side, member, kind)
#define OF_DETAIL(member, kind) FIELD(struct side_detail, member, kind)
#define OF_SELDOM(member, kind) FIELD(struct seldom, member, kind)
#define OF_START(member, kind)  FIELD(struct close_start, member, kind)

static const struct field of_entry[] = {
    OF_ENTRY(time_ns, TIME),       OF_ENTRY(seq, NUMBER),    OF_ENTRY(ack, NUMBER),
    OF_ENTRY(payload_len, NUMBER), OF_ENTRY(ts_val, NUMBER), OF_ENTRY(ts_ecr, NUMBER),
    OF_ENTRY(window, NUMBER),      OF_ENTRY(ip_id, NUMBER),  OF_ENTRY(flags, BITS),
    OF_ENTRY(ttl, NUMBER),         OF_ENTRY(marks, BITS),    OF_ENTRY(seq, BITS),
    OF_ENTRY(ack, BITS),           OF_ENTRY(ts_val, BITS),   OF_ENTRY(window, BITS),
    OF_ENTRY(payload_len, BITS),
};
static const struct field of_side[] = {
    OF_SIDE(isn, NUMBER),   OF_SIDE(nxt, NUMBER),     OF_SIDE(una, NUMBER),
    OF_SIDE(last_ns, TIME), OF_SIDE(packets, NUMBER), OF_SIDE(min_rtt_us, BITS),
    OF_SIDE(window, BITS),  OF_SIDE(marks, BITS),     OF_SIDE(ttl, NUMBER),
};
static const struct field of_detail[] = {
    OF_DETAIL(again_run, NUMBER),     OF_DETAIL(again_acked, TRUTH),
    OF_DETAIL(probe_run, NUMBER),     OF_DETAIL(una_advanced, TRUTH),
    OF_DETAIL(data_ns, TIME),         OF_DETAIL(timer_ns, TIME),
    OF_DETAIL(fins, NUMBER),          OF_DETAIL(una_before, NUMBER),
    OF_DETAIL(fin_seq, NUMBER),       OF_DETAIL(unanswered_ns, TIME),
    OF_DETAIL(kept[0].ip_id, NUMBER), OF_DETAIL(kept[1].ip_id, NUMBER),
    OF_DETAIL(kept[2].ip_id, NUMBER),
};
static const struct field of_seldom[] = {
    OF_SELDOM(again_ns, TIME),
    OF_SELDOM(again_gap_ns, TIME),
};
static const struct field of_start[] = {
    OF_START(taken, TRUTH),           OF_START(seen[0], TRUTH),   OF_START(seen[1], TRUTH),
    OF_START(nxt[0], NUMBER),         OF_START(nxt[1], NUMBER),   OF_START(outstanding[0], NUMBER),
    OF_START(outstanding[1], NUMBER), OF_START(window[0], BITS),  OF_START(window[1], BITS),
    OF_START(last_ns[0], TIME),       OF_START(last_ns[1], TIME),
};

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

/* By what round trips, timers and 2*MSL are made of. */
static int64_t change_time(uint32_t *random, int64_t ns)
{
    static const int64_t steps_ns[] = {
        1, 1000, NS_PER_MS, 45 * NS_PER_MS, NS_PER_S / 5, NS_PER_S, 60 * NS_PER_S,
    };
    int64_t step_ns = steps_ns[below(random, COUNT(steps_ns))];
    if (below(random, 16) == 0 || ns == TIME_UNKNOWN)
        return TIME_UNKNOWN;
    return below(random, 2) ? ns + step_ns : ns - step_ns;
}

static void change(uint32_t *random, const struct field *field, void *at)
{
    int64_t ns;
    uint32_t step = below(random, 2) ? 1 : UINT32_MAX;
    switch (field->kind) {
    case BITS:
        ((uint8_t *)at)[below(random, (uint32_t)field->size)] ^= (uint8_t)(1u << below(random, 8));
        return;
    case NUMBER:
        if (field->size == 1)
            *(uint8_t *)at = (uint8_t)(*(uint8_t *)at + step);
        else if (field->size == 2)
            *(uint16_t *)at = (uint16_t)(*(uint16_t *)at + step);
        else
            *(uint32_t *)at += step;
        return;
    case TIME:
        memcpy(&ns, at, sizeof ns);
        ns = change_time(random, ns);
        memcpy(at, &ns, sizeof ns);
        return;
    case TRUTH:
        *(bool *)at = !*(bool *)at;
        return;
    }
}

struct record {
    void *at;
    const struct field *fields;
    uint32_t count;
};

static struct record pick_record(uint32_t *random, struct connection *c)
{
    struct detail *d = c->detail;
    struct side *side = &c->side[below(random, 2)];
    uint32_t pick = d ? below(random, 9) : 0;
    if (pick < 2 || (pick > 4 && !d->log_count))
        return (struct record){side, of_side, COUNT(of_side)};
    if (pick == 2)
        return (struct record){&d->side[below(random, 2)], of_detail, COUNT(of_detail)};
    if (pick == 3)
        return (struct record){&d->start, of_start, COUNT(of_start)};
    if (pick == 4)
        return (struct record){d->side[below(random, 2)].seldom, of_seldom, COUNT(of_seldom)};
    return (struct record){&d->log[below(random, d->log_count)], of_entry, COUNT(of_entry)};
}

/* Changes one field, tries, and changes it back. */
static void try_changed(struct tried *tried, struct connection *c)
{
    struct record record = pick_record(&tried->random, c);
    const struct field *field = &record.fields[below(&tried->random, record.count)];
    uint8_t *at = (uint8_t *)record.at + field->offset;
    uint8_t before[8];
    memcpy(before, at, field->size);
    change(&tried->random, field, at);
    tried->what = field->name;
    tried->changed++;
    tried->changed_of_shape += try_both(tried, c) != SHAPE_ANY;
    memcpy(at, before, field->size);
}

/* Where nothing was seldom there are zeros for as long, to be changed. */
static void try_changes(struct tried *tried, struct connection *c)
{
    struct seldom zero[2] = {{.holes = NULL}, {.holes = NULL}};
    struct seldom *was[2] = {NULL, NULL};
    for (int s = 0; c->detail && s < 2; s++) {
        was[s] = c->detail->side[s].seldom;
        if (!was[s])
            c->detail->side[s].seldom = &zero[s];
    }
    for (int i = 0; i < CHANGES_OF_EACH; i++)
        try_changed(tried, c);
    for (int s = 0; c->detail && s < 2; s++)
        c->detail->side[s].seldom = was[s];
}

static bool judge(void *context, struct connection *c, bool evicted)
{
    (void)evicted;
    struct tried *tried = context;
    tried->what = "as it was";
    enum shape shape = try_both(tried, c);
    tried->of_shape[shape]++;
    if (tried->change && shape != SHAPE_ANY)
        try_changes(tried, c);
    return true;
}

/* ---- talks ---------------------------------------------------------------------------------- */

struct course {
    struct talk talk;
    struct segment segments[SEGMENTS_MAX];
    uint32_t count;
    uint32_t next[2]; /* relative */
    int64_t ns;       /* since the origin */
    int64_t way_ns;
    uint32_t stamps; /* sides that stamp: bits */
};

/* Mostly as long as the way, at times a delayed acknowledgment's, a timer's, a minute's time. */
static void pause_for(struct course *course, uint32_t *random)
{
    static const int64_t others_ns[] = {0, NS_PER_MS, 44 * NS_PER_MS, NS_PER_S / 4, 70 * NS_PER_S};
    course->ns += below(random, 4) ? course->way_ns + below(random, 1000)
                                   : others_ns[below(random, COUNT(others_ns))];
}

static void say(struct course *course, uint32_t *random, int side, const char *flags,
                uint32_t payload_len)
{
    uint32_t *next = &course->next[side];
    struct segment g =
        segment(&course->talk, side, flags, *next, course->next[!side], payload_len, 0, "");
    g.window = 50000;
    g.time_ns = course->talk.origin_ns + course->ns;
    if (course->stamps & 1u << side) {
        g.marks |= SEG_TIMESTAMPS;
        g.ts_val = (uint32_t)(course->ns / NS_PER_MS) + 7;
        g.ts_ecr = g.ts_val - below(random, 4);
    }
    *next += payload_len + (strchr(flags, 'S') || strchr(flags, 'F') ? 1 : 0);
    course->segments[course->count++] = g;
    pause_for(course, random);
}

/* Does it go on afterwards? */
static bool open_up(struct course *course, uint32_t *random)
{
    uint32_t until = below(random, 12);
    say(course, random, A, "S", 0);
    if (until == 0)
        return false;
    say(course, random, B, "S.", 0);
    if (until == 1)
        return false;
    say(course, random, A, ".", 0);
    return until != 2;
}

/* The capture starts here; one direction alone, or both. */
static bool begin_in_the_middle(struct course *course, uint32_t *random)
{
    bool either = below(random, 4);
    course->next[A] = below(random, 3000);
    course->next[B] = below(random, 3000);
    for (uint32_t i = 1 + below(random, 4); i > 0; i--)
        say(course, random, either ? (int)below(random, 2) : B, below(random, 2) ? "." : "P.",
            below(random, 2) * (10 + below(random, 3)));
    return either && below(random, 2);
}

static void go_on(struct course *course, uint32_t *random)
{
    for (uint32_t i = below(random, 4); i > 0; i--) {
        say(course, random, A, "P.", 10 + below(random, 3));
        if (below(random, 2))
            say(course, random, B, "P.", 20 + below(random, 3));
        if (below(random, 2))
            say(course, random, A, ".", 0);
    }
}

/* Says it as one that has not received the peer's last octets yet. */
static void say_before(struct course *course, uint32_t *random, int side, const char *flags,
                       uint32_t payload_len, uint32_t missing)
{
    course->next[!side] -= missing;
    say(course, random, side, flags, payload_len);
    course->next[!side] += missing;
}

/* Octets and FIN in a row, acknowledged step by step, while the other goes on. */
static void close_in_a_row(struct course *course, uint32_t *random, int x)
{
    say(course, random, x, "P.", 20);
    say(course, random, x, "F.", 10);
    for (uint32_t i = below(random, 3); i > 0; i--)
        say_before(course, random, !x, "P.", 10 * below(random, 2), 31);
    if (below(random, 4))
        say_before(course, random, !x, ".", 0, 11);
    bool both = below(random, 4) == 0;
    if (both)
        say_before(course, random, !x, "F.", 0, 11);
    if (below(random, 2))
        say_before(course, random, !x, ".", 0, 1);
    if (below(random, 3))
        say(course, random, x, ".", 0);
    if (below(random, 4) == 0)
        say_before(course, random, !x, ".", 0, 1);
    say(course, random, !x, both ? "." : "F.", 0);
    say(course, random, x, ".", 0);
}

static void close_down(struct course *course, uint32_t *random)
{
    int x = (int)below(random, 2);
    uint32_t payload_len = below(random, 4) ? 0 : 5;
    switch (below(random, 10)) {
    case 0:
        return;
    case 4:
    case 5:
        close_in_a_row(course, random, x);
        return;
    case 1:
        say(course, random, x, "R.", 0);
        return;
    case 2:
        say(course, random, x, "R", 0);
        return;
    case 3: { /* the two cross */
        uint32_t before = course->next[x];
        say(course, random, x, "F.", payload_len);
        uint32_t behind = course->next[x];
        course->next[x] = before;
        say(course, random, !x, "F.", 0);
        course->next[x] = behind;
        say(course, random, x, ".", 0);
        say(course, random, !x, ".", 0);
        return;
    }
    default:
        say(course, random, x, "F.", payload_len);
        if (below(random, 2))
            say(course, random, !x, ".", 0);
        if (below(random, 6) == 0)
            say(course, random, !x, "P.", 30);
        if (below(random, 12) == 0)
            return;
        say(course, random, !x, "F.", below(random, 6) ? 0 : 9);
        if (below(random, 12))
            say(course, random, x, ".", 0);
        if (below(random, 12) == 0)
            say(course, random, x, ".", 0);
        if (below(random, 24) == 0)
            say(course, random, !x, "R", 0);
        return;
    }
}

/* One thing is not as it should be. */
static void spoil(struct course *course, uint32_t *random)
{
    uint32_t i = below(random, course->count);
    struct segment *g = &course->segments[i];
    switch (below(random, 12)) {
    case 0: /* not captured */
        memmove(g, g + 1, (course->count - i - 1) * sizeof *g);
        course->count -= course->count > 1;
        break;
    case 1: /* sent again, at once or by a timer */
        memmove(g + 1, g, (course->count - i) * sizeof *g);
        course->count++;
        for (uint32_t k = i + 1; k < course->count && below(random, 2); k++)
            course->segments[k].time_ns += NS_PER_S / 5;
        g[1].ip_id = (uint16_t)(g->ip_id + below(random, 2));
        break;
    case 2:
        g->seq += below(random, 2) ? 1 : UINT32_MAX;
        break;
    case 3:
        g->ack += below(random, 2) ? 1 : UINT32_MAX;
        break;
    case 4:
        g->flags ^= 1u << below(random, 5);
        break;
    case 5: /* overtaken */
        if (i + 1 < course->count) {
            struct segment moved = g[0];
            g[0] = g[1];
            g[1] = moved;
            g[1].time_ns = g[0].time_ns;
            g[0].time_ns = moved.time_ns;
        }
        break;
    case 6:
        g->time_ns = below(random, 4) ? g->time_ns - NS_PER_S / 50 : TIME_UNKNOWN;
        break;
    case 7:
        g->payload_len += 1;
        break;
    case 8:
        g->ttl = 61;
        break;
    case 9:
        g->marks ^= SEG_TIMESTAMPS;
        g->ts_val += below(random, 3) - 1;
        break;
    case 10:
        g->window = (uint16_t)below(random, 2);
        break;
    default:
        g->marks |= SEG_SACK | SEG_DSACK;
        break;
    }
}

/* `spoilt`: one in so many talks is; 0: none. */
static void converse(struct tried *tried, uint32_t spoilt)
{
    static const int64_t ways_ns[] = {10000, 300000, 20 * NS_PER_MS, 300 * NS_PER_MS};
    static struct course course; /* large */
    tried->config = ANALYZER_CONFIG_DEFAULT;
    for (uint32_t seed = 1; seed <= TALKS; seed++) {
        uint32_t random = seed;
        struct flows *flows = &tried->flows;
        tried->random = seed;
        assert_true(flows_init(flows, &tried->config, judge, tried));
        memset(&course, 0, sizeof course);
        talk_init(&course.talk);
        course.stamps = below(&random, 3) ? 3 : below(&random, 4);
        course.way_ns = ways_ns[below(&random, COUNT(ways_ns))];
        if (below(&random, 6) ? open_up(&course, &random) : begin_in_the_middle(&course, &random)) {
            go_on(&course, &random);
            if (below(&random, 8))
                close_down(&course, &random);
        }
        if (spoilt && below(&random, spoilt) == 0)
            spoil(&course, &random);
        assert_int_equal(flows_feed(flows, course.segments, course.count, NULL), FLOW_OK);
        int64_t end_ns = course.talk.origin_ns + course.ns +
                         (below(&random, 2) ? 0 : (int64_t)below(&random, 100000) * NS_PER_MS);
        if (end_ns > flows->clock_ns)
            assert_int_equal(flows_pass_time(flows, end_ns), FLOW_OK);
        assert_int_equal(flows_drain(flows), FLOW_OK);
        flows_finish(flows);
    }
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void of_plain_talks(void **unused)
{
    (void)unused;
    static struct tried tried;
    converse(&tried, 0);
    assert_in_range(tried.of_shape[SHAPE_LONE_SYN], TALKS / 50, TALKS);
    for (int shape = SHAPE_ANSWERED; shape <= SHAPE_ABORTED; shape++)
        assert_in_range(tried.of_shape[shape], TALKS / 50, TALKS);
    assert_in_range(tried.of_shape[SHAPE_CLOSED], TALKS / 8, TALKS);
}

static void of_spoilt_talks(void **unused)
{
    (void)unused;
    static struct tried tried;
    converse(&tried, 1);
    assert_in_range(tried.of_shape[SHAPE_ANY], TALKS / 4, TALKS);
    assert_in_range(tried.of_shape[SHAPE_CLOSED], TALKS / 50, TALKS);
}

static void of_changed_records(void **unused)
{
    (void)unused;
    static struct tried tried = {.change = true};
    converse(&tried, 0);
    assert_in_range(tried.changed_of_shape, tried.changed / 20, tried.changed);
}

/* ---- what must go the short way ------------------------------------------------------------- */

struct line {
    int side;
    const char *flags;
    uint32_t seq, ack, payload_len;
    int64_t time_ms;
    const char *options;
};

#define LINES_MAX 40

/* All that the lines make, until a second after them. */
static const struct tried *try_lines(const struct line *lines, uint32_t count)
{
    static struct tried tried;
    struct segment segments[LINES_MAX];
    struct talk talk;
    memset(&tried, 0, sizeof tried);
    tried.config = ANALYZER_CONFIG_DEFAULT;
    talk_init(&talk);
    assert_true(flows_init(&tried.flows, &tried.config, judge, &tried));
    for (uint32_t i = 0; i < count; i++)
        segments[i] = segment(&talk, lines[i].side, lines[i].flags, lines[i].seq, lines[i].ack,
                              lines[i].payload_len, lines[i].time_ms, lines[i].options);
    assert_int_equal(flows_feed(&tried.flows, segments, count, NULL), FLOW_OK);
    assert_int_equal(flows_pass_time(&tried.flows, segments[count - 1].time_ns + NS_PER_S),
                     FLOW_OK);
    assert_int_equal(flows_drain(&tried.flows), FLOW_OK);
    flows_finish(&tried.flows);
    return &tried;
}

static enum shape shape_of(const struct line *lines, uint32_t count)
{
    const struct tried *tried = try_lines(lines, count);
    enum shape found = SHAPE_ABORTED;
    while (found > SHAPE_ANY && !tried->of_shape[found])
        found--;
    return found;
}

/* Numbers and stamps that pass their wrap, stamps that stand still, and what passes at one instant
 * are nothing odd. */
static void plain_as_can_be(void **unused)
{
    (void)unused;
    static const struct line wrapping[] = {
        {A, "S", 0, 0, 0, 0, "ts 0xfffffff0"},
        {B, "S.", 0, 1, 0, 10, "ts 0xfffffff8 ecr 0xfffffff0"},
        {A, ".", 1, 1, 0, 20, "ts 0xfffffffe ecr 0xfffffff8"},
        {A, "P.", 1, 1, 200, 30, "ts 0xffffffff ecr 0xfffffff8"},
        {B, "P.", 1, 201, 300, 40, "ts 2 ecr 0xffffffff"},
        {A, "F.", 201, 301, 60, 50, "ts 4 ecr 2"},
        {B, ".", 301, 262, 0, 60, "ts 6 ecr 4"},
        {B, "F.", 301, 262, 0, 70, "ts 8 ecr 4"},
        {A, ".", 262, 302, 0, 80, "ts 10 ecr 8"},
    };
    assert_int_equal(shape_of(wrapping, COUNT(wrapping)), SHAPE_CLOSED);
    assert_int_equal(shape_of(wrapping, 5), SHAPE_OPEN);
    struct line lines[COUNT(wrapping)];
    memcpy(lines, wrapping, sizeof lines);
    for (uint32_t i = 0; i < COUNT(lines); i++)
        lines[i].options = lines[i].side == A ? "ts 7 ecr 9" : "ts 9 ecr 7";
    assert_int_equal(shape_of(lines, COUNT(lines)), SHAPE_CLOSED);
    for (uint32_t i = 0; i < COUNT(lines); i++)
        lines[i].time_ms = 5;
    assert_int_equal(shape_of(lines, COUNT(lines)), SHAPE_CLOSED);
    for (uint32_t i = 0; i < COUNT(lines); i++)
        lines[i].options = "";
    assert_int_equal(shape_of(lines, COUNT(lines)), SHAPE_CLOSED);
    lines[5] = (struct line){A, "R.", 201, 301, 0, 5, ""};
    assert_int_equal(shape_of(lines, 6), SHAPE_ABORTED);
    lines[5] = (struct line){B, "R.", 301, 201, 0, 5, ""};
    assert_int_equal(shape_of(lines, 6), SHAPE_ABORTED);
    assert_int_equal(shape_of(lines, 1), SHAPE_LONE_SYN);
    assert_int_equal(shape_of(lines, 2), SHAPE_ANSWERED);
    assert_int_equal(shape_of(lines, 3), SHAPE_ANSWERED);
    for (uint32_t i = 1; i < 4; i++)
        assert_int_equal(shape_of(wrapping + 2, i), SHAPE_MIDDLE);
}

/* What its five-tuple was used for before may still answer. */
static void after_a_former_use(void **unused)
{
    (void)unused;
    static const struct line lines[] = {
        {A, "S", 0, 0, 0, 0, ""},
        {B, "S.", 0, 1, 0, 10, ""},
        {A, ".", 1, 1, 0, 20, ""},
        {A, "F.", 1, 1, 0, 50, ""},
        {B, "F.", 1, 2, 0, 60, ""},
        {A, ".", 2, 2, 0, 70, ""},
        {A, "S", 9000000, 0, 0, 70000, ""},
        {B, "S.", 8000000, 9000001, 0, 70010, ""},
        {A, ".", 9000001, 8000001, 0, 70020, ""},
    };
    for (uint32_t count = 8; count <= COUNT(lines); count++) {
        const struct tried *tried = try_lines(lines, count);
        assert_int_equal(tried->of_shape[SHAPE_CLOSED], 1);
        assert_int_equal(tried->of_shape[SHAPE_ANY], 1);
    }
}

/* With so many entries as a plain connection may have, and with one more. */
static void long_logs(void **unused)
{
    (void)unused;
    for (uint32_t more = 0; more < 2; more++) {
        struct line lines[LINES_MAX] = {
            {A, "S", 0, 0, 0, 0, ""},      {B, "S.", 0, 1, 0, 10, ""},    {A, ".", 1, 1, 0, 20, ""},
            {A, "P.", 1, 1, 2000, 30, ""}, {A, "F.", 2001, 1, 0, 30, ""},
        };
        uint32_t count = 5;
        while (count < 21 + more) { /* they cross the FIN */
            lines[count] = (struct line){B, ".", 1, 50 * count, 0, 31, ""};
            count++;
        }
        lines[count++] = (struct line){B, ".", 1, 2002, 0, 40, ""};
        lines[count++] = (struct line){B, "F.", 1, 2002, 0, 600, ""};
        lines[count++] = (struct line){A, ".", 2002, 2, 0, 610, ""};
        assert_int_equal(shape_of(lines, count), more ? SHAPE_ANY : SHAPE_CLOSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_as_can_be), cmocka_unit_test(after_a_former_use),
        cmocka_unit_test(long_logs),       cmocka_unit_test(of_plain_talks),
        cmocka_unit_test(of_spoilt_talks), cmocka_unit_test(of_changed_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
