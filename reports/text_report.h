/*
 * The page for people: what is gathered while verdicts pass, and the sections made of it. Inside
 * the room only. Memory is bounded, whatever the capture holds.
 */
#ifndef FINWAIT_REPORTS_TEXT_REPORT_H
#define FINWAIT_REPORTS_TEXT_REPORT_H

#include "reports/report_format.h"
#include "reports/text_examples.h"
#include "reports/text_page.h"

#define PRESSED_KEPT 8u

/* A host that bore much. */
struct pressed_host {
    uint8_t address[16];
    bool others; /* not one host */
    struct state_load time_wait, close_wait;
    bool has_use; /* the service towards which it had the largest part of its ports in use */
    struct service_use use;
};

struct text_report {
    const struct report_options *options;
    const struct capture_findings *findings;
    struct text_page page;
    struct text_examples examples;
    bool any_connection; /* was written as a line */
    uint64_t caveats[CAVEATS];
    struct pressed_host pressed[PRESSED_KEPT]; /* those that bore most, in order of coming */
    uint32_t pressed_count;                    /* of those kept */
    uint64_t pressed_total;
};

/* The sections, in their order. */
void text_capture(struct text_report *report, const struct summary_verdict *summary, bool complete);
/* Returns the finding that was told first, or NULL. */
const struct finding *text_findings(struct text_report *report,
                                    const struct summary_verdict *summary);
void text_services(struct text_report *report, const struct summary_verdict *summary);
void text_hosts(struct text_report *report);
void text_quality(struct text_report *report, const struct summary_verdict *summary);
void text_next(struct text_report *report, const struct summary_verdict *summary,
               const struct finding *first);

/* Of what the options leave in: anomalies of this severity, and of this rule. */
uint64_t text_anomalies(const struct text_report *report, const struct summary_verdict *summary,
                        enum severity severity);
uint64_t text_anomalies_of(const struct text_report *report, const struct summary_verdict *summary,
                           enum rule_id rule);

/* Those that --min-severity alone leaves out. */
uint64_t text_anomalies_below(const struct text_report *report,
                              const struct summary_verdict *summary);

void text_host_take(struct text_report *report, const struct host_verdict *verdict);

#endif
