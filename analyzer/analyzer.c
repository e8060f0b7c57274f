#include "analyzer/analyzer.h"

#include "analyzer/count.h"
#include "analyzer/flow/lanes.h"
#include "analyzer/whole.h"

#include <stdlib.h>

struct analyzer *analyzer_create(const struct analyzer_config *config, struct verdict_sink sink)
{
    struct analyzer *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->config = *config;
    a->sink = sink;
    a->summary.start_ns = a->summary.end_ns = TIME_UNKNOWN;
    if (!flows_init(&a->flows, &a->config, count_final, a) ||
        !tally_init(&a->tally, &a->flows.secret, config->max_memory_bytes) ||
        !crowd_init(&a->crowd, &a->flows.secret, config->max_memory_bytes) ||
        !load_init(&a->load, &a->config, &a->flows.secret) || !(a->row = malloc(sizeof *a->row))) {
        analyzer_destroy(a);
        return NULL;
    }
    a->flows.final_run = count_final_run;
    ends_init(&a->ends, &a->flows.secret, &a->services_held);
    a->flows.order_known = count_begin_drain;
    return a;
}

/* So much of them stays in memory: most captures never have as much. */
#define SPILL_ABOVE_BYTES (UINT64_C(22) << 20)

/* And all of them, which takes less time than the file, while no more is foreseen. */
#define SPILL_FORESEEN_BYTES (UINT64_C(128) << 20)

void analyzer_spill_into(struct analyzer *a, int file)
{
    uint64_t quarter = a->config.max_memory_bytes / 4;
    uint64_t few = quarter < SPILL_ABOVE_BYTES ? quarter : SPILL_ABOVE_BYTES;
    uint64_t many = quarter < SPILL_FORESEEN_BYTES ? quarter : SPILL_FORESEEN_BYTES;
    flows_spill_into(&a->flows, file, few, many);
}

int analyzer_spill_error(const struct analyzer *a)
{
    return flows_spill_error(&a->flows);
}

void analyzer_destroy(struct analyzer *a)
{
    if (!a)
        return;
    (void)count_settle(a);
    flows_finish(&a->flows);
    tally_finish(&a->tally);
    load_finish(&a->load);
    crowd_finish(&a->crowd);
    free(a->row);
    free(a);
}

static enum analyzer_status status_of(const struct analyzer *a, enum flow_status status)
{
    static const enum analyzer_status table[] = {
        [FLOW_OK] = ANALYZER_OK,
        [FLOW_STOPPED] = ANALYZER_STOPPED,
        [FLOW_NO_MEMORY] = ANALYZER_NO_MEMORY,
        [FLOW_LOST] = ANALYZER_LOST,
    };
    return status == FLOW_STOPPED && a->no_memory ? ANALYZER_NO_MEMORY : table[status];
}

enum analyzer_status analyzer_feed(struct analyzer *a, const struct segment_batch *batch)
{
    return status_of(a, flows_feed(&a->flows, batch->segments, batch->count, batch->aux));
}

void analyzer_clear(const struct analyzer *a, struct segment_batch *batch)
{
    batch_clear(batch);
    if (a->flows.of_few)
        batch->wanted = BATCH_SEGMENTS;
}

struct analyzer_groups {
    struct flow_groups of_flows;
};

struct analyzer_groups *analyzer_groups_create(void)
{
    return aligned_alloc(64, sizeof(struct analyzer_groups));
}

void analyzer_groups_destroy(struct analyzer_groups *groups)
{
    free(groups);
}

void analyzer_group(const struct analyzer *a, const struct segment_batch *batch,
                    struct analyzer_groups *groups)
{
    flow_group(batch->segments, batch->count, a->config.vlan_in_key, &a->flows.secret,
               &groups->of_flows);
}

void analyzer_share(const struct segment_batch *batch, struct analyzer_groups *groups)
{
    flow_share(batch->count, &groups->of_flows);
}

