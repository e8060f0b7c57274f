/*
 * Rules about what a host bears: ports that run out, TIME_WAITs, sockets that leak.
 */
#include "analyzer/elapsed.h"
#include "analyzer/host/load.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_MINUTE (60 * NS_PER_S)
#define MS_PER_MINUTE (60 * INT64_C(1000))
#define MS_PER_HOUR   (60 * MS_PER_MINUTE)

/* ---- saying it ------------------------------------------------------------------------------ */

static struct anomaly_verdict verdict_on(enum rule_id rule, enum severity severity,
                                         enum confidence confidence, const uint8_t host[16],
                                         int64_t at_ns)
{
    struct anomaly_verdict a = {
        .at_ns = at_ns,
        .rule = (uint8_t)rule,
        .severity = (uint8_t)severity,
        .confidence = (uint8_t)confidence,
        .endpoint = ROLE_NONE,
        .client_state = STATE_UNKNOWN,
        .server_state = STATE_UNKNOWN,
        .has_host = true,
    };
    memcpy(a.host_address, host, sizeof a.host_address);
    return a;
}

static void at_service(struct anomaly_verdict *a, const struct roll_key *key)
{
    a->has_service = true;
    memcpy(a->service_address, key->address[1], sizeof a->service_address);
    a->service_port = key->port;
}

/* A negative value is not known, and left out. */
static void figure(struct anomaly_verdict *a, enum figure_id id, int64_t value)
{
    if (value >= 0 && a->figure_count < ANOMALY_FIGURES_MAX)
        a->figures[a->figure_count++] =
            (struct anomaly_figure){.id = (uint8_t)id, .integer = value};
}

static void figure_word(struct anomaly_verdict *a, enum figure_id id, const char *word)
{
    if (a->figure_count < ANOMALY_FIGURES_MAX)
        a->figures[a->figure_count++] = (struct anomaly_figure){.id = (uint8_t)id, .word = word};
}

/* ---- ports ---------------------------------------------------------------------------------- */

/* Connections a minute over the 2*MSL before this instant, or since the first one, which is not
 * counted then; -1 when that is no time at all. */
static int64_t opened_per_minute(const struct load *load, const struct use *use, int64_t instant)
{
    const struct grid *grid = &load->grid;
    int64_t until_ns = grid_time_ns(grid, instant);
    int64_t since_ns = use->opened_ns;
    bool from_first = elapsed_ns(since_ns, until_ns) <= load->config->two_msl_ns;
    if (!from_first)
        since_ns = until_ns - load->config->two_msl_ns;
    int64_t span_ms = elapsed_ns(since_ns, until_ns) / NS_PER_MS;
    int64_t opened = 0;
    for (int64_t k = grid_instant_of(grid, since_ns) + !from_first; k <= instant; k++)
        opened += ledger_at(&use->ledger, USE_OPENS, k);
    return span_ms > 0 ? (opened - from_first) * MS_PER_MINUTE / span_ms : -1;
}

/* How long until the last port is taken when connections go on to be opened at this rate; -1 when
 * it never is, or has been. */
static int64_t exhausted_in_ns(int64_t free_ports, int64_t per_minute, int64_t sustainable)
{
    if (free_ports <= 0 || per_minute <= 0 || per_minute <= sustainable)
        return -1;
    return free_ports * NS_PER_MINUTE / per_minute;
}

static bool judge_ports(struct load *load, const struct use *use, struct anomaly_verdict *out)
{
    const struct analyzer_config *config = load->config;
    struct roll_key name = roll_key_of(use->key.address[0], roll_no_address, 0, 0);
    int64_t instant = use->taken.instant;
    bool widened;
    int64_t peak = use->taken.peak;
    int64_t range = load_port_range(load, roll_find(&load->hosts, &name), &widened);
    int64_t permille = peak * 1000 / range;
    if (permille < config->ports_tight_permille)
        return false;
    int64_t at_ns = grid_time_ns(&load->grid, instant);
    int64_t per_minute = opened_per_minute(load, use, instant);
    int64_t sustainable =
        config->two_msl_ns > 0 ? range * NS_PER_MINUTE / config->two_msl_ns : INT64_MAX;
    bool out_of_ports = permille >= config->ports_out_permille;
    *out =
        verdict_on(RULE_PORT_RANGE_PRESSURE, out_of_ports ? SEVERITY_CRITICAL : SEVERITY_WARNING,
                   widened ? CONFIDENCE_POSSIBLE : CONFIDENCE_PROBABLE, use->key.address[0], at_ns);
    at_service(out, &use->key);
    figure(out, FIGURE_PORTS_IN_USE, peak);
    figure(out, FIGURE_PORTS_IN_TIME_WAIT, ledger_at(&use->ledger, USE_TIME_WAIT, instant));
    figure(out, FIGURE_PORT_RANGE, range);
    figure(out, FIGURE_RANGE_WIDENED, widened);
    figure(out, FIGURE_USED_PERMILLE, permille);
    if (use->recycled)
        figure(out, FIGURE_PORTS_RECYCLED, (int64_t)use->recycled);
    figure(out, FIGURE_OPENED_PER_MINUTE, per_minute);
    figure(out, FIGURE_SUSTAINABLE_PER_MINUTE, sustainable);
    figure(out, FIGURE_EXHAUSTED_IN_NS, exhausted_in_ns(range - peak, per_minute, sustainable));
    return use_show(use, out);
}

