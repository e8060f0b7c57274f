/*
 * Octets to a gzip stream (RFC 1952), at zlib's level 1. Its header has neither a time nor a name:
 * the same octets given in the same pieces are the same stream.
 */
#ifndef FINWAIT_REPORTS_COMPRESSOR_H
#define FINWAIT_REPORTS_COMPRESSOR_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct compressor;

/* NULL when memory runs out: all that it ever needs, some 320 KiB, is asked for here. */
struct compressor *compressor_create(void) MUST_CHECK;

/* The octets that come next, borrowed until compressor_take() has returned 0, which it must have of
 * those before. Nothing may follow the last, of which there may be none. */
void compressor_give(struct compressor *compressor, const void *bytes, size_t length, bool last);

/* The next piece of the stream, borrowed until the next call, and its length; 0: there is none
 * until more is given. Whoever has all pieces so far can read all that was given. */
size_t compressor_take(struct compressor *compressor, const void **piece) MUST_CHECK;

/* NULL is allowed. */
void compressor_destroy(struct compressor *compressor);

#endif
