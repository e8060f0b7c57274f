#include "analyzer/drain.h"

#include "analyzer/claims.h"
#include "analyzer/flow/closed.h"
#include "dissect/compiler.h"
#include "dissect/thread.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A thread costs more than fewer connections do. */
#define DRAIN_LEAST TABLE_SIZE(256u, 2u)

/* So many are made one step after the other, and counted behind that: what a step takes of the
 * program stays in the nearest cache meanwhile, where all steps together have no room. Of two
 * threads neither is to wait long for the other: there are fewer. */
#define SHIFT_ALONE  TABLE_SIZE(5u, 1u)
#define SHIFT_OF_TWO TABLE_SIZE(4u, 1u)
#define GROUP_ALONE  (1u << SHIFT_ALONE)
#define GROUP_OF_TWO (1u << SHIFT_OF_TWO)
#define GROUPS_ALONE 2u
#define JUDGED_ALONE (GROUP_ALONE * GROUPS_ALONE)
#define JUDGED_AHEAD (GROUP_OF_TWO * CLAIMS_AHEAD)

_Static_assert(JUDGED_AHEAD + 2 * GROUP_ALONE <= CLOSED_AHEAD, "what is made has been read");
_Static_assert(JUDGED_ALONE <= JUDGED_AHEAD && GROUP_OF_TWO <= GROUP_ALONE, "there is room");
_Static_assert((CLAIMS_AHEAD & (CLAIMS_AHEAD - 1)) == 0, "groups come round by their low bits");

/* So many connections before they are made or taken. */
#define FETCHED_AHEAD 2u

/* Of the states of who opens and closes, and of the log of that. */
#define STATES_USUAL 6u
#define LOG_USUAL    10

/* What is made of one. The note, the key of the connection and the arrival, which are read of all,
 * begin with a line of the cache. */
struct place {
    _Alignas(64) struct drain_note note;
    _Alignas(64) struct flow_room room; /* the conclusion points to what was made there */
    _Alignas(64) struct judged judged;
};

/* Where somebody is in the order: `i` counts those that are no lone SYNs. */
struct cursor {
    uint32_t number, i;
};

/* Those of a group, by their numbers in the order. */
struct portion {
    uint32_t group, count;
    uint32_t numbers[GROUP_ALONE];
};

struct drain {
    const struct flows *flows;
    const struct analyzer_config *config;
    pthread_t thread;
    uint32_t count;                 /* of those that are no lone SYNs */
    const struct ends_maker *namer; /* borrowed */
    struct claims claims;           /* of groups */
    bool alone;                     /* there is no thread but the taker's, */
    uint32_t groups_held;           /* which makes one ahead, in as little of the cache as it can */
    unsigned shift;                 /* a group is of 2^shift */
    struct cursor seen;             /* by the taker: behind what it took last, */
    struct cursor made;             /* and behind what it made */
    struct place places[JUDGED_AHEAD];
};

static inline uint32_t group_size(const struct drain *d)
{
    return UINT32_C(1) << d->shift;
}

/* Of which group a connection is, and where in it, by its number among those that are no lone SYNs.
 */
static inline uint32_t group_of(const struct drain *d, uint32_t i)
{
    return i >> d->shift;
}

static inline uint32_t of_group(const struct drain *d, uint32_t i)
{
    return i & (group_size(d) - 1);
}

/* ---- making --------------------------------------------------------------------------------- */

static ALWAYS_INLINE void fetch_lines(const void *from, size_t bytes, bool to_write)
{
    uintptr_t end = (uintptr_t)from + bytes;
    for (uintptr_t line = (uintptr_t)from / 64 * 64; line < end; line += 64) {
        if (to_write)
            FETCH_TO_WRITE(line);
        else
            FETCH((const void *)line);
    }
}

/* A line of the cache that the other thread wrote or read last takes long to come: of what is made
 * of an ordinary connection those that are counted are on their way. */
static void fetch_counted(const struct place *place, bool to_write)
{
    const struct arrival *arrival = &place->judged.arrival;
    const struct connection_verdict *verdict = &place->judged.conclusion.verdict;
    fetch_lines(&place->note, sizeof place->note, to_write);
    fetch_lines(&place->room.connection.key, sizeof place->room.connection.key, to_write);
    fetch_lines(verdict, offsetof(struct connection_verdict, stream), to_write);
    for (int x = 0; x < ARRIVAL_ENDS; x++)
        fetch_lines(&arrival->ends[x], offsetof(struct arrival_end, at_ns[ARRIVAL_STATES_USUAL]),
                    to_write);
    fetch_lines(&arrival->start_ns, sizeof *arrival - offsetof(struct arrival, start_ns), to_write);
}

