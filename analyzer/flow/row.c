#include "analyzer/flow/row.h"

#include "analyzer/flow/records.h"
#include "analyzer/pages.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AHEAD 16u

void row_finish(struct flow_row *row)
{
    free(row->values);
    *row = (struct flow_row){0};
}

/* From the last one on: what names a place that was used again comes to one that was met before. */
void row_tidy(struct flows *f)
{
    struct flow_row *row = &f->row;
    if (!row->gone)
        return;
    uint32_t kept = row->count;
    row->turn = !row->turn;
    for (uint32_t i = row->count; i-- > 0;) {
        if (i >= LOOK_AHEAD)
            FETCH(flows_lone(f, row->values[i - LOOK_AHEAD]));
        struct lone *lone = flows_lone(f, row->values[i]);
        if (lone->frame == FRAME_NONE || lone->turn == row->turn)
            continue;
        lone->turn = row->turn;
        row->values[--kept] = row->values[i];
    }
    row->count -= kept;
    memmove(row->values, row->values + kept, row->count * sizeof *row->values);
    row->gone = 0;
    assert(row->count == f->lones[0].in_use + f->lones[1].in_use);
}

bool row_reserve(struct flows *f)
{
    struct flow_row *row = &f->row;
    if (LIKELY(row->count < row->room))
        return true;
    if (row->gone > row->count / 2) {
        row_tidy(f);
        return true;
    }
    uint32_t room = row->room ? row->room * 2 : ROW_FIRST;
    uint32_t *values = pages_alloc_as_needed(room * sizeof *values);
    if (!values)
        return false;
    if (row->count)
        memcpy(values, row->values, row->count * sizeof *values);
    free(row->values);
    row->values = values;
    row->room = room;
    return true;
}
