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

static void same_after_packing(const struct connection *whole, const struct connection *packed)
{
    struct connection x = *whole, y = *packed;
    x.detail = y.detail = NULL;
    assert_memory_equal(&x, &y, sizeof x);
    assert_true(!whole->detail == !packed->detail);
    if (!whole->detail || !packed->detail)
        return;
    struct detail a = *whole->detail, b = *packed->detail;
    for (int s = 0; s < 2; s++)
        same_earlier(whole, &a.side[s], &b.side[s]);
    without_places(&a);
    without_places(&b);
    same_detail(&a, &b);
}

/* Octets of details, and of what was packed of them. */
struct sizes {
    size_t whole, packed;
};

static void pack_and_unpack(struct connection *c, struct sizes *sizes)
{
    uint32_t place;
    c->detail->packed = 0;
    size_t before = connection_extra_bytes(c);
    assert_true(detail_pack(c, &place));
    assert_int_equal(place, 0);
    assert_true(c->packed);
    assert_true(connection_extra_bytes(c) < before);
    sizes->whole += before;
    sizes->packed += connection_extra_bytes(c);
    assert_true(detail_unpack(c, NULL, 0));
    assert_false(c->packed);
}

/* Looked at, it says the same, and stays packed. */
static void look(struct connection *c)
{
    struct detail_room *room = malloc(sizeof *room);
    struct connection looked = *c;
    uint32_t place;
    assert_non_null(room);
    c->detail->packed = 0;
    assert_true(detail_pack(c, &place));
    detail_look(c, room);
    looked.detail = &room->detail;
    assert_true(detail_unpack(c, NULL, 0));
    memset(room->detail.within, 0, sizeof room->detail.within);
    same_after_packing(c, &looked);
    free(room);
}

static void track(struct connection *c, const struct segment *g)
{
    int sender = sender_of(g);
    assert_true(track_ordinary(c, sender, g) || track_segment(c, sender, g));
}

/* Returns how often it was packed. */
static uint32_t packed_now_and_then(const struct habits *habits, const struct segment *segments,
                                    uint32_t count, struct sizes *sizes)
{
    struct connection whole, packed;
    uint32_t times = 0;
    (void)begin_talk(&whole, habits, &segments[0]);
    (void)begin_talk(&packed, habits, &segments[0]);
    for (uint32_t i = 0; i < count; i++) {
        track(&whole, &segments[i]);
        track(&packed, &segments[i]);
        if (packed.detail && one_in(5)) {
            pack_and_unpack(&packed, sizes);
            look(&packed);
            times++;
        }
        same_after_packing(&whole, &packed);
    }
    uint32_t place;
    if (packed.detail)
        assert_true(detail_pack(&packed, &place));
    connection_finish(&whole);
    connection_finish(&packed); /* packed as it is, with all that it owns */
    assert_null(packed.detail);
    return times;
}

/* What is packed takes at most so many thousandths of what it was. */
static void of_habits(const struct habits *habits, unsigned most_permille)
{
    uint32_t times = 0;
    struct sizes sizes = {0};
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct segment talk[TALK_MAX];
        uint32_t count = talk_of(habits, seed, 120, talk);
        times += packed_now_and_then(habits, talk, count, &sizes);
    }
    assert_true(times > 400);
    assert_in_range(sizes.packed * 1000, 1, sizes.whole * most_permille);
}

static void ordinary(void **state)
{
    (void)state;
    of_habits(&(struct habits){.silent = 3}, 150);
    of_habits(&(struct habits){.silent = 3, .stamped = true, .closing = 60}, 183);
    of_habits(&(struct habits){.silent = 3, .mid_stream = true, .closing = 40}, 171);
}

static void lossy(void **state)
{
    (void)state;
    of_habits(&(struct habits){.lost = 40, .again = 20, .sacked = 20, .silent = 3}, 260);
    of_habits(&(struct habits){.again = 10, .far = 100, .probing = 10, .silent = 2}, 325);
    of_habits(&(struct habits){.swapped = 10, .silent = 3, .stamped = true}, 276);
}

static void copied(void **state)
{
    (void)state;
    of_habits(&(struct habits){.copied = 4, .silent = 3}, 160);
    of_habits(&(struct habits){.copied = 4, .silent = 3, .one_direction = true}, 161);
}

static void odd(void **state)
{
    (void)state;
    of_habits(&(struct habits){.odd = 30, .silent = 3, .padded = 2, .untimed = true}, 219);
    of_habits(&(struct habits){.odd = 20,
                               .silent = 3,
                               .far = 40,
                               .again = 20,
                               .lost = 60,
                               .copied = 10,
                               .swapped = 30,
                               .sacked = 20,
                               .probing = 40,
                               .padded = 3,
                               .closing = 50,
                               .stamped = true},
              305);
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
    struct sizes sizes = {0};
    (void)begin_talk(&whole, &(struct habits){0}, &segments[0]);
    (void)begin_talk(&packed, &(struct habits){0}, &segments[0]);
    for (uint32_t i = 0; i < count; i++) {
        track(&whole, &segments[i]);
        track(&packed, &segments[i]);
        if (packed.detail)
            pack_and_unpack(&packed, &sizes);
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
    size_t before = connection_extra_bytes(&s.c);
    uint32_t place;
    assert_true(detail_pack(&s.c, &place));
    assert_true(connection_extra_bytes(&s.c) * 6 < before);
    connection_finish(&s.c);
}

static void not_too_often(void **state)
{
    (void)state;
    struct scene s;
    closed(&s);
    for (unsigned i = 0; i < PACKED_OFTEN; i++) {
        uint32_t place;
        assert_true(detail_pack(&s.c, &place));
        assert_true(detail_unpack(&s.c, NULL, 0));
    }
    uint32_t place;
    assert_false(detail_pack(&s.c, &place));
    assert_false(s.c.packed);
    connection_finish(&s.c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary),   cmocka_unit_test(lossy),         cmocka_unit_test(copied),
        cmocka_unit_test(odd),        cmocka_unit_test(much_less),     cmocka_unit_test(far_apart),
        cmocka_unit_test(any_number), cmocka_unit_test(not_too_often),
    };
    return cmocka_run_group_tests_name("packed", tests, NULL, NULL);
}
