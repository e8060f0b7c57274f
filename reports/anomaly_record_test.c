#include "reports/anomaly_record.h"

#include "reports/host_record.h"
#include "reports/random_verdict.h"
#include "reports/sample_record.h"
#include "reports/summary_record.h"
#include "reports/test_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define T INT64_C(1700000000000000000)

#define V4(a, b, c, d)                                                                             \
    {                                                                                              \
        [10] = 0xff, 0xff, a, b, c, d                                                              \
    }

static struct json_writer writer;
static struct record_context context;
static const struct capture_findings no_findings;

static struct output *begin(const struct capture_findings *findings, char path[TEST_PATH_BYTES])
{
    char error[256];
    test_path(path, "record");
    struct output *output = output_open(path, error, sizeof error);
    assert_non_null(output);
    json_writer_init(&writer, output);
    record_context_init(&context, findings, NULL);
    return output;
}

/* The record that was written, parsed; it is what jansson would have written. */
static json_t *end(struct output *output, const char *path)
{
    char error[256];
    size_t length;
    json_flush(&writer);
    assert_true(output_commit(output, error, sizeof error));
    char *text = test_read(path, &length);
    assert_int_equal(unlink(path), 0);
    json_error_t place;
    json_t *tree = json_loadb(text, length, JSON_REJECT_DUPLICATES, &place);
    assert_non_null(tree);
    char *dumped = json_dumps(tree, RECORD_DUMP_FLAGS);
    assert_non_null(dumped);
    assert_string_equal(dumped, text);
    free(dumped);
    free(text);
    return tree;
}

static json_t *anomaly_tree(const struct anomaly_verdict *anomaly,
                            const struct connection_verdict *connection)
{
    char path[TEST_PATH_BYTES];
    struct output *output = begin(&no_findings, path);
    anomaly_record(&writer, &context, anomaly, connection);
    return end(output, path);
}

static void expect_member(json_t *tree, const char *name, const char *expected)
{
    json_t *member = json_object_get(tree, name);
    char *dumped = member ? json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("");
    assert_non_null(dumped);
    assert_string_equal(dumped, expected);
    free(dumped);
}

static void expect_keys(json_t *object, const char *expected)
{
    char keys[512] = "";
    size_t length = 0;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        length += (size_t)snprintf(keys + length, sizeof keys - length, "%s ", key);
        assert_true(value && length < sizeof keys);
    }
    assert_string_equal(keys, expected);
}

static const char *id_of(json_t *tree)
{
    return json_string_value(json_object_get(json_object_get(tree, "event"), "id"));
}

static struct connection_verdict some_connection(void)
{
    struct connection_verdict c = {.ip_version = 4, .start_ns = T};
    memcpy(c.client.address, (uint8_t[16])V4(10, 0, 0, 1), 16);
    memcpy(c.server.address, (uint8_t[16])V4(10, 0, 0, 2), 16);
    c.client.port = 40000;
    c.server.port = 443;
    c.server.fin.active_known = true;
    return c;
}

static struct anomaly_verdict some_anomaly(void)
{
    return (struct anomaly_verdict){
        .at_ns = T,
        .rule = RULE_SIMULTANEOUS_CLOSE,
        .severity = SEVERITY_WARNING,
        .confidence = CONFIDENCE_PROBABLE,
        .endpoint = ROLE_SERVER,
        .client_state = STATE_FIN_WAIT_1,
        .server_state = STATE_UNKNOWN,
        .caveats = 1u << CAVEAT_ENDS_EARLY,
        .evidence_count = 2,
        .evidence_total = 2,
        .evidence = {{T, frame_ref_of(1, 9), "the \"first\"", 1, 2, 3, TCP_RST | TCP_ACK,
                      ROLE_SERVER},
                     {TIME_UNKNOWN, frame_ref_of(0, 1), "then", 4, 5, 0, TCP_SYN, ROLE_CLIENT}},
        .figure_count = 1,
        .figures = {{.id = FIGURE_GAP_NS, .integer = 7}},
    };
}

