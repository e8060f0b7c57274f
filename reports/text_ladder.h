/*
 * One connection's ladder as text: as wide as the terminal, with absolute numbers beside the
 * relative ones where there is room, in ASCII where the character set has no more. Below it the
 * anomalies, whose evidence is marked in it, what weakens it, and where the ends were at last.
 */
#ifndef FINWAIT_REPORTS_TEXT_LADDER_H
#define FINWAIT_REPORTS_TEXT_LADDER_H

#include "dissect/findings.h"
#include "reports/ladder.h"
#include "reports/text_page.h"

/* From this many columns on numbers are absolute, too. */
#define TEXT_LADDER_WIDE 120

void text_ladder(struct text_page *page, const struct connection_verdict *verdict,
                 const struct capture_findings *findings, const struct ladder_row *rows,
                 size_t count);

/* A line of a list to choose from: id, start, ends, how it closed, rules. */
void text_ladder_choice(struct text_page *page, const struct connection_verdict *verdict);

#endif
