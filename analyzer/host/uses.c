#include "analyzer/host/uses.h"

#include "dissect/compiler.h"

#include <stdlib.h>

bool uses_init(struct uses *uses, const struct hash_key *secret, uint32_t most)
{
    uses->most = most;
    return roll_init(&uses->roll, sizeof(struct use), secret);
}

static void use_finish(struct use *use)
{
    ledger_finish(&use->ledger);
    free(use->examples);
}

void uses_finish(struct uses *uses)
{
    for (uint32_t i = 0; i < roll_count(&uses->roll); i++)
        use_finish(roll_at(&uses->roll, i));
    roll_finish(&uses->roll);
}

/* ---- forgetting ----------------------------------------------------------------------------- */

/* Of few connections the peak is at most their number. */
static bool find_rank(struct use *use, const struct grid *grid, uint32_t *rank)
{
    *rank = use->few;
    if (use->few <= USE_FEW)
        return true;
    if (!use->peak_stands || use->peak_level != grid->level) {
        if (!ledger_peak(&use->ledger, grid, USE_TAKEN, &use->peak))
            return false;
        use->peak_level = (uint8_t)grid->level;
        use->peak_stands = true;
    }
    *rank = use->peak;
    return true;
}

static uint32_t count_above(const uint32_t *ranks, uint32_t count, uint32_t limit)
{
    uint32_t above = 0;
    for (uint32_t i = 0; i < count; i++)
        above += ranks[i] > limit;
    return above;
}

/* The lowest rank above which no more than `wanted` lie. */
static uint32_t rank_at(const uint32_t *ranks, uint32_t count, uint32_t wanted)
{
    uint32_t low = 0;
    uint32_t high = 0;
    for (uint32_t i = 0; i < count; i++)
        high = ranks[i] > high ? ranks[i] : high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (count_above(ranks, count, middle) <= wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Those of the highest ranks stay; of equals, those that came first. */
static void choose_kept(const uint32_t *ranks, uint32_t count, bool *kept)
{
    uint32_t wanted = count / 2;
    uint32_t limit = rank_at(ranks, count, wanted);
    uint32_t equals = wanted - count_above(ranks, count, limit);
    for (uint32_t i = 0; i < count; i++) {
        bool equal = ranks[i] == limit && equals > 0;
        kept[i] = ranks[i] > limit || equal;
        equals -= equal;
    }
}

#define FETCH_AHEAD 16u

static bool forget_half(struct uses *uses, const struct grid *grid)
{
    uint32_t count = roll_count(&uses->roll);
    uint32_t *ranks = malloc(count * sizeof *ranks);
    bool *kept = malloc(count * sizeof *kept);
    bool held = ranks && kept;
    for (uint32_t i = 0; i < count && held; i++) {
        if (i + FETCH_AHEAD < count)
            FETCH(&((struct use *)roll_at(&uses->roll, i + FETCH_AHEAD))->few);
        held = find_rank(roll_at(&uses->roll, i), grid, &ranks[i]);
    }
    if (held) {
        choose_kept(ranks, count, kept);
        for (uint32_t i = 0; i < count; i++) {
            if (!kept[i])
                use_finish(roll_at(&uses->roll, i));
        }
        roll_keep(&uses->roll, kept);
    }
    free(ranks);
    free(kept);
    return held;
}

/* ---- adding --------------------------------------------------------------------------------- */

static struct use *use_of(struct uses *uses, const struct grid *grid, const struct roll_key *key)
{
    struct use *use = roll_find_tagged(&uses->roll, key);
    if (use)
        return use;
    if (roll_count(&uses->roll) >= uses->most && !forget_half(uses, grid))
        return NULL;
    use = roll_add_tagged(&uses->roll, key);
    if (use)
        use->opened_ns = INT64_MAX;
    return use;
}

void uses_fetch(struct uses *uses, const struct ends *ends)
{
    struct roll_key key = ends_pair(ends);
    const struct use *use = roll_find_tagged(&uses->roll, &key);
    if (!use)
        return;
    ledger_fetch(&use->ledger);
    if (use->examples)
        FETCH(use->examples);
}

static bool add_pieces(const struct use *use, struct examples **examples)
{
    for (unsigned i = 0; i < use->pieces; i++) {
        if (!examples_add(examples, &use->piece[i]))
            return false;
    }
    return true;
}

static bool add_example(struct use *use, const struct anomaly_evidence *piece)
{
    if (!use->examples && use->pieces < USE_FEW) {
        use->piece[use->pieces++] = *piece;
        return true;
    }
    return (use->examples || add_pieces(use, &use->examples)) &&
           examples_add(&use->examples, piece);
}

bool uses_add(struct uses *uses, const struct grid *grid, const struct roll_key *key,
              const struct taking *t, bool recycled)
{
    struct use *use = use_of(uses, grid, key);
    if (!use)
        return false;
    if (t->taken.from_ns < use->opened_ns)
        use->opened_ns = t->taken.from_ns;
    use->recycled += recycled;
    use->peak_stands = false;
    if (use->few <= USE_FEW)
        use->few++;
    struct ledger *l = &use->ledger;
    unsigned level = grid->level;
    return ledger_stand(l, level, USE_TAKEN, t->taken.from, t->taken.to) &&
           ledger_stand(l, level, USE_TIME_WAIT, t->time_wait.from, t->time_wait.to) &&
           ledger_stand(l, level, USE_SERVER_HELD, t->server_held.from, t->server_held.to) &&
           ledger_happen(l, level, USE_OPENS, t->taken.from) &&
           (!t->has_example || add_example(use, &t->example));
}

/* ---- the end -------------------------------------------------------------------------------- */

void uses_close(struct uses *uses, const struct grid *grid)
{
    for (uint32_t i = 0; i < roll_count(&uses->roll); i++) {
        struct use *use = roll_at(&uses->roll, i);
        ledger_settle(&use->ledger, grid);
        use->taken = ledger_load(&use->ledger, USE_TAKEN);
    }
}

bool use_show(const struct use *use, struct anomaly_verdict *anomaly)
{
    struct examples *few = NULL;
    bool held = use->examples || add_pieces(use, &few);
    if (held)
        examples_show(use->examples ? use->examples : few, anomaly);
    free(few);
    return held;
}
