#include "analyzer/flow/flows.h"

#include "analyzer/flow/reuse.h"
#include "analyzer/tcp/track.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct due_item {
    int64_t due_ns;
    frame_ref first_frame;
    uint32_t stream;
    uint32_t index;
};

static struct connection *at(const struct flows *f, uint32_t index)
{
    return pool_at(&f->pool, index);
}

bool flows_init(struct flows *f, const struct analyzer_config *config, flow_final final,
                void *context)
{
    *f = (struct flows){
        .config = config, .final = final, .context = context, .clock_ns = TIME_UNKNOWN};
    pool_init(&f->pool, sizeof(struct connection));
    pool_init(&f->details, sizeof(struct detail));
    if (getrandom(&f->secret, sizeof f->secret, 0) != (ssize_t)sizeof f->secret)
        return false;
    return stamps_init(&f->stamps, f->secret) && heard_init(&f->heard) && table_init(&f->table);
}

void flows_finish(struct flows *f)
{
    for (uint32_t i = 0; i < f->pool.fresh; i++) {
        struct connection *c = at(f, i);
        if (c->first_frame != FRAME_NONE)
            connection_finish(c);
    }
    free(f->due.items);
    f->due = (struct due_list){0};
    table_finish(&f->table);
    stamps_finish(&f->stamps);
    heard_finish(&f->heard);
    pool_finish(&f->pool);
    pool_finish(&f->details);
}

uint64_t flows_memory(const struct flows *f)
{
    return (uint64_t)f->pool.in_use * f->pool.item_bytes + f->extra_bytes + table_bytes(&f->table);
}

/* ---- details ------------------------------------------------------------------------------- */

/* From its second segment on a connection has one. What the pool cannot give, the heap may. */
static void lend_detail(struct flows *f, struct connection *c)
{
    if (c->detail || !(c->side[0].packets | c->side[1].packets))
        return;
    uint32_t index = pool_take(&f->details);
    if (index != POOL_NONE)
        connection_lend(c, pool_at(&f->details, index), index + 1);
}

static void release(struct flows *f, uint32_t index)
{
    struct connection *c = at(f, index);
    uint32_t place = c->detail ? c->detail->place : 0;
    connection_finish(c);
    if (place)
        pool_release(&f->details, place - 1);
    c->first_frame = FRAME_NONE;
    pool_release(&f->pool, index);
}

/* ---- handing out ---------------------------------------------------------------------------- */

static void unlink_key(struct flows *f, uint32_t index)
{
    struct connection *c = at(f, index);
    if (!c->held)
        return;
    uint32_t slot = c->tag & f->table.mask;
    uint32_t head;
    while ((head = table_next(&f->table, c->tag, &slot)) != TABLE_NONE) {
        if (flow_key_equal(&at(f, head)->key, &c->key))
            break;
        slot = (slot + 1) & f->table.mask;
    }
    if (head == index) {
        if (c->next == POOL_NONE)
            table_remove(&f->table, c->tag, index);
        else
            table_replace(&f->table, c->tag, index, c->next);
        return;
    }
    uint32_t before = head;
    at(f, before)->held--;
    while (at(f, before)->next != index) {
        before = at(f, before)->next;
        at(f, before)->held--;
        f->steps++;
    }
    at(f, before)->next = c->next;
}

static void mark_unheard(const struct flows *f, struct connection *c)
{
    if (!(c->marks & CONN_ESTABLISHED) && heard_nothing(&f->heard, c, client_side(c)))
        c->marks |= CONN_UNHEARD;
}

static enum flow_status hand_out(struct flows *f, uint32_t index, bool evicted)
{
    struct connection *c = at(f, index);
    if (!f->draining) {
        unlink_key(f, index);
        heard_connection(&f->heard, c);
        mark_unheard(f, c);
    }
    bool go_on = f->final(f->context, c, evicted);
    f->extra_bytes -= connection_extra_bytes(c);
    f->evicted += evicted;
    release(f, index);
    return go_on ? FLOW_OK : FLOW_STOPPED;
}

