#include "analyzer/flow/lone.h"

#include "analyzer/flow/key.h"
#include "analyzer/flow/pool.h"
#include "analyzer/flow/wheel.h"
#include "analyzer/tcp/copies.h"
#include "analyzer/tcp/octets.h"

#include <string.h>

#define STAMP_SHIFT 12

_Static_assert(CONN_STAMP_COMPARED == 1u << STAMP_SHIFT && CONN_STAMP_BELOW == 2u << STAMP_SHIFT,
               "two bits side by side");

bool lone_is_ipv6(const struct segment *g)
{
    return g->ip_version != 4;
}

bool lone_fits(const struct segment *g)
{
    bool syn = (g->flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == TCP_SYN;
    bool family = g->ip_version == 6 || (g->ip_version == 4 && flow_is_mapped(g->source) &&
                                         flow_is_mapped(g->destination));
    return syn && family && g->flags < 1u << 9 && !(g->marks & SEG_MALFORMED) &&
           g->tunnel < 1u << 5 && g->window_scale < 1u << 4 && g->aux == AUX_NONE &&
           g->ip_bytes <= UINT16_MAX && g->interface <= UINT16_MAX &&
           !(g->ack | g->payload_len | g->ts_ecr | g->sack_left | g->sack_right);
}

void lone_pack(const struct segment *g, uint32_t stream, uint16_t stamp, struct lone *lone)
{
    *lone = (struct lone){
        .source_port = g->source_port,
        .destination_port = g->destination_port,
        .frame = g->frame,
        .time_ns = g->time_ns,
        .seq = g->seq,
        .ts_val = g->ts_val,
        .world = g->world,
        .stream = stream,
        .marks = g->marks,
        .window = g->window,
        .mss = g->mss,
        .ip_id = g->ip_id,
        .vlan = g->vlan,
        .interface = (uint16_t)g->interface,
        .ip_bytes = (uint16_t)g->ip_bytes,
        .flags = g->flags & 0x1ffu,
        .tunnel = g->tunnel & 0x1fu,
        .stamp = (unsigned)stamp >> STAMP_SHIFT & 3u,
        .window_scale = g->window_scale & 15u,
        .ipv6 = lone_is_ipv6(g),
        .ttl = g->ttl,
    };
    memcpy(lone->source, g->source + 12, 4);
    memcpy(lone->destination, g->destination + 12, 4);
    if (!lone->ipv6)
        return;
    struct lone_ipv6 *larger = (struct lone_ipv6 *)lone;
    memcpy(larger->source, g->source, 12);
    memcpy(larger->destination, g->destination, 12);
}

/* The first octets of its addresses. */
static void prefixes(const struct lone *lone, const uint8_t *of[2])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const struct lone_ipv6 *larger = (const struct lone_ipv6 *)lone;
    of[0] = lone->ipv6 ? larger->source : mapped;
    of[1] = lone->ipv6 ? larger->destination : mapped;
}

void lone_destination(const struct lone *lone, uint8_t address[16])
{
    const uint8_t *prefix[2];
    prefixes(lone, prefix);
    memcpy(address, prefix[1], 12);
    memcpy(address + 12, lone->destination, 4);
}

void lone_addresses(const struct lone *lone, uint8_t source[16], uint8_t destination[16])
{
    const uint8_t *prefix[2];
    prefixes(lone, prefix);
    memcpy(source, prefix[0], 12);
    memcpy(source + 12, lone->source, 4);
    memcpy(destination, prefix[1], 12);
    memcpy(destination + 12, lone->destination, 4);
}

void lone_segment(const struct lone *lone, struct segment *g)
{
    *g = (struct segment){
        .source_port = lone->source_port,
        .destination_port = lone->destination_port,
        .seq = lone->seq,
        .ts_val = lone->ts_val,
        .marks = lone->marks,
        .world = lone->world,
        .time_ns = lone->time_ns,
        .frame = lone->frame,
        .ip_bytes = lone->ip_bytes,
        .interface = lone->interface,
        .flags = (uint16_t)lone->flags,
        .window = lone->window,
        .mss = lone->mss,
        .ip_id = lone->ip_id,
        .vlan = lone->vlan,
        .aux = AUX_NONE,
        .ttl = (uint8_t)lone->ttl,
        .window_scale = (uint8_t)lone->window_scale,
        .ip_version = lone->ipv6 ? 6 : 4,
        .tunnel = (uint8_t)lone->tunnel,
    };
    lone_addresses(lone, g->source, g->destination);
}

