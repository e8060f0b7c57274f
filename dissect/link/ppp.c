#include "dissect/link/link.h"
#include "dissect/net/net.h"

enum ppp_protocol {
    PPP_IP = 0x0021,
    PPP_VJ_UNCOMPRESSED = 0x002f,
    PPP_IPV6 = 0x0057,
    PPP_MPLS_UNICAST = 0x0281,
    PPP_MPLS_MULTICAST = 0x0283,
};

/* RFC 1144 section 3.2.2: the whole IP packet, with a connection's number for the protocol, which
 * can only be TCP. The compressed ones that follow are told apart by what came before each: they
 * are counted, not read. */
static enum step vj_uncompressed(struct layers *l)
{
    const uint8_t *first = layers_peek(l, 1);
    if (!first)
        return layers_undecodable(l, UNDECODABLE_NETWORK_CUT);
    if (*first >> 4 != 4)
        return layers_undecodable(l, UNDECODABLE_NETWORK_BAD);
    return net_ipv4(l) == STEP_DONE ? STEP_DONE : STEP_TCP;
}

enum step link_ppp(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 2);
    if (h && h[0] == 0xff && h[1] == 0x03) { /* address and control, which may be left out */
        layers_take(l, 2);
        h = layers_peek(l, 2);
    }
    if (!h)
        return link_cut(l);
    /* The protocol ends with its first odd octet (RFC 1661 section 2, section 6.5). */
    bool one_octet = h[0] & 1;
    uint16_t protocol = one_octet ? h[0] : load_be16(h);
    layers_take(l, one_octet ? 1 : 2);
    switch (protocol) {
    case PPP_IP:
    case PPP_IPV6:
        return STEP_IP;
    case PPP_VJ_UNCOMPRESSED:
        return vj_uncompressed(l);
    case PPP_MPLS_UNICAST:
    case PPP_MPLS_MULTICAST:
        return STEP_MPLS;
    default:
        return layers_other(l, OTHER_PPP_CONTROL);
    }
}

enum step link_ppp_hdlc(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 2);
    if (!h)
        return link_cut(l);
    return h[0] == 0x0f || h[0] == 0x8f ? link_chdlc(l) : link_ppp(l);
}

enum step link_ppp_direction(struct layers *l)
{
    const uint8_t *h = layers_take(l, 1);
    if (!h)
        return link_cut(l);
    l->marks |= *h ? SEG_OUTBOUND : SEG_INBOUND;
    return link_ppp(l);
}

enum step link_pppoe(struct layers *l)
{
    l->type = 0x8864;
    return STEP_ETHERTYPE;
}
