#include "dissect/net/net.h"

/* IP protocols that carry no TCP, or that hide it (IANA protocol-numbers). */
/* clang-format off */
static const struct {
    uint8_t protocol;
    enum other_protocol other;
} others[] = {
    {1, OTHER_ICMP}, /* the headers that errors quote were sent earlier, by somebody else */
    {2, OTHER_IGMP},
    {33, OTHER_DCCP},
    {46, OTHER_RSVP},
    {50, OTHER_ESP},
    {58, OTHER_ICMPV6},
    {88, OTHER_EIGRP},
    {89, OTHER_OSPF},
    {103, OTHER_PIM},
    {112, OTHER_VRRP},
    {132, OTHER_SCTP},
    {136, OTHER_UDP_LITE},
};
/* clang-format on */

static enum step other_protocol_of(struct layers *l)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (others[i].protocol == l->type)
            return layers_other(l, others[i].other);
    }
    return layers_other(l, OTHER_IP);
}

static enum step ip_in_ip(struct layers *l, bool inner_v6)
{
    bool in_v4 = l->segment->ip_version == 4;
    if (!layers_tunnel(l, inner_v6 && in_v4 ? TUNNEL_6IN4 : TUNNEL_IPIP, OTHER_IP))
        return STEP_DONE;
    return STEP_IP;
}

/* RFC 3378: version 3 in the first four bits, then an Ethernet frame. */
static enum step ether_ip(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 2);
    if (!h)
        return layers_undecodable(l, UNDECODABLE_TUNNEL_CUT);
    if (h[0] >> 4 != 3)
        return layers_undecodable(l, UNDECODABLE_TUNNEL_BAD);
    layers_take(l, 2);
    return layers_tunnel(l, TUNNEL_OTHER, OTHER_IP) ? STEP_ETHERNET : STEP_DONE;
}

enum step net_protocol(struct layers *l)
{
    switch (l->type) {
    case 6:
        return STEP_TCP;
    case 17:
        return net_udp(l);
    case 4:
        return ip_in_ip(l, false);
    case 41:
        return ip_in_ip(l, true);
    case 47:
        return net_gre(l);
    case 51:
        return net_authentication(l);
    case 97:
        return ether_ip(l);
    case 108:
        return net_ipcomp(l);
    case 115:
        return net_l2tp_v3(l);
    case 137: /* RFC 4023 */
        return layers_tunnel(l, TUNNEL_OTHER, OTHER_IP) ? STEP_MPLS : STEP_DONE;
    case 0:
    case 43:
    case 44:
    case 60:
    case 135: /* mobility, RFC 6275 */
    case 139: /* HIP, RFC 7401 */
    case 140: /* shim6, RFC 5533 */
        return l->segment->ip_version == 6 ? net_extension(l) : other_protocol_of(l);
    default:
        return other_protocol_of(l);
    }
}
