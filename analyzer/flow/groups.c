#include "analyzer/flow/groups.h"

#include "analyzer/flow/key.h"
#include "analyzer/flow/table.h"
#include "analyzer/flow/tuples.h"

/* What the hash of a five-tuple takes beside it. */
struct naming {
    bool vlan_in_key;
    struct siphash_key secret;
};

static void name(struct naming naming, const struct segment *g, struct flow_probe *probe)
{
    probe->segment = g;
    probe->tag = table_tag(flow_hash_of(g, naming.vlan_in_key, naming.secret, &probe->sender));
    probe->connection = NULL;
    probe->senders = 0;
    probe->flags = 0;
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
