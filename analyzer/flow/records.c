#include "analyzer/flow/records.h"

void flows_lend_detail(struct flows *f, struct connection *c)
{
    uint32_t index = pool_take(&f->details);
    if (index != POOL_NONE)
        connection_lend(c, pool_at(&f->details, index), index + 1);
}

void flows_release(struct flows *f, uint32_t index)
{
    struct connection *c = flows_at(f, index);
    uint32_t place = c->detail ? c->detail->place : 0;
    f->extra_bytes -= c->detail ? c->detail->accounted_bytes : 0;
    connection_finish(c);
    if (place)
        pool_release(&f->details, place - 1);
    c->first_frame = FRAME_NONE;
    pool_release(&f->pool, index);
}

void flows_unlink(struct flows *f, uint32_t index)
{
    struct connection *c = flows_at(f, index);
    if (!c->held)
        return;
    uint32_t slot = c->tag & f->table.mask;
    uint32_t head;
    while ((head = table_next(&f->table, c->tag, &slot)) != TABLE_NONE) {
        if (flow_key_equal(&flows_at(f, head)->key, &c->key))
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
    flows_at(f, before)->held--;
    while (flows_at(f, before)->next != index) {
        before = flows_at(f, before)->next;
        flows_at(f, before)->held--;
        f->steps++;
    }
    flows_at(f, before)->next = c->next;
}
