/*
 * For tests: one frame of each encapsulation that is undone, all around the same TCP segment
 * (net/frames_test.h: assert_sample()).
 */
#ifndef FINWAIT_DISSECT_SAMPLES_TEST_H
#define FINWAIT_DISSECT_SAMPLES_TEST_H

#include "dissect/net/frames_test.h"

typedef void builder(struct frame *f);

struct sample {
    const char *name;
    uint16_t link_type;
    builder *build;
    enum tunnel tunnel;
    uint16_t vlan;
};

extern const struct sample samples[];
extern const size_t sample_count;

/* Appends the sample of this name. */
void sample_build(struct frame *f, const char *name);

#endif
