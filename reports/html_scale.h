/*
 * Coordinates of charts, in tenths of a unit of the drawing, without floating point. Every time and
 * every count has a place, also those at the ends of their types. Inside the room only.
 */
#ifndef FINWAIT_REPORTS_HTML_SCALE_H
#define FINWAIT_REPORTS_HTML_SCALE_H

#include "reports/sentence.h"

#include <stdbool.h>
#include <stdint.h>

/* Times from start_ns to end_ns, drawn from `left` on, `width` wide (tenths, at most 2^20). */
struct html_axis {
    int64_t start_ns, end_ns;
    int64_t left, width;
};

/* What lies outside stands at the nearer end; on an axis without length all stands at its left. */
int64_t axis_place(const struct html_axis *axis, int64_t time_ns);

/* Which part of `height` a count makes of the highest: 0 only for 0. */
int64_t scale_height(uint64_t count, uint64_t highest, int64_t height);

/* Times that are easy to read, `most` of them at most (at least 2): multiples of the step, UTC.
 * False when there are none: an axis without length. */
struct html_ticks {
    int64_t first_ns, step_ns;
    unsigned count;
};
bool axis_ticks(const struct html_axis *axis, unsigned most, struct html_ticks *ticks);

/* "10:00:05", "10:00:05.25", "01-05": as short as the step allows. */
void tick_label(struct sentence *label, int64_t time_ns, int64_t step_ns);

#endif
