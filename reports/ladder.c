#include "reports/ladder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Of a run that is folded so many rows stay at its ends: before the close begins, in it, and once
 * there are many rows. */
enum {
    HEAD_BEFORE = 2,
    TAIL_BEFORE = 4,
    ENDS_CLOSING = 40,
    ENDS_MANY = 1,
    FOLD_LEAST = 4, /* fewer are as short as their fold */
    TAIL_ROOM = ENDS_CLOSING + FOLD_LEAST,
    ROWS_FEW = 64,
    ROWS_MANY = 600,
};

struct ladder {
    const struct connection_verdict *verdict;
    struct ladder_row *rows; /* owned */
    size_t count, room;
    bool closing; /* a FIN or RST has passed */
    bool seen[2]; /* base is known */
    uint32_t base[2];
    /* The present run: its first rows are among `rows`, its last ones wait here. */
    size_t run_head;
    struct ladder_row fold;            /* what lies between; no segments: nothing yet */
    struct ladder_row tail[TAIL_ROOM]; /* a ring */
    size_t tail_first, tail_count;
    bool whole; /* ladder_rows() was called */
};

static const struct endpoint_verdict *end_of(const struct connection_verdict *v, unsigned role)
{
    return role == ROLE_CLIENT ? &v->client : &v->server;
}

struct ladder *ladder_create(const struct connection_verdict *verdict)
{
    struct ladder *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->verdict = verdict;
    l->room = ROWS_FEW;
    l->rows = calloc(l->room, sizeof *l->rows);
    if (!l->rows) {
        free(l);
        return NULL;
    }
    for (unsigned role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
        const struct endpoint_verdict *e = end_of(verdict, role);
        l->seen[role] = e->has_isn;
        l->base[role] = e->isn;
    }
    return l;
}

void ladder_destroy(struct ladder *l)
{
    if (!l)
        return;
    free(l->rows);
    free(l);
}

static struct ladder_row *room_at(struct ladder *l, size_t at)
{
    assert(l->room);
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : ROWS_FEW;
        struct ladder_row *rows = realloc(l->rows, room * sizeof *rows);
        if (!rows)
            return NULL;
        l->rows = rows;
        l->room = room;
    }
    memmove(l->rows + at + 1, l->rows + at, (l->count - at) * sizeof *l->rows);
    l->count++;
    return &l->rows[at];
}

static bool put_row(struct ladder *l, const struct ladder_row *row)
{
    struct ladder_row *place = room_at(l, l->count);
    if (place)
        *place = *row;
    return place != NULL;
}

/* ---- runs ----------------------------------------------------------------------------------- */

static size_t head_most(const struct ladder *l)
{
    return l->count > ROWS_MANY ? ENDS_MANY : l->closing ? ENDS_CLOSING : HEAD_BEFORE;
}

static size_t tail_most(const struct ladder *l)
{
    return l->count > ROWS_MANY ? ENDS_MANY : l->closing ? ENDS_CLOSING : TAIL_BEFORE;
}

static void fold_in(struct ladder_row *fold, const struct ladder_row *row)
{
    if (!fold->sums[0].segments && !fold->sums[1].segments) {
        fold->kind = LADDER_FOLD;
        fold->at_ns = row->at_ns;
        fold->frame = row->frame;
    }
    struct ladder_sum *sum = &fold->sums[row->from];
    sum->segments++;
    sum->payload_bytes += row->payload_len;
    sum->classes[row->segment_class]++;
    fold->until_ns = row->at_ns;
    fold->until_frame = row->frame;
}

static const struct ladder_row *pop_tail(struct ladder *l)
{
    const struct ladder_row *row = &l->tail[l->tail_first];
    l->tail_first = (l->tail_first + 1) % TAIL_ROOM;
    l->tail_count--;
    return row;
}

