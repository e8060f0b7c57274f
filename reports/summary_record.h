/*
 * The records that a report has once: what was read (the object `capture`) and the summary. Built
 * as jansson trees, which the caller owns; NULL when memory ran out.
 */
#ifndef FINWAIT_REPORTS_SUMMARY_RECORD_H
#define FINWAIT_REPORTS_SUMMARY_RECORD_H

#include "analyzer/verdict.h"
#include "dissect/compiler.h"
#include "reports/record.h"
#include "reports/report.h"

#include <jansson.h>
#include <stdbool.h>

/* How every tree is dumped; the streaming writer does the same. */
#define RECORD_DUMP_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH)

/* Writes the tree and releases it. False when it is NULL or memory ran out. */
bool record_dump(struct output *output, json_t *tree) MUST_CHECK;

/* {id, files, packets}: the files as given and what became of every packet. */
json_t *capture_record(struct record_context *context) MUST_CHECK;

/* The record `finwait.summary`. Its member `capture` is the given one (stolen), which may be NULL
 * from a failure above. */
json_t *summary_record(struct record_context *context, const struct report_options *options,
                       const struct summary_verdict *summary, bool complete,
                       json_t *capture) MUST_CHECK;

/* {id}: what stands for the capture where its record is elsewhere in the same document. */
json_t *capture_reference(const struct record_context *context) MUST_CHECK;

#endif
