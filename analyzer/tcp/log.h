/*
 * The control log of a connection: what states are concluded from. Its beginning and its end are
 * kept (LOG_FIRST, LOG_TAIL); what stood in between is overwritten.
 */
#ifndef FINWAIT_ANALYZER_TCP_LOG_H
#define FINWAIT_ANALYZER_TCP_LOG_H

#include "analyzer/tcp/connection.h"
#include "dissect/compiler.h"

#include <stddef.h>
#include <string.h>

/* Makes room for `more` entries, as far as there may be so many; false when memory ran out. */
bool log_reserve(struct detail *detail, unsigned more) MUST_CHECK;

/* To a log that has nothing beside the detail: room for LOG_MORE entries, which stays whose it is.
 */
static inline void log_lend(struct detail *detail, struct log_entry *more)
{
    detail->more = more;
    detail->more_lent = true;
    detail->log_room = LOG_WITHIN + LOG_MORE;
}

/* What was lent to it is its own. False when memory ran out: nothing has changed. */
bool log_own(struct detail *detail) MUST_CHECK;

/* Octets of the log beside the detail. */
static inline size_t log_bytes(const struct detail *detail)
{
    if (detail->log != detail->within)
        return detail->log_room * sizeof *detail->log;
    return detail->more ? LOG_MORE * sizeof *detail->more : 0;
}

/* Releases what the log has of its own beside the detail. */
void log_finish(struct detail *detail);

/* All of the log in a row: where it stands, or in `room`. */
static inline struct log_entry *log_in_row(const struct detail *detail,
                                           struct log_entry room[LOG_MAX])
{
    if (!detail->more)
        return detail->log;
    memcpy(room, detail->within, sizeof detail->within);
    memcpy(room + LOG_WITHIN, detail->more, LOG_MORE * sizeof *room);
    return room;
}

/* Room for the next entry, to be filled at once; NULL when memory ran out. */
struct log_entry *log_room(struct detail *detail) MUST_CHECK;

/* Its number, or what it acknowledges, lies beyond all octets that passed: perhaps a FIN. */
bool testifies_unseen(const struct connection *c, int sender, const struct segment *segment);

/* The segment as it is remembered; before its numbers are tracked. `again`: it carries nothing new.
 */
struct log_entry log_entry_of(const struct connection *c, int sender, const struct segment *segment,
                              bool again);

/* Logs the segment, as `entry` remembers it, if states may depend on it; before its numbers are
 * tracked. False when memory ran out. */
bool log_segment(struct connection *c, int sender, const struct segment *segment,
                 const struct log_entry *entry) MUST_CHECK;

/* What only the numbers tell of the segment just logged, once they were tracked. */
void log_mark_last(struct connection *c, int sender, const struct segment *segment, bool probe);

/* The log entry of a segment of which nothing is to be said. */
static ALWAYS_INLINE void log_write(struct log_entry *entry, uint8_t sender,
                                    const struct segment *g, uint32_t nth)
{
    _Static_assert(offsetof(struct segment, ts_ecr) - offsetof(struct segment, seq) == 16 &&
                       offsetof(struct segment, payload_len) - offsetof(struct segment, seq) == 8 &&
                       offsetof(struct log_entry, ts_ecr) - offsetof(struct log_entry, seq) == 16 &&
                       offsetof(struct log_entry, payload_len) - offsetof(struct log_entry, seq) ==
                           8 &&
                       (int)LOG_TIMESTAMPS == (int)SEG_TIMESTAMPS,
                   "the numbers stand in one order in both");
    entry->time_ns = g->time_ns;
    entry->frame = g->frame;
    memcpy(&entry->seq, &g->seq,
           offsetof(struct log_entry, window) - offsetof(struct log_entry, seq));
    entry->window = g->window;
    entry->ip_id = g->ip_id;
    entry->flags = (uint8_t)g->flags;
    entry->side = sender;
    entry->ttl = g->ttl;
    entry->marks = g->marks & LOG_TIMESTAMPS;
    entry->nth = nth;
}

#endif
