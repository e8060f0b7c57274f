/*
 * Two ways to do the same, of which now the one takes less time and now the other, by the machine
 * and by what there is to do: each is tried for a while, and then the one that took less is gone
 * for longer. What comes of them is the same. Inside the room only.
 */
#ifndef FINWAIT_CLI_TRIAL_H
#define FINWAIT_CLI_TRIAL_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

/* What is done is counted in units that take about as long as each other. */
#define TRIAL_UNITS TABLE_SIZE(64u, 8u)
#define TRIAL_HOLDS TABLE_SIZE(4096u, 64u)

/* All zero at first: the first unit ends a window that does not count. */
struct trial {
    unsigned window;   /* of the period, */
    uint32_t units;    /* how many it is to have, */
    uint32_t done;     /* and has */
    int64_t from_ns;   /* when it began */
    double took_ns[2]; /* a unit of each way, in the quicker of its windows */
    bool second;       /* it took less, when that was last seen */
};

/* Is it the second way that is to be gone now? */
bool trial_is_second(const struct trial *trial);

/* So many more are done. True when a window is over: then trial_go_on(), with the time. */
MUST_CHECK static inline bool trial_is_over(struct trial *trial, uint32_t done)
{
    trial->done += done;
    return UNLIKELY(trial->done >= trial->units);
}

void trial_go_on(struct trial *trial, int64_t now_ns);

#endif
