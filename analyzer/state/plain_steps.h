/*
 * What the short ways share: facts and states of an end of which nothing is known yet, and how it
 * enters a state.
 */
#ifndef FINWAIT_ANALYZER_STATE_PLAIN_STEPS_H
#define FINWAIT_ANALYZER_STATE_PLAIN_STEPS_H

#include "analyzer/state/gather.h"
#include "analyzer/state/states.h"

#define STATE_BIT(state) (1u << (state))

/* Between these no reckoning overflows. */
static inline bool reckonable(int64_t time_ns)
{
    return time_ns >= 0 && time_ns <= INT64_MAX / 2;
}

static inline void clear_fact(struct endpoint_facts *e, enum fact_id id)
{
    e->facts[id].holds = e->facts[id].doubtful = false;
}

static inline void clear_facts(struct endpoint_facts *e, bool server)
{
    clear_fact(e, FACT_SYN_SENT);
    clear_fact(e, FACT_SYN_RECEIVED);
    clear_fact(e, FACT_SYN_ACKED);
    clear_fact(e, FACT_FIN_SENT);
    clear_fact(e, FACT_FIN_RECEIVED);
    clear_fact(e, FACT_FIN_ACKED);
    clear_fact(e, FACT_RESET_SENT);
    clear_fact(e, FACT_RESET_RECEIVED);
    clear_fact(e, FACT_GONE);
    clear_fact(e, FACT_TIMED_OUT);
    e->retraction_count = 0;
    e->server = server;
    e->mid_stream = e->fin_implied = false;
    e->fin_first = 0;
    e->fin_seq = seq_of(0);
    e->active = e->active_known = e->active_doubtful = false;
    e->opening_fin = OPENING_FIN_NONE;
    e->fin_acked_index = (-1);
}

static inline void clear_states(struct endpoint_states *s)
{
    s->count = 0;
    s->fin_sent = s->fin_implied = s->fin_received = s->fin_acked = false;
    s->active = s->active_known = s->active_presumed = false;
    s->reset_sent = s->reset_received = s->vanished = false;
    s->fin_acked_by = FRAME_NONE;
    s->fin_seq = 0;
    s->time_wait_from_ns = s->time_wait_until_ns = TIME_UNKNOWN;
}

static inline void enter(struct endpoint_states *s, const struct fact *f, enum tcp_state state,
                         bool sure)
{
    struct state_entry *entry = &s->entries[s->count++];
    enum certainty certainty = sure ? CERTAINTY_CONFIRMED : CERTAINTY_PRESUMED;
    s->state = state;
    s->certainty = certainty;
    entry->at_ns = f->at_ns;
    entry->frame = f->frame;
    entry->confirmed_by = sure ? f->confirmed_by : FRAME_NONE;
    entry->state = (uint8_t)state;
    entry->cause = (uint8_t)f->cause;
    entry->certainty = (uint8_t)certainty;
    entry->retracted = false;
}

#endif
