/*
 * A detail that was packed and unpacked is what it was: generated connections, each tracked twice,
 * once undisturbed and once with its detail packed between segments now and then. What is forgotten
 * are segments so old that nothing can be a copy of them.
 */
#include "analyzer/tcp/octets.h"
#include "analyzer/tcp/ordinary.h"
#include "analyzer/tcp/packed.h"
#include "analyzer/tcp/test_talkers.h"

#include <stdlib.h>

/* Newer ones than this are not forgotten. */
#define FORGOTTEN_US (2 * (uint32_t)(ROUTED_COPY_NS / 1000) - 20000)

static const struct recent_segment *earlier_of(const struct side_detail *d, unsigned age)
{
    return &d->earlier[(d->oldest + 2u * EARLIER_SEGMENTS - 1 - age) % EARLIER_SEGMENTS];
}

static void same_earlier(const struct connection *c, const struct side_detail *whole,
                         const struct side_detail *packed)
{
    uint32_t now_us = connection_us(c, connection_last_ns(c));
    for (unsigned age = 0; age < EARLIER_SEGMENTS; age++) {
        const struct recent_segment *a = earlier_of(whole, age), *b = earlier_of(packed, age);
        if (!b->signature && a->signature)
            assert_true(now_us - a->sent_us + FORGOTTEN_US > 2 * FORGOTTEN_US);
        else
            assert_memory_equal(a, b, sizeof *a);
    }
}

/* What nobody can tell: where it lies, what is no longer kept as anything. */
static void without_places(struct detail *d)
{
    for (int s = 0; s < 2; s++) {
        struct side_detail *own = &d->side[s];
        unsigned used = 0;
        for (int as = 0; as < KEPT_ROLES; as++)
            used |= 1u << own->kept_as[as];
        for (int i = 0; i < KEPT_ROLES; i++) {
            if (!(used & 2u << i))
                memset(&own->kept[i], 0, sizeof own->kept[i]);
        }
        memset(own->earlier, 0, sizeof own->earlier);
        own->oldest = 0;
    }
    d->log_room = 0;
    d->packed = 0;
    memset(d->within, 0, sizeof d->within);
}

static void same_without_copied(const struct connection *whole, const struct connection *packed)
{
    struct connection x = *whole, y = *packed;
    x.detail = y.detail = NULL;
    assert_memory_equal(&x, &y, sizeof x);
    assert_true(!whole->detail == !packed->detail);
    if (!whole->detail || !packed->detail)
        return;
    struct detail a = *whole->detail, b = *packed->detail;
    without_places(&a);
    without_places(&b);
    same_detail(&a, &b);
}

static void same_after_packing(const struct connection *whole, const struct connection *packed)
{
    same_without_copied(whole, packed);
    for (int s = 0; s < 2 && whole->detail; s++)
        same_earlier(whole, &whole->detail->side[s], &packed->detail->side[s]);
}

/* Adds the packed detail's octets to `octets`. */
static void pack_and_unpack(struct connection *c, struct shelves *shelves, size_t *octets)
{
    uint32_t place;
    c->detail->packed = 0;
    size_t before = connection_extra_bytes(c);
    assert_true(detail_pack(c, shelves, &place));
    assert_int_equal(place, 0);
    assert_true(c->packed);
    assert_true(connection_extra_bytes(c) < before);
    *octets += connection_extra_bytes(c);
    assert_true(detail_unpack(c, NULL, 0));
    assert_false(c->packed);
}

/* Looked at, it says the same but for what is remembered for copies, and stays packed. */
static void look(struct connection *c)
{
    struct detail_room *room = malloc(sizeof *room);
    struct connection looked = *c;
    uint32_t place;
    assert_non_null(room);
    c->detail->packed = 0;
    assert_true(detail_pack(c, NULL, &place));
    detail_look(c, room);
    looked.detail = &room->detail;
    assert_true(detail_unpack(c, NULL, 0));
    memset(room->detail.within, 0, sizeof room->detail.within);
    same_without_copied(c, &looked);
    free(room);
}

static void track(struct connection *c, const struct segment *g)
{
    int sender = sender_of(g);
    assert_true(track_ordinary(c, sender, g) || track_segment(c, sender, g));
}

