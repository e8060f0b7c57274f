#include "reports/report.h"

#include "reports/random_verdict.h"
#include "reports/test_file.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char error[512];

static const struct report_setting settings[] = {
    {"two_msl_ns", SETTING_INTEGER, INT64_C(60000000000), NULL},
    {"vlan_in_key", SETTING_BOOLEAN, 1, NULL},
    {"filter", SETTING_TEXT, 0, "tcp \xff\x1b"},
};

struct outcome {
    bool created, connections, finished, committed;
};

/* Reports `count` random connections (the same for the same count) to the path. */
static struct outcome run(const char *path, const struct report_options *options,
                          const struct capture_findings *findings,
                          const struct summary_verdict *summary, unsigned count)
{
    static struct random_source source;
    source.state = 7;
    struct outcome outcome = {.connections = true};
    struct output *output = output_open(path, error, sizeof error);
    assert_non_null(output);
    struct report *report = report_create(options, findings, output, error, sizeof error);
    outcome.created = report != NULL;
    if (!report) {
        output_discard(output);
        return outcome;
    }
    for (unsigned i = 0; i < count; i++) {
        struct connection_verdict verdict;
        random_verdict(&source, &verdict);
        outcome.connections = report_connection(report, &verdict) && outcome.connections;
    }
    outcome.finished = report_finish(report, summary, true);
    report_destroy(report);
    outcome.committed = output_commit(output, error, sizeof error);
    return outcome;
}

static char *report_text(const struct report_options *options,
                         const struct capture_findings *findings,
                         const struct summary_verdict *summary, unsigned count)
{
    char path[TEST_PATH_BYTES];
    size_t length;
    test_path(path, "report");
    struct outcome outcome = run(path, options, findings, summary, count);
    assert_true(outcome.created && outcome.connections && outcome.finished && outcome.committed);
    char *text = test_read(path, &length);
    assert_int_equal(strlen(text), length);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(test_folder_entries(), 0);
    return text;
}

static json_t *load(const char *text, size_t length)
{
    json_error_t place;
    json_t *tree = json_loadb(text, length, JSON_REJECT_DUPLICATES, &place);
    assert_non_null(tree);
    return tree;
}

static void expect_keys(json_t *object, const char *expected)
{
    char keys[512] = "";
    size_t length = 0;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        assert_non_null(value);
        length += (size_t)snprintf(keys + length, sizeof keys - length, "%s ", key);
        assert_true(length < sizeof keys);
    }
    assert_string_equal(keys, expected);
}

static void expect_dump(json_t *tree, const char *expected)
{
    char *dumped = tree ? json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("");
    assert_non_null(dumped);
    assert_string_equal(dumped, expected);
    free(dumped);
}

static const struct summary_verdict nothing = {.start_ns = TIME_UNKNOWN, .end_ns = TIME_UNKNOWN};

static const char *text_of(json_t *record, const char *object, const char *member)
{
    return json_string_value(json_object_get(json_object_get(record, object), member));
}

/* Counts the records of each kind; anomalies follow their connection, the summary is last. */
static void count_lines(const char *text, unsigned *connections, unsigned *anomalies)
{
    char last[64] = "";
    *connections = *anomalies = 0;
    for (const char *line = text, *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        json_t *record = load(line, (size_t)(end - line));
        const char *dataset = text_of(record, "event", "dataset");
        if (strcmp(dataset, "finwait.connection") == 0) {
            snprintf(last, sizeof last, "%s", text_of(record, "tcp", "connection"));
            ++*connections;
        } else if (strcmp(dataset, "finwait.anomaly") == 0) {
            if (*connections)
                assert_string_equal(text_of(record, "tcp", "connection"), last);
            ++*anomalies;
        } else {
            assert_string_equal(dataset, "finwait.summary");
            assert_int_equal(end[1], '\0');
        }
        json_decref(record);
    }
}

static void lines(void **state)
{
    (void)state;
    struct capture_findings findings = {0};
    unsigned connections, anomalies, anomalies_alone;
    struct report_options options = {.format = REPORT_NDJSON, .connections = true};
    char *text = report_text(&options, &findings, &nothing, 20);
    count_lines(text, &connections, &anomalies);
    assert_int_equal(connections, 20);
    assert_true(anomalies > 10);
    free(text);

    options.connections = false;
    text = report_text(&options, &findings, &nothing, 20);
    count_lines(text, &connections, &anomalies_alone);
    assert_int_equal(connections, 0);
    assert_int_equal(anomalies_alone, anomalies);
    free(text);
}

