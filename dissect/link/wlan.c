#include "dissect/link/link.h"

enum frame_type { FRAME_MANAGEMENT, FRAME_CONTROL, FRAME_DATA, FRAME_EXTENSION };

enum frame_control {
    TO_DS = 0x01,
    FROM_DS = 0x02,
    MORE_FRAGMENTS = 0x04,
    PROTECTED = 0x40,
    ORDER = 0x80,
};

#define SUBTYPE_NO_DATA 0x4
#define SUBTYPE_QOS     0x8
#define QOS_AGGREGATED  0x80 /* first octet of QoS control: an A-MSDU */
#define FRAGMENT_NUMBER 0x0f

static void mix_addresses(struct layers *l, const uint8_t *h)
{
    const uint8_t *destination = h[1] & TO_DS ? h + 16 : h + 4;
    const uint8_t *source = !(h[1] & FROM_DS) ? h + 10 : h[1] & TO_DS ? h + 24 : h + 16;
    layers_macs(l, destination, source);
}

/* Each frame: two addresses, a length, an LLC frame, padding to a multiple of four. */
static enum step aggregate(struct layers *l)
{
    bool first = true;
    while (cursor_left(&l->in)) {
        const uint8_t *h = layers_take(l, 14);
        if (!h)
            break;
        uint32_t length = load_be16(h + 12);
        struct layers one = *l;
        layers_limit(&one, length);
        layers_run_part(l, &one, STEP_LLC, first);
        first = false;
        uint32_t padded = ((14 + length + 3) & ~UINT32_C(3)) - 14;
        if (!layers_take(l, padded))
            break;
    }
    return first ? link_cut(l) : STEP_DONE;
}

/* Some systems decrypt and leave the flag, with the initialization vector or without. Six octets of
 * SNAP header do not come about by chance. */
static bool decrypted_at(struct layers *l, uint32_t skip)
{
    static const uint8_t snap[] = {0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00};
    const uint8_t *h = layers_peek(l, skip + sizeof snap);
    return h && !memcmp(h + skip, snap, sizeof snap) && layers_take(l, skip);
}

#define IV_BYTES          4
#define IV_BYTES_EXTENDED 8

static enum step data(struct layers *l, const uint8_t *h)
{
    unsigned subtype = h[0] >> 4;
    uint32_t header_bytes = (h[1] & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS) ? 30 : 24;
    uint32_t qos = header_bytes;
    if (subtype & SUBTYPE_QOS)
        header_bytes += h[1] & ORDER ? 6 : 2; /* with HT control */
    if (l->wlan_padded)
        header_bytes = (header_bytes + 3) & ~UINT32_C(3);
    if (!layers_take(l, header_bytes))
        return link_cut(l);
    if (subtype & SUBTYPE_NO_DATA)
        return layers_other(l, OTHER_WLAN_DATA);
    if (h[1] & PROTECTED && !decrypted_at(l, 0) && !decrypted_at(l, IV_BYTES) &&
        !decrypted_at(l, IV_BYTES_EXTENDED))
        return layers_other(l, OTHER_WLAN_ENCRYPTED);
    if (h[22] & FRAGMENT_NUMBER)
        return layers_other(l, OTHER_WLAN_DATA);
    mix_addresses(l, h);
    if (subtype & SUBTYPE_QOS && h[qos] & QOS_AGGREGATED)
        return aggregate(l);
    /* The IP header counts the octets of the fragments to come as well. */
    if (h[1] & MORE_FRAGMENTS && l->wire_left < UINT16_MAX)
        l->wire_left = UINT16_MAX;
    return STEP_LLC;
}

enum step link_wlan(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 2);
    if (!h)
        return link_cut(l);
    switch ((enum frame_type)(h[0] >> 2 & 3)) {
    case FRAME_MANAGEMENT:
        return layers_other(l, OTHER_WLAN_MANAGEMENT);
    case FRAME_DATA:
        return h[0] & 3 ? layers_undecodable(l, UNDECODABLE_NETWORK_BAD) : data(l, h);
    case FRAME_CONTROL:
    case FRAME_EXTENSION:
    default:
        return layers_other(l, OTHER_WLAN_CONTROL);
    }
}
