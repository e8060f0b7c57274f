/*
 * The catalogue of anomalies as a JSON document: every category, and of every rule everything.
 */
#ifndef FINWAIT_REPORTS_CATALOGUE_RECORD_H
#define FINWAIT_REPORTS_CATALOGUE_RECORD_H

#include "analyzer/catalogue.h"
#include "reports/json_writer.h"

#include <stdbool.h>

/* Rules of which `wanted` is false are left out. Writes the document without a line end. */
void catalogue_record(struct json_writer *writer, const bool wanted[RULES]);

#endif
