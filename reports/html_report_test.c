#include "reports/html_assets.h"
#include "reports/random_verdict.h"
#include "reports/report.h"
#include "reports/test_file.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
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

static struct scene plain(void)
{
    return (struct scene){
        .options = {.format = REPORT_HTML, .min_severity = SEVERITY_NOTICE, .worst = WORST_DEFAULT},
        .summary = {.start_ns = TIME_UNKNOWN, .end_ns = TIME_UNKNOWN},
    };
}

static void begin(struct scene *scene)
{
    char error[512];
    test_path(scene->path, "html");
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

static void expect_text(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in the page", part);
}

static void expect_no_text(const char *text, const char *part)
{
    const char *at = strstr(text, part);
    if (at)
        fail_msg("'%s' is in the page: %.200s", part, at);
}

/* ---- the policy ----------------------------------------------------------------------------- */

/* What a browser computes: SHA-256 of the octets between the tags, as base64 (CSP level 3). */
static void expect_hash(const char *page, const char *open, const char *close,
                        const char *directive)
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char base64[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "", expected[128];
    const char *from = strstr(page, open);
    assert_non_null(from);
    from += strlen(open);
    const char *to = strstr(from, close);
    assert_non_null(to);
    sha256_init(&context);
    sha256_update(&context, (size_t)(to - from), (const uint8_t *)from);
    sha256_digest(&context, sizeof digest, digest);
    base64_encode_raw(base64, sizeof digest, digest);
    snprintf(expected, sizeof expected, "%s 'sha256-%s'", directive, base64);
    expect_text(page, expected);
    assert_null(strstr(to + 1, open)); /* there is but one */
}

static void style_and_script_are_what_the_policy_says(void **state)
{
    (void)state;
    struct scene scene = plain();
    begin(&scene);
    char *page = end(&scene);
    expect_hash(page, "<style>", "</style>", "style-src");
    expect_hash(page, "<script>", "</script>", "script-src");
    expect_text(page, "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    /* Only what follows it is bound by it. */
    assert_true(strstr(page, "Content-Security-Policy") < strstr(page, "<style"));
    expect_no_text(page, " style=");
    expect_no_text(page, " onclick=");
    free(page);
}

/* ---- text from outside ---------------------------------------------------------------------- */

static void hostile_texts(void **state)
{
    (void)state;
    static const char hostile[] = "</title><script>x()</script>\033\"'&\xe2\x80\xae.pcap";
    static const struct report_setting settings[] = {
        {"filter", SETTING_TEXT, 0, "<img src=x onerror=y>"}};
    static const struct report_argument arguments[] = {{"filter", "<img src=x onerror=y>"}};
    struct scene scene = plain();
    scene.options.observer = "<svg/onload=z>";
    scene.options.settings = settings;
    scene.options.setting_count = 1;
    scene.options.arguments = arguments;
    scene.options.argument_count = 1;
    struct file_findings *file = findings_add_file(&scene.findings, hostile);
    assert_non_null(file);
    file->start_ns = file->end_ns = TIME_UNKNOWN;
    file->damage_count = 1;
    file->damage[0] = (struct damage){DAMAGE_FILE_DAMAGED, REASON_BLOCK_LENGTH, 100, 20, 7};
    scene.summary.connections = 1;
    struct anomaly_verdict anomaly = {.rule = RULE_ABORTIVE_CLOSE,
                                      .severity = SEVERITY_WARNING,
                                      .confidence = CONFIDENCE_CERTAIN,
                                      .endpoint = ROLE_CLIENT,
                                      .at_ns = TIME_UNKNOWN,
                                      .figure_count = 1};
    anomaly.figures[0].id = FIGURE_RESET_REASON;
    anomaly.reason_len = (uint8_t)snprintf((char *)anomaly.reason, sizeof anomaly.reason,
                                           "<b onmouseover=q>why</b>");
    struct connection_verdict v = {.anomalies = &anomaly, .anomaly_count = 1};
    memcpy(v.client.address, client, sizeof client);
    memcpy(v.server.address, server, sizeof server);
    scene.summary.anomalies[RULE_ABORTIVE_CLOSE][SEVERITY_WARNING] = 1;
    begin(&scene);
    assert_true(report_connection(scene.report, &v));
    char *page = end(&scene);
    expect_no_text(page, "<script>x");
    expect_no_text(page, "</title><script");
    expect_no_text(page, "<img");
    expect_no_text(page, "<svg/");
    expect_no_text(page, "<b onm");
    expect_no_text(page, "\033");
    expect_no_text(page, "\xe2\x80\xae");
    /* The title has what stands behind the last slash. */
    expect_text(page, "<title>script&gt;\\u{1b}&quot;&#39;&amp;\\u{202e}.pcap");
    expect_text(page, "<dd>&lt;/title&gt;&lt;script&gt;x()&lt;/script&gt;");
    expect_text(page, "<dd>&lt;svg/onload=z&gt;</dd>");
    expect_text(page, "<dd>&lt;img src=x onerror=y&gt;</dd>");
    expect_text(page, "&lt;b onmouseover=q&gt;why&lt;/b&gt;");
    free(page);
}

/* ---- ladders -------------------------------------------------------------------------------- */

static struct state_entry states_of_client[] = {
    {.at_ns = 1000000000, .frame = 1, .state = STATE_SYN_SENT, .certainty = CERTAINTY_CONFIRMED},
    {.at_ns = 1000000000, .frame = 2, .state = STATE_CLOSED, .certainty = CERTAINTY_PRESUMED},
};

static struct anomaly_verdict refused(void)
{
    struct anomaly_verdict anomaly = {.rule = RULE_CONNECTION_REFUSED,
                                      .severity = SEVERITY_NOTICE,
                                      .confidence = CONFIDENCE_CERTAIN,
                                      .endpoint = ROLE_SERVER,
                                      .at_ns = 1000000000,
                                      .evidence_count = 1,
                                      .evidence_total = 1};
    anomaly.evidence[0] = (struct anomaly_evidence){.at_ns = 4000000000,
                                                    .frame = 2,
                                                    .note = "says no",
                                                    .seq = 0,
                                                    .flags = TCP_RST | TCP_ACK,
                                                    .from = ROLE_SERVER};
    return anomaly;
}

static struct connection_verdict connection_of(const struct anomaly_verdict *anomaly)
{
    struct connection_verdict v = {.anomalies = anomaly,
                                   .anomaly_count = 1,
                                   .first_frame = 1,
                                   .start_ns = 1000000000,
                                   .end_ns = 4000000000};
    memcpy(v.client.address, client, sizeof client);
    memcpy(v.server.address, server, sizeof server);
    v.client.port = 40000;
    v.server.port = 80;
    v.client.states = states_of_client;
    v.client.state_count = 2;
    v.client.has_isn = true;
    v.client.isn = 1000;
    v.client.possible_states = 1u << STATE_CLOSED;
    v.server.possible_states = 1u << STATE_CLOSED | 1u << STATE_LISTEN;
    return v;
}

static void hand(struct report *report, uint64_t frame, int64_t at_ns, enum role from,
                 uint16_t flags, uint32_t seq, uint32_t ack)
{
    struct segment segment = {
        .frame = frame_ref_of(0, frame), .time_ns = at_ns, .flags = flags, .seq = seq, .ack = ack};
    assert_true(report_segment(report, 0, &segment, from, SEGMENT_NEW));
}

static void a_ladder(void **state)
{
    (void)state;
    struct scene scene = plain();
    struct anomaly_verdict anomaly = refused();
    struct connection_verdict v = connection_of(&anomaly);
    begin(&scene);
    assert_true(report_connection(scene.report, &v));
    assert_int_equal(report_wanted_count(scene.report), 1);
    assert_int_equal(report_wanted(scene.report, 0)->client.port, 40000);
    hand(scene.report, 1, 1000000000, ROLE_CLIENT, TCP_SYN, 1000, 0);
    hand(scene.report, 2, 4000000000, ROLE_SERVER, TCP_RST | TCP_ACK, 0, 1001);
    char *page = end(&scene);
    expect_text(page, ">Ladder</a>");
    expect_text(page, "<svg viewBox=\"0 0 1100 ");
    expect_text(page, ">client 10.0.0.1:40000</text>");
    expect_text(page, "<tspan class=\"flags\">RST+ACK</tspan>");
    expect_text(page, ">3 s later</text>");
    expect_text(page, "says no</text>");
    expect_text(page, "<rect class=\"s-SYN_SENT\"");
    /* Presumed: hatched, and a question mark. */
    expect_text(page, "<rect class=\"s-CLOSED\"");
    expect_text(page, "<rect class=\"presumed\"");
    expect_text(page, ">CLOSED ?</text>");
    expect_text(page, "at the end LISTEN or CLOSED</text>");
    expect_no_text(page, "not drawn");
    free(page);
}

/* A long connection is drawn in part: what bears a state, what is evidence, its ends. */
static void a_long_ladder(void **state)
{
    (void)state;
    struct scene scene = plain();
    struct anomaly_verdict anomaly = refused();
    struct connection_verdict v = connection_of(&anomaly);
    begin(&scene);
    assert_true(report_connection(scene.report, &v));
    assert_int_equal(report_wanted_count(scene.report), 1);
    hand(scene.report, 1, 1000000000, ROLE_CLIENT, TCP_SYN, 1000, 0);
    hand(scene.report, 2, 1000000001, ROLE_SERVER, TCP_RST | TCP_ACK, 0, 1001);
    for (uint64_t i = 3; i < 400; i++)
        hand(scene.report, i, 1000000000 + (int64_t)i, ROLE_CLIENT, TCP_SYN, 1000, 0);
    char *page = end(&scene);
    size_t arrows = 0;
    for (const char *at = page; (at = strstr(at, "class=\"arrow\"")); at++)
        arrows++;
    assert_int_equal(arrows, 60);
    expect_text(page, "not drawn</text>");
    expect_text(page, "says no</text>");
    free(page);
}

static void without_ladders(void **state)
{
    (void)state;
    struct scene scene = plain();
    struct anomaly_verdict anomaly = refused();
    struct connection_verdict v = connection_of(&anomaly);
    begin(&scene);
    assert_true(report_connection(scene.report, &v));
    assert_int_equal(report_wanted_count(scene.report), 1);
    hand(scene.report, 1, 1000000000, ROLE_CLIENT, TCP_SYN, 1000, 0);
    assert_true(report_without_ladders(scene.report, "/dev/<fd> cannot be read a second time"));
    char *page = end(&scene);
    expect_text(page, "The ladders are left out: /dev/&lt;fd&gt; cannot be read a second time.");
    expect_text(page, ">Evidence</a>");
    expect_text(page, "says no"); /* the evidence stands all the same */
    expect_no_text(page, "class=\"arrow\"");
    free(page);
}

/* ---- bounds --------------------------------------------------------------------------------- */

static void the_rest_is_counted(void **state)
{
    (void)state;
    struct scene scene = plain();
    struct anomaly_verdict anomaly = refused();
    struct connection_verdict v = connection_of(&anomaly);
    scene.options.worst = 3;
    scene.summary.anomalies[RULE_CONNECTION_REFUSED][SEVERITY_NOTICE] = 1500;
    scene.summary.connections = 1500;
    begin(&scene);
    for (unsigned i = 0; i < 1500; i++) {
        v.first_frame = frame_ref_of(0, 1 + i);
        assert_true(report_connection(scene.report, &v));
    }
    assert_int_equal(report_wanted_count(scene.report), 3);
    char *page = end(&scene);
    size_t rows = 0;
    for (const char *at = page; (at = strstr(at, "<tr class=\"row\"")); at++)
        rows++;
    assert_int_equal(rows, 3);
    expect_text(page, "The worst 3 of 1,500 are listed (--worst). Not listed: connection_refused "
                      "1,497.");
    free(page);
}

static void only_html_wants_packets(void **state)
{
    (void)state;
    struct scene scene = plain();
    scene.options.format = REPORT_TEXT;
    scene.options.style.columns = 80;
    struct anomaly_verdict anomaly = refused();
    struct connection_verdict v = connection_of(&anomaly);
    begin(&scene);
    assert_true(report_connection(scene.report, &v));
    assert_int_equal(report_wanted_count(scene.report), 0);
    assert_true(report_without_ladders(scene.report, "whatever"));
    free(end(&scene));
}

/* Whatever verdicts the doors allow: a page, of bounded size, without a control character. */
static void random_verdicts(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        static struct random_source source;
        struct scene scene = plain();
        source.state = seed;
        scene.options.min_severity = SEVERITY_INFO;
        scene.options.worst = 40;
        assert_true(random_findings(&source, &scene.findings, (uint32_t)seed));
        begin(&scene);
        for (unsigned i = 0; i < 60; i++) {
            struct connection_verdict v;
            random_verdict(&source, &v);
            assert_true(report_connection(scene.report, &v));
        }
        for (unsigned i = 0; i < 20; i++) {
            struct anomaly_verdict anomaly;
            random_host_anomaly(&source, &anomaly);
            assert_true(report_anomaly(scene.report, &anomaly));
        }
        for (unsigned i = 0; i < 900; i++) {
            struct sample_verdict sample;
            random_sample(&source, &sample);
            assert_true(report_sample(scene.report, &sample));
        }
        for (unsigned i = 0; i < 10; i++) {
            struct host_verdict host;
            random_host(&source, &host);
            assert_true(report_host(scene.report, &host));
        }
        size_t wanted = report_wanted_count(scene.report);
        for (unsigned i = 0; wanted && i < 3000; i++) {
            struct segment segment = {.frame = frame_ref_of(0, i),
                                      .time_ns = i % 7 ? (int64_t)i * 1000 : TIME_UNKNOWN};
            segment.flags = (uint16_t)(i * 37 % 64);
            segment.seq = i * 2654435761u;
            assert_true(report_segment(scene.report, i % wanted, &segment,
                                       i & 1 ? ROLE_CLIENT : ROLE_SERVER, i % SEGMENT_CLASSES));
        }
        random_summary(&source, &scene.summary);
        char *page = end(&scene);
        assert_true(strlen(page) < 5 * 1024 * 1024);
        for (const char *at = page; *at; at++)
            assert_true(*at == '\n' || (unsigned char)*at >= ' ');
        expect_text(page, "</html>\n");
        free(page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(style_and_script_are_what_the_policy_says),
        cmocka_unit_test(hostile_texts),
        cmocka_unit_test(a_ladder),
        cmocka_unit_test(a_long_ladder),
        cmocka_unit_test(without_ladders),
        cmocka_unit_test(the_rest_is_counted),
        cmocka_unit_test(only_html_wants_packets),
        cmocka_unit_test(random_verdicts),
    };
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
