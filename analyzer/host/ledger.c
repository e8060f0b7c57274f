#include "analyzer/host/ledger.h"

#include <stdlib.h>
#include <string.h>

/* A note: the instant's low bits, the row, and what kind of change it is. */
#define NOTE_INSTANT   UINT16_C(0xff)
#define NOTE_ROW_SHIFT 8
#define NOTE_LEAVES    UINT16_C(0x1000) /* one less stands from here on; else one more */
#define NOTE_HAPPENS   UINT16_C(0x2000)
#define NOTES_FIRST    32u

_Static_assert(NOTE_INSTANT == LINE_SLOTS - 1, "a span's instants differ in these bits");
_Static_assert(LEDGER_ROWS_MAX << NOTE_ROW_SHIFT == NOTE_LEAVES, "a row fits between the two");
_Static_assert(NOTES_FIRST > LEDGER_WITHIN && LEDGER_NOTES <= UINT8_MAX, "counted in an octet");

void ledger_finish(struct ledger *l)
{
    for (unsigned row = 0; l->lines && row < LEDGER_ROWS_MAX; row++)
        line_finish(&l->lines[row]);
    free(l->lines);
    free(l->notes);
    *l = (struct ledger){0};
}

static uint16_t *notes_of(struct ledger *l)
{
    return l->notes ? l->notes : l->within;
}

static const uint16_t *notes_in(const struct ledger *l)
{
    return l->notes ? l->notes : l->within;
}

static unsigned row_of(uint16_t note)
{
    return note >> NOTE_ROW_SHIFT & (LEDGER_ROWS_MAX - 1);
}

static int32_t change_of(uint16_t note)
{
    return note & NOTE_LEAVES ? -1 : 1;
}

/* No instant lies farther above the base than there are slots. */
static int64_t instant_of(const struct ledger *l, uint16_t note)
{
    return l->base + (int64_t)(((uint64_t)note - (uint64_t)l->base) & NOTE_INSTANT);
}

/* ---- to the grid's step --------------------------------------------------------------------- */

/* Whatever changes between two instants has changed at the later one. */
static void double_step(struct ledger *l)
{
    uint16_t *notes = notes_of(l);
    for (unsigned i = 0; i < l->count; i++) {
        uint64_t instant = (uint64_t)instant_half_up(instant_of(l, notes[i]));
        unsigned kind = notes[i] & ~(unsigned)NOTE_INSTANT;
        notes[i] = (uint16_t)(kind | (instant & NOTE_INSTANT));
    }
    l->base = instant_half_up(l->base);
    l->level++;
}

static inline void bring_to(struct ledger *l, unsigned level)
{
    if (LIKELY(l->level == level))
        return;
    while (l->count && l->level < level)
        double_step(l);
    l->level = (uint8_t)level;
}

/* ---- notes ---------------------------------------------------------------------------------- */

static bool enter(struct line *lines, unsigned level, int64_t instant, uint16_t note)
{
    struct line *line = &lines[row_of(note)];
    line->events |= (note & NOTE_HAPPENS) != 0;
    return line_change(line, level, instant, change_of(note));
}

static bool enter_all(struct ledger *l)
{
    if (!l->lines)
        l->lines = calloc(LEDGER_ROWS_MAX, sizeof *l->lines);
    if (!l->lines)
        return false;
    const uint16_t *notes = notes_in(l);
    for (unsigned i = 0; i < l->count; i++) {
        const struct line *line = &l->lines[row_of(notes[i])];
        if (LIKELY(line->slots))
            FETCH((const int16_t *)line->slots + (notes[i] & NOTE_INSTANT));
    }
    for (unsigned i = 0; i < l->count; i++) {
        if (!enter(l->lines, l->level, instant_of(l, notes[i]), notes[i]))
            return false;
    }
    l->count = 0;
    return true;
}

