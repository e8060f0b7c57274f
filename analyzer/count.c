#include "analyzer/count.h"

#include "analyzer/flow/records.h"

static void count(struct summary_verdict *summary, const struct connection_verdict *v, bool evicted)
{
    summary->connections++;
    summary->handshakes[v->handshake]++;
    summary->closes[v->close.kind]++;
    summary->evicted += evicted;
    for (uint32_t i = 0; i < v->anomaly_count; i++)
        summary->anomalies[v->anomalies[i].rule][v->anomalies[i].severity]++;
    if (v->start_ns != TIME_UNKNOWN &&
        (summary->start_ns == TIME_UNKNOWN || v->start_ns < summary->start_ns))
        summary->start_ns = v->start_ns;
    if (v->end_ns > summary->end_ns)
        summary->end_ns = v->end_ns;
}

static bool in_window(const struct analyzer_config *config, int64_t start_ns, int64_t end_ns)
{
    return start_ns == TIME_UNKNOWN || (start_ns <= config->to_ns && end_ns >= config->from_ns);
}

static bool found_unanswered(const struct connection_verdict *v)
{
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        if (v->anomalies[i].rule == RULE_SYN_UNANSWERED)
            return true;
    }
    return false;
}

static void fetch_slots(const struct analyzer *a, const struct drain_note *note, bool server_too)
{
    tally_fetch(&a->tally, &note->ends);
    load_fetch(&a->load, &note->ends, server_too);
    crowd_fetch(&a->crowd, &note->ends);
    if (note->stamp != STAMP_SAYS_NOTHING)
        stamps_fetch_slot(&a->flows.stamps, &note->ends);
}

static void fetch_items(const struct analyzer *a, const struct drain_note *note)
{
    load_fetch_items(&a->load, &note->ends);
    tally_fetch_service(&a->tally, &note->ends);
    if (note->stamp != STAMP_SAYS_NOTHING)
        stamps_fetch_pair(&a->flows.stamps, &note->ends);
}

/* Where it is counted is on its way while the connection is concluded. */
static ALWAYS_INLINE struct judged *judge(struct analyzer *a, const struct connection *connection,
                                          const struct drain_note *note, int64_t clock_ns,
                                          bool evicted)
{
    fetch_slots(a, note, connection->detail || connection->side[!client_side(connection)].packets);
    struct judged *judged = alike_judge(&a->alike, connection, &a->config, clock_ns, evicted);
    if (judged)
        return judged;
    judged = &a->judged;
    judged->connection = connection;
    judged_conclude(judged, &a->config, clock_ns, evicted);
    fetch_items(a, note);
    judged_find(judged, &a->config, clock_ns);
    judged_arrive(judged, &a->config, clock_ns);
    return judged;
}

/* `clock_ns`: as when it became final. False when memory ran out. */
static ALWAYS_INLINE bool count_judged(struct analyzer *a, const struct judged *judged,
                                       const struct ends *ends, int64_t clock_ns, bool evicted)
{
    const struct connection_verdict *verdict = &judged->conclusion.verdict;
    tally_fetch_rows(&a->tally, verdict, ends);
    count(&a->summary, verdict, evicted);
    if (load_connection(&a->load, &judged->arrival, ends, &judged->conclusion, clock_ns) &&
        tally_connection(&a->tally, verdict, ends))
        return true;
    a->no_memory = true;
    return false;
}

/* Once it is counted. */
static ALWAYS_INLINE bool tell_judged(struct analyzer *a, struct judged *judged,
                                      const struct ends *ends, struct stamp_claim claim)
{
    struct connection_verdict *verdict = &judged->conclusion.verdict;
    stamps_final(&a->flows.stamps, claim, judged->connection, found_unanswered(verdict));
    crowd_thin(&a->crowd, verdict, ends, &judged->found);
    a->flows.beside_bytes = tally_bytes(&a->tally) + load_bytes(&a->load) + crowd_bytes(&a->crowd) +
                            stamps_drops_bytes(&a->flows.stamps);
    return a->sink.connection(a->sink.context, verdict);
}