static void document(void **state)
{
    (void)state;
    struct capture_findings findings = {0};
    for (unsigned count = 0; count < 30; count++) {
        unsigned connections, anomalies;
        struct report_options options = {.format = REPORT_NDJSON, .connections = true};
        char *text = report_text(&options, &findings, &nothing, count);
        count_lines(text, &connections, &anomalies);
        free(text);

        options.format = REPORT_JSON;
        text = report_text(&options, &findings, &nothing, count);
        assert_int_equal(text[strlen(text) - 1], '\n');
        json_t *tree = load(text, strlen(text));
        expect_keys(tree, "schema connections anomalies hosts samples capture summary ");
        expect_dump(json_object_get(tree, "schema"), "\"finwait-report-1\"");
        assert_int_equal(json_array_size(json_object_get(tree, "connections")), count);
        assert_int_equal(json_array_size(json_object_get(tree, "anomalies")), anomalies);
        expect_keys(json_object_get(tree, "capture"), "id files packets ");
        expect_keys(json_object_get(json_object_get(tree, "summary"), "capture"), "id ");
        json_decref(tree);
        free(text);

        options.connections = false;
        text = report_text(&options, &findings, &nothing, count);
        tree = load(text, strlen(text));
        expect_keys(tree, "schema anomalies hosts samples capture summary ");
        assert_int_equal(json_array_size(json_object_get(tree, "anomalies")), anomalies);
        json_decref(tree);
        free(text);
    }
}

/* What is left out is neither written nor counted. */
static void what_is_left_out(void **state)
{
    (void)state;
    struct capture_findings findings = {0};
    struct summary_verdict summary = nothing;
    summary.anomalies[RULE_SIMULTANEOUS_CLOSE][SEVERITY_INFO] = 5;
    summary.anomalies[RULE_SIMULTANEOUS_CLOSE][SEVERITY_WARNING] = 2;
    static const char *const counts[] = {
        [SEVERITY_INFO] = "{\"simultaneous_close\":7}",
        [SEVERITY_NOTICE] = "{\"simultaneous_close\":2}",
        [SEVERITY_WARNING] = "{\"simultaneous_close\":2}",
        [SEVERITY_CRITICAL] = "{}",
    };
    size_t written = SIZE_MAX;
    for (unsigned severity = SEVERITY_INFO; severity < SEVERITIES; severity++) {
        struct report_options options = {.format = REPORT_JSON, .min_severity = severity};
        char *text = report_text(&options, &findings, &summary, 40);
        json_t *tree = load(text, strlen(text)), *anomaly;
        json_t *anomalies = json_object_get(tree, "anomalies");
        size_t index;
        json_array_foreach(anomalies, index, anomaly)
        {
            json_t *grave = json_object_get(json_object_get(anomaly, "event"), "severity");
            assert_true(json_integer_value(grave) >= severity);
        }
        assert_true(json_array_size(anomalies) < written);
        written = json_array_size(anomalies);
        expect_dump(json_object_get(json_object_get(tree, "summary"), "anomaly_counts"),
                    counts[severity]);
        json_decref(tree);
        free(text);
    }
    struct report_options options = {.format = REPORT_JSON};
    memset(options.rule_left_out, true, sizeof options.rule_left_out);
    char *text = report_text(&options, &findings, &summary, 40);
    json_t *tree = load(text, strlen(text));
    expect_dump(json_object_get(tree, "anomalies"), "[]");
    expect_dump(json_object_get(json_object_get(tree, "summary"), "anomaly_counts"), "{}");
    json_decref(tree);
    free(text);
}

