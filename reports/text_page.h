/*
 * Lines of text for a terminal: paragraphs wrapped to its width, headings, labels, colours, and
 * whatever its character set lacks written otherwise. Nothing is cut: a word that is wider than the
 * line stands alone.
 *
 * All text given is clean (text_clean()) or ours. A character counts as one column.
 */
#ifndef FINWAIT_REPORTS_TEXT_PAGE_H
#define FINWAIT_REPORTS_TEXT_PAGE_H

#include "reports/output.h"
#include "reports/report.h"

/* Colours only add to what the words say. */
enum tone { TONE_PLAIN, TONE_STRONG, TONE_FAINT, TONE_NOTICE, TONE_WARNING, TONE_CRITICAL, TONES };

struct text_page {
    struct output *output;
    struct text_style style;
};

/* In columns, as it is written on this page. */
size_t page_columns(const struct text_page *page, const char *text);

void page_put(struct text_page *page, enum tone tone, const char *text);
void page_blanks(struct text_page *page, size_t count);
void page_newline(struct text_page *page);

/* Behind an empty line. */
void page_heading(struct text_page *page, const char *text);

/* `label`, and from column `indent` on the text, wrapped. */
void page_paragraph(struct text_page *page, size_t indent, enum tone tone, const char *label,
                    const char *text);

/* A paragraph behind a bullet. */
void page_item(struct text_page *page, const char *text);

/* A line that is to be copied: never wrapped. */
void page_command(struct text_page *page, const char *text);

enum tone tone_of_severity(enum severity severity);

#endif
