#include "analyzer/flow/records.h"

#include "analyzer/flow/choice.h"
#include "analyzer/tcp/log.h"

#include <stdlib.h>

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

int flows_begin(struct connection *c, const struct segment *g, bool vlan_in_key, uint32_t stream)
{
    struct flow_key key;
    int sender = flow_key_of(g, vlan_in_key, &key);
    connection_begin(c, &key, g);
    c->stream = stream;
    c->wheel_next = WHEEL_NONE;
    c->next = POOL_NONE;
    assign_roles(c, sender, g);
    return sender;
}

void flows_lend_detail(struct flows *f, struct connection *c)
{
    uint32_t index = pool_take(&f->details);
    if (index != POOL_NONE)
        connection_lend(c, pool_at(&f->details, index), index + 1);
}

static uint64_t accounted_of(const struct connection *c)
{
    if (!c->detail)
        return 0;
    return c->packed ? connection_extra_bytes(c) : c->detail->accounted_bytes;
}

/* 1 + index in the pool that lent its detail; 0: none did. */
static uint32_t place_of(const struct connection *c)
{
    return c->detail && !c->packed ? c->detail->place : 0;
}

static void release_record(struct flows *f, uint32_t index)
{
    flows_at(f, index)->first_frame = FRAME_NONE;
    pool_release(&f->pool, index);
}

void flows_release(struct flows *f, uint32_t index)
{
    struct connection *c = flows_at(f, index);
    uint32_t place = place_of(c);
    f->extra_bytes -= accounted_of(c);
    connection_finish(c);
    if (place)
        pool_release(&f->details, place - 1);
    release_record(f, index);
}

/* From the pool onto the heap. */
static bool move_detail(struct flows *f, struct connection *c)
{
    struct detail *lent = c->detail;
    struct detail *own = malloc(sizeof *own);
    if (!own)
        return false;
    *own = *lent;
    own->place = 0;
    if (!log_own(own)) {
        free(own);
        return false;
    }
    if (lent->log == lent->within)
        own->log = own->within;
    c->detail = own;
    pool_release(&f->details, lent->place - 1);
    return true;
}

bool flows_let_go(struct flows *f, uint32_t index, struct connection *given)
{
    struct connection *c = flows_at(f, index);
    uint64_t bytes = accounted_of(c);
    if (place_of(c) && !move_detail(f, c))
        return false;
    *given = *c;
    f->extra_bytes -= bytes;
    release_record(f, index);
    return true;
}

/* A FIN and its acknowledgment, of each side. */
#define HALF_CLOSE 2

static bool has_room_for_close(const struct connection *c)
{
    const struct detail *d = c->detail;
    return !d || c->packed || d->log_count + HALF_CLOSE <= d->log_room;
}

/* Where the detail is, so is room for the close. */
static bool is_beside(const struct detail *d)
{
    return d->place && d->log_room == LOG_WITHIN;
}

/* Returns the octets that it has come to hold. */
static uint64_t lend_close(struct detail *d, struct log_entry *more)
{
    log_lend(d, more);
    d->accounted_bytes += (uint32_t)log_bytes(d);
    return log_bytes(d);
}

bool flows_may_close(const struct flows *f, struct connection *c, uint64_t *bytes)
{
    if (has_room_for_close(c))
        return true;
    struct detail *d = c->detail;
    struct log_entry *more =
        is_beside(d) ? pool_held_beside(&f->details, d->place - 1, LOG_MORE * sizeof *more) : NULL;
    if (more)
        *bytes += lend_close(d, more);
    return more;
}

bool flows_let_close(struct flows *f, struct connection *c)
{
    if (has_room_for_close(c))
        return true;
    struct detail *d = c->detail;
    if (is_beside(d)) {
        struct log_entry *more = pool_beside(&f->details, d->place - 1, LOG_MORE * sizeof *more);
        if (more)
            f->extra_bytes += lend_close(d, more);
        return more;
    }
    size_t before = log_bytes(d);
    if (!log_reserve(d, 2 * HALF_CLOSE))
        return false;
    size_t grown = log_bytes(d) - before;
    f->extra_bytes += grown;
    d->accounted_bytes += (uint32_t)grown;
    return true;
}

