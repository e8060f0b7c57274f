/*
 * Flows that are fed in batches, in which lookups are shared, and in rounds of batches, of which
 * lanes track ahead what they may, against flows that are fed segment by segment.
 */
#include "analyzer/flow/flows.h"
#include "analyzer/flow/lanes.h"
#include "analyzer/flow/records.h"
#include "analyzer/tcp/test_talkers.h"
#include "analyzer/test_keys.h"
#include "dissect/thread.h"

#include <stdlib.h>

#define TALKS      24u
#define TALK_SHARE 60u
#define FINALS     4096u

/* Everything that a connection is, but where it lies. */
struct finals {
    struct flows *flows;
    uint64_t counted_bytes; /* that counting one takes */
    uint32_t count;
    uint64_t digests[FINALS];
};

static uint64_t digest(uint64_t so_far, const void *octets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        so_far = (so_far ^ ((const uint8_t *)octets)[i]) * UINT64_C(0x100000001b3);
    return so_far;
}

static bool note_final(void *context, struct connection *c, bool evicted)
{
    struct finals *finals = context;
    struct connection bare = *c;
    bare.detail = NULL;
    uint64_t d = digest(UINT64_C(0xcbf29ce484222325) + evicted, &bare, sizeof bare);
    if (c->detail) {
        struct detail detail = *c->detail;
        for (int s = 0; s < 2; s++) {
            struct seldom seldom = *seldom_of(&detail.side[s]);
            seldom.holes = NULL;
            seldom.run = NULL;
            seldom.reset_reason = NULL;
            d = digest(d, &seldom, sizeof seldom);
            detail.side[s].seldom = NULL;
        }
        detail.log = NULL;
        detail.previous = NULL;
        d = digest(d, &detail, offsetof(struct detail, within));
        d = digest(d, c->detail->log, c->detail->log_count * sizeof *c->detail->log);
    }
    assert_in_range(finals->count, 0, FINALS - 1);
    finals->digests[finals->count++] = d;
    finals->flows->beside_bytes += finals->counted_bytes;
    return true;
}

/* As most connections are: opened, a few questions and answers, closed; some are aborted, some stay
 * open, and some last words come twice. */
static uint32_t plain_talk(uint64_t seed, struct segment segments[TALK_MAX])
{
    struct talk t;
    random_state = seed;
    talk_init(&t);
    uint32_t n = 0, a = 1, b = 1, more = random_below(12);
    int64_t ms = 10;
    if (one_in(2)) { /* else it is seen from the middle on */
        segments[n++] = segment(&t, A, "S", 0, 0, 0, 0, "");
        segments[n++] = segment(&t, B, "S.", 0, 1, 0, 6, "");
    }
    segments[n++] = segment(&t, A, ".", 1, 1, 0, ms, "");
    for (; more; more--, ms += 10) {
        uint32_t asked = 1 + random_below(100), answered = 1 + random_below(1000);
        segments[n++] = segment(&t, A, "P.", a, b, asked, ms + 2, "");
        a += asked;
        segments[n++] = segment(&t, B, "P.", b, a, answered, ms + 4, "");
        b += answered;
        segments[n++] = segment(&t, A, ".", a, b, 0, ms + 6, "");
    }
    if (one_in(8))
        return n;
    if (one_in(6)) {
        segments[n++] = segment(&t, A, "R.", a, b, 0, ms, "");
        return n;
    }
    segments[n++] = segment(&t, A, "F.", a++, b, 0, ms, "");
    segments[n++] = segment(&t, B, ".", b, a, 0, ms + 5, "");
    segments[n++] = segment(&t, B, "F.", b++, a, 0, ms + 7, "");
    segments[n++] = segment(&t, A, ".", a, b, 0, ms + 9, "");
    if (one_in(3))
        segments[n++] = segment(&t, one_in(2) ? A : B, "F.", a - 1, b, 0, ms + 300, "");
    return n;
}

/* Talks of all habits between neighbouring ports, some of them one after the other on the same
 * ports, or, where it is calm, half of them plain and each on its own ports; now and then all is
 * silent until what has closed is final. */
