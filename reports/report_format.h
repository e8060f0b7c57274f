/*
 * What a format of the report is: one row of calls, by which the front (report.c) hands on what it
 * is given. Inside the room only.
 */
#ifndef FINWAIT_REPORTS_REPORT_FORMAT_H
#define FINWAIT_REPORTS_REPORT_FORMAT_H

#include "reports/report.h"

/* Borrowed for the report's life. */
struct report_inputs {
    const struct report_options *options;
    const struct capture_findings *findings;
    struct output *output;
};

/* `report` is what create() returned. In the order of report.h; anomalies are those that the
 * options leave in, after the connection that they are about (NULL: about none). */
struct report_calls {
    void *(*create)(const struct report_inputs *inputs, char *error, size_t error_bytes);
    void (*destroy)(void *report); /* NULL is allowed */
    bool (*connection)(void *report, const struct connection_verdict *verdict);
    bool (*anomaly)(void *report, const struct anomaly_verdict *anomaly,
                    const struct connection_verdict *connection);
    bool (*sample)(void *report, const struct sample_verdict *verdict);
    bool (*host)(void *report, const struct host_verdict *verdict);
    /* As in report.h; NULL where no ladders are drawn. */
    size_t (*wanted_count)(void *report);
    const struct connection_verdict *(*wanted)(void *report, size_t which);
    bool (*segment)(void *report, size_t which, const struct segment *segment, enum role from,
                    enum segment_class segment_class);
    bool (*without_ladders)(void *report, const char *why);
    bool (*finish)(void *report, const struct summary_verdict *summary, bool complete);
    bool hosts_first; /* as in report.h */
};

extern const struct report_calls report_as_document, report_as_lines, report_as_text,
    report_as_html, report_as_openmetrics;

#endif
