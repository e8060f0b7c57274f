#include "dissect/link/link.h"

#define CLASS_AND_FORMAT 0xc0
#define FRAME_LLC        0x40 /* asynchronous: what carries data */
#define FRAME_LLC_SYNC   0xc0

enum step link_fddi(struct layers *l)
{
    const uint8_t *h = layers_take(l, 13);
    if (!h)
        return link_cut(l);
    uint8_t format = h[0] & CLASS_AND_FORMAT;
    if (!(h[0] & 0x10) || (format != FRAME_LLC && format != FRAME_LLC_SYNC))
        return layers_other(l, OTHER_LINK_CONTROL);
    layers_macs(l, h + 1, h + 7);
    return STEP_LLC;
}
