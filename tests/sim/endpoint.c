/* RFC 9293 3.10.7 (segments arrive) and 3.10.8 (timers). */
#include "tests/sim/world.h"

#include <assert.h>
#include <string.h>

#define TWO_MSL (60 * SEC)

static bool captured(const struct world *world)
{
    return world->arriving && world->arriving->captured;
}

static unsigned unless_captured(const struct world *world, unsigned unshown)
{
    return captured(world) ? 0 : unshown;
}

static struct endpoint *peer_of(struct world *world, const struct endpoint *end)
{
    return &world->end[!end->side];
}

void endpoint_init(struct endpoint *end, int side, struct random *random)
{
    end->side = side;
    for (int timer = 0; timer < TIMERS; timer++) {
        end->deadline[timer] = NEVER;
    }
    end->ts_offset = (uint32_t)random_next(random);
    end->ip_id = (uint16_t)random_next(random);
}

/* A new connection of this endpoint begins: only what it is by nature stays. */
static void open_connection(struct world *world, struct endpoint *end)
{
    struct endpoint old = *end;
    memset(end, 0, sizeof *end);
    end->side = old.side;
    end->habits = old.habits;
    end->state = old.state;
    end->sudden = old.sudden;
    end->planned = old.planned;
    memcpy(end->plan, old.plan, sizeof end->plan);
    memcpy(end->deadline, old.deadline, sizeof end->deadline);
    end->ts_offset = old.ts_offset;
    end->ip_id = old.ip_id;
    end->sent_until = old.sent_until;
    end->timestamps = world->timestamps;
    bool near_wrap = random_percent(&world->random, 40);
    end->iss = near_wrap ? (uint32_t)-random_between(&world->random, 0, 3000)
                         : (uint32_t)random_next(&world->random);
    end->snd_una = end->acked_at_tap = end->iss;
    end->snd_nxt = end->iss + 1;
    end->recover = end->iss;
    end->rto = SEC;
    end->rcv_edge = end->rcv_nxt;
}

static void begin_receiving(struct endpoint *end, const struct segment *segment)
{
    end->irs = segment->seq;
    end->rcv_nxt = segment->seq + 1;
    end->rcv_edge = end->rcv_nxt;
    end->last_ack_sent = end->rcv_nxt;
    end->ts_recent = segment->tsval;
    end->snd_wnd = segment->window;
    end->snd_wl1 = segment->seq;
    end->snd_wl2 = segment->ack;
}

static void establish(struct world *world, struct endpoint *end)
{
    end->unshown &= ~(unsigned)OWN_SYN_ACK;
    enter(world, end, ESTABLISHED, unless_captured(world, SYN_ACKED));
    end->tries = 0;
    end->rto = end->habits.rto_min > SEC / 2 ? SEC : end->habits.rto_min;
    end->deadline[TIMER_RETRANSMIT] = NEVER;
}

/* --- before the handshake is over --------------------------------------------------------------*/

static void receive_closed(struct world *world, struct endpoint *end, const struct segment *segment)
{
    if (segment->flags & RST) {
        return;
    }
    if (end->habits.listens && (segment->flags & (SYN | ACK)) == SYN) {
        open_connection(world, end);
        end->passive = true;
        begin_receiving(end, segment);
        unsigned unshown = segment->behind_tap ? PEER_SYN : unless_captured(world, PEER_SYN);
        enter(world, end, SYN_RECEIVED, OWN_SYN_ACK | unshown);
        send_head(world, end);
        arm_retransmission(world, end);
        return;
    }
    send_reply_reset(world, end, segment);
}

static void receive_syn_sent(struct world *world, struct endpoint *end,
                             const struct segment *segment)
{
    bool acknowledges = segment->flags & ACK;
    if (acknowledges && segment->ack != end->snd_nxt) {
        if (!(segment->flags & RST)) {
            send_reply_reset(world, end, segment);
        }
        return;
    }
    if (segment->flags & RST) {
        if (acknowledges) {
            close_silently(world, end, unless_captured(world, PEER_RESET));
        }
        return;
    }
    if (!(segment->flags & SYN)) {
        return;
    }
    begin_receiving(end, segment);
    if (acknowledges) {
        end->snd_una = segment->ack;
        establish(world, end);
        end->ack_now = true;
        return;
    }
    enter(world, end, SYN_RECEIVED, unless_captured(world, PEER_SYN));
    send_head(world, end);
    arm_retransmission(world, end);
}

