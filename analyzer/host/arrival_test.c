/*
 * What is drawn together of a verdict, against the verdict: verdicts are made by hand.
 */
#include "analyzer/host/arrival.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define START  (1700000000 * SECOND)
#define NOW    (START + 1000 * SECOND)

static struct analyzer_config config; /* the default one */

struct scene {
    struct connection connection;
    struct conclusion conclusion;
    struct log_entry log[4];
    struct arrival arrival;
};

/* A connection that opened, without states: of these the cases tell. */
static void begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    memset(&s->arrival, 0xa5, sizeof s->arrival);
    struct connection_verdict *v = &s->conclusion.verdict;
    s->connection.key.address[1][15] = 1;
    s->connection.key.port[0] = 40000;
    s->connection.key.port[1] = 80;
    s->connection.first_ns = START;
    memcpy(v->server.address, s->connection.key.address[1], 16);
    v->client.port = 40000;
    v->server.port = 80;
    v->client.packets = v->server.packets = 3;
    v->client.states = s->conclusion.states[0].entries;
    v->server.states = s->conclusion.states[1].entries;
    v->start_ns = START;
    v->first_frame = 1;
    v->handshake = HANDSHAKE_COMPLETE;
    v->client_known_by = KNOWN_BY_SYN;
    v->close.start_ns = TIME_UNKNOWN;
    v->close.kind = CLOSE_OPEN;
    v->close.by = ROLE_NONE;
    s->conclusion.basis.evidence.c = &s->connection;
    s->conclusion.basis.evidence.log = s->log;
}

static struct state_entry *enter(struct scene *s, unsigned x, enum tcp_state state, int64_t at_s,
                                 frame_ref frame)
{
    struct endpoint_verdict *e =
        x == ARRIVAL_CLIENT ? &s->conclusion.verdict.client : &s->conclusion.verdict.server;
    struct state_entry *entry = &s->conclusion.states[x].entries[e->state_count++];
    *entry = (struct state_entry){.at_ns = START + at_s * SECOND,
                                  .frame = frame,
                                  .state = (uint8_t)state,
                                  .certainty = CERTAINTY_CONFIRMED};
    return entry;
}

static void keep(struct scene *s, int side, frame_ref frame)
{
    struct evidence *ev = &s->conclusion.basis.evidence;
    s->log[ev->count++] = (struct log_entry){
        .side = (uint8_t)side, .frame = frame, .time_ns = START + (int64_t)frame, .flags = TCP_ACK};
}

static struct arrival *make(struct scene *s)
{
    arrival_make(&s->connection, &s->conclusion, &config, NOW, &s->arrival);
    return &s->arrival;
}

static void what_was_taken_back_is_left_out(void **state)
{
    (void)state;
    static struct scene s;
    begin(&s);
    enter(&s, ARRIVAL_CLIENT, STATE_SYN_SENT, 0, 1);
    enter(&s, ARRIVAL_CLIENT, STATE_TIME_WAIT, 1, 2)->retracted = true;
    enter(&s, ARRIVAL_CLIENT, STATE_ESTABLISHED, 2, 3);
    enter(&s, ARRIVAL_CLIENT, STATE_TIME_WAIT, 9, 4);
    const struct arrival *a = make(&s);
    const struct arrival_end *end = &a->ends[ARRIVAL_CLIENT];
    assert_int_equal(end->count, 3);
    assert_int_equal(end->state[1], STATE_ESTABLISHED);
    assert_true(end->at_ns[1] == START + 2 * SECOND);
    assert_true(arrival_left_ns(a, end, 0) == START + 2 * SECOND);
    assert_true(arrival_left_ns(a, end, 2) == NOW + 1); /* it stands at the very end */
    assert_int_equal(end->entered_first, 2);
    assert_ptr_equal(arrival_entry(&s.conclusion.verdict.client, 2),
                     &s.conclusion.states[0].entries[3]);
    assert_true(end->established && end->opened && !end->accepted);
}

