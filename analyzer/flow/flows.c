#include "analyzer/flow/flows.h"

#include "analyzer/flow/briefs.h"
#include "analyzer/flow/choice.h"
#include "analyzer/flow/closed.h"
#include "analyzer/flow/expiry.h"
#include "analyzer/flow/forged.h"
#include "analyzer/flow/groups.h"
#include "analyzer/flow/lanes.h"
#include "analyzer/flow/probe.h"
#include "analyzer/flow/records.h"
#include "analyzer/flow/reuse.h"
#include "analyzer/flow/told.h"
#include "analyzer/tcp/ordinary.h"
#include "analyzer/tcp/track.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>

bool flows_init(struct flows *f, const struct analyzer_config *config, flow_final final,
                void *context)
{
    *f = (struct flows){
        .config = config, .final = final, .context = context, .clock_ns = TIME_UNKNOWN};
    f->wheel.end_ns = INT64_MIN;
    pool_init_large(&f->pool, sizeof(struct connection));
    flows_init_lones(f);
    pool_init_large(&f->details, sizeof(struct detail));
    flows_init_briefs(f);
    closed_init(f);
    if (getrandom(&f->secret, sizeof f->secret, 0) != (ssize_t)sizeof f->secret)
        return false;
    return stamps_init(&f->stamps, &f->secret, config->max_memory_bytes) && heard_init(&f->heard) &&
           table_init(&f->table);
}

void flows_finish(struct flows *f)
{
    for (uint32_t i = 0; i < f->pool.fresh; i++) {
        struct connection *c = flows_at(f, i);
        if (c->first_frame != FRAME_NONE)
            connection_finish(c);
    }
    free(f->due.items);
    f->due = (struct due_list){0};
    free(f->rooms);
    f->rooms = NULL;
    free(f->ending.order);
    f->ending = (struct flow_ending){0};
    table_finish(&f->table);
    stamps_finish(&f->stamps);
    heard_finish(&f->heard);
    row_finish(&f->row);
    shelves_finish(&f->shelves);
    closed_finish(f);
    pool_finish(&f->pool);
    pool_finish(&f->lones[0]);
    pool_finish(&f->lones[1]);
    pool_finish(&f->details);
    for (unsigned i = 0; i < FLOW_BRIEF_POOLS; i++)
        pool_finish(&f->briefs[i]);
}

static inline uint64_t briefs_bytes(const struct flows *f)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < FLOW_BRIEF_POOLS; i++)
        bytes += pool_bytes(&f->briefs[i]);
    return bytes;
}

uint64_t flows_memory(const struct flows *f)
{
    return pool_bytes(&f->pool) + pool_bytes(&f->lones[0]) + pool_bytes(&f->lones[1]) +
           f->extra_bytes + pool_slack_bytes(&f->details) + briefs_bytes(f) +
           table_bytes(&f->table) + row_bytes(&f->row) + stamps_bytes(&f->stamps) +
           blocks_bytes(&f->closed);
}

uint32_t flows_held(const struct flows *f)
{
    uint32_t held = f->pool.in_use + f->lones[0].in_use + f->lones[1].in_use;
    for (unsigned i = 0; i < FLOW_BRIEF_POOLS; i++)
        held += f->briefs[i].in_use;
    return held + f->closed.items - f->briefs_gone - f->lones_gone;
}

/* A SYN or SYN-ACK that passes late tells more than what was guessed without it. */
static void note_late_syn(struct connection *c, int sender, const struct segment *g)
{
    uint16_t both = c->side[0].marks | c->side[1].marks;
    if ((c->known_by != KNOWN_BY_PORT && c->known_by != KNOWN_BY_FIRST_PACKET) ||
        !(is_syn(g) || (is_syn_ack(g) && !(both & SIDE_SPOKE))))
        return;
    int client = is_syn(g) ? sender : !sender;
    c->known_by = is_syn(g) ? KNOWN_BY_SYN : KNOWN_BY_SYN_ACK;
    c->marks &= (uint16_t) ~(CONN_CLIENT_IS_1 | CONN_ESTABLISHED);
    if (client)
        c->marks |= CONN_CLIENT_IS_1;
}