/* The same where its claim to a stamp has yet to be found. */
static ALWAYS_INLINE bool tell_noted(struct analyzer *a, struct judged *judged,
                                     const struct drain_note *note)
{
    return tell_judged(a, judged, &note->ends,
                       stamps_claim_between(&a->flows.stamps, note->stamp, &note->ends));
}

static bool final_here(struct analyzer *a, const struct connection *connection, bool evicted)
{
    if (!in_window(&a->config, connection->first_ns, connection_end_ns(connection)))
        return true;
    struct drain_note note = drain_note_of(&a->ends, connection);
    struct judged *judged = judge(a, connection, &note, a->flows.clock_ns, evicted);
    return count_judged(a, judged, &note.ends, a->flows.clock_ns, evicted) &&
           tell_noted(a, judged, &note);
}

/* ---- several that time has ended ------------------------------------------------------------ */

/* Those of them that are asked for, each step for all of them before the next one: what a step
 * takes of the program stays in the nearest cache. */
static uint32_t begin_row(struct analyzer *a, struct connection *const *connections, uint32_t count)
{
    struct final_row *row = a->row;
    uint32_t wanted = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct connection *c = connections[i];
        if (!in_window(&a->config, c->first_ns, connection_end_ns(c)))
            continue;
        row->notes[wanted] = drain_note_of(&a->ends, c);
        fetch_slots(a, &row->notes[wanted], true);
        row->judged[wanted++].connection = c;
    }
    return wanted;
}

static void judge_row(struct analyzer *a, uint32_t count)
{
    struct final_row *row = a->row;
    for (uint32_t i = 0; i < count; i++) {
        judged_conclude(&row->judged[i], &a->config, a->flows.clock_ns, false);
        fetch_items(a, &row->notes[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        judged_find(&row->judged[i], &a->config, a->flows.clock_ns);
        judged_arrive(&row->judged[i], &a->config, a->flows.clock_ns);
    }
}

bool count_final_run(void *context, struct connection *const *connections, uint32_t count)
{
    struct analyzer *a = context;
    struct final_row *row = a->row;
    count = begin_row(a, connections, count);
    judge_row(a, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!count_judged(a, &row->judged[i], &row->notes[i].ends, a->flows.clock_ns, false))
            return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!tell_noted(a, &row->judged[i], &row->notes[i]))
            return false;
    }
    return true;
}

/* ---- what is left at the end ---------------------------------------------------------------- */

/* Where those that come behind that one are counted is on its way. */
static void fetch_behind(const struct analyzer *a, uint32_t ahead)
{
    const struct drain_note *next = drain_note(a->drain, ahead + 1);
    const struct drain_note *later = drain_note(a->drain, ahead + 2);
    if (next)
        fetch_items(a, next);
    if (later)
        fetch_slots(a, later, true);
}

static bool is_made_in_window(const struct analyzer *a, const struct judged *judged)
{
    const struct connection_verdict *v = &judged->conclusion.verdict;
    return in_window(&a->config, v->start_ns, v->end_ns);
}

/* All of a run are counted before the first of them is told: either takes much of the program. */
static bool count_run(struct analyzer *a)
{
    a->counted = drain_run(a->drain);
    for (uint32_t k = 0; k < a->counted; k++) {
        struct judged *judged = drain_judged(a->drain, k);
        fetch_behind(a, k);
        if (is_made_in_window(a, judged) &&
            !count_judged(a, judged, &drain_note(a->drain, k)->ends, a->flows.clock_ns, false))
            return false;
    }
    return true;
}

/* What was made ahead. */
static bool take_made(struct analyzer *a, struct judged *judged)
{
    const struct drain_note *note = drain_note(a->drain, 0);
    if (!a->counted && !count_run(a))
        return false;
    a->counted--;
    return !is_made_in_window(a, judged) || tell_noted(a, judged, note);
}

