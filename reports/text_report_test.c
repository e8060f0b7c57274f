#include "reports/report.h"

#include "reports/random_verdict.h"
#include "reports/test_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t server[16] = {[10] = 0xff, 0xff, 10, 0, 0, 2};
static const uint8_t client[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};

struct scene {
    struct report_options options;
    struct capture_findings findings;
    struct summary_verdict summary;
    struct output *output;
    struct report *report;
    char path[TEST_PATH_BYTES];
};

static void begin(struct scene *scene)
{
    char error[512];
    test_path(scene->path, "text");
    scene->output = output_open(scene->path, error, sizeof error);
    assert_non_null(scene->output);
    scene->report =
        report_create(&scene->options, &scene->findings, scene->output, error, sizeof error);
    assert_non_null(scene->report);
}

static char *end(struct scene *scene)
{
    char error[512];
    size_t length;
    assert_true(report_finish(scene->report, &scene->summary, true));
    report_destroy(scene->report);
    assert_true(output_commit(scene->output, error, sizeof error));
    char *text = test_read(scene->path, &length);
    assert_int_equal(strlen(text), length);
    assert_int_equal(unlink(scene->path), 0);
    findings_finish(&scene->findings);
    return text;
}

static struct scene plain(void)
{
    return (struct scene){
        .options = {.format = REPORT_TEXT,
                    .min_severity = SEVERITY_NOTICE,
                    .style = {.columns = 80}},
        .summary = {.start_ns = TIME_UNKNOWN, .end_ns = TIME_UNKNOWN},
    };
}

