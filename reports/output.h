/*
 * Where a report's bytes go: a descriptor behind a buffer, with one sticky error. A file is written
 * beside its final name and renamed at the end, so that nothing half-written is ever found there.
 *
 * An output owns its buffer, and the descriptor of a file; standard output is borrowed.
 */
#ifndef FINWAIT_REPORTS_OUTPUT_H
#define FINWAIT_REPORTS_OUTPUT_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output;

/* `path` NULL or "-": standard output. NULL on failure, with a sentence in `error`. */
struct output *output_open(const char *path, char *error, size_t error_bytes) MUST_CHECK;

/* From here on the octets are written as a gzip stream; to be called before the first of them. Each
 * time the buffer is written, whoever reads the stream meanwhile can read all that was in it. False
 * with a sentence in `error` when memory runs out, and on a terminal, which is not for such octets.
 */
bool output_compress(struct output *output, char *error, size_t error_bytes) MUST_CHECK;

/* An unlinked temporary file: what must wait until something else is written (output_append()). */
struct output *output_spool(char *error, size_t error_bytes) MUST_CHECK;

/* The name that the file gets in the end, or NULL where nothing is renamed. Borrowed. */
const char *output_final_path(const struct output *output);

void output_write(struct output *output, const void *bytes, size_t length);
void output_text(struct output *output, const char *text);

/* Writes all of the spool's content into `output`. */
void output_append(struct output *output, struct output *spool);

/* False once a write failed (full device, file too large, closed pipe with SIGPIPE ignored). */
bool output_ok(const struct output *output);

/* Flushes and, for a file, syncs and renames into place. False with a sentence in `error` when
 * anything was lost; nothing is then left under the final name. Releases the output. */
bool output_commit(struct output *output, char *error, size_t error_bytes) MUST_CHECK;

/* Releases the output and removes what was written aside. NULL is allowed. */
void output_discard(struct output *output);

#endif
