/*
 * Load curves and host records, from segments to records.
 */
#include "analyzer/host/load.h"
#include "analyzer/host/test_stage.h"

static int begin(void **state)
{
    struct stage *s = test_calloc(1, sizeof *s);
    stage_begin(s);
    *state = s;
    return 0;
}

static int end(void **state)
{
    stage_end(*state);
    test_free(*state);
    return 0;
}

static void one_connection(void **state)
{
    struct stage *s = *state;
    stage_between(s, 1, 40000, 2, 80);
    stage_open(s, 50);
    stage_close(s, A, 1050);
    s->end_ms = 10000;
    stage_play(s);
    assert_int_equal(s->hosts.count, 2);
    const struct stage_host *client = &s->hosts.items[0];
    const struct stage_host *server = &s->hosts.items[1];
    assert_int_equal(client->verdict.address[15], 1);
    assert_int_equal(client->verdict.opened, 1);
    assert_int_equal(client->verdict.accepted, 0);
    assert_int_equal(client->verdict.closed_first, 1);
    assert_int_equal(server->verdict.opened, 0);
    assert_int_equal(server->verdict.accepted, 1);
    assert_int_equal(server->verdict.closed_first, 0);
    /* Established at 100, 200, … 1000 ms, in TIME_WAIT at 1100, … 10000. */
    const struct state_load *states = client->verdict.states;
    assert_int_equal(states[STATE_ESTABLISHED].peak, 1);
    assert_true(states[STATE_ESTABLISHED].peak_at_ns == s->talk.origin_ns + 100 * NS_PER_MS);
    assert_int_equal(states[STATE_TIME_WAIT].peak, 1);
    assert_true(states[STATE_TIME_WAIT].peak_at_ns == s->talk.origin_ns + 1100 * NS_PER_MS);
    assert_int_equal(states[STATE_TIME_WAIT].mean, 0); /* 90 of 100 instants */
    assert_int_equal(states[STATE_FIN_WAIT_1].peak, 0);
    assert_true(states[STATE_FIN_WAIT_1].peak_at_ns == TIME_UNKNOWN);
    assert_int_equal(server->verdict.states[STATE_TIME_WAIT].peak, 0);
    assert_int_equal(client->verdict.service_count, 1);
    assert_int_equal(client->services[0].ports_in_use_peak, 1);
    assert_int_equal(client->services[0].port_range, 28232);
    assert_int_equal(client->services[0].used_permille, 0);
    assert_int_equal(server->verdict.service_count, 0);
}

/* As verdict_sink wants them. */
static void hosts_before_samples(void **state)
{
    struct stage *s = *state;
    stage_between(s, 1, 40000, 2, 80);
    stage_open(s, 50);
    stage_close(s, A, 1050);
    s->end_ms = 10000;
    s->hosts_first = true;
    stage_play(s);
    assert_int_equal(s->hosts.count, 2);
    assert_int_equal(s->samples.count, 100); /* of what happens, and there is no host to sample */
    assert_int_equal(stage_host_of(s, 1)->verdict.states[STATE_TIME_WAIT].peak, 1);
}

static void resets_by_whom(void **state)
{
    struct stage *s = *state;
    stage_between(s, 1, 40000, 2, 80);
    stage_open(s, 0);
    stage_send(s, B, "R.", 1, 1, 500);
    stage_play(s);
    assert_int_equal(stage_host_of(s, 1)->verdict.reset_received, 1);
    assert_int_equal(stage_host_of(s, 1)->verdict.reset_sent, 0);
    assert_int_equal(stage_host_of(s, 2)->verdict.reset_sent, 1);
    assert_int_equal(stage_host_of(s, 2)->verdict.closed_first, 0);
}

/* ---- against a count by hand ---------------------------------------------------------------- */

static uint64_t draw(uint64_t *seed, uint64_t bound)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % bound;
}

/* Lives of every kind, at random; five-tuples come again, sometimes in TIME_WAIT. */
static void random_lives(struct stage *s, uint64_t seed, int64_t span_ms)
{
    int64_t busy_until[64] = {0};
    for (int i = 0; i < 150; i++) {
        uint32_t which = (uint32_t)draw(&seed, 64);
        int64_t at_ms = busy_until[which] + 100 + (int64_t)draw(&seed, (uint64_t)span_ms);
        int64_t length_ms = 10 + (int64_t)draw(&seed, (uint64_t)span_ms / 4);
        s->talk.isn[A] += 0x01000000;
        s->talk.isn[B] += 0x02000000;
        stage_between(s, 1 + which % 3, (uint16_t)(40000 + which), 10 + which % 2, 80);
        unsigned kind = (unsigned)draw(&seed, 6);
        if (kind == 0) {
            stage_send(s, A, "S", 0, 0, at_ms); /* nobody answers */
        } else {
            stage_open(s, at_ms);
            if (kind == 1)
                stage_send(s, B, "R.", 1, 1, at_ms + length_ms);
            else if (kind < 5)
                stage_close(s, kind == 2 ? B : A, at_ms + length_ms);
            else
                stage_send(s, B, "F.", 1, 1, at_ms + length_ms);
        }
        busy_until[which] = at_ms + length_ms + 10;
    }
}

