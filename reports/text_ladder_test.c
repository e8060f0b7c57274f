#include "reports/text_ladder.h"

#include "reports/test_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define US INT64_C(1000)

static char file_name[] = "a\033[31m.pcap";

struct stage {
    struct state_entry client[2], server[1];
    struct anomaly_verdict anomaly;
    struct connection_verdict verdict;
    struct file_findings file;
    struct capture_findings findings;
};

/* An opened connection that the server resets, and says why. */
static void begin(struct stage *s)
{
    *s = (struct stage){
        .client = {{.frame = frame_ref_of(0, 1),
                    .state = STATE_SYN_SENT,
                    .certainty = CERTAINTY_CONFIRMED},
                   {.frame = FRAME_NONE, .at_ns = 5000000 * US, .state = STATE_CLOSED}},
        .server = {{.frame = frame_ref_of(0, 2), .state = STATE_CLOSED, .retracted = true}},
        .anomaly = {.rule = RULE_ABORTIVE_CLOSE,
                    .severity = SEVERITY_WARNING,
                    .endpoint = ROLE_SERVER,
                    .evidence_count = 1,
                    .evidence = {{.frame = frame_ref_of(0, 2),
                                  .from = ROLE_SERVER,
                                  .seq = UINT32_C(4294967295),
                                  .note = "the reset"}},
                    .reason_len = 6,
                    .reason = "no\033[2J"},
        .file = {.name = file_name},
    };
    struct connection_verdict *v = &s->verdict;
    v->ip_version = 4;
    v->incarnation = 1;
    v->anomalies = &s->anomaly;
    v->anomaly_count = 1;
    v->client =
        (struct endpoint_verdict){.address = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1},
                                  .port = 40000,
                                  .has_isn = true,
                                  .isn = UINT32_C(4294967290),
                                  .states = s->client,
                                  .state_count = 2,
                                  .state = STATE_CLOSED,
                                  .possible_states = 1u << STATE_CLOSED};
    v->server =
        (struct endpoint_verdict){.address = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2},
                                  .port = 443,
                                  .has_isn = true,
                                  .isn = UINT32_C(4294967290),
                                  .states = s->server,
                                  .state_count = 1,
                                  .state = STATE_UNKNOWN,
                                  .possible_states = 1u << STATE_CLOSED | 1u << STATE_LISTEN};
    v->close.kind = CLOSE_RESET;
    v->close.by = ROLE_SERVER;
    v->close.by_certainty = CERTAINTY_CONFIRMED;
    v->caveats = 1u << CAVEAT_CAPTURED_TWICE;
    s->findings.files = &s->file;
    s->findings.file_count = 1;
}

static char *drawn(const struct stage *s, unsigned columns, bool colour, bool utf8)
{
    static char path[TEST_PATH_BYTES];
    char error[512];
    size_t count, length;
    struct ladder *ladder = ladder_create(&s->verdict);
    assert_non_null(ladder);
    struct segment syn = {.frame = frame_ref_of(0, 1),
                          .flags = TCP_SYN,
                          .seq = UINT32_C(4294967290),
                          .window = 65535};
    struct segment reset = {.frame = frame_ref_of(0, 2),
                            .time_ns = 1500 * US,
                            .flags = TCP_RST | TCP_ACK,
                            .seq = UINT32_C(4294967295),
                            .ack = UINT32_C(4294967291),
                            .payload_len = 6};
    assert_true(ladder_add(ladder, &syn, ROLE_CLIENT, SEGMENT_NEW));
    assert_true(ladder_add(ladder, &reset, ROLE_SERVER, SEGMENT_COPY));
    const struct ladder_row *rows = ladder_rows(ladder, &count);
    assert_non_null(rows);
    test_path(path, "ladder");
    struct text_page page = {output_open(path, error, sizeof error), {columns, colour, utf8}};
    assert_non_null(page.output);
    struct told_connection told = {&s->verdict, &s->findings, rows, count};
    text_ladder(&page, &told);
    assert_true(output_commit(page.output, error, sizeof error));
    ladder_destroy(ladder);
    char *text = test_read(path, &length);
    assert_int_equal(unlink(path), 0);
    return text;
}

