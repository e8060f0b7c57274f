#include "analyzer/host/arrival.h"

#include "analyzer/elapsed.h"

#include <assert.h>
#include <string.h>

#define OPENING (1u << STATE_SYN_SENT | 1u << STATE_SYN_RECEIVED)
#define WAITING (1u << STATE_TIME_WAIT | 1u << STATE_CLOSE_WAIT)

/* ---- what it rests on ----------------------------------------------------------------------- */

bool arrival_piece_of(const struct conclusion *conclusion, frame_ref frame, const char *note,
                      struct anomaly_evidence *piece)
{
    const struct evidence *ev = &conclusion->basis.evidence;
    const struct endpoint_verdict *client = &conclusion->verdict.client;
    if (frame == FRAME_NONE)
        return false;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->frame != frame)
            continue;
        bool by_client = ev->c->key.port[g->side] == client->port &&
                         memcmp(ev->c->key.address[g->side], client->address, 16) == 0;
        *piece = (struct anomaly_evidence){
            .at_ns = captured_ns(ev, i),
            .frame = frame,
            .note = note,
            .seq = g->seq.n,
            .ack = g->ack.n,
            .payload_len = g->payload_len,
            .flags = g->flags,
            .from = by_client ? ROLE_CLIENT : ROLE_SERVER,
        };
        return true;
    }
    return false;
}

const struct state_entry *arrival_entry(const struct endpoint_verdict *e, unsigned number)
{
    const struct state_entry *entry = e->states;
    while (entry->retracted || number-- > 0)
        entry++;
    return entry;
}

/* ---- making --------------------------------------------------------------------------------- */

/* What stood at the very end of the capture is counted at the instant that lies there. */
static void find_end(const struct connection *c, const struct analyzer_config *config,
                     int64_t now_ns, struct arrival *a)
{
    const struct detail *d = c->detail;
    int64_t last_ns = connection_last_ns(c);
    a->end_ns = now_ns == TIME_UNKNOWN ? TIME_UNKNOWN : later_by(now_ns, 1);
    if (c->marks & CONN_CLOSED && last_ns != TIME_UNKNOWN) {
        int64_t forgotten_ns =
            later_by(later_by(last_ns, config->two_msl_ns), config->straggler_ns);
        if (forgotten_ns < a->end_ns)
            a->end_ns = forgotten_ns;
    }
    a->reused = d && d->reused && d->reused_ns != TIME_UNKNOWN && d->reused_ns < a->end_ns;
    if (a->reused)
        a->end_ns = d->reused_ns;
}

/* A SYN that nobody answered and that was not sent again is a packet, and no proof of a socket that
 * sent it: floods and scans are made of them. */
static bool took_a_port(const struct connection_verdict *v)
{
    return v->client_known_by != KNOWN_BY_FIRST_PACKET &&
           (v->handshake != HANDSHAKE_UNANSWERED || v->client.packets > 1);
}

/* Nothing was heard or is believed of this end: whom a SYN names need not be there, and a scan
 * names thousands. */
static bool nothing_to_count(const struct connection_verdict *v, const struct endpoint_verdict *e)
{
    return !e->packets && !e->state_count && v->close.kind == CLOSE_NONE && !v->client.rst.count &&
           !v->server.rst.count;
}

/* Floods and scans are made of them: a SYN that nothing followed, not even what was set aside, from
 * a client that has given up. All that is to be counted is how long it waited, and what happened.
 */
static bool is_given_up_syn(const struct connection *c, const struct connection_verdict *v)
{
    return !c->detail && v->handshake == HANDSHAKE_UNANSWERED && v->client.packets == 1 &&
           v->client.state_count == 2 && nothing_to_count(v, &v->server);
}

static void tell_roles(const struct connection_verdict *v, enum role role,
                       const struct endpoint_verdict *e, const struct endpoint_verdict *peer,
                       struct arrival_end *end)
{
    bool opened = v->handshake == HANDSHAKE_COMPLETE || v->handshake == HANDSHAKE_SIMULTANEOUS;
    bool by_fin = v->close.kind == CLOSE_GRACEFUL || v->close.kind == CLOSE_SIMULTANEOUS ||
                  v->close.kind == CLOSE_MID_CLOSE || v->close.kind == CLOSE_HALF_CLOSED;
    end->port = e->port;
    end->opened = opened && role == ROLE_CLIENT;
    end->accepted = opened && role == ROLE_SERVER;
    end->closed_first = by_fin && (v->close.by == role || v->close.by == ROLE_BOTH);
    end->reset_sent = e->rst.count > 0;
    end->reset_received = peer->rst.count > 0;
}