static uint32_t traffic(uint64_t seed, bool calm, struct segment *segments)
{
    static const struct habits all_habits[2][4] = {
        {
            {.silent = 3, .closing = 30},
            {.silent = 3, .closing = 20, .stamped = true, .again = 20},
            {.silent = 2, .closing = 50, .mid_stream = true},
            {.silent = 3, .lost = 30, .copied = 9, .odd = 30, .closing = 30},
        },
        {
            {.silent = 3, .closing = 60},
            {0},
            {.silent = 3, .stamped = true, .mid_stream = true},
            {0},
        },
    };
    const struct habits *habits = all_habits[calm];
    uint32_t ports = calm ? TALKS : TALKS / 2;
    static struct segment talks[TALKS][TALK_MAX];
    uint32_t counts[TALKS], taken[TALKS] = {0}, count = 0;
    for (uint32_t i = 0; i < TALKS; i++) {
        uint64_t own = seed * TALKS + i;
        counts[i] = calm && i % 2 ? plain_talk(own, talks[i])
                                  : talk_of(&habits[i % 4], own, TALK_SHARE, talks[i]);
        for (uint32_t k = 0; k < counts[i]; k++) {
            struct segment *g = &talks[i][k];
            *(g->source_port < g->destination_port ? &g->destination_port : &g->source_port) =
                (uint16_t)(50000 + i % ports);
        }
    }
    for (uint32_t left = TALKS, present = 0, quiet = 0; left;) {
        present = one_in(3) ? random_below(TALKS) : present;
        if (taken[present] == counts[present]) {
            present = (present + 1) % TALKS;
            continue;
        }
        quiet += one_in(300);
        struct segment g = talks[present][taken[present]++];
        g.frame = ++count;
        if (g.time_ns != TIME_UNKNOWN)
            g.time_ns += quiet * INT64_C(200000000000);
        segments[count - 1] = g;
        left -= taken[present] == counts[present];
    }
    return count;
}

/* What connections hold beside their records, whichever way their segments went. */
static void all_is_accounted(const struct flows *flows, uint64_t pretended_bytes)
{
    uint64_t bytes = pretended_bytes;
    for (uint32_t i = 0; i < flows->pool.fresh; i++) {
        const struct connection *c = flows_at(flows, i);
        if (c->first_frame != FRAME_NONE)
            bytes += connection_extra_bytes(c);
    }
    assert_true(bytes == flows->extra_bytes);
}

/* How much memory there may be, what connections pretend to hold, and what counting one takes. */
struct memory {
    uint64_t most_bytes, pretended_bytes, counted_bytes;
};

#define MIB (UINT64_C(1) << 20)

/* Enough; so much that a round may begin, but not while time hands out, because that may make
 * connections give way; so little that they do from the beginning. */
static const struct memory ample = {.most_bytes = 2048 * MIB};
static const struct memory scarce = {160 * MIB, 85 * MIB, 10 * MIB};
static const struct memory little = {.most_bytes = MIB / 32};

static void begin(struct flows *flows, struct analyzer_config *config, const struct memory *memory,
                  struct finals *finals)
{
    const struct analyzer_config usual = ANALYZER_CONFIG_DEFAULT;
    *config = usual;
    config->max_memory_bytes = memory->most_bytes;
    finals->flows = flows;
    finals->counted_bytes = memory->counted_bytes;
    finals->count = 0;
    assert_true(flows_init(flows, config, note_final, finals));
    flows->extra_bytes = memory->pretended_bytes;
    flows->secret = test_key(5);
}

static void end(struct flows *flows)
{
    assert_int_equal(flows_drain(flows), FLOW_OK);
    flows_finish(flows);
}

static void as_one_by_one(const struct finals *one_by_one, const struct finals *together)
{
    assert_in_range(one_by_one->count, TALKS / 2, FINALS);
    assert_int_equal(one_by_one->count, together->count);
    assert_memory_equal(one_by_one->digests, together->digests,
                        together->count * sizeof *together->digests);
}

/* ---- batches -------------------------------------------------------------------------------- */

/* At most so many segments at once. */
static void feed_all(const struct segment *segments, uint32_t count, uint32_t at_once,
                     const struct memory *memory, struct finals *finals)
{
    struct analyzer_config config;
    struct flows flows;
    begin(&flows, &config, memory, finals);
    for (uint32_t done = 0, size; done < count; done += size) {
        size = 1 + random_below(at_once);
        size = size < count - done ? size : count - done;
        assert_int_equal(flows_feed(&flows, segments + done, size, NULL), FLOW_OK);
        all_is_accounted(&flows, memory->pretended_bytes);
    }
    end(&flows);
}