static void the_summary(void **state)
{
    (void)state;
    struct capture_findings findings = {0};
    struct summary_verdict summary = {
        .connections = UINT64_MAX,
        .handshakes = {[HANDSHAKE_COMPLETE] = 2, [HANDSHAKE_MID_STREAM] = (uint64_t)1 << 63},
        .closes = {[CLOSE_GRACEFUL] = INT64_MAX},
        .evicted = 3,
        .not_concluded = 4,
        .start_ns = -1,
        .end_ns = INT64_C(1700000000000000000),
    };
    struct report_options options = {.format = REPORT_NDJSON,
                                     .observer = "\x1b",
                                     .settings = settings,
                                     .setting_count = sizeof settings / sizeof *settings};
    char *text = report_text(&options, &findings, &summary, 0);
    json_t *tree = load(text, strlen(text));
    expect_keys(tree, "@timestamp event capture observer ecs connections anomaly_counts findings "
                      "services options complete evicted not_concluded version ");
    expect_dump(json_object_get(tree, "@timestamp"), "\"1969-12-31T23:59:59.999999999Z\"");
    expect_keys(json_object_get(tree, "event"), "kind category type dataset id start end ");
    expect_dump(json_object_get(tree, "observer"), "{\"name\":\"\\\\u{1b}\"}");
    expect_dump(json_object_get(tree, "connections"),
                "{\"total\":9223372036854775807,"
                "\"handshake\":{\"complete\":2,\"mid_stream\":9223372036854775807},"
                "\"close\":{\"graceful\":9223372036854775807}}");
    expect_dump(json_object_get(tree, "options"),
                "{\"two_msl_ns\":60000000000,\"vlan_in_key\":true,"
                "\"filter\":\"tcp \xef\xbf\xbd\\\\u{1b}\"}");
    expect_dump(json_object_get(tree, "complete"), "true");
    expect_dump(json_object_get(tree, "evicted"), "3");
    expect_dump(json_object_get(tree, "not_concluded"), "4");
    json_decref(tree);
    free(text);
}

static json_t *files_of(const struct capture_findings *findings, json_t **tree)
{
    struct report_options options = {.format = REPORT_NDJSON};
    char *text = report_text(&options, findings, &nothing, 0);
    *tree = load(text, strlen(text));
    free(text);
    return json_object_get(json_object_get(*tree, "capture"), "files");
}

static void files(void **state)
{
    (void)state;
    struct capture_findings findings = {0};
    struct file_findings *file = findings_add_file(&findings, "unread");
    assert_non_null(file);
    file->error = strdup("No such file\n");
    file = findings_add_file(&findings, "a\x9b.pcap");
    assert_non_null(file);
    file->format = FORMAT_PCAP_NS;
    findings_link_type(file, 1);
    findings_link_type(file, 113);
    file->packets = 10;
    file->bytes = UINT64_MAX;
    file->start_ns = 0;
    file->untimed = 1;
    file->oddities[ODDITY_UNKNOWN_BLOCK] = 2;
    file->system_drops = 4;
    for (unsigned i = 0; i < DAMAGE_KEPT + 2; i++)
        findings_damage(file, (struct damage){DAMAGE_FILE_DAMAGED, REASON_BLOCK_LENGTH, 40, 2, 1});
    file->damage[0] = (struct damage){DAMAGE_CONCATENATED, REASON_NONE, 0, 0, 0};

    json_t *tree;
    json_t *list = files_of(&findings, &tree);
    expect_dump(json_array_get(list, 0), "{\"name\":\"unread\",\"error\":\"No such file\\\\u{a}\","
                                         "\"link_types\":[],\"packets\":0}");
    json_t *second = json_array_get(list, 1);
    expect_keys(second, "name format compression link_types packets bytes start untimed damage "
                        "damage_more oddities drops ");
    expect_dump(json_object_get(second, "name"), "\"a\xef\xbf\xbd.pcap\"");
    expect_dump(json_object_get(second, "link_types"), "[\"EN10MB\",\"LINUX_SLL\"]");
    expect_dump(json_object_get(second, "bytes"), "9223372036854775807");
    expect_dump(json_object_get(second, "damage_more"), "2");
    expect_dump(json_object_get(second, "oddities"), "{\"unknown_block\":2}");
    expect_dump(json_object_get(second, "drops"), "{\"system\":4}");
    json_t *damage = json_object_get(second, "damage");
    assert_int_equal(json_array_size(damage), DAMAGE_KEPT);
    expect_dump(json_array_get(damage, 0), "{\"kind\":\"concatenated\",\"offset\":0}");
    expect_dump(json_array_get(damage, 1), "{\"kind\":\"file_damaged\",\"reason\":"
                                           "\"block_length\",\"offset\":40,\"bytes\":2,"
                                           "\"frame\":1}");
    json_decref(tree);
    findings_finish(&findings);
}

