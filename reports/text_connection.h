/*
 * What stands around one connection's ladder as text: above it which connection it is, in which
 * captures, and how it closed; below it the anomalies, whose evidence is marked in the ladder, what
 * weakens it, where the ends were at last, and what to run next.
 */
#ifndef FINWAIT_REPORTS_TEXT_CONNECTION_H
#define FINWAIT_REPORTS_TEXT_CONNECTION_H

#include "dissect/findings.h"
#include "reports/ladder.h"
#include "reports/text_page.h"

#define FRAME_MARK_BYTES 32

/* One connection with the rows of its ladder; everything belongs to the caller. */
struct told_connection {
    const struct connection_verdict *verdict;
    const struct capture_findings *findings;
    const struct ladder_row *rows;
    size_t count;
};

/* A frame's number, after its file's where there are several; nothing for FRAME_NONE. */
void frame_mark(const struct told_connection *c, frame_ref frame, char out[FRAME_MARK_BYTES]);

void text_connection_head(struct text_page *page, const struct told_connection *c);
void text_connection_foot(struct text_page *page, const struct told_connection *c);

/* A line of a list to choose from: id, start, ends, how it closed, rules. */
void text_connection_choice(struct text_page *page, const struct connection_verdict *verdict);

#endif
