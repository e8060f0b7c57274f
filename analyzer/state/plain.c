#include "analyzer/state/plain.h"
#include "analyzer/elapsed.h"

#include "analyzer/state/plain_steps.h"
#include "analyzer/state/silence.h"

#define NO_ENTRY (-1)

struct plain_side {
    uint32_t isn;
    uint32_t next;  /* behind its last octet */
    uint32_t acked; /* what it has acknowledged of its peer's */
    struct stamps_seen stamps;
    int last;                    /* of its entries so far */
    int spoke;                   /* its first entry other than SYN and RST, behind the handshake */
    int fin;                     /* or NO_ENTRY */
    int before_fin;              /* its entry before that */
    uint32_t fin_start, fin_end; /* the first number of the FIN's segment, and that behind it */
    int ack_fin;                 /* its first entry that acknowledges the peer's FIN, or NO_ENTRY */
    int crossed;                 /* the last before that which passed behind the FIN, or NO_ENTRY */
};

struct plain {
    struct plain_side side[2];
    int client;
    int count;       /* of the entries, without the RST at the end */
    int64_t last_ns; /* of the last of them */
    int opened;      /* the server's entry that says that it got the handshake's end */
    bool arrived;    /* all that passed, before the capture ended */
};

/* ---- which connections ---------------------------------------------------------------------- */

static bool both_opened(const struct connection *c, int client)
{
    const uint16_t both = SIDE_SEEN | SIDE_ACKED | SIDE_ISN | SIDE_SYN | SIDE_SPOKE;
    const uint16_t kinds = both | SIDE_SYN_ACK;
    const struct detail *d = c->detail;
    return (c->side[client].marks & kinds) == both && (c->side[!client].marks & kinds) == kinds &&
           c->side[0].packets && c->side[1].packets && nothing_missing(&d->side[0]) &&
           nothing_missing(&d->side[1]);
}

static bool opens(const struct evidence *ev, struct plain *p)
{
    const struct connection *c = ev->c;
    const struct log_entry *log = ev->log;
    int client = client_side(c);
    if (ev->count < HANDSHAKE_ENTRIES || ev->count > PLAIN_ENTRIES_MAX ||
        ev->count != c->detail->log_count || c->known_by != KNOWN_BY_SYN || !both_opened(c, client))
        return false;
    p->client = client;
    for (int x = 0; x < 2; x++)
        p->side[x] = (struct plain_side){.isn = c->side[x].isn.n,
                                         .next = 1,
                                         .acked = 1,
                                         .last = x == client ? ACK_ENTRY : SYN_ACK_ENTRY,
                                         .spoke = NO_ENTRY,
                                         .fin = NO_ENTRY,
                                         .ack_fin = NO_ENTRY,
                                         .crossed = NO_ENTRY};
    return handshake_in_order(ev, client, HANDSHAKE_ENTRIES) &&
           stamp_follows(&p->side[client].stamps, &log[SYN_ENTRY]) &&
           stamp_follows(&p->side[!client].stamps, &log[SYN_ACK_ENTRY]) &&
           stamp_follows(&p->side[client].stamps, &log[ACK_ENTRY]);
}

/* It passed once, and in order. */
static inline bool follows(struct plain *p, const struct log_entry *g, int i)
{
    const uint8_t kinds = TCP_SYN | TCP_ACK | TCP_RST;
    struct plain_side *own = &p->side[g->side];
    uint32_t seq = g->seq.n - own->isn;
    uint32_t ack = g->ack.n - p->side[!g->side].isn;
    if ((g->flags & kinds) != TCP_ACK || !no_odd_marks(g) || g->time_ns < p->last_ns ||
        seq < own->next || ack < own->acked || (seq | ack | g->payload_len) >= SPAN_MAX / 2 ||
        !stamp_follows(&own->stamps, g))
        return false;
    p->last_ns = g->time_ns;
    own->acked = ack;
    own->next = seq + g->payload_len + !!(g->flags & TCP_FIN);
    own->last = i;
    if (own->spoke == NO_ENTRY)
        own->spoke = i;
    return true;
}

/* With one FIN of each side, and no octets of a side behind its own, or behind its acknowledgment
 * of the peer's. */
