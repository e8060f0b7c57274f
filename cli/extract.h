/*
 * The verb `finwait extract`: the packets of some connections as a pcapng file, with a comment on
 * each that an anomaly rests on.
 */
#ifndef FINWAIT_CLI_EXTRACT_H
#define FINWAIT_CLI_EXTRACT_H

#include "cli/options.h"

/* The exit status. */
int extract_command(const struct options *options);

#endif
