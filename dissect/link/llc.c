#include "dissect/link/link.h"

#define SAP_IP        0x06
#define SAP_SNAP      0xaa
#define SAP_IPX       0xe0
#define SAP_GLOBAL    0xff /* Novell's raw 802.3: an IPX checksum that is always ones */
#define UNNUMBERED_UI 0x03

#define OUI_ENCAPSULATED 0x000000u /* RFC 1042 */
#define OUI_CISCO        0x00000cu
#define OUI_TUNNEL       0x0000f8u /* 802.1H */
#define OUI_BRIDGED      0x0080c2u /* RFC 2684 section 5.2 */
#define OUI_APPLE        0x080007u

static enum step snap(struct layers *l)
{
    const uint8_t *h = layers_take(l, 5);
    if (!h)
        return link_cut(l);
    l->type = load_be16(h + 3);
    switch (load_be32(h) >> 8) {
    case OUI_ENCAPSULATED:
    case OUI_TUNNEL:
        return STEP_ETHERTYPE;
    case OUI_BRIDGED: /* Ethernet, with and without its FCS, behind two octets of padding */
        if (l->type != 1 && l->type != 7)
            return layers_other(l, OTHER_LLC);
        return layers_take(l, 2) ? STEP_ETHERNET : link_cut(l);
    case OUI_CISCO:
        return layers_other(l, l->type == 0x2000 ? OTHER_CDP : OTHER_LLC);
    case OUI_APPLE:
        return layers_other(l, OTHER_APPLETALK);
    default:
        return layers_other(l, OTHER_LLC);
    }
}

enum step link_llc(struct layers *l)
{
    const uint8_t *h = layers_take(l, 3);
    if (!h)
        return link_cut(l);
    if (h[0] == SAP_SNAP && h[2] == UNNUMBERED_UI)
        return layers_enter(l) ? snap(l) : STEP_DONE;
    if (h[0] == SAP_IP && h[2] == UNNUMBERED_UI)
        return STEP_IP;
    if (h[0] == SAP_IPX || h[0] == SAP_GLOBAL)
        return layers_other(l, OTHER_IPX);
    return layers_other(l, OTHER_LLC);
}