/* Returns how often it was packed. */
static uint32_t packed_now_and_then(const struct habits *habits, const struct segment *segments,
                                    uint32_t count, size_t *octets)
{
    struct connection whole, packed;
    struct shelves shelves = {.filling = NULL};
    uint32_t times = 0;
    (void)begin_talk(&whole, habits, &segments[0]);
    (void)begin_talk(&packed, habits, &segments[0]);
    for (uint32_t i = 0; i < count; i++) {
        track(&whole, &segments[i]);
        track(&packed, &segments[i]);
        if (packed.detail && one_in(5)) {
            pack_and_unpack(&packed, times % 2 ? &shelves : NULL, octets);
            look(&packed);
            times++;
        }
        same_after_packing(&whole, &packed);
    }
    uint32_t place;
    if (packed.detail)
        assert_true(detail_pack(&packed, &shelves, &place));
    shelves_finish(&shelves);
    connection_finish(&whole);
    connection_finish(&packed); /* packed as it is, with all that it owns */
    assert_null(packed.detail);
    return times;
}

/* What is packed takes at most so many octets on average. */
static void of_habits(const struct habits *habits, size_t most_octets)
{
    uint32_t times = 0;
    size_t octets = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct segment talk[TALK_MAX];
        uint32_t count = talk_of(habits, seed, 120, talk);
        times += packed_now_and_then(habits, talk, count, &octets);
    }
    assert_true(times > 400);
    assert_in_range(octets, 1, times * most_octets);
}

static void ordinary(void **state)
{
    (void)state;
    of_habits(&(struct habits){.silent = 3}, 310);
    of_habits(&(struct habits){.silent = 3, .stamped = true, .closing = 60}, 750);
    of_habits(&(struct habits){.silent = 3, .mid_stream = true, .closing = 40}, 780);
}

static void lossy(void **state)
{
    (void)state;
    of_habits(&(struct habits){.lost = 40, .again = 20, .sacked = 20, .silent = 3}, 490);
    of_habits(&(struct habits){.again = 10, .far = 100, .probing = 10, .silent = 2}, 630);
    of_habits(&(struct habits){.swapped = 10, .silent = 3, .stamped = true}, 580);
}

static void copied(void **state)
{
    (void)state;
    of_habits(&(struct habits){.copied = 4, .silent = 3}, 316);
    of_habits(&(struct habits){.copied = 4, .silent = 3, .one_direction = true}, 1165);
}

static void odd(void **state)
{
    (void)state;
    of_habits(&(struct habits){.odd = 30, .silent = 3, .padded = 2, .untimed = true}, 656);
    of_habits(&(struct habits){EVERYTHING_ODD, .closing = 50}, 1280);
}

/* An ordinary connection that has closed, with payload both ways. */
static void closed(struct scene *s)
{
    opened(s);
    pass(s, A, "P.", 1, 1, 300, 20, "ts 20");
    pass(s, B, "P.", 1, 301, 1448, 40, "ts 40 ecr 20");
    pass(s, B, "P.", 1449, 301, 1448, 41, "ts 41 ecr 20");
    pass(s, A, ".", 301, 2897, 0, 60, "ts 60 ecr 41");
    pass(s, A, "F.", 301, 2897, 0, 70, "ts 70 ecr 41");
    pass(s, B, "F.", 2897, 302, 0, 90, "ts 90 ecr 70");
    pass(s, A, ".", 302, 2898, 0, 100, "ts 100 ecr 90");
    assert_true(s->c.marks & CONN_CLOSED);
}

/* Two records of what is given, of which one is packed in between, say the same. */
static void both_of(const struct segment *segments, uint32_t count)
{
    struct connection whole, packed;
    size_t octets = 0;
    (void)begin_talk(&whole, &(struct habits){0}, &segments[0]);
    (void)begin_talk(&packed, &(struct habits){0}, &segments[0]);
    for (uint32_t i = 0; i < count; i++) {
        track(&whole, &segments[i]);
        track(&packed, &segments[i]);
        if (packed.detail)
            pack_and_unpack(&packed, NULL, &octets);
        same_after_packing(&whole, &packed);
    }
    connection_finish(&whole);
    connection_finish(&packed);
}

/* Times and frames are told by their distances, which may be more than a number holds: silences of
 * that length, one less and one more, counted in microseconds or nanoseconds. */
