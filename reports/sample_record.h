/* One instant of a load curve, as the record `finwait.sample`. */
#ifndef FINWAIT_REPORTS_SAMPLE_RECORD_H
#define FINWAIT_REPORTS_SAMPLE_RECORD_H

#include "analyzer/verdict.h"
#include "reports/record.h"

/* Writes the object, without a line end. Rules that `rule_left_out` says so of are not counted. */
void sample_record(struct json_writer *writer, struct record_context *context,
                   const struct sample_verdict *verdict, const bool rule_left_out[RULES]);

#endif