/* --- the ACK field -----------------------------------------------------------------------------*/

static void begin_time_wait(struct world *world, struct endpoint *end, unsigned unshown)
{
    enter(world, end, TIME_WAIT, unshown);
    for (int timer = 0; timer < TIMERS; timer++) {
        if (timer != TIMER_SUDDEN && timer != TIMER_DELAYED_ACK) {
            end->deadline[timer] = NEVER;
        }
    }
    end->deadline[TIMER_TIME_WAIT] = world->now + TWO_MSL;
}

static void fin_acknowledged(struct world *world, struct endpoint *end)
{
    unsigned unshown = unless_captured(world, FIN_ACKED);
    end->fin_acked = true;
    end->fin_acked_at = world->now;
    if (end->state == FIN_WAIT_1) {
        enter(world, end, FIN_WAIT_2, unshown);
        if (end->orphan && end->habits.fin_timeout) {
            end->deadline[TIMER_FIN_WAIT_2] = world->now + end->habits.fin_timeout;
        }
    } else if (end->state == CLOSING) {
        begin_time_wait(world, end, unshown);
    } else {
        assert(end->state == LAST_ACK);
        enter(world, end, CLOSED, unshown);
    }
}

/* RFC 6298 2 */
static void measure_round_trip(struct world *world, struct endpoint *end, uint32_t ack)
{
    if (!end->timing || seq_diff(ack, end->timed_seq) < 0) {
        return;
    }
    int64_t sample = world->now - end->timed_at;
    end->timing = false;
    if (!end->srtt) {
        end->srtt = sample;
        end->rttvar = sample / 2;
    } else {
        int64_t error = end->srtt > sample ? end->srtt - sample : sample - end->srtt;
        end->rttvar += (error - end->rttvar) / 4;
        end->srtt += (sample - end->srtt) / 8;
    }
}

static void reset_rto(struct endpoint *end)
{
    if (end->srtt) {
        end->rto = end->srtt + 4 * end->rttvar;
    }
    if (end->rto < end->habits.rto_min || !end->srtt) {
        end->rto = end->habits.rto_min;
    }
}

static void acknowledge_new(struct world *world, struct endpoint *end, uint32_t ack)
{
    end->snd_una = ack;
    assert(seq_diff(end->snd_nxt, end->snd_una) >= 0);
    end->tries = 0;
    end->duplicate_acks = 0;
    measure_round_trip(world, end, ack);
    reset_rto(end);
    arm_retransmission(world, end);
    if (ack != end->snd_nxt && seq_diff(end->recover, ack) > 0) {
        send_head(world, end); /* a partial acknowledgement: the next hole (RFC 6582) */
    }
}

static void update_window(struct world *world, struct endpoint *end, const struct segment *segment)
{
    int32_t newer = seq_diff(segment->seq, end->snd_wl1);
    if (newer < 0 || (newer == 0 && seq_diff(segment->ack, end->snd_wl2) < 0)) {
        return;
    }
    bool opened = !end->snd_wnd && segment->window;
    end->snd_wnd = segment->window;
    end->snd_wl1 = segment->seq;
    end->snd_wl2 = segment->ack;
    if (!end->snd_wnd) {
        end->tries = 0; /* it is there, but has no room: that is no reason to give up */
    }
    if (opened) {
        reset_rto(end);
        end->deadline[TIMER_PERSIST] = NEVER;
        if (end->snd_una != end->snd_nxt) {
            send_head(world, end);
            arm_retransmission(world, end);
        }
    }
}

/* Returns whether the rest of the segment is to be looked at. */
static bool receive_ack(struct world *world, struct endpoint *end, const struct segment *segment)
{
    uint32_t ack = segment->ack;
    if (end->state == SYN_RECEIVED) {
        if (ack != end->snd_nxt) {
            send_reply_reset(world, end, segment);
            return false;
        }
        end->snd_una = ack;
        establish(world, end);
    }
    if (seq_diff(ack, end->snd_nxt) > 0 || seq_diff(ack, end->snd_una) < -UINT16_MAX) {
        send_ack(world, end); /* RFC 5961 5 */
        return false;
    }
    if (seq_diff(ack, end->snd_una) > 0) {
        acknowledge_new(world, end, ack);
    } else if (ack == end->snd_una && ack != end->snd_nxt && !segment->payload_bytes &&
               !(segment->flags & FIN) && segment->window == end->snd_wnd && segment->window &&
               ++end->duplicate_acks == 3) {
        end->recover = end->snd_nxt;
        send_head(world, end); /* RFC 5681 3.2 */
    }
    update_window(world, end, segment);
    if (end->fin_sent && !end->fin_acked && seq_diff(ack, end->fin_seq) > 0) {
        fin_acknowledged(world, end);
    }
    return end->state != CLOSED;
}

