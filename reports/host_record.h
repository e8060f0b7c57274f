/* What a host went through, as the record `finwait.host`. */
#ifndef FINWAIT_REPORTS_HOST_RECORD_H
#define FINWAIT_REPORTS_HOST_RECORD_H

#include "analyzer/verdict.h"
#include "reports/record.h"

/* Writes the object, without a line end. The findings of the capture must be complete: the record
 * is dated by its beginning. */
void host_record(struct json_writer *writer, struct record_context *context,
                 const struct host_verdict *verdict);

#endif
