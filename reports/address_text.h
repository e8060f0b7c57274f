/*
 * Addresses as text: IPv4 (kept mapped, ::ffff:a.b.c.d) as dotted quad, IPv6 as RFC 5952 section 4
 * wants it. Written here rather than by inet_ntop() because C libraries disagree on
 * IPv4-compatible addresses, and the same capture is to give the same bytes everywhere.
 */
#ifndef FINWAIT_REPORTS_ADDRESS_TEXT_H
#define FINWAIT_REPORTS_ADDRESS_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* With the terminating NUL. */
#define ADDRESS_TEXT_BYTES 40

/* Returns the length of the text. */
size_t address_text(char out[ADDRESS_TEXT_BYTES], const uint8_t address[16]);

#endif
