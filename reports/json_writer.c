#include "reports/json_writer.h"

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
    *json_room(writer, 1) = ':';
    writer->used++;
    writer->comma = false;
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

void json_text(struct json_writer *writer, const char *text, size_t length)
{
    char *at = json_room(writer, 2);
    *at = ',';
    at[writer->comma] = '"';
    writer->used += 1u + writer->comma;
    while (length) {
        size_t consumed = 1;
        at = json_room(writer, 12);
        if (needs_escape(*text)) {
            uint32_t code_point = utf8_next(text, length, &consumed);
            writer->used += (size_t)(put_escape(at, code_point) - at);
        } else {
            *at = *text;
            writer->used++;
        }
        text += consumed;
        length -= consumed;
    }
    *json_room(writer, 1) = '"';
    writer->used++;
    writer->comma = true;
}

/* Two digits a step, from the right; returns where the text begins. */
static char *decimal(char *end, uint64_t value)
{
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    while (value >= 100) {
        end -= 2;
        memcpy(end, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value < 10) {
        *--end = (char)('0' + value);
        return end;
    }
    end -= 2;
    memcpy(end, pairs + 2 * value, 2);
    return end;
}

static void put_number(struct json_writer *writer, bool negative, uint64_t magnitude)
{
    char digits[20];
    char *end = digits + sizeof digits;
    char *start = decimal(end, magnitude);
    size_t length = (size_t)(end - start);
    char *at = json_room(writer, length + 2);
    char *first = at;
    if (writer->comma)
        *at++ = ',';
    if (negative)
        *at++ = '-';
    memcpy(at, start, length);
    writer->used += (size_t)(at - first) + length;
    writer->comma = true;
}

void json_int(struct json_writer *writer, int64_t value)
{
    /* INT64_MIN has no positive counterpart. */
    put_number(writer, value < 0, value < 0 ? (uint64_t) - (value + 1) + 1 : (uint64_t)value);
}

void json_uint(struct json_writer *writer, uint64_t value)
{
    put_number(writer, false, value > INT64_MAX ? INT64_MAX : value);
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
