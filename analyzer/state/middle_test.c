/* What is concluded of a connection with one segment is, either way, the same. */
#include "analyzer/flow/records.h"
#include "analyzer/state/both_ways.h"
#include "analyzer/tcp/test_talkers.h"

static struct analyzer_config config;

#define TRIED 50000u

static const char *const flags[] = {".", "P.", "", "P", "F.", "R", "R.", "S", "S.", "U."};

/* Between servers' ports and clients', of either, and all that a segment may bear. */
static struct segment any_segment(struct talk *t)
{
    static const uint16_t ports[] = {80, 1023, 1024, 40000, 60000};
    const char *options = one_in(2) ? "ts 5" : "";
    struct segment g =
        segment(t, (int)random_below(2), flags[one_in(3) ? random_below(10) : random_below(2)],
                random_below(4000), random_below(4000), one_in(2) ? random_below(1460) : 0,
                random_below(100000), options);
    g.source_port = ports[random_below(5)];
    g.destination_port = ports[random_below(5)];
    g.window = (uint16_t)(one_in(4) ? 0 : random_below(UINT16_MAX));
    if (one_in(8))
        g.marks |= (uint16_t)(1u << random_below(16));
    if (one_in(100))
        g.time_ns = one_in(2) ? -g.time_ns : INT64_MAX - (int64_t)random_below(1000);
    if (one_in(40))
        g.time_ns = TIME_UNKNOWN;
    return g;
}

static int64_t some_time_after(const struct segment *g)
{
    static const int64_t later_s[] = {0, 1, 2, 10, 31, 61, 100000};
    if (one_in(20) || g->time_ns == TIME_UNKNOWN || g->time_ns > INT64_MAX / 2)
        return one_in(2) ? TIME_UNKNOWN : g->time_ns;
    return g->time_ns + later_s[random_below(7)] * NS_PER_S + (int64_t)random_below(1000);
}

/* A connection of one segment, which is returned. */
static struct segment begin_with_any(struct connection *c)
{
    struct talk t;
    talk_init(&t);
    struct segment g = any_segment(&t);
    *c = (struct connection){.first_frame = FRAME_NONE};
    int sender = flows_begin(c, &g, false, 0);
    assert_true(track_segment(c, sender, &g));
    return g;
}

static void either_way(void **state)
{
    (void)state;
    uint32_t short_ways = 0, others = 0;
    random_state = 23;
    for (uint32_t i = 0; i < TRIED; i++) {
        struct connection c;
        struct segment g = begin_with_any(&c);
        enum shape shape = both_ways(&c, &config, some_time_after(&g), "a segment");
        short_ways += shape == SHAPE_MIDDLE;
        others += shape != SHAPE_MIDDLE;
        connection_finish(&c);
    }
    assert_true(short_ways > TRIED / 4 && others > TRIED / 8);
}

/* As rare as they may be, records that say something else as well go the other way. */
static void with_other_marks(void **state)
{
    (void)state;
    random_state = 29;
    for (uint32_t i = 0; i < TRIED; i++) {
        struct connection c;
        struct segment g = begin_with_any(&c);
        for (int s = 0; s < 2 && !c.detail; s++) {
            if (one_in(2))
                c.side[s].marks ^= (uint16_t)(1u << random_below(16));
        }
        (void)both_ways(&c, &config, some_time_after(&g), "other marks");
        connection_finish(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(either_way),
        cmocka_unit_test(with_other_marks),
    };
    config = ANALYZER_CONFIG_DEFAULT;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
