#include "tests/sim/world.h"

#include <assert.h>
#include <stdlib.h>

static const char *const NAMES[] = {
#define STATE_NAME(name) #name,
    STATES(STATE_NAME)};

const char *state_name(enum state state)
{
    return NAMES[state];
}

void world_trace_begin(const struct world *world, int side)
{
    static const char *const WHO[] = {"tap", "client", "server"};
    fprintf(world->trace, "%14.6f  %-6s  ", (double)world->now / 1e9, WHO[side + 1]);
}

static void trace_segment(const struct world *world, int side, const char *what,
                          const struct segment *segment)
{
    if (!world->trace) {
        return;
    }
    const struct endpoint *from = &world->end[segment->from];
    const struct endpoint *to = &world->end[!segment->from];
    char flags[6];
    size_t used = 0;
    for (int bit = 0; bit < 5; bit++) {
        if (segment->flags & (1 << bit)) {
            flags[used++] = "FSRPA"[bit];
        }
    }
    flags[used] = '\0';
    world_trace(world, side, "%-9s %s %-3s seq %u (%d) ack %u (%d) len %u win %u%s", what,
                segment->from ? "<-" : "->", flags, segment->seq, seq_diff(segment->seq, from->iss),
                segment->ack, seq_diff(segment->ack, to->iss), segment->payload_bytes,
                segment->window, what[0] == 'p' && !segment->captured ? "  (not captured)" : "");
}

/* --- the heap of what is under way -------------------------------------------------------------*/

static bool earlier(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void heap_push(struct world *world, struct event event)
{
    if (world->events == world->heap_size) {
        world->heap_size = world->heap_size ? 2 * world->heap_size : 64;
        world->heap = realloc(world->heap, world->heap_size * sizeof *world->heap);
        if (!world->heap) {
            abort();
        }
    }
    size_t place = world->events++;
    while (place && earlier(&event, &world->heap[(place - 1) / 2])) {
        world->heap[place] = world->heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    world->heap[place] = event;
}

static struct event heap_pop(struct world *world)
{
    struct event top = world->heap[0];
    struct event last = world->heap[--world->events];
    size_t place = 0;
    for (size_t child; (child = 2 * place + 1) < world->events; place = child) {
        if (child + 1 < world->events && earlier(&world->heap[child + 1], &world->heap[child])) {
            child++;
        }
        if (!earlier(&world->heap[child], &last)) {
            break;
        }
        world->heap[place] = world->heap[child];
    }
    world->heap[place] = last;
    return top;
}

void world_finish(struct world *world)
{
    free(world->heap);
    free(world->tap_times);
}

/* --- the link ----------------------------------------------------------------------------------*/

static void enter_half(struct world *world, struct link_half *half, const struct segment *segment,
                       int stage, int64_t at)
{
    if (random_share(&world->random, half->loss)) {
        trace_segment(world, segment->from, "lost", segment);
        return;
    }
    int copies = 1 + (int)random_share(&world->random, half->duplicate);
    for (int copy = 0; copy < copies; copy++) {
        struct event event = {.stage = stage, .segment = *segment, .order = world->order++};
        event.segment.copy |= copy;
        event.segment.behind_tap = copy && stage == 1;
        event.at = at + half->delay + random_between(&world->random, 0, half->jitter);
        if (copy || random_share(&world->random, half->reorder)) {
            event.at += random_magnitude(&world->random, 20 * US, 2 * half->delay + 5 * MS);
        } else {
            int64_t *busy_until = &half->busy_until[segment->from];
            event.at = event.at > *busy_until ? event.at : *busy_until + 1;
            *busy_until = event.at;
        }
        heap_push(world, event);
    }
}

void world_send(struct world *world, struct endpoint *from, struct segment segment)
{
    int64_t ready = world->now + random_between(&world->random, 2 * US, 20 * US);
    from->sent_until = ready > from->sent_until ? ready : from->sent_until + US;
    segment.from = from->side;
    segment.ip_id = from->ip_id++;
    trace_segment(world, from->side, "sends", &segment);
    enter_half(world, &world->half[from->side], &segment, 0, from->sent_until);
}

static void pass_tap(struct world *world, struct segment *segment)
{
    segment->captured = !random_share(&world->random, world->capture_loss);
    segment->passed = world->now;
    trace_segment(world, -1, "passes", segment);
    if (segment->captured) {
        world->last_tap = world->now;
        if (world->tap_seen == world->tap_times_size) {
            world->tap_times_size = world->tap_times_size ? 2 * world->tap_times_size : 64;
            world->tap_times =
                realloc(world->tap_times, world->tap_times_size * sizeof *world->tap_times);
            if (!world->tap_times) {
                abort();
            }
        }
        world->tap_times[world->tap_seen++] = world->now;
        endpoints_witness(world, segment);
        if (world->captured) {
            world->captured(world->captured_to, world->now, segment);
        }
    }
    enter_half(world, &world->half[!segment->from], segment, 1, world->now);
}

/* --- time --------------------------------------------------------------------------------------*/

static int64_t next_timer(const struct world *world, int *side, enum timer *timer)
{
    int64_t at = NEVER;
    for (int end = 0; end < 2; end++) {
        for (int kind = 0; kind < TIMERS; kind++) {
            if (world->end[end].deadline[kind] < at) {
                at = world->end[end].deadline[kind];
                *side = end;
                *timer = (enum timer)kind;
            }
        }
    }
    return at;
}

int64_t world_next(const struct world *world)
{
    int side;
    enum timer timer;
    int64_t at = next_timer(world, &side, &timer);
    return world->events && world->heap[0].at < at ? world->heap[0].at : at;
}

bool world_in_flight(const struct world *world)
{
    return world->events != 0;
}

void world_run(struct world *world, int64_t until)
{
    for (;;) {
        int side = 0;
        enum timer timer = TIMERS;
        int64_t timer_at = next_timer(world, &side, &timer);
        bool packet = world->events && world->heap[0].at <= timer_at;
        int64_t at = packet ? world->heap[0].at : timer_at;
        if (at == NEVER || at > until) {
            break;
        }
        assert(at >= world->now);
        world->now = at;
        if (!packet) {
            world->end[side].deadline[timer] = NEVER;
            endpoint_timer(world, &world->end[side], timer);
            continue;
        }
        struct event event = heap_pop(world);
        if (event.stage == 0) {
            pass_tap(world, &event.segment);
        } else {
            struct endpoint *to = &world->end[!event.segment.from];
            trace_segment(world, to->side, "receives", &event.segment);
            world->arriving = &event.segment;
            endpoint_receive(world, to, &event.segment);
            world->arriving = NULL;
        }
    }
    world->now = until;
}
