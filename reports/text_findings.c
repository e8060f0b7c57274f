/*
 * The findings in their order, each with an example.
 */
#include "reports/text_report.h"

enum { INDENT = 10, ENTRIES_SHOWN = 15 };

static void put_entry(struct text_report *report, const struct summary_verdict *summary,
                      const struct told_entry *entry)
{
    static const char *const labels[SEVERITIES] = {
        [SEVERITY_INFO] = "info",
        [SEVERITY_NOTICE] = "notice",
        [SEVERITY_WARNING] = "WARNING",
        [SEVERITY_CRITICAL] = "CRITICAL",
    };
    const struct finding *first = entry->first;
    struct sentence line;
    told_entry(&line, summary, entry);
    sentence_add(&line, " [");
    sentence_add(&line, rule_table[first->rule].id);
    sentence_add(&line, "]");
    page_paragraph(&report->page, INDENT, tone_of_severity(first->severity),
                   labels[first->severity], line.text);
    if (told_example(&line, &report->told, summary, entry))
        page_paragraph(&report->page, INDENT, TONE_PLAIN, "", line.text);
}

static void put_heading(struct text_report *report, const struct summary_verdict *summary)
{
    struct sentence heading = {0}, severities;
    told_severities(&severities, &report->told, summary);
    sentence_add(&heading, "Findings: ");
    sentence_add(&heading, severities.text);
    page_heading(&report->page, heading.text);
}

const struct finding *text_findings(struct text_report *report,
                                    const struct summary_verdict *summary)
{
    struct told_entries entries;
    struct sentence line;
    uint64_t counted[RULES] = {0};
    told_entries(&report->told, summary, &entries);
    if (!entries.count) {
        told_nothing(&line, &report->told, summary);
        page_newline(&report->page);
        page_paragraph(&report->page, 0, TONE_STRONG, "", line.text);
        return NULL;
    }
    put_heading(report, summary);
    for (uint32_t i = 0; i < entries.count && i < ENTRIES_SHOWN; i++) {
        put_entry(report, summary, &entries.entry[i]);
        counted[entries.entry[i].first->rule] += entries.entry[i].count;
    }
    told_rest(&line, &report->told, summary, counted);
    if (line.length)
        page_paragraph(&report->page, 0, TONE_PLAIN, "", line.text);
    return entries.entry[0].first;
}