static void expect_text(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void expect_no_text(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("'%s' is in:\n%s", part, text);
}

static void hostile_names(void **state)
{
    (void)state;
    struct scene scene = plain();
    struct file_findings *file = findings_add_file(&scene.findings, "a\033[2Jb\xe2\x80\xae'$(x)");
    assert_non_null(file);
    file->start_ns = file->end_ns = TIME_UNKNOWN;
    file->damage_count = 1;
    file->damage[0] = (struct damage){DAMAGE_FILE_DAMAGED, REASON_BLOCK_LENGTH, 100, 20, 7};
    scene.summary.connections = 1;
    begin(&scene);
    char *text = end(&scene);
    for (const char *at = text; *at; at++)
        assert_true(*at == '\n' || (*at >= ' ' && *at < 0x7f));
    expect_text(text, "Capture       a\\u{1b}[2Jb\\u{202e}'$(x)\n");
    expect_text(text,
                "a\\u{1b}[2Jb\\u{202e}'$(x): damaged, and skipped (block_length), octet 100,");
    expect_text(text, "  finwait --format ndjson --connections CAPTURE...\n");
    free(text);
}

static void a_name_for_a_shell(void **state)
{
    (void)state;
    static const struct {
        const char *name, *argument;
    } table[] = {
        {"a/b-1.pcap", " a/b-1.pcap\n"}, {"a b.pcap", " 'a b.pcap'\n"}, {"$(x)", " '$(x)'\n"},
        {"it's", " CAPTURE...\n"},       {"-", " CAPTURE...\n"},        {"-x", " CAPTURE...\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct scene scene = plain();
        struct file_findings *file = findings_add_file(&scene.findings, table[i].name);
        assert_non_null(file);
        file->start_ns = file->end_ns = TIME_UNKNOWN;
        scene.summary.connections = 1;
        begin(&scene);
        char *text = end(&scene);
        expect_text(text, table[i].argument);
        free(text);
    }
}

static void commands_repeat_what_was_given(void **state)
{
    (void)state;
    static const struct report_argument arguments[] = {
        {"stuck", "5"}, {"vlan-in-key", NULL}, {"filter", "port 80"}, {"to", "\033"}};
    struct scene scene = plain();
    scene.options.arguments = arguments;
    scene.options.argument_count = sizeof arguments / sizeof *arguments;
    scene.summary.connections = 1;
    begin(&scene);
    char *text = end(&scene);
    expect_text(text, "  finwait --format ndjson --connections --stuck 5 --vlan-in-key --filter "
                      "'port 80' --to ... CAPTURE...\n");
    free(text);
}

static void options_and_observer(void **state)
{
    (void)state;
    static const struct report_argument arguments[] = {{"vlan-in-key", NULL}, {"to", "x\033"}};
    struct scene scene = plain();
    scene.options.observer = "tap\n1";
    scene.options.arguments = arguments;
    scene.options.argument_count = sizeof arguments / sizeof *arguments;
    begin(&scene);
    char *text = end(&scene);
    expect_text(text, "Observer      tap\\u{a}1\nOptions       vlan-in-key, to x\\u{1b}\n");
    free(text);
}

static void nothing_at_all(void **state)
{
    (void)state;
    struct scene scene = plain();
    begin(&scene);
    char *text = end(&scene);
    assert_string_equal(
        text, "Time (UTC)    at an unknown time\n"
              "Packets       0: 0 TCP, 0 other, 0 undecodable\n"
              "Connections   0\n"
              "\n"
              "No TCP connection: nothing found of severity notice or above, and no host under\n"
              "pressure.\n"
              "\n"
              "Nothing was noticed in the capture that weakens the evidence.\n");
    free(text);
}

/* The same rule at `services` services, and at as many the summary has no room for. */
static char *found_at(struct scene *scene, unsigned services, unsigned told)
{
    static struct finding findings[64];
    struct anomaly_verdict anomaly = {.at_ns = 5,
                                      .rule = RULE_CONNECTION_REFUSED,
                                      .severity = SEVERITY_WARNING,
                                      .confidence = CONFIDENCE_CERTAIN,
                                      .endpoint = ROLE_SERVER,
                                      .evidence_count = 1,
                                      .evidence_total = 1};
    struct connection_verdict v = {
        .anomalies = &anomaly, .anomaly_count = 1, .start_ns = 1, .end_ns = 5};
    memcpy(v.client.address, client, sizeof client);
    memcpy(v.server.address, server, sizeof server);
    begin(scene);
    for (unsigned i = 0; i < services; i++) {
        v.server.port = (uint16_t)(80 + i);
        anomaly.evidence[0].frame = frame_ref_of(0, 10 + i);
        assert_true(report_connection(scene->report, &v));
        if (i >= told)
            continue;
        findings[i] = (struct finding){.rule = RULE_CONNECTION_REFUSED,
                                       .severity = SEVERITY_WARNING,
                                       .has_service = true,
                                       .port = v.server.port,
                                       .count = 1,
                                       .affected = 1,
                                       .connections = 1,
                                       .start_ns = 5,
                                       .end_ns = 5,
                                       .client_count = 1};
        memcpy(findings[i].address, server, sizeof server);
        memcpy(findings[i].clients[0].address, client, sizeof client);
        findings[i].clients[0].count = 1;
    }
    scene->summary.findings = findings;
    scene->summary.finding_count = told;
    scene->summary.connections = services;
    scene->summary.anomalies[RULE_CONNECTION_REFUSED][SEVERITY_WARNING] = services;
    return end(scene);
}

static void findings_one_by_one(void **state)
{
    (void)state;
    struct scene scene = plain();
    char *text = found_at(&scene, 3, 3);
    expect_text(text, "Findings: 3 warning\nWARNING   10.0.0.2:80: ");
    expect_text(text, "WARNING   10.0.0.2:82: ");
    expect_text(text, "frame 10; certain)");
    expect_text(text, "finwait rules connection_refused\n");
    expect_no_text(text, "Not told");
    free(text);
}

static void findings_at_many_services(void **state)
{
    (void)state;
    struct scene scene = plain();
    char *text = found_at(&scene, 40, 40);
    expect_text(text, "40 times at 40 services (10.0.0.2:80: 1,");
    expect_text(text, "others), client 10.0.0.1.");
    expect_no_text(text, "WARNING   10.0.0.2:80");
    free(text);
    scene = plain();
    text = found_at(&scene, 64, 2);
    expect_text(text, "64 times at 2 or more services");
    free(text);
}

static void frames_of_several_files(void **state)
{
    (void)state;
    static const frame_ref frames[] = {7, (frame_ref)1 << FRAME_BITS | 3,
                                       (frame_ref)1 << FRAME_BITS | 4};
    static struct finding finding = {.rule = RULE_CONNECTION_REFUSED,
                                     .severity = SEVERITY_WARNING,
                                     .has_service = true,
                                     .port = 80,
                                     .count = 1,
                                     .affected = 1,
                                     .connections = 1,
                                     .start_ns = TIME_UNKNOWN};
    struct anomaly_verdict anomaly = {.at_ns = TIME_UNKNOWN,
                                      .rule = RULE_CONNECTION_REFUSED,
                                      .severity = SEVERITY_WARNING,
                                      .confidence = CONFIDENCE_PROBABLE,
                                      .evidence_count = 3,
                                      .evidence_total = 1003};
    struct connection_verdict v = {.anomalies = &anomaly, .anomaly_count = 1, .server.port = 80};
    struct scene scene = plain();
    for (unsigned i = 0; i < 3; i++)
        anomaly.evidence[i].frame = frames[i];
    for (unsigned i = 0; i < 2; i++) {
        struct file_findings *file = findings_add_file(&scene.findings, i ? "b\t" : "a");
        assert_non_null(file);
        file->start_ns = file->end_ns = TIME_UNKNOWN;
    }
    begin(&scene);
    assert_true(report_connection(scene.report, &v));
    scene.summary.findings = &finding;
    scene.summary.finding_count = 1;
    scene.summary.connections = 1;
    scene.summary.anomalies[RULE_CONNECTION_REFUSED][SEVERITY_WARNING] = 1;
    scene.options.style.columns = 110;
    char *text = end(&scene);
    expect_text(text, "(frames 7 of a,");
    expect_text(text, "3, 4 of b\\u{9}, and 1,000 more;");
    free(text);
}

static void what_the_options_leave_out(void **state)
{
    (void)state;
    struct scene scene = plain();
    scene.options.rule_left_out[RULE_CONNECTION_REFUSED] = true;
    char *text = found_at(&scene, 3, 3);
    expect_no_text(text, "WARNING");
    expect_text(text, "Nothing found by the rules asked for of severity notice or above");
    free(text);
    scene = plain();
    scene.options.min_severity = SEVERITY_CRITICAL;
    text = found_at(&scene, 3, 3);
    expect_no_text(text, "WARNING");
    expect_text(text, "(below it: 3, see");
    free(text);
    scene = plain();
    scene.options.min_severity = SEVERITY_INFO;
    memset(scene.options.rule_left_out, true, sizeof scene.options.rule_left_out);
    text = found_at(&scene, 3, 3);
    expect_text(text, "Nothing found by the rules asked for, and no host");
    free(text);
}

/* Whatever is told: one page of printable ASCII, the same each time. */
static char *random_page(uint64_t seed)
{
    static struct random_source source;
    source.state = seed;
    struct scene scene = plain();
    scene.options.connections = true;
    assert_true(random_findings(&source, &scene.findings, 12));
    begin(&scene);
    for (unsigned i = 0; i < 60; i++) {
        struct connection_verdict v;
        random_verdict(&source, &v);
        assert_true(report_connection(scene.report, &v));
        struct anomaly_verdict anomaly;
        random_host_anomaly(&source, &anomaly);
        assert_true(report_anomaly(scene.report, &anomaly));
        struct sample_verdict sample;
        random_sample(&source, &sample);
        assert_true(report_sample(scene.report, &sample));
    }
    for (unsigned i = 0; i < 30; i++) {
        struct host_verdict host;
        random_host(&source, &host);
        assert_true(report_host(scene.report, &host));
    }
    random_summary(&source, &scene.summary);
    return end(&scene);
}

static void whatever_comes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        char *text = random_page(seed);
        char *again = random_page(seed);
        assert_string_equal(text, again);
        for (const char *at = text; *at; at++)
            assert_true(*at == '\n' || (*at >= ' ' && *at < 0x7f));
        free(text);
        free(again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(a_name_for_a_shell),
        cmocka_unit_test(commands_repeat_what_was_given),
        cmocka_unit_test(options_and_observer),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(findings_one_by_one),
        cmocka_unit_test(findings_at_many_services),
        cmocka_unit_test(frames_of_several_files),
        cmocka_unit_test(what_the_options_leave_out),
        cmocka_unit_test(whatever_comes),
    };
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
