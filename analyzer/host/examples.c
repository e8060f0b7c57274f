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
    /* A power of two. */
    if (!(e->seen & (e->every - 1))) {
        if (e->kept == EXAMPLES_SPREAD)
            thin_out(e);
        if (!(e->seen & (e->every - 1)))
            e->spread[e->kept++] = *piece;
    }
    e->seen++;
    return true;
}

/* Each once, in order of time. */
static void show_once(const struct anomaly_evidence *piece, struct anomaly_verdict *a)
{
    uint32_t at = a->evidence_count;
    for (uint32_t i = 0; i < a->evidence_count; i++) {
        if (a->evidence[i].frame == piece->frame)
            return;
    }
    if (at == ANOMALY_EVIDENCE_MAX)
        return;
    while (at > 0 && a->evidence[at - 1].at_ns > piece->at_ns) {
        a->evidence[at] = a->evidence[at - 1];
        at--;
    }
    a->evidence[at] = *piece;
    a->evidence_count++;
}

void examples_show(const struct examples *e, struct anomaly_verdict *a)
{
    if (!e)
        return;
    show_once(&e->first, a);
    for (uint32_t i = 0; i < e->kept; i++)
        show_once(&e->spread[i], a);
    show_once(&e->last, a);
    uint32_t total = e->seen < UINT32_MAX ? (uint32_t)e->seen : UINT32_MAX;
    a->evidence_total = total > a->evidence_count ? total : a->evidence_count;
}
