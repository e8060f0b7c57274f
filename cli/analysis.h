/*
 * The analyzer in a thread of its own: filled batches go to it through a bounded queue and come
 * back empty, in the order in which they were passed. While it runs, the analyzer and its sink
 * belong to that thread, but for what others may do of rounds (analyzer.h); reading, dissecting and
 * grouping to the one that passes batches. Of the capture's findings the sink may look at what does
 * not change while a capture is read (findings.h says what).
 */
#ifndef FINWAIT_CLI_ANALYSIS_H
#define FINWAIT_CLI_ANALYSIS_H

#include "analyzer/analyzer.h"
#include "dissect/compiler.h"
#include "dissect/segment.h"

struct analysis;

/* `helpers`: so many more threads take part where batches wait, as the one that passes them does
 * when it finds no room. NULL when the system gives no thread or no memory; the analyzer is then
 * still the caller's. */
struct analysis *analysis_start(struct analyzer *analyzer, uint32_t helpers) MUST_CHECK;

/* Takes a filled batch over (allocated by malloc) and gives an empty one for it. */
struct segment_batch *analysis_pass(struct analysis *analysis,
                                    struct segment_batch *filled) MUST_CHECK;

/* Has the analyzer stopped? Only its analysis_join() says why. */
bool analysis_stopped(const struct analysis *analysis) MUST_CHECK;

/* Waits until every batch is taken and gives the analyzer back. */
enum analyzer_status analysis_join(struct analysis *analysis) MUST_CHECK;

#endif