static bool put_in_run(struct ladder *l, const struct ladder_row *row)
{
    bool folded = l->fold.sums[0].segments + l->fold.sums[1].segments > 0;
    if (!folded && !l->tail_count && l->run_head < head_most(l)) {
        l->run_head++;
        return put_row(l, row);
    }
    while (l->tail_count && l->tail_count >= tail_most(l) + (folded ? 0 : FOLD_LEAST - 1)) {
        fold_in(&l->fold, pop_tail(l));
        folded = true;
    }
    l->tail[(l->tail_first + l->tail_count++) % TAIL_ROOM] = *row;
    return true;
}

static bool end_run(struct ladder *l)
{
    if (l->fold.sums[0].segments + l->fold.sums[1].segments && !put_row(l, &l->fold))
        return false;
    l->fold = (struct ladder_row){0};
    l->run_head = 0;
    while (l->tail_count) {
        if (!put_row(l, pop_tail(l)))
            return false;
    }
    return true;
}

/* ---- segments ------------------------------------------------------------------------------- */

static bool is_evidence(const struct connection_verdict *v, const struct ladder_row *row)
{
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        if (ladder_evidence(row, &v->anomalies[i]))
            return true;
    }
    return false;
}

static bool bears_state(const struct connection_verdict *v, frame_ref frame)
{
    for (unsigned role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
        const struct endpoint_verdict *e = end_of(v, role);
        if (frame == e->fin.acked_by)
            return true;
        for (uint32_t i = 0; i < e->state_count; i++) {
            if (e->states[i].frame == frame || e->states[i].confirmed_by == frame)
                return true;
        }
    }
    return false;
}

static bool tells_alone(const struct ladder *l, const struct ladder_row *row)
{
    if (is_evidence(l->verdict, row) || bears_state(l->verdict, row->frame))
        return true;
    return l->count <= ROWS_MANY &&
           (row->flags & (TCP_SYN | TCP_FIN | TCP_RST) || row->segment_class == SEGMENT_MALFORMED ||
            row->segment_class == SEGMENT_FORMER_USE);
}

static bool is_own(const struct ladder_row *row)
{
    return row->segment_class != SEGMENT_MALFORMED && row->segment_class != SEGMENT_FORMER_USE &&
           row->segment_class != SEGMENT_FORGED;
}

static void number(struct ladder *l, struct ladder_row *row)
{
    uint8_t own = row->from, peer = own == ROLE_CLIENT ? ROLE_SERVER : ROLE_CLIENT;
    if (!l->seen[own] && is_own(row)) {
        l->seen[own] = true;
        l->base[own] = row->flags & TCP_SYN ? row->seq : row->seq - 1;
    }
    if (!l->seen[peer] && row->flags & TCP_ACK && is_own(row)) {
        l->seen[peer] = true;
        l->base[peer] = row->ack - 1;
    }
    row->relative_seq = row->seq - l->base[own];
    row->relative_ack = row->ack - l->base[peer];
}

bool ladder_add(struct ladder *l, const struct segment *g, enum role from,
                enum segment_class segment_class)
{
    struct ladder_row row = {.kind = LADDER_SEGMENT,
                             .at_ns = g->time_ns,
                             .frame = g->frame,
                             .from = (uint8_t)from,
                             .segment_class = (uint8_t)segment_class,
                             .flags = g->flags,
                             .window = g->window,
                             .seq = g->seq,
                             .ack = g->ack,
                             .payload_len = g->payload_len};
    number(l, &row);
    if (!tells_alone(l, &row))
        return put_in_run(l, &row);
    if (!end_run(l))
        return false;
    l->closing |= (row.flags & (TCP_FIN | TCP_RST)) != 0;
    return put_row(l, &row);
}

/* ---- states --------------------------------------------------------------------------------- */

/* The row of the entry's own segment, or `count`. */
static size_t row_of(const struct ladder *l, const struct state_entry *entry)
{
    for (size_t i = 0; entry->frame != FRAME_NONE && i < l->count; i++) {
        if (l->rows[i].kind == LADDER_SEGMENT && l->rows[i].frame == entry->frame)
            return i;
    }
    return l->count;
}

/* Where a change that no segment of the connection brought about stands: behind what passed before
 * it, and not before the row `from`. */
