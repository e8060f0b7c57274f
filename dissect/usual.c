#include "dissect/usual_packet.h"

void known_macs_init(struct known_macs *known)
{
    *known = (struct known_macs){0};
    for (uint32_t i = 0; i < KNOWN_MACS; i++) {
        struct known_pair *k = &known->pairs[i];
        k->world = world_of_macs(k->pair, k->pair + 6);
        k->hash = world_hash(k->world);
    }
}

bool usual_other_options(struct segment *segment, const uint8_t *options, uint32_t length)
{
    struct tcp_extra extra = {0};
    tcp_options(segment, options, length, length, &extra);
    return !(segment->flags & TCP_RST && extra.has_mptcp_reason);
}

bool usual_tagged(const struct known_pair *macs, struct packet packet, struct segment *segment)
{
    const uint8_t *tag = packet.data + ETHERNET_BYTES;
    if (packet.captured_len < ETHERNET_BYTES + VLAN_TAG_BYTES + IPV4_BYTES + TCP_BYTES)
        return false;
    uint16_t id = load_be16(tag) & 0xfff;
    segment->vlan = id ? id : VLAN_NONE; /* 0: a priority, no VLAN */
    segment->world = id ? world_hash(world_with(macs->world, WORLD_VLAN, id)) : macs->hash;
    return behind_ethernet(&packet, ETHERNET_BYTES + VLAN_TAG_BYTES, segment);
}

uint32_t usual_segments(struct known_macs *known, const struct packet *packets, uint32_t count,
                        struct segment *segments)
{
    uint32_t done = 0;
    while (done < count && is_usual(known, &packets[done], &segments[done])) {
        fetch_place(&segments[done]);
        done++;
    }
    return done;
}