static void far_apart(void **state)
{
    (void)state;
    static const int64_t units_ns[] = {1, 1000};
    for (int64_t more = -2; more < 3; more++) {
        for (int u = 0; u < 2; u++) {
            struct talk t;
            talk_init(&t);
            t.origin_ns += units_ns[u] == 1; /* no whole microsecond */
            const int64_t silence_ns = (UINT32_MAX + more) * units_ns[u];
            struct segment g[] = {
                segment(&t, A, "S", 0, 0, 0, 0, ""),
                segment(&t, B, "S.", 0, 1, 0, 10, ""),
                segment(&t, A, ".", 1, 1, 0, 20, ""),
                segment(&t, A, "P.", 1, 1, 100, 30, ""),
                segment(&t, B, ".", 1, 101, 0, 30, ""),
                segment(&t, B, "P.", 1, 101, 50, 30, ""),
                segment(&t, A, ".", 101, 51, 0, 30, ""),
                segment(&t, A, "P.", 101, 51, 10, 31, ""),
                segment(&t, A, "F.", 111, 51, 0, 31, ""),
                segment(&t, B, ".", 51, 112, 0, 31, ""),
                segment(&t, A, ".", 112, 51, 0, 31, "win 1"),
                segment(&t, B, "F.", 51, 112, 0, 32, ""),
                segment(&t, A, ".", 112, 52, 0, 32, ""),
            };
            const uint32_t count = sizeof g / sizeof *g;
            for (uint32_t from = 1; from < count; from++) {
                struct segment late[sizeof g / sizeof *g];
                memcpy(late, g, sizeof g);
                for (uint32_t i = from; i < count; i++) {
                    late[i].time_ns += silence_ns;
                    late[i].frame += (uint64_t)(UINT32_MAX + more);
                }
                both_of(late, count);
            }
        }
    }
}

/* Each number of an entry is told whole, whatever it is. */
static void any_number(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {0,      1,       0x7f,     0x80,      0xff,      0x100,
                                       0xffff, 0x10000, 0xffffff, 0x1000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct talk t;
        talk_init(&t);
        struct segment g[] = {
            segment(&t, A, "S", 0, 0, 0, 0, ""),   segment(&t, B, "S.", 0, 1, 0, 10, ""),
            segment(&t, A, ".", 1, 1, 0, 20, ""),  segment(&t, A, "F.", 1, 1, 0, 30, ""),
            segment(&t, B, "R.", 1, 2, 0, 40, ""),
        };
        for (unsigned field = 0; field < 6; field++) {
            struct segment changed[5];
            memcpy(changed, g, sizeof g);
            uint32_t n = numbers[i];
            struct segment *last = &changed[4];
            last->seq += field == 0 ? n : 0;
            last->ack += field == 1 ? n : 0;
            last->window = (uint16_t)(field == 2 ? n : last->window);
            last->ip_id = (uint16_t)(field == 3 ? n : last->ip_id);
            if (field >= 4)
                last->marks |= SEG_TIMESTAMPS;
            last->ts_val = field == 4 ? n : 0;
            last->ts_ecr = field == 5 ? n : 0;
            both_of(changed, 5);
        }
    }
}

static void much_less(void **state)
{
    (void)state;
    struct scene s;
    closed(&s);
    uint32_t place;
    assert_true(detail_pack(&s.c, NULL, &place));
    assert_in_range(connection_extra_bytes(&s.c), 1, 320);
    connection_finish(&s.c);
}

static void not_too_often(void **state)
{
    (void)state;
    struct scene s;
    closed(&s);
    for (unsigned i = 0; i < PACKED_OFTEN; i++) {
        uint32_t place;
        assert_true(detail_pack(&s.c, NULL, &place));
        assert_true(detail_unpack(&s.c, NULL, 0));
    }
    uint32_t place;
    assert_false(detail_pack(&s.c, NULL, &place));
    assert_false(s.c.packed);
    connection_finish(&s.c);
}

/* ---- any values ----------------------------------------------------------------------------- */

/* Around each width that a number may have. */
static uint64_t some_number(void)
{
    uint64_t power = UINT64_C(1) << random_below(64);
    switch (random_below(6)) {
    case 0:
        return 0;
    case 1:
        return power - 1;
    case 2:
        return power;
    case 3:
        return 0 - power;
    case 4:
        return power + random_below(2000);
    default:
        return (uint64_t)random_below(UINT32_MAX) << 32 | random_below(UINT32_MAX);
    }
}

/* What it was, or one of so many times something else. */
static uint64_t or_any(uint64_t n, uint32_t many)
{
    return one_in(many) ? some_number() : n;
}

/* A time a little later, most often in whole microseconds. */
static int64_t any_time_after(int64_t time_ns, uint32_t many)
{
    uint64_t span_ns = one_in(many) ? some_number() : random_below(3000) * UINT64_C(1000);
    if (one_in(many))
        span_ns = (some_number() >> random_below(64)) * 1000;
    return (int64_t)((uint64_t)time_ns + span_ns);
}