static void sockets_alone_last(void **state)
{
    (void)state;
    static struct scene s;
    begin(&s);
    enter(&s, ARRIVAL_SERVER, STATE_LISTEN, 0, 1);
    enter(&s, ARRIVAL_SERVER, STATE_SYN_RECEIVED, 1, 1);
    enter(&s, ARRIVAL_SERVER, STATE_ESTABLISHED, 1, 2); /* at once */
    enter(&s, ARRIVAL_SERVER, STATE_CLOSED, 3, 3);
    enter(&s, ARRIVAL_CLIENT, STATE_SYN_SENT, 0, 1);
    enter(&s, ARRIVAL_CLIENT, STATE_ESTABLISHED, 0, 2)->at_ns = TIME_UNKNOWN;
    const struct arrival *a = make(&s);
    const struct arrival_end *server = &a->ends[ARRIVAL_SERVER];
    assert_false(arrival_lasts(a, server, 0));
    assert_false(arrival_lasts(a, server, 1));
    assert_true(arrival_lasts(a, server, 2));
    assert_false(arrival_lasts(a, server, 3));
    assert_false(arrival_lasts(a, &a->ends[ARRIVAL_CLIENT], 0)); /* until when, nobody knows */
    assert_false(arrival_lasts(a, &a->ends[ARRIVAL_CLIENT], 1));
}

static void the_end_is_when_it_was_forgotten_or_reused(void **state)
{
    (void)state;
    static struct scene s;
    static struct detail detail;
    begin(&s);
    enter(&s, ARRIVAL_CLIENT, STATE_TIME_WAIT, 1, 2);
    s.connection.marks = CONN_CLOSED;
    s.connection.side[0].last_ns = s.connection.side[1].last_ns = START + SECOND;
    const struct arrival *a = make(&s);
    int64_t forgotten_ns = START + SECOND + config.two_msl_ns + config.straggler_ns;
    assert_true(forgotten_ns < NOW);
    assert_true(a->end_ns == forgotten_ns && !a->reused);
    assert_true(arrival_left_ns(a, &a->ends[ARRIVAL_CLIENT], 0) == forgotten_ns);
    detail.reused = true;
    detail.reused_ns = START + 5 * SECOND;
    s.connection.detail = &detail;
    make(&s);
    assert_true(a->end_ns == detail.reused_ns && a->reused);
    detail.reused_ns = forgotten_ns; /* by then there was nothing any more */
    make(&s);
    assert_true(a->end_ns == forgotten_ns && !a->reused);
}

/* Each of these alone keeps it from being told. */
static void a_leak_is_long_and_sure_and_in_view(void **state)
{
    (void)state;
    static struct scene s;
    for (int without = 0; without < 5; without++) {
        begin(&s);
        enter(&s, ARRIVAL_SERVER, STATE_ESTABLISHED, 0, 1);
        struct state_entry *entry = enter(&s, ARRIVAL_SERVER, STATE_CLOSE_WAIT, 1, 2);
        if (without == 1)
            entry->certainty = CERTAINTY_PRESUMED;
        if (without == 2)
            s.conclusion.verdict.caveats = 1u << CAVEAT_ONE_DIRECTION;
        if (without == 3)
            s.conclusion.verdict.caveats = 1u << CAVEAT_CAPTURE_LOST;
        if (without == 4)
            enter(&s, ARRIVAL_SERVER, STATE_LAST_ACK, 0, 3)->at_ns = entry->at_ns + config.stuck_ns;
        const struct arrival *a = make(&s);
        assert_int_equal(a->ends[ARRIVAL_SERVER].stuck, without ? 0 : 1u << 1);
        assert_int_equal(a->ends[ARRIVAL_SERVER].entered_first, TIMELINE_MAX);
        assert_false(a->has_entered[ARRIVAL_SERVER]);
    }
}

