#include "tests/bench/traffic.h"

#include "tests/sim/random.h"

#include <assert.h>
#include <stdlib.h>

#define NONE     UINT32_MAX
#define BUCKETS  (1u << 20)
#define START_US (UINT64_C(1700000000) * 1000000)
#define SCANNED  65536u /* hosts */

enum phase {
    SENDS_SYN,
    SENDS_SYN_ACK,
    ENDS_HANDSHAKE,
    TALKS,
    ANSWERS_HOLE,
    FILLS_HOLE,
    ACKNOWLEDGES,
    ACKNOWLEDGES_LAST, /* and stays open */
    SENDS_FIN,
    ACKNOWLEDGES_FIN,
    SENDS_OTHER_FIN,
    ENDS_CLOSE,
    RESETS,
    IS_OVER,
};

enum ending { GRACEFUL, RESET, OPEN };

enum { CLIENT, SERVER };

/* Sides are CLIENT and SERVER. */
struct connection {
    uint32_t id;
    uint32_t next; /* in its bucket, or among the free */
    uint32_t seq[2];
    uint32_t got[2];    /* what the other side's octets are acknowledged with */
    uint32_t latest[2]; /* timestamp of the other side */
    uint32_t hole_seq;
    uint16_t hole_bytes; /* 0: nothing is missing */
    uint16_t left;       /* segments before the close */
    uint16_t burst;      /* segments before the other side's turn */
    uint16_t owed;       /* segments that were not acknowledged */
    uint16_t rtt_ms;
    uint8_t phase;
    uint8_t ending;
    uint8_t side;       /* whose turn it is */
    uint8_t closer;     /* who sends the first FIN, or the RST */
    uint8_t hole_waits; /* segments to pass before what is missing does */
    bool swapped;       /* it is missing because the next one overtook it */
    bool once_more;     /* the last control segment was lost behind the tap */
};

struct traffic {
    const struct traffic_wishes *wishes;
    const struct kind *kind;
    struct writer *writer;
    struct traffic_truth *truth;
    struct random random;
    struct connection *connections;
    uint32_t used, room, free_head, live;
    uint32_t begun;
    uint32_t *heads, *tails;
    uint64_t tick;
    uint64_t now_us;
};

static uint32_t below(struct traffic *t, uint32_t limit)
{
    return limit ? (uint32_t)((random_next(&t->random) >> 32) * limit >> 32) : 0;
}

static uint32_t between(struct traffic *t, uint32_t low, uint32_t high)
{
    return low + below(t, high - low + 1);
}

/* --- frames ------------------------------------------------------------------------------------*/

static void find_places(const struct traffic *t, uint32_t id, struct place place[2])
{
    if (t->kind->only_syn) {
        struct random random = {id};
        place[CLIENT] = (struct place){1, (uint16_t)(32768 + random_next(&random) % 28232)};
        place[SERVER] = (struct place){1u << 20 | id % SCANNED, (uint16_t)(1 + id / SCANNED)};
        return;
    }
    struct random random = {~(uint64_t)id};
    uint32_t server = (uint32_t)(random_next(&random) % t->kind->servers);
    uint32_t turn = id / t->kind->clients;
    place[CLIENT] =
        (struct place){1u << 20 | id % t->kind->clients, (uint16_t)(32768 + turn % 28232)};
    place[SERVER] = (struct place){2u << 20 | server, 443};
}

static bool is_written(const struct traffic *t, const struct connection *c)
{
    return c->id % t->wishes->parts == t->wishes->part;
}

static void put(struct traffic *t, struct connection *c, int side, uint8_t flags, uint32_t seq,
                uint16_t payload_bytes)
{
    struct place place[2];
    find_places(t, c->id, place);
    struct frame frame = {
        .from = place[side],
        .to = place[!side],
        .seq = seq,
        .ack = c->got[side],
        .tsval = (uint32_t)(t->now_us / 1000) + place[side].host * 7919,
        .tsecr = flags & ACK ? c->latest[side] : 0,
        .payload_bytes = payload_bytes,
        .window = flags & SYN   ? 64240
                  : flags & RST ? 0
                                : 502,
        .ip_id = (uint16_t)t->writer->frames,
        .flags = flags,
        .ipv6 = c->id % 100 < t->wishes->ipv6_percent,
        .timestamps = t->kind->timestamps && !(flags & RST),
    };
    if (frame.timestamps)
        c->latest[!side] = frame.tsval;
    if (is_written(t, c))
        writer_put(t->writer, t->now_us, &frame);
}

