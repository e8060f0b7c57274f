/*
 * The page for a terminal. Inside the room only.
 */
#ifndef FINWAIT_REPORTS_TEXT_REPORT_H
#define FINWAIT_REPORTS_TEXT_REPORT_H

#include "reports/text_page.h"
#include "reports/told.h"

struct text_report {
    struct told told;
    struct text_page page;
    bool any_connection; /* was written as a line */
};

/* The sections that are more than lines. Returns the finding that was told first, or NULL. */
const struct finding *text_findings(struct text_report *report,
                                    const struct summary_verdict *summary);
void text_services(struct text_report *report, const struct summary_verdict *summary);

#endif
