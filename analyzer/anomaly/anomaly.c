#include "analyzer/anomaly/anomaly.h"

#include "analyzer/anomaly/clues.h"
#include "analyzer/anomaly/fin.h"
#include "analyzer/anomaly/scene.h"

/* A rule may yield to one of a category before its own. Each with the clues of its rules. */
static const struct {
    void (*judge)(struct scene *scene, int both);
    unsigned clues;
} categories[] = {
    {judge_rst_teardown, CLUE_RST},
    {judge_missing_fin_ack, CLUE_BEHIND_FIN | CLUE_FIN | CLUE_HOLE | CLUE_UNCLOSED},
    {judge_retransmitted_fin, CLUE_BEHIND_FIN | CLUE_FIN_ACKED_BEFORE},
    {judge_tuple_reuse, CLUE_FORMER_USE},
    {judge_close_order, CLUE_BOTH_ACTIVE | CLUE_OCTETS_AFTER_FIN | CLUE_BEHIND_FIN | CLUE_ACK_RUN},
    {judge_dead_peer, CLUE_IN_VAIN},
    {judge_open_failure, CLUE_RST | CLUE_NOT_OPENED | CLUE_SYN_ACKS},
};

static frame_ref first_frame_of(const struct anomaly_verdict *a)
{
    return a->evidence_count ? a->evidence[0].frame : FRAME_NONE;
}

/* Sides are in no order, so what they did is not found in one. */
static bool comes_before(const struct anomaly_verdict *a, const struct anomaly_verdict *b)
{
    frame_ref mine = first_frame_of(a);
    frame_ref other = first_frame_of(b);
    if (mine != other)
        return mine < other;
    return a->rule != b->rule ? a->rule < b->rule : a->endpoint < b->endpoint;
}

/* By first evidence, then by rule, then by role: few, and nearly in order. */
static void sort_by_evidence(struct anomaly_set *found)
{
    for (uint32_t i = 1; i < found->count; i++) {
        struct anomaly_verdict moved = found->items[i];
        uint32_t at = i;
        while (at > 0 && comes_before(&moved, &found->items[at - 1])) {
            found->items[at] = found->items[at - 1];
            at--;
        }
        found->items[at] = moved;
    }
}

/* The rule that explains the reset: an RST without effect is explained by nothing else. */
static uint8_t reset_cause_of(const struct connection_verdict *v, const struct anomaly_set *found)
{
    uint8_t cause = RULES;
    for (uint32_t i = 0; v->close.has_reset && i < found->count; i++) {
        const struct anomaly_verdict *a = &found->items[i];
        bool explains = rule_table[a->rule].category == CATEGORY_RST_TEARDOWN &&
                        a->endpoint == v->close.reset_by;
        if (explains && (cause == RULES || cause == RULE_RST_IGNORED))
            cause = a->rule;
    }
    return cause;
}

void anomalies_judge(const struct connection *c, const struct analyzer_config *config,
                     int64_t now_ns, struct conclusion *conclusion, struct anomaly_set *found)
{
    struct fin_passages fins;
    fins.made[0] = fins.made[1] = false;
    struct scene scene = {
        .c = c,
        .d = c->detail,
        .config = config,
        .ev = &conclusion->basis.evidence,
        .ends = conclusion->basis.ends,
        .states = conclusion->states,
        .verdict = &conclusion->verdict,
        .found = found,
        .fins = &fins,
        .shape = conclusion->basis.shape,
        .client = client_side(c),
        .now_ns = now_ns,
    };
    found->count = 0;
    scene.clues = clues_of(&scene);
    for (unsigned i = 0; i < sizeof categories / sizeof *categories; i++)
        ask(&scene, categories[i].clues, categories[i].judge, NO_SIDE);
    if (found->count > 1)
        sort_by_evidence(found);
    conclusion->verdict.close.reset_cause = reset_cause_of(&conclusion->verdict, found);
    conclusion->verdict.anomalies = found->items;
    conclusion->verdict.anomaly_count = found->count;
}
