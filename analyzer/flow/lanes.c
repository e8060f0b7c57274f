#include "analyzer/flow/lanes.h"

#include "analyzer/flow/choice.h"
#include "analyzer/flow/expiry.h"
#include "analyzer/flow/probe.h"

#include <stddef.h>
#include <string.h>

/* ---- may it be done ------------------------------------------------------------------------- */

/* More than the segments of a round can make connections hold: each a few kilobytes, and chunks of
 * all pools. */
#define ROUND_BYTES_MOST (UINT64_C(64) << 20)

/* Nothing is handed out by time, so what counting holds stays as it is. */
static bool ends_within_tick(const struct flows *f, const struct flow_round *round)
{
    for (uint32_t i = 0; i < round->count; i++) {
        const struct flow_batch *batch = &round->batches[i];
        for (uint32_t k = 0; k < batch->count; k++) {
            if (batch->segments[k].time_ns >= f->wheel.end_ns)
                return false;
        }
    }
    return true;
}

static uint64_t held_after(const struct flows *f)
{
    return flows_memory(f) + table_bytes(&f->table) + ROUND_BYTES_MOST;
}

/* Whatever counting holds. */
static bool leaves_much(const struct flows *f)
{
    return held_after(f) <= f->config->max_memory_bytes / 2;
}

/* Who gives way depends on all that was tracked before, and on nothing that comes behind it. What
 * counting holds is not known while a thread counts. */
static bool leaves_room(const struct flows *f, const struct flow_round *round)
{
    uint64_t most = f->config->max_memory_bytes;
    if (expiry_names_run_out(f))
        return false;
    return leaves_much(f) ||
           (!f->settle && held_after(f) + f->beside_bytes <= most && ends_within_tick(f, round));
}

/* What takes longest comes first. */
void flows_round_want(struct flows *f, struct flow_round *round)
{
    struct pages_wanted *wanted = round->wanted;
    struct pool *pools[FLOW_POOLS] = {[0] = &f->details,
                                      [FLOW_POOLS - 3] = &f->pool,
                                      [FLOW_POOLS - 2] = &f->lones[1],
                                      [FLOW_POOLS - 1] = &f->lones[0]};
    memset(wanted, 0, sizeof round->wanted);
    if (!leaves_much(f) || expiry_names_run_out(f))
        return;
    for (unsigned i = 0; i < FLOW_BRIEF_POOLS; i++)
        pools[1 + i] = &f->briefs[i];
    for (unsigned i = 0; i < FLOW_POOLS; i++)
        wanted[i] = pool_prepare(pools[i]);
    shelves_prepare(&f->shelves, wanted + FLOW_POOLS);
}

bool flows_round_begin(struct flows *f, struct flow_round *round)
{
    if (f->trace || !leaves_room(f, round))
        return false;
    for (uint32_t i = 0; i < round->count; i++) {
        if (!round->batches[i].groups->shared)
            flow_share(round->batches[i].count, round->batches[i].groups);
    }
    for (unsigned lane = 0; lane < FLOW_LANES; lane++)
        memset(&round->lanes[lane], 0, offsetof(struct flow_lane, images));
    return true;
}

void flows_round_end(struct flows *f, const struct flow_round *round)
{
    for (unsigned lane = 0; lane < FLOW_LANES; lane++) {
        f->extra_bytes += round->lanes[lane].extra_bytes;
        f->table.probes += round->lanes[lane].probes;
    }
    f->steps_with_room = 0;
}

void flows_round_prepare(const struct flow_round *round, unsigned part)
{
    if (round->wanted[part].from)
        pages_take(round->wanted[part].from, round->wanted[part].bytes);
}

/* ---- one lane ------------------------------------------------------------------------------- */

static uint32_t left_bit(const struct flow_probe *probe)
{
    return (probe->tag >> 8) % LANE_LEFT_BITS;
}

static bool is_left(const struct flow_lane *lane, const struct flow_probe *probe)
{
    return lane->left[left_bit(probe) / 64] >> left_bit(probe) % 64 & 1;
}

/* Of its five-tuple nothing more is tracked ahead. */
static void leave(struct flow_lane *lane, const struct flow_probe *probe)
{
    lane->left[left_bit(probe) / 64] |= UINT64_C(1) << left_bit(probe) % 64;
}

/* What is filed has been closed: time decides whether it is still there. */
static bool is_open(const struct connection *c)
{
    return !(c->marks & (CONN_FILED | CONN_CLOSED));
}

static bool may_go_ahead(const struct flows *f, struct flow_lane *lane,
                         const struct flow_probe *probe, const struct segment *g)
{
    struct connection *c = probe->connection;
    return !is_left(lane, probe) && c && choice_is_sole(c, g) && is_open(c) && g->aux == AUX_NONE &&
           (!(g->flags & TCP_FIN) || flows_may_close(f, c, &lane->extra_bytes));
}

