/*
 * What was so at each instant, for charts: the samples of the capture and of its hosts, and the
 * anomalies over time. Memory is bounded whatever comes: beyond so many instants neighbours become
 * one, of which what happened is added up and of what stood the peak is kept.
 */
#ifndef FINWAIT_REPORTS_HTML_CURVES_H
#define FINWAIT_REPORTS_HTML_CURVES_H

#include "analyzer/verdict.h"

#include <stdbool.h>
#include <stdint.h>

#define CURVE_POINTS 400u
#define CURVE_HOSTS  64u
#define BINS         320u

struct host_curve {
    uint8_t address[16];
    bool others;
    uint64_t time_wait[CURVE_POINTS], close_wait[CURVE_POINTS];
    uint64_t time_wait_peak, close_wait_peak;
};

struct html_curves {
    uint32_t points; /* instants, so many of the samples' each: */
    uint32_t stride, filled;
    int64_t at_ns[CURVE_POINTS]; /* the last of them */
    uint64_t opens[CURVE_POINTS], closes[CURVE_POINTS], resets[CURVE_POINTS];
    uint32_t host_count;
    struct host_curve hosts[CURVE_HOSTS]; /* in order of coming; those beyond are left out */
};

void curves_take(struct html_curves *curves, const struct sample_verdict *sample);

/* Things that happened, in equal intervals of absolute time that grow as needed. */
struct html_bins {
    bool begun;
    unsigned level; /* each is 100 ms << level */
    int64_t first;  /* the first bin's number */
    uint32_t count;
    uint64_t of[SEVERITIES][BINS];
};

/* A time that is unknown has no bin. */
void bins_take(struct html_bins *bins, int64_t at_ns, enum severity severity);

/* When the bin begins, and ends: at the ends of time perhaps earlier than a whole interval. */
int64_t bin_start_ns(const struct html_bins *bins, uint32_t bin);
int64_t bin_end_ns(const struct html_bins *bins, uint32_t bin);

#endif
