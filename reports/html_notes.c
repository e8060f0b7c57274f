/*
 * What the reader should know besides: the quality of the evidence, the options in effect, the
 * rules' texts.
 */
#include "reports/html_report.h"

#include <string.h>

/* ---- quality -------------------------------------------------------------------------------- */

struct list {
    struct html *html;
    bool any;
};

static void put_item(void *context, const char *text)
{
    struct list *list = context;
    html_put(list->html, list->any ? "<li>" : "<ul class=\"list\">\n<li>");
    html_text(list->html, text);
    html_put(list->html, "</li>\n");
    list->any = true;
}

/* Frames of many files are told with the number of theirs. */
static void put_files(struct html_report *report)
{
    enum { NAMED = 1000 };
    struct html *html = &report->html;
    const struct capture_findings *findings = report->told.findings;
    if (findings->file_count < 2)
        return;
    html_put(html, "<details class=\"rule-text\"><summary>The files, by number</summary><ol "
                   "class=\"files\" id=\"files\">\n");
    for (uint32_t i = 0; i < findings->file_count && i < NAMED; i++) {
        html_put(html, "<li>");
        html_outside(html, findings->files[i].name, strlen(findings->files[i].name));
        html_put(html, "</li>\n");
    }
    html_put(html, "</ol>");
    if (findings->file_count > NAMED) {
        html_put(html, "<p class=\"note\">and ");
        html_number(html, findings->file_count - NAMED);
        html_put(html, " more.</p>");
    }
    html_put(html, "</details>\n");
}

void html_quality(struct html_report *report, const struct summary_verdict *summary)
{
    struct html *html = &report->html;
    struct list list = {.html = html};
    html_put(html, "<section id=\"quality\">\n<h2>What weakens the evidence</h2>\n");
    told_quality(&report->told, summary, put_item, &list);
    html_put(html, list.any ? "</ul>\n"
                            : "<p>Nothing was noticed in the capture that weakens the "
                              "evidence.</p>\n");
    put_files(report);
    html_put(html, "</section>\n");
}

/* ---- options -------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static void put_setting(struct html *html, const struct report_setting *setting)
{
    struct sentence value = {0};
    html_put(html, "<dt><code>");
    html_text(html, setting->name);
    html_put(html, "</code></dt><dd>");
    switch (setting->type) {
    case SETTING_INTEGER:
        if (ends_with(setting->name, "_ns") && setting->integer >= 0) {
            sentence_add_duration(&value, (uint64_t)setting->integer);
            html_text(html, value.text);
        } else {
            html_number(html, (uint64_t)setting->integer);
        }
        break;
    case SETTING_BOOLEAN:
        html_put(html, setting->integer ? "yes" : "no");
        break;
    case SETTING_TEXT:
        html_outside(html, setting->text, strlen(setting->text));
        break;
    }
    html_put(html, "</dd>\n");
}

static void put_command(void *context, const char *text)
{
    struct html *html = context;
    html_put(html, "<li><code>");
    html_text(html, text);
    html_put(html, "</code></li>\n");
}

void html_options(struct html_report *report, const struct summary_verdict *summary)
{
    struct html *html = &report->html;
    const struct report_options *options = report->told.options;
    html_put(html, "<section id=\"options\">\n<h2>Options in effect</h2>\n<dl class=\"settings\">\n"
                   "<dt><code>min_severity</code></dt><dd>");
    html_text(html, severity_name(options->min_severity));
    html_put(html, "</dd>\n");
    for (size_t i = 0; i < options->setting_count; i++)
        put_setting(html, &options->settings[i]);
    html_put(html, "</dl>\n</section>\n");
    if (!summary->connections)
        return;
    const struct finding *first = report->entries.count ? report->entries.entry[0].first : NULL;
    html_put(html, "<section id=\"next\">\n<h2>What to run next</h2>\n<ul class=\"commands\">\n");
    told_next(&report->told, summary, first, true, put_command, html);
    html_put(html, "</ul>\n</section>\n");
}

/* ---- rules ---------------------------------------------------------------------------------- */

static void put_text(struct html *html, const char *title, const char *text)
{
    html_put(html, "<dt>");
    html_text(html, title);
    html_put(html, "</dt><dd>");
    html_text(html, text);
    html_put(html, "</dd>");
}

/* The anchor lies inside, so that whoever follows a link finds it open. */
static void put_rule(struct html *html, const struct rule_info *rule)
{
    html_put(html, "<details class=\"rule-text\"><summary>");
    html_text(html, rule->name);
    html_put(html, " <code>");
    html_text(html, rule->id);
    html_put(html, "</code></summary><dl id=\"rule-");
    html_text(html, rule->id);
    html_put(html, "\">");
    put_text(html, "What it means", rule->means);
    put_text(html, "What to check next", rule->check);
    put_text(html, "Usual causes", rule->causes);
    put_text(html, "How it is recognised", rule->recognised);
    put_text(html, "Severity", rule->severity);
    put_text(html, "References", rule->references);
    html_put(html, "</dl></details>\n");
}

void html_rules(struct html_report *report)
{
    struct html *html = &report->html;
    bool any = false;
    html_put(html, "<section id=\"rules\">\n<h2>Rules that found something</h2>\n");
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (!report->rule_told[rule])
            continue;
        any = true;
        put_rule(html, &rule_table[rule]);
    }
    html_put(html, any ? "</section>\n" : "<p class=\"note\">None did.</p>\n</section>\n");
}