/* The group that was claimed. Those before it may have been handed out by now: none is touched. */
static void find_portion(const struct drain *d, struct cursor *cursor, uint32_t group,
                         struct portion *portion)
{
    uint32_t first = group << d->shift;
    *portion = (struct portion){.group = group};
    for (; cursor->i < d->count && portion->count < group_size(d); cursor->number++) {
        if (flows_due_is_lone(d->flows, cursor->number))
            continue;
        if (cursor->i++ >= first)
            portion->numbers[portion->count++] = cursor->number;
    }
}

static struct place *place_of(struct drain *d, uint32_t group, uint32_t place)
{
    return &d->places[((group & (d->groups_held - 1)) << d->shift) + place];
}

/* One of whom nothing was fetched before. */
static void fetch_portion(struct drain *d, const struct portion *portion)
{
    for (uint32_t k = 0; k < portion->count; k++)
        flows_due_fetch_head(d->flows, portion->numbers[k]);
    for (uint32_t k = 0; !d->alone && k < portion->count && k < FETCHED_AHEAD; k++)
        fetch_counted(place_of(d, portion->group, k), true);
    for (uint32_t k = 0; k < portion->count && k < group_size(d) / 2; k++)
        flows_due_fetch_body(d->flows, portion->numbers[k]);
}

/* While one is made, on their way are where to find that of the next group, the rest of one half a
 * group later, and where what is made of another goes. */
static void fetch_beyond(struct drain *d, const struct portion *portion, const struct portion *next,
                         uint32_t k)
{
    const struct portion *of[2] = {portion, next};
    uint32_t body = k + group_size(d) / 2, later = k + FETCHED_AHEAD;
    if (k < next->count)
        flows_due_fetch_head(d->flows, next->numbers[k]);
    if (of_group(d, body) < of[group_of(d, body)]->count)
        flows_due_fetch_body(d->flows, of[group_of(d, body)]->numbers[of_group(d, body)]);
    if (!d->alone && of_group(d, later) < of[group_of(d, later)]->count)
        fetch_counted(place_of(d, of[group_of(d, later)]->group, of_group(d, later)), true);
}

static struct place *place_in(struct drain *d, const struct portion *portion, uint32_t k)
{
    return place_of(d, portion->group, k);
}

static void look_at(struct drain *d, const struct portion *portion, const struct portion *next)
{
    for (uint32_t k = 0; k < portion->count; k++) {
        struct place *place = place_in(d, portion, k);
        fetch_beyond(d, portion, next, k);
        place->judged.connection = flows_due(d->flows, portion->numbers[k], &place->room);
    }
}

static void conclude_all(struct drain *d, const struct portion *portion)
{
    for (uint32_t k = 0; k < portion->count; k++)
        judged_conclude(&place_in(d, portion, k)->judged, d->config, d->flows->clock_ns, false);
}

static void judge_all(struct drain *d, const struct portion *portion)
{
    for (uint32_t k = 0; k < portion->count; k++) {
        struct place *place = place_in(d, portion, k);
        judged_find(&place->judged, d->config, d->flows->clock_ns);
        judged_arrive(&place->judged, d->config, d->flows->clock_ns);
        place->note = drain_note_of(d->namer, place->judged.connection);
    }
}

/* `next`: the maker's next one; it has none where that is empty. */
static void make_portion(struct drain *d, const struct portion *portion, const struct portion *next)
{
    look_at(d, portion, next);
    conclude_all(d, portion);
    judge_all(d, portion);
    claims_give(&d->claims, portion->group);
}

static void *make(void *context)
{
    struct drain *d = context;
    struct cursor cursor = {0};
    struct portion portion, next = {0};
    uint32_t group;
    while ((group = claims_await(&d->claims)) != CLAIMS_NONE) {
        find_portion(d, &cursor, group, &portion);
        fetch_portion(d, &portion);
        do {
            group = claims_next(&d->claims);
            next.count = 0;
            if (group != CLAIMS_NONE)
                find_portion(d, &cursor, group, &next);
            make_portion(d, &portion, &next);
            portion = next;
        } while (next.count);
    }
    return NULL;
}

