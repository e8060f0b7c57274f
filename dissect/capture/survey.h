/*
 * Inside of dissect/capture/: the one look at every input before any is read: which files there
 * are, their sizes and first times, and the digest that names the capture.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_SURVEY_H
#define FINWAIT_DISSECT_CAPTURE_SURVEY_H

#include "dissect/capture/capture.h"

/* One file, in the order given; its index is that of its findings. */
struct input {
    char *path;            /* owned */
    struct source *source; /* of what can be read only once, opened; otherwise NULL */
    int64_t first_ns;      /* TIME_UNKNOWN when the first 64 KiB do not say */
    uint64_t size;         /* 0 for pipes */
    bool unreadable;
    bool pipe;     /* of no known size */
    bool inflates; /* source_can_read_ahead() */
};

struct survey {
    struct input *inputs;
    uint32_t count;
};

/* False when memory ran out. */
bool survey_take(struct survey *survey, const char *const *paths, size_t path_count,
                 struct capture_findings *findings) MUST_CHECK;
void survey_finish(struct survey *survey);

#endif