bool lone_names(const struct lone *lone, const struct segment *g, bool vlan_in_key)
{
    return lone_names_way(lone, g, false, vlan_in_key) ||
           lone_names_way(lone, g, true, vlan_in_key);
}

/* ---- its connection ------------------------------------------------------------------------- */

/* As flow_key_of() does. */
static int fill_key(const struct lone *lone, bool vlan_in_key, struct flow_key *key)
{
    const uint8_t *prefix[2];
    prefixes(lone, prefix);
    int order = lone->ipv6 ? memcmp(prefix[0], prefix[1], 12) : 0;
    if (order == 0)
        order = memcmp(lone->source, lone->destination, 4);
    if (order == 0)
        order = lone->source_port > lone->destination_port;
    int sender = order > 0;
    memcpy(key->address[sender], prefix[0], 12);
    memcpy(key->address[sender] + 12, lone->source, 4);
    memcpy(key->address[!sender], prefix[1], 12);
    memcpy(key->address[!sender] + 12, lone->destination, 4);
    key->port[sender] = lone->source_port;
    key->port[!sender] = lone->destination_port;
    key->vlan = vlan_in_key ? lone->vlan : VLAN_NONE;
    return sender;
}

static void fill_sender(const struct lone *lone, struct side *own)
{
    bool timed = lone->time_ns != TIME_UNKNOWN;
    own->isn = seq_of(lone->seq);
    own->nxt = seq_add(own->isn, 1);
    if (timed)
        own->rtt_end = own->nxt; /* sent at the time that others are told from */
    if (lone->marks & SEG_TIMESTAMPS)
        own->ts_val = lone->ts_val;
    if (lone->marks & SEG_WINDOW_SCALE)
        own->window_scale = lone->window_scale & 15u;
    own->marks = (uint16_t)(SIDE_SYN | SIDE_ISN | SIDE_SEEN | (timed ? SIDE_SAMPLING : 0) |
                            (lone->marks & SEG_WINDOW_SCALE ? SIDE_SCALE : 0) |
                            (lone->marks & SEG_SACK_PERMITTED ? SIDE_SACK_OK : 0) |
                            (lone->marks & SEG_TIMESTAMPS ? SIDE_TIMESTAMPS : 0) |
                            (lone->marks & SEG_FAST_OPEN ? SIDE_FAST_OPEN : 0));
    own->packets = 1;
    own->ip_bytes = lone->ip_bytes;
    own->tap = lone->interface;
    own->window = lone->window;
    own->ttl = (uint8_t)lone->ttl;
    own->last_ns = lone->time_ns;
}

int lone_look(const struct lone *lone, bool vlan_in_key, struct connection *c)
{
    *c = (struct connection){0};
    int sender = fill_key(lone, vlan_in_key, &c->key);
    c->side[!sender].last_ns = TIME_UNKNOWN;
    fill_sender(lone, &c->side[sender]);
    c->first_ns = lone->time_ns;
    c->first_frame = lone->frame;
    c->world = lone->world;
    c->stream = lone->stream;
    c->interface = lone->interface;
    c->vlan = lone->vlan;
    c->tunnel = lone->tunnel & 0xfu;
    c->ip_version = lone->ipv6 ? 6 : 4;
    c->known_by = KNOWN_BY_SYN;
    c->completeness = COMPLETE_SYN;
    c->syn_mss = lone->marks & SEG_MSS ? lone->mss : 0;
    c->marks = (uint16_t)(lone->stamp << STAMP_SHIFT | connection_marks_of(lone->marks) |
                          (sender ? CONN_CLIENT_IS_1 : 0) |
                          (lone->time_ns == TIME_UNKNOWN ? CONN_UNTIMED : 0));
    c->wheel_next = WHEEL_NONE;
    c->next = POOL_NONE;
    return sender;
}

void lone_connection(const struct lone *lone, bool vlan_in_key, struct connection *c)
{
    int sender = lone_look(lone, vlan_in_key, c);
    if (lone->time_ns == TIME_UNKNOWN)
        return;
    struct segment g;
    lone_segment(lone, &g);
    remember_segment(&c->side[sender], (struct recent_segment){.signature = signature_of(&g)});
}
