/*
 * One connection's ladder as text: as wide as the terminal, with absolute numbers beside the
 * relative ones where there is room, in ASCII where the character set has no more.
 * Between the head and the foot that tell of the connection (reports/text_connection.h).
 */
#ifndef FINWAIT_REPORTS_TEXT_LADDER_H
#define FINWAIT_REPORTS_TEXT_LADDER_H

#include "reports/text_connection.h"

/* From this many columns on numbers are absolute, too. */
#define TEXT_LADDER_WIDE 120

void text_ladder(struct text_page *page, const struct told_connection *connection);

#endif