/* When the five-tuple was opened anew, or the highest time. */
static int64_t reused_at(const struct stage *s, const struct connection_verdict *v)
{
    for (uint32_t i = 0; i < s->connections.count; i++) {
        const struct connection_verdict *w = &s->connections.items[i].verdict;
        if (w->client.port == v->client.port && w->has_previous &&
            w->previous.start_ns == v->start_ns)
            return w->start_ns;
    }
    return INT64_MAX;
}

static bool stands_at(const struct stage *s, const struct stage_connection *c, int x, int state,
                      int64_t at_ns)
{
    const struct connection_verdict *v = &c->verdict;
    const struct endpoint_verdict *e = x ? &v->server : &v->client;
    if (at_ns >= reused_at(s, v))
        return false;
    int now = STATE_CLOSED;
    for (uint32_t i = 0; i < e->state_count; i++) {
        if (!c->entries[x][i].retracted && c->entries[x][i].at_ns <= at_ns)
            now = c->entries[x][i].state;
    }
    return now == state;
}

static uint32_t counted_by_hand(const struct stage *s, const uint8_t address[16], int state,
                                int64_t at_ns)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->connections.count; i++) {
        const struct stage_connection *c = &s->connections.items[i];
        if (memcmp(c->verdict.client.address, address, 16) == 0)
            count += stands_at(s, c, 0, state, at_ns);
        if (memcmp(c->verdict.server.address, address, 16) == 0)
            count += stands_at(s, c, 1, state, at_ns);
    }
    return count;
}

static void check_samples(const struct stage *s)
{
    uint64_t opens = 0, closes = 0, resets = 0;
    uint32_t of_hosts = 0;
    for (uint32_t i = 0; i < s->samples.count; i++) {
        const struct sample_verdict *sample = &s->samples.items[i];
        assert_true(i == 0 || sample->at_ns >= s->samples.items[i - 1].at_ns);
        opens += sample->opens;
        closes += sample->closes;
        resets += sample->resets;
        of_hosts += sample->of_host;
        for (int state = STATE_SYN_SENT; sample->of_host && state < STATE_CLOSED; state++)
            assert_int_equal(sample->states[state],
                             counted_by_hand(s, sample->address, state, sample->at_ns));
    }
    uint64_t reset = 0, closed = 0;
    for (uint32_t i = 0; i < s->connections.count; i++) {
        const struct connection_verdict *v = &s->connections.items[i].verdict;
        closed += v->close.start_ns != TIME_UNKNOWN;
        reset += v->close.has_reset;
    }
    assert_true(of_hosts > 0);
    assert_int_equal(opens, s->connections.count);
    assert_int_equal(closes, closed);
    assert_int_equal(resets, reset);
}

static void equals_a_count_by_hand(void **state)
{
    (void)state;
    static const int64_t spans_ms[] = {300, 3000, 30000, 300000, 3000000};
    for (unsigned i = 0; i < 20; i++) {
        struct stage s;
        stage_begin(&s);
        random_lives(&s, i, spans_ms[i % 5]);
        stage_play(&s);
        check_samples(&s);
        stage_end(&s);
    }
}

/* By what it says: between its members an aggregate may hold anything. */
static void assert_same_use(const struct service_use *a, const struct service_use *b)
{
    assert_memory_equal(a->address, b->address, sizeof a->address);
    assert_int_equal(a->port, b->port);
    assert_int_equal(a->ports_in_use_peak, b->ports_in_use_peak);
    assert_int_equal(a->peak_at_ns, b->peak_at_ns);
    assert_int_equal(a->port_range, b->port_range);
    assert_int_equal(a->range_widened, b->range_widened);
    assert_int_equal(a->used_permille, b->used_permille);
    assert_int_equal(a->server_held_peak, b->server_held_peak);
}

/* The same segments give the same records, though the hash key is another. */
static void nothing_depends_on_the_hash(void **state)
{
    (void)state;
    struct stage s[2];
    for (int i = 0; i < 2; i++) {
        stage_begin(&s[i]);
        random_lives(&s[i], 99, 20000);
        stage_play(&s[i]);
    }
    assert_int_equal(s[0].samples.count, s[1].samples.count);
    assert_memory_equal(s[0].samples.items, s[1].samples.items,
                        s[0].samples.count * sizeof *s[0].samples.items);
    assert_int_equal(s[0].hosts.count, s[1].hosts.count);
    for (uint32_t i = 0; i < s[0].hosts.count; i++) {
        for (uint32_t k = 0; k < s[0].hosts.items[i].verdict.service_count; k++)
            assert_same_use(&s[0].hosts.items[i].services[k], &s[1].hosts.items[i].services[k]);
    }
    stage_end(&s[0]);
    stage_end(&s[1]);
}

/* ---- limits --------------------------------------------------------------------------------- */

