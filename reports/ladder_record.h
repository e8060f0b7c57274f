/*
 * A ladder's rows as a document: for programs, and for tests.
 */
#ifndef FINWAIT_REPORTS_LADDER_RECORD_H
#define FINWAIT_REPORTS_LADDER_RECORD_H

#include "reports/json_writer.h"
#include "reports/ladder.h"

void ladder_record(struct json_writer *writer, const struct connection_verdict *verdict,
                   const struct ladder_row *rows, size_t count);

#endif
