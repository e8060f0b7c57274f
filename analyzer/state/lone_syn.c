#include "analyzer/state/plain.h"
#include "analyzer/state/plain_steps.h"

bool lone_syn_is_all(const struct connection *c)
{
    const uint16_t told = SIDE_SYN | SIDE_SEEN | SIDE_ISN;
    const uint16_t besides =
        SIDE_SCALE | SIDE_SACK_OK | SIDE_TIMESTAMPS | SIDE_FAST_OPEN | SIDE_SAMPLING;
    const struct side *own = &c->side[client_side(c)];
    const struct side *peer = &c->side[!client_side(c)];
    return !c->detail && c->known_by == KNOWN_BY_SYN && (own->marks & ~besides) == told &&
           own->packets && !peer->marks && !peer->packets && own->last_ns == c->first_ns &&
           reckonable(c->first_ns);
}

static void gather(struct evidence *ev, const struct connection *c,
                   const struct analyzer_config *config, int64_t now_ns)
{
    int client = client_side(c);
    const struct side *own = &c->side[client];
    ev->c = c;
    ev->config = config;
    ev->now_ns = reckonable(now_ns) || now_ns == TIME_UNKNOWN ? now_ns
                 : now_ns < 0                                 ? 0
                                                              : INT64_MAX / 2;
    ev->own[0] = (struct log_entry){.time_ns = c->first_ns,
                                    .frame = c->first_frame,
                                    .seq = own->isn,
                                    .flags = TCP_SYN,
                                    .side = (uint8_t)client,
                                    .window = own->window,
                                    .ttl = own->ttl};
    ev->log = ev->own;
    ev->count = 1;
    ev->reckoned = false;
    for (int x = 0; x < 2; x++) {
        ev->rtt_ns[x] = 0;
        ev->rtt_known[x] = ev->beside[x] = ev->fin_seen[x] = false;
        ev->fin_seq[x] = seq_of(0);
    }
}

/* It would have been sent again by now: its timer starts with a second, whatever the way. */
static void stop_asking(const struct evidence *ev, struct endpoint_states *s)
{
    int64_t due_ns = ev->config->rto_initial_ns;
    int64_t sent_ns = ev->log[0].time_ns;
    if (ev->now_ns != TIME_UNKNOWN && ev->now_ns - sent_ns > due_ns + due_ns / 2)
        enter_at(s, sent_ns + due_ns, FRAME_NONE, STATE_CLOSED, CAUSE_TIMED_OUT, CERTAINTY_PRESUMED,
                 FRAME_NONE);
}

void lone_syn_conclude(const struct connection *c, const struct analyzer_config *config,
                       int64_t now_ns, struct states_basis *basis, struct endpoint_states states[2])
{
    int client = client_side(c);
    struct evidence *ev = &basis->evidence;
    struct endpoint_states *own = &states[client];
    struct endpoint_states *peer = &states[!client];
    basis->shape = SHAPE_LONE_SYN;
    gather(ev, c, config, now_ns);
    clear_traces(&basis->ends[0]);
    clear_traces(&basis->ends[1]);
    clear_states(own);
    enter(own, &ev->log[0], STATE_SYN_SENT, CAUSE_SENT_SYN, FRAME_NONE);
    stop_asking(ev, own);
    own->possible = STATE_BIT(STATE_SYN_SENT) | STATE_BIT(STATE_CLOSED);
    clear_states(peer);
    peer->possible = STATE_BIT(STATE_SYN_RECEIVED) | STATE_BIT(STATE_CLOSED);
}
