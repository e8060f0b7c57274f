#include "reports/report.h"

#include "reports/anomaly_record.h"
#include "reports/connection_record.h"
#include "reports/host_record.h"
#include "reports/sample_record.h"
#include "reports/summary_record.h"

#include <stdio.h>
#include <stdlib.h>

#define SCHEMA "finwait-report-1"

struct report {
    const struct report_options *options;
    struct output *output;
    /* In a document the anomalies follow the connections, but are found among them: they wait
     * here. NULL where they need not wait. */
    struct output *waiting_anomalies;
    struct output *waiting_samples; /* likewise: they come before the hosts and stand after them */
    bool any_connection, any_anomaly, any_sample, any_host;
    bool among_hosts; /* a document in which what stands before the hosts is complete */
    struct record_context context;
    struct json_writer writer;
};

static bool begin_document(struct report *report, char *error, size_t error_bytes)
{
    bool connections = report->options->connections;
    report->waiting_samples = output_spool(error, error_bytes);
    if (!report->waiting_samples)
        return false;
    if (connections) {
        report->waiting_anomalies = output_spool(error, error_bytes);
        if (!report->waiting_anomalies)
            return false;
    }
    output_text(report->output, "{\"schema\":\"" SCHEMA "\"");
    output_text(report->output, connections ? ",\n\"connections\":[" : ",\n\"anomalies\":[");
    return true;
}

struct report *report_create(const struct report_options *options,
                             const struct capture_findings *findings, struct output *output,
                             char *error, size_t error_bytes)
{
    struct report *report = malloc(sizeof *report);
    if (!report) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    *report = (struct report){.options = options, .output = output};
    record_context_init(&report->context, findings, options->observer);
    json_writer_init(&report->writer, output);
    if (options->format == REPORT_JSON && !begin_document(report, error, error_bytes)) {
        report_destroy(report);
        return NULL;
    }
    return report;
}

void report_destroy(struct report *report)
{
    if (!report)
        return;
    output_discard(report->waiting_anomalies);
    output_discard(report->waiting_samples);
    free(report);
}

bool report_speaks_of(const struct report_options *options, enum rule_id rule,
                      enum severity severity)
{
    return severity >= options->min_severity && !options->rule_left_out[rule];
}

/* Between the records of a document's array, or at a line's end. */
static void begin_record(struct report *report, struct output *output, bool *any)
{
    if (report->options->format == REPORT_JSON)
        output_text(output, *any ? ",\n" : "\n");
    *any = true;
    report->writer.output = output;
    report->writer.comma = false;
}

static void end_record(struct report *report, struct output *output)
{
    json_flush(&report->writer);
    if (report->options->format == REPORT_NDJSON)
        output_text(output, "\n");
}

static void write_anomaly(struct report *report, const struct anomaly_verdict *anomaly,
                          const struct connection_verdict *connection)
{
    if (!report_speaks_of(report->options, anomaly->rule, anomaly->severity))
        return;
    struct output *output = report->waiting_anomalies ? report->waiting_anomalies : report->output;
    begin_record(report, output, &report->any_anomaly);
    anomaly_record(&report->writer, &report->context, anomaly, connection);
    end_record(report, output);
}

static bool outputs_ok(const struct report *report)
{
    return output_ok(report->output) &&
           (!report->waiting_anomalies || output_ok(report->waiting_anomalies)) &&
           (!report->waiting_samples || output_ok(report->waiting_samples));
}

bool report_connection(struct report *report, const struct connection_verdict *verdict)
{
    if (report->options->connections) {
        begin_record(report, report->output, &report->any_connection);
        connection_record(&report->writer, &report->context, verdict);
        end_record(report, report->output);
    }
    for (uint32_t i = 0; i < verdict->anomaly_count; i++)
        write_anomaly(report, &verdict->anomalies[i], verdict);
    return outputs_ok(report);
}

bool report_anomaly(struct report *report, const struct anomaly_verdict *verdict)
{
    write_anomaly(report, verdict, NULL);
    return outputs_ok(report);
}

bool report_sample(struct report *report, const struct sample_verdict *verdict)
{
    struct output *output = report->waiting_samples ? report->waiting_samples : report->output;
    begin_record(report, output, &report->any_sample);
    sample_record(&report->writer, &report->context, verdict, report->options->rule_left_out);
    end_record(report, output);
    return outputs_ok(report);
}

static void end_array(struct output *output, bool any)
{
    output_text(output, any ? "\n]" : "]");
}

/* Of a document: ends what stands before the hosts. */
static void go_among_hosts(struct report *report)
{
    struct output *output = report->output;
    if (report->among_hosts)
        return;
    report->among_hosts = true;
    if (report->options->connections) {
        end_array(output, report->any_connection);
        output_text(output, ",\n\"anomalies\":[");
        output_append(output, report->waiting_anomalies);
    }
    end_array(output, report->any_anomaly);
    output_text(output, ",\n\"hosts\":[");
}

bool report_host(struct report *report, const struct host_verdict *verdict)
{
    if (report->options->format == REPORT_JSON)
        go_among_hosts(report);
    begin_record(report, report->output, &report->any_host);
    host_record(&report->writer, &report->context, verdict);
    end_record(report, report->output);
    return outputs_ok(report);
}

static int dump_piece(const char *bytes, size_t length, void *output)
{
    output_write(output, bytes, length);
    return 0;
}

/* Writes the tree and releases it. False when it is NULL or memory ran out. */
static bool dump(struct output *output, json_t *tree)
{
    bool ok = tree && json_dump_callback(tree, dump_piece, output, RECORD_DUMP_FLAGS) == 0;
    json_decref(tree);
    return ok;
}

static bool finish_lines(struct report *report, const struct summary_verdict *summary,
                         bool complete)
{
    bool ok = dump(report->output, summary_record(&report->context, report->options, summary,
                                                  complete, capture_record(&report->context)));
    output_text(report->output, "\n");
    return ok;
}

static bool finish_document(struct report *report, const struct summary_verdict *summary,
                            bool complete)
{
    struct output *output = report->output;
    go_among_hosts(report);
    end_array(output, report->any_host);
    output_text(output, ",\n\"samples\":[");
    output_append(output, report->waiting_samples);
    end_array(output, report->any_sample);
    output_text(output, ",\n\"capture\":");
    bool ok = dump(output, capture_record(&report->context));
    output_text(output, ",\n\"summary\":");
    ok = dump(output, summary_record(&report->context, report->options, summary, complete,
                                     capture_reference(&report->context))) &&
         ok;
    output_text(output, "}\n");
    return ok;
}

bool report_finish(struct report *report, const struct summary_verdict *summary, bool complete)
{
    bool ok = report->options->format == REPORT_JSON ? finish_document(report, summary, complete)
                                                     : finish_lines(report, summary, complete);
    return ok && output_ok(report->output);
}