/* From now on its ends hold no socket of this five-tuple but the new one. */
static bool note_reuse(struct flows *f, struct connection *old, int64_t now_ns)
{
    struct detail *d = connection_detail(old);
    if (!d)
        return false;
    d->reused = true;
    d->reused_ns = now_ns;
    flows_account(f, old);
    return true;
}

/* A tuple may be used, or seen in as many worlds, as often as somebody likes, and every one of its
 * segments looks at all of its uses. The oldest is no longer found: closed or superseded it waits
 * for the end of its linger all the same, otherwise it ends here. */
static enum flow_status bound_uses(struct flows *f, uint32_t head)
{
    if (flows_at(f, head)->held <= FLOW_USES_MAX)
        return FLOW_OK;
    uint32_t oldest = head;
    while (flows_at(f, oldest)->next != POOL_NONE) {
        oldest = flows_at(f, oldest)->next;
        f->steps++;
    }
    if (!(flows_at(f, oldest)->marks & CONN_FILED))
        return expiry_hand_out(f, oldest, true);
    flows_unlink(f, oldest);
    flows_at(f, oldest)->held = 0;
    return FLOW_OK;
}

/* A stream begins with it. Whom it is sent to is not read again for that in the end. */
static uint32_t begin_stream(struct flows *f, const struct segment *g)
{
    heard_note(&f->heard, g->destination);
    f->frames_turn_back |= g->frame < f->latest_first || f->streams == UINT32_MAX;
    f->latest_first = g->frame;
    return f->streams++;
}

/* The first of its five-tuple. */
static enum flow_status make_lone(struct flows *f, uint32_t tag, const struct segment *g)
{
    if (!table_reserve(&f->table) || !row_reserve(f))
        return FLOW_NO_MEMORY;
    int kind = lone_is_ipv6(g);
    uint32_t index = pool_take(&f->lones[kind]);
    if (index == POOL_NONE)
        return FLOW_NO_MEMORY;
    uint32_t value = flows_lone_value(kind, index);
    struct lone *lone = flows_lone(f, value);
    lone_pack(g, begin_stream(f, g), stamps_syn(&f->stamps, g), lone);
    flows_enter(f, tag, value);
    row_add(&f->row, value, lone);
    return expiry_make_room(f);
}

static enum flow_status make_connection(struct flows *f, uint32_t tag, const struct segment *g,
                                        uint32_t head, uint32_t previous, uint32_t *made)
{
    if (!table_reserve(&f->table))
        return FLOW_NO_MEMORY;
    uint32_t index = pool_take(&f->pool);
    if (index == POOL_NONE)
        return FLOW_NO_MEMORY;
    struct connection *c = flows_at(f, index);
    (void)flows_begin(c, g, f->config->vlan_in_key, begin_stream(f, g));
    c->tag = tag;
    c->next = head;
    c->held = 1;
    if (head != POOL_NONE)
        c->held = (uint16_t)(flows_at(f, head)->held + 1);
    if (head == POOL_NONE)
        flows_enter(f, tag, index);
    else
        flows_replace(f, tag, head, index);
    if (is_syn(g))
        c->marks |= stamps_syn(&f->stamps, g);
    *made = index;
    if (previous == POOL_NONE)
        return FLOW_OK;
    struct connection *old = flows_at(f, previous);
    if (!(old->marks & CONN_SUPERSEDED)) {
        old->marks |= CONN_SUPERSEDED;
        if (!note_reuse(f, old, g->time_ns))
            return FLOW_NO_MEMORY;
        if (!(old->marks & CONN_FILED) && f->clock_ns != TIME_UNKNOWN)
            expiry_file(f, previous, expiry_after(f, f->clock_ns));
    }
    bool held = remember_previous(c, old, f->config, f->clock_ns);
    flows_account(f, c);
    if (old->marks & CONN_FILED)
        flows_pack(f, old);
    return held ? FLOW_OK : FLOW_NO_MEMORY;
}

