/*
 * The worst anomalies, so many of them and no more: by severity, then confidence, then those of
 * which fewer of the same rule at the same service came before (one rule that found thousands does
 * not crowd out the others), then the earlier. What is kept owns all that it needs.
 */
#ifndef FINWAIT_REPORTS_HTML_WORST_H
#define FINWAIT_REPORTS_HTML_WORST_H

#include "analyzer/verdict.h"
#include "dissect/compiler.h"
#include "reports/ladder.h"
#include "reports/told.h"

#include <stdbool.h>
#include <stdint.h>

#define WORST_SEEN 4096u

/* A connection that some of them are about: what its ladder is made of. */
struct worst_connection {
    struct connection_verdict *verdict; /* owned */
    struct ladder *ladder;              /* owned; NULL until it is begun */
    uint32_t users;                     /* items that are about it, and `last` */
    bool listed;
};

struct worst_item {
    struct anomaly_verdict anomaly;
    uint32_t before;                     /* of its rule at its service */
    uint64_t order;                      /* of coming */
    uint32_t place;                      /* of its finding; worst_sort() */
    struct worst_connection *connection; /* shared; NULL: it is about none */
    char *sentence;                      /* owned */
};

struct html_worst {
    uint32_t most;
    uint32_t count;
    struct worst_item **items; /* owned; a heap with the least at its root until worst_sort() */
    uint64_t taken;
    struct worst_connection *last; /* the latest that was kept; one more user of it */
    uint32_t seen[WORST_SEEN]; /* of a rule at a service; names that share a place are added up */
    struct worst_connection **connections; /* the array owned; worst_close() */
    uint32_t connection_count;
};

/* False when memory ran out. */
bool worst_init(struct html_worst *worst, uint32_t most) MUST_CHECK;
void worst_finish(struct html_worst *worst);

/* `connection` is NULL where it is about none. False when memory ran out. */
bool worst_take(struct html_worst *worst, const struct anomaly_verdict *anomaly,
                const struct connection_verdict *connection) MUST_CHECK;

/* Nothing is taken afterwards: lists the connections. Once. */
void worst_close(struct html_worst *worst);

/* In the order of their findings, and by time. */
void worst_sort(struct html_worst *worst, const struct told_entries *entries);

#endif
