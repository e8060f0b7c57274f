#include "dissect/link/link.h"

#define ATTRIBUTE_TYPE   0x3fff
#define ATTRIBUTE_HEADER 1

/* nfnetlink_log and nfnetlink_queue: the attribute that is the packet, and where in the header
 * attribute its EtherType stands. */
struct dialect {
    uint16_t payload;
    uint8_t ethertype_at;
};
static const struct dialect log_dialect = {9, 4};
static const struct dialect queue_dialect = {10, 8};

#define NETLINK_NETFILTER 12
#define SUBSYSTEM_QUEUE   3
#define SUBSYSTEM_LOG     4

/* Attributes are in the byte order of the machine that captured; a first length that is none in
 * one order gives the other away. */
static uint16_t host16(const uint8_t *p, bool big)
{
    return big ? load_be16(p) : load_le16(p);
}

/* Of a bridge's packets the header attribute tells the EtherType; the payload begins behind the
 * link layer in any case. Without that attribute it can only be IP. */
static enum step payload(struct layers *l, const uint8_t *ethertype)
{
    if (!ethertype || !load_be16(ethertype))
        return STEP_IP;
    l->type = load_be16(ethertype);
    return STEP_ETHERTYPE;
}

static enum step attributes(struct layers *l, const struct dialect *dialect, bool big)
{
    const uint8_t *ethertype = NULL;
    for (;;) {
        const uint8_t *h = layers_peek(l, 4);
        if (!h)
            return l->wire_left ? link_cut(l) : layers_other(l, OTHER_LINK_CONTROL);
        uint32_t length = host16(h, big);
        if (length < 4 || length > l->wire_left)
            return link_cut(l);
        uint16_t type = host16(h + 2, big) & ATTRIBUTE_TYPE;
        if (type == dialect->payload) {
            layers_take(l, 4);
            layers_limit(l, length - 4);
            return payload(l, ethertype);
        }
        uint32_t padded = (length + 3) & ~UINT32_C(3);
        if (!layers_take(l, padded < l->wire_left ? padded : l->wire_left))
            return link_cut(l);
        if (type == ATTRIBUTE_HEADER && length >= dialect->ethertype_at + 2u)
            ethertype = h + dialect->ethertype_at;
    }
}

enum step link_nflog(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 8);
    if (!h)
        return link_cut(l);
    layers_take(l, 4); /* family, version, resource */
    bool big = load_le16(h + 4) > l->wire_left;
    return attributes(l, &log_dialect, big);
}

static uint32_t host32(const uint8_t *p, bool big)
{
    return big ? load_be32(p) : load_le32(p);
}

static void message(struct layers *whole, struct layers *one, bool big, bool first)
{
    const uint8_t *h = layers_take(one, 20); /* netlink's header and netfilter's */
    uint16_t type = h ? host16(h + 4, big) : 0;
    enum step step = STEP_DONE;
    if (!h)
        link_cut(one);
    else if (type == SUBSYSTEM_LOG << 8)
        step = attributes(one, &log_dialect, big);
    else if (type == SUBSYSTEM_QUEUE << 8)
        step = attributes(one, &queue_dialect, big);
    else
        layers_other(one, OTHER_LINK_CONTROL);
    layers_run_part(whole, one, step, first);
}

/* Sixteen octets like Linux cooked, then netlink messages; only what netfilter hands to user space
 * holds packets. */
enum step link_netlink(struct layers *l)
{
    const uint8_t *h = layers_take(l, 16);
    if (!h)
        return link_cut(l);
    if (load_be16(h + 14) != NETLINK_NETFILTER)
        return layers_other(l, OTHER_LINK_CONTROL);
    bool first = true;
    while ((h = layers_peek(l, 16)) != NULL) {
        bool big = load_le32(h) > l->wire_left;
        uint32_t length = host32(h, big);
        if (length < 16 || length > l->wire_left)
            break;
        struct layers one = *l;
        layers_limit(&one, length);
        message(l, &one, big, first);
        first = false;
        uint32_t padded = (length + 3) & ~UINT32_C(3);
        if (!layers_take(l, padded))
            break;
    }
    return first ? link_cut(l) : STEP_DONE;
}
