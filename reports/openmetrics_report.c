/*
 * The samples as OpenMetrics text, version 1.0.0: every number with its time, for Prometheus and
 * what else reads it. Nothing but samples: a metric without a time could not be placed.
 *
 * All points of a series stand together, in order of time, and all series of a family; samples come
 * instant by instant. So they are kept until the end: the analyzer hands at most some hundreds of
 * instants, and some tens of hosts in each (verdict_sink).
 *
 * A sample counts what happened since the instant before; a counter is their sum. Each begins with
 * 0 at the instant before the first, so that a rate sees what the first instant counted.
 */
#include "reports/address_text.h"
#include "reports/identity.h"
#include "reports/report_format.h"
#include "reports/text_clean.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND INT64_C(1000000000)

/* How long before the only instant its counters begin: the step is not known then. */
#define LONE_STEP_NS NS_PER_SECOND

/* clang-format off */
#define COUNTER_TABLE(X)                                                                           \
    X(COUNTER_OPENS, "opens", "Connections that began with a SYN or SYN-ACK.")                     \
    X(COUNTER_CLOSES, "closes", "Connections of which the first FIN or RST passed.")               \
    X(COUNTER_RESETS, "resets", "How many of finwait_closes saw an RST at all.")
/* clang-format on */

#define COUNTER_ENUM(id, name, help) id,
enum counter { COUNTER_TABLE(COUNTER_ENUM) COUNTERS };
#undef COUNTER_ENUM

struct counter_row {
    const char *name;
    const char *help;
};

#define COUNTER_ROW(id, name, help) [id] = {name, help},
static const struct counter_row counter_table[COUNTERS] = {COUNTER_TABLE(COUNTER_ROW)};
#undef COUNTER_ROW

struct socket_point {
    int64_t at_ns;
    bool others;
    uint8_t address[16];
    uint64_t states[STATES];
};

struct event_point {
    int64_t at_ns;
    uint64_t counters[COUNTERS];
    uint64_t rules[RULES];
};

struct openmetrics {
    const struct report_options *options;
    const struct capture_findings *findings;
    struct output *output;
    bool failed; /* memory ran out */
    struct socket_point *sockets;
    size_t socket_count, socket_room;
    struct event_point *events;
    size_t event_count, event_room;
    size_t observer_len;
    char observer[2 * TEXT_CLEAN_BYTES]; /* ready to stand between quotes; "": not given */
};

/* A label's value: backslash and quote are escaped; line feeds are spelled out already. */
static size_t escape(char *out, const char *clean, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if (clean[i] == '\\' || clean[i] == '"')
            out[used++] = '\\';
        out[used++] = clean[i];
    }
    return used;
}

static void *create(const struct report_inputs *inputs, char *error, size_t error_bytes)
{
    struct openmetrics *metrics = calloc(1, sizeof *metrics);
    if (!metrics) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    metrics->options = inputs->options;
    metrics->findings = inputs->findings;
    metrics->output = inputs->output;
    const char *observer = inputs->options->observer;
    if (observer) {
        char clean[TEXT_CLEAN_BYTES];
        size_t length = text_clean(clean, sizeof clean, observer, strlen(observer));
        metrics->observer_len = escape(metrics->observer, clean, length);
    }
    return metrics;
}

static void destroy(void *report)
{
    struct openmetrics *metrics = report;
    if (!metrics)
        return;
    free(metrics->sockets);
    free(metrics->events);
    free(metrics);
}

static bool connection(void *report, const struct connection_verdict *verdict)
{
    (void)report;
    (void)verdict;
    return true;
}

static bool anomaly(void *report, const struct anomaly_verdict *verdict,
                    const struct connection_verdict *about)
{
    (void)report;
    (void)verdict;
    (void)about;
    return true;
}

static bool host(void *report, const struct host_verdict *verdict)
{
    (void)report;
    (void)verdict;
    return true;
}

/* The list with room for one more, or NULL, and the list as it was. */
static void *with_room(void *list, size_t count, size_t *room, size_t item_bytes)
{
    if (count < *room)
        return list;
    size_t more = *room ? *room * 2 : 64;
    void *grown = more > *room ? reallocarray(list, more, item_bytes) : NULL;
    if (grown)
        *room = more;
    return grown;
}