/* --- data and FIN ------------------------------------------------------------------------------*/

static void fin_reached(struct world *world, struct endpoint *end)
{
    bool shown = captured(world) && peer_of(world, end)->fin_captured;
    unsigned unshown = shown ? 0 : PEER_FIN;
    end->rcv_nxt++;
    end->rcv_edge += seq_diff(end->rcv_edge, end->rcv_nxt) < 0;
    end->fin_received = true;
    if (end->state == ESTABLISHED) {
        enter(world, end, CLOSE_WAIT, unshown);
    } else if (end->state == FIN_WAIT_1) {
        enter(world, end, CLOSING, unshown);
    } else {
        assert(end->state == FIN_WAIT_2);
        begin_time_wait(world, end, unshown);
    }
    if (end->state != CLOSE_WAIT || !end->habits.delayed_fin_ack) {
        end->ack_now = true;
    }
}

/* Takes what is in order now; the FIN counts when no octet before it is missing. */
static void deliver(struct world *world, struct endpoint *end)
{
    uint32_t before = end->rcv_nxt;
    for (size_t i = 0; i < end->ranges;) {
        struct range range = end->range[i];
        if (seq_diff(range.start, end->rcv_nxt) > 0) {
            i++;
            continue;
        }
        if (seq_diff(range.end, end->rcv_nxt) > 0) {
            end->rcv_nxt = range.end;
        }
        end->range[i] = end->range[--end->ranges];
        i = 0;
    }
    end->unread += end->rcv_nxt - before;
    if (end->fin_known && end->rcv_nxt == end->peer_fin_seq) {
        fin_reached(world, end);
    }
}

static void receive_text(struct world *world, struct endpoint *end, const struct segment *segment)
{
    uint32_t start = segment->seq, past = start + segment->payload_bytes;
    bool fin = segment->flags & FIN;
    if (end->fin_received) {
        end->ack_now |= segment->payload_bytes || fin;
        return;
    }
    if (seq_diff(past, end->rcv_nxt) > 0 && segment->payload_bytes && end->orphan) {
        send_reply_reset(world, end, segment);
        close_silently(world, end, OWN_RESET);
        return;
    }
    if (seq_diff(past, end->rcv_edge) > 0) {
        past = end->rcv_edge;
        fin = false;
        end->ack_now = true;
    }
    uint32_t before = end->rcv_nxt;
    if (seq_diff(past, end->rcv_nxt) > 0 && end->ranges < RANGES_MAX) {
        end->range[end->ranges++] = (struct range){start, past};
    }
    if (fin && !end->fin_known) {
        end->fin_known = true;
        end->peer_fin_seq = past;
    }
    deliver(world, end);
    if (!segment->payload_bytes && !(segment->flags & FIN)) {
        return;
    }
    bool second = end->deadline[TIMER_DELAYED_ACK] != NEVER && segment->payload_bytes;
    bool in_order = end->rcv_nxt != before && !end->ranges;
    bool may_wait = end->fin_received ? end->habits.delayed_fin_ack : end->habits.delayed_ack;
    if (!in_order || second || !may_wait) {
        end->ack_now = true;
    } else if (!end->ack_now) {
        end->deadline[TIMER_DELAYED_ACK] = world->now + 40 * MS;
    }
    if (end->rcv_nxt != before) {
        application_read(world, end);
    }
}

/* --- RFC 9293 3.10.7.4, in its order -----------------------------------------------------------*/

static bool acceptable(const struct endpoint *end, const struct segment *segment)
{
    uint32_t length = segment->payload_bytes + !!(segment->flags & SYN) + !!(segment->flags & FIN);
    uint32_t window = end->rcv_edge - end->rcv_nxt;
    uint32_t first = segment->seq - end->rcv_nxt;
    if (!length) {
        return window ? first < window : !first;
    }
    return window && (first < window || segment->seq + length - 1 - end->rcv_nxt < window);
}

