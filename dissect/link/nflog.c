#include "dissect/link/link.h"

#define ATTRIBUTE_LOG_PAYLOAD   9
#define ATTRIBUTE_QUEUE_PAYLOAD 10
#define ATTRIBUTE_TYPE          0x3fff

#define NETLINK_NETFILTER 12
#define SUBSYSTEM_QUEUE   3
#define SUBSYSTEM_LOG     4

/* Attributes are in the byte order of the machine that captured; a first length that is none in
 * one order gives the other away. */
static uint16_t host16(const uint8_t *p, bool big)
{
    return big ? load_be16(p) : load_le16(p);
}

static enum step attributes(struct layers *l, uint16_t payload, bool big)
{
    for (;;) {
        const uint8_t *h = layers_peek(l, 4);
        if (!h)
            return l->wire_left ? link_cut(l) : layers_other(l, OTHER_LINK_CONTROL);
        uint32_t length = host16(h, big);
        if (length < 4 || length > l->wire_left)
            return link_cut(l);
        if ((host16(h + 2, big) & ATTRIBUTE_TYPE) == payload) {
            layers_take(l, 4);
            layers_limit(l, length - 4);
            return STEP_IP;
        }
        uint32_t padded = (length + 3) & ~UINT32_C(3);
        if (!layers_take(l, padded < l->wire_left ? padded : l->wire_left))
            return link_cut(l);
    }
}

enum step link_nflog(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 8);
    if (!h)
        return link_cut(l);
    layers_take(l, 4); /* family, version, resource */
    bool big = load_le16(h + 4) > l->wire_left;
    return attributes(l, ATTRIBUTE_LOG_PAYLOAD, big);
}

/* Sixteen octets like Linux cooked, then a netlink message; only what netfilter hands to user space
 * holds packets. */
enum step link_netlink(struct layers *l)
{
    const uint8_t *h = layers_take(l, 16);
    if (!h)
        return link_cut(l);
    if (load_be16(h + 14) != NETLINK_NETFILTER)
        return layers_other(l, OTHER_LINK_CONTROL);
    h = layers_take(l, 20);
    if (!h)
        return link_cut(l);
    bool big = load_le32(h) > l->wire_left + 16 + 4;
    uint16_t type = host16(h + 4, big);
    uint16_t payload = type == SUBSYSTEM_LOG << 8     ? ATTRIBUTE_LOG_PAYLOAD
                       : type == SUBSYSTEM_QUEUE << 8 ? ATTRIBUTE_QUEUE_PAYLOAD
                                                      : 0;
    return payload ? attributes(l, payload, big) : layers_other(l, OTHER_LINK_CONTROL);
}
