#include "analyzer/flow/records.h"
#include "analyzer/flow/test_crowd.h"
#include "analyzer/test_keys.h"

#include <stdlib.h>

static struct crowd w; /* large */

static void records_are(uint32_t count)
{
    assert_int_equal(w.count, count);
}

static void record_is(uint32_t i, uint32_t incarnation, uint32_t from_a, uint32_t from_b)
{
    assert_in_range(i, 0, w.count - 1);
    assert_int_equal(w.records[i].incarnation, incarnation);
    assert_int_equal(w.records[i].packets[A], from_a);
    assert_int_equal(w.records[i].packets[B], from_b);
}

/* Another use of the same addresses and ports, with numbers `apart` further on. */
static void other_numbers(uint32_t apart)
{
    w.t.isn[A] += apart;
    w.t.isn[B] += apart;
}

/* ---- incarnations --------------------------------------------------------------------------- */

static void a_syn_after_a_close(void **state)
{
    (void)state;
    crowd_init(&w);
    handshake(&w, 0, "");
    goodbye(&w, 10, "");
    other_numbers(70000);
    handshake(&w, 5000, "");
    goodbye(&w, 5010, "");
    other_numbers(70000);
    pass(&w, A, "S", 0, 0, 0, 9000, "");
    drained_and_finished(&w);
    records_are(3);
    record_is(0, 1, 4, 2);
    record_is(1, 2, 4, 2);
    record_is(2, 3, 1, 0);
    assert_true(w.records[0].marks & CONN_SUPERSEDED);
    assert_true(w.records[1].marks & CONN_SUPERSEDED);
    assert_false(w.records[2].marks & CONN_SUPERSEDED);
}

static void a_syn_after_a_reset(void **state)
{
    (void)state;
    crowd_init(&w);
    handshake(&w, 0, "");
    pass(&w, B, "R.", 1, 1, 0, 10, "");
    other_numbers(1);
    handshake(&w, 20, "");
    drained_and_finished(&w);
    records_are(2);
    record_is(0, 1, 2, 2);
    record_is(1, 2, 2, 1);
}

/* One end has forgotten the old one. */
static void a_syn_while_open(void **state)
{
    (void)state;
    crowd_init(&w);
    handshake(&w, 0, "");
    other_numbers(1000000);
    pass(&w, A, "S", 0, 0, 0, 10, "");
    drained_and_finished(&w);
    records_are(2);
    record_is(0, 1, 2, 1);
    record_is(1, 2, 1, 0);
}

static void the_former_server_calls(void **state)
{
    (void)state;
    crowd_init(&w);
    handshake(&w, 0, "");
    goodbye(&w, 10, "");
    other_numbers(70000);
    pass(&w, B, "S", 0, 0, 0, 20, "");
    pass(&w, A, "S.", 0, 1, 0, 21, "");
    pass(&w, B, ".", 1, 1, 0, 22, "");
    drained_and_finished(&w);
    records_are(2);
    record_is(1, 2, 1, 2);
    assert_int_equal(w.records[0].client, A);
    assert_int_equal(w.records[1].client, B);
}

static void a_syn_sent_again(void **state)
{
    (void)state;
    crowd_init(&w);
    for (int i = 0; i < 4; i++)
        pass(&w, A, "S", 0, 0, 0, 1000 * i, "");
    pass(&w, B, "S.", 0, 1, 0, 3001, "");
    pass(&w, A, "S", 0, 0, 0, 3002, "id 4");
    pass(&w, B, "S.", 0, 1, 0, 4001, "id 1");
    pass(&w, A, ".", 1, 1, 0, 4002, "");
    goodbye(&w, 5000, "");
    pass(&w, A, "S", 0, 0, 0, 5100, "id 5"); /* an old duplicate */
    drained_and_finished(&w);
    records_are(1);
    record_is(0, 1, 9, 3);
}

static void both_call_at_once(void **state)
{
    (void)state;
    crowd_init(&w);
    pass(&w, A, "S", 0, 0, 0, 0, "");
    pass(&w, B, "S", 0, 0, 0, 1, "");
    pass(&w, A, "S.", 0, 1, 0, 2, "");
    pass(&w, B, "S.", 0, 1, 0, 3, "");
    drained_and_finished(&w);
    records_are(1);
    record_is(0, 1, 2, 2);
    assert_int_equal(w.records[0].client, A);
    assert_true(w.records[0].marks & CONN_ESTABLISHED);
}

