#include "dissect/net/net.h"

#define UDP_HEADER_BYTES 8u

/* RFC 7348. The flag that the network identifier is valid must be set; on the port that Linux used
 * before there was a number, the reserved bits must be clear as well, for others use it too. */
static enum step vxlan(struct layers *l, bool strict)
{
    const uint8_t *h = layers_peek(l, 8);
    if (!h || !(h[0] & 0x08))
        return STEP_REFUSED;
    if (strict && (h[0] != 0x08 || h[1] || h[2] || h[3] || h[7]))
        return STEP_REFUSED;
    layers_take(l, 8);
    layers_world(l, WORLD_NETWORK_ID, load_be32(h + 4) >> 8);
    return layers_tunnel(l, TUNNEL_VXLAN, OTHER_UDP) ? STEP_ETHERNET : STEP_DONE;
}

static enum step vxlan_plain(struct layers *l)
{
    return vxlan(l, false);
}

static enum step vxlan_linux(struct layers *l)
{
    return vxlan(l, true);
}

/* draft-ietf-nvo3-vxlan-gpe: with the P bit the last octet of the first word names the payload. */
static enum step vxlan_gpe(struct layers *l)
{
    static const enum step payloads[] = {STEP_REFUSED, STEP_IP, STEP_IP, STEP_ETHERNET, STEP_NSH};
    const uint8_t *h = layers_peek(l, 8);
    if (!h || !(h[0] & 0x08) || h[0] & 0xc0)
        return STEP_REFUSED;
    if (!(h[0] & 0x04))
        return vxlan(l, false);
    enum step step = h[3] < sizeof payloads / sizeof *payloads ? payloads[h[3]] : STEP_REFUSED;
    if (step == STEP_REFUSED)
        return step;
    layers_take(l, 8);
    layers_world(l, WORLD_NETWORK_ID, load_be32(h + 4) >> 8);
    return layers_tunnel(l, TUNNEL_VXLAN, OTHER_UDP) ? step : STEP_DONE;
}

/* RFC 8926. */
static enum step geneve(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 8);
    if (!h || h[0] >> 6)
        return STEP_REFUSED;
    uint32_t header_bytes = 8 + (h[0] & 0x3fu) * 4;
    if (header_bytes > l->wire_left)
        return STEP_REFUSED;
    if (!layers_take(l, header_bytes))
        return layers_undecodable(l, UNDECODABLE_TUNNEL_CUT);
    layers_world(l, WORLD_NETWORK_ID, load_be32(h + 4) >> 8);
    l->type = load_be16(h + 2);
    if (!layers_tunnel(l, TUNNEL_GENEVE, OTHER_UDP))
        return STEP_DONE;
    return l->type ? STEP_ETHERTYPE : layers_other(l, OTHER_TUNNEL);
}

/* 3GPP TS 29.281: version 1, protocol type 1. The endpoint identifier says nothing about the two
 * directions together, so it stays out of the world. */
static enum step gtp_u(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 8);
    if (!h || h[0] >> 5 != 1 || !(h[0] & 0x10))
        return STEP_REFUSED;
    if (h[1] != 255)
        return layers_other(l, OTHER_TUNNEL);
    layers_take(l, 8);
    layers_limit(l, load_be16(h + 2));
    if (!layers_tunnel(l, TUNNEL_GTP_U, OTHER_UDP))
        return STEP_DONE;
    if (!(h[0] & 0x07))
        return STEP_IP;
    const uint8_t *optional = layers_take(l, 4);
    if (!optional)
        return layers_undecodable(l, UNDECODABLE_TUNNEL_CUT);
    uint8_t next = h[0] & 0x04 ? optional[3] : 0;
    while (next) {
        const uint8_t *length = layers_peek(l, 1);
        if (length && !*length)
            return layers_undecodable(l, UNDECODABLE_TUNNEL_BAD);
        const uint8_t *extension = length ? layers_take(l, *length * 4u) : NULL;
        if (!extension)
            return layers_undecodable(l, UNDECODABLE_TUNNEL_CUT);
        next = extension[*extension * 4u - 1];
    }
    return STEP_IP;
}

/* RFC 4380: an authentication and an origin indication may precede the IPv6 packet. */
static enum step teredo(struct layers *l)
{
    struct layers inner = *l;
    const uint8_t *h = layers_peek(&inner, 4);
    if (h && load_be16(h) == 1) {
        if (!layers_take(&inner, 4u + h[2] + h[3] + 8 + 1))
            return STEP_REFUSED;
        h = layers_peek(&inner, 2);
    }
    if (h && load_be16(h) == 0 && !layers_take(&inner, 8))
        return STEP_REFUSED;
    h = layers_peek(&inner, 8);
    if (!h || h[0] >> 4 != 6 || load_be16(h + 4) + UINT32_C(40) > inner.wire_left)
        return STEP_REFUSED;
    *l = inner;
    return layers_tunnel(l, TUNNEL_TEREDO, OTHER_UDP) ? STEP_IP : STEP_DONE;
}

/* RFC 7510. */
static enum step mpls_in_udp(struct layers *l)
{
    if (!layers_peek(l, 4))
        return STEP_REFUSED;
    return layers_tunnel(l, TUNNEL_OTHER, OTHER_UDP) ? STEP_MPLS : STEP_DONE;
}

static enum step tunnel_by_port(struct layers *l, uint16_t port)
{
    switch (port) {
    case 1701:
        return net_l2tp_v2(l);
    case 2152:
        return gtp_u(l);
    case 3544:
        return teredo(l);
    case 4789:
        return vxlan_plain(l);
    case 4790:
        return vxlan_gpe(l);
    case 6081:
        return geneve(l);
    case 6635:
        return mpls_in_udp(l);
    case 8472:
        return vxlan_linux(l);
    default:
        return STEP_REFUSED;
    }
}

enum step net_udp(struct layers *l)
{
    const uint8_t *h = layers_take(l, UDP_HEADER_BYTES);
    if (!h)
        return layers_other(l, OTHER_UDP);
    uint16_t length = load_be16(h + 4);
    if (length >= UDP_HEADER_BYTES)
        layers_limit(l, length - UDP_HEADER_BYTES);
    enum step step = tunnel_by_port(l, load_be16(h + 2));
    if (step == STEP_REFUSED)
        step = tunnel_by_port(l, load_be16(h));
    return step == STEP_REFUSED ? layers_other(l, OTHER_UDP) : step;
}
