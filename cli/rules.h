/*
 * The verb `finwait rules`: the catalogue of anomalies, for people and for programs.
 */
#ifndef FINWAIT_CLI_RULES_H
#define FINWAIT_CLI_RULES_H

#include "cli/options.h"

#include <stdbool.h>

/* Without names all rules are listed; with the name of a category those of it; with a rule's it is
 * explained. False after one line on standard error. */
bool rules_command(const struct options *options);

#endif
