#include "dissect/link/link.h"

enum step link_ip(struct layers *l)
{
    (void)l;
    return STEP_IP;
}

enum step link_apple_1394(struct layers *l)
{
    const uint8_t *h = layers_take(l, 18);
    if (!h)
        return link_cut(l);
    l->type = load_be16(h + 16);
    return STEP_ETHERTYPE;
}
