/*
 * Lines on standard error: "finwait: " and a sentence that may bring along text from outside, as
 * names of files and values of options. The terminal that it goes to obeys none of it.
 */
#ifndef FINWAIT_CLI_TELL_H
#define FINWAIT_CLI_TELL_H

#include "reports/text_clean.h"

/* One line, cut at TEXT_CLEAN_BYTES. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `text` as it may be shown, for a line that is put together by others. Returns `out`. */
const char *clean_copy(char out[TEXT_CLEAN_BYTES], const char *text);

#endif
