/*
 * Many capture files as one timeline: opened in the order of their first packets, merged by time,
 * a bounded number open at once. Frames stay those of their file; files keep the index of the order
 * in which they were given (a directory's captures in the order of their names).
 *
 * Packets of one file keep their order whatever their times say. Files are merged by the highest
 * time seen in each, so that one stamp that runs backwards does not reorder them; packets without a
 * time follow the packet before them.
 */
#ifndef FINWAIT_DISSECT_CAPTURE_TIMELINE_H
#define FINWAIT_DISSECT_CAPTURE_TIMELINE_H

#include "dissect/capture/capture.h"

/* Files that overlap in time are open together; beyond this many the earliest are preferred and
 * the merge is only as good as that (counted as ODDITY_CLOCK_BACKWARDS where it shows). */
#define TIMELINE_OPEN_MAX 256

struct timeline;

/* Paths are files, directories, or "-" (once). Every file is looked at once for its name, size,
 * first 64 KiB (findings->digest) and first time. What cannot be opened is an error text in its
 * file_findings, and the others are read. NULL when memory ran out or no path was given. */
struct timeline *timeline_open(const char *const *paths, size_t path_count,
                               struct capture_findings *findings) MUST_CHECK;
void timeline_destroy(struct timeline *timeline);

/* The next packet of the whole timeline. */
enum capture_status timeline_next(struct timeline *timeline, struct packet *packet) MUST_CHECK;

/* The same for as many as are to be had without waiting for input: with CAPTURE_PACKET *count is
 * at least 1. The packets and their data are borrowed until the next call. */
enum capture_status timeline_next_run(struct timeline *timeline, const struct packet **packets,
                                      uint32_t *count) MUST_CHECK;

/* Inside of dissect/: the only file that is left, where its packets have come in order, all of what
 * was read has been handed out, and whoever asks may read on in it; else NULL. Afterwards, if he
 * has, timeline_went_on(). */
struct capture *timeline_alone(const struct timeline *timeline);
void timeline_went_on(struct timeline *timeline);

/* The highest time of all packets so far, those of the last run included, or TIME_UNKNOWN. */
int64_t timeline_highest_ns(const struct timeline *timeline);

/* How many of the inputs threads can decompress ahead: compressed regular files. */
uint32_t timeline_inflating(const struct timeline *timeline);

/* From now on so many threads decompress ahead of the timeline: files that are open, and those
 * whose turn comes next. Before the first packet. Packets and findings are the same as without;
 * where the system gives no thread it is without. */
void timeline_read_ahead(struct timeline *timeline, unsigned threads);

/* For progress: raw bytes read so far, and of all inputs together (0 when a pipe is among them). */
uint64_t timeline_bytes_read(const struct timeline *timeline);
uint64_t timeline_bytes_total(const struct timeline *timeline);

#endif
