#include "dissect/link/link.h"

#define TYPE_SLARP 0x8035

enum step link_chdlc(struct layers *l)
{
    const uint8_t *h = layers_take(l, 4);
    if (!h)
        return link_cut(l);
    l->type = load_be16(h + 2);
    return l->type == TYPE_SLARP ? layers_other(l, OTHER_LINK_CONTROL) : STEP_ETHERTYPE;
}
