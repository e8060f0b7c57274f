#include "dissect/net/net.h"

bool net_looks_like_ip(const struct layers *l, uint32_t skip)
{
    const uint8_t *h = layers_peek(l, skip + 20);
    if (!h)
        return false;
    h += skip;
    uint32_t left = l->wire_left - skip;
    if (h[0] >> 4 == 4)
        return (h[0] & 15u) >= 5 && load_be16(h + 2) >= (h[0] & 15u) * 4 &&
               load_be16(h + 2) <= left;
    return h[0] >> 4 == 6 && load_be16(h + 4) + UINT32_C(40) <= left;
}

bool net_looks_like_ethernet(const struct layers *l, uint32_t skip)
{
    const uint8_t *h = layers_peek(l, skip + 14);
    if (!h)
        return false;
    uint16_t type = load_be16(h + skip + 12);
    switch (type) {
    case 0x0800:
    case 0x86dd:
    case 0x0806:
    case 0x8100:
    case 0x88a8:
    case 0x8847:
    case 0x8863:
    case 0x8864:
    case 0x88cc:
    case 0x9000:
        return true;
    default: /* a length that the frame can hold, and the LLC header of something known */
        if (type < 3 || type > 1500 || type > l->wire_left - skip - 14)
            return false;
        h = layers_peek(l, skip + 17);
        return h && h[skip + 14] == h[skip + 15] && h[skip + 16] == 3;
    }
}

/* Labels do not say what they carry. IP packets are told by their version (RFC 4928), pseudowires
 * with a control word by four zero bits (RFC 4385); without one the frame itself must do. */
enum step net_mpls(struct layers *l)
{
    if (!layers_enter(l))
        return STEP_DONE;
    for (unsigned labels = 0;; labels++) {
        if (labels == LABELS_MAX)
            return layers_undecodable(l, UNDECODABLE_TOO_DEEP);
        const uint8_t *label = layers_take(l, 4);
        if (!label)
            return layers_undecodable(l, UNDECODABLE_LINK_CUT);
        if (label[2] & 1)
            break;
    }
    const uint8_t *first = layers_peek(l, 1);
    if (!first)
        return layers_undecodable(l, UNDECODABLE_NETWORK_CUT);
    unsigned nibble = *first >> 4;
    bool ip = nibble == 4 || nibble == 6;
    if (ip && (net_looks_like_ip(l, 0) || !net_looks_like_ethernet(l, 0)))
        return STEP_IP;
    if (nibble == 0 && net_looks_like_ethernet(l, 4))
        layers_take(l, 4);
    else if (!net_looks_like_ethernet(l, 0))
        return layers_other(l, OTHER_MPLS);
    return layers_enter(l) ? STEP_ETHERNET : STEP_DONE;
}
