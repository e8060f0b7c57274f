#include "reports/ladder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define CLIENT_ISN  UINT32_C(0xfffffff0) /* the numbers wrap soon */
#define SERVER_ISN  UINT32_C(5000)
#define SECOND      INT64_C(1000000000)
#define STATES_MOST 4

struct stage {
    struct state_entry client[STATES_MOST], server[STATES_MOST];
    struct anomaly_verdict anomaly;
    struct connection_verdict verdict;
    struct ladder *ladder;
    uint64_t frame;
};

static void begin(struct stage *s)
{
    s->verdict.client.isn = CLIENT_ISN;
    s->verdict.client.has_isn = true;
    s->verdict.server.isn = SERVER_ISN;
    s->verdict.server.has_isn = true;
    s->verdict.client.states = s->client;
    s->verdict.server.states = s->server;
    s->verdict.anomalies = &s->anomaly;
    s->frame = 0;
    s->ladder = ladder_create(&s->verdict);
    assert_non_null(s->ladder);
}

/* The next frame, a second after the one before it. */
static void pass_as(struct stage *s, enum role from, uint16_t flags, uint32_t seq, uint32_t ack,
                    uint32_t payload_len, enum segment_class class)
{
    s->frame++;
    struct segment g = {.frame = frame_ref_of(0, s->frame),
                        .time_ns = (int64_t)s->frame * SECOND,
                        .flags = flags,
                        .seq = seq,
                        .ack = ack,
                        .payload_len = payload_len};
    assert_true(ladder_add(s->ladder, &g, from, class));
}

static void pass(struct stage *s, enum role from, uint16_t flags, uint32_t payload_len)
{
    pass_as(s, from, flags, from == ROLE_CLIENT ? CLIENT_ISN + 1 : SERVER_ISN + 1,
            from == ROLE_CLIENT ? SERVER_ISN + 1 : CLIENT_ISN + 1, payload_len, SEGMENT_NEW);
}

static void pass_many(struct stage *s, unsigned count)
{
    while (count--)
        pass(s, ROLE_CLIENT, TCP_ACK, 100);
}

static const struct ladder_row *end(struct stage *s, size_t *count)
{
    const struct ladder_row *rows = ladder_rows(s->ladder, count);
    assert_non_null(rows);
    return rows;
}

static size_t count_kind(const struct ladder_row *rows, size_t count, enum ladder_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += rows[i].kind == kind;
    return n;
}

/* Every segment that was added is a row or in a fold. */
static void expect_all(const struct stage *s, const struct ladder_row *rows, size_t count)
{
    uint64_t segments = 0;
    for (size_t i = 0; i < count; i++)
        segments += rows[i].kind == LADDER_SEGMENT
                        ? 1
                        : rows[i].sums[ROLE_CLIENT].segments + rows[i].sums[ROLE_SERVER].segments;
    assert_int_equal(segments, s->frame);
}

static void numbers_are_relative_and_wrap(void **state)
{
    (void)state;
    struct stage s = {0};
    size_t count;
    begin(&s);
    pass_as(&s, ROLE_CLIENT, TCP_SYN, CLIENT_ISN, 0, 0, SEGMENT_NEW);
    pass_as(&s, ROLE_SERVER, TCP_ACK, SERVER_ISN + 1, CLIENT_ISN + 101, 0, SEGMENT_NEW);
    const struct ladder_row *rows = end(&s, &count);
    assert_int_equal(rows[0].relative_seq, 0);
    assert_int_equal(rows[1].seq, SERVER_ISN + 1);
    assert_int_equal(rows[1].relative_seq, 1);
    assert_int_equal(rows[1].ack, UINT32_C(0x55)); /* 0xfffffff0 + 101, by hand */
    assert_int_equal(rows[1].relative_ack, 101);
    ladder_destroy(s.ladder);
}

/* As tshark counts: what is seen first of a side is 1, be it its own number or an acknowledgment.
 */
static void without_syns_the_first_number_is_one(void **state)
{
    (void)state;
    struct stage s = {0};
    size_t count;
    begin(&s);
    s.verdict.client.has_isn = s.verdict.server.has_isn = false;
    ladder_destroy(s.ladder);
    s.ladder = ladder_create(&s.verdict);
    pass_as(&s, ROLE_CLIENT, TCP_ACK, 700, 900, 0, SEGMENT_FORMER_USE); /* says nothing of it */
    pass_as(&s, ROLE_CLIENT, TCP_ACK, 70, 90, 10, SEGMENT_NEW);
    pass_as(&s, ROLE_SERVER, TCP_ACK, 95, 80, 0, SEGMENT_NEW);
    const struct ladder_row *rows = end(&s, &count);
    assert_int_equal(rows[1].relative_seq, 1);
    assert_int_equal(rows[1].relative_ack, 1);
    assert_int_equal(rows[2].relative_seq, 6);
    assert_int_equal(rows[2].relative_ack, 11);
    ladder_destroy(s.ladder);
}