static void put_control(struct traffic *t, struct connection *c, int side, uint8_t flags)
{
    put(t, c, side, flags, c->seq[side], 0);
    if (flags & (SYN | FIN))
        c->got[!side] = ++c->seq[side];
}

/* The SYN or FIN that was the side's last. */
static void put_again(struct traffic *t, struct connection *c, int side, uint8_t flags)
{
    put(t, c, side, flags, c->seq[side] - 1, 0);
    t->truth->resent++;
}

static bool loses_control(struct traffic *t, struct connection *c)
{
    c->once_more = t->wishes->lossy && !c->once_more && below(t, 100) < 2;
    return c->once_more;
}

/* --- time --------------------------------------------------------------------------------------*/

static uint32_t travel(struct traffic *t, const struct connection *c)
{
    return t->kind->step ? between(t, 1, t->kind->step) : 1000u * c->rtt_ms;
}

/* Between segments of one side, or from a segment to its answer at the tap's end of the path. */
static uint32_t moment(struct traffic *t)
{
    return between(t, 1, t->kind->step ? t->kind->step : 150);
}

static uint32_t timeout(const struct connection *c)
{
    return 1000u * (200u + 2u * c->rtt_ms);
}

static void schedule(struct traffic *t, uint32_t index, uint32_t delay_us)
{
    assert(t->kind->tick > 0);
    uint64_t ticks = 1 + delay_us / t->kind->tick;
    if (ticks >= BUCKETS)
        ticks = BUCKETS - 1;
    uint32_t bucket = (uint32_t)((t->tick + ticks) % BUCKETS);
    t->connections[index].next = NONE;
    if (t->heads[bucket] == NONE)
        t->heads[bucket] = index;
    else
        t->connections[t->tails[bucket]].next = index;
    t->tails[bucket] = index;
}

/* --- what a connection does next, and how long it takes it
 * --------------------------------------*/

static uint32_t talk(struct traffic *t, struct connection *c);

static uint32_t take_turns(struct traffic *t, struct connection *c)
{
    c->side = !c->side;
    c->burst =
        (uint16_t)(c->side == CLIENT ? between(t, 1, t->kind->request_max)
                                     : between(t, t->kind->response_min, t->kind->response_max));
    return c->side == SERVER ? travel(t, c) : moment(t) + below(t, t->kind->pause);
}

static uint32_t end_talk(struct traffic *t, struct connection *c)
{
    switch ((enum ending)c->ending) {
    case GRACEFUL:
        c->phase = SENDS_FIN;
        return moment(t);
    case RESET:
        c->phase = RESETS;
        return moment(t);
    case OPEN:
    default:
        c->phase = ACKNOWLEDGES_LAST;
        return moment(t);
    }
}

/* A response that nothing follows at once is acknowledged; what closes may do so with its FIN. */
static uint32_t after_segment(struct traffic *t, struct connection *c)
{
    bool turn_ends = !c->burst;
    bool pauses = c->left || (c->ending != OPEN && below(t, 2));
    if ((t->kind->ack_every && c->owed >= t->kind->ack_every) ||
        (turn_ends && c->side == SERVER && c->owed && pauses)) {
        c->phase = ACKNOWLEDGES;
        return moment(t);
    }
    c->phase = TALKS;
    if (!c->left)
        return end_talk(t, c);
    return turn_ends ? take_turns(t, c) : moment(t);
}

static void open_hole(struct connection *c, uint16_t payload_bytes, bool swapped)
{
    c->hole_seq = c->seq[c->side];
    c->hole_bytes = payload_bytes;
    c->swapped = swapped;
    c->hole_waits = swapped ? 1 : 3;
}

/* Whether the segment passes; sets the hole that it leaves at its receiver if it does not arrive.
 */
static bool passes(struct traffic *t, struct connection *c, uint16_t payload_bytes)
{
    uint32_t dice = below(t, 1000);
    if (!t->wishes->lossy) {
        if (dice < t->kind->lost_permille)
            open_hole(c, payload_bytes, false);
        return true;
    }
    if (dice >= 20)
        return true;
    bool swapped = dice < 7 && c->burst;
    open_hole(c, payload_bytes, swapped);
    return !swapped && dice < 14;
}

static uint32_t await_hole(struct traffic *t, struct connection *c)
{
    bool fast = !c->hole_waits;
    c->phase = FILLS_HOLE;
    return c->swapped ? moment(t) : fast ? travel(t, c) : timeout(c);
}

