#include "analyzer/alike.h"

#include "analyzer/state/plain.h"
#include "analyzer/state/plain_steps.h"

#include <assert.h>
#include <string.h>

/* They say how the SYN's stamp compares with others, which no verdict tells. */
#define STAMP_MARKS (CONN_STAMP_COMPARED | CONN_STAMP_BELOW)

static struct alike_traits traits_of(const struct connection *c, bool evicted)
{
    const struct side *own = &c->side[client_side(c)];
    return (struct alike_traits){.connection_marks = c->marks & (uint16_t)~STAMP_MARKS,
                                 .side_marks = own->marks,
                                 .packets = own->packets,
                                 .evicted = evicted};
}

static bool same_traits(const struct alike_traits *a, const struct alike_traits *b)
{
    return a->connection_marks == b->connection_marks && a->side_marks == b->side_marks &&
           a->packets == b->packets && a->evicted == b->evicted;
}

/* Nothing depends any more on how long ago it was sent: the client has given up, and an answer
 * would have come. */
static bool is_settled(const struct connection *c, const struct analyzer_config *config,
                       int64_t now_ns)
{
    return reckonable(now_ns) && now_ns - c->first_ns > 2 * config->rto_initial_ns;
}

static void put_in_evidence(struct evidence *ev, const struct connection *c, int64_t now_ns)
{
    const struct side *own = &c->side[client_side(c)];
    struct log_entry *syn = &ev->own[0];
    ev->c = c;
    ev->now_ns = now_ns;
    syn->time_ns = c->first_ns;
    syn->frame = c->first_frame;
    syn->seq = own->isn;
    syn->window = own->window;
    syn->ttl = own->ttl;
}

static void put_in_verdict(struct connection_verdict *v, const struct connection *c)
{
    int client = client_side(c);
    const struct side *own = &c->side[client];
    memcpy(v->client.address, c->key.address[client], 16);
    memcpy(v->server.address, c->key.address[!client], 16);
    v->client.port = c->key.port[client];
    v->server.port = c->key.port[!client];
    v->client.bytes = own->ip_bytes;
    v->client.payload_bytes = v->client.unique_bytes = own->payload_bytes;
    v->client.isn = own->isn.n;
    v->client.next_seq = own->nxt.n;
    v->client.ttl = own->ttl;
    v->client.window_scale = own->window_scale;
    v->client.mss = (uint16_t)c->syn_mss;
    v->client.has_mss = c->syn_mss != 0;
    v->ip_version = (uint8_t)c->ip_version;
    v->stream = c->stream;
    v->tunnel = (uint8_t)c->tunnel;
    v->vlan = c->vlan;
    v->interface = c->interface;
    v->first_frame = c->first_frame;
    v->start_ns = c->first_ns;
    v->end_ns = connection_end_ns(c);
    v->completeness = (uint8_t)c->completeness;
}

static void put_in_anomaly(struct anomaly_verdict *a, const struct connection *c)
{
    a->at_ns = a->evidence[0].at_ns = c->first_ns;
    a->evidence[0].frame = c->first_frame;
    a->evidence[0].seq = c->side[client_side(c)].isn.n;
}

/* One that holds has given up. */
static void put_in_arrival(struct arrival *a, const struct state_entry states[2])
{
    assert(a->given_up);
    a->start_ns = a->ends[ARRIVAL_CLIENT].at_ns[0] = states[0].at_ns;
    a->ends[ARRIVAL_CLIENT].at_ns[1] = states[1].at_ns;
}

static void put_in(struct alike_model *m, const struct connection *c,
                   const struct analyzer_config *config, int64_t now_ns)
{
    struct conclusion *conclusion = &m->judged.conclusion;
    struct state_entry *states = conclusion->states[client_side(c)].entries;
    m->judged.connection = c;
    put_in_evidence(&conclusion->basis.evidence, c, now_ns);
    states[0].at_ns = c->first_ns;
    states[0].frame = c->first_frame;
    states[1].at_ns = c->first_ns + config->rto_initial_ns;
    put_in_verdict(&conclusion->verdict, c);
    m->judged.found.count = conclusion->verdict.anomaly_count = m->found;
    put_in_anomaly(&m->judged.found.items[0], c);
    put_in_arrival(&m->judged.arrival, states);
}

struct judged *alike_judge(struct alike *alike, const struct connection *c,
                           const struct analyzer_config *config, int64_t now_ns, bool evicted)
{
    if (!lone_syn_is_all(c))
        return NULL;
    struct alike_model *m = &alike->models[client_side(c)];
    struct alike_traits traits = traits_of(c, evicted);
    bool settled = is_settled(c, config, now_ns);
    if (settled && m->holds && same_traits(&m->traits, &traits)) {
        put_in(m, c, config, now_ns);
        return &m->judged;
    }
    judged_make(&m->judged, c, config, now_ns, evicted);
    m->holds = settled && m->judged.arrival.given_up;
    m->traits = traits;
    m->found = m->judged.found.count;
    assert(m->found <= 1);
    return &m->judged;
}
