/*
 * The page for browsers: what is gathered while verdicts pass, and the sections made of it, each a
 * file of its own. Inside the room only. Memory is bounded, whatever the capture holds.
 */
#ifndef FINWAIT_REPORTS_HTML_REPORT_H
#define FINWAIT_REPORTS_HTML_REPORT_H

#include "reports/html_curves.h"
#include "reports/html_page.h"
#include "reports/html_worst.h"
#include "reports/told.h"

struct html_report {
    struct html html;
    struct told told;
    struct html_curves curves;
    struct html_bins bins;
    struct html_worst worst;
    struct told_entries entries;
    bool closed;           /* no verdict comes any more */
    char *no_ladders;      /* why there are none, a clean sentence (owned), or NULL */
    bool rule_told[RULES]; /* somewhere on the page: its text stands at the end */
};

/* The sections, in their order. */
void html_head(struct html_report *report, const struct summary_verdict *summary, bool complete);
void html_findings(struct html_report *report, const struct summary_verdict *summary);
void html_timeline(struct html_report *report, const struct summary_verdict *summary);
void html_hosts(struct html_report *report);
void html_services(struct html_report *report, const struct summary_verdict *summary);
void html_anomalies(struct html_report *report, const struct summary_verdict *summary);
/* False when memory ran out. */
bool html_cases(struct html_report *report);
bool html_has_ladder(const struct html_report *report, const struct worst_item *item);
/* False when memory ran out. */
bool html_ladder(struct html_report *report, const struct worst_item *item);
/* What the drawings use, and what they mean. Once, before the first. */
void html_ladder_legend(struct html_report *report);
void html_quality(struct html_report *report, const struct summary_verdict *summary);
void html_rules(struct html_report *report);
void html_options(struct html_report *report, const struct summary_verdict *summary);

/* Pieces that recur. */
void html_severity(struct html *html, enum severity severity);
/* A link to the rule's text, which then stands on the page. */
void html_rule(struct html_report *report, enum rule_id rule);
/* Where a case stands: "case-12" of the 13th. */
void html_case_id(struct html *html, uint32_t item);
void html_frame(struct html_report *report, frame_ref frame);
/* "10:00:01.234567", of a known time. */
void html_clock(struct html *html, int64_t at_ns);
/* The same, with the whole time behind it; also an unknown one. */
void html_time(struct html *html, int64_t at_ns);
/* The axis of a chart: lines across from `top` to `bottom` with their times below. Tenths. */
struct html_axis;
void html_axis_ticks(struct html *html, const struct html_axis *axis, unsigned most, int64_t top,
                     int64_t bottom);

#endif
