#include "analyzer/host/examples.h"

#include <stdlib.h>

static void thin_out(struct examples *e)
{
    uint8_t left = 0;
    for (uint32_t i = 0; i < e->kept; i += 2)
        e->spread[left++] = e->spread[i];
    e->kept = left;
    e->every_bits++;
}

static bool is_spread(const struct examples *e)
{
    return !(e->seen & ((UINT64_C(1) << e->every_bits) - 1));
}

static struct examples *begin(const struct anomaly_evidence *piece)
{
    size_t lines = (sizeof(struct examples) + EXAMPLES_LINE - 1) / EXAMPLES_LINE;
    struct examples *e = aligned_alloc(EXAMPLES_LINE, lines * EXAMPLES_LINE);
    if (e)
        *e = (struct examples){.first_ns = piece->at_ns, .first = *piece, .last = *piece};
    return e;
}

bool examples_add(struct examples **examples, const struct anomaly_evidence *piece)
{
    if (!*examples)
        *examples = begin(piece);
    struct examples *e = *examples;
    if (!e)
        return false;
    if (piece->at_ns < e->first_ns) {
        e->first_ns = piece->at_ns;
        e->first = *piece;
    }
    if (piece->at_ns >= e->last.at_ns)
        e->last = *piece;
    if (is_spread(e)) {
        if (e->kept == EXAMPLES_SPREAD)
            thin_out(e);
        if (is_spread(e))
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
