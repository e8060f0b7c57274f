/*
 * Services by how their connections ended.
 */
#include "reports/text_report.h"
#include "reports/text_table.h"
#include "reports/text_words.h"

#include <stdio.h>
#include <string.h>

enum { BUSIEST = 10, WORST = 5 };

_Static_assert(BUSIEST + WORST + 2 <= TABLE_ROWS_MAX, "with the heading and the others");

static const struct service_column {
    const char *title;
    unsigned kinds; /* bits 1 << enum close_kind; 0: all */
} columns[] = {
    {"conns", 0},
    {"graceful", 1u << CLOSE_GRACEFUL | 1u << CLOSE_SIMULTANEOUS},
    {"reset", 1u << CLOSE_RESET},
    {"gone", 1u << CLOSE_VANISHED},
    {"open", 1u << CLOSE_MID_CLOSE | 1u << CLOSE_HALF_CLOSED | 1u << CLOSE_OPEN},
    {"failed", 1u << CLOSE_NONE},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

_Static_assert(COLUMNS + 1 <= TABLE_CELLS_MAX, "with the share");

static uint64_t count_in(const struct service_column *column, const struct service_closes *service)
{
    uint64_t sum = column->kinds ? 0 : service->connections;
    for (unsigned kind = 0; kind < CLOSE_KINDS; kind++) {
        if (column->kinds >> kind & 1)
            sum += service->closes[kind];
    }
    return sum;
}

static void set_cell(char cell[TABLE_CELL_BYTES], const struct sentence *text)
{
    snprintf(cell, TABLE_CELL_BYTES, "%.*s", TABLE_CELL_BYTES - 1, text->text);
}

static void add_row(struct text_table *table, const char *name,
                    const struct service_closes *service)
{
    struct table_row *row = &table->row[table->rows++];
    struct sentence cell;
    snprintf(row->name, sizeof row->name, "%s", name);
    for (unsigned i = 0; i < COLUMNS; i++) {
        uint64_t count = count_in(&columns[i], service);
        sentence_init(&cell);
        words_number(&cell, count);
        set_cell(row->cells[i], &cell);
        if (!count)
            snprintf(row->cells[i], sizeof row->cells[i], "-");
    }
    sentence_init(&cell);
    if (service_trouble(service))
        words_share(&cell, service_trouble(service), service->connections);
    else
        sentence_add(&cell, "-");
    set_cell(row->cells[COLUMNS], &cell);
}

static void add_service(struct text_table *table, const struct service_closes *service,
                        struct service_closes *rest)
{
    struct sentence name = {0};
    sentence_add_service(&name, service->address, service->port);
    char text[TABLE_NAME_BYTES];
    snprintf(text, sizeof text, "%.*s", TABLE_NAME_BYTES - 1, name.text);
    add_row(table, text, service);
    rest->connections -= service->connections;
    for (unsigned kind = 0; kind < CLOSE_KINDS; kind++)
        rest->closes[kind] -= service->closes[kind];
}

static uint64_t opened(const struct service_closes *service)
{
    return service->connections - service->closes[CLOSE_NONE];
}

/* So many of those with the most, the busier first of equals. */
static void choose(const struct summary_verdict *summary, bool *chosen, unsigned most_rows,
                   uint64_t (*of)(const struct service_closes *service))
{
    for (unsigned n = 0; n < most_rows; n++) {
        uint32_t best = summary->service_count;
        uint64_t most = 0;
        for (uint32_t i = 0; i < summary->service_count; i++) {
            uint64_t count = of(&summary->services[i]);
            if (!chosen[i] && count > most) {
                best = i;
                most = count;
            }
        }
        if (best == summary->service_count)
            return;
        chosen[best] = true;
    }
}

void text_services(struct text_report *report, const struct summary_verdict *summary)
{
    enum { TOLD_MOST = 128 };
    bool chosen[TOLD_MOST] = {false};
    struct summary_verdict told = *summary;
    if (told.service_count > TOLD_MOST)
        told.service_count = TOLD_MOST;
    if (!told.service_count)
        return;
    choose(&told, chosen, BUSIEST, opened);
    choose(&told, chosen, WORST, service_trouble);
    struct service_closes rest = {.connections = told.connections};
    memcpy(rest.closes, told.closes, sizeof rest.closes);
    struct text_table table = {.cells = COLUMNS + 1, .rows = 1};
    snprintf(table.row[0].name, sizeof table.row[0].name, "server");
    for (unsigned i = 0; i < COLUMNS; i++)
        snprintf(table.row[0].cells[i], TABLE_CELL_BYTES, "%s", columns[i].title);
    snprintf(table.row[0].cells[COLUMNS], TABLE_CELL_BYTES, "trouble");
    for (uint32_t i = 0; i < told.service_count; i++) {
        if (chosen[i])
            add_service(&table, &told.services[i], &rest);
    }
    if (rest.connections)
        add_row(&table, "all others", &rest);
    page_heading(&report->page, "Services, by how their connections ended");
    table_put(&report->page, &table);
    page_paragraph(&report->page, 2, TONE_FAINT, "",
                   "gone: an end no longer answers. open: open, half-closed or closing when the "
                   "capture ends. failed: never opened. trouble: reset, gone or failed.");
}
