#include "dissect/link/link.h"

#define MAGIC           0x4d4743u
#define FLAG_INBOUND    0x01
#define FLAG_NO_LINK    0x02
#define FLAG_EXTENSIONS 0x80

enum step link_juniper_ethernet(struct layers *l)
{
    const uint8_t *h = layers_take(l, 4);
    if (!h)
        return link_cut(l);
    if (load_be32(h) >> 8 != MAGIC)
        return layers_undecodable(l, UNDECODABLE_NETWORK_BAD);
    l->marks |= h[3] & FLAG_INBOUND ? SEG_INBOUND : SEG_OUTBOUND;
    if (h[3] & FLAG_EXTENSIONS) {
        const uint8_t *length = layers_take(l, 2);
        if (!length || !layers_take(l, load_be16(length)))
            return link_cut(l);
    }
    if (h[3] & FLAG_NO_LINK) { /* four octets of family instead of a link layer */
        return layers_take(l, 4) ? STEP_IP : link_cut(l);
    }
    return link_ethernet(l);
}
