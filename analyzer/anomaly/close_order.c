#include "analyzer/anomaly/scene.h"

static void judge_simultaneous_close(struct scene *s)
{
    for (int x = 0; x < 2; x++) {
        if (!s->states[x].fin_sent || !s->states[x].active || s->states[x].active_presumed)
            return;
    }
    int fins[2] = {s->ends[0].fin_first, s->ends[1].fin_first};
    int first = fins[0] < fins[1] ? fins[0] : fins[1];
    int second = fins[0] < fins[1] ? fins[1] : fins[0];
    struct anomaly_verdict *a =
        say(s, RULE_SIMULTANEOUS_CLOSE, NO_SIDE, SEVERITY_INFO, CONFIDENCE_CERTAIN, second);
    figure(a, FIGURE_GAP_NS, between_ns(s, first, second));
    show(s, a, first, "FIN that does not acknowledge the other");
    show(s, a, second, "FIN that does not acknowledge the other");
}

void judge_close_order(struct scene *s)
{
    judge_simultaneous_close(s);
}