enum analyzer_status analyzer_feed_grouped(struct analyzer *a, const struct segment_batch *batch,
                                           const struct analyzer_groups *groups)
{
    return status_of(a, flows_feed_groups(&a->flows, batch->segments, batch->count,
                                          &groups->of_flows, batch->aux));
}

struct analyzer_round {
    struct flow_round of_flows;
    const struct segment_aux *aux[FLOW_ROUND_MOST]; /* of each batch */
};

_Static_assert(ANALYZER_LANES == FLOW_LANES && ANALYZER_PARTS == FLOW_PARTS &&
                   ANALYZER_ROUND_MOST == FLOW_ROUND_MOST,
               "the front and what is behind it agree");

void analyzer_round_clear(struct analyzer_round *round)
{
    round->of_flows.count = 0;
}

struct analyzer_round *analyzer_round_create(void)
{
    struct analyzer_round *round = aligned_alloc(64, sizeof *round);
    if (round)
        analyzer_round_clear(round);
    return round;
}

void analyzer_round_destroy(struct analyzer_round *round)
{
    free(round);
}

void analyzer_round_add(struct analyzer_round *round, const struct segment_batch *batch,
                        struct analyzer_groups *groups)
{
    uint32_t number = round->of_flows.count++;
    round->of_flows.batches[number] =
        (struct flow_batch){batch->segments, batch->count, &groups->of_flows};
    round->aux[number] = batch->aux;
}

void analyzer_round_want(struct analyzer *a, struct analyzer_round *round)
{
    flows_round_want(&a->flows, &round->of_flows);
}

bool analyzer_round_begin(struct analyzer *a, struct analyzer_round *round)
{
    return flows_round_begin(&a->flows, &round->of_flows);
}

void analyzer_round_lane(const struct analyzer *a, struct analyzer_round *round, unsigned lane)
{
    flows_round_lane(&a->flows, &round->of_flows, lane);
}

void analyzer_round_prepare(const struct analyzer_round *round, unsigned part)
{
    flows_round_prepare(&round->of_flows, part);
}

void analyzer_round_end(struct analyzer *a, const struct analyzer_round *round)
{
    flows_round_end(&a->flows, &round->of_flows);
}

enum analyzer_status analyzer_feed_rest(struct analyzer *a, struct analyzer_round *round,
                                        uint32_t number)
{
    return status_of(a, flows_feed_rest(&a->flows, &round->of_flows, number, round->aux[number]));
}

void analyzer_trace(struct analyzer *a, const struct trace_sink *sink)
{
    a->flows.trace = sink;
}

enum analyzer_status analyzer_pass_time(struct analyzer *a, int64_t time_ns)
{
    return status_of(a, flows_pass_time(&a->flows, time_ns));
}

void analyzer_count_with_thread(struct analyzer *a)
{
    count_with_thread(a);
}

void analyzer_finish_with_thread(struct analyzer *a)
{
    a->drains_with_thread = true;
}

void analyzer_finish_hurried(struct analyzer *a, bool (*hurried)(void))
{
    a->flows.hurried = hurried;
}

enum analyzer_status analyzer_finish(struct analyzer *a, int64_t end_ns)
{
    if (end_ns > a->flows.clock_ns)
        a->flows.clock_ns = end_ns;
    enum flow_status drained = count_settle(a) ? flows_drain(&a->flows) : FLOW_STOPPED;
    enum analyzer_status status = status_of(a, drained);
    drain_end(a->drain);
    a->drain = NULL;
    a->summary.not_concluded = flows_held(&a->flows);
    if (status == ANALYZER_OK)
        status = count_hosts(a);
    /* Only the summary is asked for afterwards, perhaps while the captures are read once more. Of
     * what nobody waited for the release would take as long again. */
    if (!a->summary.not_concluded)
        flows_finish(&a->flows);
    return status;
}

const struct summary_verdict *analyzer_summary(const struct analyzer *a)
{
    return &a->summary;
}
