/*
 * A streaming JSON writer for the records that are many: no allocation, no tree. Its bytes are
 * those that jansson dumps with JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH for the same
 * members in the same order, so that one report looks the same whoever wrote which part.
 *
 * The output is borrowed. What was written reaches it at json_flush() at the latest. The writer
 * sets commas; that brackets and keys match is the caller's affair.
 *
 * Numbers are integers. Readers know signed 64-bit integers at best, so a count above INT64_MAX is
 * written as INT64_MAX.
 */
#ifndef FINWAIT_REPORTS_JSON_WRITER_H
#define FINWAIT_REPORTS_JSON_WRITER_H

#include "dissect/compiler.h"
#include "reports/output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_WRITER_BYTES 8192

struct json_writer {
    struct output *output;
    size_t used;
    bool comma; /* a value precedes the next one in the same brackets */
    char buffer[JSON_WRITER_BYTES];
};

void json_writer_init(struct json_writer *writer, struct output *output);
void json_flush(struct json_writer *writer);

/* Room for `bytes` (at most JSON_WRITER_BYTES) more. */
static inline char *json_room(struct json_writer *writer, size_t bytes)
{
    if (UNLIKELY(bytes > JSON_WRITER_BYTES - writer->used))
        json_flush(writer);
    return writer->buffer + writer->used;
}

static inline void json_open(struct json_writer *writer, char bracket)
{
    char *at = json_room(writer, 2);
    at[0] = ',';
    at[writer->comma] = bracket;
    writer->used += 1u + writer->comma;
    writer->comma = false;
}

static inline void json_close(struct json_writer *writer, char bracket)
{
    *json_room(writer, 1) = bracket;
    writer->used++;
    writer->comma = true;
}

static inline void json_begin_object(struct json_writer *writer)
{
    json_open(writer, '{');
}

static inline void json_end_object(struct json_writer *writer)
{
    json_close(writer, '}');
}

static inline void json_begin_array(struct json_writer *writer)
{
    json_open(writer, '[');
}

static inline void json_end_array(struct json_writer *writer)
{
    json_close(writer, ']');
}

/* `name` is a string literal that needs no escapes; comma, quotes and colon are put together by
 * the compiler. */
#define json_key(writer, name) json_key_bytes((writer), ",\"" name "\":", sizeof(name) + 3)

static inline void json_key_bytes(struct json_writer *writer, const char *text, size_t length)
{
    size_t skip = !writer->comma;
    /* Always the same number of bytes, so that the copy is a few moves: without the comma the
     * literal's NUL comes along and is overwritten by the value. */
    memcpy(json_room(writer, length), text + skip, length);
    writer->used += length - skip;
    writer->comma = false;
}

/* Keys, brackets and values of ours that always stand together, a literal without escapes: where it
 * ends in a key or an opening bracket a first value follows, else there may be another. */
#define json_piece(writer, text) json_piece_bytes((writer), "," text, sizeof(text))

static inline void json_piece_bytes(struct json_writer *writer, const char *text, size_t length)
{
    char last = text[length - 1];
    json_key_bytes(writer, text, length);
    writer->comma = last != ':' && last != '{' && last != '[';
}

/* One of a table's names, in quotes and behind a comma: copied in a few moves, whatever its length.
 */
#define JSON_WORD_BYTES 48

struct json_word {
    uint8_t length;
    char text[JSON_WORD_BYTES - 1];
};

/* clang-format off */
#define JSON_WORD(name) {sizeof(name) + 2, ",\"" name "\""}
/* clang-format on */

static inline void json_word(struct json_writer *writer, const struct json_word *word)
{
    size_t skip = !writer->comma;
    memcpy(json_room(writer, sizeof word->text), word->text + skip, sizeof word->text - 1);
    writer->used += word->length - skip;
    writer->comma = true;
}

/* Likewise, as a key: with a colon. */
/* clang-format off */
#define JSON_KEY_WORD(name) {sizeof(name) + 3, ",\"" name "\":"}
/* clang-format on */

static inline void json_key_word(struct json_writer *writer, const struct json_word *key)
{
    json_word(writer, key);
    writer->comma = false;
}

/* Makes a key of the name just written. */
static inline void json_colon(struct json_writer *writer)
{
    *json_room(writer, 1) = ':';
    writer->used++;
    writer->comma = false;
}

/* A key known only at run time: a name of ours, like a state's. */
void json_key_name(struct json_writer *writer, const char *name);

/* ---- runs ----------------------------------------------------------------------------------- */

/* Members that always stand together, of a known length at most: room for all is asked for once,
 * and commas are part of the text. */
static inline char *json_run(struct json_writer *writer, size_t most)
{
    return json_room(writer, most);
}

static inline void json_run_end(struct json_writer *writer, const char *end)
{
    writer->used = (size_t)(end - writer->buffer);
    writer->comma = true;
}

/* In a run: a literal, one of a table's names in quotes (room for JSON_WORD_BYTES), a number that
 * is not above INT64_MAX (room for 20). Each returns where it ends. */
#define run_text(at, text) ((char *)memcpy((at), (text), sizeof(text) - 1) + sizeof(text) - 1)

static inline char *run_word(char *at, const struct json_word *word)
{
    memcpy(at, word->text + 1, sizeof word->text - 1);
    return at + word->length - 1;
}

/* The value's digits, without anything about them; returns how many. */
size_t json_decimal(char out[20], uint64_t value);

static inline char *run_uint(char *at, uint64_t value)
{
    if (value >= 10)
        return at + json_decimal(at, value > INT64_MAX ? (uint64_t)INT64_MAX : value);
    *at = (char)('0' + value);
    return at + 1;
}

/* A string of ours that needs no escapes, of at most JSON_WRITER_BYTES - 3. */
void json_name_bytes(struct json_writer *writer, const char *name, size_t length);

static inline void json_name(struct json_writer *writer, const char *name)
{
    json_name_bytes(writer, name, strlen(name));
}

/* Any text. Malformed UTF-8 becomes U+FFFD. */
void json_text(struct json_writer *writer, const char *text, size_t length);

/* A comma and members that were written before, of at most JSON_WRITER_BYTES. */
static inline void json_made(struct json_writer *writer, const char *text, size_t length)
{
    memcpy(json_room(writer, length), text, length);
    writer->used += length;
    writer->comma = true;
}

void json_negative(struct json_writer *writer, int64_t value);

static inline void json_uint(struct json_writer *writer, uint64_t value)
{
    char *at = json_room(writer, 22);
    at[0] = ',';
    json_run_end(writer, run_uint(at + writer->comma, value));
}

static inline void json_int(struct json_writer *writer, int64_t value)
{
    if (value < 0)
        json_negative(writer, value);
    else
        json_uint(writer, (uint64_t)value);
}

void json_bool(struct json_writer *writer, bool value);

#endif