/* Nothing new in it, but it ends where the next begins: Linux and BSD still take its ACK field. */
static bool old_but_adjoining(const struct endpoint *end, const struct segment *segment)
{
    uint32_t past = segment->seq + segment->payload_bytes + !!(segment->flags & FIN);
    return !end->habits.strict && !(segment->flags & (SYN | RST)) && past == end->rcv_nxt;
}

static void receive_unacceptable(struct world *world, struct endpoint *end,
                                 const struct segment *segment)
{
    if (segment->flags & RST) {
        return;
    }
    if (end->state == TIME_WAIT && segment->flags & FIN &&
        segment->seq + segment->payload_bytes == end->peer_fin_seq) {
        end->deadline[TIMER_TIME_WAIT] = world->now + TWO_MSL;
        end->unshown |= unless_captured(world, TIME_WAIT_AGAIN);
        world_trace(world, end->side, "= TIME_WAIT from the beginning");
    }
    /* 3.10.7.4: "special allowance … to accept valid ACKs" when the window is closed. */
    bool closed_window = end->rcv_edge == end->rcv_nxt && segment->seq == end->rcv_nxt;
    if ((closed_window || old_but_adjoining(end, segment)) && segment->flags & ACK &&
        end->state != SYN_RECEIVED && end->state != TIME_WAIT &&
        !receive_ack(world, end, segment)) {
        return;
    }
    send_ack(world, end);
}

static void receive_reset(struct world *world, struct endpoint *end, const struct segment *segment)
{
    if (segment->seq != end->rcv_nxt) {
        send_ack(world, end); /* RFC 5961 3.2 */
        return;
    }
    close_silently(world, end, unless_captured(world, PEER_RESET));
}

/* The peer's SYN again, or, when both open at once, its SYN-ACK. */
static void receive_syn_again(struct world *world, struct endpoint *end,
                              const struct segment *segment)
{
    if (!(segment->flags & ACK)) {
        send_head(world, end);
    } else if (segment->ack == end->snd_nxt) {
        receive_ack(world, end, segment);
    } else {
        send_ack(world, end);
    }
}

static void receive_synchronized(struct world *world, struct endpoint *end,
                                 const struct segment *segment)
{
    if (acceptable(end, segment) && segment->timestamps &&
        seq_diff(segment->tsval, end->ts_recent) >= 0 &&
        seq_diff(segment->seq, end->last_ack_sent) <= 0) {
        end->ts_recent = segment->tsval; /* RFC 7323 5.3, rules 2 and 3 */
    }
    if (end->state == SYN_RECEIVED && segment->flags & SYN && segment->seq == end->irs) {
        receive_syn_again(world, end, segment);
    } else if (!acceptable(end, segment)) {
        receive_unacceptable(world, end, segment);
    } else if (segment->flags & RST) {
        receive_reset(world, end, segment);
    } else if (segment->flags & SYN) {
        send_ack(world, end); /* RFC 5961 4.2 */
    } else if (segment->flags & ACK && receive_ack(world, end, segment)) {
        receive_text(world, end, segment);
    }
}

void endpoint_receive(struct world *world, struct endpoint *end, const struct segment *segment)
{
    if (end->dead) {
        bool demands = segment->payload_bytes || segment->flags & (SYN | FIN);
        if (demands && segment->captured && !segment->copy && !end->owed_since &&
            segment->passed > end->heard_at) {
            end->owed_since = world->now;
            end->owed_passed = segment->passed;
        }
        return;
    }
    enum state before = end->state;
    if (before == CLOSED || before == LISTEN) {
        receive_closed(world, end, segment);
    } else if (before == SYN_SENT) {
        receive_syn_sent(world, end, segment);
    } else {
        receive_synchronized(world, end, segment);
    }
    if (end->state == CLOSED || end->state == LISTEN) {
        return;
    }
    if (before != end->state && end->state == ESTABLISHED) {
        application_read(world, end);
    }
    send_output(world, end);
    if (end->ack_now && end->state != CLOSED) {
        send_ack(world, end);
    }
}

/* --- timers ------------------------------------------------------------------------------------*/

static void back_off(struct endpoint *end)
{
    end->rto = 2 * end->rto < 60 * SEC ? 2 * end->rto : 60 * SEC;
}

static bool gives_up(struct world *world, struct endpoint *end)
{
    bool opening = end->state == SYN_SENT || end->state == SYN_RECEIVED;
    if (end->tries++ < (opening ? end->habits.syn_tries : end->habits.tries)) {
        return false;
    }
    close_silently(world, end, GAVE_UP);
    return true;
}

