/*
 * The short ways against the general one: generated connections, each tracked twice, once by
 * track_segment() alone and once by track_ordinary() wherever it takes the segment. After every
 * segment the two are the same octet by octet.
 */
#include "analyzer/tcp/ordinary.h"
#include "analyzer/tcp/test_talkers.h"

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
        assert_true(track_segment(&general, sender, &segments[i]));
        if (track_ordinary(&either, sender, &segments[i]))
            short_ways++;
        else
            assert_true(track_segment(&either, sender, &segments[i]));
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
