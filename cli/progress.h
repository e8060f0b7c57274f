/*
 * How far a long run has come, on a terminal's standard error; silent in a pipe. And the resources
 * used, on request.
 */
#ifndef FINWAIT_CLI_PROGRESS_H
#define FINWAIT_CLI_PROGRESS_H

#include "dissect/capture/timeline.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool terminal;
    bool shown;
    uint64_t packets;
    int64_t started_ns; /* monotonic */
    int64_t next_ns;
};

#define PROGRESS_PACKETS 65536 /* the clock is looked at this often */

void progress_init(struct progress *progress);
void progress_show(struct progress *progress, const struct timeline *timeline);
void progress_clear(struct progress *progress);
void progress_resources(const struct progress *progress);

static inline void progress_packets(struct progress *progress, const struct timeline *timeline,
                                    uint32_t count)
{
    uint64_t before = progress->packets / PROGRESS_PACKETS;
    progress->packets += count;
    if (progress->packets / PROGRESS_PACKETS != before && progress->terminal)
        progress_show(progress, timeline);
}

#endif
