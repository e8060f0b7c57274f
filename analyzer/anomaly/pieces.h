/*
 * Evidence gathered over many connections: the first that come are kept, all are counted. Inside
 * the room only.
 */
#ifndef FINWAIT_ANALYZER_ANOMALY_PIECES_H
#define FINWAIT_ANALYZER_ANOMALY_PIECES_H

#include "analyzer/verdict.h"

struct pieces {
    uint32_t total; /* saturates */
    uint32_t kept;
    struct anomaly_evidence piece[ANOMALY_EVIDENCE_MAX];
};

static inline void pieces_add(struct pieces *pieces, const struct anomaly_evidence *piece)
{
    pieces->total += pieces->total < UINT32_MAX;
    if (pieces->kept < ANOMALY_EVIDENCE_MAX)
        pieces->piece[pieces->kept++] = *piece;
}

/* They become the anomaly's evidence, in order of frames. */
static inline void pieces_show(const struct pieces *pieces, struct anomaly_verdict *a)
{
    for (uint32_t i = 0; i < pieces->kept; i++) {
        uint32_t at = i;
        while (at > 0 && a->evidence[at - 1].frame > pieces->piece[i].frame) {
            a->evidence[at] = a->evidence[at - 1];
            at--;
        }
        a->evidence[at] = pieces->piece[i];
    }
    a->evidence_count = pieces->kept;
    a->evidence_total = pieces->total;
}

#endif
