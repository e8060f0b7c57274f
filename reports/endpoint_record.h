/* One end of a connection: the member `client` or `server` of its record. */
#ifndef FINWAIT_REPORTS_ENDPOINT_RECORD_H
#define FINWAIT_REPORTS_ENDPOINT_RECORD_H

#include "analyzer/verdict.h"
#include "reports/record.h"

/* Writes the object. `end_ns` is the connection's: until then the last state lasted. */
void endpoint_record(struct json_writer *writer, struct record_context *context,
                     const struct endpoint_verdict *endpoint, int64_t end_ns);

#endif
