/*
 * A set of packets: a bit for each packet of a file up to the last that is in it.
 */
#ifndef FINWAIT_CLI_FRAME_SET_H
#define FINWAIT_CLI_FRAME_SET_H

#include "dissect/compiler.h"
#include "dissect/segment.h"

#include <stddef.h>

struct frame_set {
    struct frame_bits {
        uint64_t *words;
        size_t word_count;
    } * files;
    size_t file_count;
    uint64_t members;
};

/* Begins empty as {0}. False when memory ran out. */
bool frame_set_add(struct frame_set *set, frame_ref frame) MUST_CHECK;
bool frame_set_has(const struct frame_set *set, frame_ref frame);
void frame_set_finish(struct frame_set *set);

#endif
