#include "reports/report.h"

#include "reports/anomaly_record.h"
#include "reports/connection_record.h"
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
    bool any_connection, any_anomaly;
    struct record_context context;
    struct json_writer writer;
};

struct report *report_create(const struct report_options *options,
                             const struct capture_findings *findings, struct output *output,
                             char *error, size_t error_bytes)
{
    struct report *report = malloc(sizeof *report);
    if (!report) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    report->options = options;
    report->output = output;
    report->waiting_anomalies = NULL;
    report->any_connection = report->any_anomaly = false;
    record_context_init(&report->context, findings, options->observer);
    json_writer_init(&report->writer, output);

    if (options->format == REPORT_JSON) {
        if (options->connections) {
            report->waiting_anomalies = output_spool(error, error_bytes);
            if (!report->waiting_anomalies) {
                free(report);
                return NULL;
            }
        }
        output_text(output, "{\"schema\":\"" SCHEMA "\"");
        output_text(output, options->connections ? ",\n\"connections\":[" : ",\n\"anomalies\":[");
    }
    return report;
}

void report_destroy(struct report *report)
{
    if (!report)
        return;
    output_discard(report->waiting_anomalies);
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
           (!report->waiting_anomalies || output_ok(report->waiting_anomalies));
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
    if (report->options->connections) {
        output_text(output, report->any_connection ? "\n]" : "]");
        output_text(output, ",\n\"anomalies\":[");
        output_append(output, report->waiting_anomalies);
    }
    output_text(output, report->any_anomaly ? "\n]" : "]");
    output_text(output, ",\n\"hosts\":[],\n\"samples\":[],\n\"capture\":");
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