static void runs_fold_where_that_is_shorter(void **state)
{
    (void)state;
    for (unsigned length = 0; length < 30; length++) {
        struct stage s = {0};
        size_t count;
        begin(&s);
        pass(&s, ROLE_CLIENT, TCP_SYN, 0);
        pass_many(&s, length);
        pass(&s, ROLE_CLIENT, TCP_FIN | TCP_ACK, 0);
        const struct ladder_row *rows = end(&s, &count);
        expect_all(&s, rows, count);
        size_t folds = count_kind(rows, count, LADDER_FOLD);
        assert_int_equal(folds, length > 9);
        assert_true(count <= 2 + 9);
        if (folds) {
            assert_int_equal(rows[3].kind, LADDER_FOLD);
            assert_int_equal(rows[3].frame, frame_ref_of(0, 4));
            assert_int_equal(rows[3].until_frame, rows[4].frame - 1);
            assert_int_equal(rows[3].sums[ROLE_CLIENT].payload_bytes,
                             100 * rows[3].sums[ROLE_CLIENT].segments);
            assert_int_equal(rows[count - 2].frame, frame_ref_of(0, s.frame - 1));
        }
        ladder_destroy(s.ladder);
    }
}

static void a_fold_counts_classes(void **state)
{
    (void)state;
    struct stage s = {0};
    size_t count;
    begin(&s);
    pass_many(&s, 4);
    pass_as(&s, ROLE_SERVER, TCP_ACK, 1, 1, 7, SEGMENT_RETRANSMISSION);
    pass_as(&s, ROLE_SERVER, TCP_ACK, 1, 1, 7, SEGMENT_COPY);
    pass_many(&s, 20);
    const struct ladder_row *rows = end(&s, &count);
    assert_int_equal(rows[2].kind, LADDER_FOLD);
    assert_int_equal(rows[2].sums[ROLE_SERVER].segments, 2);
    assert_int_equal(rows[2].sums[ROLE_SERVER].payload_bytes, 14);
    assert_int_equal(rows[2].sums[ROLE_SERVER].classes[SEGMENT_RETRANSMISSION], 1);
    assert_int_equal(rows[2].sums[ROLE_SERVER].classes[SEGMENT_COPY], 1);
    expect_all(&s, rows, count);
    ladder_destroy(s.ladder);
}

static void evidence_and_states_never_fold(void **state)
{
    (void)state;
    struct stage s = {0};
    size_t count;
    s.verdict.anomaly_count = 1;
    s.anomaly.evidence_count = 1;
    s.anomaly.evidence[0] = (struct anomaly_evidence){
        .frame = frame_ref_of(0, 50), .from = ROLE_CLIENT, .seq = CLIENT_ISN + 1, .note = "here"};
    s.client[0] = (struct state_entry){.frame = frame_ref_of(0, 20),
                                       .confirmed_by = frame_ref_of(0, 30),
                                       .state = STATE_ESTABLISHED};
    s.verdict.client.state_count = 1;
    begin(&s);
    pass_many(&s, 100);
    const struct ladder_row *rows = end(&s, &count);
    unsigned found = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t frame = frame_number(rows[i].frame);
        found += rows[i].kind == LADDER_SEGMENT && (frame == 20 || frame == 30 || frame == 50);
        if (rows[i].kind == LADDER_SEGMENT)
            assert_true((ladder_evidence(&rows[i], &s.anomaly) != NULL) == (frame == 50));
    }
    assert_int_equal(found, 3);
    assert_int_equal(count_kind(rows, count, LADDER_FOLD), 3); /* 21 to 29 are too few */
    expect_all(&s, rows, count);
    ladder_destroy(s.ladder);
}

static void a_close_is_whole_and_bounded(void **state)
{
    (void)state;
    struct stage s = {0};
    size_t count;
    begin(&s);
    pass(&s, ROLE_CLIENT, TCP_FIN | TCP_ACK, 0);
    pass_many(&s, 80);
    pass(&s, ROLE_SERVER, TCP_FIN | TCP_ACK, 0);
    const struct ladder_row *rows = end(&s, &count);
    assert_int_equal(count, 82);
    assert_int_equal(count_kind(rows, count, LADDER_FOLD), 0);
    ladder_destroy(s.ladder);

    begin(&s);
    pass(&s, ROLE_CLIENT, TCP_FIN | TCP_ACK, 0);
    pass_many(&s, 100000);
    for (int i = 0; i < 10000; i++) {
        pass(&s, ROLE_SERVER, TCP_RST, 0);
        pass_many(&s, 5);
    }
    rows = end(&s, &count);
    assert_true(count < 1000);
    expect_all(&s, rows, count);
    assert_int_equal(rows[count - 1].frame, frame_ref_of(0, s.frame));
    ladder_destroy(s.ladder);
}

