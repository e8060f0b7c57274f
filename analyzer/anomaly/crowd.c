#include "analyzer/anomaly/crowd.h"

#include "analyzer/anomaly/distinct.h"
#include "analyzer/anomaly/pieces.h"
#include "analyzer/elapsed.h"
#include "analyzer/share.h"

#include <stdlib.h>
#include <string.h>

static const enum rule_id crowded[] = {
    RULE_CONNECTION_REFUSED, RULE_SYN_UNANSWERED, RULE_HANDSHAKE_ABORTED,
    RULE_SYN_ACK_UNANSWERED, RULE_STRAY_SEGMENT,
};

#define CROWDED (sizeof crowded / sizeof *crowded)

#define PORTS 65536u

/* What is no longer told one by one. */
struct rest {
    bool doubtful; /* one of them at least is not certain */
    uint64_t connections;
    uint64_t by_rule[CROWDED];
    int64_t first_ns, last_ns, end_ns;
    struct distinct servers, targets;
    uint64_t ports[PORTS / 64]; /* a bit for each */
    struct pieces pieces;
};

struct client {
    struct roll_key key; /* its address */
    uint32_t told[CROWDED];
    struct rest *rest; /* owned, NULL while all are told */
};

#define CLIENT_BYTES (sizeof(struct client) + 2 * sizeof(struct table_slot))

bool crowd_init(struct crowd *crowd, const struct hash_key *secret, uint64_t max_memory_bytes)
{
    crowd->clients_most = share_most(max_memory_bytes, 64, CLIENT_BYTES, CROWD_CLIENTS);
    crowd->heavy_most = share_most(max_memory_bytes, 64, sizeof(struct rest), CROWD_HEAVY);
    crowd->granted = share_most(max_memory_bytes, 32, 1, CROWD_BYTES);
    crowd->heavy_count = 0;
    memset(crowd->recent, 0, sizeof crowd->recent);
    crowd->budget = crowd->granted;
    return roll_init(&crowd->clients, sizeof(struct client), secret);
}

uint64_t crowd_bytes(const struct crowd *crowd)
{
    return roll_count(&crowd->clients) * CLIENT_BYTES + crowd->heavy_count * sizeof(struct rest) +
           crowd->granted - crowd->budget;
}

void crowd_finish(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->heavy_count; i++) {
        distinct_finish(&crowd->heavy[i]->rest->servers);
        distinct_finish(&crowd->heavy[i]->rest->targets);
        free(crowd->heavy[i]->rest);
    }
    roll_finish(&crowd->clients);
}

/* ---- counting ------------------------------------------------------------------------------- */

static unsigned place_of(const struct ends *ends)
{
    return ends->client_tag >> (32 - CROWD_RECENT_BITS);
}

static struct client *recent_client(const struct crowd *crowd, const struct ends *ends)
{
    struct client *c = crowd->recent[place_of(ends)];
    return c && memcmp(c->key.address[0], ends->client, 16) == 0 ? c : NULL;
}

static struct client *client_of(struct crowd *crowd, const struct ends *ends)
{
    struct client *c = recent_client(crowd, ends);
    if (c)
        return c;
    struct roll_key key = ends_client(ends);
    c = roll_find_tagged(&crowd->clients, &key);
    if (c || roll_count(&crowd->clients) >= crowd->clients_most)
        return c;
    return roll_add_tagged(&crowd->clients, &key);
}

static struct rest *rest_of(struct crowd *crowd, struct client *c)
{
    if (c->rest || crowd->heavy_count >= crowd->heavy_most)
        return c->rest;
    c->rest = calloc(1, sizeof *c->rest);
    if (!c->rest)
        return NULL;
    c->rest->first_ns = c->rest->last_ns = c->rest->end_ns = TIME_UNKNOWN;
    crowd->heavy[crowd->heavy_count++] = c;
    return c->rest;
}

static uint64_t server_hash(const struct ends *ends)
{
    return roll_mix(ends->server_hash, 0, 0, 0);
}

void crowd_fetch(const struct crowd *crowd, const struct ends *ends)
{
    const struct client *c = recent_client(crowd, ends);
    if (!c)
        return;
    distinct_fetch(&c->rest->servers, server_hash(ends));
    if (ends_service_may_be_held(ends))
        distinct_fetch(&c->rest->targets, ends->service_hash);
}

static uint64_t count_ports(const struct rest *rest)
{
    uint64_t count = 0;
    for (uint32_t word = 0; word < PORTS / 64; word++)
        count += (uint64_t)__builtin_popcountll(rest->ports[word]);
    return count;
}

/* What of the server was tried. */
static void add_target(struct crowd *crowd, struct rest *rest, const struct ends *ends)
{
    if (ends_service_may_be_held(ends))
        (void)distinct_add(&rest->targets, ends->service_hash, &crowd->budget);
    else if (distinct_add_new(&rest->targets, ends->service_hash, &crowd->budget))
        ends_service_is_held(ends);
}

static void add_to_rest(struct crowd *crowd, struct rest *rest, const struct connection_verdict *v,
                        const struct ends *ends, const struct anomaly_verdict *a, unsigned kind)
{
    if (a->evidence_count)
        pieces_add(&rest->pieces, &a->evidence[0]);
    rest->connections++;
    rest->doubtful |= a->confidence != CONFIDENCE_CERTAIN;
    rest->by_rule[kind]++;
    (void)distinct_add(&rest->servers, server_hash(ends), &crowd->budget);
    add_target(crowd, rest, ends);
    rest->ports[v->server.port / 64] |= UINT64_C(1) << v->server.port % 64;
    if (v->start_ns == TIME_UNKNOWN)
        return;
    if (rest->first_ns == TIME_UNKNOWN || v->start_ns < rest->first_ns)
        rest->first_ns = v->start_ns;
    if (v->start_ns > rest->last_ns)
        rest->last_ns = v->start_ns;
    if (v->end_ns > rest->end_ns)
        rest->end_ns = v->end_ns;
    if (v->start_ns > rest->end_ns)
        rest->end_ns = v->start_ns;
}

