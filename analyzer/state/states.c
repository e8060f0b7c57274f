#include "analyzer/state/states.h"

#include "analyzer/state/plain.h"
#include "analyzer/state/possible.h"
#include "analyzer/state/timeline.h"

static void describe(const struct evidence *ev, const struct endpoint_facts *e,
                     struct endpoint_states *s)
{
    s->fin_sent = e->facts[FACT_FIN_SENT].holds;
    s->fin_implied = e->fin_implied;
    s->fin_acked_unseen = e->facts[FACT_FIN_ACKED].holds && e->fin_acked_index < 0;
    s->fin_seq = e->fin_seq.n;
    s->active = e->active;
    s->active_known = e->active_known;
    s->active_presumed = e->fin_implied || e->active_doubtful || e->opening_fin == OPENING_FIN_OWN;
    s->reset_sent = e->facts[FACT_RESET_SENT].holds || e->facts[FACT_GONE].holds;
    s->reset_received = e->facts[FACT_RESET_RECEIVED].holds;
    s->vanished = false;
    s->fin_acked_by = e->fin_acked_index >= 0 ? ev->log[e->fin_acked_index].frame : FRAME_NONE;
}

static void conclude_at_length(struct states_basis *basis, struct endpoint_states states[2])
{
    struct evidence *ev = &basis->evidence;
    struct endpoint_facts ends[2];
    basis->shape = SHAPE_ANY;
    evidence_settle(ev);
    facts_gather(ev, ends);
    for (int x = 0; x < 2; x++) {
        describe(ev, &ends[x], &states[x]);
        timeline_make(ev, x, &ends[x], &states[x]);
        possible_make(ev, x, ends, &states[x]);
        basis->ends[x] = (struct fin_traces){.fin_first = ends[x].fin_first,
                                             .fin_acked_index = ends[x].fin_acked_index,
                                             .opening_fin = ends[x].opening_fin};
    }
}

void states_conclude(const struct connection *c, const struct analyzer_config *config,
                     int64_t now_ns, struct states_basis *basis, struct endpoint_states states[2])
{
    if (lone_syn_is_all(c)) {
        lone_syn_conclude(c, config, now_ns, basis, states);
        return;
    }
    evidence_collect(&basis->evidence, c, config, now_ns);
    if (middle_is_all(&basis->evidence))
        middle_conclude(basis, states);
    else if (answered_is_all(&basis->evidence))
        answered_conclude(basis, states);
    else if ((basis->shape = plain_conclude(basis, states)) == SHAPE_ANY)
        conclude_at_length(basis, states);
}

void states_conclude_at_length(const struct connection *c, const struct analyzer_config *config,
                               int64_t now_ns, struct states_basis *basis,
                               struct endpoint_states states[2])
{
    evidence_collect(&basis->evidence, c, config, now_ns);
    conclude_at_length(basis, states);
}
