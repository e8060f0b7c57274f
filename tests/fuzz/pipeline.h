/*
 * The whole way from a capture file to a report, as the program goes it, with the file and the
 * report in memory.
 */
#ifndef FINWAIT_TESTS_FUZZ_PIPELINE_H
#define FINWAIT_TESTS_FUZZ_PIPELINE_H

#include "reports/report.h"
#include "tests/fuzz/fuzz.h"

enum pipeline_result {
    PIPELINE_WRITTEN,
    PIPELINE_UNREADABLE, /* no capture at all: nothing was written */
    PIPELINE_NO_MEMORY,
    PIPELINE_OUTPUT_FAILED,
};

enum pipeline_way {
    PIPELINE_RUNS,    /* packets in runs, as the program takes them */
    PIPELINE_SINGLE,  /* each by itself */
    PIPELINE_THREADS, /* the same, and threads read ahead and help in the end */
};

struct pipeline {
    enum report_format format;
    enum pipeline_way way;
    bool compressed; /* on its way: pipeline_keep() takes what it decompresses to */
    uint64_t max_memory_bytes;
    const char *filter; /* or NULL */

    /* The outcome. */
    char *report; /* of malloc(), ended by a zero octet */
    size_t report_bytes;
    struct digest verdicts;
};

/* The file is put where pipeline_run() reads it; three at most, with "\xf1next" between them. */
void pipeline_input(const uint8_t *bytes, size_t size);
enum pipeline_result pipeline_run(struct pipeline *pipeline);
/* After PIPELINE_WRITTEN: takes the report. */
void pipeline_keep(struct pipeline *pipeline);
void pipeline_release(struct pipeline *pipeline);

/* No octet of a report, of whatever format, is one that a terminal obeys. */
void pipeline_check_octets(const struct pipeline *pipeline);
/* What else holds of a report, by its format. */
void pipeline_check(const struct pipeline *pipeline);

#endif
