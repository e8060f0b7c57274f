/*
 * Allocations and reads that fail when they are told to. The program is linked with malloc() and
 * its kin, mmap(), strdup(), vasprintf() and read() wrapped (meson.build: failing_link_args): what
 * our own code and jansson ask for can fail; what zlib and zstd ask for themselves cannot.
 */
#ifndef FINWAIT_TESTS_FUZZ_FAILING_H
#define FINWAIT_TESTS_FUZZ_FAILING_H

#include <stdbool.h>
#include <stdint.h>

struct failing {
    uint32_t until_failure; /* allocations that succeed before one fails */
    bool ever_after;        /* and all that follow it */
    uint8_t read_kind; /* 1: interrupted, 2: failing, 4: short; the rest: how soon, how short */

    uint32_t failures;
    long held; /* blocks allocated and not released */
};

void failing_begin(struct failing failing);
/* How it went. */
struct failing failing_end(void);

#endif