/* ---- a segment into its connection ---------------------------------------------------------- */

/* It never opened, and the last word was no: most often nothing follows. */
static bool is_refused(const struct connection *c)
{
    const struct side *a = &c->side[0], *b = &c->side[1];
    if (c->marks & CONN_ESTABLISHED || !((a->marks | b->marks) & SIDE_RST))
        return false;
    return (a->marks & SIDE_RST && a->last_ns >= b->last_ns) ||
           (b->marks & SIDE_RST && b->last_ns >= a->last_ns);
}

/* Nothing but the same question, again; the next one will not come sooner than a second. */
static bool is_unanswered(const struct connection *c)
{
    int s = c->side[0].packets ? 0 : 1;
    return !(c->marks & CONN_ESTABLISHED) && !c->side[!s].packets && c->detail && !c->packed &&
           c->detail->side[s].again_run;
}

/* What has closed is filed until stragglers have had their time, and seldom asked for until then;
 * as what was refused is. `image`: of its detail, or NULL. */
static void let_linger(struct flows *f, uint32_t use, const struct detail_image *image)
{
    struct connection *c = flows_at(f, use);
    if (!(c->marks & CONN_CLOSED) || f->clock_ns == TIME_UNKNOWN) {
        if (is_refused(c) || is_unanswered(c))
            flows_pack(f, c);
        return;
    }
    /* Where no segment of it has a time, the linger counts from the present. */
    int64_t last_ns = connection_last_ns(c);
    if (!(c->marks & CONN_FILED))
        expiry_file(f, use, expiry_after(f, last_ns == TIME_UNKNOWN ? f->clock_ns : last_ns));
    flows_pack_drawn(f, c, image);
}

/* What segments are looked up in can be read. */
static bool unpack_uses(struct flows *f, uint32_t head, bool *any)
{
    bool held = true;
    for (uint32_t i = head; i != POOL_NONE; i = flows_at(f, i)->next) {
        *any |= flows_at(f, i)->packed;
        held &= flows_unpack(f, flows_at(f, i));
    }
    return held;
}

static void pack_uses(struct flows *f, uint32_t head)
{
    for (uint32_t i = head; i != POOL_NONE; i = flows_at(f, i)->next) {
        struct connection *c = flows_at(f, i);
        bool filed = c->marks & CONN_FILED && c->marks & (CONN_CLOSED | CONN_SUPERSEDED);
        if (filed || is_refused(c) || is_unanswered(c))
            flows_pack(f, c);
    }
}

/* `aux` is what the segment's RST says of itself, or NULL. */
static bool track_in(struct flows *f, struct connection *c, int sender, const struct segment *g,
                     const struct segment_aux *aux)
{
    if (!flows_unpack(f, c))
        return false;
    if (!c->detail && c->side[0].packets | c->side[1].packets)
        flows_lend_detail(f, c);
    bool held = (!aux && track_ordinary(c, sender, g)) || track_segment(c, sender, g);
    if (held && aux)
        held = track_reason(c, sender, g, aux);
    flows_account(f, c);
    return held;
}

/* The first one to a SYN with a stamp counts. */
static void note_answer(struct flows *f, const struct connection *c, int sender,
                        const struct segment *g)
{
    const struct side *client = &c->side[!sender];
    if (client_side(c) != sender && !(c->side[sender].marks & SIDE_SYN) &&
        client->marks & SIDE_SYN && client->marks & SIDE_TIMESTAMPS)
        stamps_answered(&f->stamps, client->ts_val, g);
}