static bool make_room(struct ledger *l)
{
    unsigned room = l->notes ? 2u * l->room : NOTES_FIRST;
    if (room > LEDGER_NOTES)
        return enter_all(l);
    uint16_t *notes = realloc(l->notes, room * sizeof *notes);
    if (!notes)
        return false;
    if (!l->notes)
        memcpy(notes, l->within, sizeof l->within);
    l->notes = notes;
    l->room = (uint8_t)room;
    return true;
}

static bool note(struct ledger *l, int64_t instant, unsigned row, uint16_t kind)
{
    if (l->count == (l->notes ? l->room : LEDGER_WITHIN) && !make_room(l))
        return false;
    if (!l->count || instant < l->base)
        l->base = instant;
    uint16_t low = (uint16_t)((uint64_t)instant & NOTE_INSTANT);
    notes_of(l)[l->count++] = (uint16_t)(low | row << NOTE_ROW_SHIFT | kind);
    l->rows |= (uint16_t)(1u << row);
    return true;
}

bool ledger_note_stay(struct ledger *l, unsigned level, unsigned row, int64_t from, int64_t to)
{
    bring_to(l, level);
    if (UNLIKELY(l->count + 2u > (l->notes ? l->room : LEDGER_WITHIN)))
        return note(l, from, row, 0) && note(l, to, row, NOTE_LEAVES);
    if (!l->count || from < l->base)
        l->base = from;
    uint16_t *at = notes_of(l) + l->count;
    unsigned kind = row << NOTE_ROW_SHIFT;
    at[0] = (uint16_t)(((uint64_t)from & NOTE_INSTANT) | kind);
    at[1] = (uint16_t)(((uint64_t)to & NOTE_INSTANT) | kind | NOTE_LEAVES);
    l->count = (uint16_t)(l->count + 2);
    l->rows |= (uint16_t)(1u << row);
    return true;
}

bool ledger_happen(struct ledger *l, unsigned level, unsigned row, int64_t at)
{
    bring_to(l, level);
    return note(l, at, row, NOTE_HAPPENS);
}

/* ---- reading -------------------------------------------------------------------------------- */

void ledger_settle(struct ledger *l, const struct grid *grid)
{
    bring_to(l, grid->level);
    for (unsigned row = 0; l->lines && row < LEDGER_ROWS_MAX; row++)
        line_settle(&l->lines[row], grid);
}

bool ledger_sum(struct ledger *l, const struct ledger *more)
{
    if (more->count || more->lines)
        bring_to(l, more->level);
    const uint16_t *notes = notes_in(more);
    for (unsigned i = 0; i < more->count; i++) {
        uint16_t kind = notes[i] & (NOTE_LEAVES | NOTE_HAPPENS);
        if (!note(l, instant_of(more, notes[i]), row_of(notes[i]), kind))
            return false;
    }
    if (!more->lines)
        return true;
    if (!enter_all(l))
        return false;
    for (unsigned row = 0; row < LEDGER_ROWS_MAX; row++) {
        if (!line_sum(&l->lines[row], &more->lines[row]))
            return false;
    }
    l->rows |= more->rows;
    return true;
}

/* A row's changes, by the instants' low bits, and where there are any. */
struct changes {
    uint64_t where[LINE_SLOTS / 64];
    int32_t by[LINE_SLOTS];
};

static void change(struct changes *c, int64_t instant, int32_t by)
{
    unsigned slot = (unsigned)((uint64_t)instant & NOTE_INSTANT);
    uint64_t bit = UINT64_C(1) << slot % 64;
    c->by[slot] = (c->where[slot / 64] & bit ? c->by[slot] : 0) + by;
    c->where[slot / 64] |= bit;
}

