#include "analyzer/state/possible.h"

#include "analyzer/state/timeline.h"

#define STATE_BIT(state) (1u << (state))
#define FACT_BIT(id)     (1u << (id))

static unsigned facts_held(const struct endpoint_facts *e)
{
    unsigned held = 0;
    for (unsigned id = 0; id < FACTS; id++)
        held |= e->facts[id].holds ? FACT_BIT(id) : 0;
    return held;
}

/* Back along the timeline to the last state that is certain. */
static unsigned unconfirmed_path(const struct evidence *ev, int x, const struct endpoint_states *s)
{
    unsigned set = STATE_BIT(s->state);
    if (ev->beside[x])
        return set;
    bool doubtful = s->certainty == CERTAINTY_PRESUMED;
    for (uint32_t i = s->count; i-- > 0 && doubtful;) {
        const struct state_entry *entry = &s->entries[i];
        if (entry->retracted)
            continue;
        set |= STATE_BIT(entry->state);
        doubtful = entry->certainty == CERTAINTY_PRESUMED;
    }
    return set;
}

/* Beliefs given up for want of an answer, not by the endpoint's own word. */
static unsigned withdrawn(const struct endpoint_facts *e)
{
    unsigned held = facts_held(e);
    unsigned silent = 0;
    for (int i = 0; i < e->retraction_count; i++) {
        if (!e->retractions[i].refuted)
            silent |= FACT_BIT(e->retractions[i].id);
    }
    for (unsigned id = 0; id < FACTS; id++)
        silent |= e->facts[id].doubtful ? FACT_BIT(id) : 0;
    silent &= ~held;
    unsigned set = silent ? STATE_BIT(state_of_facts(e, held | silent)) : 0;
    for (unsigned id = 0; id < FACTS; id++) {
        if (silent & FACT_BIT(id))
            set |= STATE_BIT(state_of_facts(e, held | FACT_BIT(id)));
    }
    return set;
}

static int64_t since(const struct evidence *ev, int64_t at_ns)
{
    if (ev->now_ns == TIME_UNKNOWN || at_ns == TIME_UNKNOWN)
        return 0;
    return ev->now_ns - at_ns;
}

static bool outstanding(const struct evidence *ev, int x)
{
    const struct side *own = &ev->c->side[x];
    return own->marks & SIDE_ACKED && seq_gt(own->nxt, own->una);
}

/* Its own retransmission was due and did not come. */
static bool gave_up(const struct evidence *ev, int x)
{
    const struct connection *c = ev->c;
    const struct side *own = &c->side[x];
    bool unanswered = outstanding(ev, x) || (own->marks & SIDE_SYN && !(own->marks & SIDE_ACKED));
    if (!unanswered)
        return false;
    int64_t last_ns = own->last_ns;
    int64_t due_ns = retransmission_timeout_ns(ev, x);
    if (c->detail) {
        const struct side_detail *d = &c->detail->side[x];
        if (d->data_ns)
            last_ns = d->data_ns;
        if (d->again_run && 2 * d->again_gap_ns > due_ns)
            due_ns = 2 * d->again_gap_ns;
    }
    return since(ev, last_ns) > due_ns + due_ns / 2;
}

/* What the peer sent must have been answered by now, and was not. */
static bool owes_answer(const struct evidence *ev, int x)
{
    const struct connection *c = ev->c;
    const struct side *peer = &c->side[!x];
    int64_t patience_ns = retransmission_timeout_ns(ev, !x);
    if (c->detail && c->detail->side[!x].probe_run)
        return since(ev, c->detail->side[!x].probe_ns) > patience_ns;
    if (!outstanding(ev, !x))
        return false;
    int64_t sent_ns = peer->last_ns;
    return c->side[x].last_ns < sent_ns && since(ev, sent_ns) > patience_ns;
}

/* A FIN may wait behind octets that cannot go out, or may have been lost before the tap. */
static unsigned unsent_fin(unsigned set)
{
    unsigned more = 0;
    if (set & (STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_SYN_RECEIVED)))
        more |= STATE_BIT(STATE_FIN_WAIT_1);
    if (set & STATE_BIT(STATE_CLOSE_WAIT))
        more |= STATE_BIT(STATE_LAST_ACK);
    return more;
}

/* Windows below a segment hold back a FIN as a closed one does. */
#define TINY_WINDOW 512u

static bool window_shut(const struct evidence *ev, int x)
{
    const struct side *peer = &ev->c->side[!x];
    return peer->marks & SIDE_SPOKE && (uint64_t)peer->window << peer->window_scale < TINY_WINDOW;
}

void possible_make(const struct evidence *ev, int x, const struct endpoint_facts ends[2],
                   struct endpoint_states *s)
{
    const struct endpoint_facts *e = &ends[x];
    const struct side *own = &ev->c->side[x];
    unsigned set = unconfirmed_path(ev, x, s) | withdrawn(e);
    bool open = !(set == STATE_BIT(STATE_CLOSED));
    bool no_fin = !e->facts[FACT_FIN_SENT].holds;
    if (open && no_fin && (outstanding(ev, x) || window_shut(ev, x)))
        set |= unsent_fin(set);
    if (open && gave_up(ev, x))
        set |= STATE_BIT(STATE_CLOSED);
    if (open && owes_answer(ev, x)) {
        s->vanished = true;
        set |= STATE_BIT(STATE_CLOSED);
        if (no_fin)
            set |= unsent_fin(set);
    }
    if (set & (STATE_BIT(STATE_SYN_SENT) | STATE_BIT(STATE_SYN_RECEIVED) |
               STATE_BIT(STATE_TIME_WAIT) | STATE_BIT(STATE_LISTEN)))
        set |= STATE_BIT(STATE_CLOSED);
    const struct fact *acked = &e->facts[FACT_FIN_ACKED];
    if (set & STATE_BIT(STATE_FIN_WAIT_2) && acked->holds &&
        since(ev, acked->at_ns) >= ev->config->fin_timeout_ns)
        set |= STATE_BIT(STATE_CLOSED);
    if (open && !ev->beside[x] && since(ev, own->last_ns) > ev->config->idle_ns)
        set |= STATE_BIT(STATE_CLOSED);
    s->possible = (uint16_t)set;
}
