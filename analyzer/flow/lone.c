#include "analyzer/flow/lone.h"

#include "analyzer/flow/key.h"
#include "analyzer/flow/records.h"
#include "analyzer/tcp/track.h"

#include <assert.h>
#include <string.h>

#define STAMP_SHIFT 12

_Static_assert(CONN_STAMP_COMPARED == 1u << STAMP_SHIFT && CONN_STAMP_BELOW == 2u << STAMP_SHIFT,
               "two bits side by side");

bool lone_fits(const struct segment *g)
{
    bool syn = (g->flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == TCP_SYN;
    return syn && g->flags < 1u << 9 && !(g->marks & SEG_MALFORMED) && g->ip_version == 4 &&
           g->tunnel < 1u << 5 && g->aux == AUX_NONE && flow_is_mapped(g->source) &&
           flow_is_mapped(g->destination) && g->ip_bytes <= UINT16_MAX &&
           g->interface <= UINT16_MAX &&
           !(g->ack | g->payload_len | g->ts_ecr | g->sack_left | g->sack_right);
}

struct lone lone_of(const struct segment *g, uint32_t stream, uint16_t stamp)
{
    struct lone lone = {
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
        .window_scale = g->window_scale,
        .ttl = g->ttl,
    };
    memcpy(lone.source, g->source + 12, 4);
    memcpy(lone.destination, g->destination + 12, 4);
    return lone;
}

static void map(uint8_t address[16], const uint8_t octets[4])
{
    address[10] = address[11] = 0xff;
    memcpy(address + 12, octets, 4);
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
        .ip_version = 4,
        .tunnel = (uint8_t)lone->tunnel,
    };
    map(g->source, lone->source);
    map(g->destination, lone->destination);
}

bool lone_names(const struct lone *lone, const struct segment *g, bool vlan_in_key)
{
    if (!flow_is_mapped(g->source) || !flow_is_mapped(g->destination) ||
        (vlan_in_key && lone->vlan != g->vlan))
        return false;
    bool same = lone->source_port == g->source_port &&
                lone->destination_port == g->destination_port &&
                memcmp(lone->source, g->source + 12, 4) == 0 &&
                memcmp(lone->destination, g->destination + 12, 4) == 0;
    bool turned = lone->source_port == g->destination_port &&
                  lone->destination_port == g->source_port &&
                  memcmp(lone->source, g->destination + 12, 4) == 0 &&
                  memcmp(lone->destination, g->source + 12, 4) == 0;
    return same || turned;
}

void lone_connection(const struct lone *lone, bool vlan_in_key, struct connection *c)
{
    struct segment g;
    lone_segment(lone, &g);
    *c = (struct connection){0};
    int sender = flows_begin(c, &g, vlan_in_key, lone->stream);
    c->marks |= (uint16_t)(lone->stamp << STAMP_SHIFT);
    bool held = track_segment(c, sender, &g);
    assert(held && !c->detail); /* a first SYN needs none */
    (void)held;
}
