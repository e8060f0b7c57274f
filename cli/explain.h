/*
 * The verb `finwait explain`: one connection as a ladder, for people.
 */
#ifndef FINWAIT_CLI_EXPLAIN_H
#define FINWAIT_CLI_EXPLAIN_H

#include "cli/options.h"

/* The exit status. */
int explain_command(const struct options *options);

#endif