/* `head` can be read, and whatever follows it. */
static enum flow_status take_chosen(struct flows *f, uint32_t tag, int sender, uint32_t head,
                                    const struct segment *g, const struct segment_aux *aux)
{
    struct choice choice = choice_of(f, head, sender, g);
    enum flow_status status = FLOW_OK;
    if (choice.use == POOL_NONE) {
        status = make_connection(f, tag, g, head, choice.previous, &choice.use);
        if (status == FLOW_OK)
            status = bound_uses(f, choice.use);
        if (status != FLOW_OK)
            return status;
    }
    if (choice.aside) {
        track_aside(flows_at(f, choice.use), sender, g);
        return f->trace ? told_aside(f, flows_at(f, choice.use), g) : FLOW_OK;
    }
    status = forged_undo(f, sender, g, &choice.use);
    if (status != FLOW_OK)
        return status;
    struct connection *c = flows_at(f, choice.use);
    if (g->flags & TCP_SYN && !(g->marks & SEG_MALFORMED))
        note_late_syn(c, sender, g);
    if (is_syn_ack(g))
        note_answer(f, c, sender, g);
    struct class_counts counts;
    if (f->trace)
        counts = told_counts(c, sender);
    if (!track_in(f, c, sender, g, aux))
        return FLOW_NO_MEMORY;
    if (f->trace)
        status = told_class(f, c, sender, g, &counts);
    if (status != FLOW_OK)
        return status;
    let_linger(f, choice.use, NULL);
    return expiry_make_room(f);
}

/* What has closed waits for its stragglers as a record does. There is room afterwards. */
static enum flow_status let_brief_linger(struct flows *f, uint32_t value)
{
    bool lingers = flows_brief(f, value)->marks & BRIEF_CLOSED && f->clock_ns != TIME_UNKNOWN;
    if (lingers && !closed_take(f, value))
        return FLOW_NO_MEMORY;
    return expiry_make_room(f);
}

/* A lone SYN is answered as most are; false: it is not, and nothing has happened. */
static bool take_answer(struct flows *f, struct flow_probe *probe, int sender,
                        const struct segment *g)
{
    uint32_t value = flows_begin_brief(f, probe->tag, probe->first, sender, g);
    if (value == POOL_NONE)
        return false;
    probe_name(f, probe, value);
    const struct lone *syn = brief_syn(probe->brief);
    if (syn->marks & SEG_TIMESTAMPS)
        stamps_answered(&f->stamps, syn->ts_val, g);
    return true;
}

/* `head`: as choice_head() finds it. */
static enum flow_status take_any(struct flows *f, uint32_t tag, int sender, uint32_t head,
                                 const struct segment *g, const struct segment_aux *aux)
{
    if (head == POOL_NONE && lone_fits(g) && !f->trace)
        return make_lone(f, tag, g);
    bool unpacked = is_brief(head) || is_closed(head);
    if (is_lone(head)) {
        head = flows_promote(f, tag, head);
        if (head == POOL_NONE)
            return FLOW_NO_MEMORY;
    } else if (unpacked) {
        head = flows_make_whole(f, head);
        if (head == POOL_NONE)
            return closed_failure(f);
    }
    if (!unpack_uses(f, head, &unpacked))
        return FLOW_NO_MEMORY;
    enum flow_status status = take_chosen(f, tag, sender, head, g, aux);
    if (unpacked && status == FLOW_OK)
        pack_uses(f, choice_head(f, tag, sender, g));
    return status;
}

/* As take_any() would, the sole use. */
static ALWAYS_INLINE enum flow_status take_ordinary(struct flows *f, struct connection *c,
                                                    uint32_t index, int sender,
                                                    const struct segment *g)
{
    uint64_t extra_bytes = f->extra_bytes;
    if (UNLIKELY(g->flags & TCP_FIN) && !flows_let_close(f, c))
        return FLOW_NO_MEMORY;
    bool longer = !track_ordinary(c, sender, g);
    if (UNLIKELY(longer) && !track_in(f, c, sender, g, NULL))
        return FLOW_NO_MEMORY;
    if (UNLIKELY(longer || c->marks & CONN_CLOSED))
        let_linger(f, index, NULL);
    return f->extra_bytes <= extra_bytes ? FLOW_OK : expiry_make_room(f);
}

