#include "dissect/link/link.h"

#define FRAME_TYPE     0xc0
#define FRAME_LLC      0x40
#define SOURCE_ROUTED  0x80 /* first octet of the source address */
#define ROUTING_LENGTH 0x1f

enum step link_token_ring(struct layers *l)
{
    const uint8_t *h = layers_take(l, 14);
    if (!h)
        return link_cut(l);
    if ((h[1] & FRAME_TYPE) != FRAME_LLC)
        return layers_other(l, OTHER_LINK_CONTROL);
    layers_macs(l, h + 2, h + 8);
    if (h[8] & SOURCE_ROUTED) {
        const uint8_t *routing = layers_peek(l, 1);
        if (!routing || !layers_take(l, *routing & ROUTING_LENGTH))
            return link_cut(l);
    }
    return STEP_LLC;
}
