/* What an endpoint sends. */
#include "tests/sim/world.h"

#include <assert.h>

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The right edge never moves back (RFC 9293 3.8.6), and not by crumbs (3.8.6.2.2). */
uint32_t receive_window(struct endpoint *end)
{
    uint32_t room = end->habits.buffer_bytes - smaller(end->unread, end->habits.buffer_bytes);
    uint32_t edge = end->rcv_nxt + smaller(room, UINT16_MAX);
    uint32_t crumb = smaller(end->habits.mss, end->habits.buffer_bytes / 2);
    if (seq_diff(edge, end->rcv_edge) >= (int32_t)crumb) {
        end->rcv_edge = edge;
    }
    assert(seq_diff(end->rcv_edge, end->rcv_nxt) >= 0);
    return end->rcv_edge - end->rcv_nxt;
}

static void emit(struct world *world, struct endpoint *end, uint8_t flags, uint32_t seq,
                 uint32_t payload_bytes)
{
    struct segment segment = {.flags = flags, .seq = seq, .payload_bytes = payload_bytes};
    segment.window = (uint16_t)receive_window(end);
    if (flags & SYN) {
        segment.mss = end->habits.mss;
    }
    if (flags & ACK) {
        segment.ack = end->rcv_nxt;
        end->last_ack_sent = end->rcv_nxt;
        end->ack_now = false;
        end->deadline[TIMER_DELAYED_ACK] = NEVER;
    }
    if (end->timestamps) {
        segment.timestamps = true;
        segment.tsval = end->ts_offset + (uint32_t)(world->now / MS);
        segment.tsecr = flags & ACK ? end->ts_recent : 0;
    }
    world_send(world, end, segment);
}

void send_control(struct world *world, struct endpoint *end, uint8_t flags, uint32_t seq,
                  uint32_t ack)
{
    world_send(world, end, (struct segment){.flags = flags, .seq = seq, .ack = ack});
}

/* RFC 9293 3.10.7.1 */
void send_reply_reset(struct world *world, struct endpoint *end, const struct segment *offender)
{
    if (offender->flags & ACK) {
        send_control(world, end, RST, offender->ack, 0);
        return;
    }
    uint32_t length =
        offender->payload_bytes + !!(offender->flags & SYN) + !!(offender->flags & FIN);
    send_control(world, end, RST | ACK, 0, offender->seq + length);
}

void send_ack(struct world *world, struct endpoint *end)
{
    emit(world, end, ACK, end->snd_nxt, 0);
}

void send_abort(struct world *world, struct endpoint *end)
{
    emit(world, end, RST | ACK, end->snd_nxt, 0);
}

static bool synchronized_once(const struct endpoint *end)
{
    return end->state != SYN_SENT && end->state != SYN_RECEIVED;
}

static uint32_t unsent(const struct endpoint *end)
{
    return end->fin_sent ? 0 : end->written - (end->snd_nxt - end->iss - 1);
}

void arm_retransmission(struct world *world, struct endpoint *end)
{
    bool outstanding = end->snd_una != end->snd_nxt;
    end->deadline[TIMER_RETRANSMIT] = outstanding ? world->now + end->rto : NEVER;
    end->last_interval = end->rto;
}

/* The oldest of what is not acknowledged, and the FIN with it when it follows at once. */
void send_head(struct world *world, struct endpoint *end)
{
    end->timing = false;
    if (!synchronized_once(end)) {
        emit(world, end, end->state == SYN_SENT ? SYN : SYN | ACK, end->iss, 0);
        return;
    }
    uint32_t outstanding = end->snd_nxt - end->snd_una - end->fin_sent;
    assert(end->snd_una != end->snd_nxt && outstanding <= end->written);
    uint32_t length = smaller(outstanding, end->habits.mss);
    bool fin = end->fin_sent && length == outstanding;
    emit(world, end, (uint8_t)(ACK | (fin ? FIN : 0) | (length ? PSH : 0)), end->snd_una, length);
}

static void begin_timing(struct world *world, struct endpoint *end)
{
    if (!end->timing) {
        end->timing = true;
        end->timed_seq = end->snd_nxt;
        end->timed_at = world->now;
    }
}

/* One segment of what is waiting, if the window lets it go. */
static bool send_next(struct world *world, struct endpoint *end)
{
    uint32_t window = smaller(end->snd_wnd, end->habits.burst_bytes);
    uint32_t outstanding = end->snd_nxt - end->snd_una;
    uint32_t usable = window > outstanding ? window - outstanding : 0;
    uint32_t waiting = unsent(end);
    uint32_t length = smaller(smaller(waiting, end->habits.mss), usable);
    bool fin = end->fin_queued && !end->fin_sent && length == waiting && usable > length;
    if (!length && !fin) {
        return false;
    }
    uint32_t seq = end->snd_nxt;
    end->snd_nxt += length;
    if (fin) {
        end->fin_seq = end->snd_nxt++;
        end->fin_sent = true;
    }
    begin_timing(world, end);
    emit(world, end, (uint8_t)(ACK | (fin ? FIN : 0) | (length ? PSH : 0)), seq, length);
    return true;
}

void send_output(struct world *world, struct endpoint *end)
{
    if (end->state == CLOSED || end->state == LISTEN || !synchronized_once(end)) {
        return;
    }
    bool sent = false;
    while (send_next(world, end)) {
        sent = true;
    }
    if (sent && end->deadline[TIMER_RETRANSMIT] == NEVER) {
        arm_retransmission(world, end);
    }
    bool stuck =
        end->snd_una == end->snd_nxt && (unsent(end) || (end->fin_queued && !end->fin_sent));
    if (!stuck) {
        end->deadline[TIMER_PERSIST] = NEVER;
    } else if (end->deadline[TIMER_PERSIST] == NEVER) {
        end->deadline[TIMER_PERSIST] = world->now + end->rto;
    }
}

/* RFC 9293 3.8.6.1: an octet beyond the window, or an octet of old, as Linux does. */
void send_probe(struct world *world, struct endpoint *end)
{
    if (!end->habits.octet_probes || !unsent(end)) {
        emit(world, end, ACK, end->snd_una - 1, 0);
        return;
    }
    uint32_t seq = end->snd_nxt++;
    emit(world, end, ACK | PSH, seq, 1);
    arm_retransmission(world, end);
}
