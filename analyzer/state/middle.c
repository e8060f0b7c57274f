#include "analyzer/state/plain.h"
#include "analyzer/state/plain_steps.h"
#include "analyzer/state/silence.h"

/* What stands for the entries of one side so far. */
struct order_seen {
    struct stamps_seen stamps;
    uint32_t first_ack, ack;
    bool spoke;
};

static bool ack_follows(struct order_seen *own, const struct log_entry *g)
{
    if (!own->spoke)
        own->first_ack = g->ack.n;
    own->spoke = true;
    uint32_t ack = g->ack.n - own->first_ack;
    bool follows = ack >= own->ack && ack < SPAN_MAX;
    own->ack = ack;
    return follows;
}

static bool in_order(const struct evidence *ev)
{
    struct order_seen seen[2] = {{.spoke = false}};
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        struct order_seen *own = &seen[g->side];
        if ((g->flags & CONTROL_FLAGS) != TCP_ACK || !no_odd_marks(g) || !reckonable(g->time_ns) ||
            !ack_follows(own, g) || !stamp_follows(&own->stamps, g))
            return false;
    }
    return true;
}

static bool nothing_special(const struct detail *d)
{
    return !d->previous && !d->side[0].again_run && !d->side[1].again_run &&
           nothing_missing(&d->side[0]) && nothing_missing(&d->side[1]);
}

bool middle_is_all(const struct evidence *ev)
{
    const struct connection *c = ev->c;
    const struct detail *d = c->detail;
    bool mid_stream = c->known_by == KNOWN_BY_PORT || c->known_by == KNOWN_BY_FIRST_PACKET;
    uint16_t any = c->side[0].marks | c->side[1].marks;
    if (!mid_stream || any & (SIDE_SYN | SIDE_FIN | SIDE_RST))
        return false;
    return !d || (nothing_special(d) && ev->count <= PLAIN_ENTRIES_MAX && in_order(ev));
}

/* A direction that is unseen tells nothing, and could tell of a close. */
static bool is_unseen(const struct connection *c, int x)
{
    return !c->side[x].packets && c->side[!x].marks & SIDE_SPOKE;
}

static void describe_unseen(struct endpoint_states *s)
{
    clear_states(s);
    s->state = STATE_UNKNOWN;
    s->possible = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_FIN_WAIT_1) |
                  STATE_BIT(STATE_FIN_WAIT_2) | STATE_BIT(STATE_CLOSED);
}

static void describe_seen(const struct evidence *ev, int x, struct endpoint_states *s)
{
    const struct connection *c = ev->c;
    unsigned set = STATE_BIT(STATE_ESTABLISHED);
    clear_states(s);
    enter_at(s, c->first_ns, c->first_frame, STATE_ESTABLISHED, CAUSE_FIRST_SEEN,
             CERTAINTY_PRESUMED, FRAME_NONE);
    if (is_unseen(c, !x)) {
        set |= STATE_BIT(STATE_CLOSE_WAIT) | STATE_BIT(STATE_CLOSED);
        if (perhaps_outstanding(ev, x))
            set |= STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_LAST_ACK);
    }
    look_beyond(ev, x, s, set);
}

void middle_conclude(struct states_basis *basis, struct endpoint_states states[2])
{
    const struct evidence *ev = &basis->evidence;
    basis->shape = SHAPE_MIDDLE;
    for (int x = 0; x < 2; x++) {
        clear_traces(&basis->ends[x]);
        if (is_unseen(ev->c, x))
            describe_unseen(&states[x]);
        else
            describe_seen(ev, x, &states[x]);
    }
}
