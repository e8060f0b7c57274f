/*
 * The load of hosts, as records.
 */
#include "analyzer/host/load.h"

#include <stdlib.h>
#include <string.h>

/* Of which hosts every instant is told: those that ever held so many sockets in TIME_WAIT or
 * CLOSE_WAIT, and of these the ones that held the most. */
#define SAMPLED_LEAST 2u
#define SAMPLED_MOST  50u

#define SERVICES_MOST 10u

/* What is put in order by its first address: that is at hand, where the item may be in no cache. */
struct addressed {
    uint64_t high, low;
    void *item;
};

static struct addressed addressed_by(const struct roll_key *key, void *item)
{
    return (struct addressed){roll_octets(key->address[0]), roll_octets(key->address[0] + 8), item};
}

static int by_address(const void *left, const void *right)
{
    const struct addressed *a = left;
    const struct addressed *b = right;
    return a->high != b->high ? (a->high > b->high) - (a->high < b->high)
                              : (a->low > b->low) - (a->low < b->low);
}

/* The hosts told apart, in order of address. */
struct choice {
    struct host **hosts;
    uint32_t count;
};

static bool choose_open(const struct load *load, struct choice *choice)
{
    choice->count = 0;
    choice->hosts = malloc((load->hosts_open + 1) * sizeof(struct host *));
    struct addressed *order = malloc((load->hosts_open + 1) * sizeof *order);
    for (uint32_t i = 0; choice->hosts && order && i < roll_count(&load->hosts); i++) {
        struct host *host = roll_at(&load->hosts, i);
        if (host->open)
            order[choice->count++] = addressed_by(&host->key, host);
    }
    bool held = choice->hosts && order;
    if (held)
        qsort(order, choice->count, sizeof *order, by_address);
    for (uint32_t i = 0; i < choice->count; i++)
        choice->hosts[i] = order[i].item;
    free(order);
    return held;
}

/* ---- samples -------------------------------------------------------------------------------- */

static uint32_t waiting_at_peak(const struct host *host)
{
    return host->time_waits.peak > host->close_waits ? host->time_waits.peak : host->close_waits;
}

/* Those that held the most, in order of address as the open ones are. */
static bool choose_sampled(const struct choice *open, struct choice *sampled)
{
    uint32_t most[SAMPLED_MOST + 1]; /* places among the open, the highest peak first */
    uint32_t count = 0;
    for (uint32_t i = 0; i < open->count; i++) {
        uint32_t peak = waiting_at_peak(open->hosts[i]);
        if (peak < SAMPLED_LEAST)
            continue;
        uint32_t at = count;
        for (; at > 0 && waiting_at_peak(open->hosts[most[at - 1]]) < peak; at--)
            most[at] = most[at - 1];
        most[at] = i;
        count += count < SAMPLED_MOST;
    }
    sampled->count = 0;
    sampled->hosts = malloc((count + 1) * sizeof(struct host *));
    bool *chosen = calloc(open->count + 1, sizeof *chosen);
    for (uint32_t i = 0; chosen && i < count; i++)
        chosen[most[i]] = true;
    for (uint32_t i = 0; chosen && sampled->hosts && i < open->count; i++) {
        if (chosen[i])
            sampled->hosts[sampled->count++] = open->hosts[i];
    }
    bool held = chosen && sampled->hosts;
    free(chosen);
    return held;
}

static bool draw_sampled(const struct load *load, const struct choice *sampled)
{
    for (uint32_t i = 0; i < sampled->count; i++) {
        if (!ledger_draw(&sampled->hosts[i]->states, &load->grid))
            return false;
    }
    return true;
}

static bool hand_events(const struct load *load, int64_t instant, const struct verdict_sink *sink)
{
    struct sample_verdict sample = {
        .at_ns = grid_time_ns(&load->grid, instant),
        .opens = line_at(&load->opens, instant),
        .closes = line_at(&load->closes, instant),
        .resets = line_at(&load->resets, instant),
    };
    for (int rule = 0; rule < RULES; rule++)
        sample.rules[rule] = line_at(&load->rules[rule], instant);
    return sink->sample(sink->context, &sample);
}

static bool hand_states(const struct load *load, int64_t instant, const struct host *host,
                        const struct verdict_sink *sink)
{
    struct sample_verdict sample = {.at_ns = grid_time_ns(&load->grid, instant), .of_host = true};
    memcpy(sample.address, host->key.address[0], sizeof sample.address);
    for (int s = 0; s < STATES; s++)
        sample.states[s] = ledger_at(&host->states, (unsigned)s, instant);
    return sink->sample(sink->context, &sample);
}

/* What happened after the last instant belongs to one beyond it. */
static bool hand_samples(const struct load *load, const struct choice *sampled,
                         const struct verdict_sink *sink)
{
    const struct grid *grid = &load->grid;
    if (!sink->sample || !grid->begun)
        return true;
    int64_t last = grid_last(grid);
    int64_t end = grid_instant_of(grid, grid->last_ns);
    for (int64_t k = grid_first(grid); k <= end; k++) {
        if (!hand_events(load, k, sink))
            return false;
        for (uint32_t i = 0; k <= last && i < sampled->count; i++) {
            if (!hand_states(load, k, sampled->hosts[i], sink))
                return false;
        }
    }
    return true;
}