static bool closes_down(const struct evidence *ev, struct plain *p, int i)
{
    const struct log_entry *g = &ev->log[i];
    struct plain_side *own = &p->side[g->side];
    const struct plain_side *peer = &p->side[!g->side];
    int last = own->last;
    if (!follows(p, g, i))
        return false;
    if (peer->fin != NO_ENTRY && own->ack_fin == NO_ENTRY) {
        if (own->acked >= peer->fin_end)
            own->ack_fin = i;
        else if (g->time_ns > ev->log[peer->fin].time_ns)
            own->crossed = i;
    }
    if (!(g->flags & TCP_FIN))
        return !g->payload_len || (own->fin == NO_ENTRY && own->ack_fin == NO_ENTRY);
    if (own->fin != NO_ENTRY || peer->acked >= own->next)
        return false; /* sent again, or acknowledged before it passed */
    own->before_fin = last;
    own->fin = i;
    own->fin_start = own->next - g->payload_len - 1;
    own->fin_end = own->next;
    return true;
}

static bool goes_on(const struct evidence *ev, struct plain *p)
{
    int i = HANDSHAKE_ENTRIES;
    p->last_ns = ev->log[ACK_ENTRY].time_ns;
    for (; i < p->count && !(ev->log[i].flags & TCP_FIN); i++) {
        if (!follows(p, &ev->log[i], i))
            return false;
    }
    for (; i < p->count; i++) {
        if (!closes_down(ev, p, i))
            return false;
    }
    return reckonable(p->last_ns);
}

/* The first entry of X behind `i` that echoes a later stamp than its: X had it. */
static int echo_of(const struct evidence *ev, int x, int i)
{
    if (!(ev->log[i].marks & LOG_TIMESTAMPS))
        return NO_ENTRY;
    for (int k = i + 1; k < ev->count; k++) {
        const struct log_entry *h = &ev->log[k];
        if (h->side == x && h->marks & LOG_TIMESTAMPS &&
            (int32_t)(h->ts_ecr - ev->log[i].ts_val) > 0)
            return k;
    }
    return NO_ENTRY;
}

/* Nothing that passed towards an end can still have been on its way when the capture ended. */
static bool all_arrived(const struct evidence *ev)
{
    int64_t way_ns = (ev->rtt_ns[0] > ev->rtt_ns[1] ? ev->rtt_ns[0] : ev->rtt_ns[1]) / 2;
    return ev->now_ns == TIME_UNKNOWN ||
           elapsed_ns(ev->log[ev->count - 1].time_ns, ev->now_ns) >= way_ns;
}

static bool arrived(const struct evidence *ev, const struct plain *p, int i)
{
    return p->arrived || !under_way(ev, i);
}

/* The server says that it is established by an echo, or by whatever it sends. */
static bool server_opened(const struct evidence *ev, struct plain *p)
{
    int echo = echo_of(ev, !p->client, ACK_ENTRY);
    p->opened = echo == NO_ENTRY ? p->side[!p->client].spoke : echo;
    return p->side[!p->client].spoke != NO_ENTRY && (echo != NO_ENTRY || arrived(ev, p, ACK_ENTRY));
}

/* ---- the handshake -------------------------------------------------------------------------- */

static void open_server(const struct log_entry *log, int opened, struct endpoint_states *s)
{
    enter(s, &log[SYN_ACK_ENTRY], STATE_SYN_RECEIVED, CAUSE_SENT_SYN_ACK, FRAME_NONE);
    enter(s, &log[ACK_ENTRY], STATE_ESTABLISHED, CAUSE_RECEIVED_ACK_OF_SYN, log[opened].frame);
}

static void open_both(struct states_basis *basis, const struct plain *p,
                      struct endpoint_states states[2])
{
    for (int x = 0; x < 2; x++) {
        clear_traces(&basis->ends[x]);
        clear_states(&states[x]);
    }
    open_answering_client(basis->evidence.log, &states[p->client]);
    open_server(basis->evidence.log, p->opened, &states[!p->client]);
}

/* ---- an end without a FIN ------------------------------------------------------------------- */

static enum shape stay_open(const struct evidence *ev, struct endpoint_states states[2])
{
    for (int x = 0; x < 2; x++)
        look_beyond(ev, x, &states[x], STATE_BIT(STATE_ESTABLISHED));
    return SHAPE_OPEN;
}

/* An abort: RST with the numbers that a live connection has. */
static bool is_abort(const struct evidence *ev, const struct plain *p)
{
    int rst = p->count;
    const struct log_entry *g = &ev->log[rst];
    return (g->flags & CONTROL_FLAGS) == (TCP_RST | TCP_ACK) && g->seq.n && !g->payload_len &&
           no_odd_marks(g) && reckonable(g->time_ns) && g->time_ns >= ev->log[rst - 1].time_ns &&
           rst_is_own(ev, rst) && rst_acceptable(ev, rst, false, false) && arrived(ev, p, rst);
}

