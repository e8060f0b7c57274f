#include "reports/text_report.h"

#include "reports/text_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *create(const struct report_inputs *inputs, char *error, size_t error_bytes)
{
    struct text_report *report = calloc(1, sizeof *report);
    if (!report) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    told_init(&report->told, inputs);
    report->page = (struct text_page){inputs->output, inputs->options->style};
    return report;
}

static void destroy(void *report)
{
    struct text_report *text = report;
    if (!text)
        return;
    told_finish(&text->told);
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
    told_connection(&text->told, verdict);
    if (text->told.options->connections)
        put_connection(text, verdict);
    return output_ok(text->page.output);
}

static bool anomaly(void *report, const struct anomaly_verdict *verdict,
                    const struct connection_verdict *about)
{
    struct text_report *text = report;
    return examples_take(&text->told.examples, verdict, about);
}

static bool sample(void *report, const struct sample_verdict *verdict)
{
    (void)report;
    (void)verdict;
    return true;
}

static bool host(void *report, const struct host_verdict *verdict)
{
    struct text_report *text = report;
    told_host(&text->told, verdict);
    return true;
}

static void put_line(void *context, const char *label, const char *text)
{
    enum { INDENT = 14 };
    struct text_report *report = context;
    enum tone tone = strcmp(label, TOLD_INTERRUPTED) == 0 ? TONE_WARNING : TONE_FAINT;
    page_paragraph(&report->page, INDENT, tone, label, text);
}

/* Items below a heading that stands only where there is one. */
struct list {
    struct text_page *page;
    const char *heading;
    void (*put)(struct text_page *page, const char *text);
    bool any;
};

static void put_listed(void *context, const char *text)
{
    struct list *list = context;
    if (!list->any)
        page_heading(list->page, list->heading);
    list->any = true;
    list->put(list->page, text);
}

static void put_quality(struct text_report *report, const struct summary_verdict *summary)
{
    struct list notes = {.page = &report->page, "What weakens the evidence", page_item};
    told_quality(&report->told, summary, put_listed, &notes);
    if (notes.any)
        return;
    page_newline(&report->page);
    page_paragraph(&report->page, 0, TONE_PLAIN, "",
                   "Nothing was noticed in the capture that weakens the evidence.");
}

static bool finish(void *report, const struct summary_verdict *summary, bool complete)
{
    struct text_report *text = report;
    if (text->any_connection)
        page_newline(&text->page);
    told_capture(&text->told, summary, complete, put_line, text);
    const struct finding *first = text_findings(text, summary);
    text_services(text, summary);
    struct list hosts = {.page = &text->page, "Hosts under pressure", page_item};
    told_hosts(&text->told, put_listed, &hosts);
    put_quality(text, summary);
    struct list commands = {.page = &text->page, "What to run next", page_command};
    told_next(&text->told, summary, first, text->page.style.utf8, put_listed, &commands);
    return output_ok(text->page.output);
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
