/*
 * A connection's verdict as the record `finwait.connection`. Members always come in the same
 * order; one is left out when it is not known or does not apply.
 */
#ifndef FINWAIT_REPORTS_CONNECTION_RECORD_H
#define FINWAIT_REPORTS_CONNECTION_RECORD_H

#include "analyzer/verdict.h"
#include "reports/record.h"

/* Writes the object, without a line end. */
void connection_record(struct json_writer *writer, struct record_context *context,
                       const struct connection_verdict *verdict);

#endif
