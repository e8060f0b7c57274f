#include "analyzer/host/tally.h"

#include "analyzer/share.h"

#include <stdlib.h>
#include <string.h>

struct tally_service {
    struct roll_key key;
    uint64_t none;    /* that never opened: CLOSE_NONE */
    uint64_t *closes; /* owned, all other kinds; NULL while there were none */
    bool open;
    bool chosen; /* to be told */
};

#define SERVICE_BYTES                                                                              \
    (sizeof(struct tally_service) + CLOSE_KINDS * sizeof(uint64_t) + 2 * sizeof(struct table_slot))
#define ROW_BYTES                                                                                  \
    (sizeof(struct tally_row) + TALLY_CLIENTS * sizeof(struct tally_client) +                      \
     2 * sizeof(struct table_slot))

bool tally_init(struct tally *t, const struct hash_key *secret, uint64_t max_memory_bytes)
{
    memset(t, 0, sizeof *t);
    t->services_most = share_most(max_memory_bytes, 64, SERVICE_BYTES, TALLY_SERVICES_MAX);
    t->rows_most = share_most(max_memory_bytes, 64, ROW_BYTES, TALLY_ROWS_MAX);
    if (!roll_init(&t->rows, sizeof(struct tally_row), secret))
        return false;
    if (roll_init(&t->services, sizeof(struct tally_service), secret))
        return true;
    roll_finish(&t->rows);
    return false;
}

uint64_t tally_bytes(const struct tally *t)
{
    return roll_count(&t->services) * SERVICE_BYTES + roll_count(&t->rows) * ROW_BYTES;
}

void tally_finish(struct tally *t)
{
    for (uint32_t i = 0; i < roll_count(&t->rows); i++)
        free(((struct tally_row *)roll_at(&t->rows, i))->clients);
    for (uint32_t i = 0; i < roll_count(&t->services); i++)
        free(((struct tally_service *)roll_at(&t->services, i))->closes);
    for (unsigned rule = 0; rule < RULES; rule++)
        free(t->rest[rule].clients);
    roll_finish(&t->rows);
    roll_finish(&t->services);
    free(t->findings);
    free(t->told);
    t->findings = NULL;
    t->told = NULL;
}

/* ---- counting ------------------------------------------------------------------------------- */

static bool was_open(const struct connection_verdict *v)
{
    return v->handshake == HANDSHAKE_COMPLETE || v->handshake == HANDSHAKE_MID_STREAM ||
           v->handshake == HANDSHAKE_SIMULTANEOUS;
}

void tally_fetch(const struct tally *t, const struct ends *ends)
{
    if (ends_service_may_be_held(ends))
        roll_fetch(&t->services, table_tag(ends->service_hash));
}

void tally_fetch_service(const struct tally *t, const struct ends *ends)
{
    if (ends_service_may_be_held(ends))
        roll_fetch_item(&t->services, table_tag(ends->service_hash));
}

void tally_fetch_rows(struct tally *t, const struct connection_verdict *v, const struct ends *ends)
{
    if (!ends_service_may_be_held(ends))
        return;
    if (v->close.kind != CLOSE_NONE) {
        struct roll_key key = ends_service(ends, 0);
        const struct tally_service *s = roll_find_tagged(&t->services, &key);
        if (s && s->closes)
            FETCH(&s->closes[v->close.kind]);
    }
    for (uint32_t i = 0; i < v->anomaly_count; i++)
        roll_fetch(&t->rows, roll_tag(ends->server_hash, 0, ends->port, v->anomalies[i].rule));
}

/* A scan names as many services as it likes: those where something answers have room of their own.
 */
static bool count_service(struct tally *t, const struct connection_verdict *v,
                          const struct ends *ends)
{
    struct roll_key key = ends_service(ends, 0);
    struct tally_service *s =
        ends_service_may_be_held(ends) ? roll_find_tagged(&t->services, &key) : NULL;
    bool open = was_open(v);
    if (!s) {
        uint32_t shut = roll_count(&t->services) - t->services_open;
        if ((open ? t->services_open : shut) >= t->services_most)
            return true;
        s = roll_add_tagged(&t->services, &key);
        if (!s)
            return false;
        ends_service_is_held(ends);
    }
    if (open && !s->open && t->services_open < t->services_most) {
        s->open = true;
        t->services_open++;
    }
    if (v->close.kind == CLOSE_NONE) {
        s->none++;
        return true;
    }
    if (!s->closes)
        s->closes = calloc(CLOSE_KINDS, sizeof *s->closes);
    if (!s->closes)
        return false;
    s->closes[v->close.kind]++;
    return true;
}