static void of_a_connection(void **state)
{
    (void)state;
    struct connection_verdict c = some_connection();
    struct anomaly_verdict a = some_anomaly();
    json_t *tree = anomaly_tree(&a, &c);
    expect_keys(tree, "@timestamp event capture ecs rule severity confidence caveats scope "
                      "endpoint client server network tcp evidence figures ");
    expect_keys(json_object_get(tree, "event"), "kind category type dataset id severity reason ");
    expect_member(json_object_get(tree, "event"), "kind", "\"alert\"");
    expect_member(json_object_get(tree, "event"), "severity", "3");
    expect_member(tree, "rule",
                  "{\"id\":\"simultaneous_close\",\"category\":\"close_order\","
                  "\"name\":\"Simultaneous close\"}");
    expect_member(tree, "severity", "\"warning\"");
    expect_member(tree, "confidence", "\"probable\"");
    expect_member(tree, "caveats", "[\"ends_early\"]");
    expect_member(tree, "scope", "\"connection\"");
    expect_member(tree, "endpoint",
                  "{\"role\":\"server\",\"ip\":\"10.0.0.2\",\"port\":443,\"closed\":\"passive\"}");
    expect_member(tree, "client", "{\"ip\":\"10.0.0.1\",\"port\":40000,\"state\":\"FIN_WAIT_1\"}");
    expect_member(tree, "server", "{\"ip\":\"10.0.0.2\",\"port\":443}");
    expect_member(tree, "evidence",
                  "[{\"file\":1,\"frame\":9,\"at\":\"2023-11-14T22:13:20.000000000Z\","
                  "\"from\":\"server\",\"flags\":\"RA\",\"seq\":1,\"ack\":2,\"len\":3,"
                  "\"note\":\"the \\\"first\\\"\"},"
                  "{\"file\":0,\"frame\":1,\"from\":\"client\",\"flags\":\"S\",\"seq\":4,"
                  "\"len\":0,\"note\":\"then\"}]");
    expect_member(tree, "figures", "{\"gap_ns\":7}");
    json_decref(tree);
}

static void of_no_endpoint(void **state)
{
    (void)state;
    struct connection_verdict c = some_connection();
    struct anomaly_verdict a = some_anomaly();
    a.endpoint = ROLE_NONE;
    a.severity = SEVERITY_NOTICE;
    a.at_ns = TIME_UNKNOWN;
    a.evidence_total = 40;
    json_t *tree = anomaly_tree(&a, &c);
    expect_keys(tree, "event capture ecs rule severity confidence caveats scope endpoint client "
                      "server network tcp evidence evidence_omitted figures ");
    expect_member(json_object_get(tree, "event"), "kind", "\"event\"");
    expect_member(tree, "endpoint", "{\"role\":\"both\"}");
    expect_member(tree, "evidence_omitted", "38");
    json_decref(tree);
}

static void of_a_host(void **state)
{
    (void)state;
    struct anomaly_verdict a = some_anomaly();
    a.endpoint = ROLE_NONE;
    a.evidence_count = a.evidence_total = 0;
    a.has_host = a.has_service = true;
    memcpy(a.host_address, (uint8_t[16])V4(10, 0, 0, 1), 16);
    memcpy(a.service_address, (uint8_t[16])V4(10, 0, 0, 2), 16);
    a.service_port = 80;
    json_t *tree = anomaly_tree(&a, NULL);
    expect_keys(tree, "@timestamp event capture ecs rule severity confidence caveats scope host "
                      "service network evidence figures ");
    expect_member(tree, "host", "{\"ip\":\"10.0.0.1\"}");
    expect_member(tree, "service", "{\"ip\":\"10.0.0.2\",\"port\":80}");
    expect_member(tree, "network", "{\"transport\":\"tcp\"}");
    expect_member(tree, "evidence", "[]");
    json_decref(tree);
}

/* Loading twice overwrites, and nothing else does. */
static void identities(void **state)
{
    (void)state;
    struct connection_verdict c = some_connection();
    struct anomaly_verdict variants[6];
    json_t *trees[7];
    for (unsigned i = 0; i < 6; i++)
        variants[i] = some_anomaly();
    variants[1].endpoint = ROLE_CLIENT;
    variants[2].evidence[0].at_ns++;
    variants[3].evidence[0].seq++;
    variants[4].rule = (RULE_SIMULTANEOUS_CLOSE + 1) % RULES;
    variants[5].confidence = CONFIDENCE_CERTAIN; /* the same finding, judged anew */
    for (unsigned i = 0; i < 6; i++)
        trees[i] = anomaly_tree(&variants[i], &c);
    c.client.port++;
    trees[6] = anomaly_tree(&variants[0], &c);
    for (unsigned i = 0; i < 7; i++) {
        for (unsigned j = 0; j < i; j++) {
            bool same = strcmp(id_of(trees[i]), id_of(trees[j])) == 0;
            assert_int_equal(same, i == 5 && j == 0);
        }
    }
    for (unsigned i = 0; i < 7; i++)
        json_decref(trees[i]);
}

