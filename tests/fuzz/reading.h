/*
 * A capture read from memory to its end, every byte of it accounted for.
 */
#ifndef FINWAIT_TESTS_FUZZ_READING_H
#define FINWAIT_TESTS_FUZZ_READING_H

#include "tests/fuzz/fuzz.h"

/* Of every packet and all findings. */
struct digest reading_digest(const uint8_t *bytes, size_t size);

#endif