static struct service_closes counts_of(const struct tally_service *s)
{
    struct service_closes counts = {.port = s->key.port};
    memcpy(counts.address, s->key.address[0], sizeof counts.address);
    if (s->closes)
        memcpy(counts.closes, s->closes, sizeof counts.closes);
    counts.closes[CLOSE_NONE] = s->none;
    for (unsigned kind = 0; kind < CLOSE_KINDS; kind++)
        counts.connections += counts.closes[kind];
    return counts;
}

static void count_among(struct tally_row *row, const uint8_t address[16])
{
    struct tally_client *least = &row->clients[0];
    for (uint32_t i = 0; i < row->client_count; i++) {
        struct tally_client *c = &row->clients[i];
        if (memcmp(c->address, address, sizeof c->address) == 0) {
            c->count++;
            return;
        }
        if (c->count < least->count)
            least = c;
    }
    if (row->client_count < TALLY_CLIENTS) {
        least = &row->clients[row->client_count++];
    } else {
        least->over = least->count;
    }
    least->count++;
    memcpy(least->address, address, sizeof least->address);
}

/* After the anomaly was counted. False when memory ran out. */
static bool count_client(struct tally_row *row, const uint8_t address[16])
{
    if (row->count == 1) {
        row->client_count = 1;
        memcpy(row->client, address, sizeof row->client);
        return true;
    }
    if (!row->clients) {
        if (memcmp(row->client, address, sizeof row->client) == 0)
            return true;
        row->clients = calloc(TALLY_CLIENTS, sizeof *row->clients);
        if (!row->clients)
            return false;
        row->clients[0].count = row->count - 1;
        memcpy(row->clients[0].address, row->client, sizeof row->client);
    }
    count_among(row, address);
    return true;
}

static void count_in(struct tally_row *row, const struct anomaly_verdict *a)
{
    row->count++;
    if (a->severity > row->severity)
        row->severity = a->severity;
    if (a->at_ns == TIME_UNKNOWN)
        return;
    if (row->start_ns == TIME_UNKNOWN || a->at_ns < row->start_ns)
        row->start_ns = a->at_ns;
    if (a->at_ns > row->end_ns)
        row->end_ns = a->at_ns;
}

/* A row of this name where there is room, or the rule's row without a service; NULL when
 * memory ran out. */
static struct tally_row *add_row(struct tally *t, const struct roll_key *key)
{
    struct tally_row *row;
    if (roll_count(&t->rows) >= t->rows_most) {
        row = &t->rest[key->kind];
        row->key.kind = key->kind;
    } else {
        row = roll_add_tagged(&t->rows, key);
    }
    if (row && row->count == 0)
        row->start_ns = row->end_ns = TIME_UNKNOWN;
    return row;
}

static struct tally_row *row_of_service(struct tally *t, const struct ends *ends, uint16_t rule)
{
    struct roll_key key = ends_service(ends, rule);
    struct tally_row *row =
        ends_service_may_be_held(ends) ? roll_find_tagged(&t->rows, &key) : NULL;
    if (row)
        return row;
    row = add_row(t, &key);
    if (row && row != &t->rest[rule])
        ends_service_is_held(ends);
    return row;
}

bool tally_connection(struct tally *t, const struct connection_verdict *v, const struct ends *ends)
{
    if (!count_service(t, v, ends))
        return false;
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        const struct anomaly_verdict *a = &v->anomalies[i];
        struct tally_row *row = row_of_service(t, ends, a->rule);
        if (!row)
            return false;
        row->has_service = row != &t->rest[a->rule];
        if (!row->count || row->last_stream != v->stream)
            row->affected++;
        row->last_stream = v->stream;
        count_in(row, a);
        if (!count_client(row, v->client.address))
            return false;
    }
    return true;
}