/* ---- TIME_WAIT ------------------------------------------------------------------------------ */

/* What Linux takes for one: struct tcp_timewait_sock, in a slab of its own. */
#define TIME_WAIT_BYTES 256

/* tcp_max_tw_buckets as Linux sets it: half as many as the table of connections has slots, which
 * are one for 128 KiB of memory, a power of two, at most 2^19. Told is the highest default that the
 * peak is above; 0: none. */
static int64_t bucket_default_below(int64_t peak)
{
    static const int64_t defaults[] = {4096, 8192, 16384, 32768, 65536, 131072, 262144};
    int64_t exceeded = 0;
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults && defaults[i] < peak; i++)
        exceeded = defaults[i];
    return exceeded;
}

static bool judge_time_waits(const struct load *load, const struct host *host,
                             struct anomaly_verdict *out)
{
    int64_t peak = host->time_waits.peak;
    if (peak < load->config->time_waits_many)
        return false;
    int64_t at_ns = grid_time_ns(&load->grid, host->time_waits.instant);
    *out = verdict_on(RULE_TIME_WAIT_PEAK, SEVERITY_INFO, CONFIDENCE_PROBABLE, host->key.address[0],
                      at_ns);
    figure(out, FIGURE_PEAK, peak);
    figure(out, FIGURE_MEMORY_BYTES, peak * TIME_WAIT_BYTES);
    figure_word(out, FIGURE_MEMORY_BASIS, "linux_256_octets_each");
    figure(out, FIGURE_BUCKET_DEFAULT_EXCEEDED, bucket_default_below(peak));
    examples_show(host->examples, out);
    return true;
}

/* No system sets its own limit lower than this; administrators and small containers do. */
#define BUCKETS_LIKELY 4096

/* They were missing only while the count stood in the upper quarter: had they been lost for another
 * reason they would be missing at any time. */
static bool judge_buckets(const struct load *load, const struct host *host,
                          struct anomaly_verdict *out)
{
    const struct ledger *states = &host->states;
    const struct missing *missing = host->missing;
    int64_t peak = host->time_waits.peak;
    int64_t plateau = peak;
    int64_t first = 0;
    bool any = false;
    if (!missing || missing->count < load->config->time_waits_missing || peak == 0)
        return false;
    for (int64_t k = missing->line.first; k <= missing->line.last; k++) {
        if (!line_at(&missing->line, k))
            continue;
        /* The event lies between two instants. */
        int64_t before = ledger_at(states, STATE_TIME_WAIT, k - 1);
        int64_t after = ledger_at(states, STATE_TIME_WAIT, k);
        int64_t standing = before > after ? before : after;
        plateau = standing < plateau ? standing : plateau;
        first = any ? first : k;
        any = true;
    }
    if (!any || plateau * 4 < peak * 3)
        return false;
    *out = verdict_on(RULE_TIME_WAIT_BUCKET_OVERFLOW, SEVERITY_WARNING,
                      plateau >= BUCKETS_LIKELY ? CONFIDENCE_PROBABLE : CONFIDENCE_POSSIBLE,
                      host->key.address[0], grid_time_ns(&load->grid, first));
    figure(out, FIGURE_MISSING_TIME_WAITS, (int64_t)missing->count);
    figure(out, FIGURE_PLATEAU, plateau);
    figure(out, FIGURE_PEAK, peak);
    examples_show(missing->examples, out);
    return true;
}

/* ---- leaks ---------------------------------------------------------------------------------- */

/* How many came to be stuck until this instant, and when the first did. */
static int64_t stuck_until(const struct leak *leak, int64_t instant, int64_t *first)
{
    int64_t count = 0;
    for (int64_t k = leak->stucks.first; k <= leak->stucks.last && k <= instant; k++) {
        if (count == 0)
            *first = k;
        count += line_at(&leak->stucks, k);
    }
    return count;
}

/* It grows, and they do not leave: as long as the count stands near its peak, nine of ten that came
 * to be stuck are so still. Where as many leave as come they are slow, and no leak; where all came
 * at once it was one event. What becomes of them in the end, a restart perhaps, does not matter. */
static bool is_rising(const struct load *load, const struct leak *leak, int64_t instant,
                      int64_t peak)
{
    int64_t until = instant;
    int64_t first = instant;
    while (until < grid_last(&load->grid) &&
           (int64_t)line_at(&leak->stuck, until + 1) * 10 >= peak * 9)
        until++;
    int64_t count = stuck_until(leak, until, &first);
    int64_t halfway = line_at(&leak->stuck, first + (instant - first) / 2);
    int64_t span_ns =
        elapsed_ns(grid_time_ns(&load->grid, first), grid_time_ns(&load->grid, instant));
    return peak * 10 >= count * 9 && span_ns >= load->config->stuck_ns / 2 && halfway * 8 >= peak &&
           halfway * 8 <= peak * 7;
}

