#include "dissect/net/net.h"

enum l2tp_flag {
    L2TP_CONTROL = 0x8000,
    L2TP_LENGTH = 0x4000,
    L2TP_SEQUENCE = 0x0800,
    L2TP_OFFSET = 0x0200,
};

#define L2TP_VERSION 0x000fu

/* The session header has no field that tells how long its cookie is, nor whether a sublayer of
 * four octets follows: the two ends agreed on that (RFC 3931 section 4.1). So a packet counts as
 * found where one stands at one of the places there can be. */
static enum step pseudowire(struct layers *l)
{
    static const uint8_t places[] = {0, 4, 8, 12};
    for (size_t i = 0; i < sizeof places; i++) {
        bool ip = net_looks_like_ip(l, places[i]);
        if (!ip && !net_looks_like_ethernet(l, places[i]))
            continue;
        layers_take(l, places[i]);
        if (!layers_tunnel(l, TUNNEL_L2TP, OTHER_TUNNEL))
            return STEP_DONE;
        return ip ? STEP_IP : STEP_ETHERNET;
    }
    return layers_other(l, OTHER_TUNNEL);
}

enum step net_l2tp_v3(struct layers *l)
{
    const uint8_t *session = layers_take(l, 4);
    if (!session)
        return layers_undecodable(l, UNDECODABLE_TUNNEL_CUT);
    if (!load_be32(session)) /* session 0: a control message */
        return layers_other(l, OTHER_TUNNEL);
    return pseudowire(l);
}

static enum step l2tp_data(struct layers *l, uint16_t flags)
{
    const uint8_t *offset = NULL;
    bool whole = layers_take(l, 2) && (!(flags & L2TP_LENGTH) || layers_take(l, 2)) &&
                 layers_take(l, 4) && (!(flags & L2TP_SEQUENCE) || layers_take(l, 4)) &&
                 (!(flags & L2TP_OFFSET) || (offset = layers_take(l, 2)) != NULL) &&
                 (!offset || layers_take(l, load_be16(offset)));
    if (!whole)
        return layers_undecodable(l, UNDECODABLE_TUNNEL_CUT);
    return layers_tunnel(l, TUNNEL_L2TP, OTHER_UDP) ? STEP_PPP : STEP_DONE;
}

enum step net_l2tp_v2(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 4);
    if (!h)
        return STEP_REFUSED;
    uint16_t flags = load_be16(h);
    unsigned version = flags & L2TP_VERSION;
    if (version != 2 && version != 3)
        return STEP_REFUSED;
    if (flags & L2TP_CONTROL)
        return layers_other(l, OTHER_TUNNEL);
    if (version == 3) { /* RFC 3931 section 4.1.2.1: flags and reserved, then the session */
        layers_take(l, 4);
        return net_l2tp_v3(l);
    }
    if (flags & L2TP_LENGTH) {
        if (load_be16(h + 2) > l->wire_left)
            return STEP_REFUSED;
        layers_limit(l, load_be16(h + 2));
    }
    return l2tp_data(l, flags);
}