static void in_batches(void **state)
{
    (void)state;
    static struct segment segments[TALKS * TALK_MAX];
    static struct finals one_by_one, together;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        random_state = seed;
        uint32_t count = traffic(seed, false, segments);
        const struct memory *memory = seed % 4 ? &ample : &little;
        feed_all(segments, count, 1, memory, &one_by_one);
        feed_all(segments, count, 200, memory, &together);
        as_one_by_one(&one_by_one, &together);
    }
}

/* How long the next batch is depends on how many connections the latest was of. */
static void of_few_or_many(void **state)
{
    (void)state;
    static struct segment segments[TALK_MAX];
    static struct finals finals;
    struct analyzer_config config;
    struct flows flows;
    begin(&flows, &config, &ample, &finals);
    uint32_t count = 0;
    for (uint64_t seed = 1; count < 8; seed++)
        count = plain_talk(seed, segments);
    assert_false(flows.of_few);
    assert_int_equal(flows_feed(&flows, segments, count, NULL), FLOW_OK);
    assert_true(flows.of_few);
    for (uint32_t i = 0; i < count; i++)
        *(i % 2 ? &segments[i].source_port : &segments[i].destination_port) = (uint16_t)(1000 + i);
    assert_int_equal(flows_feed(&flows, segments, count, NULL), FLOW_OK);
    assert_false(flows.of_few);
    end(&flows);
}

/* ---- rounds --------------------------------------------------------------------------------- */

struct rounds {
    struct flows flows;
    struct flow_round round;
    struct flow_groups groups[FLOW_ROUND_MOST];
    uint32_t begun, refused;
    uint32_t ahead[AHEAD_CLOSED + 1]; /* segments, by what lanes made of them */
    uint32_t drawn;                   /* images */
    bool images_full;                 /* of all lanes, from the beginning of the round */
    pthread_t preparing;
    bool prepares; /* that thread does, until the round is over */
};

/* What one thread does of a round: every other lane. */
struct share {
    struct rounds *rounds;
    unsigned first;
};

static void *run_share(void *context)
{
    const struct share *share = context;
    struct rounds *r = share->rounds;
    for (unsigned lane = share->first; lane < FLOW_LANES; lane += 2)
        flows_round_lane(&r->flows, &r->round, lane);
    return NULL;
}

static void *prepare(void *context)
{
    const struct rounds *r = context;
    for (unsigned part = 0; part < FLOW_PARTS; part++)
        flows_round_prepare(&r->round, part);
    return NULL;
}

static void run_with_thread(struct rounds *r)
{
    struct share own = {r, 0}, other = {r, 1};
    pthread_t thread;
    assert_true(thread_start(&thread, run_share, &other));
    run_share(&own);
    pthread_join(thread, NULL);
    r->prepares = one_in(2);
    if (r->prepares)
        assert_true(thread_start(&r->preparing, prepare, r));
}

static void run_in_any_order(struct rounds *r)
{
    r->images_full = one_in(4);
    for (unsigned lane = 0; lane < FLOW_LANES && r->images_full; lane++)
        r->round.lanes[lane].drawn = LANE_IMAGES - DETAIL_IMAGE_MAX + 8;
    unsigned first = random_below(FLOW_LANES);
    unsigned prepares = random_below(FLOW_LANES);
    for (unsigned i = 0; i < FLOW_LANES; i++) {
        for (unsigned part = 0; part < FLOW_PARTS && i == prepares; part++)
            flows_round_prepare(&r->round, part);
        flows_round_lane(&r->flows, &r->round, (first + 5 * i) % FLOW_LANES);
    }
}

/* The next few batches, most often so few segments that most are of connections that have opened
 * before. How many segments. */