static void the_answer_passes_first(void **state)
{
    (void)state;
    crowd_init(&w);
    pass(&w, B, "S.", 0, 1, 0, 0, "");
    pass(&w, A, "S", 0, 0, 0, 1, "");
    pass(&w, A, ".", 1, 1, 0, 2, "");
    drained_and_finished(&w);
    records_are(1);
    record_is(0, 1, 2, 1);
    assert_int_equal(w.records[0].client, A);
    assert_int_equal(w.records[0].known_by, KNOWN_BY_SYN_ACK);
}

static void the_refusal_passes_first(void **state)
{
    (void)state;
    crowd_init(&w);
    pass(&w, B, "R.", 0 - w.t.isn[B], 1, 0, 0, "");
    pass(&w, A, "S", 0, 0, 0, 1, "");
    pass(&w, B, "S", 0, 0, 0, 1000, ""); /* no simultaneous open: the other's was refused */
    drained_and_finished(&w);
    records_are(2);
    record_is(w.records[0].incarnation == 1 ? 0 : 1, 1, 1, 1);
    const struct final_record *refused = &w.records[w.records[0].incarnation == 1 ? 0 : 1];
    assert_int_equal(refused->client, A);
    assert_int_equal(refused->known_by, KNOWN_BY_SYN);
    assert_false(refused->marks & CONN_CLOSED);
}

static void a_syn_after_a_start_in_mid_stream(void **state)
{
    (void)state;
    crowd_init(&w);
    pass(&w, B, "P.", 500, 700, 100, 0, "");
    pass(&w, A, ".", 700, 600, 0, 1, "");
    assert_int_equal(flows_held(&w.flows), 1);
    pass(&w, A, "S", 100000, 0, 0, 10, "");
    pass(&w, B, "S.", 100000, 100001, 0, 11, "");
    drained_and_finished(&w);
    records_are(2);
    record_is(0, 1, 1, 1);
    assert_int_equal(w.records[0].known_by, KNOWN_BY_PORT);
    assert_int_equal(w.records[0].client, A); /* B's port is a service's */
    record_is(1, 2, 1, 1);
    assert_int_equal(w.records[1].known_by, KNOWN_BY_SYN);
}

static void who_is_the_client_in_mid_stream(void **state)
{
    (void)state;
    crowd_init(&w);
    talk_port(&w.t, 443); /* both privileged: who spoke first */
    pass(&w, B, "P.", 500, 700, 100, 0, "");
    drained_and_finished(&w);
    assert_int_equal(w.records[0].known_by, KNOWN_BY_FIRST_PACKET);
    assert_int_equal(w.records[0].client, B);
}

/* Stragglers of the old use: its numbers fit it, and only it. */
static void a_straggler_of_the_old_use(void **state)
{
    (void)state;
    crowd_init(&w);
    handshake(&w, 0, "");
    goodbye(&w, 10, "");
    other_numbers(UINT32_C(0x60000000));
    handshake(&w, 20, "");
    other_numbers(0 - UINT32_C(0x60000000));
    pass(&w, B, "F.", 1, 2, 0, 210, "id 1");
    drained_and_finished(&w);
    records_are(2);
    record_is(w.records[0].incarnation == 1 ? 0 : 1, 1, 4, 3);
    record_is(w.records[0].incarnation == 1 ? 1 : 0, 2, 2, 1);
}

/* ---- parallel worlds ------------------------------------------------------------------------ */

static void two_worlds(uint32_t apart)
{
    struct talk other;
    crowd_init(&w);
    other = w.t;
    other.isn[A] += apart;
    other.isn[B] += apart;
    other.frame = 1000;
    handshake(&w, 0, "world 1");
    struct talk first = w.t;
    w.t = other;
    handshake(&w, 1, "world 2");
    other = w.t;
    for (uint32_t i = 0; i < 10; i++) {
        w.t = first;
        pass(&w, A, "P.", 1 + 10 * i, 1, 10, 10 + i, "world 1");
        first = w.t;
        w.t = other;
        pass(&w, B, "P.", 1 + 10 * i, 1, 10, 10 + i, "world 2");
        pass(&w, A, ".", 1, 11 + 10 * i, 0, 10 + i, "world 2");
        other = w.t;
    }
    w.t = first;
    pass(&w, A, "F.", 101, 1, 0, 30, "world 1");
    pass(&w, B, "F.", 1, 102, 0, 31, "world 1");
    pass(&w, A, ".", 102, 2, 0, 32, "world 1");
    drained_and_finished(&w);
    records_are(2);
    assert_int_equal(w.records[0].world, 1);
    record_is(0, 1, 14, 2);
    assert_true(w.records[0].marks & CONN_CLOSED);
    assert_int_equal(w.records[1].world, 2);
    record_is(1, 1, 12, 11);
    assert_false(w.records[1].marks & CONN_CLOSED);
    assert_int_equal(w.records[0].copies + w.records[1].copies, 0);
}

