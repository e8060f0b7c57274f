/*
 * Where pieces of one size stand, which are numbered from 0: the first few on the heap, the others
 * in regions of large pages, each at a place that is its number's. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_FLOW_PLACES_H
#define FINWAIT_ANALYZER_FLOW_PLACES_H

#include "dissect/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct places {
    uint8_t **regions; /* NULL for each that there was no room for: its pieces are of the heap */
    size_t bytes;      /* of a piece */
    uint32_t apart;    /* so many stand on the heap first */
    uint32_t region_count;
};

void places_init(struct places *places, size_t bytes);

/* The same without regions. */
void places_init_heap(struct places *places, size_t bytes);

/* Releases the regions. What stands on the heap is its owner's to free. */
void places_finish(struct places *places);

/* Whether a piece that is or was taken stands in a region: then it is zero when it is taken. */
bool places_in_region(const struct places *places, uint32_t number);

/* A piece that is not taken. NULL when memory ran out. */
void *places_take(struct places *places, uint32_t number) MUST_CHECK;
void places_give(struct places *places, uint32_t number, void *piece);

#endif
