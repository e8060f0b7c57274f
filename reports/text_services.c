/*
 * Services by how their connections ended, as a table.
 */
#include "reports/text_report.h"
#include "reports/text_table.h"
#include "reports/text_words.h"

#include <stdio.h>

enum { BUSIEST = 10, WORST = 5 };

_Static_assert(BUSIEST + WORST + 2 <= TABLE_ROWS_MAX, "with the heading and the others");
_Static_assert(TOLD_GROUPS + 1 <= TABLE_CELLS_MAX, "with the share");

static void set_cell(char cell[TABLE_CELL_BYTES], const struct sentence *text)
{
    snprintf(cell, TABLE_CELL_BYTES, "%.*s", TABLE_CELL_BYTES - 1, text->text);
}

static void add_row(struct text_table *table, const char *name,
                    const struct service_closes *service)
{
    struct table_row *row = &table->row[table->rows++];
    struct sentence cell;
    snprintf(row->name, sizeof row->name, "%.*s", TABLE_NAME_BYTES - 1, name);
    for (unsigned i = 0; i < TOLD_GROUPS; i++) {
        uint64_t count = told_group_count(&told_groups[i], service);
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
    set_cell(row->cells[TOLD_GROUPS], &cell);
}

void text_services(struct text_report *report, const struct summary_verdict *summary)
{
    struct told_services services;
    if (!summary->service_count)
        return;
    told_services(&services, summary, BUSIEST, WORST);
    struct text_table table = {.cells = TOLD_GROUPS + 1, .rows = 1};
    snprintf(table.row[0].name, sizeof table.row[0].name, "server");
    for (unsigned i = 0; i < TOLD_GROUPS; i++)
        snprintf(table.row[0].cells[i], TABLE_CELL_BYTES, "%s", told_groups[i].title);
    snprintf(table.row[0].cells[TOLD_GROUPS], TABLE_CELL_BYTES, "trouble");
    for (uint32_t i = 0; i < services.count; i++) {
        struct sentence name = {0};
        sentence_add_service(&name, services.service[i]->address, services.service[i]->port);
        add_row(&table, name.text, services.service[i]);
    }
    if (services.rest.connections)
        add_row(&table, "all others", &services.rest);
    page_heading(&report->page, "Services, by how their connections ended");
    table_put(&report->page, &table);
    page_paragraph(&report->page, 2, TONE_FAINT, "",
                   "gone: an end no longer answers. open: open, half-closed or closing when the "
                   "capture ends. failed: never opened. trouble: reset, gone or failed.");
}