static void the_same_tuple_in_two_worlds(void **state)
{
    (void)state;
    two_worlds(UINT32_C(0x40000100));
    two_worlds(UINT32_C(0x80000000));
    two_worlds(UINT32_C(0xb0000000));
}

/* Also where one side's numbers happen to lie near: each world's lane takes its own. */
static void worlds_that_only_half_differ(void **state)
{
    (void)state;
    crowd_init(&w);
    handshake(&w, 0, "world 1");
    struct talk first = w.t;
    w.t.isn[A] += UINT32_C(0x80000000);
    w.t.isn[B] += 5000;
    handshake(&w, 1, "world 2");
    w.t.isn[A] = first.isn[A];
    w.t.isn[B] = first.isn[B];
    pass(&w, A, "P.", 1, 1, 10, 10, "world 1");
    pass(&w, B, "P.", 1, 11, 10, 11, "world 1");
    pass(&w, B, ".", 11, 11, 0, 12, "world 1");
    drained_and_finished(&w);
    records_are(2);
    record_is(0, 1, 3, 3);
    /* SYN-ACK of world 2: its ACK lies far from all of the first lane, its number near. */
    record_is(1, 1, 2, 1);
}

/* One connection whose packets take another way from some moment on. */
static void another_path(void **state)
{
    (void)state;
    crowd_init(&w);
    handshake(&w, 0, "world 1");
    pass(&w, A, "P.", 1, 1, 10, 10, "world 3 tap 1");
    pass(&w, B, ".", 1, 11, 0, 12, "world 2");
    goodbye(&w, 2000, "world 3 tap 1");
    drained_and_finished(&w);
    records_are(1);
    assert_int_equal(w.records[0].world, 1);
}

/* The two directions of a connection take different ways from the start. */
static void a_world_for_each_direction(void **state)
{
    (void)state;
    crowd_init(&w);
    pass(&w, A, "S", 0, 0, 0, 0, "world 1 tap 0");
    pass(&w, B, "S.", 0, 1, 0, 1, "world 2 tap 1");
    pass(&w, A, ".", 1, 1, 0, 2, "world 1 tap 0");
    pass(&w, B, "F.", 1, 1, 0, 3, "world 2 tap 1");
    pass(&w, A, "F.", 1, 2, 0, 4, "world 1 tap 0");
    pass(&w, B, ".", 2, 2, 0, 5, "world 2 tap 1");
    /* and so does its next use */
    other_numbers(9000);
    pass(&w, A, "S", 0, 0, 0, 10, "world 1 tap 0");
    pass(&w, B, "S.", 0, 1, 0, 11, "world 2 tap 1");
    pass(&w, A, ".", 1, 1, 0, 12, "world 1 tap 0");
    pass(&w, B, "R", 1, 0, 0, 13, "world 2 tap 1");
    /* and one whose answer passes first */
    other_numbers(9000);
    pass(&w, B, "S.", 0, 1, 0, 20, "world 2 tap 1");
    pass(&w, A, ".", 1, 1, 0, 21, "world 1 tap 0");
    drained_and_finished(&w);
    records_are(3);
    record_is(0, 1, 3, 3);
    record_is(1, 2, 2, 2);
    record_is(2, 3, 1, 1);
}

static void worlds_in_mid_stream(void **state)
{
    (void)state;
    crowd_init(&w);
    pass(&w, A, "P.", 1, 1, 10, 0, "world 1");
    other_numbers(UINT32_C(0x80000000));
    pass(&w, A, "P.", 1, 1, 10, 1, "world 2");
    other_numbers(UINT32_C(0x80000000));
    pass(&w, B, ".", 1, 11, 0, 2, "world 1");
    drained_and_finished(&w);
    records_are(2);
    record_is(0, 1, 1, 1);
    record_is(1, 1, 1, 0);
}

/* Two interfaces that show neither MAC nor VLAN: the same tuple opened on the other one, far off.
 */
static void the_same_tuple_on_another_interface(void **state)
{
    (void)state;
    crowd_init(&w);
    handshake(&w, 0, "tap 0");
    other_numbers(UINT32_C(0x80000000));
    handshake(&w, 1, "tap 1");
    drained_and_finished(&w);
    records_are(2);
    record_is(0, 1, 2, 1);
    record_is(1, 1, 2, 1);
    assert_false(w.records[0].marks & CONN_SUPERSEDED);
}