static bool keep_sockets(struct openmetrics *metrics, const struct sample_verdict *verdict)
{
    struct socket_point *list = with_room(metrics->sockets, metrics->socket_count,
                                          &metrics->socket_room, sizeof *metrics->sockets);
    if (!list)
        return false;
    metrics->sockets = list;
    struct socket_point *point = &list[metrics->socket_count++];
    *point = (struct socket_point){.at_ns = verdict->at_ns, .others = verdict->others};
    if (!verdict->others)
        memcpy(point->address, verdict->address, sizeof point->address);
    memcpy(point->states, verdict->states, sizeof point->states);
    return true;
}

static bool keep_events(struct openmetrics *metrics, const struct sample_verdict *verdict)
{
    struct event_point *list = with_room(metrics->events, metrics->event_count,
                                         &metrics->event_room, sizeof *metrics->events);
    if (!list)
        return false;
    metrics->events = list;
    struct event_point *point = &list[metrics->event_count++];
    point->at_ns = verdict->at_ns;
    point->counters[COUNTER_OPENS] = verdict->opens;
    point->counters[COUNTER_CLOSES] = verdict->closes;
    point->counters[COUNTER_RESETS] = verdict->resets;
    memcpy(point->rules, verdict->rules, sizeof point->rules);
    return true;
}

static bool sample(void *report, const struct sample_verdict *verdict)
{
    struct openmetrics *metrics = report;
    bool kept = verdict->of_host ? keep_sockets(metrics, verdict) : keep_events(metrics, verdict);
    metrics->failed = metrics->failed || !kept;
    return true;
}

/* ---- text ----------------------------------------------------------------------------------- */

static void put_family(struct openmetrics *metrics, const char *name, const char *type,
                       const char *unit, const char *help)
{
    char text[512];
    snprintf(text, sizeof text, "# TYPE finwait_%s %s\n", name, type);
    output_text(metrics->output, text);
    if (*unit) {
        snprintf(text, sizeof text, "# UNIT finwait_%s %s\n", name, unit);
        output_text(metrics->output, text);
    }
    snprintf(text, sizeof text, "# HELP finwait_%s %s\n", name, help);
    output_text(metrics->output, text);
}

/* `name` and its labels: `labels` is "" or name="value" pairs that need no escapes. */
static void put_series(struct openmetrics *metrics, const char *name, const char *labels)
{
    struct output *output = metrics->output;
    bool observer = metrics->observer_len > 0;
    output_text(output, "finwait_");
    output_text(output, name);
    if (!observer && !*labels)
        return;
    output_text(output, "{");
    output_text(output, labels);
    if (observer) {
        output_text(output, *labels ? ",observer=\"" : "observer=\"");
        output_write(output, metrics->observer, metrics->observer_len);
        output_text(output, "\"");
    }
    output_text(output, "}");
}

/* The value, and the time in seconds with all of its nanoseconds. */
static void put_point(struct openmetrics *metrics, uint64_t value, int64_t at_ns)
{
    char text[64];
    uint64_t distance_ns = at_ns < 0 ? 0 - (uint64_t)at_ns : (uint64_t)at_ns;
    snprintf(text, sizeof text, " %" PRIu64 " %s%" PRIu64 ".%09" PRIu64 "\n", value,
             at_ns < 0 ? "-" : "", distance_ns / NS_PER_SECOND, distance_ns % NS_PER_SECOND);
    output_text(metrics->output, text);
}

/* ---- families ------------------------------------------------------------------------------- */

static void put_capture(struct openmetrics *metrics, bool complete)
{
    put_family(metrics, "capture", "info", "",
               "The capture that was analysed; complete is false when that was interrupted.");
    if (metrics->event_count == 0)
        return;
    char id[HEX_DIGEST_BYTES];
    char labels[128];
    digest_text(metrics->findings->digest, id);
    snprintf(labels, sizeof labels, "capture=\"%s\",version=\"%s\",complete=\"%s\"", id,
             FINWAIT_VERSION, complete ? "true" : "false");
    put_series(metrics, "capture_info", labels);
    put_point(metrics, 1, metrics->events[0].at_ns);
}

