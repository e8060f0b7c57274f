/*
 * A small table: a name and numbers in each row, as wide as its content. A name for which the line
 * has no room has one to itself.
 */
#ifndef FINWAIT_REPORTS_TEXT_TABLE_H
#define FINWAIT_REPORTS_TEXT_TABLE_H

#include "reports/text_page.h"

#define TABLE_CELLS_MAX  8
#define TABLE_ROWS_MAX   32
#define TABLE_NAME_BYTES 64
#define TABLE_CELL_BYTES 32

struct table_row {
    char name[TABLE_NAME_BYTES];
    char cells[TABLE_CELLS_MAX][TABLE_CELL_BYTES];
};

/* The first row is the heading. */
struct text_table {
    unsigned cells; /* of each row, the name aside */
    unsigned rows;
    struct table_row row[TABLE_ROWS_MAX];
};

void table_put(struct text_page *page, const struct text_table *table);

#endif
