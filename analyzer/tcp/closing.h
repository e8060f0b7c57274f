/*
 * What a segment tells of the connection's opening and close, for the ways that track it.
 */
#ifndef FINWAIT_ANALYZER_TCP_CLOSING_H
#define FINWAIT_ANALYZER_TCP_CLOSING_H

#include "analyzer/elapsed.h"
#include "analyzer/tcp/connection.h"
#include "analyzer/tcp/track.h"

/* The first FIN or RST: how things stood just before it. */
void note_close_start(struct connection *c);

/* Octets that were never sent before, by one who had the peer's FIN. `nxt` is from before.
 * False when memory ran out, as it cannot where something of the side is seldom already. */
bool note_after_fin(struct connection *c, int sender, const struct segment *segment, seq_t nxt);

/* A segment passes while the connection closes: bare acknowledgments answer one another when they
 * come from either side in turn and within the second. */
static inline void take_ack_run(struct ack_run *run, int sender, bool bare, int64_t time_ns)
{
    if (run->count && elapsed_ns(run->last_ns, time_ns) > ACK_RUN_GAP_NS)
        run->count = 0;
    if (!bare)
        run->count = 0;
    if (!bare || (run->count && run->side == sender))
        return;
    run->count++;
    run->side = (uint8_t)sender;
    run->last_ns = time_ns;
    if (run->count > run->most)
        run->most = run->count;
}

/* The same, where it closes; but for probes. */
void note_ack_run(struct connection *c, int sender, const struct segment *segment, bool probe);

/* Counters and marks of FIN, RST and SYN. Without a detail the segment is the first, a lone SYN. */
void note_control(struct connection *c, int sender, const struct segment *segment);

/* Is it open, is it closed? `again`: the segment carries nothing new. */
void note_progress(struct connection *c, const struct segment *segment, bool again);

#endif
