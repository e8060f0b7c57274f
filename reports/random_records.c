/* Writes reports of random verdicts to standard output, to be checked against the schema:
 * random_records ndjson|json CONNECTIONS FILES SEED. */
#include "reports/random_verdict.h"
#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct report_setting settings[] = {
    {"two_msl_ns", SETTING_INTEGER, INT64_C(60000000000), NULL},
    {"vlan_in_key", SETTING_BOOLEAN, 1, NULL},
    {"filter", SETTING_TEXT, 0, "tcp port 80 \xff"},
};

static bool write_samples(struct random_source *source, struct report *report, unsigned long count)
{
    struct sample_verdict sample;
    for (unsigned long i = 0; i < count; i++) {
        random_sample(source, &sample);
        if (!report_sample(report, &sample))
            return false;
    }
    return true;
}

static bool write_hosts(struct random_source *source, struct report *report, unsigned long count)
{
    struct host_verdict host;
    for (unsigned long i = 0; i < count; i++) {
        random_host(source, &host);
        if (!report_host(report, &host))
            return false;
    }
    return true;
}

static bool write_all(struct random_source *source, struct report *report, unsigned long count,
                      bool complete)
{
    struct connection_verdict verdict;
    for (unsigned long i = 0; i < count; i++) {
        random_verdict(source, &verdict);
        if (!report_connection(report, &verdict))
            return false;
    }
    struct anomaly_verdict anomaly;
    for (unsigned long i = 0; i < count / 8; i++) {
        random_host_anomaly(source, &anomaly);
        if (!report_anomaly(report, &anomaly))
            return false;
    }
    bool told =
        report_hosts_first(report)
            ? write_hosts(source, report, count / 4) && write_samples(source, report, count)
            : write_samples(source, report, count) && write_hosts(source, report, count / 4);
    if (!told)
        return false;
    struct summary_verdict summary;
    random_summary(source, &summary);
    return report_finish(report, &summary, complete);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: random_records ndjson|json CONNECTIONS FILES SEED\n");
        return EXIT_FAILURE;
    }
    static struct random_source source;
    source.state = strtoul(argv[4], NULL, 10);
    struct report_options options = {
        .format = strcmp(argv[1], "json") == 0 ? REPORT_JSON : REPORT_NDJSON,
        .connections = strcmp(argv[2], "0") != 0,
        .observer = source.state % 2 ? "tap \xe2\x80\xae 1" : NULL,
        .settings = settings,
        .setting_count = sizeof settings / sizeof *settings,
    };
    char error[512] = "out of memory";
    struct capture_findings findings;
    struct output *output = NULL;
    struct report *report = NULL;
    bool ok = random_findings(&source, &findings, (uint32_t)strtoul(argv[3], NULL, 10));
    if (ok) {
        output = output_open(NULL, error, sizeof error);
        ok = output != NULL;
    }
    if (ok) {
        report = report_create(&options, &findings, output, error, sizeof error);
        ok = report && write_all(&source, report, strtoul(argv[2], NULL, 10), source.state % 2);
    }
    if (output)
        ok = output_commit(output, error, sizeof error) && ok;
    report_destroy(report);
    findings_finish(&findings);
    if (!ok)
        fprintf(stderr, "random_records: %s\n", error);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
