/*
 * The findings in their order, each with an example. Of one rule only the first few services are
 * told one by one: a scan finds the same at hundreds.
 */
#include "reports/text_clean.h"
#include "reports/text_report.h"
#include "reports/text_words.h"

#include <string.h>

enum { INDENT = 10, FINDINGS_SHOWN = 15, SHOWN_OF_A_RULE = 3 };

static void add_frames(struct sentence *sentence, const struct text_report *report,
                       const struct example *example)
{
    sentence_add(sentence, example->frame_total == 1 ? "frame" : "frames");
    for (uint32_t i = 0; i < example->frame_count; i++) {
        sentence_add(sentence, i ? ", " : " ");
        sentence_add_count(sentence, frame_number(example->frames[i]));
    }
    if (example->frame_total > example->frame_count) {
        sentence_add(sentence, " and ");
        words_number(sentence, example->frame_total - example->frame_count);
        sentence_add(sentence, " more");
    }
    uint32_t file = frame_file(example->frames[0]);
    if (report->findings->file_count > 1 && file < report->findings->file_count) {
        char name[SENTENCE_BYTES / 2];
        const char *raw = report->findings->files[file].name;
        text_clean(name, sizeof name, raw, strlen(raw));
        sentence_add(sentence, " of ");
        sentence_add(sentence, name);
    }
}

static void put_example(struct text_report *report, const struct finding *finding)
{
    const struct example *example = examples_find(&report->examples, finding);
    if (!example)
        return;
    struct sentence line = {0};
    sentence_add(&line, finding->count > 1 ? "First: " : "");
    sentence_add(&line, example->sentence);
    sentence_add(&line, " (");
    if (example->frame_count) {
        add_frames(&line, report, example);
        sentence_add(&line, "; ");
    }
    sentence_add(&line, confidence_name(example->confidence));
    sentence_add(&line, ")");
    page_paragraph(&report->page, INDENT, TONE_PLAIN, "", line.text);
}

static void put_finding(struct text_report *report, const struct finding *finding)
{
    static const char *const labels[SEVERITIES] = {
        [SEVERITY_INFO] = "info",
        [SEVERITY_NOTICE] = "notice",
        [SEVERITY_WARNING] = "WARNING",
        [SEVERITY_CRITICAL] = "CRITICAL",
    };
    struct sentence line;
    sentence_of_finding(&line, finding);
    if (finding->start_ns != TIME_UNKNOWN) {
        sentence_add(&line, " ");
        words_span(&line, finding->start_ns, finding->end_ns);
        sentence_add(&line, ".");
    }
    sentence_add(&line, " [");
    sentence_add(&line, rule_table[finding->rule].id);
    sentence_add(&line, "]");
    page_paragraph(&report->page, INDENT, tone_of_severity(finding->severity),
                   labels[finding->severity], line.text);
    put_example(report, finding);
}

static void put_heading(struct text_report *report, const struct summary_verdict *summary)
{
    struct sentence heading = {0};
    const char *between = "Findings: ";
    for (unsigned severity = SEVERITIES - 1; severity >= SEVERITY_INFO; severity--) {
        uint64_t count = text_anomalies(report, summary, severity);
        if (!count)
            continue;
        sentence_add(&heading, between);
        words_number(&heading, count);
        sentence_add(&heading, " ");
        sentence_add(&heading, severity_name(severity));
        between = ", ";
    }
    page_heading(&report->page, heading.text);
}

static void put_nothing(struct text_report *report, const struct summary_verdict *summary)
{
    struct sentence line = {0};
    uint64_t below = 0;
    for (unsigned rule = 0; rule < RULES; rule++) {
        for (unsigned severity = 0; severity < report->options->min_severity; severity++)
            below += report->options->rule_left_out[rule] ? 0 : summary->anomalies[rule][severity];
    }
    sentence_add(&line,
                 summary->connections ? "Nothing found" : "No TCP connection: nothing found");
    if (report->options->min_severity > SEVERITY_INFO) {
        sentence_add(&line, " of severity ");
        sentence_add(&line, severity_name(report->options->min_severity));
        sentence_add(&line, " or above");
    }
    if (below) {
        sentence_add(&line, " (below it: ");
        words_number(&line, below);
        sentence_add(&line, ", see --min-severity)");
    }
    sentence_add(&line, report->pressed_count ? "." : ", and no host under pressure.");
    page_newline(&report->page);
    page_paragraph(&report->page, 0, TONE_STRONG, "", line.text);
}

/* What was not told, counted by rule. */
static void put_rest(struct text_report *report, const struct summary_verdict *summary,
                     const uint64_t told[RULES])
{
    struct sentence line = {0};
    const char *between = "Not told one by one: ";
    for (unsigned rule = 0; rule < RULES; rule++) {
        uint64_t all = text_anomalies_of(report, summary, rule);
        if (all <= told[rule])
            continue;
        sentence_add(&line, between);
        sentence_add(&line, rule_table[rule].id);
        sentence_add(&line, " ");
        words_number(&line, all - told[rule]);
        sentence_add(&line, told[rule] ? " more" : "");
        between = ", ";
    }
    if (!line.length)
        return;
    sentence_add(&line, ".");
    page_paragraph(&report->page, INDENT, TONE_PLAIN, "", line.text);
}

void text_findings(struct text_report *report, const struct summary_verdict *summary)
{
    uint64_t told[RULES] = {0};
    unsigned shown_of[RULES] = {0};
    unsigned shown = 0;
    for (uint32_t i = 0; i < summary->finding_count && shown < FINDINGS_SHOWN; i++) {
        const struct finding *finding = &summary->findings[i];
        if (!report_speaks_of(report->options, finding->rule, finding->severity) ||
            shown_of[finding->rule] == SHOWN_OF_A_RULE)
            continue;
        if (!shown)
            put_heading(report, summary);
        put_finding(report, finding);
        told[finding->rule] += finding->count;
        shown_of[finding->rule]++;
        shown++;
    }
    if (shown)
        put_rest(report, summary, told);
    else
        put_nothing(report, summary);
}
