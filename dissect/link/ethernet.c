#include "dissect/link/link.h"

enum step link_ethernet(struct layers *l)
{
    const uint8_t *h = layers_take(l, 14);
    if (UNLIKELY(!h))
        return link_cut(l);
    layers_macs(l, h, h + 6);
    l->type = load_be16(h + 12);
    if (LIKELY(l->type >= 0x600))
        return STEP_ETHERTYPE;
    layers_limit(l, l->type);
    return STEP_LLC;
}