static uint32_t talk(struct traffic *t, struct connection *c)
{
    uint16_t bytes = (uint16_t)between(t, t->kind->payload_min, t->kind->payload_max);
    bool was_whole = !c->hole_bytes;
    c->left--;
    c->burst--;
    if (!c->left)
        c->burst = 0;
    if (!was_whole || passes(t, c, bytes))
        put(t, c, c->side, (uint8_t)(c->burst ? ACK : ACK | PSH), c->seq[c->side], bytes);
    c->seq[c->side] += bytes;
    c->owed++;
    if (!c->hole_bytes) {
        c->got[!c->side] = c->seq[c->side];
        return after_segment(t, c);
    }
    if (was_whole)
        return c->burst ? moment(t) : await_hole(t, c);
    c->hole_waits--;
    if (c->swapped)
        return await_hole(t, c);
    c->phase = ANSWERS_HOLE;
    return moment(t);
}

static uint32_t answer_hole(struct traffic *t, struct connection *c)
{
    put_control(t, c, !c->side, ACK);
    c->phase = TALKS;
    return c->hole_waits && c->burst ? moment(t) : await_hole(t, c);
}

static uint32_t fill_hole(struct traffic *t, struct connection *c)
{
    put(t, c, c->side, ACK | PSH, c->hole_seq, c->hole_bytes);
    t->truth->resent += !c->swapped;
    c->got[!c->side] = c->seq[c->side];
    c->hole_bytes = 0;
    return after_segment(t, c);
}

static uint32_t acknowledge(struct traffic *t, struct connection *c)
{
    put_control(t, c, !c->side, ACK);
    c->owed = 0;
    c->phase = TALKS;
    if (!c->left) {
        uint32_t at_once = end_talk(t, c);
        return at_once + below(t, t->kind->pause);
    }
    return c->burst ? moment(t) : take_turns(t, c);
}

static uint32_t end_handshake(struct traffic *t, struct connection *c)
{
    put_control(t, c, CLIENT, ACK);
    c->phase = TALKS;
    c->side = SERVER; /* so that the client's turn is the first */
    if (c->left)
        take_turns(t, c);
    return c->left ? moment(t) : end_talk(t, c);
}

static uint32_t send_fin(struct traffic *t, struct connection *c)
{
    if (c->once_more)
        put_again(t, c, c->closer, FIN | ACK);
    else
        put_control(t, c, c->closer, FIN | ACK);
    if (loses_control(t, c))
        return timeout(c);
    c->phase = below(t, 2) ? ACKNOWLEDGES_FIN : SENDS_OTHER_FIN;
    return c->closer == CLIENT ? travel(t, c) : moment(t);
}

static uint32_t send_other_fin(struct traffic *t, struct connection *c)
{
    if (c->once_more)
        put_again(t, c, !c->closer, FIN | ACK);
    else
        put_control(t, c, !c->closer, FIN | ACK);
    c->once_more = false;
    c->phase = ENDS_CLOSE;
    return c->closer == CLIENT ? moment(t) : travel(t, c);
}

static uint32_t end_close(struct traffic *t, struct connection *c)
{
    put_control(t, c, c->closer, ACK);
    c->phase = IS_OVER;
    if (!loses_control(t, c))
        return 0;
    c->phase = SENDS_OTHER_FIN;
    return timeout(c);
}

static uint32_t step(struct traffic *t, struct connection *c)
{
    switch ((enum phase)c->phase) {
    case SENDS_SYN:
        if (c->once_more)
            put_again(t, c, CLIENT, SYN);
        else
            put_control(t, c, CLIENT, SYN);
        if (t->kind->only_syn) {
            c->phase = IS_OVER;
            return 0;
        }
        if (loses_control(t, c))
            return 1000000;
        c->phase = SENDS_SYN_ACK;
        return travel(t, c);
    case SENDS_SYN_ACK:
        put_control(t, c, SERVER, SYN | ACK);
        c->phase = ENDS_HANDSHAKE;
        return moment(t);
    case ENDS_HANDSHAKE:
        return end_handshake(t, c);
    case TALKS:
        return talk(t, c);
    case ANSWERS_HOLE:
        return answer_hole(t, c);
    case FILLS_HOLE:
        return fill_hole(t, c);
    case ACKNOWLEDGES:
        return acknowledge(t, c);
    case ACKNOWLEDGES_LAST:
        if (c->owed)
            put_control(t, c, !c->side, ACK);
        c->phase = IS_OVER;
        return 0;
    case SENDS_FIN:
        return send_fin(t, c);
    case ACKNOWLEDGES_FIN:
        put_control(t, c, !c->closer, ACK);
        c->phase = SENDS_OTHER_FIN;
        return moment(t);
    case SENDS_OTHER_FIN:
        return send_other_fin(t, c);
    case ENDS_CLOSE:
        return end_close(t, c);
    case RESETS:
        put_control(t, c, c->closer, RST | ACK);
        c->phase = IS_OVER;
        return 0;
    case IS_OVER:
    default:
        return 0;
    }
}

