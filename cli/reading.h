/*
 * The captures of the command line, once through: packets in order, what --filter leaves of them
 * dissected to segments. Says itself, in a line on standard error, what goes wrong.
 */
#ifndef FINWAIT_CLI_READING_H
#define FINWAIT_CLI_READING_H

#include "analyzer/analyzer.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "dissect/capture/filter.h"
#include "dissect/capture/timeline.h"
#include "dissect/dissect.h"

struct reading {
    const struct options *options;
    struct capture_findings findings;
    struct timeline *timeline;
    struct dissector *dissector;
    struct segment_batch *batch;
    struct progress progress;
    uint32_t threads;    /* as many as --jobs, or as there is room for */
    bool analyses_apart; /* reading_analyse() does it in a thread */
    uint32_t helpers;    /* threads that take part in the analysis */
    bool counts_apart;   /* and so has what becomes final */
};

/* Takes the segments of the batch, clears it, and says itself what stops it.
 * `packet` is the one that was dissected last, or NULL at the end of the captures. */
typedef bool reading_taker(void *context, const struct packet *packet, struct segment_batch *batch);

enum reading_step {
    READING_BATCHES, /* whole batches */
    READING_PACKETS, /* what each packet gave, if anything */
};

/* False after its line; reading_close() is called in either case. */
bool reading_open(struct reading *reading, const struct options *options) MUST_CHECK;
void reading_close(struct reading *reading);

/* To the end, or until somebody interrupts. False when it failed or the taker stopped it. */
bool reading_run(struct reading *reading, enum reading_step step, reading_taker *take,
                 void *context) MUST_CHECK;

/* Feeds all of it to the analyzer, to the end; the sink may be called in another thread, but not
 * once this has returned. */
bool reading_analyse(struct reading *reading, struct analyzer *analyzer) MUST_CHECK;

/* What the analyzer has said: false for what is no success, after its line if it needs one. */
bool reading_tell_status(const struct analyzer *analyzer, enum analyzer_status status);

/* Is any of the captures readable? While they are read, one may turn out not to be. */
bool reading_any(const struct capture_findings *findings);

/* Files that could not be read, a line each; the same text is in the report. */
void reading_tell_unreadable(const struct capture_findings *findings);

#endif
