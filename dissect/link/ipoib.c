#include "dissect/link/link.h"

/* Forty octets of pseudo header hold the hardware addresses, then EtherType and a reserved word. */
enum step link_ipoib(struct layers *l)
{
    const uint8_t *h = layers_take(l, 44);
    if (!h)
        return link_cut(l);
    l->type = load_be16(h + 40);
    return STEP_ETHERTYPE;
}
