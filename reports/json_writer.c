#include "reports/json_writer.h"

#include "reports/digits.h"
#include "reports/utf8.h"

void json_writer_init(struct json_writer *writer, struct output *output)
{
    writer->output = output;
    writer->used = 0;
    writer->comma = false;
}

void json_flush(struct json_writer *writer)
{
    output_write(writer->output, writer->buffer, writer->used);
    writer->used = 0;
}

void json_key_name(struct json_writer *writer, const char *name)
{
    json_name(writer, name);
    json_colon(writer);
}

void json_name_bytes(struct json_writer *writer, const char *name, size_t length)
{
    char *at = json_room(writer, length + 3);
    *at = ',';
    at += writer->comma;
    *at++ = '"';
    memcpy(at, name, length);
    at[length] = '"';
    writer->used += length + 2 + writer->comma;
    writer->comma = true;
}

static char *put_unicode(char *at, uint32_t unit)
{
    static const char digits[] = "0123456789ABCDEF";
    *at++ = '\\';
    *at++ = 'u';
    for (unsigned shift = 16; shift; shift -= 4)
        *at++ = digits[unit >> (shift - 4) & 0xf];
    return at;
}

/* At most 12 bytes: a surrogate pair. */
static char *put_escape(char *at, uint32_t code_point)
{
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (code_point >= 0x10000) {
        at = put_unicode(at, 0xd7c0 + (code_point >> 10));
        return put_unicode(at, 0xdc00 | (code_point & 0x3ff));
    }
    bool control = code_point < 0x20;
    if (code_point >= 0x80 || (control && !letters[code_point]))
        return put_unicode(at, code_point);
    *at++ = '\\';
    *at++ = control ? letters[code_point] : (char)code_point;
    return at;
}

static bool needs_escape(char c)
{
    return (unsigned char)c < 0x20 || (unsigned char)c >= 0x80 || c == '"' || c == '\\' || c == '/';
}

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* A high bit is set where one of eight octets below 0x80 is zero, or a lower one is. */
static uint64_t zeros(uint64_t octets)
{
    return (octets - ONES) & ~octets;
}

/* Of eight octets: does any need an escape? */
static bool any_needs_escape(uint64_t octets)
{
    uint64_t below_space = (octets - ONES * 0x20) & ~octets;
    return (octets | below_space | zeros(octets ^ ONES * '"') | zeros(octets ^ ONES * '\\') |
            zeros(octets ^ ONES * '/')) &
           HIGHS;
}

static bool eight_are_plain(const char *text)
{
    uint64_t octets;
    memcpy(&octets, text, sizeof octets);
    return !any_needs_escape(octets);
}

/* Room is asked for once for so much of a text, whatever becomes of it: twelve bytes for one. */
#define TEXT_PIECE 512u

_Static_assert(12 * (TEXT_PIECE + 8) <= JSON_WRITER_BYTES, "a piece and a sequence at its end");

/* The text up to `stop`, or a little farther where a sequence crosses it; returns how far. */
static const char *put_piece(struct json_writer *writer, const char *text, const char *stop,
                             const char *end)
{
    char *at = json_room(writer, 12 * ((size_t)(stop - text) + 8));
    while (text < stop) {
        if (stop - text >= 8 && eight_are_plain(text)) {
            memcpy(at, text, 8);
            at += 8;
            text += 8;
            continue;
        }
        /* What hindered these eight, or is fewer. */
        for (unsigned i = 0; i < 8 && text < stop; i++) {
            size_t consumed = 1;
            if (needs_escape(*text))
                at = put_escape(at, utf8_next(text, (size_t)(end - text), &consumed));
            else
                *at++ = *text;
            text += consumed;
        }
    }
    writer->used = (size_t)(at - writer->buffer);
    return text;
}

void json_text(struct json_writer *writer, const char *text, size_t length)
{
    const char *end = text + length;
    char *at = json_room(writer, 2);
    *at = ',';
    at[writer->comma] = '"';
    writer->used += 1u + writer->comma;
    while (text < end) {
        size_t left = (size_t)(end - text);
        text = put_piece(writer, text, text + (left < TEXT_PIECE ? left : TEXT_PIECE), end);
    }
    *json_room(writer, 1) = '"';
    writer->used++;
    writer->comma = true;
}

static unsigned digits_of(uint64_t value)
{
    static const uint64_t powers[] = {
        UINT64_C(0),
        UINT64_C(10),
        UINT64_C(100),
        UINT64_C(1000),
        UINT64_C(10000),
        UINT64_C(100000),
        UINT64_C(1000000),
        UINT64_C(10000000),
        UINT64_C(100000000),
        UINT64_C(1000000000),
        UINT64_C(10000000000),
        UINT64_C(100000000000),
        UINT64_C(1000000000000),
        UINT64_C(10000000000000),
        UINT64_C(100000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000),
        UINT64_C(10000000000000000000),
    };
    /* log10 from log2: 1233 / 4096 lies a little below log10(2). */
    unsigned guess = ((64u - (unsigned)__builtin_clzll(value | 1)) * 1233u) >> 12;
    return guess + (value >= powers[guess]);
}

/* Four digits a step, from the right. */
static void put_decimal(char *end, uint64_t value)
{
    while (value >= 10000) {
        uint32_t four = (uint32_t)(value % 10000);
        value /= 10000;
        put_pair(end - 2, four % 100);
        put_pair(end - 4, four / 100);
        end -= 4;
    }
    uint32_t rest = (uint32_t)value;
    if (rest >= 100) {
        put_pair(end - 2, rest % 100);
        rest /= 100;
        end -= 2;
    }
    if (rest < 10)
        end[-1] = (char)('0' + rest);
    else
        put_pair(end - 2, rest);
}

size_t json_decimal(char out[20], uint64_t value)
{
    if (value < 10) {
        *out = (char)('0' + value);
        return 1;
    }
    unsigned digits = digits_of(value);
    put_decimal(out + digits, value);
    return digits;
}

void json_negative(struct json_writer *writer, int64_t value)
{
    char *at = json_room(writer, 22);
    at[0] = ',';
    at[writer->comma] = '-';
    /* INT64_MIN has no positive counterpart. */
    size_t digits = json_decimal(at + writer->comma + 1, (uint64_t) - (value + 1) + 1);
    writer->used += writer->comma + 1u + digits;
    writer->comma = true;
}

void json_bool(struct json_writer *writer, bool value)
{
    const char *text = value ? ",true" : ",false";
    size_t skip = !writer->comma;
    size_t length = strlen(text) - skip;
    memcpy(json_room(writer, length), text + skip, length);
    writer->used += length;
    writer->comma = true;
}