static void vlans(void **state)
{
    (void)state;
    for (int in_key = 0; in_key < 2; in_key++) {
        crowd_init(&w);
        w.config.vlan_in_key = in_key;
        pass(&w, A, "S", 0, 0, 0, 0, "vlan 1");
        pass(&w, A, "S", 0, 0, 0, 500, "vlan 2");
        pass(&w, B, "S.", 0, 1, 0, 600, "vlan 1");
        drained_and_finished(&w);
        records_are(in_key ? 2 : 1);
        record_is(0, 1, in_key ? 1 : 2, 1);
    }
}

/* ---- many ----------------------------------------------------------------------------------- */

#define TALKS 5000

static bool count_final(void *context, struct connection *c, bool evicted)
{
    uint32_t *streams = context;
    assert_false(evicted);
    assert_int_equal(c->side[A].packets, 2);
    assert_int_equal(c->side[B].packets, 1);
    assert_int_equal(c->key.port[A], 10000 + c->stream);
    assert_int_equal(c->stream, streams[0]);
    streams[0]++;
    return true;
}

/* Interleaved, through growth of table and pool; handed out in order of their first frames. */
static void thousands_at_once(void **state)
{
    (void)state;
    uint32_t next = 0;
    crowd_init(&w);
    w.flows.final = count_final;
    w.flows.context = &next;
    static const struct {
        int side;
        const char *flags;
        uint32_t seq, ack;
    } steps[] = {{A, "S", 0, 0}, {B, "S.", 0, 1}, {A, ".", 1, 1}};
    for (int step = 0; step < 3; step++) {
        for (uint32_t i = 0; i < TALKS; i++) {
            talk_port(&w.t, (uint16_t)(10000 + i));
            pass(&w, steps[step].side, steps[step].flags, steps[step].seq, steps[step].ack, 0,
                 1000 * step, "");
        }
    }
    assert_int_equal(flows_held(&w.flows), TALKS);
    assert_int_equal(w.flows.streams, TALKS);
    drained_and_finished(&w);
    assert_int_equal(next, TALKS);
}

/* Of so many five-tuples some pairs have the same tag, under a secret that is known. */
#define TAGGED 262144u

struct tagged {
    uint32_t tag, number;
};

static int by_tag(const void *left, const void *right)
{
    const struct tagged *a = left;
    const struct tagged *b = right;
    return a->tag < b->tag ? -1 : a->tag > b->tag;
}

static struct segment tagged_segment(uint32_t number, int step)
{
    talk_port(&w.t, (uint16_t)number);
    struct segment g = step == 0   ? segment(&w.t, A, "S", 0, 0, 0, 0, "")
                       : step == 1 ? segment(&w.t, B, "S.", 0, 1, 0, 1, "")
                                   : segment(&w.t, A, "R", 1, 0, 0, 2, "");
    uint8_t *address = step == 1 ? g.source : g.destination;
    uint64_t seed = number, any = test_key_number(&seed); /* in a row they have no equal tags */
    memcpy(address + 12, &any, 4);
    return g;
}

/* Of two with one tag that stand next to each other. */
static uint32_t find_pairs(const struct hash_key *secret, uint32_t *numbers, uint32_t room)
{
    static struct tagged all[TAGGED];
    uint32_t found = 0;
    for (uint32_t i = 0; i < TAGGED; i++) {
        struct segment g = tagged_segment(i, 0);
        int sender;
        all[i] = (struct tagged){flow_tag_of(&g, false, secret, &sender), i};
    }
    qsort(all, TAGGED, sizeof *all, by_tag);
    for (uint32_t i = 1; i < TAGGED && found + 2 <= room; i++) {
        if (all[i].tag == all[i - 1].tag) {
            numbers[found++] = all[i - 1].number;
            numbers[found++] = all[i].number;
        }
    }
    return found;
}

/* Whatever the tag, connections are told apart by their keys: one by one, and in one batch. */
static void equal_tags(void **state)
{
    (void)state;
    const struct hash_key secret = test_key(3);
    uint32_t numbers[20];
    for (uint32_t at_once = 1; at_once <= 2; at_once++) {
        crowd_init(&w);
        w.flows.secret = secret;
        uint32_t count = find_pairs(&secret, numbers, 20);
        assert_in_range(count, 6, 20); /* 2^18 of 2^32: about eight pairs */
        struct segment g[60];
        for (uint32_t i = 0; i < 3 * count; i++)
            g[i] = tagged_segment(numbers[i % count], (int)(i / count));
        for (uint32_t i = 0; i < 3 * count; i += at_once == 1 ? 1 : 3 * count)
            assert_int_equal(flows_feed(&w.flows, g + i, at_once == 1 ? 1 : 3 * count, NULL),
                             FLOW_OK);
        drained_and_finished(&w);
        records_are(count);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(w.records[i].port, (uint16_t)numbers[i]);
            record_is(i, 1, 2, 1);
        }
    }
}

