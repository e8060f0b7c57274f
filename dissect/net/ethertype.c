#include "dissect/net/net.h"

/* Headers that only announce another EtherType at their end: how many octets stand before it. */
/* clang-format off */
static const struct {
    uint16_t type;
    uint8_t before;
} shims[] = {
    {0x8909, 6}, /* Cisco MetaData */
    {0x8926, 4}, /* VN-tag */
    {0x892f, 4}, /* HSR, IEC 62439-3 */
    {0x893f, 6}, /* E-tag, 802.1BR */
};

static const struct {
    uint16_t type;
    enum other_protocol other;
} others[] = {
    {0x0806, OTHER_ARP},
    {0x2000, OTHER_CDP},
    {0x8035, OTHER_RARP},
    {0x809b, OTHER_APPLETALK},
    {0x80f3, OTHER_APPLETALK}, /* its ARP */
    {0x8137, OTHER_IPX},
    {0x8138, OTHER_IPX},
    {0x8809, OTHER_SLOW},
    {0x8863, OTHER_PPPOE_DISCOVERY},
    {0x888e, OTHER_EAPOL},
    {0x88cc, OTHER_LLDP},
    {0x88e5, OTHER_MACSEC},
    {0x9000, OTHER_LOOPBACK},
};
/* clang-format on */

static enum step cut(struct layers *l)
{
    return layers_undecodable(l, UNDECODABLE_LINK_CUT);
}

/* A length in the place of a type means LLC, also behind tags (802.3 clause 3.2.6). */
static enum step type_or_length(struct layers *l, uint16_t type)
{
    l->type = type;
    if (type >= 0x600)
        return STEP_ETHERTYPE;
    layers_limit(l, type);
    return STEP_LLC;
}

static enum step vlan(struct layers *l)
{
    if (!layers_enter(l))
        return STEP_DONE;
    const uint8_t *tag = layers_take(l, 4);
    if (!tag)
        return cut(l);
    uint16_t id = load_be16(tag) & 0xfff;
    if (id) { /* 0: a priority, no VLAN */
        l->vlan = id;
        layers_world(l, WORLD_VLAN, id);
    }
    return type_or_length(l, load_be16(tag + 2));
}

/* RFC 2516. */
static enum step pppoe(struct layers *l)
{
    if (!layers_enter(l))
        return STEP_DONE;
    const uint8_t *h = layers_take(l, 6);
    if (!h)
        return cut(l);
    if (h[1])
        return layers_other(l, OTHER_PPPOE_DISCOVERY);
    layers_limit(l, load_be16(h + 4));
    return STEP_PPP;
}

/* 802.1ah: four octets of service instance, then the customer's frame. */
static enum step backbone(struct layers *l)
{
    if (!layers_enter(l))
        return STEP_DONE;
    const uint8_t *tag = layers_take(l, 4);
    if (!tag)
        return cut(l);
    layers_world(l, WORLD_NETWORK_ID, load_be32(tag) & 0xffffff);
    return STEP_ETHERNET;
}

/* Tree and time to live, then the frame. */
static enum step fabric_path(struct layers *l)
{
    if (!layers_enter(l))
        return STEP_DONE;
    return layers_take(l, 2) ? STEP_ETHERNET : cut(l);
}

static enum step shim_or_other(struct layers *l)
{
    for (size_t i = 0; i < sizeof shims / sizeof *shims; i++) {
        if (shims[i].type != l->type)
            continue;
        if (!layers_enter(l))
            return STEP_DONE;
        const uint8_t *h = layers_take(l, shims[i].before + 2u);
        return h ? type_or_length(l, load_be16(h + shims[i].before)) : cut(l);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i].type == l->type)
            return layers_other(l, others[i].other);
    }
    return layers_other(l, OTHER_ETHERTYPE);
}

enum step net_ethertype(struct layers *l)
{
    switch (l->type) {
    case 0x0800:
    case 0x86dd:
        return net_ip(l);
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
        return vlan(l);
    case 0x2452: /* 802.11 as Intel's cards hand it over */
        return STEP_WLAN;
    case 0x6558:
        return layers_enter(l) ? STEP_ETHERNET : STEP_DONE;
    case 0x8847:
    case 0x8848:
        return STEP_MPLS;
    case 0x8864:
        return pppoe(l);
    case 0x880b:
        return STEP_PPP;
    case 0x8870: /* LLC in jumbo frames */
        return STEP_LLC;
    case 0x88e7:
        return backbone(l);
    case 0x8903:
        return fabric_path(l);
    case 0x894f:
        return STEP_NSH;
    default:
        return shim_or_other(l);
    }
}

enum step net_nsh(struct layers *l)
{
    static const enum step payloads[] = {STEP_REFUSED,  STEP_IP,  STEP_IP,
                                         STEP_ETHERNET, STEP_NSH, STEP_MPLS};
    if (!layers_tunnel(l, TUNNEL_NSH, OTHER_ETHERTYPE))
        return STEP_DONE;
    const uint8_t *h = layers_peek(l, 8);
    if (!h)
        return layers_undecodable(l, UNDECODABLE_TUNNEL_CUT);
    uint32_t header_bytes = (h[1] & 0x3fu) * 4;
    if (h[0] >> 6 || header_bytes < 8 || header_bytes > l->wire_left)
        return layers_undecodable(l, UNDECODABLE_TUNNEL_BAD);
    if (!layers_take(l, header_bytes))
        return layers_undecodable(l, UNDECODABLE_TUNNEL_CUT);
    enum step step = h[3] < sizeof payloads / sizeof *payloads ? payloads[h[3]] : STEP_REFUSED;
    return step == STEP_REFUSED ? layers_other(l, OTHER_TUNNEL) : step;
}
