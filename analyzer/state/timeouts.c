#include "analyzer/state/gather.h"
#include "analyzer/state/silence.h"
#include "analyzer/state/timeline.h"

/* Who asks in vain gives up after as many retransmissions, no stack sooner. */
#define GIVE_UP_MIN 3

static enum tcp_state state_now(const struct endpoint_facts *e)
{
    unsigned held = 0;
    for (unsigned id = 0; id < FACTS; id++)
        held |= e->facts[id].holds ? 1u << id : 0;
    return state_of_facts(e, held);
}

static bool opening(enum tcp_state state)
{
    return state == STATE_SYN_SENT || state == STATE_SYN_RECEIVED;
}

/* It sent the same octets again and again, and then no more. */
static int64_t gave_up_ns(const struct evidence *ev, int x)
{
    const struct side_detail *d = ev->c->detail ? &ev->c->detail->side[x] : NULL;
    if (!d || d->again_run < GIVE_UP_MIN || !gave_up(ev, x))
        return TIME_UNKNOWN;
    return seldom_of(d)->again_ns + 2 * seldom_of(d)->again_gap_ns;
}

/* The peer has sent the same octets again and again, and nothing came back since the first. */
static int64_t silent_since_ns(const struct evidence *ev, int x)
{
    const struct side_detail *peer = ev->c->detail ? &ev->c->detail->side[!x] : NULL;
    if (!peer || peer->again_run < GIVE_UP_MIN || !peer->unanswered_ns || !owes_answer(ev, x) ||
        silence_since(ev, peer->unanswered_ns) < ev->config->vanished_ns)
        return TIME_UNKNOWN;
    return peer->unanswered_ns + ev->config->vanished_ns;
}

/* Nobody holds FIN_WAIT_2 open for longer after close(); after shutdown() somebody reads on, but
 * then the peer usually has something to say. */
static int64_t orphaned_ns(const struct evidence *ev, int x, const struct endpoint_facts *e)
{
    const struct fact *acked = &e->facts[FACT_FIN_ACKED];
    const struct fact *sent = &e->facts[FACT_FIN_SENT];
    int64_t over_ns = acked->at_ns + ev->config->fin_timeout_ns;
    if (!acked->holds || silence_since(ev, over_ns) <= may_stray_ns(ev, x))
        return TIME_UNKNOWN;
    for (int i = sent->index; i < ev->count; i++) {
        if (ev->log[i].side != x && ev->log[i].payload_len)
            return TIME_UNKNOWN;
    }
    return over_ns;
}

void gather_timeouts(const struct evidence *ev, int x, struct endpoint_facts *e)
{
    enum tcp_state state = state_now(e);
    if (!ev->count || state == STATE_CLOSED || state == STATE_TIME_WAIT)
        return;
    int64_t at_ns = silent_since_ns(ev, x);
    if (at_ns == TIME_UNKNOWN)
        at_ns = opening(state) ? stopped_opening_ns(ev, x) : gave_up_ns(ev, x);
    if (at_ns == TIME_UNKNOWN && state == STATE_FIN_WAIT_2)
        at_ns = orphaned_ns(ev, x, e);
    if (at_ns == TIME_UNKNOWN)
        return;
    for (unsigned id = 0; id < FACTS; id++) {
        if (e->facts[id].holds && e->facts[id].at_ns > at_ns)
            at_ns = e->facts[id].at_ns;
    }
    set_by_time(e, FACT_TIMED_OUT, ev, at_ns, CAUSE_TIMED_OUT);
}
