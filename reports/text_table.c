#include "reports/text_table.h"

#include <string.h>

enum { MARGIN = 2 };

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* How wide everything is. */
struct layout {
    size_t name;
    size_t cells[TABLE_CELLS_MAX];
    size_t gap; /* before each cell */
};

static void put_row(struct text_page *page, const struct text_table *table, unsigned index,
                    const struct layout *layout)
{
    enum tone tone = index ? TONE_PLAIN : TONE_FAINT;
    const struct table_row *row = &table->row[index];
    size_t used = page_columns(page, row->name);
    page_blanks(page, MARGIN);
    page_put(page, tone, row->name);
    if (used > layout->name) {
        page_newline(page);
        page_blanks(page, MARGIN);
        used = 0;
    }
    page_blanks(page, layout->name - used);
    for (unsigned i = 0; i < table->cells; i++) {
        page_blanks(page, layout->gap + layout->cells[i] - page_columns(page, row->cells[i]));
        page_put(page, tone, row->cells[i]);
    }
    page_newline(page);
}

void table_put(struct text_page *page, const struct text_table *table)
{
    struct layout layout = {.gap = 2};
    size_t columns = page->style.columns;
    for (unsigned r = 0; r < table->rows; r++) {
        layout.name = larger(layout.name, page_columns(page, table->row[r].name));
        for (unsigned i = 0; i < table->cells; i++)
            layout.cells[i] = larger(layout.cells[i], page_columns(page, table->row[r].cells[i]));
    }
    size_t least = page_columns(page, table->row[0].name);
    size_t taken = MARGIN + table->cells * layout.gap;
    for (unsigned i = 0; i < table->cells; i++)
        taken += layout.cells[i];
    if (taken + least > columns) {
        layout.gap = 1;
        taken -= table->cells;
    }
    size_t room = columns > taken ? columns - taken : 0;
    if (layout.name > room)
        layout.name = larger(room, least);
    for (unsigned r = 0; r < table->rows; r++)
        put_row(page, table, r, &layout);
}