/* --- all of them
 * --------------------------------------------------------------------------------*/

static uint32_t take_slot(struct traffic *t)
{
    uint32_t index = t->free_head;
    if (index != NONE) {
        t->free_head = t->connections[index].next;
        return index;
    }
    if (t->used == t->room) {
        uint32_t room = t->room ? 2 * t->room : 1024;
        struct connection *grown = realloc(t->connections, room * sizeof *grown);
        if (!grown)
            return NONE;
        t->connections = grown;
        t->room = room;
    }
    return t->used++;
}

static bool begin(struct traffic *t)
{
    uint32_t index = take_slot(t);
    if (index == NONE)
        return false;
    uint32_t isn[2] = {(uint32_t)random_next(&t->random), (uint32_t)random_next(&t->random)};
    uint32_t dice = below(t, 100);
    t->connections[index] = (struct connection){
        .id = t->begun++,
        .seq = {isn[0], isn[1]},
        .left = (uint16_t)between(t, t->kind->middle_min, t->kind->middle_max),
        .rtt_ms = (uint16_t)random_magnitude(&t->random, 1, 100),
        .phase = SENDS_SYN,
        .ending = dice < t->kind->graceful                    ? GRACEFUL
                  : dice < t->kind->graceful + t->kind->reset ? RESET
                                                              : OPEN,
        .closer = below(t, 100) < 60 ? CLIENT : SERVER,
    };
    t->live++;
    schedule(t, index, 0);
    return true;
}

static void count(struct traffic *t, const struct connection *c)
{
    if (!is_written(t, c))
        return;
    t->truth->connections++;
    if (t->kind->only_syn)
        t->truth->unanswered++;
    else if (c->ending == GRACEFUL)
        t->truth->graceful++;
    else if (c->ending == RESET)
        t->truth->reset++;
    else
        t->truth->open++;
}

/* Frames of one tick are a microsecond apart while there is room for that. */
static void run_bucket(struct traffic *t)
{
    uint32_t *head = &t->heads[t->tick % BUCKETS];
    uint32_t nth = 0;
    for (uint32_t index = *head, next; index != NONE; index = next, nth++) {
        struct connection *c = &t->connections[index];
        next = c->next;
        t->now_us =
            START_US + t->tick * t->kind->tick + (nth < t->kind->tick ? nth : t->kind->tick - 1);
        uint32_t delay_us = step(t, c);
        if (c->phase != IS_OVER) {
            schedule(t, index, delay_us);
            continue;
        }
        count(t, c);
        c->next = t->free_head;
        t->free_head = index;
        t->live--;
    }
    *head = NONE;
}

static bool run(struct traffic *t)
{
    while (t->begun < t->kind->connections || t->live) {
        uint64_t elapsed_us = (t->tick + 1) * t->kind->tick;
        while (t->begun < t->kind->connections &&
               (uint64_t)t->begun * 1000000 < elapsed_us * t->kind->per_second) {
            if (!begin(t))
                return false;
        }
        t->tick++;
        run_bucket(t);
    }
    return true;
}

bool traffic_write(const struct traffic_wishes *wishes, struct writer *writer,
                   struct traffic_truth *truth)
{
    struct traffic t = {.wishes = wishes,
                        .kind = &wishes->kind,
                        .writer = writer,
                        .truth = truth,
                        .random = {wishes->seed},
                        .free_head = NONE};
    *truth = (struct traffic_truth){0};
    t.heads = malloc(BUCKETS * sizeof *t.heads);
    t.tails = malloc(BUCKETS * sizeof *t.tails);
    bool good = t.heads && t.tails;
    for (uint32_t i = 0; good && i < BUCKETS; i++)
        t.heads[i] = NONE;
    good = good && run(&t);
    free(t.connections);
    free(t.heads);
    free(t.tails);
    return good;
}
