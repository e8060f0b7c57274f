#include "analyzer/host/load.h"

#include "analyzer/elapsed.h"
#include "analyzer/share.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_UNPRIVILEGED_PORT (UINT16_MAX + 1 - LOAD_PORTS_ALL)

/* What one comes to hold in a busy capture: a line of instants is half a KiB, or 1 KiB, examples
 * are 2 KiB. */
#define HOST_BYTES (12u << 10)
#define LEAK_BYTES (5u << 10)
#define USE_BYTES  (8u << 10)

bool load_init(struct load *load, const struct analyzer_config *config,
               const struct hash_key *secret)
{
    memset(load, 0, sizeof *load);
    load->config = config;
    uint64_t memory = config->max_memory_bytes;
    load->hosts_most = share_most(memory, 16, HOST_BYTES, LOAD_HOSTS_MAX);
    load->leaks_most = share_most(memory, 64, LEAK_BYTES, LOAD_LEAKS_MAX);
    uint32_t uses_most = share_most(memory, 16, USE_BYTES, USES_MAX);
    if (roll_init(&load->hosts, sizeof(struct host), secret) &&
        uses_init(&load->uses, secret, uses_most) &&
        roll_init(&load->leaks, sizeof(struct leak), secret))
        return true;
    load_finish(load);
    return false;
}

static void host_finish(struct host *host)
{
    ledger_finish(&host->states);
    if (host->missing) {
        line_finish(&host->missing->line);
        free(host->missing->examples);
        free(host->missing);
    }
    free(host->examples);
}

static void leak_finish(struct leak *leak)
{
    line_finish(&leak->stuck);
    line_finish(&leak->stucks);
    free(leak->examples);
}

uint64_t load_bytes(const struct load *load)
{
    return (uint64_t)roll_count(&load->hosts) * HOST_BYTES +
           (uint64_t)roll_count(&load->leaks) * LEAK_BYTES +
           (uint64_t)roll_count(&load->uses.roll) * USE_BYTES;
}

void load_finish(struct load *load)
{
    for (uint32_t i = 0; i < roll_count(&load->hosts); i++)
        host_finish(roll_at(&load->hosts, i));
    for (uint32_t i = 0; i < roll_count(&load->leaks); i++)
        leak_finish(roll_at(&load->leaks, i));
    roll_finish(&load->hosts);
    uses_finish(&load->uses);
    roll_finish(&load->leaks);
    host_finish(&load->others);
    line_finish(&load->opens);
    line_finish(&load->closes);
    line_finish(&load->resets);
    for (int rule = 0; rule < RULES; rule++)
        line_finish(&load->rules[rule]);
}

/* ---- one endpoint of one connection --------------------------------------------------------- */

/* Of an endpoint's states what bears on the ports that are taken; each empty where there is none.
 */
struct life {
    struct stay taken;     /* from the socket's first state to the end of its last */
    struct stay time_wait; /* the first time */
};

static const struct life no_life = {.taken = {.from_ns = INT64_MAX, .to_ns = INT64_MIN}};

/* A connection on its way into the load. */
struct entrance {
    struct load *load;
    const struct arrival *arrival;
    const struct ends *ends;
    const struct conclusion *conclusion; /* looked at where the arrival does not tell */
    int64_t now_ns;                      /* how far the capture had come */
};

/* ---- hosts ---------------------------------------------------------------------------------- */

void load_fetch(const struct load *load, const struct ends *ends, bool server_too)
{
    roll_fetch(&load->hosts, ends->client_tag);
    if (!server_too)
        return;
    roll_fetch(&load->hosts, ends->server_tag);
    roll_fetch(&load->uses.roll, ends->pair_tag);
}

void load_fetch_items(const struct load *load, const struct ends *ends)
{
    roll_fetch_item(&load->hosts, ends->client_tag);
    roll_fetch_item(&load->hosts, ends->server_tag);
    roll_fetch_item(&load->uses.roll, ends->pair_tag);
}

/* Whose record the address is counted in: its own, or that of the others. NULL when memory ran out.
 */
static struct host *host_of(struct load *load, const struct roll_key *key, bool open)
{
    struct host *host = roll_find_tagged(&load->hosts, key);
    if (!host) {
        uint32_t waiting = roll_count(&load->hosts) - load->hosts_open;
        if ((open ? load->hosts_open : waiting) >= load->hosts_most)
            return &load->others;
        host = roll_add_tagged(&load->hosts, key);
    }
    if (host && open && !host->open && load->hosts_open < load->hosts_most) {
        host->open = true;
        load->hosts_open++;
    }
    return host;
}

