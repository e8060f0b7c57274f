/*
 * What standard output can show, and which report it gets.
 */
#ifndef FINWAIT_CLI_TERMINAL_H
#define FINWAIT_CLI_TERMINAL_H

#include "cli/options.h"

/* As --format says; without it text on a terminal, JSON elsewhere. */
enum report_format terminal_format(const struct options *options);

/* Lines that scroll by are progress enough, and a line that is rewritten would be among them. */
bool terminal_scrolls(const struct options *options);

/* Width of the terminal (COLUMNS goes before), colours by --color and NO_COLOR, and whether the
 * locale's character set is UTF-8. */
struct text_style terminal_style(const struct options *options);

#endif
