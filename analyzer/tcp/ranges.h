/*
 * The octets of one direction that the tap has not seen although later ones passed: the holes, as
 * sorted ranges of sequence numbers. Ranges, not bytes: eight octets a hole, whatever its size. At
 * most RANGES_MAX are kept; beyond that the lowest is forgotten (counted as seen) and `overflowed`
 * says so.
 *
 * Holes can be compared only while they lie less than 2^31 apart: what falls far behind must be
 * retired in time.
 */
#ifndef FINWAIT_ANALYZER_TCP_RANGES_H
#define FINWAIT_ANALYZER_TCP_RANGES_H

#include "analyzer/seq.h"
#include "dissect/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define RANGES_MAX 64

struct range {
    seq_t left;  /* first octet missing */
    seq_t right; /* one past the last */
};

struct ranges {
    uint16_t count;
    uint16_t room;
    bool overflowed;
    uint64_t retired_bytes; /* octets of holes so far behind that nothing will fill them */
    struct range holes[];   /* ascending, disjoint */
};

/* Adds [left, right) behind all others, to the last where they touch. The set is allocated with the
 * first hole (NULL before) and may move; false when memory ran out, with the set as it was. */
bool ranges_append(struct ranges **set, seq_t left, seq_t right) MUST_CHECK;

/* Takes [left, right) out of the holes; returns how many octets of it were missing. A hole may fall
 * in two; where there is no room or memory for that, its lower part is forgotten. */
uint32_t ranges_fill(struct ranges **set, seq_t left, seq_t right);

/* Is any octet of [left, right) missing? */
bool ranges_missing(const struct ranges *set, seq_t left, seq_t right);

/* How many octets below `una` are missing: the peer has them, so the capture lost them. */
uint64_t ranges_missing_below(const struct ranges *set, seq_t una);

/* Holes 2^29 octets and more behind `nxt`, further than what is still in flight, are only counted
 * from now on. To be called whenever the numbers enter another eighth of the space. */
void ranges_retire(struct ranges *set, seq_t nxt);

static inline bool ranges_retire_due(seq_t from, seq_t to)
{
    return (from.n ^ to.n) >> 29 != 0;
}

static inline bool ranges_empty(const struct ranges *set)
{
    return !set || set->count == 0;
}

#endif
