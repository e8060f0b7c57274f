#include "dissect/link/link.h"

enum arcnet_type {
    ARCNET_IP_1051 = 0xf0,
    ARCNET_ARP_1051 = 0xf1,
    ARCNET_IP_1201 = 0xd4,
    ARCNET_ARP_1201 = 0xd5,
    ARCNET_RARP_1201 = 0xd6,
    ARCNET_IPX = 0xfa,
    ARCNET_APPLETALK = 0xdd,
};

/* RFC 1201: a split flag of 0 is a whole packet, odd the first part of one, even a later part. */
#define FLAG_EXCEPTION 0xff

static enum step by_type(struct layers *l, uint8_t type)
{
    switch (type) {
    case ARCNET_IP_1051:
    case ARCNET_IP_1201:
        return STEP_IP;
    case ARCNET_ARP_1051:
    case ARCNET_ARP_1201:
        return layers_other(l, OTHER_ARP);
    case ARCNET_RARP_1201:
        return layers_other(l, OTHER_RARP);
    case ARCNET_IPX:
        return layers_other(l, OTHER_IPX);
    case ARCNET_APPLETALK:
        return layers_other(l, OTHER_APPLETALK);
    default:
        return layers_other(l, OTHER_LINK_CONTROL);
    }
}

static enum step after_type(struct layers *l, uint8_t type)
{
    if (type == ARCNET_IP_1051 || type == ARCNET_ARP_1051)
        return by_type(l, type);
    const uint8_t *h = layers_peek(l, 1);
    if (!h)
        return link_cut(l);
    if (*h == FLAG_EXCEPTION &&
        !layers_take(l, 4)) /* padding for lengths that frames cannot have */
        return link_cut(l);
    h = layers_take(l, 3);
    if (!h)
        return link_cut(l);
    if (h[0] && !(h[0] & 1))
        return layers_other(l, OTHER_LINK_CONTROL);
    return by_type(l, type);
}

enum step link_arcnet(struct layers *l)
{
    const uint8_t *h = layers_take(l, 3);
    return h ? after_type(l, h[2]) : link_cut(l);
}

/* Two octets of offset stand between the addresses and the type. */
enum step link_arcnet_linux(struct layers *l)
{
    const uint8_t *h = layers_take(l, 5);
    return h ? after_type(l, h[4]) : link_cut(l);
}
