/*
 * Brief connections that have closed and linger: packed one behind the other in blocks, of which
 * there may be more than memory has room for (analyzer/flow/blocks.h). They are found there, and
 * become final, as records are. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_CLOSED_H
#define FINWAIT_ANALYZER_FLOW_CLOSED_H

#include "analyzer/flow/flows.h"

/* So many are read ahead of their turn when all is handed out. */
#define CLOSED_AHEAD TABLE_SIZE(192u, 48u)
#define CLOSED_ROOM  TABLE_SIZE(256u, 64u)

struct brief_room {
    _Alignas(64) uint8_t octets[BRIEF_ITEM_MOST];
};

/* While all is handed out. */
struct closed_order {
    uint32_t read;                        /* so many of the order have been read */
    const struct lone *syns[CLOSED_ROOM]; /* the latest, each where its number says: in memory, */
    struct brief_room rooms[CLOSED_ROOM]; /* or here */
};

void closed_init(struct flows *flows);
void closed_finish(struct flows *flows);

/* Did the file fail? Then whatever it held is lost. */
static inline bool closed_are_lost(const struct flows *f)
{
    return f->closed.error;
}

/* Wherever they are, each has its slot in the table, which may take as much three times while the
 * table grows: of all memory at most a quarter. */
static inline bool closed_are_too_many(const struct flows *f)
{
    uint64_t slots_bytes = (uint64_t)f->closed.items * 3 * sizeof(struct table_slot);
    return blocks_are_nearly_full(&f->closed) || slots_bytes > f->config->max_memory_bytes / 4;
}

/* What a step has failed for. */
static inline enum flow_status closed_failure(const struct flows *f)
{
    return closed_are_lost(f) ? FLOW_LOST : FLOW_NO_MEMORY;
}

/* Takes a brief connection that has closed, instead of which the value names what is kept of it.
 * False when memory ran out: nothing has happened. */
bool closed_take(struct flows *flows, uint32_t value) MUST_CHECK;

/* What the value names, until others are asked for; NULL where the file fails. */
const struct brief *closed_brief(struct flows *flows, uint32_t value);

/* The same of one that is asked for alone. */
const struct brief *closed_look_up(struct flows *flows, uint32_t value, struct brief_room *room);

/* Is it what the value names? False as well where the file fails. */
bool closed_names(const struct flows *flows, uint32_t value, int sender,
                  const struct segment *segment);

/* It has been handed out; its first octets may be written over. */
void closed_drop(struct flows *flows, uint32_t value, const struct brief *brief);

/* A record was made of it. */
void closed_forget(struct flows *flows, uint32_t value, const struct brief *brief);

/* Takes those into the due list that are due before `end_ns`, of those that take memory, or, if
 * `any`, of all. False when memory ran out, or the file failed. */
bool closed_take_due(struct flows *flows, int64_t end_ns, bool any) MUST_CHECK;

/* Those of the due list from this one on are not handed out after all. */
void closed_put_back(struct flows *flows, uint32_t from);

/* When the first is due of those that take memory, or, if `any`, of all; INT64_MAX: there is none.
 */
int64_t closed_first_due(const struct flows *flows, bool any);

/* Each is seen, and later taken: in the order in which they are due. `take` returns false to
 * stop. False then, or where the file failed or memory ran out. */
bool closed_each(struct flows *flows, void (*see)(void *context, const struct brief *brief),
                 bool (*take)(void *context, const struct due_item *item),
                 void *context) MUST_CHECK;

/* Some, as they come: at most so many. */
bool closed_some(struct flows *flows, uint32_t most,
                 void (*see)(void *context, const struct brief *brief),
                 bool (*take)(void *context, const struct due_item *item),
                 void *context) MUST_CHECK;

/* While all is handed out: those of the order that come soon are read, the first ones, then each
 * time one more is next. False where the file fails, or memory ran out. */
bool closed_read_first(struct flows *flows) MUST_CHECK;
bool closed_read_ahead(struct flows *flows, uint32_t next) MUST_CHECK;

/* What has been read of the order: where it begins, and itself. */
static inline const struct lone *closed_syn(const struct flows *f, uint32_t number)
{
    return f->closed_order->syns[number % CLOSED_ROOM];
}

static inline const struct brief *closed_read(const struct flows *f, uint32_t number)
{
    const struct lone *syn = closed_syn(f, number);
    return brief_in((struct lone *)(uintptr_t)syn, syn->ipv6);
}

#endif