static enum shape abort_both(const struct evidence *ev, int rst, struct endpoint_states states[2])
{
    const struct log_entry *g = &ev->log[rst];
    struct endpoint_states *sender = &states[g->side];
    struct endpoint_states *receiver = &states[!g->side];
    enter(sender, g, STATE_CLOSED, CAUSE_SENT_RST, FRAME_NONE);
    enter_presumably(receiver, g, STATE_CLOSED, CAUSE_RECEIVED_RST);
    sender->reset_sent = receiver->reset_received = true;
    sender->possible = STATE_BIT(STATE_CLOSED);
    look_beyond(ev, !g->side, receiver, STATE_BIT(STATE_CLOSED) | STATE_BIT(STATE_ESTABLISHED));
    return SHAPE_ABORTED;
}

/* ---- two FINs ------------------------------------------------------------------------------- */

/* One end's close: indices of entries. */
struct plain_close {
    int sent;    /* its FIN, */
    int fin;     /* its peer's, */
    int crossed; /* the last entry that it sent before that came, or again the peer's FIN, */
    int acked;   /* the acknowledgment of its own, */
    int proof;   /* and what shows that it came; NO_ENTRY: nothing does */
    bool active;
    bool doubtful;         /* its FIN may have been out before the peer's came */
    frame_ref received_by; /* what shows that the peer's FIN came */
};

/* X has seen that its FIN was acknowledged: it echoes what was stamped later, or acknowledges the
 * peer's FIN, where that brought the acknowledgment or came behind it. */
static int proof_of_ack(const struct evidence *ev, const struct plain *p, int x)
{
    int acked = p->side[!x].ack_fin;
    int echo = echo_of(ev, x, acked);
    return echo != NO_ENTRY || p->side[!x].fin < acked ? echo : p->side[x].ack_fin;
}

/* As may_repeat_fin(): its FIN acknowledges the peer's, and may not be its first. */
static bool may_repeat(const struct evidence *ev, const struct plain *p, int x)
{
    const struct detail *d = ev->c->detail;
    const struct log_entry *fin = &ev->log[p->side[x].fin];
    const struct log_entry *before = &ev->log[p->side[x].before_fin];
    int64_t last_ns = d->start.last_ns[x];
    uint16_t id =
        before->time_ns >= last_ns ? before->ip_id : kept_of(&d->side[x], KEPT_LAST)->ip_id;
    if (id && fin->ip_id == (uint16_t)(id + 1))
        return false;
    int64_t waited_ns = fin->time_ns - ev->log[p->side[!x].fin].time_ns;
    int64_t rtt_ns = waited_ns - ev->rtt_ns[x] < NS_PER_MS / 1000 ? 0 : ev->rtt_ns[x];
    if (before->time_ns > last_ns)
        last_ns = before->time_ns;
    return waited_ns > rtt_ns + ev->config->delayed_ack_ns ||
           fin->time_ns - last_ns >= ev->config->rto_min_ns;
}

/* As doubt_passive(): its FIN may have waited for an acknowledgment, or for a window. */
static bool may_have_waited(const struct evidence *ev, const struct plain *p, int x)
{
    const struct close_start *start = &ev->c->detail->start;
    const struct plain_side *own = &p->side[x];
    if (!start->taken || (!start->outstanding[x] && start->window[!x]))
        return false;
    int64_t due_ns = ev->log[own->fin].time_ns - ev->rtt_ns[x] - ev->config->delayed_ack_ns;
    for (int i = own->fin - 1; i > SYN_ENTRY; i--) {
        const struct log_entry *g = &ev->log[i];
        if (g->side == x)
            continue;
        if (g->ack.n - own->isn < own->fin_start)
            break;
        if (g->window && g->time_ns < due_ns)
            return false;
    }
    return true;
}

static struct plain_close close_of(const struct evidence *ev, const struct plain *p, int x)
{
    const struct plain_side *own = &p->side[x];
    struct plain_close close = {
        .sent = own->fin,
        .fin = p->side[!x].fin,
        .crossed = own->crossed == NO_ENTRY ? p->side[!x].fin : own->crossed,
        .acked = p->side[!x].ack_fin,
        .proof = proof_of_ack(ev, p, x),
        .active = own->ack_fin > own->fin,
        .received_by = ev->log[own->ack_fin].frame,
    };
    close.doubtful = !close.active && ((own->ack_fin == own->fin && may_repeat(ev, p, x)) ||
                                       may_have_waited(ev, p, x));
    return close;
}