static void any_connection(struct connection *c, uint32_t many)
{
    *c = (struct connection){.first_ns = any_time_after(INT64_C(1700000000000000000), many),
                             .first_frame = or_any(1, many)};
    for (int s = 0; s < 2; s++) {
        struct side *side = &c->side[s];
        *side = (struct side){.isn = seq_of((uint32_t)some_number()),
                              .ts_val = (uint32_t)some_number(),
                              .last_ns = any_time_after(c->first_ns, many),
                              .marks = one_in(2) ? SIDE_TIMESTAMPS : 0,
                              .ttl = (uint8_t)or_any(64, many)};
        side->nxt = seq_add(side->isn, (uint32_t)or_any(1000, many));
        side->una = seq_back(side->nxt, (uint32_t)or_any(0, many));
    }
}

/* The next one of a log that goes on in order, but for one of so many of its numbers. */
static struct log_entry any_entry(const struct connection *c, const struct log_entry before[2],
                                  uint32_t nth, int64_t after_ns, uint32_t many)
{
    uint8_t s = (uint8_t)random_below(2);
    const struct log_entry *own = &before[s], *peer = &before[!s];
    uint8_t flags[] = {TCP_ACK, TCP_ACK | TCP_FIN, TCP_SYN, TCP_SYN | TCP_ACK, TCP_RST};
    return (struct log_entry){
        .time_ns = any_time_after(after_ns, many),
        .frame = or_any(c->first_frame + 2 * nth, many),
        .seq = seq_of((uint32_t)or_any(own->seq.n + own->payload_len, many)),
        .ack = seq_of((uint32_t)or_any(peer->seq.n + peer->payload_len, many)),
        .payload_len = (uint32_t)or_any(one_in(2) ? 1448 : 0, many),
        .ts_val = (uint32_t)or_any(own->ts_val + random_below(20), many),
        .ts_ecr = (uint32_t)or_any(peer->ts_val, many),
        .window = (uint16_t)some_number(),
        .ip_id = (uint16_t)some_number(),
        .flags = (uint8_t)or_any(flags[random_below(5)], many),
        .side = s,
        .ttl = (uint8_t)or_any(64, many),
        .marks = (uint8_t)or_any(c->side[s].marks & SIDE_TIMESTAMPS ? LOG_TIMESTAMPS : 0, many),
        .nth = (uint32_t)or_any(nth, many),
    };
}

static void any_log(const struct connection *c, struct detail *d, struct log_entry *log,
                    uint32_t many)
{
    struct log_entry before[2] = {{.seq = c->side[0].isn, .ts_val = c->side[0].ts_val},
                                  {.seq = c->side[1].isn, .ts_val = c->side[1].ts_val}};
    d->log = log;
    d->log_room = LOG_MAX;
    d->log_count = (uint8_t)random_below(one_in(4) ? LOG_MAX + 1 : LOG_WITHIN + LOG_MORE + 1);
    d->log_total = (uint32_t)or_any(d->log_count, many);
    int64_t last_ns = c->first_ns;
    for (uint16_t i = 0; i < d->log_count; i++) {
        log[i] = any_entry(c, before, i + 1u, last_ns, many);
        before[log[i].side] = log[i];
        last_ns = log[i].time_ns;
    }
}

static void any_kept(const struct connection *c, const struct detail *d, struct side_detail *own,
                     uint32_t many)
{
    const struct log_entry none[2] = {{.nth = 0}};
    for (int i = 0; i < KEPT_ROLES; i++) {
        own->kept_as[i] = (uint8_t)random_below(4);
        own->kept[i] = d->log_count && !one_in(3)
                           ? d->log[random_below(d->log_count)]
                           : any_entry(c, none, random_below(100), c->first_ns, many);
        own->kept[i].nth = (uint32_t)or_any(own->kept[i].nth, many); /* the log has another */
    }
}

static void any_seldom(struct side_detail *own, uint32_t many)
{
    own->seldom = one_in(2) ? calloc(1, sizeof *own->seldom) : NULL;
    if (!own->seldom)
        return;
    own->seldom->hole_ns = (int64_t)or_any(0, many);
    own->seldom->retransmitted_bytes = or_any(0, many);
    own->seldom->malformed = (uint32_t)or_any(0, many);
    own->seldom->bytes_after_fin = or_any(0, many);
}

