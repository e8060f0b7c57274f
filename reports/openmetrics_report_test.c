#include "reports/report.h"

#include "reports/test_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)

static char error[512];

static const struct summary_verdict nothing = {.start_ns = TIME_UNKNOWN, .end_ns = TIME_UNKNOWN};

/* What the samples become; the caller's to free. */
static char *exposition(const struct report_options *options, const struct sample_verdict *samples,
                        size_t count, bool complete)
{
    char path[TEST_PATH_BYTES];
    size_t length;
    struct capture_findings findings = {0};
    test_path(path, "report");
    struct output *output = output_open(path, error, sizeof error);
    assert_non_null(output);
    struct report *report = report_create(options, &findings, output, error, sizeof error);
    assert_non_null(report);
    for (size_t i = 0; i < count; i++)
        assert_true(report_sample(report, &samples[i]));
    assert_true(report_finish(report, &nothing, complete));
    report_destroy(report);
    assert_true(output_commit(output, error, sizeof error));
    char *text = test_read(path, &length);
    assert_int_equal(strlen(text), length);
    assert_int_equal(unlink(path), 0);
    return text;
}

static void expect_lines(const char *text, const char *expected)
{
    if (strstr(text, expected) == NULL)
        assert_string_equal(text, expected);
}

/* How many lines begin so. */
static size_t lines_with(const char *text, const char *beginning)
{
    size_t count = 0;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        count += strncmp(line, beginning, strlen(beginning)) == 0;
    return count;
}

static struct sample_verdict of_host(int64_t at_ns, uint8_t last_octet, uint64_t time_wait)
{
    return (struct sample_verdict){
        .at_ns = at_ns,
        .of_host = true,
        .address = {[10] = 0xff, 0xff, 10, 0, 0, last_octet},
        .states = {[STATE_TIME_WAIT] = time_wait, [STATE_CLOSED] = 99, [STATE_LISTEN] = 99},
    };
}

static void series_stand_together(void **state)
{
    (void)state;
    struct report_options options = {.format = REPORT_OPENMETRICS};
    struct sample_verdict samples[] = {of_host(SECOND, 9, 1), of_host(SECOND, 1, 2),
                                       of_host(2 * SECOND, 9, 3), of_host(2 * SECOND, 1, 4)};
    samples[0].others = samples[2].others = true;
    char *text = exposition(&options, samples, 4, true);
    expect_lines(text, "\nfinwait_sockets{host=\"10.0.0.1\",state=\"TIME_WAIT\"} 2 1.000000000\n"
                       "finwait_sockets{host=\"10.0.0.1\",state=\"TIME_WAIT\"} 4 2.000000000\n");
    expect_lines(text, "\nfinwait_sockets{host=\"others\",state=\"TIME_WAIT\"} 1 1.000000000\n"
                       "finwait_sockets{host=\"others\",state=\"TIME_WAIT\"} 3 2.000000000\n");
    /* Two hosts at two instants in the nine states that a socket is counted in. */
    assert_int_equal(lines_with(text, "finwait_sockets"), 2 * 2 * 9);
    assert_null(strstr(text, "99"));
    free(text);
}

static void counters_are_running_totals(void **state)
{
    (void)state;
    struct report_options options = {.format = REPORT_OPENMETRICS};
    options.rule_left_out[RULE_HALF_CLOSE] = true;
    struct sample_verdict samples[] = {
        {.at_ns = 10 * SECOND, .opens = 2, .closes = 1},
        {.at_ns = 12 * SECOND, .opens = 3, .resets = 1, .rules = {[RULE_HALF_CLOSE] = 7}},
        {.at_ns = 14 * SECOND + 1, .closes = UINT64_MAX, .rules = {[RULE_ABORTIVE_CLOSE] = 4}},
    };
    char *text = exposition(&options, samples, 3, true);
    expect_lines(text, "# TYPE finwait_opens counter\n"
                       "# HELP finwait_opens Connections that began with a SYN or SYN-ACK.\n"
                       "finwait_opens_total 0 8.000000000\n"
                       "finwait_opens_total 2 10.000000000\n"
                       "finwait_opens_total 5 12.000000000\n"
                       "finwait_opens_total 5 14.000000001\n");
    expect_lines(text, "finwait_closes_total 1 12.000000000\n"
                       "finwait_closes_total 18446744073709551615 14.000000001\n");
    expect_lines(text,
                 "\nfinwait_anomalies_total{rule=\"abortive_close\",category=\"rst_teardown\"}"
                 " 0 12.000000000\n"
                 "finwait_anomalies_total{rule=\"abortive_close\",category=\"rst_teardown\"}"
                 " 4 14.000000001\n"
                 "# EOF\n");
    assert_int_equal(lines_with(text, "finwait_anomalies_total"), 4);
    free(text);
}

