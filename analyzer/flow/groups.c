#include "analyzer/flow/groups.h"

#include "analyzer/flow/key.h"
#include "analyzer/flow/table.h"
#include "analyzer/flow/tuples.h"

#include <string.h>

/* What the hash of a five-tuple takes beside it. */
struct naming {
    bool vlan_in_key;
    struct siphash_key secret;
};

static void name(struct naming naming, const struct segment *g, struct flow_probe *probe)
{
    probe->segment = g;
    probe->tag = table_tag(flow_hash_of(g, naming.vlan_in_key, naming.secret, &probe->sender));
    probe->senders = 0;
    probe->flags = 0;
    probe->left = false;
    probe->image = NULL;
}

/* How the segment goes, and of which probe's five-tuple it is; the probe is made if there is none.
 */
static ALWAYS_INLINE enum tuple_match match_of(struct naming naming, const struct segment *g,
                                               struct tuples *tuples, struct flow_groups *groups,
                                               uint8_t *number)
{
    struct tuple_words words = tuple_words_of(g);
    uint8_t *latest = tuples->latest[tuple_mix(&words)];
    for (int i = 0; i < 2 && latest[i]; i++) {
        const struct segment *with = groups->probes[latest[i] - 1].segment;
        bool same_vlan = !naming.vlan_in_key || g->vlan == with->vlan;
        enum tuple_match match = tuple_match(&words, with, same_vlan);
        *number = (uint8_t)(latest[i] - 1);
        if (LIKELY(match != TUPLE_DIFFERS))
            return match;
    }
    *number = (uint8_t)groups->count;
    name(naming, g, &groups->probes[groups->count++]);
    latest[1] = latest[0];
    latest[0] = (uint8_t)groups->count;
    return TUPLE_SAME;
}

void flow_group(const struct segment *segments, uint32_t count, bool vlan_in_key,
                struct siphash_key secret, struct flow_groups *groups)
{
    struct naming naming = {vlan_in_key, secret};
    struct tuples tuples = {{{0}}};
    groups->count = 0;
    groups->shared = false;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t number;
        enum tuple_match match = match_of(naming, &segments[i], &tuples, groups, &number);
        struct flow_probe *probe = &groups->probes[number];
        int sender = probe->sender ^ (match == TUPLE_TURNED);
        groups->probe_of[i] = number;
        groups->sender_of[i] = (uint8_t)sender;
        probe->senders |= (uint8_t)(1u << sender);
        probe->flags |= segments[i].flags;
    }
}

/* ---- lanes ---------------------------------------------------------------------------------- */

/* By bits that say nothing of a tag's place in the table. */
static unsigned lane_of(const struct flow_probe *probe)
{
    return probe->tag / (UINT32_MAX / FLOW_LANES + 1);
}

/* From how many each lane has to where it begins; `next` is where its next one goes. */
static void share_places(const uint8_t counts[FLOW_LANES], uint8_t from[FLOW_LANES + 1],
                         uint8_t next[FLOW_LANES])
{
    from[0] = 0;
    for (unsigned lane = 0; lane < FLOW_LANES; lane++) {
        next[lane] = from[lane];
        from[lane + 1] = (uint8_t)(from[lane] + counts[lane]);
    }
}

/* `number_of`: of what were the probes before. */
static void share_probes(struct flow_groups *groups, uint8_t number_of[FLOW_GROUPED_MOST])
{
    struct flow_probe probes[FLOW_GROUPED_MOST];
    uint8_t counts[FLOW_LANES] = {0}, next[FLOW_LANES];
    memcpy(probes, groups->probes, groups->count * sizeof *probes);
    for (uint32_t i = 0; i < groups->count; i++)
        counts[lane_of(&probes[i])]++;
    share_places(counts, groups->probes_from, next);
    for (uint32_t i = 0; i < groups->count; i++) {
        number_of[i] = next[lane_of(&probes[i])]++;
        groups->probes[number_of[i]] = probes[i];
    }
}

void flow_share(uint32_t count, struct flow_groups *groups)
{
    uint8_t number_of[FLOW_GROUPED_MOST], lanes[FLOW_GROUPED_MOST];
    share_probes(groups, number_of);
    uint8_t counts[FLOW_LANES] = {0}, next[FLOW_LANES];
    for (uint32_t i = 0; i < count; i++) {
        groups->probe_of[i] = number_of[groups->probe_of[i]];
        lanes[i] = (uint8_t)lane_of(&groups->probes[groups->probe_of[i]]);
        counts[lanes[i]]++;
    }
    share_places(counts, groups->numbers_from, next);
    for (uint32_t i = 0; i < count; i++)
        groups->numbers[next[lanes[i]]++] = (uint8_t)i;
    groups->shared = true;
}
