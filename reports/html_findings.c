/*
 * The findings in their order: what was found, an example, and what to do about it.
 */
#include "reports/html_report.h"
#include "reports/text_words.h"

enum { SHOWN = 40 };

/* How many of its anomalies are in the table. */
static uint32_t listed_of(const struct html_report *report, enum rule_id rule)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < report->worst.count; i++)
        count += report->worst.items[i]->anomaly.rule == rule;
    return count;
}

static void put_entry(struct html_report *report, const struct summary_verdict *summary,
                      const struct told_entry *entry)
{
    struct html *html = &report->html;
    struct sentence line;
    enum rule_id rule = entry->first->rule;
    html_put(html, "<li>");
    html_severity(html, entry->first->severity);
    html_put(html, "<div><p class=\"head\">");
    told_entry(&line, summary, entry);
    html_text(html, line.text);
    html_put(html, "</p>");
    if (told_example(&line, &report->told, summary, entry)) {
        html_put(html, "<p class=\"example\">");
        html_text(html, line.text);
        html_put(html, "</p>");
    }
    html_put(html, "<p class=\"more\">What it means and what to check: ");
    html_rule(report, rule);
    uint32_t listed = listed_of(report, rule);
    if (listed) {
        html_put(html, ". <a href=\"#anomalies\" data-rule=\"");
        html_text(html, rule_table[rule].id);
        html_put(html, "\">");
        html_number(html, listed);
        html_put(html, " in the table</a>");
    }
    html_put(html, ".</p></div></li>\n");
}

void html_findings(struct html_report *report, const struct summary_verdict *summary)
{
    struct html *html = &report->html;
    struct sentence line;
    uint64_t counted[RULES] = {0};
    html_put(html, "<section id=\"findings\">\n<h2>Findings");
    if (!report->entries.count) {
        html_put(html, "</h2>\n<p>");
        told_nothing(&line, &report->told, summary);
        html_text(html, line.text);
        html_put(html, "</p>\n</section>\n");
        return;
    }
    html_put(html, " <small>");
    told_severities(&line, &report->told, summary);
    html_text(html, line.text);
    html_put(html, "</small></h2>\n<ol class=\"findings\">\n");
    for (uint32_t i = 0; i < report->entries.count && i < SHOWN; i++) {
        put_entry(report, summary, &report->entries.entry[i]);
        counted[report->entries.entry[i].first->rule] += report->entries.entry[i].count;
    }
    html_put(html, "</ol>\n");
    told_rest(&line, &report->told, summary, counted);
    if (line.length) {
        html_put(html, "<p class=\"note\">");
        html_text(html, line.text);
        html_put(html, "</p>\n");
    }
    html_put(html, "</section>\n");
}