/* What was taken back neither stands nor ends what does. Returns bits: states in which a socket
 * waits for the end. */
static uint32_t tell_states(const struct endpoint_verdict *e, struct arrival_end *to)
{
    const struct state_entry *entry = e->states;
    const struct state_entry *end = entry + e->state_count;
    unsigned seen = 0, count = 0;
    uint32_t waits = 0;
    for (; entry < end; entry++) {
        if (entry->retracted)
            continue;
        unsigned bit = 1u << entry->state;
        seen |= bit;
        if (bit & WAITING)
            waits |= UINT32_C(1) << count;
        to->at_ns[count] = entry->at_ns;
        to->state[count++] = entry->state;
    }
    to->count = (uint8_t)count;
    to->established = seen & ~(ARRIVAL_NO_SOCKETS | OPENING);
    return waits;
}

/* Only what the socket's owner has confirmed, and where its own FIN could have been seen. */
static bool is_stuck(const struct arrival *a, const struct conclusion *conclusion,
                     const struct analyzer_config *config, const struct arrival_end *end,
                     const struct endpoint_verdict *e, unsigned number)
{
    uint32_t hidden = 1u << CAVEAT_ONE_DIRECTION | 1u << CAVEAT_CAPTURE_LOST;
    return elapsed_ns(end->at_ns[number], arrival_left_ns(a, end, number)) > config->stuck_ns &&
           !(conclusion->verdict.caveats & hidden) &&
           arrival_entry(e, number)->certainty == CERTAINTY_CONFIRMED;
}

static void tell_end(const struct conclusion *conclusion, const struct analyzer_config *config,
                     unsigned x, struct arrival *a)
{
    const struct connection_verdict *v = &conclusion->verdict;
    bool client = x == ARRIVAL_CLIENT;
    const struct endpoint_verdict *e = client ? &v->client : &v->server;
    struct arrival_end *end = &a->ends[x];
    end->counts = !nothing_to_count(v, e);
    if (!end->counts)
        return;
    tell_roles(v, client ? ROLE_CLIENT : ROLE_SERVER, e, client ? &v->server : &v->client, end);
    uint32_t waits = tell_states(e, end);
    end->entered_first = TIMELINE_MAX;
    end->stuck = 0;
    for (; waits; waits &= waits - 1) {
        unsigned i = (unsigned)__builtin_ctz(waits);
        if (!arrival_lasts(a, end, i))
            continue;
        if (end->state[i] == STATE_CLOSE_WAIT)
            end->stuck |= is_stuck(a, conclusion, config, end, e, i) ? UINT32_C(1) << i : 0;
        else if (end->entered_first == TIMELINE_MAX)
            end->entered_first = (uint8_t)i;
    }
    a->has_entered[x] = end->entered_first < TIMELINE_MAX &&
                        arrival_piece_of(conclusion, arrival_entry(e, end->entered_first)->frame,
                                         ARRIVAL_ENTERED, &a->entered[x]);
}

static void tell_given_up(const struct connection_verdict *v, struct arrival *a)
{
    const struct state_entry *sent = &v->client.states[0];
    const struct state_entry *given_up = &v->client.states[1];
    assert(sent->state == STATE_SYN_SENT && given_up->state == STATE_CLOSED);
    a->ends[ARRIVAL_CLIENT].at_ns[0] = sent->at_ns;
    a->ends[ARRIVAL_CLIENT].at_ns[1] = given_up->at_ns;
}

void arrival_make(const struct connection *c, const struct conclusion *conclusion,
                  const struct analyzer_config *config, int64_t now_ns, struct arrival *a)
{
    const struct connection_verdict *v = &conclusion->verdict;
    a->start_ns = v->start_ns;
    a->close_ns = v->close.start_ns;
    a->opens = v->handshake != HANDSHAKE_MID_STREAM;
    a->has_reset = v->close.has_reset;
    a->given_up = is_given_up_syn(c, v);
    if (a->given_up) {
        tell_given_up(v, a);
        return;
    }
    find_end(c, config, now_ns, a);
    a->took_port = took_a_port(v);
    a->has_first = a->took_port && arrival_piece_of(conclusion, v->first_frame,
                                                    "took one of the client's ports", &a->first);
    tell_end(conclusion, config, ARRIVAL_CLIENT, a);
    tell_end(conclusion, config, ARRIVAL_SERVER, a);
}
