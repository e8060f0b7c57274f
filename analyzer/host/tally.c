#include "analyzer/host/tally.h"

#include <stdlib.h>
#include <string.h>

struct tally_service {
    struct roll_key key;
    struct service_closes counts;
    bool open;
};

bool tally_init(struct tally *t, struct siphash_key secret)
{
    memset(t, 0, sizeof *t);
    if (!roll_init(&t->rows, sizeof(struct tally_row), secret))
        return false;
    if (roll_init(&t->services, sizeof(struct tally_service), secret))
        return true;
    roll_finish(&t->rows);
    return false;
}

void tally_finish(struct tally *t)
{
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
    roll_fetch(&t->services, roll_tag(ends->server_hash, 0, ends->port, 0));
}

/* A scan names as many services as it likes: those where something answers have room of their own.
 */
static bool count_service(struct tally *t, const struct connection_verdict *v,
                          const struct ends *ends)
{
    struct roll_key key = ends_service(ends, 0);
    struct tally_service *s = roll_find_tagged(&t->services, &key);
    bool open = was_open(v);
    if (!s) {
        uint32_t shut = roll_count(&t->services) - t->services_open;
        if ((open ? t->services_open : shut) >= TALLY_SERVICES_MAX)
            return true;
        s = roll_add_tagged(&t->services, &key);
        if (!s)
            return false;
        s->counts.port = v->server.port;
        memcpy(s->counts.address, v->server.address, sizeof s->counts.address);
    }
    if (open && !s->open && t->services_open < TALLY_SERVICES_MAX) {
        s->open = true;
        t->services_open++;
    }
    s->counts.connections++;
    s->counts.closes[v->close.kind]++;
    return true;
}

static void count_client(struct tally_row *row, const uint8_t address[16])
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

/* The row of this name, made when there is room, or the rule's row without a service; NULL when
 * memory ran out. */
static struct tally_row *row_of(struct tally *t, const struct roll_key *key)
{
    struct tally_row *row = roll_find(&t->rows, key);
    if (row)
        return row;
    if (roll_count(&t->rows) >= TALLY_ROWS_MAX) {
        row = &t->rest[key->kind];
        row->key.kind = key->kind;
    } else {
        row = roll_add(&t->rows, key);
    }
    if (row && row->count == 0)
        row->start_ns = row->end_ns = TIME_UNKNOWN;
    return row;
}

bool tally_connection(struct tally *t, const struct connection_verdict *v, const struct ends *ends)
{
    if (!count_service(t, v, ends))
        return false;
    for (uint32_t i = 0; i < v->anomaly_count; i++) {
        const struct anomaly_verdict *a = &v->anomalies[i];
        struct roll_key key = roll_key_of(v->server.address, NULL, v->server.port, a->rule);
        struct tally_row *row = row_of(t, &key);
        if (!row)
            return false;
        row->has_service = row != &t->rest[a->rule];
        if (!row->count || row->last_stream != v->stream)
            row->affected++;
        row->last_stream = v->stream;
        count_in(row, a);
        count_client(row, v->client.address);
    }
    return true;
}

bool tally_host(struct tally *t, const struct anomaly_verdict *a)
{
    struct roll_key key = roll_key_of(a->has_host ? a->host_address : NULL, NULL, 0, a->rule);
    struct tally_row *row = row_of(t, &key);
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
    struct roll_key key = roll_key_of(row->key.address[0], NULL, row->key.port, 0);
    const struct tally_service *s = roll_find(&t->services, &key);
    return s ? s->counts.connections : 0;
}

static struct finding finding_of(struct tally *t, const struct tally_row *row)
{
    struct finding f = {
        .rule = (uint8_t)row->key.kind,
        .severity = row->severity,
        .has_service = row->has_service,
        .has_host = row->has_host,
        .port = row->key.port,
        .count = row->count,
        .affected = row->affected,
        .connections = connections_of(t, row),
        .start_ns = row->start_ns,
        .end_ns = row->end_ns,
    };
    memcpy(f.address, row->key.address[0], sizeof f.address);
    struct tally_client clients[TALLY_CLIENTS];
    memcpy(clients, row->clients, sizeof clients);
    qsort(clients, row->client_count, sizeof *clients, by_share);
    while (f.client_count < FINDING_CLIENTS_MAX && f.client_count < row->client_count) {
        const struct tally_client *c = &clients[f.client_count];
        memcpy(f.clients[f.client_count].address, c->address, sizeof c->address);
        f.clients[f.client_count++].count = c->count - c->over;
    }
    return f;
}

static bool rank_findings(struct tally *t, struct summary_verdict *summary)
{
    uint32_t count = roll_count(&t->rows);
    struct finding *all = malloc((size_t)(count + RULES) * sizeof *all);
    if (!all)
        return false;
    for (uint32_t i = 0; i < count; i++)
        all[i] = finding_of(t, roll_at(&t->rows, i));
    for (unsigned rule = 0; rule < RULES; rule++) {
        if (t->rest[rule].count > 0)
            all[count++] = finding_of(t, &t->rest[rule]);
    }
    qsort(all, count, sizeof *all, by_rank);
    free(t->findings);
    t->findings = all;
    summary->findings = all;
    summary->finding_count = count < TALLY_FINDINGS_MAX ? count : TALLY_FINDINGS_MAX;
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

/* Those with the most connections that opened stay in front, so that a scan's thousands of targets
 * do not crowd them out; of the others those with the most trouble follow. */
static bool choose_services(struct tally *t, struct summary_verdict *summary)
{
    uint32_t count = roll_count(&t->services);
    struct service_closes *all = malloc((size_t)(count + 1) * sizeof *all);
    if (!all)
        return false;
    for (uint32_t i = 0; i < count; i++)
        all[i] = ((const struct tally_service *)roll_at(&t->services, i))->counts;
    qsort(all, count, sizeof *all, by_opened);
    if (count > TALLY_SERVICES_TOLD) {
        uint32_t others = count - TALLY_SERVICES_TOLD;
        qsort(all + TALLY_SERVICES_TOLD, others, sizeof *all, by_trouble);
        count = TALLY_SERVICES_TOLD + (others < TALLY_SERVICES_TOLD ? others : TALLY_SERVICES_TOLD);
    }
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
