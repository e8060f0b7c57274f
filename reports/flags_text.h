/*
 * A segment's flags as text.
 */
#ifndef FINWAIT_REPORTS_FLAGS_TEXT_H
#define FINWAIT_REPORTS_FLAGS_TEXT_H

#include "dissect/segment.h"

/* Room for all flags at once, in either form. */
#define FLAGS_TEXT_BYTES 40

/* tcpdump's letters in tcpdump's order, and A for ACK: "SA", "FPA", "RA". Empty when none is set.
 * Returns where they end. */
char *flags_letters(uint16_t flags, char out[FLAGS_TEXT_BYTES]);

/* "SYN+ACK", "FIN+PSH+ACK", "none". */
void flags_words(uint16_t flags, char out[FLAGS_TEXT_BYTES]);

#endif