static bool due_reserve(struct due_list *list, uint32_t room)
{
    if (room <= list->room)
        return true;
    struct due_item *items = realloc(list->items, (size_t)room * sizeof *items);
    if (!items)
        return false;
    list->items = items;
    list->room = room;
    return true;
}

static bool due_add(struct due_list *list, struct due_item item)
{
    if (list->count == list->room && !due_reserve(list, list->room ? list->room * 2 : 256))
        return false;
    list->items[list->count++] = item;
    return true;
}

static int by_due(const void *left, const void *right)
{
    const struct due_item *a = left;
    const struct due_item *b = right;
    if (a->due_ns != b->due_ns)
        return a->due_ns < b->due_ns ? -1 : 1;
    if (a->first_frame != b->first_frame)
        return a->first_frame < b->first_frame ? -1 : 1;
    return a->stream < b->stream ? -1 : a->stream > b->stream; /* one frame may open several */
}

/* Scans are in order as they are, and are many. */
static void sort_due(struct due_list *list)
{
    for (uint32_t i = 1; i < list->count; i++) {
        if (by_due(&list->items[i - 1], &list->items[i]) > 0) {
            qsort(list->items, list->count, sizeof *list->items, by_due);
            return;
        }
    }
}

/* So many connections before its turn a connection is fetched, and half as many before its detail.
 */
#define FETCH_AHEAD 8u

static void fetch(const void *what, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch((const char *)what + at);
}

static void fetch_ahead(const struct flows *f, uint32_t i)
{
    const struct due_list *list = &f->due;
    if (i + FETCH_AHEAD < list->count)
        fetch(at(f, list->items[i + FETCH_AHEAD].index), sizeof(struct connection));
    if (i + FETCH_AHEAD / 2 >= list->count)
        return;
    const struct connection *c = at(f, list->items[i + FETCH_AHEAD / 2].index);
    if (c->detail)
        fetch(c->detail, sizeof *c->detail);
    if (!f->draining)
        table_prefetch(&f->table, c->tag);
}

static enum flow_status hand_out_due(struct flows *f, bool evicted)
{
    struct due_list *list = &f->due;
    sort_due(list);
    if (f->draining && f->order_known)
        f->order_known(f->context);
    enum flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < list->count && status == FLOW_OK; i++) {
        fetch_ahead(f, i);
        status = hand_out(f, list->items[i].index, evicted);
    }
    list->count = 0;
    return status;
}

uint32_t flows_due_count(const struct flows *f)
{
    return f->due.count;
}

const struct connection *flows_due(const struct flows *f, uint32_t number)
{
    return at(f, f->due.items[number].index);
}

/* ---- expiry --------------------------------------------------------------------------------- */

/* Beyond 2*MSL stragglers must still find whose they are. */
static int64_t linger_of(const struct flows *f)
{
    int64_t linger_ns;
    if (__builtin_add_overflow(f->config->two_msl_ns, f->config->straggler_ns, &linger_ns))
        return INT64_MAX;
    return linger_ns;
}

/* Later than any time that passes, but before what has no end. */
#define DUE_LAST (INT64_MAX - 1)

static int64_t due_after(const struct flows *f, int64_t time_ns)
{
    int64_t due_ns;
    if (__builtin_add_overflow(time_ns, linger_of(f), &due_ns) || due_ns > DUE_LAST)
        return DUE_LAST;
    return due_ns;
}

static int64_t due_of(const struct flows *f, const struct connection *c)
{
    return due_after(f, connection_last_ns(c));
}

static void file_at(struct flows *f, uint32_t index, int64_t due_ns)
{
    struct connection *c = at(f, index);
    uint32_t *bucket = wheel_bucket(&f->wheel, due_ns);
    c->wheel_next = *bucket;
    *bucket = index;
    c->marks |= CONN_FILED;
}

/* Takes the bucket's connections whose time lies before `end_ns` into the due list and files the
 * others anew. */