void flows_pack_drawn(struct flows *f, struct connection *c, const struct detail_image *image)
{
    uint64_t before = accounted_of(c);
    uint32_t place;
    if (!c->detail || c->packed)
        return;
    /* Time ends what is filed; the rest may stay. */
    struct shelves *shelves = c->marks & CONN_FILED ? &f->shelves : NULL;
    if (!(image ? detail_pack_drawn(c, image, shelves, &place) : detail_pack(c, shelves, &place)))
        return;
    f->extra_bytes += accounted_of(c) - before;
    if (place)
        pool_release(&f->details, place - 1);
}

void flows_pack(struct flows *f, struct connection *c)
{
    flows_pack_drawn(f, c, NULL);
}

bool flows_unpack(struct flows *f, struct connection *c)
{
    if (!c->packed)
        return true;
    uint64_t before = accounted_of(c);
    uint32_t index = pool_take(&f->details);
    struct detail *lent = index == POOL_NONE ? NULL : pool_at(&f->details, index);
    if (!detail_unpack(c, lent, index + 1)) {
        if (lent)
            pool_release(&f->details, index);
        return false;
    }
    c->detail->accounted_bytes = (uint32_t)connection_extra_bytes(c);
    f->extra_bytes += accounted_of(c) - before;
    return true;
}

struct connection *flows_look(struct connection *c, bool vlan_in_key, struct flow_room *room)
{
    if (c->marks & CONN_BRIEF) {
        brief_look(c->brief, vlan_in_key, &room->connection, &room->detail);
        return &room->connection;
    }
    if (!c->packed && (!c->detail || !c->detail->more))
        return c;
    room->connection = *c;
    room->connection.packed = false;
    room->connection.detail = &room->detail.detail;
    if (c->packed)
        detail_look(c, &room->detail);
    else
        detail_in_row(c->detail, &room->detail);
    return &room->connection;
}

void flows_unlink(struct flows *f, uint32_t index)
{
    struct connection *c = flows_at(f, index);
    if (!c->held)
        return;
    uint32_t slot = c->tag & f->table.mask;
    uint32_t head;
    while ((head = table_next(&f->table, c->tag, &slot)) != TABLE_NONE) {
        if (is_record(head) && flow_key_equal(&flows_at(f, head)->key, &c->key))
            break;
        slot = (slot + 1) & f->table.mask;
    }
    if (head == index) {
        if (c->next == POOL_NONE)
            flows_take_out(f, c->tag, index);
        else
            flows_replace(f, c->tag, index, c->next);
        return;
    }
    uint32_t before = head;
    flows_at(f, before)->held--;
    while (flows_at(f, before)->next != index) {
        before = flows_at(f, before)->next;
        flows_at(f, before)->held--;
        f->steps++;
    }
    flows_at(f, before)->next = c->next;
}

/* ---- lone SYNs ------------------------------------------------------------------------------ */

void flows_release_lone(struct flows *f, uint32_t value)
{
    flows_lone(f, value)->frame = FRAME_NONE;
    f->row.gone++;
    pool_release(&f->lones[value >> FLOW_KIND_SHIFT == FLOW_LONES + 1], value & FLOW_INDEX);
}

void flows_init_lones(struct flows *f)
{
    pool_init(&f->lones[0], sizeof(struct lone));
    pool_init(&f->lones[1], sizeof(struct lone_ipv6));
    f->lones_gone = 0;
}

void flows_release_lones(struct flows *f)
{
    pool_finish(&f->lones[0]);
    pool_finish(&f->lones[1]);
    flows_init_lones(f);
}

void flows_remove_lone(struct flows *f, uint32_t value)
{
    struct segment g;
    int sender;
    lone_segment(flows_lone(f, value), &g);
    uint32_t tag = flow_tag_of(&g, f->config->vlan_in_key, &f->secret, &sender);
    flows_take_out(f, tag, value);
}

uint32_t flows_promote(struct flows *f, uint32_t tag, uint32_t value)
{
    uint32_t index = pool_take(&f->pool);
    if (index == POOL_NONE)
        return POOL_NONE;
    struct connection *c = flows_at(f, index);
    lone_connection(flows_lone(f, value), f->config->vlan_in_key, c);
    c->tag = tag;
    c->held = 1;
    flows_replace(f, tag, value, index);
    flows_release_lone(f, value);
    return index;
}