static void expect_line(const char *text, const char *line)
{
    char wanted[512];
    snprintf(wanted, sizeof wanted, "\n%s\n", line);
    if (!strstr(text, wanted))
        fail_msg("'%s' is not a line of\n%s", line, text);
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void draws_narrow_in_ascii(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    char *text = drawn(&s, 80, false, false);
    expect_line(text, "           10.0.0.1:40000                              10.0.0.2:443");
    expect_line(text, "frame  seconds     client                              server");
    expect_line(text, "    1 0.000000 SYN_SENT |- SYN seq=0 ----------------->|");
    expect_line(text, "    2 0.001500          |< RST+ACK seq=5 ack=1 len=6 --| (CLOSED)");
    expect_line(text, "                           captured twice; [1] the reset");
    expect_line(text, "                        :             5 s              :");
    expect_line(text, "      5.000000  CLOSED? :          first seen          :");
    expect_line(text, "client        10.0.0.1:40000: CLOSED, presumed");
    expect_line(text, "server        10.0.0.2:443: UNKNOWN: one of LISTEN or CLOSED");
    expect_line(text, "  finwait rules abortive_close");
    expect_line(text, "  - Packets were captured twice");
    for (const char *at = text; *at; at++)
        assert_true((unsigned char)*at < 0x80);
    free(text);
}

static void draws_wide_with_absolute_numbers(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    char *text = drawn(&s, 160, false, true);
    expect_line(text,
                "    1 0.000000 SYN_SENT \xe2\x94\x82\xe2\x94\x80 SYN seq=0 (4294967290) len=0 "
                "win=65535 \xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
                "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
                "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80"
                "\xe2\x94\x80\xe2\x94\x80\xe2\x94\x80\xe2\x96\xb6\xe2\x94\x82");
    assert_true(has(text, " RST+ACK seq=5 (4294967295) ack=1 (4294967291) len=6 win=0 "));
    assert_true(has(text, " (CLOSED)  captured twice; [1] the reset\n"));
    free(text);
}

/* However little room there is, flags and all numbers are told. */
static void a_narrow_terminal_has_letters_or_numbers_below(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    char *text = drawn(&s, 59, false, false); /* the last with room for letters */
    expect_line(text, "    2 0.001500          |< RA seq=5 ack=1 len=6 -| (CLOSED)");
    free(text);
    text = drawn(&s, 58, false, false);
    assert_true(has(text, "|< RST+ACK ----"));
    free(text);
    s.verdict.client.isn = 0;
    for (unsigned columns = 0; columns <= 50; columns += 25) {
        text = drawn(&s, columns, false, false);
        assert_true(has(text, "|< RST+ACK ----"));
        assert_true(has(text, "\n                           seq=5 ack=4294967291\n"));
        free(text);
    }
}

static void nothing_from_outside_reaches_the_terminal(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    char *text = drawn(&s, 80, false, true);
    assert_false(has(text, "\033"));
    assert_true(has(text, "a\\u{1b}[31m.pcap"));
    assert_true(has(text, "\"no\\u{1b}[2J\"")); /* in the reset's own words */
    free(text);
    text = drawn(&s, 80, true, true);
    assert_true(has(text, "\033[33m"));
    assert_false(has(text, "\033[31m"));
    assert_false(has(text, "\033[2J"));
    free(text);
}

static void frames_of_many_files_say_of_which(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    struct file_findings files[] = {s.file, {.name = file_name}};
    s.findings.files = files;
    s.findings.file_count = 2;
    char *text = drawn(&s, 80, false, false);
    expect_line(text, "  0:1 0.000000 SYN_SENT |- SYN seq=0 ----------------->|");
    assert_true(has(text, "Capture       0: a"));
    assert_false(has(text, "Capture       1: a")); /* nothing of it is in the ladder */
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_narrow_in_ascii),
        cmocka_unit_test(draws_wide_with_absolute_numbers),
        cmocka_unit_test(a_narrow_terminal_has_letters_or_numbers_below),
        cmocka_unit_test(nothing_from_outside_reaches_the_terminal),
        cmocka_unit_test(frames_of_many_files_say_of_which),
    };
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