/* Seen by nobody but the memory: it is asked for once more, and answered at last. */
static void what_is_refused_is_packed(void **state)
{
    (void)state;
    crowd_init(&w);
    const struct connection *c = NULL;
    for (int i = 0; i < 3; i++) {
        pass(&w, A, "S", 0, 0, 0, 1000 * i, "id 5");
        pass(&w, B, "R.", 0, 1, 0, 1000 * i + 1, "");
        c = flows_at(&w.flows, 0);
        assert_true(c->packed);
        assert_true(w.flows.extra_bytes == connection_extra_bytes(c));
        assert_in_range(w.flows.extra_bytes, 1, sizeof(struct detail) / 4);
    }
    pass(&w, A, "S", 0, 0, 0, 3000, "id 5");
    pass(&w, B, "S.", 0, 1, 0, 3001, "");
    pass(&w, A, ".", 1, 1, 0, 3002, "");
    pass(&w, A, "P.", 1, 1, 10, 3003, "");
    assert_false(c->packed);
    assert_int_equal(c->detail->log_count, 10);
    goodbye(&w, 3100, "");
    drained_and_finished(&w);
    records_are(1);
    assert_int_equal(w.records[0].packets[A], 8);
    assert_int_equal(w.records[0].packets[B], 5);
}

/* So is what is asked for again and again, unless the capture made the copies; four times. */
static void what_is_unanswered_is_packed(void **state)
{
    (void)state;
    crowd_init(&w);
    pass(&w, A, "S", 0, 0, 0, 0, "id 5");
    pass(&w, A, "S", 0, 0, 0, 0, "id 5");
    const struct connection *c = flows_at(&w.flows, 0);
    assert_false(c->packed);
    for (int i = 1; i < 7; i++) {
        pass(&w, A, "S", 0, 0, 0, 1000 * (1 << i), "id 6");
        assert_int_equal(c->packed, i <= 4);
        assert_true(w.flows.extra_bytes == connection_extra_bytes(c));
    }
    assert_int_equal(c->detail->log_count, 7);
    assert_int_equal(c->detail->side[A].again_run, 6);
    pass(&w, B, "S.", 0, 1, 0, 64100, "");
    pass(&w, A, ".", 1, 1, 0, 64102, "");
    goodbye(&w, 65000, "");
    drained_and_finished(&w);
    records_are(1);
    assert_int_equal(w.records[0].packets[A], 10);
    assert_int_equal(w.records[0].packets[B], 2);
    assert_int_equal(w.records[0].copies, 1);
}

static void the_sink_stops_everything(void **state)
{
    (void)state;
    crowd_init(&w);
    w.stop_after = 2;
    for (uint16_t i = 0; i < 4; i++) {
        talk_port(&w.t, (uint16_t)(10000 + i));
        handshake(&w, 0, "");
        goodbye(&w, i, "");
    }
    struct segment g = segment(&w.t, A, "S", 77, 0, 0, 100000, "");
    assert_int_equal(take(&w, &g), FLOW_STOPPED);
    records_are(2);
    crowd_finish(&w); /* the others are released unseen */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_syn_after_a_close),
        cmocka_unit_test(a_syn_after_a_reset),
        cmocka_unit_test(a_syn_while_open),
        cmocka_unit_test(the_former_server_calls),
        cmocka_unit_test(a_syn_sent_again),
        cmocka_unit_test(both_call_at_once),
        cmocka_unit_test(the_answer_passes_first),
        cmocka_unit_test(the_refusal_passes_first),
        cmocka_unit_test(a_syn_after_a_start_in_mid_stream),
        cmocka_unit_test(who_is_the_client_in_mid_stream),
        cmocka_unit_test(a_straggler_of_the_old_use),
        cmocka_unit_test(the_same_tuple_in_two_worlds),
        cmocka_unit_test(worlds_that_only_half_differ),
        cmocka_unit_test(another_path),
        cmocka_unit_test(a_world_for_each_direction),
        cmocka_unit_test(worlds_in_mid_stream),
        cmocka_unit_test(the_same_tuple_on_another_interface),
        cmocka_unit_test(vlans),
        cmocka_unit_test(thousands_at_once),
        cmocka_unit_test(equal_tags),
        cmocka_unit_test(what_is_refused_is_packed),
        cmocka_unit_test(what_is_unanswered_is_packed),
        cmocka_unit_test(the_sink_stops_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
