/*
 * A connection's packets between its two ends, from top to bottom as they passed, with the states
 * that both ends were in as bars along the way.
 */
#include "reports/flags_text.h"
#include "reports/html_report.h"
#include "reports/text_words.h"

#include <stdlib.h>
#include <string.h>

/* So many rows are drawn of one ladder; fewer where there are many ladders. */
enum { ROWS_MOST = 60, ROWS_LEAST = 16, ROWS_OF_ALL = 6000 };

/* In tenths of a unit: the columns from left to right, and the rows. */
enum {
    TIME_X = 1000,
    FRAME_X = 1420,
    CLIENT_LABEL_X = 2760,
    CLIENT_BAR_X = 2820,
    BAR_WIDTH = 100,
    CLIENT_X = 2970,
    SERVER_X = 6050,
    SERVER_BAR_X = 6100,
    SERVER_LABEL_X = 6260,
    NOTE_X = 7560,
    RIGHT = 11000,
    TOP = 330,
    ROW = 270,
    GAP_ROW = 210,
    LAST_ROW = 260,
    SLOPE = 40,
    NAME_INWARD = 1400,
};

/* Characters of an end's name that stands over its life line. */
enum { NAME_MIDDLE = 32 };

/* A silence as long as this is told in a row of its own. */
#define GAP_NS UINT64_C(1000000000)

bool html_has_ladder(const struct html_report *report, const struct worst_item *item)
{
    return item->connection && item->connection->ladder && !report->no_ladders;
}

/* ---- which rows ----------------------------------------------------------------------------- */

enum line_kind { LINE_ROW, LINE_SKIPPED, LINE_SILENCE };

/* From top to bottom: a row, or what lies between two of them. */
struct line {
    uint8_t kind;
    bool changed; /* LINE_SKIPPED: so did a state */
    const struct ladder_row *row;
    uint64_t amount; /* rows, or nanoseconds */
    int64_t y;
};

#define LINES_MOST (3 * ROWS_MOST)

struct drawing {
    struct html_report *report;
    const struct worst_item *item;
    const struct connection_verdict *verdict;
    const struct ladder_row *rows;
    size_t row_count;
    uint8_t *weight; /* of each row: WEIGHTS when it is drawn */
    struct line lines[LINES_MOST];
    size_t line_count;
    int64_t bottom;
};

enum weight { WEIGHT_PLAIN, WEIGHT_CLOSE, WEIGHT_STATE, WEIGHT_EVIDENCE, WEIGHTS };

static uint8_t weight_of(const struct drawing *drawing, const struct ladder_row *row)
{
    if (ladder_evidence(row, &drawing->item->anomaly))
        return WEIGHT_EVIDENCE;
    if (row->ends[ROLE_CLIENT].count || row->ends[ROLE_SERVER].count)
        return WEIGHT_STATE;
    if (row->kind == LADDER_SEGMENT && row->flags & (TCP_SYN | TCP_FIN | TCP_RST))
        return WEIGHT_CLOSE;
    return WEIGHT_PLAIN;
}

/* The weightiest first; of those of one weight that do not all fit, the first and the last. */
static void choose(struct drawing *drawing, size_t most)
{
    for (unsigned weight = WEIGHTS; weight-- > 0 && most;) {
        size_t all = 0, taken = 0;
        for (size_t i = 0; i < drawing->row_count; i++)
            all += drawing->weight[i] == weight;
        size_t head = all <= most ? all : (most + 1) / 2;
        size_t tail = all <= most ? 0 : most / 2;
        for (size_t i = 0, n = 0; i < drawing->row_count; i++) {
            if (drawing->weight[i] != weight)
                continue;
            if (n < head || n >= all - tail) {
                drawing->weight[i] = WEIGHTS;
                taken++;
            }
            n++;
        }
        most -= taken;
    }
}

/* ---- pieces --------------------------------------------------------------------------------- */

static struct html *html_of(const struct drawing *drawing)
{
    return &drawing->report->html;
}

static void put_at(struct html *html, const char *name, int64_t tenths)
{
    html_put(html, " ");
    html_put(html, name);
    html_put(html, "=\"");
    html_tenths(html, tenths);
    html_put(html, "\"");
}

static void put_text_at(struct html *html, const char *class, const char *anchor, int64_t x,
                        int64_t y)
{
    html_put(html, "<text class=\"");
    html_put(html, class);
    html_put(html, "\"");
    if (anchor) {
        html_put(html, " text-anchor=\"");
        html_put(html, anchor);
        html_put(html, "\"");
    }
    put_at(html, "x", x);
    put_at(html, "y", y);
    html_put(html, ">");
}