static unsigned kind_of(const struct anomaly_verdict *a)
{
    unsigned kind = 0;
    while (kind < CROWDED && crowded[kind] != a->rule)
        kind++;
    return kind;
}

/* Is it told by a record of its own? */
static bool is_told(struct crowd *crowd, const struct connection_verdict *v,
                    const struct ends *ends, const struct anomaly_verdict *a)
{
    unsigned kind = kind_of(a);
    if (kind == CROWDED)
        return true;
    struct client *c = client_of(crowd, ends);
    if (!c)
        return true;
    if (c->told[kind] < CROWD_TOLD) {
        c->told[kind]++;
        return true;
    }
    struct rest *rest = rest_of(crowd, c);
    if (!rest)
        return true;
    add_to_rest(crowd, rest, v, ends, a, kind);
    crowd->recent[place_of(ends)] = c;
    return false;
}

void crowd_thin(struct crowd *crowd, struct connection_verdict *v, const struct ends *ends,
                struct anomaly_set *found)
{
    uint32_t kept = 0;
    if (!v->anomaly_count)
        return;
    for (uint32_t i = 0; i < found->count; i++) {
        if (!is_told(crowd, v, ends, &found->items[i]))
            continue;
        if (kept != i)
            found->items[kept] = found->items[i];
        kept++;
    }
    found->count = kept;
    v->anomaly_count = kept;
}

/* ---- telling -------------------------------------------------------------------------------- */

static void figure(struct anomaly_verdict *a, enum figure_id id, uint64_t value)
{
    a->figures[a->figure_count++] =
        (struct anomaly_figure){.id = (uint8_t)id, .integer = (int64_t)value};
}

static void figure_word(struct anomaly_verdict *a, enum figure_id id, const char *word)
{
    a->figures[a->figure_count++] = (struct anomaly_figure){.id = (uint8_t)id, .word = word};
}

/* Scanners try each of many targets a few times; a client whose servers are down tries the same few
 * for ever. */
#define SCAN_TARGETS TABLE_SIZE(100u, 3u)

static bool is_scan(const struct rest *rest)
{
    const struct distinct *targets = &rest->targets;
    return targets->count >= SCAN_TARGETS && targets->repeated * 10 <= targets->seen;
}

static const char *share_of(uint64_t part, uint64_t whole)
{
    return part == whole ? "all" : part > whole / 2 ? "most" : "many";
}

static void make_verdict(const struct client *c, struct anomaly_verdict *out)
{
    const struct rest *rest = c->rest;
    *out = (struct anomaly_verdict){
        .at_ns = rest->first_ns,
        .rule = RULE_OPEN_FAILURES_MANY,
        .severity = SEVERITY_NOTICE,
        .confidence = rest->doubtful ? CONFIDENCE_PROBABLE : CONFIDENCE_CERTAIN,
        .endpoint = ROLE_NONE,
        .client_state = STATE_UNKNOWN,
        .server_state = STATE_UNKNOWN,
        .has_host = true,
    };
    memcpy(out->host_address, c->key.address[0], sizeof out->host_address);
    unsigned most = 0;
    for (unsigned kind = 1; kind < CROWDED; kind++) {
        if (rest->by_rule[kind] > rest->by_rule[most])
            most = kind;
    }
    figure(out, FIGURE_CONNECTIONS, rest->connections);
    figure(out, FIGURE_SERVERS, rest->servers.count);
    figure(out, FIGURE_PORTS, count_ports(rest));
    if (rest->servers.full)
        figure(out, FIGURE_COUNTS_ARE_AT_LEAST, true);
    figure_word(out, FIGURE_FAILURE, rule_table[crowded[most]].id);
    figure_word(out, FIGURE_FAILURE_SHARE, share_of(rest->by_rule[most], rest->connections));
    if (rest->first_ns != TIME_UNKNOWN) {
        figure(out, FIGURE_FIRST_NS, (uint64_t)rest->first_ns);
        figure(out, FIGURE_LAST_NS, (uint64_t)rest->last_ns);
        figure(out, FIGURE_SPAN_NS, (uint64_t)elapsed_ns(rest->first_ns, rest->end_ns));
    }
    if (is_scan(rest))
        figure_word(out, FIGURE_HINT, "scan");
    pieces_show(&rest->pieces, out);
}

static int by_address(const void *left, const void *right)
{
    const struct client *const *a = left;
    const struct client *const *b = right;
    return roll_key_order(&(*a)->key, &(*b)->key);
}

bool crowd_tell(struct crowd *crowd,
                bool (*take)(void *context, const struct anomaly_verdict *anomaly), void *context)
{
    if (crowd->heavy_count > 1)
        qsort(crowd->heavy, crowd->heavy_count, sizeof(struct client *), by_address);
    for (uint32_t i = 0; i < crowd->heavy_count; i++) {
        struct anomaly_verdict verdict;
        if (!crowd->heavy[i]->rest->connections)
            continue;
        make_verdict(crowd->heavy[i], &verdict);
        if (!take(context, &verdict))
            return false;
    }
    return true;
}
