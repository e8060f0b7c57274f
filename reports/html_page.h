/*
 * Markup, and the one way of any text into it. Markup is always a literal of ours; what is not
 * goes through html_text(), and what comes from outside (captures, file names, the command line)
 * through html_outside(): where it stands in the page, between tags or as an attribute in double
 * quotes, it cannot become markup. Nothing but literals is ever written into style or script.
 *
 * The output is borrowed.
 */
#ifndef FINWAIT_REPORTS_HTML_PAGE_H
#define FINWAIT_REPORTS_HTML_PAGE_H

#include "reports/output.h"

#include <stddef.h>
#include <stdint.h>

struct html {
    struct output *output;
};

/* Markup: a literal. */
void html_put(struct html *html, const char *markup);

/* Lines of markup, up to NULL. */
void html_put_lines(struct html *html, const char *const *lines);

/* Text that is clean (text_clean()) or ours, escaped. */
void html_text(struct html *html, const char *text);

/* Text of which nothing is known, cleaned and escaped. */
void html_outside(struct html *html, const char *text, size_t length);

/* Digits alone; in groups, as people read them; of tenths: "12.3", "-0.5", "7". */
void html_count(struct html *html, uint64_t count);
void html_number(struct html *html, uint64_t number);
void html_tenths(struct html *html, int64_t tenths);

#endif