static const struct endpoint_verdict *end_of(const struct drawing *drawing, enum role role)
{
    return role == ROLE_CLIENT ? &drawing->verdict->client : &drawing->verdict->server;
}

/* ---- states --------------------------------------------------------------------------------- */

static void put_bar(const struct drawing *drawing, enum role role, uint32_t now, int64_t from,
                    int64_t to)
{
    struct html *html = html_of(drawing);
    const struct state_entry *entry;
    if (!now || to <= from)
        return;
    entry = &end_of(drawing, role)->states[now - 1];
    for (unsigned pass = 0; pass < 2; pass++) {
        if (pass && entry->certainty == CERTAINTY_CONFIRMED)
            return;
        html_put(html, "<rect class=\"");
        html_put(html, pass ? "presumed" : "s-");
        if (!pass)
            html_text(html, tcp_state_name(entry->state));
        html_put(html, "\"");
        put_at(html, "x", role == ROLE_CLIENT ? CLIENT_BAR_X : SERVER_BAR_X);
        put_at(html, "y", from);
        put_at(html, "width", BAR_WIDTH);
        put_at(html, "height", to - from);
        html_put(html, "/>");
    }
}

/* Beside the bar, where the state begins. */
static void put_state(const struct drawing *drawing, enum role role,
                      const struct state_entry *entry, int64_t y)
{
    struct html *html = html_of(drawing);
    bool client = role == ROLE_CLIENT;
    put_text_at(html, entry->retracted ? "back" : "state", client ? "end" : NULL,
                client ? CLIENT_LABEL_X : SERVER_LABEL_X, y + 35);
    html_text(html, tcp_state_name(entry->state));
    if (entry->retracted)
        html_put(html, ", taken back");
    else if (entry->certainty != CERTAINTY_CONFIRMED)
        html_put(html, " ?");
    html_put(html, "</text>");
}