/* What has closed is packed, while it is in the cache. */
static const struct detail_image *draw(struct flow_lane *lane, const struct connection *c)
{
    if (c->packed || lane->drawn + DETAIL_IMAGE_MAX > LANE_IMAGES)
        return NULL;
    struct detail_image *image = (struct detail_image *)(void *)(lane->images + lane->drawn);
    size_t bytes = detail_draw(c, image);
    lane->drawn += (uint32_t)(bytes + 7) / 8 * 8;
    return bytes ? image : NULL;
}

/* The same of one that is brief, of which nothing is left to do but to let it linger. */
static enum flow_ahead track_brief(struct flow_lane *lane, struct flow_probe *probe, int sender,
                                   const struct segment *g)
{
    struct brief *b = probe->brief;
    bool tracked = !is_left(lane, probe) && !(b->marks & BRIEF_CLOSED) && brief_track(b, sender, g);
    if (LIKELY(tracked && !(b->marks & BRIEF_CLOSED)))
        return AHEAD_TRACKED;
    leave(lane, probe);
    probe->left |= !tracked;
    return tracked ? AHEAD_CLOSED : AHEAD_LEFT;
}

static enum flow_ahead track_one(const struct flows *f, struct flow_lane *lane,
                                 struct flow_probe *probe, int sender, const struct segment *g)
{
    if (probe->brief)
        return track_brief(lane, probe, sender, g);
    bool tracked = may_go_ahead(f, lane, probe, g) && track_ordinary(probe->connection, sender, g);
    if (LIKELY(tracked && is_open(probe->connection)))
        return AHEAD_TRACKED;
    leave(lane, probe);
    if (tracked) {
        probe->image = draw(lane, probe->connection);
        return AHEAD_CLOSED;
    }
    probe->left = true;
    return AHEAD_LEFT;
}

/* Of a batch those of a lane, a step of what fetches them ahead of their turn or the last one. */
enum step { SLOT, FIND, DETAIL, ENTRY, TRACK, STEPS };

static void track_batch(const struct flows *f, struct flow_lane *lane, unsigned number,
                        const struct flow_batch *batch, struct flow_outcome *outcome)
{
    const struct flow_groups *groups = batch->groups;
    for (uint32_t i = groups->numbers_from[number]; i < groups->numbers_from[number + 1]; i++) {
        uint32_t k = groups->numbers[i];
        struct flow_probe *probe = &outcome->probes[groups->number_of[k]];
        outcome->ahead[i] =
            (uint8_t)track_one(f, lane, probe, groups->sender_of[k], &batch->segments[k]);
    }
}

/* They were written by another thread. */
static void fetch_segments(unsigned number, const struct flow_batch *batch)
{
    const struct flow_groups *groups = batch->groups;
    for (uint32_t i = groups->numbers_from[number]; i < groups->numbers_from[number + 1]; i++) {
        const struct segment *g = &batch->segments[groups->numbers[i]];
        FETCH(g);
        FETCH((const char *)(g + 1) - 1);
    }
}

static void take_step(const struct flows *f, struct table *table, unsigned number, enum step step,
                      const struct flow_batch *batch, struct flow_probe *probes)
{
    const struct flow_groups *groups = batch->groups;
    if (step == FIND)
        fetch_segments(number, batch);
    for (uint32_t i = groups->named_from[number]; i < groups->named_from[number + 1]; i++) {
        struct flow_probe *probe = &probes[i];
        if (step == SLOT) {
            probe_fetch_slot(f, groups->named[i].tag);
        } else if (step == FIND) {
            probe_begin(probe, groups, i, batch->segments);
            probe_find(f, table, probe);
        } else if (step == DETAIL) {
            probe_fetch_detail(f, probe);
        } else {
            probe_fetch_log(probe);
        }
    }
}

/* A batch has little of one lane, so between two of its steps those of so many batches are taken.
 */
#define APART 2u

void flows_round_lane(const struct flows *f, struct flow_round *round, unsigned number)
{
    struct flow_lane *lane = &round->lanes[number];
    struct table table = f->table;
    for (uint32_t i = 0; i < round->count + TRACK * APART; i++) {
        for (unsigned step = SLOT; step < STEPS; step++) {
            if (i < step * APART || i - step * APART >= round->count)
                continue;
            const struct flow_batch *batch = &round->batches[i - step * APART];
            struct flow_outcome *outcome = &round->outcomes[i - step * APART];
            if (step == TRACK)
                track_batch(f, lane, number, batch, outcome);
            else
                take_step(f, &table, number, (enum step)step, batch, outcome->probes);
        }
    }
    lane->probes = table.probes - f->table.probes;
}
