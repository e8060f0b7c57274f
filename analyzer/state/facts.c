#include "analyzer/state/gather.h"

void set_received(struct endpoint_facts *e, enum fact_id id, const struct evidence *ev, int i,
                  const struct receipt *r, enum state_cause cause)
{
    bool sure = r->status == RECEIPT_CONFIRMED;
    set_fact(e, id, ev, i, sure ? CERTAINTY_CONFIRMED : CERTAINTY_PRESUMED, cause);
    struct fact *f = &e->facts[id];
    f->at_ns = r->at_ns;
    if (sure)
        f->confirmed_by = ev->log[r->by].frame;
    for (int k = i; k < ev->count && r->at_ns > ev->log[i].time_ns; k++) {
        if (ev->log[k].side != ev->log[i].side && ev->log[k].time_ns <= r->at_ns)
            f->order = ORDER_BEHIND(k);
    }
}

void retract(struct endpoint_facts *e, enum fact_id id, const struct evidence *ev, int i,
             const struct receipt *r, enum state_cause cause)
{
    if (e->retraction_count == RETRACTIONS_MAX)
        return;
    e->retractions[e->retraction_count++] = (struct retraction){
        .id = id,
        .cause = cause,
        .at_ns = ev->log[i].time_ns,
        .frame = ev->log[i].frame,
        .order = ORDER_AT(i),
        .refuted = r->sure,
    };
}

int withdrawn_before(const struct endpoint_facts *e, enum fact_id id)
{
    int count = 0;
    for (int i = 0; i < e->retraction_count; i++)
        count += e->retractions[i].id == id;
    return count;
}

/* Presumptions keep their order of passage: one that was put off moves the later ones behind it. */
static void keep_order(struct endpoint_facts *e)
{
    static const enum fact_id received[] = {FACT_FIN_ACKED, FACT_FIN_RECEIVED, FACT_RESET_RECEIVED};
    for (unsigned k = 0; k < 3; k++) {
        for (unsigned m = 0; m < 3; m++) {
            struct fact *a = &e->facts[received[k]];
            struct fact *b = &e->facts[received[m]];
            bool later = a->holds && b->holds && a->index < b->index;
            if (later && b->certainty == CERTAINTY_PRESUMED && b->order <= a->order) {
                b->order = a->order + 1;
                b->at_ns = a->at_ns;
            }
        }
    }
}

void facts_gather(const struct evidence *ev, struct endpoint_facts ends[2])
{
    const struct connection *c = ev->c;
    bool mid_stream = c->known_by == KNOWN_BY_PORT || c->known_by == KNOWN_BY_FIRST_PACKET;
    for (int x = 0; x < 2; x++) {
        ends[x] = (struct endpoint_facts){
            .server = client_side(c) != x, .mid_stream = mid_stream, .fin_acked_index = -1};
        gather_own_fin(ev, x, &ends[x]);
        if (!mid_stream)
            gather_opening(ev, x, &ends[x]);
    }
    gather_close(ev, ends);
    for (int x = 0; x < 2; x++) {
        gather_resets(ev, x, &ends[x]);
        settle_own_fin(ev, x, &ends[x]);
        keep_order(&ends[x]);
        gather_timeouts(ev, x, &ends[x]);
    }
}
