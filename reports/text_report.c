#include "reports/text_report.h"

#include "reports/text_words.h"

#include <stdio.h>
#include <stdlib.h>

static void *create(const struct report_inputs *inputs, char *error, size_t error_bytes)
{
    struct text_report *report = calloc(1, sizeof *report);
    if (!report) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    report->options = inputs->options;
    report->findings = inputs->findings;
    report->page = (struct text_page){inputs->output, inputs->options->style};
    return report;
}

static void destroy(void *report)
{
    struct text_report *text = report;
    if (!text)
        return;
    examples_finish(&text->examples);
    free(text);
}

static const char *by_whom(const struct connection_verdict *v)
{
    switch (v->close.by) {
    case ROLE_CLIENT:
        return " by client";
    case ROLE_SERVER:
        return " by server";
    default:
        return "";
    }
}

static void put_connection(struct text_report *report, const struct connection_verdict *v)
{
    struct sentence label, line;
    sentence_init(&label);
    words_time(&label, v->start_ns);
    sentence_init(&line);
    sentence_add_service(&line, v->client.address, v->client.port);
    sentence_add(&line, " > ");
    sentence_add_service(&line, v->server.address, v->server.port);
    sentence_add(&line, ": ");
    sentence_add(&line, v->close.kind == CLOSE_NONE ? handshake_name(v->handshake)
                                                    : close_kind_name(v->close.kind));
    sentence_add(&line, by_whom(v));
    sentence_add(&line, ", ");
    sentence_add(&line, tcp_state_name(v->client.state));
    sentence_add(&line, " / ");
    sentence_add(&line, tcp_state_name(v->server.state));
    if (!report->any_connection)
        page_put(&report->page, TONE_STRONG,
                 "Connections (start, UTC; client > server: how it ended, states at the end)\n");
    report->any_connection = true;
    page_paragraph(&report->page, label.length + 2, TONE_FAINT, label.text, line.text);
}

static bool connection(void *report, const struct connection_verdict *verdict)
{
    struct text_report *text = report;
    for (unsigned caveat = 0; caveat < CAVEATS; caveat++)
        text->caveats[caveat] += verdict->caveats >> caveat & 1;
    if (text->options->connections)
        put_connection(text, verdict);
    return output_ok(text->page.output);
}

static bool anomaly(void *report, const struct anomaly_verdict *verdict,
                    const struct connection_verdict *about)
{
    struct text_report *text = report;
    return examples_take(&text->examples, verdict, about);
}

static bool sample(void *report, const struct sample_verdict *verdict)
{
    (void)report;
    (void)verdict;
    return true;
}

static bool host(void *report, const struct host_verdict *verdict)
{
    text_host_take(report, verdict);
    return true;
}

static bool finish(void *report, const struct summary_verdict *summary, bool complete)
{
    struct text_report *text = report;
    if (text->any_connection)
        page_newline(&text->page);
    text_capture(text, summary, complete);
    const struct finding *first = text_findings(text, summary);
    text_services(text, summary);
    text_hosts(text);
    text_quality(text, summary);
    text_next(text, summary, first);
    return output_ok(text->page.output);
}

uint64_t text_anomalies_of(const struct text_report *report, const struct summary_verdict *summary,
                           enum rule_id rule)
{
    uint64_t sum = 0;
    for (unsigned severity = 0; severity < SEVERITIES; severity++) {
        if (report_speaks_of(report->options, rule, severity))
            sum += summary->anomalies[rule][severity];
    }
    return sum;
}

uint64_t text_anomalies(const struct text_report *report, const struct summary_verdict *summary,
                        enum severity severity)
{
    uint64_t sum = 0;
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (report_speaks_of(report->options, rule, severity))
            sum += summary->anomalies[rule][severity];
    }
    return sum;
}

uint64_t text_anomalies_below(const struct text_report *report,
                              const struct summary_verdict *summary)
{
    uint64_t sum = 0;
    for (unsigned rule = 0; rule < RULES; rule++) {
        for (unsigned severity = 0; severity < report->options->min_severity; severity++)
            sum += report->options->rule_left_out[rule] ? 0 : summary->anomalies[rule][severity];
    }
    return sum;
}

const struct report_calls report_as_text = {
    .create = create,
    .destroy = destroy,
    .connection = connection,
    .anomaly = anomaly,
    .sample = sample,
    .host = host,
    .finish = finish,
};
