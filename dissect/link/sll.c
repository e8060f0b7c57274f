#include "dissect/link/link.h"

enum packet_type {
    PACKET_TYPE_TO_US = 0,
    PACKET_TYPE_FROM_US = 4,
};

enum arphrd {
    ARPHRD_IPGRE = 778,
    ARPHRD_IEEE80211 = 801,
    ARPHRD_IEEE80211_RADIOTAP = 803,
    ARPHRD_NETLINK = 824,
};

enum step link_linux_protocol(struct layers *l, uint16_t protocol)
{
    l->type = protocol;
    if (protocol >= 0x600)
        return STEP_ETHERTYPE;
    switch (protocol) {
    case 0x0001: /* ETH_P_802_3: raw IPX */
        return layers_other(l, OTHER_IPX);
    case 0x0004: /* ETH_P_802_2 */
        return STEP_LLC;
    case 0x0009: /* ETH_P_PPPTALK, and what Linux writes for PPP */
        return STEP_PPP;
    default:
        return layers_other(l, OTHER_LINK_CONTROL);
    }
}

static void direction(struct layers *l, uint16_t packet_type)
{
    if (packet_type == PACKET_TYPE_TO_US)
        l->marks |= SEG_INBOUND;
    else if (packet_type == PACKET_TYPE_FROM_US)
        l->marks |= SEG_OUTBOUND;
}

static enum step by_device(struct layers *l, uint16_t arphrd, uint16_t protocol)
{
    switch (arphrd) {
    case ARPHRD_NETLINK:
        return layers_other(l, OTHER_LINK_CONTROL);
    case ARPHRD_IEEE80211:
        return STEP_WLAN;
    case ARPHRD_IEEE80211_RADIOTAP:
        return link_radiotap(l);
    case ARPHRD_IPGRE: /* the protocol is GRE's: an EtherType for all that carries IP */
    default:
        return link_linux_protocol(l, protocol);
    }
}

enum step link_sll(struct layers *l)
{
    const uint8_t *h = layers_take(l, 16);
    if (!h)
        return link_cut(l);
    direction(l, load_be16(h));
    return by_device(l, load_be16(h + 2), load_be16(h + 14));
}

enum step link_sll2(struct layers *l)
{
    const uint8_t *h = layers_take(l, 20);
    if (!h)
        return link_cut(l);
    direction(l, h[10]);
    return by_device(l, load_be16(h + 8), load_be16(h));
}
