/*
 * Time as it passes here, for who waits or measures: nothing of it ever comes into what is said of
 * a capture. Inside the room only.
 */
#ifndef FINWAIT_CLI_MONOTONIC_H
#define FINWAIT_CLI_MONOTONIC_H

#include <stdint.h>
#include <time.h>

static inline int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

#endif
