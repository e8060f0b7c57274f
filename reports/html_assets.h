/*
 * Style and script of the HTML report, and the content security policy that lets exactly these two
 * through. Made from reports/html/ when the program is built.
 */
#ifndef FINWAIT_REPORTS_HTML_ASSETS_H
#define FINWAIT_REPORTS_HTML_ASSETS_H

/* In lines; NULL behind the last. */
extern const char *const html_style[], *const html_script[];

extern const char html_policy[];

#endif