bool tally_host(struct tally *t, const struct anomaly_verdict *a)
{
    struct roll_key key =
        roll_key_of(a->has_host ? a->host_address : roll_no_address, roll_no_address, 0, a->rule);
    key.tag = roll_tag_of(&t->rows, &key);
    struct tally_row *row = roll_find_tagged(&t->rows, &key);
    if (!row)
        row = add_row(t, &key);
    if (!row)
        return false;
    row->has_host = a->has_host && row != &t->rest[a->rule];
    count_in(row, a);
    return true;
}

/* ---- ranking -------------------------------------------------------------------------------- */

#define COUNT_MOST (UINT64_C(1) << 40)

/* How often, times the part of the service's connections, in thousandths. */
static uint64_t weight_of(const struct finding *f)
{
    uint64_t count = f->count < COUNT_MOST ? f->count : COUNT_MOST;
    uint64_t part = f->connections > count ? count * 1000 / f->connections : 1000;
    return count * part;
}

/* What is said of a host or of the capture stands for many connections. */
static bool adds_up(const struct finding *f)
{
    return rule_table[f->rule].scope != SCOPE_CONNECTION;
}

static int by_rank(const void *left, const void *right)
{
    const struct finding *a = left;
    const struct finding *b = right;
    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (adds_up(a) != adds_up(b))
        return adds_up(a) ? -1 : 1;
    if (weight_of(a) != weight_of(b))
        return weight_of(a) > weight_of(b) ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    int order = memcmp(a->address, b->address, sizeof a->address);
    return order ? order : (a->port > b->port) - (a->port < b->port);
}

static int by_share(const void *left, const void *right)
{
    const struct tally_client *a = left;
    const struct tally_client *b = right;
    uint64_t least_a = a->count - a->over;
    uint64_t least_b = b->count - b->over;
    if (least_a != least_b)
        return least_a > least_b ? -1 : 1;
    return memcmp(a->address, b->address, sizeof a->address);
}

static uint64_t connections_of(struct tally *t, const struct tally_row *row)
{
    if (!row->has_service)
        return 0;
    struct roll_key key = roll_key_of(row->key.address[0], roll_no_address, row->key.port, 0);
    const struct tally_service *s = roll_find(&t->services, &key);
    return s ? counts_of(s).connections : 0;
}

/* Without what has to be looked up. */
static struct finding finding_of(const struct tally_row *row)
{
    struct finding f = {
        .rule = (uint8_t)row->key.kind,
        .severity = row->severity,
        .has_service = row->has_service,
        .has_host = row->has_host,
        .port = row->key.port,
        .count = row->count,
        .affected = row->affected,
        .start_ns = row->start_ns,
        .end_ns = row->end_ns,
    };
    memcpy(f.address, row->key.address[0], sizeof f.address);
    return f;
}

static void name_clients(const struct tally_row *row, struct finding *f)
{
    struct tally_client clients[TALLY_CLIENTS] = {{.count = row->count}};
    memcpy(clients[0].address, row->client, sizeof row->client);
    if (row->clients)
        memcpy(clients, row->clients, sizeof clients);
    qsort(clients, row->client_count, sizeof *clients, by_share);
    while (f->client_count < FINDING_CLIENTS_MAX && f->client_count < row->client_count) {
        const struct tally_client *c = &clients[f->client_count];
        memcpy(f->clients[f->client_count].address, c->address, sizeof c->address);
        f->clients[f->client_count++].count = c->count - c->over;
    }
}

struct ranking {
    struct finding *best; /* room for one more than there may be */
    uint32_t count;
};

/* As long as its service's connections are not known a finding weighs the most that it can. */
static void rank(struct tally *t, const struct tally_row *row, struct ranking *r)
{
    struct finding f = finding_of(row);
    bool full = r->count == TALLY_FINDINGS_MAX;
    if (full && by_rank(&f, &r->best[r->count - 1]) > 0)
        return;
    f.connections = connections_of(t, row);
    uint32_t at = r->count;
    while (at > 0 && by_rank(&f, &r->best[at - 1]) < 0)
        at--;
    if (at == TALLY_FINDINGS_MAX)
        return;
    name_clients(row, &f);
    memmove(r->best + at + 1, r->best + at, (r->count - at) * sizeof *r->best);
    r->best[at] = f;
    r->count += !full;
}

