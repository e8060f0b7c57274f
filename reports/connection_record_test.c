#include "reports/connection_record.h"

#include "reports/random_verdict.h"
#include "reports/summary_record.h"
#include "reports/test_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define T INT64_C(1700000000000000000)

static char *record_text(const struct capture_findings *findings, const char *observer,
                         const struct connection_verdict *verdict, size_t *length)
{
    static struct json_writer writer;
    static struct record_context context;
    char path[TEST_PATH_BYTES], error[256];
    test_path(path, "record");
    struct output *output = output_open(path, error, sizeof error);
    assert_non_null(output);
    json_writer_init(&writer, output);
    record_context_init(&context, findings, observer);
    connection_record(&writer, &context, verdict);
    json_flush(&writer);
    assert_true(output_commit(output, error, sizeof error));
    char *text = test_read(path, length);
    assert_int_equal(unlink(path), 0);
    return text;
}

/* The endpoints of a connection of which nothing but its addresses is known. */
static struct connection_verdict plain(void)
{
    struct connection_verdict verdict = {
        .ip_version = 4,
        .incarnation = 1,
        .vlan = VLAN_NONE,
        .interface = UINT32_MAX,
        .start_ns = TIME_UNKNOWN,
        .end_ns = TIME_UNKNOWN,
        .handshake = HANDSHAKE_MID_STREAM,
        .handshake_rtt_ns = -1,
        .client_rtt_ns = -1,
        .server_rtt_ns = -1,
        .zeek_state = ZEEK_OTH,
    };
    verdict.client.address[10] = verdict.client.address[11] = 0xff;
    verdict.server.address[10] = verdict.server.address[11] = 0xff;
    verdict.client.address[12] = verdict.server.address[12] = 10;
    verdict.client.address[15] = 1;
    verdict.server.address[15] = 2;
    verdict.client.port = 40000;
    verdict.server.port = 443;
    verdict.client.state = verdict.server.state = STATE_ESTABLISHED;
    verdict.client.possible_states = verdict.server.possible_states = 1u << STATE_ESTABLISHED;
    verdict.close.kind = CLOSE_OPEN;
    verdict.close.by = ROLE_NONE;
    verdict.close.start_ns = TIME_UNKNOWN;
    verdict.close.duration_ns = -1;
    verdict.close.idle_before_ns = -1;
    verdict.close.time_wait_held_by = ROLE_NONE;
    verdict.close.time_wait_until_ns = TIME_UNKNOWN;
    verdict.close.reset_cause = RULES;
    return verdict;
}

#define PLAIN_ENDPOINT(address, port)                                                              \
    "{\"ip\":\"" address "\",\"port\":" port ",\"packets\":0,\"bytes\":0,"                         \
    "\"state\":\"ESTABLISHED\",\"state_certainty\":\"presumed\","                                  \
    "\"possible_states\":[\"ESTABLISHED\"],\"states\":[],\"payload_bytes\":0,"                     \
    "\"unique_bytes\":0,\"retransmitted_segments\":0,\"retransmitted_bytes\":0,"                   \
    "\"out_of_order_segments\":0,\"capture_duplicates\":0,\"fin\":{\"count\":0},"                  \
    "\"rst\":{\"count\":0}}"

/* What is unknown is absent, and there is nothing else. */
static void little_known(void **state)
{
    (void)state;
    struct capture_findings findings = {.file_count = 2};
    struct connection_verdict verdict = plain();
    size_t length;
    char *text = record_text(&findings, NULL, &verdict, &length);
    assert_string_equal(
        text,
        "{\"event\":{\"kind\":\"event\",\"category\":[\"network\"],\"type\":[\"connection\"],"
        "\"dataset\":\"finwait.connection\",\"id\":\"ee6c785a1bf77b407e3d03e65059582385816c22\"},"
        "\"capture\":{\"id\":\"0000000000000000000000000000000000000000\"},"
        "\"ecs\":{\"version\":\"8.17.0\"},"
        "\"network\":{\"transport\":\"tcp\",\"type\":\"ipv4\","
        "\"community_id\":\"1:UWHKJ\\/x6OQ1YiVv4rIl0t3yhjg8=\",\"packets\":0,\"bytes\":0},"
        "\"client\":" PLAIN_ENDPOINT(
            "10.0.0.1", "40000") ","
                                 "\"server\":" PLAIN_ENDPOINT(
                                     "10.0.0.2",
                                     "443") ","
                                            "\"tcp\":{\"connection\":\"356c262228543950e696\","
                                            "\"incarnation\":1,"
                                            "\"client_known_by\":\"syn\",\"visibility\":\"both\","
                                            "\"handshake\":{\"kind\":\"mid_stream\"},"
                                            "\"close\":{\"kind\":\"open\"}},"
                                            "\"zeek\":{\"conn_state\":\"OTH\"},\"wireshark\":{"
                                            "\"completeness\":0},"
                                            "\"rules\":[],\"caveats\":[]}");
    free(text);
}