/* All is over; `lone` is the SYN that it is, or NULL. */
static bool count_due(struct analyzer *a, const struct connection *lone)
{
    struct judged *judged = drain_next(a->drain);
    return judged ? take_made(a, judged) : final_here(a, lone, false);
}

bool count_begin_drain(void *context)
{
    struct analyzer *a = context;
    a->drain = drain_begin(&a->flows, &a->config, &a->ends, a->drains_with_thread);
    return a->drain != NULL;
}

bool count_final(void *context, struct connection *connection, bool evicted)
{
    struct analyzer *a = context;
    return a->drain ? count_due(a, connection) : final_here(a, connection, evicted);
}

/* ---- by a thread ---------------------------------------------------------------------------- */

static bool give(void *context, struct connection *connection)
{
    struct analyzer *a = context;
    return finals_give(a->finals,
                       &(struct final){.connection = *connection,
                                       .claim = stamps_claim(&a->flows.stamps, connection),
                                       .clock_ns = a->flows.clock_ns});
}

/* From now on the thread that feeds counts as well. False when no more is wanted. */
bool count_settle(void *context)
{
    struct analyzer *a = context;
    struct finals *finals = a->finals;
    a->finals = NULL;
    a->flows.give = NULL;
    a->flows.settle = NULL;
    return !finals || finals_end(finals);
}

static bool count_given(void *context, struct final *final)
{
    struct analyzer *a = context;
    struct flow_room room;
    const struct connection *c = flows_look(&final->connection, a->config.vlan_in_key, &room);
    bool go_on = true;
    if (in_window(&a->config, c->first_ns, connection_end_ns(c))) {
        /* Its claim was found by who feeds, whose the stamps are. */
        struct drain_note note = {ends_of_connection(&a->ends, c), STAMP_SAYS_NOTHING};
        struct judged *judged = judge(a, c, &note, final->clock_ns, false);
        go_on = count_judged(a, judged, &note.ends, final->clock_ns, false) &&
                tell_judged(a, judged, &note.ends, final->claim);
    }
    connection_finish(&final->connection);
    return go_on;
}

void count_with_thread(struct analyzer *a)
{
    a->finals = finals_start(count_given, a);
    if (!a->finals)
        return;
    a->flows.give = give;
    a->flows.settle = count_settle;
}

/* ---- hosts ---------------------------------------------------------------------------------- */

/* An anomaly of a host. */
static bool host_anomaly(void *context, const struct anomaly_verdict *anomaly)
{
    struct analyzer *a = context;
    a->summary.anomalies[anomaly->rule][anomaly->severity]++;
    if (!tally_host(&a->tally, anomaly)) {
        a->no_memory = true;
        return false;
    }
    return !a->sink.anomaly || a->sink.anomaly(a->sink.context, anomaly);
}

enum analyzer_status count_hosts(struct analyzer *a)
{
    static const enum analyzer_status table[] = {
        [LOAD_OK] = ANALYZER_OK,
        [LOAD_STOPPED] = ANALYZER_STOPPED,
        [LOAD_NO_MEMORY] = ANALYZER_NO_MEMORY,
    };
    if (!load_close(&a->load, a->flows.clock_ns))
        return ANALYZER_NO_MEMORY;
    /* What rests on all connections of a host is not judged on some. */
    bool whole = !a->summary.not_concluded;
    bool go_on = crowd_tell(&a->crowd, host_anomaly, a) &&
                 (!whole || stamps_judge(&a->flows.stamps, host_anomaly, a));
    enum load_status status = go_on ? LOAD_OK : LOAD_STOPPED;
    if (go_on && whole)
        status = load_judge(&a->load, host_anomaly, a);
    if (status == LOAD_OK && !a->no_memory)
        status = load_report(&a->load, &a->sink);
    if (a->no_memory || (status == LOAD_OK && !tally_rank(&a->tally, &a->summary)))
        return ANALYZER_NO_MEMORY;
    return table[status];
}