/* A link type may be called what a protocol is called: their counts are one. */
static void packets_add_up(void **state)
{
    (void)state;
    struct capture_findings findings = {.packets = 29, .tcp = 8};
    findings.other[OTHER_UDP] = 1;
    findings.other[OTHER_SCTP] = 5;
    findings.undecodable[UNDECODABLE_LINK_CUT] = 2;
    findings.links_rest = 3;
    for (unsigned i = 0; i < 4; i++)
        findings_count_link(&findings, 248); /* SCTP */
    for (unsigned i = 0; i < 5; i++)
        findings_count_link(&findings, 60000);
    findings_count_link(&findings, 189); /* USB_LINUX */
    json_t *tree;
    files_of(&findings, &tree);
    expect_dump(json_object_get(json_object_get(tree, "capture"), "packets"),
                "{\"total\":29,\"tcp\":8,\"other\":{\"udp\":1,\"sctp\":9,\"linktype_60000\":5,"
                "\"usb_linux\":1,\"other_link_types\":3},\"undecodable\":{\"link_header_cut\":2}}");
    json_decref(tree);
}

static void the_same_bytes_again(void **state)
{
    (void)state;
    static struct random_source source = {.state = 9};
    struct capture_findings findings;
    assert_true(random_findings(&source, &findings, 3));
    for (unsigned format = 0; format < 2; format++) {
        struct report_options options = {
            .format = format ? REPORT_JSON : REPORT_NDJSON, .connections = true, .observer = "o"};
        char *first = report_text(&options, &findings, &nothing, 50);
        char *second = report_text(&options, &findings, &nothing, 50);
        assert_string_equal(first, second);
        for (const char *at = first; *at; at++)
            assert_true((*at >= ' ' && *at < 0x7f) || *at == '\n');
        free(first);
        free(second);
    }
    findings_finish(&findings);
}

static void an_output_that_fails(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK))
        skip();
    struct capture_findings findings = {0};
    for (unsigned format = 0; format < 2; format++) {
        struct report_options options = {.format = format ? REPORT_JSON : REPORT_NDJSON,
                                         .connections = true};
        struct outcome outcome = run("/dev/full", &options, &findings, &nothing, 200);
        assert_false(outcome.connections); /* known as soon as a buffer was written */
        assert_false(outcome.finished);
        assert_false(outcome.committed);
        assert_non_null(strstr(error, "No space left on device"));
    }
}

static unsigned long allocations_left;

static void *failing_malloc(size_t size)
{
    if (!allocations_left)
        return NULL;
    allocations_left--;
    return malloc(size);
}

/* Whichever allocation of a tree fails, and all that follow it: the report says so and nothing is
 * left behind. */
static void memory_that_runs_out(void **state)
{
    (void)state;
    static struct random_source source = {.state = 3};
    char path[TEST_PATH_BYTES];
    struct capture_findings findings;
    test_path(path, "report");
    assert_true(random_findings(&source, &findings, 2));
    for (unsigned format = 0; format < 2; format++) {
        struct report_options options = {.format = format ? REPORT_JSON : REPORT_NDJSON,
                                         .observer = "o",
                                         .settings = settings,
                                         .setting_count = sizeof settings / sizeof *settings};
        unsigned long n = 0;
        for (bool finished = false; !finished; n++) {
            allocations_left = n;
            json_set_alloc_funcs(failing_malloc, free);
            struct outcome outcome = run(path, &options, &findings, &nothing, 0);
            json_set_alloc_funcs(malloc, free);
            assert_true(outcome.committed);
            finished = outcome.finished;
            assert_int_equal(unlink(path), 0);
        }
        assert_true(n > 100);
    }
    findings_finish(&findings);
}

static void no_room_to_wait(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES], report_path[TEST_PATH_BYTES];
    struct capture_findings findings = {0};
    const char *before = getenv("TMPDIR");
    char *saved = before ? strdup(before) : NULL;
    test_path(path, "missing");
    test_path(report_path, "report");
    setenv("TMPDIR", path, 1);
    struct report_options options = {.format = REPORT_JSON, .connections = true};
    struct outcome outcome = run(report_path, &options, &findings, &nothing, 1);
    if (saved)
        setenv("TMPDIR", saved, 1);
    else
        unsetenv("TMPDIR");
    free(saved);
    assert_false(outcome.created);
    assert_non_null(strstr(error, "cannot make a temporary file in"));
    assert_int_equal(test_folder_entries(), 0);
    report_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(document),
        cmocka_unit_test(what_is_left_out),
        cmocka_unit_test(the_summary),
        cmocka_unit_test(files),
        cmocka_unit_test(packets_add_up),
        cmocka_unit_test(the_same_bytes_again),
        cmocka_unit_test(an_output_that_fails),
        cmocka_unit_test(memory_that_runs_out),
        cmocka_unit_test(no_room_to_wait),
    };
    return cmocka_run_group_tests_name("report", tests, test_folder_make, test_folder_remove);
}