static bool rank_findings(struct tally *t, struct summary_verdict *summary)
{
    struct ranking ranking = {malloc((TALLY_FINDINGS_MAX + 1) * sizeof *ranking.best), 0};
    if (!ranking.best)
        return false;
    for (uint32_t i = 0; i < roll_count(&t->rows); i++)
        rank(t, roll_at(&t->rows, i), &ranking);
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (t->rest[rule].count > 0)
            rank(t, &t->rest[rule], &ranking);
    }
    free(t->findings);
    t->findings = ranking.best;
    summary->findings = ranking.best;
    summary->finding_count = ranking.count;
    return true;
}

/* ---- services ------------------------------------------------------------------------------- */

static int by_service(const struct service_closes *a, const struct service_closes *b)
{
    int order = memcmp(a->address, b->address, sizeof a->address);
    return order ? order : (a->port > b->port) - (a->port < b->port);
}

static int by_connections(const void *left, const void *right)
{
    const struct service_closes *a = left;
    const struct service_closes *b = right;
    if (a->connections != b->connections)
        return a->connections > b->connections ? -1 : 1;
    return by_service(a, b);
}

static int by_opened(const void *left, const void *right)
{
    const struct service_closes *a = left;
    const struct service_closes *b = right;
    uint64_t opened_a = a->connections - a->closes[CLOSE_NONE];
    uint64_t opened_b = b->connections - b->closes[CLOSE_NONE];
    if (opened_a != opened_b)
        return opened_a > opened_b ? -1 : 1;
    return by_connections(left, right);
}

static int by_trouble(const void *left, const void *right)
{
    uint64_t trouble_a = service_trouble(left);
    uint64_t trouble_b = service_trouble(right);
    if (trouble_a != trouble_b)
        return trouble_a > trouble_b ? -1 : 1;
    return by_connections(left, right);
}

/* Of the services not yet chosen those that come first in this order, at most TALLY_SERVICES_TOLD,
 * to `told`; returns how many. */
static uint32_t choose(struct tally *t, int (*order)(const void *, const void *),
                       struct service_closes *told, struct tally_service **chosen)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < roll_count(&t->services); i++) {
        struct tally_service *s = roll_at(&t->services, i);
        bool full = count == TALLY_SERVICES_TOLD;
        if (s->chosen)
            continue;
        struct service_closes counts = counts_of(s);
        if (full && order(&counts, &told[count - 1]) > 0)
            continue;
        uint32_t at = full ? count - 1 : count++;
        for (; at > 0 && order(&counts, &told[at - 1]) < 0; at--) {
            told[at] = told[at - 1];
            chosen[at] = chosen[at - 1];
        }
        told[at] = counts;
        chosen[at] = s;
    }
    for (uint32_t i = 0; i < count; i++)
        chosen[i]->chosen = true;
    return count;
}

/* Those with the most connections that opened come first, so that a scan's thousands of targets do
 * not crowd them out; of the others those with the most trouble. */
static bool choose_services(struct tally *t, struct summary_verdict *summary)
{
    struct service_closes *all = malloc((size_t)(2 * TALLY_SERVICES_TOLD) * sizeof *all);
    if (!all)
        return false;
    struct tally_service *chosen[2 * TALLY_SERVICES_TOLD];
    uint32_t count = choose(t, by_opened, all, chosen);
    count += choose(t, by_trouble, all + count, chosen + count);
    for (uint32_t i = 0; i < count; i++)
        chosen[i]->chosen = false;
    qsort(all, count, sizeof *all, by_connections);
    free(t->told);
    t->told = all;
    summary->services = all;
    summary->service_count = count;
    return true;
}

bool tally_rank(struct tally *t, struct summary_verdict *summary)
{
    return rank_findings(t, summary) && choose_services(t, summary);
}
