/*
 * A few of very many: the first, the last, and some spread evenly between, whatever their number
 * comes to be. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_HOST_EXAMPLES_H
#define FINWAIT_ANALYZER_HOST_EXAMPLES_H

#include "analyzer/verdict.h"
#include "dissect/compiler.h"

#include <stddef.h>

#define EXAMPLES_SPREAD 6u

/* What nearly every piece touches is one line of the cache, and comes first. */
struct examples {
    struct anomaly_evidence last; /* in time, as is the first */
    uint64_t seen;
    int64_t first_ns; /* of the first */
    uint8_t kept;
    uint8_t every_bits; /* one of 1 << every_bits is kept */
    struct anomaly_evidence first;
    struct anomaly_evidence spread[EXAMPLES_SPREAD];
};

#define EXAMPLES_LINE 64
_Static_assert(offsetof(struct examples, first) <= EXAMPLES_LINE, "one line");

/* Made when the first comes; released with free(). False when memory ran out. */
bool examples_add(struct examples **examples, const struct anomaly_evidence *piece) MUST_CHECK;

/* Those that are kept become the anomaly's evidence, in order of time; all that were added are its
 * total. */
void examples_show(const struct examples *examples, struct anomaly_verdict *anomaly);

#endif