static int64_t collect(const struct ledger *l, unsigned row, struct changes *c)
{
    memset(c->where, 0, sizeof c->where);
    const uint16_t *notes = notes_in(l);
    for (unsigned i = 0; i < l->count; i++) {
        if (row_of(notes[i]) == row)
            change(c, notes[i], change_of(notes[i]));
    }
    int64_t first = l->count ? l->base : INT64_MAX;
    const struct line *line = l->lines ? &l->lines[row] : NULL;
    if (!line || line_is_empty(line))
        return first;
    /* What is entered need not have left: that may still be among the notes. */
    uint32_t before = 0;
    for (int64_t k = line->first; k <= line->last; k++) {
        uint32_t stood = line_at(line, k);
        if (stood != before)
            change(c, k, (int32_t)(stood - before));
        before = stood;
    }
    return line->first < first ? line->first : first;
}

/* So many are put in order one by one. */
#define NOTES_FEW 24u

/* A row's notes in order, as distances from the base, doubled; odd where one more stands. Of one
 * instant those that leave come first. */
static unsigned in_order(const struct ledger *l, unsigned row, uint16_t order[NOTES_FEW])
{
    const uint16_t *notes = notes_in(l);
    unsigned count = 0;
    for (unsigned i = 0; i < l->count; i++) {
        if (row_of(notes[i]) != row)
            continue;
        unsigned distance = (unsigned)((uint64_t)notes[i] - (uint64_t)l->base) & NOTE_INSTANT;
        uint16_t place = (uint16_t)(distance << 1 | !(notes[i] & NOTE_LEAVES));
        unsigned at = count++;
        for (; at > 0 && order[at - 1] > place; at--)
            order[at] = order[at - 1];
        order[at] = place;
    }
    return count;
}

static struct row_load load_of_few(const struct ledger *l, unsigned row)
{
    struct row_load load = {0};
    uint16_t order[NOTES_FEW];
    unsigned count = in_order(l, row, order);
    int32_t stands = 0; /* below 0 at most within an instant */
    unsigned since = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned distance = order[i] >> 1;
        load.sum += (uint64_t)stands * (distance - since);
        since = distance;
        stands += order[i] & 1 ? 1 : -1;
        if (stands > (int32_t)load.peak) {
            load.peak = (uint32_t)stands;
            load.instant = l->base + distance;
        }
    }
    return load;
}

struct row_load ledger_load(const struct ledger *l, unsigned row)
{
    struct row_load load = {0};
    if (!(l->rows & 1u << row))
        return load;
    if (l->count <= NOTES_FEW && !l->lines)
        return load_of_few(l, row);
    struct changes c;
    int64_t first = collect(l, row, &c);
    unsigned start = (unsigned)((uint64_t)first & NOTE_INSTANT);
    uint32_t stands = 0;
    int64_t since = first;
    /* Around once, beginning and ending in the word that holds the first instant. */
    for (unsigned step = 0; step <= LINE_SLOTS / 64; step++) {
        unsigned word = (start / 64 + step) % (LINE_SLOTS / 64);
        uint64_t bits = c.where[word];
        if (step == 0)
            bits &= UINT64_MAX << start % 64;
        else if (step == LINE_SLOTS / 64)
            bits &= ~(UINT64_MAX << start % 64);
        for (; bits; bits &= bits - 1) {
            unsigned slot = word * 64 + (unsigned)__builtin_ctzll(bits);
            int64_t instant = first + (int64_t)((slot - start) & NOTE_INSTANT);
            load.sum += (uint64_t)stands * (uint64_t)(instant - since);
            since = instant;
            stands += (uint32_t)c.by[slot];
            if (stands > load.peak) {
                load.peak = stands;
                load.instant = instant;
            }
        }
    }
    return load;
}

/* Summing a line up, and taking it apart for what is entered next, would cost more than a look at
 * its changes. */
bool ledger_peak(struct ledger *l, const struct grid *grid, unsigned row, uint32_t *peak)
{
    bring_to(l, grid->level);
    if (!l->lines) {
        *peak = ledger_load(l, row).peak;
        return true;
    }
    if (!enter_all(l))
        return false;
    *peak = line_highest(&l->lines[row], grid->level);
    return true;
}

bool ledger_draw(struct ledger *l, const struct grid *grid)
{
    if (!enter_all(l))
        return false;
    ledger_settle(l, grid);
    return true;
}