/* Hosts where nothing was established are summed, and so are those beyond the limit. */
static void so_many_hosts(void **state)
{
    struct stage *s = *state;
    uint32_t hosts = LOAD_HOSTS_MAX + 50;
    for (uint32_t i = 0; i < hosts; i++) {
        stage_between(s, 1000 + i, 40000, 1, 80);
        stage_open(s, i);
        stage_send(s, A, "R.", 1, 1, i + 500);
        stage_between(s, 1000 + hosts + i, 40000, 1, 80);
        stage_send(s, A, "S", 0, 0, i);
    }
    s->end_ms = 1000 + hosts;
    stage_play(s);
    assert_int_equal(s->hosts.count, LOAD_HOSTS_MAX + 1);
    uint64_t opened = 0;
    for (uint32_t i = 0; i < s->hosts.count; i++) {
        opened += s->hosts.items[i].verdict.opened;
        assert_int_equal(s->hosts.items[i].verdict.others, i == s->hosts.count - 1);
    }
    assert_int_equal(opened, hosts);
    const struct host_verdict *others = &s->hosts.items[s->hosts.count - 1].verdict;
    assert_int_equal(others->opened, 51); /* the server took one of the places */
    /* One a millisecond, and after a second each would have asked again. */
    assert_int_equal(others->states[STATE_SYN_SENT].peak, 1001);
    assert_int_equal(stage_host_of(s, 1)->verdict.accepted, hosts);
}

/* What was counted before the first connection that opened is not lost. */
static void a_host_is_known_before_it_opens(void **state)
{
    struct stage *s = *state;
    stage_between(s, 1, 40000, 2, 80);
    stage_send(s, A, "S", 0, 0, 0);
    stage_send(s, B, "R.", 0, 1, 250);
    stage_between(s, 1, 40001, 3, 80);
    stage_open(s, 400000);
    stage_play(s);
    const struct host_verdict *v = &stage_host_of(s, 1)->verdict;
    assert_int_equal(v->reset_received, 1);
    assert_int_equal(v->opened, 1);
    assert_int_equal(s->hosts.count, 3);
    assert_true(s->hosts.items[2].verdict.others); /* host 2 */
    assert_int_equal(s->hosts.items[2].verdict.reset_sent, 1);
}

/* Hosts of which nothing is known but that a SYN named them leave room for those that speak. */
static void whom_a_scan_names_takes_no_place(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < LOAD_HOSTS_MAX; i++) {
        stage_between(s, 1, (uint16_t)(1024 + i % 60000), 1000 + i, 80);
        stage_send(s, A, "S", 0, 0, i / 100);
    }
    stage_between(s, 2, 40000, 3, 80);
    stage_send(s, A, "S", 0, 0, 1000);
    stage_send(s, B, "R.", 0, 1, 1001);
    stage_between(s, 2, 40001, 4, 80);
    stage_open(s, 400000);
    stage_play(s);
    assert_int_equal(s->hosts.count, 3);
    assert_int_equal(stage_host_of(s, 2)->verdict.reset_received, 1);
    assert_true(s->hosts.items[2].verdict.others);
}

/* A scan of many services does not crowd out the one that is busy. */
static void so_many_services(void **state)
{
    struct stage *s = *state;
    for (uint32_t i = 0; i < 2 * USES_MAX; i++) {
        stage_between(s, 1, (uint16_t)(33000 + i % 20000), 100 + i, 80);
        stage_send(s, A, "S", 0, 0, 100 + i);
        stage_send(s, B, "R.", 0, 1, 101 + i);
    }
    for (uint32_t i = 0; i < 20; i++) {
        stage_between(s, 1, (uint16_t)(40000 + i), 2, 443);
        stage_open(s, i);
        stage_send(s, B, "R.", 1, 1, 9000 + i);
    }
    s->end_ms = 200000;
    stage_play(s);
    const struct stage_host *client = stage_host_of(s, 1);
    assert_in_range(client->verdict.service_count, 1, STAGE_SERVICES);
    assert_int_equal(client->services[0].port, 443);
    assert_int_equal(client->services[0].ports_in_use_peak, 20);
}

static void without_time_nothing_is_sampled(void **state)
{
    struct stage *s = *state;
    stage_between(s, 1, 40000, 2, 80);
    stage_open(s, 0);
    stage_close(s, A, 500);
    for (uint32_t i = 0; i < s->segments.count; i++)
        s->segments.items[i].time_ns = TIME_UNKNOWN;
    stage_play(s);
    assert_int_equal(s->samples.count, 0);
    assert_int_equal(stage_host_of(s, 1)->verdict.opened, 1);
    assert_int_equal(stage_host_of(s, 1)->verdict.states[STATE_ESTABLISHED].peak, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_connection),
        TEST(hosts_before_samples),
        TEST(resets_by_whom),
        cmocka_unit_test(equals_a_count_by_hand),
        cmocka_unit_test(nothing_depends_on_the_hash),
        TEST(so_many_hosts),
        TEST(a_host_is_known_before_it_opens),
        TEST(whom_a_scan_names_takes_no_place),
        TEST(so_many_services),
        TEST(without_time_nothing_is_sampled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
