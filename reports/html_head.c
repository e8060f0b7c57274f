/*
 * What the page is about, and how the connections ended.
 */
#include "reports/html_assets.h"
#include "reports/html_report.h"
#include "reports/html_scale.h"
#include "reports/text_words.h"

#include <string.h>

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void put_names(struct html_report *report)
{
    const struct capture_findings *findings = report->told.findings;
    if (!findings->file_count)
        return;
    const char *name = base_name(findings->files[0].name);
    html_outside(&report->html, name, strlen(name));
    if (findings->file_count > 1) {
        struct sentence more = {0};
        sentence_add(&more, " and ");
        words_amount(&more, findings->file_count - 1, "more files");
        html_text(&report->html, more.text);
    }
}

static void put_start(struct html_report *report)
{
    struct html *html = &report->html;
    html_put(html, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"");
    html_put(html, html_policy);
    html_put(html, "\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<title>");
    put_names(report);
    html_put(html, " \xe2\x80\x93 finwait</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>");
    html_put_lines(html, html_style);
    html_put(html, "</style>\n</head>\n<body>\n");
}

/* ---- facts ---------------------------------------------------------------------------------- */

static void put_fact(void *context, const char *label, const char *text)
{
    struct html *html = context;
    bool alarm = strcmp(label, TOLD_INTERRUPTED) == 0;
    if (strcmp(label, TOLD_ENDS) == 0)
        return; /* drawn below */
    html_put(html, "<dt>");
    html_text(html, label);
    html_put(html, alarm ? "</dt><dd class=\"alarm\">" : "</dt><dd>");
    html_text(html, text);
    html_put(html, "</dd>\n");
}

/* ---- how they ended ------------------------------------------------------------------------- */

enum { BAR_WIDTH = 10000 };

static void put_kind(struct html *html, enum close_kind kind)
{
    html_put(html, "class=\"k-");
    html_text(html, close_kind_name(kind));
    html_put(html, "\"");
}

static void put_bar(struct html *html, const struct summary_verdict *summary)
{
    uint64_t before = 0;
    html_put(html,
             "<svg viewBox=\"0 0 10000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    for (unsigned i = 0; i < CLOSE_KINDS; i++) {
        enum close_kind kind = told_close_order[i];
        if (!summary->closes[kind])
            continue;
        int64_t from = scale_height(before, summary->connections, BAR_WIDTH);
        before += summary->closes[kind];
        int64_t to = scale_height(before, summary->connections, BAR_WIDTH);
        html_put(html, "<rect ");
        put_kind(html, kind);
        html_put(html, " y=\"0\" height=\"10\" x=\"");
        html_count(html, (uint64_t)from);
        html_put(html, "\" width=\"");
        html_count(html, (uint64_t)(to - from));
        html_put(html, "\"/>");
    }
    html_put(html, "</svg>\n");
}

static void put_legend(struct html *html, const struct summary_verdict *summary)
{
    html_put(html, "<ul class=\"legend\">\n");
    for (unsigned i = 0; i < CLOSE_KINDS; i++) {
        enum close_kind kind = told_close_order[i];
        struct sentence share = {0};
        if (!summary->closes[kind])
            continue;
        html_put(html,
                 "<li><svg class=\"swatch\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect ");
        put_kind(html, kind);
        html_put(html, " width=\"10\" height=\"10\"/></svg><b>");
        html_number(html, summary->closes[kind]);
        html_put(html, "</b> ");
        html_text(html, told_close_words[kind]);
        words_share(&share, summary->closes[kind], summary->connections);
        html_put(html, " <span>");
        html_text(html, share.text);
        html_put(html, "</span></li>\n");
    }
    html_put(html, "</ul>\n");
}

void html_head(struct html_report *report, const struct summary_verdict *summary, bool complete)
{
    struct html *html = &report->html;
    put_start(report);
    html_put(html,
             "<header>\n<p class=\"brand\"><b>finwait</b> how TCP connections ended</p>\n<h1>");
    put_names(report);
    html_put(html, "</h1>\n<dl class=\"facts\">\n");
    told_capture(&report->told, summary, complete, put_fact, html);
    html_put(html, "</dl>\n");
    if (summary->connections) {
        html_put(html, "<div class=\"ends\" id=\"ends\">\n");
        put_bar(html, summary);
        put_legend(html, summary);
        html_put(html, "</div>\n");
    }
    html_put(html, "<nav aria-label=\"Sections\"><a href=\"#findings\">Findings</a>"
                   "<a href=\"#timeline\">Timeline</a><a href=\"#hosts\">Hosts</a>"
                   "<a href=\"#services\">Services</a><a href=\"#anomalies\">Anomalies</a>"
                   "<a href=\"#quality\">Evidence</a><a href=\"#options\">Options</a>"
                   "<a href=\"#rules\">Rules</a></nav>\n</header>\n<main>\n");
}
