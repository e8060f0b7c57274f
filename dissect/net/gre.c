#include "dissect/net/net.h"

enum gre_flag {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACKNOWLEDGMENT = 0x0080, /* version 1 only */
};

#define GRE_VERSION 0x0007u

#define TYPE_TRANSPARENT_ETHERNET 0x6558
#define TYPE_ETHERNET             0x6400 /* as some vendors number it */
#define TYPE_PPP                  0x880b
#define TYPE_A10                  0x8881 /* 3GPP2 A.S0016: PPP */
#define TYPE_A10_MARKED           0x88d2
#define TYPE_ERSPAN_1_2           0x88be
#define TYPE_ERSPAN_3             0x22eb
#define TYPE_WCCP                 0x883e

/* Aruba access points send 802.11 frames home as 0x8200 to 0x8370, by sixteens. */
#define TYPE_ARUBA      0x8200u
#define TYPE_ARUBA_MASK 0xfe0fu

/* RFC 7637: an NVGRE key is 24 bits of virtual subnet, which begins at 0x1000, and 8 bits that
 * differ from flow to flow. */
#define NVGRE_LOWEST_KEY 0x100000u

static enum step gre_cut(struct layers *l)
{
    return layers_undecodable(l, UNDECODABLE_TUNNEL_CUT);
}

static void mix_key(struct layers *l, uint16_t type, uint32_t key)
{
    if (type == TYPE_TRANSPARENT_ETHERNET && key >= NVGRE_LOWEST_KEY)
        layers_world(l, WORLD_NETWORK_ID, key >> 8);
    else
        layers_world(l, WORLD_GRE_KEY, key);
}

/* RFC 1701: source route entries, closed by one of length 0. */
static bool skip_routing(struct layers *l)
{
    for (;;) {
        const uint8_t *entry = layers_take(l, 4);
        if (!entry)
            return false;
        if (!entry[3])
            return true;
        if (!layers_take(l, entry[3]))
            return false;
    }
}

/* Type I has no header of its own and GRE no sequence number; type II has 8 octets, type III 12
 * and, with its O bit, 8 more. draft-foschiano-erspan. */
static enum step erspan(struct layers *l, bool sequence, uint16_t type)
{
    l->tunnel = TUNNEL_ERSPAN;
    if (type == TYPE_ERSPAN_1_2)
        return !sequence || layers_take(l, 8) ? STEP_ETHERNET : gre_cut(l);
    const uint8_t *h = layers_take(l, 12);
    if (!h)
        return gre_cut(l);
    if (h[11] & 1 && !layers_take(l, 8))
        return gre_cut(l);
    return STEP_ETHERNET;
}

/* Version 2 puts 4 octets before the IP packet, version 1 none (draft-mclaggan-wccp-v2rev1). */
static enum step wccp(struct layers *l)
{
    const uint8_t *first = layers_peek(l, 1);
    if (!first)
        return gre_cut(l);
    if (*first >> 4 != 4 && !layers_take(l, 4))
        return gre_cut(l);
    return STEP_IP;
}

static enum step gre_payload(struct layers *l, uint16_t type, bool sequence)
{
    switch (type) {
    case TYPE_ERSPAN_1_2:
    case TYPE_ERSPAN_3:
        return erspan(l, sequence, type);
    case TYPE_WCCP:
        return wccp(l);
    case TYPE_PPP:
    case TYPE_A10:
    case TYPE_A10_MARKED:
        return STEP_PPP;
    case TYPE_ETHERNET:
    case TYPE_TRANSPARENT_ETHERNET:
        return STEP_ETHERNET;
    case 0: /* Cisco's keepalive: GRE without anything */
        return layers_other(l, OTHER_GRE);
    default:
        if ((type & TYPE_ARUBA_MASK) == TYPE_ARUBA)
            return STEP_WLAN;
        l->type = type;
        enum step step = net_ethertype(l);
        if (step == STEP_DONE && l->outcome_kind == OUTCOME_OTHER && l->outcome == OTHER_ETHERTYPE)
            return layers_other(l, OTHER_GRE);
        return step;
    }
}

/* RFC 2637: the key is payload length and call; of PPP there is only with a sequence number, the
 * rest are acknowledgments ("enhanced GRE"). */
static enum step enhanced_gre(struct layers *l, uint16_t flags, uint16_t type)
{
    if ((type != TYPE_PPP && type != TYPE_ETHERNET) || !(flags & GRE_KEY))
        return layers_other(l, OTHER_GRE);
    const uint8_t *key = layers_take(l, 4);
    if (!key)
        return gre_cut(l);
    if (type == TYPE_PPP && !(flags & GRE_SEQUENCE))
        return layers_other(l, OTHER_GRE);
    if (flags & GRE_SEQUENCE && !layers_take(l, 4))
        return gre_cut(l);
    if (flags & GRE_ACKNOWLEDGMENT && !layers_take(l, 4))
        return gre_cut(l);
    layers_limit(l, load_be16(key));
    if (type == TYPE_ETHERNET)
        return layers_tunnel(l, TUNNEL_GRE, OTHER_GRE) ? STEP_ETHERNET : STEP_DONE;
    return layers_tunnel(l, TUNNEL_PPTP, OTHER_GRE) ? STEP_PPP : STEP_DONE;
}

enum step net_gre(struct layers *l)
{
    const uint8_t *h = layers_take(l, 4);
    if (!h)
        return gre_cut(l);
    uint16_t flags = load_be16(h);
    uint16_t type = load_be16(h + 2);
    if ((flags & GRE_VERSION) == 1)
        return enhanced_gre(l, flags, type);
    if (flags & GRE_VERSION)
        return layers_other(l, OTHER_GRE);
    if (!layers_tunnel(l, TUNNEL_GRE, OTHER_GRE))
        return STEP_DONE;
    if (flags & (GRE_CHECKSUM | GRE_ROUTING) && !layers_take(l, 4))
        return gre_cut(l);
    if (flags & GRE_KEY) {
        const uint8_t *key = layers_take(l, 4);
        if (!key)
            return gre_cut(l);
        mix_key(l, type, load_be32(key));
    }
    if (flags & GRE_SEQUENCE && !layers_take(l, 4))
        return gre_cut(l);
    if (flags & GRE_ROUTING && !skip_routing(l))
        return gre_cut(l);
    return gre_payload(l, type, (flags & GRE_SEQUENCE) != 0);
}
