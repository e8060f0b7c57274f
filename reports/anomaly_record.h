/*
 * What a rule found, as the record `finwait.anomaly`. Members always come in the same order; one is
 * left out when it is not known or does not apply.
 */
#ifndef FINWAIT_REPORTS_ANOMALY_RECORD_H
#define FINWAIT_REPORTS_ANOMALY_RECORD_H

#include "analyzer/verdict.h"
#include "reports/record.h"

/* Writes the object, without a line end. `connection` is NULL for an anomaly of a host. */
void anomaly_record(struct json_writer *writer, struct record_context *context,
                    const struct anomaly_verdict *anomaly,
                    const struct connection_verdict *connection);

#endif
