#include "analyzer/state/timeline.h"

#include "analyzer/state/table.h"

#define BIT(id) (1u << (id))

enum tcp_state state_of_facts(const struct endpoint_facts *e, unsigned facts)
{
    if (facts &
        (BIT(FACT_RESET_SENT) | BIT(FACT_RESET_RECEIVED) | BIT(FACT_GONE) | BIT(FACT_TIMED_OUT)))
        return STATE_CLOSED;
    bool open = e->mid_stream || (facts & BIT(FACT_SYN_SENT) && facts & BIT(FACT_SYN_RECEIVED) &&
                                  facts & BIT(FACT_SYN_ACKED));
    if (!open && !(facts & BIT(FACT_FIN_SENT))) {
        if (!(facts & BIT(FACT_SYN_SENT)))
            return STATE_CLOSED;
        return facts & BIT(FACT_SYN_RECEIVED) ? STATE_SYN_RECEIVED : STATE_SYN_SENT;
    }
    return close_state((facts & BIT(FACT_FIN_SENT) ? HAS_FIN_SENT : 0u) |
                       (facts & BIT(FACT_FIN_RECEIVED) ? HAS_FIN_RECEIVED : 0u) |
                       (facts & BIT(FACT_FIN_ACKED) ? HAS_FIN_ACKED : 0u) |
                       (e->active ? HAS_CLOSED_ACTIVELY : 0u));
}

/* One step of the timeline: a fact that took effect, or a belief that was given up. */
struct step {
    int order;
    unsigned facts;
    bool retracted;
    const struct fact *fact;
    const struct retraction *retraction;
};

#define STEPS_MAX (FACTS + RETRACTIONS_MAX)

static void insert_step(struct step *steps, int *count, struct step step)
{
    int at = *count;
    while (at > 0 && steps[at - 1].order > step.order) {
        steps[at] = steps[at - 1];
        at--;
    }
    steps[at] = step;
    (*count)++;
}

static int collect_steps(const struct endpoint_facts *e, struct step steps[STEPS_MAX])
{
    int count = 0;
    for (unsigned id = 0; id < FACTS; id++) {
        const struct fact *f = &e->facts[id];
        if (f->holds)
            insert_step(steps, &count,
                        (struct step){.order = f->order, .facts = BIT(id), .fact = f});
    }
    for (int i = 0; i < e->retraction_count; i++) {
        const struct retraction *r = &e->retractions[i];
        insert_step(
            steps, &count,
            (struct step){
                .order = r->order, .facts = BIT(r->id), .retracted = true, .retraction = r});
    }
    return count;
}

static void push(struct endpoint_states *s, struct state_entry entry)
{
    if (s->count < TIMELINE_MAX)
        s->entries[s->count++] = entry;
}

static void push_retracted(struct endpoint_states *s, const struct retraction *r,
                           enum tcp_state state)
{
    push(s, (struct state_entry){.at_ns = r->at_ns,
                                 .frame = r->frame,
                                 .state = (uint8_t)state,
                                 .cause = (uint8_t)r->cause,
                                 .certainty = CERTAINTY_PRESUMED,
                                 .retracted = true});
}

static void push_fact(struct endpoint_states *s, const struct fact *f, enum tcp_state state,
                      enum certainty certainty)
{
    push(s, (struct state_entry){.at_ns = f->at_ns,
                                 .frame = f->frame,
                                 .confirmed_by = certainty == CERTAINTY_CONFIRMED ? f->confirmed_by
                                                                                  : FRAME_NONE,
                                 .state = (uint8_t)state,
                                 .cause = (uint8_t)f->cause,
                                 .certainty = (uint8_t)certainty});
    s->state = state;
    s->certainty = certainty;
}

/* TIME_WAIT ends 2*MSL after it began or was last restarted: by a FIN sent again (RFC 9293), on
 * Linux by any segment with ACK. */
