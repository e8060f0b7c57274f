#include "reports/report.h"

#include "reports/report_format.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const struct report_calls *const formats[] = {
    [REPORT_JSON] = &report_as_document,
    [REPORT_NDJSON] = &report_as_lines,
    [REPORT_TEXT] = &report_as_text,
    [REPORT_HTML] = &report_as_html,
    [REPORT_OPENMETRICS] = &report_as_openmetrics,
};

struct report {
    const struct report_calls *calls;
    const struct report_options *options;
    void *format;
};

struct report *report_create(const struct report_options *options,
                             const struct capture_findings *findings, struct output *output,
                             char *error, size_t error_bytes)
{
    struct report_inputs inputs = {options, findings, output};
    json_object_seed(0); /* from a device, which may be out of reach later */
    struct report *report = malloc(sizeof *report);
    if (!report) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    *report = (struct report){.calls = formats[options->format], .options = options};
    report->format = report->calls->create(&inputs, error, error_bytes);
    if (!report->format) {
        free(report);
        return NULL;
    }
    return report;
}

void report_destroy(struct report *report)
{
    if (!report)
        return;
    report->calls->destroy(report->format);
    free(report);
}

bool report_speaks_of(const struct report_options *options, enum rule_id rule,
                      enum severity severity)
{
    return severity >= options->min_severity && !options->rule_left_out[rule];
}

bool report_hosts_first(const struct report *report)
{
    return report->calls->hosts_first;
}

static bool hand_anomaly(struct report *report, const struct anomaly_verdict *anomaly,
                         const struct connection_verdict *connection)
{
    return !report_speaks_of(report->options, anomaly->rule, anomaly->severity) ||
           report->calls->anomaly(report->format, anomaly, connection);
}

bool report_connection(struct report *report, const struct connection_verdict *verdict)
{
    bool ok = report->calls->connection(report->format, verdict);
    for (uint32_t i = 0; ok && i < verdict->anomaly_count; i++)
        ok = hand_anomaly(report, &verdict->anomalies[i], verdict);
    return ok;
}

bool report_anomaly(struct report *report, const struct anomaly_verdict *verdict)
{
    return hand_anomaly(report, verdict, NULL);
}

bool report_sample(struct report *report, const struct sample_verdict *verdict)
{
    return report->calls->sample(report->format, verdict);
}

bool report_host(struct report *report, const struct host_verdict *verdict)
{
    return report->calls->host(report->format, verdict);
}

size_t report_wanted_count(struct report *report)
{
    return report->calls->wanted_count ? report->calls->wanted_count(report->format) : 0;
}

const struct connection_verdict *report_wanted(struct report *report, size_t which)
{
    return report->calls->wanted(report->format, which);
}

bool report_segment(struct report *report, size_t which, const struct segment *segment,
                    enum role from, enum segment_class segment_class)
{
    return report->calls->segment(report->format, which, segment, from, segment_class);
}

bool report_without_ladders(struct report *report, const char *why)
{
    return !report->calls->without_ladders || report->calls->without_ladders(report->format, why);
}

bool report_finish(struct report *report, const struct summary_verdict *summary, bool complete)
{
    return report->calls->finish(report->format, summary, complete);
}
