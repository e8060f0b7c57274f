/*
 * A few of very many: the first, the last, and some spread evenly between, whatever their number
 * comes to be. Inside the room only.
 */
#ifndef FINWAIT_ANALYZER_HOST_EXAMPLES_H
#define FINWAIT_ANALYZER_HOST_EXAMPLES_H

#include "analyzer/verdict.h"
#include "dissect/compiler.h"

#define EXAMPLES_SPREAD 6u

struct examples {
    uint64_t seen;
    uint64_t every; /* one of so many is kept */
    uint32_t kept;
    struct anomaly_evidence first, last; /* in time */
    struct anomaly_evidence spread[EXAMPLES_SPREAD];
};

/* Made when the first comes; released with free(). False when memory ran out. */
bool examples_add(struct examples **examples, const struct anomaly_evidence *piece) MUST_CHECK;

/* Those that are kept become the anomaly's evidence, in order of time; all that were added are its
 * total. */
void examples_show(const struct examples *examples, struct anomaly_verdict *anomaly);

#endif
