/*
 * The step between opening outputs and opening captures: the sandbox, as --sandbox wants it, and
 * what is said about it and about root on standard error.
 */
#ifndef FINWAIT_CLI_CONFINE_H
#define FINWAIT_CLI_CONFINE_H

#include "cli/options.h"
#include "reports/output.h"

/* False after its line, with --sandbox=require. Nothing can be opened for writing afterwards. */
bool confine(const struct options *options, const struct output *output) MUST_CHECK;

#endif
