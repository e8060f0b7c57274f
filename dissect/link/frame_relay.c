#include "dissect/link/link.h"

enum nlpid {
    NLPID_LMI = 0x08,
    NLPID_SNAP = 0x80,
    NLPID_IPV6 = 0x8e,
    NLPID_IPV4 = 0xcc,
    NLPID_PPP = 0xcf,
};

#define UNNUMBERED_UI 0x03
#define ADDRESS_MAX   4

/* RFC 2427 section 4.1: SNAP without the LLC header before it, which link_llc() expects. */
static enum step snap(struct layers *l)
{
    const uint8_t *h = layers_take(l, 5);
    if (!h)
        return link_cut(l);
    l->type = load_be16(h + 3);
    uint32_t oui = load_be32(h) >> 8;
    if (oui == 0)
        return STEP_ETHERTYPE;
    if (oui == 0x0080c2 && (l->type == 1 || l->type == 7))
        return STEP_ETHERNET;
    return layers_other(l, OTHER_LLC);
}

static enum step by_nlpid(struct layers *l)
{
    const uint8_t *nlpid = layers_take(l, 1);
    if (nlpid && !*nlpid) /* a pad octet before it */
        nlpid = layers_take(l, 1);
    if (!nlpid)
        return link_cut(l);
    switch (*nlpid) {
    case NLPID_IPV4:
    case NLPID_IPV6:
        return STEP_IP;
    case NLPID_SNAP:
        return snap(l);
    case NLPID_PPP:
        return STEP_PPP;
    default:
        return layers_other(l, OTHER_LINK_CONTROL);
    }
}

enum step link_frame_relay(struct layers *l)
{
    const uint8_t *octet;
    unsigned octets = 0;
    do { /* the lowest bit marks the last octet of the address */
        octet = layers_take(l, 1);
        if (!octet)
            return link_cut(l);
    } while (!(*octet & 1) && ++octets < ADDRESS_MAX);

    const uint8_t *h = layers_peek(l, 2);
    if (!h)
        return link_cut(l);
    if (h[0] == UNNUMBERED_UI) {
        layers_take(l, 1);
        return by_nlpid(l);
    }
    layers_take(l, 2);
    l->type = load_be16(h); /* Cisco: an EtherType follows the address at once */
    return l->type >= 0x600 ? STEP_ETHERTYPE : layers_other(l, OTHER_LINK_CONTROL);
}