static bool sift_bucket(struct flows *f, uint32_t *bucket, int64_t end_ns)
{
    uint32_t index = *bucket;
    *bucket = WHEEL_NONE;
    while (index != WHEEL_NONE) {
        struct connection *c = at(f, index);
        uint32_t next = c->wheel_next;
        c->marks &= (uint16_t)~CONN_FILED;
        int64_t due_ns = due_of(f, c);
        if (!(c->marks & (CONN_CLOSED | CONN_SUPERSEDED))) {
            /* It went on after all: not filed until it closes again. */
        } else if (due_ns >= end_ns) {
            file_at(f, index, due_ns);
        } else if (!due_add(&f->due, (struct due_item){.due_ns = due_ns,
                                                       .first_frame = c->first_frame,
                                                       .stream = c->stream,
                                                       .index = index})) {
            return false;
        }
        index = next;
    }
    return true;
}

static int64_t tick_start(int64_t tick)
{
    return tick * WHEEL_TICK_NS;
}

/* The clock leapt over a whole turn: one pass over everything filed replaces millions of ticks. */
static enum flow_status leap(struct flows *f, int64_t target)
{
    f->wheel.tick = target;
    uint32_t chain = WHEEL_NONE;
    for (uint32_t i = 0; i < WHEEL_BUCKETS; i++) {
        while (f->wheel.heads[i] != WHEEL_NONE) {
            uint32_t index = f->wheel.heads[i];
            f->wheel.heads[i] = at(f, index)->wheel_next;
            at(f, index)->wheel_next = chain;
            chain = index;
        }
    }
    if (!sift_bucket(f, &chain, tick_start(target)))
        return FLOW_NO_MEMORY;
    return hand_out_due(f, false);
}