struct drain *drain_begin(const struct flows *flows, const struct analyzer_config *config,
                          const struct ends_maker *ends, bool with_thread)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < flows_due_count(flows); i++)
        count += !flows_due_is_lone(flows, i);
    struct drain *d = count < DRAIN_LEAST ? NULL : aligned_alloc(64, sizeof *d);
    if (!d)
        return NULL;
    memset(d, 0, offsetof(struct drain, places));
    d->flows = flows;
    d->config = config;
    d->count = count;
    d->namer = ends;
    d->shift = with_thread ? SHIFT_OF_TWO : SHIFT_ALONE;
    claims_init(&d->claims, group_of(d, count + group_size(d) - 1));
    d->groups_held = CLAIMS_AHEAD;
    if (with_thread && thread_start(&d->thread, make, d))
        return d;
    d->alone = true;
    d->groups_held = GROUPS_ALONE;
    return d;
}

/* ---- taking --------------------------------------------------------------------------------- */

/* What will be taken so many behind the one that was taken last, or NULL: it is not made yet. */
static const struct place *place_ahead(struct drain *d, uint32_t ahead)
{
    uint32_t i = d->seen.i - 1, later = group_of(d, i + ahead);
    if (i + ahead >= d->count || (later != group_of(d, i) && !claims_are_made(&d->claims, later)))
        return NULL;
    return place_of(d, later, of_group(d, i + ahead));
}

/* Of few all is read that was made. */
static void fetch_rest(const struct place *place)
{
    const struct conclusion *conclusion = &place->judged.conclusion;
    const struct evidence *ev = &conclusion->basis.evidence;
    int count = ev->count < LOG_USUAL ? ev->count : LOG_USUAL;
    fetch_lines(&conclusion->verdict, sizeof conclusion->verdict, false);
    for (int s = 0; s < 2; s++)
        fetch_lines(conclusion->states[s].entries, STATES_USUAL * sizeof(struct state_entry),
                    false);
    fetch_lines(ev->log, (size_t)count * sizeof *ev->log, false);
    fetch_lines(&place->room.connection, sizeof place->room.connection, false);
}

/* What the taker has claimed. */
static void make_here(struct drain *d, uint32_t group)
{
    struct portion portion;
    find_portion(d, &d->made, group, &portion);
    fetch_portion(d, &portion);
    make_portion(d, &portion, &(struct portion){0});
}

/* While the helper is at what is needed. */
static void make_later(struct drain *d, uint32_t needed)
{
    uint32_t group = claims_next(&d->claims);
    if (group == CLAIMS_NONE)
        claims_sleep_until_made(&d->claims, needed);
    else
        make_here(d, group);
}

static void begin_group(struct drain *d, uint32_t group)
{
    if (group)
        claims_take(&d->claims, group - 1);
    while (!claims_are_made(&d->claims, group)) {
        if (claims_have(&d->claims, group))
            make_here(d, group);
        else
            make_later(d, group);
    }
    /* Of who comes next where it is counted is asked ahead. */
    uint32_t next = d->alone ? claims_next(&d->claims) : CLAIMS_NONE;
    if (next != CLAIMS_NONE)
        make_here(d, next);
}

struct judged *drain_next(struct drain *d)
{
    uint32_t number = d->seen.number++;
    if (flows_due_is_lone(d->flows, number))
        return NULL;
    uint32_t i = d->seen.i++;
    if (of_group(d, i) == 0)
        begin_group(d, group_of(d, i));
    const struct place *next = place_ahead(d, 1);
    if (next && next->judged.conclusion.verdict.anomaly_count)
        fetch_rest(next);
    return &place_of(d, group_of(d, i), of_group(d, i))->judged;
}

uint32_t drain_run(const struct drain *d)
{
    uint32_t number = d->seen.number - 1, i = d->seen.i - 1, run = 1;
    while (of_group(d, i + run) && i + run < d->count && number + run < flows_due_end(d->flows) &&
           !flows_due_is_lone(d->flows, number + run))
        run++;
    return run;
}

struct judged *drain_judged(struct drain *d, uint32_t ahead)
{
    uint32_t i = d->seen.i - 1 + ahead;
    const struct place *later = place_ahead(d, ahead + FETCHED_AHEAD);
    if (later)
        fetch_counted(later, false);
    return &place_of(d, group_of(d, i), of_group(d, i))->judged;
}

const struct drain_note *drain_note(struct drain *d, uint32_t ahead)
{
    const struct place *place = place_ahead(d, ahead);
    return place ? &place->note : NULL;
}

void drain_end(struct drain *d)
{
    if (!d)
        return;
    claims_stop(&d->claims);
    if (!d->alone)
        pthread_join(d->thread, NULL);
    claims_finish(&d->claims);
    free(d);
}
