/*
 * The front of the room: verdicts and findings to bytes. In JSON these are the contract's records:
 * the many (connections, anomalies) are streamed as they come through one small writer, the few are
 * built with jansson. As text they are a page for people. The same verdicts give the same bytes.
 *
 * Options, findings and output are borrowed for the report's life. Findings must be complete when
 * report_host() or report_finish() is called; before it only the files' names, the interfaces and
 * the digest are looked at.
 */
#ifndef FINWAIT_REPORTS_REPORT_H
#define FINWAIT_REPORTS_REPORT_H

#include "analyzer/trace.h"
#include "analyzer/verdict.h"
#include "dissect/compiler.h"
#include "dissect/findings.h"
#include "reports/output.h"

enum report_format {
    REPORT_JSON,        /* one document */
    REPORT_NDJSON,      /* one record a line */
    REPORT_TEXT,        /* a page for people */
    REPORT_HTML,        /* the same for browsers, with charts and ladders */
    REPORT_OPENMETRICS, /* the samples alone, for Prometheus */
};

/* What the page may look like. */
struct text_style {
    unsigned columns;
    bool colour;
    bool utf8; /* else ASCII alone */
};

/* An option that can change a verdict, with its effective value: echoed in the summary. */
struct report_setting {
    const char *name; /* as in the contract: "two_msl_ns" */
    enum { SETTING_INTEGER, SETTING_BOOLEAN, SETTING_TEXT } type;
    int64_t integer; /* also the boolean's */
    const char *text;
};

/* An option of the command line as it was given: a command that is to see the same repeats it. */
struct report_argument {
    const char *name;
    const char *value; /* NULL: it takes none */
};

struct report_options {
    enum report_format format;
    bool connections;           /* write connection records, or lines */
    struct text_style style;    /* of REPORT_TEXT */
    enum severity min_severity; /* of the anomalies that are written and counted */
    bool rule_left_out[RULES];  /* neither are these; connection records name them all the same */
    const char *observer;       /* observer.name, or NULL */
    const struct report_setting *settings;
    size_t setting_count;
    const struct report_argument *arguments; /* for the commands in REPORT_TEXT */
    size_t argument_count;
    uint32_t worst; /* so many anomalies are listed in REPORT_HTML, at most WORST_MOST */
};

#define WORST_DEFAULT 200u
#define WORST_MOST    5000u

struct report;

/* NULL when memory ran out or no spool could be made (a sentence in `error`). */
struct report *report_create(const struct report_options *options,
                             const struct capture_findings *findings, struct output *output,
                             char *error, size_t error_bytes) MUST_CHECK;
void report_destroy(struct report *report);

/* Does the report speak of what this rule found, when it is as grave? */
bool report_speaks_of(const struct report_options *options, enum rule_id rule,
                      enum severity severity);

/* Does it want hosts before samples? */
bool report_hosts_first(const struct report *report);

/* As verdict_sink has them: connections with their anomalies as they come; then the anomalies of
 * hosts, samples and hosts, in this order, or hosts before samples. False when the output failed or
 * memory ran out. */
bool report_connection(struct report *report, const struct connection_verdict *verdict) MUST_CHECK;
bool report_anomaly(struct report *report, const struct anomaly_verdict *verdict) MUST_CHECK;
bool report_sample(struct report *report, const struct sample_verdict *verdict) MUST_CHECK;
bool report_host(struct report *report, const struct host_verdict *verdict) MUST_CHECK;

/* Between the last verdict and the end: the connections whose ladders the report would draw (none,
 * mostly), as verdicts that are the report's. Their packets are handed in the order of passage,
 * each with the number of its connection; or else why not, in a sentence that is cleaned. */
size_t report_wanted_count(struct report *report);
const struct connection_verdict *report_wanted(struct report *report, size_t which);
bool report_segment(struct report *report, size_t which, const struct segment *segment,
                    enum role from, enum segment_class segment_class) MUST_CHECK;
bool report_without_ladders(struct report *report, const char *why) MUST_CHECK;

/* The summary and the end of the document. `complete` is false after an interruption. */
bool report_finish(struct report *report, const struct summary_verdict *summary,
                   bool complete) MUST_CHECK;

#endif