/* Of several entries at one row the last that holds; else the last. */
static void put_states(const struct drawing *drawing, const struct ladder_row *row, int64_t y)
{
    for (unsigned role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
        const struct ladder_end *end = &row->ends[role];
        const struct state_entry *told = NULL;
        for (uint32_t i = 0; i < end->count; i++) {
            const struct state_entry *entry = ladder_entry(drawing->verdict, row, role, i);
            if (!told || !entry->retracted || told->retracted)
                told = entry;
        }
        if (told)
            put_state(drawing, role, told, y);
    }
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void put_band(struct html *html, int64_t y)
{
    html_put(html, "<rect class=\"proof\" x=\"0\"");
    put_at(html, "y", y - ROW / 2 + 5);
    put_at(html, "width", RIGHT);
    put_at(html, "height", ROW - 10);
    html_put(html, "/>\n");
}

static void put_when(const struct drawing *drawing, const struct ladder_row *row, int64_t y)
{
    struct html *html = html_of(drawing);
    put_text_at(html, "when", "end", TIME_X, y);
    if (row->at_ns != TIME_UNKNOWN)
        html_clock(html, row->at_ns);
    html_put(html, "</text>");
    if (row->kind == LADDER_TIMER || row->frame == FRAME_NONE)
        return;
    put_text_at(html, "when", "end", FRAME_X, y);
    html_frame(drawing->report, row->frame);
    html_put(html, "</text>");
}

static void put_label(const struct drawing *drawing, const struct ladder_row *row)
{
    struct html *html = html_of(drawing);
    char flags[FLAGS_TEXT_BYTES];
    flags_words(row->flags, flags);
    html_put(html, "<tspan class=\"flags\">");
    html_text(html, flags);
    html_put(html, "</tspan> seq ");
    html_count(html, row->relative_seq);
    if (row->flags & TCP_ACK) {
        html_put(html, " ack ");
        html_count(html, row->relative_ack);
    }
    if (row->payload_len) {
        html_put(html, " len ");
        html_count(html, row->payload_len);
    }
}

static void put_note(const struct drawing *drawing, const struct ladder_row *row,
                     const struct anomaly_evidence *proof, int64_t y)
{
    struct html *html = html_of(drawing);
    const char *words = ladder_class_words(row->segment_class, 1);
    if (!proof && !*words)
        return;
    put_text_at(html, proof ? "note proof-note" : "note", NULL, NOTE_X, y);
    if (proof) {
        html_put(html, "\xe2\x97\x86 ");
        html_text(html, proof->note);
        html_put(html, *words ? "; " : "");
    }
    html_text(html, words);
    html_put(html, "</text>");
}

static bool is_ghost(const struct ladder_row *row)
{
    return row->segment_class == SEGMENT_COPY || row->segment_class == SEGMENT_SECOND_TAP ||
           row->segment_class == SEGMENT_MALFORMED || row->segment_class == SEGMENT_FORMER_USE ||
           row->segment_class == SEGMENT_FORGED;
}

static void put_arrow(const struct drawing *drawing, const struct ladder_row *row, int64_t y)
{
    struct html *html = html_of(drawing);
    bool client = row->from == ROLE_CLIENT;
    int64_t from = client ? CLIENT_X : SERVER_X, to = client ? SERVER_X : CLIENT_X;
    html_put(html, "<path class=\"arrow\" d=\"M");
    html_tenths(html, from);
    html_put(html, " ");
    html_tenths(html, y - SLOPE);
    html_put(html, "L");
    html_tenths(html, to);
    html_put(html, " ");
    html_tenths(html, y + SLOPE);
    html_put(html, "\"/><path class=\"head\" d=\"M");
    html_tenths(html, to);
    html_put(html, " ");
    html_tenths(html, y + SLOPE);
    html_put(html, client ? "l-8-3.6v7z\"/>" : "l8-3.6v7z\"/>");
}

static void put_segment(const struct drawing *drawing, const struct ladder_row *row, int64_t y)
{
    struct html *html = html_of(drawing);
    const struct anomaly_evidence *proof = ladder_evidence(row, &drawing->item->anomaly);
    html_put(html, is_ghost(row) ? "<g class=\"ghost" : "<g class=\"sent");
    html_put(html, row->flags & TCP_RST ? " rst" : "");
    html_put(html, proof ? " proven\">" : "\">");
    put_arrow(drawing, row, y + 70);
    put_text_at(html, "label", "middle", (CLIENT_X + SERVER_X) / 2, y);
    put_label(drawing, row);
    html_put(html, "</text>");
    put_when(drawing, row, y + 30);
    put_note(drawing, row, proof, y + 30);
    html_put(html, "</g>\n");
}

static void put_sum(struct html *html, const struct ladder_sum *sum)
{
    struct sentence words = {0};
    words_amount(&words, sum->segments, "segments");
    if (sum->payload_bytes) {
        sentence_add(&words, ", ");
        words_amount(&words, sum->payload_bytes, "octets");
    }
    html_text(html, words.text);
}

static void put_fold(const struct drawing *drawing, const struct ladder_row *row, int64_t y)
{
    struct html *html = html_of(drawing);
    const struct ladder_sum *client = &row->sums[ROLE_CLIENT];
    const struct ladder_sum *server = &row->sums[ROLE_SERVER];
    put_when(drawing, row, y + 30);
    put_text_at(html, "gap", "middle", (CLIENT_X + SERVER_X) / 2, y + 30);
    if (client->segments) {
        html_put(html, "\xe2\x86\x92 ");
        put_sum(html, client);
    }
    html_put(html, client->segments && server->segments ? "   " : "");
    if (server->segments) {
        html_put(html, "\xe2\x86\x90 ");
        put_sum(html, server);
    }
    html_put(html, "</text>\n");
}

/* What changed a state without a segment. */
static void put_timer(const struct drawing *drawing, const struct ladder_row *row, int64_t y)
{
    struct html *html = html_of(drawing);
    enum role role = row->ends[ROLE_CLIENT].count ? ROLE_CLIENT : ROLE_SERVER;
    const struct state_entry *entry = ladder_entry(drawing->verdict, row, role, 0);
    put_when(drawing, row, y + 30);
    put_text_at(html, "gap", "middle", (CLIENT_X + SERVER_X) / 2, y + 30);
    html_text(html, role_name(role));
    html_put(html, ": ");
    for (const char *at = state_cause_name(entry->cause); *at; at++) {
        char letter[2] = {*at == '_' ? ' ' : *at, '\0'};
        html_text(html, letter);
    }
    html_put(html, "</text>\n");
}

static void put_row(const struct drawing *drawing, const struct ladder_row *row, int64_t y)
{
    switch (row->kind) {
    case LADDER_SEGMENT:
        put_segment(drawing, row, y);
        break;
    case LADDER_FOLD:
        put_fold(drawing, row, y);
        break;
    default:
        put_timer(drawing, row, y);
        break;
    }
    put_states(drawing, row, y);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static void add_line(struct drawing *drawing, enum line_kind kind, const struct ladder_row *row,
                     uint64_t amount)
{
    int64_t height = kind == LINE_ROW ? ROW : GAP_ROW;
    drawing->lines[drawing->line_count++] = (struct line){
        .kind = (uint8_t)kind, .row = row, .amount = amount, .y = drawing->bottom + height / 2};
    drawing->bottom += height;
}

/* How long nothing passed before the row; 0: not long, or unknown. */
static uint64_t silence_before(const struct ladder_row *before, const struct ladder_row *row)
{
    int64_t from_ns = before->kind == LADDER_FOLD ? before->until_ns : before->at_ns;
    if (from_ns == TIME_UNKNOWN || row->at_ns == TIME_UNKNOWN || row->at_ns <= from_ns)
        return 0;
    uint64_t silent_ns = (uint64_t)row->at_ns - (uint64_t)from_ns;
    return silent_ns >= GAP_NS ? silent_ns : 0;
}

static void lay_out(struct drawing *drawing)
{
    size_t skipped = 0;
    bool changed = false;
    drawing->bottom = TOP;
    for (size_t i = 0; i < drawing->row_count; i++) {
        const struct ladder_row *row = &drawing->rows[i];
        if (drawing->weight[i] != WEIGHTS) {
            skipped++;
            changed |= row->ends[ROLE_CLIENT].count || row->ends[ROLE_SERVER].count;
            continue;
        }
        uint64_t silent_ns = i ? silence_before(&drawing->rows[i - 1], row) : 0;
        if (skipped) {
            add_line(drawing, LINE_SKIPPED, NULL, skipped);
            drawing->lines[drawing->line_count - 1].changed = changed;
        }
        if (silent_ns)
            add_line(drawing, LINE_SILENCE, NULL, silent_ns);
        add_line(drawing, LINE_ROW, row, 0);
        skipped = 0;
        changed = false;
    }
    if (skipped)
        add_line(drawing, LINE_SKIPPED, NULL, skipped);
}

static void put_between(const struct drawing *drawing, const struct line *line)
{
    struct html *html = html_of(drawing);
    struct sentence text = {0};
    if (line->kind == LINE_SKIPPED) {
        words_amount(&text, line->amount, "rows");
        sentence_add(&text, " not drawn");
    } else {
        sentence_add_duration(&text, line->amount);
        sentence_add(&text, " later");
    }
    html_put(html, "<path class=\"gap-line\" d=\"M");
    html_tenths(html, CLIENT_X);
    html_put(html, " ");
    html_tenths(html, line->y);
    html_put(html, "H");
    html_tenths(html, SERVER_X);
    html_put(html, "\"/>");
    put_text_at(html, "gap", "middle", (CLIENT_X + SERVER_X) / 2, line->y + 35);
    html_text(html, text.text);
    html_put(html, "</text>\n");
}

/* ---- the drawing ---------------------------------------------------------------------------- */

/* Where what is believed after the row begins. */
static void put_bars(const struct drawing *drawing, enum role role)
{
    uint32_t now = 0;
    int64_t from = TOP;
    for (size_t i = 0; i < drawing->line_count; i++) {
        const struct line *line = &drawing->lines[i];
        bool hidden = line->kind == LINE_SKIPPED && line->changed;
        uint32_t next = now;
        if (line->kind == LINE_ROW)
            next = line->row->ends[role].now;
        if (!hidden && next == now)
            continue;
        put_bar(drawing, role, now, from, line->y);
        from = line->y;
        now = hidden ? 0 : next;
    }
    put_bar(drawing, role, now, from, drawing->bottom);
    html_put(html_of(drawing), "\n");
}

/* Names of IPv6 would meet in the middle. */
static bool is_wide(const struct drawing *drawing)
{
    struct sentence client = {0}, server = {0};
    sentence_add_service(&client, drawing->verdict->client.address, drawing->verdict->client.port);
    sentence_add_service(&server, drawing->verdict->server.address, drawing->verdict->server.port);
    return client.length + server.length > 2 * NAME_MIDDLE;
}

static void put_ends(const struct drawing *drawing)
{
    struct html *html = html_of(drawing);
    bool wide = is_wide(drawing);
    for (unsigned role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
        const struct endpoint_verdict *end = end_of(drawing, role);
        bool client = role == ROLE_CLIENT;
        int64_t x = client ? CLIENT_X : SERVER_X;
        struct sentence name = {0};
        sentence_add(&name, role_name(role));
        sentence_add(&name, " ");
        sentence_add_service(&name, end->address, end->port);
        if (wide)
            put_text_at(html, "end", client ? "end" : NULL,
                        client ? x + NAME_INWARD : x - NAME_INWARD, 140);
        else
            put_text_at(html, "end", "middle", x, 140);
        html_text(html, name.text);
        html_put(html, "</text><path class=\"life\" d=\"M");
        html_tenths(html, x);
        html_put(html, " 22V");
        html_tenths(html, drawing->bottom);
        html_put(html, "\"/>\n");
    }
    put_text_at(html, "when", "end", TIME_X, 310);
    html_put(html, "time (UTC)</text>");
    put_text_at(html, "when", "end", FRAME_X, 310);
    html_put(html, "frame</text>\n");
}

/* Everything that the capture leaves open. */
static void put_last_states(const struct drawing *drawing)
{
    struct html *html = html_of(drawing);
    for (unsigned role = ROLE_CLIENT; role <= ROLE_SERVER; role++) {
        bool client = role == ROLE_CLIENT;
        const char *between = "at the end ";
        put_text_at(html, "when", client ? "end" : NULL, client ? CLIENT_X : SERVER_BAR_X,
                    drawing->bottom + 160);
        for (unsigned state = 0; state < STATES; state++) {
            if (!(end_of(drawing, role)->possible_states >> state & 1))
                continue;
            html_put(html, between);
            html_text(html, tcp_state_name(state));
            between = " or ";
        }
        html_put(html, "</text>");
    }
    html_put(html, "\n");
}

static void put_drawing(const struct drawing *drawing)
{
    struct html *html = html_of(drawing);
    html_put(html, "<figure class=\"ladder\"><div class=\"scroll\"><svg viewBox=\"0 0 ");
    html_tenths(html, RIGHT);
    html_put(html, " ");
    html_tenths(html, drawing->bottom + LAST_ROW);
    html_put(html, "\" role=\"img\" aria-label=\"Ladder of the connection: its packets, and the "
                   "states of both ends\">\n");
    /* Bands lie below everything. */
    for (size_t i = 0; i < drawing->line_count; i++) {
        const struct line *line = &drawing->lines[i];
        if (line->kind == LINE_ROW && ladder_evidence(line->row, &drawing->item->anomaly))
            put_band(html, line->y);
    }
    put_ends(drawing);
    put_bars(drawing, ROLE_CLIENT);
    put_bars(drawing, ROLE_SERVER);
    for (size_t i = 0; i < drawing->line_count; i++) {
        const struct line *line = &drawing->lines[i];
        if (line->kind == LINE_ROW)
            put_row(drawing, line->row, line->y);
        else
            put_between(drawing, line);
    }
    put_last_states(drawing);
    html_put(html, "</svg></div></figure>\n");
}

static size_t rows_most(const struct html_report *report)
{
    size_t most = ROWS_OF_ALL / (report->worst.count ? report->worst.count : 1);
    return most < ROWS_LEAST ? ROWS_LEAST : most < ROWS_MOST ? most : ROWS_MOST;
}

bool html_ladder(struct html_report *report, const struct worst_item *item)
{
    struct drawing drawing = {.report = report, .item = item};
    if (!html_has_ladder(report, item))
        return true;
    drawing.verdict = item->connection->verdict;
    drawing.rows = ladder_rows(item->connection->ladder, &drawing.row_count);
    drawing.weight = drawing.rows ? malloc(drawing.row_count + 1) : NULL;
    if (!drawing.weight)
        return false;
    for (size_t i = 0; i < drawing.row_count; i++)
        drawing.weight[i] = weight_of(&drawing, &drawing.rows[i]);
    choose(&drawing, rows_most(report));
    lay_out(&drawing);
    put_drawing(&drawing);
    free(drawing.weight);
    return true;
}

/* ---- the legend ----------------------------------------------------------------------------- */

void html_ladder_legend(struct html_report *report)
{
    struct html *html = &report->html;
    if (report->no_ladders) {
        html_put(html, "<p class=\"note\" id=\"no-ladders\">The ladders are left out: ");
        html_text(html, report->no_ladders);
        html_put(html, ".</p>\n");
        return;
    }
    html_put(html, "<svg class=\"absent\" aria-hidden=\"true\"><defs><pattern id=\"presumed\" "
                   "width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
                   "patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M0 "
                   "0V6\"/></pattern></defs></svg>\n<p class=\"note\" id=\"ladder-legend\">A "
                   "ladder shows the connection's packets. The bars beside the life "
                   "lines are the states of the ends: solid where the end's own later segment "
                   "proves them, hatched and with a question mark where they are presumed. Rows "
                   "with \xe2\x97\x86 are the evidence. seq and ack count from the connection's "
                   "beginning.");
    if (report->told.findings->file_count > 1)
        html_put(html, " 2:9 is frame 9 of the second file; the files have their numbers below <a "
                       "href=\"#files\">Evidence</a>.");
    html_put(html, "</p>\n");
}