static size_t place_of(const struct ladder *l, const struct state_entry *entry, size_t from)
{
    size_t at = l->count;
    while (entry->at_ns != TIME_UNKNOWN && at > from && l->rows[at - 1].at_ns > entry->at_ns)
        at--;
    return at;
}

/* Entries that follow one another stand at one row where they have one cause. */
static bool goes_there(const struct ladder_row *row, unsigned role, uint32_t i)
{
    const struct ladder_end *end = &row->ends[role];
    return !end->count || end->first + end->count == i;
}

static bool place_states(struct ladder *l, unsigned role)
{
    const struct endpoint_verdict *e = end_of(l->verdict, role);
    size_t from = 0; /* behind the row of the last entry that is believed */
    for (uint32_t i = 0; i < e->state_count; i++) {
        const struct state_entry *entry = &e->states[i];
        size_t at = row_of(l, entry);
        if (at == l->count || !goes_there(&l->rows[at], role, i)) {
            at = place_of(l, entry, from);
            struct ladder_row *row = room_at(l, at);
            if (!row)
                return false;
            *row = (struct ladder_row){
                .kind = LADDER_TIMER, .at_ns = entry->at_ns, .frame = entry->frame};
        }
        struct ladder_end *end = &l->rows[at].ends[role];
        if (!end->count++)
            end->first = i;
        if (!entry->retracted && from <= at)
            from = at + 1;
    }
    return true;
}

/* What is believed after each row. */
static void believe(struct ladder *l, unsigned role)
{
    const struct endpoint_verdict *e = end_of(l->verdict, role);
    uint32_t now = 0;
    for (size_t i = 0; i < l->count; i++) {
        struct ladder_end *end = &l->rows[i].ends[role];
        for (uint32_t k = end->first; k < end->first + end->count; k++) {
            if (!e->states[k].retracted && k >= now)
                now = k + 1;
        }
        end->now = now;
    }
}

const struct ladder_row *ladder_rows(struct ladder *l, size_t *count)
{
    if (!l->whole) {
        if (!end_run(l) || !place_states(l, ROLE_CLIENT) || !place_states(l, ROLE_SERVER))
            return NULL;
        believe(l, ROLE_CLIENT);
        believe(l, ROLE_SERVER);
        l->whole = true;
    }
    *count = l->count;
    return l->rows;
}

const struct state_entry *ladder_entry(const struct connection_verdict *v,
                                       const struct ladder_row *row, enum role end, uint32_t i)
{
    return &end_of(v, end)->states[row->ends[end].first + i];
}

/* ---- words ---------------------------------------------------------------------------------- */

const struct anomaly_evidence *ladder_evidence(const struct ladder_row *row,
                                               const struct anomaly_verdict *anomaly)
{
    for (uint32_t i = 0; row->kind == LADDER_SEGMENT && i < anomaly->evidence_count; i++) {
        const struct anomaly_evidence *piece = &anomaly->evidence[i];
        if (piece->frame == row->frame && piece->from == row->from && piece->seq == row->seq)
            return piece;
    }
    return NULL;
}

const char *ladder_class_words(enum segment_class segment_class, uint64_t count)
{
    bool many = count != 1;
    const char *const words[SEGMENT_CLASSES] = {
        [SEGMENT_NEW] = "",
        [SEGMENT_RETRANSMISSION] = "sent again",
        [SEGMENT_OUT_OF_ORDER] = "out of order",
        [SEGMENT_COPY] = "captured twice",
        [SEGMENT_SECOND_TAP] = "captured elsewhere too",
        [SEGMENT_KEEPALIVE] = many ? "keepalives" : "keepalive",
        [SEGMENT_ZERO_WINDOW_PROBE] = many ? "zero-window probes" : "zero-window probe",
        [SEGMENT_MALFORMED] = "malformed",
        [SEGMENT_FORMER_USE] = "of an earlier connection",
        [SEGMENT_FORGED] = "forged",
    };
    return words[segment_class];
}
