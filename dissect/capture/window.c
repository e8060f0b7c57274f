#include "dissect/capture/window.h"

#include "dissect/compiler.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* 240 KiB a read, and room before it for the record that the last one cut: with much more, what
 * was read first has left the second-level cache before it is looked at. */
#define WINDOW_BYTES ((size_t)TABLE_SIZE(240 + 16, 16) * 1024)

bool window_init(struct window *window, struct source *source)
{
    *window = (struct window){.source = source, .capacity = WINDOW_BYTES};
    window->bytes = malloc(window->capacity);
    return window->bytes != NULL;
}

void window_finish(struct window *window)
{
    free(window->bytes);
    window->bytes = NULL;
}

/* Behind zeros, the search for a record goes back by less than a header. */
#define WINDOW_BEHIND 32

static void move_to_front(struct window *window)
{
    size_t first = window->at > WINDOW_BEHIND ? window->at - WINDOW_BEHIND : 0;
    if (!first)
        return;
    memmove(window->bytes, window->bytes + first, window->end - first);
    window->base += first;
    window->at -= first;
    window->end -= first;
}

static bool grow(struct window *window)
{
    assert(window->capacity); /* WINDOW_BYTES at first */
    if (window->capacity > SIZE_MAX / 2)
        return false;
    uint8_t *bytes = realloc(window->bytes, window->capacity * 2);
    if (!bytes)
        return false;
    window->bytes = bytes;
    window->capacity *= 2;
    return true;
}

/* Bytes are moved only when what is wanted does not fit behind the position, and the window is kept
 * twice as large as that: a search that wants much at every byte moves each byte a few times only.
 * It grows when what it has is full of what came, never by what a length field says. */
size_t window_fill(struct window *window, size_t wanted)
{
    if (!window->ended && wanted > window->capacity - window->at)
        move_to_front(window);
    while (window_left(window) < wanted && !window->ended) {
        bool tight = wanted > window->capacity / 2 && window->end > window->capacity / 2;
        if ((tight || window->end == window->capacity) && !grow(window)) {
            window->no_memory = true;
            window->ended = true;
            break;
        }
        size_t got = source_read(window->source, window->bytes + window->end,
                                 window->capacity - window->end);
        window->end += got;
        window->ended = got == 0;
    }
    return window_left(window);
}

uint64_t window_skip(struct window *window, uint64_t length)
{
    uint64_t skipped = 0;
    while (skipped < length) {
        size_t left = window_need(window, 1);
        if (!left)
            break;
        uint64_t step = length - skipped < left ? length - skipped : left;
        window->at += (size_t)step;
        skipped += step;
    }
    return skipped;
}

uint64_t window_skip_zeros(struct window *window)
{
    uint64_t zeros = 0;
    while (window_need(window, 1)) {
        const uint8_t *p = window_at(window);
        const uint8_t *end = p + window_left(window);
        while (p < end && !*p)
            p++;
        size_t step = (size_t)(p - window_at(window));
        window->at += step;
        zeros += step;
        if (p < end)
            break;
    }
    return zeros;
}
