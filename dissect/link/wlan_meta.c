#include "dissect/link/link.h"

/* What capturing systems write before an 802.11 frame. */

#define RADIOTAP_TSFT        0x00000001u
#define RADIOTAP_FLAGS       0x00000002u
#define RADIOTAP_MORE        0x80000000u
#define RADIOTAP_FLAG_FCS    0x10
#define RADIOTAP_FLAG_PADDED 0x20

/* Fields follow the words of the bitmap, each aligned to its size; of these only the flags matter,
 * and at most the 8-octet timer stands before them. */
static uint8_t radiotap_flags(const uint8_t *h, uint32_t length)
{
    uint32_t present = load_le32(h + 4);
    uint32_t at = 8;
    for (uint32_t word = present; word & RADIOTAP_MORE; at += 4) {
        if (at + 4 > length)
            return 0;
        word = load_le32(h + at);
    }
    if (!(present & RADIOTAP_FLAGS))
        return 0;
    if (present & RADIOTAP_TSFT)
        at = ((at + 7) & ~7u) + 8;
    return at < length ? h[at] : 0;
}

enum step link_radiotap(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 8);
    if (!h)
        return link_cut(l);
    uint32_t length = load_le16(h + 2);
    if (h[0] || length < 8)
        return layers_undecodable(l, UNDECODABLE_NETWORK_BAD);
    if (!layers_take(l, length))
        return link_cut(l);
    uint8_t flags = radiotap_flags(h, length);
    l->wlan_padded = flags & RADIOTAP_FLAG_PADDED;
    if (flags & RADIOTAP_FLAG_FCS && l->wire_left >= 4)
        layers_limit(l, l->wire_left - 4);
    return STEP_WLAN;
}

/* 3Com-independent header of the AVS project: magic and length in network byte order. */
enum step link_avs(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 8);
    uint32_t length = h ? load_be32(h + 4) : 0;
    if (!h || length < 8 || !layers_take(l, length))
        return link_cut(l);
    return STEP_WLAN;
}

#define AVS_MAGIC   0x80211000u
#define PRISM_BYTES 144u

/* Drivers wrote AVS headers under this link type as well. */
enum step link_prism(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 4);
    if (h && (load_be32(h) & 0xfffff000u) == AVS_MAGIC)
        return link_avs(l);
    return layers_take(l, PRISM_BYTES) ? STEP_WLAN : link_cut(l);
}

/* Per-packet information: little-endian, whatever the machine; names the link type that follows. */
enum step link_ppi(struct layers *l)
{
    const uint8_t *h = layers_peek(l, 8);
    if (!h)
        return link_cut(l);
    uint32_t length = load_le16(h + 2);
    uint32_t inner = load_le32(h + 4);
    if (length < 8)
        return layers_undecodable(l, UNDECODABLE_NETWORK_BAD);
    if (!layers_take(l, length))
        return link_cut(l);
    if (!layers_enter(l))
        return STEP_DONE;
    link_decoder *decoder = inner <= UINT16_MAX ? link_decoder_of((uint16_t)inner) : NULL;
    if (decoder)
        return decoder(l);
    l->outcome_kind = OUTCOME_LINK;
    return STEP_DONE;
}
