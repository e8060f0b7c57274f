#include "analyzer/host/load.h"

#include "analyzer/elapsed.h"
#include "analyzer/share.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_UNPRIVILEGED_PORT (UINT16_MAX + 1 - LOAD_PORTS_ALL)

/* What one comes to hold in a busy capture: a line of instants is 1 KiB, examples are 2 KiB. */
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
struct arrival {
    struct load *load;
    const struct ends *ends;
    const struct conclusion *conclusion;
    const struct connection_verdict *v;
    int64_t end_ns; /* until when the last states are believed */
    bool reused;    /* then the five-tuple was opened anew */
    int64_t now_ns; /* how far the capture had come */
    struct life client, server;
};

static int64_t later_by(int64_t at_ns, int64_t span_ns)
{
    int64_t sum_ns;
    return __builtin_add_overflow(at_ns, span_ns, &sum_ns) ? INT64_MAX : sum_ns;
}

/* What stood at the very end of the capture is counted at the instant that lies there. */
static void find_end(struct arrival *a, const struct connection *c)
{
    const struct analyzer_config *config = a->load->config;
    const struct detail *d = c->detail;
    int64_t last_ns = connection_last_ns(c);
    a->end_ns = a->now_ns == TIME_UNKNOWN ? TIME_UNKNOWN : later_by(a->now_ns, 1);
    if (c->marks & CONN_CLOSED && last_ns != TIME_UNKNOWN) {
        int64_t forgotten_ns =
            later_by(later_by(last_ns, config->two_msl_ns), config->straggler_ns);
        if (forgotten_ns < a->end_ns)
            a->end_ns = forgotten_ns;
    }
    a->reused = d && d->reused && d->reused_ns != TIME_UNKNOWN && d->reused_ns < a->end_ns;
    if (a->reused)
        a->end_ns = d->reused_ns;
}

#define STATE_BIT(state) (1u << (state))
#define NO_SOCKETS       (STATE_BIT(STATE_CLOSED) | STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_UNKNOWN))
#define OPENING          (STATE_BIT(STATE_SYN_SENT) | STATE_BIT(STATE_SYN_RECEIVED))
#define WAITING          (STATE_BIT(STATE_TIME_WAIT) | STATE_BIT(STATE_CLOSE_WAIT))

static bool is_socket(unsigned state)
{
    return !(NO_SOCKETS & STATE_BIT(state));
}

/* From the last to the first: who has closed had mostly been open before. */
static bool was_established(const struct endpoint_verdict *e)
{
    for (uint32_t i = e->state_count; i-- > 0;) {
        const struct state_entry *entry = &e->states[i];
        if (!entry->retracted && !((NO_SOCKETS | OPENING) & STATE_BIT(entry->state)))
            return true;
    }
    return false;
}

/* The segment of this frame as evidence; false when it was not kept. */
static bool piece_of(const struct arrival *a, frame_ref frame, const char *note,
                     struct anomaly_evidence *piece)
{
    const struct evidence *ev = &a->conclusion->basis.evidence;
    for (int i = 0; i < ev->count; i++) {
        const struct log_entry *g = &ev->log[i];
        if (g->frame != frame)
            continue;
        bool by_client = ev->c->key.port[g->side] == a->v->client.port &&
                         memcmp(ev->c->key.address[g->side], a->v->client.address, 16) == 0;
        *piece = (struct anomaly_evidence){
            .at_ns = captured_ns(ev, i),
            .frame = frame,
            .note = note,
            .seq = g->seq.n,
            .ack = g->ack.n,
            .payload_len = g->payload_len,
            .flags = g->flags,
            .from = by_client ? ROLE_CLIENT : ROLE_SERVER,
        };
        return true;
    }
    return false;
}

static bool add_example(const struct arrival *a, frame_ref frame, const char *note,
                        struct examples **examples)
{
    struct anomaly_evidence piece;
    return frame == FRAME_NONE || !piece_of(a, frame, note, &piece) ||
           examples_add(examples, &piece);
}

/* ---- hosts ---------------------------------------------------------------------------------- */

void load_fetch(const struct load *load, const struct ends *ends, bool server_too)
{
    roll_fetch(&load->hosts, roll_tag(ends->client_hash, 0, 0, 0));
    if (!server_too)
        return;
    roll_fetch(&load->hosts, roll_tag(ends->server_hash, 0, 0, 0));
    roll_fetch(&load->uses.roll, ends_pair_tag(ends));
}

