/*
 * The report as one JSON document.
 */
#include "reports/anomaly_record.h"
#include "reports/connection_record.h"
#include "reports/host_record.h"
#include "reports/report_format.h"
#include "reports/sample_record.h"
#include "reports/summary_record.h"

#include <stdio.h>
#include <stdlib.h>

#define SCHEMA "finwait-report-1"

struct document {
    const struct report_options *options;
    struct output *output;
    /* The anomalies follow the connections, but are found among them: they wait here. NULL where
     * they need not wait. */
    struct output *waiting_anomalies;
    bool any_connection, any_anomaly, any_sample, any_host;
    bool among_hosts;   /* what stands before the hosts is complete, */
    bool among_samples; /* and the hosts */
    struct record_context context;
    struct json_writer writer;
};

static bool begin(struct document *document, char *error, size_t error_bytes)
{
    bool connections = document->options->connections;
    if (connections) {
        document->waiting_anomalies = output_spool(error, error_bytes);
        if (!document->waiting_anomalies)
            return false;
    }
    output_text(document->output, "{\"schema\":\"" SCHEMA "\"");
    output_text(document->output, connections ? ",\n\"connections\":[" : ",\n\"anomalies\":[");
    return true;
}

static void destroy(void *report)
{
    struct document *document = report;
    if (!document)
        return;
    output_discard(document->waiting_anomalies);
    free(document);
}

static void *create(const struct report_inputs *inputs, char *error, size_t error_bytes)
{
    struct document *document = malloc(sizeof *document);
    if (!document) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    *document = (struct document){.options = inputs->options, .output = inputs->output};
    record_context_init(&document->context, inputs->findings, inputs->options->observer);
    json_writer_init(&document->writer, inputs->output);
    if (!begin(document, error, error_bytes)) {
        destroy(document);
        return NULL;
    }
    return document;
}

/* Between the records of an array. */
static void begin_record(struct document *document, struct output *output, bool *any)
{
    output_text(output, *any ? ",\n" : "\n");
    *any = true;
    document->writer.output = output;
    document->writer.comma = false;
}

static bool end_record(struct document *document)
{
    json_flush(&document->writer);
    return output_ok(document->output) &&
           (!document->waiting_anomalies || output_ok(document->waiting_anomalies));
}

static bool connection(void *report, const struct connection_verdict *verdict)
{
    struct document *document = report;
    if (!document->options->connections)
        return true;
    begin_record(document, document->output, &document->any_connection);
    connection_record(&document->writer, &document->context, verdict);
    return end_record(document);
}

static bool anomaly(void *report, const struct anomaly_verdict *verdict,
                    const struct connection_verdict *about)
{
    struct document *document = report;
    struct output *output =
        document->waiting_anomalies ? document->waiting_anomalies : document->output;
    begin_record(document, output, &document->any_anomaly);
    anomaly_record(&document->writer, &document->context, verdict, about);
    return end_record(document);
}

static void end_array(struct output *output, bool any)
{
    output_text(output, any ? "\n]" : "]");
}

/* Ends what stands before the hosts. */
static void go_among_hosts(struct document *document)
{
    struct output *output = document->output;
    if (document->among_hosts)
        return;
    document->among_hosts = true;
    if (document->options->connections) {
        end_array(output, document->any_connection);
        output_text(output, ",\n\"anomalies\":[");
        output_append(output, document->waiting_anomalies);
    }
    end_array(output, document->any_anomaly);
    output_text(output, ",\n\"hosts\":[");
}

static bool host(void *report, const struct host_verdict *verdict)
{
    struct document *document = report;
    go_among_hosts(document);
    begin_record(document, document->output, &document->any_host);
    host_record(&document->writer, &document->context, verdict);
    return end_record(document);
}

/* Ends what stands before the samples. */
static void go_among_samples(struct document *document)
{
    if (document->among_samples)
        return;
    go_among_hosts(document);
    document->among_samples = true;
    end_array(document->output, document->any_host);
    output_text(document->output, ",\n\"samples\":[");
}

static bool sample(void *report, const struct sample_verdict *verdict)
{
    struct document *document = report;
    go_among_samples(document);
    begin_record(document, document->output, &document->any_sample);
    sample_record(&document->writer, &document->context, verdict, document->options->rule_left_out);
    return end_record(document);
}

static bool finish(void *report, const struct summary_verdict *summary, bool complete)
{
    struct document *document = report;
    struct output *output = document->output;
    go_among_samples(document);
    end_array(output, document->any_sample);
    output_text(output, ",\n\"capture\":");
    bool ok = record_dump(output, capture_record(&document->context));
    output_text(output, ",\n\"summary\":");
    ok = record_dump(output, summary_record(&document->context, document->options, summary,
                                            complete, capture_reference(&document->context))) &&
         ok;
    output_text(output, "}\n");
    return ok && output_ok(output);
}

const struct report_calls report_as_document = {
    .create = create,
    .destroy = destroy,
    .connection = connection,
    .anomaly = anomaly,
    .sample = sample,
    .host = host,
    .finish = finish,
    .hosts_first = true,
};