static struct state_entry entry(uint64_t frame, int64_t at_s, enum tcp_state tcp_state,
                                bool retracted)
{
    return (struct state_entry){.frame = frame ? frame_ref_of(0, frame) : FRAME_NONE,
                                .at_ns = at_s * SECOND,
                                .state = (uint8_t)tcp_state,
                                .retracted = retracted};
}

static void states_stand_where_they_began(void **state)
{
    (void)state;
    struct stage s = {0};
    size_t count;
    s.client[0] = entry(1, 1, STATE_SYN_SENT, false);
    s.client[1] = entry(1, 1, STATE_FIN_WAIT_1, false);
    s.client[2] = entry(0, 2, STATE_CLOSED, false); /* a timer, when frame 2 passed */
    s.verdict.client.state_count = 3;
    s.server[0] = entry(2, 2, STATE_CLOSED, true);
    s.server[1] = entry(9, 3, STATE_CLOSED, false); /* by a frame of another connection */
    s.server[2] = entry(0, 99, STATE_LISTEN, false);
    s.verdict.server.state_count = 3;
    begin(&s);
    pass(&s, ROLE_CLIENT, TCP_SYN, 0);
    pass(&s, ROLE_SERVER, TCP_SYN | TCP_ACK, 0);
    const struct ladder_row *rows = end(&s, &count);
    assert_int_equal(count, 5);
    assert_int_equal(rows[0].ends[ROLE_CLIENT].count, 2);
    assert_int_equal(rows[0].ends[ROLE_CLIENT].now, 2);
    assert_int_equal(rows[0].ends[ROLE_SERVER].now, 0);
    assert_int_equal(ladder_entry(&s.verdict, &rows[0], ROLE_CLIENT, 1)->state, STATE_FIN_WAIT_1);
    assert_int_equal(rows[1].ends[ROLE_SERVER].count, 1);
    assert_int_equal(rows[1].ends[ROLE_SERVER].now, 0); /* taken back: never believed */
    assert_int_equal(rows[2].kind, LADDER_TIMER);
    assert_int_equal(rows[2].ends[ROLE_CLIENT].now, 3);
    assert_int_equal(rows[3].kind, LADDER_TIMER);
    assert_int_equal(rows[3].frame, frame_ref_of(0, 9));
    assert_int_equal(rows[3].ends[ROLE_SERVER].now, 2);
    assert_int_equal(rows[4].frame, FRAME_NONE);
    assert_int_equal(rows[4].ends[ROLE_SERVER].now, 3);
    assert_int_equal(rows[4].ends[ROLE_CLIENT].now, 3);
    ladder_destroy(s.ladder);
}

/* The first of them left its sender before the second, and passed after it. */
static void a_state_stands_at_its_late_segment(void **state)
{
    (void)state;
    struct stage s = {0};
    size_t count;
    s.client[0] = entry(2, 2, STATE_CLOSE_WAIT, false);
    s.client[1] = entry(1, 1, STATE_LAST_ACK, false);
    s.verdict.client.state_count = 2;
    begin(&s);
    pass(&s, ROLE_CLIENT, TCP_FIN | TCP_ACK, 0);
    pass(&s, ROLE_SERVER, TCP_FIN | TCP_ACK, 0);
    const struct ladder_row *rows = end(&s, &count);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].ends[ROLE_CLIENT].first, 1);
    assert_int_equal(rows[1].ends[ROLE_CLIENT].first, 0);
    assert_int_equal(rows[1].ends[ROLE_CLIENT].now, 2);
    ladder_destroy(s.ladder);
}

static void nothing_at_all(void **state)
{
    (void)state;
    struct stage s = {0};
    size_t count = 1;
    begin(&s);
    end(&s, &count);
    assert_int_equal(count, 0);
    ladder_destroy(s.ladder);
    ladder_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_relative_and_wrap),
        cmocka_unit_test(without_syns_the_first_number_is_one),
        cmocka_unit_test(runs_fold_where_that_is_shorter),
        cmocka_unit_test(a_fold_counts_classes),
        cmocka_unit_test(evidence_and_states_never_fold),
        cmocka_unit_test(a_close_is_whole_and_bounded),
        cmocka_unit_test(states_stand_where_they_began),
        cmocka_unit_test(a_state_stands_at_its_late_segment),
        cmocka_unit_test(nothing_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
