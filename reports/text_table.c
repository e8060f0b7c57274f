#include "reports/text_table.h"

#include <string.h>

enum { GAP = 2, MARGIN = 2 };

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void put_row(struct text_page *page, const struct text_table *table, unsigned index,
                    size_t name_columns, const size_t *columns)
{
    enum tone tone = index ? TONE_PLAIN : TONE_FAINT;
    const struct table_row *row = &table->row[index];
    size_t used = page_columns(page, row->name);
    page_blanks(page, MARGIN);
    page_put(page, tone, row->name);
    if (used > name_columns) {
        page_newline(page);
        page_blanks(page, MARGIN);
        used = 0;
    }
    page_blanks(page, name_columns - used);
    for (unsigned i = 0; i < table->cells; i++) {
        page_blanks(page, GAP + columns[i] - page_columns(page, row->cells[i]));
        page_put(page, tone, row->cells[i]);
    }
    page_newline(page);
}

void table_put(struct text_page *page, const struct text_table *table)
{
    size_t columns[TABLE_CELLS_MAX] = {0};
    size_t name_columns = 0, numbers = 0;
    for (unsigned r = 0; r < table->rows; r++) {
        name_columns = larger(name_columns, page_columns(page, table->row[r].name));
        for (unsigned i = 0; i < table->cells; i++)
            columns[i] = larger(columns[i], page_columns(page, table->row[r].cells[i]));
    }
    for (unsigned i = 0; i < table->cells; i++)
        numbers += GAP + columns[i];
    size_t room =
        page->style.columns > MARGIN + numbers ? page->style.columns - MARGIN - numbers : 0;
    if (name_columns > room)
        name_columns = larger(room, page_columns(page, table->row[0].name));
    for (unsigned r = 0; r < table->rows; r++)
        put_row(page, table, r, name_columns, columns);
}