static enum flow_status advance_clock(struct flows *f, int64_t time_ns)
{
    if (time_ns == TIME_UNKNOWN || time_ns <= f->clock_ns)
        return FLOW_OK;
    if (f->clock_ns == TIME_UNKNOWN)
        wheel_init(&f->wheel, time_ns);
    f->clock_ns = time_ns;
    int64_t target = wheel_tick_of(time_ns);
    if (target - f->wheel.tick > WHEEL_BUCKETS)
        return leap(f, target);
    while (f->wheel.tick < target) {
        uint32_t *bucket = &f->wheel.heads[(uint64_t)f->wheel.tick % WHEEL_BUCKETS];
        int64_t end_ns = tick_start(f->wheel.tick + 1);
        f->wheel.tick++;
        if (*bucket == WHEEL_NONE)
            continue;
        if (!sift_bucket(f, bucket, end_ns))
            return FLOW_NO_MEMORY;
        enum flow_status status = hand_out_due(f, false);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

enum flow_status flows_pass_time(struct flows *f, int64_t time_ns)
{
    return advance_clock(f, time_ns);
}

enum flow_status flows_drain(struct flows *f)
{
    f->due.count = 0; /* what memory ran out over is among all the others */
    if (!due_reserve(&f->due, f->pool.in_use))
        return FLOW_NO_MEMORY;
    for (uint32_t i = 0; i < f->pool.fresh; i++) {
        struct connection *c = at(f, i);
        if (c->first_frame == FRAME_NONE)
            continue;
        heard_connection(&f->heard, c);
        bool lingers = c->marks & (CONN_CLOSED | CONN_SUPERSEDED) && !(c->marks & CONN_UNTIMED);
        struct due_item item = {.due_ns = lingers ? due_of(f, c) : INT64_MAX,
                                .first_frame = c->first_frame,
                                .stream = c->stream,
                                .index = i};
        if (!due_add(&f->due, item))
            return FLOW_NO_MEMORY;
    }
    for (uint32_t i = 0; i < f->due.count;
         i++) /* once all is known, and before the first is read */
        mark_unheard(f, at(f, f->due.items[i].index));
    table_clear(&f->table);
    f->draining = true;
    enum flow_status status = hand_out_due(f, false);
    f->draining = false;
    return status;
}

/* ---- memory --------------------------------------------------------------------------------- */

/* The closed ones nearest to their end go first: they lack only the rest of their linger. */
static bool evict_closed(struct flows *f, enum flow_status *status)
{
    if (f->clock_ns == TIME_UNKNOWN)
        return false;
    for (uint32_t i = 0; i < WHEEL_BUCKETS; i++) {
        uint32_t *bucket = &f->wheel.heads[((uint64_t)f->wheel.tick + i) % WHEEL_BUCKETS];
        if (*bucket == WHEEL_NONE)
            continue;
        if (!sift_bucket(f, bucket, INT64_MAX)) {
            *status = FLOW_NO_MEMORY;
            return true;
        }
        if (f->due.count == 0)
            continue;
        *status = hand_out_due(f, true);
        return true;
    }
    return false;
}

#define EVICTION_SAMPLE 64

/* Of the next few records in turn, the one silent longest. */
static bool evict_idle(struct flows *f, enum flow_status *status)
{
    uint32_t victim = POOL_NONE;
    uint32_t looked_at = 0;
    for (uint32_t step = 0; step < f->pool.fresh && looked_at < EVICTION_SAMPLE; step++) {
        uint32_t i = f->hand++ % f->pool.fresh;
        const struct connection *c = at(f, i);
        if (c->first_frame == FRAME_NONE || c->marks & CONN_FILED)
            continue;
        looked_at++;
        if (victim == POOL_NONE || connection_last_ns(c) < connection_last_ns(at(f, victim)))
            victim = i;
    }
    if (victim == POOL_NONE)
        return false;
    *status = hand_out(f, victim, true);
    return true;
}

static enum flow_status make_room(struct flows *f)
{
    enum flow_status status = FLOW_OK;
    while (status == FLOW_OK && flows_memory(f) > f->config->max_memory_bytes) {
        if (!evict_closed(f, &status) && !evict_idle(f, &status))
            break;
    }
    return status;
}

/* ---- which connection ----------------------------------------------------------------------- */

static uint32_t find_head(struct flows *f, const struct flow_probe *probe)
{
    uint32_t slot = probe->tag & f->table.mask;
    uint32_t index;
    while ((index = table_next(&f->table, probe->tag, &slot)) != TABLE_NONE) {
        if (flow_key_equal(&at(f, index)->key, &probe->key))
            return index;
        slot = (slot + 1) & f->table.mask;
    }
    return POOL_NONE;
}

/* Whatever other flags stand beside it: what nonsense opens is counted as an attempt of its own. */
static bool is_syn(const struct segment *g)
{
    return (g->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static bool is_syn_ack(const struct segment *g)
{
    return (g->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

/* Does this SYN belong to the connection: sent again, late because taps reorder, or the other half
 * of a simultaneous open? */
static bool syn_belongs(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    uint32_t behind_syn = seq_add(seq_of(g->seq), 1).n;
    /* Known from its SYN-ACK alone, the number counts the octets of a fast open as well. */
    if (own->marks & SIDE_ISN && !(own->marks & SIDE_SYN))
        return own->isn.n - g->seq <= UINT16_MAX;
    if (own->marks & SIDE_ISN)
        return own->isn.n == g->seq;
    if (c->marks & CONN_CLOSED)
        return false;
    if (own->marks & SIDE_SEEN)
        return own->nxt.n == behind_syn; /* what follows it passed before it did */
    if (own->marks & SIDE_ACKED)
        return own->nxt.n == behind_syn; /* its answer passed the tap before it did */
    return !(peer->marks & SIDE_SYN && peer->marks & SIDE_ACKED);
}

/* Of several hosts that answer a SYN, as cookies and anycast bring about, each has its number. */
static bool answered_so_before(const struct connection *c, int sender, const struct segment *g)
{
    for (uint16_t i = 0; c->detail && i < c->detail->log_count; i++) {
        const struct log_entry *h = &c->detail->log[i];
        if (h->side == sender && h->flags & TCP_SYN && h->seq.n == g->seq && h->ack.n == g->ack)
            return true;
    }
    return false;
}

static bool syn_ack_belongs(const struct connection *c, int sender, const struct segment *g)
{
    const struct side *own = &c->side[sender];
    const struct side *peer = &c->side[!sender];
    /* Of strays (a scan's, backscatter) each would be a connection of its own. */
    if (own->marks & SIDE_SYN && !(c->marks & CONN_ESTABLISHED))
        return true;
    if (own->marks & SIDE_SYN && (own->isn.n == g->seq || answered_so_before(c, sender, g)))
        return true;
    /* Whoever sent FIN answers no SYN but another one. */
    if (own->marks & SIDE_SYN)
        return !(c->marks & CONN_CLOSED || own->marks & SIDE_FIN);
    if (peer->marks & SIDE_SYN)
        return seq_add(peer->isn, 1).n == g->ack || !(c->marks & CONN_CLOSED);
    return numbers_fit(c, sender, g);
}

struct choice {
    uint32_t use;      /* the segment's connection, or POOL_NONE: make one */
    uint32_t previous; /* then: the use of the tuple before it, or POOL_NONE for a parallel one */
    bool aside;        /* it is of a use that is no longer held: only counted */
};

static bool lane_fits(const struct connection *c, int sender, const struct segment *g)
{
    return numbers_fit(c, sender, g) || (is_syn(g) && syn_belongs(c, sender, g));
}

/* Newest first: the lane in use of the segment's own world whose numbers fit (numbers alone cannot
 * choose between parallel ones: within 2^30 of any place lies half of the space), else the first
 * whose numbers fit, else the one of its world. */
static uint32_t lane_of(struct flows *f, uint32_t head, int sender, const struct segment *g)
{
    uint32_t fitting = POOL_NONE;
    uint32_t own = POOL_NONE;
    for (uint32_t i = head; i != POOL_NONE; i = at(f, i)->next) {
        f->steps++;
        const struct connection *c = at(f, i);
        bool same = c->world == g->world;
        bool fits = lane_fits(c, sender, g);
        if (same && fits && !(c->marks & CONN_SUPERSEDED))
            return i;
        if (fits && fitting == POOL_NONE)
            fitting = i;
        if (same && own == POOL_NONE)
            own = i;
    }
    return fitting != POOL_NONE ? fitting : own;
}

/* The tuple's last use that had opened before this one, or else the one before it, where it is
 * still held; or POOL_NONE. */
static uint32_t former_of(const struct flows *f, const struct connection *c)
{
    const struct previous_use *p = c->detail ? c->detail->previous : NULL;
    for (uint32_t i = p ? c->next : POOL_NONE; i != POOL_NONE; i = at(f, i)->next) {
        const struct connection *old = at(f, i);
        const struct former_side *ends = p->former.side;
        if (old->marks & CONN_SUPERSEDED && !(old->marks & CONN_ESTABLISHED) == !p->former.opened &&
            seq_eq(old->side[0].isn, ends[0].isn) && seq_eq(old->side[1].isn, ends[1].isn))
            return i;
    }
    return POOL_NONE;
}

/* The latest use of the tuple in the segment's world. */
static uint32_t latest_of(struct flows *f, uint32_t head, const struct segment *g)
{
    uint32_t superseded = POOL_NONE;
    for (uint32_t i = head; i != POOL_NONE; i = at(f, i)->next) {
        f->steps++;
        if (at(f, i)->world != g->world)
            continue;
        if (!(at(f, i)->marks & CONN_SUPERSEDED))
            return i;
        if (superseded == POOL_NONE)
            superseded = i;
    }
    return superseded;
}

static struct choice choose(struct flows *f, uint32_t head, int sender, const struct segment *g)
{
    if (head == POOL_NONE)
        return (struct choice){.use = POOL_NONE, .previous = POOL_NONE};
    uint32_t latest = latest_of(f, head, g);
    bool reused = latest != POOL_NONE && at(f, latest)->marks & CONN_REUSED;
    if (reused && answers_with_old_numbers(at(f, latest), sender, g))
        return (struct choice){.use = latest};
    if (reused && is_of_former_use(at(f, latest), sender, g)) {
        note_of_former_use(at(f, latest), sender, g);
        uint32_t old = former_of(f, at(f, latest));
        return (struct choice){.use = old == POOL_NONE ? latest : old, .aside = old == POOL_NONE};
    }
    uint32_t lane = lane_of(f, head, sender, g);
    if (lane == POOL_NONE)
        return (struct choice){.use = POOL_NONE, .previous = POOL_NONE};
    bool opens = (is_syn(g) && !syn_belongs(at(f, lane), sender, g)) ||
                 (is_syn_ack(g) && !syn_ack_belongs(at(f, lane), sender, g));
    if (!opens)
        return (struct choice){.use = lane};
    /* Whichever use its number happens to lie near, it follows the latest. */
    if (latest != POOL_NONE)
        lane = latest;
    const struct connection *c = at(f, lane);
    bool apart = !(c->marks & (CONN_CLOSED | CONN_SUPERSEDED)) &&
                 (c->interface != g->interface || c->world != g->world) &&
                 !numbers_fit(c, sender, g);
    return (struct choice){.use = POOL_NONE, .previous = apart ? POOL_NONE : lane};
}

/* The roles as the first segment tells them. */
static void assign_roles(struct connection *c, int sender, const struct segment *g)
{
    int client = sender;
    if (is_syn(g)) {
        c->known_by = KNOWN_BY_SYN;
    } else if (is_syn_ack(g)) {
        c->known_by = KNOWN_BY_SYN_ACK;
        client = !sender;
    } else {
        /* A privileged port on one side only is a server's; else whoever spoke first. */
        bool low[2] = {c->key.port[0] < 1024, c->key.port[1] < 1024};
        c->known_by = low[0] != low[1] ? KNOWN_BY_PORT : KNOWN_BY_FIRST_PACKET;
        if (low[0] != low[1])
            client = low[0] ? 1 : 0;
        c->marks |= CONN_ESTABLISHED;
    }
    if (client)
        c->marks |= CONN_CLIENT_IS_1;
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
    size_t before = connection_extra_bytes(old);
    struct detail *d = connection_detail(old);
    if (!d)
        return false;
    d->reused = true;
    d->reused_ns = now_ns;
    f->extra_bytes += connection_extra_bytes(old) - before;
    return true;
}

/* A tuple may be used, or seen in as many worlds, as often as somebody likes, and every one of its
 * segments looks at all of its uses. The oldest is no longer found: closed or superseded it waits
 * for the end of its linger all the same, otherwise it ends here. */
static enum flow_status bound_uses(struct flows *f, uint32_t head)
{
    if (at(f, head)->held <= FLOW_USES_MAX)
        return FLOW_OK;
    uint32_t oldest = head;
    while (at(f, oldest)->next != POOL_NONE) {
        oldest = at(f, oldest)->next;
        f->steps++;
    }
    if (!(at(f, oldest)->marks & CONN_FILED))
        return hand_out(f, oldest, true);
    unlink_key(f, oldest);
    at(f, oldest)->held = 0;
    return FLOW_OK;
}

static enum flow_status make_connection(struct flows *f, const struct flow_probe *probe,
                                        const struct segment *g, uint32_t head, uint32_t previous,
                                        uint32_t *made)
{
    if (!table_reserve(&f->table))
        return FLOW_NO_MEMORY;
    uint32_t index = pool_take(&f->pool);
    if (index == POOL_NONE)
        return FLOW_NO_MEMORY;
    struct connection *c = at(f, index);
    connection_begin(c, &probe->key, g);
    c->tag = probe->tag;
    c->stream = f->streams++;
    c->wheel_next = WHEEL_NONE;
    c->next = head;
    c->held = 1;
    if (head != POOL_NONE)
        c->held = (uint16_t)(at(f, head)->held + 1);
    if (head == POOL_NONE)
        table_insert(&f->table, probe->tag, index);
    else
        table_replace(&f->table, probe->tag, head, index);
    assign_roles(c, probe->sender, g);
    if (is_syn(g))
        stamps_syn(&f->stamps, c, g);
    *made = index;
    if (previous == POOL_NONE)
        return FLOW_OK;
    struct connection *old = at(f, previous);
    if (!(old->marks & CONN_SUPERSEDED)) {
        old->marks |= CONN_SUPERSEDED;
        if (!note_reuse(f, old, g->time_ns))
            return FLOW_NO_MEMORY;
        if (!(old->marks & CONN_FILED) && f->clock_ns != TIME_UNKNOWN)
            file_at(f, previous, due_after(f, f->clock_ns));
    }
    bool held = remember_previous(c, old, f->config, f->clock_ns);
    f->extra_bytes += connection_extra_bytes(c);
    return held ? FLOW_OK : FLOW_NO_MEMORY;
}

/* ---- for whoever looks on ------------------------------------------------------------------- */

static struct trace_name name_of(const struct connection *c)
{
    return (struct trace_name){.first_frame = c->first_frame, .incarnation = incarnation_of(c)};
}

/* What tracking counts, class by class. */
struct class_counts {
    uint32_t of[SEGMENT_CLASSES];
};

static struct class_counts counts_of(const struct connection *c, int sender)
{
    struct class_counts counts = {0};
    if (!c->detail)
        return counts;
    const struct side_detail *d = &c->detail->side[sender];
    counts.of[SEGMENT_RETRANSMISSION] = d->retransmitted_segments;
    counts.of[SEGMENT_OUT_OF_ORDER] = d->out_of_order_segments;
    counts.of[SEGMENT_COPY] = d->captured_twice;
    counts.of[SEGMENT_SECOND_TAP] = d->second_tap;
    counts.of[SEGMENT_KEEPALIVE] = d->keepalives;
    counts.of[SEGMENT_ZERO_WINDOW_PROBE] = d->zero_window_probes;
    counts.of[SEGMENT_MALFORMED] = d->malformed;
    return counts;
}

/* A segment is of the class that has been counted on. */
static enum flow_status tell_class(const struct flows *f, const struct connection *c, int sender,
                                   const struct segment *g, const struct class_counts *before)
{
    struct class_counts after = counts_of(c, sender);
    unsigned class = SEGMENT_NEW;
    for (unsigned i = 0; i < SEGMENT_CLASSES; i++) {
        if (after.of[i] != before->of[i])
            class = i;
    }
    return f->trace->segment(f->trace->context, name_of(c), g, class) ? FLOW_OK : FLOW_STOPPED;
}

static enum flow_status tell_aside(const struct flows *f, const struct connection *c,
                                   const struct segment *g)
{
    return f->trace->segment(f->trace->context, name_of(c), g, SEGMENT_FORMER_USE) ? FLOW_OK
                                                                                   : FLOW_STOPPED;
}

/* ---- forged SYNs ---------------------------------------------------------------------------- */

#define OLD_NUMBERS_DISTANCE (UINT32_C(1) << 20)

/* The SYN's sender goes on with the old connection's numbers before its SYN was answered. */
static bool goes_on_as_before(const struct connection *c, const struct connection *old, int sender,
                              const struct segment *g)
{
    const struct side *own = &c->side[sender];
    return !(g->flags & (TCP_SYN | TCP_RST)) && client_side(c) == sender &&
           c->known_by == KNOWN_BY_SYN && !(c->side[!sender].marks & SIDE_SYN) &&
           g->seq != own->nxt.n &&
           seq_distance(seq_of(g->seq), old->side[sender].nxt) < OLD_NUMBERS_DISTANCE;
}

/* Gives a forged SYN's segments back to the connection that it did not end. */
static enum flow_status undo_forged(struct flows *f, int sender, const struct segment *g,
                                    uint32_t *use)
{
    struct connection *c = at(f, *use);
    uint32_t index = former_of(f, c);
    if (index == POOL_NONE || c->marks & CONN_FILED ||
        !goes_on_as_before(c, at(f, index), sender, g))
        return FLOW_OK;
    struct connection *old = at(f, index);
    if (f->trace && !f->trace->absorbed(f->trace->context, name_of(c), name_of(old), g))
        return FLOW_STOPPED;
    size_t before = connection_extra_bytes(old);
    bool held = connection_absorb(old, c);
    old->marks &= (uint16_t)~CONN_SUPERSEDED;
    if (old->detail)
        old->detail->reused = false;
    f->extra_bytes += connection_extra_bytes(old) - before;
    f->extra_bytes -= connection_extra_bytes(c);
    unlink_key(f, *use);
    release(f, *use);
    *use = index;
    return held ? FLOW_OK : FLOW_NO_MEMORY;
}

void flows_hash(struct flows *f, const struct segment *segment, struct flow_probe *probe)
{
    probe->aux = NULL;
    probe->sender = (uint8_t)flow_key_of(segment, f->config->vlan_in_key, &probe->key);
    probe->tag = table_tag(flow_key_hash(&probe->key, f->secret));
    table_prefetch(&f->table, probe->tag);
}

void flows_prefetch(struct flows *f, struct flow_probe *probe)
{
    uint32_t slot = probe->tag & f->table.mask;
    probe->first = table_next(&f->table, probe->tag, &slot);
    if (probe->first == TABLE_NONE)
        return;
    const char *lines = pool_at(&f->pool, probe->first);
    __builtin_prefetch(lines);
    __builtin_prefetch(lines + 64);
    __builtin_prefetch(lines + 128);
    __builtin_prefetch(lines + 192);
}

/* Of a log most often only the end is touched, which the detail says where it is. */
void flows_prefetch_detail(const struct flows *f, const struct flow_probe *probe)
{
    const struct detail *d = probe->first == TABLE_NONE ? NULL : at(f, probe->first)->detail;
    if (d)
        fetch(d, offsetof(struct detail, within));
}

enum flow_status flows_take(struct flows *f, const struct flow_probe *probe,
                            const struct segment *g)
{
    enum flow_status status = advance_clock(f, g->time_ns);
    if (status != FLOW_OK)
        return status;
    uint32_t head = find_head(f, probe);
    struct choice choice = choose(f, head, probe->sender, g);
    if (choice.use == POOL_NONE) {
        status = make_connection(f, probe, g, head, choice.previous, &choice.use);
        if (status == FLOW_OK)
            status = bound_uses(f, choice.use);
        if (status != FLOW_OK)
            return status;
    }
    if (choice.aside) {
        track_aside(at(f, choice.use), probe->sender, g);
        return f->trace ? tell_aside(f, at(f, choice.use), g) : FLOW_OK;
    }
    status = undo_forged(f, probe->sender, g, &choice.use);
    if (status != FLOW_OK)
        return status;
    struct connection *c = at(f, choice.use);
    if (g->flags & TCP_SYN && !(g->marks & SEG_MALFORMED))
        note_late_syn(c, probe->sender, g);
    if (is_syn_ack(g) && !(c->side[probe->sender].marks & SIDE_SYN))
        stamps_answered(&f->stamps, c, g);
    size_t before = connection_extra_bytes(c);
    struct class_counts counts;
    if (UNLIKELY(f->trace))
        counts = counts_of(c, probe->sender);
    lend_detail(f, c);
    bool held = track_segment(c, probe->sender, g);
    if (held && probe->aux)
        held = track_reason(c, probe->sender, g, probe->aux);
    f->extra_bytes += connection_extra_bytes(c) - before;
    if (!held)
        return FLOW_NO_MEMORY;
    if (UNLIKELY(f->trace)) {
        status = tell_class(f, c, probe->sender, g, &counts);
        if (status != FLOW_OK)
            return status;
    }
    if (c->marks & CONN_CLOSED && !(c->marks & CONN_FILED) && f->clock_ns != TIME_UNKNOWN) {
        /* Where no segment of it has a time, the linger counts from the present. */
        int64_t last_ns = connection_last_ns(c);
        file_at(f, choice.use, due_after(f, last_ns == TIME_UNKNOWN ? f->clock_ns : last_ns));
    }
    return make_room(f);
}
