/*
 * A bounded reader over bytes in memory, with a sticky short-read flag: read all the fields of a
 * header, then ask once with cursor_ok(). A read past the end gives zero, moves nothing, and sets
 * the flag; no read ever touches a byte outside [start, start + length).
 *
 * The bytes are borrowed; the cursor owns nothing.
 */
#ifndef FINWAIT_DISSECT_CURSOR_H
#define FINWAIT_DISSECT_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool short_read;
};

static inline uint16_t load_be16(const uint8_t *p)
{
    return (uint16_t)((uint16_t)p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t load_le16(const uint8_t *p)
{
    return (uint16_t)((uint16_t)p[1] << 8 | p[0]);
}

static inline uint32_t load_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline struct cursor cursor_over(const uint8_t *bytes, size_t length)
{
    return (struct cursor){.at = bytes, .end = bytes + length, .short_read = false};
}

static inline size_t cursor_left(const struct cursor *c)
{
    return (size_t)(c->end - c->at);
}

static inline bool cursor_ok(const struct cursor *c)
{
    return !c->short_read;
}

/* The next `length` bytes, or NULL (and the flag) when there are fewer. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t length)
{
    if (cursor_left(c) < length) {
        c->short_read = true;
        return NULL;
    }
    const uint8_t *taken = c->at;
    c->at += length;
    return taken;
}

static inline void cursor_skip(struct cursor *c, size_t length)
{
    if (cursor_left(c) < length)
        c->short_read = true;
    else
        c->at += length;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 1);
    return p ? *p : 0;
}

static inline uint16_t cursor_be16(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 2);
    return p ? load_be16(p) : 0;
}

static inline uint32_t cursor_be32(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 4);
    return p ? load_be32(p) : 0;
}

static inline uint16_t cursor_le16(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 2);
    return p ? load_le16(p) : 0;
}

static inline uint32_t cursor_le32(struct cursor *c)
{
    const uint8_t *p = cursor_take(c, 4);
    return p ? load_le32(p) : 0;
}

/* Drops what lies beyond the next `length` bytes: a header's own length field, never widening. */
static inline void cursor_limit(struct cursor *c, size_t length)
{
    if (cursor_left(c) > length)
        c->end = c->at + length;
}

#endif