/* Segments that crossed it were sent before it came. */
static void receive_fin(const struct evidence *ev, const struct plain_close *close,
                        enum tcp_state state, struct endpoint_states *s)
{
    enter_at(s, ev->log[close->crossed].time_ns, ev->log[close->fin].frame, state,
             CAUSE_RECEIVED_FIN, CERTAINTY_CONFIRMED, close->received_by);
}

static void receive_ack(const struct evidence *ev, const struct plain_close *close,
                        enum tcp_state state, struct endpoint_states *s)
{
    const struct log_entry *g = &ev->log[close->acked];
    if (close->proof == NO_ENTRY)
        enter_presumably(s, g, state, CAUSE_RECEIVED_ACK_OF_FIN);
    else
        enter(s, g, state, CAUSE_RECEIVED_ACK_OF_FIN, ev->log[close->proof].frame);
}

/* The peer's FIN, its own, and the acknowledgment of that, in order. Of what one segment tells the
 * acknowledgment is told last. */
static void enter_closing(const struct evidence *ev, const struct plain_close *close,
                          struct endpoint_states *s)
{
    const struct log_entry *fin = &ev->log[close->sent];
    if (close->crossed < close->sent) {
        receive_fin(ev, close, STATE_CLOSE_WAIT, s);
        enter(s, fin, close->active ? STATE_CLOSING : STATE_LAST_ACK, CAUSE_SENT_FIN, FRAME_NONE);
        receive_ack(ev, close, close->active ? STATE_TIME_WAIT : STATE_CLOSED, s);
        return;
    }
    enter(s, fin, STATE_FIN_WAIT_1, CAUSE_SENT_FIN, FRAME_NONE);
    if (close->crossed < close->acked)
        receive_fin(ev, close, STATE_CLOSING, s);
    if (close->crossed <= close->acked) {
        receive_ack(ev, close, STATE_TIME_WAIT, s);
        return;
    }
    receive_ack(ev, close, STATE_FIN_WAIT_2, s);
    if (close->proof == NO_ENTRY) /* nor is what rests on it proved */
        enter_at(s, ev->log[close->crossed].time_ns, ev->log[close->fin].frame, STATE_TIME_WAIT,
                 CAUSE_RECEIVED_FIN, CERTAINTY_PRESUMED, FRAME_NONE);
    else
        receive_fin(ev, close, STATE_TIME_WAIT, s);
}

/* Until 2*MSL after it began, or after the last acknowledgment that restarted it. */
static void run_time_wait(const struct evidence *ev, int x, const struct plain_close *close,
                          struct endpoint_states *s)
{
    int entered = close->crossed > close->acked ? close->crossed : close->acked;
    int64_t last_ns = ev->log[entered].time_ns;
    int64_t own_due_ns = may_stray_ns(ev, x) + ev->config->delayed_ack_ns;
    s->time_wait_from_ns = last_ns;
    for (int i = entered + 1; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->time_ns > last_ns + (g->side == x ? own_due_ns : 0))
            last_ns = g->time_ns;
    }
    if (__builtin_add_overflow(last_ns, ev->config->two_msl_ns, &s->time_wait_until_ns))
        s->time_wait_until_ns = INT64_MAX;
    if (ev->now_ns != TIME_UNKNOWN && ev->now_ns >= s->time_wait_until_ns)
        enter_at(s, s->time_wait_until_ns, FRAME_NONE, STATE_CLOSED, CAUSE_TWO_MSL_ELAPSED,
                 CERTAINTY_PRESUMED, FRAME_NONE);
}

/* With both FINs, in whatever order they may have been sent. */
static unsigned either_way(const struct plain_close *close, enum tcp_state active,
                           enum tcp_state passive)
{
    unsigned set = STATE_BIT(close->active ? active : passive);
    return close->doubtful ? STATE_BIT(active) | STATE_BIT(passive) : set;
}