static void every_time_has_its_digits(void **state)
{
    (void)state;
    struct report_options options = {.format = REPORT_OPENMETRICS};
    const struct {
        int64_t at_ns;
        const char *before, *at; /* NULL: no time is before it */
    } cases[] = {
        {0, "0 -1.000000000\n", "0 0.000000000\n"},
        {-1, "0 -1.000000001\n", "0 -0.000000001\n"},
        {INT64_MAX, "0 9223372035.854775807\n", "0 9223372036.854775807\n"},
        {INT64_MIN + 1, NULL, "0 -9223372036.854775807\n"},
        {INT64_MIN + SECOND, NULL, "0 -9223372035.854775808\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample_verdict sample = {.at_ns = cases[i].at_ns};
        char *text = exposition(&options, &sample, 1, true);
        assert_int_equal(lines_with(text, "finwait_opens_total"), cases[i].before ? 2 : 1);
        if (cases[i].before)
            expect_lines(text, cases[i].before);
        expect_lines(text, cases[i].at);
        free(text);
    }
}

/* The observer is text from outside: it cannot end its label, nor its line. */
static void the_observer_is_escaped(void **state)
{
    (void)state;
    struct report_options options = {.format = REPORT_OPENMETRICS, .observer = "a\"} 1\n\\"};
    struct sample_verdict samples[] = {{.at_ns = SECOND}, of_host(SECOND, 1, 0)};
    char *text = exposition(&options, samples, 2, true);
    expect_lines(text, "\nfinwait_opens_total{observer=\"a\\\"} 1\\\\u{a}\\\\\"} 0 1.000000000\n");
    expect_lines(text, "\nfinwait_sockets{host=\"10.0.0.1\",state=\"TIME_WAIT\",observer=\"a\\\"} 1"
                       "\\\\u{a}\\\\\"} 0 1.000000000\n");
    free(text);
}

static void nothing_and_interrupted(void **state)
{
    (void)state;
    struct report_options options = {.format = REPORT_OPENMETRICS};
    char *text = exposition(&options, NULL, 0, false);
    assert_int_equal(lines_with(text, "finwait_"), 0);
    assert_int_equal(lines_with(text, "# TYPE "), 6);
    assert_int_equal(lines_with(text, "# EOF"), 1);
    free(text);
    struct sample_verdict sample = {.at_ns = SECOND};
    for (int complete = 0; complete < 2; complete++) {
        text = exposition(&options, &sample, 1, complete);
        assert_int_equal(lines_with(text, "finwait_capture_info{capture=\"0000000000"), 1);
        expect_lines(text, complete ? ",complete=\"true\"} 1 1.000000000\n"
                                    : ",complete=\"false\"} 1 1.000000000\n");
        assert_string_equal(text + strlen(text) - 6, "# EOF\n");
        free(text);
    }
}

static void an_output_that_fails(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK))
        skip();
    struct capture_findings findings = {0};
    struct report_options options = {.format = REPORT_OPENMETRICS};
    struct output *output = output_open("/dev/full", error, sizeof error);
    assert_non_null(output);
    struct report *report = report_create(&options, &findings, output, error, sizeof error);
    assert_non_null(report);
    for (unsigned i = 0; i < 1000; i++) {
        struct sample_verdict sample = of_host(i * SECOND, 1, i);
        assert_true(report_sample(report, &sample));
    }
    assert_false(report_finish(report, &nothing, true));
    report_destroy(report);
    assert_false(output_commit(output, error, sizeof error));
    assert_non_null(strstr(error, "No space left on device"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_stand_together),     cmocka_unit_test(counters_are_running_totals),
        cmocka_unit_test(every_time_has_its_digits), cmocka_unit_test(the_observer_is_escaped),
        cmocka_unit_test(nothing_and_interrupted),   cmocka_unit_test(an_output_that_fails),
    };
    return cmocka_run_group_tests_name("openmetrics_report", tests, test_folder_make,
                                       test_folder_remove);
}
