/*
 * Inside of dissect/capture/: the options of pcapng blocks (draft-ietf-opsawg-pcapng section 3.5),
 * one after the other, never beyond their block.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_PCAPNG_OPTIONS_H
#define FINWAIT_DISSECT_CAPTURE_PCAPNG_OPTIONS_H

#include "dissect/cursor.h"

/* A block with more is either hostile or broken; what follows is left. */
#define BLOCK_OPTIONS_MAX 128

struct option_reader {
    struct cursor cursor;
    bool big_endian;
    bool broken; /* a length beyond the block, or too many options */
    unsigned count;
};

struct option {
    uint16_t code;
    uint16_t length;
    const uint8_t *value;
};

static inline struct option_reader options_over(const uint8_t *bytes, size_t length,
                                                bool big_endian)
{
    return (struct option_reader){.cursor = cursor_over(bytes, length), .big_endian = big_endian};
}

/* The next option; false at opt_endofopt, at the end of the block, and at what cannot be. */
static inline bool option_next(struct option_reader *reader, struct option *option)
{
    struct cursor *c = &reader->cursor;
    if (cursor_left(c) == 0)
        return false;
    option->code = reader->big_endian ? cursor_be16(c) : cursor_le16(c);
    option->length = reader->big_endian ? cursor_be16(c) : cursor_le16(c);
    if (cursor_ok(c) && option->code == 0)
        return false;
    option->value = cursor_take(c, option->length);
    if (!cursor_ok(c) || ++reader->count > BLOCK_OPTIONS_MAX) {
        reader->broken = true;
        return false;
    }
    /* Padding to 32 bits; that of the very last may be missing. */
    size_t padding = (4u - (option->length & 3u)) & 3u;
    cursor_skip(c, padding < cursor_left(c) ? padding : cursor_left(c));
    return true;
}

#endif
