#include "reports/html_report.h"

#include "reports/html_assets.h"
#include "reports/html_scale.h"
#include "reports/text_clean.h"
#include "reports/time_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void destroy(void *report)
{
    struct html_report *html = report;
    if (!html)
        return;
    told_finish(&html->told);
    worst_finish(&html->worst);
    free(html->no_ladders);
    free(html);
}

static void *create(const struct report_inputs *inputs, char *error, size_t error_bytes)
{
    struct html_report *report = calloc(1, sizeof *report);
    if (report) {
        told_init(&report->told, inputs);
        report->html.output = inputs->output;
        if (worst_init(&report->worst, inputs->options->worst))
            return report;
        destroy(report);
    }
    snprintf(error, error_bytes, "out of memory");
    return NULL;
}

static bool connection(void *report, const struct connection_verdict *verdict)
{
    struct html_report *html = report;
    told_connection(&html->told, verdict);
    return true;
}

static bool anomaly(void *report, const struct anomaly_verdict *verdict,
                    const struct connection_verdict *about)
{
    struct html_report *html = report;
    bins_take(&html->bins, verdict->at_ns, verdict->severity);
    return examples_take(&html->told.examples, verdict, about) &&
           worst_take(&html->worst, verdict, about);
}

static bool sample(void *report, const struct sample_verdict *verdict)
{
    struct html_report *html = report;
    curves_take(&html->curves, verdict);
    return true;
}

static bool host(void *report, const struct host_verdict *verdict)
{
    struct html_report *html = report;
    told_host(&html->told, verdict);
    return true;
}

/* ---- packets for the ladders ---------------------------------------------------------------- */

static void close_worst(struct html_report *report)
{
    if (!report->closed)
        worst_close(&report->worst);
    report->closed = true;
}

static size_t wanted_count(void *report)
{
    struct html_report *html = report;
    close_worst(html);
    return html->worst.connection_count;
}

static const struct connection_verdict *wanted(void *report, size_t which)
{
    struct html_report *html = report;
    return html->worst.connections[which]->verdict;
}

static bool segment(void *report, size_t which, const struct segment *one, enum role from,
                    enum segment_class segment_class)
{
    struct html_report *html = report;
    struct worst_connection *about = html->worst.connections[which];
    if (!about->ladder)
        about->ladder = ladder_create(about->verdict);
    return about->ladder && ladder_add(about->ladder, one, from, segment_class);
}

static bool without_ladders(void *report, const char *why)
{
    struct html_report *html = report;
    char clean[TEXT_CLEAN_BYTES];
    text_clean(clean, sizeof clean, why, strlen(why));
    free(html->no_ladders);
    html->no_ladders = strdup(clean);
    return html->no_ladders;
}

/* ---- the page ------------------------------------------------------------------------------- */

static bool finish(void *report, const struct summary_verdict *summary, bool complete)
{
    struct html_report *html = report;
    told_entries(&html->told, summary, &html->entries);
    close_worst(html);
    worst_sort(&html->worst, &html->entries);
    html_head(html, summary, complete);
    html_findings(html, summary);
    html_timeline(html, summary);
    html_hosts(html);
    html_services(html, summary);
    html_anomalies(html, summary);
    bool drawn = html_cases(html);
    html_quality(html, summary);
    html_options(html, summary);
    html_rules(html);
    html_put(&html->html, "</main>\n<footer>finwait " FINWAIT_VERSION "</footer>\n<script>");
    html_put_lines(&html->html, html_script);
    html_put(&html->html, "</script>\n</body>\n</html>\n");
    return drawn && output_ok(html->html.output);
}

const struct report_calls report_as_html = {
    .create = create,
    .destroy = destroy,
    .connection = connection,
    .anomaly = anomaly,
    .sample = sample,
    .host = host,
    .wanted_count = wanted_count,
    .wanted = wanted,
    .segment = segment,
    .without_ladders = without_ladders,
    .finish = finish,
};

/* ---- pieces --------------------------------------------------------------------------------- */

void html_severity(struct html *html, enum severity severity)
{
    html_put(html, "<span class=\"sev ");
    html_text(html, severity_name(severity));
    html_put(html, "\">");
    html_text(html, severity_name(severity));
    html_put(html, "</span>");
}

void html_rule(struct html_report *report, enum rule_id rule)
{
    struct html *html = &report->html;
    report->rule_told[rule] = true;
    html_put(html, "<a class=\"rule\" href=\"#rule-");
    html_text(html, rule_table[rule].id);
    html_put(html, "\"><code>");
    html_text(html, rule_table[rule].id);
    html_put(html, "</code></a>");
}

void html_case_id(struct html *html, uint32_t item)
{
    html_put(html, "case-");
    html_count(html, (uint64_t)item + 1);
}

void html_frame(struct html_report *report, frame_ref frame)
{
    struct html *html = &report->html;
    if (report->told.findings->file_count > 1) {
        html_count(html, (uint64_t)frame_file(frame) + 1);
        html_put(html, ":");
    }
    html_count(html, frame_number(frame));
}

void html_clock(struct html *html, int64_t at_ns)
{
    enum { CLOCK_AT = 11, CLOCK_LENGTH = 15 };
    char text[TIME_TEXT_BYTES];
    struct time_cache cache = {0};
    time_text(&cache, at_ns, text);
    text[CLOCK_AT + CLOCK_LENGTH] = '\0';
    html_text(html, text + CLOCK_AT);
}

void html_time(struct html *html, int64_t at_ns)
{
    char text[TIME_TEXT_BYTES];
    struct time_cache cache = {0};
    if (at_ns == TIME_UNKNOWN) {
        html_put(html, "unknown");
        return;
    }
    time_text(&cache, at_ns, text);
    html_put(html, "<time datetime=\"");
    html_text(html, text);
    html_put(html, "\" title=\"");
    html_text(html, text);
    html_put(html, "\">");
    html_clock(html, at_ns);
    html_put(html, "</time>");
}

void html_axis_ticks(struct html *html, const struct html_axis *axis, unsigned most, int64_t top,
                     int64_t bottom)
{
    enum { LABEL_BELOW = 130, LABEL_WIDTH = 500 };
    struct html_ticks ticks;
    if (!axis_ticks(axis, most, &ticks))
        return;
    for (unsigned i = 0; i < ticks.count; i++) {
        int64_t at_ns = ticks.first_ns + (int64_t)i * ticks.step_ns;
        int64_t x = axis_place(axis, at_ns);
        struct sentence label;
        tick_label(&label, at_ns, ticks.step_ns);
        html_put(html, "<path class=\"tick\" d=\"M");
        html_tenths(html, x);
        html_put(html, " ");
        html_tenths(html, top);
        html_put(html, "V");
        html_tenths(html, bottom);
        bool first = x < axis->left + LABEL_WIDTH / 2;
        bool last = x > axis->left + axis->width - LABEL_WIDTH / 2;
        html_put(html, "\"/><text text-anchor=\"");
        html_put(html, first ? "start" : last ? "end" : "middle");
        html_put(html, "\" x=\"");
        html_tenths(html, x);
        html_put(html, "\" y=\"");
        html_tenths(html, bottom + LABEL_BELOW);
        html_put(html, "\">");
        html_text(html, label.text);
        html_put(html, "</text>");
    }
}
