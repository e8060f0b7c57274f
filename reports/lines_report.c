/*
 * The report in lines (NDJSON): every record is written when it comes.
 */
#include "reports/anomaly_record.h"
#include "reports/connection_record.h"
#include "reports/host_record.h"
#include "reports/report_format.h"
#include "reports/sample_record.h"
#include "reports/summary_record.h"

#include <stdio.h>
#include <stdlib.h>

struct lines {
    const struct report_options *options;
    struct output *output;
    struct record_context context;
    struct json_writer writer;
};

static void *create(const struct report_inputs *inputs, char *error, size_t error_bytes)
{
    struct lines *lines = malloc(sizeof *lines);
    if (!lines) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    *lines = (struct lines){.options = inputs->options, .output = inputs->output};
    record_context_init(&lines->context, inputs->findings, inputs->options->observer);
    json_writer_init(&lines->writer, inputs->output);
    return lines;
}

static bool end_line(struct lines *lines)
{
    json_flush(&lines->writer);
    output_text(lines->output, "\n");
    lines->writer.comma = false;
    return output_ok(lines->output);
}

static bool connection(void *report, const struct connection_verdict *verdict)
{
    struct lines *lines = report;
    if (!lines->options->connections)
        return true;
    connection_record(&lines->writer, &lines->context, verdict);
    return end_line(lines);
}

static bool anomaly(void *report, const struct anomaly_verdict *verdict,
                    const struct connection_verdict *about)
{
    struct lines *lines = report;
    anomaly_record(&lines->writer, &lines->context, verdict, about);
    return end_line(lines);
}

static bool sample(void *report, const struct sample_verdict *verdict)
{
    struct lines *lines = report;
    sample_record(&lines->writer, &lines->context, verdict, lines->options->rule_left_out);
    return end_line(lines);
}

static bool host(void *report, const struct host_verdict *verdict)
{
    struct lines *lines = report;
    host_record(&lines->writer, &lines->context, verdict);
    return end_line(lines);
}

static bool finish(void *report, const struct summary_verdict *summary, bool complete)
{
    struct lines *lines = report;
    bool ok = record_dump(lines->output, summary_record(&lines->context, lines->options, summary,
                                                        complete, capture_record(&lines->context)));
    output_text(lines->output, "\n");
    return ok && output_ok(lines->output);
}

const struct report_calls report_as_lines = {
    .create = create,
    .destroy = free,
    .connection = connection,
    .anomaly = anomaly,
    .sample = sample,
    .host = host,
    .finish = finish,
};
