#include "analyzer/flow/choice.h"

#include "analyzer/flow/records.h"
#include "analyzer/flow/reuse.h"

uint32_t choice_head(struct flows *f, uint32_t tag, int sender, const struct segment *g)
{
    uint32_t slot = tag & f->table.mask;
    uint32_t index;
    while ((index = table_next(&f->table, tag, &slot)) != TABLE_NONE) {
        if (flows_names(f, index, sender, g))
            return index;
        slot = (slot + 1) & f->table.mask;
    }
    return POOL_NONE;
}

/* Does this SYN belong to the connection: sent again, late because taps reorder, or the other half
 * of a simultaneous open? */
static bool syn_belongs(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    uint32_t behind_syn = seq_add(seq_of(g->seq), 1).n;
    /* Known from its SYN-ACK alone, the number counts the octets of a fast open as well. */
    if (own->marks & SIDE_ISN && !(own->marks & SIDE_SYN))
        return own->isn.n - g->seq <= UINT16_MAX;
    if (own->marks & SIDE_ISN)
        return own->isn.n == g->seq;
    if (c->marks & CONN_CLOSED)
        return false;
    if (own->marks & SIDE_SEEN)
        return own->nxt.n == behind_syn; /* what follows it passed before it did */
    if (own->marks & SIDE_ACKED)
        return own->nxt.n == behind_syn; /* its answer passed the tap before it did */
    return !(peer->marks & SIDE_SYN && peer->marks & SIDE_ACKED);
}

/* Of several hosts that answer a SYN, as cookies and anycast bring about, each has its number. */
static bool answered_so_before(const struct connection *c, int sender, const struct segment *g)
{
    for (uint16_t i = 0; c->detail && i < c->detail->log_count; i++) {
        const struct log_entry *h = log_at(c->detail, i);
        if (h->side == sender && h->flags & TCP_SYN && h->seq.n == g->seq && h->ack.n == g->ack)
            return true;
    }
    return false;
}

static bool syn_ack_belongs(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    /* Of strays (a scan's, backscatter) each would be a connection of its own. */
    if (own->marks & SIDE_SYN && !(c->marks & CONN_ESTABLISHED))
        return true;
    if (own->marks & SIDE_SYN && (own->isn.n == g->seq || answered_so_before(c, sender, g)))
        return true;
    /* Whoever sent FIN answers no SYN but another one. */
    if (own->marks & SIDE_SYN)
        return !(c->marks & CONN_CLOSED || own->marks & SIDE_FIN);
    if (peer->marks & SIDE_SYN)
        return seq_add(peer->isn, 1).n == g->ack || !(c->marks & CONN_CLOSED);
    return numbers_fit(c, sender, g);
}

static bool lane_fits(const struct connection *c, int sender, const struct segment *g)
{
    return numbers_fit(c, sender, g) || (is_syn(g) && syn_belongs(c, sender, g));
}

/* Newest first: the lane in use of the segment's own world whose numbers fit (numbers alone cannot
 * choose between parallel ones: within 2^30 of any place lies half of the space), else the first
 * whose numbers fit, else the one of its world. */
static uint32_t lane_of(struct flows *f, uint32_t head, int sender, const struct segment *g)
{
    uint32_t fitting = POOL_NONE;
    uint32_t own = POOL_NONE;
    for (uint32_t i = head; i != POOL_NONE; i = flows_at(f, i)->next) {
        f->steps++;
        const struct connection *c = flows_at(f, i);
        bool same = c->world == g->world;
        bool fits = lane_fits(c, sender, g);
        if (same && fits && !(c->marks & CONN_SUPERSEDED))
            return i;
        if (fits && fitting == POOL_NONE)
            fitting = i;
        if (same && own == POOL_NONE)
            own = i;
    }
    return fitting != POOL_NONE ? fitting : own;
}

uint32_t choice_former(const struct flows *f, const struct connection *c)
{
    const struct previous_use *p = c->detail ? c->detail->previous : NULL;
    for (uint32_t i = p ? c->next : POOL_NONE; i != POOL_NONE; i = flows_at(f, i)->next) {
        const struct connection *old = flows_at(f, i);
        const struct former_side *ends = p->former.side;
        if (old->marks & CONN_SUPERSEDED && !(old->marks & CONN_ESTABLISHED) == !p->former.opened &&
            seq_eq(old->side[0].isn, ends[0].isn) && seq_eq(old->side[1].isn, ends[1].isn))
            return i;
    }
    return POOL_NONE;
}

/* The latest use of the tuple in the segment's world. */
static uint32_t latest_of(struct flows *f, uint32_t head, const struct segment *g)
{
    uint32_t superseded = POOL_NONE;
    for (uint32_t i = head; i != POOL_NONE; i = flows_at(f, i)->next) {
        f->steps++;
        if (flows_at(f, i)->world != g->world)
            continue;
        if (!(flows_at(f, i)->marks & CONN_SUPERSEDED))
            return i;
        if (superseded == POOL_NONE)
            superseded = i;
    }
    return superseded;
}

struct choice choice_of(struct flows *f, uint32_t head, int sender, const struct segment *g)
{
    if (head == POOL_NONE)
        return (struct choice){.use = POOL_NONE, .previous = POOL_NONE};
    uint32_t latest = latest_of(f, head, g);
    bool reused = latest != POOL_NONE && flows_at(f, latest)->marks & CONN_REUSED;
    if (reused && answers_with_old_numbers(flows_at(f, latest), sender, g))
        return (struct choice){.use = latest};
    if (reused && is_of_former_use(flows_at(f, latest), sender, g)) {
        note_of_former_use(flows_at(f, latest), sender, g);
        uint32_t old = choice_former(f, flows_at(f, latest));
        return (struct choice){.use = old == POOL_NONE ? latest : old, .aside = old == POOL_NONE};
    }
    uint32_t lane = lane_of(f, head, sender, g);
    if (lane == POOL_NONE)
        return (struct choice){.use = POOL_NONE, .previous = POOL_NONE};
    bool opens = (is_syn(g) && !syn_belongs(flows_at(f, lane), sender, g)) ||
                 (is_syn_ack(g) && !syn_ack_belongs(flows_at(f, lane), sender, g));
    if (!opens)
        return (struct choice){.use = lane};
    /* Whichever use its number happens to lie near, it follows the latest. */
    if (latest != POOL_NONE)
        lane = latest;
    const struct connection *c = flows_at(f, lane);
    bool apart = !(c->marks & (CONN_CLOSED | CONN_SUPERSEDED)) &&
                 (c->interface != g->interface || c->world != g->world) &&
                 !numbers_fit(c, sender, g);
    return (struct choice){.use = POOL_NONE, .previous = apart ? POOL_NONE : lane};
}