static bool judge_leak(const struct load *load, const struct leak *leak,
                       struct anomaly_verdict *out)
{
    int64_t instant = 0;
    int64_t peak = line_peak(&leak->stuck, &instant);
    if (peak < load->config->close_waits_leaking || !is_rising(load, leak, instant, peak))
        return false;
    int64_t at_ns = grid_time_ns(&load->grid, instant);
    int64_t span_ms = elapsed_ns(leak->first_ns, leak->last_ns) / NS_PER_MS;
    bool nobody_left = line_at(&leak->stuck, grid_last(&load->grid)) == leak->count;
    *out = verdict_on(RULE_CLOSE_WAIT_LEAK, SEVERITY_WARNING,
                      nobody_left ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE, leak->key.address[0],
                      at_ns);
    at_service(out, &leak->key);
    figure(out, FIGURE_PEAK, peak);
    if (span_ms > 0 && leak->count > 1)
        figure(out, FIGURE_STUCK_PER_HOUR, (int64_t)(leak->count - 1) * MS_PER_HOUR / span_ms);
    figure(out, FIGURE_OLDEST_NS, leak->longest_ns);
    examples_show(leak->examples, out);
    return true;
}

/* ---- in order ------------------------------------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
    const struct roll_key *const *a = left;
    const struct roll_key *const *b = right;
    return roll_key_order(*a, *b);
}

/* Items of a roll of which something may have to be said, in order of their names. */
struct suspects {
    void **items; /* owned */
    uint32_t count;
};

typedef bool (*suspicion)(const struct load *load, const void *item);

static bool suspect(const struct load *load, const struct roll *roll, suspicion is_suspect,
                    struct suspects *suspects)
{
    uint32_t count = roll_count(roll);
    suspects->count = 0;
    suspects->items = malloc((count + 1) * sizeof *suspects->items);
    if (!suspects->items)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        void *item = roll_at(roll, i);
        if (is_suspect(load, item))
            suspects->items[suspects->count++] = item;
    }
    qsort(suspects->items, suspects->count, sizeof *suspects->items, by_name);
    return true;
}

/* Had it only the fewest ports to choose from. */
static bool suspect_use(const struct load *load, const void *item)
{
    const struct use *use = item;
    bool widened;
    uint32_t fewest = load_port_range(load, NULL, &widened);
    fewest = fewest < LOAD_PORTS_ALL ? fewest : LOAD_PORTS_ALL;
    return (uint64_t)use->taken.peak * 1000 / fewest >= load->config->ports_tight_permille;
}

static bool suspect_host(const struct load *load, const void *item)
{
    const struct host *host = item;
    return host->time_waits.peak >= load->config->time_waits_many || host->missing;
}

static bool suspect_leak(const struct load *load, const void *item)
{
    (void)load;
    (void)item;
    return true;
}

static bool draw(const struct load *load, const struct suspects *uses, const struct suspects *hosts)
{
    bool held = true;
    for (uint32_t i = 0; i < uses->count; i++)
        held &= ledger_draw(&((struct use *)uses->items[i])->ledger, &load->grid);
    for (uint32_t i = 0; i < hosts->count; i++)
        held &= ledger_draw(&((struct host *)hosts->items[i])->states, &load->grid);
    return held;
}

struct taker {
    load_take take;
    void *context;
    bool stopped;
};

static void hand(struct taker *taker, bool found, const struct anomaly_verdict *a)
{
    if (found && !taker->stopped)
        taker->stopped = !taker->take(taker->context, a);
}

static void judge_all(struct load *load, const struct suspects *uses, const struct suspects *hosts,
                      const struct suspects *leaks, struct taker *taker)
{
    struct anomaly_verdict a;
    for (uint32_t i = 0; i < uses->count; i++)
        hand(taker, judge_ports(load, uses->items[i], &a), &a);
    for (uint32_t i = 0; i < hosts->count; i++)
        hand(taker, judge_time_waits(load, hosts->items[i], &a), &a);
    for (uint32_t i = 0; i < hosts->count; i++)
        hand(taker, judge_buckets(load, hosts->items[i], &a), &a);
    for (uint32_t i = 0; i < leaks->count; i++)
        hand(taker, judge_leak(load, leaks->items[i], &a), &a);
}

enum load_status load_judge(struct load *load, load_take take, void *context)
{
    struct taker taker = {.take = take, .context = context};
    struct suspects uses = {0}, hosts = {0}, leaks = {0};
    bool held = suspect(load, &load->uses.roll, suspect_use, &uses) &&
                suspect(load, &load->hosts, suspect_host, &hosts) &&
                suspect(load, &load->leaks, suspect_leak, &leaks) && draw(load, &uses, &hosts);
    if (held)
        judge_all(load, &uses, &hosts, &leaks, &taker);
    free(uses.items);
    free(hosts.items);
    free(leaks.items);
    return !held ? LOAD_NO_MEMORY : taker.stopped ? LOAD_STOPPED : LOAD_OK;
}
