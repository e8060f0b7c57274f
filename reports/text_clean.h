/*
 * The one way of text from outside (captures, file names, the command line) into any output. What
 * comes out is valid UTF-8 without anything that a terminal obeys or that makes text read
 * otherwise than it stands: control characters (C0, DEL, C1), bidirectional controls and the
 * separators U+2028 and U+2029 are spelled \u{1b}. Malformed bytes become U+FFFD.
 *
 * The spelling is for eyes, not for decoding: a backslash in the text itself stays as it is.
 */
#ifndef FINWAIT_REPORTS_TEXT_CLEAN_H
#define FINWAIT_REPORTS_TEXT_CLEAN_H

#include <stddef.h>

/* Room for any name that a report shows. */
#define TEXT_CLEAN_BYTES 4096

/* Cleans `length` bytes into `out` of `out_bytes` (at least 16), NUL-terminated; returns the
 * length. What does not fit is cut between characters and ends in an ellipsis. */
size_t text_clean(char *out, size_t out_bytes, const char *text, size_t length);

#endif