static json_t *record_tree(const struct capture_findings *findings,
                           const struct connection_verdict *verdict)
{
    size_t length;
    char *text = record_text(findings, "tap 1", verdict, &length);
    json_error_t error;
    json_t *tree = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    free(text);
    assert_non_null(tree);
    return tree;
}

/* The member at a path like "tcp.close", dumped; "" when absent. */
static void expect_member(const json_t *tree, const char *path, const char *expected)
{
    char name[64];
    while (*path) {
        size_t length = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)length, path);
        tree = json_object_get(tree, name);
        path += length + (path[length] == '.');
    }
    char *dumped = tree ? json_dumps(tree, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("");
    assert_non_null(dumped);
    assert_string_equal(dumped, expected);
    free(dumped);
}

static void expect_one(const struct connection_verdict *verdict, const char *path,
                       const char *expected)
{
    struct capture_findings findings = {.file_count = 1};
    json_t *tree = record_tree(&findings, verdict);
    expect_member(tree, path, expected);
    json_decref(tree);
}

static void a_graceful_close(void **state)
{
    (void)state;
    const struct state_entry client[] = {
        {T, frame_ref_of(0, 1), frame_ref_of(0, 2), STATE_SYN_SENT, CAUSE_SENT_SYN,
         CERTAINTY_CONFIRMED, false},
        {T + 5, frame_ref_of(0, 2), FRAME_NONE, STATE_ESTABLISHED, CAUSE_RECEIVED_SYN_ACK,
         CERTAINTY_CONFIRMED, false},
        {T + 20, frame_ref_of(0, 9), FRAME_NONE, STATE_CLOSED, CAUSE_RECEIVED_RST,
         CERTAINTY_PRESUMED, true},
        {T + 30, frame_ref_of(1, 3), FRAME_NONE, STATE_FIN_WAIT_1, CAUSE_SENT_FIN,
         CERTAINTY_CONFIRMED, false},
        {T + 40, FRAME_NONE, FRAME_NONE, STATE_CLOSED, CAUSE_TWO_MSL_ELAPSED, CERTAINTY_PRESUMED,
         false},
    };
    struct interface_info interfaces[] = {{.link_type = 1},
                                          {.link_type = 1, .name = (char[]){"wlan\x1b/0"}}};
    struct capture_findings findings = {
        .file_count = 1, .interfaces = interfaces, .interface_count = 2};
    struct connection_verdict verdict = plain();
    verdict.start_ns = T;
    verdict.end_ns = T + 1500000000;
    verdict.stream = 7;
    verdict.vlan = 100;
    verdict.tunnel = TUNNEL_VXLAN;
    verdict.interface = 1;
    verdict.completeness = 31;
    verdict.caveats = 1u << CAVEAT_STARTS_MID_STREAM | 1u << CAVEAT_EVICTED;
    verdict.client.packets = 3;
    verdict.server.packets = 4;
    verdict.client.states = client;
    verdict.client.state_count = sizeof client / sizeof *client;
    verdict.client.fin.count = 2;
    verdict.client.fin.frames[0] = frame_ref_of(0, 9);
    verdict.client.fin.frames[1] = frame_ref_of(0, 10);
    verdict.client.fin.frame_count = 2;
    verdict.client.fin.seq = 456;
    verdict.client.fin.acked_by = frame_ref_of(0, 15);
    verdict.client.fin.active = verdict.client.fin.active_known = true;
    verdict.server.fin.implied = true;
    verdict.server.fin.seq = UINT32_MAX;
    verdict.close.kind = CLOSE_GRACEFUL;
    verdict.close.by = ROLE_CLIENT;
    verdict.close.by_certainty = CERTAINTY_CONFIRMED;
    verdict.close.segments = 4;
    verdict.close.start_ns = T + 30;
    verdict.close.duration_ns = 0;
    verdict.close.idle_before_ns = 10;
    verdict.close.time_wait_held_by = ROLE_CLIENT;
    verdict.close.time_wait_until_ns = T + 60;

    json_t *tree = record_tree(&findings, &verdict);
    expect_member(tree, "@timestamp", "\"2023-11-14T22:13:20.000000000Z\"");
    expect_member(tree, "observer", "{\"name\":\"tap 1\"}");
    expect_member(tree, "event.type", "[\"connection\",\"start\",\"end\"]");
    expect_member(tree, "event.end", "\"2023-11-14T22:13:21.500000000Z\"");
    expect_member(tree, "event.start_ns", "1700000000000000000");
    expect_member(tree, "event.end_ns", "1700000001500000000");
    expect_member(tree, "event.duration", "1500000000");
    expect_member(tree, "network.packets", "7");
    expect_member(tree, "network.vlan", "{\"id\":\"100\"}");
    expect_member(tree, "tcp.stream", "7");
    expect_member(tree, "tcp.tunnel", "\"vxlan\"");
    expect_member(tree, "tcp.interface", "\"wlan\\\\u{1b}/0\"");
    expect_member(tree, "tcp.close",
                  "{\"kind\":\"graceful\",\"by\":\"client\",\"by_certainty\":\"confirmed\","
                  "\"half_close\":false,\"segments\":4,"
                  "\"start\":\"2023-11-14T22:13:20.000000030Z\",\"duration_ns\":0,"
                  "\"idle_before_ns\":10,\"time_wait_held_by\":\"client\","
                  "\"time_wait_until\":\"2023-11-14T22:13:20.000000060Z\"}");
    expect_member(tree, "client.state_ns", "{\"SYN_SENT\":5,\"ESTABLISHED\":25,\"FIN_WAIT_1\":10}");
    expect_member(tree, "client.fin",
                  "{\"count\":2,\"frames\":[{\"file\":0,\"frame\":9},{\"file\":0,\"frame\":10}],"
                  "\"seq\":456,\"acked_by\":{\"file\":0,\"frame\":15},\"active\":true}");
    expect_member(tree, "server.fin", "{\"count\":0,\"seq\":4294967295}");
    expect_member(tree, "caveats", "[\"starts_mid_stream\",\"evicted\"]");
    json_t *states = json_object_get(json_object_get(tree, "client"), "states");
    expect_member(json_array_get(states, 0), "",
                  "{\"state\":\"SYN_SENT\",\"at\":\"2023-11-14T22:13:20.000000000Z\",\"file\":0,"
                  "\"frame\":1,\"cause\":\"sent_syn\",\"certainty\":\"confirmed\","
                  "\"confirmed_by\":{\"file\":0,\"frame\":2}}");
    expect_member(json_array_get(states, 2), "retracted", "true");
    expect_member(json_array_get(states, 3), "retracted", "");
    expect_member(json_array_get(states, 4), "",
                  "{\"state\":\"CLOSED\",\"at\":\"2023-11-14T22:13:20.000000040Z\","
                  "\"cause\":\"two_msl_elapsed\",\"certainty\":\"presumed\"}");
    json_decref(tree);
}

