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

/* A five-tuple has its name with its first segment; its number. */
static ALWAYS_INLINE uint8_t name_it(struct flow_groups *groups, uint8_t latest[2], uint32_t first,
                                     uint32_t tag)
{
    groups->named[groups->count++] = (struct flow_named){.tag = tag, .first = (uint8_t)first};
    latest[1] = latest[0];
    latest[0] = (uint8_t)groups->count;
    return (uint8_t)(groups->count - 1);
}

/* Of which five-tuple segment `i` is, and its sender in that; it is named if it is not yet. */
static ALWAYS_INLINE uint8_t number_of_ipv4(struct naming naming, const struct segment *segments,
                                            uint32_t i, struct tuples *tuples,
                                            struct flow_groups *groups, int *sender)
{
    struct flow_ipv4 tuple = flow_ipv4_of(&segments[i], naming.vlan_in_key, sender);
    uint8_t *latest = tuples->latest[tuple_ipv4_mix(tuple)];
    for (int k = 0; k < 2 && latest[k]; k++) {
        if (LIKELY(tuple_ipv4_same(tuple, &tuples->ipv4[latest[k] - 1])))
            return (uint8_t)(latest[k] - 1);
    }
    tuples->ipv4[groups->count] = tuple;
    tuples->ipv6[groups->count] = tuple_no_ipv6;
    return name_it(groups, latest, i, flow_ipv4_tag(tuple, naming.secret));
}

static ALWAYS_INLINE uint8_t number_of_ipv6(struct naming naming, const struct segment *segments,
                                            uint32_t i, struct tuples *tuples,
                                            struct flow_groups *groups, int *sender)
{
    struct flow_ipv6 tuple = flow_ipv6_of(&segments[i], naming.vlan_in_key, sender);
    uint8_t *latest = tuples->latest[tuple_ipv6_mix(&tuple)];
    for (int k = 0; k < 2 && latest[k]; k++) {
        if (LIKELY(tuple_ipv6_same(&tuple, &tuples->ipv6[latest[k] - 1])))
            return (uint8_t)(latest[k] - 1);
    }
    tuples->ipv4[groups->count] = tuple_no_ipv4;
    tuples->ipv6[groups->count] = tuple;
    return name_it(groups, latest, i, flow_ipv6_tag(&tuple, naming.secret));
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
                             ? number_of_ipv4(naming, segments, i, &tuples, groups, &sender)
                             : number_of_ipv6(naming, segments, i, &tuples, groups, &sender);
        struct flow_named *named = &groups->named[number];
        groups->number_of[i] = number;
        groups->sender_of[i] = (uint8_t)sender;
        named->senders |= (uint8_t)(1u << sender);
        named->flags |= g->flags;
    }
}

/* ---- lanes ---------------------------------------------------------------------------------- */

/* By bits that say nothing of a tag's place in the table. */
static unsigned lane_of(const struct flow_named *named)
{
    return named->tag / (UINT32_MAX / FLOW_LANES + 1);
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

/* `number_of`: of what stood in that order before. */
static void share_named(struct flow_groups *groups, uint8_t number_of[FLOW_GROUPED_MOST])
{
    struct flow_named named[FLOW_GROUPED_MOST];
    uint8_t counts[FLOW_LANES] = {0}, next[FLOW_LANES];
    memcpy(named, groups->named, groups->count * sizeof *named);
    for (uint32_t i = 0; i < groups->count; i++)
        counts[lane_of(&named[i])]++;
    share_places(counts, groups->named_from, next);
    for (uint32_t i = 0; i < groups->count; i++) {
        number_of[i] = next[lane_of(&named[i])]++;
        groups->named[number_of[i]] = named[i];
    }
}

void flow_share(uint32_t count, struct flow_groups *groups)
{
    uint8_t number_of[FLOW_GROUPED_MOST], lanes[FLOW_GROUPED_MOST];
    share_named(groups, number_of);
    uint8_t counts[FLOW_LANES] = {0}, next[FLOW_LANES];
    for (uint32_t i = 0; i < count; i++) {
        groups->number_of[i] = number_of[groups->number_of[i]];
        lanes[i] = (uint8_t)lane_of(&groups->named[groups->number_of[i]]);
        counts[lanes[i]]++;
    }
    share_places(counts, groups->numbers_from, next);
    for (uint32_t i = 0; i < count; i++)
        groups->numbers[next[lanes[i]]++] = (uint8_t)i;
    groups->shared = true;
}
