/*
 * JSON Schema, as much of it as the report's schemas use. A schema with any other keyword is
 * refused, so that nothing is believed to be checked that is not.
 */
#ifndef FINWAIT_TESTS_FUZZ_SCHEMA_H
#define FINWAIT_TESTS_FUZZ_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

/* The schema of that name in the build's folder; ends the program when there is none. It stays
 * loaded. */
const json_t *schema_named(const char *name);

/* False, and a line on standard error, when the value does not fit. */
bool schema_fits(const json_t *schema, const json_t *value);

#endif