static uint32_t fill_round(struct rounds *r, const struct segment *segments, uint32_t count)
{
    bool large = one_in(150);
    uint32_t most = 1 + random_below(large ? FLOW_ROUND_MOST : 4);
    uint32_t size_most = large ? FLOW_GROUPED_MOST : 8;
    uint32_t done = 0;
    for (r->round.count = 0; r->round.count < most && done < count; r->round.count++) {
        uint32_t size = 1 + random_below(size_most);
        size = size < count - done ? size : count - done;
        struct flow_groups *groups = &r->groups[r->round.count];
        flow_group(segments + done, size, r->flows.config->vlan_in_key, &r->flows.secret, groups);
        if (one_in(2))
            flow_share(size, groups); /* as who reads does, whether a round follows or not */
        r->round.batches[r->round.count] = (struct flow_batch){segments + done, size, groups};
        done += size;
    }
    return done;
}

static void feed_rest(struct rounds *r, const struct memory *memory)
{
    for (uint32_t i = 0; i < r->round.count; i++) {
        const struct flow_batch *batch = &r->round.batches[i];
        const struct flow_outcome *outcome = &r->round.outcomes[i];
        for (uint32_t k = 0; k < batch->count; k++)
            r->ahead[outcome->ahead[k]]++;
        for (uint32_t k = 0; k < batch->groups->count; k++)
            if (outcome->probes[k].image) {
                assert_false(r->images_full);
                r->drawn++;
            }
        assert_int_equal(flows_feed_rest(&r->flows, &r->round, i, NULL), FLOW_OK);
        all_is_accounted(&r->flows, memory->pretended_bytes);
    }
}

static void feed_singly(struct rounds *r)
{
    for (uint32_t i = 0; i < r->round.count; i++) {
        const struct flow_batch *b = &r->round.batches[i];
        assert_int_equal(flows_feed_groups(&r->flows, b->segments, b->count, b->groups, NULL),
                         FLOW_OK);
    }
}

static void feed_in_rounds(struct rounds *r, const struct segment *segments, uint32_t count,
                           const struct memory *memory, void (*run)(struct rounds *),
                           struct finals *finals)
{
    struct analyzer_config config;
    begin(&r->flows, &config, memory, finals);
    for (uint32_t done = 0; done < count;) {
        done += fill_round(r, segments + done, count - done);
        flows_round_want(&r->flows, &r->round);
        if (flows_round_begin(&r->flows, &r->round)) {
            r->begun++;
            run(r);
            flows_round_end(&r->flows, &r->round);
            all_is_accounted(&r->flows, memory->pretended_bytes);
            feed_rest(r, memory);
            if (r->prepares)
                pthread_join(r->preparing, NULL);
        } else {
            r->refused++;
            feed_singly(r);
        }
    }
    end(&r->flows);
}

static void in_rounds_of(void (*run)(struct rounds *), struct rounds *r)
{
    static struct segment segments[TALKS * TALK_MAX];
    static struct finals one_by_one, together;
    static const struct memory *const memories[] = {&ample, &scarce, &little};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        random_state = seed;
        uint32_t count = traffic(seed, seed & 1, segments);
        const struct memory *memory = memories[seed % 3];
        feed_all(segments, count, 1, memory, &one_by_one);
        feed_in_rounds(r, segments, count, memory, run, &together);
        as_one_by_one(&one_by_one, &together);
    }
}

static struct rounds *rounds_create(void)
{
    struct rounds *r = aligned_alloc(64, (sizeof *r + 63) / 64 * 64);
    assert_non_null(r);
    memset(r, 0, sizeof *r);
    return r;
}

static void in_rounds(void **state)
{
    (void)state;
    struct rounds *r = rounds_create();
    in_rounds_of(run_in_any_order, r);
    uint32_t segments = r->ahead[AHEAD_LEFT] + r->ahead[AHEAD_TRACKED] + r->ahead[AHEAD_CLOSED];
    assert_true(r->begun > 100 && r->refused > 100);
    assert_true(r->ahead[AHEAD_TRACKED] > segments / 8 && r->ahead[AHEAD_LEFT] > segments / 8);
    assert_true(r->drawn > 30 && r->ahead[AHEAD_CLOSED] > r->drawn + 10);
    free(r);
}

static void in_rounds_with_a_thread(void **state)
{
    (void)state;
    struct rounds *r = rounds_create();
    in_rounds_of(run_with_thread, r);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_batches),
        cmocka_unit_test(of_few_or_many),
        cmocka_unit_test(in_rounds),
        cmocka_unit_test(in_rounds_with_a_thread),
    };
    return cmocka_run_group_tests_name("flow_batches", tests, NULL, NULL);
}
