#include "dissect/link/link.h"

/* The address family in the byte order of the machine that captured; the BSDs never agreed on one
 * number for IPv6. */
static bool is_family(uint32_t family)
{
    static const uint8_t families[] = {2, 10, 24, 28, 30};
    for (size_t i = 0; i < sizeof families; i++) {
        if (families[i] == family)
            return true;
    }
    return false;
}

enum step link_null(struct layers *l)
{
    const uint8_t *h = layers_take(l, 4);
    if (!h)
        return link_cut(l);
    uint32_t big = load_be32(h);
    if (is_family(big) || is_family(load_le32(h)))
        return STEP_IP;
    if (h[0] == 0xff && h[1] == 0x03) { /* PPP in HDLC-like framing has been found here, too */
        l->in.at = h;
        l->wire_left += 4;
        return STEP_PPP;
    }
    if (big > 0x600 && big <= UINT16_MAX) {
        l->type = (uint16_t)big;
        return STEP_ETHERTYPE;
    }
    return layers_other(l, OTHER_LINK_CONTROL);
}

/* OpenBSD: network byte order by definition, but captures with the other one exist. */
enum step link_loop(struct layers *l)
{
    return link_null(l);
}

enum step link_enc(struct layers *l)
{
    const uint8_t *h = layers_take(l, 12);
    if (!h)
        return link_cut(l);
    if (is_family(load_be32(h)) || is_family(load_le32(h)))
        return STEP_IP;
    return layers_other(l, OTHER_LINK_CONTROL);
}

enum step link_pflog(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 2);
    /* The length leaves out the padding to a multiple of four. */
    uint32_t header_bytes = h ? (h[0] + 3u) & ~3u : 0;
    if (!h || header_bytes < 4 || !layers_take(l, header_bytes))
        return link_cut(l);
    return is_family(h[1]) ? STEP_IP : layers_other(l, OTHER_LINK_CONTROL);
}