static void run_time_wait(const struct evidence *ev, int x, struct endpoint_states *s)
{
    if (s->state != STATE_TIME_WAIT)
        return;
    int64_t from_ns = s->entries[s->count - 1].at_ns;
    int64_t last_ns = from_ns;
    if (from_ns == TIME_UNKNOWN)
        return;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        bool acks = (g->flags & (TCP_ACK | TCP_RST)) == TCP_ACK;
        /* What it says then answers something, though the capture missed that. */
        int64_t due_ns = g->side == x ? may_stray_ns(ev, x) + ev->config->delayed_ack_ns : 0;
        if (acks && g->time_ns > last_ns + due_ns)
            last_ns = g->time_ns;
    }
    s->time_wait_from_ns = from_ns;
    if (__builtin_add_overflow(last_ns, ev->config->two_msl_ns, &s->time_wait_until_ns))
        s->time_wait_until_ns = INT64_MAX;
    if (ev->now_ns == TIME_UNKNOWN || ev->now_ns < s->time_wait_until_ns)
        return;
    push(s, (struct state_entry){.at_ns = s->time_wait_until_ns,
                                 .state = STATE_CLOSED,
                                 .cause = CAUSE_TWO_MSL_ELAPSED,
                                 .certainty = CERTAINTY_PRESUMED});
    s->state = STATE_CLOSED;
    s->certainty = CERTAINTY_PRESUMED;
}

/* What took effect with a packet is told with the time of that packet, where it has one. */
static void tell_captured_times(const struct evidence *ev, struct endpoint_states *s)
{
    for (uint32_t i = 0; ev->reckoned && i < s->count; i++) {
        for (int k = 0; k < ev->count; k++) {
            if (ev->log[k].frame == s->entries[i].frame &&
                ev->log[k].time_ns == s->entries[i].at_ns)
                s->entries[i].at_ns = captured_ns(ev, k);
        }
    }
}

/* Facts of one segment take effect together: what one retraction of them would have made is not a
 * state of its own. */
void timeline_make(const struct evidence *ev, int x, const struct endpoint_facts *e,
                   struct endpoint_states *s)
{
    struct step steps[STEPS_MAX];
    int count = collect_steps(e, steps);
    unsigned facts = 0;
    unsigned confirmed = 0;
    s->count = 0;
    s->state = state_of_facts(e, 0);
    s->certainty = CERTAINTY_PRESUMED;
    s->time_wait_from_ns = s->time_wait_until_ns = TIME_UNKNOWN;
    if (e->mid_stream)
        push_fact(s,
                  &(struct fact){.cause = CAUSE_FIRST_SEEN,
                                 .at_ns = ev->c->first_ns,
                                 .frame = ev->c->first_frame},
                  STATE_ESTABLISHED, CERTAINTY_PRESUMED);
    for (int i = 0; i < count; i++) {
        if (steps[i].retracted) {
            unsigned together = steps[i].facts;
            while (i + 1 < count && steps[i + 1].retracted && steps[i + 1].order == steps[i].order)
                together |= steps[++i].facts;
            enum tcp_state would_be = state_of_facts(e, facts | together);
            if (would_be != s->state)
                push_retracted(s, steps[i].retraction, would_be);
            continue;
        }
        int first = i;
        while (i + 1 < count && !steps[i + 1].retracted && steps[i + 1].order == steps[i].order)
            i++;
        for (int k = first; k <= i; k++) {
            facts |= steps[k].facts;
            confirmed |= steps[k].fact->certainty == CERTAINTY_CONFIRMED ? steps[k].facts : 0;
        }
        enum tcp_state state = state_of_facts(e, facts);
        /* Certain is what the confirmed facts alone say. */
        bool sure = state_of_facts(e, confirmed) == state;
        if (state != s->state)
            push_fact(s, steps[i].fact, state, sure ? CERTAINTY_CONFIRMED : CERTAINTY_PRESUMED);
    }
    run_time_wait(ev, x, s);
    tell_captured_times(ev, s);
}
