/*
 * Somebody waits for the end: of more connections than can be told at once those are handed out
 * that tell most, in the order that they have among all; the others stay where they are.
 */
#include "analyzer/flow/flows.h"

#include "analyzer/test_segments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum kind { OPENING, OPEN, CLOSING, CLOSED, KINDS };

struct told {
    struct flows flows;
    struct analyzer_config config;
    struct talk talk;
    uint32_t count;
    uint32_t made;
    uint32_t kinds[KINDS];
    uint32_t *streams;
};

static struct told w; /* large */

/* For so many questions nobody hurries. */
static uint32_t patience;

static bool impatient(void)
{
    return patience == 0 || --patience == 0;
}

static enum kind kind_of(const struct connection *c)
{
    uint16_t marks = c->side[0].marks | c->side[1].marks;
    if (c->marks & CONN_CLOSED)
        return CLOSED;
    if (marks & SIDE_FIN)
        return CLOSING;
    return c->marks & CONN_ESTABLISHED ? OPEN : OPENING;
}

static bool take(void *context, struct connection *c, bool evicted)
{
    struct told *told = context;
    assert_false(evicted);
    told->kinds[kind_of(c)]++;
    told->streams[told->count++] = c->stream;
    return true;
}

static void pass(int side, const char *flags, uint32_t seq, uint32_t ack)
{
    struct segment g = segment(&w.talk, side, flags, seq, ack, 0, w.made, "");
    uint8_t *client = side == A ? g.source : g.destination;
    client[14] = (uint8_t)(w.made >> 8);
    client[15] = (uint8_t)w.made;
    g.frame = frame_ref_of(0, w.made + 1);
    assert_int_equal(flows_feed(&w.flows, &g, 1, NULL), FLOW_OK);
}

static void make(enum kind kind, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, w.made++) {
        pass(A, "S", 0, 0);
        if (kind == OPENING)
            continue;
        pass(B, "S.", 0, 1);
        pass(A, ".", 1, 1);
        if (kind >= CLOSING)
            pass(A, "F.", 1, 1);
        if (kind == CLOSED)
            pass(B, "R.", 1, 2);
    }
}

static void begin(uint32_t room, uint32_t asked_before)
{
    memset(&w, 0, sizeof w);
    talk_init(&w.talk);
    w.config = ANALYZER_CONFIG_DEFAULT;
    assert_true(flows_init(&w.flows, &w.config, take, &w));
    w.flows.hurried = impatient;
    patience = asked_before;
    w.streams = calloc(room, sizeof *w.streams);
    assert_non_null(w.streams);
}

static void end(uint32_t told)
{
    assert_int_equal(flows_drain(&w.flows), FLOW_OK);
    assert_int_equal(w.count, told);
    assert_int_equal(flows_held(&w.flows), w.made - told);
    flows_finish(&w.flows);
    free(w.streams);
}

static void few_are_all_told(void **state)
{
    (void)state;
    begin(FLOW_LAST_MOST, 0);
    make(OPENING, FLOW_LAST_MOST);
    end(FLOW_LAST_MOST);
}

static void of_many_those_that_tell_most(void **state)
{
    (void)state;
    begin(FLOW_LAST_MOST, 0);
    make(OPENING, FLOW_LAST_MOST);
    make(CLOSED, 10);
    make(OPEN, 20);
    make(CLOSING, 30);
    end(FLOW_LAST_MOST);
    assert_int_equal(w.kinds[CLOSED], 10);
    assert_int_equal(w.kinds[CLOSING], 30);
    assert_int_equal(w.kinds[OPEN], 20);
    assert_int_equal(w.kinds[OPENING], FLOW_LAST_MOST - 60);
}

static void of_the_most_telling_the_first(void **state)
{
    (void)state;
    begin(FLOW_LAST_MOST, 0);
    make(CLOSING, FLOW_LAST_MOST + 1);
    make(OPEN, 1);
    assert_int_equal(flows_drain(&w.flows), FLOW_OK);
    for (uint32_t i = 0; i < FLOW_LAST_MOST; i++)
        assert_int_equal(w.streams[i], i);
    assert_int_equal(w.count, FLOW_LAST_MOST);
    flows_finish(&w.flows);
    free(w.streams);
}

/* In the order that all have: by their end, then by first frame. */
static void in_order(void **state)
{
    (void)state;
    begin(FLOW_LAST_MOST, 0);
    make(CLOSING, 2);
    make(CLOSED, 2);
    make(OPENING, FLOW_LAST_MOST);
    assert_int_equal(flows_drain(&w.flows), FLOW_OK);
    static const uint32_t first[] = {2, 3, 0, 1, 4};
    assert_memory_equal(w.streams, first, sizeof first);
    flows_finish(&w.flows);
    free(w.streams);
}

/* The first question is asked before anything is listed, the others before each. */
static void in_the_middle(void **state)
{
    (void)state;
    static const struct {
        uint32_t made, asked_before, told;
    } cases[] = {
        {FLOW_LAST_MOST + 1, 2, FLOW_LAST_MOST},
        {FLOW_LAST_MOST + 1, 3, FLOW_LAST_MOST + 1},
        {FLOW_LAST_MOST + 500, 3, FLOW_LAST_MOST + 1},
        {FLOW_LAST_MOST + 500, 400, FLOW_LAST_MOST + 398},
        {FLOW_LAST_MOST + 500, 501, FLOW_LAST_MOST + 499},
        {FLOW_LAST_MOST + 500, 502, FLOW_LAST_MOST + 500},
        {FLOW_LAST_MOST + 500, UINT32_MAX, FLOW_LAST_MOST + 500},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(cases[i].made, cases[i].asked_before);
        make(OPENING, cases[i].made);
        end(cases[i].told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_are_all_told),
        cmocka_unit_test(of_many_those_that_tell_most),
        cmocka_unit_test(of_the_most_telling_the_first),
        cmocka_unit_test(in_order),
        cmocka_unit_test(in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
