#include "reports/text_ladder.h"

#include "reports/flags_text.h"
#include "reports/sentence.h"
#include "reports/text_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_US     1000
#define US_PER_SECOND UINT64_C(1000000)
#define SILENCE_NS    INT64_C(1000000000) /* a longer one is told */

enum {
    ARROW_FRAME = 4, /* of an arrow: what is not its label */
    ARROW_LEAST = 16,
    NOTES_LEAST = 24,
    NOTES_MOST = 60,
    CELL_BYTES = FRAME_MARK_BYTES,
    LABEL_BYTES = 128,
};

/* What lines are drawn with. */
struct strokes {
    const char *life, *idle, *line, *left, *right;
};

static const struct strokes typeset = {"\xe2\x94\x82", "\xe2\x94\x8a", "\xe2\x94\x80",
                                       "\xe2\x97\x80", "\xe2\x96\xb6"};
static const struct strokes plain = {"|", ":", "-", "<", ">"};

struct drawing {
    struct text_page *page;
    const struct told_connection *connection;
    const struct connection_verdict *verdict;
    const struct ladder_row *rows;
    size_t count;
    const struct strokes *strokes;
    bool wide; /* absolute numbers */
    /* Columns. */
    size_t frame, time, state[2], arrow, notes; /* notes 0: they stand below their row */
};