static int by_host_and_time(const void *left, const void *right)
{
    const struct socket_point *a = left;
    const struct socket_point *b = right;
    if (a->others != b->others)
        return a->others ? 1 : -1;
    int order = memcmp(a->address, b->address, sizeof a->address);
    if (order)
        return order;
    return (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
}

static bool same_host(const struct socket_point *a, const struct socket_point *b)
{
    return a->others == b->others && memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* As in the sample's record: the states that a socket can be counted in. */
static bool is_counted(unsigned state)
{
    return state != STATE_LISTEN && state != STATE_CLOSED && state != STATE_UNKNOWN;
}

static void put_state(struct openmetrics *metrics, const struct socket_point *points, size_t count,
                      enum tcp_state state)
{
    char ip[ADDRESS_TEXT_BYTES] = "others";
    char labels[128];
    if (!points->others)
        address_text(ip, points->address);
    snprintf(labels, sizeof labels, "host=\"%s\",state=\"%s\"", ip, tcp_state_name(state));
    for (size_t i = 0; i < count; i++) {
        put_series(metrics, "sockets", labels);
        put_point(metrics, points[i].states[state], points[i].at_ns);
    }
}

static void put_sockets(struct openmetrics *metrics)
{
    put_family(metrics, "sockets", "gauge", "sockets",
               "Sockets of a host that are believed in a state, what ss -s would show.");
    if (metrics->socket_count)
        qsort(metrics->sockets, metrics->socket_count, sizeof *metrics->sockets, by_host_and_time);
    for (size_t first = 0, end; first < metrics->socket_count; first = end) {
        for (end = first + 1; end < metrics->socket_count; end++) {
            if (!same_host(&metrics->sockets[first], &metrics->sockets[end]))
                break;
        }
        for (unsigned state = 0; state < STATES; state++) {
            if (is_counted(state))
                put_state(metrics, &metrics->sockets[first], end - first, state);
        }
    }
}

/* The instant before the first; false when no time can tell it. */
static bool before_first(const struct openmetrics *metrics, int64_t *at_ns)
{
    const struct event_point *events = metrics->events;
    int64_t step_ns = LONE_STEP_NS;
    if (metrics->event_count > 1 &&
        __builtin_sub_overflow(events[1].at_ns, events[0].at_ns, &step_ns))
        return false;
    return !__builtin_sub_overflow(events[0].at_ns, step_ns, at_ns) && *at_ns != TIME_UNKNOWN;
}

/* The running total of the count that stands at `offset` in each event. */
static void put_sum(struct openmetrics *metrics, const char *name, const char *labels,
                    size_t offset)
{
    int64_t before_ns;
    uint64_t sum = 0;
    if (metrics->event_count && before_first(metrics, &before_ns)) {
        put_series(metrics, name, labels);
        put_point(metrics, 0, before_ns);
    }
    for (size_t i = 0; i < metrics->event_count; i++) {
        uint64_t increment;
        memcpy(&increment, (const char *)&metrics->events[i] + offset, sizeof increment);
        if (__builtin_add_overflow(sum, increment, &sum))
            sum = UINT64_MAX;
        put_series(metrics, name, labels);
        put_point(metrics, sum, metrics->events[i].at_ns);
    }
}

static void put_counters(struct openmetrics *metrics)
{
    for (unsigned counter = 0; counter < COUNTERS; counter++) {
        char name[32];
        snprintf(name, sizeof name, "%s_total", counter_table[counter].name);
        put_family(metrics, counter_table[counter].name, "counter", "",
                   counter_table[counter].help);
        put_sum(metrics, name, "",
                offsetof(struct event_point, counters) + counter * sizeof(uint64_t));
    }
}

static bool ever_found(const struct openmetrics *metrics, unsigned rule)
{
    if (metrics->options->rule_left_out[rule])
        return false;
    for (size_t i = 0; i < metrics->event_count; i++) {
        if (metrics->events[i].rules[rule])
            return true;
    }
    return false;
}

static void put_anomalies(struct openmetrics *metrics)
{
    put_family(metrics, "anomalies", "counter", "",
               "Anomalies of connections by rule, of any severity; finwait rules explains them.");
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (!ever_found(metrics, rule))
            continue;
        char labels[160];
        snprintf(labels, sizeof labels, "rule=\"%s\",category=\"%s\"", rule_table[rule].id,
                 category_name(rule_table[rule].category));
        put_sum(metrics, "anomalies_total", labels,
                offsetof(struct event_point, rules) + rule * sizeof(uint64_t));
    }
}

static bool finish(void *report, const struct summary_verdict *summary, bool complete)
{
    struct openmetrics *metrics = report;
    (void)summary;
    if (metrics->failed)
        return false;
    put_capture(metrics, complete);
    put_sockets(metrics);
    put_counters(metrics);
    put_anomalies(metrics);
    output_text(metrics->output, "# EOF\n");
    return output_ok(metrics->output);
}

const struct report_calls report_as_openmetrics = {
    .create = create,
    .destroy = destroy,
    .connection = connection,
    .anomaly = anomaly,
    .sample = sample,
    .host = host,
    .finish = finish,
};