static void count_roles(const struct entrance *in, const struct arrival_end *end, enum role role,
                        struct host *host)
{
    host->opened += end->opened;
    host->accepted += end->accepted;
    host->closed_first += end->closed_first;
    host->reset_sent += end->reset_sent;
    host->reset_received += end->reset_received;
    if (role != ROLE_CLIENT || !in->arrival->took_port || end->port < FIRST_UNPRIVILEGED_PORT)
        return;
    if (!host->port_lowest || end->port < host->port_lowest)
        host->port_lowest = end->port;
    if (end->port > host->port_highest)
        host->port_highest = end->port;
}

static bool count_missing(const struct entrance *in, enum role role, struct host *host)
{
    struct load *load = in->load;
    const struct connection_verdict *v = &in->conclusion->verdict;
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        const struct anomaly_verdict *found = &v->anomalies[i];
        if (found->rule != RULE_TIME_WAIT_MISSING || found->endpoint != role ||
            found->at_ns == TIME_UNKNOWN)
            continue;
        if (!host->missing)
            host->missing = calloc(1, sizeof *host->missing);
        if (!host->missing)
            return false;
        host->missing->count++;
        if (!line_happen(&host->missing->line, &load->grid, found->at_ns))
            return false;
        /* The last piece is the reset itself. */
        if (found->evidence_count &&
            !examples_add(&host->missing->examples, &found->evidence[found->evidence_count - 1]))
            return false;
    }
    return true;
}

/* ---- leaks ---------------------------------------------------------------------------------- */

/* One end of a connection, and the record that it is counted in. */
struct counted {
    const struct arrival_end *end;
    struct host *host; /* NULL: nothing is counted of it */
    struct life life;
};

static const struct endpoint_verdict *verdict_of(const struct entrance *in, const struct counted *c)
{
    const struct connection_verdict *v = &in->conclusion->verdict;
    return c->end == &in->arrival->ends[ARRIVAL_CLIENT] ? &v->client : &v->server;
}

/* What it did with the segment that brought it into the state of this number. */
static bool add_example(const struct entrance *in, const struct counted *c, unsigned number,
                        const char *note, struct examples **examples)
{
    struct anomaly_evidence piece;
    frame_ref frame = arrival_entry(verdict_of(in, c), number)->frame;
    return !arrival_piece_of(in->conclusion, frame, note, &piece) || examples_add(examples, &piece);
}

static bool count_stuck(const struct entrance *in, const struct counted *c, unsigned number,
                        const struct stay *stay)
{
    struct load *load = in->load;
    const struct endpoint_verdict *server = &in->conclusion->verdict.server;
    struct roll_key key = roll_key_of(verdict_of(in, c)->address, server->address, server->port, 0);
    struct leak *leak = roll_find(&load->leaks, &key);
    if (!leak) {
        if (roll_count(&load->leaks) >= load->leaks_most)
            return true;
        leak = roll_add(&load->leaks, &key);
        if (!leak)
            return false;
        leak->first_ns = leak->last_ns = stay->from_ns;
    }
    leak->count++;
    if (stay->from_ns < leak->first_ns)
        leak->first_ns = stay->from_ns;
    if (stay->from_ns > leak->last_ns)
        leak->last_ns = stay->from_ns;
    int64_t until_ns = stay->to_ns < in->now_ns ? stay->to_ns : in->now_ns;
    int64_t span_ns = elapsed_ns(stay->from_ns, until_ns);
    if (span_ns > leak->longest_ns)
        leak->longest_ns = span_ns;
    int64_t stuck_ns = later_by(stay->from_ns, load->config->stuck_ns);
    return line_stand(&leak->stuck, &load->grid, stuck_ns, stay->to_ns) &&
           line_happen(&leak->stucks, &load->grid, stuck_ns) &&
           add_example(in, c, number, "the FIN that was acknowledged and never answered",
                       &leak->examples);
}

/* ---- states --------------------------------------------------------------------------------- */

static void add_to_life(struct life *life, unsigned state, const struct stay *stay)
{
    if (stay->from_ns < life->taken.from_ns) {
        life->taken.from_ns = stay->from_ns;
        life->taken.from = stay->from;
    }
    if (stay->to_ns > life->taken.to_ns) {
        life->taken.to_ns = stay->to_ns;
        life->taken.to = stay->to;
    }
    if (state == STATE_TIME_WAIT && life->time_wait.to_ns <= life->time_wait.from_ns)
        life->time_wait = *stay;
}

