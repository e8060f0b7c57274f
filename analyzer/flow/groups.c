#include "analyzer/flow/groups.h"

#include "analyzer/flow/key.h"
#include "analyzer/flow/table.h"
#include "analyzer/flow/tuples.h"

#include <string.h>

/* What the hash of a five-tuple takes beside it. */
struct naming {
    bool vlan_in_key;
    const struct hash_key *secret;
};

/* A probe for the five-tuple whose first segment it is; its number. */
static ALWAYS_INLINE uint8_t make_probe(struct flow_groups *groups, uint8_t latest[2],
                                        const struct segment *g, int sender, uint32_t tag)
{
    struct flow_probe *probe = &groups->probes[groups->count++];
    probe->segment = g;
    probe->sender = sender;
    probe->tag = tag;
    probe->senders = 0;
    probe->flags = 0;
    probe->left = false;
    probe->image = NULL;
    latest[1] = latest[0];
    latest[0] = (uint8_t)groups->count;
    return (uint8_t)(groups->count - 1);
}

/* Of which probe's five-tuple the segment is, and its sender in that; the probe is made if there is
 * none. */
static ALWAYS_INLINE uint8_t number_of_ipv4(struct naming naming, const struct segment *g,
                                            struct tuples *tuples, struct flow_groups *groups,
                                            int *sender)
{
    struct flow_ipv4 tuple = flow_ipv4_of(g, naming.vlan_in_key, sender);
    uint8_t *latest = tuples->latest[tuple_ipv4_mix(tuple)];
    for (int i = 0; i < 2 && latest[i]; i++) {
        if (LIKELY(tuple_ipv4_same(tuple, &tuples->ipv4[latest[i] - 1])))
            return (uint8_t)(latest[i] - 1);
    }
    tuples->ipv4[groups->count] = tuple;
    tuples->ipv6[groups->count] = tuple_no_ipv6;
    return make_probe(groups, latest, g, *sender, flow_ipv4_tag(tuple, naming.secret));
}

static ALWAYS_INLINE uint8_t number_of_ipv6(struct naming naming, const struct segment *g,
                                            struct tuples *tuples, struct flow_groups *groups,
                                            int *sender)
{
    struct flow_ipv6 tuple = flow_ipv6_of(g, naming.vlan_in_key, sender);
    uint8_t *latest = tuples->latest[tuple_ipv6_mix(&tuple)];
    for (int i = 0; i < 2 && latest[i]; i++) {
        if (LIKELY(tuple_ipv6_same(&tuple, &tuples->ipv6[latest[i] - 1])))
            return (uint8_t)(latest[i] - 1);
    }
    tuples->ipv4[groups->count] = tuple_no_ipv4;
    tuples->ipv6[groups->count] = tuple;
    return make_probe(groups, latest, g, *sender, flow_ipv6_tag(&tuple, naming.secret));
}

void flow_group(const struct segment *segments, uint32_t count, bool vlan_in_key,
                const struct hash_key *secret, struct flow_groups *groups)
{
    struct naming naming = {vlan_in_key, secret};
    struct tuples tuples;
    memset(tuples.latest, 0, sizeof tuples.latest);
    groups->count = 0;
    groups->shared = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct segment *g = &segments[i];
        int sender;
        uint8_t number = LIKELY(flow_is_ipv4(g))
                             ? number_of_ipv4(naming, g, &tuples, groups, &sender)
                             : number_of_ipv6(naming, g, &tuples, groups, &sender);
        struct flow_probe *probe = &groups->probes[number];
        groups->probe_of[i] = number;
        groups->sender_of[i] = (uint8_t)sender;
        probe->senders |= (uint8_t)(1u << sender);
        probe->flags |= g->flags;
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