static void examples_are_what_was_kept(void **state)
{
    (void)state;
    static struct scene s;
    begin(&s);
    enter(&s, ARRIVAL_CLIENT, STATE_ESTABLISHED, 0, 1);
    enter(&s, ARRIVAL_CLIENT, STATE_TIME_WAIT, 5, 7);
    enter(&s, ARRIVAL_SERVER, STATE_TIME_WAIT, 5, 6);
    keep(&s, 0, 1);
    keep(&s, 1, 7);
    const struct arrival *a = make(&s);
    assert_true(a->took_port && a->has_first);
    assert_int_equal(a->first.frame, 1);
    assert_int_equal(a->first.from, ROLE_CLIENT);
    assert_true(a->has_entered[ARRIVAL_CLIENT]);
    assert_int_equal(a->entered[ARRIVAL_CLIENT].frame, 7);
    assert_int_equal(a->entered[ARRIVAL_CLIENT].from, ROLE_SERVER);
    assert_true(a->entered[ARRIVAL_CLIENT].at_ns == START + 7);
    assert_string_equal(a->entered[ARRIVAL_CLIENT].note, ARRIVAL_ENTERED);
    assert_int_equal(a->ends[ARRIVAL_SERVER].entered_first, 0);
    assert_false(a->has_entered[ARRIVAL_SERVER]); /* frame 6 was not kept */
}

static void roles_of_a_close(void **state)
{
    (void)state;
    static struct scene s;
    begin(&s);
    struct connection_verdict *v = &s.conclusion.verdict;
    v->close.kind = CLOSE_GRACEFUL;
    v->close.by = ROLE_SERVER;
    v->close.start_ns = START + SECOND;
    v->client.rst.count = 1;
    v->close.has_reset = true;
    const struct arrival *a = make(&s);
    const struct arrival_end *client = &a->ends[ARRIVAL_CLIENT], *server = &a->ends[ARRIVAL_SERVER];
    assert_true(a->opens && a->has_reset && a->close_ns == START + SECOND);
    assert_true(client->opened && !client->accepted && !server->opened && server->accepted);
    assert_true(!client->closed_first && server->closed_first);
    assert_true(client->reset_sent && !client->reset_received);
    assert_true(!server->reset_sent && server->reset_received);
    assert_int_equal(client->port, 40000);
    assert_int_equal(server->port, 80);
    v->close.by = ROLE_BOTH;
    v->handshake = HANDSHAKE_MID_STREAM;
    make(&s);
    assert_true(client->closed_first && server->closed_first && !a->opens && !client->opened);
    v->close.kind = CLOSE_RESET;
    make(&s);
    assert_true(!client->closed_first && !server->closed_first);
}

/* Whoever a SYN names need not be there, and what it took was perhaps nobody's port. */
static void a_syn_is_no_proof(void **state)
{
    (void)state;
    static struct scene s;
    begin(&s);
    struct connection_verdict *v = &s.conclusion.verdict;
    v->handshake = HANDSHAKE_UNANSWERED;
    v->close.kind = CLOSE_NONE;
    v->client.packets = 1;
    v->server.packets = 0;
    enter(&s, ARRIVAL_CLIENT, STATE_SYN_SENT, 0, 1);
    const struct arrival *a = make(&s);
    assert_true(!a->given_up && !a->took_port && !a->has_first);
    assert_true(a->ends[ARRIVAL_CLIENT].counts && !a->ends[ARRIVAL_SERVER].counts);
    assert_false(a->ends[ARRIVAL_CLIENT].established);
    v->client.packets = 2;
    assert_true(make(&s)->took_port);
    v->client.packets = 1;
    enter(&s, ARRIVAL_CLIENT, STATE_CLOSED, 1, FRAME_NONE);
    make(&s);
    assert_true(a->given_up && a->opens && a->start_ns == START && a->close_ns == TIME_UNKNOWN);
    assert_true(a->ends[ARRIVAL_CLIENT].at_ns[0] == START);
    assert_true(a->ends[ARRIVAL_CLIENT].at_ns[1] == START + SECOND);
}

int main(void)
{
    config = ANALYZER_CONFIG_DEFAULT;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_taken_back_is_left_out),
        cmocka_unit_test(sockets_alone_last),
        cmocka_unit_test(the_end_is_when_it_was_forgotten_or_reused),
        cmocka_unit_test(a_leak_is_long_and_sure_and_in_view),
        cmocka_unit_test(examples_are_what_was_kept),
        cmocka_unit_test(roles_of_a_close),
        cmocka_unit_test(a_syn_is_no_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