static void stays_in_states(void **state)
{
    (void)state;
    static const struct {
        struct {
            int64_t at_ns;
            uint8_t state;
            bool retracted;
        } entries[5];
        uint32_t count;
        int64_t end_ns;
        const char *stays;
    } cases[] = {
        {{{0, 0, false}}, 0, 9, ""},
        {{{5, STATE_ESTABLISHED, false}}, 1, 9, "{\"ESTABLISHED\":4}"},
        {{{9, STATE_ESTABLISHED, false}}, 1, 9, "{\"ESTABLISHED\":0}"},
        /* a clock that ran backwards, or none */
        {{{10, STATE_ESTABLISHED, false}}, 1, 9, ""},
        {{{5, STATE_ESTABLISHED, false}}, 1, TIME_UNKNOWN, ""},
        {{{TIME_UNKNOWN, STATE_SYN_SENT, false}, {5, STATE_ESTABLISHED, false}},
         2,
         9,
         "{\"ESTABLISHED\":4}"},
        {{{1, STATE_SYN_SENT, false},
          {TIME_UNKNOWN, STATE_ESTABLISHED, false},
          {3, STATE_FIN_WAIT_1, false}},
         3,
         9,
         "{\"FIN_WAIT_1\":6}"},
        /* CLOSED lasts for ever; what was retracted never was */
        {{{5, STATE_CLOSED, false}}, 1, 9, ""},
        {{{5, STATE_TIME_WAIT, false}, {8, STATE_CLOSED, false}}, 2, 9, "{\"TIME_WAIT\":3}"},
        {{{5, STATE_TIME_WAIT, false}, {8, STATE_CLOSED, true}}, 2, 9, "{\"TIME_WAIT\":4}"},
        {{{5, STATE_TIME_WAIT, true}}, 1, 9, ""},
        /* a state that was left and entered again */
        {{{1, STATE_ESTABLISHED, false},
          {2, STATE_CLOSE_WAIT, false},
          {4, STATE_ESTABLISHED, false}},
         3,
         9,
         "{\"ESTABLISHED\":6,\"CLOSE_WAIT\":2}"},
        {{{INT64_MIN + 1, STATE_ESTABLISHED, false}, {INT64_MAX, STATE_CLOSE_WAIT, false}},
         2,
         INT64_MAX,
         "{\"ESTABLISHED\":9223372036854775807,\"CLOSE_WAIT\":0}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct state_entry entries[5] = {0};
        for (uint32_t k = 0; k < cases[i].count; k++) {
            entries[k].at_ns = cases[i].entries[k].at_ns;
            entries[k].state = cases[i].entries[k].state;
            entries[k].retracted = cases[i].entries[k].retracted;
        }
        struct connection_verdict verdict = plain();
        verdict.end_ns = cases[i].end_ns;
        verdict.server.states = entries;
        verdict.server.state_count = cases[i].count;
        expect_one(&verdict, "server.state_ns", cases[i].stays);
    }
}

static void distances_of_the_tap(void **state)
{
    (void)state;
    static const struct {
        int64_t client_ns, server_ns;
        const char *tap;
    } cases[] = {
        {-1, -1, ""},
        {5, -1, "{\"client_rtt_ns\":5}"},
        {-1, 0, "{\"server_rtt_ns\":0}"},
        {0, 0, "{\"client_rtt_ns\":0,\"server_rtt_ns\":0,\"near\":\"middle\"}"},
        {0, 1, "{\"client_rtt_ns\":0,\"server_rtt_ns\":1,\"near\":\"client\"}"},
        {1, 4, "{\"client_rtt_ns\":1,\"server_rtt_ns\":4,\"near\":\"middle\"}"},
        {1, 5, "{\"client_rtt_ns\":1,\"server_rtt_ns\":5,\"near\":\"client\"}"},
        {8, 2, "{\"client_rtt_ns\":8,\"server_rtt_ns\":2,\"near\":\"middle\"}"},
        {9, 2, "{\"client_rtt_ns\":9,\"server_rtt_ns\":2,\"near\":\"server\"}"},
        {INT64_MAX, INT64_MAX,
         "{\"client_rtt_ns\":9223372036854775807,\"server_rtt_ns\":9223372036854775807,"
         "\"near\":\"middle\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct connection_verdict verdict = plain();
        verdict.client_rtt_ns = cases[i].client_ns;
        verdict.server_rtt_ns = cases[i].server_ns;
        expect_one(&verdict, "tcp.tap", cases[i].tap);
    }
}

static void what_applies_to_a_close(void **state)
{
    (void)state;
    /* refused: never established, and yet there was an RST to tell of */
    struct connection_verdict verdict = plain();
    verdict.close.kind = CLOSE_NONE;
    expect_one(&verdict, "tcp.close", "{\"kind\":\"none\"}");
    verdict.close.has_reset = true;
    verdict.close.by = verdict.close.reset_by = ROLE_SERVER;
    verdict.close.reset_form = RESET_REFUSAL;
    expect_one(&verdict, "tcp.close",
               "{\"kind\":\"none\",\"by\":\"server\",\"by_certainty\":\"presumed\","
               "\"half_close\":false,\"segments\":0,\"time_wait_held_by\":\"none\","
               "\"reset\":{\"by\":\"server\",\"form\":\"refusal\",\"stage\":\"post_syn\"}}");
    verdict = plain();
    verdict.close.kind = CLOSE_VANISHED;
    expect_one(&verdict, "tcp.close",
               "{\"kind\":\"vanished\",\"half_close\":false,\"segments\":0,"
               "\"time_wait_held_by\":\"none\"}");
}

static void times_that_run_backwards(void **state)
{
    (void)state;
    struct connection_verdict verdict = plain();
    verdict.start_ns = 1;
    verdict.end_ns = 0;
    expect_one(&verdict, "event.duration", "");
    expect_one(&verdict, "event.end_ns", "0");
    verdict.start_ns = INT64_MIN + 1;
    verdict.end_ns = INT64_MAX;
    expect_one(&verdict, "event.start_ns", "-9223372036854775807");
    expect_one(&verdict, "event.duration", "9223372036854775807");
    verdict.client.packets = verdict.server.packets = UINT64_MAX;
    expect_one(&verdict, "network.packets", "9223372036854775807");
    verdict.server.packets = 0;
    expect_one(&verdict, "client.packets", "9223372036854775807");
}

static void previous_use(void **state)
{
    (void)state;
    struct connection_verdict verdict = plain();
    verdict.has_previous = true;
    verdict.previous.start_ns = TIME_UNKNOWN;
    verdict.previous.gap_ns = -1;
    verdict.start_ns = T;
    expect_one(&verdict, "tcp.previous", "{\"connection\":\"356c262228543950e696\"}");
    verdict.previous.gap_ns = 3;
    expect_one(&verdict, "tcp.previous.gap_ns", "3");
}

/* Each once, in the order of the catalogue, whatever the severity. */
static void rules_that_fired(void **state)
{
    (void)state;
    static struct anomaly_verdict found[3];
    struct connection_verdict verdict = plain();
    verdict.anomalies = found;
    verdict.anomaly_count = 3;
    found[0].rule = found[2].rule = RULE_SIMULTANEOUS_CLOSE;
    found[1].rule = 0;
    char expected[128] = "[\"simultaneous_close\"]";
    if (RULE_SIMULTANEOUS_CLOSE != 0)
        snprintf(expected, sizeof expected, "[\"%s\",\"simultaneous_close\"]", rule_table[0].id);
    expect_one(&verdict, "rules", expected);
    verdict.close.has_reset = true;
    verdict.close.reset_cause = RULE_SIMULTANEOUS_CLOSE;
    expect_one(&verdict, "tcp.close.reset.cause", "\"simultaneous_close\"");
}

/* jansson reads every record and dumps the same bytes. */
static void round_trips(void **state)
{
    (void)state;
    static struct random_source source = {.state = 42};
    for (unsigned i = 0; i < 2000; i++) {
        struct capture_findings findings;
        struct connection_verdict verdict;
        size_t length;
        assert_true(random_findings(&source, &findings, 1 + i % 2));
        random_verdict(&source, &verdict);
        char *text =
            record_text(&findings, i % 3 ? NULL : "\"o\\/\xff\xf0\x9f\x98\x80", &verdict, &length);
        json_error_t error;
        json_t *tree = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
        assert_non_null(tree);
        char *dumped = json_dumps(tree, RECORD_DUMP_FLAGS);
        assert_non_null(dumped);
        assert_string_equal(dumped, text);
        free(dumped);
        json_decref(tree);
        free(text);
        findings_finish(&findings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_known),
        cmocka_unit_test(a_graceful_close),
        cmocka_unit_test(stays_in_states),
        cmocka_unit_test(distances_of_the_tap),
        cmocka_unit_test(what_applies_to_a_close),
        cmocka_unit_test(times_that_run_backwards),
        cmocka_unit_test(previous_use),
        cmocka_unit_test(rules_that_fired),
        cmocka_unit_test(round_trips),
    };
    return cmocka_run_group_tests_name("connection_record", tests, test_folder_make,
                                       test_folder_remove);
}