void load_fetch_items(const struct load *load, const struct ends *ends)
{
    roll_fetch_item(&load->hosts, roll_tag(ends->client_hash, 0, 0, 0));
    roll_fetch_item(&load->hosts, roll_tag(ends->server_hash, 0, 0, 0));
    roll_fetch_item(&load->uses.roll, ends_pair_tag(ends));
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

/* A SYN that nobody answered and that was not sent again is a packet, and no proof of a socket that
 * sent it: floods and scans are made of them. */
static bool took_a_port(const struct connection_verdict *v)
{
    return v->client_known_by != KNOWN_BY_FIRST_PACKET &&
           (v->handshake != HANDSHAKE_UNANSWERED || v->client.packets > 1);
}

static void count_roles(const struct arrival *a, const struct endpoint_verdict *e, enum role role,
                        struct host *host)
{
    const struct connection_verdict *v = a->v;
    const struct endpoint_verdict *peer = e == &v->client ? &v->server : &v->client;
    bool opened = v->handshake == HANDSHAKE_COMPLETE || v->handshake == HANDSHAKE_SIMULTANEOUS;
    host->opened += opened && role == ROLE_CLIENT;
    host->accepted += opened && role == ROLE_SERVER;
    bool by_fin = v->close.kind == CLOSE_GRACEFUL || v->close.kind == CLOSE_SIMULTANEOUS ||
                  v->close.kind == CLOSE_MID_CLOSE || v->close.kind == CLOSE_HALF_CLOSED;
    host->closed_first += by_fin && (v->close.by == role || v->close.by == ROLE_BOTH);
    host->reset_sent += e->rst.count > 0;
    host->reset_received += peer->rst.count > 0;
    if (role != ROLE_CLIENT || !took_a_port(v) || e->port < FIRST_UNPRIVILEGED_PORT)
        return;
    if (!host->port_lowest || e->port < host->port_lowest)
        host->port_lowest = e->port;
    if (e->port > host->port_highest)
        host->port_highest = e->port;
}

static bool count_missing(const struct arrival *a, enum role role, struct host *host)
{
    struct load *load = a->load;
    for (uint32_t i = 0; i < a->v->anomaly_count; i++) {
        const struct anomaly_verdict *found = &a->v->anomalies[i];
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

/* Only what the socket's owner has confirmed, and where its own FIN could have been seen. */
static bool is_stuck(const struct arrival *a, const struct state_entry *entry, struct stay stay)
{
    return entry->state == STATE_CLOSE_WAIT && entry->certainty == CERTAINTY_CONFIRMED &&
           !(a->v->caveats & (1u << CAVEAT_ONE_DIRECTION | 1u << CAVEAT_CAPTURE_LOST)) &&
           elapsed_ns(stay.from_ns, stay.to_ns) > a->load->config->stuck_ns;
}

static bool count_stuck(const struct arrival *a, const struct endpoint_verdict *e,
                        const struct state_entry *entry, struct stay stay)
{
    struct load *load = a->load;
    struct roll_key key = roll_key_of(e->address, a->v->server.address, a->v->server.port, 0);
    struct leak *leak = roll_find(&load->leaks, &key);
    if (!leak) {
        if (roll_count(&load->leaks) >= load->leaks_most)
            return true;
        leak = roll_add(&load->leaks, &key);
        if (!leak)
            return false;
        leak->first_ns = leak->last_ns = stay.from_ns;
    }
    leak->count++;
    if (stay.from_ns < leak->first_ns)
        leak->first_ns = stay.from_ns;
    if (stay.from_ns > leak->last_ns)
        leak->last_ns = stay.from_ns;
    int64_t until_ns = stay.to_ns < a->now_ns ? stay.to_ns : a->now_ns;
    int64_t span_ns = elapsed_ns(stay.from_ns, until_ns);
    if (span_ns > leak->longest_ns)
        leak->longest_ns = span_ns;
    int64_t stuck_ns = later_by(stay.from_ns, load->config->stuck_ns);
    return line_stand(&leak->stuck, &load->grid, stuck_ns, stay.to_ns) &&
           line_happen(&leak->stucks, &load->grid, stuck_ns) &&
           add_example(a, entry->frame, "the FIN that was acknowledged and never answered",
                       &leak->examples);
}

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

/* One end of a connection, and the record that it is counted in. */
struct counted {
    const struct endpoint_verdict *e;
    struct host *host;
    struct life *life;
};

/* States in which a socket waits for the end: of these more is told than how many there were. */
static bool count_waiting(const struct arrival *a, const struct counted *c,
                          const struct state_entry *entry, const struct stay *stay)
{
    if (entry->state == STATE_TIME_WAIT && c->host != &a->load->others &&
        !add_example(a, entry->frame, "with this segment it entered TIME_WAIT", &c->host->examples))
        return false;
    return !is_stuck(a, entry, *stay) || count_stuck(a, c->e, entry, *stay);
}

static bool count_stay(struct arrival *a, const struct counted *c, const struct state_entry *entry,
                       int64_t from_ns, int64_t to_ns)
{
    grid_cover(&a->load->grid, from_ns); /* the end of it is covered by now_ns */
    struct stay stay = {.from_ns = from_ns, .to_ns = to_ns};
    stay.from = grid_instant_of(&a->load->grid, from_ns);
    stay.to = grid_instant_of(&a->load->grid, to_ns);
    add_to_life(c->life, entry->state, &stay);
    if (!ledger_stand(&c->host->states, a->load->grid.level, entry->state, stay.from, stay.to))
        return false;
    return !(STATE_BIT(entry->state) & WAITING) || count_waiting(a, c, entry, &stay);
}

/* What was taken back neither stands nor ends what does. */
static bool count_states(struct arrival *a, const struct counted *c)
{
    const struct state_entry *entry = c->e->states;
    const struct state_entry *end = entry + c->e->state_count;
    while (entry < end && entry->retracted)
        entry++;
    while (entry < end) {
        const struct state_entry *next = entry + 1;
        while (next < end && next->retracted)
            next++;
        /* Empty when its times are not known. */
        int64_t from_ns = entry->at_ns;
        int64_t to_ns = next < end && next->at_ns < a->end_ns ? next->at_ns : a->end_ns;
        if (is_socket(entry->state) && from_ns < to_ns && from_ns != TIME_UNKNOWN &&
            !count_stay(a, c, entry, from_ns, to_ns))
            return false;
        entry = next;
    }
    return true;
}

/* Nothing was heard or is believed of this end: whom a SYN names need not be there, and a scan
 * names thousands. */
static bool nothing_to_count(const struct connection_verdict *v, const struct endpoint_verdict *e)
{
    return !e->packets && !e->state_count && v->close.kind == CLOSE_NONE && !v->client.rst.count &&
           !v->server.rst.count;
}

/* Whom it is counted in, with what that keeps elsewhere on its way. False when memory ran out. */
static bool meet(struct arrival *a, const struct endpoint_verdict *e, struct life *life,
                 enum role role, struct counted *c)
{
    *c = (struct counted){e, NULL, life};
    *life = no_life;
    if (nothing_to_count(a->v, e))
        return true;
    struct roll_key key = role == ROLE_CLIENT ? ends_client(a->ends) : ends_server(a->ends);
    c->host = host_of(a->load, &key, was_established(e));
    if (!c->host)
        return false;
    ledger_fetch(&c->host->states);
    if (c->host->examples)
        FETCH(c->host->examples);
    return true;
}

static bool count_endpoint(struct arrival *a, const struct counted *c, enum role role)
{
    if (!c->host)
        return true;
    count_roles(a, c->e, role, c->host);
    return count_states(a, c) && count_missing(a, role, c->host);
}

/* ---- ports ---------------------------------------------------------------------------------- */

/* Where steps have become longer since it was counted. */
static void find_instants(const struct grid *grid, struct stay *stay)
{
    stay->from = grid_instant_of(grid, stay->from_ns);
    stay->to = grid_instant_of(grid, stay->to_ns);
}

static bool count_use(struct arrival *a, unsigned counted_level)
{
    const struct connection_verdict *v = a->v;
    const struct grid *grid = &a->load->grid;
    struct taking t = {.taken = a->client.taken,
                       .time_wait = a->client.time_wait,
                       .server_held = a->server.time_wait};
    if (!took_a_port(v) || t.taken.from_ns >= t.taken.to_ns)
        return true;
    if (UNLIKELY(grid->level != counted_level)) {
        find_instants(grid, &t.taken);
        find_instants(grid, &t.time_wait);
        find_instants(grid, &t.server_held);
    }
    struct roll_key key = ends_pair(a->ends);
    if (t.server_held.from_ns < t.server_held.to_ns && t.server_held.from_ns < t.taken.to_ns) {
        t.server_held.from_ns = t.taken.to_ns;
        t.server_held.from = t.taken.to;
    }
    t.has_example = piece_of(a, v->first_frame, "took one of the client's ports", &t.example);
    bool recycled =
        a->reused && t.time_wait.from_ns < t.time_wait.to_ns && t.time_wait.to_ns == a->end_ns;
    return uses_add(&a->load->uses, grid, &key, &t, recycled);
}

/* ---- the capture ---------------------------------------------------------------------------- */

static inline bool happen(struct arrival *a, struct line *line, int64_t at_ns)
{
    if (at_ns == TIME_UNKNOWN)
        return true;
    grid_cover(&a->load->grid, at_ns);
    line->events = true;
    return line_change(line, a->load->grid.level, grid_instant_of(&a->load->grid, at_ns), 1);
}

static bool count_events(struct arrival *a)
{
    const struct connection_verdict *v = a->v;
    struct load *load = a->load;
    if (v->handshake != HANDSHAKE_MID_STREAM && !happen(a, &load->opens, v->start_ns))
        return false;
    if (!happen(a, &load->closes, v->close.start_ns))
        return false;
    if (v->close.has_reset && !happen(a, &load->resets, v->close.start_ns))
        return false;
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        if (!happen(a, &load->rules[v->anomalies[i].rule], v->anomalies[i].at_ns))
            return false;
    }
    return true;
}

/* Floods and scans are made of them: a SYN that nothing followed, not even what was set aside, from
 * a client that has given up. All that is to be counted is how long it waited, and what happened.
 */
static bool is_given_up_syn(const struct connection *c, const struct connection_verdict *v)
{
    return !c->detail && v->handshake == HANDSHAKE_UNANSWERED && v->client.packets == 1 &&
           v->client.state_count == 2 && nothing_to_count(v, &v->server);
}

static bool count_given_up_syn(struct arrival *a)
{
    const struct connection_verdict *v = a->v;
    const struct state_entry *sent = &v->client.states[0];
    const struct state_entry *given_up = &v->client.states[1];
    assert(sent->state == STATE_SYN_SENT && given_up->state == STATE_CLOSED);
    assert(given_up->at_ns < a->end_ns && !took_a_port(v));
    struct roll_key key = ends_client(a->ends);
    struct host *host = host_of(a->load, &key, false);
    return host &&
           ledger_stand(&host->states, a->load->grid.level, STATE_SYN_SENT,
                        grid_instant_of(&a->load->grid, sent->at_ns),
                        grid_instant_of(&a->load->grid, given_up->at_ns)) &&
           count_events(a);
}

bool load_connection(struct load *load, const struct connection *c, const struct ends *ends,
                     const struct conclusion *conclusion, int64_t now_ns)
{
    const struct connection_verdict *v = &conclusion->verdict;
    struct arrival a;
    a.load = load;
    a.ends = ends;
    a.conclusion = conclusion;
    a.v = v;
    a.now_ns = now_ns;
    find_end(&a, c);
    if (v->start_ns != TIME_UNKNOWN)
        grid_cover(&load->grid, v->start_ns);
    if (now_ns != TIME_UNKNOWN)
        grid_cover(&load->grid, now_ns);
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        if (v->anomalies[i].at_ns != TIME_UNKNOWN)
            grid_cover(&load->grid, v->anomalies[i].at_ns);
    }
    if (is_given_up_syn(c, v))
        return count_given_up_syn(&a);
    unsigned level = load->grid.level;
    struct counted client, server;
    if (!meet(&a, &v->client, &a.client, ROLE_CLIENT, &client) ||
        !meet(&a, &v->server, &a.server, ROLE_SERVER, &server))
        return false;
    uses_fetch(&load->uses, ends);
    return count_endpoint(&a, &client, ROLE_CLIENT) && count_endpoint(&a, &server, ROLE_SERVER) &&
           count_use(&a, level) && count_events(&a);
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
