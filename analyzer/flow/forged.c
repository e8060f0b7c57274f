#include "analyzer/flow/forged.h"

#include "analyzer/flow/choice.h"
#include "analyzer/flow/records.h"
#include "analyzer/flow/told.h"

#define OLD_NUMBERS_DISTANCE (UINT32_C(1) << 20)

/* The SYN's sender goes on with the old connection's numbers before its SYN was answered. */
static bool goes_on_as_before(const struct connection *c, const struct connection *old, int sender,
                              const struct segment *g)
{
    const struct side *own = &c->side[sender];
    return !(g->flags & (TCP_SYN | TCP_RST)) && client_side(c) == sender &&
           c->known_by == KNOWN_BY_SYN && !(c->side[!sender].marks & SIDE_SYN) &&
           g->seq != own->nxt.n &&
           seq_distance(seq_of(g->seq), old->side[sender].nxt) < OLD_NUMBERS_DISTANCE;
}

enum flow_status forged_undo(struct flows *f, int sender, const struct segment *g, uint32_t *use)
{
    struct connection *c = flows_at(f, *use);
    uint32_t index = choice_former(f, c);
    if (index == POOL_NONE || c->marks & CONN_FILED ||
        !goes_on_as_before(c, flows_at(f, index), sender, g))
        return FLOW_OK;
    struct connection *old = flows_at(f, index);
    if (!flows_unpack(f, old))
        return FLOW_NO_MEMORY;
    if (f->trace && told_absorbed(f, c, old, g) != FLOW_OK)
        return FLOW_STOPPED;
    bool held = connection_absorb(old, c);
    old->marks &= (uint16_t)~CONN_SUPERSEDED;
    if (old->detail)
        old->detail->reused = false;
    flows_account(f, old);
    flows_unlink(f, *use);
    flows_release(f, *use);
    *use = index;
    return held ? FLOW_OK : FLOW_NO_MEMORY;
}