/* ---- hosts ---------------------------------------------------------------------------------- */

static struct state_load load_of(const struct row_load *row, const struct grid *grid,
                                 int64_t instants)
{
    if (!row->peak)
        return (struct state_load){.peak_at_ns = TIME_UNKNOWN};
    return (struct state_load){
        .peak = row->peak,
        .peak_at_ns = grid_time_ns(grid, row->instant),
        .mean = instants > 0 ? row->sum / (uint64_t)instants : 0,
    };
}

static struct service_use service_of(const struct load *load, const struct host *host,
                                     const struct use *use)
{
    struct service_use service = {
        .port = use->key.port,
        .ports_in_use_peak = use->taken.peak,
        .peak_at_ns = grid_time_ns(&load->grid, use->taken.instant),
        .server_held_peak = ledger_load(&use->ledger, USE_SERVER_HELD).peak,
    };
    service.port_range = load_port_range(load, host, &service.range_widened);
    service.used_permille = (uint32_t)((uint64_t)use->taken.peak * 1000 / service.port_range);
    memcpy(service.address, use->key.address[1], sizeof service.address);
    return service;
}

/* Uses by client, those with the highest peaks first. */
static int by_client(const void *left, const void *right)
{
    int order = by_address(left, right);
    if (order)
        return order;
    const struct use *a = ((const struct addressed *)left)->item;
    const struct use *b = ((const struct addressed *)right)->item;
    if (a->taken.peak != b->taken.peak)
        return a->taken.peak > b->taken.peak ? -1 : 1;
    return roll_key_order(&a->key, &b->key);
}

struct use_list {
    struct addressed *uses;
    uint32_t count;
    uint32_t at; /* those of lower addresses lie before */
};

/* Only those of which a record may speak. */
static bool list_uses(const struct load *load, struct use_list *list)
{
    uint32_t count = roll_count(&load->uses.roll);
    *list = (struct use_list){0};
    list->uses = malloc((count + 1) * sizeof *list->uses);
    if (!list->uses)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct use *use = roll_at(&load->uses.roll, i);
        if (use->taken.peak > 0)
            list->uses[list->count++] = addressed_by(&use->key, use);
    }
    qsort(list->uses, list->count, sizeof *list->uses, by_client);
    return true;
}

static uint32_t services_of(const struct load *load, const struct host *host, struct use_list *list,
                            struct service_use services[SERVICES_MOST])
{
    uint32_t count = 0;
    const struct addressed of_host = addressed_by(&host->key, NULL);
    for (; list->at < list->count; list->at++) {
        int order = by_address(&list->uses[list->at], &of_host);
        if (order > 0)
            break;
        if (order == 0 && count < SERVICES_MOST)
            services[count++] = service_of(load, host, list->uses[list->at].item);
    }
    return count;
}

static struct host_verdict verdict_on(const struct load *load, const struct host *host)
{
    const struct grid *grid = &load->grid;
    int64_t instants = grid_last(grid) - grid_first(grid) + 1;
    struct host_verdict v = {
        .opened = host->opened,
        .accepted = host->accepted,
        .closed_first = host->closed_first,
        .reset_sent = host->reset_sent,
        .reset_received = host->reset_received,
    };
    memcpy(v.address, host->key.address[0], sizeof v.address);
    for (unsigned s = 0; s < STATES; s++) {
        struct row_load row =
            s == STATE_TIME_WAIT ? host->time_waits : ledger_load(&host->states, s);
        v.states[s] = load_of(&row, grid, instants);
    }
    return v;
}

static bool is_empty(const struct host_verdict *v)
{
    uint64_t sum = v->opened + v->accepted + v->closed_first + v->reset_sent + v->reset_received;
    for (int s = 0; s < STATES; s++)
        sum += v->states[s].peak;
    return sum == 0;
}

static bool hand_hosts(const struct load *load, const struct choice *open, struct use_list *uses,
                       const struct verdict_sink *sink)
{
    struct service_use services[SERVICES_MOST];
    if (!sink->host)
        return true;
    for (uint32_t i = 0; i < open->count; i++) {
        struct host_verdict v = verdict_on(load, open->hosts[i]);
        v.services = services;
        v.service_count = services_of(load, open->hosts[i], uses, services);
        if (!sink->host(sink->context, &v))
            return false;
    }
    struct host_verdict v = verdict_on(load, &load->others);
    v.others = true;
    return is_empty(&v) || sink->host(sink->context, &v);
}

enum load_status load_report(const struct load *load, const struct verdict_sink *sink)
{
    struct choice open = {0};
    struct choice sampled = {0};
    struct use_list uses = {0};
    enum load_status status = LOAD_NO_MEMORY;
    if (choose_open(load, &open) && choose_sampled(&open, &sampled) &&
        draw_sampled(load, &sampled) && list_uses(load, &uses)) {
        bool go_on =
            sink->hosts_first
                ? hand_hosts(load, &open, &uses, sink) && hand_samples(load, &sampled, sink)
                : hand_samples(load, &sampled, sink) && hand_hosts(load, &open, &uses, sink);
        status = go_on ? LOAD_OK : LOAD_STOPPED;
    }
    free(open.hosts);
    free(sampled.hosts);
    free(uses.uses);
    return status;
}