static bool count_time_wait(const struct entrance *in, const struct counted *c, unsigned number)
{
    if (c->host == &in->load->others)
        return true;
    if (number != c->end->entered_first)
        return add_example(in, c, number, ARRIVAL_ENTERED, &c->host->examples);
    ptrdiff_t x = c->end - in->arrival->ends;
    return !in->arrival->has_entered[x] ||
           examples_add(&c->host->examples, &in->arrival->entered[x]);
}

static bool count_stay(const struct entrance *in, struct counted *c, unsigned number)
{
    const struct arrival_end *end = c->end;
    struct grid *grid = &in->load->grid;
    struct stay stay = {.from_ns = end->at_ns[number],
                        .to_ns = arrival_left_ns(in->arrival, end, number)};
    grid_cover(grid, stay.from_ns); /* the end of it is covered by now_ns */
    stay.from = grid_instant_of(grid, stay.from_ns);
    stay.to = grid_instant_of(grid, stay.to_ns);
    add_to_life(&c->life, end->state[number], &stay);
    if (!ledger_stand(&c->host->states, grid->level, end->state[number], stay.from, stay.to))
        return false;
    if (end->state[number] == STATE_TIME_WAIT)
        return count_time_wait(in, c, number);
    return !(end->stuck >> number & 1) || count_stuck(in, c, number, &stay);
}

/* Whom it is counted in, with what that keeps elsewhere on its way. False when memory ran out. */
static bool meet(const struct entrance *in, enum role role, struct counted *c)
{
    bool client = role == ROLE_CLIENT;
    *c = (struct counted){&in->arrival->ends[client ? ARRIVAL_CLIENT : ARRIVAL_SERVER], NULL,
                          no_life};
    if (!c->end->counts)
        return true;
    struct roll_key key = client ? ends_client(in->ends) : ends_server(in->ends);
    c->host = host_of(in->load, &key, c->end->established);
    if (!c->host)
        return false;
    ledger_fetch(&c->host->states);
    if (c->host->examples)
        FETCH(c->host->examples);
    return true;
}

static bool count_endpoint(const struct entrance *in, struct counted *c, enum role role)
{
    if (!c->host)
        return true;
    count_roles(in, c->end, role, c->host);
    for (unsigned i = 0; i < c->end->count; i++) {
        if (arrival_lasts(in->arrival, c->end, i) && !count_stay(in, c, i))
            return false;
    }
    return count_missing(in, role, c->host);
}

/* ---- ports ---------------------------------------------------------------------------------- */

/* Where steps have become longer since it was counted. */
static void find_instants(const struct grid *grid, struct stay *stay)
{
    stay->from = grid_instant_of(grid, stay->from_ns);
    stay->to = grid_instant_of(grid, stay->to_ns);
}

static bool count_use(const struct entrance *in, const struct life *client,
                      const struct life *server, unsigned counted_level)
{
    const struct arrival *a = in->arrival;
    const struct grid *grid = &in->load->grid;
    struct taking t = {.taken = client->taken,
                       .time_wait = client->time_wait,
                       .server_held = server->time_wait,
                       .has_example = a->has_first};
    if (!a->took_port || t.taken.from_ns >= t.taken.to_ns)
        return true;
    if (UNLIKELY(grid->level != counted_level)) {
        find_instants(grid, &t.taken);
        find_instants(grid, &t.time_wait);
        find_instants(grid, &t.server_held);
    }
    struct roll_key key = ends_pair(in->ends);
    if (t.server_held.from_ns < t.server_held.to_ns && t.server_held.from_ns < t.taken.to_ns) {
        t.server_held.from_ns = t.taken.to_ns;
        t.server_held.from = t.taken.to;
    }
    if (a->has_first)
        t.example = a->first;
    bool recycled =
        a->reused && t.time_wait.from_ns < t.time_wait.to_ns && t.time_wait.to_ns == a->end_ns;
    return uses_add(&in->load->uses, grid, &key, &t, recycled);
}

/* ---- the capture ---------------------------------------------------------------------------- */

static inline bool happen(struct load *load, struct line *line, int64_t at_ns)
{
    if (at_ns == TIME_UNKNOWN)
        return true;
    grid_cover(&load->grid, at_ns);
    line->events = true;
    return line_change(line, load->grid.level, grid_instant_of(&load->grid, at_ns), 1);
}

