/*
 * The front of the room: batches of segments in, verdicts out. Connections are handed to the sink
 * in the order in which they become final (last packet and its linger, ties by first frame), which
 * depends on the input alone, never on the hash key.
 *
 * The analyzer owns every connection; the sink and its context are borrowed for its life.
 */
#ifndef FINWAIT_ANALYZER_ANALYZER_H
#define FINWAIT_ANALYZER_ANALYZER_H

#include "analyzer/config.h"
#include "analyzer/trace.h"
#include "analyzer/verdict.h"
#include "dissect/compiler.h"
#include "dissect/segment.h"

struct analyzer;

enum analyzer_status {
    ANALYZER_OK,
    ANALYZER_STOPPED, /* the sink asked for it */
    ANALYZER_NO_MEMORY,
    ANALYZER_LOST, /* the file of analyzer_spill_into() failed */
};

/* NULL when memory ran out or no random key could be had. */
struct analyzer *analyzer_create(const struct analyzer_config *config,
                                 struct verdict_sink sink) MUST_CHECK;
void analyzer_destroy(struct analyzer *analyzer);

/* Before the first segment: from now on connections that have closed, while they wait for
 * stragglers, take little memory; the file takes the rest of them, while it can. It is borrowed,
 * until the analyzer is destroyed: empty, nobody else's, and open for reading and writing. */
void analyzer_spill_into(struct analyzer *analyzer, int file);

/* After ANALYZER_LOST: the errno of it. */
int analyzer_spill_error(const struct analyzer *analyzer);

/* Takes the segments of a batch in order. The batch is the caller's to clear afterwards. */
enum analyzer_status analyzer_feed(struct analyzer *analyzer,
                                   const struct segment_batch *batch) MUST_CHECK;

/* Clears a batch that was fed. It is to become as long as suits what was fed last: longer where
 * that was of few connections. */
void analyzer_clear(const struct analyzer *analyzer, struct segment_batch *batch);

/* What of this needs nothing that feeding changes, so that another thread can do it meanwhile for
 * the batches that come next: the segments of a batch by their connections. NULL when memory ran
 * out. */
struct analyzer_groups;
struct analyzer_groups *analyzer_groups_create(void) MUST_CHECK;
void analyzer_groups_destroy(struct analyzer_groups *groups);
void analyzer_group(const struct analyzer *analyzer, const struct segment_batch *batch,
                    struct analyzer_groups *groups);

/* After it, for a batch that is likely to be tracked in a round: what that would do first. */
void analyzer_share(const struct segment_batch *batch, struct analyzer_groups *groups);

/* As analyzer_feed(), with what analyzer_group() made of the batch. */
enum analyzer_status analyzer_feed_grouped(struct analyzer *analyzer,
                                           const struct segment_batch *batch,
                                           const struct analyzer_groups *groups) MUST_CHECK;

/* Several batches at once, by several threads: begun with the next ones to be fed, grouped, in
 * their order; then every lane once, in any order or at the same time, while nothing else is asked
 * of the analyzer; then ended. Afterwards each is fed by analyzer_feed_rest(), in order. What comes
 * of it is what analyzer_feed_grouped() brings about, batch by batch. */
#define ANALYZER_LANES      16u
#define ANALYZER_PARTS      16u
#define ANALYZER_ROUND_MOST TABLE_SIZE(32u, 4u)

struct analyzer_round;
struct analyzer_round *analyzer_round_create(void) MUST_CHECK; /* NULL when memory ran out */
void analyzer_round_destroy(struct analyzer_round *round);

/* Empties the round. */
void analyzer_round_clear(struct analyzer_round *round);

/* At most ANALYZER_ROUND_MOST; both are borrowed until it is ended. */
void analyzer_round_add(struct analyzer_round *round, const struct segment_batch *batch,
                        struct analyzer_groups *groups);

/* False when these batches are to be fed one by one. */
bool analyzer_round_begin(struct analyzer *analyzer, struct analyzer_round *round) MUST_CHECK;
void analyzer_round_lane(const struct analyzer *analyzer, struct analyzer_round *round,
                         unsigned lane);
void analyzer_round_end(struct analyzer *analyzer, const struct analyzer_round *round);

/* What memory the analyzer will soon want; not between the beginning of a round and its end. Until
 * that is asked anew, each part once at most, in any order or at the same time, whatever else is
 * asked of the analyzer: has it ahead. */
void analyzer_round_want(struct analyzer *analyzer, struct analyzer_round *round);
void analyzer_round_prepare(const struct analyzer_round *round, unsigned part);

/* The round's batch of this number. */
enum analyzer_status analyzer_feed_rest(struct analyzer *analyzer, struct analyzer_round *round,
                                        uint32_t number) MUST_CHECK;

/* From now on tells `sink` (borrowed, NULL to stop it) of every segment that is fed. */
void analyzer_trace(struct analyzer *analyzer, const struct trace_sink *sink);

/* Instead of feeding a segment of another connection: only its time counts. Fed with nothing but
 * whole five-tuples and the times of all others, the analyzer finds in them the same connections as
 * fed with everything (unless memory had made it report some early). */
enum analyzer_status analyzer_pass_time(struct analyzer *analyzer, int64_t time_ns) MUST_CHECK;

/* From now on a thread concludes what becomes final while other segments are fed, where the system
 * gives one. What the sink gets is the same, but that thread calls it, and who feeds no longer,
 * until analyzer_finish() or until half of the memory is in use. */
void analyzer_count_with_thread(struct analyzer *analyzer);

/* From now on a thread helps in analyzer_finish(), where the system gives one. What the sink gets
 * is the same, and it is called where it was. */
void analyzer_finish_with_thread(struct analyzer *analyzer);

/* From now on analyzer_finish() asks whether somebody waits for it. Once that is so it concludes no
 * more than some thousand connections, and counts the others (not_concluded). */
void analyzer_finish_hurried(struct analyzer *analyzer, bool (*hurried)(void));

/* The capture is over: every connection becomes final. `end_ns` is the highest time of all its
 * packets, TCP or not (or TIME_UNKNOWN): how long it went on after a connection's last segment. */
enum analyzer_status analyzer_finish(struct analyzer *analyzer, int64_t end_ns) MUST_CHECK;

/* Valid after analyzer_finish(). */
const struct summary_verdict *analyzer_summary(const struct analyzer *analyzer);

#endif
