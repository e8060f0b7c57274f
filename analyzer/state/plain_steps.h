/*
 * What the short ways share: what passed as it should, states of an end of which nothing is known
 * yet, and how it enters one.
 */
#ifndef FINWAIT_ANALYZER_STATE_PLAIN_STEPS_H
#define FINWAIT_ANALYZER_STATE_PLAIN_STEPS_H

#include "analyzer/state/states.h"

#define STATE_BIT(state) (1u << (state))

/* Numbers are told from their side's initial one, stamps from its first, and all lie below this:
 * so they compare as plain integers do. */
#define SPAN_MAX (UINT32_C(1) << 30)

/* A longer log is of a connection in which much happened. */
#define PLAIN_ENTRIES_MAX 24

/* What a segment is for. */
#define CONTROL_FLAGS (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)

/* Between these no reckoning overflows. */
static inline bool reckonable(int64_t time_ns)
{
    return time_ns >= 0 && time_ns <= INT64_MAX / 2;
}

static inline bool no_odd_marks(const struct log_entry *g)
{
    return !(g->marks & ~LOG_TIMESTAMPS);
}

static inline bool nothing_missing(const struct side_detail *side)
{
    const struct ranges *holes = seldom_of(side)->holes;
    return !holes || (!holes->count && !holes->retired_bytes);
}

/* The stamps of one side. */
struct stamps_seen {
    uint32_t first, last;
    bool any;
};

/* They never fall back: nothing was held up on the way. */
static inline bool stamp_follows(struct stamps_seen *own, const struct log_entry *g)
{
    if (!(g->marks & LOG_TIMESTAMPS))
        return true;
    if (!own->any) {
        own->any = true;
        own->first = g->ts_val;
    }
    uint32_t stamp = g->ts_val - own->first;
    bool follows = stamp >= own->last && stamp < SPAN_MAX;
    own->last = stamp;
    return follows;
}

static inline void clear_traces(struct fin_traces *traces)
{
    traces->fin_first = 0;
    traces->fin_acked_index = -1;
    traces->opening_fin = OPENING_FIN_NONE;
}

static inline void clear_states(struct endpoint_states *s)
{
    s->count = 0;
    s->state = STATE_CLOSED;
    s->certainty = CERTAINTY_PRESUMED;
    s->fin_sent = s->fin_implied = s->fin_acked_unseen = false;
    s->active = s->active_known = s->active_presumed = false;
    s->reset_sent = s->reset_received = s->vanished = false;
    s->fin_acked_by = FRAME_NONE;
    s->fin_seq = 0;
    s->time_wait_from_ns = s->time_wait_until_ns = TIME_UNKNOWN;
}

static inline void enter_at(struct endpoint_states *s, int64_t at_ns, frame_ref frame,
                            enum tcp_state state, enum state_cause cause, enum certainty certainty,
                            frame_ref confirmed_by)
{
    struct state_entry *entry = &s->entries[s->count++];
    s->state = state;
    s->certainty = certainty;
    entry->at_ns = at_ns;
    entry->frame = frame;
    entry->confirmed_by = confirmed_by;
    entry->state = (uint8_t)state;
    entry->cause = (uint8_t)cause;
    entry->certainty = (uint8_t)certainty;
    entry->retracted = false;
}

/* By its own segment, or by a later one that proves what this brought: then certain. */
static inline void enter(struct endpoint_states *s, const struct log_entry *g, enum tcp_state state,
                         enum state_cause cause, frame_ref confirmed_by)
{
    enter_at(s, g->time_ns, g->frame, state, cause, CERTAINTY_CONFIRMED, confirmed_by);
}

static inline void enter_presumably(struct endpoint_states *s, const struct log_entry *g,
                                    enum tcp_state state, enum state_cause cause)
{
    enter_at(s, g->time_ns, g->frame, state, cause, CERTAINTY_PRESUMED, FRAME_NONE);
}

/* It has answered the SYN-ACK: that had come. */
static inline void open_answering_client(const struct log_entry *log, struct endpoint_states *s)
{
    enter(s, &log[SYN_ENTRY], STATE_SYN_SENT, CAUSE_SENT_SYN, FRAME_NONE);
    enter(s, &log[SYN_ACK_ENTRY], STATE_ESTABLISHED, CAUSE_RECEIVED_SYN_ACK, log[ACK_ENTRY].frame);
}

/* The log begins with the first `count` segments of a handshake, two or all, as they should be. */
bool handshake_in_order(const struct evidence *evidence, int client, int count);

/* What an end may be in besides `set`, when it may be established and no FIN of it was seen. */
void look_beyond(const struct evidence *evidence, int x, struct endpoint_states *states,
                 unsigned set);

#endif