static void a_host(void **state)
{
    (void)state;
    char path[TEST_PATH_BYTES];
    struct capture_findings findings = {0};
    for (unsigned i = 0; i < 3; i++) {
        struct file_findings *file = findings_add_file(&findings, "a.pcap");
        assert_non_null(file);
        file->start_ns = i ? T + 2 - i : TIME_UNKNOWN;
    }
    struct service_use use = {.address = V4(10, 0, 0, 2),
                              .port = 443,
                              .ports_in_use_peak = 3,
                              .peak_at_ns = TIME_UNKNOWN};
    struct host_verdict host = {
        .address = V4(10, 0, 0, 1),
        .opened = 5,
        .states = {[STATE_TIME_WAIT] = {950, T, 610}, [STATE_CLOSE_WAIT] = {0, T, 1}},
        .services = &use,
        .service_count = 1};
    struct output *output = begin(&findings, path);
    host_record(&writer, &context, &host);
    json_t *tree = end(output, path);
    expect_keys(tree, "@timestamp event capture ecs host connections states services ");
    expect_member(tree, "@timestamp", "\"2023-11-14T22:13:20.000000000Z\"");
    expect_member(tree, "host", "{\"ip\":\"10.0.0.1\"}");
    expect_member(tree, "states",
                  "{\"TIME_WAIT\":{\"peak\":950,\"peak_at\":\"2023-11-14T22:13:20.000000000Z\","
                  "\"mean\":610}}");
    expect_member(tree, "services",
                  "[{\"ip\":\"10.0.0.2\",\"port\":443,\"ports_in_use_peak\":3,\"port_range\":0,"
                  "\"range_widened\":false,\"used_permille\":0,\"server_held_peak\":0}]");
    json_decref(tree);
    findings_finish(&findings);

    host.others = true;
    output = begin(&no_findings, path);
    host_record(&writer, &context, &host);
    tree = end(output, path);
    expect_keys(tree, "event capture ecs others connections states services ");
    json_decref(tree);
}

static json_t *sample_tree(const struct sample_verdict *sample, const bool left_out[RULES])
{
    char path[TEST_PATH_BYTES];
    struct output *output = begin(&no_findings, path);
    sample_record(&writer, &context, sample, left_out);
    return end(output, path);
}

static void samples(void **state)
{
    (void)state;
    bool left_out[RULES] = {false};
    struct sample_verdict sample = {.at_ns = T,
                                    .of_host = true,
                                    .address = V4(10, 0, 0, 1),
                                    .states = {[STATE_CLOSED] = 9, [STATE_TIME_WAIT] = 12},
                                    .opens = 3};
    json_t *of_host = sample_tree(&sample, left_out);
    expect_keys(of_host, "@timestamp event capture ecs host states ");
    expect_member(of_host, "states",
                  "{\"SYN_SENT\":0,\"SYN_RECEIVED\":0,\"ESTABLISHED\":0,\"FIN_WAIT_1\":0,"
                  "\"FIN_WAIT_2\":0,\"CLOSING\":0,\"TIME_WAIT\":12,\"CLOSE_WAIT\":0,"
                  "\"LAST_ACK\":0}");
    sample.others = true;
    json_t *of_others = sample_tree(&sample, left_out);
    expect_keys(of_others, "@timestamp event capture ecs others states ");
    sample.others = sample.of_host = false;
    sample.rules[RULE_SIMULTANEOUS_CLOSE] = 2;
    json_t *of_all = sample_tree(&sample, left_out);
    expect_keys(of_all, "@timestamp event capture ecs opens closes resets rules ");
    expect_member(of_all, "rules", "{\"simultaneous_close\":2}");
    left_out[RULE_SIMULTANEOUS_CLOSE] = true;
    json_t *of_fewer = sample_tree(&sample, left_out);
    expect_member(of_fewer, "rules", "{}");
    assert_string_not_equal(id_of(of_host), id_of(of_others));
    assert_string_not_equal(id_of(of_host), id_of(of_all));
    assert_string_not_equal(id_of(of_others), id_of(of_all));
    assert_string_equal(id_of(of_fewer), id_of(of_all));
    json_decref(of_host);
    json_decref(of_others);
    json_decref(of_all);
    json_decref(of_fewer);
}

/* jansson reads every record and dumps the same bytes. */
static void round_trips(void **state)
{
    (void)state;
    static struct random_source source = {.state = 11};
    static struct connection_verdict connection;
    static struct anomaly_verdict anomaly;
    static struct sample_verdict sample;
    static struct host_verdict host;
    const bool left_out[RULES] = {false};
    char path[TEST_PATH_BYTES];
    for (unsigned i = 0; i < 300; i++) {
        random_verdict(&source, &connection);
        for (uint32_t k = 0; k < connection.anomaly_count; k++)
            json_decref(anomaly_tree(&connection.anomalies[k], &connection));
        random_host_anomaly(&source, &anomaly);
        json_decref(anomaly_tree(&anomaly, NULL));
        random_sample(&source, &sample);
        json_decref(sample_tree(&sample, left_out));
        random_host(&source, &host);
        struct output *output = begin(&no_findings, path);
        host_record(&writer, &context, &host);
        json_decref(end(output, path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_connection), cmocka_unit_test(of_no_endpoint),
        cmocka_unit_test(of_a_host),       cmocka_unit_test(identities),
        cmocka_unit_test(a_host),          cmocka_unit_test(samples),
        cmocka_unit_test(round_trips),
    };
    return cmocka_run_group_tests_name("anomaly_record", tests, test_folder_make,
                                       test_folder_remove);
}