static const struct endpoint_verdict *end_of(const struct connection_verdict *v, unsigned role)
{
    return role == ROLE_CLIENT ? &v->client : &v->server;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* ---- cells ---------------------------------------------------------------------------------- */

static void time_cell(const struct drawing *d, int64_t at_ns, char out[CELL_BYTES])
{
    int64_t start_ns = d->verdict->start_ns;
    if (at_ns == TIME_UNKNOWN || start_ns == TIME_UNKNOWN) {
        snprintf(out, CELL_BYTES, "?");
        return;
    }
    bool before = at_ns < start_ns;
    uint64_t us =
        (before ? (uint64_t)start_ns - (uint64_t)at_ns : (uint64_t)at_ns - (uint64_t)start_ns) /
        NS_PER_US;
    snprintf(out, CELL_BYTES, "%s%" PRIu64 ".%06" PRIu64, before ? "-" : "", us / US_PER_SECOND,
             us % US_PER_SECOND);
}

/* STATE where it is proved, STATE? where it is presumed, (STATE) where it was taken back. */
static void state_text(const struct state_entry *entry, char out[CELL_BYTES])
{
    const char *name = tcp_state_name(entry->state);
    if (entry->retracted)
        snprintf(out, CELL_BYTES, "(%s)", name);
    else
        snprintf(out, CELL_BYTES, "%s%s", name, entry->certainty == CERTAINTY_CONFIRMED ? "" : "?");
}

/* Of several changes in one row the last that is believed, or the last; NULL: none. */
static const struct state_entry *state_shown(const struct drawing *d, const struct ladder_row *row,
                                             unsigned role)
{
    const struct state_entry *shown = NULL;
    for (uint32_t i = 0; i < row->ends[role].count; i++) {
        const struct state_entry *entry = ladder_entry(d->verdict, row, role, i);
        if (!shown || !entry->retracted || shown->retracted)
            shown = entry;
    }
    return shown;
}

static enum tone tone_of_state(const struct state_entry *entry)
{
    if (entry->retracted)
        return TONE_FAINT;
    return entry->certainty == CERTAINTY_CONFIRMED ? TONE_STRONG : TONE_PLAIN;
}

static void add_number(struct sentence *label, bool wide, const char *name, uint32_t relative,
                       uint32_t absolute)
{
    char text[LABEL_BYTES];
    if (wide)
        snprintf(text, sizeof text, " %s=%" PRIu32 " (%" PRIu32 ")", name, relative, absolute);
    else
        snprintf(text, sizeof text, " %s=%" PRIu32, name, relative);
    sentence_add(label, text);
}

static void add_numbers(struct sentence *label, const struct ladder_row *row, bool wide)
{
    char text[LABEL_BYTES];
    add_number(label, wide, "seq", row->relative_seq, row->seq);
    if (row->flags & TCP_ACK)
        add_number(label, wide, "ack", row->relative_ack, row->ack);
    if (row->payload_len || wide) {
        snprintf(text, sizeof text, " len=%" PRIu32, row->payload_len);
        sentence_add(label, text);
    }
    if (wide || (!row->window && !(row->flags & (TCP_SYN | TCP_RST)))) {
        snprintf(text, sizeof text, " win=%u", row->window);
        sentence_add(label, text);
    }
}

/* What stands on the arrow: flags as their letters where that saves the room that is lacking; false
 * when there is too little all the same, and the numbers are left out. */
static bool arrow_label(const struct drawing *d, const struct ladder_row *row, size_t room,
                        struct sentence *label)
{
    char flags[FLAGS_TEXT_BYTES], letters[FLAGS_TEXT_BYTES];
    flags_words(row->flags, flags);
    flags_letters(row->flags, letters);
    const char *const forms[] = {flags, letters};
    for (int i = 0; i < 2; i++) {
        sentence_init(label);
        sentence_add(label, forms[i]);
        add_numbers(label, row, d->wide);
        if (label->length <= room)
            return true;
    }
    sentence_init(label);
    sentence_add(label, flags);
    return false;
}

/* ---- notes ---------------------------------------------------------------------------------- */

static void add_note(struct sentence *notes, const char *text)
{
    sentence_add(notes, notes->length ? "; " : "");
    sentence_add(notes, text);
}

static bool shows_note(const struct drawing *d, const struct ladder_row *row, uint32_t anomaly,
                       const char *note)
{
    const struct anomaly_evidence *piece = ladder_evidence(row, &d->verdict->anomalies[anomaly]);
    return piece && strcmp(piece->note, note) == 0;
}

/* "[1] [3] FIN": what the row shows to several anomalies stands once. */
static void add_marks_of(const struct drawing *d, const struct ladder_row *row, uint32_t first,
                         const char *note, struct sentence *notes)
{
    for (uint32_t i = 0; i < first; i++) {
        if (shows_note(d, row, i, note))
            return;
    }
    add_note(notes, "");
    for (uint32_t i = first; i < d->verdict->anomaly_count; i++) {
        char mark[CELL_BYTES];
        snprintf(mark, sizeof mark, "[%" PRIu32 "] ", i + 1);
        if (shows_note(d, row, i, note))
            sentence_add(notes, mark);
    }
    sentence_add(notes, note);
}

static void add_marks(const struct drawing *d, const struct ladder_row *row, struct sentence *notes)
{
    for (uint32_t i = 0; i < d->verdict->anomaly_count; i++) {
        const struct anomaly_evidence *piece = ladder_evidence(row, &d->verdict->anomalies[i]);
        if (piece)
            add_marks_of(d, row, i, piece->note, notes);
    }
}

/* Changes beside the one that has the row's cell. */
static void add_states(const struct drawing *d, const struct ladder_row *row,
                       struct sentence *notes)
{
    for (unsigned role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
        const struct state_entry *shown = state_shown(d, row, role);
        for (uint32_t i = 0; i < row->ends[role].count; i++) {
            const struct state_entry *entry = ladder_entry(d->verdict, row, role, i);
            char state[CELL_BYTES];
            if (entry == shown)
                continue;
            state_text(entry, state);
            add_note(notes, role_name(role));
            sentence_add(notes, " passed ");
            sentence_add(notes, state);
        }
    }
}

static void notes_of_segment(const struct drawing *d, const struct ladder_row *row, bool numbered,
                             struct sentence *notes)
{
    sentence_init(notes);
    if (!numbered) {
        struct sentence numbers = {0};
        add_numbers(&numbers, row, d->wide);
        add_note(notes, numbers.text + 1);
    }
    if (row->segment_class != SEGMENT_NEW)
        add_note(notes, ladder_class_words(row->segment_class, 1));
    add_marks(d, row, notes);
    add_states(d, row, notes);
}

static void add_sum(const struct ladder_row *row, unsigned role, struct sentence *notes)
{
    const struct ladder_sum *sum = &row->sums[role];
    if (!sum->segments)
        return;
    add_note(notes, role_name(role));
    sentence_add(notes, ": ");
    words_amount(notes, sum->segments, "segments");
    if (sum->payload_bytes) {
        sentence_add(notes, ", ");
        words_amount(notes, sum->payload_bytes, "octets");
    }
    for (unsigned i = SEGMENT_NEW + 1; i < SEGMENT_CLASSES; i++) {
        if (!sum->classes[i])
            continue;
        sentence_add(notes, ", ");
        words_number(notes, sum->classes[i]);
        sentence_add(notes, " ");
        sentence_add(notes, ladder_class_words(i, sum->classes[i]));
    }
}

static void notes_of_fold(const struct drawing *d, const struct ladder_row *row,
                          struct sentence *notes)
{
    char cell[CELL_BYTES];
    sentence_init(notes);
    sentence_add(notes, "frames ");
    frame_mark(d->connection, row->frame, cell);
    sentence_add(notes, cell);
    sentence_add(notes, " to ");
    frame_mark(d->connection, row->until_frame, cell);
    sentence_add(notes, cell);
    add_sum(row, ROLE_CLIENT, notes);
    add_sum(row, ROLE_SERVER, notes);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void put_cell(const struct drawing *d, size_t width, bool right, enum tone tone,
                     const char *text)
{
    size_t columns = page_columns(d->page, text);
    size_t blanks = columns < width ? width - columns : 0;
    page_blanks(d->page, right ? blanks : 0);
    page_put(d->page, tone, text);
    page_blanks(d->page, right ? 0 : blanks);
}

static void put_repeated(const struct drawing *d, const char *text, size_t count)
{
    while (count--)
        page_put(d->page, TONE_PLAIN, text);
}

/* Where the first lifeline stands, from 0. */
static size_t lifeline(const struct drawing *d)
{
    return d->frame + 1 + d->time + 1 + d->state[0] + 1;
}

static size_t notes_column(const struct drawing *d)
{
    return lifeline(d) + d->arrow + 3 + d->state[1] + 2;
}

static void put_left(const struct drawing *d, const struct ladder_row *row, const char *life)
{
    char cell[CELL_BYTES];
    frame_mark(d->connection, row->kind == LADDER_SEGMENT ? row->frame : FRAME_NONE, cell);
    put_cell(d, d->frame, true, TONE_FAINT, cell);
    page_blanks(d->page, 1);
    time_cell(d, row->at_ns, cell);
    put_cell(d, d->time, true, TONE_FAINT, cell);
    page_blanks(d->page, 1);
    const struct state_entry *entry = state_shown(d, row, ROLE_CLIENT);
    if (entry)
        state_text(entry, cell);
    put_cell(d, d->state[0], true, entry ? tone_of_state(entry) : TONE_PLAIN, entry ? cell : "");
    page_blanks(d->page, 1);
    page_put(d->page, TONE_PLAIN, life);
}

/* Words of ours, wrapped from `column` on; the first line goes on where the cursor stands. */
static void put_wrapped(const struct drawing *d, size_t column, size_t width, enum tone tone,
                        const char *text)
{
    size_t used = 0;
    while (*text) {
        size_t length = strcspn(text, " ");
        char word[LABEL_BYTES];
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (used && used + 1 + length > width) {
            page_newline(d->page);
            page_blanks(d->page, column);
            used = 0;
        }
        page_put(d->page, tone, used ? " " : "");
        page_put(d->page, tone, word);
        used += length + (used > 0);
        text += length + (text[length] == ' ');
    }
}

/* The server's state, and the notes beside it or below. */
static void put_right(const struct drawing *d, const struct ladder_row *row, const char *life,
                      enum tone tone, const char *notes)
{
    char cell[CELL_BYTES] = "";
    page_put(d->page, TONE_PLAIN, life);
    const struct state_entry *entry = state_shown(d, row, ROLE_SERVER);
    if (entry) {
        state_text(entry, cell);
        page_blanks(d->page, 1);
        page_put(d->page, tone_of_state(entry), cell);
    }
    if (*notes && d->notes) {
        page_blanks(d->page, d->state[1] + 2 + !entry - strlen(cell));
        put_wrapped(d, notes_column(d), d->notes, tone, notes);
    } else if (*notes) {
        size_t column = lifeline(d) + 3;
        size_t columns = d->page->style.columns;
        page_newline(d->page);
        page_blanks(d->page, column);
        put_wrapped(d, column, columns > column + NOTES_LEAST ? columns - column : NOTES_LEAST,
                    tone, notes);
    }
    page_newline(d->page);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void put_arrow(const struct drawing *d, const struct ladder_row *row, const char *label)
{
    const struct strokes *s = d->strokes;
    bool rightwards = row->from == ROLE_CLIENT;
    size_t rest = d->arrow - ARROW_FRAME - strlen(label);
    put_repeated(d, rightwards ? s->line : s->left, 1);
    page_blanks(d->page, 1);
    page_put(d->page, row->flags & TCP_RST ? TONE_WARNING : TONE_PLAIN, label);
    page_blanks(d->page, 1);
    put_repeated(d, s->line, rest);
    put_repeated(d, rightwards ? s->right : s->line, 1);
}

static bool is_marked(const struct drawing *d, const struct ladder_row *row)
{
    for (uint32_t i = 0; i < d->verdict->anomaly_count; i++) {
        if (ladder_evidence(row, &d->verdict->anomalies[i]))
            return true;
    }
    return false;
}

static void put_segment(const struct drawing *d, const struct ladder_row *row)
{
    struct sentence label, notes;
    bool numbered = arrow_label(d, row, d->arrow - ARROW_FRAME, &label);
    notes_of_segment(d, row, numbered, &notes);
    put_left(d, row, d->strokes->life);
    put_arrow(d, row, label.text);
    put_right(d, row, d->strokes->life, is_marked(d, row) ? TONE_NOTICE : TONE_PLAIN, notes.text);
}

/* Words between the lifelines; what has no room there stands with the notes. */
static void put_between(const struct drawing *d, const struct ladder_row *row, const char *words,
                        const char *notes)
{
    size_t columns = page_columns(d->page, words);
    bool fits = columns + 2 <= d->arrow;
    size_t before = fits ? (d->arrow - columns) / 2 : 0;
    put_left(d, row, d->strokes->idle);
    page_blanks(d->page, before);
    page_put(d->page, TONE_FAINT, fits ? words : "");
    page_blanks(d->page, d->arrow - before - (fits ? columns : 0));
    put_right(d, row, d->strokes->idle, TONE_FAINT, *notes || fits ? notes : words);
}

static void put_fold(const struct drawing *d, const struct ladder_row *row)
{
    struct sentence words = {0}, notes;
    words_amount(&words, row->sums[0].segments + row->sums[1].segments, "segments");
    notes_of_fold(d, row, &notes);
    put_between(d, row, words.text, notes.text);
}

static void timer_words(const struct state_entry *entry, struct sentence *words)
{
    sentence_init(words);
    switch (entry->cause) {
    case CAUSE_TWO_MSL_ELAPSED:
        sentence_add(words, "2*MSL have passed");
        break;
    case CAUSE_TIMED_OUT:
        sentence_add(words, "gave up");
        break;
    case CAUSE_REUSED:
        sentence_add(words, "the five-tuple is used again");
        break;
    default:
        sentence_add(words, state_cause_name(entry->cause));
        for (char *at = words->text; *at; at++)
            *at = *at == '_' ? ' ' : *at;
        break;
    }
}

static void put_timer(const struct drawing *d, const struct ladder_row *row)
{
    unsigned role = row->ends[ROLE_CLIENT].count ? ROLE_CLIENT : ROLE_SERVER;
    struct sentence words, notes = {0};
    if (row->frame != FRAME_NONE) {
        char cell[CELL_BYTES];
        frame_mark(d->connection, row->frame, cell);
        sentence_add(&notes, "by frame ");
        sentence_add(&notes, cell);
    }
    add_states(d, row, &notes);
    timer_words(ladder_entry(d->verdict, row, role, 0), &words);
    put_between(d, row, words.text, notes.text);
}

static void put_silence(const struct drawing *d, int64_t before_ns, int64_t at_ns)
{
    if (before_ns == TIME_UNKNOWN || at_ns == TIME_UNKNOWN || at_ns < before_ns ||
        (uint64_t)at_ns - (uint64_t)before_ns < SILENCE_NS)
        return;
    struct sentence words = {0};
    sentence_add_duration(&words, (uint64_t)at_ns - (uint64_t)before_ns);
    size_t before = words.length < d->arrow ? (d->arrow - words.length) / 2 : 0;
    page_blanks(d->page, lifeline(d));
    page_put(d->page, TONE_PLAIN, d->strokes->idle);
    page_blanks(d->page, before);
    page_put(d->page, TONE_FAINT, words.text);
    page_blanks(d->page, words.length < d->arrow ? d->arrow - before - words.length : 0);
    page_put(d->page, TONE_PLAIN, d->strokes->idle);
    page_newline(d->page);
}

static void put_rows(const struct drawing *d)
{
    int64_t before_ns = TIME_UNKNOWN;
    for (size_t i = 0; i < d->count; i++) {
        const struct ladder_row *row = &d->rows[i];
        put_silence(d, before_ns, row->at_ns);
        if (row->kind == LADDER_SEGMENT)
            put_segment(d, row);
        else if (row->kind == LADDER_FOLD)
            put_fold(d, row);
        else
            put_timer(d, row);
        before_ns = row->kind == LADDER_FOLD ? row->until_ns : row->at_ns;
    }
}

/* ---- measures ------------------------------------------------------------------------------- */

static size_t head_width(const struct connection_verdict *v, unsigned role)
{
    struct sentence end = {0};
    sentence_add_service(&end, end_of(v, role)->address, end_of(v, role)->port);
    return end.length;
}

static void measure(struct drawing *d)
{
    size_t label = ARROW_LEAST, columns = d->page->style.columns;
    char cell[CELL_BYTES];
    d->frame = strlen("frame");
    d->time = strlen("seconds");
    d->state[0] = d->state[1] = strlen("client");
    for (size_t i = 0; i < d->count; i++) {
        const struct ladder_row *row = &d->rows[i];
        frame_mark(d->connection, row->kind == LADDER_SEGMENT ? row->frame : FRAME_NONE, cell);
        d->frame = larger(d->frame, strlen(cell));
        time_cell(d, row->at_ns, cell);
        d->time = larger(d->time, strlen(cell));
        for (unsigned role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
            const struct state_entry *entry = state_shown(d, row, role);
            if (entry)
                state_text(entry, cell);
            d->state[role] = larger(d->state[role], entry ? strlen(cell) : 0);
        }
        struct sentence text;
        if (row->kind == LADDER_SEGMENT && arrow_label(d, row, SENTENCE_BYTES, &text))
            label = larger(label, text.length + ARROW_FRAME + 1);
    }
    size_t others = notes_column(d);
    size_t room = columns > others ? columns - others + 2 : 0;
    d->arrow = room < ARROW_LEAST ? ARROW_LEAST : room < label ? room : label;
    room = columns > notes_column(d) ? columns - notes_column(d) : 0;
    d->notes = !d->wide || room < NOTES_LEAST ? 0 : room < NOTES_MOST ? room : NOTES_MOST;
}

/* ---- titles and legend ---------------------------------------------------------------------- */

static void put_titles(const struct drawing *d)
{
    const struct connection_verdict *v = d->verdict;
    struct sentence server = {0}, client = {0};
    sentence_add_service(&client, v->client.address, v->client.port);
    sentence_add_service(&server, v->server.address, v->server.port);
    /* Above the lifelines, where there is room for both; else their roles say enough. */
    if (head_width(v, ROLE_CLIENT) <= lifeline(d) && d->arrow > 2) {
        put_cell(d, lifeline(d) + 1, true, TONE_STRONG, client.text);
        page_blanks(d->page, d->arrow);
        page_put(d->page, TONE_STRONG, server.text);
        page_newline(d->page);
    }
    put_cell(d, d->frame, true, TONE_FAINT, "frame");
    page_blanks(d->page, 1);
    put_cell(d, d->time, true, TONE_FAINT, "seconds");
    page_blanks(d->page, 1);
    put_cell(d, d->state[0] + 2, true, TONE_STRONG, "client");
    page_blanks(d->page, d->arrow);
    page_put(d->page, TONE_STRONG, "server");
    page_newline(d->page);
}

/* What the forms of a state mean, as far as they occur. */
static void put_legend(const struct drawing *d)
{
    bool presumed = false, retracted = false;
    struct sentence line = {0};
    for (unsigned role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
        const struct endpoint_verdict *e = end_of(d->verdict, role);
        for (uint32_t i = 0; i < e->state_count; i++) {
            retracted |= e->states[i].retracted;
            presumed |= !e->states[i].retracted && e->states[i].certainty != CERTAINTY_CONFIRMED;
        }
    }
    sentence_add(&line, "A state is written where it began: plain where later segments of that "
                        "endpoint prove it");
    if (presumed)
        sentence_add(&line, ", with ? where it is presumed from what passed the capture point");
    if (retracted)
        sentence_add(&line, ", in parentheses where later segments showed that it was not so");
    sentence_add(&line, ".");
    page_newline(d->page);
    page_paragraph(d->page, 0, TONE_FAINT, "", line.text);
}

void text_ladder(struct text_page *page, const struct told_connection *connection)
{
    struct drawing d = {.page = page,
                        .connection = connection,
                        .verdict = connection->verdict,
                        .rows = connection->rows,
                        .count = connection->count,
                        .strokes = page->style.utf8 ? &typeset : &plain,
                        .wide = page->style.columns >= TEXT_LADDER_WIDE};
    measure(&d);
    text_connection_head(page, connection);
    put_titles(&d);
    put_rows(&d);
    put_legend(&d);
    text_connection_foot(page, connection);
}
