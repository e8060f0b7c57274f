/*
 * Inside of dissect/capture/: the bounded piece of a capture's content that is in memory. Packets
 * are handed out where they lie in it; only the record that a refill cuts in two is moved.
 *
 * Some bytes before the present position stay, so that a search can step back by a header.
 *
 * It grows, by doubling and only as bytes really arrive, to the largest record met; the callers
 * bound what they ask for.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_WINDOW_H
#define FINWAIT_DISSECT_CAPTURE_WINDOW_H

#include "dissect/compiler.h"
#include "dissect/source/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window {
    struct source *source;
    uint8_t *bytes;
    size_t capacity;
    size_t at;     /* first byte not yet consumed */
    size_t end;    /* behind the last byte there is */
    uint64_t base; /* content offset of bytes[0] */
    bool ended;    /* the source has no more */
    bool no_memory;
};

bool window_init(struct window *window, struct source *source) MUST_CHECK;
void window_finish(struct window *window);

static inline const uint8_t *window_at(const struct window *window)
{
    return window->bytes + window->at;
}

static inline size_t window_left(const struct window *window)
{
    return window->end - window->at;
}

static inline uint64_t window_offset(const struct window *window)
{
    return window->base + window->at;
}

/* The part of window_need() that reads. */
size_t window_fill(struct window *window, size_t wanted) MUST_CHECK;

/* Reads on until `wanted` bytes are there from the present position, or nothing more comes; how
 * many there are (maybe more). Moves bytes: pointers into the window end here. */
static inline size_t window_need(struct window *window, size_t wanted)
{
    size_t left = window_left(window);
    return LIKELY(left >= wanted) ? left : window_fill(window, wanted);
}

/* Goes on by that many bytes of the content, read or not yet read; how many there were. */
uint64_t window_skip(struct window *window, uint64_t length);

/* Goes over zeros to the next other byte or to the end; how many there were. */
uint64_t window_skip_zeros(struct window *window);

#endif