/* As take_any() would, a brief connection. */
static ALWAYS_INLINE enum flow_status take_brief(struct flows *f, struct flow_probe *probe,
                                                 int sender, const struct segment *g)
{
    if (LIKELY(brief_track(probe->brief, sender, g))) {
        if (UNLIKELY(probe->brief->marks & BRIEF_CLOSED))
            return let_brief_linger(f, probe->first);
        return FLOW_OK;
    }
    uint32_t grown = flows_grow_brief(f, probe->first);
    if (grown != POOL_NONE)
        probe_name(f, probe, grown);
    if (grown == POOL_NONE || !brief_track(probe->brief, sender, g))
        return take_any(f, probe->tag, sender, probe->first, g, NULL);
    return let_brief_linger(f, grown);
}

/* ---- batches -------------------------------------------------------------------------------- */

static const struct segment_aux *own_aux(const struct segment *g, const struct segment_aux *aux)
{
    return g->aux == AUX_NONE ? NULL : &aux[g->aux];
}

static ALWAYS_INLINE enum flow_status take(struct flows *f, struct flow_probe *probe, int sender,
                                           const struct segment *g, const struct segment_aux *aux)
{
    enum flow_status status = expiry_advance(f, g->time_ns);
    if (UNLIKELY(status != FLOW_OK))
        return status;
    if (UNLIKELY(!probe_holds(f, probe, g)))
        probe_name(f, probe, choice_head(f, probe->tag, sender, g));
    struct connection *c = probe->connection;
    if (probe->brief && !aux)
        return take_brief(f, probe, sender, g);
    if (LIKELY(c && choice_is_sole(c, g) && !aux && !f->trace))
        return take_ordinary(f, c, probe->first, sender, g);
    if (is_lone(probe->first) && is_syn_ack(g) && !aux && take_answer(f, probe, sender, g))
        return expiry_make_room(f);
    return take_any(f, probe->tag, sender, probe->first, g, aux);
}

static ALWAYS_INLINE void fetch_stamps(struct flows *f, const struct flow_probe *probe)
{
    if (probe->first == TABLE_NONE && is_syn(probe->segment))
        stamps_fetch(&f->stamps, probe->segment);
}

static void fetch_all(struct flows *f, const struct segment *segments,
                      const struct flow_groups *groups, struct flow_probe *probes)
{
    for (uint32_t i = 0; i < groups->count; i++)
        probe_fetch_slot(f, groups->named[i].tag);
    for (uint32_t i = 0; i < groups->count; i++) {
        probe_begin(&probes[i], groups, i, segments);
        probe_find(f, &f->table, &probes[i]);
    }
    for (uint32_t i = 0; i < groups->count; i++) {
        probe_fetch_detail(f, &probes[i]);
        fetch_stamps(f, &probes[i]);
    }
    for (uint32_t i = 0; i < groups->count; i++)
        probe_fetch_log(&probes[i]);
}

static bool is_of_few(const struct flow_groups *groups, uint32_t count)
{
    return 2 * groups->count <= count;
}

enum flow_status flows_feed_groups(struct flows *f, const struct segment *segments, uint32_t count,
                                   const struct flow_groups *groups, const struct segment_aux *aux)
{
    struct flow_probe probes[FLOW_GROUPED_MOST];
    f->of_few = is_of_few(groups, count);
    fetch_all(f, segments, groups, probes);
    for (uint32_t i = 0; i < count; i++) {
        const struct segment *g = &segments[i];
        enum flow_status status =
            take(f, &probes[groups->number_of[i]], groups->sender_of[i], g, own_aux(g, aux));
        if (UNLIKELY(status != FLOW_OK))
            return status;
    }
    return FLOW_OK;
}

enum flow_status flows_feed(struct flows *f, const struct segment *segments, uint32_t count,
                            const struct segment_aux *aux)
{
    struct flow_groups groups;
    enum flow_status status = FLOW_OK;
    for (uint32_t done = 0; done < count && status == FLOW_OK; done += FLOW_GROUPED_MOST) {
        const struct segment *part = segments + done;
        uint32_t size = count - done < FLOW_GROUPED_MOST ? count - done : FLOW_GROUPED_MOST;
        flow_group(part, size, f->config->vlan_in_key, &f->secret, &groups);
        status = flows_feed_groups(f, part, size, &groups, aux);
    }
    return status;
}