static void connect_now(struct world *world, struct endpoint *end)
{
    open_connection(world, end);
    enter(world, end, SYN_SENT, OWN_SYN);
    send_head(world, end);
    arm_retransmission(world, end);
}

void endpoint_timer(struct world *world, struct endpoint *end, enum timer timer)
{
    switch (timer) {
    case TIMER_RETRANSMIT:
        if (!gives_up(world, end)) {
            end->recover = end->snd_nxt;
            send_head(world, end);
            back_off(end);
            arm_retransmission(world, end);
        }
        break;
    case TIMER_PERSIST:
        if (!gives_up(world, end)) {
            back_off(end);
            end->last_interval = end->rto;
            end->deadline[TIMER_PERSIST] = world->now + end->rto;
            send_probe(world, end);
        }
        break;
    case TIMER_DELAYED_ACK:
        send_ack(world, end);
        break;
    case TIMER_TIME_WAIT:
        enter(world, end, CLOSED, 0);
        break;
    case TIMER_FIN_WAIT_2:
        close_silently(world, end, FORGOTTEN);
        break;
    case TIMER_APPLICATION:
        if (end->pausing) {
            end->pausing = false;
            end->next_action++;
        }
        application_run(world, end);
        break;
    case TIMER_READ_ON: {
        uint32_t window = end->rcv_edge - end->rcv_nxt;
        end->stalled = false;
        application_read(world, end);
        if (end->state != CLOSED && !end->fin_received && receive_window(end) > window) {
            send_ack(world, end);
        }
        break;
    }
    case TIMER_SUDDEN:
        application_do(world, end, end->sudden);
        send_output(world, end);
        break;
    case TIMER_CONNECT:
        if (end->state == CLOSED) {
            connect_now(world, end);
        }
        break;
    case TIMERS:
        assert(false);
    }
}

/* --- what the tap could know -------------------------------------------------------------------*/

void endpoints_witness(struct world *world, const struct segment *segment)
{
    struct endpoint *from = &world->end[segment->from], *to = &world->end[!segment->from];
    uint8_t flags = segment->flags;
    unsigned shown = 0;
    from->heard_at = world->now;
    if (from->heard_at > from->owed_passed) {
        from->owed_since = 0;
    }
    if (flags & RST) {
        if (from->state == CLOSED) {
            from->unshown &= DIED;
        }
        return;
    }
    if (flags & SYN) {
        shown |= OWN_SYN | (flags & ACK ? PEER_SYN | OWN_SYN_ACK : 0u);
    } else {
        shown |= SYN_ACKED;
    }
    if (flags & FIN) {
        from->fin_captured = true;
        shown |= OWN_FIN;
    }
    if (flags & ACK && from->fin_received && segment->ack == from->peer_fin_seq + 1) {
        shown |= PEER_FIN | TIME_WAIT_AGAIN;
    }
    from->unshown &= ~shown;
    if (flags & ACK && seq_diff(segment->ack, to->acked_at_tap) > 0) {
        to->acked_at_tap = segment->ack;
    }
    if (flags & ACK && seq_diff(segment->ack, to->iss) > 0) {
        to->unshown &= ~(unsigned)(OWN_SYN | SYN_ACKED);
    }
    if (flags & ACK && to->fin_sent && seq_diff(segment->ack, to->fin_seq) > 0) {
        to->unshown &= ~(unsigned)(OWN_FIN | FIN_ACKED);
    }
}

enum knowable endpoint_knowable(const struct endpoint *end, int64_t now)
{
    unsigned unshown = end->unshown;
    if (!unshown) {
        return SHOWN;
    }
    unshown &= ~(unsigned)OWN_SYN_ACK;
    if (end->owed_since && now - end->owed_since >= SEC) {
        unshown &= ~(unsigned)DIED;
    }
    if (end->fin_acked && now - end->fin_acked_at >= end->last_interval * 3 / 2) {
        unshown &= ~(unsigned)FIN_ACKED;
    }
    if (end->gave_up_at != NEVER) {
        bool asks = end->snd_una == end->snd_nxt || seq_diff(end->snd_nxt, end->acked_at_tap) > 0;
        if (asks && now - end->gave_up_at >= end->last_interval / 2) {
            unshown &= ~(unsigned)GAVE_UP;
        }
        if (now - end->gave_up_at >= SEC) {
            unshown &= ~(unsigned)FORGOTTEN;
        }
    }
    return unshown ? HIDDEN : SILENT;
}
