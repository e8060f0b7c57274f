#include "analyzer/host/examples.h"

#include <stdlib.h>

static void thin_out(struct examples *e)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < e->kept; i += 2)
        e->spread[left++] = e->spread[i];
    e->kept = left;
    e->every *= 2;
}

bool examples_add(struct examples **examples, const struct anomaly_evidence *piece)
{
    if (!*examples) {
        *examples = calloc(1, sizeof **examples);
        if (!*examples)
            return false;
        **examples = (struct examples){.every = 1, .first = *piece, .last = *piece};
    }
    struct examples *e = *examples;
    if (piece->at_ns < e->first.at_ns)
        e->first = *piece;
    if (piece->at_ns >= e->last.at_ns)
        e->last = *piece;
    if (e->seen % e->every == 0 && e->kept == EXAMPLES_SPREAD)
        thin_out(e);
    if (e->seen % e->every == 0)
        e->spread[e->kept++] = *piece;
    e->seen++;
    return true;
}

static void show_once(const struct anomaly_evidence *piece, struct anomaly_verdict *a)
{
    for (uint32_t i = 0; i < a->evidence_count; i++) {
        if (a->evidence[i].frame == piece->frame)
            return;
    }
    if (a->evidence_count < ANOMALY_EVIDENCE_MAX)
        a->evidence[a->evidence_count++] = *piece;
}

void examples_show(const struct examples *e, int64_t at_ns, struct anomaly_verdict *a)
{
    if (!e)
        return;
    const struct anomaly_evidence *nearest = &e->first;
    for (uint32_t i = 0; i < e->kept; i++) {
        if (e->spread[i].at_ns <= at_ns && e->spread[i].at_ns > nearest->at_ns)
            nearest = &e->spread[i];
    }
    show_once(&e->first, a);
    show_once(nearest, a);
    show_once(&e->last, a);
    uint64_t total = e->seen < UINT32_MAX ? e->seen : UINT32_MAX;
    a->evidence_total = (uint32_t)total > a->evidence_count ? (uint32_t)total : a->evidence_count;
}
