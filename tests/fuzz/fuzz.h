/*
 * A fuzz target is one source with a fuzz_target() that takes any bytes whatever and ends the
 * program when something does not hold that must. Built with engine.c it serves libFuzzer and
 * AFL++, with replay.c it is a plain program that goes through stored inputs.
 */
#ifndef FINWAIT_TESTS_FUZZ_FUZZ_H
#define FINWAIT_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The bytes are an allocation of exactly `size` octets: a sanitizer sees one read too many. */
void fuzz_target(const uint8_t *bytes, size_t size);

/* Is this an input for which what takes long is checked too? All are when inputs are replayed. */
bool fuzz_thorough(const uint8_t *bytes, size_t size);

/* Also where NDEBUG is defined. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* FNV-1a: that a second run says the same. */
struct digest {
    uint64_t value;
};

#define DIGEST_BEGIN ((struct digest){UINT64_C(0xcbf29ce484222325)})

static inline void digest_add(struct digest *digest, const void *bytes, size_t length)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < length; i++)
        (void)__builtin_mul_overflow(digest->value ^ p[i], UINT64_C(0x100000001b3), &digest->value);
}

static inline void digest_number(struct digest *digest, uint64_t number)
{
    digest_add(digest, &number, sizeof number);
}

/* What a target takes its decisions from; zeros when the bytes are used up. */
struct bytes {
    const uint8_t *at, *end;
};

static inline size_t bytes_left(const struct bytes *b)
{
    return (size_t)(b->end - b->at);
}

static inline uint8_t bytes_u8(struct bytes *b)
{
    return b->at < b->end ? *b->at++ : 0;
}

static inline uint16_t bytes_u16(struct bytes *b)
{
    unsigned high = bytes_u8(b);
    return (uint16_t)(high << 8 | bytes_u8(b));
}

static inline uint32_t bytes_u32(struct bytes *b)
{
    uint32_t high = bytes_u16(b);
    return high << 16 | bytes_u16(b);
}

/* A copy of the next octets in an allocation of their exact number; the caller's to free. */
static inline uint8_t *bytes_take(struct bytes *b, size_t length)
{
    if (length > bytes_left(b))
        length = bytes_left(b);
    uint8_t *copy = malloc(length ? length : 1);
    if (!copy)
        abort();
    if (length)
        memcpy(copy, b->at, length);
    b->at += length;
    return copy;
}

#endif