static void any_side(const struct connection *c, const struct side *side, struct side_detail *own,
                     uint32_t many)
{
    int64_t last_ns = connection_last_ns(c);
    int64_t *moments[] = {&own->data_ns, &own->timer_ns, &own->unanswered_ns};
    int64_t *spans[] = {&own->unanswered_idle_ns, &own->last_idle_ns, &own->data_idle_ns};
    for (int i = 0; i < 3; i++) {
        *moments[i] =
            one_in(2) ? 0 : (int64_t)((uint64_t)last_ns - (uint64_t)any_time_after(0, many));
        *spans[i] = one_in(2) ? 0 : any_time_after(0, many);
    }
    own->una_before = seq_back(side->una, (uint32_t)or_any(1, many));
    own->una_advanced = one_in(2);
    own->again_acked = one_in(2);
    own->again_run = (uint16_t)or_any(0, many);
    own->resends = (uint16_t)or_any(0, many);
    own->probe_run = (uint16_t)or_any(0, many);
    own->again_grown = (uint16_t)or_any(0, many);
    own->fins = (uint32_t)or_any(random_below(2), many);
    own->rsts = (uint32_t)or_any(random_below(2), many);
    if (own->fins)
        own->fin_seq = seq_of((uint32_t)or_any(side->nxt.n - 1, many));
    own->mss = (uint16_t)some_number();
    own->oldest = (uint8_t)random_below(EARLIER_SEGMENTS);
    uint32_t now_us = connection_us(c, last_ns);
    for (int i = 0; i < EARLIER_SEGMENTS; i++)
        own->earlier[i] =
            (struct recent_segment){.signature = 1 + random_below(UINT32_MAX - 1),
                                    .sent_us = now_us + 199999 - random_below(399999)};
}

/* As it was kept before the close, or otherwise. */
static void any_start(struct detail *d, uint32_t many)
{
    struct close_start *start = &d->start;
    start->taken = !one_in(4);
    for (int s = 0; start->taken && s < 2; s++) {
        const struct log_entry *last = kept_of(&d->side[s], KEPT_LAST);
        start->seen[s] = !one_in(many);
        start->nxt[s] = seq_of((uint32_t)or_any(last->seq.n + last->payload_len, many));
        start->window[s] = (uint16_t)or_any(last->window, many);
        start->last_ns[s] = (int64_t)or_any((uint64_t)last->time_ns, many);
        start->outstanding[s] = (uint32_t)or_any(random_below(2) * 1448, many);
    }
}

static void any_rest(const struct connection *c, struct detail *d, uint32_t many)
{
    if (one_in(2))
        d->ack_run = (struct ack_run){.last_ns = any_time_after(connection_last_ns(c), many),
                                      .count = (uint32_t)or_any(2, many),
                                      .most = (uint32_t)or_any(4, many),
                                      .side = (uint8_t)random_below(2)};
    d->reused = one_in(8);
    d->reused_ns = d->reused ? any_time_after(c->first_ns, many) : 0;
}

/* As it was, whatever its numbers are. */
static void holds(struct connection *c, struct detail *d)
{
    static struct detail_room room;
    static struct log_entry log[LOG_MAX];
    struct detail was = *d;
    struct seldom seldom[2] = {*seldom_of(&d->side[0]), *seldom_of(&d->side[1])};
    memcpy(log, d->log, sizeof log);
    was.log = log;
    was.side[0].seldom = &seldom[0];
    was.side[1].seldom = &seldom[1];
    struct connection before = *c;
    uint32_t place;
    c->detail = d;
    d->place = 1; /* neither the heap's nor anybody's */
    assert_true(detail_pack(c, NULL, &place));
    assert_int_equal(place, 1);
    struct connection looked = *c;
    detail_look(c, &room);
    looked.detail = &room.detail;
    looked.packed = before.packed = false;
    assert_true(detail_unpack(c, NULL, 0));
    before.detail = &was;
    same_after_packing(&before, c);
    memset(room.detail.within, 0, sizeof room.detail.within);
    same_without_copied(c, &looked);
    connection_finish(c);
}

static void any_values(void **state)
{
    (void)state;
    static struct detail d;
    random_state = 7;
    for (uint32_t i = 0; i < 30000; i++) {
        struct connection c;
        struct log_entry *log = calloc(LOG_MAX, sizeof *log);
        uint32_t many = i % 3 == 0 ? 3 : i % 3 == 1 ? 30 : 1000;
        assert_non_null(log);
        d = (struct detail){.place = 0};
        any_connection(&c, many);
        any_log(&c, &d, log, many);
        for (int s = 0; s < 2; s++) {
            any_kept(&c, &d, &d.side[s], many);
            any_side(&c, &c.side[s], &d.side[s], many);
            any_seldom(&d.side[s], many);
        }
        any_start(&d, many);
        any_rest(&c, &d, many);
        holds(&c, &d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary),   cmocka_unit_test(lossy),         cmocka_unit_test(copied),
        cmocka_unit_test(odd),        cmocka_unit_test(much_less),     cmocka_unit_test(far_apart),
        cmocka_unit_test(any_number), cmocka_unit_test(not_too_often), cmocka_unit_test(any_values),
    };
    return cmocka_run_group_tests_name("packed", tests, NULL, NULL);
}
