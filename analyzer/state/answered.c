#include "analyzer/state/plain.h"
#include "analyzer/state/plain_steps.h"
#include "analyzer/state/silence.h"

/* ---- which connections ---------------------------------------------------------------------- */

static bool nothing_in_vain(const struct detail *d)
{
    for (int x = 0; x < 2; x++) {
        const struct side_detail *side = &d->side[x];
        if (side->again_run || side->again_acked || side->probe_run || !nothing_missing(side))
            return false;
    }
    return !d->previous;
}

/* Of the server nothing but its SYN-ACK was seen; `completed`: that was acknowledged. */
static bool sides_tell_so(const struct connection *c, int client, bool completed)
{
    const uint16_t told = SIDE_SEEN | SIDE_ISN | SIDE_SYN;
    const uint16_t besides = SIDE_SCALE | SIDE_SACK_OK | SIDE_TIMESTAMPS | SIDE_SAMPLING | SIDE_RTT;
    uint16_t asks = told | SIDE_ACKED | (completed ? SIDE_SPOKE : 0);
    uint16_t answers = told | SIDE_SYN_ACK | (completed ? SIDE_ACKED : 0);
    return (c->side[client].marks & ~besides) == asks &&
           (c->side[!client].marks & ~besides) == answers && c->side[0].packets &&
           c->side[1].packets;
}

static bool stamps_follow(const struct log_entry *log)
{
    struct stamps_seen client = {.any = false};
    return stamp_follows(&client, &log[SYN_ENTRY]) && stamp_follows(&client, &log[ACK_ENTRY]);
}

bool answered_is_all(const struct evidence *ev)
{
    const struct connection *c = ev->c;
    int client = client_side(c);
    bool completed = ev->count == HANDSHAKE_ENTRIES;
    return c->detail && c->known_by == KNOWN_BY_SYN &&
           (completed || ev->count == HANDSHAKE_ENTRIES - 1) && nothing_in_vain(c->detail) &&
           sides_tell_so(c, client, completed) && handshake_in_order(ev, client, ev->count) &&
           (!completed || stamps_follow(ev->log)) && !octets_outstanding(ev, client);
}

/* ---- what is concluded ---------------------------------------------------------------------- */

/* Not before what is known of it. */
static void stop_opening(const struct evidence *ev, int x, int64_t known_ns,
                         struct endpoint_states *s)
{
    int64_t at_ns = stopped_opening_ns(ev, x);
    if (at_ns != TIME_UNKNOWN)
        enter_at(s, at_ns > known_ns ? at_ns : known_ns, FRAME_NONE, STATE_CLOSED, CAUSE_TIMED_OUT,
                 CERTAINTY_PRESUMED, FRAME_NONE);
}

/* As if it had come, which was believed. */
static void take_back(struct endpoint_states *s, const struct log_entry *g, enum tcp_state state,
                      enum state_cause cause)
{
    s->entries[s->count++] = (struct state_entry){.at_ns = g->time_ns,
                                                  .frame = g->frame,
                                                  .state = (uint8_t)state,
                                                  .cause = (uint8_t)cause,
                                                  .certainty = CERTAINTY_PRESUMED,
                                                  .retracted = true};
}

/* It has not answered the SYN-ACK, which may not have come. */
static void open_client(const struct evidence *ev, int x, struct endpoint_states *s)
{
    const struct log_entry *syn = &ev->log[SYN_ENTRY];
    const struct log_entry *syn_ack = &ev->log[SYN_ACK_ENTRY];
    bool on_way = under_way(ev, SYN_ACK_ENTRY);
    enter(s, syn, STATE_SYN_SENT, CAUSE_SENT_SYN, FRAME_NONE);
    if (!on_way && (ev->beside[x] || !answer_overdue(ev, syn_ack))) {
        enter_presumably(s, syn_ack, STATE_ESTABLISHED, CAUSE_RECEIVED_SYN_ACK);
    } else {
        if (!on_way)
            take_back(s, syn_ack, STATE_ESTABLISHED, CAUSE_RECEIVED_SYN_ACK);
        stop_opening(ev, x, syn->time_ns, s);
    }
    s->possible =
        STATE_BIT(STATE_SYN_SENT) | STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSED);
}

static void open_client_completely(const struct evidence *ev, int x, struct endpoint_states *s)
{
    open_answering_client(ev->log, s);
    look_beyond(ev, x, s, STATE_BIT(STATE_ESTABLISHED));
}

static void open_server(const struct evidence *ev, int x, bool completed, struct endpoint_states *s)
{
    const struct log_entry *syn_ack = &ev->log[SYN_ACK_ENTRY];
    unsigned set = STATE_BIT(STATE_SYN_RECEIVED) | STATE_BIT(STATE_CLOSED);
    enter(s, syn_ack, STATE_SYN_RECEIVED, CAUSE_SENT_SYN_ACK, FRAME_NONE);
    if (completed && !under_way(ev, ACK_ENTRY))
        enter_presumably(s, &ev->log[ACK_ENTRY], STATE_ESTABLISHED, CAUSE_RECEIVED_ACK_OF_SYN);
    else
        stop_opening(ev, x, syn_ack->time_ns, s);
    s->possible = (uint16_t)set;
    if (completed)
        look_beyond(ev, x, s, set | STATE_BIT(STATE_ESTABLISHED));
}

void answered_conclude(struct states_basis *basis, struct endpoint_states states[2])
{
    const struct evidence *ev = &basis->evidence;
    int client = client_side(ev->c);
    bool completed = ev->count == HANDSHAKE_ENTRIES;
    basis->shape = SHAPE_ANSWERED;
    for (int x = 0; x < 2; x++) {
        clear_traces(&basis->ends[x]);
        clear_states(&states[x]);
    }
    if (completed)
        open_client_completely(ev, client, &states[client]);
    else
        open_client(ev, client, &states[client]);
    open_server(ev, !client, completed, &states[!client]);
}