static bool count_events(const struct entrance *in)
{
    const struct arrival *a = in->arrival;
    const struct connection_verdict *v = &in->conclusion->verdict;
    struct load *load = in->load;
    if (a->opens && !happen(load, &load->opens, a->start_ns))
        return false;
    if (!happen(load, &load->closes, a->close_ns))
        return false;
    if (a->has_reset && !happen(load, &load->resets, a->close_ns))
        return false;
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        if (!happen(load, &load->rules[v->anomalies[i].rule], v->anomalies[i].at_ns))
            return false;
    }
    return true;
}

static bool count_given_up_syn(const struct entrance *in)
{
    struct load *load = in->load;
    const int64_t *at_ns = in->arrival->ends[ARRIVAL_CLIENT].at_ns;
    struct roll_key key = ends_client(in->ends);
    struct host *host = host_of(load, &key, false);
    return host &&
           ledger_stand(&host->states, load->grid.level, STATE_SYN_SENT,
                        grid_instant_of(&load->grid, at_ns[0]),
                        grid_instant_of(&load->grid, at_ns[1])) &&
           count_events(in);
}

bool load_connection(struct load *load, const struct arrival *arrival, const struct ends *ends,
                     const struct conclusion *conclusion, int64_t now_ns)
{
    const struct connection_verdict *v = &conclusion->verdict;
    struct entrance in = {load, arrival, ends, conclusion, now_ns};
    if (arrival->start_ns != TIME_UNKNOWN)
        grid_cover(&load->grid, arrival->start_ns);
    if (now_ns != TIME_UNKNOWN)
        grid_cover(&load->grid, now_ns);
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        if (v->anomalies[i].at_ns != TIME_UNKNOWN)
            grid_cover(&load->grid, v->anomalies[i].at_ns);
    }
    if (arrival->given_up)
        return count_given_up_syn(&in);
    unsigned level = load->grid.level;
    struct counted client, server;
    if (!meet(&in, ROLE_CLIENT, &client) || !meet(&in, ROLE_SERVER, &server))
        return false;
    uses_fetch(&load->uses, ends);
    return count_endpoint(&in, &client, ROLE_CLIENT) && count_endpoint(&in, &server, ROLE_SERVER) &&
           count_use(&in, &client.life, &server.life, level) && count_events(&in);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void settle_host(struct host *host, const struct grid *grid)
{
    ledger_settle(&host->states, grid);
    host->time_waits = ledger_load(&host->states, STATE_TIME_WAIT);
    host->close_waits = ledger_load(&host->states, STATE_CLOSE_WAIT).peak;
    if (host->missing)
        line_settle(&host->missing->line, grid);
}

static bool add_to_others(struct load *load, const struct host *host)
{
    struct host *all = &load->others;
    all->opened += host->opened;
    all->accepted += host->accepted;
    all->closed_first += host->closed_first;
    all->reset_sent += host->reset_sent;
    all->reset_received += host->reset_received;
    return ledger_sum(&all->states, &host->states);
}

bool load_close(struct load *load, int64_t end_ns)
{
    const struct grid *grid = &load->grid;
    if (end_ns != TIME_UNKNOWN)
        grid_cover(&load->grid, end_ns);
    ledger_settle(&load->others.states, grid);
    for (uint32_t i = 0; i < roll_count(&load->hosts); i++) {
        struct host *host = roll_at(&load->hosts, i);
        settle_host(host, grid);
        if (!host->open && !add_to_others(load, host))
            return false;
    }
    settle_host(&load->others, grid);
    uses_close(&load->uses, grid);
    for (uint32_t i = 0; i < roll_count(&load->leaks); i++) {
        struct leak *leak = roll_at(&load->leaks, i);
        line_settle(&leak->stuck, grid);
        line_settle(&leak->stucks, grid);
    }
    line_settle(&load->opens, grid);
    line_settle(&load->closes, grid);
    line_settle(&load->resets, grid);
    for (int rule = 0; rule < RULES; rule++)
        line_settle(&load->rules[rule], grid);
    return true;
}

uint32_t load_port_range(const struct load *load, const struct host *client, bool *widened)
{
    uint16_t low = load->config->port_low;
    uint16_t high = load->config->port_high;
    *widened =
        client && client->port_lowest && (client->port_lowest < low || client->port_highest > high);
    if (*widened || high < low)
        return LOAD_PORTS_ALL;
    return (uint32_t)high - low + 1;
}