/* ---- what lanes have left ------------------------------------------------------------------- */

/* Most images are no longer. */
#define IMAGE_USUAL 320u

/* What a lane has left, or has seen close, stands in the cache of whoever had that lane, and asks
 * for more than the others of its batch give time for: it is on its way with the batch before. */
static void fetch_next(const struct flows *f, const struct flow_probe *probes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct flow_probe *probe = &probes[i];
        if (probe->left) {
            probe_fetch_slot(f, probe->tag);
            flows_fetch_value(f, probe->first);
        }
        if (!probe->image)
            continue;
        flows_fetch(probe->connection, sizeof *probe->connection);
        flows_fetch(probe->image, IMAGE_USUAL);
    }
}

/* What is still looked at of a detail that goes. */
static void fetch_going(const struct detail *detail)
{
    FETCH(detail);
    FETCH(&detail->log);
    FETCH(&detail->place);
}

static void fetch_left(struct flows *f, struct flow_probe *probes, uint32_t probe_count)
{
    struct flow_probe *left[FLOW_GROUPED_MOST];
    uint32_t count = 0;
    for (uint32_t i = 0; i < probe_count; i++) {
        struct flow_probe *probe = &probes[i];
        if (probe->image)
            fetch_going(probe->connection->detail);
        if (!probe->left)
            continue;
        probe_fetch_slot(f, probe->tag);
        left[count++] = probe;
    }
    for (uint32_t i = 0; i < count; i++)
        probe_find(f, &f->table, left[i]);
    for (uint32_t i = 0; i < count; i++) {
        probe_fetch_detail(f, left[i]);
        fetch_stamps(f, left[i]);
    }
    for (uint32_t i = 0; i < count; i++)
        probe_fetch_log(left[i]);
}

/* Seldom enough: where take() stands in the loop of all segments it is a part of that. */
static NEVER_INLINE enum flow_status take_left(struct flows *f, struct flow_probe *probe,
                                               int sender, const struct segment *g,
                                               const struct segment_aux *aux)
{
    return take(f, probe, sender, g, aux);
}

/* As take() does, once the segment is tracked. */
static enum flow_status follow(struct flows *f, const struct flow_probe *probe,
                               enum flow_ahead ahead, const struct segment *g)
{
    enum flow_status status = expiry_advance(f, g->time_ns);
    if (LIKELY(ahead == AHEAD_TRACKED) || status != FLOW_OK)
        return status;
    if (probe->brief)
        return let_brief_linger(f, probe->first);
    let_linger(f, probe->first, probe->image);
    return expiry_make_room(f);
}

enum flow_status flows_feed_rest(struct flows *f, struct flow_round *round, uint32_t number,
                                 const struct segment_aux *aux)
{
    const struct flow_batch *batch = &round->batches[number];
    const struct flow_groups *groups = batch->groups;
    struct flow_outcome *outcome = &round->outcomes[number];
    if (number == 0)
        fetch_next(f, outcome->probes, groups->count);
    if (number + 1 < round->count)
        fetch_next(f, outcome[1].probes, batch[1].groups->count);
    fetch_left(f, outcome->probes, groups->count);
    f->of_few = is_of_few(groups, batch->count);
    uint8_t ahead[FLOW_GROUPED_MOST];
    for (uint32_t i = 0; i < batch->count; i++)
        ahead[groups->numbers[i]] = outcome->ahead[i];
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct segment *g = &batch->segments[i];
        struct flow_probe *probe = &outcome->probes[groups->number_of[i]];
        enum flow_status status =
            ahead[i] == AHEAD_LEFT ? take_left(f, probe, groups->sender_of[i], g, own_aux(g, aux))
                                   : follow(f, probe, (enum flow_ahead)ahead[i], g);
        if (UNLIKELY(status != FLOW_OK))
            return status;
    }
    return FLOW_OK;
}
