#include "analyzer/host/uses.h"

#include <stdlib.h>

bool uses_init(struct uses *uses, struct siphash_key secret)
{
    uses->secret = secret;
    return roll_init(&uses->roll, sizeof(struct use), secret);
}

static void use_finish(struct use *use)
{
    line_finish(&use->taken);
    line_finish(&use->time_wait);
    line_finish(&use->server_held);
    line_finish(&use->opens);
    free(use->examples);
}

void uses_finish(struct uses *uses)
{
    for (uint32_t i = 0; i < roll_count(&uses->roll); i++)
        use_finish(roll_at(&uses->roll, i));
    roll_finish(&uses->roll);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static bool draw(struct use *use, const struct grid *grid, const struct taking *t)
{
    return line_stand(&use->taken, grid, t->taken.from_ns, t->taken.to_ns) &&
           line_stand(&use->time_wait, grid, t->time_wait.from_ns, t->time_wait.to_ns) &&
           line_stand(&use->server_held, grid, t->server_held.from_ns, t->server_held.to_ns) &&
           line_happen(&use->opens, grid, t->taken.from_ns) &&
           (!t->has_example || examples_add(&use->examples, &t->example));
}

static bool draw_few(struct use *use, const struct grid *grid)
{
    for (uint32_t i = 0; i < use->few && !use->many; i++) {
        if (!draw(use, grid, &use->takings[i]))
            return false;
    }
    use->many = true;
    return true;
}

/* ---- forgetting ----------------------------------------------------------------------------- */

struct ranked_use {
    const struct use *use;
    uint32_t peak;
    uint32_t index;
};

static int by_peak(const void *left, const void *right)
{
    const struct ranked_use *a = left;
    const struct ranked_use *b = right;
    if (a->peak != b->peak)
        return a->peak > b->peak ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static int by_index(const void *left, const void *right)
{
    const struct ranked_use *a = left;
    const struct ranked_use *b = right;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Of few connections the peak is at most their number. */
static struct ranked_use ranked(struct use *use, uint32_t index, const struct grid *grid)
{
    int64_t instant;
    line_settle(&use->taken, grid);
    return (struct ranked_use){
        .use = use,
        .peak = use->many ? line_peak(&use->taken, &instant) : use->few,
        .index = index,
    };
}

static bool forget_half(struct uses *uses, const struct grid *grid)
{
    uint32_t count = roll_count(&uses->roll);
    struct ranked_use *all = malloc(count * sizeof *all);
    struct roll kept;
    if (!all || !roll_init(&kept, sizeof(struct use), uses->secret)) {
        free(all);
        return false;
    }
    for (uint32_t i = 0; i < count; i++)
        all[i] = ranked(roll_at(&uses->roll, i), i, grid);
    qsort(all, count, sizeof *all, by_peak);
    qsort(all, count / 2, sizeof *all, by_index);
    for (uint32_t i = 0; i < count / 2; i++) {
        struct use *use = roll_add(&kept, &all[i].use->key);
        if (!use) {
            roll_finish(&kept);
            free(all);
            return false;
        }
        *use = *all[i].use;
    }
    for (uint32_t i = count / 2; i < count; i++) {
        struct use gone = *all[i].use;
        use_finish(&gone);
    }
    roll_finish(&uses->roll);
    uses->roll = kept;
    free(all);
    return true;
}

/* ---- adding --------------------------------------------------------------------------------- */

static struct use *use_of(struct uses *uses, const struct grid *grid, const struct roll_key *key)
{
    struct use *use = roll_find(&uses->roll, key);
    if (use)
        return use;
    if (roll_count(&uses->roll) >= USES_MAX && !forget_half(uses, grid))
        return NULL;
    use = roll_add(&uses->roll, key);
    if (use)
        use->opened_ns = INT64_MAX;
    return use;
}

bool uses_add(struct uses *uses, const struct grid *grid, const struct roll_key *key,
              const struct taking *taking, bool recycled)
{
    struct use *use = use_of(uses, grid, key);
    if (!use)
        return false;
    if (taking->taken.from_ns < use->opened_ns)
        use->opened_ns = taking->taken.from_ns;
    use->recycled += recycled;
    if (!use->many && use->few < USE_FEW) {
        use->takings[use->few++] = *taking;
        return true;
    }
    return draw_few(use, grid) && draw(use, grid, taking);
}

bool uses_close(struct uses *uses, const struct grid *grid)
{
    for (uint32_t i = 0; i < roll_count(&uses->roll); i++) {
        struct use *use = roll_at(&uses->roll, i);
        if (!draw_few(use, grid))
            return false;
        line_settle(&use->taken, grid);
        line_settle(&use->time_wait, grid);
        line_settle(&use->server_held, grid);
        line_settle(&use->opens, grid);
    }
    return true;
}