/* The acknowledgment of its FIN may have been lost, unless the peer's FIN brought it. */
static void look_behind(const struct evidence *ev, int x, const struct plain *p,
                        const struct plain_close *close, struct endpoint_states *s)
{
    bool over = s->state == STATE_CLOSED && close->active;
    unsigned set = STATE_BIT(s->state);
    bool brought = ev->log[close->fin].ack.n - p->side[x].isn >= p->side[x].fin_end;
    if (!over)
        set |= either_way(close, STATE_TIME_WAIT, STATE_CLOSED);
    if (!over && close->proof == NO_ENTRY && !brought)
        set |= either_way(close, STATE_CLOSING, STATE_LAST_ACK);
    if (over && silence_since(ev, s->time_wait_until_ns) <= may_stray_ns(ev, x) + ev->rtt_ns[x])
        set |= STATE_BIT(STATE_TIME_WAIT);
    s->possible = (uint16_t)(set | STATE_BIT(STATE_CLOSED)); /* TIME_WAIT ends without a word */
}

static void close_end(const struct evidence *ev, const struct plain *p, int x,
                      struct fin_traces *traces, struct endpoint_states *s)
{
    struct plain_close close = close_of(ev, p, x);
    traces->fin_first = close.sent;
    traces->fin_acked_index = close.acked;
    s->fin_sent = s->active_known = true;
    s->fin_seq = p->side[x].isn + p->side[x].fin_end - 1;
    s->active = close.active;
    s->active_presumed = close.doubtful;
    s->fin_acked_by = ev->log[close.acked].frame;
    enter_closing(ev, &close, s);
    if (s->state == STATE_TIME_WAIT)
        run_time_wait(ev, x, &close, s);
    look_behind(ev, x, p, &close, s);
}

/* What crossed the peer's FIN was sent before that came, and cannot have been sent later. */
static bool only_crossed(const struct evidence *ev, const struct plain *p, int x)
{
    const struct plain_side *own = &p->side[x];
    const struct plain_side *peer = &p->side[!x];
    if (own->crossed == NO_ENTRY)
        return true;
    int64_t crossed_ns = ev->log[own->crossed].time_ns;
    /* The acknowledgment of its own FIN passed behind the peer's: it did not come before. */
    bool overtaken = peer->fin < peer->ack_fin && peer->ack_fin < own->crossed;
    return crossed_ns - ev->log[peer->fin].time_ns < may_cross_ns(ev, x) &&
           ev->log[own->ack_fin].time_ns > crossed_ns && !overtaken;
}

/* Both FINs were acknowledged, and nothing else is asked for. */
static bool closes(const struct evidence *ev, const struct plain *p)
{
    const struct detail *d = ev->c->detail;
    for (int x = 0; x < 2; x++) {
        const struct plain_side *own = &p->side[x];
        seq_t end = seq_of(own->isn + own->fin_end);
        bool sent_before = d->start.seen[x] && seq_le(end, d->start.nxt[x]);
        if (own->fin == NO_ENTRY || own->ack_fin == NO_ENTRY || sent_before ||
            octets_outstanding(ev, x) || d->side[x].probe_run || !arrived(ev, p, own->ack_fin) ||
            !only_crossed(ev, p, x))
            return false;
    }
    return true;
}

static enum shape close_both(struct states_basis *basis, const struct plain *p,
                             struct endpoint_states states[2])
{
    for (int x = 0; x < 2; x++)
        close_end(&basis->evidence, p, x, &basis->ends[x], &states[x]);
    return SHAPE_CLOSED;
}

/* ---- all of them ---------------------------------------------------------------------------- */

enum shape plain_conclude(struct states_basis *basis, struct endpoint_states states[2])
{
    const struct evidence *ev = &basis->evidence;
    struct plain p;
    if (!ev->c->detail || !opens(ev, &p))
        return SHAPE_ANY;
    bool reset = ev->log[ev->count - 1].flags & TCP_RST;
    p.count = ev->count - reset;
    p.arrived = all_arrived(ev);
    if (!goes_on(ev, &p) || !server_opened(ev, &p))
        return SHAPE_ANY;
    bool fins = p.side[0].fin != NO_ENTRY || p.side[1].fin != NO_ENTRY;
    bool tried = ev->c->detail->side[0].again_run || ev->c->detail->side[1].again_run;
    if (fins ? reset || !closes(ev, &p) : reset ? !is_abort(ev, &p) : tried)
        return SHAPE_ANY;
    open_both(basis, &p, states);
    if (fins)
        return close_both(basis, &p, states);
    return reset ? abort_both(ev, p.count, states) : stay_open(ev, states);
}
