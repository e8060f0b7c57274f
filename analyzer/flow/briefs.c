#include "analyzer/flow/briefs.h"

#include "analyzer/flow/expiry.h"
#include "analyzer/flow/records.h"

/* Of the latest of a size that were begun, more than a third wanted more: it was had in vain. */
#define BRIEFS_LATEST 1024u

static bool is_outgrown(struct brief_luck *luck)
{
    if (luck->begun >= BRIEFS_LATEST) {
        luck->begun /= 2;
        luck->outgrown /= 2;
    }
    return 3 * luck->outgrown > luck->begun;
}

/* The smallest that is enough for most, or BRIEF_SIZES: none is. To see whether it is so still,
 * each sixteenth is begun in the smallest. */
static unsigned first_size(struct flows *f)
{
    unsigned size = 0;
    if (++f->briefs_tried % 16 == 0)
        return 0;
    while (size < BRIEF_SIZES && is_outgrown(&f->briefs_luck[size]))
        size++;
    return size;
}

void flows_init_briefs(struct flows *f)
{
    for (unsigned i = 0; i < FLOW_BRIEF_POOLS; i++)
        pool_init_large(&f->briefs[i], brief_item_bytes(i / 2, i % 2));
    f->briefs_gone = 0;
}

void flows_release_briefs(struct flows *f)
{
    for (unsigned i = 0; i < FLOW_BRIEF_POOLS; i++)
        pool_finish(&f->briefs[i]);
    flows_init_briefs(f);
}

uint32_t flows_begin_brief(struct flows *f, uint32_t tag, uint32_t lone, int sender,
                           const struct segment *g)
{
    unsigned size = first_size(f);
    if (size == BRIEF_SIZES)
        return POOL_NONE;
    const struct lone *syn = flows_lone(f, lone);
    unsigned pool = flows_brief_pool(size, syn->ipv6);
    uint32_t index = pool_take(&f->briefs[pool]);
    if (index == POOL_NONE)
        return POOL_NONE;
    if (!brief_begin(pool_at(&f->briefs[pool], index), size, syn, tag, sender, g)) {
        pool_release(&f->briefs[pool], index);
        return POOL_NONE;
    }
    uint32_t value = flows_brief_value(pool, index);
    f->briefs_luck[size].begun++;
    flows_replace(f, tag, lone, value);
    flows_release_lone(f, lone);
    return value;
}

/* From now on nobody is there. */
static void leave(const struct flows *f, uint32_t value)
{
    struct lone *syn = flows_brief_item(f, value);
    syn->frame = FRAME_NONE;
}

uint32_t flows_grow_brief(struct flows *f, uint32_t value)
{
    struct brief *b = flows_brief(f, value);
    unsigned size = b->size;
    if (size + 1u == BRIEF_SIZES || !brief_is_full(b))
        return POOL_NONE;
    unsigned pool = flows_brief_pool(size + 1u, b->ipv6);
    uint32_t index = pool_take(&f->briefs[pool]);
    if (index == POOL_NONE)
        return POOL_NONE;
    uint32_t grown = flows_brief_value(pool, index);
    f->briefs_luck[size].outgrown++;
    f->briefs_luck[size + 1].begun++;
    (void)brief_grow(b, pool_at(&f->briefs[pool], index));
    flows_replace(f, b->tag, value, grown);
    flows_release_brief(f, value);
    return grown;
}

void flows_hear_brief(struct flows *f, const struct brief *b)
{
    uint8_t address[2][16];
    lone_addresses(brief_syn(b), address[0], address[1]);
    heard_both(&f->heard, address, b->marks & BRIEF_ESTABLISHED);
}

void flows_release_brief(struct flows *f, uint32_t value)
{
    leave(f, value);
    pool_release(&f->briefs[(value >> FLOW_KIND_SHIFT) - FLOW_BRIEFS], value & FLOW_INDEX);
}

/* A record instead of the value that names it, which is still there; or POOL_NONE. */
static uint32_t make_record(struct flows *f, uint32_t value, const struct brief *b)
{
    uint32_t record = pool_take(&f->pool);
    if (record == POOL_NONE)
        return POOL_NONE;
    uint32_t index = pool_take(&f->details);
    struct detail *lent = index == POOL_NONE ? NULL : pool_at(&f->details, index);
    struct connection *c = flows_at(f, record);
    if (!brief_unpack(b, f->config->vlan_in_key, c, lent, index + 1)) {
        if (lent)
            pool_release(&f->details, index);
        flows_release(f, record);
        return POOL_NONE;
    }
    c->held = 1;
    flows_account(f, c);
    flows_replace(f, c->tag, value, record);
    return record;
}

static uint32_t make_closed_whole(struct flows *f, uint32_t value)
{
    struct brief_room room;
    const struct brief *b = closed_look_up(f, value, &room);
    uint32_t record = b ? make_record(f, value, b) : POOL_NONE;
    if (record == POOL_NONE)
        return POOL_NONE;
    expiry_file(f, record, expiry_after(f, b->last_ns));
    closed_forget(f, value, b);
    return record;
}

uint32_t flows_make_whole(struct flows *f, uint32_t value)
{
    if (is_closed(value))
        return make_closed_whole(f, value);
    const struct brief *b = flows_brief(f, value);
    uint32_t record = make_record(f, value, b);
    if (record == POOL_NONE)
        return POOL_NONE;
    f->briefs_luck[BRIEF_SIZES - 1].outgrown += b->size + 1u == BRIEF_SIZES && brief_is_full(b);
    flows_release_brief(f, value);
    return record;
}

bool flows_let_closed_go(struct flows *f, uint32_t value, const struct brief *b,
                         struct connection *given)
{
    struct brief *own = brief_own(b);
    if (!own)
        return false;
    brief_outline(own, f->config->vlan_in_key, given);
    given->brief = own;
    given->marks |= CONN_BRIEF;
    closed_drop(f, value, b);
    return true;
}
